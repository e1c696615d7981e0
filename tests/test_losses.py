"""Slopes against finite differences, saturated outputs, refusals, and the one-neuron races of lesson 04."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbcore import ACTIVATIONS, LOSSES, MLP, bce, mse, numerical_gradient, sigmoid, softmax, softmax_ce, train

pytestmark = pytest.mark.filterwarnings("error")
FINE = settings(max_examples=60, deadline=None, derandomize=True)
PAIRS = [(mse, phi) for phi in ACTIVATIONS.values() if phi.name != "step"] + [(bce, sigmoid), (softmax_ce, softmax)]


def outputs_and_targets(loss, phi, shape=(7, 3), seed=0, spread=2.0):
    rng = np.random.default_rng(seed)
    z = spread * rng.normal(size=shape)
    z[np.abs(z) < 0.01] = 0.5  # away from kinks
    y = rng.uniform(0, 1, shape[-2:])
    return z, phi(z), y / y.sum(axis=-1, keepdims=True) if loss is softmax_ce else y


@pytest.mark.parametrize(("loss", "phi"), PAIRS, ids=lambda v: repr(v))
def test_grad_and_delta_agree_with_finite_differences(loss, phi):
    z, a, y = outputs_and_targets(loss, phi)
    if loss is not mse or phi is not softmax:
        numerical = numerical_gradient(lambda t: loss.per_sample(t, y).mean(), a)
        tolerance = 1e-8 if loss is mse else 1e-3  # 1/a bends strongly near 0: there the stencil is the worse one
        assert np.linalg.norm(loss.grad(a, y) - numerical) < tolerance * np.linalg.norm(numerical)
    numerical = numerical_gradient(lambda t: loss(phi(t), y), z)
    delta = loss.delta(z, a, y, phi)
    assert np.linalg.norm(delta - numerical) < 1e-9 * np.linalg.norm(numerical)
    np.testing.assert_allclose(delta, phi.backward(loss.grad(a, y), z, a), rtol=1e-12, atol=1e-16)  # unfused
    np.testing.assert_array_equal(loss.delta(z, a, y, phi.name), delta)


@pytest.mark.parametrize(("loss", "phi"), [(bce, sigmoid), (softmax_ce, softmax)])
def test_grad_of_the_cross_entropies_in_the_middle(loss, phi):
    _, a, y = outputs_and_targets(loss, phi, spread=0.3)
    numerical = numerical_gradient(lambda t: loss.per_sample(t, y).mean(), a)
    np.testing.assert_allclose(loss.grad(a, y), numerical, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("loss", [bce, softmax_ce])
def test_from_logits_is_the_same_loss(loss):
    z, a, y = outputs_and_targets(loss, loss.partner, shape=(4, 7, 3))
    np.testing.assert_allclose(loss.from_logits(z, y), loss(a, y), rtol=1e-13)
    assert loss.from_logits(z, y).shape == (4,)
    np.testing.assert_allclose(loss.grad(a, y)[2], loss.grad(a[2], y), rtol=1e-15)
    np.testing.assert_allclose(loss(a, y)[2], loss(a[2], y), rtol=1e-15)


def test_from_logits_is_exact_when_saturated():
    tail = math.log1p(math.exp(-40))
    for z, y, exact in ((40, 0, 40 + tail), (40, 1, tail), (-40, 1, 40 + tail), (-40, 0, tail), (1e4, 0, 1e4)):
        assert bce.from_logits([[z]], [[y]]) == pytest.approx(exact, rel=1e-15, abs=0)
        assert softmax_ce.from_logits([[z, 0]], [[y, 1 - y]]) == pytest.approx(exact, rel=1e-15, abs=0)
    assert bce.from_logits([[1e4, -1e4]], [[1, 0]]) == 0
    z = [[1e4, -1e4, 0.0]]
    assert [softmax_ce.from_logits(z, [row]) for row in np.eye(3)] == [0, 2e4, 1e4]
    # Equal largest ones, and a soft target.
    assert softmax_ce.from_logits([[1e4] * 4], [[0.25] * 4]) == pytest.approx(math.log(4), rel=1e-15)
    assert softmax_ce.from_logits([[50.0, 50.0, 10.0]], [[1, 0, 0]]) == pytest.approx(
        math.log(2) + math.log1p(math.exp(-40) / 2), rel=1e-15
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_outputs_give_finite_numbers_and_no_warning(dtype):
    z = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype=dtype)
    for loss in LOSSES.values():
        phi = loss.partner or sigmoid
        a = phi(z)
        assert set(np.unique(a)) == {0, 1}
        for y in (np.eye(2, dtype=dtype), 1 - np.eye(2, dtype=dtype), np.full((2, 2), 0.5, dtype=dtype)):
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                results = [loss(a, y), loss.grad(a, y), loss.delta(z, a, y, phi)]
                if loss is not mse:
                    results.append(loss.from_logits(z, y))
                    np.testing.assert_array_equal(results[2], (a - y) / 2)
            assert all(np.isfinite(r).all() and r.dtype == dtype for r in results)
    # A wrong, saturated output costs as much as its number type can tell; right ones cost nothing.
    assert bce([[1.0]], [[0.0]]) == pytest.approx(-math.log(np.finfo(float).epsneg))
    assert bce([[1.0], [0.0]], [[1.0], [0.0]]) == pytest.approx(0, abs=1e-15)


def test_definitions_and_first_losses():
    half = np.full((5, 1), 0.5)
    assert mse(half, np.zeros((5, 1))) == 0.125
    assert f"{bce(half, np.ones((5, 1))):.4f}" == "0.6931"
    assert f"{softmax_ce(softmax(np.zeros((5, 10))), np.eye(10)[:5]):.4f}" == "2.3026"
    assert mse([[1.0, 2.0], [3.0, 5.0]], [[0.0, 0.0], [3.0, 1.0]]) == (1 + 4 + 0 + 16) / 2 / 2
    assert f"{bce([[0.9]], [[0.0]]):.4f}" == "2.3026"
    y = np.array([[0.2, 0.8]])
    assert softmax_ce(y, y) == pytest.approx(-(0.2 * math.log(0.2) + 0.8 * math.log(0.8)))  # the floor is the entropy
    # The delta at z = 4 for y = 1: phi' kept would be .0177 of it.
    z = np.array([[4.0]])
    assert mse.delta(z, sigmoid(z), [[1.0]], sigmoid) / bce.delta(z, sigmoid(z), [[1.0]], sigmoid) == pytest.approx(
        0.0177, abs=5e-5
    )


def test_mse_with_a_sigmoid_is_bounded_in_its_gradient():
    a = np.linspace(0, 1, 100_001)
    assert (a**2 * (1 - a)).max() == pytest.approx(4 / 27, abs=1e-9)


@pytest.mark.parametrize(
    ("loss", "start", "first", "crossing"),
    [
        (mse, (0.6, 0.9), 0.81757, 36),
        (mse, (2, 2), 0.98201, 232),
        (bce, (0.6, 0.9), 0.81757, 8),
        (bce, (2, 2), 0.98201, 17),
    ],
)
def test_one_neuron_crosses_one_half_at_the_published_step(loss, start, first, crossing):
    net = MLP([1, 1])
    net.layers[0].W, net.layers[0].b = [[start[0]]], [[start[1]]]
    seen = train(net, [[1.0]], [[0.0]], loss, eta=0.15, steps=300, record=lambda s: s.net.layers[0].a.item()).records
    assert f"{seen[0]:.5f}" == f"{first:.5f}"
    assert seen[crossing] < 0.5 <= seen[crossing - 1]
    if (loss, start) == (mse, (2, 2)):
        assert f"{seen[300]:.5f}" == "0.20285"


def test_confidently_wrong():
    z, y = np.array([[4.0]]), np.array([[0.0]])  # (w, b) = (2, 2), input 1
    slow, fast = mse.delta(z, sigmoid(z), y, sigmoid), bce.delta(z, sigmoid(z), y, sigmoid)
    assert (f"{slow.item():.5f}", f"{fast.item():.5f}") == ("0.01735", "0.98201")
    assert f"{(fast / slow).item():.1f}" == "56.6"
    # From z = 10 the neuron's two parameters move z by 2 eta delta a step: by hand, since it takes so long.
    for delta, steps in ((lambda a: a, 37), (lambda a: a * a * (1 - a), 73_534)):
        z, k = 10.0, 0
        while z >= 0:
            z, k = z - 2 * 0.15 * delta(1 / (1 + math.exp(-z))), k + 1
        assert k == steps


def test_senseless_pairs_are_refused_by_naming_those_that_fit():
    one = np.full((2, 1), 0.5)
    for name, phi in ACTIVATIONS.items():
        for loss in (bce, softmax_ce):
            if phi is loss.partner:
                continue
            fit = {"sigmoid": "bce, mse", "softmax": "mse, softmax_ce"}.get(name, "mse")
            message = f"{loss} needs outputs from {loss.partner}, got {name}; losses that fit {name}: {fit}$"
            with pytest.raises(ValueError, match=message):
                loss.delta(one, one, one, phi)
            net = MLP([2, 1], output=phi)
            net.forward(one @ [[1, 1]])
            with pytest.raises(ValueError, match=message):
                net.backward(loss, np.ones((2, 1)))
            with pytest.raises(ValueError, match=message):
                train(net, one @ [[1, 1]], np.ones((2, 1)), loss)
    with pytest.raises(TypeError, match=r"mse has no from_logits.*use mse\(a, y\)"):
        mse.from_logits(one, one)
    with pytest.raises(ValueError, match="phi must be one of elu, gelu"):
        mse.delta(one, one, one, "swish")


@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
def test_shape_traps(loss):
    a = np.full((4, 1), 1.0)
    calls = [lambda y: loss(a, y), lambda y: loss.grad(a, y), lambda y: loss.delta(a, a, y, loss.partner or sigmoid)]
    if loss is not mse:
        calls.append(lambda y: loss.from_logits(a, y))
    for call in calls:
        for y in (np.ones(4), np.ones((1, 4)), np.ones((4, 2)), np.ones((3, 1)), np.ones((1, 4, 1)), 1.0):
            with pytest.raises(ValueError, match=r"y must have the outputs' shape \(4, 1\), got \("):
                call(y)
    with pytest.raises(
        ValueError, match=r"\(4,\) \(" + ("one_hot" if loss is softmax_ce else "for one number a sample")
    ):
        loss(a, np.ones(4))
    with pytest.raises(ValueError, match=r"a must hold outputs in rows, shape \(N, n\) with N >= 1, got shape \(4,\)"):
        loss(np.ones(4), np.ones(4))
    with pytest.raises(ValueError, match=r"with N >= 1, got shape \(0, 1\)"):
        loss(np.ones((0, 1)), np.ones((0, 1)))
    with pytest.raises(ValueError, match=r"got \(3, 4, 1\)"):
        loss(np.ones((2, 4, 1)), np.ones((3, 4, 1)))  # other ensemble axes than the outputs


def test_bad_values():
    for loss in (bce, softmax_ce):
        for bad in (-0.1, 1.5):
            with pytest.raises(ValueError, match=rf"y must lie in \[0, 1\] for {loss}, got {bad}"):
                loss([[0.5, 0.5]], [[bad, 0.5]])
            with pytest.raises(
                ValueError, match=rf"a must lie in \[0, 1\] for {loss}, got {bad}; .*{loss}.from_logits"
            ):
                loss([[bad, 0.5]], [[0, 1]])
    with pytest.raises(ValueError, match=r"each row of y must sum to 1 for softmax_ce, got \[1.0, 1.0\] \(one_hot"):
        softmax_ce([[0.5, 0.5], [0.5, 0.5]], [[0, 1], [1, 1]])
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match=rf"y must be finite, got {bad} at \[1, 0\]"):
            mse([[0.5], [0.5]], [[0], [bad]])
    with pytest.raises(TypeError, match="y must hold real numbers"):
        mse([[0.5]], [["a"]])
    with pytest.raises(TypeError, match="a must hold real numbers"):
        mse([["a"]], [[0.5]])


@FINE
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 5), st.sampled_from(PAIRS))
def test_a_loss_is_a_mean_over_samples(seed, N, n, pair):
    loss, phi = pair
    z, a, y = outputs_and_targets(loss, phi, (N, n), seed)
    each = [loss(a[i : i + 1], y[i : i + 1]) for i in range(N)]
    assert loss(a, y) == pytest.approx(np.mean(each), rel=1e-12)
    assert (np.array(each) >= -1e-12).all()
    rows = [loss.delta(z[i : i + 1], a[i : i + 1], y[i : i + 1], phi) for i in range(N)]
    np.testing.assert_allclose(loss.delta(z, a, y, phi) * N, np.concatenate(rows), rtol=1e-12, atol=1e-15)


@FINE
@given(st.floats(-1e4, 1e4), st.floats(0, 1))
def test_two_classes_of_softmax_are_one_sigmoid(z, y):
    two = softmax_ce.from_logits([[z, 0.0]], [[y, 1 - y]])
    assert two == pytest.approx(bce.from_logits([[z]], [[y]]), rel=1e-11, abs=1e-300)
