"""Initializers: how the weights of a layer start. Biases start at zero in every layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nbcore.checks import Seed, ensemble_axes, generator, number, whole


@dataclass(frozen=True)
class Initializer:
    """A way to draw W. `draw(rng, shape)` gives an array of shape (..., n_out, n_in)."""

    name: str
    formula: str
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

    def __call__(self, rng: Seed, n_out: int, n_in: int, ensemble: tuple[int, ...] | int = ()) -> np.ndarray:
        """W of shape (*ensemble, n_out, n_in), drawn from `rng` (a Generator or a seed)."""
        shape = (*ensemble_axes(ensemble), whole("n_out", n_out), whole("n_in", n_in))
        return self.draw(generator("rng", rng), shape)

    def __repr__(self) -> str:
        return self.name


def constant(c: float) -> Initializer:
    """Every weight equals c: the units of a layer are then copies of each other."""
    c = number("c", c)
    return Initializer(f"constant({c:g})", f"W = {c:g}", lambda rng, shape: np.full(shape, c))


def normal(std: float) -> Initializer:
    """Independent N(0, std^2), whatever the layer's size. Raises ValueError when std < 0."""
    std = number("std", std, low=0)
    return Initializer(f"normal({std:g})", f"W ~ N(0, {std:g}^2)", lambda rng, shape: rng.normal(0, std, shape))


def _xavier(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    n_out, n_in = shape[-2:]
    return rng.normal(0, np.sqrt(2 / (n_in + n_out)), shape)


def _he(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(0, np.sqrt(2 / shape[-1]), shape)


zeros = Initializer("zeros", "W = 0", lambda rng, shape: np.zeros(shape))
# Glorot and Bengio 2010, equation 12 gives the variance; here with a normal distribution.
xavier = Initializer("xavier", "W ~ N(0, 2 / (n_in + n_out))", _xavier)
# He, Zhang, Ren and Sun 2015, equation 10.
he = Initializer("he", "W ~ N(0, 2 / n_in)", _he)

INITIALIZERS: dict[str, Initializer] = {init.name: init for init in (zeros, xavier, he)}
