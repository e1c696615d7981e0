"""Checkers of lesson 03: each takes its solution, answers every classic slip with its own diagnosis, never raises."""

import numpy as np
import pytest
from verdicts import expect, wrong

from nbcore import MLP, digits, he, leaky_relu, one_hot, relu, sigmoid, softmax, softmax_ce, tanh, train, zeros
from nbcore.exercises.zero_init_failure import RANKS, check_break_tie, check_leaky_init, check_ranks

RIGHT = {name: right for name, (right, _) in RANKS.items()}
(TWO, ONE_BIAS, MIRROR, MIRROR_RELU, DEAD, NONE) = RANKS


def trained_rank(net):
    X, labels = digits()
    train(net, X[:1400], one_hot(labels[:1400], 10), softmax_ce, eta=0.5, steps=800, batch=64)
    sizes = np.linalg.svd(net.layers[0].W, compute_uv=False)
    return int((sizes > 1e-6 * sizes[0]).sum()) if sizes[0] else 0


def net_for(name):
    if name == NONE:
        return MLP([64, 10], output=softmax, init=zeros)
    hidden = {"two": sigmoid, "tanh": tanh, "relu": relu}[name.split()[0].rstrip(",")]
    net = MLP([64, 16, 16, 10] if name == TWO else [64, 16, 10], hidden=hidden, output=softmax, init=zeros)
    first, last = net.layers[0], net.layers[-1]
    half = np.repeat([1.0, -1.0], 8)
    if name == ONE_BIAS:
        first.W, last.W = np.full((16, 64), 0.05), np.full((10, 16), 0.05)
        first.b = [[0.1] + [0.0] * 15]
    elif name in (MIRROR, MIRROR_RELU):
        first.W, last.W = 0.05 * np.outer(half, np.ones(64)), 0.05 * np.outer(np.ones(10), half)
    elif name == DEAD:
        first.W, last.W = np.full((16, 64), -0.05), np.full((10, 16), -0.05)
    return net


@pytest.mark.parametrize("name", RANKS)
def test_the_ranks_are_what_training_gives(name):
    net = net_for(name)
    if name == TWO:  # from 0, two layers of sigmoids need a long time to move at all
        X, labels = digits()
        train(net, X[:640], one_hot(labels[:640], 10), softmax_ce, eta=2.0, steps=60)
        W = net.layers[0].W
        assert W.any()
        assert np.abs(W - W[0]).max() <= 1e-9 * np.abs(W).max()
    else:
        assert trained_rank(net) == RIGHT[name]


@pytest.mark.parametrize(
    ("name", "value", "words"), [(name, v, text) for name, (_, slips) in RANKS.items() for v, text in slips.items()]
)
def test_ranks_tell_slips_apart(name, value, words):
    wrong(check_ranks({**RIGHT, name: value}), f"5 of 6 are right. {name}: {words}")


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (..., "not yet", "dots"),
        ({**RIGHT, TWO: ...}, "not yet", "dots"),
        ([1, 2, 1], "not right", "a dict is wanted"),
        ({TWO: 1}, "not right", "there is no answer to"),
        ({**RIGHT, TWO: "one"}, "not right", "array of numbers"),
        ({**RIGHT, TWO: 17}, "not right", "from 0 to 16"),
        ({**RIGHT, TWO: 1.5}, "not right", "from 0 to 16"),
        ({**RIGHT, TWO: np.nan}, "not right", "not finite"),
        ({**RIGHT, TWO: 5}, "not right", "what tells the units apart"),
    ],
)
def test_ranks_never_raise(answer, state, words):
    expect(check_ranks(answer), state, words)


def test_ranks_take_the_solution():
    assert check_ranks(RIGHT).passed
    assert check_ranks({name: float(value) for name, value in RIGHT.items()}).passed


# ---- the initializer


def gaussian(std):
    return lambda rng, n_out, n_in, slope: rng.normal(0, std(n_out, n_in, slope), (n_out, n_in))


INIT_SLIPS = {
    "n_out where it needs n_in": gaussian(lambda m, n, s: np.sqrt(2 / ((1 + s**2) * m))),
    "that number is the variance": gaussian(lambda m, n, s: 2 / ((1 + s**2) * n)),
    "with 1 instead of 2": gaussian(lambda m, n, s: np.sqrt(1 / ((1 + s**2) * n))),
    "that is right for relu": gaussian(lambda m, n, s: np.sqrt(2 / n)),
    "the slope enters squared": gaussian(lambda m, n, s: np.sqrt(2 / ((1 + s) * n))),
    "not (1 + slope)^2 / 2": gaussian(lambda m, n, s: np.sqrt(2 / ((1 + s) ** 2 * n))),
    "that is Xavier's": gaussian(lambda m, n, s: np.sqrt(2 / (n + m))),
    "so divide by it": gaussian(lambda m, n, s: np.sqrt((1 + s**2) / (2 * n))),
    "uniform numbers between -c and c": lambda rng, m, n, s: rng.uniform(-1, 1, (m, n)) * np.sqrt(2 / ((1 + s**2) * n)),
    "half of them should be negative": lambda rng, m, n, s: rng.uniform(0, 1, (m, n)) * np.sqrt(6 / ((1 + s**2) * n)),
    "your W is transposed": lambda rng, m, n, s: rng.normal(0, np.sqrt(2 / ((1 + s**2) * n)), (n, m)),
    "equal seeds give other weights": lambda rng, m, n, s: np.random.default_rng().normal(size=(m, n)),
    "two different generators give the same": lambda rng, m, n, s: np.random.default_rng(0).normal(size=(m, n)),
    "all weights are equal": lambda rng, m, n, s: np.full((m, n), 0.1),
    "repeat along rows": lambda rng, m, n, s: np.tile(rng.normal(0, np.sqrt(2 / n), (1, n)), (m, 1)),
    "the spread is off": gaussian(lambda m, n, s: 0.01),
}


@pytest.mark.parametrize("diagnosis", INIT_SLIPS)
def test_leaky_init_tells_slips_apart(diagnosis):
    wrong(check_leaky_init(INIT_SLIPS[diagnosis]), diagnosis)


def test_leaky_init_takes_normal_and_uniform_solutions():
    right = gaussian(lambda m, n, s: np.sqrt(2 / ((1 + s**2) * n)))
    assert check_leaky_init(right).passed
    assert check_leaky_init(lambda rng, m, n, s: np.sqrt(6 / ((1 + s**2) * n)) * rng.uniform(-1, 1, (m, n))).passed
    assert right(np.random.default_rng(0), 400, 100, 0).std() == pytest.approx(0.1414, rel=0.01)
    assert "that is right for relu" in check_leaky_init(lambda rng, m, n, s: he(rng, m, n)).message


def test_the_right_variance_keeps_the_signal_of_leaky_relu():
    rng, slope = np.random.default_rng(0), 0.5
    A = rng.normal(size=(50, 300))
    before = (A**2).mean()
    for _ in range(10):
        A = leaky_relu.with_slope(slope)(A @ rng.normal(0, np.sqrt(2 / ((1 + slope**2) * 300)), (300, 300)).T)
    assert 0.6 < (A**2).mean() / before < 1.6


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (..., "not yet", "dots"),
        (lambda rng, m, n, s: ..., "not yet", "dots"),
        (lambda rng, m, n: 1, "not right", "TypeError"),
        (lambda rng, m, n, s: rng.normal(), "not right", "shape ()"),
        (lambda rng, m, n, s: np.full((m, n), np.nan), "not right", "not finite"),
        (5, "not right", "a function is wanted"),
    ],
)
def test_leaky_init_never_raises(answer, state, words):
    expect(check_leaky_init(answer), state, words)


# ---- the tie

TIE_SLIPS = {
    "all biases are 0": np.zeros(16),
    "the units are still copies": np.full(16, 0.1),
    "only 2 different biases": np.r_[0.1, np.full(15, 0.05)],
    "only 8 different biases": np.repeat(np.arange(1, 9) * 0.01, 2),
    "W1 gets rank 8, not 16": np.linspace(-0.1, 0.1, 16),
    "one bias is 0": np.arange(16) * 0.006,
    "keep all between -0.1 and 0.1": np.arange(1, 17),
    "the tie breaks too slowly": np.arange(1, 17) * 1e-60,
}


@pytest.mark.parametrize("diagnosis", TIE_SLIPS)
def test_break_tie_tells_slips_apart(diagnosis):
    wrong(check_break_tie(TIE_SLIPS[diagnosis]), diagnosis)


def test_break_tie_takes_solutions():
    assert check_break_tie(np.arange(1, 17) * 0.005).passed
    assert check_break_tie(np.arange(1, 17) * 1e-30).passed, "it is not the size that counts"
    assert check_break_tie([list(np.linspace(0.01, 0.1, 16))]).passed
    assert check_break_tie(np.random.default_rng(0).uniform(-0.1, 0.1, 16)).passed


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (..., "not yet", "dots"),
        ([0.1, ...], "not yet", "dots"),
        ([0.1] * 15, "not right", "shape (15,) instead of (16,)"),
        ("random", "not right", "array of numbers"),
        ([[0.1], [0.1, 0.2]], "not right", "array of numbers"),
        ([np.nan] * 16, "not right", "not finite"),
    ],
)
def test_break_tie_never_raises(answer, state, words):
    expect(check_break_tie(answer), state, words)
