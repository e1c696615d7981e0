"""Artists for pictures in which nearly everything moves: many lines, areas, small maps or words, each kind one artist.

A matplotlib artist costs a tenth of a millisecond before it draws anything. Here one artist holds a list of plain
drawings, replaced as a whole at each move. Their panel's coordinates are CSS pixels from its upper left corner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox

from nbcore.draw.lettering import MARGIN, written

Color = tuple[float, float, float]
Box = tuple[float, float, float, float]  # left, top, width, height
POINTS = 0.72  # a CSS pixel; widths of lines and sizes of letters are given to matplotlib in points


@lru_cache(maxsize=256)
def rgb(color: str) -> Color:
    """A color as three numbers from 0 to 1."""
    return to_rgb(color)


@dataclass(frozen=True, eq=False)
class Stroke:
    """Lines or areas of one look. `lines` (..., n, 2) are polylines of equal length, or a list of (n, 2)."""

    name: str
    lines: Any
    color: Color | None = None  # None: no line
    width: float = 1.0
    dash: tuple[float, ...] = ()
    face: Color | None = None
    alpha: float = 1.0
    crisp: bool = False  # along whole pixels, for lines across and up

    def path(self) -> Path | None:
        """All of it as one path, so that crossings are no darker."""
        if isinstance(self.lines, np.ndarray):
            if not self.lines.size:
                return None
            n = self.lines.shape[-2]
            starts = np.arange(0, self.lines.size // 2, n)
            points = self.lines.reshape(-1, 2)
        else:
            lines = [line for line in self.lines if len(line)]
            if not lines:
                return None
            starts = np.cumsum([0, *map(len, lines[:-1])])
            points = np.concatenate(lines)
        codes = np.full(len(points), Path.LINETO, np.uint8)
        codes[starts] = Path.MOVETO
        return Path(points, codes)


@dataclass(frozen=True, eq=False)
class Marks:
    """Points (n, 2), all with one marker of `size` pixels."""

    name: str
    points: np.ndarray
    marker: str
    size: float
    color: Color
    width: float = 1.0
    face: Color | None = None


class Ink(Artist):
    """A list of strokes and marks, drawn in order."""

    def __init__(self, zorder: float) -> None:
        super().__init__()
        self.set_zorder(zorder)
        self.items: list[Stroke | Marks] = []

    def set_data(self, items: Iterable[Stroke | Marks]) -> None:
        self.items, self.stale = list(items), True

    def named(self, name: str) -> Any:
        """The drawings of this name."""
        return [item for item in self.items if item.name == name]

    def draw(self, renderer: Any) -> None:
        ratio, to_pixels = _pixels(self)
        gc = renderer.new_gc()
        gc.set_antialiased(True)
        for item in self.items:
            face = None if item.face is None else (*item.face, getattr(item, "alpha", 1.0))
            if isinstance(item, Marks):
                if not len(item.points):
                    continue
                shape, turn = _marker(item.marker)
                gc.set_dashes(0, None)
                gc.set_snap(False)
                gc.set_linewidth(item.width * POINTS)
                gc.set_foreground((*item.color, 1.0), isRGBA=True)
                turn = turn.frozen().scale(item.size * ratio)
                renderer.draw_markers(gc, shape, turn, Path(item.points), to_pixels, face)
                continue
            path = item.path()
            if path is None:
                continue
            gc.set_snap(item.crisp)
            gc.set_linewidth(item.width * POINTS if item.color is not None else 0)
            gc.set_dashes(0, [length * POINTS for length in item.dash] if item.dash else None)
            gc.set_foreground((*(item.color or (0, 0, 0)), item.alpha), isRGBA=True)
            renderer.draw_path(gc, path, to_pixels, face)
        gc.restore()


class Plates(Artist):
    """Groups of strokes, each alone in its own box; a group may stay as the last picture had it."""

    def __init__(self, zorder: float) -> None:
        super().__init__()
        self.set_zorder(zorder)
        self.items: list[list[Stroke] | None] = []
        self.boxes: list[Box] = []
        self.turn = 0  # how many pictures there have been
        self._ink = Ink(zorder)
        self._kept: list[Any] = []
        self._shown: list[list[Stroke]] = []

    def set_data(self, items: Iterable[list[Stroke] | None], boxes: Iterable[Box]) -> None:
        """Strokes and box (left, top, width, height) of each group; None for strokes: as before."""
        self.items, self.boxes, self.stale = list(items), list(boxes), True
        self.turn += 1
        if len(self._shown) != len(self.items):
            self._shown, self._kept = [[] for _ in self.items], [None] * len(self.items)
        self._shown = [old if new is None else new for new, old in zip(self.items, self._shown, strict=True)]

    def named(self, name: str) -> Any:
        """The drawings of this name."""
        return [stroke for strokes in self._shown for stroke in strokes if stroke.name == name]

    def draw(self, renderer: Any) -> None:
        ratio, height = _pixels(self)[0], self.axes.figure.bbox.height  # type: ignore[union-attr]
        self._ink.axes = self.axes
        for k, (strokes, (left, top, wide, tall)) in enumerate(zip(self.items, self.boxes, strict=True)):
            if strokes is None and self._kept[k] is not None:
                renderer.restore_region(self._kept[k])
                continue
            self._ink.items = list(self._shown[k])
            self._ink.draw(renderer)
            box = np.array([left, top + tall, left + wide, top]) * ratio
            box[1::2] = height - box[1::2]
            self._kept[k] = renderer.copy_from_bbox(Bbox.from_extents(*np.round(box)))


@lru_cache(maxsize=32)
def _marker(name: str) -> tuple[Path, Any]:
    style = MarkerStyle(name)
    return style.get_path(), style.get_transform()


def _pixels(artist: Any) -> tuple[float, Affine2D]:
    """Device pixels a CSS pixel, and the way from the panel's coordinates to the device's."""
    figure = artist.axes.figure
    ratio = figure.dpi / 100
    return ratio, Affine2D().scale(ratio, -ratio).translate(0, figure.bbox.height)


# ---- Small maps


@dataclass(frozen=True, eq=False)
class Cells:
    """Square pictures of one size: upper left `corners` (n, 2) in pixels, `side`, and `levels` (n, R, R) from 0 to 1.

    Rows go upward. With a last axis of 3, `levels` are colors. `smooth`: between the levels, else each a square of its
    own; `round` pixels are taken off the corners.
    """

    name: str
    corners: np.ndarray
    side: float
    levels: np.ndarray
    smooth: bool = True
    round: float = 0.0


class Mosaic(Artist):
    """Many small pictures through one palette, blue for 0 and orange for 1."""

    def __init__(self, zorder: float, palette: np.ndarray) -> None:
        super().__init__()
        self.set_zorder(zorder)
        self.palette = np.concatenate([palette, np.full((256, 1), 255)], axis=1).astype(np.uint8)
        self._entries = np.ascontiguousarray(self.palette).view(np.uint32).ravel()
        self.items: list[Cells] = []

    def set_data(self, items: Iterable[Cells]) -> None:
        self.items, self.stale = list(items), True

    def named(self, name: str) -> Any:
        """The pictures of this name."""
        return [item for item in self.items if item.name == name]

    def draw(self, renderer: Any) -> None:
        figure = self.axes.figure  # type: ignore[union-attr]
        ratio, height = figure.dpi / 100, round(figure.bbox.height)
        gc = renderer.new_gc()
        for item in self.items:
            n = round(item.side * ratio)
            images = self.images(item, n)
            for (x, y), image in zip(np.rint(item.corners * ratio).astype(int).tolist(), images, strict=True):
                renderer.draw_image(gc, x, height - y - n, image)
        gc.restore()

    def images(self, item: Cells, n: int) -> np.ndarray:
        """The pictures as n x n pixels, (k, n, n, 4), rows upward."""
        if item.levels.ndim == 4:
            colors = _resized(item.levels, n, item.smooth)
            images = np.full((*colors.shape[:3], 4), 255, np.uint8)
            images[..., :3] = np.clip(colors * 255, 0, 255)
        else:
            # To bytes before they are looked up: at this size each step counts.
            levels = _resized(np.clip(item.levels, 0, 1) * 255 + 0.5, n, item.smooth)
            images = self._entries.take(levels.astype(np.uint8)).view(np.uint8).reshape(*levels.shape, 4)
        if item.round:
            images[..., 3] = _corners(n, item.round * n / item.side)
        return images


def _resized(levels: np.ndarray, n: int, smooth: bool) -> np.ndarray:
    """Levels (k, R, R, ...) as n x n pixels; between the middles of cells linear, beyond the last ones as there.

    Not as a product of matrices: on two busy cores the threads of OpenBLAS took twenty times as long.
    """
    below, above, share = _between(levels.shape[1], n)
    if not smooth:
        nearest = (np.arange(n) * levels.shape[1] + levels.shape[1] // 2) // n
        return np.asarray(levels[:, nearest][:, :, nearest])
    levels = levels.astype(np.float32)
    weight = share.reshape(-1, 1, *[1] * (levels.ndim - 3))
    low = levels[:, below]
    levels = low + (levels[:, above] - low) * weight
    low = levels[:, :, below]
    return np.asarray(low + (levels[:, :, above] - low) * weight[:, 0])


@lru_cache(maxsize=64)
def _between(cells: int, pixels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel the cells below and above its middle, and how far it is on the way, from 0 to 1."""
    at = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    below = np.minimum(at.astype(int), max(cells - 2, 0))
    return below, np.minimum(below + 1, cells - 1), (at - below).astype(np.float32)


@lru_cache(maxsize=32)
def _corners(n: int, radius: float) -> np.ndarray:
    """Coverage of a square of n pixels with round corners."""
    middle = (np.arange(n) + 0.5) - n / 2
    out = np.maximum(np.abs(middle) - (n / 2 - radius), 0)
    far = np.hypot(out[:, None], out)
    return np.round(255 * np.clip(radius - far + 0.5, 0, 1)).astype(np.uint8)


# ---- Words


@dataclass(frozen=True)
class Word:
    """A line of text on its baseline."""

    name: str
    x: float
    y: float
    text: str
    color: Color
    size: float = 8.0
    ha: str = "left"
    bold: bool = False


class Words(Artist):
    """Many lines of text."""

    def __init__(self, zorder: float) -> None:
        super().__init__()
        self.set_zorder(zorder)
        self.items: list[Word] = []

    def set_data(self, items: Iterable[Word]) -> None:
        self.items, self.stale = list(items), True

    def named(self, name: str) -> Any:
        """The lines of this name."""
        return [item for item in self.items if item.name == name]

    def draw(self, renderer: Any) -> None:
        figure = self.axes.figure  # type: ignore[union-attr]
        ratio, height = figure.dpi / 100, figure.bbox.height
        gc = renderer.new_gc()
        for item in self.items:
            if not item.text:
                continue
            image, wide, below = _kept(
                item.text, font(item.size, item.bold), float(renderer.dpi), (*item.color, 1.0), formulas=False
            )
            x = item.x * ratio - wide * SHIFT[item.ha]
            renderer.draw_image(gc, round(x) - MARGIN, round(height - item.y * ratio) - below, image)
        gc.restore()


SHIFT = {"left": 0.0, "center": 0.5, "right": 1.0}
# Fewer than lettering keeps: most of these numbers never come again, and at three pixels a pixel each is large.
_kept = lru_cache(maxsize=400)(written)


@lru_cache(maxsize=32)
def font(size: float, bold: bool = False) -> FontProperties:
    """The one face in which all is written."""
    return FontProperties(family="DejaVu Sans", size=size * POINTS, weight="bold" if bold else "normal")
