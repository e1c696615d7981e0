"""Data: point sets in the plane, curves on a line, and real handwritten digits that ship with the package.

Every plane set is called alike, `moons(n, noise, seed)`, and gives X (n, 2) and Y (n, 1) with classes 0 and 1,
shuffled. Both coordinates lie within about 2 of 0; `noise` is the standard deviation of what is added to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nbcore.checks import Seed, generator, named, number, whole

Data = tuple[np.ndarray, np.ndarray]


def blobs(n: int = 200, noise: float = 0.3, seed: Seed = 0) -> Data:
    """Two clouds around (-1, -1) and (1, 1): a straight line can part them while the noise is small."""
    return _plane(n, noise, seed, lambda rng, y: np.outer(2 * y - 1, [1.0, 1.0]))


def xor(n: int = 200, noise: float = 0.1, seed: Seed = 0) -> Data:
    """Four square patches; the class is 1 where x1 and x2 have different signs."""

    def place(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
        size, sign = rng.uniform(0.2, 1.7, (len(y), 2)), rng.choice([-1.0, 1.0], len(y))
        return size * np.stack([sign, sign * (1 - 2 * y)], axis=1)

    return _plane(n, noise, seed, place)


def rings(n: int = 200, noise: float = 0.1, seed: Seed = 0) -> Data:
    """A disk of class 1 inside a ring of class 0."""

    def place(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
        radius = np.where(y == 1, 0.8 * np.sqrt(rng.uniform(0, 1, len(y))), rng.uniform(1.4, 1.8, len(y)))
        return _polar(radius, rng.uniform(0, 2 * np.pi, len(y)))

    return _plane(n, noise, seed, place)


def moons(n: int = 200, noise: float = 0.15, seed: Seed = 0) -> Data:
    """Two interleaved half circles."""

    def place(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
        arc = _polar(np.ones(len(y)), rng.uniform(0, np.pi, len(y)))
        return 1.2 * np.where(y[:, None] == 0, arc - np.array([0.5, 0.25]), np.array([0.5, 0.25]) - arc)

    return _plane(n, noise, seed, place)


def spirals(n: int = 200, noise: float = 0.05, seed: Seed = 0) -> Data:
    """Two spirals of one turn and a quarter each, wound into each other."""

    def place(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
        along = np.sqrt(rng.uniform(0.02, 1, len(y)))
        return _polar(1.9 * along, 2.5 * np.pi * along + np.pi * y)

    return _plane(n, noise, seed, place)


def digit_pair(n: int = 200, noise: float = 0.0, seed: Seed = 0, classes: tuple[int, int] = (1, 9)) -> Data:
    """Real data in the plane: n images of two handwritten digits on their first two principal components.

    The components are those of all images of the two digits; both are divided by the spread of the first.
    Class 1 is classes[1]. Raises ValueError when n is more than there are images of the two, or when
    `classes` are not two different digits.
    """
    X, labels = digits()
    if len(set(classes)) != 2 or len(classes) != 2 or not set(classes) <= set(range(10)):
        raise ValueError(f"classes must be two different digits from 0 to 9, got {classes}")
    chosen = np.isin(labels, classes)
    X, y = X[chosen], (labels[chosen] == classes[1]).astype(float)
    if whole("n", n, least=2) > len(y):
        raise ValueError(f"n must be at most {len(y)}, the number of images of {classes[0]} and {classes[1]}, got {n}")
    plane = principal_components(X, 2)
    rng = generator("seed", seed)
    rows = rng.permutation(len(y))[:n]
    points = plane[rows] / plane[:, 0].std() + number("noise", noise, low=0) * rng.standard_normal((n, 2))
    return points, y[rows, None]


# For menus.
PLANE: dict[str, Callable[..., Data]] = {
    "blobs": blobs,
    "xor": xor,
    "rings": rings,
    "moons": moons,
    "spirals": spirals,
    "digits 1 and 9": digit_pair,
}


def _plane(n: int, noise: float, seed: Seed, place: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> Data:
    rng = generator("seed", seed)
    y = rng.permutation(np.arange(whole("n", n, least=2)) % 2).astype(float)
    X = place(rng, y) + number("noise", noise, low=0) * rng.standard_normal((n, 2))
    return X, y[:, None]


def _polar(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


CURVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sine": lambda x: np.sin(np.pi * x),
    "bump": lambda x: np.exp(-((x / 0.3) ** 2)),
    "step": lambda x: np.where(x > 0, 0.8, -0.8),
    "ramp": lambda x: np.clip(2 * x, -0.8, 0.8),
    "wiggle": lambda x: 0.5 * np.sin(3 * np.pi * x) + 0.5 * x,
}


def curves(
    name: str = "sine", n: int = 100, noise: float = 0.0, seed: Seed = 0, low: float = -1, high: float = 1
) -> Data:
    """Samples of a curve: X (n, 1) evenly spaced over [low, high], Y (n, 1) = f(X) + noise.

    `name` is a key of CURVES. Raises ValueError for an unknown name or low >= high.
    """
    f = named("name", name, CURVES)
    if not number("low", low) < number("high", high):
        raise ValueError(f"low must be less than high, got {low} and {high}")
    X = np.linspace(low, high, whole("n", n, least=2))[:, None]
    return X, f(X) + number("noise", noise, low=0) * generator("seed", seed).standard_normal((n, 1))


def _hill(x1: np.ndarray, x2: np.ndarray, at: float) -> np.ndarray:
    return np.exp(-((x1 - at) ** 2 + (x2 - at) ** 2) / 0.7)


SURFACES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "plane": lambda x1, x2: 0.3 * x1 + 0.2 * x2,
    "hills": lambda x1, x2: _hill(x1, x2, -1.0) + _hill(x1, x2, 1.0),
}


def surfaces(name: str = "plane", n: int = 200, noise: float = 0.0, seed: Seed = 0) -> Data:
    """Samples of a surface over the plane: X (n, 2) anywhere in the square [-2, 2]^2, Y (n, 1) = f(x1, x2) + noise.

    `name` is a key of SURFACES: "plane" is 0.3 x1 + 0.2 x2; "hills" are two of height 1, around (-1, -1) and (1, 1).
    Raises ValueError for an unknown name.
    """
    f, rng = named("name", name, SURFACES), generator("seed", seed)
    X = rng.uniform(-2, 2, (whole("n", n, least=2), 2))
    return X, f(X[:, :1], X[:, 1:]) + number("noise", noise, low=0) * rng.standard_normal((n, 1))


@lru_cache
def _digits_file() -> Data:
    from importlib.resources import files  # here, since it takes as long to load as half of this package

    with (
        (files("nbcore") / "data" / "digits.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as data,
    ):
        return data["images"], data["labels"]


def digits() -> Data:
    """1,797 handwritten digits: X (1797, 64), gray levels from 0 to 1 row by row, and labels (1797,), 0 to 9.

    Source: Alpaydin and Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0 (nbcore/data/LICENSE.txt).
    """
    images, labels = _digits_file()
    return images / 16.0, labels.astype(np.int64)


@dataclass(frozen=True)
class Split:
    """Digits to learn from, and others to test on: X, X_test (N, 64), their labels (N,), and Y (N, 10), one-hot."""

    X: np.ndarray
    labels: np.ndarray
    Y: np.ndarray
    X_test: np.ndarray
    labels_test: np.ndarray


@lru_cache
def split_digits(train: int) -> Split:
    """`train` of the digits to learn from and the others to test on, always parted by the same shuffle.

    Raises ValueError when `train` leaves nothing on one side.
    """
    X, labels = digits()
    if not 0 < whole("train", train) < len(labels):
        raise ValueError(f"train must leave some of the {len(labels)} digits to test on, got {train}")
    order = np.random.default_rng(0).permutation(len(labels))
    learn, test = order[:train], order[train:]
    return Split(X[learn], labels[learn], np.eye(10)[labels[learn]], X[test], labels[test])


def principal_components(X: Any, k: int) -> np.ndarray:
    """The rows of X, centered, in the coordinates of their k directions of greatest variance: (N, k).

    A direction's sign is chosen so that its largest entry is positive, to make pictures repeatable.
    """
    X = np.asarray(X, dtype=float)
    X = X - X.mean(axis=0)
    directions = np.linalg.svd(X, full_matrices=False)[2][:k]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    return X @ (directions * np.sign(largest)).T
