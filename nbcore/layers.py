"""Layers. Each line is the board's line for one sample, transposed and in reverse order.

    board, a sample as a column           code, samples as rows
    z = W a + b                           Z = A @ W.mT + b
    delta_l = W^T delta_(l+1) * phi'(z)   delta = (delta_next @ W_next) * phi.derivative(Z, A)
    dC/dW = delta a^T                     dW = delta.mT @ A_in
    dC/db = delta                         db = delta.sum(axis=-2, keepdims=True)

`...` stands for ensemble axes: the same lines serve one network and many trained side by side.
What follows after z differs: `Dense` applies a fixed phi, `PReLU` learns a slope, `Maxout` takes the best of k.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from nbcore.activations import ACTIVATIONS, Activation
from nbcore.checks import Seed, ensemble_axes, finite, float_type, generator, named, number, whole
from nbcore.initializers import INITIALIZERS, Initializer, he, xavier


class Layer:
    """What all layers share: z = W a_in + b, and the way back from delta = dC/dz.

    A kind of layer adds `activate`, from z to a, and `delta_from`, from dC/da to dC/dz. `names` are its learned
    arrays, W first; each has a gradient of the same name with a d before it. All may be assigned.
    """

    names: ClassVar[tuple[str, ...]] = ("W", "b")
    _W: np.ndarray
    _b: np.ndarray

    def activate(self, z: np.ndarray) -> np.ndarray:
        """a, from z."""
        raise NotImplementedError

    def delta_from(self, da: np.ndarray) -> np.ndarray:
        """dC/dz from dC/da; keeps the gradients of what `activate` has learned."""
        raise NotImplementedError

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """a, from a_in. Raises ValueError when a_in has not n_in columns."""
        if np.ndim(a_in) < 2 or np.shape(a_in)[-1] != self.n_in:
            raise ValueError(f"a_in must have shape (N, {self.n_in}), got {np.shape(a_in)}")
        self.a_in = a_in
        self.z = a_in @ self.W.mT + self.b
        self.a = self.activate(self.z)
        return self.a

    def backward(self, da: np.ndarray) -> np.ndarray:
        """From dC/da to dC/da_in, keeping .delta = dC/dz and the gradients (.dW, .db) on the way."""
        if not hasattr(self, "z"):
            raise RuntimeError("backward needs the values of a forward pass: call forward first")
        return self.backward_delta(self.delta_from(da))

    def backward_delta(self, delta: np.ndarray) -> np.ndarray:
        """The same from delta = dC/dz, which an output layer gets straight from its loss."""
        if delta.shape != self.z.shape:
            raise ValueError(f"delta must have the shape of z, {self.z.shape}, got {delta.shape}")
        self.delta = delta
        self.dW = delta.mT @ self.a_in
        self.db = delta.sum(axis=-2, keepdims=True)
        return delta @ self.W

    def parameters(self) -> list[np.ndarray]:
        """The learned arrays themselves, not copies: W, b, and what else the layer has."""
        return [getattr(self, name) for name in self.names]

    def gradients(self) -> list[np.ndarray]:
        """Their gradients (dC/dW, dC/db ...) of the last backward pass, in the order of `parameters`."""
        return [getattr(self, f"d{name}") for name in self.names]

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

    def settings(self) -> dict[str, Any]:
        """What the layer is made of besides its sizes and its learned arrays."""
        return {}

    def with_parameters(self, *arrays: np.ndarray) -> Self:
        """A layer like this one that owns copies of these arrays; their leading axes become its ensemble."""
        twin = object.__new__(type(self))
        vars(twin).update(self.settings())
        for name, array in zip(self.names, arrays, strict=True):
            setattr(twin, f"_{name}", array.copy())
        return twin

    def _start(
        self,
        n_in: Any,
        n_out: Any,
        init: Initializer | str,
        rng: Seed,
        ensemble: tuple[int, ...] | int,
        dtype: Any,
        pieces: tuple[int, ...] = (),
    ) -> None:
        """Checks what all layers are made with, and draws W; `pieces` matrices of a unit stand one below the other."""
        n_in, n_out, ensemble = whole("n_in", n_in), whole("n_out", n_out), ensemble_axes(ensemble)
        dtype = float_type("dtype", dtype)
        W = named("init", init, INITIALIZERS)(generator("rng", rng), n_out, n_in, (*ensemble, *pieces))
        self._W = W.reshape(*ensemble, -1, n_in).astype(dtype)
        self._b = np.zeros((*ensemble, 1, self._W.shape[-2]), dtype)

    def __repr__(self) -> str:
        own = "".join(f", {value if name == 'phi' else f'{name}={value}'}" for name, value in self.settings().items())
        many = f", ensemble={self.ensemble}" if self.ensemble else ""
        short = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        return f"{type(self).__name__}({self.n_in}, {self.n_out}{own}{many}{short})"


class Dense(Layer):
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
        self.phi = named("phi", phi, ACTIVATIONS)
        self._start(n_in, n_out, init, rng, ensemble, dtype)

    def activate(self, z: np.ndarray) -> np.ndarray:
        return self.phi(z)

    def delta_from(self, da: np.ndarray) -> np.ndarray:
        return self.phi.backward(da, self.z, self.a)

    def settings(self) -> dict[str, Any]:
        return {"phi": self.phi}


class PReLU(Layer):
    """A layer that learns how much of a negative z it lets through: a = z where z > 0, else slope * z.

    One slope a unit, (..., 1, n_out), or one for the whole layer, (..., 1, 1), when `shared`. All start at `start`.
    With z- = min(0, z): dC/dslope = the sum over samples (and over units when shared) of dC/da * z-.
    Source: He, Zhang, Ren and Sun 2015, equations 1 and 2. Otherwise as Dense.
    """

    names: ClassVar[tuple[str, ...]] = ("W", "b", "slope")

    def __init__(
        self,
        n_in: int,
        n_out: int,
        init: Initializer | str = he,
        rng: Seed = 0,
        ensemble: tuple[int, ...] | int = (),
        shared: bool = False,
        start: float = 0.25,
        dtype: Any = np.float64,
    ) -> None:
        if not isinstance(shared, (bool, np.bool_)):
            raise TypeError(f"shared must be True or False, got {shared!r}")
        self._start(n_in, n_out, init, rng, ensemble, dtype)
        self._slope = np.full((*self.ensemble, 1, 1 if shared else n_out), number("start", start), self.dtype)

    def activate(self, z: np.ndarray) -> np.ndarray:
        return np.maximum(z, 0) + self.slope * np.minimum(z, 0)

    def delta_from(self, da: np.ndarray) -> np.ndarray:
        axes = (-2, -1) if self.shared else -2
        self.dslope = (da * np.minimum(self.z, 0)).sum(axis=axes, keepdims=True)
        return da * np.where(self.z > 0, 1, self.slope)

    @property
    def slope(self) -> np.ndarray:
        return self._slope

    @slope.setter
    def slope(self, value: Any) -> None:
        self._slope = _replacement("slope", value, self._slope)

    @property
    def shared(self) -> bool:
        return self._slope.shape[-1] < self.n_out

    def __repr__(self) -> str:
        return super().__repr__().removesuffix(")") + (", shared=True)" if self.shared else ")")


class Maxout(Layer):
    """A layer whose units each take the largest of k linear pieces: a = max_j (W_j a_in + b_j).

    The pieces stand one below the other: W (..., k n_out, n_in) holds W_1, then W_2 and so on, and z likewise.
    The gradient goes to the piece that won; `.winner` says which, (..., N, 1, n_out). Twice the parameters of Dense
    for k = 2. With a second piece of zeros it is ReLU. Source: Goodfellow et al. 2013. Otherwise as Dense.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        k: int = 2,
        init: Initializer | str = xavier,
        rng: Seed = 0,
        ensemble: tuple[int, ...] | int = (),
        dtype: Any = np.float64,
    ) -> None:
        self.k = whole("k", k, least=2)
        self._start(n_in, n_out, init, rng, ensemble, dtype, pieces=(self.k,))

    def activate(self, z: np.ndarray) -> np.ndarray:
        pieces = self._apart(z)
        self.winner = pieces.argmax(axis=-2, keepdims=True)
        return np.take_along_axis(pieces, self.winner, axis=-2)[..., 0, :]

    def delta_from(self, da: np.ndarray) -> np.ndarray:
        delta = np.zeros_like(self.z)
        np.put_along_axis(self._apart(delta), self.winner, da[..., None, :], axis=-2)
        return delta

    def _apart(self, z: np.ndarray) -> np.ndarray:
        """z (..., N, k n_out) as (..., N, k, n_out): the same numbers, a row a piece."""
        return z.reshape(*z.shape[:-1], self.k, self.n_out)

    @property
    def n_out(self) -> int:
        return self._W.shape[-2] // self.k

    def settings(self) -> dict[str, Any]:
        return {"k": self.k}


def _replacement(name: str, value: Any, old: np.ndarray) -> np.ndarray:
    new = finite(name, value)
    if new.shape != old.shape:
        raise ValueError(f"{name} must have shape {old.shape}, got {new.shape}")
    return old if new is old else new.astype(old.dtype)  # a copy; but after `W += ...` the value is W itself
