"""Ways to do the same training. Each module has NAME and `prepare(workload)`, a Prepared or None if it does not apply.

`missing()` says in words why a peer can't run here, or gives None.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

NOT_INSTALLED = "not installed: .venv/bin/pip install -e '.[bench]'"


@dataclass
class Outcome:
    """Parameters as `MLP.parameters()` has them, and losses before each update (or means over equal parts).

    `seconds`, by the clock and of CPU, when the peer took the time itself.
    """

    parameters: list[np.ndarray]
    losses: np.ndarray
    seconds: tuple[float, float] | None = None


@dataclass
class Prepared:
    """`run()` is what is timed; `read(run())` makes an Outcome of it, untimed."""

    run: Callable[[], Any]
    read: Callable[[Any], Outcome]


@dataclass
class Peer:
    name: str
    prepare: Callable[[Any], Prepared | None]
    missing: Callable[[], str | None] = lambda: None
    tolerance: float = 1e-8
    first_call: bool = False  # whether the time of the first call is worth telling, because something is compiled


def needs(module: str) -> Callable[[], str | None]:
    return lambda: None if importlib.util.find_spec(module) else NOT_INSTALLED


def all_peers() -> list[Peer]:
    from benchmarks.peers import floor, jax_scan, ours, pytorch, scikit, textbook

    return [
        Peer("nbcore", ours.prepare),
        Peer("nbcore, float32", ours.prepare_float32, ours.missing_float32, tolerance=1e-3),
        Peer("nbcore, readable engine", ours.prepare_plain),
        Peer("nbcore, one member after another", ours.prepare_loop),
        Peer("PyTorch eager", pytorch.prepare, needs("torch")),
        Peer("scikit-learn", scikit.prepare, needs("sklearn")),
        Peer("JAX jit + scan", jax_scan.prepare, needs("jax"), first_call=True),
        Peer("NumPy, textbook", textbook.prepare),
        Peer("C, gcc -O3", floor.prepare, floor.missing),
    ]
