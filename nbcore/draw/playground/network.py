"""The network: what each unit sees, edges by weight, the chosen weight, and what a click hits."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nbcore.draw.ink import Cells, Stroke
from nbcore.draw.microscope import SUB, SUPER, number
from nbcore.draw.playground.layout import (
    Box,
    Pad,
    Shot,
    Side,
    Weight,
    brief,
    input_name,
    plan,
    rectangle,
    short,
    write_title,
)  # fmt: skip
from nbcore.draw.playground.says import said_levels
from nbcore.play.data import Problem
from nbcore.play.view import sure

ALMOST = 0.9  # a unit that is saturated on so many of the points is marked
WIDEST_INPUT = 16  # so many inputs stand one by one; more are drawn as one image
HEADS, FOOT = 44, 18  # of a network: above the tiles, below them
SLIM = 48  # columns closer than this have their words below on two lines


@dataclass(frozen=True, eq=False)
class Net:
    """Where a network's units and edges are. Column 0 holds the inputs; `lines[m]` (n_out, n_in, points, 2) are the
    edges into layer m + 1, or one a unit, (n_out, 1, points, 2), when the inputs are one image."""

    box: Box
    sizes: tuple[int, ...]
    bundled: bool
    x: tuple[float, ...]
    y: tuple[np.ndarray, ...]
    aside: tuple[np.ndarray, ...]  # how far each unit stands beside its column, where they zigzag
    tile: tuple[float, ...]
    lines: tuple[np.ndarray, ...]
    thin: float  # a factor on the widths of edges, less than 1 where they are dense

    def corners(self, column: int) -> np.ndarray:
        """The upper left corners (n, 2) of a column's tiles, on whole pixels."""
        return self.middles(column) - self.tile[column] / 2

    def middles(self, column: int) -> np.ndarray:
        """The middles (n, 2) of a column's tiles."""
        return np.stack([self.x[column] + self.aside[column], self.y[column]], axis=1)


@lru_cache(maxsize=64)
def net_plan(box: Box, sizes: tuple[int, ...], before: float, after: float) -> Net:
    """The places of a network in a box, with some room for names before the inputs and after the outputs."""
    left, top, wide, tall = box
    across = (wide - before - after) / len(sizes)
    room = tall - HEADS - (FOOT if across >= SLIM else FOOT + 11)
    middle = top + HEADS + room / 2
    bundled = sizes[0] > WIDEST_INPUT
    shown = (1, *sizes[1:]) if bundled else sizes
    pitch = min(60.0, room / max(shown))
    tile = float(math.floor(min(46.0, pitch - max(2.0, 0.16 * pitch), 0.62 * across)))
    tiles = [min(tile, 32.0), *[tile] * (len(sizes) - 1)]
    if bundled:
        tiles[0] = float(round(min(76.0, 0.8 * across, 0.4 * room)))
        if shown[1] > 6 and len(sizes) > 2:
            # Images of weights need room: their units zigzag.
            tiles[1] = float(math.floor(min(46.0, 1.75 * pitch, 0.45 * across)))
    first, last = left + before + tiles[0] / 2, left + wide - after - tile / 2
    aside: list[np.ndarray] = [np.zeros(n) for n in shown]
    if bundled and tiles[1] > tile:
        aside[1] = (np.arange(shown[1]) % 2 - 0.5) * round(1.16 * tiles[1])
    x = [round(first + (last - first) * k / (len(sizes) - 1)) + tiles[k] % 2 / 2 for k in range(len(sizes))]
    y = []
    for k, n in enumerate(shown):
        step = min(pitch, (room - tiles[k]) / max(n - 1, 1)) if aside[k].any() else min(pitch, 1.35 * tiles[k] + 6)
        y.append(np.round(middle + (np.arange(n) - (n - 1) / 2) * step) + tiles[k] % 2 / 2)
    edges = sum(a * b for a, b in itertools.pairwise(shown))
    t = np.linspace(0, 1, 2 if edges > 200 else 15)
    lines = []
    for m in range(1, len(sizes)):
        x0 = (x[m - 1] + aside[m - 1] + tiles[m - 1] / 2)[None, :, None]
        x1 = (x[m] + aside[m] - tiles[m] / 2)[:, None, None]
        start, end = y[m - 1][None, :, None], y[m][:, None, None]
        down = start + (end - start) * (t * t * (3 - 2 * t))
        lines.append(np.stack([np.broadcast_to(x0 + (x1 - x0) * t, down.shape), down], axis=-1))
    thin = min(1.0, max(0.3, tile / 34))
    return Net(box, sizes, bundled, tuple(x), tuple(y), tuple(aside), tuple(tiles), tuple(lines), thin)


def net_of(side: Side, box: Box) -> Net:
    """The places of a side's network."""
    p = side.problem
    sizes = (p.X.shape[1], *(units for units, _ in side.settings.hidden), p.Y.shape[1])
    names = [] if sizes[0] > WIDEST_INPUT else [input_name(name) for name in p.names]
    before = 4 + 6.2 * max(map(len, names), default=0)
    after = 6 + (6.2 * max(len(short(name, 7)) for name in p.classes) if sizes[-1] > 1 else 0.0)
    return net_plan(box, sizes, before, after)


# ---- Clicks


def hit(panel: int, x: float, y: float, shot: Shot, width: int) -> Weight | None:
    """What a click in the panel's coordinates hits on a page so wide: an edge (layer, j, k), or by its unit a bias,
    (layer, j, None). Where the inputs are one image, a click on it chooses its pixel, for the unit chosen last."""
    k = side_at(x, y, shot, width)
    if k is None:
        return None
    side = shot.sides[k]
    return _hit(net_of(side, plan(width, len(shot.sides)).nets[k]), side, x, y, shot.selected)


def side_at(x: float, y: float, shot: Shot, width: int) -> int | None:
    """The place in `shot.sides` of the network at this point, or None."""
    for k, box in enumerate(plan(width, len(shot.sides)).nets):
        if box[0] - 4 <= x <= box[0] + box[2] + 4 and box[1] <= y <= box[1] + box[3]:
            return k
    return None


def _hit(net: Net, side: Side, x: float, y: float, selected: Weight | None) -> Weight | None:
    for m in range(len(net.sizes)):
        far = np.abs(net.middles(m) - (x, y)).max(axis=1)
        j = int(far.argmin())
        if far[j] <= net.tile[m] / 2 + 1:
            if m:
                return m, j, None
            if not net.bundled:
                return None
            cells = _square(net.sizes[0])
            column, row = (int(np.clip((v + net.tile[0] / 2) / net.tile[0] * cells, 0, cells - 1))
                           for v in (x - net.x[0], y - net.y[0][0]))  # fmt: skip
            k = row * cells + column
            unit = selected[1] if selected is not None and selected[0] == 1 else 0
            return (1, min(unit, net.sizes[1] - 1), k) if k < net.sizes[0] else None
    best, nearest = None, 9.0
    for m, lines in enumerate(net.lines, start=1):
        far = _distance(lines, x, y)
        j, k = map(int, np.unravel_index(int(far.argmin()), far.shape))
        if far[j, k] < nearest:
            nearest = float(far[j, k])
            if net.bundled and m == 1:
                k = int(np.abs(side.view.numbers.W[0][j]).argmax())
            best = (m, j, k)
    return best


def _distance(lines: np.ndarray, x: float, y: float) -> np.ndarray:
    """From a point to each of the lines (..., points, 2)."""
    start, way = lines[..., :-1, :], np.diff(lines, axis=-2)
    off = np.array([x, y]) - start
    t = np.clip((off * way).sum(-1) / (way * way).sum(-1), 0, 1)
    return np.hypot(*np.moveaxis(off - t[..., None] * way, -1, 0)).min(axis=-1)


# ---- What stays

NARROW_NAMES = {"leaky_relu": "leaky", "softplus": "softp.", "identity": "ident.", "sigmoid": "sigm."}


def network_frame(pad: Pad, net: Net, side: Side) -> None:
    left, top, wide, _ = net.box
    p, last = side.problem, len(net.sizes) - 1
    count = sum((a + 1) * b for a, b in itertools.pairwise(net.sizes))
    write_title(
        pad,
        left,
        top + 15,
        f"Network, {count:,} numbers to learn" if wide > 300 else f"{count:,} numbers to learn",
        side.name,
    )
    phis = [phi for _, phi in side.settings.hidden] + [p.output.name]
    room = net.x[-1] - net.x[-2]
    for m in range(last + 1):
        above = "inputs" if m == 0 else "output" if m == last else f"{net.sizes[m]}"
        if net.bundled and m == 0:
            above = f"{net.sizes[0]} inputs"
        pad.say("head", net.x[m], top + 29, above, ha="center", size=10, color=pad.soft)
        if m:
            name = phis[m - 1]
            if len(name) * 5.6 > room:
                name = NARROW_NAMES.get(name, name)
            name = name[: max(3, int(room / 4.4))]
            small = max(7.0, min(10.0, 10 * room / (len(name) * 6.6)))
            pad.say("head", net.x[m], top + 41, name, ha="center", size=small)
    half = net.tile[0] / 2
    if not net.bundled:
        for name, y in zip(p.names, net.y[0], strict=True):
            pad.say("input", net.x[0] - half - 5, y + 4, input_name(name), ha="right", size=11)
    if net.sizes[-1] > 1:
        for name, y in zip(p.classes, net.y[-1], strict=True):
            pad.say("class", net.x[-1] + net.tile[-1] / 2 + 5, y + 4, short(name, 7), size=10.5)
    pad.tiles.append(Cells("inputs", net.corners(0), net.tile[0], _input_levels(p, net.bundled), not net.bundled, 3))
    pad.over.append(Stroke("inputs", _frames(net, 0), pad.soft, 0.9))


def _square(n: int) -> int:
    """The side of the square image in which n inputs are drawn."""
    return math.ceil(math.sqrt(n))


def _as_image(values: np.ndarray) -> np.ndarray:
    """Values (..., n) of inputs as images (..., s, s), the first at the upper left, rows upward; the rest is 0.5."""
    n = values.shape[-1]
    s = _square(n)
    full = np.full((*values.shape[:-1], s * s), 0.5)
    full[..., :n] = values
    return full.reshape(*values.shape[:-1], s, s)[..., ::-1, :]


def _input_levels(p: Problem, bundled: bool) -> np.ndarray:
    """What each input is over the plane; without a plane its mean; many inputs as the image of their means."""
    if p.plane:
        values = p.grid(24).T.reshape(-1, 24, 24)
        top = np.abs(values).max(axis=(1, 2), keepdims=True)
        return np.asarray(0.5 + 0.5 * values / np.where(top, top, 1))
    means = p.X.mean(axis=0)
    top = float(np.abs(p.X).max()) or 1.0
    if bundled:
        return _as_image(0.5 + 0.5 * means / (float(np.abs(means).max()) or 1.0))[None]
    return np.tile((0.5 + 0.5 * means / top)[:, None, None], (1, 2, 2))


# ---- What moves


@lru_cache(maxsize=256)
def _round_frame(side: float, radius: float) -> np.ndarray:
    """The outline of a square with round corners around 0."""
    turn = np.linspace(0, np.pi / 2, 5)
    inner = side / 2 - radius
    parts = [
        np.stack([cx * inner + radius * np.cos(turn + q), cy * inner + radius * np.sin(turn + q)], axis=1)
        for q, (cx, cy) in zip(np.pi / 2 * np.arange(4), ((1, 1), (-1, 1), (-1, -1), (1, -1)), strict=True)
    ]
    outline = np.concatenate(parts)
    return np.concatenate([outline, outline[:1]])


def _radius(tile: float) -> float:
    return min(4.0, tile / 6)


def _frames(net: Net, column: int, which: np.ndarray | None = None, grow: float = 0.0) -> np.ndarray:
    """The outlines (n, points, 2) of a column's tiles."""
    middle = net.middles(column) if which is None else net.middles(column)[which]
    outline = _round_frame(net.tile[column] + grow, _radius(net.tile[column]) + grow / 2)
    return np.asarray(middle[:, None, :] + outline)


MANY_EDGES = (150, 500, 1000)  # beyond 500 they would take most of a picture's time
BINS = 12
DASH = (7.0, 4.0)  # of edges with negative weights


def weight_width(w: np.ndarray) -> np.ndarray:
    """How wide an edge is drawn, from 0 to 1: half at |w| = 1.5, always more for more."""
    size = np.abs(w)
    return np.asarray(size / (size + 1.5))


def resting(shot: Shot, nets: list[Net]) -> int:
    """Of how many columns of edges one is drawn anew in a moving picture, so that many edges don't slow it down."""
    count = sum(lines.shape[0] * lines.shape[1] for net in nets for lines in net.lines)
    return 1 + sum(count > many for many in MANY_EDGES) if shot.moving else 1


def draw_network(pad: Pad, net: Net, side: Side, selected: Weight | None, turn: int = 0, every: int = 1) -> None:
    """The network; at this `turn` only one of `every` so many columns of edges is drawn anew."""
    view, p, name = side.view, side.problem, side.name
    W, last = view.numbers.W, len(net.sizes) - 1
    for m, lines in enumerate(net.lines, start=1):
        left, right = (net.x[k] + net.aside[k] for k in (m - 1, m))
        pad.spans.append((left.min(), net.box[1] + HEADS, right.max() - left.min(), net.box[3] - HEADS))
        if (turn + m) % every:
            pad.edges.append(None)
        elif net.bundled and m == 1:
            pad.edges.append([Stroke(f"bundle{name}", lines, pad.soft, 1.2 * net.thin, alpha=0.7)])
        else:
            w = W[m - 1].ravel()
            pad.edges.append(_edges(pad, f"{name}{m}", lines.reshape(-1, *lines.shape[2:]), w, net.thin))
    phis = [phi for _, phi in side.settings.hidden] + [p.output.name]
    for m in range(1, last + 1):
        _units(pad, net, side, m, phis[m - 1])
    if selected is not None and selected[0] <= last:
        _chosen(pad, net, side, selected)


def _edges(pad: Pad, name: str, lines: np.ndarray, w: np.ndarray, thin: float) -> list[Stroke]:
    """Edges by weight: a dozen widths of each sign, drawn together; thin ones below, and paler."""
    width = weight_width(w)
    bins = np.ceil(width * BINS).astype(int)
    found = []
    for b in range(1, BINS + 1):
        here = bins == b
        if not here.any():
            continue
        t = (b - 0.5) / BINS
        look = {"width": max(0.5, 9 * t * thin), "alpha": 0.3 + 0.65 * t**0.6}
        for sign, color, dash in ((1, pad.high, ()), (-1, pad.low, DASH)):
            these = lines[here & (np.sign(w) == sign)]
            if len(these):
                found.append(Stroke(f"edges {name} {'+' if sign > 0 else '-'}{b}", these, color, dash=dash, **look))
    return found


def _levels(phi: str, values: np.ndarray) -> np.ndarray:
    """Activations as places on the palette: bounded functions from end to end, others up to the largest of each unit,
    or of all where each has but one value (n,)."""
    if phi in ("sigmoid", "softmax", "step"):
        return values
    if phi == "tanh":
        return np.asarray(0.5 + 0.5 * values)
    top = np.abs(values).max(axis=(1, 2), keepdims=True) if values.ndim == 3 else np.abs(values).max(keepdims=True)
    return np.asarray(0.5 + 0.5 * (values / np.where(top, top, 1)))


def _units(pad: Pad, net: Net, side: Side, m: int, phi: str) -> None:
    view, name, inside = side.view, side.name, side.view.inside
    last, tile = len(net.sizes) - 1, net.tile[m]
    means = inside.means[m - 1]
    corners, smooth = net.corners(m), True
    if view.maps is not None and view.surface is not None:
        maps = view.maps[m - 1] if m < last else _outputs(view.surface)
        levels = said_levels(side, maps) if m == last and net.sizes[-1] == 1 else _levels(phi, maps)
    elif net.bundled and m == 1:
        W = view.numbers.W[0]
        top = np.abs(W).max(axis=1, keepdims=True)
        levels, smooth = _as_image(0.5 + 0.5 * W / np.where(top, top, 1)), False
    else:
        levels = np.tile(_levels(phi, means)[:, None, None], (1, 2, 2))
        if tile >= 26:
            for (x, y), mean in zip(net.middles(m), means, strict=True):
                pad.say(f"mean{name}", x, y + 3.5, brief(float(mean)), ha="center", size=min(10.0, tile / 3.6))
    pad.tiles.append(Cells(f"units{name}{m}", corners, tile, levels, smooth, _radius(tile)))
    fault = not sure(side.problem, last, m - 1)
    dead = inside.dead_units[m - 1] & fault
    flat = (inside.saturated_units[m - 1] >= ALMOST) & fault & ~dead
    plain = ~dead & ~flat
    pad.over.append(Stroke(f"plain{name}{m}", _frames(net, m, plain), pad.soft, 1.1))
    if flat.any():
        pad.over.append(Stroke(f"flat{name}{m}", _frames(net, m, flat, 1.0), pad.ink, 2.8))
    if dead.any():
        pad.over.append(Stroke(f"dead{name}{m}", _frames(net, m, dead, 1.0), pad.ink, 1.8, dash=(1.8, 2.2)))
        cross = np.array([[[-1, -1], [1, 1]], [[-1, 1], [1, -1]]]) * (tile / 2 - 1)
        places = net.middles(m)[dead][:, None, None]
        pad.over.append(Stroke(f"cross{name}{m}", cross + places, pad.ink, 1.3))
    foot = net.box[1] + net.box[3] - 3
    counts = [(int(dead.sum()), "dead"), (int(flat.sum()), "sat.")]
    words = [f"{n} {word}" for n, word in counts if n]
    room = net.x[-1] - net.x[-2]
    if words and room < SLIM:
        pad.say(f"marked{name}{m}", net.x[m], foot - 11, words[0].split()[0], ha="center", size=10, bold=True)
        pad.say(f"marked{name}{m}", net.x[m], foot, words[0].split()[1], ha="center", size=9)
    elif words:
        text = ", ".join(words)
        text = text if len(text) * 5.8 < room else words[0]
        x = min(net.x[m], net.box[0] + net.box[2] - 3.1 * len(text))
        pad.say(f"marked{name}{m}", x, foot, text, ha="center", size=10, bold=True)


def _outputs(surface: np.ndarray) -> np.ndarray:
    """The outputs over the plane, (n_out, R, R)."""
    return surface[None] if surface.ndim == 2 else np.moveaxis(surface, -1, 0)


def symbol(letter: str, layer: int, *indices: int) -> str:
    """A weight's name such as w₄,₁₂⁽¹⁾; units count from 1, with a comma where digits could run together."""
    between = "," if max(indices) > 8 else ""
    return letter + between.join(str(i + 1) for i in indices).translate(SUB) + f"({layer})".translate(SUPER)


def _chosen(pad: Pad, net: Net, side: Side, selected: Weight) -> None:
    """The chosen edge or unit, with its number beside it."""
    m, j, k = selected
    W, b = side.view.numbers.W[m - 1], side.view.numbers.b[m - 1]
    if j >= len(b) or (k is not None and k >= W.shape[1]):
        return
    left, _, wide, _ = net.box
    tag = side.name
    if k is None:
        pad.over.append(Stroke(f"chosen{tag}", _frames(net, m, np.array([j]), 7), pad.accent, 2.6))
        text = f"{symbol('b', m, j)} = {number(float(b[j]))}"
        x, y = net.middles(m)[j] + (net.tile[m] / 2 + 62, 0)
        if x + 54 > left + wide:
            x -= net.tile[m] + 124
    else:
        value = float(W[j, k])
        bundled = net.bundled and m == 1
        line = net.lines[m - 1][j, 0 if bundled else k]
        pad.under.append(Stroke(f"chosen{tag}", line[None], pad.accent, 11, alpha=0.28))
        wide_line = max(1.8, 9 * float(weight_width(np.array(value))) * net.thin)
        dash = DASH if value < 0 else ()
        pad.over.append(Stroke(f"line{tag}", line[None], pad.accent, wide_line, dash=dash))
        if bundled:
            cells = _square(net.sizes[0])
            step = net.tile[0] / cells
            corner = net.corners(0)[0] + np.array([k % cells, k // cells]) * step
            pad.over.append(Stroke(f"pixel{tag}", rectangle(corner[0], corner[1], step, step), pad.accent, 2))
        text = f"{symbol('w', m, j, k)} = {number(value)}"
        x, y = (line[0] + line[-1]) / 2
        y -= 16
    size = 11.5
    half = 0.31 * size * len(text) + 4
    x = float(np.clip(x, left + half, left + wide - half))
    y = max(y, net.box[1] + HEADS + 8)
    card = rectangle(x - half, y - 9, 2 * half, 18)
    pad.over.append(Stroke(f"card{tag}", card, pad.accent, 1.2, face=pad.paper, alpha=0.95))
    pad.say(f"chosen{tag}", x, y + 4, text, ha="center", size=size, bold=True)
