"""The check itself is checked: it must pass right gradients and find every classic slip, and where it sits."""

import itertools

import numpy as np
import pytest

from nbcore import (
    MLP,
    Activation,
    Dense,
    Loss,
    Sequential,
    bce,
    check_gradients,
    constant,
    mse,
    normal,
    numerical_gradient,
    one_hot,
    relu,
    sigmoid,
    softmax_ce,
    tanh,
    zeros,
)

pytestmark = pytest.mark.filterwarnings("error")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(7, 5)), RNG.uniform(0, 1, (7, 3))


def with_biases(net):
    for layer in net.layers:
        layer.b = 0.3 * RNG.normal(size=layer.b.shape)
    return net


def odd(kind=Dense, hidden=tanh, sizes=(5, 4, 4, 3), output=sigmoid):
    """5-4-4-3 with N = 7: only the hidden weights are square, so that a transposed W runs at all."""
    rng = np.random.default_rng(1)
    middle = [kind(n, m, hidden, rng=rng) for n, m in itertools.pairwise(sizes[:-1])]
    return with_biases(Sequential(*middle, Dense(sizes[-2], sizes[-1], output, rng=rng)))


# --- planted slips: each is found, in the right array first ---


class Transposed(Dense):
    def backward_delta(self, delta):
        super().backward_delta(delta)
        return delta @ (self.W.mT if self.n_in == self.n_out else self.W)


class NoSlope(Dense):
    def backward(self, da):
        return self.backward_delta(da)


class Doubled(Dense):
    def backward_delta(self, delta):
        da = super().backward_delta(delta)
        self.dW = 2 * self.dW
        return da


class BiasMean(Dense):
    def backward_delta(self, delta):
        da = super().backward_delta(delta)
        self.db = delta.mean(axis=-2, keepdims=True)
        return da


class WrongSign(Dense):
    def backward_delta(self, delta):
        da = super().backward_delta(delta)
        self.db = -self.db
        return da


class BiasPerSample(Dense):
    def backward_delta(self, delta):
        da = super().backward_delta(delta)
        self.db = delta
        return da


class TransposedGradient(Dense):
    def backward_delta(self, delta):
        da = super().backward_delta(delta)
        self.dW = self.dW.mT
        return da


class Updated(Dense):
    def backward_delta(self, delta):
        super().backward_delta(delta)
        return delta @ (self.W - 0.01 * self.dW)


@pytest.mark.parametrize(
    ("kind", "wrong", "where"),
    [
        (Transposed, {"W1", "b1"}, None),
        (NoSlope, {"W1", "b1", "W2", "b2"}, None),
        (Doubled, {"W1", "W2"}, None),
        (BiasMean, {"b1", "b2"}, None),
        (WrongSign, {"b1", "b2"}, None),
        (BiasPerSample, {"b1", "b2"}, "b1"),
        (TransposedGradient, {"W1", "W2"}, "W1"),
        (Updated, {"W1", "b1"}, None),
    ],
)
def test_slips_in_a_layer(kind, wrong, where):
    net = odd(kind)
    report = check_gradients(net, X, Y, mse)
    assert not report.ok
    assert {name for name, error in report.errors.items() if not error < 1e-7} == wrong
    assert report.errors[report.where] == report.worst == max(report.errors.values())
    assert report.where in wrong
    assert where in (None, report.where)
    assert "differ, worst in " + report.where in repr(report)
    assert check_gradients(odd(), X, Y, mse).ok


@pytest.mark.parametrize("slip", ["sum", "factor 2", "sign", "of one output", "slope kept"])
def test_slips_in_a_loss(slip):
    slopes = {
        "sum": lambda a, y: (a - y) * len(a),
        "factor 2": lambda a, y: 2 * (a - y),
        "sign": lambda a, y: y - a,
        "of one output": lambda a, y: (a - y) * np.array([1, 0, 0]),
        "slope kept": lambda a, y: (a - y) * a * (1 - a),
    }
    report = check_gradients(odd(), X, Y, Loss("odd", "", mse.per_sample, slopes[slip]))
    assert not report.ok
    assert {name for name, error in report.errors.items() if error < 1e-7} == set()


@pytest.mark.parametrize(
    "fprime",
    [
        lambda z, a: 1 - np.tanh(a) ** 2,  # taken at a
        lambda z, a: 1 - z * z,  # z for a
        lambda z, a: 1 - a,
        lambda z, a: np.ones_like(z),
        lambda z, a: (1 - a * a) * (1 + 1e-6),  # one part in a million is seen
    ],
)
def test_slips_in_a_derivative(fprime):
    wrong = Activation("wrong", "tanh(z)", np.tanh, fprime)
    net = with_biases(MLP([5, 4, 6, 3], hidden=[tanh, wrong], seed=1))
    report = check_gradients(net, X, Y, bce)
    assert not report.ok
    assert {name for name, error in report.errors.items() if not error < 1e-7} == {"W1", "b1", "W2", "b2"}
    assert report.where in {"W1", "b1", "W2", "b2"}


def test_a_slip_put_on_one_object():
    net = odd()
    right = net.layers[1].backward
    net.layers[1].backward = lambda da: 1.1 * right(da)
    report = check_gradients(net, X, Y, mse)
    assert {name for name, error in report.errors.items() if error > 1e-7} == {"W1", "b1"}
    assert report.worst == pytest.approx(0.1 / 1.1)


def test_relus_away_from_their_kinks_agree():
    net = MLP([2, 3, 1], hidden=relu)
    net.layers[0].b[:] = 0.5  # all z are near 0.5
    assert check_gradients(net, [[1e-4, -1e-4]] * 4, np.ones((4, 1)), bce).ok


# --- no false alarms ---


@pytest.mark.parametrize(
    "net", [MLP([5, 8, 3], hidden=h, init=i) for h in (relu, tanh, sigmoid) for i in (zeros, constant(0.5))]
)
def test_all_zero_gradients_are_no_alarm(net):
    half = np.full((6, 3), 0.5)
    half[::2] = 0.3
    half[1::2] = 0.7
    for loss in (bce, mse):
        assert check_gradients(net, np.repeat(RNG.normal(size=(3, 5)), 2, axis=0), half, loss).ok


@pytest.mark.parametrize("output", ["identity", "tanh", "sigmoid"])
def test_a_perfect_fit_is_no_alarm(output):
    net = with_biases(MLP([5, 4, 3], output=output))
    A = net.forward(X)
    assert check_gradients(net, X, A, mse).ok


def test_vanishing_gradients_of_large_arrays_are_no_alarm():
    net = with_biases(MLP([20, 20, 20, 20, 3], hidden=sigmoid, init="xavier"))
    report = check_gradients(net, RNG.normal(size=(9, 20)), RNG.uniform(0, 1, (9, 3)), bce)
    assert report.ok, report


def test_gradients_below_the_rounding_of_the_loss_are_no_alarm():
    net = MLP([5, 4, 4, 4, 4, 4, 4, 3], hidden=sigmoid, init=normal(0.05), seed=2)
    report = check_gradients(net, X, Y, bce)
    assert np.linalg.norm(net.layers[0].dW) < 1e-9
    assert report.ok, report


def test_one_net_many_nets_labels_and_lists():
    report = check_gradients(odd(), X.tolist(), Y.tolist(), "mse")
    assert list(report.errors) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert report.ok
    assert report.worst < 1e-9
    assert repr(report) == "gradients agree: all 6 arrays within 1e-07 of finite differences"
    many = with_biases(MLP([5, 4, 3], output="softmax", ensemble=(2, 3)))
    assert check_gradients(many, X, one_hot(np.arange(7) % 3, 3), softmax_ce).ok


# --- nothing changes ---


def test_parameters_come_back_exactly():
    net = odd()
    before = [p.copy() for p in net.parameters()]
    held = net.parameters()
    A = net.forward(X).copy()
    check_gradients(net, X, Y, mse)
    for p, q, r in zip(net.parameters(), before, held, strict=True):
        assert p is r
        np.testing.assert_array_equal(p, q)
    np.testing.assert_array_equal(net.layers[-1].a, A)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("after", [1, 3, 30, 100])
def test_parameters_come_back_after_an_exception(error, after):
    net, calls = odd(), []
    before, forward = [p.copy() for p in net.parameters()], net.forward

    def failing(X):
        calls.append(1)
        if len(calls) > after:
            raise error("stop")
        return forward(X)

    net.forward = failing
    with pytest.raises(error, match="stop"):
        check_gradients(net, X, Y, mse)
    for p, q in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p, q)


def test_bad_input():
    net = odd()
    for call, error, message in (
        (lambda: check_gradients(net, X[:, :3], Y, mse), ValueError, "X must have 5 columns, got 3"),
        (
            lambda: check_gradients(net, X, Y[:, :2], mse),
            ValueError,
            r"Y must have the outputs' shape \(7, 3\), got \(7, 2\)",
        ),
        (lambda: check_gradients(net, X, Y, "hinge"), ValueError, "loss must be one of bce, mse"),
        (lambda: check_gradients(net, X, Y, softmax_ce), ValueError, "softmax_ce needs outputs from softmax"),
        (lambda: numerical_gradient(np.sum, [np.nan]), ValueError, "x must be finite, got nan"),
        (lambda: numerical_gradient(np.sum, "x"), TypeError, "x must hold real numbers"),
        (lambda: numerical_gradient(np.sin, [1.0, 2.0]), ValueError, r"f\(x\) must be one number, got shape \(2,\)"),
    ):
        with pytest.raises(error, match=message):
            call()


def test_numerical_gradient():
    x = np.array([[0.5, -1.0, 2.0]])
    kept = x.copy()
    np.testing.assert_allclose(numerical_gradient(lambda t: np.sin(t).sum(), x), np.cos(x), rtol=1e-12)
    np.testing.assert_array_equal(x, kept)
    assert numerical_gradient(lambda t: t**3, 2.0) == pytest.approx(12, rel=1e-11)
    assert numerical_gradient(lambda t: t**4, 1.0) == pytest.approx(4, rel=1e-11)  # exact for polynomials up to 4
    assert numerical_gradient(lambda t: (t**2).sum(axis=1), [[3.0]]).shape == (1, 1)  # f may give shape (1,)
    assert numerical_gradient(lambda t: np.sum(t * t), [1, 2]).tolist() == pytest.approx([2, 4])
    assert numerical_gradient(np.cos, 0.0) == 0  # even functions: exactly
