"""The explorers of lesson 01: pure, warning-free and finite at every corner, drawn without leftovers, and right."""

import copy
import dataclasses
import io
import itertools
import warnings

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from nbcore import ACTIVATIONS, CURVES, MLP, PLANE, identity, sigmoid
from nbcore.draw import Page, Stage
from nbcore.draw.shapes import Surface
from nbcore.explore import bend_the_line, build_by_hand, fold_the_line, one_neuron, width_and_error
from nbcore.explore import linear_vs_nonlinear as lesson
from nbcore.training import Diverged

EXPLORERS = {f.__name__: f for f in (bend_the_line, one_neuron, build_by_hand, width_and_error, fold_the_line)}
QUICK = Page(640, 1.0)
MONOTONE = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"]


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def corners(name):
    """Every corner of an explorer's controls; where those are too many to train at, all pairs that interact."""
    controls = EXPLORERS[name]().controls
    tried = {key: control.corners() for key, control in controls.items()}
    if name == "bend_the_line":
        network = itertools.product(*(tried[key] for key in ("depth", "width", "activation", "eta")))
        data = itertools.cycle(itertools.product(*(tried[key] for key in ("data", "noise", "seed"))))
        for (depth, width, activation, eta), (name_, noise, seed) in zip(network, data, strict=False):
            yield {
                "data": name_,
                "noise": noise,
                "depth": depth,
                "width": width,
                "activation": activation,
                "eta": eta,
                "seed": seed,
            }
    elif name == "build_by_hand":
        every = [dict(zip(tried, values, strict=True)) for values in itertools.product(*tried.values())]
        trained = [p for p in every if p["updates"]]
        yield from (p for p in every if not p["updates"])
        yield from trained[:: len(trained) // 37]
    else:
        for values in itertools.product(*tried.values()):
            yield dict(zip(tried, values, strict=True))


def pictures(explorer, params):
    """All that a computation shows; what diverges shows what came before."""
    result = explorer.compute(**params)
    shown = []
    try:
        for one in result if hasattr(result, "__next__") else [result]:
            shown.append(copy.deepcopy(one))  # the next picture may come from the same network
    except Diverged:
        pass
    return shown


def artists(stage):
    def flat(things):
        for thing in things:
            if isinstance(thing, (list, tuple)):
                yield from flat(thing)
            else:
                yield thing

    return list(flat(stage.artists.values()))


def numbers(artist):
    """What an artist draws."""
    if isinstance(artist, Line2D):
        return np.concatenate([np.asarray(v, dtype=float) for v in artist.get_data()])
    if isinstance(artist, LineCollection):
        return np.concatenate([np.zeros(0), *(np.ravel(s) for s in artist.get_segments())])
    if isinstance(artist, Surface):
        return artist.heights
    assert isinstance(artist, Text), f"{artist} is not known to this test"
    return np.array(artist.get_position(), dtype=float)


def stage_of(explorer, page=QUICK):
    return Stage(explorer.draw, page, explorer._panels, explorer._height)


def same(one, other):
    """Whether two results are equal, down to the last bit."""
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (np.ndarray, float)):
        return np.array_equal(one, other, equal_nan=True)
    if isinstance(one, MLP):
        return all(map(same, one.parameters(), other.parameters()))
    return one == other


# ---- what holds for all


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_corner_is_finite_and_says_something(name):
    explorer = EXPLORERS[name]()
    stage = stage_of(explorer)
    seen = 0
    for k, params in enumerate(corners(name)):
        shown = pictures(explorer, params)
        assert shown or name == "bend_the_line", params
        for result in shown:
            if k < 64 or k % 16 == 0:
                explorer.draw(stage.axes, stage.artists, result)
                for artist in artists(stage):
                    assert np.isfinite(numbers(artist)).all(), (params, artist)
            for words in (explorer._alt, explorer._status):
                text = words(params, result)
                assert text
                assert not any(odd in text for odd in ("nan", "inf ", "None", "array")), (params, text)
            seen += 1
    assert seen >= 4


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_position_of_every_control_works(name):
    """One control at a time, from the start."""
    explorer = EXPLORERS[name]()
    stage = stage_of(explorer)
    for key, control in explorer.controls.items():
        for value in control.values[:: 1 if name != "bend_the_line" else 5] + control.values[-1:]:
            for result in pictures(explorer, {**explorer.params, key: explorer.controls[key].check(key, value)}):
                explorer.draw(stage.axes, stage.artists, result)
                for artist in artists(stage):
                    assert np.isfinite(numbers(artist)).all(), (key, value, artist)


@pytest.mark.parametrize("name", EXPLORERS)
def test_computations_are_pure(name):
    explorer = EXPLORERS[name]()
    every = list(corners(name))
    for params in [explorer.params, *every[:: len(every) // 4 | 1], every[-1]]:  # an odd stride meets all switches
        given = dict(params)
        np.random.seed(3)  # noqa: NPY002 (the global state is what must stay untouched)
        before = np.random.get_state()[1].tobytes(), np.random.get_state()[2]  # noqa: NPY002
        one, other = pictures(explorer, params), pictures(explorer, params)
        assert (np.random.get_state()[1].tobytes(), np.random.get_state()[2]) == before  # noqa: NPY002
        assert params == given
        assert len(one) == len(other)
        assert all(map(same, one, other))


def walk(explorer, steps, seed=0):
    """Settings as a wandering hand would meet them, which likes the ends."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        changes = {}
        for name in rng.choice(list(explorer.controls), size=rng.integers(1, 4)):
            control = explorer.controls[str(name)]
            values = control.corners() if rng.integers(2) else control.values
            changes[str(name)] = values[rng.integers(len(values))]
        yield changes


@pytest.mark.parametrize("page", [QUICK, Page(900, 1.5, True, "#111111")], ids=["light", "dark"])
@pytest.mark.parametrize("name", EXPLORERS)
def test_a_redrawn_picture_equals_a_fresh_one(name, page):
    explorer = EXPLORERS[name]()
    stage = stage_of(explorer, page)
    for changes in walk(explorer, 16):
        try:
            explorer.set(**changes)
        except Diverged:
            continue
        assert stage.render(explorer.result) == stage_of(explorer, page).render(explorer.result), explorer.params


@pytest.mark.parametrize("name", EXPLORERS)
def test_moves_add_no_artists_and_no_whole_redraws(name):
    explorer = EXPLORERS[name]()
    stage = stage_of(explorer)
    stage.render(explorer.result)
    children = [len(axes.get_children()) for axes in stage.axes]
    known = [id(artist) for artist in artists(stage)]
    draws = []
    original = stage.canvas.draw
    stage.canvas.draw = lambda: draws.append(1) or original()
    results = []
    for changes in walk(explorer, 8, seed=1):
        try:
            results.append(explorer.set(**changes).result)
        except Diverged:
            continue
    for result in (results * 50)[:50]:
        stage.render(result, "jpeg")
    assert [len(axes.get_children()) for axes in stage.axes] == children
    assert [id(artist) for artist in artists(stage)] == known
    assert not draws


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_picture_fills_the_page_in_both_themes(name):
    explorer = EXPLORERS[name]()
    for dark in (False, True):
        image = np.asarray(Image.open(io.BytesIO(explorer.png(Page(900, 1.0, dark)))).convert("L"))
        paper = image[0, 0]
        assert (paper < 30) == dark
        marked = np.abs(image.astype(int) - int(paper)) > 40
        assert marked.any(axis=0).mean() > 0.8
        assert marked.any(axis=1).mean() > 0.8


@pytest.mark.parametrize("name", EXPLORERS)
def test_controls_have_names_and_every_start_can_be_set(name):
    make = EXPLORERS[name]
    explorer = make()
    labels = [control.label for control in explorer.controls.values()]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    for key, control in explorer.controls.items():
        for value in control.corners():
            assert make(**{key: value}).params[key] == value
        with pytest.raises((ValueError, TypeError), match=control.label.split("(")[0].strip()):
            make(**{key: object()})


def test_settings_can_be_given_wrong_names_only_to_be_told():
    with pytest.raises(ValueError, match="there is no control named 'activaton'; there are data, noise"):
        bend_the_line().set(activaton="relu")


# ---- what the lesson says


def straight(line):
    """Largest distance of points from the straight line through the outer two."""
    start, end = line[0], line[-1]
    across = np.array([-(end - start)[1], (end - start)[0]]) / np.linalg.norm(end - start)
    return np.abs((line - start) @ across).max()


def test_linear_layers_collapse_into_one_at_every_corner():
    controls = bend_the_line().controls
    tried = [controls[name].corners() for name in ("data", "noise", "depth", "width", "eta")]
    count = 0
    for data, noise, depth, width, eta in itertools.product(*tried):
        shown = []
        try:
            for result in lesson.bend(data, noise, depth, width, "identity", eta, seed=count % 21):
                shown.append(result)
                W, b, gap = result.collapsed
                assert gap < 1e-12
                assert W.shape == (1, 2)
                assert b.shape == (1, 1)
                z = lesson.GRID @ W.T + b
                assert np.abs(sigmoid(z)[:, 0] - result.surface.ravel()).max() < 1e-12
                for line in result.lines:
                    assert straight(line) < 1e-9
        except Diverged:
            assert eta == 10
            continue
        count += 1
        assert len(shown) == 4
    assert count > 40


def test_other_activations_do_not_collapse():
    for activation in set(lesson.SCALAR) - {"identity"}:
        *_, result = lesson.bend("moons", 0.15, 1, 8, activation, 0.3, 0)
        assert result.collapsed is None
        assert activation not in ("relu", "tanh", "gelu") or max(map(straight, result.lines)) > 0.3


def test_training_stops_after_a_thousand_updates_and_shows_four_pictures():
    shown = list(lesson.bend("moons", 0.15, 1, 8, "tanh", 1.0, 0))
    assert [len(r.losses) - 1 for r in shown] == [250, 500, 750, 1000]
    assert shown[-1].accuracy > 0.99


def test_the_plane_of_the_last_layer_is_cut_where_the_network_says_one_half():
    *_, result = lesson.bend("moons", 0.15, 2, 8, "tanh", 1.0, 0)
    says = result.net.forward(result.X)[:, 0] > 0.5
    assert ((result.inside[:, 0] > 0) == says).all()


def test_every_data_set_is_offered():
    assert bend_the_line().controls["data"].values == tuple(PLANE)
    assert any("digit" in name for name in PLANE), "real data as well"


def test_a_silu_neuron_separates_xor():
    explorer = one_neuron(activation="silu", w1=3, w2=3, b=-4.3, cut=-0.17, side="below the cut")
    assert explorer.result.right == 4
    assert explorer.set(side="above the cut").result.right == 0
    exact = lesson.neuron("silu", 3, 3, -3 - 1.278, -0.17, "below the cut")
    assert exact.a.round(3).tolist() == [-0.059, -0.278, -0.278, 1.461]
    assert exact.right == 4
    assert len(exact.lines) == 2
    assert lesson.neuron("gelu", 3, 3, -3 - 0.752, -0.1, "below the cut").right == 4


@pytest.mark.parametrize("activation", MONOTONE)
def test_a_monotone_activation_never_gets_all_four(activation):
    controls = one_neuron().controls
    best = 0
    for w1, w2 in itertools.product(controls["w1"].values[::5], controls["w2"].values[::5]):
        for b, cut in itertools.product(controls["b"].values[::12], controls["cut"].values[::50]):
            a = ACTIVATIONS[activation](lesson.CORNERS @ [w1, w2] + b)
            side = a > cut
            best = max(best, (side == lesson.XOR).sum(), (side != lesson.XOR).sum())
    assert best == 3
    for w1, w2, b, cut in ((3, 3, -4.3, -0.17), (5, -5, 0, 0.5), (0, 0, 0, 0), (3, 3, -1.5, 0.5)):
        for side in lesson.SIDES:
            result = lesson.neuron(activation, w1, w2, b, cut, side)
            assert result.right <= 3
            assert len(result.lines) <= 1
            assert all(straight(line) < 1e-9 for line in result.lines)


def test_every_activation_with_one_number_in_and_out_is_offered():
    assert set(MONOTONE) < set(lesson.SCALAR)
    assert set(lesson.SCALAR) == set(ACTIVATIONS) - {"softmax", "step"}


@pytest.mark.parametrize("unit", lesson.UNITS)
def test_the_sum_of_the_pieces_is_the_network_that_training_starts_from(unit):
    settings = {f"k{i}": k for i, k in enumerate((-0.9, -0.35, 0.1, 0.6), start=1)}
    settings |= {f"w{i}": w for i, w in enumerate((1.5, -2.0, 0.7, 3.1), start=1)}
    started = []

    def stop(net, X, Y, loss, **how):
        started.append((net.forward(X)[:, 0].copy(), how["steps"]))

    original, lesson.train = lesson.train, stop
    try:
        by_hand, trained = lesson.by_hand("sine", unit, 0.4, 100, **settings)
    finally:
        lesson.train = original
    assert np.abs(started[0][0] - by_hand.yours).max() < 1e-12
    assert started[0][1] == 100
    assert by_hand.trained is None
    assert trained.trained_error == pytest.approx(by_hand.error, abs=1e-12)
    assert np.abs(by_hand.yours - 0.4 - by_hand.pieces.sum(axis=0)).max() < 1e-12


@pytest.mark.parametrize("unit", lesson.UNITS)
def test_training_goes_on_from_the_settings_of_the_hand(unit):
    explorer = build_by_hand(unit=unit, updates=500)
    assert explorer.result.trained_error < explorer.result.error


CONTINUOUS = [target for target in CURVES if target != "step"]
UNIVERSAL = [name for name in lesson.FITTERS if "polynomial" not in name]


@pytest.mark.parametrize("target", CONTINUOUS)
@pytest.mark.parametrize("activation", UNIVERSAL)
def test_the_error_falls_with_the_width(target, activation):
    result, *_ = lesson.how_wide(target, activation, 8, False, 0)
    assert (result.errors[2:] <= result.errors[:-2]).all()
    assert result.errors[-1] < 0.02 * result.errors[0]
    assert result.error == result.errors[3]


@pytest.mark.parametrize("activation", lesson.FITTERS)
def test_no_width_is_enough_for_the_largest_error_at_a_jump(activation):
    """The theorem in the largest error is for continuous functions."""
    result, *_ = lesson.how_wide("step", activation, 64, False, 0)
    assert result.errors.min() > 0.5


@pytest.mark.parametrize(("activation", "degree"), [("square (a polynomial)", 2), ("cube (a polynomial)", 3)])
@pytest.mark.parametrize("target", CURVES)
def test_a_polynomial_activation_never_gets_beyond_its_degree(target, activation, degree):
    result, *_ = lesson.how_wide(target, activation, 64, False, 0)
    x, inside = lesson.X_WIDE[lesson.INSIDE], lesson.INSIDE
    best = np.polynomial.Polynomial.fit(x, result.target[inside], degree)(x)
    assert np.abs(result.fit[inside] - best).max() < 1e-6, "more units than the degree add nothing"
    assert np.abs(result.errors[3:] - result.errors[-1]).max() < 1e-6


def test_nothing_is_promised_outside_the_interval():
    for activation in UNIVERSAL:
        result, *_ = lesson.how_wide("wiggle", activation, 64, False, 0)
        assert result.outside > 100 * result.error
    assert width_and_error().result.outside > 1


@pytest.mark.parametrize("layers", range(1, 11))
def test_depth_multiplies_pieces_and_width_adds_them(layers):
    result = lesson.fold(layers, magnify=1)
    assert result.units == 2 * layers
    assert result.deep_pieces == 2**layers
    assert result.shallow_pieces == 2 * layers + 1
    turns = np.flatnonzero(np.abs(np.diff(result.shallow, 2)) > 1e-9) + 1
    from_hinge = turns / 4096 * result.units % 1
    assert (np.minimum(from_hinge, 1 - from_hinge) < result.units / 4096).all(), "it turns at its hinges only"
    tent = lesson.X_FOLD
    for _ in range(layers):
        tent = np.where(tent < 0.5, 2 * tent, 2 - 2 * tent)
    assert np.array_equal(result.deep, tent), "exact on these points"


def test_twenty_units_make_a_thousand_and_twenty_four_pieces():
    result = fold_the_line(layers=10).result
    assert (result.units, result.deep_pieces, result.shallow_pieces) == (20, 1024, 21)


def test_a_network_of_linear_layers_is_one_layer():
    rng = np.random.default_rng(5)
    net = MLP([2, 7, 5, 6, 1], hidden=identity, output=identity, seed=5)
    for layer in net.layers:
        layer.b = rng.normal(size=layer.b.shape)
    W, b = lesson.collapse(net)
    X = rng.normal(size=(50, 2))
    assert np.abs(net.forward(X) - (X @ W.T + b)).max() < 1e-12
