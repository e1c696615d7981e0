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

    Panels stand side by side; on a narrow page two by two, or one below the other.
    """

    def __init__(self, draw: Callable[..., Any], page: Page, panels: Sequence[float], height: int) -> None:
        self.page, self._draw = page, draw
        self.artists: dict[str, Any] = {}
        self._background: Any = None
        self._paper = page.background or page.theme.paper
        boxes, self.width, self.height = _layout(list(panels), page.width, height)
        with _drawing, style.using(page.theme, self._paper):
            self.figure = Figure(figsize=(self.width / DPI, self.height / DPI), dpi=DPI * page.ratio)
            self.canvas = FigureCanvasAgg(self.figure)
            self.axes = [self.figure.add_axes(box) for box in boxes]

    def render(self, result: Any, format: str = "png") -> bytes:
        """The picture of `result` as bytes: "png" (lossless), "jpeg" (quick), or "palette" (a small PNG to store)."""
        first = not self.artists
        with _drawing, style.using(self.page.theme, self._paper):
            self._draw(self.axes, self.artists, result)
            if first:
                for artist in self._moving():
                    artist.set_animated(True)
            if first or self.figure.stale:
                self.canvas.draw()
                self._background = self.canvas.copy_from_bbox(self.figure.bbox)
            else:
                self.canvas.restore_region(self._background)
            for artist in self._moving():
                (artist.axes or self.figure).draw_artist(artist)
        return self._encode(format)

    def _moving(self) -> list[Artist]:
        return sorted(_flat(self.artists.values()), key=lambda artist: artist.get_zorder())

    def _encode(self, format: str) -> bytes:
        size = self.canvas.get_width_height(physical=True)
        image = Image.frombuffer("RGBX", size, self.canvas.buffer_rgba(), "raw", "RGBX", 0, 1)
        out = io.BytesIO()
        if format == "jpeg":
            image.save(out, "jpeg", quality=90, subsampling=0)
        elif format == "palette":
            colors = image.convert("RGB").quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            colors.save(out, "png", optimize=True)
        else:
            image.convert("RGB").save(out, "png", compress_level=3)
        return out.getvalue()


def _layout(shares: list[float], width: int, height: int) -> tuple[list[Box], int, int]:
    """Boxes (left, bottom, width, height) as shares of the figure, and the figure's size in pixels."""
    a_row = len(shares) if width >= NARROW * len(shares) else 2 if width >= NARROW * 2 else 1
    rows = [shares[k : k + a_row] for k in range(0, len(shares), a_row)]
    if width < NARROW * len(shares):
        rows = [[1.0] * len(row) for row in rows]
        height = min(height, NARROW + BOTTOM + TOP)
    boxes: list[Box] = []
    for k, row in enumerate(rows):
        room, x = width - LEFT - RIGHT - GAP * (len(row) - 1), float(LEFT)
        bottom = height * (len(rows) - 1 - k) + BOTTOM
        for share in row:
            wide = room * share / sum(row)
            boxes.append(
                (x / width, bottom / (height * len(rows)), wide / width, (height - BOTTOM - TOP) / (height * len(rows)))
            )
            x += wide + GAP
    return boxes, width, height * len(rows)


def _flat(things: Iterable[Any]) -> Iterable[Artist]:
    for thing in things:
        if isinstance(thing, Artist):
            yield thing
        elif isinstance(thing, dict):
            yield from _flat(thing.values())
        elif isinstance(thing, (list, tuple)):
            yield from _flat(thing)
