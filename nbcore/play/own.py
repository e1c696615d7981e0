"""One's own data: arrays, frames and tables as people have them, or one sentence that says what is wrong with them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nbcore.checks import finite, not_masked
from nbcore.play.settings import short
from nbcore.play.table import Row, read_table, refuse

MOST_ROWS, MOST_INPUTS, MOST_CLASSES = 10_000, 100, 10
# How files, pandas and spreadsheets write that a value is missing, or that a formula failed; in lower case.
MISSING = set("na n/a nan -nan <na> null none nil nat ? - -- . missing".split()) | {""}
MISSING |= set(
    "#n/a #na #n/d #value! #wert! #ref! #bezug! #div/0! #name? #num! #zahl! #null! 1.#ind -1.#ind 1.#qnan".split()
)
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
LEAVE_OUT = "fill it in, or leave the row out"


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

    Frames and series come as they are, with their columns' names. `kind` is "classes" or "regression"; when it is not
    given, words, truth values and up to 10 different whole numbers are classes, if each has two samples. `inputs` are
    names for the columns. Raises ValueError or TypeError that say what is wrong.
    """
    if kind not in (None, "classes", "regression"):
        raise ValueError(f"kind must be 'classes' or 'regression', got {kind!r}")
    if inputs is None and hasattr(X, "columns"):
        inputs = [str(name) for name in X.columns]
    X = finite("X", _numbers("X", X)).astype(np.float64)
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
    y = _numbers("y", y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape != (rows,):
        raise ValueError(f"y must have one entry for each of the {rows} rows of X, shape ({rows},), got {y.shape}")
    if y.dtype.kind in "fiu":
        y = finite("y", y).astype(np.float64)
        found, counts = np.unique(y, return_counts=True)
        classes = len(found) <= MOST_CLASSES and (found == np.round(found)).all()
        if kind is None and classes and 1 < len(found) and counts.min() < 2:
            raise ValueError(
                f"each class needs at least 2 samples, {found[counts.argmin()]:g} has only {counts.min()}; if y are "
                "numbers to fit, say kind='regression'"
            )
    elif y.dtype.kind in "bOU":
        if kind == "regression":
            raise TypeError(f"y must hold numbers for regression, got {short(str(y[0]))} and the like")
        y = y if y.dtype.kind == "b" else _words(y, kind)
        classes = True
    else:
        raise TypeError(f"y must hold labels or numbers, got dtype {y.dtype}")
    if kind == "regression" or (kind is None and not classes):
        _check_reach("y", y)
        return _own(X, y, (), names)
    found, labels, counts = np.unique(y, return_inverse=True, return_counts=True)
    called = tuple(f"{name:.17g}" if y.dtype.kind == "f" else str(name) for name in found)
    if len(called) < 2:
        raise ValueError(f"y must hold at least 2 classes, got only {short(called[0])}")
    if len(called) > MOST_CLASSES:
        raise ValueError(
            f"y must hold at most {MOST_CLASSES} classes, got {len(called)}; for numbers to fit say kind='regression'"
        )
    if counts.min() < 2:
        raise ValueError(
            f"each class needs at least 2 samples, {short(called[counts.argmin()])} has only {counts.min()}"
        )
    return _own(X, labels.astype(np.int64), called, names)


def _numbers(name: str, value: Any) -> np.ndarray:
    """`value` as an array; what holds numbers in an object array (a column that was mixed once) becomes numbers."""
    not_masked(name, value)
    try:
        array = np.asarray(value)
    except ValueError:
        what = "one label or number a row" if name == "y" else "real numbers in rows of one length"
        raise TypeError(f"{name} must hold {what}") from None
    if array.dtype.kind != "O" or not array.size:
        return array
    flat = array.ravel().tolist()
    kinds = {type(entry) for entry in flat}
    if kinds <= {bool, np.bool_} and name == "y":
        return array.astype(bool)
    for entry in flat:
        if not isinstance(entry, (bool, np.bool_, int, float, np.integer, np.floating)):
            return array
    try:
        return np.array([float(entry) for entry in flat]).reshape(array.shape)
    except OverflowError:
        raise ValueError(f"{name} must not hold numbers beyond 1e50") from None


def _words(y: np.ndarray, kind: str | None) -> np.ndarray:
    """Labels as words; a missing one is refused, however it is written."""
    words = []
    for k, label in enumerate(y.tolist()):
        # None, float("nan"), and pandas' NA and NaT are no names of classes.
        gone = label is None or type(label).__name__ in ("NAType", "NaTType") or label != label
        if gone or (kind is None and str(label).strip().casefold() in MISSING):
            cure = LEAVE_OUT if gone else "leave the row out, or say kind='classes' if a class is called so"
            raise ValueError(f"y must not miss values, got {str(label)!r} at [{k}]: {cure}")
        words.append(str(label))
    return np.array(words)


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


def own_csv(source: str | Path | bytes, kind: str | None = None) -> Own:
    """The same from a CSV: a path, the text itself (with a line break in it), or the bytes of a file.

    Columns parted by tabs, semicolons, commas or bars, a first line of names if it holds no numbers; the last column is
    the target, numbers or words. UTF-8, or UTF-16 with its mark. Raises ValueError that says which line is wrong.
    """
    if kind not in (None, "classes", "regression"):
        raise ValueError(f"kind must be 'classes' or 'regression', got {kind!r}")
    table = read_table(source)
    (first, top), width = table[0], len(table[0][1])
    if width < 2:
        raise ValueError(
            "the CSV must have at least two columns, parted by commas, semicolons or tabs: inputs, and the target last"
        )
    if width > MOST_INPUTS + 1:
        raise ValueError(f"the CSV must have at most {MOST_INPUTS} columns beside the target, got {width - 1}")
    header = not any(map(_is_number, top[:-1])) and not (set(map(str.casefold, top[:-1])) & MISSING - {""})
    if header and "" in top:
        raise ValueError(
            f"line {first} of the CSV gives column {top.index('') + 1} no name: leave that column out "
            "(an index that was saved along, or a separator too many), or name it"
        )
    body = table[1:] if header else table
    if not body:
        raise ValueError("the CSV holds a line of names but no samples")
    if len(body) > MOST_ROWS:
        raise ValueError(f"the CSV must have at most {MOST_ROWS:,} rows, got {len(body):,}; a sample will do")
    names = top if header else [f"column {k}" for k in range(1, width + 1)]
    for line, row in body:
        for name, cell in zip(names, row[:-1], strict=False):
            if not _is_number(cell):
                _refuse_cell(line, cell, name)
        if not row[-1]:
            refuse(line, f"has an empty cell under {short(names[-1])}: {LEAVE_OUT}")
    X = np.array([[float(cell) for cell in row[:-1]] for _, row in body])
    return own_data(X, _targets(body, kind), kind, top[:-1] if header else None)


def _refuse_cell(line: int, cell: str, name: str) -> None:
    if not cell:
        refuse(line, f"has an empty cell under {short(name)}: {LEAVE_OUT}")
    if cell.casefold() in MISSING:
        refuse(line, f"holds {short(cell)!r} under {short(name)}, which says that a value is missing: {LEAVE_OUT}")
    refuse(line, f"holds {_told(cell)} where a finite number is needed, under {short(name)}")


def _targets(body: list[Row], kind: str | None) -> list[Any]:
    """The last column: numbers when all are, else words. A missing value or a decimal comma is no name of a class."""
    numeric = [_is_number(row[-1]) for _, row in body]
    if all(numeric) and kind != "classes":
        return [float(row[-1]) for _, row in body]
    if kind != "classes":
        for (line, row), fits in zip(body, numeric, strict=True):
            cell = row[-1]
            if not fits and cell.casefold() in MISSING:
                refuse(
                    line,
                    f"holds {short(cell)!r} as target, which says that a value is missing: {LEAVE_OUT} "
                    "(kind='classes' takes it as a word)",
                )
            if not fits and (any(numeric) or DECIMAL_COMMA.fullmatch(cell)):
                refuse(
                    line,
                    f"holds {_told(cell)} as target: targets must all be numbers, or all words "
                    "(kind='classes' takes any as words)",
                )
    if all(numeric):  # 1 and 1.0 are one class
        return [f"{float(row[-1]):.17g}" for _, row in body]
    return [row[-1] for _, row in body]


def _is_number(cell: str) -> bool:
    # float() would also take 1_000, and digits of other scripts.
    try:
        return cell.isascii() and "_" not in cell and bool(np.isfinite(float(cell)))
    except ValueError:
        return False


CURES = (
    (DECIMAL_COMMA, "decimals need a point"),
    (re.compile(r"[+-]?\d{1,3}([ ,.'\u00a0\u202f]\d{3})+([.,]\d+)?"), "write it without marks between the thousands"),
    (re.compile(r"[-+\u2212]?[\d.]+\s*%"), "write it without the %"),
    (re.compile(r"\u2212[\d.]+"), "its minus is not that of the keyboard"),
    (re.compile(r"(?i)true|false|yes|no"), "write 1 and 0"),
    (re.compile(r"(?i)[+-]?inf(inity)?"), "a number must be finite"),
)


def _told(cell: str) -> str:
    cure = next((words for pattern, words in CURES if pattern.fullmatch(cell[:100])), "")
    return f"{short(cell)!r}" + (f" ({cure})" if cure else "")
