"""Checkers of lesson 02."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nbcore.activations import Activation, elu, gelu, sigmoid, tanh
from nbcore.exercises.verdict import Verdict, as_numbers, call, judge, not_right, passed, shape_of

# ---- Exercise 1: what a chain of neurons leaves of a gradient

_X, _WEIGHTS = 0.8, (1.5, -2.0, 3.0)


def _chain(phi: Activation, x: float, weights: Any) -> tuple[list[float], list[float], list[float]]:
    """(inputs, z, a) of each neuron of the chain a = phi(w a)."""
    inputs, zs, outputs = [], [], []
    a = x
    for w in weights:
        inputs.append(a)
        z = w * a
        a = float(phi(z))
        zs.append(z)
        outputs.append(a)
    return inputs, zs, outputs


def _product(phi: Activation, places: Any, weights: Any = None) -> float:
    slopes = [float(phi.derivative(place)) for place in places]
    return float(np.prod(slopes) * np.prod(1.0 if weights is None else weights))


def _chain_slips(phi: Activation, x: float, weights: Any) -> dict[str, float]:
    inputs, zs, outputs = _chain(phi, x, weights)
    w = np.array(weights)
    return {
        "your slopes are taken at a instead of z: phi.derivative wants z = w * a_in": _product(phi, outputs, w),
        "your slopes are taken at the inputs of the neurons: multiply by w first, z = w * a_in": _product(
            phi, inputs, w
        ),
        "your factors lack w: each neuron passes on w times phi'(z)": _product(phi, zs),
        "your factors lack phi'(z): each neuron passes on w times phi'(z)": float(np.prod(w)),
        "your slopes are all taken at the first z; each neuron has its own": _product(phi, [zs[0]] * len(w), w),
        "you add the factors; a chain multiplies them": float(
            sum(wk * float(phi.derivative(z)) for wk, z in zip(w, zs, strict=True))
        ),
        "the last neuron is missing: as many factors as weights": _product(phi, zs[:-1], w[:-1]),
        "the first neuron is missing: as many factors as weights": _product(phi, zs[1:], w[1:]),
        "that is the output a of the chain, not its derivative": outputs[-1],
        "you multiply the activations; the factors are w times phi'(z)": float(np.prod(outputs) * np.prod(w)),
        "the sign is lost: a negative weight turns the gradient round": abs(_product(phi, zs, w)),
    }


def check_chain(gradient_left: Callable[..., Any]) -> Verdict:
    """For gradient_left(phi, x, weights) -> da_L/dx of a chain a = phi(w a): the product of w phi'(z)."""
    for phi, x, weights in (
        (sigmoid, _X, _WEIGHTS),
        (tanh, _X, _WEIGHTS),
        (elu, -0.4, (2.0, 1.2, -0.7, 1.9)),
        (gelu, 0.3, (-1.1,)),
    ):
        result, verdict = call(gradient_left, phi, x, list(weights))
        if verdict:
            return verdict
        answer, verdict = as_numbers("result", result, ())
        if verdict and np.size(result) == 1:
            answer, verdict = as_numbers("result", np.reshape(np.asarray(result), ()), ())
        if verdict:
            return verdict
        _, zs, _ = _chain(phi, x, weights)
        right = np.array(_product(phi, zs, weights))
        slips = {text: np.array(wrong) for text, wrong in _chain_slips(phi, x, weights).items()}
        verdict = judge("result", answer, right, slips)
        if verdict:
            known = verdict.message in slips
            return verdict if known else not_right(f"{verdict.message.replace(' most at []:', '')} for {phi}")
    return passed("within 1e-9 for sigmoid, tanh, ELU and GELU, and for one to four neurons")


# ---- Exercise 2: count the dead

# Columns: dead; zero for one sample only; zero for most; negative mean but alive; always alive; dead with a zero; and
# one whose first sample is negative.
_Z = np.array(
    [
        [-1.0, 2.0, -0.5, -9.0, 0.5, -2.0, -0.1],
        [-0.2, 0.0, -1.5, 1.0, 1.5, -0.3, 2.0],
        [-3.0, 1.0, -0.1, 2.0, 0.2, 0.0, 1.0],
        [-0.7, 3.0, -2.0, 0.5, 3.0, -1.0, 0.4],
        [-1.1, 0.7, 0.3, -1.0, 1.0, -0.6, 0.9],
    ]
)


def check_dead(dead: Callable[..., Any]) -> Verdict:
    """For dead(Z) -> (n,) booleans: the units that are dead under ReLU, for pre-activations Z of shape (N, n)."""
    Z = _Z.copy()
    result, verdict = call(dead, Z)
    if verdict:
        return verdict
    if (Z != _Z).any():
        return not_right("your function changes Z; work on a new array")
    right = (_Z <= 0).all(axis=0)
    zeros = _Z <= 0
    shape = shape_of(result)
    if shape == () and np.size(result) == 1:
        number = float(np.asarray(result, dtype=float).item()) if _is_number(result) else np.nan
        if number == right.sum():
            return not_right(f"that is how many are dead, {right.sum()}; return which: one True or False a unit")
        if np.isclose(number, zeros.mean()):
            return not_right("that is the share of zeros; dead is a unit that gives zero for every sample")
        return not_right("return one True or False for each unit, an array of shape (n,); got a single value")
    if shape == (5,):
        return not_right("one value a sample: you went along the wrong axis; samples are rows, so take axis 0 together")
    if shape == _Z.shape:
        return not_right("that says which outputs are zero; a unit (a column) is dead when all of its outputs are")
    array, verdict = as_numbers("result", result, right.shape)
    if verdict:
        return verdict
    slips = {
        "you call a unit dead for a single zero (any); dead is zero for every sample (all)": zeros.any(axis=0),
        "you call a unit dead when most samples give zero; a single positive sample keeps it alive": (
            zeros.mean(axis=0) > 0.5
        ),
        "you look at the mean of z; one positive sample is enough to keep a unit alive": _Z.mean(axis=0) < 0,
        "you have it the other way round: True where a unit is alive": ~right,
        "you look at the first sample only": zeros[0],
        "you ask for z < 0; at z = 0 a ReLU passes nothing either, so z <= 0 counts": (_Z < 0).all(axis=0),
        "that is the share of zeros of each unit; dead is where it is 1": zeros.mean(axis=0),
        "that is the number of zeros of each unit; dead is where it equals the number of samples": zeros.sum(axis=0),
    }
    verdict = judge("result", array, right.astype(float), {text: np.asarray(w, float) for text, w in slips.items()})
    if verdict:
        return verdict
    more = np.random.default_rng(2).normal(-1, 1, (7, 9))
    result, verdict = call(dead, more)
    if verdict:
        return verdict
    array, verdict = as_numbers("result", result, (9,))
    return (
        verdict or judge("result", array, (more <= 0).all(axis=0).astype(float), {}) or passed("for two sets of units")
    )


def _is_number(value: Any) -> bool:
    try:
        float(np.asarray(value, dtype=float).item())
    except (TypeError, ValueError):
        return False
    return True


# ---- Exercise 3: the backward pass of PReLU


def check_prelu(prelu_backward: Callable[..., Any]) -> Verdict:
    """For prelu_backward(da, z, slope) -> (delta, dslope), shapes (N, n), (N, n), (1, n) -> (N, n), (1, n)."""
    for n_samples, n in ((7, 5), (4, 3)):
        rng = np.random.default_rng(n)
        da, z, slope = rng.normal(size=(n_samples, n)), rng.normal(size=(n_samples, n)), rng.uniform(0.1, 0.9, (1, n))
        given = [da.copy(), z.copy(), slope.copy()]
        result, verdict = call(prelu_backward, da, z, slope)
        if verdict:
            return verdict
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            return not_right(f"return the pair delta, dslope; got {type(result).__name__}")
        if any((now != then).any() for now, then in zip((da, z, slope), given, strict=True)):
            return not_right("your function changes the arrays that it was given; work on new ones")
        low, high = np.minimum(z, 0), np.maximum(z, 0)
        factor = np.where(z > 0, 1, slope)
        delta_slips = {
            "your delta is ReLU's: below zero the slope lets some through": da * (z > 0),
            "your delta has the slope on the wrong side: it belongs where z < 0": da * np.where(z > 0, slope, 1),
            "your delta multiplies by the slope everywhere; where z > 0 the factor is 1": da * slope,
            "your delta lacks da: the chain rule multiplies what comes from above": factor,
            "your delta multiplies by a instead of by its derivative": da * (high + slope * low),
            "your delta lets everything through; where z < 0 the factor is the slope": da,
        }
        each = da * low
        dslope_slips = {
            "your dslope is a mean; the 1/N is already in da, so add the samples up": each.mean(axis=0, keepdims=True),
            "your dslope lacks da": low.sum(axis=0, keepdims=True),
            "your dslope uses delta; the slope multiplies z where z < 0, so it is da * z there": (
                (da * factor * low).sum(axis=0, keepdims=True)
            ),
            "your dslope adds up da where z < 0; the slope multiplies z, so z is its factor": (
                (da * (z < 0)).sum(axis=0, keepdims=True)
            ),
            "your dslope takes the positive z: the slope acts where z < 0": (da * high).sum(axis=0, keepdims=True),
            "your dslope takes all z: where z > 0 the slope plays no part": (da * z).sum(axis=0, keepdims=True),
            "the sign of your dslope is reversed": -each.sum(axis=0, keepdims=True),
        }
        wanted = {"delta": (da * factor, delta_slips), "dslope": (each.sum(axis=0, keepdims=True), dslope_slips)}
        for (name, (right, slips)), answer in zip(wanted.items(), result, strict=True):
            verdict = _shape_of_dslope(name, answer, n_samples, n)
            if verdict:
                return verdict
            array, verdict = as_numbers(name, answer, right.shape)
            verdict = verdict or judge(name, array, right, slips)
            if verdict:
                return verdict
    return passed("delta and dslope within 1e-9, for 7 samples of 5 units and for 4 of 3")


def _shape_of_dslope(name: str, answer: Any, n_samples: int, n: int) -> Verdict | None:
    if name != "dslope":
        return None
    shape = shape_of(answer)
    if shape == (n_samples, n):
        return not_right("your dslope has one value a sample; all samples share the slope, so add them up")
    if shape in ((n_samples,), (n_samples, 1)):
        return not_right("your dslope adds up over the units; each has its own slope: add up over the samples, axis 0")
    if shape in ((), (1, 1)):
        return not_right("your dslope is one number for all units; here each unit has its own: add up over axis 0 only")
    if shape == (n,):
        return not_right(f"your dslope has shape ({n},) instead of (1, {n}): keepdims=True keeps the shape of slope")
    return None
