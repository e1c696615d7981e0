"""Checkers of lesson 04."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nbcore.activations import softmax
from nbcore.exercises.verdict import Verdict, as_numbers, call, judge, not_right, passed, shape_of


def _is_nan(value: Any) -> bool:
    try:
        return bool(np.isnan(float(value)))
    except (TypeError, ValueError):
        return False


def _one_number(name: str, answer: Any, right: float, slips: Mapping[str, float], about: str) -> Verdict | None:
    """None when the number is right; else what it is. `about` says for what it was asked."""
    number, verdict = as_numbers(name, answer, ())
    if verdict:
        return verdict
    if np.isclose(number, right, rtol=1e-7, atol=1e-9):
        return None
    for slip, wrong in slips.items():
        if np.isclose(number, wrong, rtol=1e-7, atol=1e-9):
            return not_right(slip)
    return not_right(f"{about} your {name} is {float(number):.6g} instead of {right:.6g}")


# ---- Exercise 1: the cross-entropy of a tanh neuron


def check_tanh_cross_entropy(cross_entropy: Callable[..., Any]) -> Verdict:
    """For cross_entropy(a, t) -> the mean of -(1+t)/2 ln((1+a)/2) - (1-t)/2 ln((1-a)/2), a and t of shape (N, 1)."""
    rng = np.random.default_rng(4)
    a = np.tanh(rng.normal(size=(7, 1)))
    hard = np.array([[1.0], [-1], [-1], [1], [-1], [1], [-1]])
    # Targets in between first: for -1 and 1 some slips give the same number.
    for t, kind in ((rng.uniform(-0.9, 0.9, size=(7, 1)), "targets between -1 and 1"), (hard, "targets of -1 and 1")):
        given = a.copy(), t.copy()
        value, verdict = call(cross_entropy, *given)
        if verdict:
            return verdict
        if (given[0] != a).any() or (given[1] != t).any():
            return not_right("your function changes a or t; work on new arrays")
        verdict = _tanh_cross_entropy(value, a, t, f"for {kind}")
        if verdict:
            return verdict
    return passed("within 1e-7, also for targets between -1 and 1")


def _tanh_cross_entropy(value: Any, a: np.ndarray, t: np.ndarray, about: str) -> Verdict | None:
    p, y = (1 + a) / 2, (1 + t) / 2
    both = y * np.log(p) + (1 - y) * np.log(1 - p)
    right = float(-both.mean())
    if shape_of(value) in ((7, 1), (7,)):
        return not_right("you return one number a sample; take the mean over samples")
    if _is_nan(value):
        return not_right(
            "your result is nan: a runs from -1 to 1, so ln(a) fails for half of it; the probability of 1 is (1 + a)/2"
        )
    slips = {
        "the bracket is misplaced: y [ln p + (1 - y) ln(1 - p)] multiplies the second case by y as well, so a target "
        "of -1 costs nothing": -(y * (np.log(p) + (1 - y) * np.log(1 - p))).mean(),
        "the bracket is misplaced: [y ln p + (1 - y)] ln(1 - p) multiplies the first case by the second logarithm": (
            -((y * np.log(p) + (1 - y)) * np.log(1 - p)).mean()
        ),
        "you take the sum over samples; take the mean": -both.sum(),
        "the sign is wrong: logarithms of probabilities are negative, a loss is not": both.mean(),
        "your logarithm has base 2: training counts in nats, with the natural logarithm": right / np.log(2),
        "your logarithm has base 10: training counts in nats, with the natural logarithm": right / np.log(10),
        "it is twice the right value: the weights of the two cases are (1 + t)/2 and (1 - t)/2": 2 * right,
        "it is off by exactly ln 2: the probabilities are (1 + a)/2 and (1 - a)/2": right - np.log(2),
        "it is half of the right value: the mean is over samples, not over the two cases": right / 2,
        "the two cases are swapped: (1 + t)/2 belongs to ln((1 + a)/2)": (
            -(y * np.log(1 - p) + (1 - y) * np.log(p)).mean()
        ),
        "only the case of the target 1 is counted; the other one adds -(1 - t)/2 ln((1 - a)/2)": (
            -(y * np.log(p)).mean()
        ),
        "the weights of the cases are t and 1 - t; with targets from -1 to 1 they are (1 + t)/2 and (1 - t)/2": (
            -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()
        ),
        "you choose one of the two cases; a target in between, such as 0.3, takes a share of both": (
            -np.where(t > 0, np.log(p), np.log(1 - p)).mean()
        ),
        "the target is (1 + t)/2; a bracket is missing, as in 1 + t/2": (
            -((1 + t / 2) * np.log(p) - t / 2 * np.log(1 - p)).mean()
        ),
        "that is the squared error, (a - t)^2 / 2": ((a - t) ** 2).mean() / 2,
    }
    return _one_number("loss", value, right, slips, about)


# ---- Exercise 2: does anything cancel?


def check_mse_softmax_delta(delta: Callable[..., Any]) -> Verdict:
    """For delta(Z, Y) -> dC/dZ, C the mean over rows of sum_k (a_k - y_k)^2 / 2, and a = softmax(z)."""
    rng = np.random.default_rng(7)
    for N, n, soft in ((7, 4, False), (5, 3, True)):
        Z, Y = rng.normal(size=(N, n)), np.eye(n)[rng.integers(0, n, N)]
        Y = softmax(2 * Y) if soft else Y
        given = Z.copy(), Y.copy()
        value, verdict = call(delta, *given)
        if verdict and "ValueError" in verdict.message:
            return not_right(f"{verdict.message} (a sum over a row needs keepdims=True to fit beside the row again)")
        if verdict:
            return verdict
        if (given[0] != Z).any() or (given[1] != Y).any():
            return not_right("your function changes Z or Y; work on new arrays")
        a = softmax(Z)
        d = a - Y
        right = a * (d - (d * a).sum(axis=1, keepdims=True)) / N
        down = softmax(Z.T).T
        d_down = down - Y
        twice = softmax(a)
        slips = {
            "that is (a - y) / N, the slope of cross-entropy: with MSE nothing cancels, its Jacobian stays": d / N,
            "that is a - y, the slope of cross-entropy for the sum over samples": d,
            "only the diagonal of the Jacobian, a (1 - a): each z_j moves the other outputs as well": d
            * a
            * (1 - a)
            / N,
            "only the diagonal of the Jacobian, a (1 - a), and the mean over samples is missing": d * a * (1 - a),
            "you take the sum over samples; C is the mean, so divide by N": right * N,
            "you divide by the number of entries; C is a mean over samples of a sum over outputs": right / n,
            "a factor 2: C is sum (a - y)^2 / 2, so dC/da is a - y": 2 * right,
            "the sign is wrong: dC/da is a - y": -right,
            "your softmax runs down the columns; a sample is a row": (
                down * (d_down - (d_down * down).sum(axis=0, keepdims=True)) / N
            ),
            "the sum in the bracket runs over samples; it runs over the outputs of one sample (axis 1)": (
                a * (d - (d * a).sum(axis=0, keepdims=True)) / N
            ),
            "the factor a in front of the bracket is missing": (d - (d * a).sum(axis=1, keepdims=True)) / N,
            "the sum in the bracket must be weighted: sum_k (a_k - y_k) a_k; without a_k it is 0": d * a / N,
            "the Jacobian is taken at softmax(a) instead of a": (
                twice * (d - (d * twice).sum(axis=1, keepdims=True)) / N
            ),
        }
        slips |= {
            "the other outputs count with the wrong sign: da_k/dz_i is -a_k a_i for k != i": (
                a * (d + (d * a).sum(axis=1, keepdims=True) - 2 * d * a) / N
            ),
            "the sign in the bracket is wrong: it is d_i minus the sum over k of d_k a_k": (
                a * (d + (d * a).sum(axis=1, keepdims=True)) / N
            ),
            "only the other outputs: each z_i moves its own output as well, by a_i (1 - a_i)": (
                -a * ((d * a).sum(axis=1, keepdims=True) - d * a) / N
            ),
        }
        slips |= {f"{slip}; and the mean over samples is missing": N * wrong for slip, wrong in slips.items()}
        if shape_of(value) == (n, N):
            return not_right(f"your delta is transposed: {(n, N)} instead of {(N, n)}")
        array, verdict = as_numbers("delta", value, (N, n))
        verdict = verdict or judge("delta", array, right, slips)
        if verdict:
            return verdict
    return passed("within 1e-9, for 7 samples of 4 outputs and 5 of 3, these with soft targets")


# ---- Exercise 3: cross-entropy from logits


def _stable(Z: np.ndarray, Y: np.ndarray) -> float:
    top = Z.max(axis=1, keepdims=True)
    return float((np.log(np.exp(Z - top).sum(axis=1)) + top[:, 0] - (Y * Z).sum(axis=1)).mean())


def check_from_logits(from_logits: Callable[..., Any]) -> Verdict:
    """For from_logits(Z, Y) -> the mean over rows of ln sum_k e^(z_k) - sum_k y_k z_k, finite for any finite Z."""
    rng = np.random.default_rng(9)
    Z, Y = 2 * rng.normal(size=(7, 4)), np.eye(4)[rng.integers(0, 4, 7)]
    given = Z.copy(), Y.copy()
    value, verdict = call(from_logits, *given)
    if verdict and "ValueError" in verdict.message:
        return not_right(f"{verdict.message} (a maximum or sum over a row needs keepdims=True to fit beside the row)")
    if verdict:
        return verdict
    if (given[0] != Z).any() or (given[1] != Y).any():
        return not_right("your function changes Z or Y; work on new arrays")
    if shape_of(value) in ((7,), (7, 1)):
        return not_right("you return one number a sample; take the mean over samples")
    right, top = _stable(Z, Y), Z.max(axis=1, keepdims=True)
    slips = {
        "you take the sum over samples; take the mean": 7 * right,
        "you take the mean over all entries; it is a mean over samples of a sum over outputs": right / 4,
        "the sign is wrong: a loss is not negative": -right,
        "your logarithm has base 2: training counts in nats, with the natural logarithm": right / np.log(2),
        "softmax twice: you turn the probabilities into probabilities once more": _stable(softmax(Z), Y),
        "your softmax runs down the columns; a sample is a row": float(
            -(Y * np.log(softmax(Z.T).T)).sum(axis=1).mean()
        ),
        "you took out the largest z of each row, but did not add it again: ln sum e^z = m + ln sum e^(z - m)": (
            right - float(top.mean())
        ),
        "the target's z was taken out with the largest z left in: use the same z in both terms": right
        + float(top.mean()),
        "only the first term: subtract the z of the true class": right + float((Y * Z).sum(axis=1).mean()),
        "only the second term: add ln sum e^z": float(-(Y * Z).sum(axis=1).mean()),
    }
    slips |= {
        "the sum of e^z runs over all entries; each row has its own": float(
            np.log(np.exp(Z).sum()) - (Y * Z).sum(axis=1).mean()
        ),
    }
    verdict = _one_number("loss", value, right, slips, "for seven rows of four") or _soft(from_logits, Z)
    return (
        verdict
        or _extremes(from_logits)
        or passed("within 1e-7, also for soft targets, and finite up to z = 1000 and down to z = -1000")
    )


def _soft(from_logits: Callable[..., Any], Z: np.ndarray) -> Verdict | None:
    """The same with targets between 0 and 1."""
    Y = softmax(Z[:, ::-1] / 2)
    value, verdict = call(from_logits, Z.copy(), Y.copy())
    if verdict:
        return verdict
    right = _stable(Z, Y)
    slips = {
        "for soft targets you count one class only: every class counts with its share y_k": (
            _stable(Z, np.eye(Y.shape[1])[Y.argmax(axis=1)])
        ),
        "for soft targets the sum stands outside the logarithm: -sum y ln a, not -ln sum y a": float(
            -np.log((Y * softmax(Z)).sum(axis=1)).mean()
        ),
        "for soft targets you subtract their entropy: the cross-entropy keeps it": (
            right + float((Y * np.log(Y)).sum(axis=1).mean())
        ),
    }
    return _one_number("loss", value, right, slips, "for soft targets")


def _extremes(from_logits: Callable[..., Any]) -> Verdict | None:
    saturated, truth = np.array([[40.0, 0.0]]), np.array([[0.0, 1.0]])
    value, verdict = call(from_logits, saturated, truth)
    if verdict:
        return verdict
    clipped = {
        f"at z = (40, 0) you get {-np.log(eps):.2f} instead of 40: a clip at {eps:g} hides how wrong the output is, "
        "and its gradient is 0 there": -np.log(eps)
        for eps in (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)
    }
    verdict = _one_number("loss", value, 40.0, clipped, "at z = (40, 0), true class second,")
    if verdict:
        return verdict
    cases = (
        ([[1000.0, 0.0]], "at z = (1000, 0)", "e^1000 overflows: take the largest z out first"),
        (
            [[-1000.0, -1000.0]],
            "at z = (-1000, -1000)",
            "every e^z is 0, and ln 0 appears: take the largest z out first",
        ),
        (
            [[1000.0, 1000.0], [-1000.0, -1000.0]],
            "for two rows, one near 1000 and one near -1000,",
            "take out the largest z of each row, not the largest of all",
        ),
    )
    for Z, about, advice in cases:
        logits = np.array(Z)
        targets = np.tile([0.0, 1.0], (len(Z), 1))
        value, verdict = call(from_logits, logits, targets)
        if verdict:
            return verdict
        number, verdict = as_numbers("loss", value, ())
        if verdict and "not finite" in verdict.message:
            return not_right(f"{about} your loss is {value}: {advice}")
        verdict = verdict or _one_number("loss", number, _stable(logits, targets), {}, about)
        if verdict:
            return verdict
    return None
