"""The fast engine gives the numbers of layers.py: for every part, after one update and after many."""

import itertools

import numpy as np
import pytest

from nbcore import (
    ACTIVATIONS,
    MLP,
    SGD,
    Activation,
    Adam,
    Dense,
    Diverged,
    Momentum,
    Sequential,
    bce,
    gelu,
    he,
    identity,
    leaky_relu,
    mse,
    one_hot,
    relu,
    sigmoid,
    softmax,
    softmax_ce,
    tanh,
    train,
    training,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(23, 3))
CLASSES = rng.integers(0, 2, 23)
PAIRS = {
    "sigmoid bce": (sigmoid, bce, rng.integers(0, 2, (23, 2)).astype(float)),
    "softmax softmax_ce": (softmax, softmax_ce, one_hot(CLASSES, 2)),
    "identity mse": (identity, mse, rng.normal(size=(23, 2))),
    "tanh mse": (tanh, mse, rng.uniform(-1, 1, (23, 2))),
    "sigmoid mse": (sigmoid, mse, rng.uniform(0, 1, (23, 2))),
    "softmax mse": (softmax, mse, one_hot(CLASSES, 2)),
    "relu mse": (relu, mse, rng.normal(size=(23, 2))),
    "leaky_relu mse": (leaky_relu, mse, rng.normal(size=(23, 2))),
    "gelu mse": (gelu, mse, rng.normal(size=(23, 2))),
}
OPTIMIZERS = [SGD(0.05), Momentum(0.02), Adam(0.01)]
WAVE = Activation("wave", "sin z", np.sin, lambda z, a: np.cos(z))
HIDDEN = [*ACTIVATIONS.values(), leaky_relu.with_slope(0.3), leaky_relu.with_slope(1.5), WAVE]


def apart(one, other):
    """The largest difference of parameters, array by array, relative to the size of the array."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max(np.abs(a - b).max() / max(np.abs(a).max(), 1e-3) for a, b in pairs)


def both(net, Y, loss, **settings):
    """The same run by the readable engine, by the fast one, and by the fast one a step at a time."""
    nets = [net.copy() for _ in range(3)]
    plain = train(nets[0], X, Y, loss, engine="plain", **settings)
    fast = train(nets[1], X, Y, loss, **settings)
    stepwise = train(nets[2], X, Y, loss, record=lambda now: now.step, **settings)
    return nets, (plain, fast, stepwise)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("phi", HIDDEN, ids=repr)
def test_one_update_and_many(phi, pair):
    output, loss, Y = PAIRS[pair]
    for optimizer, batch, ensemble in itertools.product(OPTIMIZERS, (None, 7), ((), (3,))):
        net = MLP([3, 5, 4, 2], hidden=phi, output=output, ensemble=ensemble, seed=3)
        for steps, bound in ((1, 1e-12), (40, 1e-10)):
            nets, runs = both(net, Y, loss, optimizer=optimizer, batch=batch, steps=steps)
            for other, run in zip(nets[1:], runs[1:], strict=True):
                assert apart(nets[0], other) < bound
                np.testing.assert_allclose(run.loss, runs[0].loss, rtol=bound)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("batch", [None, 1, 7, 22])
def test_a_thousand_updates(optimizer, batch):
    output, loss, Y = PAIRS["sigmoid bce"]
    net = MLP([3, 8, 8, 2], hidden=tanh, output=output, seed=1)
    nets, runs = both(net, Y, loss, optimizer=optimizer, batch=batch, steps=1000)
    for other, run in zip(nets[1:], runs[1:], strict=True):
        assert apart(nets[0], other) < 1e-9
        np.testing.assert_allclose(run.loss, runs[0].loss, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("penalty", [{"l1": 0.02}, {"l2": 0.05}, {"l1": 0.01, "l2": 0.03}])
def test_penalties(optimizer, penalty):
    output, loss, Y = PAIRS["identity mse"]
    for ensemble in ((), (3,)):
        net = MLP([3, 5, 2], hidden=tanh, output=output, ensemble=ensemble, seed=3)
        nets, _ = both(net, Y, loss, optimizer=optimizer, steps=50, **penalty)
        assert apart(nets[0], nets[1]) < 1e-11
        assert apart(nets[0], nets[2]) < 1e-11


@pytest.mark.parametrize("kind", [SGD, Momentum, Adam])
def test_one_rate_a_member(kind):
    output, loss, Y = PAIRS["sigmoid bce"]
    net = MLP([3, 5, 2], hidden=tanh, output=output, ensemble=(3,), seed=3)
    for penalty in ({}, {"l1": 0.01, "l2": 0.02}):
        nets, runs = both(net, Y, loss, optimizer=kind([0.01, 0.1, 0.3]), batch=7, steps=50, **penalty)
        for other, run in zip(nets[1:], runs[1:], strict=True):
            assert apart(nets[0], other) < 1e-10
            np.testing.assert_allclose(run.loss, runs[0].loss, rtol=1e-10)


@pytest.mark.parametrize("steps", [0, 1, 15, 16, 17, 255, 256, 257, 512])
def test_every_length(steps):
    output, loss, Y = PAIRS["softmax softmax_ce"]
    nets, runs = both(MLP([3, 4, 2], output=output), Y, loss, eta=0.1, batch=5, steps=steps)
    assert [len(run.loss) for run in runs] == [steps + 1] * 3
    assert apart(nets[0], nets[1]) < 1e-10
    np.testing.assert_allclose(runs[1].loss, runs[0].loss, rtol=1e-10)


@pytest.mark.parametrize("optimizer", [SGD(30), Momentum(30), Adam(1e200)], ids=lambda o: type(o).__name__)
def test_divergence_has_the_same_step_layer_and_history(optimizer):
    _, loss, Y = PAIRS["identity mse"]
    stops, nets = [], []
    for settings in ({"engine": "plain"}, {}, {"record": lambda now: None}):
        net = MLP([3, 6, 6, 2], hidden=relu, output=identity, seed=5)
        with pytest.raises(Diverged) as caught:
            train(net, X, Y, loss, optimizer=optimizer, batch=7, steps=2000, **settings)
        stops.append(caught.value)
        nets.append(net)
    assert len({(stop.step, stop.layer) for stop in stops}) == 1
    for stop in stops:
        np.testing.assert_allclose(stop.history.loss, stops[0].history.loss, rtol=1e-9)


@pytest.mark.parametrize("kind", [SGD, Momentum])
def test_members_that_diverge_are_frozen_and_the_others_go_on(kind):
    _, loss, Y = PAIRS["identity mse"]
    net = MLP([3, 6, 2], hidden=relu, output=identity, init=he, ensemble=(4,), seed=5)
    settings = dict(optimizer=kind([0.01, 60, 0.02, 2000]), batch=7, steps=700)
    nets, runs = both(net, Y, loss, **settings)
    assert (runs[0].diverged[[1, 3]] > 0).all()
    for other, run in zip(nets[1:], runs[1:], strict=True):
        np.testing.assert_array_equal(run.diverged, runs[0].diverged)
        np.testing.assert_array_equal(np.isnan(run.loss), np.isnan(runs[0].loss))
        np.testing.assert_allclose(run.loss[:, [0, 2]], runs[0].loss[:, [0, 2]], rtol=1e-9)
        for a, b in zip(nets[0].parameters(), other.parameters(), strict=True):
            np.testing.assert_allclose(b[[0, 2]], a[[0, 2]], rtol=1e-8, atol=1e-12)
            np.testing.assert_allclose(b[[1, 3]], a[[1, 3]], rtol=1e-6)


def test_the_same_arrays_are_trained():
    net = MLP([3, 5, 2])
    arrays = net.parameters()
    train(net, X, PAIRS["sigmoid bce"][2], bce, steps=20)
    assert all(a is b for a, b in zip(arrays, net.parameters(), strict=True))


def test_layers_hold_the_same_values_between_steps():
    Y = PAIRS["sigmoid bce"][2]
    runs = [training(MLP([3, 5, 2], seed=2), X, Y, bce, SGD(0.1), batch=7, engine=e) for e in ("plain", "auto")]
    for plain, fast in itertools.islice(zip(*runs, strict=True), 5):
        for a, b in zip(plain.net.layers, fast.net.layers, strict=True):
            for name in ("a_in", "z", "a", "delta", "dW", "db"):
                np.testing.assert_allclose(getattr(b, name), getattr(a, name), rtol=1e-11, atol=1e-15)


class Doubled(Dense):
    """A layer of one's own: twice the usual output."""

    def forward(self, a_in):
        return 2 * super().forward(a_in)

    def backward(self, da):
        return super().backward(2 * da)


def test_a_layer_of_ones_own_is_left_to_the_readable_engine():
    def net():
        return Sequential(Doubled(3, 4, tanh, rng=1), Dense(4, 2, sigmoid, rng=2))

    Y = PAIRS["sigmoid bce"][2]
    nets = [net(), net()]
    for trained, engine in zip(nets, ("plain", "auto"), strict=True):
        train(trained, X, Y, bce, steps=30, engine=engine)
    assert apart(*nets) == 0


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="engine must be 'auto' or 'plain', got 'turbo'"):
        train(MLP([3, 2]), X, PAIRS["sigmoid bce"][2], bce, engine="turbo")


def test_an_interrupt_brings_the_history_so_far():
    def stop(done, steps):
        if done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        train(MLP([3, 5, 2]), X, PAIRS["sigmoid bce"][2], bce, steps=2000, progress=stop)
    history = caught.value.history
    assert len(history.loss) == len(history.step) > 100
    assert np.isfinite(history.loss).all()
