"""What every public function asks of its arguments, in one place, so that all errors read alike."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

T = TypeVar("T")
Seed: TypeAlias = "int | np.random.Generator"  # in quotes: NumPy loads its random part at the first use


def as_float(name: str, value: Any) -> np.ndarray:
    """`value` as an array of floats; float32 stays float32, anything else becomes float64.

    Raises TypeError when it holds no real numbers, ValueError when an entry is masked.
    """
    not_masked(name, value)
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name} must hold real numbers in rows of one length, got {_shown(value)}") from None
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind not in "iub":
        raise TypeError(f"{name} must hold real numbers, got {_shown(value)}")
    return array.astype(np.float64)


def not_masked(name: str, value: Any) -> None:
    """Raises ValueError for an array with masked entries: below a mask stands a number that nobody means."""
    if "numpy.ma" in sys.modules and np.ma.is_masked(value):
        raise ValueError(f"{name} must not have masked entries: leave those rows out, or fill them in")


def finite(name: str, value: Any) -> np.ndarray:
    """`value` as an array of floats; raises ValueError when an entry is NaN or infinite."""
    array = as_float(name, value)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, got {array[where]} at {list(where)}")
    return array


def samples(name: str, value: Any, width: int | None = None) -> np.ndarray:
    """`value` as finite samples in rows, shape (..., N, n) with N >= 1 and, where given, n = width."""
    array = finite(name, value)
    if array.ndim < 2:
        raise ValueError(
            f"{name} must have samples in rows, shape (N, n), got shape {array.shape}; "
            f"for one sample write {name}[None, :], for one number a sample {name}[:, None]"
        )
    if array.shape[-2] == 0:
        raise ValueError(f"{name} must have at least one sample, got shape {array.shape}")
    if width is not None and array.shape[-1] != width:
        raise ValueError(f"{name} must have {width} columns, got {array.shape[-1]} (shape {array.shape})")
    return array


def whole(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {_shown(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def number(name: str, value: Any, low: float = -np.inf, high: float = np.inf, open: bool = False) -> float:
    """`value` as a finite float in [low, high], or in [low, high) where `open` is set."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {_shown(value)}")
    if isinstance(value, int) and abs(value) > 10**300:  # beyond what a float holds
        value = np.inf if value > 0 else -np.inf
    if not (np.isfinite(value) and low <= value <= high) or (open and value == high):
        least = "" if low == -np.inf else f" and at least {low:g}"
        most = "" if high == np.inf else f" and {'less than' if open else 'at most'} {high:g}"
        raise ValueError(f"{name} must be finite{least}{most}, got {value}")
    return float(value)


def generator(name: str, value: Any) -> np.random.Generator:
    """`value`, a Seed, as a Generator; chance never comes from anywhere else."""
    if isinstance(value, np.random.Generator):
        return value
    try:
        return np.random.default_rng(whole(name, value, least=0))
    except TypeError:
        raise TypeError(
            f"{name} must be a whole number or a Generator (np.random.default_rng), got {_shown(value)}"
        ) from None


def rate(name: str, value: Any) -> np.ndarray:
    """`value` as a learning rate: one positive finite number, or one a member of the ensemble."""
    array = as_float(name, value)
    if np.asarray(value).dtype.kind == "b":
        raise TypeError(f"{name} must be a number, or one a member, got {_shown(value)}")
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise ValueError(f"{name} must be positive and finite, got {_shown(value)}")
    return array.astype(np.float64)


def ensemble_axes(value: Any) -> tuple[int, ...]:
    """`ensemble` as a tuple of sizes; a single number stands for one axis."""
    sizes = value if isinstance(value, tuple) else (value,)
    return tuple(whole("ensemble", size) for size in sizes)


def float_type(name: str, value: Any) -> np.dtype:
    """`value` as float64 or float32; by name or as NumPy's type."""
    try:
        dtype = np.dtype(value)
    except TypeError:
        dtype = None
    if dtype not in (np.float64, np.float32):
        raise ValueError(f"{name} must be float64 or float32, got {_shown(value)}")
    return dtype


def named(kind: str, value: Any, known: Mapping[str, T]) -> T:
    """The member of `known` that `value` names, or `value` itself when it is of their type."""
    if isinstance(value, str):
        if value not in known:
            raise ValueError(f"{kind} must be one of {listed(known)}, got {value!r}")
        return known[value]
    if not isinstance(value, tuple({type(v) for v in known.values()})):
        raise TypeError(f"{kind} must be one of {listed(known)} (name or object), got {_shown(value)}")
    return cast(T, value)


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
