"""What a picture of the playground is made from, where everything is on its page, and how words are put."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nbcore.draw.ink import Box, Cells, Marks, Stroke, Word, rgb
from nbcore.draw.microscope import MINUS, SUB
from nbcore.draw.style import theme
from nbcore.play.data import Problem
from nbcore.play.settings import Settings
from nbcore.play.view import View

WIDE, WIDE_PAIR, MIDDLE = 820, 900, 560  # pages: all side by side (of one run, of two), in rows, each below the other
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
    """One picture: one run or two, and the chosen weight (layer, j, k), k None for a bias; layer 1 is the first.

    `moving`: one of many a second, in which some of very many edges may be a picture or two behind.
    """

    sides: tuple[Side, ...]
    selected: Weight | None = None
    show_test: bool = False
    moving: bool = False


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
KEY = ["orange: w > 0", "dashed blue: w < 0", "heavy frame: saturated on 90 % or more", "dotted, crossed: dead"]


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
        # Of two, both should be in sight.
        edge, side = 12, float(round(0.3 * width if sides == 1 else max(0.22 * width, 160)))
        tall = max(300.0 if sides == 1 else 240.0, HEAD + side + LEGEND + 2)
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
                y += 13 * len(wrapped(KEY, width - 2 * edge, 10, "     ")) + 6
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


# ---- What is to be drawn


class Pad:
    """What is to be drawn, in five layers from below."""

    def __init__(self) -> None:
        self.edges: list[list[Stroke] | None] = []  # one group into each column of units; None: as it was
        self.spans: list[Box] = []  # their boxes
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


def palette() -> np.ndarray:
    return np.asarray(np.round(theme().colormap(np.arange(256))[:, :3] * 255))


def rectangle(x: float, y: float, wide: float, tall: float) -> np.ndarray:
    return np.array([[[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall], [x, y]]])


# ---- Words

POWERS = {"x1^2": "x₁²", "x2^2": "x₂²", "x1x2": "x₁x₂", "sinx1": "sin x₁", "sinx2": "sin x₂"}


def write_title(pad: Pad, x: float, y: float, text: str, name: str = "") -> None:
    pad.say("title", x, y, f"{name}  {text}" if name else text, size=12.5, bold=True)


def short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def input_name(name: str, most: int = 9) -> str:
    """x1 as x₁, and others cut to what there is room for."""
    if name in POWERS:
        return POWERS[name]
    return name.translate(SUB) if name[:1] == "x" and name[1:].isdigit() else short(name, most)


def wrapped(words: list[str], width: float, size: float, between: str) -> list[str]:
    """Phrases put into lines of at most this width, judged by their letters."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]}{between}{word}" if lines else word
        if lines and len(longer) * 0.56 * size <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def brief(value: float) -> str:
    """A number in at most five letters or so."""
    if abs(value) >= 1000:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e").replace("-", MINUS)
    text = f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"
    return "0" if not value else text.replace("-", MINUS) if float(text) else text.lstrip("-")


def plain(value: float) -> str:
    """The same for scales, without zeros at the end."""
    text = brief(value)
    return text.rstrip("0").removesuffix(".") if "." in text else text
