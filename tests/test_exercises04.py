"""Checkers of lesson 04: each takes its solution, answers every classic slip with its own diagnosis, never raises."""

import numpy as np
import pytest
from verdicts import JUNK, expect, passes, spoiling, wrong

from nbcore import exercises, mse, softmax, softmax_ce

# ---- the solutions of the lesson


def tanh_cross_entropy(a, t):
    p, y = (1 + a) / 2, (1 + t) / 2
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def mse_softmax_delta(Z, Y):
    a = softmax(Z)
    d = a - Y
    return a * (d - (d * a).sum(axis=1, keepdims=True)) / len(Z)


def from_logits(Z, Y):
    top = Z.max(axis=1, keepdims=True)
    log_sum = top + np.log(np.exp(Z - top).sum(axis=1, keepdims=True))
    return np.mean(log_sum[:, 0] - (Y * Z).sum(axis=1))


CHECKS = {
    exercises.check_tanh_cross_entropy: tanh_cross_entropy,
    exercises.check_mse_softmax_delta: mse_softmax_delta,
    exercises.check_from_logits: from_logits,
}


@pytest.mark.parametrize(("check", "solution"), CHECKS.items())
def test_solutions_pass(check, solution):
    passes(check(solution))


def test_solutions_are_what_nbcore_says():
    rng = np.random.default_rng(0)
    Z, Y = rng.normal(size=(6, 5)), np.eye(5)[rng.integers(0, 5, 6)]
    assert mse_softmax_delta(Z, Y) == pytest.approx(mse.delta(Z, softmax(Z), Y, softmax), abs=1e-12)
    assert from_logits(Z, Y) == pytest.approx(softmax_ce.from_logits(Z, Y), abs=1e-12)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        *JUNK,
        (lambda *given: "C", "not right", "array of numbers"),
        (lambda *given: np.zeros((3, 2, 2)), "not right", "shape (3, 2, 2)"),
        (lambda *given: [[1], [1, 2]], "not right", "array of numbers"),
    ],
)
def test_checkers_never_raise(check, answer, state, words):
    expect(check(answer), state, words)


@pytest.mark.parametrize("check", CHECKS)
def test_changed_arguments_are_noticed(check):
    for which in (0, 1):
        assert "work on new arrays" in check(spoiling(CHECKS[check], which)).message


# ---- Exercise 1


def merged(form):
    """A slip as a function of p, y and both logarithms."""
    return lambda a, t: form((1 + a) / 2, (1 + t) / 2, np.log((1 + a) / 2), np.log((1 - a) / 2))


TANH = {
    "a target of -1 costs nothing": merged(lambda p, y, l1, l0: -np.mean(y * (l1 + (1 - y) * l0))),
    "by the second logarithm": merged(lambda p, y, l1, l0: -np.mean((y * l1 + (1 - y)) * l0)),
    "the sum over samples; take the mean": merged(lambda p, y, l1, l0: -np.sum(y * l1 + (1 - y) * l0)),
    "one number a sample": merged(lambda p, y, l1, l0: -(y * l1 + (1 - y) * l0)),
    "the sign is wrong": merged(lambda p, y, l1, l0: np.mean(y * l1 + (1 - y) * l0)),
    "base 2": lambda a, t: tanh_cross_entropy(a, t) / np.log(2),
    "base 10": lambda a, t: tanh_cross_entropy(a, t) / np.log(10),
    "twice the right value": lambda a, t: -np.mean((1 + t) * np.log((1 + a) / 2) + (1 - t) * np.log((1 - a) / 2)),
    "off by exactly ln 2": lambda a, t: -np.mean((1 + t) / 2 * np.log(1 + a) + (1 - t) / 2 * np.log(1 - a)),
    "half of the right value": lambda a, t: tanh_cross_entropy(a, t) / 2,
    "the two cases are swapped": merged(lambda p, y, l1, l0: -np.mean(y * l0 + (1 - y) * l1)),
    "only the case of the target 1": merged(lambda p, y, l1, l0: -np.mean(y * l1)),
    "the weights of the cases are t and 1 - t": lambda a, t: (
        -np.mean(t * np.log((1 + a) / 2) + (1 - t) * np.log((1 - a) / 2))
    ),
    "your result is nan: a runs from -1 to 1": lambda a, t: (
        -np.mean((1 + t) / 2 * np.log(a) + (1 - t) / 2 * np.log(1 - a))
    ),
    "a bracket is missing, as in 1 + t/2": merged(lambda p, y, l1, l0: -np.mean((y + 0.5) * l1 - (y - 0.5) * l0)),
    "that is the squared error": lambda a, t: np.mean((a - t) ** 2) / 2,
    "takes a share of both": lambda a, t: -np.mean(np.where(t > 0, np.log((1 + a) / 2), np.log((1 - a) / 2))),
}


@pytest.mark.parametrize("diagnosis", TANH)
def test_tanh_cross_entropy_tells_slips_apart(diagnosis):
    wrong(exercises.check_tanh_cross_entropy(TANH[diagnosis]), diagnosis)


# ---- Exercise 2


def with_jacobian(form):
    return lambda Z, Y: form(softmax(Z), softmax(Z) - Y, len(Z))


def down_the_columns(Z, Y):
    a = np.exp(Z) / np.exp(Z).sum(axis=0)
    d = a - Y
    return a * (d - (d * a).sum(axis=0)) / len(Z)


DELTA = {
    "that is (a - y) / N, the slope of cross-entropy": with_jacobian(lambda a, d, N: d / N),
    "that is a - y, the slope of cross-entropy for the sum": with_jacobian(lambda a, d, N: d),
    "only the diagonal of the Jacobian, a (1 - a): each": with_jacobian(lambda a, d, N: d * a * (1 - a) / N),
    "the mean over samples is missing": with_jacobian(lambda a, d, N: d * a * (1 - a)),
    "C is the mean, so divide by N": lambda Z, Y: mse_softmax_delta(Z, Y) * len(Z),
    "the number of entries": lambda Z, Y: mse_softmax_delta(Z, Y) / Z.shape[1],
    "a factor 2": lambda Z, Y: 2 * mse_softmax_delta(Z, Y),
    "the sign is wrong": lambda Z, Y: -mse_softmax_delta(Z, Y),
    "your softmax runs down the columns": down_the_columns,
    "the sum in the bracket runs over samples": with_jacobian(
        lambda a, d, N: a * (d - (d * a).sum(axis=0, keepdims=True)) / N
    ),
    "the factor a in front": with_jacobian(lambda a, d, N: (d - (d * a).sum(axis=1, keepdims=True)) / N),
    "must be weighted": with_jacobian(lambda a, d, N: a * (d - d.sum(axis=1, keepdims=True)) / N),
    "taken at softmax(a) instead of a": lambda Z, Y: (
        softmax.backward(softmax(Z) - Y, softmax(Z), softmax(softmax(Z))) / len(Z)
    ),
    "count with the wrong sign": with_jacobian(
        lambda a, d, N: a * (d * (1 - a) + (d * a).sum(axis=1, keepdims=True) - d * a) / N
    ),
    "the sign in the bracket is wrong": with_jacobian(lambda a, d, N: a * (d + (d * a).sum(axis=1, keepdims=True)) / N),
    "only the other outputs": with_jacobian(lambda a, d, N: a * (d * a - (d * a).sum(axis=1, keepdims=True)) / N),
    "the factor a in front of the bracket is missing; and the mean over samples is missing": with_jacobian(
        lambda a, d, N: d - (d * a).sum(axis=1, keepdims=True)
    ),
    "needs keepdims=True": with_jacobian(lambda a, d, N: a * (d - (d * a).sum(axis=1)) / N),
    "your delta is transposed": lambda Z, Y: mse_softmax_delta(Z, Y).T,
    "differs, most at": lambda Z, Y: mse_softmax_delta(Z, Y) + 0.01,
}


@pytest.mark.parametrize("diagnosis", DELTA)
def test_mse_softmax_delta_tells_slips_apart(diagnosis):
    wrong(exercises.check_mse_softmax_delta(DELTA[diagnosis]), diagnosis)


# ---- Exercise 3


def probabilities(Z, axis=1):
    e = np.exp(Z)
    return e / e.sum(axis=axis, keepdims=True)


def shifted(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


LOGITS = {
    "the sum over samples; take the mean": lambda Z, Y: len(Z) * from_logits(Z, Y),
    "the mean over all entries": lambda Z, Y: -np.mean(Y * np.log(shifted(Z))),
    "one number a sample": lambda Z, Y: -(Y * np.log(shifted(Z))).sum(axis=1),
    "the sign is wrong": lambda Z, Y: -from_logits(Z, Y),
    "base 2": lambda Z, Y: from_logits(Z, Y) / np.log(2),
    "softmax twice": lambda Z, Y: from_logits(shifted(Z), Y),
    "runs down the columns": lambda Z, Y: -np.mean((Y * np.log(probabilities(Z, axis=0))).sum(axis=1)),
    "did not add it again": lambda Z, Y: np.mean(
        np.log(np.exp(Z - Z.max(axis=1, keepdims=True)).sum(axis=1)) - (Y * Z).sum(axis=1)
    ),
    "the same z in both terms": lambda Z, Y: from_logits(Z, Y) + np.mean(Z.max(axis=1)),
    "only the first term": lambda Z, Y: from_logits(Z, Y) + np.mean((Y * Z).sum(axis=1)),
    "only the second term": lambda Z, Y: -np.mean((Y * Z).sum(axis=1)),
    "needs keepdims=True": lambda Z, Y: np.mean(np.log(np.exp(Z - Z.max(axis=1)).sum(axis=1)) - (Y * Z).sum(axis=1)),
    "27.63 instead of 40: a clip at 1e-12": lambda Z, Y: (
        -np.mean((Y * np.log(np.clip(shifted(Z), 1e-12, 1))).sum(axis=1))
    ),
    "34.54 instead of 40: a clip at 1e-15": lambda Z, Y: (
        -np.mean((Y * np.log(np.maximum(shifted(Z), 1e-15))).sum(axis=1))
    ),
    "e^1000 overflows": lambda Z, Y: np.mean(np.log(np.exp(Z).sum(axis=1)) - (Y * Z).sum(axis=1)),
    "the sum stands outside the logarithm": lambda Z, Y: -np.mean(np.log((Y * shifted(Z)).sum(axis=1))),
    "at z = (1000, 0) your loss is": lambda Z, Y: -np.mean((Y * np.log(shifted(Z))).sum(axis=1)),
    "not the largest of all": lambda Z, Y: np.mean(
        Z.max() + np.log(np.exp(Z - Z.max()).sum(axis=1)) - (Y * Z).sum(axis=1)
    ),
    "every e^z is 0": lambda Z, Y: (
        np.mean(np.log(np.exp(np.minimum(Z, 700)).sum(axis=1)) - (Y * Z).sum(axis=1))
        if Z.max() < 500
        else from_logits(Z, Y)
    ),
    "runs over all entries": lambda Z, Y: np.mean(np.log(np.exp(Z).sum()) - (Y * Z).sum(axis=1)),
    "you count one class only": lambda Z, Y: -np.mean(np.log(shifted(Z)[np.arange(len(Z)), Y.argmax(axis=1)])),
    "you subtract their entropy": lambda Z, Y: (
        from_logits(Z, Y) + np.mean((Y * np.log(np.where(Y > 0, Y, 1))).sum(axis=1))
    ),
    "for seven rows of four": lambda Z, Y: from_logits(Z, Y) + 0.1,
}


@pytest.mark.parametrize("diagnosis", LOGITS)
def test_from_logits_tells_slips_apart(diagnosis):
    wrong(exercises.check_from_logits(LOGITS[diagnosis]), diagnosis)


def test_from_logits_takes_other_ways():
    assert exercises.check_from_logits(softmax_ce.from_logits).passed
    assert exercises.check_from_logits(
        lambda Z, Y: float(np.mean(np.logaddexp.reduce(Z, axis=1) - (Y * Z).sum(axis=1)))
    ).passed
