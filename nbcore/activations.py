"""Activation functions: phi, its derivative, and what backpropagation sends through it.

Each is a value with a name: `tanh(z)`, `tanh.derivative(z, a)`, `tanh.backward(da, z, a)`.
A derivative takes both the pre-activation z and the activation a = phi(z), because mixing up
the two is the most common wrong gradient there is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nbcore.checks import as_float, number


@dataclass(frozen=True)
class Activation:
    """An elementwise activation function, a = phi(z).

    `f(z)` gives a; `fprime(z, a)` gives phi'(z), and may use whichever of the two is simpler.
    Shapes: a, z and phi'(z) all alike. Raises TypeError when `fprime` does not take (z, a).
    """

    name: str
    formula: str
    f: Callable[[np.ndarray], np.ndarray]
    fprime: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def __post_init__(self) -> None:
        if not callable(self.f):
            raise TypeError(f"f must be a function of z, got {self.f!r}")
        try:
            inspect.signature(self.fprime).bind(None, None)
        except (TypeError, ValueError):
            raise TypeError(f"fprime must be a function of two arguments, (z, a), got {self.fprime!r}") from None

    def __call__(self, z: Any) -> np.ndarray:
        """a = phi(z)."""
        return self.f(as_float("z", z))

    def derivative(self, z: Any, a: Any = None) -> np.ndarray:
        """phi'(z), the slope at the pre-activation z; pass a = phi(z) when you have it, to save work."""
        z = as_float("z", z)
        return self.fprime(z, self.f(z) if a is None else as_float("a", a))

    def backward(self, da: Any, z: Any, a: Any) -> np.ndarray:
        """delta = da * phi'(z): turns dC/da into dC/dz."""
        return da * self.derivative(z, a)

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, repr=False)
class LeakyReLU(Activation):
    """ReLU with a small slope where z < 0, so that a unit always has a way back."""

    slope: float

    def with_slope(self, slope: float) -> LeakyReLU:
        """The same function with another slope for z < 0. Raises ValueError when it is not finite."""
        return _leaky(number("slope", slope))

    def __repr__(self) -> str:
        return self.name if self == leaky_relu else f"{self.name}.with_slope({self.slope:g})"


@dataclass(frozen=True, repr=False)
class Softmax(Activation):
    """Softmax over the last axis: the outputs of one sample are positive and sum to 1.

    Not elementwise: each output depends on every z of its row. So there is no phi'(z), only a Jacobian.
    """

    def backward(self, da: Any, z: Any, a: Any) -> np.ndarray:
        """delta_j = a_j (da_j - sum_k da_k a_k): the Jacobian a_k (1[j=k] - a_j) applied to da."""
        return a * (da - (da * a).sum(axis=-1, keepdims=True))


@lru_cache  # one slope, one value: networks built apart can be compared and stacked
def _leaky(slope: float) -> LeakyReLU:
    return LeakyReLU(
        "leaky_relu",
        f"z if z > 0 else {slope:g} z",
        lambda z: np.maximum(z, 0) + slope * np.minimum(z, 0),
        lambda z, a: np.where(z > 0, 1.0, slope).astype(z.dtype)[()],
        slope,
    )


def _sigmoid(z: np.ndarray) -> np.ndarray:
    # exp of -|z| never overflows, and keeps the far left tail exact.
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e).astype(z.dtype) / (1 + e)


def _softmax(z: np.ndarray) -> np.ndarray:
    # Subtracting the largest z changes nothing, except that exp can't overflow.
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _softmax_prime(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    raise TypeError(
        "softmax has no elementwise derivative: every output depends on every z of its row. "
        "Use softmax.backward(da, z, a), which multiplies by the whole Jacobian"
    )


GELU_SCALE, GELU_CUBE = 0.7978845608028654, 0.044715  # sqrt(2 / pi), and what fits the normal distribution
GELU_FAR = 50.0  # tanh is 1 long before that, and z^3 can't overflow


def _gelu_tanh(z: np.ndarray) -> np.ndarray:
    z = np.clip(z, -GELU_FAR, GELU_FAR)
    return np.tanh(GELU_SCALE * (z + GELU_CUBE * z * z * z))


def _gelu_prime(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    t, z = _gelu_tanh(z), np.clip(z, -GELU_FAR, GELU_FAR)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * GELU_SCALE * (1 + 3 * GELU_CUBE * z * z)


def _silu_prime(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    s = _sigmoid(z)
    return s + a * (1 - s)


identity = Activation("identity", "z", lambda z: z, lambda z, a: np.ones_like(z))
step = Activation("step", "1 if z > 0 else 0", lambda z: (z > 0).astype(z.dtype), lambda z, a: np.zeros_like(z))
sigmoid = Activation("sigmoid", "1 / (1 + exp(-z))", _sigmoid, lambda z, a: a * (1 - a))
tanh = Activation("tanh", "tanh(z)", np.tanh, lambda z, a: 1 - a * a)
relu = Activation("relu", "max(0, z)", lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(z.dtype))
leaky_relu = _leaky(0.01)
elu = Activation(
    "elu",
    "z if z > 0 else exp(z) - 1",
    lambda z: np.maximum(z, 0) + np.expm1(np.minimum(z, 0)),
    lambda z, a: np.exp(np.minimum(z, 0)),
)
gelu = Activation(
    "gelu",
    "z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2",
    lambda z: 0.5 * z * (1 + _gelu_tanh(z)),
    _gelu_prime,
)
silu = Activation("silu", "z sigmoid(z)", lambda z: z * _sigmoid(z), _silu_prime)
softplus = Activation(
    "softplus", "log(1 + exp(z))", lambda z: np.logaddexp(0, z).astype(z.dtype), lambda z, a: _sigmoid(z)
)
softmax = Softmax("softmax", "exp(z_k) / sum_j exp(z_j)", _softmax, _softmax_prime)

# For menus, in the order in which the lessons meet them.
ACTIVATIONS: dict[str, Activation] = {
    phi.name: phi for phi in (identity, step, sigmoid, tanh, relu, leaky_relu, elu, gelu, silu, softplus, softmax)
}
