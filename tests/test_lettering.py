"""Lines of text put together from kept letters stand where matplotlib's own would, and look like them."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nbcore.draw.lettering import line


def drawn(make, words, ratio, **more):
    figure = Figure(figsize=(3, 0.6), dpi=100 * ratio)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    make(axes, 0.5, 0.4, words, **more)
    canvas.draw()
    return 255 - np.asarray(canvas.buffer_rgba())[..., :3].mean(axis=-1)


def edges(ink):
    rows, columns = (np.flatnonzero((ink > 60).any(axis=axis)) for axis in (1, 0))
    return np.array([rows[0], rows[-1], columns[0], columns[-1]])


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("ha", ["left", "center", "right"])
@pytest.mark.parametrize("style", [{}, {"style": "italic"}, {"weight": "bold"}], ids=["plain", "italic", "bold"])
@pytest.mark.parametrize("words", ["−0.02260", "0.2983711088", "∂ 1.234e−5", "→ 0.3589", r"$w^{(1)}_{11}$"])
def test_as_matplotlib_would(words, style, ha, ratio):
    more = {"fontsize": 9, "ha": ha, **style}
    ours = drawn(line, words, ratio, **more)
    theirs = drawn(
        lambda axes, x, y, words, **more: axes.text(x, y, words, va="baseline", **more), words, ratio, **more
    )
    assert np.abs(edges(ours) - edges(theirs)).max() <= 2
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.12)


def test_colors_and_transparency():
    dark = drawn(line, "8", 2, fontsize=20, color="black").max()
    half = drawn(line, "8", 2, fontsize=20, color="black", alpha=0.5).max()
    assert dark > 240
    assert 110 < half < 145
    assert drawn(line, "", 1).max() == 0
