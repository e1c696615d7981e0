"""Finite differences, and what they say of a network's gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbcore.checks import finite, named
from nbcore.losses import LOSSES, Loss
from nbcore.network import Sequential

# About 0.001. Five points with this step stay under 3e-9 through five sigmoid layers; two points with 1e-6 miss
# by 2e-6. A power of two, because then x + h and x - h are exact, and even functions have a slope of exactly 0.
STEP = 2.0**-10


def numerical_gradient(f: Callable[[np.ndarray], float], x: Any) -> np.ndarray:
    """df/dx for a scalar function f, by a five-point stencil in every entry of x.

    [f(x-2h) - 8 f(x-h) + 8 f(x+h) - f(x+2h)] / 12h, with h = 1/1024; wrong where f has a kink nearby.
    Raises ValueError when x is not finite or f(x) is not one number.
    """
    x = finite("x", x).astype(np.float64)  # a copy: the caller's x stays as it is
    if np.size(f(x)) != 1:
        raise ValueError(f"f(x) must be one number, got shape {np.shape(f(x))}")
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        gradient[i] = _slope(_around(lambda: f(x), x, i))
    return gradient


def _around(f: Callable[[], Any], x: np.ndarray, i: tuple[int, ...]) -> np.ndarray:
    """f with x[i] moved by -2, -1, 1 and 2 steps; x is then as it was."""
    kept, values = x[i], []
    try:
        for k in (-2, -1, 1, 2):
            x[i] = kept + k * STEP
            values.append(np.asarray(f()).item())
    finally:
        x[i] = kept
    return np.array(values, dtype=float)


def _slope(f: np.ndarray) -> np.ndarray:
    return (8 * (f[..., 2] - f[..., 1]) - (f[..., 3] - f[..., 0])) / (12 * STEP)


@dataclass(frozen=True)
class GradientReport:
    """What a gradient check found: `worst`, the largest relative error of any array, and `where` it is.

    `errors` has one entry an array ("W1", "b1", ...): |backprop - numerical| / max of both norms.
    """

    errors: dict[str, float]
    worst: float
    where: str
    tolerance: float = 1e-7

    @property
    def ok(self) -> bool:
        return self.worst < self.tolerance

    def __repr__(self) -> str:
        if self.ok:
            return f"gradients agree: all {len(self.errors)} arrays within {self.tolerance:g} of finite differences"
        wrong = ", ".join(f"{name} {error:.1e}" for name, error in self.errors.items() if not error < self.tolerance)
        return f"gradients differ, worst in {self.where}; relative errors: {wrong}"


def check_gradients(net: Sequential, X: Any, Y: Any, loss: Loss | str) -> GradientReport:
    """Compares every gradient of `net.backward` with finite differences of the loss, array by array.

    The parameters are left as they were. Members of an ensemble are checked together, since no member's
    loss depends on another's parameters. A gradient of the wrong shape counts as an infinite error.
    Raises ValueError for a float32 network: its rounding is larger than the errors that are looked for.
    """
    if net.dtype != np.float64:
        raise ValueError(f"net must be of dtype float64 to be checked, got {net.dtype}")
    loss = named("loss", loss, LOSSES)
    net.forward(X)
    net.backward(loss, Y)
    by_hand, errors, largest = net.gradients(), {}, float(np.finfo(float).tiny)
    Y = loss.check_targets(Y, net.layers[-1].a.shape, "Y")

    def total() -> float:
        nonlocal largest
        net.forward(X)
        last = net.layers[-1]
        value = float(np.sum(loss.unchecked_value(last.z, last.a, Y)))
        largest = max(largest, abs(value))
        return value

    names = [f"{name}{k}" for k, layer in enumerate(net.layers, start=1) for name in layer.names]
    for name, p, g in zip(names, net.parameters(), by_hand, strict=True):
        if g.shape != p.shape:
            errors[name] = np.inf
            continue
        C = np.array([_around(total, p, i) for i in np.ndindex(p.shape)])
        numerical = _slope(C).reshape(p.shape)
        # Two limits of finite differences. Rounding in C moves each quotient by about 1e-13 C: below 1e-5 C there
        # is nothing to compare. At the bottom of a valley neither is there below its bend, h times C''.
        noise = 1e-5 * largest * p.size**0.5
        bend = np.linalg.norm(C[:, 0] + C[:, 3] - C[:, 1] - C[:, 2]) / (3 * STEP)
        scale = max(float(np.linalg.norm(numerical)), float(np.linalg.norm(g)), noise, float(bend))
        errors[name] = float(np.linalg.norm(g - numerical) / scale)
    net.forward(X)
    where = max(errors, key=lambda name: np.nan_to_num(errors[name], nan=np.inf))
    return GradientReport(errors, errors[where], where)
