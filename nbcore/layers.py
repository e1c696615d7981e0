"""Layers. Each line is the board's line for one sample, transposed and in reverse order.

    board, a sample as a column           code, samples as rows
    z = W a + b                           Z = A @ W.mT + b
    delta_l = W^T delta_(l+1) * phi'(z)   delta = (delta_next @ W_next) * phi.derivative(Z, A)
    dC/dW = delta a^T                     dW = delta.mT @ A_in
    dC/db = delta                         db = delta.sum(axis=-2, keepdims=True)

`...` stands for ensemble axes: the same lines serve one network and many trained side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS, Activation
from nbcore.checks import Seed, ensemble_axes, finite, float_type, generator, named, whole
from nbcore.initializers import INITIALIZERS, Initializer, xavier


class Dense:
    """A fully connected layer, a = phi(W a_in + b).

    Shapes: a_in (..., N, n_in), W (..., n_out, n_in), b (..., 1, n_out), a (..., N, n_out).
    After `forward`: .a_in .z .a; after `backward`: .delta .dW .db. W and b may be assigned.
    Give each layer its own seed, or one Generator to all: equal seeds draw equal numbers.
    `dtype` is float64 (for checks) or float32 (large layers train up to twice as fast).
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        phi: Activation | str,
        init: Initializer | str = xavier,
        rng: Seed = 0,
        ensemble: tuple[int, ...] | int = (),
        dtype: Any = np.float64,
    ) -> None:
        n_in, n_out, ensemble = whole("n_in", n_in), whole("n_out", n_out), ensemble_axes(ensemble)
        self.phi = named("phi", phi, ACTIVATIONS)
        dtype = float_type("dtype", dtype)
        self._W = named("init", init, INITIALIZERS)(generator("rng", rng), n_out, n_in, ensemble).astype(dtype)
        self._b = np.zeros((*ensemble, 1, n_out), dtype)

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """a = phi(z), z = a_in W^T + b. Raises ValueError when a_in has not n_in columns."""
        if np.ndim(a_in) < 2 or np.shape(a_in)[-1] != self.n_in:
            raise ValueError(f"a_in must have shape (N, {self.n_in}), got {np.shape(a_in)}")
        self.a_in = a_in
        self.z = a_in @ self.W.mT + self.b
        self.a = self.phi(self.z)
        return self.a

    def backward(self, da: np.ndarray) -> np.ndarray:
        """From dC/da to dC/da_in, keeping .delta = dC/dz, .dW and .db on the way."""
        if not hasattr(self, "z"):
            raise RuntimeError("backward needs the values of a forward pass: call forward first")
        return self.backward_delta(self.phi.backward(da, self.z, self.a))

    def backward_delta(self, delta: np.ndarray) -> np.ndarray:
        """The same from delta = dC/dz, which an output layer gets straight from its loss."""
        if delta.shape != self.z.shape:
            raise ValueError(f"delta must have the shape of z, {self.z.shape}, got {delta.shape}")
        self.delta = delta
        self.dW = delta.mT @ self.a_in
        self.db = delta.sum(axis=-2, keepdims=True)
        return delta @ self.W

    def parameters(self) -> list[np.ndarray]:
        """The arrays W and b themselves, not copies."""
        return [self.W, self.b]

    def gradients(self) -> list[np.ndarray]:
        """dC/dW and dC/db of the last backward pass, in the order of `parameters`."""
        return [self.dW, self.db]

    @property
    def W(self) -> np.ndarray:
        return self._W

    @W.setter
    def W(self, value: Any) -> None:
        self._W = _replacement("W", value, self._W)

    @property
    def b(self) -> np.ndarray:
        return self._b

    @b.setter
    def b(self, value: Any) -> None:
        self._b = _replacement("b", value, self._b)

    @property
    def dtype(self) -> np.dtype:
        return self._W.dtype

    @property
    def n_in(self) -> int:
        return self._W.shape[-1]

    @property
    def n_out(self) -> int:
        return self._W.shape[-2]

    @property
    def ensemble(self) -> tuple[int, ...]:
        return self._W.shape[:-2]

    def with_parameters(self, W: np.ndarray, b: np.ndarray) -> Dense:
        """A layer like this one that owns copies of W and b; their leading axes become its ensemble."""
        twin = object.__new__(type(self))
        twin.phi, twin._W, twin._b = self.phi, W.copy(), b.copy()
        return twin

    def __repr__(self) -> str:
        many = f", ensemble={self.ensemble}" if self.ensemble else ""
        short = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        return f"Dense({self.n_in}, {self.n_out}, {self.phi}{many}{short})"


def _replacement(name: str, value: Any, old: np.ndarray) -> np.ndarray:
    new = finite(name, value)
    if new.shape != old.shape:
        raise ValueError(f"{name} must have shape {old.shape}, got {new.shape}")
    return old if new is old else new.astype(old.dtype)  # a copy; but after `W += ...` the value is W itself
