"""What the network says: over the plane, as a confusion of classes, as a curve, or over what was wanted."""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Any

import numpy as np

from nbcore.draw.ink import Cells, Marks, Stroke, rgb
from nbcore.draw.playground.layout import (
    HEAD,
    TICKS,
    Box,
    Pad,
    Side,
    brief,
    input_name,
    palette,
    plain,
    rectangle,
    short,
    wrapped,
    write_title,
)  # fmt: skip
from nbcore.draw.shapes import boundary
from nbcore.draw.style import theme
from nbcore.play.data import Problem

MARKERS = "osD^vPX*<>"
SHADES = {  # of up to ten classes, each with a marker of its own
    "light": "#0b62a4 #c2570c #2f7d4f #b3126b #7a6a00 #5b4bb0 #0f7f86 #8a4b32 #4b5563 #9c2f2f".split(),
    "dark": "#6cb6f5 #ffab5e #74d19a #ff7ac0 #d9c64a #b3a6ff #5fd3da #d6a084 #c3cad3 #ff8f8f".split(),
}


def _kind(side: Side) -> str:
    """What is drawn of the outputs: "plane", "regions" (several outputs over a plane), "curve" (one input), "scatter"
    (numbers said over numbers wanted) or "table" (the confusion of classes)."""
    p = side.problem
    if p.plane:
        return "plane" if p.Y.shape[1] <= 2 else "regions"
    if p.Y.shape[1] == 1 and p.X.shape[1] == 1:
        return "curve"
    return "scatter" if p.kind == "regression" else "table"


@lru_cache(maxsize=32)
def _target_range(p: Problem) -> tuple[float, float]:
    """From the lowest to the highest target; for classes from 0 to 1."""
    if p.kind == "classes":
        return 0.0, 1.0
    low = float(min(p.wanted.min(), p.wanted_test.min()))
    high = float(max(p.wanted.max(), p.wanted_test.max()))
    return (low, high) if high > low else (low - 1, high + 1)


@lru_cache(maxsize=32)
def input_range(p: Problem) -> tuple[float, float]:
    low = float(min(p.points[:, 0].min(), p.points_test[:, 0].min()))
    high = float(max(p.points[:, 0].max(), p.points_test[:, 0].max()))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


@lru_cache(maxsize=32)
def value_range(p: Problem) -> tuple[float, float]:
    low, high = _target_range(p)
    margin = 0.15 * (high - low)
    return low - margin, high + margin


def said_levels(side: Side, heights: np.ndarray) -> np.ndarray:
    """Outputs as places on the palette, whose ends are the lowest and the highest target."""
    low, high = _target_range(side.problem)
    return np.clip(heights / (high - low) - low / (high - low), -1, 2)


def _bar(box: Box, kind: str) -> Box:
    """The palette below a plane."""
    x, y, wide, _ = box
    return (x + 0.28 * wide, y + wide + 22, 0.44 * wide, 8)


def _placed(box: Box, low: Any, high: Any, points: np.ndarray) -> np.ndarray:
    """Points (n, 2) from `low` to `high` in a square box, second coordinate upward."""
    x, y, wide, _ = box
    share = (points - np.asarray(low)) / (np.asarray(high) - np.asarray(low))
    return np.stack([x + share[:, 0] * wide, y + (1 - share[:, 1]) * wide], axis=1)


def plane_frame(pad: Pad, box: Box, side: Side) -> None:
    x, y, wide, _ = box
    p, kind = side.problem, _kind(side)
    pad.over.append(Stroke("plane", rectangle(x, y, wide, wide), pad.soft, 1.0, crisp=True))
    title = {
        "plane": "What it says", "regions": "What it says", "curve": "What it says", "scatter": "Said over wanted",
        "table": "Confusion (test)",
    }[kind]  # fmt: skip
    write_title(pad, x, y - HEAD + 15, title, side.name)
    under = y + wide + 13
    if kind == "table":
        k = len(p.classes)
        for i, name in enumerate(p.classes):
            at = (i + 0.5) * wide / k
            pad.say("axis", x - 5, y + at + 4, short(name, 4), ha="right", size=10)
            pad.say("axis", x + at, under, short(name, max(1, int(wide / k / 6))), ha="center", size=10)
        words = ["true down, said across;", "orange: right, blue: wrong"]
        for n, line in enumerate(wrapped(words, wide, 10, " ")):
            pad.say("legend", x, under + 15 + 13 * n, line, size=10, color=pad.soft)
        return
    if kind in ("plane", "regions"):
        low, high = p.low, p.high
        names = (input_name(p.columns[0], max(7, int((wide - 80) / 6.5))), p.columns[1])
    elif kind == "curve":
        low, high = (np.array(pair) for pair in zip(input_range(p), value_range(p), strict=True))
        names = (input_name(p.names[0]), "a")
    else:
        low, high = (np.array(pair) for pair in zip(value_range(p), value_range(p), strict=True))
        names = ("wanted", "said")
    gray = {"size": 10.0, "color": pad.soft}
    pad.say("axis", x, under, plain(float(low[0])), **gray)
    pad.say("axis", x + wide, under, plain(float(high[0])), ha="right", **gray)
    pad.say("axis", x + wide / 2, under, names[0], ha="center", size=11)
    pad.say("axis", x - 5, y + wide, plain(float(low[1])), ha="right", **gray)
    pad.say("axis", x - 5, y + 9, plain(float(high[1])), ha="right", **gray)
    # There is room for seven letters beside the square; a name of several words goes on several lines.
    lines = [input_name(word, 7) for word in names[1].split()[:4]]
    for k, line in enumerate(lines):
        pad.say("axis", x - 5, y + wide / 2 + 4 + 13 * (k - (len(lines) - 1) / 2), line, ha="right", size=11)
    _legend_frame(pad, box, side, kind)


def _legend_frame(pad: Pad, box: Box, side: Side, kind: str) -> None:
    x, _, wide, _ = box
    p = side.problem
    bx, by, bw, bh = _bar(box, kind)
    if kind == "plane":
        low, high = _target_range(p)
        edges = np.linspace(0, bw, 65)
        colors = (palette()[np.linspace(0, 255, 64).astype(int)] / 255).tolist()
        for (left, right), (r, g, b) in zip(itertools.pairwise(edges), colors, strict=True):
            patch = rectangle(bx + left, by, right - left + 0.4, bh)
            pad.under.append(Stroke("bar", patch, face=(r, g, b)))
        pad.over.append(Stroke("bar", rectangle(bx, by, bw, bh), pad.soft, 0.8, crisp=True))
        for t in (0, 0.5, 1):
            pad.say("bar", bx + t * bw, by + bh + 12, plain(low + t * (high - low)), ha="center", size=10)
        if p.classes:
            for k, color, marker in ((0, pad.low, "o"), (1, pad.high, "s")):
                name = short(p.classes[k], 6)
                at = bx - 14 - 6 * len(name) if k == 0 else bx + bw + 14
                pad.over.append(Marks("legend", np.array([[at, by + bh / 2]]), marker, 7.0, pad.paper, 0.6, color))
                pad.say("legend", at + 8, by + bh - 0.5, name, size=10.5)
    elif kind == "regions":
        step = wide / len(p.classes)
        for k, name in enumerate(p.classes):
            middle = x + (k + 0.12) * step + 3
            shade = rgb(SHADES[theme().name][k])
            pad.over.append(Marks("legend", np.array([[middle, by + 6]]), MARKERS[k], 7.0, pad.paper, 0.6, shade))
            pad.say("legend", middle + 7, by + 10, short(name, max(1, int((step - 14) / 6))), size=10)
    else:
        for middle, text, face in ((x + 6, "train", pad.low), (x + 53, "test", None)):
            pad.over.append(Marks("legend", np.array([[middle, by + 5]]), "o", 6.5, pad.low, 1.2, face))
            pad.say("legend", middle + 8, by + 9, text, size=10)
        line = np.array([[[x + 95, by + 5], [x + 117, by + 5]]])
        look: Any = (pad.accent, 2.2, ()) if kind == "curve" else (pad.soft, 1.4, (4.0, 3.0))
        pad.over.append(Stroke("legend", line, look[0], look[1], dash=look[2]))
        pad.say("legend", x + 122, by + 9, "said" if kind == "curve" else "equal", size=10)


def draw_plane(pad: Pad, box: Box, side: Side, show_test: bool) -> None:
    x, y, wide, _ = box
    p, n, kind = side.problem, side.view.numbers, _kind(side)
    if p.kind == "regression":
        words = f"off by {brief(n.score)} in training, {brief(n.score_test)} in the test (rms)"
    else:
        words = f"right: {percent(n.score)} in training, {percent(n.score_test)} in the test"
    if len(words) * 5.7 > wide + TICKS - 12:
        words = words.replace("in training", "train").replace("in the test", "test").replace(" (rms)", "")
    pad.say(f"score{side.name}", x, y - 7, words, size=10.5)
    if kind == "table":
        _confusion(pad, box, side)
    elif kind == "curve":
        _curve(pad, box, side, show_test)
    elif kind == "scatter":
        _scatter(pad, box, side, show_test)
    else:
        _surface(pad, box, side)
        for test in (True, False) if show_test else (False,):
            _points(pad, box, side, test)
        if show_test and kind == "plane":
            _, by, _, bh = _bar(box, kind)
            pad.over.append(Marks("hollow", np.array([[x + 4, by + bh + 8.5]]), "o", 6.5, pad.soft, 1.3))
            pad.say("hollow", x + 11, by + bh + 12, "test", size=10, color=pad.soft)


def _surface(pad: Pad, box: Box, side: Side) -> None:
    x, y, wide, _ = box
    p, surface = side.problem, side.view.surface
    assert surface is not None
    low, high = _target_range(p)
    heights = surface if surface.ndim == 2 else surface[..., 1]
    corner = np.array([[x, y]])
    if surface.ndim == 2 or surface.shape[-1] == 2:
        pad.tiles.append(Cells(f"surface{side.name}", corner, wide, said_levels(side, heights)[None]))
        borders = [heights - (low / 2 + high / 2) if surface.ndim == 2 else surface[..., 1] - surface[..., 0]]
    else:
        best = surface.argmax(axis=-1)
        colors = np.array([rgb(c) for c in SHADES[theme().name][: surface.shape[-1]]])
        sure = np.clip(surface.max(axis=-1), 0, 1)[..., None]
        paper = np.array(pad.paper)
        pad.tiles.append(
            Cells(f"surface{side.name}", corner, wide, (paper + (colors[best] - paper) * (0.12 + 0.4 * sure))[None])
        )
        borders = [surface[..., k] - np.delete(surface, k, axis=-1).max(axis=-1) for k in range(surface.shape[-1])]
    lines = []
    for gap in borders:
        # The heights stand in the middles of their cells; up to the border they are as at the last middle.
        cells = len(gap)
        ticks = np.concatenate([[0.0], (np.arange(cells) + 0.5) / cells, [1.0]])
        for line in boundary(ticks, np.pad(gap, 1, mode="edge")):
            lines.append(np.stack([x + line[:, 0] * wide, y + (1 - line[:, 1]) * wide], axis=1))
    if p.kind == "classes":
        pad.over.append(Stroke(f"boundary{side.name}", lines, pad.ink, 2.2))


def _points(pad: Pad, box: Box, side: Side, test: bool) -> None:
    """Training points filled, test points hollow; class 0 circles, class 1 squares; numbers in seven colors."""
    p, tag = side.problem, f"{'test' if test else 'train'}{side.name}"
    raw = p.points_test if test else p.points
    at = _placed(box, p.low, p.high, raw)
    size = 7.0 if len(p.points) <= 400 else 5.0
    size *= min(1.0, 0.55 + box[2] / 550)
    if p.kind == "regression":
        low, high = _target_range(p)
        Y = (p.wanted_test if test else p.wanted)[:, 0]
        bins = np.clip(((Y - low) / (high - low) * 7).astype(int), 0, 6)
        ends = np.array([pad.low, pad.paper, pad.high])
        for b in range(7):
            t = b / 3
            mixed = ends[0] + (ends[1] - ends[0]) * t if t <= 1 else ends[1] + (ends[2] - ends[1]) * (t - 1)
            color = tuple(map(float, np.clip(mixed, 0, 1)))
            here = at[bins == b]
            if test:
                pad.over.append(Marks(f"{tag} {b}", here, "o", size + 1.5, pad.ink, 0.7))
                pad.over.append(Marks(f"{tag} {b}", here, "o", size - 0.5, color, 1.6))  # type: ignore[arg-type]
            else:
                pad.over.append(Marks(f"{tag} {b}", here, "o", size, pad.ink, 0.7, color))  # type: ignore[arg-type]
        return
    labels = p.labels_test if test else p.labels
    many = p.Y.shape[1] > 2
    for k in range(len(p.classes)):
        color = rgb(SHADES[theme().name][k]) if many else (pad.low, pad.high)[k]
        marker = MARKERS[k]
        here, big = at[labels == k], size + (0.5 if k % 2 == 0 else 0)
        if test:
            pad.over.append(Marks(f"{tag} {k}", here, marker, big - 1, color, 1.5))
        else:
            pad.over.append(Marks(f"{tag} {k}", here, marker, big, pad.paper, 0.9, color))


def _confusion(pad: Pad, box: Box, side: Side) -> None:
    """Test points by true class (down) and said class (across): shares of the row as color, counts as numbers."""
    x, y, wide, _ = box
    table = side.view.numbers.confusion
    k = len(table)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    right = np.eye(k, dtype=bool)
    levels = np.where(right, 0.5 + 0.5 * share, 0.5 - 0.5 * np.sqrt(share))
    pad.tiles.append(Cells(f"confusion{side.name}", np.array([[x, y]]), wide, levels[::-1][None], smooth=False))
    step = wide / k
    size = min(11.0, step / 2)
    for i, j in zip(*np.nonzero(table), strict=True):
        at = x + (j + 0.5) * step, y + (i + 0.5) * step + 0.36 * size
        pad.say(f"count{side.name}", *at, f"{table[i, j]}", ha="center", size=size, bold=bool(i == j))


def _curve(pad: Pad, box: Box, side: Side, show_test: bool) -> None:
    """One input: targets as points over it, outputs as a line."""
    p, n = side.problem, side.view.numbers
    low, high = zip(input_range(p), value_range(p), strict=True)
    every = np.concatenate([np.hstack([p.points, n.outputs]), np.hstack([p.points_test, n.outputs_test])])
    line = every[np.argsort(every[:, 0], kind="stable")]
    line[:, 1] = np.clip(line[:, 1], low[1], high[1])
    for test in (True, False) if show_test else (False,):
        raw, Y = (p.points_test, p.wanted_test) if test else (p.points, p.wanted)
        at = _placed(box, low, high, np.hstack([raw, Y]))
        pad.over.append(
            Marks(f"{'test' if test else 'train'}{side.name}", at, "o", 6, pad.low, 1.2, None if test else pad.low)
        )
    pad.over.append(Stroke(f"said{side.name}", _placed(box, low, high, line)[None], pad.accent, 2.2))


def _scatter(pad: Pad, box: Box, side: Side, show_test: bool) -> None:
    """Outputs over targets; on the diagonal they are equal."""
    p, n = side.problem, side.view.numbers
    low, high = ([v, v] for v in value_range(p))
    ends = _placed(box, low, high, np.array([low, high]))
    pad.over.append(Stroke(f"diagonal{side.name}", ends[None], pad.soft, 1.4, dash=(4.0, 3.0)))
    for test in (True, False) if show_test else (False,):
        Y, said = (p.wanted_test, n.outputs_test) if test else (p.wanted, n.outputs)
        at = _placed(box, low, high, np.hstack([Y, np.clip(said, low[0], high[0])]))
        pad.over.append(
            Marks(f"{'test' if test else 'train'}{side.name}", at, "o", 5.5, pad.low, 1.2, None if test else pad.low)
        )


def percent(share: float) -> str:
    """100 % only when all are right."""
    text = f"{100 * share:.1f}"
    return f"{'99.9' if text == '100.0' and share < 1 else text.removesuffix('.0')} %"
