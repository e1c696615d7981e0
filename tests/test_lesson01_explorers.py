"""The explorers of lesson 01: what they show is right."""

import itertools
import warnings

import numpy as np
import pytest
from verdicts_of.lesson01 import learn_tent3

from nbcore import ACTIVATIONS, CURVES, MLP, PLANE, identity, share, sigmoid
from nbcore.explore import bend_the_line, build_by_hand, fold_the_line, one_neuron, trained_errors, width_and_error
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


def test_a_square_neuron_is_xor_without_any_error():
    exact = lesson.neuron("square", 1, -1, 0, 0.5, "above the cut")
    assert exact.a.tolist() == lesson.XOR.tolist()
    assert (exact.right, len(exact.lines)) == (4, 2)
    assert max(map(straight, exact.lines)) < 1e-9


@pytest.mark.parametrize("phi", [lesson.SQUARE, lesson.CUBE], ids=str)
def test_the_polynomials_have_their_derivatives(phi):
    z = np.linspace(-3, 3, 25)
    assert np.abs(phi.derivative(z) - (phi(z + 1e-6) - phi(z - 1e-6)) / 2e-6).max() < 1e-6


def test_every_activation_with_one_number_in_and_out_is_offered():
    assert set(MONOTONE) < set(lesson.SCALAR)
    assert set(lesson.SCALAR) == set(ACTIVATIONS) - {"softmax", "step"}
    assert one_neuron().controls["activation"].values == (*lesson.SCALAR, "square")


# ---- what the lesson says that one sees, from 20 starts (block 0: those of the seed's first positions)


def bent(block, data, width, activation, eta=1.0, depth=1, noise=0.15):
    """The share of points on their side for each of 20 starts; minus the update at which a run overflowed."""
    found = []
    for seed in range(20 * block, 20 * block + 20):
        try:
            *_, result = lesson.bend(data, noise, depth, width, activation, eta, seed)
            found.append(result.accuracy)
        except Diverged as error:
            found.append(-float(error.step))
    return np.array(found)


@pytest.mark.parametrize("block", range(3))
def test_three_units_close_the_boundary_around_the_rings(block):
    for width, low, high in ((1, 0.6, 0.72), (2, 0.8, 0.9), (3, 0.97, 1)):
        found = bent(block, "rings", width, "tanh")
        assert share((found >= low) & (found <= high)).held >= 19


@pytest.mark.parametrize("block", range(3))
def test_three_relus_often_leave_a_tenth_of_the_moons_on_the_wrong_side(block):
    found = bent(block, "moons", 3, "relu")
    assert 7 <= ((found > 0.85) & (found < 0.94)).sum() <= 19
    assert (found == 1).any()


@pytest.mark.parametrize("block", range(3))
def test_linear_layers_overflow_at_two_and_four_times_the_rate(block):
    twice, four_times = (bent(block, "moons", 8, "identity", eta, depth=3) for eta in (2, 4))
    assert 6 <= (twice < 0).sum() <= 16
    assert (four_times < 0).all()
    assert (four_times > -21).all()


@pytest.mark.parametrize("block", range(3))
def test_bending_gains_some_four_points_in_a_hundred_on_two_digits(block):
    linear, tanh = (bent(block, "digits 1 and 9", 8, phi, noise=0.0) for phi in ("identity", "tanh"))
    assert np.ptp(linear) < 0.006
    assert 0.03 < np.median(tanh - linear) < 0.05


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


def misses(unit="ReLU hinge", target="sine", updates=0, **settings):
    """The error by hand, and after training, from the settings that the explorer starts with."""
    result = build_by_hand(unit=unit, target=target, updates=updates, **settings).result
    return result.trained_error if updates else result.error


def test_what_the_lesson_answers_about_hinges_and_steps():
    third = {"k3": 0.5, "w3": -4}
    assert misses() == pytest.approx(0.55, abs=0.005)
    assert misses(**third) == pytest.approx(0.15, abs=0.005)
    controls = build_by_hand().controls
    places, weights = controls["k4"].values, controls["w4"].values[::2]
    best = min(misses(**third, k4=k, w4=w) for k, w in itertools.product(places, weights) if abs(w) < 2)
    assert 0.115 < best < 0.125
    assert misses(**third, updates=500) == pytest.approx(0.06, abs=0.005)
    assert misses(updates=500) == pytest.approx(0.06, abs=0.005)
    step = misses("sigmoid step", "step", c=-0.8, k1=0, w1=1.6, w2=0)
    assert step == pytest.approx(0.16, abs=0.005)


CONTINUOUS = [target for target in CURVES if target != "step"]
UNIVERSAL = [name for name in lesson.FITTERS if "polynomial" not in name]


@pytest.mark.parametrize("target", CONTINUOUS)
@pytest.mark.parametrize("activation", UNIVERSAL)
def test_the_error_falls_with_the_width(target, activation):
    result, *_ = lesson.how_wide(target, activation, 8, False, 0)
    assert (result.errors[2:] <= result.errors[:-2]).all()
    if (target, activation) == ("wiggle", "relu"):
        quarters = result.errors[4:] / result.errors[3:-1]
        assert quarters == pytest.approx(0.25, abs=0.05)
    assert result.errors[-1] < 0.02 * result.errors[0]
    assert result.error == result.errors[3]


@pytest.mark.parametrize("activation", lesson.FITTERS)
def test_no_width_is_enough_for_the_largest_error_at_a_jump(activation):
    """The theorem in the largest error is for continuous functions."""
    result, *_ = lesson.how_wide("step", activation, 64, False, 0)
    assert result.errors.min() > 0.5


@pytest.mark.parametrize("activation", lesson.FITTERS)
def test_but_a_width_is_enough_for_most_of_the_interval(activation):
    """The theorem in measure is for jumps as well: errors above 0.1 on as little of [-1, 1] as one likes."""
    off = [next(lesson.how_wide("step", activation, width, False, 0)).off for width in lesson.WIDTHS]
    if activation in UNIVERSAL:
        assert all(after < 0.75 * before for before, after in itertools.pairwise(off[3:]))
        assert off[3] > 0.2
        assert off[-1] < 0.05
    else:
        assert min(off) > 0.7
    if activation == "relu":
        assert [round(100 * part) for part in off[3:]] == [30, 15, 7, 3]
        assert "largest error 0.73 on" in width_and_error(target="step", width=64).status


@pytest.mark.parametrize("block", range(3))
def test_training_from_hinges_on_the_interval_is_no_worse_than_it_is(block):
    """An undertrained run from a bad start says nothing about training: a constant's error is 0.58."""
    few, few_even = trained_errors("relu", 8, block=block)
    assert share(few < few_even).held <= 5
    assert np.median(few) > 0.45
    many, many_even = trained_errors("relu", 64, block=block)
    assert share(many < 0.15).held >= 18
    assert share(many < many_even).held == 0
    assert 6 < np.median(many) / many_even < 20
    smooth, smooth_even = trained_errors("tanh", 16, block=block)
    assert share(smooth < smooth_even).held >= 18
    assert np.median(smooth) < 0.03


def test_the_explorer_shows_one_of_those_trained_fits():
    errors, even = trained_errors("relu", 64)
    result = width_and_error(activation="relu", width=64, trained=True, seed=3).result
    assert result.trained_error == pytest.approx(errors[3], rel=0.2)
    assert result.error == even


@pytest.mark.parametrize("activation", [name for name in lesson.FITTERS if "polynomial" in name])
def test_training_a_polynomial_finds_the_best_one_and_no_more(activation):
    errors, even = trained_errors(activation, 16)
    assert np.median(errors) == pytest.approx(even, abs=0.01)
    assert (errors > 0.9 * even).all()
    assert share(errors < 1.2 * even).held >= 18


@pytest.mark.parametrize("block", range(3))
def test_what_exists_is_found_with_units_to_spare(block):
    just_enough, wide = (learn_tent3(width, block) for width in (2, 32))
    assert (just_enough > 0.6).all()
    assert (wide < 0.1).all()


@pytest.mark.parametrize(("activation", "degree"), [("square (a polynomial)", 2), ("cube (a polynomial)", 3)])
@pytest.mark.parametrize("target", CURVES)
def test_a_polynomial_activation_never_gets_beyond_its_degree(target, activation, degree):
    result, *_ = lesson.how_wide(target, activation, 64, False, 0)
    x, inside = lesson.X_WIDE[lesson.INSIDE], lesson.INSIDE
    best = np.polynomial.Polynomial.fit(x, result.target[inside], degree)(x)
    assert np.abs(result.fit[inside] - best).max() < 1e-6, "more units than the degree add nothing"
    assert np.abs(result.errors[2:] - result.errors[-1]).max() < 1e-6


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
