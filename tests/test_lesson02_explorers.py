"""The explorers of lesson 02: what they show is right."""

import warnings

import numpy as np
import pytest

from nbcore import (
    ACTIVATIONS,
    MLP,
    PReLU,
    Sequential,
    bce,
    identity,
    leaky_relu,
    moons,
    mse,
    relu,
    sigmoid,
    softmax_ce,
    split_digits,
    train,
)
from nbcore.explore import (
    Progress,
    down_the_depth,
    dying_relu,
    is_exp_slow,
    learned_bends,
    same_functions,
    where_the_gradient_goes,
    zig_zag,
)
from nbcore.explore import activation_saturation as lesson


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# ---- slopes and depth


def test_the_sigmoid_s_slope_is_a_quarter_at_most_and_ten_layers_leave_a_millionth():
    result = where_the_gradient_goes(x=0.0, layers=10).result
    assert result.slope == 0.25
    assert result.at_best[10] == pytest.approx(9.5367431640625e-07, rel=1e-12)
    assert result.here[10] == pytest.approx(0.25**10, rel=1e-12)
    for x, slope in ((5.0, 0.0066480567), (10.0, 4.539581e-05)):
        assert where_the_gradient_goes(x=x).result.slope == pytest.approx(slope, rel=1e-7)
    assert "9.54e\N{MINUS SIGN}07" in where_the_gradient_goes(x=0.0).status


def test_gain_makes_steep_and_narrow():
    result = lesson.slope_at("sigmoid", 0.0, 4.0, 10)
    assert result.factor == 1.0
    assert lesson.slope_at("sigmoid", 2.0, 4.0, 10).factor < 0.002
    assert lesson.slope_at("relu", -1.0, 1.0, 10).here[1] == 0
    assert lesson.slope_at("step", 3.0, 1.0, 10).best == 0


@pytest.mark.parametrize("activation", lesson.WITH_STEP)
def test_the_chain_is_what_a_chain_of_neurons_does(activation):
    phi, x, w = ACTIVATIONS[activation], 0.6, 1.3
    result = lesson.slope_at(activation, x, w, 5)
    h = 1e-6
    numeric = (phi(w * (x + h)) - phi(w * (x - h))) / (2 * h)
    assert result.factor == pytest.approx(abs(float(numeric)), rel=1e-6, abs=1e-9)
    assert result.here[5] == pytest.approx(result.factor**5)


def test_every_activation_with_one_number_in_and_out_is_offered():
    assert set(lesson.WITH_STEP) == set(ACTIVATIONS) - {"softmax"}
    assert set(lesson.SCALAR) == set(ACTIVATIONS) - {"softmax", "step"}
    assert set(lesson.RACERS) >= {"sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "PReLU", "Maxout"}


def first_over_last(activation, **settings):
    norms = down_the_depth(activation=activation, updates=0, **settings).result.norms
    return norms[0] / norms[-1]


def test_sigmoids_lose_the_gradient_without_a_saturated_unit():
    result = down_the_depth(updates=0).result
    assert len(result.norms) == 10
    assert 5e-6 < result.norms[0] / result.norms[-1] < 2e-5
    assert result.flat.max() < 0.01
    assert first_over_last("sigmoid", depth=30) < 1e-17
    for activation in ("tanh", "relu", "leaky_relu", "elu", "gelu", "silu"):
        for scale in (1.0, 1.4):
            assert 0.5 < first_over_last(activation, scale=scale) < 1.3, activation
    assert 1e-3 < first_over_last("softplus") < 1e-1


def test_saturated_need_not_mean_vanished():
    result = down_the_depth(activation="tanh", scale=5.0, depth=30, updates=0).result
    assert result.flat.min() > 0.5
    assert result.norms[0] > 1e5 * result.norms[-1]


def test_depth_shows_what_the_network_holds():
    (result,) = lesson.down_depth("tanh", 3, 1.0, 0.1, 0, 0)
    net = lesson.deep_network("tanh", 3, 1.0, 0)
    X, Y = lesson._digit_sample()
    net.forward(X)
    net.backward(softmax_ce, Y)
    for layer, norm, flat in zip(net.layers, result.norms, result.flat, strict=False):
        assert norm == pytest.approx(np.sqrt(np.mean(layer.dW**2)))
        assert flat == pytest.approx((1 - layer.a**2 < 0.05).mean())
    assert result.activations.shape == (50, 3)
    assert (result.activations.max(axis=0) == 1).all()
    assert np.abs(net.layers[1].W.std() * np.sqrt(32) - 1) < 0.05


def test_depth_learns_step_by_step():
    found = list(lesson.down_depth("relu", 4, 1.4, 0.3, 100, 0))
    assert [len(r.losses) - 1 for r in found] == [0, 5, 20, 50, 100]
    assert found[-1].losses[-1] < 0.5 * found[0].losses[0]


# ---- zig-zag


@pytest.mark.parametrize("seed", range(5))
def test_positive_inputs_give_gradients_of_one_sign_per_sample_and_a_batch_softens_it(seed):
    one = lesson.zig_zag_path("sigmoid, all positive", "each sample", 0.63, 60, seed)
    assert one.one_sign == 1
    for inputs in ("tanh(z/2), centered", "centered sigmoid, minus 1/2"):
        assert 0.25 < lesson.zig_zag_path(inputs, "each sample", 0.63, 60, seed).one_sign < 0.75
    batch = lesson.zig_zag_path("sigmoid, all positive", "all samples", 1.0, 60, seed)
    assert batch.one_sign < 1
    steps = np.diff(one.path, axis=0)
    assert (steps[:, 0] * steps[:, 1] >= 0).all()


def test_the_path_is_descent():
    result = lesson.zig_zag_path("relu, none negative", "all samples", 0.2, 30, 0)
    X, w = result.inputs, result.path[4]
    y = X @ lesson.GOAL
    gradient = X.T @ (X @ w - y) / len(X)
    np.testing.assert_allclose(result.path[5], w - 0.2 * gradient, rtol=1e-9)
    assert result.losses[4] == pytest.approx(np.mean((X @ w - y) ** 2) / 2)
    assert result.losses[-1] < result.losses[0]


def test_a_rate_that_is_too_large_is_told():
    explorer = zig_zag(after="all samples", eta=10.0)
    assert explorer.result.left
    assert "too large" in explorer.status


# ---- same functions


def test_same_functions_a_hundred_times_slower():
    explorer = same_functions()
    assert explorer.result.steps.tolist() == [2494, 85, 21, 2494]
    assert "2,494" in explorer.status
    assert same_functions(shift=0.5, factor=2.0).result.steps[3] == 21
    assert same_functions(shift=0.5).result.steps[3] == 85


@pytest.mark.parametrize("coding", range(3))
def test_the_shortcut_counts_what_a_loop_counts(coding):
    S, y = lesson._features(500, 1.0)
    F = (S, S - 0.5, 2 * S - 1)[coding]
    wanted = lesson.same(0, 1, 1.0, 500, 100).steps[coding]
    F = np.column_stack([F, np.ones(len(F))])
    eta, w, t = 1 / np.linalg.eigvalsh(F.T @ F / len(F))[-1], np.zeros((65, 1)), 0
    while np.mean((F @ w - y) ** 2) > np.mean(y**2) / 100:
        w -= eta * F.T @ (F @ w - y) / len(F)
        t += 1
    assert t == wanted


def test_the_same_functions_can_be_drawn_with_all_codings():
    S, y = lesson._features(2000, 1.0)
    for F in (S, S - 0.5, 2 * S - 1):
        F = np.column_stack([F, np.ones(len(F))])
        assert np.abs(F @ np.linalg.lstsq(F, y, rcond=None)[0] - y).max() < 1e-9


def test_the_mean_makes_one_direction_steep():
    curvatures = same_functions().result.curvatures
    assert curvatures[0][0] == pytest.approx(17, rel=0.02)
    assert curvatures[1][0] == pytest.approx(1, rel=0.05)
    assert np.median(curvatures[2]) == pytest.approx(4 * np.median(curvatures[1]), rel=0.02)


# ---- layers that learn their bend


def test_bends_count_their_parameters_and_show_their_units():
    for kind, size in (("ReLU", 10), ("PReLU", 13), ("one PReLU slope for all", 11), ("Maxout of 3", 22)):
        explorer = learned_bends(kind=kind, units=3, updates=30)
        assert explorer.result.parameters == size
        assert explorer.result.shapes.shape == (3, 201)
        assert ("slopes" in explorer.status) == ("PReLU" in kind)
    start = learned_bends(updates=0).result
    assert (start.slopes == 0.25).all()
    assert (learned_bends().result.slopes != 0.25).all()


@pytest.mark.parametrize("k", [2, 3, 5])
def test_a_maxout_unit_bends_upward_only(k):
    *_, result = lesson.learned(f"Maxout of {k}", 4, "sine", 0.02, 200, 0)
    assert (np.diff(result.shapes, 2, axis=1) > -1e-9).all()


# ---- dead units


def test_asleep_means_negative_for_every_sample():
    net = MLP([1, 3, 1], relu, sigmoid)
    net.layers[0].W, net.layers[0].b = [[1], [1], [-1]], [[0, -5, -1]]
    X = np.array([[-2.0], [0.5], [1.0]])
    assert lesson.asleep(net, X)[0].tolist() == [False, True, False]
    assert lesson.asleep(net, X[1:])[0].tolist() == [False, True, True]


def test_dead_units_of_layer_1_stay_dead_and_deeper_ones_can_revive():
    X, Y = moons(200, 0.15, 0)
    net = lesson.lab_network(-1.0, 0, (16,))
    kept = [p.copy() for p in net.parameters()]
    before = lesson.asleep(net, X)
    train(net, X, Y, bce, eta=0.3, steps=500)
    after = lesson.asleep(net, X)
    awake = [(b & ~a).sum() for b, a in zip(before, after, strict=True)]
    assert before[0].sum() > 30
    assert awake[0] == 0
    assert awake[1] > 20
    for old, new in zip(kept[:1], net.parameters()[:1], strict=True):
        np.testing.assert_array_equal(old[before[0]], new[before[0]])


@pytest.mark.parametrize("kind", [leaky_relu.with_slope(0.25), PReLU, ACTIVATIONS["elu"]], ids=str)
def test_a_slope_below_zero_wakes_some_units_of_layer_1(kind):
    X, Y = moons(200, 0.15, 0)
    net = lesson.with_activation(lesson.lab_network(-1.0, 0, (16,)), kind)
    before = lesson.asleep(net, X)[0]
    train(net, X, Y, bce, eta=0.3, steps=500)
    assert (before & ~lesson.asleep(net, X)[0]).sum() > 0


def test_the_share_of_dead_units_grows_with_the_rate_and_as_the_bias_falls():
    swept = lesson.sweep()
    assert swept.dead.shape == (4, 11)
    by_bias = dict(zip(swept.biases, swept.dead, strict=True))
    assert by_bias[0.0][:4].max() < 0.1
    assert by_bias[0.0][-3:].min() > 0.6
    assert by_bias[-1.0][0] > by_bias[0.0][0] + 0.2
    assert by_bias[-2.0][0] > by_bias[-1.0][0] + 0.2


def test_another_activation_keeps_the_weights():
    net = lesson.lab_network(0.0, 3, (2,))
    for kind in lesson.THEN.values():
        other = lesson.with_activation(net, kind)
        assert isinstance(other, Sequential)
        for mine, theirs in zip(net.layers, other.layers, strict=True):
            np.testing.assert_array_equal(mine.W, theirs.W)
            assert not np.shares_memory(mine.W, theirs.W)


def test_the_laboratory_says_what_it_counts():
    explorer = dying_relu(eta=5.0)
    result = explorer.result
    assert len(result.gone) >= result.at_blow[0] > 0
    assert f"dead: {result.at_blow[0]} of 16 units in layer 1" in explorer.status
    assert result.revived[0] == 0
    waking = dying_relu(eta=5.0, then="elu").result
    assert waking.revived.sum() > 0
    assert "overflowed" in dying_relu(eta=10.0, then="PReLU").status


# ---- race


def test_all_racers_of_a_start_have_the_same_weights():
    first = lesson.racer("relu", 3)
    for name in lesson.RACERS:
        net = lesson.racer(name, 3)
        for mine, same_ in zip(net.layers, first.layers, strict=True):
            np.testing.assert_array_equal(mine.W[..., : same_.n_out, :], same_.W)
    copies = lesson.racer("tanh", 3, copies=2)
    np.testing.assert_array_equal(copies.layers[0].W[:3], copies.layers[0].W[3:])


def test_racers_have_the_parameters_that_are_told():
    size = {name: sum(p.size for p in lesson.racer(name, 1).parameters()) for name in lesson.RACERS}
    assert size["relu"] == 3466
    assert size["PReLU"] == 3466 + 64
    assert size["Maxout"] - 330 == 2 * (3466 - 330), "twice the parameters, in the hidden layers"


def test_arrivals_take_the_mean_over_an_epoch():
    losses = np.ones((100, 2))
    losses[40:, 0] = 0
    assert lesson.arrivals(losses, 0.5).tolist() == [55, -1]  # 16 zeros among 30
    assert lesson.arrivals(losses[:20], 0.5).tolist() == [-1, -1]
    losses[60:, 0] = np.nan
    assert lesson.arrivals(losses, 0.5)[0] == 55


def test_training_on_the_digits_arrives_as_the_table_says():
    data = split_digits(lesson.TRAINING)
    X, Y, X_test = data.X, data.Y, data.X_test
    assert (len(X), len(X_test)) == (1500, 297)
    arrived = {}
    for name, eta in (("sigmoid", 1.6), ("tanh", 0.8), ("relu", 0.4)):
        net = lesson.racer(name, 5)
        arrived[name] = lesson.arrivals(train(net, X, Y, softmax_ce, eta, 600, batch=50).loss, 0.1)
        assert (arrived[name] > 0).all()
        assert lesson.accuracy_on_test(net).min() > 0.95
    assert np.median(arrived["sigmoid"]) > 1.5 * np.median(arrived["relu"])
    assert arrived["tanh"].max() < arrived["relu"].min(), "at its best rate tanh is faster here, not six times slower"


def test_words_say_what_a_table_supports():
    words = lesson.race_words(
        ["relu", "slow", "fast", "alike", "never"],
        [[100, 110, 120], [710, 781, 800], [50, 55, 60], [90, 111, 115], [90, -1, 80]],
    )
    assert words == (
        "Slower than relu in every start, with so many times its updates: slow 7.1. Faster in every start: fast 0.5. "
        "No difference beyond the spread over starts: alike 1. Not there in every start: never."
    )
    assert "relu did not arrive" in lesson.race_words(["relu", "tanh"], [[-1, 4], [3, 4]])
    assert lesson.race_words(["relu"], [[3, 4]]) == ""


def test_a_table_takes_the_rate_that_is_best_for_the_slowest_start():
    runs = {
        "relu": ([90, 100, 80, 99, -1, 20], [0.9] * 6),
        "tanh": ([70, 71, 10, 300, -1, -1], [0.8, 0.8, 0.7, 0.7, 0.1, 0.1]),
        "step": ([-1] * 6, [0.1] * 6),
    }
    table = lesson.RaceTable((0.1, 0.2, 0.4), runs)
    assert {name: best[0] for name, best in table.best.items()} == {"relu": 0.2, "tanh": 0.1}
    assert table.best["tanh"][1].tolist() == [70, 71]
    assert "not at all" in repr(table)
    assert "70 (70 to 71)" in repr(table)
    assert "80.0%" in repr(table)
    assert table.words() in repr(table)
    page = table._repr_html_()
    assert page.count("<tr>") == 4
    assert "<td>70 (70 to 71)</td>" in page
    assert "Not there in every start: step." in table.words().replace("\n", " ")


def test_a_race_shows_how_far_it_is_and_ends_with_a_picture():
    moments = list(lesson.run_race(0.4, 1, 16, 0.3, 2, 10))
    assert [m.done for m in moments] == list(range(0, 301, 30))
    assert all(isinstance(m, Progress) for m in moments[:-1])
    assert isinstance(moments[-1], lesson.Race)
    assert moments[-1].accuracy.shape == (10, 2)


# ---- timing


def test_nothing_is_measured_until_it_is_asked_for():
    explorer = is_exp_slow()
    assert not explorer.result.measured
    assert "Nothing measured yet" in explorer.status
    assert explorer.png() == is_exp_slow().png()
    explorer.set(now=True)
    assert (explorer.result.forward > 0).all()
    assert (explorer.result.derivative > 0).all()
    assert "On this machine" in explorer.status


def test_a_layer_of_prelus_learns_a_curve_that_one_line_misses():
    X = np.linspace(-1, 1, 50)[:, None]
    net = Sequential(PReLU(1, 4, rng=1), *MLP([4, 1], output=identity).layers)
    history = train(net, X, np.abs(X), mse, eta=0.1, steps=500)
    assert history.loss[-1] < 0.01 < np.var(np.abs(X)) / 2
    assert not np.allclose(net.layers[0].slope, 0.25)
