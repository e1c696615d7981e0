"""The playground's picture: its marks stand for the View's numbers, it is redrawn without leftovers, and can be hit."""

import dataclasses
import io
import itertools
import re

import numpy as np
import pytest
from PIL import Image

from nbcore.draw import Page, Stage, style
from nbcore.draw.ink import Cells, Mosaic, Stroke, Word, Words, font, rgb
from nbcore.draw.lettering import written
from nbcore.draw.playground import HEIGHT, LAYOUT, Shot, Side, curves, draw_playground, hit, inside, network, says
from nbcore.draw.playground.layout import plan
from nbcore.draw.playground.network import net_of
from nbcore.draw.style import DARK, LIGHT
from nbcore.play import A_EDGES, FEATURES, G_EDGES, Run, Settings, own_data

WIDTHS = [960, 700, 420]


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


def side(run, name=""):
    steps, curves = run.curves
    return Side(name, run.settings, run.problem, run.view(), steps, curves[:, 0], curves[:, 1])


def trained(updates, own=None, **fields):
    run = Run(Settings(**fields), own)
    run.advance(updates)
    return run


def stage(width=960, **page):
    return Stage(draw_playground, Page(width, **page), LAYOUT, HEIGHT)


def drawn(shot, width=960, **page):
    """Laid out, but no pixels yet."""
    shown = stage(width, **page)
    with style.using(shown.page.theme, shown.page.theme.paper):
        draw_playground(shown.axes, shown.artists, shot)
    shown.height = round(100 * shown.figure.get_size_inches()[1])
    return shown


def texts(shown):
    return [w.text for a in shown.axes[0].get_children() if isinstance(a, Words) for w in a.items]


def own(kind):
    rng = np.random.default_rng(7)
    X = rng.normal(
        size=(90, {"line": 1, "three classes": 2, "two names": 2, "numbers": 5, "words": 3, "many inputs": 30}[kind])
    )
    if kind == "three classes":
        return own_data(X, np.array(["red", "green", "blue"])[np.digitize(X.sum(axis=1), [-0.7, 0.7])])
    if kind == "two names":
        return own_data(X, np.where(X[:, 0] > 0, "yes", "no"), inputs=["hours of learning for it", "coffee, in cups"])
    if kind == "words":
        return own_data(X, np.where(X[:, 0] > 0, "yes", "no"), inputs=["age of the person", "height", "x"])
    return own_data(X, np.sin(2 * X[:, 0]) + 0.1 * rng.normal(size=90))


def alone(name):
    many = {
        "start": lambda: trained(0),
        "moons": lambda: trained(300),
        "no hidden layer": lambda: trained(200, hidden=()),
        "dead": lambda: trained(60, hidden=((6, "relu"), (5, "relu")), eta=20.0, loss="mse", scale=2.0),
        "zeros": lambda: trained(3, init="zeros", hidden=((4, "relu"),)),
        "two outputs": lambda: trained(100, output="softmax", hidden=((3, "elu"),)),
        "plane": lambda: trained(200, data="plane", hidden=((4, "sigmoid"),)),
        "digits": lambda: trained(60, data="digits", n=500, hidden=((16, "relu"), (6, "tanh")), batch=32),
        "digits, linear": lambda: trained(30, data="digits", n=300, hidden=()),
        "deep": lambda: trained(
            20, data="spirals", hidden=((16, "leaky_relu"),) * 6, features=tuple(FEATURES), data_seed=3
        ),
    }  # fmt: skip
    if name in many:
        return side(many[name]())
    return side(trained(100, own(name), data="own", hidden=((4, "softplus"), (3, "tanh")), eta=0.02))


ALONE = [
    "start", "moons", "no hidden layer", "dead", "zeros", "two outputs", "plane", "digits", "digits, linear", "deep",
    "line", "three classes", "two names", "numbers", "words", "many inputs",
]  # fmt: skip
_kept = {}


def shot(name):
    """Each made once."""
    if name not in _kept:
        if name == "A and B":
            a = trained(150, data="rings", hidden=((8, "sigmoid"), (8, "sigmoid")))
            b = trained(150, data="rings", hidden=((8, "relu"), (8, "relu")))
            _kept[name] = Shot((side(a, "A"), side(b, "B")), (2, 1, 3), True)
        elif name == "two losses":
            a, b = (
                trained(50, data="digits", n=300, hidden=((5, "tanh"),), loss=loss) for loss in ("mse", "softmax_ce")
            )
            _kept[name] = Shot((side(a, "A"), side(b, "B")))
        elif name == "deep A and B":
            runs = [trained(40, hidden=((16, phi),) * deep) for phi, deep in (("leaky_relu", 6), ("sigmoid", 3))]
            _kept[name] = Shot(tuple(map(side, runs, "AB")))
        elif name == "digits A and B":
            runs = [trained(20, data="digits", n=300, hidden=((n, "tanh"),)) for n in (5, 16)]
            _kept[name] = Shot(tuple(map(side, runs, "AB")), (1, 3, 20))
        else:
            _kept[name] = Shot((alone(name),), (1, 0, 1 if name != "line" else 0), True)
    return _kept[name]


CROWDED = ["deep", "many inputs", "numbers", "words", "deep A and B", "digits A and B"]
EVERY = [*ALONE, "A and B", "two losses", "deep A and B", "digits A and B"]


# ---- What is drawn stands for the View's numbers


@pytest.mark.parametrize(("name", "every"), [("moons", 1), ("A and B", 2), ("deep", 4), ("digits A and B", 2)])
def test_moving_pictures_catch_up_with_every_edge(name, every):
    later = shot(name)
    begun = dataclasses.replace(
        later,
        sides=tuple(dataclasses.replace(one, view=Run(one.settings).view()) for one in later.sides),
    )
    exact, shown = pixels(stage().render(later)), stage()
    assert np.array_equal(pixels(shown.render(begun)), pixels(stage().render(begun)))
    moving = dataclasses.replace(later, moving=True)
    pictures = [pixels(shown.render(moving)) for _ in range(every)]
    assert [np.array_equal(one, exact) for one in pictures] == [False] * (every - 1) + [True]
    assert not np.array_equal(pixels(shown.render(dataclasses.replace(begun, moving=True))), exact)
    assert np.array_equal(pixels(shown.render(later)), exact), "once still, all of it is new"
    assert np.array_equal(pixels(stage().render(moving)), exact), "the first picture of a stage is whole"


@pytest.mark.parametrize("name", ["moons", "deep", "two outputs", "numbers", "A and B", "dead"])
def test_every_edge_has_the_width_and_the_sign_of_its_weight(name):
    this = shot(name)
    artists = drawn(this).artists
    for k, one in enumerate(this.sides):
        net = net_of(one, plan(960, len(this.sides)).nets[k])
        for m, W in enumerate(one.view.numbers.W, start=1):
            found = {}
            for stroke in itertools.chain(*artists["edges"].items):
                if stroke.name.startswith(f"edges {one.name}{m} "):
                    for line in stroke.lines:
                        assert line.tobytes() not in found, "an edge is drawn twice"
                        found[line.tobytes()] = stroke
            assert len(found) == np.count_nonzero(W)
            for j, i in itertools.product(*map(range, W.shape)):
                if W[j, i] == 0:
                    continue
                stroke = found[net.lines[m - 1][j, i].tobytes()]
                assert stroke.color == rgb(LIGHT.high if W[j, i] > 0 else LIGHT.low)
                assert bool(stroke.dash) == (W[j, i] < 0)
                t = abs(W[j, i]) / (abs(W[j, i]) + 1.5)
                middle = (np.ceil(t * 12) - 0.5) / 12
                assert stroke.width == pytest.approx(max(0.5, 9 * middle * net.thin))


def test_widths_grow_with_the_weight():
    w = np.array([0, 1e-9, 0.1, 0.5, 1.5, 3, 10, 1e300])
    for values in (w, -w):
        assert (np.diff(network.weight_width(values)) > 0).all()
        assert network.weight_width(values).max() <= 1
    assert network.weight_width(np.array([1.5])) == 0.5


def test_tiles_are_what_the_units_see():
    one = shot("moons").sides[0]
    tiles = drawn(shot("moons")).artists["tiles"]
    for m, maps in enumerate(one.view.maps, start=1):
        (cells,) = tiles.named(f"units{m}")
        assert np.allclose(cells.levels, (maps + 1) / 2)  # tanh, from -1 to 1
    (cells,) = tiles.named("units3")
    assert np.allclose(cells.levels, one.view.surface)
    (cells,) = tiles.named("surface")
    assert np.allclose(cells.levels, one.view.surface)
    for m, name in ((1, "dead"), (1, "three classes")):
        relu = shot(name).sides[0].view.maps[m - 1]
        (cells,) = drawn(shot(name)).artists["tiles"].named(f"units{m}")
        for levels, heights in zip(cells.levels, relu, strict=True):
            top = np.abs(heights).max()
            assert np.allclose(levels, 0.5 + 0.5 * heights / top if top else 0.5)


def test_digits_show_the_weights_of_each_unit_as_an_image():
    one = shot("digits").sides[0]
    (cells,) = drawn(shot("digits")).artists["tiles"].named("units1")
    W = one.view.numbers.W[0]
    assert cells.levels.shape == (16, 8, 8)
    for j, image in enumerate(cells.levels):
        expected = 0.5 + 0.5 * W[j].reshape(8, 8) / np.abs(W[j]).max()
        assert np.allclose(image[::-1], expected)  # pixel rows go down, those of the picture up


def test_tiles_without_a_plane_say_the_mean_activation():
    one = shot("numbers").sides[0]
    words = drawn(shot("numbers")).artists["words"].named("mean")
    means = np.concatenate(one.view.inside.means)
    assert len(words) == len(means) == 8
    for word, mean in zip(words, means, strict=True):
        assert abs(float(word.text.replace("−", "-")) - mean) <= 0.00501


@pytest.mark.parametrize("name", ["dead", "digits", "zeros", "deep"])
def test_dead_and_saturated_units_are_marked_and_counted(name):
    this = shot(name)
    artists, inside = drawn(this).artists, this.sides[0].view.inside
    seen = 0
    for m, (dead, share) in enumerate(zip(inside.dead_units, inside.saturated_units, strict=True), start=1):
        if m == len(inside.dead_units):  # with cross-entropy a sure output is no fault
            dead, share = dead & False, share * 0
        flat = (share >= 0.9) & ~dead
        middles = net_of(this.sides[0], plan(960, 1).nets[0]).middles(m)
        for kind, which in (("dead", dead), ("flat", flat), ("plain", ~dead & ~flat)):
            frames = [s for s in artists["over"].named(f"{kind}{m}") if len(s.lines)]
            assert bool(frames) == bool(which.any())
            if frames:
                centers = (frames[0].lines.max(axis=1) + frames[0].lines.min(axis=1)) / 2
                assert np.allclose(centers, middles[which])
                assert bool(frames[0].dash) == (kind == "dead")
        crosses = artists["over"].named(f"cross{m}")
        assert sum(len(s.lines) for s in crosses) == dead.sum()
        words = " ".join(word.text for word in artists["words"].named(f"marked{m}"))
        assert (f"{dead.sum()} dead" in words) == bool(dead.any())
        if flat.any() and not dead.any():
            assert f"{flat.sum()} sat." in words
        seen += dead.sum() + flat.sum()
    assert seen or name == "deep"


def test_a_sure_output_is_marked_only_where_its_slope_stays_in_the_gradient():
    """Of a matching pair the slope cancels: there a saturated output is a success, with squared error a fault."""
    for loss, marked in (("auto", False), ("mse", True)):
        run = trained(1500, data="rings", eta=1.0, output="sigmoid", loss=loss)
        assert run.numbers().score_test > 0.95
        one = side(run)
        found = one.view.inside
        assert found.saturated[-1] > 0.5
        table = drawn(Shot((one,))).artists["words"].named("saturated")
        assert [word.bold for word in table][-1] == marked
        assert table[-1].text.endswith("%")
        frames = drawn(Shot((one,))).artists["over"].named("flat3")
        assert bool(frames) == (marked and bool((found.saturated_units[-1] >= 0.9).any()))


def test_the_dead_are_there_to_be_seen():
    assert any(units.any() for units in shot("dead").sides[0].view.inside.dead_units)


@pytest.mark.parametrize("name", ["moons", "A and B", "deep A and B", "dead", "start", "plane"])
@pytest.mark.parametrize("width", WIDTHS)
def test_curves_are_the_losses(name, width):
    this = shot(name)
    artists = drawn(this, width).artists
    x, y, wide, tall = plan(width, len(this.sides)).loss
    low, high = curves.loss_range(this)
    most = max(1, *(one.view.numbers.step for one in this.sides))
    for one in this.sides:
        n = one.view.numbers
        for what, losses, now in (("train", one.losses, n.loss), ("test", one.losses_test, n.loss_test)):
            (stroke,) = [s for s in artists["over"].named(f"{what}{one.name}") if isinstance(s, Stroke)]
            (line,) = stroke.lines
            steps = (line[:, 0] - x) / wide * most
            values = low * (high / low) ** (1 - (line[:, 1] - y) / tall)
            count = len(losses)
            assert np.allclose(steps[:count], one.steps)
            assert np.allclose(values[:count], np.maximum(losses, 1e-12), rtol=1e-9)
            assert steps[-1] == pytest.approx(n.step)
            assert values[-1] == pytest.approx(max(now, 1e-12), rel=1e-9)
            assert (values >= low * 0.999).all()
            assert (values <= high * 1.001).all()
            (word,) = artists["words"].named(f"loss {what}{one.name}")
            assert float(word.text.split()[-1]) == pytest.approx(now, rel=0.006)


def test_curves_go_on_to_the_loss_of_now():
    one = shot("moons").sides[0]
    numbers = dataclasses.replace(one.view.numbers, loss=0.031, step=one.view.numbers.step + 50)
    this = Shot((dataclasses.replace(one, view=dataclasses.replace(one.view, numbers=numbers)),))
    (curve,) = [s for s in drawn(this).artists["over"].named("train") if isinstance(s, Stroke)]
    x, y, wide, tall = plan(960, 1).loss
    low, high = curves.loss_range(this)
    assert curve.lines.shape[1] == len(one.steps) + 1
    assert curve.lines[0, -1, 0] == pytest.approx(x + wide)
    assert low * (high / low) ** (1 - (curve.lines[0, -1, 1] - y) / tall) == pytest.approx(0.031)


def test_ticks_of_the_losses_stand_at_their_numbers():
    this = shot("moons")
    words = drawn(this).artists["words"].named("decade")
    _, y, _, tall = plan(960, 1).loss
    low, high = curves.loss_range(this)
    assert len(words) >= 2
    for word in words:
        value = low * (high / low) ** (1 - (word.y - 4 - y) / tall)
        assert float(word.text.replace("−", "-")) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "ends"),
    [([0.7, 0.02], (0.02, 1)), ([1, 1], (1, 5)), ([0, 3], (1e-12, 5)), ([1e300, 0.1], (0.1, 1e300))],
)
def test_the_axis_of_losses_ends_at_round_numbers(values, ends):
    one = shot("start").sides[0]
    numbers = dataclasses.replace(one.view.numbers, loss=values[0], loss_test=values[1])
    view = dataclasses.replace(one.view, numbers=numbers)
    one = dataclasses.replace(one, view=view, losses=np.array(values[:1]), losses_test=np.array(values[1:]))
    assert curves.loss_range(Shot((one,))) == pytest.approx(ends)


@pytest.mark.parametrize("name", ["moons", "digits", "A and B", "dead", "zeros", "deep"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_table_holds_the_inside_of_every_layer(name, width):
    this = shot(name)
    artists = drawn(this, width).artists
    tables = plan(width, len(this.sides)).tables
    _, row = inside.rows_of(this.sides)
    for one in this.sides:
        seen = one.view.inside
        for key, values, low, high in (("norm", seen.norms, -12, 2), ("ratio", seen.ratio, -6, 0)):
            column = "g" if key == "norm" else "ratio"
            top, columns = next((t, c) for t, c in tables if column in c)
            marks = artists["over"].named(f"{key}{one.name}")
            assert [m.marker for m in marks] == ["D", "<", ">"]
            there = np.flatnonzero(values > 0)
            a, b = (inside.column_x(column, columns, v) for v in (low, high))
            found = {}
            for mark in marks:
                for x, y in mark.points:
                    found[int((y - top) // row)] = low + (x - a) / (b - a) * (high - low), mark.marker
            assert sorted(found) == there.tolist()
            for m in there:
                log = np.log10(values[m])
                assert found[m][0] == pytest.approx(np.clip(log, low, high))
                assert found[m][1] == ("<" if log < low else ">" if log > high else "D")
        for key, counts, edges in (
            ("a", seen.activations, A_EDGES), ("g", inside.shown_gradients(seen.gradients), G_EDGES[8:37]),
        ):  # fmt: skip
            top, columns = next((t, c) for t, c in tables if key in c)
            (stroke,) = artists["over"].named(f"line {key}{one.name}")
            outlines = {int((line[0, 1] - top) / row + 0.5) - 1: line for line in stroke.lines}
            for m, found in enumerate(counts):
                if not found.any():
                    assert m not in outlines
                    continue
                line = outlines[m]
                heights = (top + (m + 1) * row - line[1:-1:2, 1]) / (row - 5)
                a = int(np.flatnonzero(found)[0])
                assert np.allclose(heights**2 * found.max(), found[a : a + len(heights)])
                assert found[a + len(heights) :].sum() == 0
                assert np.allclose(line[::2, 0], inside.column_x(key, columns, edges[a : a + len(heights) + 1]))
        bars = artists["over"].named(f"zero{one.name}")
        assert len(bars) == np.count_nonzero(seen.zero)
        for name_, shares in (("saturated", seen.saturated), ("dead", seen.dead)):
            words = artists["words"].named(f"{name_}{one.name}")
            for word, share, units in zip(words, shares, seen.dead_units, strict=False):
                number = float(word.text.replace("%", "").strip("<> ").split(" of ")[0])
                assert number == pytest.approx(100 * share if name_ == "saturated" else units.sum(), abs=1.001)


def test_gradients_beyond_the_scale_are_in_the_end_bins():
    counts = np.arange(80).reshape(2, 40)
    shown = inside.shown_gradients(counts)
    assert shown.shape == (2, 28)
    assert (shown.sum(axis=1) == counts.sum(axis=1)).all()
    assert (shown[:, 1:-1] == counts[:, 9:35]).all()


@pytest.mark.parametrize("name", ["moons", "three classes", "plane"])
@pytest.mark.parametrize("test", [False, True])
def test_points_stand_where_they_are(name, test):
    this = dataclasses.replace(shot(name), show_test=test)
    x, y, wide, _ = plan(960, 1).planes[0]
    p = this.sides[0].problem
    artists = drawn(this).artists
    for kind, raw, labels in (("train", p.points, p.labels), ("test", p.points_test, p.labels_test)):
        marks = {m.name: m for m in artists["over"].items if m.name.startswith(f"{kind} ") and m.name[-1].isdigit()}
        if kind == "test" and not test:
            assert not marks
            continue
        at = np.concatenate([m.points for m in marks.values()])
        found = np.stack([(at[:, 0] - x) / wide, 1 - (at[:, 1] - y) / wide], axis=1) * (p.high - p.low) + p.low
        assert sorted(map(tuple, found.round(9))) == sorted(map(tuple, raw.round(9)))
        if p.classes:
            looks = {m.marker for m in marks.values()}
            assert len(looks) == len(p.classes), "classes differ in color only"
            for k in range(len(p.classes)):
                assert len(marks[f"{kind} {k}"].points) == (labels == k).sum()
        assert all((m.face is None) == (kind == "test") for m in marks.values())


def test_the_boundary_lies_where_the_output_is_a_half():
    run = trained(300)
    x, y, wide, _ = plan(960, 1).planes[0]
    (stroke,) = drawn(Shot((side(run),))).artists["over"].named("boundary")
    p = run.problem
    checked = 0
    for line in stroke.lines:
        share = np.stack([(line[:, 0] - x) / wide, 1 - (line[:, 1] - y) / wide], axis=1)
        inner = share[((share > 0.03) & (share < 0.97)).all(axis=1)]
        outputs = run.net.forward(p.transform(p.low + inner * (p.high - p.low)))[:, 0]
        assert np.abs(outputs - 0.5).max() < 0.06
        checked += len(inner)
    assert checked > 20


def test_the_confusion_of_digits():
    table = shot("digits").sides[0].view.numbers.confusion
    x, y, wide, _ = plan(960, 1).planes[0]
    found = np.zeros((10, 10), int)
    for word in drawn(shot("digits")).artists["words"].named("count"):
        found[int((word.y - 4 - y) / wide * 10), int((word.x - x) / wide * 10)] = int(word.text)
    assert (found == table).all()
    (cells,) = drawn(shot("digits")).artists["tiles"].named("confusion")
    levels = cells.levels[0, ::-1]
    share = table / table.sum(axis=1, keepdims=True)
    assert np.allclose(np.diag(levels), 0.5 + 0.5 * np.diag(share))
    wrong = ~np.eye(10, dtype=bool)
    assert np.allclose(levels[wrong], 0.5 - 0.5 * np.sqrt(share[wrong]))
    assert table.sum() == len(shot("digits").sides[0].problem.labels_test)


@pytest.mark.parametrize("name", ["line", "numbers"])
def test_numbers_said_are_drawn_over_what_was_wanted(name):
    one = shot(name).sides[0]
    p, n = one.problem, one.view.numbers
    x, y, wide, _ = plan(960, 1).planes[0]
    over = drawn(shot(name)).artists["over"]
    low, high = says.value_range(p)
    left, right = says.input_range(p) if name == "line" else (low, high)
    (train,) = [m for m in over.named("train") if hasattr(m, "points") and len(m.points) == len(p.X)]
    up = low + (1 - (train.points[:, 1] - y) / wide) * (high - low)
    across = left + (train.points[:, 0] - x) / wide * (right - left)
    if name == "line":
        assert np.allclose(across, p.points[:, 0])
        assert np.allclose(up, p.Y[:, 0])
        (said,) = over.named("said")
        assert said.lines.shape == (1, len(p.X) + len(p.X_test), 2)
        assert (np.diff(said.lines[0, :, 0]) >= 0).all()
    else:
        assert np.allclose(across, p.Y[:, 0])
        assert np.allclose(up, np.clip(n.outputs[:, 0], low, high))


@pytest.mark.parametrize("name", ["moons", "digits", "plane", "A and B"])
def test_scores_in_words(name):
    for one in shot(name).sides:
        n = one.view.numbers
        (word,) = drawn(shot(name)).artists["words"].named(f"score{one.name}")
        numbers = [float(part) for part in word.text.replace("%", "").replace(",", "").split() if part[0].isdigit()]
        factor = 1 if one.problem.kind == "regression" else 100
        assert numbers == pytest.approx([factor * n.score, factor * n.score_test], abs=0.06)


@pytest.mark.parametrize("width", WIDTHS)
def test_columns_of_ones_own_have_their_own_names(width):
    words = texts(drawn(shot("two names"), width))
    assert {"hours of…", "coffee, …"} <= set(words), "the inputs"
    assert {"coffee,", "in", "cups"} <= set(words), "the axis upward, word by word"
    assert any(word.startswith("hours of ") and word != "hours of…" for word in words), "the axis across"
    assert not {"x₁", "x₂"} & set(words)


def test_two_losses_on_one_axis_are_named():
    assert "two measures! A: mse, B: softmax_ce" in texts(drawn(shot("two losses")))
    assert "C after each update, log scale" in texts(drawn(shot("A and B")))


def test_hundred_percent_means_all():
    assert says.percent(1.0) == "100 %"
    assert says.percent(0.9999) == "99.9 %"
    assert inside.whole_percent(0.999) == "> 99 %"
    assert inside.whole_percent(0.001) == "< 1 %"
    assert inside.whole_percent(0.0) == "0 %"


# ---- The chosen weight, and hits


def test_the_chosen_weight_is_written_out():
    one = shot("moons").sides[0]
    for m, j, k in ((1, 0, 1), (2, 7, 3), (3, 0, 5), (2, 4, None)):
        artists = drawn(Shot((one,), (m, j, k))).artists
        (word,) = artists["words"].named("chosen")
        value = one.view.numbers.W[m - 1][j, k] if k is not None else one.view.numbers.b[m - 1][j]
        assert float(word.text.split("= ")[1].replace("−", "-")) == pytest.approx(value, rel=1e-3)
        assert word.text.startswith("w" if k is not None else "b")
        assert str(m).translate(network.SUPER) in word.text
    assert network.symbol("w", 2, 3, 11) == "w₄,₁₂⁽²⁾"
    assert not drawn(Shot((one,))).artists["words"].named("chosen")


def test_a_choice_that_a_network_does_not_have_is_not_drawn():
    for choice in ((9, 0, 0), (1, 30, 0), (1, 0, 30), (3, 1, None)):
        assert not drawn(Shot(shot("moons").sides, choice)).artists["words"].named("chosen")


@pytest.mark.parametrize("name", ["moons", "no hidden layer", "three classes", "A and B", "numbers"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_edge_and_every_unit_can_be_hit(name, width):
    this = shot(name)
    for k, one in enumerate(this.sides):
        net = net_of(one, plan(width, len(this.sides)).nets[k])
        for m in range(1, len(net.sizes)):
            for j, (x, y) in enumerate(net.middles(m)):
                assert hit(0, x, y, this, width) == (m, j, None)
            for j, i in itertools.product(range(net.sizes[m]), range(net.sizes[m - 1])):
                line = net.lines[m - 1][j, i]
                points = line[0] + (line[-1] - line[0]) * np.linspace(0, 1, 60)[:, None] if len(line) == 2 else line
                assert (m, j, i) in {hit(0, x, y, this, width) for x, y in points}
        for x, y in net.middles(0):
            assert hit(0, x, y, this, width) is None


def test_a_hit_finds_the_nearest_edge_and_misses_the_paper():
    this = shot("moons")
    net = net_of(this.sides[0], plan(960, 1).nets[0])
    rng = np.random.default_rng(0)
    left, top, wide, tall = net.box
    found = 0
    for x, y in rng.uniform((left, top), (left + wide, top + tall), (300, 2)):
        got = hit(0, x, y, this, 960)
        far = [
            np.hypot(*(lines[j, i] - (x, y)).T).min()
            for lines in net.lines
            for j, i in itertools.product(range(lines.shape[0]), range(lines.shape[1]))
        ]
        if got is None:
            assert min(far) > 7
        elif got[2] is not None:
            m, j, i = got
            assert np.hypot(*(net.lines[m - 1][j, i] - (x, y)).T).min() < 30
            found += 1
    assert found > 50
    assert hit(0, *np.array(plan(960, 1).planes[0][:2]) + 20, this, 960) is None
    assert hit(0, 100, 500, this, 960) is None


def test_hits_where_the_inputs_are_an_image():
    this = shot("digits")
    net = net_of(this.sides[0], plan(960, 1).nets[0])
    (x, y), side_ = net.middles(0)[0], net.tile[0]
    for k in (0, 7, 20, 63):
        at = (x - side_ / 2 + (k % 8 + 0.5) * side_ / 8, y - side_ / 2 + (k // 8 + 0.5) * side_ / 8)
        assert hit(0, *at, dataclasses.replace(this, selected=(1, 5, 2)), 960) == (1, 5, k)
        assert hit(0, *at, dataclasses.replace(this, selected=None), 960) == (1, 0, k)
        artists = drawn(dataclasses.replace(this, selected=(1, 5, k))).artists
        (pixel,) = artists["over"].named("pixel")
        assert np.allclose((pixel.lines[0].max(axis=0) + pixel.lines[0].min(axis=0)) / 2, at, atol=0.6)
    x, y = net.lines[0][3, 0][9]
    W = this.sides[0].view.numbers.W[0]
    assert hit(0, x, y, this, 960) == (1, 3, int(np.abs(W[3]).argmax()))


# ---- Redrawing


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ({}, ["A and B", "digits", "moons", "line", "no hidden layer"]),
        ({"dark": True}, ["A and B", "three classes"]),
        ({"ratio": 2.0}, ["digits"]),
    ],
    ids=str,
)
def test_a_redrawn_picture_is_the_one_drawn_afresh(page, names):
    shown = stage(700, **page)
    run = trained(0)
    moons = []
    for updates in (0, 40, 200):
        run.advance(updates)
        moons.append(Shot((side(run),), (2, 1, 3) if updates else None, updates == 40))
    for this in [*moons, *map(shot, names), moons[0]]:
        assert (pixels(shown.render(this)) == pixels(stage(700, **page).render(this))).all()
        assert pixels(shown.render(this)).shape[:2] == (shown.height * shown.page.ratio, 700 * shown.page.ratio)


def test_training_redraws_only_what_moves(monkeypatch):
    run = trained(0)
    shown = stage()
    shown.render(Shot((side(run),)))
    whole = []
    monkeypatch.setattr(shown.canvas, "draw", lambda: whole.append(1))
    count = len(shown.axes[0].get_children())
    artists = dict(shown.artists)
    for k in range(12):
        run.advance(60)
        shown.render(Shot((side(run),), (1, k % 8, k % 2), k % 3 == 0), "jpeg")
    assert not whole
    assert len(shown.axes[0].get_children()) == count
    assert shown.artists == artists


def test_another_network_begins_anew_in_the_same_figure():
    shown = stage()
    for name in ("moons", "digits", "A and B", "moons"):
        shown.render(shot(name))
    fresh = drawn(shot("moons"))
    assert len(shown.axes[0].get_children()) == len(fresh.axes[0].get_children())
    assert shown.height == fresh.height


def test_drawing_changes_nothing_it_was_given():
    this = shot("moons")
    view = this.sides[0].view
    before = [view.surface.copy(), *(m.copy() for m in view.maps), *(W.copy() for W in view.numbers.W)]
    drawn(this)
    after = [view.surface, *view.maps, *view.numbers.W]
    assert all(map(np.array_equal, before, after))


# ---- Nothing clipped, crowded, infinite or told by color alone


def _boxes(words):
    for word in words:
        _, wide, _ = written(word.text, font(word.size, word.bold), 100.0, (0, 0, 0, 1)) if word.text else (0, 0, 0)
        left = word.x - wide * {"left": 0, "center": 0.5, "right": 1}[word.ha]
        yield word, (left, word.y - 0.74 * word.size, left + wide, word.y)


@pytest.mark.parametrize(
    ("name", "width"),
    [*itertools.product(EVERY, WIDTHS), *itertools.product(CROWDED, [820, 1280, 560, 320])],
)
def test_words_stand_in_the_picture_and_clear_of_each_other(name, width):
    shown = drawn(shot(name), width)
    words = [w for a in shown.axes[0].get_children() if isinstance(a, Words) for w in a.items if w.text]
    assert len(words) > 20
    boxes = list(_boxes(words))
    for word, (left, top, right, bottom) in boxes:
        assert left >= -1, word
        assert right <= width + 1, word
        assert 0 <= top < bottom <= shown.height, word
        assert not re.search(r"-\d", word.text), word
        assert word.size >= 6, word
        assert not any(bad in word.text for bad in ("nan", "inf", "None")), word
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        # A chosen weight's card may cover names of units; it is drawn last.
        if wide > 1.5 and tall > 1.5 and not {one.name[:6], other.name[:6]} & {"chosen"}:
            raise AssertionError(f"{one} and {other} overlap")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", EVERY)
def test_all_is_finite_and_in_the_picture(name, width):
    shown = drawn(shot(name), width)
    for key in ("under", "over"):
        for item in shown.artists[key].items:
            for points in [item.points] if hasattr(item, "points") else list(item.lines):
                points = np.asarray(points).reshape(-1, 2)
                assert np.isfinite(points).all(), item.name
                if len(points):
                    assert (points.min(axis=0) >= -8).all(), item.name
                    assert (points.max(axis=0) <= (width + 8, shown.height + 8)).all(), item.name
    for cells in shown.artists["tiles"].items:
        assert np.isfinite(cells.levels).all()


def test_numbers_beyond_all_measure_are_drawn(recwarn):
    one = shot("moons").sides[0]
    huge = 1e300
    n = dataclasses.replace(
        one.view.numbers, loss=huge, loss_test=huge, outputs=one.view.numbers.outputs * huge,
        W=tuple(np.sign(W) * huge for W in one.view.numbers.W), b=tuple(b * 0 + huge for b in one.view.numbers.b),
    )  # fmt: skip
    inside = dataclasses.replace(one.view.inside, norms=np.full(3, huge), ratio=np.full(3, huge))
    view = dataclasses.replace(
        one.view, numbers=n, inside=inside, surface=one.view.surface * 2 * huge - huge,
        maps=tuple(m * huge for m in one.view.maps),
    )  # fmt: skip
    this = dataclasses.replace(one, view=view, losses=one.losses * 0 + huge, losses_test=one.losses_test * 0)
    for hidden in (one.settings.hidden, ((8, "relu"), (8, "elu"))):
        settings = dataclasses.replace(one.settings, hidden=hidden)
        shown = drawn(Shot((dataclasses.replace(this, settings=settings),), (1, 0, 0), True))
        assert all(np.isfinite(c.levels).all() for c in shown.artists["tiles"].items)
    assert not recwarn.list


def test_a_dark_page_is_dark():
    image = pixels(drawn(shot("moons"), dark=True).render(shot("moons")))
    assert (image[0, 0] == 0x11).all()
    assert (image.max(axis=-1) >= 0x0F).all(), "something is drawn in black on the dark page"
    assert np.median(image) < 0x40
    assert image.max() > 220


def test_two_sides_differ_in_more_than_color():
    over = drawn(shot("A and B")).artists["over"]
    for what in ("train", "test"):
        curves = [next(s for s in over.named(f"{what}{name}") if isinstance(s, Stroke)) for name in "AB"]
        assert not curves[0].dash
        assert curves[1].dash
    widths = {s.width for what in ("train", "test") for s in over.named(f"{what}A") if isinstance(s, Stroke)}
    assert len(widths) == 2, "train and test differ in color only"
    assert over.named("normA")[0].face is not None
    assert over.named("normB")[0].face is None


# ---- Speed and memory: what would make them bad


def test_the_axis_of_losses_holds_the_loss_of_now():
    one = shot("moons").sides[0]
    for loss in (1e-9, 77.0):
        numbers = dataclasses.replace(one.view.numbers, loss=loss, step=one.view.numbers.step + 3)
        now = dataclasses.replace(one, view=dataclasses.replace(one.view, numbers=numbers))
        low, high = curves.loss_range(Shot((now,)))
        assert low <= loss <= high


def test_long_runs_are_drawn_with_a_bounded_number_of_points():
    one = shot("moons").sides[0]
    steps = np.arange(50_000)
    long = dataclasses.replace(one, steps=steps, losses=1 / (1 + steps), losses_test=2 / (1 + steps))
    numbers = dataclasses.replace(one.view.numbers, step=49_999)
    long = dataclasses.replace(long, view=dataclasses.replace(one.view, numbers=numbers))
    artists = drawn(Shot((long,))).artists
    (curve,) = [s for s in artists["over"].named("train") if isinstance(s, Stroke)]
    assert curve.lines.shape[1] <= 601
    assert len(artists["words"].items) < 60


def test_many_pictures_leave_nothing_behind():
    import gc
    import tracemalloc

    run = trained(0)
    shown = drawn(Shot((side(run),)), 700)
    shots = []
    for _ in range(30):
        run.advance(20)
        shots.append(Shot((side(run),), (1, 0, 1)))
    for this in shots * 2:
        shown.render(this, "jpeg")
    gc.collect()
    tracemalloc.start()
    for this in shots:
        shown.render(this, "jpeg")
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 1_000_000


# ---- The artists


@pytest.mark.parametrize("n", [3, 8, 13, 40, 121])
def test_small_pictures_have_their_heights_where_they_belong(n):
    look = LIGHT.colormap(np.arange(256))[:, :3] * 255
    mosaic = Mosaic(1, np.round(look))
    up, right = np.mgrid[0:1:8j, 0:1:8j]
    for levels, low, high in ((up, (0, n // 2), (-1, n // 2)), (right, (n // 2, 0), (n // 2, -1))):
        image = mosaic.images(Cells("x", np.zeros((1, 2)), n, levels[None]), n)[0, ..., :3].astype(int)
        assert image[low][2] > image[low][0]  # blue where it is 0
        assert image[high][0] > image[high][2]  # orange where it is 1
        if n >= 8:
            assert np.abs(image[high] - look[-1]).max() <= 25
    blocks = np.array([[[0.0, 1.0], [1.0, 0.0]]])
    image = mosaic.images(Cells("x", np.zeros((1, 2)), n, blocks, smooth=False), n)[0, ..., :3].astype(int)
    assert len({tuple(color) for color in image.reshape(-1, 3)}) == 2
    assert image[0, -1][0] > image[0, -1][2]
    assert image[0, 0][2] > image[0, 0][0]


def test_heights_between_the_middles_of_cells_are_linear():
    mosaic = Mosaic(1, np.repeat(np.arange(256)[:, None], 3, axis=1))
    levels = np.linspace(0, 1, 10)[None, None, :].repeat(10, axis=1)
    expected = np.clip((np.arange(100) + 0.5) / 10 - 0.5, 0, 9) / 9 * 255
    for turned in (levels, levels.transpose(0, 2, 1)):
        image = mosaic.images(Cells("x", np.zeros((1, 2)), 100, turned), 100)[0, ..., 0].astype(float)
        line = image[50] if turned is levels else image[:, 50]
        assert np.abs(line - expected).max() <= 1


def test_levels_beyond_the_palette_take_its_ends():
    mosaic = Mosaic(1, np.repeat(np.arange(256)[:, None], 3, axis=1))
    levels = np.array([[[-0.7, -0.7], [1.9, 1.9]]])
    image = mosaic.images(Cells("x", np.zeros((1, 2)), 10, levels, smooth=False), 10)[0, ..., 0]
    assert (image[:5] == 0).all()
    assert (image[5:] == 255).all()


@pytest.mark.parametrize("ratio", [1, 1.5, 3])
def test_small_pictures_stand_on_the_pixels_they_were_given(ratio):
    def draw(axes, artists, result):
        if not artists:
            axes[0].set_position((0, 0, 1, 1))
            axes[0].axis("off")
            artists["mosaic"] = axes[0].add_artist(Mosaic(1, np.zeros((256, 3))))
        artists["mosaic"].set_data([Cells("x", np.array([[100.0, 40.0]]), 60, np.zeros((1, 4, 4)))])

    image = pixels(Stage(draw, Page(300, ratio), (1,), 200).render(None)).sum(axis=-1) < 100
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    found = [rows[0], rows[-1] + 1, columns[0], columns[-1] + 1]
    assert np.abs(np.array(found) - np.array([40, 100, 100, 160]) * ratio).max() <= 1


def test_round_corners_are_cut_and_all_else_is_solid():
    mosaic = Mosaic(1, np.zeros((256, 3)))
    alpha = mosaic.images(Cells("x", np.zeros((1, 2)), 40, np.zeros((1, 4, 4)), True, 8), 40)[0, ..., 3]
    assert alpha[0, 0] == alpha[0, -1] == alpha[-1, 0] == alpha[-1, -1] == 0
    assert (alpha[8:-8] == 255).all()
    assert (alpha[:, 8:-8] == 255).all()


@pytest.mark.parametrize("ratio", [1, 1.5, 3])
def test_ink_stands_on_the_pixels_it_was_given(ratio):
    def draw(axes, artists, result):
        from nbcore.draw.ink import Ink

        if not artists:
            axes[0].set_position((0, 0, 1, 1))
            axes[0].axis("off")
            artists["ink"], artists["words"] = axes[0].add_artist(Ink(1)), axes[0].add_artist(Words(2))
        box = np.array([[[100.0, 50], [200, 50], [200, 90], [100, 90], [100, 50]]])
        line = np.array([[[100.0, 250], [200, 250]]])
        artists["ink"].set_data([Stroke("box", box, face=(0, 0, 0)), Stroke("line", line, (0, 0, 0), 12)])
        artists["words"].set_data([Word("w", 300, 200, "H", (0, 0, 0), 40)])

    shown = Stage(draw, Page(500, ratio), (1,), 300)
    image = pixels(shown.render(None)).sum(axis=-1) < 200
    rows, columns = (
        np.flatnonzero(image[: int(120 * ratio), : int(250 * ratio)].any(axis=1)),
        np.flatnonzero(image[: int(120 * ratio)].any(axis=0)),
    )
    expected = np.array([50, 90, 100, 200]) * ratio
    assert np.abs(np.array([rows[0], rows[-1] + 1, columns[0], columns[-1] + 1]) - expected).max() <= 1
    thick = image[int(220 * ratio) :, int(150 * ratio)].sum()
    assert thick == pytest.approx(12 * ratio, abs=1.01)
    letter = np.flatnonzero(image[:, int(290 * ratio) :].any(axis=1)) / ratio
    assert letter[-1] == pytest.approx(200, abs=1.5)
    assert letter[0] == pytest.approx(200 - 0.73 * 40, abs=2)


def test_the_plans_fill_the_page():
    for width, sides in itertools.product(range(320, 1281, 40), (1, 2)):
        where = plan(width, sides)
        boxes = [*where.nets, *where.planes, where.loss]
        for x, y, wide, tall in boxes:
            assert wide > 90
            assert tall > 90
            assert x >= 0
            assert x + wide <= width
            assert y + tall <= where.height
        for a, b in itertools.combinations(boxes, 2):
            assert a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
        for _, columns in where.tables:
            assert all(x >= 0 and x + wide <= width + 1e-9 for x, wide in columns.values())
    assert plan(960, 1).height <= 570
    assert plan(960, 2).height <= 570


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda look: look.name)
def test_ten_classes_have_ten_colors_that_can_be_seen(look):
    from tests.test_draw import contrast

    shades = says.SHADES[look.name]
    assert len(set(shades)) == len(says.MARKERS) == 10
    assert all(contrast(shade, look.paper) > 3 for shade in shades)
