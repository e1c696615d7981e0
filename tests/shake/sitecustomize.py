"""Moves what is drawn for a start by about one unit in the last place, in every Python that finds this folder.

`make shake` puts it first in PYTHONPATH, so it reaches pytest's workers and the lessons' kernels. Normal and uniform
numbers change, data do not (nbcore.datasets), nor do zeros, constants, whole numbers and orders. NBCORE_SHAKE is the
pattern's number: the same number moves the same draw in the same way. nbcore itself knows nothing of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

NUMBER = int(os.environ["NBCORE_SHAKE"]) if os.environ.get("NBCORE_SHAKE") else None
KEPT = {"nbcore.datasets"}


def moved(values: Any) -> Any:
    """Each number one step up, one step down, or as it was; which of them, its own bits and NUMBER decide."""
    import numpy as np

    array = np.asarray(values)
    bits = array.view(np.uint64 if array.dtype == np.float64 else np.uint32).astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = (bits ^ np.uint64(NUMBER or 0)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    which = ((mixed >> np.uint64(40)) % np.uint64(3)).astype(np.intp)
    toward = np.choose(which, [-np.inf, np.inf, array]).astype(array.dtype)
    result = np.where(array == 0, array, np.nextafter(array, toward))
    return result if np.ndim(values) else type(values)(result)


def shake_generators(module: ModuleType) -> None:
    """numpy.random, whose default_rng makes generators that move what they draw."""
    quiet: Any = module.default_rng

    def shaken(name: str) -> Callable[..., Any]:
        def draw(self: Any, *args: Any, **kwargs: Any) -> Any:
            values = getattr(module.Generator, name)(self, *args, **kwargs)
            return values if sys._getframe(1).f_globals.get("__name__") in KEPT else moved(values)

        return draw

    names = ("normal", "standard_normal", "uniform")
    Shaken = type("Shaken", (module.Generator,), {name: shaken(name) for name in names})

    def default_rng(seed: Any = None) -> Any:
        return seed if isinstance(seed, module.Generator) else Shaken(quiet(seed).bit_generator)

    module.default_rng = default_rng  # type: ignore[attr-defined]


def shake_float32(module: ModuleType) -> None:
    """nbcore.layers: rounding to float32 takes a move of float64 back, so such layers are moved after it."""
    start = module.Layer._start

    def moved_start(self: Any, *args: Any, **kwargs: Any) -> None:
        import numpy as np

        start(self, *args, **kwargs)
        if self.dtype == np.float32 and np.ptp(self._W) > 0:
            self._W = moved(self._W)

    module.Layer._start = moved_start


CHANGES = {"numpy.random": shake_generators, "nbcore.layers": shake_float32}


class Finder(MetaPathFinder):
    """Loads a module as ever, then changes it."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name in CHANGES else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_change(module: ModuleType) -> None:
            load(module)
            CHANGES[name](module)

        spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec


if NUMBER is not None:
    sys.meta_path.insert(0, Finder())
