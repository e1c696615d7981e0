"""The explorers of lesson 01: what they show is right."""

import itertools
import warnings

import numpy as np
import pytest

from nbcore import ACTIVATIONS, CURVES, MLP, PLANE, identity, sigmoid
from nbcore.explore import bend_the_line, build_by_hand, fold_the_line, one_neuron, width_and_error
from nbcore.explore import linear_vs_nonlinear as lesson
from nbcore.training import Diverged

MONOTONE = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"]


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


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
