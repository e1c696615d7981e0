"""The data of a playground: what the settings ask for, parted, standardized, ready to train on; and one's own."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nbcore import datasets
from nbcore.activations import Activation
from nbcore.checks import finite, whole
from nbcore.losses import Loss
from nbcore.play.settings import FEATURES, Settings, pair, short

MOST_ROWS, MOST_INPUTS, MOST_CLASSES, MOST_BYTES = 10_000, 100, 10, 5_000_000
MISSING = {"", "na", "n/a", "nan", "<na>", "null", "?"}  # as files write it; in lower case
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
REACH = 2.2  # half the side of the square that is drawn, unless points lie outside


@dataclass(frozen=True, eq=False)
class Own:
    """One's own data: X (N, n), and y (N,): labels 0 to k-1 of `classes`, or numbers when there are no classes."""

    X: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    inputs: tuple[str, ...]
    fingerprint: str

    @property
    def kind(self) -> str:
        return "classes" if self.classes else "regression"


def own_data(X: Any, y: Any, kind: str | None = None, inputs: Sequence[str] | None = None) -> Own:
    """Arrays of one's own: X (N, n) finite numbers, y (N,) labels (words or whole numbers) or numbers to fit.

    `kind` is "classes" or "regression"; when it is not given, words, truth values and up to 10 different whole
    numbers are classes. `inputs` are names for the columns. Raises ValueError or TypeError that say what is wrong.
    """
    if np.ma.is_masked(X) or np.ma.is_masked(y):
        raise ValueError("X and y must not have masked entries: leave those rows out")
    X = finite("X", X).astype(np.float64)
    if X.ndim == 1:
        X = X[:, None]
    if X.ndim != 2 or not X.size:
        raise ValueError(f"X must have samples in rows, shape (N, n), got shape {X.shape}")
    rows, width = X.shape
    if rows < 4:
        raise ValueError(f"there must be at least 4 rows to learn from and to test on, got {rows}")
    if rows > MOST_ROWS:
        raise ValueError(f"X must have at most {MOST_ROWS:,} rows, got {rows:,}; a sample of them will do")
    if width > MOST_INPUTS:
        raise ValueError(f"X must have at most {MOST_INPUTS} columns, got {width}")
    _check_reach("X", X)
    names = tuple(f"x{k}" for k in range(1, width + 1)) if inputs is None else tuple(map(str, inputs))
    if len(names) != width:
        raise ValueError(f"inputs must hold one name for each of {width} columns, got {len(names)}")
    try:
        y = np.asarray(y)
    except ValueError:
        raise TypeError("y must hold one label or number a row") from None
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape != (rows,):
        raise ValueError(f"y must have one entry for each of the {rows} rows of X, shape ({rows},), got {y.shape}")
    if kind not in (None, "classes", "regression"):
        raise ValueError(f"kind must be 'classes' or 'regression', got {kind!r}")
    if y.dtype.kind == "O":
        y = np.array(["nan" if value is None else str(value) for value in y])
    if y.dtype.kind in "fiu":
        y = finite("y", y).astype(np.float64)
        few = len(np.unique(y)) <= MOST_CLASSES and (y == np.round(y)).all()
    elif y.dtype.kind in "bU":
        if kind == "regression":
            raise TypeError(f"y must hold numbers for regression, got {y[0]!s} and the like")
        for k, label in enumerate(y.tolist() if kind is None else ()):
            if str(label).casefold() in MISSING:
                raise ValueError(
                    f"y must not miss values, got {label!r} at [{k}]: leave the row out, or say kind='classes' "
                    "if a class is called so"
                )
        few = True
    else:
        raise TypeError(f"y must hold labels or numbers, got dtype {y.dtype}")
    if kind == "regression" or (kind is None and not few):
        _check_reach("y", y)
        return _own(X, y, (), names)
    found, labels, counts = np.unique(y, return_inverse=True, return_counts=True)
    classes = tuple(str(name).removesuffix(".0") if y.dtype.kind == "f" else str(name) for name in found)
    if len(classes) < 2:
        raise ValueError(f"y must hold at least 2 classes, got only {classes[0]}")
    if len(classes) > MOST_CLASSES:
        raise ValueError(
            f"y must hold at most {MOST_CLASSES} classes, got {len(classes)}; for numbers to fit say kind='regression'"
        )
    if counts.min() < 2:
        raise ValueError(f"each class needs at least 2 samples, {classes[counts.argmin()]} has only {counts.min()}")
    return _own(X, labels.astype(np.int64), classes, names)


def _check_reach(name: str, values: np.ndarray) -> None:
    if np.abs(values).max() > 1e50:
        raise ValueError(f"{name} must not hold numbers beyond 1e50, got {np.abs(values).max():g}")


def _own(X: np.ndarray, y: np.ndarray, classes: tuple[str, ...], inputs: tuple[str, ...]) -> Own:
    mark = hashlib.sha256()
    for part in (repr((X.shape, classes)).encode(), np.ascontiguousarray(X + 0.0).tobytes(), y.tobytes()):
        mark.update(part)
    X.setflags(write=False)
    y.setflags(write=False)
    return Own(X, y, classes, inputs, mark.hexdigest()[:12])


def own_csv(source: str | Path, kind: str | None = None) -> Own:
    """The same from a CSV: a path, or the text itself (with a line break in it).

    Columns parted by commas, semicolons or tabs, a first line of names if it is not all numbers; the last column is
    the target, numbers or words. Raises ValueError that says which line is wrong.
    """
    if not isinstance(source, (str, Path)):
        raise TypeError(f"source must be a path or the text of a CSV, got {type(source).__name__}")
    text = source if isinstance(source, str) and source.splitlines() != [source] else _read(Path(source))
    lines = text.lstrip("\ufeff").splitlines()
    if not any(map(str.strip, lines)):
        raise ValueError("the CSV holds no lines")
    if len(lines) > 2 * MOST_ROWS:
        raise ValueError(f"the CSV must have at most {MOST_ROWS:,} rows, got {len(lines):,} lines; a sample will do")
    table = _table(lines)
    (first, top), width = table[0], len(table[0][1])
    if width < 2:
        raise ValueError(
            "the CSV must have at least two columns, parted by commas, semicolons or tabs: inputs, and the target last"
        )
    header = not all(map(_is_number, top[:-1]))
    if header and "" in top:
        raise ValueError(
            f"line {first} of the CSV gives column {top.index('') + 1} no name: leave that column out "
            "(an index that was saved along, or a separator too many), or name it"
        )
    body = table[1:] if header else table
    if not body:
        raise ValueError("the CSV holds a line of names but no samples")
    for line, row in body:
        if len(row) != width:
            raise ValueError(f"line {line} of the CSV has {len(row)} columns, the first has {width}")
        if "" in row:
            under = f" under {top[row.index('')]}" if header else ""
            raise ValueError(f"line {line} of the CSV has an empty cell{under}")
        for cell in row[:-1]:
            if not _is_number(cell):
                raise ValueError(f"line {line} of the CSV holds {_told(cell)} where a finite number is needed")
    X = np.array([[float(cell) for cell in row[:-1]] for _, row in body])
    numeric = [_is_number(row[-1]) for _, row in body]
    some, every = any(numeric), all(numeric)
    for (line, row), fits in zip(body, numeric, strict=True):
        # A missing value, or a decimal comma, would pass for the name of a class.
        if kind != "classes" and not fits and (some or DECIMAL_COMMA.fullmatch(row[-1])):
            raise ValueError(
                f"line {line} of the CSV holds {_told(row[-1])} as target: targets must all be numbers, or all words "
                "(kind='classes' takes any as words)"
            )
    y = [float(row[-1]) if every else row[-1] for _, row in body]
    return own_data(X, y, kind, top[:-1] if header else None)


def _table(lines: list[str]) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its line in the file."""
    tables = []
    for mark in "\t;,":
        reader = csv.reader(lines, delimiter=mark)
        try:
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
        except csv.Error as error:
            raise ValueError(f"line {reader.line_num} of the CSV can't be read: {error}") from None
        rows = [(line, row) for line, row in rows if any(row)]
        widths = {len(row) for _, row in rows}
        # What parts all lines alike separates; the comma comes last, for it may be a decimal comma.
        if len(widths) == 1 and widths != {1}:
            return rows
        tables.append(rows)
    return max(reversed(tables), key=lambda rows: len(rows[0][1]) if rows else 0)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.name} must be at most {MOST_BYTES // 1_000_000} MB")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name!r} can't be read as a CSV: it is not saved as UTF-8") from None
    except OSError as error:
        raise ValueError(f"{short(path.name)!r} can't be read as a CSV: {error.strerror or error}") from None


def _is_number(cell: str) -> bool:
    # float() would also take 1_000, and digits of other scripts.
    try:
        return cell.isascii() and "_" not in cell and bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _told(cell: str) -> str:
    return f"{short(cell)!r}" + (" (decimals need a point)" if DECIMAL_COMMA.fullmatch(cell) else "")


@dataclass(frozen=True, eq=False)
class Problem:
    """What there is to learn: inputs X (N, n) and targets Y (N, n_out), to train on and to test on.

    `points` and `points_test` are the raw inputs before features and standardizing; `labels` classes 0 to k-1, or
    empty for regression. `inputs` names the columns of X, `columns` those of the raw points. `plane`: whether there is
    a plane to draw, from `low` to `high` (2,); `transform` leads from raw points to inputs.
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

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of X as people call them: x1 and x2 of one's own data by their own names."""
        called = dict(zip(("x1", "x2"), self.columns, strict=True)) if self.plane else {}
        return tuple(called.get(name, name) for name in self.inputs)

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

    def rows(t: np.ndarray) -> np.ndarray:
        if kind == "regression" or one_column:
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
