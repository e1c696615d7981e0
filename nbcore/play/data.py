"""The data of a playground: what the settings ask for, parted, standardized, ready to train on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nbcore import datasets
from nbcore.activations import Activation
from nbcore.checks import whole
from nbcore.losses import Loss
from nbcore.play.own import Own
from nbcore.play.settings import FEATURES, Settings, pair

REACH = 2.2  # half the side of the square that is drawn, unless points lie outside


@dataclass(frozen=True, eq=False)
class Problem:
    """What there is to learn: inputs X (N, n) and targets Y (N, n_out), to train on and to test on.

    `points` and `points_test` are the raw inputs before features and standardizing; `labels` classes 0 to k-1, or
    empty for regression. `inputs` names the columns of X, `columns` those of the raw points. `plane`: whether there is
    a plane to draw, from `low` to `high` (2,); `transform` leads from raw points to inputs. Numbers to fit are trained
    on as (target - center) / unit, and shown as they were given: `own_units` leads back.
    """

    kind: str
    classes: tuple[str, ...]
    inputs: tuple[str, ...]
    points: np.ndarray
    points_test: np.ndarray
    X: np.ndarray
    X_test: np.ndarray
    Y: np.ndarray
    Y_test: np.ndarray
    labels: np.ndarray
    labels_test: np.ndarray
    output: Activation
    loss: Loss
    plane: bool
    low: np.ndarray
    high: np.ndarray
    transform: Callable[[np.ndarray], np.ndarray]
    columns: tuple[str, ...]
    center: float = 0.0
    unit: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of X as people call them: x1 and x2 of one's own data by their own names."""
        called = dict(zip(("x1", "x2"), self.columns, strict=True)) if self.plane else {}
        return tuple(called.get(name, name) for name in self.inputs)

    def own_units(self, values: np.ndarray) -> np.ndarray:
        """Outputs or targets as people gave them; classes as they are."""
        return values * self.unit + self.center if self.kind == "regression" else values

    @property
    def wanted(self) -> np.ndarray:
        """The targets to train on in their own units, (N, n_out)."""
        return self.own_units(self.Y)

    @property
    def wanted_test(self) -> np.ndarray:
        return self.own_units(self.Y_test)

    def grid(self, resolution: int) -> np.ndarray:
        """Inputs at the centers of resolution x resolution cells of the plane, (resolution^2, n).

        Rows go along x1 first, from `low` on, so that `values.reshape(resolution, resolution)` has x2 upward.
        Raises ValueError when the data have no plane.
        """
        resolution = whole("resolution", resolution)
        if not self.plane:
            raise ValueError(f"there is no plane to draw: the data have {len(self.inputs)} inputs, not x1 and x2")
        middles = (np.arange(resolution) + 0.5) / resolution
        x1, x2 = (low + (high - low) * middles for low, high in zip(self.low, self.high, strict=True))
        return self.transform(np.stack([np.tile(x1, resolution), np.repeat(x2, resolution)], axis=1))

    @property
    def sizes(self) -> tuple[int, int]:
        """Inputs and outputs."""
        return self.X.shape[1], self.Y.shape[1]


# The fields that the data depend on.
OF_DATA = ("data", "n", "noise", "train", "standardize", "features", "data_seed", "own", "output", "loss")


def problem(settings: Settings, own: Own | None = None) -> Problem:
    """The data of `settings`; the same object for the same settings.

    `own` are one's own data, needed when settings.data is "own". Raises ValueError when they are missing, are not
    those of the fingerprint, do not fit the output or loss, or have a constant column that can't be standardized.
    """
    if settings.data == "own":
        if own is None:
            raise ValueError("data='own' needs your data: give own=own_data(X, y) or own=own_csv(path)")
        if not isinstance(own, Own):
            raise TypeError(f"own must come from own_data or own_csv, got {type(own).__name__}")
        if settings.own and settings.own != own.fingerprint:
            raise ValueError(
                f"these settings were made with other data: their fingerprint is {settings.own}, "
                f"yours has {own.fingerprint}"
            )
    else:
        own = None
    return _problem(own, *(getattr(settings, name) for name in OF_DATA))


@lru_cache(maxsize=32)
def _problem(
    own: Own | None,
    data: str,
    n: int,
    noise: float,
    train: float,
    standardize: bool,
    features: tuple[str, ...],
    data_seed: int,
    _own: str,
    output: str,
    loss: str,
) -> Problem:
    points, targets, kind, classes, columns = _raw(own, data, n, noise, data_seed)
    phi, C = pair(output, loss, kind, len(classes) > 2)
    if kind == "regression" and C.partner is not None:
        raise ValueError(f"loss must be mse, since the targets are numbers and not classes; got {C}")
    plane = points.shape[1] == 2
    names = features if plane else columns
    learn = min(max(round(train * len(points)), 1), len(points) - 1)
    points, rest, targets, targets_rest = points[:learn], points[learn:], targets[:learn], targets[learn:]

    def computed(raw: np.ndarray) -> np.ndarray:
        if not plane:
            return raw
        x1, x2 = raw.T
        return np.stack([FEATURES[name][1](x1, x2) for name in features], axis=1)

    X = computed(points)
    mean, std = np.zeros(X.shape[1]), np.ones(X.shape[1])
    if standardize:
        mean, std = X.mean(axis=0), X.std(axis=0)
        flat = std <= 1e-12 * np.abs(X).max(axis=0)
        if data == "digits":
            std = np.where(flat, 1, std)  # some pixels are always white
        elif flat.any():
            name = names[flat.argmax()]
            name = dict(zip(("x1", "x2"), columns, strict=True)).get(name, name) if plane else name
            raise ValueError(
                f"standardize needs columns that vary: {name} is constant in the training "
                "points; leave that column out, or standardize off"
            )

    def transform(raw: np.ndarray) -> np.ndarray:
        inputs = computed(np.asarray(raw, dtype=np.float64))
        return (inputs - mean) / std if standardize else inputs

    X, X_test = transform(points), transform(rest)
    one_column = kind == "classes" and len(classes) == 2 and phi.name != "softmax"

    center, unit = 0.0, 1.0
    if standardize and kind == "regression":
        center, unit = float(targets.mean()), float(targets.std())
        if unit <= 1e-12 * np.abs(targets).max():
            unit = 1.0

    def rows(t: np.ndarray) -> np.ndarray:
        if kind == "regression":
            return (t[:, None].astype(np.float64) - center) / unit
        if one_column:
            return t[:, None].astype(np.float64)
        return np.eye(len(classes))[t]

    if own is None:
        reach = max(REACH, 1.05 * np.abs(points).max(), 1.05 * np.abs(rest).max())
        low, high = np.full(2, -reach), np.full(2, reach)
    else:
        every = np.concatenate([points, rest])
        low, high = every.min(axis=0), every.max(axis=0)
        margin = np.where(high > low, 0.08 * (high - low), 1.0)
        low, high = low - margin, high + margin
    none = np.empty(0, np.int64)
    parts = Problem(
        kind, classes, tuple(names), points, rest, X, X_test, rows(targets), rows(targets_rest),
        targets if classes else none, targets_rest if classes else none, phi, C, plane, low, high, transform, columns,
        center, unit,
    )  # fmt: skip
    for array in vars(parts).values():
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return parts


def _raw(
    own: Own | None, data: str, n: int, noise: float, seed: int
) -> tuple[np.ndarray, np.ndarray, str, tuple[str, ...], tuple[str, ...]]:
    """Points, labels or numbers, kind, classes and inputs, in random order."""
    if own is not None:
        order = np.random.default_rng(seed).permutation(len(own.X))
        return own.X[order], own.y[order], own.kind, own.classes, own.inputs
    if data == "digits":
        images, labels = datasets.digits()
        order = np.random.default_rng(seed).permutation(len(images))[:n]
        return images[order], labels[order], "classes", tuple("0123456789"), tuple(f"pixel {k}" for k in range(64))
    if data in datasets.SURFACES:
        X, Y = datasets.surfaces(data, n, noise, seed)
        return X, Y[:, 0], "regression", (), ("x1", "x2")
    X, Y = datasets.PLANE[data](n, noise, seed)
    return X, Y[:, 0].astype(np.int64), "classes", ("0", "1"), ("x1", "x2")
