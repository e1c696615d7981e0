"""Pictures of lesson 06: a graph of values and gradients, and an engine with a bug beside one without."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.ticker import NullLocator

from nbcore.draw.lettering import line, text_width
from nbcore.draw.shapes import class_points, mark_surface
from nbcore.draw.stage import DPI
from nbcore.draw.style import theme

TOP, SIDE, ENDS = 76, 29, 46  # pixels above the graph, for what the step says, around it, and at its ends
FOOT, MARGIN, BROAD = 24, 18, 640  # below it, for the formula and the key; on pages less broad these take two lines
RADIUS, ROOMY = 13, (66, 60)  # of a node, in pixels, where columns and rows are so far apart; it grows and shrinks
SMALLEST, LARGEST = 0.78, 1.7  # how much
MOST_NODES, MOST_EDGES = 40, 80
WIDEST, TALLEST = 380, 300  # pixels between columns and rows of a small graph
LOOKS = ("leaf", "constant", "known", "ahead", "now", "receives", "leaf receives")
LETTERS, LABELS = (8.0, 6.6), (7.0, 6.2)  # points at size 1, and at least
HALF, LETTER_HEIGHT = 0.5, 1.55  # from a text's middle to its baseline, and its height, in pixels a point
EMPTY: list[Any] = []


def draw_graph(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """One panel: nodes in columns, values above, gradients below, local derivatives on the lines."""
    (panel,) = axes
    if not artists:
        _prepare(panel, artists)
    width, height = (float(v) for v in panel.figure.get_size_inches() * DPI)
    foot = FOOT if width >= BROAD else 2 * FOOT - 6
    columns = np.array([node.column for node in result.nodes])
    rows = np.array([node.row for node in result.nodes])
    ends = np.concatenate([rows, *(edge.path[:, 1] for edge in result.edges)])
    size, slack = 1.0, 0.0
    for _ in range(3):  # larger nodes need more room at the rims; a line alone needs little
        top, bottom = max(rows.max(), ends.max() - slack), min(rows.min(), ends.min() + slack)
        across = min(WIDEST, (width - 2 * ENDS * max(size, 1)) / max(1.0, float(np.ptp(columns))))
        down = min(TALLEST, (height - TOP - foot - 2 * SIDE * size) / max(1.0, float(top - bottom)))
        size = float(np.clip(min(across / ROOMY[0], down / ROOMY[1]), SMALLEST, min(LARGEST, width / 400)))
        slack = (SIDE * size - 15) / down
    left = -across * (columns.min() + columns.max()) / 2  # 0 is the middle: a click tells the halves apart
    edge = MARGIN - width / 2
    middle = (height - TOP + foot) / 2

    def place(column: Any, row: Any) -> tuple[Any, Any]:
        return left + across * column, middle - down * (row - (top + bottom) / 2)

    x, y = place(columns, rows)
    taken = _draw_nodes(artists, result, x, y, size)
    _draw_edges(artists, result, place, taken, size)
    says = [f"Step {result.step} of {result.last}.  {result.title}", *result.lines]
    large = 1.15 if width > 800 else 1.0
    for k, text in enumerate(artists["says"]):
        words = says[k] if k < len(says) else ""
        room = (width - 2 * MARGIN) / max(text_width(words, 1.0, k == 0), 1e-9)
        text.set_text(words)
        text.set_fontsize(min((9.5 if k else 10.0) * large, room))
        text.set_position((edge, height - 21 * large - (20 * k - (k > 0)) * large))
    artists["formula"].set_text(result.formula)
    artists["formula"].set_position((edge, 12 if width >= BROAD else FOOT + 6))


def _prepare(panel: Any, artists: dict[str, Any]) -> None:
    look = theme()
    panel.set_position((0, 0, 1, 1))
    width, height = panel.figure.get_size_inches() * DPI
    panel.set(xlim=(-width / 2, width / 2), ylim=(0, height))
    panel.set_axis_off()
    artists["edges"] = LineCollection(EMPTY, zorder=1, capstyle="round")
    face = panel.get_facecolor()
    artists["clear"] = LineCollection(EMPTY, zorder=2, capstyle="butt", colors=face)  # lines stop short of words
    for lines in (artists["edges"], artists["clear"]):
        panel.add_collection(lines, autolim=False)

    def marks(marker: str, **more: Any) -> Any:
        return panel.plot([], [], marker, **{"zorder": 3, **more})[0]

    artists["heads"] = [
        marks(">", color=look.soft, markeredgewidth=0),
        marks(">", color=look.accent, markeredgewidth=0),
        marks("<", color=look.accent, markeredgewidth=0),
    ]
    tint = {"mfc": (*to_rgb(look.accent), 0.25), "mec": look.accent, "zorder": 3.1}
    artists["nodes"] = [  # in the order of LOOKS
        marks("s", mfc=face, mec=look.low, mew=1.8),
        marks("s", mfc=face, mec=look.faint, mew=1.2),
        marks("o", mfc=face, mec=look.ink, mew=1.6),
        marks("o", mfc=face, mec=look.faint, mew=1.6),
        marks("o", mew=3.2, **tint),
        marks("o", mew=1.8, **tint),
        marks("s", mew=1.8, **tint),
    ]

    def texts(count: int, **more: Any) -> list[Any]:
        return [line(panel, 0, 0, ha="center", zorder=4, **more) for _ in range(count)]

    artists["symbols"] = texts(MOST_NODES)
    artists["values"] = texts(MOST_NODES)
    artists["gradients"] = texts(MOST_NODES, color=look.accent, weight="bold")
    artists["labels"] = texts(MOST_EDGES)
    artists["says"] = [line(panel, 0, 0, weight="bold" if k == 0 else "normal") for k in range(3)]
    artists["formula"] = line(panel, 0, 0, fontsize=10)
    key = (("above: value", look.ink), ("below: gradient", look.accent), ("\u00d7 on a line: slope", look.soft))
    bold, at = [False, True, False], MARGIN - width / 2
    wide = [text_width(words, 8.0, b) for (words, _), b in zip(key, bold, strict=True)]
    if width >= BROAD:
        at = width / 2 - MARGIN - sum(wide) - 2 * 16
    artists["key"] = []
    for (words, color), b, w in zip(key, bold, wide, strict=True):
        artists["key"].append(line(panel, at, 12, words, fontsize=8, color=color, weight="bold" if b else "normal"))
        at += w + 16


def _draw_nodes(artists: dict[str, Any], result: Any, x: np.ndarray, y: np.ndarray, size: float) -> list[Box]:
    """Draws the nodes and their words; returns the boxes of all these."""
    look, radius = theme(), RADIUS * size
    groups: dict[str, list[int]] = {name: [] for name in LOOKS}
    for k, node in enumerate(result.nodes):
        groups[node.kind if node.kind != "operation" else "ahead" if node.state == "ahead" else "known"].append(k)
        if node.state == "now":
            groups["now"].append(k)
        if node.state == "receives":
            groups["receives" if node.kind == "operation" else "leaf receives"].append(k)
    for mark, (name, members) in zip(artists["nodes"], groups.items(), strict=True):
        mark.set_data(x[members], y[members])
        mark.set_markersize(2 * radius * 0.72 * (0.8 if name == "constant" else 1))
    points = max(LETTERS[0] * size, LETTERS[1])
    away = radius + points * LETTER_HEIGHT / 2 + 2
    nodes = [(x[k] - radius, y[k] - radius, x[k] + radius, y[k] + radius) for k in range(len(x))]
    words: list[Box] = []
    for k in range(MOST_NODES):
        node = result.nodes[k] if k < len(result.nodes) else None
        symbol, value, gradient = (artists[name][k] for name in ("symbols", "values", "gradients"))
        if node is None:
            for text in (symbol, value, gradient):
                text.set_text("")
            continue
        symbol.set_text(node.symbol)
        symbol.set_color(look.soft if node.kind == "constant" or node.state == "ahead" else look.ink)
        symbol_points = min(11 * size, 1.6 * radius / text_width(node.symbol, 1.0))
        symbol.set_fontsize(symbol_points)
        symbol.set_position((x[k], y[k] - HALF * symbol_points))
        is_between = " = " if size > 1 else "="
        value.set_text(f"{node.name}{is_between}{node.value}" if node.name and node.value else node.value)
        gradient.set_text(node.gradient)
        for text, up, bold in ((value, away, False), (gradient, -away, True)):
            text.set_fontsize(points)
            text.set_position((x[k], y[k] + up - HALF * points))
            if text.get_text():
                words.append(_box(x[k], y[k] + up, text.get_text(), points, bold))
    artists["clear"].set_segments([_through(box) for box in words])
    artists["clear"].set_linewidths([(box[3] - box[1]) * 0.72 for box in words])
    return nodes + words


Box = tuple[float, float, float, float]


def _box(x: float, y: float, words: str, points: float, bold: bool = False) -> Box:
    """What words around this point take, with a pixel to spare at both ends."""
    half, tall = text_width(words, points, bold) / 2 + 1, points * LETTER_HEIGHT / 2
    return (x - half, y - tall, x + half, y + tall)


def _through(box: Box) -> list[tuple[float, float]]:
    """A line along the middle of a box; as thick as the box is tall, it covers the box."""
    middle = (box[1] + box[3]) / 2
    return [(box[0], middle), (box[2], middle)]


def _draw_edges(artists: dict[str, Any], result: Any, place: Any, taken: list[Box], size: float) -> None:
    """Draws the lines with their heads, and a label where it covers nothing."""
    look, radius = theme(), RADIUS * size
    points = max(LABELS[0] * size, LABELS[1])
    lines, colors, widths, cleared = [], [], [], []
    heads: list[list[tuple[float, float]]] = [[], [], []]
    for k, edge in enumerate(result.edges):
        points_of_line = _curve(np.column_stack(place(edge.path[:, 0], edge.path[:, 1])), edge.bow, radius)
        lines.append(points_of_line)
        back = edge.state == "passed" or (edge.state == "now" and result.title.startswith("Back"))
        now = edge.state == "now"
        colors.append(look.accent if back or now else look.faint if edge.state == "ahead" else look.soft)
        widths.append(2.6 if now else 1.3)
        if back:
            heads[2].append((points_of_line[0, 0] + 4 * size, points_of_line[0, 1]))
        elif edge.state != "ahead":
            heads[now].append((points_of_line[-1, 0] - 3 * size, points_of_line[-1, 1]))
        label = artists["labels"][k]
        box = _free_spot(points_of_line, edge.label, points, taken) if edge.label else None
        label.set_text(edge.label if box else "")
        if box:
            taken.append(box)
            cleared.append(box)
            label.set_fontsize(points)
            label.set_color(look.accent if back else look.ink if now else look.soft)
            label.set_position(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2 - HALF * points))
    for label in artists["labels"][len(result.edges) :]:
        label.set_text("")
    artists["edges"].set_segments(lines)
    artists["edges"].set_color(colors)
    artists["edges"].set_linewidth(widths)
    clear = artists["clear"]
    clear.set_segments([*clear.get_segments(), *(_through(box) for box in cleared)])
    clear.set_linewidths([*clear.get_linewidths(), *((box[3] - box[1]) * 0.72 for box in cleared)])
    for head, spots, pixels in zip(artists["heads"], heads, (7, 9, 9), strict=True):
        head.set_data([spot[0] for spot in spots], [spot[1] for spot in spots])
        head.set_markersize(pixels * size * 0.72)


def _curve(points: np.ndarray, bow: float, radius: float) -> np.ndarray:
    """A line through points from left to right, level at each; it begins and ends at the rim of a node."""
    points = points.copy()
    up = 1.1 * bow * radius  # lines between the same two nodes leave them at different heights
    rim = np.sqrt(radius**2 - up**2) + 1
    points[0, 0] += rim
    points[-1, 0] -= rim
    t = np.linspace(0, 1, 17)
    level = t * t * (3 - 2 * t)
    parts = [
        np.column_stack([a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * level]) for a, b in itertools.pairwise(points)
    ]
    curve = np.concatenate(parts)
    curve[:, 1] += up + 4.4 * bow * radius * np.sin(np.pi * np.linspace(0, 1, len(curve)))
    return curve


def _free_spot(curve: np.ndarray, words: str, points: float, taken: list[Box]) -> Box | None:
    """Where on a line a label covers nothing, near the middle if it can be; none where there is no room."""
    ends = curve[0, 0], curve[-1, 0]
    for share in (0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.26, 0.74, 0.2, 0.8, 0.14, 0.86):
        x, y = curve[round(share * (len(curve) - 1))]
        box = _box(float(x), float(y), words, points)
        if box[0] < ends[0] - 1 or box[2] > ends[1] + 1:
            continue
        if not any(
            min(box[2], other[2]) - max(box[0], other[0]) > 0 and min(box[3], other[3]) - max(box[1], other[1]) > 2
            for other in taken
        ):
            return box
    return None


LOWEST = 1e-4  # of a slope, as a share of the largest
# A band, and a line upon it.
RIGHT: dict[str, Any] = {"lw": 5.5, "alpha": 0.45, "solid_capstyle": "butt"}
FAULTY: dict[str, Any] = {"lw": 1.6}


def draw_bugs(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: both losses; every slope, nudged and by the engine; the plane as the faulty network sees it."""
    loss, slopes, plane = axes
    if not artists:
        _prepare_bugs(loss, slopes, plane, artists)
    for curve, losses in zip(artists["losses"], (result.right, result.losses), strict=True):
        curve.set_data(np.arange(len(losses)), np.clip(losses, LEAST, 2e3))
    now = float(np.clip(result.losses[result.moment], LEAST, 2e3))
    artists["moment"].set_data([result.moment], [now])
    sizes = [np.abs(pairs[:, 0]).max() for pairs in result.pairs if len(pairs)]
    largest = max([*sizes, 1e-12])
    for (same, other), pairs in zip(artists["slopes"], result.pairs, strict=True):
        agree = pairs[:, 0] * pairs[:, 1] >= 0
        x, y = np.clip(np.abs(pairs) / largest, [LOWEST, LOWEST], [1, HIGHEST]).T
        same.set_data(x[agree], y[agree])
        other.set_data(x[~agree], y[~agree])
    missing = [
        f"{name}: {now} instead of {first}"
        for name, (first, now) in zip(("$W_1$", "$b_1$", "$W_2$", "$b_2$"), result.shapes, strict=True)
        if first != now
    ]
    artists["missing"].set_text("\n".join(["shapes", *missing]) if missing else "")
    for points, members in zip(artists["points"], result.classes, strict=True):
        points.set_data(*members.T)
    if result.surface is None:
        artists["surface"].set_data(np.full((2, 2), 0.5))
        artists["nothing"].set_text("no answer for\nother points" if result.wrong >= 0 else "it did not\nreach the end")
    else:
        artists["surface"].set_data(result.surface)
        artists["nothing"].set_text("")


HIGHEST = 300.0
LEAST = 1e-6  # of a loss that is shown; lower ones run along the axis


def _prepare_bugs(loss: Any, slopes: Any, plane: Any, artists: dict[str, Any]) -> None:
    look = theme()
    loss.set(xlim=(0, 205), ylim=(LEAST, 2e4), yscale="log", xlabel="updates")
    loss.set_yticks([1e-4, 1e-2, 1, 100], ["0.0001", "0.01", "1", "100"])
    loss.yaxis.set_minor_locator(NullLocator())
    loss.grid(True)
    loss.set_title("Loss $C$")
    artists["losses"] = [
        loss.plot([], [], color=look.second, **RIGHT)[0],
        loss.plot([], [], color=look.accent, **FAULTY)[0],
    ]
    artists["moment"] = loss.plot([], [], "o", color=look.accent, markersize=7, markeredgecolor=look.paper)[0]
    for k, (name, color, style) in enumerate((("right", look.second, RIGHT), ("with the bug", look.accent, FAULTY))):
        y = 0.955 - 0.09 * k
        loss.plot([0.04, 0.16], [y, y], color=color, **style, transform=loss.transAxes)
        loss.text(0.2, y, name, color=color, va="center", transform=loss.transAxes)
    slopes.set(xscale="log", yscale="log", xlim=(LOWEST / 1.6, 2), ylim=(LOWEST / 1.6, 2 * HIGHEST))
    for axis in (slopes.xaxis, slopes.yaxis):
        axis.set_minor_locator(NullLocator())
    slopes.set_xticks([1e-4, 1e-3, 0.01, 0.1, 1], ["0.0001", "", "0.01", "", "1"])
    slopes.set_yticks([1e-4, 1e-2, 1, 100], ["", "0.01", "1", "100"])
    slopes.set(xlabel="size by nudging (largest = 1)", ylabel="by the engine")
    slopes.grid(True)
    slopes.set_title("Every slope")
    slopes.plot([LOWEST, 1], [LOWEST, 1], color=look.second, lw=1.6, zorder=1)
    artists["slopes"], marks = [], (("o", "$W_1$"), ("s", "$b_1$"), ("^", "$W_2$"), ("D", "$b_2$"))
    for k, (marker, name) in enumerate(marks):
        more = {"color": look.accent, "markersize": 6, "ls": "", "marker": marker, "zorder": 3}
        artists["slopes"].append(
            (slopes.plot([], [], mec=look.paper, mew=0.6, **more)[0], slopes.plot([], [], mfc="none", **more)[0])
        )
        slopes.plot([0.05 + 0.24 * k], [0.945], transform=slopes.transAxes, **more)
        slopes.text(0.1 + 0.24 * k, 0.945, name, va="center", transform=slopes.transAxes)
    slopes.text(0.03, 0.855, "hollow: wrong sign", fontsize=8, color=look.soft, va="center", transform=slopes.transAxes)
    artists["missing"] = slopes.text(0.03, 0.8, "", va="top", fontsize=8, transform=slopes.transAxes)
    plane.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xlabel="$x_1$", ylabel="$x_2$", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    plane.set_box_aspect(1)
    plane.set_title("What it learned")
    artists["surface"] = mark_surface(plane, (-2.2, 2.2, -2.2, 2.2))
    artists["points"] = class_points(plane)
    box = {"facecolor": plane.get_facecolor(), "edgecolor": "none", "pad": 3}
    artists["nothing"] = plane.text(0, 0, "", ha="center", va="center", zorder=6, bbox=box)
