"""Pieces that several pictures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from contourpy import LineType, contour_generator

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


def mark_surface(axes: Any, limit: float, low: float = 0.0, high: float = 1.0) -> Any:
    """An empty image over [-limit, limit]^2, to be filled by set_data: blue for low, orange for high."""
    return axes.imshow(
        np.zeros((2, 2)),
        extent=(-limit, limit, -limit, limit),
        origin="lower",
        cmap=theme().colormap,
        vmin=low,
        vmax=high,
        interpolation="bilinear",
        aspect="auto",
        zorder=0,
    )


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
