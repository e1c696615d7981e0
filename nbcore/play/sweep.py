"""Two settings on a grid: every cell a run of its own, those that can trained side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbcore.checks import listed, whole
from nbcore.network import Sequential, stack
from nbcore.play import view as views
from nbcore.play.data import Problem, problem
from nbcore.play.own import Own
from nbcore.play.run import start_network
from nbcore.play.settings import OPTIMIZERS, Settings
from nbcore.training import Diverged, training

# Of the width and the depth of all hidden layers at once.
SHAPES = ("width", "depth")
SWEPT = ("eta", "batch", "l1", "l2", "seed", "scale", "noise", "n", "train", "data_seed", "optimizer", "init", *SHAPES)
APART = ("eta", "seed", "scale", "init")  # members of one ensemble may differ in them
MOST_CELLS, MOST_SWEPT = 400, 20_000
PIECES = 20  # looks at a group on its way


@dataclass(frozen=True, eq=False)
class Grid:
    """A sweep so far: rows are `second`'s values, columns `first`'s. All arrays (rows, columns).

    `loss`, `loss_test`, `score`, `score_test` after `updates` (the latest values while a cell is on its way; NaN before
    it begins, and where it has diverged), as in `Numbers`; `diverged` the step at which a cell's loss left all bounds
    (or a weight was seen to have done so), or -1; `settings` what each cell is made of; `guess` the loss of the best
    constant output, the median of all cells.
    """

    first: tuple[str, tuple[Any, ...]]
    second: tuple[str, tuple[Any, ...]]
    updates: int
    settings: tuple[tuple[Settings, ...], ...]
    loss: np.ndarray
    loss_test: np.ndarray
    score: np.ndarray
    score_test: np.ndarray
    diverged: np.ndarray
    guess: float = np.inf


@dataclass(frozen=True, eq=False)
class SweepProgress:
    """How far a sweep is: `done` of `total` updates, summed over cells, and the grid, which is filled on the way."""

    done: int
    total: int
    result: Grid


def cell_settings(settings: Settings, name: str, value: Any) -> Settings:
    """The settings with one swept value: a field, "width" (units of every hidden layer) or "depth" (their number)."""
    hidden = settings.hidden
    if name == "width":
        return settings.with_(hidden=tuple((value, phi) for _, phi in hidden))
    if name == "depth":
        value = whole("depth", value, least=0)
        last = hidden[-1] if hidden else (8, "tanh")
        return settings.with_(hidden=(*hidden, *(last,) * min(value, 100))[:value])
    return settings.with_(**{name: value})


def sweep(
    settings: Settings,
    first: tuple[str, Sequence[Any]],
    second: tuple[str, Sequence[Any]],
    updates: int = 500,
    own: Own | None = None,
) -> Iterator[SweepProgress]:
    """Every pair of values of two settings, trained for `updates`: yields how far it is, the last time with all.

    `first` and `second` are a name of SWEPT and its values, as in ("eta", [0.01, 0.1, 1]). Raises ValueError or
    TypeError at once for names and values that do not fit.
    """
    (across, columns), (up, rows) = axes = _axis("first", first), _axis("second", second)
    if across == up:
        raise ValueError(f"first and second must be two different settings, got {up} twice")
    if len(columns) * len(rows) > MOST_CELLS:
        raise ValueError(f"a sweep has at most {MOST_CELLS} cells, got {len(columns) * len(rows)}")
    if whole("updates", updates, least=0) > MOST_SWEPT:
        raise ValueError(f"updates must be at most {MOST_SWEPT:,}, got {updates:,}")
    cells = tuple(tuple(cell_settings(cell_settings(settings, across, x), up, y) for x in columns) for y in rows)
    guess = float(np.median([_guess(problem(cell, own)) for row in cells for cell in row]))
    shape = len(rows), len(columns)
    loss, loss_test, score, score_test = np.full((4, *shape), np.nan)
    return _cells(Grid(*axes, updates, cells, loss, loss_test, score, score_test, np.full(shape, -1), guess), own)


def _guess(p: Problem) -> float:
    varies = np.ptp(p.Y, axis=0).any()
    return float(p.loss(np.broadcast_to(p.Y.mean(axis=0), p.Y.shape), p.Y)) if varies else np.inf


def _axis(name: str, axis: Any) -> tuple[str, tuple[Any, ...]]:
    if not isinstance(axis, (tuple, list)) or len(axis) != 2:
        raise TypeError(f"{name} must be a setting and its values, as in ('eta', [0.01, 0.1]), got {axis!r}")
    setting, values = axis
    if setting not in SWEPT:
        raise ValueError(f"{name} must be one of {listed(SWEPT)}, got {setting!r}")
    if isinstance(values, str) or not hasattr(values, "__len__") or not len(values):
        raise TypeError(f"{name} must hold a list of values for {setting}, got {values!r}")
    return setting, tuple(value.item() if isinstance(value, np.generic) else value for value in values)


def _cells(grid: Grid, own: Own | None) -> Iterator[SweepProgress]:
    groups: dict[Settings, list[tuple[int, int]]] = {}
    for i, row in enumerate(grid.settings):
        for j, cell in enumerate(row):
            groups.setdefault(cell.with_(**{n: getattr(Settings(), n) for n in APART}), []).append((i, j))
    updates, before = max(grid.updates, 1), 0
    total = updates * grid.loss.size
    for places in groups.values():
        for done in _group(grid, places, own):
            yield SweepProgress(before + done * len(places), total, grid)
        before += updates * len(places)
    yield SweepProgress(total, total, grid)


def _group(grid: Grid, places: list[tuple[int, int]], own: Own | None) -> Iterator[int]:
    """Cells that share data and shapes, as one ensemble; yields the updates done."""
    members = [grid.settings[i][j] for i, j in places]
    s, p = members[0], problem(members[0], own)
    net = stack([start_network(member, p) for member in members])
    optimizer = OPTIMIZERS[s.optimizer](np.array([member.eta for member in members]))
    run = training(net, p.X, p.Y, p.loss, optimizer, s.batch_of(len(p.X)), s.data_seed, s.l1, s.l2)
    diverged = np.full(len(members), -1)
    told = 0  # losses seen
    legs = [0, *np.diff(np.linspace(0, grid.updates, min(PIECES, grid.updates) + 1).astype(int))]
    for leg in legs:
        try:
            losses, last = run.advance(int(leg)).now.losses, None  # type: ignore[union-attr]
        except Diverged as stop:
            losses, last = stop.losses, stop.step
        gone = ~(losses < views.HUGE)
        first = np.where(gone.any(axis=0), told + gone.argmax(axis=0), -1 if last is None else last)
        diverged = np.where(diverged < 0, first, diverged)
        told += len(losses)
        for k, place in enumerate(places):
            if diverged[k] < 0 and not all(np.abs(array[k]).max() < views.HUGE for array in net.parameters()):
                diverged[k] = told - 1  # a weight without bounds behind a finite loss, noticed here
            _fill(grid, place, net.member(k), p, diverged[k])
        if last is not None:
            break
        yield told - 1
    yield grid.updates


def _fill(grid: Grid, place: tuple[int, int], net: Sequential, p: Problem, diverged: int) -> None:
    grid.diverged[place] = diverged
    parts = ((p.X, p.Y, p.labels), (p.X_test, p.Y_test, p.labels_test))
    found = [(np.nan, np.nan) if diverged >= 0 else views.measured(net, *part, p)[:2] for part in parts]
    (grid.loss[place], grid.score[place]), (grid.loss_test[place], grid.score_test[place]) = found
