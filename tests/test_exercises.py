"""Checkers: each takes its solution, answers every classic slip with its own diagnosis, and never raises."""

import html
import re

import numpy as np
import pytest
from verdicts import expect, wrong

from nbcore.exercises import check_collapse, check_hat, check_xor_neuron


def solution(weights, biases):
    W, b = weights[0], biases[0]
    for W_next, b_next in zip(weights[1:], biases[1:], strict=True):
        W, b = W_next @ W, b @ W_next.mT + b_next
    return W, b


def collapse_with(W=None, b=None):
    """The solution with W or b replaced by a slip, given as a function of all six arrays."""

    def collapse(weights, biases):
        right_W, right_b = solution(weights, biases)
        return (
            right_W if W is None else W(*weights, *biases),
            right_b if b is None else b(*weights, *biases),
        )

    return collapse


COLLAPSE_SLIPS = {
    "reverse order": collapse_with(W=lambda W1, W2, W3, b1, b2, b3: W1 @ W2 @ W3),
    "transpose of the right one": collapse_with(W=lambda W1, W2, W3, b1, b2, b3: (W3 @ W2 @ W1).T),
    "adds the matrices": collapse_with(W=lambda W1, W2, W3, b1, b2, b3: W1 + W2 + W3),
    "leaves out the last layer": collapse_with(W=lambda W1, W2, W3, b1, b2, b3: W2 @ W1),
    "entry by entry": collapse_with(W=lambda W1, W2, W3, b1, b2, b3: W1 * W2 * W3),
    "the last bias only": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: b3),
    "adds the biases as they are": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: b1 + b2 + b3),
    "leaves out the last bias": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: (b1 @ W2.T + b2) @ W3.T),
    "the transposed weights": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: b1 @ W2 @ W3 + b2 @ W3 + b3),
    "through W3 before W2": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: b1 @ W3.T @ W2.T + b2 @ W3.T + b3),
    "the last layer's only": collapse_with(W=lambda W1, W2, W3, b1, b2, b3: W3),
    "the first layer twice": collapse_with(W=lambda W1, W2, W3, b1, b2, b3: W3 @ W2 @ W1 @ W1),
    "the product so far": collapse_with(
        b=lambda W1, W2, W3, b1, b2, b3: (b1 @ (W2 @ W1).T + b2) @ (W3 @ W2 @ W1).T + b3
    ),
    "leaves out b1": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: b2 @ W3.T + b3),
    "leaves out b2": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: b1 @ W2.T @ W3.T + b3),
    "through W2 only": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: b1 @ W2.T + b2 @ W3.T + b3),
    "through W3 only": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: (b1 + b2) @ W3.T + b3),
    "through the first layer as well": collapse_with(
        b=lambda W1, W2, W3, b1, b2, b3: ((b1 @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
    ),
    "biases are rows here": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: W3 @ W2 @ b1 + W3 @ b2 + b3),
    "your b is transposed": collapse_with(b=lambda W1, W2, W3, b1, b2, b3: (b1 @ W2.T @ W3.T + b2 @ W3.T + b3).T),
}


@pytest.mark.parametrize("diagnosis", COLLAPSE_SLIPS)
def test_collapse_tells_slips_apart(diagnosis):
    wrong(check_collapse(COLLAPSE_SLIPS[diagnosis]), diagnosis)


def test_collapse_takes_the_solution_also_in_columns():
    assert check_collapse(solution).passed

    def on_the_board(weights, biases):
        (W1, W2, W3), (b1, b2, b3) = weights, (b.T for b in biases)
        return W3 @ W2 @ W1, (W3 @ (W2 @ b1 + b2) + b3).T

    assert check_collapse(on_the_board).passed


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (lambda w, b: None, "not yet", "dots"),
        (lambda w, b: ..., "not yet", "dots"),
        (lambda w, b: (..., ...), "not yet", "dots"),
        (..., "not yet", "dots"),
        (7, "not right", "a function is wanted"),
        (lambda w, b: w[0], "not right", "the pair W, b"),
        (lambda w, b: (1, 2, 3), "not right", "the pair W, b"),
        (lambda w, b: ("W", "b"), "not right", "array of numbers"),
        (lambda w, b: 1 / 0, "not right", "ZeroDivisionError"),
        (lambda w: w, "not right", "TypeError"),
        (lambda w, b: (np.zeros((3, 3)), b[2]), "not right", "differs"),
        (lambda w, b: (solution(w, b)[0] * np.nan, b[2]), "not right", "not finite"),
        (lambda w, b: (w[2] @ w[1] @ w[0], b[2][:, :2]), "not right", "shape"),
    ],
)
def test_collapse_never_raises(answer, state, words):
    expect(check_collapse(answer), state, words)


def test_collapse_notices_changed_arguments():
    def collapse(weights, biases):
        result = solution(weights, biases)
        biases[0] += 1
        return result

    assert "changes the weights or biases" in check_collapse(collapse).message


def test_collapse_notices_a_rectangular_failure():
    def square_only(weights, biases):
        W, b = solution(weights, biases)
        return W, (b * np.eye(len(W)).sum(axis=0)) if W.shape == (3, 3) else np.zeros((1, 2))

    assert "shape (1, 2) instead of (1, 3)" in check_collapse(square_only).message


HAT = dict(W1=[[1], [1], [1]], b1=[[0, -0.5, -1]], W2=[[2, -4, 2]], b2=[[0]])

HAT_SLIPS = {
    "climbs to 1 and stays there": dict(HAT, W2=[[2, -2, 0]]),
    "flat at 1, then climbs again": dict(HAT, W2=[[2, -2, 2]]),
    "never stops falling": dict(HAT, W2=[[2, -4, 0]]),
    "only half as high": dict(HAT, W2=[[1, -2, 1]]),
    "upside down": dict(HAT, W2=[[-2, 4, -2]]),
    "a hinge of relu(x + b) is at x = -b": dict(HAT, b1=[[0, 0.5, 1]]),
    "all three hinges turn upward": dict(HAT, W2=[[2, 4, 2]]),
    "its weight is +2": dict(HAT, W2=[[2, -4, -2]]),
    "it stands 0.5 too high": dict(HAT, b2=[[0.5]]),
    "weight is 2, not 4": dict(HAT, W2=[[2, -4, 4]]),
    "your W1 is transposed": dict(HAT, W1=[[1, 1, 1]]),
    "at x = 2.5 your curve is": dict(HAT, W2=[[2, -4, 2.5]]),
}


@pytest.mark.parametrize("diagnosis", HAT_SLIPS)
def test_hat_tells_slips_apart(diagnosis):
    wrong(check_hat(**HAT_SLIPS[diagnosis]), diagnosis)


def test_hat_takes_every_way_to_draw_it():
    assert check_hat(**HAT).passed
    assert check_hat(W1=[[1], [2], [4]], b1=[[-1, 0, -2]], W2=[[2, 1, -1]], b2=[[0]]).passed
    assert check_hat(W1=[[-1], [-1], [-1]], b1=[[0, 0.5, 1]], W2=[[2, -4, 2]], b2=[[0]]).passed  # mirrored hinges


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        (dict(W1=...), "not yet", "dots"),
        (dict(b2=None), "not yet", "dots"),
        (dict(W2=[[2, ..., 2]]), "not yet", "dots"),
        (dict(W2=[[2, -4]]), "not right", "shape (1, 2) instead of (1, 3)"),
        (dict(b2="zero"), "not right", "array of numbers"),
        (dict(b1=[[0, np.inf, 1]]), "not right", "not finite"),
    ],
)
def test_hat_never_raises(change, state, words):
    expect(check_hat(**{**HAT, **change}), state, words)


XOR_SLIPS = {
    "on the wrong side": dict(w=[4, -4], b=-1.278, cut=-0.2),
    "take weights of the same sign": dict(w=[3, -3], b=-1.278, cut=-0.17),
    "take larger weights": dict(w=[3, 3], b=-4.278, cut=-0.17),  # the lesson's own numbers
    "0.078 from the cut; put the cut in the middle": dict(w=[4, 4], b=-5.278, cut=-0.2),
    "put it below -0.026": dict(w=[4, 4], b=-5.3, cut=-0.01),
    "all four points are on one side": dict(w=[4, 4], b=-5.3, cut=-0.5),
    "that is AND": dict(w=[1, 1], b=-1.278, cut=0.3),
    "that is OR": dict(w=[4, 4], b=-1.278, cut=0.3),
    "take equal weights": dict(w=[4, 1], b=-5.3, cut=-0.2),
    "nearest point is 0.001 from": dict(w=[4, 4], b=-5.278, cut=-0.2776),
}


@pytest.mark.parametrize("diagnosis", XOR_SLIPS)
def test_xor_neuron_tells_slips_apart(diagnosis):
    wrong(check_xor_neuron(**XOR_SLIPS[diagnosis]), diagnosis)


def test_xor_neuron_takes_solutions():
    assert check_xor_neuron([4, 4], -5.278, -0.152).passed
    assert check_xor_neuron(np.array([4.5, 4.6]), -5.8, -0.15).passed
    assert check_xor_neuron([-5, -5], 3.7, -0.145).passed  # the mirror image: (1,1) on the left


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        ((..., ..., ...), "not yet", "dots"),
        (([4, ...], -5.3, -0.2), "not yet", "dots"),
        ((4, -5.3, -0.2), "not right", "shape () instead of (2,)"),
        (([4, 4], "b", -0.2), "not right", "array of numbers"),
        (([4, 4], -5.3, np.nan), "not right", "not finite"),
        (([4, 4], [-5.3], -0.2), "not right", "shape (1,) instead of ()"),
    ],
)
def test_xor_neuron_never_raises(answer, state, words):
    expect(check_xor_neuron(*answer), state, words)


@pytest.mark.parametrize("verdict", [check_hat(..., ..., ..., ...), check_hat(**HAT), check_hat("<i>", 1, 2, 3)])
def test_a_page_shows_the_state_first_and_the_words_as_they_are(verdict):
    page = verdict._repr_html_()
    assert page.startswith("<div style=")
    assert f"<b>{verdict.state}</b>" in page
    assert "<i>" not in page
    assert html.unescape(re.sub(r"<[^>]*>", "", page)) == repr(verdict)


def test_verdicts_read_well():
    assert repr(check_hat(..., ..., ..., ...)).startswith("not yet: ")
    assert repr(check_hat(**HAT)).startswith("passed (")
    assert repr(check_hat(**HAT_SLIPS["upside down"])).startswith("not right: ")
