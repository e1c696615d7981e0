"""The explorers of lesson 04: what they show is right."""

import functools
import heapq
import itertools
import math
import warnings

import numpy as np
import pytest
from test_lesson_explorers import same

from nbcore import (
    MLP,
    SGD,
    bce,
    digits,
    mse,
    numerical_gradient,
    one_hot,
    sigmoid,
    softmax,
    softmax_ce,
    split_digits,
    stack,
    tanh,
    train,
)
from nbcore.explore import coding_cost, shape_of_the_loss, softmax_and_digits, two_neurons_race
from nbcore.explore import mse_vs_cross_entropy as lesson


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# ---- D3, D4 and D7: the race


def brute(loss, w, b, eta, steps):
    """Outputs of a neuron with input 1 and target 0, by nbcore's own layers and losses."""
    net = MLP([1, 1])
    net.layers[0].W, net.layers[0].b = [[w]], [[b]]
    outputs = []
    train(net, [[1.0]], [[0.0]], loss, eta, steps, record=lambda now: outputs.append(now.net.layers[0].a.item()))
    return np.array(outputs)


@pytest.mark.parametrize(
    ("w", "b", "first", "square", "cross"), [(0.6, 0.9, 0.81757, 36, 8), (2.0, 2.0, 0.98201, 232, 17)]
)
def test_the_figures_of_the_race(w, b, first, square, cross):
    result = two_neurons_race(w=w, b=b, eta=0.15, horizon=300).result
    for runner, crossed, loss in ((result.mse, square, mse), (result.cross_entropy, cross, bce)):
        assert runner.a[0] == pytest.approx(first, abs=5e-6)
        assert runner.crossed == crossed
        outputs = brute(loss, w, b, 0.15, 300)
        assert np.abs(outputs[result.updates] - runner.a).max() < 1e-12
        assert outputs[crossed - 1] >= 0.5 > outputs[crossed]


def test_the_slow_start():
    result = two_neurons_race(w=2, b=2).result
    assert result.mse.a[-1] == pytest.approx(0.20285, abs=5e-6)
    assert "MSE is not below 0.5 within 100 updates; cross-entropy falls" in two_neurons_race(horizon=100).status
    assert result.mse.now_slope == pytest.approx(0.017345, abs=5e-7)
    assert result.cross_entropy.now_slope == pytest.approx(0.98201, abs=5e-6)
    assert result.cross_entropy.now_slope / result.mse.now_slope == pytest.approx(56.6, abs=0.05)
    assert result.mse.cost[0] == pytest.approx(0.98201379**2 / 2)
    assert result.cross_entropy.cost[0] == pytest.approx(-math.log(1 - 0.98201379), rel=1e-6)


def test_confidently_wrong():
    """z = 10 is w = b = 5: both move, so z moves by twice eta times the slope."""
    result = two_neurons_race(w=5, b=5, horizon=100_000).result
    assert (result.cross_entropy.crossed, result.mse.crossed) == (37, 73_534)


def test_only_the_sum_of_w_and_b_matters():
    one, other = (two_neurons_race(w=w, b=4 - w, horizon=1000).result for w in (-1.0, 2.0))
    assert np.abs(one.mse.a - other.mse.a).max() < 1e-12


@pytest.mark.parametrize("name", ["mse", "cross-entropy"])
def test_the_quick_loop_runs_like_the_readable_one(name):
    slope = {"mse": lesson.slope_mse, "cross-entropy": lesson.slope_cross_entropy}[name]
    for z, eta, grid in ((4.0, 0.15, range(301)), (10.0, 3.0, range(0, 3001, 7)), (-2.0, 10.0, (0, 5, 40))):
        quick, crossed = lesson._known_run(name, z, eta, tuple(grid))
        plain, crossed_too = lesson.run_neuron(slope, z, eta, grid)
        assert np.abs(quick - plain).max() < 1e-9
        assert crossed == crossed_too


@pytest.mark.parametrize("horizon", lesson.HORIZONS)
def test_the_crossing_does_not_depend_on_the_view(horizon):
    result = two_neurons_race(horizon=horizon).result
    assert result.cross_entropy.crossed == 17
    assert result.mse.crossed == (232 if horizon >= 232 else -1)


def test_a_third_neuron_takes_any_slope():
    explorer = two_neurons_race(lambda z, a, y: 0.5 * (a > 0.5))
    assert explorer.result.own.crossed == math.ceil(4 / (0.3 * 0.5) + 1e-9)
    assert "Yours: falls below 0.5 at update 27" in explorer.status
    assert same(two_neurons_race(lesson.slope_mse).result.own.a, two_neurons_race().result.mse.a)
    with pytest.raises(ValueError, match="no longer finite"):
        two_neurons_race(lambda z, a, y: math.inf).set(w=1)


# ---- the shape


def test_slopes_are_slopes():
    for activation, y in itertools.product(lesson.SHAPES, (0.0, 0.3, 1.0)):
        r = lesson.shape(activation, y, 1.0)
        for z, values, slopes in ((r.z, r.mse, r.mse_slope), (r.ce_z, r.ce, r.ce_slope)):
            slice_ = slice(40, -40)  # away from the poles of the linear output
            found = np.gradient(values, z)[slice_]
            assert np.abs(found - slopes[slice_]).max() < 0.02 * np.abs(slopes[slice_]).max() + 1e-4
        for k in (0, 1):
            point = np.array([0.4])
            loss = functools.partial(lesson._losses, activation, y=y)
            slope = numerical_gradient(lambda z, loss=loss, k=k: loss(z=z)[2 * k].sum(), point)
            assert slope == pytest.approx(lesson._losses(activation, point, y)[2 * k + 1], abs=1e-7)


def test_bounds_of_loss_and_slope():
    r = lesson.shape("sigmoid", 0.0, 10.0)
    assert r.ce_slope.max() < 1
    assert r.mse.max() < 0.5
    a = np.linspace(0, 1, 30_001)
    assert (a**2 * (1 - a)).max() == pytest.approx(4 / 27, abs=1e-9)
    assert a[(a**2 * (1 - a)).argmax()] == pytest.approx(2 / 3)
    assert r.mse_slope.max() == pytest.approx(4 / 27, abs=1e-4)
    assert r.now_mse[1] < 5e-5


def test_matching_pairs_leave_a_minus_y():
    for activation, y in itertools.product(("sigmoid", "tanh"), (0.0, 0.4, 1.0)):
        r = lesson.shape(activation, y, -1.5)
        assert r.now_ce[1] == pytest.approx(r.now_a - r.target, abs=1e-12)
    r = lesson.shape("linear", 0.4, -1.5)
    assert r.now_mse[1] == pytest.approx(r.now_a - r.target, abs=1e-12)
    assert math.isnan(r.now_ce[0])
    assert "is no probability" in shape_of_the_loss(activation="linear", z=2.0).status


def test_the_floor_of_a_soft_target_is_its_entropy():
    for y in (0.0, 0.05, 0.3, 0.5, 1.0):
        r = lesson.shape("sigmoid", y, 0.0)
        at_target = -sum(p * math.log(p) for p in (y, 1 - y) if p)
        assert r.floor == pytest.approx(at_target, abs=1e-12)
        assert r.ce.min() >= r.floor - 1e-9
    assert lesson.shape("sigmoid", 0.3, 0.0).ce.min() == pytest.approx(
        lesson.shape("sigmoid", 0.3, 0.0).floor, abs=1e-4
    )


# ---- bits


def test_bits_paid():
    r = coding_cost().result
    assert (r.paid, r.entropy) == (2.0, 1.75)
    r = coding_cost(sun=40, cloud=20, rain=10, snow=10).result
    assert r.paid == pytest.approx(1.75, abs=1e-12)
    assert r.lengths.tolist() == [1, 2, 3, 3]
    assert coding_cost(sun=5, cloud=5, rain=10, snow=20).result.paid == pytest.approx(2.625)
    assert coding_cost(truth="always sun (one-hot)").result.entropy == 0
    for truth in lesson.TRUTHS:
        assert sum(lesson.TRUTHS[truth]) == pytest.approx(1)
        for weights in itertools.product((1, 7, 40), repeat=4):
            r = lesson.bits(truth, *weights)
            assert r.paid >= r.entropy - 1e-12
            assert r.paid * math.log(2) == pytest.approx(softmax_ce(r.a[None], r.y[None]), abs=1e-9)


# ---- the digits


def last(**params):
    start = softmax_and_digits(**params)
    *_, result = lesson.race_digits(**start.params)
    return result


def test_the_digits_are_split_once_and_the_test_set_is_held_out():
    data = split_digits(lesson.TRAIN)
    X, labels, X_test, labels_test = data.X, data.labels, data.X_test, data.labels_test
    assert (len(X), len(X_test)) == (1297, 500)
    every = digits()[0]
    assert sorted(map(bytes, [*X, *X_test])) == sorted(map(bytes, every))
    assert len(labels) + len(labels_test) == 1797


def test_wrong_labels_are_wrong_and_as_many_as_asked():
    labels = split_digits(lesson.TRAIN).labels
    for share in (0.0, 0.2, 0.6):
        wrong = lesson.wrong_labels(labels, share, 3)
        assert (wrong != labels).sum() == round(share * len(labels))
        assert set(wrong) <= set(range(10))
    assert not np.array_equal(lesson.wrong_labels(labels, 0.2, 3), lesson.wrong_labels(labels, 0.2, 4))


@pytest.mark.parametrize("output", lesson.OUTPUTS)
def test_the_race_on_digits_is_plain_training(output):
    """Each start is what one network, trained alone by the readable engine, would be."""
    *_, result = lesson.race_digits(output, 20, 3, 0.5, 2, 8, 1)
    data = split_digits(lesson.TRAIN)
    X, labels, X_test, y_test = data.X, data.labels, data.X_test, data.labels_test
    phi, partner = {"softmax": (softmax, softmax_ce), "sigmoid": (sigmoid, bce)}[output]
    for name, loss, eta in (("cross-entropy", partner, 0.5), ("MSE", mse, 1.0)):
        net = MLP([64, 8, 10], tanh, phi, seed=102, dtype="float32")
        net.layers[-1].W = 3 * net.layers[-1].W
        Y = one_hot(lesson.wrong_labels(labels, 0.2, 102), 10)
        train(net, X, Y, loss, steps=100, optimizer=SGD(eta), batch=64, seed=1, engine="plain")
        right = (net.forward(X_test).argmax(axis=-1) == y_test).mean()
        assert result.test[name][2, 2] == pytest.approx(right, abs=0.0041)  # two images: float32
        assert result.test[name].shape == (21, 4)


def test_cross_entropy_is_quicker_at_first_and_level_at_the_end():
    for seed in (0, 1):
        r = last(seed=seed)
        assert (r.test["cross-entropy"][1] > r.test["MSE"][1] + 0.1).all()
        assert np.abs(r.test["cross-entropy"][-1].mean() - r.test["MSE"][-1].mean()) < 0.02


def test_confidently_wrong_digits():
    for seed in (0, 1):
        r = last(scale=10, seed=seed)
        assert (1 - r.test["MSE"][-1]).mean() > 3 * (1 - r.test["cross-entropy"][-1]).mean()
        assert r.pull["MSE"][0, 0] < 0.2 * r.pull["cross-entropy"][0, 0]


@pytest.mark.parametrize("output", lesson.OUTPUTS)
def test_wrong_labels_pull_harder_and_less_so_in_mse(output):
    """No loss gives up on them: 1.2 times as hard as right labels in MSE, 2.3 times in cross-entropy."""
    for seed in (0, 1):
        r = last(output=output, wrong=40, seed=seed)
        ratio = {name: r.pull[name][-1, 1] / r.pull[name][-1, 0] for name in r.pull}
        assert 1.1 < ratio["MSE"] < 1.4
        assert 2 < ratio["cross-entropy"] < 2.7
        if output == "softmax":
            assert r.test["MSE"][-1].mean() > r.test["cross-entropy"][-1].mean() + 0.015


def test_pulls_are_lengths_of_slopes():
    """One image at a time, from the whole loss: what its dC/dz is, with a right and with a wrong label."""
    rng = np.random.default_rng(2)
    X, truth = rng.normal(size=(7, 3)), np.array([0, 1, 2, 3, 0, 1, 2])
    labels = np.stack([truth, (truth + (np.arange(7) < 3)) % 4])
    for loss, phi in ((mse, sigmoid), (bce, sigmoid), (softmax_ce, softmax)):
        nets = stack([MLP([3, 5, 4], tanh, phi, seed=k) for k in range(2)])
        pull = lesson.pull_of_labels(nets, loss, X, labels, truth)
        for k in range(2):
            a = nets.forward(X)[k]
            length, z = np.empty(7), nets.layers[-1].z[k]
            for n in range(7):
                y = np.eye(4)[labels[k, n]][None]
                single = functools.partial(lambda loss, phi, y, z: loss(phi(z[None]), y), loss, phi, y)
                length[n] = np.linalg.norm(numerical_gradient(single, z[n]))
            wrong = labels[k] != truth
            assert pull.right[k] == pytest.approx(length[~wrong].mean(), abs=1e-7)
            if k:
                assert pull.wrong[k] == pytest.approx(length[wrong].mean(), abs=1e-7)
                assert pull.repeated[k] == pytest.approx((a.argmax(axis=-1) == labels[k])[wrong].mean())
            else:
                assert np.isnan([pull.wrong[k], pull.repeated[k]]).all()
        assert str(pull.of([0])) == f"an image pulls {pull.right[0]:.3f}"
        assert "with a wrong one" in str(pull.of([1]))
        assert pull.of([1]).right.tolist() == [pull.right[1]]
    with pytest.raises(ValueError, match=r"labels must be \(starts, 7\) and truth \(7,\), got \(7,\), \(7,\)"):
        lesson.pull_of_labels(nets, softmax_ce, X, truth, truth)


def test_the_crosses_have_their_words():
    key = {wrong: softmax_and_digits(wrong=wrong) for wrong in (0, 40)}
    assert "with crosses" in key[40].alt
    assert "with crosses" not in key[0].alt


def test_partial_pictures_come_on_the_way():
    shown = list(lesson.race_digits(**softmax_and_digits().params))
    assert [r.updates[-1] for r in shown] == [50, 150, 300, 500, 750, 1000]


# ---- what the text says besides


def test_a_large_rate_for_the_race():
    result = two_neurons_race(w=2, b=2, eta=10.0, horizon=40).result
    assert result.mse.crossed == 5
    z, _ = lesson.run_neuron(lesson.slope_cross_entropy, 4.0, 10.0, [0, 1])
    assert z[1] == pytest.approx(-16, abs=0.5)


def test_twenty_times_slower():
    assert " 20.2 times smaller" in shape_of_the_loss(z=2.9).status


def test_the_misplaced_bracket_makes_a_wrong_output_free():
    y, a = 0, 0.9
    assert -(y * math.log(a) + (1 - y) * math.log(1 - a)) == pytest.approx(2.302585, abs=1e-6)
    assert -y * (math.log(a) + (1 - y) * math.log(1 - a)) == 0
    assert bce([[a]], [[y]]) == pytest.approx(2.302585, abs=1e-6)


def test_the_logarithm_of_zero_never_appears():
    assert 1 - sigmoid(40.0) == 0
    for z, y, C in ((40.0, 0.0, 40.0), (1000.0, 0.0, 1000.0), (-1000.0, 1.0, 1000.0), (1000.0, 1.0, 0.0)):
        assert bce.from_logits([[z]], [[y]]) == C
        assert max(z, 0) - y * z + math.log1p(math.exp(-abs(z))) == C
        assert bce.delta([[z]], sigmoid([[z]]), [[y]], sigmoid).item() == sigmoid(z) - y
    assert -math.log(1e-12) == pytest.approx(27.63, abs=0.005)
    assert mse.delta([[40.0]], sigmoid([[40.0]]), [[0.0]], sigmoid).item() == 0


def test_softmax_twice_has_a_floor():
    """What is lost is the probability: at most 23%, whatever the first softmax says. It can be right all the same."""
    best = math.e / (math.e + 9)
    assert best == pytest.approx(0.2320, abs=5e-5)
    assert -math.log(best) == pytest.approx(1.4612, abs=5e-5)
    assert softmax(softmax(np.eye(10)[:1] * 1000)).max() == pytest.approx(best)
    z = np.random.default_rng(0).normal(size=(1000, 10)) * 10 ** np.linspace(-2, 3, 1000)[:, None]
    a = softmax(softmax(z))
    assert a.max() <= best + 1e-12
    assert softmax_ce(a, np.eye(10)[a.argmax(axis=1)]) >= -math.log(best) - 1e-12
    assert (a.argmax(axis=1) == z.argmax(axis=1)).all()


def least_bits(y, days):
    """Bits a day of the best code for blocks of so many days (Huffman 1952): merge the two rarest until one is left."""
    rare = sorted(math.prod(block) for block in itertools.product(y, repeat=days))
    heapq.heapify(rare)
    bits = 0.0
    while len(rare) > 1:
        both = heapq.heappop(rare) + heapq.heappop(rare)
        bits += both
        heapq.heappush(rare, both)
    return bits / days


def test_longer_blocks_of_days_come_as_near_as_you_like():
    """A week at once can waste a good part; only longer and longer blocks come near. H <= bits a day < H + 1/days."""
    y = (0.99, 0.004, 0.003, 0.003)
    entropy = -sum(p * math.log2(p) for p in y)
    found = {days: least_bits(y, days) for days in (1, 3, 7)}
    for days, bits in found.items():
        assert entropy - 1e-9 <= bits < entropy + 1 / days
    assert entropy == pytest.approx(0.0965, abs=1e-4)
    assert found[7] == pytest.approx(0.1887, abs=1e-4)  # twice the entropy: "a week comes as near as you like" is false
    assert least_bits((1 / 2, 1 / 4, 1 / 8, 1 / 8), 1) == 1.75


def test_always_sun_still_costs_a_little():
    assert coding_cost(truth="always sun (one-hot)", sun=40, cloud=1, rain=1, snow=1).result.paid == pytest.approx(
        0.10, abs=0.005
    )


def test_both_losses_fall_as_outputs_approach_the_target():
    """Cross-entropy has that in common with MSE; neither is negative."""
    for y in (0.0, 0.3, 1.0):
        for side in (np.linspace(0.001, y, 200), np.linspace(0.999, y, 200)):
            a = side[(side > 0) & (side < 1)]
            for values in ((a - y) ** 2 / 2, -y * np.log(a) - (1 - y) * np.log(1 - a)):
                assert (np.diff(values) < 0).all()
                assert (values >= 0).all()


def test_softmax_with_cross_entropy_leaves_the_error():
    rng = np.random.default_rng(3)
    Z, Y = rng.normal(size=(7, 4)) * 3, rng.dirichlet(np.ones(4), size=7)
    assert np.abs(softmax_ce.delta(Z, softmax(Z), Y, softmax) - (softmax(Z) - Y) / 7).max() < 1e-15
    slope = numerical_gradient(lambda Z: softmax_ce(softmax(Z), Y), Z)
    assert np.abs(slope - (softmax(Z) - Y) / 7).max() < 1e-9


def test_linear_outputs_predict_numbers():
    """The next row of a digit, from the four above it: better than the mean row, and as good as least squares."""
    data = split_digits(lesson.TRAIN)
    X, Y, X_test, Y_test = data.X[:, :32], data.X[:, 32:40], data.X_test[:, :32], data.X_test[:, 32:40]
    net = MLP([32, 8], output="identity", init="zeros")
    train(net, X, Y, mse, eta=0.2, steps=500)

    def off(says):
        return math.sqrt(np.mean((says - Y_test) ** 2))

    assert 0.28 < off(Y.mean(axis=0)) < 0.31
    assert off(net.forward(X_test)) == pytest.approx(0.224, abs=0.003)
    full = np.c_[X, np.ones(len(X))]
    best = np.c_[X_test, np.ones(len(X_test))] @ np.linalg.lstsq(full, Y, rcond=None)[0]
    assert off(net.forward(X_test)) == pytest.approx(off(best), abs=0.003)


def test_which_losses_have_a_constant_or_a_bounded_sum():
    """Ghosh, Kumar and Sastry: over all labels the absolute error adds up to 18, MSE to 9 at most, the other to any."""
    rng = np.random.default_rng(1)
    sums = {name: [] for name in ("absolute", "mse", "cross-entropy")}
    for scale in (0.1, 1, 10, 100):
        a = softmax(rng.normal(size=(1, 10)) * scale)
        every = [np.eye(10)[[k]] for k in range(10)]
        sums["absolute"].append(sum(np.abs(a - y).sum() for y in every))
        sums["mse"].append(sum(mse(a, y) for y in every))
        sums["cross-entropy"].append(-np.log(np.maximum(a, 1e-300)).sum())
    assert np.allclose(sums["absolute"], 18)
    assert 4.5 <= min(sums["mse"]) < max(sums["mse"]) <= 9
    assert max(sums["cross-entropy"]) > 100


def test_nothing_is_cheaper_than_the_entropy():
    """ln u <= u - 1, the step of Derive 7, and the slope of a clipped logarithm."""
    u = np.linspace(1e-3, 5, 1000)
    assert (np.log(u) <= u - 1 + 1e-15).all()
    assert numerical_gradient(lambda z: -np.log(np.maximum(1 - sigmoid(z), 1e-12)), 40.0) == 0
