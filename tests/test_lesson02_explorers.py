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
    best_rate,
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
    race,
    same_functions,
    where_the_gradient_goes,
    zig_zag,
)
from nbcore.explore import activation_saturation as lesson
from tools import build_notebooks as bn


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


def rms(values):
    return np.sqrt(np.mean(values**2, axis=(-2, -1)))


def first_over_last(activation, scale=1.0, depth=10, seed=0):
    """Of delta and of dC/dW, medians of 20 starts."""
    nets = lesson.deep_network(activation, depth, scale, seed, 20)
    X, Y = lesson.digit_sample()
    nets.forward(X)
    nets.backward(softmax_ce, Y)
    first, last = nets.layers[0], nets.layers[-2]
    return np.median(rms(first.delta) / rms(last.delta)), np.median(rms(first.dW) / rms(last.dW))


def test_sigmoids_lose_the_gradient_without_a_saturated_unit():
    result = down_the_depth(updates=0).result
    assert len(result.deltas) == 10
    assert 1e-6 < result.deltas[0] / result.deltas[-1] < 4e-6
    assert result.flat.max() < 0.01
    assert first_over_last("sigmoid", depth=30)[0] < 1e-17
    for activation in lesson.DEEP[3:]:
        scale = 1.0 if activation == "Maxout" else 1.4
        assert 0.2 < first_over_last(activation, scale)[0] < 5, activation
    assert 1e-3 < first_over_last("softplus")[0] < 1e-2


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_of_the_weights_can_not_see_vanishing(seed):
    for activation in set(lesson.DEEP) - {"sigmoid", "softplus", "identity"}:
        delta, weights = first_over_last(activation, 0.5, seed=seed)
        assert delta < 3e-3, activation
        assert 0.5 < weights < 2, activation
    delta, weights = first_over_last("tanh", 0.1, depth=30, seed=seed)
    assert delta < 1e-25
    assert 0.3 < weights < 3


def test_the_weights_and_their_gradients_have_one_sum_in_all_relu_layers():
    """A ReLU network without biases grows by c when any one of its W does: sum(W * dC/dW) is the same for each."""
    net = lesson.deep_network("relu", 10, 0.5, 0)
    X, Y = lesson.digit_sample()
    net.forward(X)
    net.backward(softmax_ce, Y)
    sums = [(layer.W * layer.dW).sum() for layer in net.layers]
    np.testing.assert_allclose(sums, sums[0], rtol=1e-9)


def test_saturated_need_not_mean_vanished():
    result = down_the_depth(activation="tanh", scale=5.0, depth=30, updates=0).result
    assert result.flat.min() > 0.5
    assert result.deltas[0] > 1e5 * result.deltas[-1]


def test_depth_shows_what_the_network_holds():
    (result,) = lesson.down_depth("tanh", 3, 1.0, 0.1, 0, 0)
    net = lesson.deep_network("tanh", 3, 1.0, 0)
    X, Y = lesson.digit_sample()
    net.forward(X)
    net.backward(softmax_ce, Y)
    for layer, delta, weights, flat in zip(net.layers, result.deltas, result.weights, result.flat, strict=False):
        assert delta == pytest.approx(rms(layer.delta))
        assert weights == pytest.approx(rms(layer.dW))
        assert flat == pytest.approx((1 - layer.a**2 < 0.05).mean())
    assert result.activations.shape == (50, 3)
    assert (result.activations.max(axis=0) == 1).all()
    assert np.abs(net.layers[1].W.std() * np.sqrt(32) - 1) < 0.05


def test_depth_learns_step_by_step():
    found = list(lesson.down_depth("relu", 4, 1.4, 0.3, 100, 0))
    assert [len(r.losses) - 1 for r in found] == [0, 5, 20, 50, 100]
    assert found[-1].losses[-1] < 0.5 * found[0].losses[0]


# ---- zig-zag


POSITIVE, CENTERED, TWICE, RELU = lesson.INPUTS


@pytest.mark.parametrize("seed", range(5))
def test_positive_inputs_give_gradients_of_one_sign_per_sample_and_a_batch_softens_it(seed):
    for inputs in (POSITIVE, RELU):
        assert lesson.zig_zag_path(inputs, "each sample", 0.63, 60, seed).one_sign == 1
    for inputs in (CENTERED, TWICE):
        assert 0.25 < lesson.zig_zag_path(inputs, "each sample", 0.63, 60, seed).one_sign < 0.75
    assert lesson.zig_zag_path(POSITIVE, "all samples", 1.0, 60, seed).one_sign < 0.3
    steps = np.diff(lesson.zig_zag_path(POSITIVE, "each sample", 0.63, 60, seed).path, axis=0)
    assert (steps[:, 0] * steps[:, 1] >= 0).all()


def test_centering_alone_gains_nothing_at_the_same_rate_and_room_for_a_larger_one():
    def losses(inputs, eta):
        return np.array([lesson.zig_zag_path(inputs, "each sample", eta, 60, seed).losses[-1] for seed in range(20)])

    for eta in (0.63, 1.6):
        assert np.median(losses(CENTERED, eta)) > 0.5 * np.median(losses(POSITIVE, eta))
    assert np.median(losses(POSITIVE, 4.0)) > 1
    assert np.median(losses(CENTERED, 4.0)) < 1e-6 * np.median(losses(POSITIVE, 1.6))
    assert np.median(losses(TWICE, 1.0)) == pytest.approx(np.median(losses(CENTERED, 4.0)), rel=0.5)


def test_every_path_stays_in_the_picture_at_the_start():
    for inputs in lesson.INPUTS:
        for after in lesson.AFTER:
            for seed in range(20):
                path = lesson.zig_zag_path(inputs, after, 0.63, 60, seed).path
                assert np.abs(path).max() < 2.5, (inputs, after, seed)


def test_the_path_is_descent():
    result = lesson.zig_zag_path(RELU, "all samples", 0.2, 30, 0)
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
    assert same_functions(shift=0.5, factor=4.0).result.steps[3] == 4


def test_in_20_draws_it_is_a_hundred_times_or_more():
    steps = np.array([lesson.same(0, 1, 1.0, 2000, 1000, seed).steps for seed in range(20)])
    assert (steps[:, 0] > 60 * steps[:, 2]).all()
    assert np.median(steps[:, 0] / steps[:, 2]) > 100
    assert steps[:, 1].max() < 100


def test_at_the_end_all_curvatures_are_about_1():
    curvatures = same_functions(shift=0.5, factor=4.0).result.curvatures
    assert 0.3 < curvatures[3].min() < curvatures[3].max() < 1.5
    assert curvatures[0][-1] == pytest.approx(2.77 / 1088, rel=0.1), "64 weights up, the bias 32 times as far down"
    assert curvatures[0][-2] > 10 * curvatures[0][-1]


@pytest.mark.parametrize("coding", range(3))
def test_the_shortcut_counts_what_a_loop_counts(coding):
    S, y = lesson._features(500, 1.0, 0)
    F = (S, S - 0.5, 2 * S - 1)[coding]
    wanted = lesson.same(0, 1, 1.0, 500, 100, 0).steps[coding]
    F = np.column_stack([F, np.ones(len(F))])
    eta, w, t = 1 / np.linalg.eigvalsh(F.T @ F / len(F))[-1], np.zeros((65, 1)), 0
    while np.mean((F @ w - y) ** 2) > np.mean(y**2) / 100:
        w -= eta * F.T @ (F @ w - y) / len(F)
        t += 1
    assert t == wanted


def test_the_same_functions_can_be_drawn_with_all_codings():
    S, y = lesson._features(2000, 1.0, 0)
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


def test_starts_get_stuck_with_five_pieces_the_least():
    stuck = {kind: (lesson.bend_errors(kind, range(20)) > 0.2).sum() for kind in ("ReLU", "PReLU", "Maxout of 2")}
    assert min(stuck.values()) >= 4
    assert 1 <= (lesson.bend_errors("Maxout of 5", range(20)) > 0.2).sum() <= 3
    assert lesson.bend_errors("ReLU", [3], updates=200) == pytest.approx(
        learned_bends(kind="ReLU", seed=3, updates=200).result.error
    )


# ---- dead units


def test_asleep_means_negative_for_every_sample():
    net = MLP([1, 3, 1], relu, sigmoid)
    net.layers[0].W, net.layers[0].b = [[1], [1], [-1]], [[0, -5, -1]]
    X = np.array([[-2.0], [0.5], [1.0]])
    assert lesson.asleep(net, X)[0].tolist() == [False, True, False]
    assert lesson.asleep(net, X[1:])[0].tolist() == [False, True, True]


def test_a_leaky_slope_is_what_a_saturated_sigmoid_passes():
    z = np.linspace(-50, 50, 1001)
    assert leaky_relu.derivative(z).min() == 0.01
    assert sigmoid.derivative(4.6) == pytest.approx(0.01, rel=0.02)
    assert lesson.FLAT > 0.01


def test_prelu_wakes_fewer_than_a_fixed_slope_and_learns_more():
    """Its slopes fit first; then the loss, and so the gradient that could move a hinge, is small."""
    X, Y = moons(200, 0.15, 0)
    start, woken, moved, loss = lesson.lab_network(-1.0, 0, (20,)), [], [], []
    for kind in (PReLU, leaky_relu.with_slope(0.25)):
        net = lesson.with_activation(start, kind)
        before = lesson.asleep(net, X)[0]
        old = net.layers[0].W.copy()
        loss.append(np.median(train(net, X, Y, bce, eta=0.3, steps=500).loss[-1]))
        woken.append((before & ~lesson.asleep(net, X)[0]).sum())
        moved.append(np.linalg.norm(net.layers[0].W - old, axis=-1)[before].mean())
    assert woken[0] < woken[1]
    assert moved[0] < 0.6 * moved[1]
    assert loss[0] < 0.5 * loss[1]


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
    assert swept.dead.shape == (4, 7)
    by_bias = dict(zip(swept.biases, swept.dead, strict=True))
    assert by_bias[0.0][:3].max() < 0.1
    assert by_bias[0.0][-2:].min() > 0.6
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
    assert lesson.arrivals(losses, 0.5).tolist() == [55, np.inf]  # 16 zeros among 30
    assert lesson.arrivals(losses[:20], 0.5).tolist() == [np.inf, np.inf]
    losses[60:, 0] = np.nan
    assert lesson.arrivals(losses, 0.5)[0] == 55


def test_the_best_rate_of_the_sigmoid_is_not_at_the_edge_of_what_is_tried():
    """Its medians: it is the largest of four rates up to 1.6, and lies between 1.6 and 6.4."""
    data = split_digits(lesson.TRAINING)
    rates = (1.6, 3.2, 6.4)
    net = lesson.racer("sigmoid", 5, copies=3)
    history = train(net, data.X, data.Y, softmax_ce, np.repeat(rates, 5), 500, batch=50)
    arrived = np.median(lesson.arrivals(history.loss, 0.1).reshape(3, 5), axis=1)
    assert best_rate(rates, arrived) == 3.2
    assert 300 < arrived[1] < 370


def test_the_race_in_the_lesson_is_the_one_that_the_verdicts_measure():
    """At the best rates of the stored table, which has all racers but one."""
    from verdicts_of.lesson02 import RATES

    notebook = bn.read(bn.NOTEBOOKS / "02_activation_saturation.ipynb")
    (output,) = [o for cell in notebook.cells if "RaceTable" in cell.source for o in cell.outputs]
    rows = {line.split()[0]: line.split()[1:] for line in output["data"]["text/plain"].splitlines()[1:]}
    assert {name: float(row[0]) for name, row in rows.items() if name in RATES} == RATES
    assert set(rows) == set(lesson.RACERS) - {"softplus"}
    assert rows["sigmoid"][-3:] == ["0", "of", "20"]


def test_words_count_starts_and_give_no_verdict_from_a_few():
    own = np.arange(100.0, 120)
    rows = {
        "relu": own,
        "slow": own * 7,
        "fast": own / 2,
        "some": own[::-1],
        "equal": own,
        "never": np.full(20, np.inf),
    }
    assert lesson.race_words(list(rows), list(rows.values())) == (
        "Fewer updates than relu from the same start: fast 20 of 20, some 10 of 20, slow 0 of 20, equal 0 of 20, "
        "never 0 of 20."
    )
    assert lesson.race_words(["relu", "tanh"], [[np.inf, 4], [3, 4]]) == "2 starts, too few for a verdict."
    assert lesson.race_words(["relu"], [own]) == ""


def test_a_table_shows_medians_quantiles_and_shares():
    own = np.arange(101.0, 121)
    late = np.where(own > 115, np.inf, own - 1)
    table = lesson.RaceTable({"relu": (0.4, own), "tanh": (0.8, own / 2), "odd": (1.6, late)})
    assert repr(table).splitlines()[1:] == [
        "relu          0.4         111 (103 to 119)",
        "tanh          0.8         56 (52 to 60)       20 of 20",
        "odd           1.6         110 (102 to never)  15 of 20",
    ]
    page = table._repr_html_()
    assert page.count("<tr>") == 4
    assert "<td>111 (103 to 119)</td><td></td>" in page
    with pytest.raises(ValueError, match="at least 20 starts"):
        repr(lesson.RaceTable({"relu": (0.4, own[:5])}))


def test_a_race_with_20_starts_says_from_how_many():
    status = race(seeds=20, epochs=5, width=8, goal=0.5, depth=1).status
    assert "Fewer updates than relu from the same start: " in status
    assert "too few" in race(seeds=3, epochs=5, width=8).status


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
