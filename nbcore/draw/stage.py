"""A figure that lives as long as its explorer: made once, redrawn in milliseconds.

`draw(axes, artists, result)` fills the empty dict `artists` the first time and only sets data afterwards.
What is in `artists` is redrawn over a cached background; whatever else changes (limits, ticks, labels) makes
matplotlib mark the figure stale, and then the background is drawn anew.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nbcore.draw import style

# matplotlib's settings are global, and JupyterLab runs widget callbacks in a thread of their own.
_drawing = threading.Lock()

DPI = 100  # so that a CSS pixel is a hundredth of an inch
LEFT, RIGHT, BOTTOM, TOP, GAP = 58, 20, 40, 30, 68  # pixels around and between panels
NARROW = 210  # pixels a panel should have


@dataclass(frozen=True)
class Page:
    """Where a picture will be seen: width in CSS pixels, pixels per CSS pixel, theme and background."""

    width: int = 960
    ratio: float = 1.0
    dark: bool = False
    background: str | None = None

    @property
    def theme(self) -> style.Theme:
        return style.DARK if self.dark else style.LIGHT


Box = tuple[float, float, float, float]


class Stage:
    """One figure of one or more panels for one page. `panels` holds their relative widths, `height` is in pixels.

    Panels stand side by side; on a narrow page two by two, or one below the other. Panels that `draw` makes square
    (`set_box_aspect(1)`) set the height of their row, and the others take the rest of its width.
    """

    def __init__(self, draw: Callable[..., Any], page: Page, panels: Sequence[float], height: int) -> None:
        self.page, self._draw = page, draw
        self.artists: dict[str, Any] = {}
        self._background: Any = None
        self._paper = page.background or page.theme.paper
        self._panels, self._tall = list(panels), height
        boxes, self.width, self.height = _layout(self._panels, [False] * len(panels), page.width, height)
        with _drawing, style.using(page.theme, self._paper):
            self.figure = Figure(figsize=(self.width / DPI, self.height / DPI), dpi=DPI * page.ratio)
            self.canvas = FigureCanvasAgg(self.figure)
            self.axes = [self.figure.add_axes(box) for box in boxes]

    def render(self, result: Any, format: str = "png") -> bytes:
        """The picture of `result` as bytes.

        "png" is lossless, "jpeg" quick, "moving" a smaller JPEG for many a second, "palette" a small PNG to store.
        """
        first = not self.artists
        with _drawing, style.using(self.page.theme, self._paper):
            self._draw(self.axes, self.artists, result)
            if first:
                self._make_room_for_squares()
            if first or self.figure.stale:
                self.width, self.height = (round(inches * DPI) for inches in self.figure.get_size_inches())
                for artist in self._moving():
                    artist.set_animated(True)
                self.canvas.draw()
                self._background = self.canvas.copy_from_bbox(self.figure.bbox)
            else:
                self.canvas.restore_region(self._background)
            for artist in self._moving():
                (artist.axes or self.figure).draw_artist(artist)
        return self._encode(format)

    def _make_room_for_squares(self) -> None:
        """Only the drawing itself says which panels are square. matplotlib would leave holes beside those."""
        square = [axes.get_box_aspect() == 1 for axes in self.axes]
        if any(square):
            boxes, self.width, self.height = _layout(self._panels, square, self.page.width, self._tall)
            self.figure.set_size_inches(self.width / DPI, self.height / DPI)
            for axes, box in zip(self.axes, boxes, strict=True):
                axes.set_position(box)

    def _moving(self) -> list[Artist]:
        return sorted(_flat(self.artists.values()), key=lambda artist: artist.get_zorder())

    def _encode(self, format: str) -> bytes:
        size = self.canvas.get_width_height(physical=True)
        image = Image.frombuffer("RGBX", size, self.canvas.buffer_rgba(), "raw", "RGBX", 0, 1)
        out = io.BytesIO()
        if format in ("jpeg", "moving"):
            image.save(out, "jpeg", quality=90 if format == "jpeg" else 75, subsampling=0)
        elif format == "palette":
            colors = image.convert("RGB").quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            colors.save(out, "png", optimize=True)
        else:
            image.convert("RGB").save(out, "png", compress_level=3)
        return out.getvalue()


def _layout(shares: list[float], square: list[bool], width: int, height: int) -> tuple[list[Box], int, int]:
    """Boxes (left, bottom, width, height) as shares of the figure, and the figure's size in pixels."""
    panels = list(zip(shares, square, strict=True))
    a_row = len(panels) if width >= NARROW * len(panels) else 2 if width >= NARROW * 2 else 1
    if width < NARROW * len(panels):
        panels = [(1.0, is_square) for _, is_square in panels]
        height = min(height, NARROW + BOTTOM + TOP)
    boxes: list[Box] = []  # in pixels, from the upper left corner
    y = 0.0
    for k in range(0, len(panels), a_row):
        row = panels[k : k + a_row]
        x, room, tall = float(LEFT), float(width - LEFT - RIGHT - GAP * (len(row) - 1)), float(height - BOTTOM - TOP)
        squares = sum(is_square for _, is_square in row)
        others = sum(share for share, is_square in row if not is_square)
        if squares:
            tall = min(tall, room / (squares + others))  # beside squares, a share is the least width in their sides
            room -= squares * tall
            x += 0.0 if others else room / 2
        for share, is_square in row:
            wide = tall if is_square else room * share / others
            boxes.append((x, y + TOP, wide, tall))
            x += wide + GAP
        y += TOP + tall + BOTTOM
    total = round(y)
    return [(x / width, 1 - (y + h) / total, w / width, h / total) for x, y, w, h in boxes], width, total


def _flat(things: Iterable[Any]) -> Iterable[Artist]:
    for thing in things:
        if isinstance(thing, Artist):
            yield thing
        elif isinstance(thing, dict):
            yield from _flat(thing.values())
        elif isinstance(thing, (list, tuple)):
            yield from _flat(thing)
