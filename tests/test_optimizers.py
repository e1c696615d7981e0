"""Optimizers against the formulas of their papers, and what they refuse."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbcore import SGD, Adam, Momentum
from nbcore.optimizers import Optimizer

FINE = settings(max_examples=40, deadline=None, derandomize=True)
RNG = np.random.default_rng(0)
GRADIENTS = [[RNG.normal(size=(3, 2)), RNG.normal(size=(1, 3))] for _ in range(12)]


def follow(optimizer, gradients):
    """The parameters after each gradient, from zero."""
    parameters, path = [np.zeros_like(g) for g in gradients[0]], []
    state = optimizer.start(parameters)
    for g in gradients:
        parameters = [p + d for p, d in zip(parameters, optimizer.increments(g, state), strict=True)]
        path.append(parameters)
    return path


def test_sgd_by_hand():
    path = follow(SGD(0.3), GRADIENTS)
    for p, gs in zip(path[-1], zip(*GRADIENTS, strict=True), strict=True):
        np.testing.assert_allclose(p, -0.3 * sum(gs), rtol=1e-13, atol=1e-15)


def test_momentum_by_hand():
    path = follow(Momentum(0.3, beta=0.8), GRADIENTS)
    for k in range(2):  # velocity unrolled: v_T = -eta sum_t beta^(T-t) g_t
        velocities = [sum(-0.3 * 0.8 ** (T - t) * GRADIENTS[t][k] for t in range(T + 1)) for T in range(12)]
        np.testing.assert_allclose(path[-1][k], sum(velocities), rtol=1e-12, atol=1e-14)
    for p, q in zip(follow(Momentum(0.3, beta=0), GRADIENTS)[-1], follow(SGD(0.3), GRADIENTS)[-1], strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-14)


def test_adam_by_hand():
    eta, b1, b2, eps = 0.01, 0.85, 0.99, 1e-6
    path = follow(Adam(eta, b1, b2, eps), GRADIENTS)
    for k in range(2):
        for i in np.ndindex(GRADIENTS[0][k].shape):
            w = m = v = 0.0
            for t, g in enumerate((float(gs[k][i]) for gs in GRADIENTS), start=1):
                m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
                w -= eta * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)
                assert path[t - 1][k][i] == pytest.approx(w, rel=1e-12)


def test_adam_s_first_step_is_eta_whatever_the_gradient():
    for scale in (1e-4, 1, 1e6):
        first = follow(Adam(0.01), [[np.array([[scale, -scale]])]])[0][0]
        np.testing.assert_allclose(first, [[-0.01, 0.01]], rtol=1e-3)
    assert not follow(Adam(), [[np.zeros((2, 2))]] * 3)[-1][0].any()


@pytest.mark.parametrize("optimizer", [SGD(0.1), Momentum(0.1), Adam(0.1)], ids=repr)
def test_settings_hold_no_run(optimizer):
    # Two runs by one optimizer, in turns, are two runs by two.
    both = [follow(optimizer, GRADIENTS), follow(type(optimizer)(0.1), GRADIENTS)]
    states = [optimizer.start(GRADIENTS[0]) for _ in range(2)]
    parameters = [[np.zeros_like(g) for g in GRADIENTS[0]] for _ in range(2)]
    for gs in GRADIENTS:
        for k in range(2):
            increments = optimizer.increments(gs, states[k])
            parameters[k] = [p + d for p, d in zip(parameters[k], increments, strict=True)]
    for result in (both[0][-1], both[1][-1], parameters[1]):
        for p, q in zip(result, parameters[0], strict=True):
            np.testing.assert_array_equal(p, q)


@pytest.mark.parametrize("kind", [SGD, Momentum, Adam])
def test_one_eta_a_member(kind):
    gradients = [[np.stack([g, g]) for g in gs] for gs in GRADIENTS]
    many = follow(kind([0.1, 0.4]), gradients)[-1]
    for k, eta in enumerate((0.1, 0.4)):
        for p, q in zip(many, follow(kind(eta), GRADIENTS)[-1], strict=True):
            np.testing.assert_allclose(p[k], q, rtol=1e-14)


@pytest.mark.parametrize("kind", [SGD, Momentum, Adam])
def test_eta_may_change_and_float32_is_kept(kind):
    optimizer = kind(0.1)
    optimizer.eta = 0.2
    np.testing.assert_array_equal(follow(optimizer, GRADIENTS)[-1][0], follow(kind(0.2), GRADIENTS)[-1][0])
    single = [[g.astype(np.float32) for g in gs] for gs in GRADIENTS]
    assert all(p.dtype == np.float32 for p in follow(optimizer, single)[-1])
    assert all(p.dtype == np.float32 for p in follow(kind(np.float64(0.1)), single)[-1])


@pytest.mark.parametrize("kind", [SGD, Momentum, Adam])
@pytest.mark.parametrize(
    ("eta", "error"),
    [
        *((bad, ValueError) for bad in (0, -0.1, np.nan, np.inf, [0.1, 0])),
        *((bad, TypeError) for bad in ("fast", None, True, 1j, [[0.1], [0.1, 0.2]])),
    ],
)
def test_bad_rates(kind, eta, error):
    with pytest.raises(error, match=r"eta must .*got "):
        kind(eta)
    optimizer = kind(0.3)
    with pytest.raises(error, match=r"eta must .*got "):
        optimizer.eta = eta
    assert optimizer.eta == 0.3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Momentum(0.1, beta=1.1), ValueError, "beta must be finite and at least 0 and at most 1, got 1.1"),
        (lambda: Momentum(0.1, beta=-0.1), ValueError, "beta must be .*, got -0.1"),
        (lambda: Momentum(0.1, beta="high"), TypeError, "beta must be a number, got 'high'"),
        (lambda: Adam(beta1=1), ValueError, "beta1 must be finite and at least 0 and less than 1, got 1"),
        (lambda: Adam(beta2=1.0), ValueError, "beta2 must be finite and at least 0 and less than 1, got 1.0"),
        (lambda: Adam(beta2=np.nan), ValueError, "beta2 must be .*, got nan"),
        (lambda: Adam(eps=0), ValueError, "eps must be .*, got 0"),
        (lambda: Adam(eps=-1e-8), ValueError, "eps must be .*, got -1e-08"),
    ],
)
def test_bad_settings(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_an_optimizer_of_ones_own_may_have_any_settings():
    class Sign(Optimizer):
        def __init__(self, eta, every):
            self.eta, self.every = eta, every

        def increments(self, gradients, state):
            return [-self.eta_for(g) * np.sign(g) for g in gradients]

    assert follow(Sign(0.5, every=12), [[np.array([[3.0, -2.0]])]])[0][0].tolist() == [[-0.5, 0.5]]


@FINE
@given(st.sampled_from([SGD, Momentum, Adam]), st.floats(1e-6, 10), st.integers(0, 99))
def test_shapes_are_kept_and_the_first_step_goes_downhill(kind, eta, seed):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(size=(*rng.integers(1, 4, 2),)) for _ in range(3)]
    optimizer = kind(eta)
    increments = optimizer.increments(gradients, optimizer.start(gradients))
    for g, d in zip(gradients, increments, strict=True):
        assert d.shape == g.shape
        assert (d * g <= 0).all()
