"""The picture of the playground: the network and what its units see, what it says, how it learns, what goes on inside.

All in one panel whose coordinates are CSS pixels from its upper left corner. What moves is four artists (`nbcore.draw
.ink`), whose lists are replaced at each picture; frames, names and scales that stay are drawn once into the background.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nbcore.draw.ink import Cells, Ink, Marks, Mosaic, Stroke, Word, Words, rgb
from nbcore.draw.microscope import MINUS, SUB, SUPER, number
from nbcore.draw.shapes import boundary
from nbcore.draw.style import theme
from nbcore.play.data import Problem
from nbcore.play.settings import Settings
from nbcore.play.view import A_EDGES, G_EDGES, View

LAYOUT = (1,)  # one panel, for a Stage or an Explorer,
HEIGHT = 560  # and its height on a wide page; the drawing itself sets the height that its page needs
WIDE, WIDE_PAIR, MIDDLE = 820, 900, 560  # pages: all side by side (of one run, of two), in rows, each below the other
ALMOST = 0.9  # a unit that is saturated on so many of the points is marked
WIDEST_INPUT = 16  # so many inputs stand one by one; more are drawn as one image
FOLKLORE = 1e-3  # "an update should be a thousandth of the weights"

Box = tuple[float, float, float, float]  # left, top, width, height
Weight = tuple[int, int, int | None]


@dataclass(frozen=True, eq=False)
class Side:
    """One run as it is drawn. `name` is "" alone, "A" or "B" in comparison; the curves are those of `Run.curves`."""

    name: str
    settings: Settings
    problem: Problem
    view: View
    steps: np.ndarray
    losses: np.ndarray
    losses_test: np.ndarray


@dataclass(frozen=True, eq=False)
class Shot:
    """One picture: one run or two, and the chosen weight (layer, j, k), k None for a bias; layer 1 is the first."""

    sides: tuple[Side, ...]
    selected: Weight | None = None
    show_test: bool = False


# ---- Where everything is


@dataclass(frozen=True)
class Plan:
    """Boxes for a page so wide and so many sides. `tables` are rows of columns {name: (left, width)} below a line."""

    width: int
    height: int
    nets: tuple[Box, ...]
    planes: tuple[Box, ...]
    key: tuple[float, float, float]  # where the key of the network begins: left, baseline, width
    loss: Box
    tables: tuple[tuple[float, dict[str, tuple[float, float]]], ...]


HEAD, LEGEND, TICKS, TABLE = 46, 50, 30, 150  # above a box, below a plane, left of a plane, height of a table
COLUMNS = {"layer": 72, "a": 124, "g": 146, "ratio": 100, "saturated": 62, "dead": 46}
GAPS = {"layer": 6, "a": 18, "g": 18, "ratio": 18, "saturated": 10, "dead": 0}


@lru_cache(maxsize=64)
def plan(width: int, sides: int) -> Plan:
    """Everything's place on a page of this width, with one network or two."""
    samples = 44 if sides == 1 else 60  # from the loss's title down to its box, with the names of the lines
    nets: list[Box] = []
    planes: list[Box] = []
    if width >= (WIDE if sides == 1 else WIDE_PAIR):
        edge, between, top = 14, 26, 338 + max(0, (width - 1000) // 8)
        half = (width - 2 * edge - between * (sides - 1)) / sides
        side = float(round(min(top - HEAD - LEGEND, 0.27 * half + 10 if sides == 1 else 0.38 * half)))
        for k in range(sides):
            x = edge + k * (half + between)
            planes.append((round(x + half - side), HEAD, side, side))
            nets.append((x, 0, half - side - TICKS - 22, top - (14 if sides == 1 else 0)))
        key = (edge, top - 2, nets[0][2]) if sides == 1 else (planes[0][0] - TICKS, HEAD + side + 62, side + TICKS)
        y, wide = top + 8.0, round(0.225 * width)
        loss = (edge + 46, y + samples, wide, TABLE + 38 - samples)
        tables = [(y + 38, _columns(edge + 46 + wide + 30, width - edge, list(COLUMNS)))]
        return Plan(width, round(y + 38 + TABLE + 34), tuple(nets), tuple(planes), key, loss, tuple(tables))
    y = 0.0
    if width >= MIDDLE:
        edge, side = 12, float(round(0.3 * width))
        tall = max(300.0, HEAD + side + LEGEND + 2)
        for _ in range(sides):
            planes.append((width - edge - side, y + HEAD, side, side))
            nets.append((edge, y, width - 2 * edge - side - TICKS - 18, tall))
            y += tall + 8
        key = (edge, y + 6, width - 2 * edge)
        y += 26
    else:
        edge, side = 8, float(round(min(width - 16 - TICKS, 300)))
        for _ in range(sides):
            nets.append((edge, y, width - 2 * edge, 280))
            y += 290
            if not planes:
                key = (edge, y, width - 2 * edge)
                y += 13 * len(_wrapped(KEY, width - 2 * edge, 10, "     ")) + 6
            planes.append((round((width - side + TICKS) / 2), y + HEAD, side, side))
            y += HEAD + side + LEGEND + 10
    loss = (edge + 46, y + samples, width - 2 * edge - 52, 110)
    y += samples + 110 + 40
    tables = []
    for names in [list(COLUMNS)] if width >= MIDDLE else [["layer", "a", "g"], ["layer", "ratio", "saturated", "dead"]]:
        tables.append((y + 38, _columns(edge, width - edge, names)))
        y += 38 + TABLE + 36
    return Plan(width, round(y), tuple(nets), tuple(planes), key, loss, tuple(tables))


def _columns(left: float, right: float, names: list[str]) -> dict[str, tuple[float, float]]:
    """Columns that fill the room; that of the names keeps its width."""
    fixed = COLUMNS["layer"] + sum(GAPS[name] for name in names[:-1])
    stretch = (right - left - fixed) / sum(COLUMNS[name] for name in names[1:])
    found, x = {}, left
    for name in names:
        wide = COLUMNS[name] * (1 if name == "layer" else stretch)
        found[name] = (x, wide)
        x += wide + GAPS[name]
    return found


# ---- The network's own places


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


HEADS, FOOT = 44, 18  # of a network: above the tiles, below them
SLIM = 48  # columns closer than this have their words below on two lines


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
    names = [] if sizes[0] > WIDEST_INPUT else [_input_name(name) for name in p.inputs]
    before = 4 + 6.2 * max(map(len, names), default=0)
    after = 6 + (6.2 * max(len(_short(name, 7)) for name in p.classes) if sizes[-1] > 1 else 0.0)
    return net_plan(box, sizes, before, after)


def hit(panel: int, x: float, y: float, shot: Shot, width: int) -> Weight | None:
    """What a click in the panel's coordinates hits on a page so wide: an edge (layer, j, k), or by its unit a bias,
    (layer, j, None). Where the inputs are one image, a click on it chooses its pixel, for the unit chosen last."""
    for side, box in zip(shot.sides, plan(width, len(shot.sides)).nets, strict=True):
        if box[0] - 4 <= x <= box[0] + box[2] + 4 and box[1] <= y <= box[1] + box[3]:
            return _hit(net_of(side, box), side, x, y, shot.selected)
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


# ---- Drawing


def draw_playground(axes: Any, artists: dict[str, Any], shot: Shot) -> None:
    """The whole picture in one panel. Another kind of network, or another page, begins anew in the same figure."""
    (panel,) = axes
    width = round(panel.figure.get_size_inches()[0] * 100)
    where = plan(width, len(shot.sides))
    key = (width, *(_structure(side) for side in shot.sides))
    if artists.get("key") != key:
        artists.clear()
        panel.clear()
        _set_stage(panel, where, shot)
        artists["key"] = key
        for name, artist in (
            ("under", Ink(1)), ("tiles", Mosaic(2, _palette())), ("over", Ink(3)), ("words", Words(4)),
        ):  # fmt: skip
            artists[name] = panel.add_artist(artist)
            artist.set_clip_on(False)
    pad = Pad()
    for k, side in enumerate(shot.sides):
        _network(pad, net_of(side, where.nets[k]), side, shot.selected)
        _plane(pad, where.planes[k], side, shot.show_test)
        _inside(pad, where, shot, k)
    _shares(pad, where, shot)
    _losses(pad, where.loss, shot)
    for name, items in (("under", pad.under), ("tiles", pad.tiles), ("over", pad.over), ("words", pad.words)):
        artists[name].set_data(items)


class Pad:
    """What is to be drawn, in four layers from below."""

    def __init__(self) -> None:
        self.under: list[Stroke | Marks] = []
        self.tiles: list[Cells] = []
        self.over: list[Stroke | Marks] = []
        self.words: list[Word] = []
        look = theme()
        self.ink, self.soft, self.faint, self.paper = map(rgb, (look.ink, look.soft, look.faint, look.paper))
        self.low, self.high, self.accent, self.second = map(rgb, (look.low, look.high, look.accent, look.second))

    def say(self, name: str, x: float, y: float, text: str, **more: Any) -> None:
        """Writes a line, in ink unless told."""
        self.words.append(Word(name, x, y, text, **{"color": self.ink, "size": 11.0, **more}))


def _structure(side: Side) -> tuple[Any, ...]:
    """All of a side that the background depends on."""
    p = side.problem
    return (side.name, side.settings.hidden, p.output.name, p)


def _palette() -> np.ndarray:
    return np.asarray(np.round(theme().colormap(np.arange(256))[:, :3] * 255))


def _set_stage(panel: Any, where: Plan, shot: Shot) -> None:
    """What stays: titles, names, frames, the scales of the table."""
    figure = panel.figure
    panel.set_position((0, 0, 1, 1))
    if round(figure.get_size_inches()[1] * 100) != where.height:
        figure.set_size_inches(where.width / 100, where.height / 100)
    panel.set(xlim=(0, where.width), ylim=(where.height, 0))
    panel.axis("off")
    pad = Pad()
    for k, side in enumerate(shot.sides):
        _network_frame(pad, net_of(side, where.nets[k]), side)
        _plane_frame(pad, where.planes[k], side)
    x, y, wide = where.key
    for k, line in enumerate(_wrapped(KEY, wide, 10, "     ")):
        pad.say("key", x, y + 13 * k, line, size=10, color=pad.soft)
    _loss_frame(pad, where.loss, where.loss[1] - (29 if len(shot.sides) == 1 else 45))
    _table_frame(pad, where, shot)
    for artist, items in (
        (Ink(0.1), pad.under), (Mosaic(0.2, _palette()), pad.tiles), (Ink(0.3), pad.over), (Words(0.4), pad.words),
    ):  # fmt: skip
        artist.set_data(items)  # type: ignore[arg-type]
        panel.add_artist(artist)
        artist.set_clip_on(False)


def _rectangle(x: float, y: float, wide: float, tall: float) -> np.ndarray:
    return np.array([[[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall], [x, y]]])


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


POWERS = {"x1^2": "x₁²", "x2^2": "x₂²", "x1x2": "x₁x₂", "sinx1": "sin x₁", "sinx2": "sin x₂"}


def _input_name(name: str) -> str:
    """x1 as x₁, and others cut to what there is room for."""
    if name in POWERS:
        return POWERS[name]
    return name.translate(SUB) if name[:1] == "x" and name[1:].isdigit() else _short(name, 9)


def _title(pad: Pad, x: float, y: float, text: str, name: str = "") -> None:
    pad.say("title", x, y, f"{name}  {text}" if name else text, size=12.5, bold=True)


def _wrapped(words: list[str], width: float, size: float, between: str) -> list[str]:
    """Phrases put into lines of at most this width, judged by their letters."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]}{between}{word}" if lines else word
        if lines and len(longer) * 0.56 * size <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


# ---- The network

NARROW_NAMES = {"leaky_relu": "leaky", "softplus": "softp.", "identity": "ident.", "sigmoid": "sigm."}
KEY = ["orange: w > 0", "dashed blue: w < 0", "heavy frame: saturated on 90 % or more", "dotted, crossed: dead"]


def _network_frame(pad: Pad, net: Net, side: Side) -> None:
    left, top, wide, _ = net.box
    p, last = side.problem, len(net.sizes) - 1
    count = sum((a + 1) * b for a, b in itertools.pairwise(net.sizes))
    _title(
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
        for name, y in zip(p.inputs, net.y[0], strict=True):
            pad.say("input", net.x[0] - half - 5, y + 4, _input_name(name), ha="right", size=11)
    if net.sizes[-1] > 1:
        for name, y in zip(p.classes, net.y[-1], strict=True):
            pad.say("class", net.x[-1] + net.tile[-1] / 2 + 5, y + 4, _short(name, 7), size=10.5)
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


BINS = 12
DASH = (7.0, 4.0)  # of edges with negative weights


def weight_width(w: np.ndarray) -> np.ndarray:
    """How wide an edge is drawn, from 0 to 1: half at |w| = 1.5, always more for more."""
    size = np.abs(w)
    return np.asarray(size / (size + 1.5))


def _network(pad: Pad, net: Net, side: Side, selected: Weight | None) -> None:
    view, p, name = side.view, side.problem, side.name
    W, last = view.numbers.W, len(net.sizes) - 1
    for m, lines in enumerate(net.lines, start=1):
        if net.bundled and m == 1:
            pad.under.append(Stroke(f"bundle{name}", lines, pad.soft, 1.2 * net.thin, alpha=0.7))
        else:
            _edges(pad, f"{name}{m}", lines.reshape(-1, *lines.shape[2:]), W[m - 1].ravel(), net.thin)
    phis = [phi for _, phi in side.settings.hidden] + [p.output.name]
    for m in range(1, last + 1):
        _units(pad, net, side, m, phis[m - 1])
    if selected is not None and selected[0] <= last:
        _chosen(pad, net, side, selected)


def _edges(pad: Pad, name: str, lines: np.ndarray, w: np.ndarray, thin: float) -> None:
    """Edges by weight: a dozen widths of each sign, drawn together; thin ones below, and paler."""
    width = weight_width(w)
    bins = np.ceil(width * BINS).astype(int)
    for b in range(1, BINS + 1):
        here = bins == b
        if not here.any():
            continue
        t = (b - 0.5) / BINS
        look = {"width": max(0.5, 9 * t * thin), "alpha": 0.3 + 0.65 * t**0.6}
        for sign, color, dash in ((1, pad.high, ()), (-1, pad.low, DASH)):
            these = lines[here & (np.sign(w) == sign)]
            if len(these):
                pad.under.append(Stroke(f"edges {name} {'+' if sign > 0 else '-'}{b}", these, color, dash=dash, **look))


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
        levels = _said_levels(side, maps) if m == last and net.sizes[-1] == 1 else _levels(phi, maps)
    elif net.bundled and m == 1:
        W = view.numbers.W[0]
        top = np.abs(W).max(axis=1, keepdims=True)
        levels, smooth = _as_image(0.5 + 0.5 * W / np.where(top, top, 1)), False
    else:
        levels = np.tile(_levels(phi, means)[:, None, None], (1, 2, 2))
        if tile >= 26:
            for (x, y), mean in zip(net.middles(m), means, strict=True):
                pad.say(f"mean{name}", x, y + 3.5, _brief(float(mean)), ha="center", size=min(10.0, tile / 3.6))
    pad.tiles.append(Cells(f"units{name}{m}", corners, tile, levels, smooth, _radius(tile)))
    dead = inside.dead_units[m - 1]
    flat = (inside.saturated_units[m - 1] >= ALMOST) & ~dead
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


def _brief(value: float) -> str:
    """A number in at most five letters or so."""
    if abs(value) >= 1000:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e").replace("-", MINUS)
    text = f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"
    return "0" if not value else text.replace("-", MINUS) if float(text) else text.lstrip("-")


def _plain(value: float) -> str:
    """The same for scales, without zeros at the end."""
    text = _brief(value)
    return text.rstrip("0").removesuffix(".") if "." in text else text


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
            pad.over.append(Stroke(f"pixel{tag}", _rectangle(corner[0], corner[1], step, step), pad.accent, 2))
        text = f"{symbol('w', m, j, k)} = {number(value)}"
        x, y = (line[0] + line[-1]) / 2
        y -= 16
    size = 11.5
    half = 0.31 * size * len(text) + 4
    x = float(np.clip(x, left + half, left + wide - half))
    y = max(y, net.box[1] + HEADS + 8)
    card = _rectangle(x - half, y - 9, 2 * half, 18)
    pad.over.append(Stroke(f"card{tag}", card, pad.accent, 1.2, face=pad.paper, alpha=0.95))
    pad.say(f"chosen{tag}", x, y + 4, text, ha="center", size=size, bold=True)


# ---- What it says


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
    low = float(min(p.Y.min(), p.Y_test.min()))
    high = float(max(p.Y.max(), p.Y_test.max()))
    return (low, high) if high > low else (low - 1, high + 1)


def _said_levels(side: Side, heights: np.ndarray) -> np.ndarray:
    """Outputs as places on the palette, whose ends are the lowest and the highest target."""
    low, high = _target_range(side.problem)
    return np.clip(heights / (high - low) - low / (high - low), -1, 2)


def _bar(box: Box, kind: str) -> Box:
    """The palette below a plane."""
    x, y, wide, _ = box
    return (x + 0.28 * wide, y + wide + 22, 0.44 * wide, 8)


MARKERS = "osD^vPX*<>"
SHADES = {  # of up to ten classes, each with a marker of its own
    "light": "#0b62a4 #c2570c #2f7d4f #b3126b #7a6a00 #5b4bb0 #0f7f86 #8a4b32 #4b5563 #9c2f2f".split(),
    "dark": "#6cb6f5 #ffab5e #74d19a #ff7ac0 #d9c64a #b3a6ff #5fd3da #d6a084 #c3cad3 #ff8f8f".split(),
}


def _plane_frame(pad: Pad, box: Box, side: Side) -> None:
    x, y, wide, _ = box
    p, kind = side.problem, _kind(side)
    pad.over.append(Stroke("plane", _rectangle(x, y, wide, wide), pad.soft, 1.0, crisp=True))
    title = {
        "plane": "What it says", "regions": "What it says", "curve": "What it says", "scatter": "Said over wanted",
        "table": "Confusion (test)",
    }[kind]  # fmt: skip
    _title(pad, x, y - HEAD + 15, title, side.name)
    under = y + wide + 13
    if kind == "table":
        k = len(p.classes)
        for i, name in enumerate(p.classes):
            at = (i + 0.5) * wide / k
            pad.say("axis", x - 5, y + at + 4, _short(name, 4), ha="right", size=10)
            pad.say("axis", x + at, under, _short(name, max(1, int(wide / k / 6))), ha="center", size=10)
        words = ["true down, said across;", "orange: right, blue: wrong"]
        for n, line in enumerate(_wrapped(words, wide, 10, " ")):
            pad.say("legend", x, under + 15 + 13 * n, line, size=10, color=pad.soft)
        return
    if kind in ("plane", "regions"):
        low, high = p.low, p.high
        names = ("x₁", "x₂")
    elif kind == "curve":
        low, high = (np.array(pair) for pair in zip(_input_range(p), _value_range(p), strict=True))
        names = (_input_name(p.inputs[0]), "a")
    else:
        low, high = (np.array(pair) for pair in zip(_value_range(p), _value_range(p), strict=True))
        names = ("wanted", "said")
    gray = {"size": 10.0, "color": pad.soft}
    pad.say("axis", x, under, _plain(float(low[0])), **gray)
    pad.say("axis", x + wide, under, _plain(float(high[0])), ha="right", **gray)
    pad.say("axis", x + wide / 2, under, names[0], ha="center", size=11)
    pad.say("axis", x - 5, y + wide, _plain(float(low[1])), ha="right", **gray)
    pad.say("axis", x - 5, y + 9, _plain(float(high[1])), ha="right", **gray)
    pad.say("axis", x - 5, y + wide / 2 + 4, names[1], ha="right", size=11)
    _legend_frame(pad, box, side, kind)


def _legend_frame(pad: Pad, box: Box, side: Side, kind: str) -> None:
    x, _, wide, _ = box
    p = side.problem
    bx, by, bw, bh = _bar(box, kind)
    if kind == "plane":
        low, high = _target_range(p)
        edges = np.linspace(0, bw, 65)
        colors = (_palette()[np.linspace(0, 255, 64).astype(int)] / 255).tolist()
        for (left, right), (r, g, b) in zip(itertools.pairwise(edges), colors, strict=True):
            patch = _rectangle(bx + left, by, right - left + 0.4, bh)
            pad.under.append(Stroke("bar", patch, face=(r, g, b)))
        pad.over.append(Stroke("bar", _rectangle(bx, by, bw, bh), pad.soft, 0.8, crisp=True))
        for t in (0, 0.5, 1):
            pad.say("bar", bx + t * bw, by + bh + 12, _plain(low + t * (high - low)), ha="center", size=10)
        if p.classes:
            for k, color, marker in ((0, pad.low, "o"), (1, pad.high, "s")):
                name = _short(p.classes[k], 6)
                at = bx - 14 - 6 * len(name) if k == 0 else bx + bw + 14
                pad.over.append(Marks("legend", np.array([[at, by + bh / 2]]), marker, 7.0, pad.paper, 0.6, color))
                pad.say("legend", at + 8, by + bh - 0.5, name, size=10.5)
    elif kind == "regions":
        step = wide / len(p.classes)
        for k, name in enumerate(p.classes):
            middle = x + (k + 0.12) * step + 3
            shade = rgb(SHADES[theme().name][k])
            pad.over.append(Marks("legend", np.array([[middle, by + 6]]), MARKERS[k], 7.0, pad.paper, 0.6, shade))
            pad.say("legend", middle + 7, by + 10, _short(name, max(1, int((step - 14) / 6))), size=10)
    else:
        for middle, text, face in ((x + 6, "train", pad.low), (x + 53, "test", None)):
            pad.over.append(Marks("legend", np.array([[middle, by + 5]]), "o", 6.5, pad.low, 1.2, face))
            pad.say("legend", middle + 8, by + 9, text, size=10)
        line = np.array([[[x + 95, by + 5], [x + 117, by + 5]]])
        look: Any = (pad.accent, 2.2, ()) if kind == "curve" else (pad.soft, 1.4, (4.0, 3.0))
        pad.over.append(Stroke("legend", line, look[0], look[1], dash=look[2]))
        pad.say("legend", x + 122, by + 9, "said" if kind == "curve" else "equal", size=10)


@lru_cache(maxsize=32)
def _input_range(p: Problem) -> tuple[float, float]:
    low = float(min(p.points[:, 0].min(), p.points_test[:, 0].min()))
    high = float(max(p.points[:, 0].max(), p.points_test[:, 0].max()))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


@lru_cache(maxsize=32)
def _value_range(p: Problem) -> tuple[float, float]:
    low, high = _target_range(p)
    margin = 0.15 * (high - low)
    return low - margin, high + margin


def _placed(box: Box, low: Any, high: Any, points: np.ndarray) -> np.ndarray:
    """Points (n, 2) from `low` to `high` in a square box, second coordinate upward."""
    x, y, wide, _ = box
    share = (points - np.asarray(low)) / (np.asarray(high) - np.asarray(low))
    return np.stack([x + share[:, 0] * wide, y + (1 - share[:, 1]) * wide], axis=1)


def _plane(pad: Pad, box: Box, side: Side, show_test: bool) -> None:
    x, y, wide, _ = box
    p, n, kind = side.problem, side.view.numbers, _kind(side)
    if p.kind == "regression":
        words = f"off by {_brief(n.score)} in training, {_brief(n.score_test)} in the test (rms)"
    else:
        words = f"right: {_percent(n.score)} in training, {_percent(n.score_test)} in the test"
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
        pad.tiles.append(Cells(f"surface{side.name}", corner, wide, _said_levels(side, heights)[None]))
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
        Y = (p.Y_test if test else p.Y)[:, 0]
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
    low, high = zip(_input_range(p), _value_range(p), strict=True)
    every = np.concatenate([np.hstack([p.points, n.outputs]), np.hstack([p.points_test, n.outputs_test])])
    line = every[np.argsort(every[:, 0], kind="stable")]
    line[:, 1] = np.clip(line[:, 1], low[1], high[1])
    for test in (True, False) if show_test else (False,):
        raw, Y = (p.points_test, p.Y_test) if test else (p.points, p.Y)
        at = _placed(box, low, high, np.hstack([raw, Y]))
        pad.over.append(
            Marks(f"{'test' if test else 'train'}{side.name}", at, "o", 6, pad.low, 1.2, None if test else pad.low)
        )
    pad.over.append(Stroke(f"said{side.name}", _placed(box, low, high, line)[None], pad.accent, 2.2))


def _scatter(pad: Pad, box: Box, side: Side, show_test: bool) -> None:
    """Outputs over targets; on the diagonal they are equal."""
    p, n = side.problem, side.view.numbers
    low, high = ([v, v] for v in _value_range(p))
    ends = _placed(box, low, high, np.array([low, high]))
    pad.over.append(Stroke(f"diagonal{side.name}", ends[None], pad.soft, 1.4, dash=(4.0, 3.0)))
    for test in (True, False) if show_test else (False,):
        Y, said = (p.Y_test, n.outputs_test) if test else (p.Y, n.outputs)
        at = _placed(box, low, high, np.hstack([Y, np.clip(said, low[0], high[0])]))
        pad.over.append(
            Marks(f"{'test' if test else 'train'}{side.name}", at, "o", 5.5, pad.low, 1.2, None if test else pad.low)
        )


def _percent(share: float) -> str:
    """100 % only when all are right."""
    text = f"{100 * share:.1f}"
    return f"{'99.9' if text == '100.0' and share < 1 else text.removesuffix('.0')} %"


# ---- Losses

MOST_POINTS, FLOOR = 600, 1e-12
B_DASH = (7.0, 4.0)


def _loss_frame(pad: Pad, box: Box, title: float) -> None:
    x, y, wide, tall = box
    _title(pad, x - 46, title, "Loss")
    pad.say("note", x - 10, title, "C after each update, log scale", size=10, color=pad.soft)
    frame = np.array([[[x, y], [x, y + tall], [x + wide, y + tall]]])
    pad.over.append(Stroke("frame", frame, pad.soft, 1, crisp=True))
    pad.say("axis", x + wide, y + tall + 27, "updates", ha="right", size=10, color=pad.soft)


def loss_range(shot: Shot) -> tuple[float, float]:
    """From where to where the losses' axis goes: 1, 2 or 5 times a power of ten; what is below 1e-12 stands there."""
    now = [(s.view.numbers.loss, s.view.numbers.loss_test) for s in shot.sides]
    values = np.concatenate([*now, *(s.losses for s in shot.sides), *(s.losses_test for s in shot.sides)])
    values = np.maximum(values, FLOOR)

    def near(value: float, up: bool) -> float:
        ten = math.floor(math.log10(value))
        steps = [float(f"{k}e{ten}") for k in (1, 2, 5, 10)]
        fits = [v for v in steps if (v >= value if up else v <= value)]
        return fits[0 if up else -1] if fits else value

    low, high = near(float(values.min()), False), near(float(values.max()), True)
    return (low, high) if high / low > 3 else (low, near(4 * low, True))


def _loss_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten from low to high, or with 2 and 5 times them where there are few."""
    a, b = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    every = max(1, math.ceil((b - a + 1) / most))
    ticks = [float(f"{k}e{p}") for p in range(a, b + 1, every) for k in ((1, 2, 5) if (b - a) * 3 <= most else (1,))]
    return [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]


def _thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most 600 points, the last one among them."""
    if len(steps) <= MOST_POINTS:
        return steps, values
    keep = np.unique(np.linspace(0, len(steps) - 1, MOST_POINTS).astype(int))
    return steps[keep], values[keep]


def _losses(pad: Pad, box: Box, shot: Shot) -> None:
    x, y, wide, tall = box
    ends = loss_range(shot)
    low, high = (math.log10(end) for end in ends)
    most = max(1, *(side.view.numbers.step for side in shot.sides))

    def placed(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
        up = (np.log10(np.maximum(values, FLOOR)) - low) / (high - low)
        return np.stack([x + steps / most * wide, y + tall * (1 - up)], axis=1)

    across = []
    for tick in _loss_ticks(*ends, max(3, int(tall / 18))):
        at = y + tall * (1 - (math.log10(tick) - low) / (high - low))
        across.append(np.array([[x, at], [x + wide, at]]))
        pad.say("decade", x - 5, at + 4, _loss_label(tick), ha="right", size=10)
    pad.under.append(Stroke("grid", across, pad.faint, 0.8, crisp=True))
    for step in _ticks(most, max(2, int(wide / 70))):
        at = x + step / most * wide
        pad.under.append(Stroke("tick", np.array([[[at, y + tall], [at, y + tall + 4]]]), pad.soft, 0.8, crisp=True))
        pad.say("tick", at, y + tall + 15, _count(step), ha="center", size=10)
    cell = wide / 2 + 23
    for k, side in enumerate(shot.sides):
        n = side.view.numbers
        dash = B_DASH if k else ()
        for c, (what, values, now, color, width) in enumerate((
            ("train", side.losses, n.loss, pad.ink, 2.4), ("test", side.losses_test, n.loss_test, pad.accent, 1.6),
        )):  # fmt: skip
            line = placed(*_thinned(side.steps, values))
            if line[-1, 0] < x + wide or len(line) == 1:
                line = np.concatenate([line, placed(np.array([n.step]), np.array([now]))])
            pad.over.append(Stroke(f"{what}{side.name}", line[None], color, width, dash=dash))
            pad.over.append(Marks(f"{what}{side.name} now", line[-1:], "o" if c == 0 else "s", 5.0, color, 1, color))
            # The sample of a line, with its name and number.
            left, down = x - 46 + c * cell, y - 12 - 14 * (len(shot.sides) - 1 - k)
            sample = np.array([[left, down - 4], [left + 22, down - 4]])
            pad.over.append(Stroke(f"sample {what}{side.name}", sample[None], color, width, dash=dash))
            name = f"{side.name} {what}" if side.name else what
            pad.say(f"loss {what}{side.name}", left + 27, down, f"{name} {number(now, 3)}", size=10.5)


def _loss_label(tick: float) -> str:
    return f"{tick:g}" if 1e-3 <= tick < 1e4 else number(tick, 1)


def _power(power: int) -> str:
    return {-2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100"}.get(power, f"1e{power}".replace("-", MINUS))


def _ticks(most: float, about: int) -> list[int]:
    """Round numbers of updates from 0 on."""
    raw = max(1.0, most / about)
    ten = 10 ** math.floor(math.log10(raw))
    step = max(1, int(next(ten * k for k in (1, 2, 5, 10) if ten * k >= raw * 0.999)))
    return list(range(0, int(most) + 1, step))


def _count(step: int) -> str:
    return f"{step:,}" if step < 1_000_000 else f"{step / 1e6:g}M"


# ---- Inside, layer by layer

SHOWN = slice(8, 37)  # edges of the gradients' bins that are drawn, 1e-12 to 100; what lies outside is in the end bins
G_SHOWN = G_EDGES[SHOWN]
G_LOW, G_HIGH = float(G_SHOWN[0]), float(G_SHOWN[-1])
R_LOW, R_HIGH = -6.0, 0.0
ZERO = 12  # the slot for gradients of exactly 0


def _rows(sides: tuple[Side, ...]) -> tuple[int, float]:
    """How many layers the table has, and how high their rows are."""
    layers = max(len(side.settings.hidden) + 1 for side in sides)
    return layers, min(60.0, TABLE / layers)


def _table_frame(pad: Pad, where: Plan, shot: Shot) -> None:
    layers, row = _rows(shot.sides)
    heads = {
        "a": ("Activations", "height: √ of share"), "g": ("Gradients |dC/dw|", "◆ rms   ▮ share of 0"),
        "ratio": ("Update ÷ weight", "next step, rms"), "saturated": ("Saturated", "units × points"),
        "dead": ("Dead", "units"),
    }  # fmt: skip
    if len(shot.sides) > 1:
        low = row / 2 < 12
        heads["saturated"] = ("Saturated", "%, A | B" if low else "A above B")
        heads["dead"] = ("Dead", "A | B" if low else "A above B")
    for top, columns in where.tables:
        bottom = top + layers * row
        for name, (x, wide) in columns.items():
            if name == "layer":
                _title(pad, x, top - 23, "Inside")
                continue
            title, note = heads[name]
            size = min(11.5, (wide + GAPS[name] - 4) / len(title) / 0.62)
            pad.say("title", x, top - 23, title, size=size, bold=True)
            pad.say("note", x, top - 10, note, size=min(10.0, (wide + 8) / len(note) / 0.56), color=pad.soft)
            for tick, text in _scale_ticks(name):
                at = column_x(name, columns, tick)
                known = name == "ratio" and tick == math.log10(FOLKLORE)
                line = np.array([[[at, top], [at, bottom]]])
                look = {"dash": (4.0, 3.0), "width": 1.2} if known else {"width": 0.8}
                pad.under.append(Stroke(f"scale {name}", line, pad.accent if known else pad.faint, crisp=True, **look))
                pad.say("scale", at, bottom + 14, text, ha="center", size=10)
            if name == "g":
                pad.say("scale", x + ZERO / 2 - 2, bottom + 14, "0", ha="center", size=10)
        x, wide = columns["layer"]
        right = max(left + w for left, w in columns.values())
        rules = np.array([[[x, top + k * row], [right, top + k * row]] for k in range(layers + 1)])
        pad.under.append(Stroke("rules", rules, pad.faint, 0.8, crisp=True))
        for k in range(layers):
            names = {_layer_name(side, k) for side in shot.sides}
            text = names.pop() if len(names) == 1 else f"layer {k + 1}"
            size = min(10.5, COLUMNS["layer"] / len(text) / 0.56)
            pad.say("layer", x, top + (k + 0.5) * row + 4, text, size=size)


def _layer_name(side: Side, k: int) -> str:
    hidden = side.settings.hidden
    if k < len(hidden):
        return f"{k + 1} {hidden[k][1]}"
    return f"{k + 1} {side.problem.output.name}" if k == len(hidden) else ""


def _scale_ticks(name: str) -> list[tuple[float, str]]:
    if name == "a":
        return [(-2, f"{MINUS}2"), (0, "0"), (2, "2")]
    if name == "g":
        return [(k, _power(k)) for k in (-8, -4, 0)]
    if name == "ratio":
        return [(-6, _power(-6)), (-3, _power(-3)), (0, "1")]
    return []


def column_x(name: str, columns: dict[str, tuple[float, float]], value: Any) -> Any:
    """Where a number stands in a column: activations as they are, gradients and ratios by their log10."""
    x, wide = columns[name]
    if name == "a":
        return x + (value - A_EDGES[0]) / (A_EDGES[-1] - A_EDGES[0]) * wide
    if name == "g":
        return x + ZERO + (value - G_LOW) / (G_HIGH - G_LOW) * (wide - ZERO)
    if name == "ratio":
        return x + 6 + (value - R_LOW) / (R_HIGH - R_LOW) * (wide - 12)
    raise KeyError(name)


def _inside(pad: Pad, where: Plan, shot: Shot, k: int) -> None:
    side = shot.sides[k]
    inside, tag = side.view.inside, side.name
    layers, (_, row) = len(inside.norms), _rows(shot.sides)
    for top, columns in where.tables:
        for name in columns:
            if name in ("a", "g"):
                counts = inside.activations if name == "a" else shown_gradients(inside.gradients)
                _ridges(pad, f"{name}{tag}", columns, name, counts, top, row, k)
        y = top + (np.arange(layers) + 0.5) * row
        if "g" in columns:
            x, _ = columns["g"]
            for m, share in enumerate(inside.zero):
                if share > 0:
                    high = max(1.5, share * (row - 5))
                    left, low = x + 4 * k, top + (m + 1) * row - 1
                    bar = _rectangle(left, low - high, 5, high)
                    pad.over.append(Stroke(f"zero{tag}", bar, pad.high, 1.0, face=None if k else pad.high, crisp=True))
            _on_scale(pad, f"norm{tag}", "g", columns, inside.norms, y + 0.1 * row, not k)
        if "ratio" in columns:
            _on_scale(pad, f"ratio{tag}", "ratio", columns, inside.ratio, y, not k)


def _on_scale(pad: Pad, tag: str, name: str, columns: Any, values: np.ndarray, y: np.ndarray, filled: bool) -> None:
    """Diamonds at their numbers; arrows at an end for those beyond it; values of 0 are not drawn."""
    there = values > 0
    low, high = (G_LOW, G_HIGH) if name == "g" else (R_LOW, R_HIGH)
    logs = np.log10(values[there])
    at = np.stack([column_x(name, columns, np.clip(logs, low, high)), y[there]], axis=1)
    for marker, which in (("D", (logs >= low) & (logs <= high)), ("<", logs < low), (">", logs > high)):
        size = 6.5 if marker == "D" else 9.0
        pad.over.append(Marks(tag, at[which], marker, size, pad.ink, 1.3, pad.ink if filled else None))


def shown_gradients(counts: np.ndarray) -> np.ndarray:
    """The counts (L, 28) in the bins from 1e-12 to 100, which at both ends take in all beyond."""
    shown = counts[:, SHOWN.start : SHOWN.stop - 1].copy()
    shown[:, 0] += counts[:, : SHOWN.start].sum(axis=1)
    shown[:, -1] += counts[:, SHOWN.stop - 1 :].sum(axis=1)
    return np.asarray(shown)


def _ridges(pad: Pad, tag: str, columns: Any, name: str, counts: np.ndarray, top: float, row: float, k: int) -> None:
    """Histograms, each on its layer's line: the fullest bin fills the row, others by the root of their share."""
    edges = column_x(name, columns, A_EDGES if name == "a" else G_SHOWN)
    tall = np.sqrt(counts / np.maximum(counts.max(axis=1, keepdims=True), 1)) * (row - 5)
    outlines = []
    for m, heights in enumerate(tall):
        there = np.flatnonzero(heights)
        if len(there):
            a, b = there[0], there[-1] + 1
            up = np.concatenate([[0.0], np.repeat(heights[a:b], 2), [0.0]])
            outlines.append(np.stack([np.repeat(edges[a : b + 1], 2), top + (m + 1) * row - up], axis=1))
    color = pad.low if name == "a" else pad.high
    if not k:
        pad.under.append(Stroke(f"ridge {tag}", outlines, face=color, alpha=0.35))
    pad.over.append(Stroke(f"line {tag}", outlines, color if not k else pad.ink, 1.4, dash=(4.0, 2.0) if k else ()))


def _shares(pad: Pad, where: Plan, shot: Shot) -> None:
    """Saturated and dead, as numbers; of two sides A's above B's, or before it where the rows are low."""
    _, row = _rows(shot.sides)
    low = row / len(shot.sides) < 12
    for top, columns in where.tables:
        for name in ("saturated", "dead"):
            if name not in columns:
                continue
            x, _ = columns[name]
            for m in range(max(len(side.view.inside.dead) for side in shot.sides)):
                texts = [_share_text(side, name, m, low and len(shot.sides) > 1) for side in shot.sides]
                for k, (text, bold) in enumerate(texts):
                    y = top + (m + (0.5 if low else (k + 1) / (len(texts) + 1))) * row + 4
                    at = x + k * 0.5 * columns[name][1] if low else x
                    pad.say(f"{name}{shot.sides[k].name}", at, y, text, size=10, bold=bold)


def _share_text(side: Side, name: str, m: int, short: bool) -> tuple[str, bool]:
    """A layer's share in words, and whether it is half or more."""
    inside = side.view.inside
    if m >= len(inside.dead):
        return "", False
    if name == "dead":
        gone = inside.dead_units[m]
        return f"{int(gone.sum())}" if short else f"{int(gone.sum())} of {len(gone)}", bool(gone.mean() >= 0.5)
    text = _whole_percent(float(inside.saturated[m]))
    return text.replace(" ", "").rstrip("%") if short else text, bool(inside.saturated[m] >= 0.5)


def _whole_percent(share: float) -> str:
    """Whole percents, but never 0 for a little nor 100 for almost all."""
    percent = 100 * share
    if 0 < percent < 1:
        return "< 1 %"
    return "> 99 %" if 99 < percent < 100 else f"{percent:.0f} %"
