"""The picture of the backprop microscope: a small network with every number on it, and one product written out.

Lengths across are thousandths of the picture's width, lengths down are CSS pixels from its upper edge.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection

from nbcore.draw.lettering import line
from nbcore.draw.style import theme

MINUS = "\N{MINUS SIGN}"
SUPER = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")
SUB = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits, a real minus sign, and never -0."""
    if value and not 1e-4 <= abs(value) < 10**digits - 0.5:
        text = f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    else:
        text = f"{value + 0.0:.{digits}g}"
    return text.replace("-", MINUS)


def brief(value: float) -> str:
    """A number for a row of a unit: four digits, or three where more than eight characters would meet its name."""
    forms = number(value), number(value, 3), f"{value:.2e}".replace("e-0", "e-").replace("-", MINUS)
    return next((form for form in forms if len(form) <= 8), forms[-1])


def symbol(letter: str, layer: int, *indices: int) -> str:
    """A symbol for print, such as w with (1) above and 12 below; layer 0 has none. Units count from 0."""
    above = f"^{{({layer})}}" if layer else ""
    below = "_{" + "".join(str(i + 1) for i in indices) + "}" if indices else ""
    return f"{letter}{above}{below}"


def spelled(letter: str, layer: int, *indices: int) -> str:
    """The same in one line of plain text."""
    below = "".join(str(i + 1) for i in indices).translate(SUB)
    return letter + below + (f"({layer})".translate(SUPER) if layer else "")


# ---- Where everything is

INPUT, UNIT, LOSS, EDGE, LAST = 72, 136, 132, 8, 30  # widths; LAST is the gap before the loss
ROW, TALL, PITCH = 20, 108, 168  # of a unit's rows, of a unit, from unit to unit
STRIP, HEADS, TOP = 14, 55, 70
ROWS = ("b", r"\partial", "z", "a", r"\delta")


class Plan:
    """Where the parts of a network of these sizes are drawn, whatever their numbers."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.sizes, self.layers = sizes, len(sizes) - 1
        self.many = max(sizes) > 1
        units = [INPUT, *[UNIT] * self.layers]
        gap = (1000 - 2 * EDGE - sum(units) - LOSS - LAST) / self.layers
        self.left, x = [], float(EDGE)
        for wide, space in zip(units, [gap] * self.layers + [LAST], strict=True):
            self.left.append(x)
            x += wide + space
        self.wide, self.gap, self.loss_left = units, gap, x
        room = (max(sizes) - 1) * PITCH + TALL
        self.middle = TOP + room / 2
        self.bottom = max(TOP + room, self.middle + 76)
        self.height = round(self.bottom + (188 if self.many else 144))
        self.states = 2 * self.layers + 3

    def y(self, layer: int, unit: int) -> float:
        """The middle of a unit; layer 0 holds the inputs."""
        return self.middle + (unit - (self.sizes[layer] - 1) / 2) * PITCH

    def target(self, unit: int) -> float:
        """The middle of a target's box: at the height of its output, or below the loss when there is only one."""
        return self.y(self.layers, unit) if self.sizes[-1] > 1 else self.middle + 58

    def ends(self, layer: int, j: int, k: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Both ends of the edge from unit k into unit j of a layer."""
        start = self.left[layer - 1] + self.wide[layer - 1]
        # Edges that part leave a box at different heights.
        return (start, self.y(layer - 1, k)), (self.left[layer], self.y(layer, j))

    def label(self, layer: int, j: int, k: int) -> tuple[float, float]:
        """The middle of an edge's numbers: on a slanted edge nearer to where it comes from, clear of the others."""
        (x, y), (x_end, y_end) = self.ends(layer, j, k)
        if y == y_end:
            return x + (0.56 if self.many else 0.47) * (x_end - x), y
        t = 0.29 if y_end > y else 0.33  # a new weight is written below the two others
        return x + t * (x_end - x), y + t * (y_end - y)

    def state(self, step: int) -> float:
        """The place of a state on the strip."""
        return 1000 * (step + 0.5) / self.states

    def edges(self) -> list[tuple[int, int, int]]:
        """(layer, j, k) of every weight, in the order in which they are listed everywhere."""
        return [
            (m, j, k) for m in range(1, self.layers + 1) for j in range(self.sizes[m]) for k in range(self.sizes[m - 1])
        ]

    def biases(self) -> list[tuple[int, int, int]]:
        """(layer, j, -1) of every bias."""
        return [(m, j, -1) for m in range(1, self.layers + 1) for j in range(self.sizes[m])]

    def at(self, x: float, y: float) -> tuple[str, Any] | None:
        """What a click hits: ("step", n), ("weight", (layer, j, k)) or nothing."""
        if y < HEADS - 14:
            return "step", int(np.clip(x * self.states / 1000, 0, self.states - 1))
        for m, j, k in self.biases():
            if self.left[m] <= x <= self.left[m] + UNIT and abs(y - self.y(m, j)) <= TALL / 2:
                return "weight", (m, j, k)
        if y > self.bottom:
            return None
        far = {edge: self._distance(edge, x, y) for edge in self.edges()}
        near = min(far, key=lambda edge: far[edge])
        return ("weight", near) if far[near] < 16 else None

    def _distance(self, edge: tuple[int, int, int], x: float, y: float) -> float:
        """From the edge, or from its numbers if those are nearer."""
        (x0, y0), (x1, y1) = self.ends(*edge)
        t = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
        line = float(np.hypot(x0 + t * (x1 - x0) - x, y0 + t * (y1 - y0) - y))
        center, middle = self.label(*edge)
        return min(line, max(abs(x - center) - 50, 0) + max(abs(y - middle) - 18, 0) + 2)


@lru_cache
def plan(sizes: tuple[int, ...]) -> Plan:
    """The plan of a network, made once."""
    return Plan(sizes)


def _rounded(x: float, y: float, wide: float, tall: float, squeeze: float, r: float = 7) -> np.ndarray:
    """The outline of a box with round corners; `squeeze` is pixels per unit across."""
    turn = np.linspace(0, np.pi / 2, 7)
    points = []
    for quarter, (cx, cy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        angle = turn + quarter * np.pi / 2
        corner_x = x + wide / 2 + cx * (wide / 2 - r / squeeze)
        corner_y = y + cy * (tall / 2 - r)
        points += list(zip(corner_x + r / squeeze * np.cos(angle), corner_y + r * np.sin(angle), strict=True))
    return np.array([*points, points[0]])


# ---- Drawing

SLOTS = 8  # factors that a line of the product has room for
EMPTY: list[Any] = []


def draw_microscope(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """One panel: the states, the network, the product along the paths of the chosen weight."""
    (panel,) = axes
    where = plan(result.sizes)
    if not artists:
        _build(panel, artists, where)
    squeeze, size = _scale(panel)
    _strip(artists, where, result)
    marked = _units(artists, where, result, squeeze, size)
    marked += _edges(artists, where, result, squeeze, size)
    marked += _product(artists, where, result, size)
    artists["pen"].set_segments(marked)
    _path(artists, where, result, squeeze)


HALF = 0.5  # from the middle of a line of text down to its baseline, in pixels a point of its size


def _scale(panel: Any) -> tuple[float, float]:
    """Pixels per unit across, and the size of the letters, which shrink on narrow pages rather than collide."""
    wide = panel.figure.get_size_inches()[0] * 100
    return wide / 1000, min(9.2, wide / 90)


def _build(panel: Any, artists: dict[str, Any], where: Plan) -> None:
    look = theme()
    panel.set_position((0, 0, 1, 1))
    panel.set(xlim=(0, 1000), ylim=(where.height, 0))
    panel.axis("off")
    squeeze, size = _scale(panel)

    def text(x: float, y: float, words: str = "", **more: Any) -> Any:
        return line(panel, x, y + HALF * size, words, **{"fontsize": size, "zorder": 5, **more})

    def many(n: int, **more: Any) -> list[Any]:
        return [text(0, 0, **more) for _ in range(n)]

    def box(x: float, y: float, across: float, tall: float, color: str) -> None:
        outline = _rounded(x, y, across, tall, squeeze)
        panel.fill(*outline.T, facecolor=color, edgecolor=look.soft, lw=1, zorder=1.5)

    tint = look.faint if look.name == "dark" else "#f5f7fa"
    paper = panel.figure.get_facecolor()
    artists["todo"], artists["done"], artists["now"] = (
        panel.plot([], [], marker, color=c, markersize=s, markeredgewidth=1.3, markerfacecolor=f, zorder=3)[0]
        for marker, c, s, f in (
            ("o", look.soft, 5.5, paper),
            ("o", look.ink, 5.5, look.ink),
            ("D", look.accent, 8.5, look.accent),
        )
    )
    panel.plot([where.state(0), where.state(where.states - 1)], [STRIP] * 2, color=look.soft, lw=1, zorder=2)
    artists["states"] = [
        text(where.state(n), STRIP + 17, ha="center", fontsize=size * 0.97) for n in range(where.states)
    ]
    artists["heads"] = [
        text(x + w / 2, HEADS, ha="center", color=look.ink, fontsize=size)
        for x, w in zip([*where.left, where.loss_left], [*where.wide, LOSS], strict=True)
    ]
    inset = 7 / squeeze
    # Inputs, units, loss, targets: boxes and names stay, numbers move.
    artists["x"], artists["y"] = [], []
    for k in range(where.sizes[0]):
        y = where.y(0, k)
        box(where.left[0], y, INPUT, 44, tint)
        name = symbol("x", 0, *([k] if where.many else []))
        text(where.left[0] + INPUT / 2, y - 9, f"${name}$", ha="center")
        artists["x"].append(text(where.left[0] + INPUT / 2, y + 10, ha="center", color=look.ink))
    artists["units"] = []
    for m, j, _ in where.biases():
        x, y = where.left[m], where.y(m, j)
        box(x, y, UNIT, TALL, tint)
        values = []
        for n, letter in enumerate(ROWS):
            down = y + (n - 2) * ROW
            index = [j] if where.many else []
            name = letter if n == 1 else symbol(letter, m, *index)
            color = (look.ink, look.high, look.low, look.low, look.high)[n]
            text(x + inset, down, f"${name}$", color=color, fontsize=size * 0.94)
            slant = "italic" if n in (1, 4) else "normal"
            values.append(text(x + UNIT - inset, down, ha="right", color=color, style=slant))
        for rule in (1.5, 3.5):
            down = y + (rule - 2) * ROW
            panel.plot([x + inset, x + UNIT - inset], [down] * 2, color=look.soft, lw=0.7, alpha=0.6, zorder=2)
        artists["units"].append(values)
    box(where.loss_left, where.middle, LOSS, 62, tint)
    center = where.loss_left + LOSS / 2
    text(center, where.middle - 19, "$C$", ha="center")
    artists["C"] = [
        text(center, where.middle, ha="center", color=look.low, fontsize=size * 0.98),
        text(center, where.middle + 19, ha="center", color=look.second, fontsize=size * 0.86),
    ]
    for i in range(where.sizes[-1]):
        down = where.target(i)
        box(where.loss_left + 10, down, LOSS - 20, 26, tint)
        name = symbol("y", 0, *([i] if where.many else []))
        text(where.loss_left + 10 + inset, down, f"${name}$")
        artists["y"].append(text(where.loss_left + LOSS - 10 - inset, down, ha="right"))
        if where.sizes[-1] > 1:
            near = where.middle + np.sign(down - where.middle) * 31
            panel.plot([center] * 2, [down - np.sign(down - where.middle) * 13, near], color=look.soft, lw=1, zorder=1)
    for i in range(where.sizes[-1]):
        panel.plot(*zip(*_to_loss(where, i), strict=True), color=look.soft, lw=1, zorder=1)
    # Edges, and their numbers: names to the left of a common line, values to its right.
    artists["edges"] = panel.add_collection(LineCollection(EMPTY, colors=look.soft, zorder=2))
    artists["w"], artists["dw"], artists["new w"] = [], [], []
    for edge in where.edges():
        m, j, k = edge
        x, y = where.label(*edge)
        x -= (12 if where.many else 6) * size / 7.6 / squeeze
        name = symbol("w", m, *([j, k] if where.many else []))
        up, down = _rows(where, edge)[:2]
        text(x - 2 / squeeze, y + up, f"${name}$", ha="right")
        artists["w"].append(text(x + 2 / squeeze, y + up))
        x -= (10 if where.many else 21 * size / 7.6) / squeeze
        artists["dw"].append(text(x, y + down, color=look.high, style="italic"))
        artists["new w"].append(text(x, y + down + 16, color=look.second, weight="bold"))
    pen = "#ffe694" if look.name == "light" else "#665200"
    artists["pen"] = panel.add_collection(
        LineCollection(EMPTY, colors=pen, linewidths=size * 1.36, capstyle="butt", zorder=2.5)
    )
    artists["path"] = panel.add_collection(
        LineCollection(EMPTY, colors=look.accent, alpha=0.25, linewidths=8, capstyle="round", zorder=1)
    )
    artists["around"] = panel.add_collection(LineCollection(EMPTY, colors=look.accent, linewidths=1.2, zorder=4))
    artists["chosen"] = panel.plot([], [], ">", color=look.accent, markersize=9, markeredgewidth=0, zorder=4)[0]
    artists["fresh"] = panel.add_collection(LineCollection(EMPTY, colors=look.ink, linewidths=2.8, zorder=4))
    # The product.
    top = where.bottom + 16
    low = where.height - 26
    card = _rounded(EDGE, (top - 6 + low) / 2, 1000 - 2 * EDGE, low - top + 6, squeeze)
    panel.plot(*card.T, color=look.soft, lw=0.8, zorder=1)
    for n in range(2 if where.many else 1):
        left = text(142, top + 14 + 46 * n, ha="right")
        last = text(0, 0, weight="bold")
        signs = many(2 * SLOTS, ha="center", color=look.soft)
        artists[f"line {n}"] = [left, last, many(SLOTS, ha="center"), many(SLOTS, ha="center"), signs]
    so_far = text(142, top + 60, ha="right", color=look.high, style="italic", fontsize=size * 0.95)
    names, values = many(SLOTS, ha="right", color=look.high), many(SLOTS, color=look.high, style="italic")
    artists["so far"] = [so_far, names, values]
    down = top + (108 if where.many else 88)
    artists["sum"] = text(160, down - 1, weight="bold") if where.many else text(0, 0)
    artists["check"] = text(EDGE + 14, down + 22 if where.many else down)
    key = (
        "blue: forward     orange: backward, ∂ is ∂C/∂w or ∂C/∂b     dashed: w < 0     click an edge, a bias or a state"
    )
    text(EDGE + 6, where.height - 12, key, fontsize=size * 0.88, color=look.soft)
    artists["round"] = text(1000 - EDGE - 6, where.height - 12, ha="right", fontsize=size * 0.88)


def _to_loss(where: Plan, i: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both ends of the line from an output to the loss."""
    spread = 0.0 if where.sizes[-1] == 1 else float(np.sign(where.y(where.layers, i) - where.middle)) * 18
    return (where.left[-1] + UNIT, where.y(where.layers, i)), (where.loss_left, where.middle + spread)


def _strip(artists: dict[str, Any], where: Plan, r: Any) -> None:
    at = [where.state(n) for n in range(where.states)]
    artists["done"].set_data(at[: r.step], [STRIP] * r.step)
    artists["now"].set_data([at[r.step]], [STRIP])
    artists["todo"].set_data(at[r.step + 1 :], [STRIP] * (where.states - r.step - 1))
    for n, (text, name) in enumerate(zip(artists["states"], r.states, strict=True)):
        text.set_text(name)
        text.set_weight("bold" if n == r.step else "normal")
        text.set_alpha(1 if n <= r.step else 0.7)
    for text, head in zip(artists["heads"], r.heads, strict=True):
        text.set_text(head)
    artists["round"].set_text(r.round)


def _rows(where: Plan, edge: tuple[int, int, int]) -> tuple[float, float]:
    """How far an edge's numbers are above and below its line; on a slanted edge they interrupt it."""
    (_, start), (_, end) = where.ends(*edge)
    return (-13, 13) if start == end else (-8.5, 8.5)


def _long(C: float) -> str:
    """A loss with ten decimals, where they fit."""
    return f"{C:.10f}" if C < 10 else number(C)


def _units(artists: dict[str, Any], where: Plan, r: Any, squeeze: float, size: float) -> list[Any]:
    """Writes what stands in boxes; returns where the pen marks what is new there."""
    look = theme()
    for text, value in zip([*artists["x"], *artists["y"]], [*r.x, *r.y], strict=True):
        text.set_text(number(value))
    around, marked = [], []
    for (m, j, _), (b, db, z, a, delta) in zip(where.biases(), artists["units"], strict=True):
        forward, backward = r.knows("forward", m), r.knows("backward", m)
        changed = r.knows("update") and r.learns
        value = brief((r.new_b if changed else r.b)[m - 1][j])
        b.set_text(f"→ {value}" if changed and len(value) < 7 else value)
        b.set_color(look.second if changed else look.ink)
        for text, values, known in (
            (z, r.z, forward),
            (a, r.a, forward),
            (delta, r.delta, backward),
            (db, r.db, backward),
        ):
            text.set_text(brief(values[m - 1][j]) if known else "")
        rows = [0] * changed
        if r.fresh("forward", m) or r.fresh("backward", m):
            rows = [2, 3] if r.fresh("forward", m) else [1, 4]
            around.append(_rounded(where.left[m], where.y(m, j), UNIT, TALL, squeeze))
        for n in rows:
            down = where.y(m, j) + (n - 2) * ROW
            marked.append([(where.left[m] + 4.2 * size / squeeze, down), (where.left[m] + UNIT - 4, down)])
    cost, new_cost = artists["C"]
    cost.set_text(_long(r.C) if r.knows("loss") else "")
    new_cost.set_text(f"→ {_long(r.new_C)}" if r.knows("update") else "")
    if r.fresh("loss"):
        marked.append([(where.loss_left + 4, where.middle), (where.loss_left + LOSS - 4, where.middle)])
        around.append(_rounded(where.loss_left, where.middle, LOSS, 62, squeeze))
    if r.step == 0:
        around += [_rounded(where.left[0], where.y(0, k), INPUT, 44, squeeze) for k in range(where.sizes[0])]
    artists["fresh"].set_segments(around)
    return marked


def _edges(artists: dict[str, Any], where: Plan, r: Any, squeeze: float, size: float) -> list[Any]:
    """Draws the edges and writes their numbers; returns where the pen marks what is new there."""
    marked, lines, widths, styles = [], [], [], []
    texts = zip(artists["w"], artists["dw"], artists["new w"], strict=True)
    for (m, j, k), (old, slope, new) in zip(where.edges(), texts, strict=True):
        w = r.W[m - 1][j][k]
        old.set_text(number(w))
        slope.set_text(f"∂ {(number if where.many else brief)(r.dW[m - 1][j][k])}" if r.knows("backward", m) else "")
        new.set_text(f"→ {number(r.new_W[m - 1][j][k])}" if r.knows("update") else "")
        if r.fresh("backward", m) or r.fresh("update"):
            text, wide = (new, 0.99) if r.fresh("update") else (slope, 0.87)  # bold letters are wider
            x, y = text.get_position()
            start, end = x - 3 / squeeze, x + (len(text.get_text()) * wide - 0.2) * size / squeeze
            marked.append([(start, y - HALF * size), (end, y - HALF * size)])
        for piece in _pieces(where, (m, j, k), squeeze, size, r.knows("update")):
            lines.append(piece)
            widths.append(float(np.clip(0.7 + 1.4 * abs(w), 0.7, 5)))
            styles.append("-" if w >= 0 else (0, (3.2, 2)))
    artists["edges"].set_segments(lines)
    artists["edges"].set_linewidths(widths)
    artists["edges"].set_linestyles(styles)
    return marked


def _pieces(where: Plan, edge: tuple[int, int, int], squeeze: float, size: float, tall: bool) -> list[Any]:
    """The line of an edge; a slanted one leaves its numbers free."""
    start, end = (np.array(point) for point in where.ends(*edge))
    if start[1] == end[1]:
        return [(start, end)]
    x, _ = where.label(*edge)
    up, down = 18, 33 if tall else 18
    slope = (end[1] - start[1]) / (end[0] - start[0])
    across = 36 * size / 7.6 / squeeze
    first, last = sorted(x + h / slope for h in (-up, down))
    before, after = max(x - across, first), min(x + 1.3 * across, last)
    cuts = [start + (end - start) * ((at - start[0]) / (end[0] - start[0])) for at in (before, after)]
    return [piece for piece in ((start, cuts[0]), (cuts[1], end)) if piece[1][0] - piece[0][0] > 12]


def _path(artists: dict[str, Any], where: Plan, r: Any, squeeze: float) -> None:
    m, j, k = r.chosen
    start: Any = (where.left[m] - 8, where.y(m, j) - 1.5 * ROW)
    lines, around, edges = [], [], set()
    for units in r.routes:
        edges |= {(m + n + 1, b, a) for n, (a, b) in enumerate(itertools.pairwise(units))}
        lines.append(_to_loss(where, units[-1]))
        around += [(m + n, unit) for n, unit in enumerate(units)]
    boxes = [_rounded(where.left[n], where.y(n, u), UNIT, TALL, squeeze) for n, u in sorted(set(around))]
    if k < 0:
        boxes.append(_rounded(where.left[m] + 4, start[1], UNIT - 8, 2 * ROW - 2, squeeze, 4))
    else:
        edges.add(r.chosen)
        begin, end = (np.array(point) for point in where.ends(m, j, k))
        start = tuple(end - (end - begin) * (9 / (end[0] - begin[0]) if where.y(m - 1, k) == end[1] else 0.13))
    artists["path"].set_segments([*lines, *(where.ends(*edge) for edge in sorted(edges))])
    artists["around"].set_segments(boxes)
    artists["chosen"].set_data([start[0]], [start[1]])


def _product(artists: dict[str, Any], where: Plan, r: Any, size: float) -> list[Any]:
    """Writes the product; returns where the pen marks what is new in it."""
    marked = []
    across = min(122.0, 720 / max(len(path) for path in r.paths))
    first, top = 160 + across / 2, where.bottom + 30
    for n in range(2 if where.many else 1):
        left, last, symbols, values, signs = artists[f"line {n}"]
        path = r.paths[n] if n < len(r.paths) else ()
        y = top + 46 * n
        left.set_text(f"${r.of}$" if path and n == 0 else "")
        for i in range(SLOTS):
            there = i < len(path)
            known = there and path[i].known <= r.reached
            x = first + i * across
            for down, texts in ((0, symbols), (21, values)):
                texts[i].set_position((x, y + down + HALF * size))
                sign = signs[i + (SLOTS if down else 0)]
                sign.set_position((x - across / 2 if i else 158, y + down + HALF * size))
                sign.set_text("" if not there else "·" if i else "=" if n == 0 else "+")
            symbols[i].set_text(f"${path[i].symbol}$" if there else "")
            values[i].set_text(number(path[i].value) if known else "")
            if known and path[i].known == r.step > 0:
                marked.append([(x - across * 0.38, y + 21), (x + across * 0.38, y + 21)])
        last.set_text(f"= {number(path[-1].so_far)}" if path and path[-1].ready <= r.reached else "")
        last.set_position((first + (len(path) - 0.5) * across, y + 21 + HALF * size))
    left, names, values = artists["so far"]
    path = r.paths[0] if len(r.paths) == 1 else ()
    left.set_text("product so far" if path else "")
    for i in range(SLOTS):
        shown = i < len(path) and path[i].delta and path[i].ready <= r.reached
        for texts, shift in ((names, -14), (values, -10)):
            texts[i].set_position((first + i * across + shift, top + 46 + HALF * size))
        names[i].set_text(f"${path[i].delta} =$" if shown else "")
        values[i].set_text(number(path[i].so_far) if shown else "")
    artists["sum"].set_text(r.total)
    artists["sum"].set_weight("bold" if len(r.paths) > 1 else "normal")
    artists["check"].set_text(r.check)
    return marked
