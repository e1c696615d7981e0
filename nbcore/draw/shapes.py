"""Pieces that several pictures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from contourpy import LineType, contour_generator
from matplotlib.artist import Artist
from PIL import Image

from nbcore.draw.style import theme


def unit_grid(limit: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n x n points over the square [-limit, limit]^2, as rows (n*n, 2), and their n coordinates."""
    ticks = np.linspace(-limit, limit, n)
    x1, x2 = np.meshgrid(ticks, ticks)
    return np.stack([x1.ravel(), x2.ravel()], axis=1), ticks


def boundary(ticks: np.ndarray, heights: np.ndarray, level: float = 0.0) -> list[np.ndarray]:
    """The lines on which heights (n, n) equal `level`, each an array of points (k, 2)."""
    lines: Any = contour_generator(ticks, ticks, heights, line_type=LineType.Separate).lines(level)
    return lines


class Surface(Artist):
    """Heights (n, n) at even steps over [left, right] x [bottom, top], rows upward, smoothed and colored.

    As imshow, at a fraction of its time, which was half of a whole move. And the outermost heights lie on the
    border itself, not half a step inside it, so that lines drawn by `boundary` lie where the color changes.
    """

    def __init__(self, extent: tuple[float, float, float, float], low: float, high: float) -> None:
        super().__init__()
        self.extent, self.low, self.high = extent, low, high
        self.palette = (theme().colormap(np.arange(256))[:, :3] * 255).round().astype(np.uint8).tobytes()
        self.heights = np.full((2, 2), low)
        self.set_zorder(0)

    def set_data(self, heights: np.ndarray) -> None:
        self.heights, self.stale = heights, True

    def draw(self, renderer: Any) -> None:
        left, right, bottom, top = self.extent
        corners = self.axes.transData.transform([(left, bottom), (right, top)])  # type: ignore[union-attr]
        (x, y), (x_end, y_end) = np.rint(corners).astype(int).tolist()
        rows, columns = self.heights.shape
        level = (self.heights[::-1] - self.low) * (255 / (self.high - self.low))
        image = Image.fromarray(np.clip(level, 0, 255).astype(np.float32)).resize(
            (x_end - x, y_end - y), Image.Resampling.BILINEAR, box=(0.5, 0.5, columns - 0.5, rows - 0.5)
        )
        image = image.convert("L")
        image.putpalette(self.palette)
        gc = renderer.new_gc()
        gc.set_clip_rectangle(self.axes.bbox)  # type: ignore[union-attr]
        renderer.draw_image(gc, x, y, np.asarray(image.convert("RGBA"))[::-1])
        gc.restore()


def mark_surface(axes: Any, extent: tuple[float, float, float, float], low: float = 0.0, high: float = 1.0) -> Surface:
    """An empty surface over (left, right, bottom, top), to be filled by set_data: blue for low, orange for high."""
    surface = Surface(extent, low, high)
    axes.add_artist(surface)
    return surface


def class_points(axes: Any, size: float = 4.5) -> list[Any]:
    """Two empty sets of points: class 0 as blue circles, class 1 as orange squares."""
    look = theme()
    return [
        axes.plot([], [], m, color=c, markersize=s, markeredgecolor=look.paper, markeredgewidth=0.6, zorder=3)[0]
        for m, c, s in (("o", look.low, size + 0.5), ("s", look.high, size))
    ]


def number_line(axes: Any, low: float, high: float) -> None:
    """x limits and a faint grid, for functions of one number."""
    axes.set_xlim(low, high)
    axes.grid(True)
