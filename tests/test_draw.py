"""The stage, the look and the shared shapes: sharp, legible, redrawn without leftovers."""

import colorsys
import io
import itertools
import warnings

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from nbcore.draw import Page, Stage, boundary, mark_surface, unit_grid
from nbcore.draw.style import DARK, LIGHT, theme

THEMES = [LIGHT, DARK]


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


def draw_line(axes, artists, result):
    if not artists:
        axes[0].set(xlim=(0, 1), ylim=(0, 1), xlabel="$x_1$", ylabel="$a$")
        axes[0].set_title("A line")
        axes[0].grid(True)
        artists["line"] = axes[0].plot([], [], color=theme().accent)[0]
        artists["more"] = {"points": [axes[0].plot([], [], "o", color=theme().low)[0]]}
    artists["line"].set_data([0, 1], result)
    artists["more"]["points"][0].set_data([0.5], [np.mean(result)])


def stage(page=None, panels=(1,), height=300, draw=draw_line):
    return Stage(draw, page or Page(), panels, height)


@pytest.mark.parametrize("ratio", [1, 1.25, 2, 3])
def test_a_picture_has_the_pixels_of_its_page(ratio):
    shown = stage(Page(width=500, ratio=ratio))
    assert pixels(shown.render([0, 1])).shape == (300 * ratio, 500 * ratio, 3)


def test_formats_show_the_same():
    shown = stage()
    exact = pixels(shown.render([0, 1], "png"))
    for format, limit in (("jpeg", 1.0), ("palette", 1.0)):
        assert np.abs(pixels(shown.render([0, 1], format)) - exact).mean() < limit
    assert (pixels(shown.render([0, 1], "png")) == exact).all()


def test_blitting_leaves_nothing_behind():
    shown = stage()
    for result in ([0, 1], [1, 0], [0.2, 0.9], [0, 0]):
        assert shown.render(result) == stage().render(result)


def test_a_change_of_axes_is_drawn_too():
    def draw(axes, artists, result):
        draw_line(axes, artists, result)
        axes[0].set_ylim(0, max(result))
        axes[0].set_title(f"up to {max(result)}")

    shown = stage(draw=draw)
    for result in ([0, 1], [0, 5], [0, 5], [0, 2]):
        assert shown.render(result) == stage(draw=draw).render(result)


def test_only_the_first_drawing_costs_a_whole_redraw(monkeypatch):
    shown = stage()
    drawn = []
    original = shown.canvas.draw
    monkeypatch.setattr(shown.canvas, "draw", lambda: drawn.append(1) or original())
    for k in range(5):
        shown.render([0, k / 5])
    assert len(drawn) == 1


def test_matplotlibs_own_settings_stay_as_they_are():
    before = dict(mpl.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stage(Page(dark=True)).render([0, 1])
    assert dict(mpl.rcParams) == before
    assert theme() is LIGHT


@pytest.mark.parametrize("draws", [1, 2])
def test_a_dark_page_gets_a_dark_picture_with_light_letters(draws):
    """Also when axes change later: ticks that matplotlib makes then must not come in its own colors."""

    def draw(axes, artists, result):
        draw_line(axes, artists, result)
        axes[0].set_xlim(0, result[0])

    shown = stage(Page(dark=True, background="#202020"), draw=draw)
    for k in range(draws):
        image = pixels(shown.render([10**k, 1]))
    assert (image[0, 0] == 0x20).all()
    assert (image >= 0x1C).all(), "something is drawn in black on the dark page"
    below = image[-38:, :]
    assert below.max() > 200, "no light letters below the axes"


@pytest.mark.parametrize("panels", [(1,), (1, 1), (0.85, 1), (1, 1, 0.8), (1, 1, 1, 1)])
@pytest.mark.parametrize("width", [320, 431, 629, 630, 900, 1280])
def test_panels_never_overlap_nor_leave_the_picture(panels, width):
    shown = stage(Page(width=width), panels, draw=lambda axes, artists, result: None)
    boxes = [axes.get_position() for axes in shown.axes]
    assert len(boxes) == len(panels)
    for box in boxes:
        assert 0 < box.x0 < box.x1 < 1
        assert 0 < box.y0 < box.y1 < 1
        assert box.width * width > 100, "too narrow to read"
        assert box.height * shown.height > 100, "too low to read"
    for one, other in itertools.combinations(boxes, 2):
        assert one.x1 < other.x0 or other.x1 < one.x0 or one.y1 < other.y0 or other.y1 < one.y0


@pytest.mark.parametrize("width", [320, 431, 640, 900, 1280])
@pytest.mark.parametrize("square", [(0, 1), (0,), (1,), (0, 1, 2)], ids=str)
def test_square_panels_leave_no_holes_and_stand_level(width, square):
    def draw(axes, artists, result):
        for k in square:
            axes[k].set_box_aspect(1)

    shown = stage(Page(width=width), (1, 1, 0.8), draw=draw)
    image = Image.open(io.BytesIO(shown.render(None)))
    assert image.size == (shown.width, shown.height)
    boxes = [axes.get_window_extent() for axes in shown.axes]  # as drawn, after matplotlib squared them
    given = [axes.get_position(original=True).transformed(shown.figure.transFigure) for axes in shown.axes]
    for k, (box, room) in enumerate(zip(boxes, given, strict=True)):
        assert np.abs(box.extents - room.extents).max() < 1, "a hole beside a square panel"
        assert k not in square or box.width == pytest.approx(box.height, abs=1)
        assert min(box.width, box.height) > 100, "too small to read"
        assert box.x0 > 0
        assert box.x1 < width
    for one, other in itertools.combinations(boxes, 2):
        if abs(one.y1 - other.y1) < 2:
            assert one.height == pytest.approx(other.height, abs=1)
        assert one.x1 < other.x0 or other.x1 < one.x0 or one.y0 > other.y1 or other.y0 > one.y1


def luminance(color):
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in mpl.colors.to_rgb(color))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", THEMES, ids=lambda look: look.name)
def test_colors_can_be_read(look):
    """WCAG 2.2: 4.5 to 1 for text (1.4.3), 3 to 1 for what one must tell apart (1.4.11)."""
    assert contrast(look.ink, look.paper) > 7
    for color in (look.accent, look.second):  # they also write words
        assert contrast(color, look.paper) > 4.5
    for color in (look.low, look.high, look.soft):
        assert contrast(color, look.paper) > 3
    for color in (look.surface[0], look.surface[-1]):
        assert contrast(look.ink, color) > 3, "the boundary on the surface"


# Viénot, Brettel and Mollon 1999, in linear RGB.
PROTAN = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
DEUTAN = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])


@pytest.mark.parametrize("look", THEMES, ids=lambda look: look.name)
@pytest.mark.parametrize("eye", [PROTAN, DEUTAN], ids=["protan", "deutan"])
def test_classes_differ_for_color_blind_eyes(look, eye):
    low, high = (eye @ (np.array(mpl.colors.to_rgb(c)) ** 2.2) for c in (look.low, look.high))
    assert np.abs(low - high).max() > 0.2
    hues = [colorsys.rgb_to_hsv(*np.clip(c, 0, 1))[0] for c in (low, high)]
    assert abs(hues[0] - hues[1]) > 0.3  # one stays blue, the other yellow


def plane(heights, extent=(-2, 2, -1, 3), **page):
    def draw(axes, artists, result):
        if not artists:
            axes[0].set(xlim=extent[:2], ylim=extent[2:])
            axes[0].set_axis_off()
            artists["surface"] = mark_surface(axes[0], extent)
        artists["surface"].set_data(result)

    shown = stage(Page(**page), draw=draw)
    image = pixels(shown.render(heights))
    box = shown.axes[0].get_window_extent()
    x, y = round(box.x0), round(box.y0)
    return image[::-1][y + 1 : round(box.y1) - 1, x + 1 : round(box.x1) - 1]  # rows upward


def test_a_surface_has_its_heights_where_they_belong():
    rows, columns = np.mgrid[0:1:9j, 0:1:9j]
    for heights, corner in ((columns, (0, -1)), (rows, (-1, 0))):
        image = plane(heights)
        assert np.abs(image[0, 0] - mpl.colors.to_rgba_array(LIGHT.surface[0])[0, :3] * 255).max() < 5
        assert np.abs(image[corner] - mpl.colors.to_rgba_array(LIGHT.surface[-1])[0, :3] * 255).max() < 5


def test_a_surface_changes_color_where_its_boundary_is():
    grid, ticks = unit_grid(2.0, 24)
    heights = (1 / (1 + np.exp(-20 * (grid[:, 0] + 0.5 * grid[:, 1] - 1.2)))).reshape(24, 24)
    image = plane(heights, (-2, 2, -2, 2))
    middle = LIGHT.colormap(0.5)
    assert middle[2] > 0.9
    (line,) = boundary(ticks, heights, 0.5)
    for x, y in line[2:-2]:
        row, column = (round((v + 2) / 4 * n) for v, n in zip((y, x), image.shape, strict=False))
        left, right = image[row, max(column - 8, 0)], image[row, min(column + 8, image.shape[1] - 1)]
        assert left[2] > left[0]  # blue
        assert right[0] > right[2]  # orange


def test_heights_beyond_the_scale_take_the_last_color():
    image = plane(np.array([[-1e300, 1e300], [-1e300, 1e300]]))
    assert np.abs(image[5, 0] - mpl.colors.to_rgba_array(LIGHT.surface[0])[0, :3] * 255).max() < 5


def test_a_boundary_lies_on_its_level():
    grid, ticks = unit_grid(1.0, 30)
    heights = (grid[:, 0] - 2 * grid[:, 1] + 0.3).reshape(30, 30)
    (line,) = boundary(ticks, heights)
    assert np.abs(line[:, 0] - 2 * line[:, 1] + 0.3).max() < 1e-12
    assert boundary(ticks, heights + 10) == []
