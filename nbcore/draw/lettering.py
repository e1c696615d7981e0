"""Text for pictures full of numbers that change: letters are drawn once and kept.

matplotlib lays out and draws every letter anew each time, half a millisecond a number. Here a number is put
together from images of its letters, at quarters of a pixel; formulas ($...$) are kept whole.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from nbcore.draw.fonts import pieces

PHASES = 4  # positions within a pixel
MARGIN = 3  # pixels around a letter: slanted ones reach beyond their place


class Line(Text):
    """One line of text like matplotlib's, on its baseline, many times as quick when letters come again."""

    def draw(self, renderer: Any) -> None:
        self.stale = False
        words = self.get_text()
        if not words or not self.get_visible():
            return
        alpha = self.get_alpha()
        color = to_rgba(self.get_color(), alpha)
        image, wide, down = _line(words, self.get_fontproperties(), float(renderer.dpi), color)
        x, y = self.get_transform().transform(self.get_position())
        x -= wide * {"left": 0.0, "center": 0.5, "right": 1.0}[self.get_horizontalalignment()]
        gc = renderer.new_gc()
        renderer.draw_image(gc, round(x) - MARGIN, round(y) - down, image)
        gc.restore()


def line(axes: Any, x: float, y: float, words: str = "", **more: Any) -> Line:
    """Adds a line of text to the axes, at data coordinates; takes what `axes.text` takes."""
    made = Line(x, y, words, transform=axes.transData, **{"va": "baseline", **more})
    axes.add_artist(made)
    made.set_clip_on(False)
    return made


def text_width(words: str, points: float, bold: bool = False) -> float:
    """How wide a line of plain text in this size is, in CSS pixels."""
    return points * sum(_share(letter, bold) for letter in words)


@lru_cache(maxsize=1024)
def _share(letter: str, bold: bool) -> float:
    font = FontProperties(family="DejaVu Sans", size=20, weight="bold" if bold else "normal")
    return _advance(letter, font, 100.0) / 20


def written(
    words: str, font: FontProperties, dpi: float, color: tuple[float, ...], formulas: bool = True
) -> tuple[np.ndarray, float, int]:
    """A line as an image in this color, rows upward; how wide it is; and how far it reaches below the baseline.

    Without `formulas` a dollar sign is one: names that people give are drawn as they are.
    """
    if formulas and words.count("$") >= 2:
        mask, wide, down = _formula(words, font, dpi)
    else:
        images, wide = [], 0.0
        for run, face, as_a_whole in pieces(words, font):
            for letters in [run] if as_a_whole else run:
                whole, part = divmod(round(wide * PHASES), PHASES)
                images.append((whole, _letter(letters, face, dpi, part)))
                wide += _advance(letters, face, dpi)
        tall, down = images[0][1].shape[0], _below(font, dpi)
        mask = np.zeros((tall, max(at + image.shape[1] for at, image in images)), np.uint8)
        for at, image in images:
            here = mask[:, at : at + image.shape[1]]
            np.maximum(here, image, out=here)
    rgba = np.empty((*mask.shape, 4), np.uint8)
    rgba[..., :3] = np.round(np.array(color[:3]) * 255)
    rgba[..., 3] = mask if color[3] == 1 else np.round(mask * color[3])
    return rgba[::-1], wide, down


_line = lru_cache(maxsize=4096)(written)


def _below(font: FontProperties, dpi: float) -> int:
    return math.ceil(font.get_size_in_points() * dpi / 72 * 0.5) + MARGIN


@lru_cache(maxsize=4096)
def _letter(letter: str, font: FontProperties, dpi: float, part: int) -> np.ndarray:
    """One letter, or several that join, `part` phases to the right of a whole pixel, as coverage from 0 to 255."""
    size = font.get_size_in_points() * dpi / 72
    down = _below(font, dpi)
    wide = math.ceil(_advance(letter, font, dpi)) + 2 * MARGIN + 1
    return _drawn(letter, font, dpi, wide, math.ceil(size * 1.3) + down, MARGIN + part / PHASES, down, False)


@lru_cache(maxsize=1024)
def _advance(letter: str, font: FontProperties, dpi: float) -> float:
    # Nine against one: the margins of the outermost letters cancel.
    nine, one = (_size(letter * n, font, dpi, False)[0] for n in (9, 1))
    return (nine - one) / 8


@lru_cache(maxsize=512)
def _formula(words: str, font: FontProperties, dpi: float) -> tuple[np.ndarray, float, int]:
    wide, tall, below = _size(words, font, dpi, True)
    down = math.ceil(below) + MARGIN
    rows = math.ceil(tall) + 2 * MARGIN + 1
    mask = _drawn(words, font, dpi, math.ceil(wide) + 2 * MARGIN + 1, rows, MARGIN, down, True)
    return mask, wide, down


def _size(words: str, font: FontProperties, dpi: float, formula: bool) -> tuple[float, float, float]:
    return RendererAgg(1, 1, dpi).get_text_width_height_descent(words, font, formula)


def _drawn(
    words: str, font: FontProperties, dpi: float, wide: int, tall: int, x: float, down: int, formula: bool
) -> np.ndarray:
    renderer = RendererAgg(wide, tall, dpi)
    gc = renderer.new_gc()
    renderer.draw_text(gc, x, tall - down, words, font, 0, ismath=formula)
    gc.restore()
    return np.array(renderer.buffer_rgba())[..., 3]
