"""Training: what a run records, where it stops, what it refuses before it has changed anything."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbcore import (
    MLP,
    SGD,
    Adam,
    Dense,
    Diverged,
    History,
    Momentum,
    Sequential,
    bce,
    digits,
    identity,
    leaky_relu,
    moons,
    mse,
    numerical_gradient,
    one_hot,
    relu,
    softmax_ce,
    stack,
    tanh,
    train,
    training,
)

pytestmark = pytest.mark.filterwarnings("error")
FINE = settings(max_examples=25, deadline=None, derandomize=True)
X, Y = moons(30)


def small(seed=0, **more):
    return MLP([2, 4, 1], seed=seed, **more)


def weights(net):
    return [p.copy() for p in net.parameters()]


def same(net, before):
    return all(np.array_equal(p, q) for p, q in zip(net.parameters(), before, strict=True))


# --- what a run is ---


def test_full_batch_descent_by_hand():
    net, by_hand = small(), small()
    history = train(net, X, Y, bce, eta=0.5, steps=20)
    losses = []
    for _ in range(20):
        losses.append(bce(by_hand.forward(X), Y))
        by_hand.backward(bce, Y)
        for layer in by_hand.layers:
            layer.W -= 0.5 * layer.dW
            layer.b -= 0.5 * layer.db
    losses.append(bce(by_hand.forward(X), Y))
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    for p, q in zip(net.parameters(), by_hand.parameters(), strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-12)


@pytest.mark.parametrize("steps", [0, 1, 7])
@pytest.mark.parametrize("ensemble", [(), (3,), (2, 2)])
def test_history_has_one_value_more_than_steps(steps, ensemble):
    net = small(ensemble=ensemble)
    before, first = weights(net), bce(net.forward(X), Y)
    history = train(net, X, Y, "bce", eta=0.3, steps=steps)
    assert history.loss.shape == (steps + 1, *ensemble)
    assert history.step.tolist() == list(range(steps + 1))
    np.testing.assert_allclose(history.loss[0], first, rtol=1e-12)  # precedes the first update
    np.testing.assert_allclose(history.loss[-1], bce(net.forward(X), Y), rtol=1e-12)
    assert same(net, before) == (steps == 0)
    assert (history.diverged == -1).all()
    assert np.shape(history.diverged) == ensemble
    assert history.records == []


def test_the_first_update_is_minus_eta_times_the_gradient():
    net = small()
    before = weights(net)
    net.forward(X)
    net.backward(mse, Y)
    expected = [p - 0.25 * g for p, g in zip(before, net.gradients(), strict=True)]
    train(net, X, Y, mse, eta=0.25, steps=1)
    for p, q in zip(net.parameters(), expected, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-14)


def test_default_rate_and_optimizers():
    nets = [small() for _ in range(4)]
    losses = [
        train(net, X, Y, bce, steps=5, **how).loss[-1]
        for net, how in zip(nets, ({}, {"eta": 0.1}, {"optimizer": SGD(0.1)}, {"optimizer": Adam(0.1)}), strict=True)
    ]
    assert losses[0] == losses[1] == losses[2] != losses[3]


def test_training_learns():
    assert train(MLP([2, 8, 1]), X, Y, bce, steps=300, optimizer=Adam(0.05)).loss[-1] < 0.05
    images, labels = digits()
    net = MLP([64, 16, 10], output="softmax")
    train(net, images[:600], one_hot(labels[:600], 10), softmax_ce, eta=0.5, steps=300, batch=50)
    assert (net.forward(images[600:]).argmax(axis=1) == labels[600:]).mean() > 0.85


def test_record_and_progress():
    net, seen = small(), []
    history = train(
        net, X, Y, bce, steps=3, record=lambda s: (s.step, s.loss, s.net is net), progress=lambda *a: seen.append(a)
    )
    assert [r[0] for r in history.records] == [0, 1, 2, 3]
    assert [r[1] for r in history.records] == history.loss.tolist()
    assert all(r[2] for r in history.records)
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    with pytest.raises(KeyError, match="mine"):
        train(small(), X, Y, bce, steps=3, record=lambda s: {}["mine"])


@pytest.mark.parametrize("steps", [1, 250, 1000])
def test_a_bar_like_tqdm_s_follows(steps):
    class Bar:
        n, calls = 0, 0

        def update(self, more):
            assert more >= 0
            self.n += more
            self.calls += 1

    bar = Bar()
    train(small(), X, Y, bce, steps=steps, batch=7, progress=lambda done, total: bar.update(done - bar.n))
    assert bar.n == steps
    assert min(steps, 100) <= bar.calls <= steps + 1


def test_the_layers_hold_the_gradients_of_the_step():
    net = small()
    for now in itertools.islice(training(net, X, Y, bce, SGD(0.3)), 4):
        held = [g.copy() for g in net.gradients()]
        C = bce(net.forward(X), Y)
        net.backward(bce, Y)
        assert now.loss == pytest.approx(C, rel=1e-12)
        for g, h in zip(net.gradients(), held, strict=True):
            np.testing.assert_allclose(g, h, rtol=1e-12)


@pytest.mark.parametrize("optimizer", [SGD(0.3), Momentum(0.1), Adam(0.01)], ids=repr)
@pytest.mark.parametrize("l2", [0, 0.1])
def test_the_network_may_be_used_between_steps(optimizer, l2):
    quiet, busy = small(), small()
    runs = [training(net, X, Y, bce, optimizer, batch=7, seed=3, l2=l2) for net in (quiet, busy)]
    for one, other in itertools.islice(zip(*runs, strict=True), 25):
        assert one.loss == other.loss
        busy.forward(np.ones((50, 2)))
        busy.backward(mse, np.zeros((50, 1)))
    assert same(busy, weights(quiet))


def test_a_run_goes_on_from_what_the_caller_sets():
    optimizer, net = SGD(0.3), small()
    run = training(net, X, Y, bce, optimizer)
    next(run)
    gradients, before = [g.copy() for g in net.gradients()], weights(net)
    optimizer.eta = 0.01
    next(run)
    np.testing.assert_allclose(net.layers[0].W, before[0] - 0.01 * gradients[0], rtol=1e-13)
    net.layers[0].W = np.zeros((4, 2))
    gradient = net.layers[0].dW
    next(run)
    np.testing.assert_allclose(net.layers[0].W, -0.01 * gradient, rtol=1e-13)


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0), (0, 0.4), (0.2, 0.1)])
def test_penalties_agree_with_finite_differences(l1, l2):
    net = small(seed=3)
    net.layers[0].b = [[0.3, -0.2, 0.1, 0.5]]
    before = weights(net)

    def penalized(k):
        def f(value):
            other = small()
            for j, (layer, name) in enumerate(itertools.product(other.layers, "Wb")):
                setattr(layer, name, value if j == k else before[j])
            W = [layer.W for layer in other.layers]
            return bce(other.forward(X), Y) + sum(l1 * np.abs(w).sum() + l2 * (w * w).sum() / 2 for w in W)

        return f

    history = train(net, X, Y, bce, eta=0.01, steps=1, l1=l1, l2=l2)
    for k, (p, q) in enumerate(zip(net.parameters(), before, strict=True)):
        numerical = numerical_gradient(penalized(k), q)
        assert np.linalg.norm((q - p) / 0.01 - numerical) < 1e-9 * np.linalg.norm(numerical)
    plain = small(seed=3)
    plain.layers[0].b = before[1]
    # The history holds C itself, without the penalty.
    assert history.loss[0] == pytest.approx(bce(plain.forward(X), Y), rel=1e-14)


# --- chance ---


def test_batches_depend_on_the_seed_alone():
    def run(seed, net_seed=0, batch=7):
        return train(small(net_seed), X, Y, bce, steps=12, batch=batch, seed=seed)

    np.testing.assert_array_equal(run(5).loss, run(5).loss)
    assert not np.array_equal(run(5).loss, run(6).loss)
    np.testing.assert_array_equal(run(np.random.default_rng(5)).loss, run(5).loss)
    np.testing.assert_array_equal(run(5, batch=30).loss, run(6, batch=None).loss)  # all samples: no chance


def test_an_epoch_meets_every_sample_once():
    net = Sequential(Dense(1, 1, identity))
    data, seen = np.arange(10.0)[:, None], []
    for now in itertools.islice(training(net, data, data, mse, SGD(1e-9), batch=4, seed=1), 9):
        seen.append(now.net.layers[0].a_in[:, 0].tolist())
    assert [len(s) for s in seen] == [4, 4, 2] * 3
    for epoch in range(3):
        order = [x for batch in seen[3 * epoch : 3 * epoch + 3] for x in batch]
        assert sorted(order) == list(range(10))
        assert order != sorted(order)
    assert seen[:3] != seen[3:6]


def test_no_global_chance_is_touched_or_used():
    np.random.seed(1)  # noqa: NPY002 - the global state is what is watched here
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one = train(small(), X, Y, bce, steps=5, batch=4).loss
    moons(20)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(train(small(), X, Y, bce, steps=5, batch=4).loss, one)


# --- ensembles ---


@pytest.mark.parametrize("batch", [None, 8])
@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
@pytest.mark.parametrize("several_rates", [False, True])
@pytest.mark.parametrize("own_data", [False, True])
def test_an_ensemble_trains_like_a_loop_of_single_nets(batch, make, several_rates, own_data):
    nets = [MLP([2, 5, 3, 1], hidden=[tanh, leaky_relu], seed=s) for s in range(3)]
    rates = np.array([0.02, 0.05, 0.1]) if several_rates else 0.05
    data = np.stack([moons(30, seed=s)[0] for s in range(3)]) if own_data else X
    targets = np.stack([moons(30, seed=s)[1] for s in range(3)]) if own_data else Y
    many = stack(nets)
    how = {"steps": 40, "batch": batch, "seed": 9, "l2": 0.01}
    history = train(many, data, targets, bce, optimizer=make(rates), **how)
    for k, net in enumerate(nets):
        eta = float(rates[k]) if several_rates else rates
        at = k if own_data else slice(None)
        alone = train(net, data[at], targets[at], bce, optimizer=make(eta), **how)
        np.testing.assert_allclose(history.loss[:, k], alone.loss, rtol=1e-12)
        for p, q in zip(net.parameters(), many.member(k).parameters(), strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
def test_a_member_that_diverges_is_frozen_and_the_others_go_on(make):
    nets = [MLP([2, 4, 1], hidden=relu, output=identity, seed=s) for s in range(3)]
    huge = 1e200  # even for Adam, whose steps are of the size of eta
    many = stack(nets)
    history = train(many, X, Y, mse, optimizer=make([0.01, huge, 0.02]), steps=30)
    assert history.loss.shape == (31, 3)
    died = history.diverged[1]
    assert 1 <= died < 30
    assert history.diverged.tolist() == [-1, died, -1]
    assert np.isfinite(history.loss[:died, 1]).all()
    assert np.isnan(history.loss[died:, 1]).all()
    again = stack(nets)
    train(again, X, Y, mse, optimizer=make([0.01, huge, 0.02]), steps=int(died))
    for p, q in zip(again.parameters(), many.parameters(), strict=True):
        np.testing.assert_array_equal(p[1], q[1])  # frozen where it died
    for k, eta in ((0, 0.01), (2, 0.02)):
        alone = train(nets[k], X, Y, mse, optimizer=make(eta), steps=30)
        np.testing.assert_allclose(history.loss[:, k], alone.loss, rtol=1e-12)
        for p, q in zip(nets[k].parameters(), many.member(k).parameters(), strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-12, atol=1e-13)
    assert "3 networks, median loss" in repr(history)
    assert "nan" not in repr(history)
    assert "1 diverged" in repr(history)


def test_a_dead_member_does_not_come_back_with_a_kinder_batch():
    many = Sequential(Dense(1, 1, identity, ensemble=2))
    many.layers[0].W = [[[0.0]], [[1.0]]]
    data = [[1e200], [1.0]]  # the first sample overflows in the loss of the second member, the other does not
    history = train(many, data, np.zeros((2, 1)), mse, eta=0.1, steps=8, batch=1)
    died = history.diverged[1]
    assert history.diverged[0] == -1
    assert 0 <= died <= 1
    assert np.isnan(history.loss[died:, 1]).all()
    assert many.layers[0].W[1] == 0.9**died


# --- divergence ---


def overflowing(layer, depth=3):
    """A linear net whose z first overflows in the given layer."""
    net = MLP([1] * (depth + 1), hidden=identity, output=identity)
    for k, dense in enumerate(net.layers, start=1):
        dense.W = [[1e200 if k in (layer, layer - 1) or (layer == 1 and k == 1) else 1.0]]
    return net, np.array([[1e200 if layer == 1 else 1.0]])


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_diverged_names_the_layer_that_overflowed_first(layer):
    net, data = overflowing(layer)
    before = weights(net)
    with pytest.raises(
        Diverged, match=f"after 0 updates .* layer {layer} overflowed first; try a smaller learning rate eta"
    ) as caught:
        train(net, data, [[1.0]], mse, eta=0.1, steps=10)
    assert (caught.value.step, caught.value.layer) == (0, layer)
    assert caught.value.history.loss.shape == (0,)
    assert caught.value.history.diverged == 0
    assert repr(caught.value.history) == "History(empty)"
    assert same(net, before)
    assert isinstance(caught.value, ArithmeticError)


def test_the_layer_is_that_of_the_last_member_to_diverge():
    many = MLP([1, 1, 1], hidden=identity, output=identity, ensemble=2)
    many.layers[0].W, many.layers[0].b = [[[1e200]], [[1.0]]], [[[0.0]], [[1.0]]]
    data = [[[1e200]], [[0.0]]]  # z1 of the first overflows at once, z2 of the second after an update of b1 and W2
    with pytest.raises(Diverged, match=r"after 1 updates .* layer 2 overflowed first") as caught:
        train(many, data, [[0.0]], mse, eta=[0.1, 1e200], steps=10)
    assert caught.value.history.diverged.tolist() == [0, 1]


def test_an_overflow_in_the_loss_alone_is_the_last_layer_s():
    net, _ = overflowing(1, depth=2)
    net.layers[0].W = [[1e160]]
    with pytest.raises(Diverged, match="layer 2 overflowed"):
        train(net, [[1.0]], [[1.0]], mse)


def test_diverged_carries_the_run_so_far():
    net, records = MLP([2, 4, 1], hidden=relu, output=identity), []
    with pytest.raises(Diverged) as caught:
        train(net, X, Y, mse, eta=50, steps=1000, record=lambda s: records.append(s.step) or float(s.loss))
    stop = caught.value
    assert 1 < stop.step < 300
    assert stop.history.loss.shape == stop.history.step.shape == (stop.step,)
    assert np.isfinite(stop.history.loss).all()
    assert stop.history.records == stop.history.loss.tolist()
    assert records == list(range(stop.step))
    assert stop.history.diverged == stop.step
    assert "1 diverged" in repr(stop.history)
    assert stop.__cause__ is None
    # The same by the generator, which has no history.
    with pytest.raises(Diverged, match=f"after {stop.step} updates") as caught:
        for _ in training(MLP([2, 4, 1], hidden=relu, output=identity), X, Y, mse, SGD(50)):
            pass
    assert (caught.value.history, caught.value.step) == (None, stop.step)


def test_an_ensemble_diverges_when_all_members_have():
    many = MLP([2, 4, 1], hidden=relu, output=identity, ensemble=3)
    with pytest.raises(Diverged) as caught:
        train(many, X, Y, mse, eta=[50, 5000, 1e200], steps=1000)
    gone = caught.value.history.diverged
    assert gone.max() == caught.value.step
    assert 1 <= gone[2] < gone[1] < gone[0]
    assert caught.value.history.loss.shape == (caught.value.step, 3)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("where", ["record", "progress"])
def test_an_interrupt_comes_through(kind, where):
    calls = []

    def stop(*_):
        calls.append(1)
        if len(calls) == 3:
            raise kind

    with pytest.raises(kind):
        train(small(), X, Y, bce, steps=10, **{where: stop})
    assert len(calls) == 3


def test_a_run_may_be_closed():
    net = small()
    run = training(net, X, Y, bce, SGD(0.3))
    next(run)
    before = weights(net)
    run.close()
    assert same(net, before)
    assert np.geterr()["over"] == "warn"  # no error state leaks out of a paused run


# --- bad input: refused before anything has changed ---

BAD = [
    ({"X": np.ones((30, 3))}, ValueError, "X must have 2 columns, got 3"),
    ({"X": X[:, 0]}, ValueError, r"X must have samples in rows, shape \(N, n\), got shape \(30,\)"),
    ({"X": X[:0], "Y": Y[:0]}, ValueError, r"X must have at least one sample, got shape \(0, 2\)"),
    ({"X": np.full((30, 2), np.nan)}, ValueError, r"X must be finite, got nan at \[0, 0\]"),
    ({"X": np.full((30, 2), "a")}, TypeError, "X must hold real numbers"),
    ({"X": X[None]}, ValueError, r"X must have the ensemble axes \(\) or none, got shape \(1, 30, 2\)"),
    ({"Y": Y[:29]}, ValueError, "X and Y must have equally many samples, got 30 and 29"),
    ({"Y": Y[:, 0]}, ValueError, r"Y must have the outputs' shape \(30, 1\), got \(30,\).*Y\[:, None\]"),
    ({"Y": np.ones((30, 2))}, ValueError, r"Y must have the outputs' shape \(30, 1\), got \(30, 2\)"),
    ({"Y": Y[None]}, ValueError, r"Y must have the outputs' shape \(30, 1\), got \(1, 30, 1\)"),
    ({"Y": np.full((30, 1), np.inf)}, ValueError, r"Y must be finite, got inf at \[0, 0\]"),
    ({"Y": 3 * Y}, ValueError, r"Y must lie in \[0, 1\] for bce, got 3"),
    ({"Y": None}, TypeError, "Y must hold real numbers"),
    ({"loss": "hinge"}, ValueError, "loss must be one of bce, mse, softmax_ce, got 'hinge'"),
    ({"loss": None}, TypeError, r"loss must be one of bce, mse, softmax_ce \(name or object\), got None"),
    ({"loss": softmax_ce}, ValueError, "softmax_ce needs outputs from softmax, got sigmoid"),
    ({"optimizer": "adam"}, TypeError, "optimizer must be SGD, Momentum or Adam, got 'adam'"),
    ({"optimizer": Adam}, TypeError, "optimizer must be SGD, Momentum or Adam"),
    (
        {"optimizer": SGD([0.1, 0.2])},
        ValueError,
        r"eta must be one number, or have the ensemble's shape \(\), got .*\(2,\)",
    ),
    ({"batch": 0}, ValueError, "batch must be at least 1, got 0"),
    ({"batch": 31}, ValueError, "batch must be at most the number of samples, 30, got 31"),
    ({"batch": 2.0}, TypeError, "batch must be a whole number, got 2.0"),
    ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
    ({"seed": None}, TypeError, "seed must be a whole number or a Generator"),
    ({"seed": "x", "batch": 3}, TypeError, "seed must be a whole number or a Generator"),
    ({"l1": -1}, ValueError, "l1 must be finite and at least 0, got -1"),
    ({"l2": np.nan}, ValueError, "l2 must be finite and at least 0, got nan"),
    ({"l2": "big"}, TypeError, "l2 must be a number, got 'big'"),
    ({"net": "net"}, TypeError, "net must be an MLP or another Sequential, got 'net'"),
]
BAD_FOR_TRAIN = [
    ({"eta": 0.0}, ValueError, "eta must be positive and finite, got 0.0"),
    ({"eta": -1}, ValueError, "eta must be positive and finite, got -1"),
    ({"eta": np.nan}, ValueError, "eta must be positive and finite, got nan"),
    ({"eta": "fast"}, TypeError, "eta must hold real numbers, got 'fast'"),
    ({"eta": True}, TypeError, "eta must be a number, or one a member, got True"),
    ({"eta": [0.1, 0.2]}, ValueError, r"eta must be one number, or have the ensemble's shape \(\), got shape \(2,\)"),
    ({"eta": 0.1, "optimizer": SGD(0.1)}, TypeError, "give eta or an optimizer, not both"),
    ({"steps": -1}, ValueError, "steps must be at least 0, got -1"),
    ({"steps": 10.0}, TypeError, "steps must be a whole number, got 10.0"),
    ({"record": 3}, TypeError, "record must be callable, got 3"),
    ({"progress": "bar"}, TypeError, "progress must be callable, got 'bar'"),
]


@pytest.mark.parametrize(("change", "error", "message"), BAD + BAD_FOR_TRAIN)
def test_bad_input_of_train(change, error, message):
    net = small()
    before = weights(net)
    arguments = {"net": net, "X": X, "Y": Y, "loss": bce, "steps": 5} | change
    with pytest.raises(error, match=message):
        train(**arguments)
    assert same(net, before)
    assert not hasattr(net.layers[0], "z")  # not even looked at


@pytest.mark.parametrize(("change", "error", "message"), BAD)
def test_training_refuses_at_once_not_at_the_first_step(change, error, message):
    arguments = {"net": small(), "X": X, "Y": Y, "loss": bce, "optimizer": SGD(0.1)} | change
    with pytest.raises(error, match=message):
        training(**arguments)


def test_rates_and_data_of_an_ensemble_must_fit_it():
    many = small(ensemble=3)
    before = weights(many)
    for change, message in (
        ({"eta": [0.1, 0.2]}, r"eta must be one number, or have the ensemble's shape \(3,\), got shape \(2,\)"),
        ({"X": np.stack([X, X])}, r"X must have the ensemble axes \(3,\) or none, got shape \(2, 30, 2\)"),
        ({"Y": np.stack([Y, Y])}, r"Y must have the outputs' shape \(30, 1\), got \(2, 30, 1\)"),
    ):
        with pytest.raises(ValueError, match=message):
            train(**({"net": many, "X": X, "Y": Y, "loss": bce} | change))
    assert same(many, before)


@FINE
@given(
    st.integers(0, 6),
    st.integers(1, 9),
    st.lists(st.integers(1, 3), max_size=2),
    st.sampled_from([SGD(0.1), Momentum(0.1), Adam(0.1)]),
    st.one_of(st.none(), st.integers(1, 9)),
)
def test_any_run_keeps_its_shapes(steps, N, ensemble, optimizer, batch):
    data, targets = np.linspace(-1, 1, 2 * N).reshape(N, 2), np.full((N, 1), 0.3)
    net = small(ensemble=tuple(ensemble))
    shapes = [p.shape for p in net.parameters()]
    if batch is not None and batch > N:
        with pytest.raises(ValueError, match="batch must be at most"):
            train(net, data, targets, bce, steps=steps, optimizer=optimizer, batch=batch)
        return
    history = train(net, data, targets, bce, steps=steps, optimizer=optimizer, batch=batch)
    assert isinstance(history, History)
    assert history.loss.shape == (steps + 1, *ensemble)
    assert [p.shape for p in net.parameters()] == shapes
    assert np.isfinite(history.loss).all()


@FINE
@given(st.one_of(st.floats(max_value=0), st.sampled_from([np.nan, np.inf, -np.inf])))
def test_any_bad_rate_is_refused(eta):
    net = small()
    before = weights(net)
    with pytest.raises(ValueError, match="eta must be positive and finite"):
        train(net, X, Y, bce, eta=eta, steps=2)
    assert same(net, before)
