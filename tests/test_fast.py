"""The fast engine gives the numbers of layers.py: for every part, after one update and after many."""

import importlib
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
    _fast,
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
    stack,
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


@pytest.mark.parametrize("batch", [None, 7])
@pytest.mark.parametrize("members", [1, 5, 70])
def test_groups_of_members_equal_single_networks(monkeypatch, members, batch):
    monkeypatch.setattr(_fast, "MEMBERS", 3 if members == 5 else 64)
    Y = PAIRS["sigmoid bce"][2]
    singles = [MLP([3, 4, 2], seed=k) for k in range(members)]
    etas = np.geomspace(0.01, 1, members)
    many = stack(singles)
    together = train(many, X, Y, bce, eta=etas, batch=batch, steps=45, l2=0.01)
    for k in {0, 1, 3, members - 1} & set(range(members)):
        alone = train(singles[k], X, Y, bce, eta=etas[k], batch=batch, steps=45, l2=0.01)
        np.testing.assert_allclose(together.loss[:, k], alone.loss, rtol=1e-11)
        assert apart(singles[k], many.member(k)) < 1e-11


def test_a_wide_ensemble_is_trained_in_groups_that_fit_the_cache():
    samples, Y = np.ones((200, 2)), np.ones((200, 1))
    run = importlib.import_module("nbcore.training")._checked
    for ensemble, groups in (((64,), 8), ((), 1)):
        net = MLP([2, 16, 16, 1], ensemble=ensemble)
        assert len(run(net, samples, Y, bce, SGD(0.1), None, 0, 0, 0, "auto").engine().groups) == groups


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("every", [1, 3, 20, 300])
@pytest.mark.parametrize("ensemble", [(), (3,)])
def test_looking_seldom_sees_the_same(optimizer, every, ensemble):
    """Parameters, values in the layers and losses at each look are those of the readable engine."""
    Y = PAIRS["sigmoid bce"][2]
    nets = [MLP([3, 5, 2], seed=2, ensemble=ensemble) for _ in range(2)]
    plain = training(nets[0], X, Y, bce, optimizer, batch=7, l2=0.01, engine="plain")
    fast = training(nets[1], X, Y, bce, optimizer, batch=7, l2=0.01, every=every)
    losses = [next(plain).loss]
    for k, now in enumerate(itertools.islice(fast, 4)):
        assert now.step == k * every
        since = len(losses)
        while len(losses) <= now.step:
            losses.append(next(plain).loss)
        np.testing.assert_allclose(now.losses, losses[since - (k == 0) :], rtol=1e-9)
        np.testing.assert_array_equal(now.loss, now.losses[-1])
        for a, b in zip(nets[0].layers, nets[1].layers, strict=True):
            for name in ("W", "b", "a_in", "z", "a", "delta", "dW", "db"):
                np.testing.assert_allclose(getattr(b, name), getattr(a, name), rtol=1e-8, atol=1e-12)


def test_weights_set_and_rates_changed_between_looks_count():
    Y = PAIRS["sigmoid bce"][2]
    seen = []
    for engine in ("plain", "auto"):
        net, optimizer = MLP([3, 5, 2], seed=2), Momentum(0.1)
        for now in training(net, X, Y, bce, optimizer, engine=engine, every=10):
            if now.step == 20:
                net.layers[0].W = net.layers[0].W * 2
                optimizer.eta, optimizer.beta = 0.02, 0.5
            if now.step == 60:
                break
        seen.append(net)
    assert apart(*seen) < 1e-10


@pytest.mark.parametrize("every", [7, 50])
def test_members_that_diverge_between_looks(every):
    _, loss, Y = PAIRS["identity mse"]
    runs, nets = [], []
    for engine, often in (("plain", 1), ("auto", every)):
        net = MLP([3, 6, 2], hidden=relu, output=identity, init=he, ensemble=(4,), seed=5)
        optimizer = Momentum([0.01, 60, 0.02, 2000])
        run = training(net, X, Y, loss, optimizer, batch=7, engine=engine, every=often)
        losses = [now.losses for now in itertools.islice(run, 1 + 350 // often)]
        runs.append(np.concatenate(losses))
        nets.append(net)
    assert np.isnan(runs[0][-1, [1, 3]]).all()
    np.testing.assert_allclose(runs[1], runs[0], rtol=1e-8)
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        np.testing.assert_allclose(b[[0, 2]], a[[0, 2]], rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(b[[1, 3]], a[[1, 3]], rtol=1e-6)
    for a, b in zip(nets[0].layers, nets[1].layers, strict=True):
        for name in ("z", "a", "delta", "dW", "db"):
            of_living = [getattr(layer, name)[[0, 2]] for layer in (a, b)]
            np.testing.assert_allclose(of_living[1], of_living[0], rtol=1e-7, atol=1e-12)


def test_divergence_is_noticed_within_twenty_updates(monkeypatch):
    _, loss, Y = PAIRS["identity mse"]
    taken = []
    gather = _fast.Batches.next

    def counted(self, count):
        size, steps, rows = gather(self, count)
        taken.append(steps)
        return size, steps, rows

    monkeypatch.setattr(_fast.Batches, "next", counted)
    for eta, batch in ((30, 7), (2, None), (3, 22)):
        taken.clear()
        with pytest.raises(Diverged) as caught:
            train(MLP([3, 2], output=identity), X, Y, loss, eta=eta, batch=batch, steps=5000)
        assert 0 <= sum(taken) - caught.value.step <= 20


def test_diverging_between_looks_keeps_the_losses_before():
    _, loss, Y = PAIRS["identity mse"]
    run = training(MLP([3, 2], output=identity), X, Y, loss, SGD(2), every=5000)
    next(run)
    with pytest.raises(Diverged) as caught:
        next(run)
    assert caught.value.step > 20
    assert len(caught.value.losses) == caught.value.step - 1  # the first was seen
    assert np.isfinite(caught.value.losses).all()


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("ensemble", [(), (3,)])
def test_float32(pair, ensemble):
    output, loss, Y = PAIRS[pair]
    for phi, optimizer in itertools.product(HIDDEN, OPTIMIZERS):
        net = MLP([3, 5, 4, 2], hidden=phi, output=output, ensemble=ensemble, seed=3, dtype=np.float32)
        exact = MLP([3, 5, 4, 2], hidden=phi, output=output, ensemble=ensemble, seed=3)
        train(exact, X, Y, loss, optimizer=optimizer, batch=7, steps=5, l2=0.01)
        nets, runs = both(net, Y, loss, optimizer=optimizer, batch=7, steps=5, l2=0.01)
        for other, run in zip(nets, runs, strict=True):
            assert {p.dtype for p in other.parameters()} == {np.dtype(np.float32)}
            assert apart(exact, other) < 1e-3
            np.testing.assert_allclose(run.loss, runs[0].loss, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("confident", [1, 30, 300])
def test_losses_keep_their_small_part(confident):
    """Outputs so sure of the right class that only the readable form's care leaves anything of the loss."""
    for pair in ("sigmoid bce", "softmax softmax_ce"):
        output, loss, Y = PAIRS[pair]
        losses = []
        for engine in ("plain", "auto"):
            net = Sequential(Dense(2, 2, output))
            net.layers[0].W = confident * np.eye(2)
            losses.append(train(net, 2 * Y - 1, Y, loss, eta=1e-9, steps=3, engine=engine).loss)
        assert 0 < losses[0][-1] < 1
        np.testing.assert_allclose(losses[1], losses[0], rtol=1e-12)


def test_equal_largest_outputs():
    _, loss, Y = PAIRS["softmax softmax_ce"]
    nets = [MLP([3, 4, 2], output="softmax", init="zeros") for _ in range(2)]
    runs = [train(net, X, Y, loss, eta=0.5, steps=30, engine=e) for net, e in zip(nets, ("plain", "auto"), strict=True)]
    np.testing.assert_allclose(runs[1].loss, runs[0].loss, rtol=1e-12)
    assert runs[0].loss[0] == pytest.approx(np.log(2), rel=1e-15)


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
