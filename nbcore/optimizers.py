"""Optimizers: from gradients to the increments that are added to the parameters.

An optimizer holds settings only, so it can be shared and its eta changed in the middle of a run; what it
remembers of a run (velocities, moments) is a state that `start` makes and `increments` updates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nbcore.checks import number, rate

Arrays = list[np.ndarray]


@dataclass
class Optimizer:
    """What all optimizers share: eta, the learning rate, one for all or one a member of the ensemble.

    Raises ValueError when eta is not positive and finite, or another setting is outside its `limits`.
    """

    eta: Any

    limits: ClassVar[dict[str, dict[str, Any]]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "eta":
            rate("eta", value)
        elif name in self.limits:
            number(name, value, **self.limits[name])
        object.__setattr__(self, name, value)

    def start(self, parameters: Arrays) -> dict[str, Any]:
        """The state at the start of a run."""
        return {}

    def increments(self, gradients: Arrays, state: dict[str, Any]) -> Arrays:
        """What to add to each parameter; updates the state."""
        raise NotImplementedError

    def eta_for(self, gradient: np.ndarray) -> np.ndarray:
        # One rate a member meets arrays of shape (E, n_out, n_in): two axes more.
        eta = np.asarray(self.eta)
        return eta[..., None, None].astype(gradient.dtype) if eta.ndim else eta.astype(gradient.dtype)


@dataclass
class SGD(Optimizer):
    """Gradient descent: w <- w - eta dC/dw."""

    eta: Any = 0.1

    def increments(self, gradients: Arrays, state: dict[str, Any]) -> Arrays:
        return [-self.eta_for(g) * g for g in gradients]


@dataclass
class Momentum(Optimizer):
    """Descent with momentum: v <- beta v - eta dC/dw, w <- w + v (Polyak 1964; 0 <= beta <= 1)."""

    eta: Any = 0.1
    beta: float = 0.9

    limits: ClassVar[dict[str, dict[str, Any]]] = {"beta": {"low": 0, "high": 1}}

    def start(self, parameters: Arrays) -> dict[str, Any]:
        return {"v": [np.zeros_like(p) for p in parameters]}

    def increments(self, gradients: Arrays, state: dict[str, Any]) -> Arrays:
        state["v"] = [self.beta * v - self.eta_for(g) * g for v, g in zip(state["v"], gradients, strict=True)]
        return state["v"]


@dataclass
class Adam(Optimizer):
    """Adam: w <- w - eta m / (sqrt(v) + eps), m and v the bias-corrected running means of g and g^2.

    0 <= beta1, beta2 < 1, or the bias correction would divide by zero. Source: Kingma and Ba 2015, algorithm 1.
    """

    eta: Any = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    limits: ClassVar[dict[str, dict[str, Any]]] = {
        "beta1": {"low": 0, "high": 1, "open": True},
        "beta2": {"low": 0, "high": 1, "open": True},
        "eps": {"low": 1e-300},  # with 0, a gradient of 0 would give 0 / 0
    }

    def start(self, parameters: Arrays) -> dict[str, Any]:
        return {
            "t": 0,
            "m": [np.zeros_like(p) for p in parameters],
            "v": [np.zeros_like(p) for p in parameters],
        }

    def increments(self, gradients: Arrays, state: dict[str, Any]) -> Arrays:
        b1, b2 = self.beta1, self.beta2
        state["t"] += 1
        state["m"] = [b1 * m + (1 - b1) * g for m, g in zip(state["m"], gradients, strict=True)]
        state["v"] = [b2 * v + (1 - b2) * g * g for v, g in zip(state["v"], gradients, strict=True)]
        c1, c2 = 1 - b1 ** state["t"], 1 - b2 ** state["t"]
        return [
            -self.eta_for(m) * (m / c1) / (np.sqrt(v / c2) + self.eps)
            for m, v in zip(state["m"], state["v"], strict=True)
        ]
