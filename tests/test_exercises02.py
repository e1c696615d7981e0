"""Checkers of lesson 02: each takes its solution, answers every classic slip with its own diagnosis, never raises."""

import numpy as np
import pytest
from verdicts import expect, wrong

from nbcore.exercises import check_chain, check_dead, check_prelu


def chain_with(factor=lambda phi, w, a, z, out: w * phi.derivative(z), join=np.prod, which=slice(None)):
    """gradient_left with a slip in the factor of a neuron, in how factors are joined, or in which are taken."""

    def gradient_left(phi, x, weights):
        a, factors = x, []
        for w in weights:
            z = w * a
            factors.append(factor(phi, w, a, z, phi(z)))
            a = phi(z)
        return join(factors[which])

    return gradient_left


def first_place(phi, x, weights):
    z = weights[0] * x
    return np.prod([w * phi.derivative(z) for w in weights])


def output(phi, x, weights):
    for w in weights:
        x = phi(w * x)
    return x


CHAIN_SLIPS = {
    "taken at a instead of z": chain_with(lambda phi, w, a, z, out: w * phi.derivative(out)),
    "taken at the inputs": chain_with(lambda phi, w, a, z, out: w * phi.derivative(a)),
    "your factors lack w": chain_with(lambda phi, w, a, z, out: phi.derivative(z)),
    "your factors lack phi'(z)": chain_with(lambda phi, w, a, z, out: w),
    "all taken at the first z": first_place,
    "you add the factors": chain_with(join=sum),
    "the last neuron is missing": chain_with(which=slice(None, -1)),
    "the first neuron is missing": chain_with(which=slice(1, None)),
    "that is the output a": output,
    "you multiply the activations": chain_with(lambda phi, w, a, z, out: w * out),
    "the sign is lost": chain_with(join=lambda factors: abs(np.prod(factors))),
    "your result differs": chain_with(lambda phi, w, a, z, out: 1.1 * w * phi.derivative(z)),
}


@pytest.mark.parametrize("diagnosis", CHAIN_SLIPS)
def test_chain_tells_slips_apart(diagnosis):
    wrong(check_chain(CHAIN_SLIPS[diagnosis]), diagnosis)


def test_chain_takes_solutions():
    assert check_chain(chain_with()).passed
    assert check_chain(lambda *given: np.array([chain_with()(*given)])).passed

    def recursive(phi, x, weights):
        if not weights:
            return 1.0
        z = weights[0] * x
        return weights[0] * phi.derivative(z) * recursive(phi, phi(z), weights[1:])

    assert check_chain(recursive).passed


def test_chain_notices_what_holds_for_the_sigmoid_only():
    def sigmoid_only(phi, x, weights):
        left = 1.0
        for w in weights:
            a = phi(w * x)
            left, x = left * w * a * (1 - a), a
        return left

    wrong(check_chain(sigmoid_only), "for tanh")


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (lambda phi, x, weights: None, "not yet", "dots"),
        (lambda phi, x, weights: ..., "not yet", "dots"),
        (..., "not yet", "dots"),
        (0.25, "not right", "a function is wanted"),
        (lambda phi, x, weights: [1, 2], "not right", "shape (2,) instead of ()"),
        (lambda phi, x, weights: "much", "not right", "array of numbers"),
        (lambda phi, x, weights: np.nan, "not right", "not finite"),
        (lambda phi, x, weights: phi.slope(x), "not right", "AttributeError"),
        (lambda phi: 1, "not right", "TypeError"),
    ],
)
def test_chain_never_raises(answer, state, words):
    expect(check_chain(answer), state, words)


DEAD_SLIPS = {
    "for a single zero (any)": lambda Z: (Z <= 0).any(axis=0),
    "most samples give zero": lambda Z: (Z <= 0).mean(axis=0) > 0.5,
    "the mean of z": lambda Z: Z.mean(axis=0) < 0,
    "the other way round": lambda Z: (Z > 0).any(axis=0),
    "the first sample only": lambda Z: Z[0] <= 0,
    "you ask for z < 0": lambda Z: (Z < 0).all(axis=0),
    "the share of zeros of each unit": lambda Z: (Z <= 0).mean(axis=0),
    "the number of zeros of each unit": lambda Z: (Z <= 0).sum(axis=0),
    "the wrong axis": lambda Z: (Z <= 0).all(axis=1),
    "which outputs are zero": lambda Z: Z <= 0,
    "how many are dead, 2": lambda Z: (Z <= 0).all(axis=0).sum(),
    "that is the share of zeros": lambda Z: (Z <= 0).mean(),
    "got a single value": lambda Z: (Z <= 0).all(),
    "your function changes Z": lambda Z: (np.maximum(Z, 0, out=Z) == 0).all(axis=0),
    "differs": lambda Z: np.arange(Z.shape[1]) > 5,
}


@pytest.mark.parametrize("diagnosis", DEAD_SLIPS)
def test_dead_tells_slips_apart(diagnosis):
    wrong(check_dead(DEAD_SLIPS[diagnosis]), diagnosis)


def test_dead_takes_solutions():
    for solution in (
        lambda Z: (Z <= 0).all(axis=0),
        lambda Z: Z.max(axis=0) <= 0,
        lambda Z: ~(Z > 0).any(axis=0),
        lambda Z: [all(z <= 0 for z in unit) for unit in Z.T],
        lambda Z: (np.maximum(Z, 0) == 0).all(axis=0),
    ):
        assert check_dead(solution).passed


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (lambda Z: None, "not yet", "dots"),
        (..., "not yet", "dots"),
        ([True], "not right", "a function is wanted"),
        (lambda Z: "dead", "not right", "array of numbers"),
        (lambda Z: [[True], [True, False]], "not right", "array of numbers"),
        (lambda Z: ["a"] * 7, "not right", "array of numbers"),
        (lambda Z: np.zeros(4), "not right", "shape (4,) instead of (7,)"),
        (lambda Z: np.full(7, np.nan), "not right", "not finite"),
        (lambda Z: Z.dead(), "not right", "AttributeError"),
        (lambda Z: np.array([1, 0, 0, 0, 0, 1, 0]), "not right", "shape (7,) instead of (9,)"),
    ],
)
def test_dead_never_raises(answer, state, words):
    expect(check_dead(answer), state, words)


def prelu_with(delta=lambda da, z, s: da * np.where(z > 0, 1, s), dslope=None):
    each = dslope or (lambda da, z, s: (da * np.minimum(z, 0)).sum(axis=0, keepdims=True))
    return lambda da, z, slope: (delta(da, z, slope), each(da, z, slope))


PRELU_SLIPS = {
    "your delta is ReLU's": prelu_with(lambda da, z, s: da * (z > 0)),
    "on the wrong side": prelu_with(lambda da, z, s: da * np.where(z < 0, 1, s)),
    "by the slope everywhere": prelu_with(lambda da, z, s: da * s),
    "your delta lacks da": prelu_with(lambda da, z, s: np.where(z > 0, 1, s)),
    "by a instead of by its derivative": prelu_with(lambda da, z, s: da * (np.maximum(z, 0) + s * np.minimum(z, 0))),
    "lets everything through": prelu_with(lambda da, z, s: da),
    "your dslope is a mean": prelu_with(dslope=lambda da, z, s: (da * np.minimum(z, 0)).mean(axis=0, keepdims=True)),
    "your dslope lacks da": prelu_with(dslope=lambda da, z, s: np.minimum(z, 0).sum(axis=0, keepdims=True)),
    "your dslope uses delta": prelu_with(
        dslope=lambda da, z, s: (s * da * np.minimum(z, 0)).sum(axis=0, keepdims=True)
    ),
    "so z is its factor": prelu_with(dslope=lambda da, z, s: (da * (z < 0)).sum(axis=0, keepdims=True)),
    "takes the positive z": prelu_with(dslope=lambda da, z, s: (da * np.maximum(z, 0)).sum(axis=0, keepdims=True)),
    "takes all z": prelu_with(dslope=lambda da, z, s: (da * z).sum(axis=0, keepdims=True)),
    "the sign of your dslope": prelu_with(dslope=lambda da, z, s: -(da * np.minimum(z, 0)).sum(axis=0, keepdims=True)),
    "one value a sample": prelu_with(dslope=lambda da, z, s: da * np.minimum(z, 0)),
    "adds up over the units": prelu_with(dslope=lambda da, z, s: (da * np.minimum(z, 0)).sum(axis=1)),
    "one number for all units": prelu_with(dslope=lambda da, z, s: (da * np.minimum(z, 0)).sum()),
    "keepdims=True": prelu_with(dslope=lambda da, z, s: (da * np.minimum(z, 0)).sum(axis=0)),
}


@pytest.mark.parametrize("diagnosis", PRELU_SLIPS)
def test_prelu_tells_slips_apart(diagnosis):
    wrong(check_prelu(PRELU_SLIPS[diagnosis]), diagnosis)


def test_prelu_takes_solutions():
    assert check_prelu(prelu_with()).passed
    assert check_prelu(
        lambda da, z, p: [da * ((z > 0) + p * (z <= 0)), np.einsum("ni,ni->i", da, z * (z < 0))[None]]
    ).passed


def changes_its_input(da, z, slope):
    z[z > 0] = 0
    return prelu_with()(da, z, slope)


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (lambda da, z, slope: None, "not yet", "dots"),
        (lambda da, z, slope: (..., ...), "not yet", "dots"),
        (..., "not yet", "dots"),
        (3, "not right", "a function is wanted"),
        (lambda da, z, slope: da, "not right", "the pair delta, dslope"),
        (lambda da, z, slope: (da.T, slope), "not right", "your delta is transposed"),
        (lambda da, z, slope: (prelu_with()(da, z, slope)[0], "x"), "not right", "array of numbers"),
        (lambda da, z, slope: (prelu_with()(da, z, slope)[0], [[1], [1, 2]]), "not right", "array of numbers"),
        (lambda da, z, slope: (da * np.nan, slope), "not right", "not finite"),
        (lambda da, z, slope: da @ z, "not right", "ValueError"),
        (changes_its_input, "not right", "changes the arrays"),
    ],
)
def test_prelu_never_raises(answer, state, words):
    expect(check_prelu(answer), state, words)
