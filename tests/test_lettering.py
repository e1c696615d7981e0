"""Lines of text put together from kept letters stand where matplotlib's own would, and look like them."""

import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from nbcore.draw import fonts
from nbcore.draw.lettering import line, written


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


# ---- Names as people give them


def words(text, formulas=False):
    """The image of a line, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return written(text, FontProperties(family="DejaVu Sans", size=10), 100.0, (0, 0, 0, 1), formulas)[0][..., 3]


@pytest.mark.parametrize("name", ["$0-$25", "US$_per_$", "$", "$$", r"\$x$", r"$\frac{"])
def test_a_dollar_sign_is_one(name):
    """Its letters side by side, and no formula: what stands between two dollar signs isn't slanted."""
    single = sum((words(letter) > 100).sum() for letter in name)
    assert (words(name) > 100).sum() == pytest.approx(single, rel=0.35)
    assert words(name).shape[1] > 5 * len(name)


@pytest.mark.parametrize(
    "name", ["长度", "猫", "개", "ネコ", "سمك", "מים", "मछली", "ปลา", "🐟", "a\nb", "e\u0301", "\u200bx"]
)
def test_any_script_is_drawn_without_a_warning(name):
    assert words(name).max() > 100


def test_a_letter_that_dejavu_lacks_comes_from_a_font_that_has_it(monkeypatch):
    """As on a system without such a font, and on one with it."""
    letter = "猫"
    monkeypatch.setattr(fonts, "_others", lambda: [])
    fonts.file_with.cache_clear()
    assert next(fonts.pieces(f"a{letter}", FontProperties()))[0] == f"a{fonts.NONE}"
    fonts.file_with.cache_clear()
    monkeypatch.setattr(fonts, "_others", lambda: ["no file", "a file"])
    letters = fonts._letters
    monkeypatch.setattr(fonts, "_letters", lambda file: {ord(letter)} if file == "a file" else letters(file))
    (run, own, _), (other, face, _) = fonts.pieces(f"a{letter}", FontProperties(family="DejaVu Sans"))
    assert (run, other) == ("a", letter)
    assert (own.get_file(), face.get_file()) == (None, "a file")
    fonts.file_with.cache_clear()


def test_letters_that_join_are_drawn_together():
    runs = [(run, whole) for run, _, whole in fonts.pieces("ab سمك", FontProperties())]
    assert runs == [("ab ", False), ("سمك", True)]
