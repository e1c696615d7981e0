"""The explorers of lesson 03: what they show is right."""

import dataclasses
import io
import itertools
import warnings

import numpy as np
import pytest
from PIL import Image
from verdicts_of import lesson03 as cells

from nbcore import (
    ACTIVATIONS,
    MLP,
    SGD,
    bce,
    constant,
    digits,
    he,
    normal,
    numerical_gradient,
    one_hot,
    relu,
    sigmoid,
    softmax,
    softmax_ce,
    split_digits,
    tanh,
    train,
    training,
    xavier,
    zeros,
)
from nbcore.draw import Page, Stage
from nbcore.draw.zero_init_failure import SIZES
from nbcore.explore import zero_init_failure as lesson

QUICK = Page(640, 1.0)
DATA = split_digits(lesson.TRAINED)


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def stage_of(explorer, page=QUICK):
    return Stage(explorer.draw, page, explorer._panels, explorer._height)


def test_small_images_are_drawn_where_they_belong_and_in_their_colors():
    """Orange above 0, blue below, paper at 0, the first image in the upper left corner."""
    explorer = lesson.zero_or_not()
    images = np.zeros((4, 8, 8))
    images[0], images[3] = 1, -1
    shown = dataclasses.replace(explorer.result, images=images)
    page = Page(960, 1.0)
    stage = stage_of(explorer, page)
    picture = np.asarray(Image.open(io.BytesIO(stage.render(shown))).convert("RGB")).astype(int)
    box = stage.axes[0].bbox

    def color(across, up):
        return picture[round(picture.shape[0] - (box.y0 + up * box.height)), round(box.x0 + across * box.width)]

    assert color(0.25, 0.75)[0] > color(0.25, 0.75)[2] + 100, "orange"
    assert color(0.75, 0.25)[2] > color(0.75, 0.25)[0] + 100, "blue"
    assert (color(0.75, 0.75) > 250).all()


def test_the_split_is_fixed_and_the_first_picture_comes_early():
    X, labels = digits()
    order = np.random.default_rng(0).permutation(1797)
    assert (DATA.X == X[order[:1437]]).all()
    assert (DATA.labels_test == labels[order[1437:]]).all()
    assert lesson.SHOWN[0] <= 40
    first, *_ = lesson.train_from("tanh", "xavier", 0.1, 16, 0.5, 0)
    assert first.steps.tolist() == [0, 20, 40]


# ---- C1: without hidden layers zeros are a good start


def test_softmax_regression_from_zeros_and_from_random_weights_agree():
    for seed_ in (0, 1, 2):
        pair = lesson.two_starts(std=0.3, seed=seed_).result
        assert abs(pair.wrong[0, -1] - pair.wrong[1, -1]) <= 2
        assert 0.95 < 1 - pair.wrong[0, -1] / 360 < 0.99
        assert pair.same >= 357
        assert pair.mean_moved < 1e-12
        assert np.abs(pair.from_zeros.sum(axis=0)).max() < 1e-12, "the mean image keeps its start, which is 0"
    plain = lesson.two_starts(std=0.3).result
    centered = lesson.two_starts(std=0.3, centered=True).result
    gap = np.abs(plain.from_random - plain.from_zeros).mean()
    assert np.abs(centered.from_random - centered.from_zeros).mean() < gap


@pytest.mark.parametrize("block", [0, 1])
def test_small_random_starts_miss_as_many_digits_as_zeros_and_large_ones_more(block):
    wrong = cells.lesson(block)["wrong"]
    from_zeros, small, large = wrong(zeros, block), wrong(normal(0.1), block), wrong(normal(3), block)
    assert np.ptp(from_zeros) == 0
    assert from_zeros[0] < 18
    assert (np.abs(small - from_zeros) <= 2).all()
    assert (large > from_zeros).mean() > 0.9
    assert 15 < np.median(large) < 35


def test_softmax_regression_with_the_full_batch_misses_the_same_digits():
    wrong = []
    for init in (zeros, normal(0.01)):
        net = MLP([64, 10], output=softmax, init=init)
        train(net, DATA.X, DATA.Y, softmax_ce, eta=0.5, steps=1000)
        wrong.append((net.forward(DATA.X_test).argmax(axis=1) != DATA.labels_test).sum())
    assert abs(wrong[0] - wrong[1]) <= 1
    assert 5 <= wrong[0] <= 9


# ---- C2 to C4: copies


def units(net):
    return np.concatenate([net.layers[0].W, net.layers[0].b.T, net.layers[1].W.T], axis=1)


def test_sigmoid_from_zeros_moves_the_output_first_and_stays_copies():
    net = MLP([64, 16, 10], hidden=sigmoid, output=softmax, init=zeros)
    run = training(net, DATA.X, DATA.Y, softmax_ce, SGD(0.5))
    now = next(run)
    first, last = net.layers
    assert not first.dW.any()
    assert not first.db.any()
    assert last.dW.any()
    assert last.db.any()
    now = next(run)
    assert now.step == 1
    assert not first.W.any()
    assert last.W.any()
    assert first.dW.any()
    for now in run:
        if now.step == 200:
            break
    assert lesson.spread(units(net)) < 1e-12
    assert lesson.rank(first.W) == 1


def test_xor_from_zeros_never_moves():
    X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    for hidden in (sigmoid, tanh, relu):
        net = MLP([2, 8, 1], hidden=hidden, output=sigmoid, init=zeros)
        train(net, X, Y, bce, eta=1.0, steps=1000)
        assert not any(p.any() for p in net.parameters()), hidden
        assert (net.forward(X) == 0.5).all(), "a sigmoid output is 0.5, not 0"


@pytest.mark.parametrize("hidden", [tanh, relu])
def test_tanh_and_relu_from_zeros_learn_the_class_frequencies_only(hidden):
    net = MLP([64, 16, 10], hidden=hidden, output=softmax, init=zeros)
    train(net, DATA.X, DATA.Y, softmax_ce, eta=1.0, steps=300)
    first, last = net.layers
    assert not first.W.any()
    assert not first.b.any()
    assert not last.W.any()
    share = np.bincount(DATA.labels) / len(DATA.labels)
    assert np.abs(softmax(last.b)[0] - share).max() < 1e-6
    assert (net.forward(DATA.X_test).argmax(axis=1) == share.argmax()).all()


@pytest.mark.parametrize("hidden", [tanh, relu, sigmoid])
def test_on_balanced_digits_nothing_at_all_is_learned(hidden):
    rows = np.concatenate([np.flatnonzero(DATA.labels == k)[:130] for k in range(10)])
    net = MLP([64, 16, 10], hidden=hidden, output=softmax, init=zeros)
    train(net, DATA.X[rows], DATA.Y[rows], softmax_ce, eta=1.0, steps=20)
    assert max(np.abs(p).max() for p in net.parameters()) < 1e-12


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu", "gelu", "softplus"])
def test_a_constant_start_gives_copies_for_every_activation(hidden):
    *_, result = itertools.takewhile(
        lambda r: r.steps[-1] <= 200, lesson.train_from(hidden, "constant", 0.1, 16, 0.5, 0)
    )
    assert result.spreads[-1] < 1e-9
    assert result.rank == 1


def test_copies_cost_two_thirds_of_the_digits():
    """From constants up to 0.1; from 0.5 on sigmoids and tanhs are saturated, and the net guesses."""
    constants = np.array([0.01, 0.03, 0.1, 0.5, 1.0])
    for hidden in ("sigmoid", "tanh"):
        net = MLP([64, 16, 10], hidden=hidden, output=softmax, init=constant(1), ensemble=5)
        for layer in net.layers:
            layer.W = layer.W * constants[:, None, None]
        train(net, DATA.X, DATA.Y, softmax_ce, eta=0.5, steps=1000, batch=64)
        right = (net.forward(DATA.X_test).argmax(axis=-1) == DATA.labels_test).mean(axis=-1)
        assert ((right[:3] > 0.2) & (right[:3] < 0.5)).all(), hidden
        assert (right[3:] < 0.15).all(), hidden
    for start in ("xavier", "he", "normal"):
        result = lesson.zero_or_not(hidden="tanh", start=start).result
        assert 0.96 < result.accuracies[-1] < 1
        assert result.rank == 16


def nudged(hidden, c, nudge, updates):
    """The spread among 16 copies that start from c, the first one's bias moved by `nudge`."""
    net = MLP([64, 16, 10], hidden=hidden, output=softmax, init=constant(c))
    net.layers[0].b = np.eye(1, 16) * nudge
    train(net, DATA.X, DATA.Y, softmax_ce, eta=0.5, steps=updates, batch=64)
    return lesson.spread(units(net))


def test_a_tiny_difference_grows_until_the_copies_part():
    """What rounding does at some widths and on some processors, planted by hand."""
    assert nudged("tanh", 0.1, 0.0, 300) < 1e-9
    assert nudged("tanh", 0.1, 1e-10, 0) == 1e-10
    assert nudged("tanh", 0.1, 1e-10, 1000) > 0.1
    assert nudged("tanh", 0.1, 1e-17, 2000) > 0.1


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu"])
def test_a_tiny_difference_stays_where_no_gradient_gets_through(hidden):
    """Saturated from 0.5 on; a ReLU's copies die before the difference has grown."""
    assert nudged(hidden, 0.5, 1e-10, 2000) < 1e-7


# ---- C5: convolution and recurrence


CELLS = [("convolution", ((2, 3), (2, 2))), ("recurrent", ((2,), (2, 2), (2, 2)))]


def build(block):
    """The lesson's two nets and its descent, for other sequences in each block."""
    names, X = cells.lesson(), np.random.default_rng(3 + block).normal(size=(2, 9))
    names["X"], names["windows"] = X, np.stack([X[:, i : i + 3] for i in range(7)], axis=1)
    return names


@pytest.mark.parametrize("block", [0, 1, 2])
@pytest.mark.parametrize(("name", "shapes"), CELLS)
def test_two_filters_and_two_recurrent_units_stay_copies(name, shapes, block):
    """And so they can't tell two sequences apart: their answers have rank 1, a loss of at least 1/4."""
    names = build(block)
    net, learned, rng = names[name], names["learned"], np.random.default_rng(block)
    copies, arrays = learned(net, *(np.full(shape, 0.3) for shape in shapes))
    assert 0.25 - 1e-9 < copies < 0.26
    assert max(np.ptp(arrays[0], axis=0).max(), np.ptp(arrays[-1], axis=1).max()) < 1e-6
    assert np.abs(arrays[0] - 0.3).max() > 0.01, "they learn, as copies"
    dice = [learned(net, *(rng.normal(0, 0.5, shape) for shape in shapes))[0] for _ in range(20)]
    assert np.mean(np.array(dice) < 0.1) >= 0.75


@pytest.mark.parametrize(("name", "shapes"), CELLS)
def test_their_gradients_are_right(name, shapes):
    net, rng = build(0)[name], np.random.default_rng(1)
    arrays = [rng.normal(size=shape) for shape in shapes]
    for k, found in enumerate(net(*arrays)[1:]):
        true = numerical_gradient(lambda p, k=k: net(*arrays[:k], p, *arrays[k + 1 :])[0], arrays[k])
        assert found == pytest.approx(true, abs=1e-8)


# ---- C6: variance by depth


def growth(**settings):
    return lesson.variance_by_depth(layers=10, width=256, **settings).result


def test_the_prediction_is_what_is_measured():
    for activation, scheme in itertools.product(("tanh", "relu", "sigmoid", "gelu"), lesson.SCHEMES):
        for std in (0.01, 0.1, 1.0) if scheme == "normal" else (0.1,):
            r = growth(activation=activation, scheme=scheme, std=std)
            assert np.abs(np.log(r.a_measured / r.a_predicted)).max() < 0.35, (activation, scheme, std)
            assert np.abs(np.log(r.g_measured / r.g_predicted)).max() < 0.9, (activation, scheme, std)
            assert r.g_measured[-1] == pytest.approx(1)


def test_he_keeps_relu_and_xavier_keeps_tanh():
    r = growth(activation="relu", scheme="he")
    assert 0.5 < r.a_measured[-1] / r.a_measured[0] < 2
    assert 0.5 < r.g_measured[0] < 2
    r = growth(activation="relu", scheme="xavier")
    assert r.a_measured[-1] / r.a_measured[0] < 0.1
    r = growth(activation="tanh", scheme="xavier")
    assert 0.3 < r.a_measured[-1] / r.a_measured[0] < 1
    assert 0.3 < r.g_measured[0] < 3


def test_too_small_vanishes_and_too_large_explodes_or_saturates():
    for activation in ("tanh", "relu"):
        r = growth(activation=activation, scheme="normal", std=0.01)
        assert r.a_measured[-1] < 1e-6
        assert r.g_measured[0] < 1e-6
    assert growth(activation="relu", scheme="normal", std=1.0).a_measured[-1] > 1e8
    r = growth(activation="tanh", scheme="normal", std=1.0)
    assert r.a_measured.min() > 0.9, "saturated"
    assert 3e3 < r.g_measured[0] < 3e5, "and yet the gradients grow, about ten thousand times"


def test_sigmoid_with_xavier_loses_gradient_layer_by_layer():
    r = growth(activation="sigmoid", scheme="xavier")
    ratios = r.g_measured[1:] / r.g_measured[:-1]
    assert (ratios > 3).all()
    assert r.g_measured[0] < 1e-4
    signal = r.a_between[1:] / r.a_between[:-1]
    assert (signal < 1 / 3).all(), "and what tells digits apart fades likewise"
    assert 0.5 < r.a_measured[-1] / r.a_measured[0] < 2, "though the units go on to differ from each other"


def test_saturation_stops_the_gradient_or_raises_it():
    """Copies from 0.5 get next to none; ten random saturated layers multiply it, from every start."""
    for hidden in ("sigmoid", "tanh"):
        net = MLP([64, 16, 10], hidden=hidden, output=softmax, init=constant(0.5))
        net.forward(DATA.X)
        net.backward(softmax_ce, DATA.Y)
        assert np.abs(net.layers[0].dW).max() < 1e-3 * np.abs(net.layers[1].dW).max()
    for seed_ in range(5):
        assert growth(activation="tanh", scheme="normal", std=1.0, seed=seed_).g_measured[0] > 1e3


def test_one_pass_is_that_of_a_network():
    for activation, scheme, init in (
        ("relu", "he", he),
        ("sigmoid", "xavier", xavier),
        ("tanh", "normal", normal(0.3)),
    ):
        r = lesson.variance_by_depth(activation=activation, scheme=scheme, std=0.3, layers=4, width=32, seed=2).result
        X, Y = lesson._standardized()
        net = MLP([64, 32, 32, 32, 32, 10], hidden=activation, output=softmax, init=init, seed=2)
        net.forward(X)
        net.backward(softmax_ce, Y)
        a, g = [layer.a for layer in net.layers[:-1]], [layer.delta for layer in net.layers[:-1]]
        assert r.a_measured == pytest.approx(np.array([v.std() for v in a]), rel=1e-9)
        assert r.a_between == pytest.approx(np.array([np.sqrt(v.var(axis=0).mean()) for v in a]), rel=1e-9)
        sizes = np.array([np.sqrt((v**2).mean()) for v in g])
        assert r.g_measured == pytest.approx(sizes / sizes[-1], rel=1e-9)


def test_the_prediction_finds_the_schemes():
    """Var(w) = 1/n keeps a linear layer, 2/n a ReLU."""
    for phi, gain in (("identity", 1), ("relu", 2)):
        X = np.ones((10, 64))
        a, g = lesson.predicted(ACTIVATIONS[phi], [64, 64, 64, 64], "normal", (gain / 64) ** 0.5, X, np.ones(10))
        assert a[-1] == pytest.approx(a[0], rel=1e-3)
        assert g[0] == pytest.approx(1, rel=1e-2)


def test_numbers_beyond_the_axis_are_drawn_on_its_border():
    explorer = lesson.variance_by_depth(activation="relu", std=3.0, layers=20, width=256)
    stage = stage_of(explorer)
    stage.render(explorer.result)
    heights = stage.artists["a_dots"].get_ydata()
    assert heights.max() == SIZES[1]
    assert explorer.result.a_measured.max() > 1e10


@pytest.mark.parametrize(("scheme", "std"), [("xavier", (2 / 125) ** 0.5), ("he", 0.02**0.5), ("normal", 0.3)])
def test_weight_std(scheme, std):
    assert lesson.weight_std(scheme, 0.3, 100, 25) == pytest.approx(std)
    init = {"xavier": xavier, "he": he, "normal": normal(0.3)}[scheme]
    assert init(0, 25 * 40, 100 * 40).std() == pytest.approx(std / (1 if scheme == "normal" else 40**0.5), rel=0.01)


# ---- C6 to C8: where the dice must fall


@pytest.mark.parametrize(
    ("thrown", "low", "high"),
    [
        (dict(W1=False, b1=False, W2=False), 0.05, 0.2),
        (dict(W1=False, b1=True, W2=False), 0.96, 1),
        (dict(W1=True, b1=False, W2=False), 0.96, 1),
        (dict(W1=False, b1=False, W2=True), 0.96, 1),
        (dict(W1=True, b1=False, W2=True), 0.96, 1),
        (dict(W1=True, b1=True, W2=True), 0.96, 1),
    ],
)
def test_random_numbers_in_any_one_array_are_enough_for_tanh(thrown, low, high):
    for seed_ in (0, 1):
        result = lesson.throw_dice(**thrown, seed=seed_).result
        assert low < result.accuracies[-1] < high
        assert result.rank == (16 if any(thrown.values()) else 0)


def test_relu_with_zero_first_weights_is_another_matter():
    assert lesson.throw_dice(W1=False, b1=False, W2=True, hidden="relu").result.rank == 0
    half = lesson.throw_dice(W1=False, b1=True, W2=False, hidden="relu").result
    biases = np.random.default_rng(0)
    biases.normal(0, 0.1, (16, 64))
    assert half.rank == (biases.normal(0, 0.1, (1, 16)) > 0).sum(), "units with a bias below 0 are dead"


def test_the_cell_with_dice_agrees_with_the_explorer():
    """Twenty starts at once, by other seeds: what each array alone is worth."""
    right = cells.lesson()["right"]
    for array in ("W1", "b1", "W2"):
        assert right("tanh", array).min() > 0.95
    assert right("relu", "W1").min() > 0.9
    assert np.median(right("relu", "b1")) > 0.85
    assert right("relu", "W2").max() < 0.15


def test_frozen_beats_trained():
    names = cells.lesson()
    frozen = names["right"]("tanh", "W1", width=64, trained=False)
    assert 0.92 < np.median(frozen) < 0.98
    assert frozen.min() > names["right_copies"]().max() + 0.2
    start = lesson.throw_dice(W1=True, b1=False, trained=False, width=64)
    shown = list(start.compute(**start.params))
    assert (shown[0].images == shown[-1].images).all(), "the hidden layer is not touched"


def test_a_unit_is_all_of_its_numbers():
    net = MLP([3, 2, 1], init=zeros)
    net.layers[1].W = [[0.0, 0.5]]
    assert lesson.spread(lesson.Watch(net).units()) == 0.5
    assert lesson.rank(np.zeros((3, 4))) == 0
    assert lesson.rank(np.outer([1, 2, 3], [1, 1]) + 1e-12) == 1
    assert one_hot(np.array([1]), 2).shape == (1, 2)
