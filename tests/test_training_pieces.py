"""A run under way: cut into any pieces, changed on the way, taken back to an earlier moment."""

import itertools

import numpy as np
import pytest

from nbcore import MLP, SGD, Adam, Diverged, Momentum, bce, mse, one_hot, softmax_ce, stack, train, training

rng = np.random.default_rng(5)
X = rng.normal(size=(23, 3))
Y = rng.integers(0, 2, (23, 1)).astype(float)
OPTIMIZERS = [SGD(0.07), Momentum(0.03), Adam(0.013)]
PIECES = [1, 2, 3, 7, 19, 20, 21, 40, 87, 100, 300]
ENGINES = ["plain", "auto"]


def same(one, other):
    return all(np.array_equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))


def start(phi="tanh", **settings):
    return MLP([3, 5, 4, 1], hidden=phi, seed=2, **settings)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("batch", [None, 1, 7])
@pytest.mark.parametrize("phi", ["tanh", "relu", "gelu", "softplus", "softmax"])
def test_pieces_change_no_digit(optimizer, batch, phi):
    nets = [start(phi) for _ in range(4)]
    settings = {"optimizer": optimizer, "batch": batch, "seed": 3, "l2": 0.01}
    history = train(nets[0], X, Y, bce, steps=600, **settings)
    seen = []
    train(nets[1], X, Y, bce, steps=600, record=lambda now: seen.append(now.loss), **settings)
    run, every = (training(net, X, Y, bce, **settings) for net in nets[2:4])
    losses = [run.advance(0).now.losses]
    for piece in PIECES:
        losses.append(run.advance(piece).now.losses)
    for _ in itertools.islice(every, 601):
        pass
    assert run.step == run.now.step == sum(PIECES) == 600
    assert all(same(nets[0], net) for net in nets[1:])
    np.testing.assert_allclose(np.concatenate(losses), history.loss, rtol=1e-12)


def test_pieces_change_no_digit_of_an_ensemble_or_of_many_classes():
    targets = one_hot(rng.integers(0, 3, 23), 3)
    nets = [MLP([3, 5, 3], output="softmax", ensemble=(3,), seed=1) for _ in range(2)]
    for net, pieces in zip(nets, ([200], [1, 60, 20, 19, 100]), strict=True):
        run = training(net, X, targets, softmax_ce, SGD([0.1, 0.2, 0.5]), batch=5)
        for piece in pieces:
            run.advance(piece)
    assert same(*nets)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_a_change_that_changes_nothing(engine, optimizer):
    nets = [start(), start()]
    runs = [training(net, X, Y, bce, optimizer, batch=7, seed=3, engine=engine) for net in nets]
    runs[0].advance(100)
    for _ in range(10):
        runs[1].advance(10).change().change(eta=optimizer.eta, batch=7, l1=0)
    assert runs[1].step == 100
    assert same(*nets)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("batch", [None, 7])
def test_changes_are_those_of_the_readable_engine(optimizer, batch):
    nets = [start(), start()]
    for net, engine in zip(nets, ENGINES, strict=True):
        run = training(net, X, Y, bce, optimizer, batch=batch, seed=3, engine=engine)
        run.advance(30).change(eta=0.2).advance(3).change(batch=5).advance(11).change(l2=0.1, l1=0.01).advance(2)
        run.net.layers[0].W[1, 1] = 2
        run.change().advance(7).change(optimizer=Adam(0.02)).advance(5).change(batch=None).advance(20)
        assert run.step == run.now.step == 78
    for p, q in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-9, atol=1e-12)


def test_a_changed_rate_by_hand():
    """One update at each rate, with l2: w <- w - eta (dC/dw + l2 w) from the weights as they are."""
    net = start()
    run = training(net, X, Y, bce, SGD(0.1), l2=0.3).advance(1)
    net.layers[0].W[0, 0] = 1.5
    copy = net.copy()
    copy.forward(X)
    copy.backward(bce, Y)
    run.change(eta=0.7, l2=0.2).advance(1)
    for layer, old in zip(net.layers, copy.layers, strict=True):
        np.testing.assert_allclose(layer.W, old.W - 0.7 * (old.dW + 0.2 * old.W), rtol=1e-12)
        np.testing.assert_allclose(layer.b, old.b - 0.7 * old.db, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("batch", [None, 7])
def test_back_to_a_state(engine, optimizer, batch):
    net = start()
    run = training(net, X, Y, bce, optimizer, batch=batch, seed=3, engine=engine)
    run.advance(33)
    state, kept = run.state(), net.copy()
    run.advance(50)
    end = net.copy()
    assert not same(kept, end)
    for _ in range(2):  # a state may be used more than once
        assert same(run.restore(state).net, kept)
        assert run.step == 33
        run.advance(20).change().advance(30)
        assert same(net, end)


@pytest.mark.parametrize("engine", ENGINES)
def test_losses_are_told_once(engine):
    run = training(start(), X, Y, bce, SGD(0.1), batch=7, engine=engine)
    counts = [len(run.advance(k).now.losses) for k in (5, 0, 3)]
    assert counts == [6, 0, 3]
    assert len(run.change(batch=3).advance(4).now.losses) == 4
    assert run.now.loss == run.now.losses[-1]
    assert len(run.change().advance(0).now.losses) == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_after_divergence_only_an_earlier_state_goes_on(engine):
    net = MLP([3, 2, 1], hidden="identity", output="identity")
    run = training(net, X, Y, mse, SGD(5), every=10, engine=engine)
    next(run)
    state = run.state()
    with pytest.raises(Diverged) as caught:
        run.advance(5000)
    at = caught.value.step
    assert len(caught.value.losses) == at - 1
    assert list(run) == []
    with pytest.raises(RuntimeError, match="this run is over"):
        run.advance(1)
    run.restore(state).advance(at - 1)
    assert np.isfinite(run.now.loss)
    with pytest.raises(Diverged) as caught:
        run.advance(1)
    assert caught.value.step == at
    assert np.isfinite(run.restore(state).change(eta=0.01).advance(100).now.loss)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"rate": 1}, TypeError, "change takes batch, eta, l1, l2, optimizer; got rate"),
        ({"eta": 1, "optimizer": SGD(1)}, TypeError, "give eta or an optimizer, not both"),
        ({"eta": -1}, ValueError, "eta must be positive"),
        ({"batch": 24}, ValueError, "batch must be at most the number of samples, 23, got 24"),
        ({"l2": -1}, ValueError, "l2 must be finite and at least 0"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(settings, error, words):
    nets = [start(), start()]
    runs = [training(net, X, Y, bce, SGD(0.1), batch=7) for net in nets]
    with pytest.raises(error, match=words):
        runs[0].advance(10).change(**settings)
    runs[0].advance(10)
    runs[1].advance(20)
    assert same(*nets)


def test_members_that_have_diverged_stay_out_after_a_change():
    nets = [MLP([3, 4, 1], hidden="relu", output="identity", seed=k) for k in range(3)]
    run = training(stack(nets), X, Y, mse, SGD([0.01, 1e5, 0.02]), batch=7)
    assert np.isnan(run.advance(100).now.loss).tolist() == [False, True, False]
    assert np.isnan(run.change(l2=0.1).advance(100).now.loss).tolist() == [False, True, False]
