"""The backprop microscope: its numbers are the engine's, its products are the gradients, its picture is legible."""

import functools
import itertools
import math

import numpy as np
import pytest

from nbcore import ACTIVATIONS, MLP, Loss, bce, mse
from nbcore.draw import Page, Stage, lettering
from nbcore.draw import microscope as pictures
from nbcore.explore import backprop_microscope
from nbcore.explore import microscope as module
from nbcore.explore.explorer import Click

PRESETS = list(module.PRESETS)
SIZES = {"chain": (1, 1, 1, 1), "worked example": (2, 2, 2), "classifier": (2, 2, 1)}
# Written anew, so that a slip in the explorer's own would be seen.
SQUARED = Loss("square", "", lambda a, y: ((a - y) ** 2).sum(-1), lambda a, y: 2 * a - 2 * y)
LOSSES = {"squared": SQUARED, "mse": mse, "bce": bce}
SMOOTH = ["identity", "sigmoid", "tanh", "elu", "gelu", "silu", "softplus"]


def last(explorer):
    return len(explorer.controls["step"].values) - 1


def names(sizes, which):
    """Settings of all weights (or biases), as {name: (layer, j, k)}."""
    found = {}
    for m in range(1, len(sizes)):
        for j, k in itertools.product(range(sizes[m]), range(sizes[m - 1])):
            if which == "w":
                found[f"w{m}" if max(sizes) == 1 else f"w{m}_{j + 1}{k + 1}"] = (m, j, k)
            else:
                found[f"b{m}" if max(sizes) == 1 else f"b{m}_{j + 1}"] = (m, j, -1)
    return found


def engine(params, sizes):
    """The same network, built from the settings by their names."""
    net = MLP(sizes, params["hidden"], params["output"], init="zeros")
    for name, (m, j, k) in names(sizes, "w").items():
        net.layers[m - 1].W[j, k] = params[name]
    for name, (m, j, _) in names(sizes, "b").items():
        net.layers[m - 1].b[0, j] = params[name]
    alone = max(sizes) == 1
    X = np.array([[params["x" if alone else f"x{k + 1}"] for k in range(sizes[0])]])
    Y = np.array([[params["y" if alone else f"y{i + 1}"] for i in range(sizes[-1])]])
    return net, X, Y


def random_numbers(explorer, rng, low=-1.5, high=1.5):
    found = {}
    for name in explorer.controls:
        if name[0] in "xwb" and name not in ("weight", "biases"):
            found[name] = float(rng.uniform(low, high))
        if name[0] == "y":
            found[name] = float(rng.uniform(0.05, 0.95))
    return found


def pairs(loss):
    return [
        (h, o)
        for h, o in itertools.product(ACTIVATIONS, ["sigmoid", "tanh", "identity", "relu", "softplus"])
        if h not in ("softmax", "step") and (loss != "bce" or o == "sigmoid")
    ]


# ---- The numbers


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("preset", PRESETS)
def test_products_are_the_gradients_of_the_engine_and_of_finite_differences(preset, loss):
    sizes, explorer = SIZES[preset], backprop_microscope(preset)
    rng = np.random.default_rng(len(preset) + len(loss))
    compared = 0
    for hidden, output in pairs(loss):
        params = {**explorer.params, **random_numbers(explorer, rng), "hidden": hidden, "output": output, "loss": loss}
        params["step"] = int(rng.integers(last(explorer) + 1))
        net, X, Y = engine(params, sizes)
        a = net.forward(X)
        net.backward(LOSSES[loss], Y)
        slopes = {"w": [layer.dW for layer in net.layers], "b": [layer.db for layer in net.layers]}
        for kind in "wb":
            for name, (m, j, k) in names(sizes, kind).items():
                r = explorer.compute(**{**params, "weight": name})
                wanted = slopes[kind][m - 1][j, k] if kind == "w" else slopes[kind][m - 1][0, j]
                assert abs(sum(math.prod(f.value for f in path) for path in r.paths) - wanted) < 1e-12 * (
                    1 + abs(wanted)
                )
                assert r.product == pytest.approx(wanted, abs=1e-12, rel=1e-12)
                assert len(r.paths) == math.prod(sizes[m + 1 :])
                if hidden in SMOOTH and output in SMOOTH:
                    assert abs(r.difference - wanted) < 1e-9 * (1 + abs(wanted) + r.C), (params, name)
                    compared += 1
        assert r.C == pytest.approx(float(LOSSES[loss](a, Y)[()]), rel=1e-12)
        for shown, layer in zip(range(len(net.layers)), net.layers, strict=True):
            for ours, theirs in (
                (r.z[shown], layer.z),
                (r.a[shown], layer.a),
                (r.delta[shown], layer.delta),
                (r.db[shown], layer.db),
            ):
                assert np.allclose(ours, theirs[0], rtol=1e-12, atol=1e-14)
            assert np.allclose(r.dW[shown], layer.dW, rtol=1e-12, atol=1e-14)
    assert compared > 30


@pytest.mark.parametrize("preset", PRESETS)
def test_running_products_are_the_deltas(preset):
    explorer = backprop_microscope(preset)
    for weight in explorer.controls["weight"].values:
        r = explorer.compute(**{**explorer.params, "weight": weight})
        if len(r.paths) == 1:
            named = [f for f in r.paths[0] if f.delta]
            below = range(len(r.sizes) - 1, r.chosen[0] - 1, -1)
            assert len(named) == len(below)
            for factor, m in zip(named, below, strict=True):
                assert factor.so_far == pytest.approx(r.delta[m - 1][r.routes[0][m - r.chosen[0]]], rel=1e-12)


def test_the_worked_example_digit_by_digit():
    explorer = backprop_microscope("worked example")
    r = explorer.set(step=last(explorer)).result
    assert f"{r.C:.10f}" == "0.2983711088"
    assert [f"{w:.9g}" for w in r.new_W[1].ravel()] == ["0.35891648", "0.408666186", "0.51130127", "0.561370121"]
    assert [f"{w:.8g}" for w in r.new_W[0].ravel()] == ["0.14978072", "0.19956143", "0.24975114", "0.29950229"]
    assert f"{r.new_W[0][0, 0]:.9f}" == "0.149780716"
    assert f"{r.new_W[0][1, 1]:.8f}" == "0.29950229"
    assert f"{r.new_C:.10f}" == "0.2910277737"
    assert all(np.array_equal(old, new) for old, new in zip(r.b, r.new_b, strict=True))
    for digits in ("0.35891648", "0.408666186", "0.561370121", "0.199561432", "0.2910277737", "0.2983711088"):
        assert digits in explorer.status
    after = explorer.set(updates=1, step=0).result
    assert f"{after.C:.10f}" == "0.2910277737"
    assert all(np.array_equal(now, then) for now, then in zip(after.W, r.new_W, strict=True))
    p = explorer.params
    numbers = tuple(p[key] for key in module._keys(pictures.plan(r.sizes)))
    far, done = module._after(r.sizes, "sigmoid", "sigmoid", "mse", 0.5, False, numbers, 10_000)
    net, X, Y = module._network(r.sizes, "sigmoid", "sigmoid", far)
    assert done == 10_000
    assert float(mse(net.forward(X), Y)[()]) == pytest.approx(3.510187783e-05, rel=1e-9)


def test_the_chain_has_the_square_without_the_half():
    r = backprop_microscope("chain").result
    a, y = r.a[-1][0], r.y[0]
    assert r.C == pytest.approx((a - y) ** 2)
    assert r.paths[0][0].value == pytest.approx(2 * (a - y))
    assert r.delta[-1][0] == pytest.approx(2 * (a - y) * a * (1 - a))
    assert module.squared(np.array([[3.0]]), np.array([[1.0]])) == 4


@pytest.mark.parametrize("preset", PRESETS)
def test_a_round_ends_where_the_next_one_begins(preset):
    explorer = backprop_microscope(preset, biases=True)
    explorer.set(step=last(explorer))
    for updates in (0, 1, 2, 9):
        r, following = (explorer.set(updates=n).result for n in (updates, updates + 1))
        for new, now in ((r.new_W, following.W), (r.new_b, following.b)):
            assert all(map(np.array_equal, new, now))
        assert r.new_C == following.C
        eta = explorer.params["eta"]
        assert all(np.allclose(new, W - eta * dW) for new, W, dW in zip(r.new_W, r.W, r.dW, strict=True))
        assert all(np.allclose(new, b - eta * db) for new, b, db in zip(r.new_b, r.b, r.db, strict=True))
        assert following.updates == updates + 1
    fixed = explorer.set(biases=False, updates=5).result
    start = explorer.set(updates=0).result
    assert all(map(np.array_equal, fixed.b, start.b))
    assert not any(map(np.array_equal, fixed.W, start.W))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_number_can_be_edited(preset):
    explorer = backprop_microscope(preset)
    before = explorer.result
    boxes = [name for name in explorer.controls if name[0] in "xwby" and name not in ("weight", "biases")]
    assert len(boxes) == sum(v.size for v in (*before.W, *before.b, before.x, before.y))
    for name in boxes:
        changed = explorer.reset().set(**{name: explorer.params[name] + 0.25}).result
        assert changed.C != before.C, name


# ---- Words


def test_a_loss_that_makes_no_sense_is_answered_in_words_and_forward_still_works():
    explorer = backprop_microscope("classifier", step=2)
    a = explorer.set(output="tanh").result.a[-1]
    assert "layer 2" in explorer.status
    assert explorer._idle(explorer.params) == ["updates", "eta", "biases"]
    r = explorer.set(step=last(explorer)).result
    assert np.array_equal(r.a[-1], a)
    assert r.knows("forward", 2)
    assert not r.knows("loss")
    assert not r.knows("update")
    assert "sigmoid" in explorer.status
    assert "tanh" in explorer.status
    assert "needs targets from 0 to 1, got −1" in explorer.set(output="sigmoid", y1=-1).status
    assert "falls from" in explorer.set(y1=0).status
    assert explorer._idle(explorer.params) == []


@pytest.mark.parametrize("preset", PRESETS)
def test_what_no_state_shows_yet_is_dimmed_and_changes_nothing(preset):
    explorer = backprop_microscope(preset)
    for step in range(last(explorer) + 1):
        shown = explorer.reset().set(step=step).png(Page(640), "jpeg")
        for changes in ({"eta": 5.0}, {"biases": not explorer.params["biases"]}):
            moved = explorer.reset().set(step=step, **changes).png(Page(640), "jpeg")
            assert (moved == shown) == (set(changes) <= set(explorer._idle(explorer.params))), (step, changes)


def test_descent_that_runs_away_stops_in_words():
    explorer = backprop_microscope("chain", hidden="identity", output="identity", eta=10.0, updates=1000)
    r = explorer.result
    assert r.updates < 20
    assert "run away" in explorer.status
    assert np.isfinite(r.new_C)
    assert "run away" not in explorer.set(eta=0.01).status


def test_agreement_is_said_without_noise_and_a_kink_is_noticed():
    assert module._agreement(0.5, 0.5 + 1e-12, 1) == "they agree within 1e−9"
    assert module._agreement(0.5, 0.5 + 1e-8, 1) == "they agree within 1e−7 of their size"
    assert module._agreement(5e5, 5e5 + 1e-5, 1) == "they agree within 1e−9 of their size"
    assert "differ" in module._agreement(0.5, 0.51, 1)
    explorer = backprop_microscope("chain", hidden="relu", b1=-1.2, w1=1.5, x=0.8, step=8)  # z = 0, at the kink
    assert "differ" in explorer.result.check
    assert "agree within 1e−9" in explorer.set(b1=-1.0).result.check


@pytest.mark.parametrize("preset", PRESETS)
def test_status_names_state_and_formula_with_the_live_numbers(preset):
    explorer = backprop_microscope(preset)
    for step, name in enumerate(explorer.controls["step"].describe("step")["texts"]):
        explorer.set(step=step)
        assert explorer.status.startswith(f"State {name}, after 0 updates.")
        assert f"State {name}" in explorer.alt
    r = explorer.result
    for step, values in [(1, (*r.z[0], *r.a[0])), (last(explorer) - 1, r.delta[0])]:
        explorer.set(step=step)
        for value in values:
            assert pictures.number(value) in explorer.status
            assert pictures.number(value) in explorer.alt


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.0, "0"), (0.05, "0.05"), (-0.0226025, "−0.0226"), (4.385677e-4, "0.0004386"), (3.51e-5, "3.510e−5"),
     (-1.25e-12, "−1.250e−12"), (9999.4, "9999"), (9999.9, "1.000e4"), (123456, "1.235e5"), (2.5e30, "2.500e30")],
)  # fmt: skip
def test_numbers_have_four_digits(value, text):
    assert pictures.number(value) == text


def test_bad_starts_name_what_is_wrong():
    with pytest.raises(ValueError, match="preset must be one of chain, classifier, worked example, got 'loop'"):
        backprop_microscope("loop")
    with pytest.raises(ValueError, match="no setting named 'w9'"):
        backprop_microscope("chain", w9=1)
    for bad in ({"w1": 99}, {"w1": "1"}, {"x": math.nan}, {"step": 9}, {"step": 0.5}, {"weight": "w1_11"}):
        with pytest.raises((ValueError, TypeError), match=r"the start of|state"):
            backprop_microscope("chain", **bad)
    explorer = backprop_microscope("chain")
    with pytest.raises(ValueError, match="eta"):
        explorer.set(eta=-1)


# ---- The picture


def stage(explorer, page):
    made = Stage(explorer.draw, page, explorer._panels, explorer._height)
    made.render(explorer.result)
    return made


def texts(made, moving=False):
    found = [child for child in made.axes[0].get_children() if isinstance(child, lettering.Line)]
    return [text for text in found if text.get_text() and (text.get_animated() or not moving)]


@functools.lru_cache(4096)  # the same words stand there in state after state
def ink(words, properties, dpi):
    """The first and the last column and row that letters touch, how wide they are and how far they reach down."""
    image, wide, down = lettering._line(words, properties, dpi, (0.0, 0.0, 0.0, 1.0))
    rows, columns = (np.flatnonzero((image[..., 3] > 90).any(axis=axis)) for axis in (1, 0))
    return np.array([columns[0], columns[-1] + 1, rows[0], rows[-1] + 1]), wide, down


def rectangle(text, ratio):
    """Where the letters are, in CSS pixels: left, right, bottom, top."""
    edges, wide, down = ink(text.get_text(), text.get_fontproperties(), float(text.figure.dpi))
    x, y = text.get_transform().transform(text.get_position())
    x -= wide * {"left": 0, "center": 0.5, "right": 1}[text.get_horizontalalignment()]
    left, low = round(x) - lettering.MARGIN, round(y) - down
    return (edges + np.array([left, left, low, low])) / ratio


LONG = {
    "worked example": {
        "x1": -0.1234,
        "w1_11": -1.234,
        "w1_12": 0.0123,
        "w1_21": -0.567,
        "w2_22": -0.022,
        "b1_1": -0.12,
    },
    "chain": {"x": -0.1234, "w1": -1.234, "w2": -0.012, "b1": -0.333, "b3": 1.234},
    "classifier": {"x1": -0.1234, "w1_11": -1.234, "w1_12": 0.0123, "w2_11": -3.211, "b2_1": -0.125},
}


@pytest.mark.parametrize("long", [False, True], ids=["start", "long numbers"])
@pytest.mark.parametrize("width", [468, 960, 1280])
@pytest.mark.parametrize("preset", PRESETS)
def test_no_two_texts_overlap_and_none_is_cut(preset, width, long):
    explorer = backprop_microscope(preset, biases=True, **(LONG[preset] if long else {}))
    made = stage(explorer, Page(width, 1.0))
    for step, weight, updates in itertools.product(
        explorer.controls["step"].values, explorer.controls["weight"].values, (0, 3) if long else (0, 1000)
    ):
        r = explorer.compute(**{**explorer.params, "step": step, "weight": weight, "updates": updates})
        explorer.draw(made.axes, made.artists, r)
        shown = texts(made)
        boxes = np.array([rectangle(text, 1) for text in shown])
        left, right, low, high = boxes.T[:, :, None]
        apart = (right <= left.T + 1) | (high <= low.T + 1)
        over = np.argwhere(np.triu(~(apart | apart.T), 1))
        assert not len(over), (step, weight, updates, [[shown[k].get_text() for k in pair] for pair in over])
        for (left, right, low, high), words in zip(boxes, [text.get_text() for text in shown], strict=True):
            assert left >= 1, words
            assert right <= width - 1, words
            assert low >= 1, words
            assert high <= made.height - 1, words


@pytest.mark.parametrize("preset", PRESETS)
def test_numbers_appear_when_their_state_has_come(preset):
    explorer = backprop_microscope(preset)
    made = stage(explorer, Page(900, 1.0))
    top = len(SIZES[preset]) - 1
    where = pictures.plan(SIZES[preset])
    for step in explorer.controls["step"].values:
        r = explorer.compute(**{**explorer.params, "step": step})
        explorer.draw(made.axes, made.artists, r)
        for (m, _, _), (b, db, z, a, delta) in zip(where.biases(), made.artists["units"], strict=True):
            assert b.get_text()
            assert bool(z.get_text()) == bool(a.get_text()) == (step >= m)
            assert bool(db.get_text()) == bool(delta.get_text()) == (step >= 2 * top + 2 - m)
        for (m, _, _), text, new in zip(where.edges(), made.artists["dw"], made.artists["new w"], strict=True):
            assert bool(text.get_text()) == (step >= 2 * top + 2 - m)
            assert bool(new.get_text()) == (step == 2 * top + 2)
        assert bool(made.artists["C"][0].get_text()) == (step > top)
        assert bool(made.artists["fresh"].get_segments()) == (step < 2 * top + 2)
        assert bool(made.artists["pen"].get_segments()) == (step > 0)
        assert bool(made.artists["check"].get_text()) == (step >= 2 * top + 2 - r.chosen[0])


def test_negative_weights_are_dashed_and_heavy_ones_thick():
    explorer = backprop_microscope("chain", w1=-3.0, w2=0.5, w3=2.0)
    edges = stage(explorer, Page(900, 1.0)).artists["edges"]
    dashed = [pattern is not None for _, pattern in edges.get_linestyles()]
    assert dashed == [True, False, False]
    wide = edges.get_linewidths()
    assert wide[0] > wide[2] > wide[1]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_click_chooses_what_the_controls_offer(preset):
    explorer = backprop_microscope(preset)
    where = pictures.plan(SIZES[preset])
    picked = set()
    for edge in where.edges():
        (x, y), (x_end, y_end) = where.ends(*edge)
        for point in (where.label(*edge), (x + 0.85 * (x_end - x), y + 0.85 * (y_end - y))):
            changes = explorer._pick(Click(0, *point), explorer.params, explorer.result)
            assert explorer.set(**changes).result.chosen == edge
            picked.add(explorer.params["weight"])
    for m, j, _ in where.biases():
        changes = explorer._pick(Click(0, where.left[m] + 20, where.y(m, j)), explorer.params, explorer.result)
        assert explorer.set(**changes).result.chosen == (m, j, -1)
        picked.add(explorer.params["weight"])
    assert picked == set(explorer.controls["weight"].values)
    for step in explorer.controls["step"].values:
        assert explorer._pick(Click(0, where.state(step), 20), explorer.params, explorer.result) == {"step": step}
    assert explorer._pick(Click(0, 500, where.height - 40), explorer.params, explorer.result) == {}


def test_a_click_in_a_page_arrives():
    explorer = backprop_microscope("worked example")
    where = pictures.plan((2, 2, 2))
    x, y = where.label(2, 1, 1)
    explorer.picture.page = {"width": 700, "ratio": 1.0}
    explorer._told(None, {"click": [x / 1000, y / where.height]}, [])
    assert explorer.error is None
    assert explorer.params["weight"] == "w2_22"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_state_is_named_on_its_slider_and_the_weights_in_their_menu(preset):
    explorer = backprop_microscope(preset)
    told = {spec["name"]: spec for spec in explorer.picture.controls}
    top = len(SIZES[preset]) - 1
    assert told["step"]["texts"][0] == "0 start"
    assert told["step"]["texts"][1] == "1 forward: layer 1"
    assert told["step"]["texts"][top + 2] == f"{top + 2} backward: layer {top}"
    assert told["step"]["texts"][-1] == f"{2 * top + 2} update"
    assert told["weight"]["kind"] == "choice"
    assert told["weight"]["texts"][0] == ("w⁽¹⁾" if preset == "chain" else "w₁₁⁽¹⁾")


def test_with_cross_entropy_both_factors_are_in_view():
    """dC/da = (a - y) / (a (1 - a)) and the slope a (1 - a), as numbers; of them a - y is left."""
    r = backprop_microscope("classifier", step=4, weight="w2_11").result
    (out,), (goal,) = r.a[-1], r.y
    left, slope = (out - goal) / (out * (1 - out)), out * (1 - out)
    assert f"{pictures.number(left)} · {pictures.number(slope)}: φ′ cancels" in r.total
    assert left * slope == pytest.approx(out - goal)
    assert "· 0" not in backprop_microscope("classifier", step=2).result.total
    flat = backprop_microscope("classifier", step=4, b2_1=10.0, w2_11=10.0, w1_11=10.0, w2_12=-10.0)
    assert np.isfinite(flat.result.product)
