"""Pictures of lesson 06: a graph of values and gradients, and an engine with a bug beside one without."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.ticker import NullLocator

from nbcore.draw.shapes import class_points, mark_surface
from nbcore.draw.stage import DPI
from nbcore.draw.style import theme

TOP, SIDE, ENDS = 76, 42, 52  # pixels above the graph, for what the step says, around it, and at its ends
RADIUS, TIGHT = 13, (68, 62)  # of a node, and the least distance of columns and rows, in pixels; a small graph grows
MOST_NODES, MOST_EDGES = 40, 80
WIDEST, TALLEST = 300, 250  # pixels between columns and rows of a small graph
LOOKS = ("leaf", "constant", "known", "ahead", "now", "receives", "leaf receives")
SYMBOL_SIZES = {1: 11.0, 2: 9.0, 3: 7.5, 4: 5.6}  # by the number of letters
DIGIT, LETTER_HEIGHT = 6.9, 12  # pixels of the small letters, for labels that must not overlap


def draw_graph(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """One panel: nodes in columns, values above, gradients below, local derivatives on the lines."""
    (panel,) = axes
    if not artists:
        _prepare(panel, artists)
    width, height = (float(v) for v in panel.figure.get_size_inches() * DPI)
    columns = np.array([node.column for node in result.nodes])
    rows = np.array([node.row for node in result.nodes])
    ends = np.concatenate([rows, *(edge.path[:, 1] for edge in result.edges)])
    across = min(WIDEST, (width - 2 * ENDS) / max(1.0, float(np.ptp(columns))))
    down = min(TALLEST, (height - TOP - 2 * SIDE) / max(1.0, float(np.ptp(ends))))
    left = (width - across * float(np.ptp(columns))) / 2 - across * columns.min()
    middle = (height - TOP) / 2
    size = float(np.clip(min(across / TIGHT[0], down / TIGHT[1]), 1, 1.4))

    def place(column: Any, row: Any) -> tuple[Any, Any]:
        return left + across * column, middle - down * (row - (ends.max() + ends.min()) / 2)

    x, y = place(columns, rows)
    _draw_nodes(artists, result, x, y, size)
    _draw_edges(artists, result, place, x, y, size)
    artists["title"].set_text(f"Step {result.step} of {result.last}.  {result.title}")
    artists["title"].set_position((18, height - 12))
    artists["formula"].set_text(result.formula)
    for k, line in enumerate(artists["lines"]):
        line.set_text(result.lines[k] if k < len(result.lines) else "")
        line.set_position((18, height - 34 - 18 * k))


def _prepare(panel: Any, artists: dict[str, Any]) -> None:
    look = theme()
    panel.set_position((0, 0, 1, 1))
    width, height = panel.figure.get_size_inches() * DPI
    panel.set(xlim=(0, width), ylim=(0, height))
    panel.set_axis_off()
    artists["edges"] = LineCollection([], zorder=1, capstyle="round")
    panel.add_collection(artists["edges"], autolim=False)

    def marks(marker: str, size: float, **more: Any) -> Any:
        return panel.plot([], [], marker, markersize=size * 0.72, **{"zorder": 3, **more})[0]

    artists["heads"] = [
        marks(">", 8, color=look.soft, markeredgewidth=0),
        marks("<", 10, color=look.accent, markeredgewidth=0),
    ]
    face = panel.get_facecolor()
    tint = {"mfc": (*to_rgb(look.accent), 0.25), "mec": look.accent, "zorder": 3.1}
    artists["nodes"] = [  # in the order of LOOKS
        marks("s", 0, mfc=face, mec=look.low, mew=1.8),
        marks("s", 0, mfc=face, mec=look.faint, mew=1.2),
        marks("o", 0, mfc=face, mec=look.ink, mew=1.6),
        marks("o", 0, mfc=face, mec=look.faint, mew=1.6),
        marks("o", 0, mew=3.2, **tint),
        marks("o", 0, mew=1.8, **tint),
        marks("s", 0, mew=1.8, **tint),
    ]

    def texts(count: int, **more: Any) -> list[Any]:
        return [panel.text(0, 0, "", ha="center", va="center", **more) for _ in range(count)]

    box = {"facecolor": face, "edgecolor": "none", "pad": 0.3}
    artists["symbols"] = texts(MOST_NODES, zorder=4)
    artists["values"] = texts(MOST_NODES, fontsize=8, zorder=5, bbox=box)
    artists["gradients"] = texts(MOST_NODES, fontsize=8, zorder=5, color=look.accent, weight="bold", bbox=box)
    artists["labels"] = texts(MOST_EDGES, fontsize=7, zorder=4, bbox=box)
    artists["title"] = panel.text(0, 0, "", va="top", weight="bold", fontsize=10)
    artists["lines"] = [panel.text(0, 0, "", va="top", fontsize=9) for _ in range(2)]
    right = {"ha": "right", "va": "top"}
    artists["formula"] = panel.text(width - 18, height - 12, "", fontsize=10, **right)
    artists["key"] = [
        panel.text(width - 18, height - 32, "above a node: value", fontsize=8, **right),
        panel.text(width - 18, height - 46, "below: gradient", fontsize=8, color=look.accent, weight="bold", **right),
        panel.text(width - 18, height - 60, "\u00d7 on a line: slope", fontsize=8, color=look.soft, **right),
    ]


def _draw_nodes(artists: dict[str, Any], result: Any, x: np.ndarray, y: np.ndarray, size: float) -> None:
    look = theme()
    groups: dict[str, list[int]] = {name: [] for name in LOOKS}
    for k, node in enumerate(result.nodes):
        groups[node.kind if node.kind != "operation" else "ahead" if node.state == "ahead" else "known"].append(k)
        if node.state == "now":
            groups["now"].append(k)
        if node.state == "receives":
            groups["receives" if node.kind == "operation" else "leaf receives"].append(k)
    for mark, (name, members) in zip(artists["nodes"], groups.items(), strict=True):
        mark.set_data(x[members], y[members])
        mark.set_markersize(2 * RADIUS * size * 0.72 * (0.8 if name == "constant" else 1))
    away = size * (RADIUS + 9)
    for k, (symbol, value, gradient) in enumerate(
        zip(artists["symbols"], artists["values"], artists["gradients"], strict=True)
    ):
        node = result.nodes[k] if k < len(result.nodes) else None
        if node is None:
            for text in (symbol, value, gradient):
                text.set_text("")
            continue
        symbol.set_text(node.symbol)
        symbol.set_color(look.soft if node.kind == "constant" or node.state == "ahead" else look.ink)
        symbol.set_fontsize(size * SYMBOL_SIZES.get(len(node.symbol), 5.0))
        symbol.set_position((x[k], y[k]))
        value.set_text(f"{node.name} = {node.value}" if node.name and node.value else node.value)
        value.set_position((x[k], y[k] + away))
        gradient.set_text(node.gradient)
        gradient.set_position((x[k], y[k] - away))
        for text in (value, gradient):
            text.set_fontsize(8 * size)


def _draw_edges(artists: dict[str, Any], result: Any, place: Any, x: np.ndarray, y: np.ndarray, size: float) -> None:
    look, radius = theme(), RADIUS * size
    taken = [(x[k] - radius, y[k] - radius, x[k] + radius, y[k] + radius) for k in range(len(x))]
    for texts, up in (("values", 1), ("gradients", -1)):
        for k in range(len(x)):
            half = size * DIGIT / 2 * len(artists[texts][k].get_text())
            middle, tall = y[k] + up * size * (RADIUS + 9), size * LETTER_HEIGHT / 2
            if half:
                taken.append((x[k] - half, middle - tall, x[k] + half, middle + tall))
    lines, colors, widths = [], [], []
    heads: list[list[tuple[float, float]]] = [[], []]
    for k, edge in enumerate(result.edges):
        line = _curve(np.column_stack(place(edge.path[:, 0], edge.path[:, 1])), edge.bow, radius)
        lines.append(line)
        back = edge.state == "passed" or (edge.state == "now" and result.title.startswith("Back"))
        colors.append(
            look.accent if back or edge.state == "now" else look.faint if edge.state == "ahead" else look.soft
        )
        widths.append(2.6 if edge.state == "now" else 1.3)
        if back:
            heads[1].append((line[0, 0] + 4, line[0, 1]))
        elif edge.state != "ahead":
            heads[0].append((line[-1, 0] - 4, line[-1, 1]))
        label = artists["labels"][k]
        label.set_text(edge.label)
        label.set_fontsize(7 * size)
        label.set_color(look.accent if back else look.soft)
        if edge.label:
            spot, box = _free_spot(line, len(edge.label), size, taken)
            taken.append(box)
            label.set_position(spot)
    for label in artists["labels"][len(result.edges) :]:
        label.set_text("")
    artists["edges"].set_segments(lines)
    artists["edges"].set_color(colors)
    artists["edges"].set_linewidth(widths)
    for head, points in zip(artists["heads"], heads, strict=True):
        head.set_data([p[0] for p in points], [p[1] for p in points])


def _curve(points: np.ndarray, bow: float, radius: float) -> np.ndarray:
    """A line through points from left to right, level at each; it begins and ends at the rim of a node."""
    points = points.copy()
    points[0, 0] += radius + 1
    points[-1, 0] -= radius + 1
    t = np.linspace(0, 1, 17)
    level = t * t * (3 - 2 * t)
    parts = [
        np.column_stack([a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * level]) for a, b in itertools.pairwise(points)
    ]
    line = np.concatenate(parts)
    line[:, 1] += bow * 5.5 * radius * np.sin(np.pi * np.linspace(0, 1, len(line)))
    return line


Box = tuple[float, float, float, float]


def _free_spot(line: np.ndarray, letters: int, size: float, taken: list[Box]) -> tuple[tuple[float, float], Box]:
    """Where on the line a label covers the least of what is there; near its middle if it can be."""
    half, tall = size * (3.1 * letters + 2), size * 6
    best, least = None, np.inf
    for share in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.1, 0.9):
        px, py = line[round(share * (len(line) - 1))]
        box = (px - half, py - tall, px + half, py + tall)
        covered = sum(
            max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
            * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
            for other in taken
        )
        if covered < least - 1:
            best, least = ((float(px), float(py)), box), covered
    assert best is not None
    return best


LOWEST = 1e-4  # of a slope, as a share of the largest
RIGHT, FAULTY = "-", (0, (4, 1.8))


def draw_bugs(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: both losses; every slope, nudged and by the engine; the plane as the faulty network sees it."""
    loss, slopes, plane = axes
    if not artists:
        _prepare_bugs(loss, slopes, plane, artists)
    for line, losses in zip(artists["losses"], (result.right, result.losses), strict=True):
        line.set_data(np.arange(len(losses)), np.clip(losses, 1e-5, 2e3))
    now = float(np.clip(result.losses[result.moment], 1e-5, 2e3))
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
        artists["nothing"].set_text("no answer for\nother points")
    else:
        artists["surface"].set_data(result.surface)
        artists["nothing"].set_text("")


HIGHEST = 300.0


def _prepare_bugs(loss: Any, slopes: Any, plane: Any, artists: dict[str, Any]) -> None:
    look = theme()
    loss.set(xlim=(0, 205), ylim=(1e-4, 2e4), yscale="log", xlabel="updates")
    loss.set_yticks([1e-4, 1e-2, 1, 100], ["0.0001", "0.01", "1", "100"])
    loss.yaxis.set_minor_locator(NullLocator())
    loss.grid(True)
    loss.set_title("Loss $C$")
    artists["losses"] = [
        loss.plot([], [], color=look.second, ls=RIGHT, lw=2.2)[0],
        loss.plot([], [], color=look.accent, ls=FAULTY, lw=1.6)[0],
    ]
    artists["moment"] = loss.plot([], [], "o", color=look.accent, markersize=7, markeredgecolor=look.paper)[0]
    for k, (name, color, style) in enumerate((("right", look.second, RIGHT), ("with the bug", look.accent, FAULTY))):
        y = 0.955 - 0.085 * k
        loss.plot([0.3, 0.45], [y, y], color=color, ls=style, lw=2.2, transform=loss.transAxes)
        loss.text(0.48, y, name, color=color, va="center", transform=loss.transAxes)
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
    slopes.text(0.97, 0.04, "hollow: wrong sign", fontsize=8, color=look.soft, ha="right", transform=slopes.transAxes)
    artists["missing"] = slopes.text(0.05, 0.87, "", va="top", fontsize=8, transform=slopes.transAxes)
    plane.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xlabel="$x_1$", ylabel="$x_2$", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    plane.set_box_aspect(1)
    plane.set_title("What it learned")
    artists["surface"] = mark_surface(plane, (-2.2, 2.2, -2.2, 2.2))
    artists["points"] = class_points(plane)
    box = {"facecolor": plane.get_facecolor(), "edgecolor": "none", "pad": 3}
    artists["nothing"] = plane.text(0, 0, "", ha="center", va="center", zorder=6, bbox=box)
