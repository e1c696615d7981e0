"""Whole networks: gradients for every valid pair, the famous worked example, ensembles against single nets."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbcore import (
    ACTIVATIONS,
    MLP,
    SGD,
    Dense,
    Diverged,
    Maxout,
    PReLU,
    Sequential,
    bce,
    check_gradients,
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
    zeros,
)

FINE = settings(max_examples=25, deadline=None, derandomize=True)
KINKED = ("relu", "leaky_relu", "elu", "step")
PAIRS = [(mse, phi) for phi in ACTIVATIONS.values()] + [(bce, sigmoid), (softmax_ce, softmax)]


def case(loss, output, hidden, depth, ensemble=()):
    """A network with biases, of sizes that all differ, and data for it; no kink near any sample."""
    sizes = [5, *[4, 3, 6][:depth], 2]
    for seed in itertools.count():
        rng = np.random.default_rng(seed)
        net = MLP(sizes, hidden, output, seed=rng, ensemble=ensemble)
        for layer in net.layers:
            layer.b = 0.5 * rng.normal(size=layer.b.shape)
        X, Y = rng.normal(size=(7, 5)), rng.uniform(0, 1, (7, 2))
        net.forward(X)
        smooth = all(np.abs(layer.z).min() > 0.01 for layer in net.layers if layer.phi.name in KINKED)
        if smooth and (net.layers[-1].a.any() or output.name == "step"):  # not a dead ReLU output
            return net, X, Y / Y.sum(axis=1, keepdims=True) if loss is softmax_ce else Y


def numerical_gradients(net, X, Y, loss):
    """Five points in every parameter, all of them as one ensemble: no line shared with check_gradients."""
    h, result = 1e-3, []
    for k, p in enumerate(net.parameters()):
        moves = np.eye(p.size).reshape(p.size, 1, *p.shape) * (h * np.array([-2, -1, 1, 2]))[:, None, None]
        layers = [
            layer.with_parameters(
                *(
                    q + moves if 2 * i + j == k else np.broadcast_to(q, moves.shape[:2] + q.shape)
                    for j, q in enumerate(ps)
                )
            )
            for i, layer in enumerate(net.layers)
            for ps in [layer.parameters()]
        ]
        C = loss(Sequential(*layers).forward(X), Y)
        result.append((C @ [1, -8, 8, -1] / (12 * h)).reshape(p.shape))
    return result


@pytest.mark.parametrize("depth", range(4))
@pytest.mark.parametrize(("loss", "output"), PAIRS, ids=lambda v: repr(v))
def test_gradients_agree_with_finite_differences(loss, output, depth):
    for hidden in [*ACTIVATIONS.values(), leaky_relu.with_slope(0.2)] if depth else [tanh]:
        net, X, Y = case(loss, output, hidden, depth)
        net.backward(loss, Y)
        for k, (g, n) in enumerate(zip(net.gradients(), numerical_gradients(net, X, Y, loss), strict=True)):
            error = np.linalg.norm(g - n)
            assert error <= 1e-7 * max(np.linalg.norm(n), 1e-5), (hidden, k, error)
            assert g.any() or output.name == "step" or (hidden.name == "step" and k < 2 * depth)


def test_the_gradient_of_the_samples():
    net, X, Y = case(mse, sigmoid, tanh, 2)
    dX = net.backward(mse, Y)
    h = 1e-3
    moves = np.eye(X.size).reshape(X.size, 1, *X.shape) * (h * np.array([-2, -1, 1, 2]))[:, None, None]
    many = Sequential(
        *(
            layer.with_parameters(*(np.broadcast_to(p, moves.shape[:2] + p.shape) for p in layer.parameters()))
            for layer in net.layers
        )
    )
    numerical = (mse(many.forward(X + moves), Y) @ [1, -8, 8, -1] / (12 * h)).reshape(X.shape)
    assert np.linalg.norm(dX - numerical) < 1e-9 * np.linalg.norm(dX)


# --- the worked example with printed numbers (M. Mazur 2015), on which claim E9 stands ---

W1, W2 = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])
x, y, eta = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]]), 0.5


def example():
    net = MLP([2, 2, 2], hidden=sigmoid, output=sigmoid)
    net.layers[0].W, net.layers[0].b = W1, [[0.35, 0.35]]
    net.layers[1].W, net.layers[1].b = W2, [[0.60, 0.60]]
    return net


def descend(net, steps, slip=lambda net: net.layers[0].dW):
    """Descent on the weights only, as in the example; `slip` gives the gradient of W1."""
    for _ in range(steps):
        net.forward(x)
        net.backward(mse, y)
        dW1 = slip(net)
        for layer, dW in zip(net.layers, (dW1, net.layers[1].dW), strict=True):
            layer.W = layer.W - eta * dW
    return mse(net.forward(x), y)


def test_worked_example_digit_by_digit():
    net = example()
    a = net.forward(x)
    assert [f"{v:.9g}" for v in (*net.layers[0].a[0], *a[0])] == [
        "0.593269992",
        "0.596884378",
        "0.75136507",
        "0.772928465",
    ]
    assert f"{mse(a, y):.10g}" == "0.2983711088"
    E = descend(net, 1)
    assert [f"{w:.9g}" for w in net.layers[1].W.flat] == ["0.35891648", "0.408666186", "0.51130127", "0.561370121"]
    assert [f"{w:.8g}" for w in net.layers[0].W.flat] == ["0.14978072", "0.19956143", "0.24975114", "0.29950229"]
    assert [layer.b.tolist() for layer in net.layers] == [[[0.35, 0.35]], [[0.6, 0.6]]]
    assert f"{E:.10g}" == "0.2910277737"
    assert f"{descend(net, 9_999):.10g}" == "3.510187783e-05"


def test_worked_example_with_its_classic_slips():
    def hidden(delta_of):
        return lambda net: delta_of(net, *net.layers).T @ x

    updated = hidden(lambda net, l1, l2: l2.delta @ (l2.W - eta * l2.dW) * sigmoid.derivative(l1.z))
    for slip, expected in (
        (updated, ["0.14981764", "0.19963528"]),
        (hidden(lambda net, l1, l2: l2.delta @ l2.W.T * sigmoid.derivative(l1.z)), ["0.14976922", "0.19953845"]),
        (hidden(lambda net, l1, l2: l2.delta @ l2.W), ["0.14909124", "0.19818248"]),
        (hidden(lambda net, l1, l2: l2.delta @ l2.W * sigmoid.derivative(l1.a)), ["0.14979168", "0.19958337"]),
    ):
        net = example()
        E = descend(net, 1, slip)
        assert [f"{w:.8f}" for w in net.layers[0].W[0]] == expected
        if slip is updated:
            assert f"{E:.9f}" == "0.291027924"  # the number that the post prints
            assert descend(net, 9_999, slip) < 3.510187783e-05  # and it ends lower than the right gradient


# --- collapse, ensembles, copies ---


def test_linear_layers_collapse_into_one():
    net, X, _ = case(mse, identity, identity, 3)
    W, b = np.eye(5), np.zeros((1, 5))
    for layer in net.layers:
        W, b = layer.W @ W, b @ layer.W.mT + layer.b
    np.testing.assert_allclose(net.forward(X), X @ W.mT + b, rtol=1e-12, atol=1e-12)


def test_a_narrow_middle_limits_the_rank():
    net = MLP([5, 4, 2, 4, 5], hidden=identity, output=identity)
    assert np.linalg.matrix_rank(net.forward(np.eye(5))) == 2


def test_two_relus_make_an_absolute_value_and_ten_layers_of_two_a_thousand_pieces():
    net = MLP([1, 2, 1], hidden=relu, output=identity)
    net.layers[0].W, net.layers[1].W = [[1], [-1]], [[1, 1]]
    line = np.linspace(-3, 3, 101)[:, None]
    np.testing.assert_array_equal(net.forward(line), np.abs(line))

    net = MLP([1, *[2] * 10, 1], hidden=relu, output=identity)  # 2 relu(t) - 4 relu(t - 1/2), a tent, ten times
    for k, layer in enumerate(net.layers):
        tent = [[2.0, -4.0]] if k else [[1.0]]
        layer.W = tent if k == 10 else tent * 2
        layer.b = [[0.0]] if k == 10 else [[0.0, -0.5]]
    x01 = np.arange(2**12 + 1)[:, None] / 2**12  # dyadic numbers: every value is exact
    slopes = np.diff(net.forward(x01)[:, 0]) * 2**12
    assert set(np.abs(slopes)) == {1024}
    assert 1 + np.count_nonzero(np.diff(slopes)) == 1024


@pytest.mark.parametrize(("loss", "output"), [(mse, tanh), (bce, sigmoid), (softmax_ce, softmax)], ids=repr)
@pytest.mark.parametrize("ensemble", [(3,), (2, 3)])
@pytest.mark.parametrize("own_data", [False, True])
def test_an_ensemble_equals_a_loop_of_single_nets(loss, output, ensemble, own_data):
    net, X, Y = case(loss, output, leaky_relu, 2, ensemble)
    if own_data:
        X = X + 0.1 * np.random.default_rng(0).normal(size=(*ensemble, *X.shape))
        Y = np.broadcast_to(Y, (*ensemble, *Y.shape))
    A, dX = net.forward(X), net.backward(loss, Y)
    C = loss(A, Y)
    assert C.shape == ensemble
    for k in np.ndindex(*ensemble):
        alone = net
        for i in k:
            alone = alone.member(i)
        assert alone.ensemble == ()
        at = k if own_data else ()
        close = {"rtol": 1e-12, "atol": 1e-14}
        np.testing.assert_allclose(alone.forward(X[at]), A[k], **close)
        np.testing.assert_allclose(alone.backward(loss, Y[at]), dX[k], **close)
        np.testing.assert_allclose(loss(alone.layers[-1].a, Y[at]), C[k], rtol=1e-12)
        for g, G in zip(alone.gradients(), net.gradients(), strict=True):
            np.testing.assert_allclose(g, G[k], **close)


def test_stack_and_member_are_inverse_and_independent():
    nets = [MLP([3, 4, 2], hidden=leaky_relu.with_slope(0.2), seed=s) for s in range(3)]
    many = stack(nets)
    assert many.ensemble == (3,)
    assert type(many) is MLP
    for k in range(3):
        one = many.member(k)
        for p, q in zip(one.parameters(), nets[k].parameters(), strict=True):
            np.testing.assert_array_equal(p, q)
        one.layers[0].W += 1
        np.testing.assert_array_equal(many.layers[0].W[k], nets[k].layers[0].W)
    nets[0].layers[0].W += 1
    many.layers[1].b += 1
    assert not np.array_equal(many.layers[0].W[0], nets[0].layers[0].W)
    assert not nets[0].layers[1].b.any()
    np.testing.assert_array_equal(many.member(-1).layers[0].W, nets[2].layers[0].W)
    assert stack([many, many]).ensemble == (2, 3)
    assert type(stack([Sequential(Dense(2, 1, tanh))] * 2)) is Sequential
    assert stack(MLP([2, 1], seed=s) for s in range(4)).ensemble == (4,)


def test_a_copy_is_independent():
    net = MLP([3, 4, 2], ensemble=2)
    net.forward(np.ones((5, 3)))
    twin = net.copy()
    assert type(twin) is MLP
    for p, q in zip(twin.parameters(), net.parameters(), strict=True):
        np.testing.assert_array_equal(p, q)
        assert not np.shares_memory(p, q)
    with pytest.raises(RuntimeError, match="call forward"):
        twin.backward(mse, np.ones((5, 2)))


def test_parameters_are_live_and_in_order():
    net = MLP([3, 4, 2])
    assert [p.shape for p in net.parameters()] == [(4, 3), (1, 4), (2, 4), (1, 2)]
    net.parameters()[3][:] = 7
    assert (net.layers[1].b == 7).all()
    assert net.sizes == [3, 4, 2]


def test_hidden_activations_seeds_and_names():
    net = MLP((3, 4, 5, 2), hidden=["relu", tanh], output="softmax", init="he", seed=4)
    assert [layer.phi for layer in net.layers] == [relu, tanh, softmax]
    rng = np.random.default_rng(4)
    for layer in net.layers:
        np.testing.assert_array_equal(layer.W, he(rng, layer.n_out, layer.n_in))
        assert not layer.b.any()
    assert not any(p.any() for p in MLP([2, 3, 1], init=zeros).parameters())
    assert [phi.phi for phi in MLP([2, 3, 3, 1]).layers] == [tanh, tanh, sigmoid]
    assert repr(net) == "MLP([3, 4, 5, 2], hidden=[relu, tanh], output=softmax)"
    assert repr(MLP([3, 4, 4, 2], ensemble=(2,))) == "MLP([3, 4, 4, 2], hidden=tanh, output=sigmoid, ensemble=(2,))"
    assert repr(MLP([3, 2])) == "MLP([3, 2], output=sigmoid)"
    assert repr(Sequential(Dense(2, 1, tanh))) == "Sequential(Dense(2, 1, tanh))"
    assert np.array_equal(MLP([2, 2], seed=np.random.default_rng(3)).layers[0].W, MLP([2, 2], seed=3).layers[0].W)


def test_one_hot():
    np.testing.assert_array_equal(one_hot([2, 0], 3), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(one_hot(np.array([1], dtype=np.uint8), 2), [[0, 1]])


ONES = np.ones((4, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Sequential(), ValueError, "layers must hold at least one layer, got none"),
        (lambda: Sequential([Dense(2, 1, tanh)]), TypeError, "layers must be given one by one"),
        (
            lambda: Sequential(Dense(2, 3, tanh), Dense(2, 1, tanh)),
            ValueError,
            "layer 2 takes 2 inputs, but layer 1 gives 3",
        ),
        (lambda: Sequential(*[Dense(2, 2, tanh)] * 2), ValueError, "layers must be different objects"),
        (
            lambda: Sequential(Dense(2, 3, tanh), Dense(3, 1, tanh, ensemble=2)),
            ValueError,
            r"layer 2 has ensemble \(2,\), but layer 1 \(\)",
        ),
        (lambda: MLP([3]), ValueError, r"sizes must be a list of at least n_in and n_out, got \[3\]"),
        (lambda: MLP(3), ValueError, "sizes must be a list of at least n_in and n_out, got 3"),
        (lambda: MLP([3, 0, 1]), ValueError, "sizes must be at least 1, got 0"),
        (lambda: MLP([3, 2.5, 1]), TypeError, "sizes must be a whole number, got 2.5"),
        (lambda: MLP([3, 2, 1], hidden="swish"), ValueError, "hidden must be one of elu, .*, got 'swish'"),
        (lambda: MLP([3, 2, 1], hidden=None), TypeError, "hidden must be one of elu, .*, got None"),
        (lambda: MLP([3, 2, 1], hidden=[tanh, tanh]), ValueError, "one activation for each of 1 hidden layers, got 2"),
        (lambda: MLP([3, 1], output="logistic"), ValueError, "output must be one of elu, .*, got 'logistic'"),
        (lambda: MLP([3, 1], init="glorot"), ValueError, "init must be one of he, xavier, zeros, got 'glorot'"),
        (lambda: MLP([3, 1], seed=None), TypeError, "seed must be a whole number or a Generator"),
        (lambda: MLP([3, 1], ensemble=0), ValueError, "ensemble must be at least 1, got 0"),
        (lambda: MLP([3, 1]).forward(np.ones((4, 2))), ValueError, r"X must have 3 columns, got 2 \(shape \(4, 2\)\)"),
        (lambda: MLP([3, 1]).forward(np.ones(3)), ValueError, r"X must have samples in rows.* write X\[None, :\]"),
        (
            lambda: MLP([3, 1]).forward(np.ones((0, 3))),
            ValueError,
            r"X must have at least one sample, got shape \(0, 3\)",
        ),
        (lambda: MLP([3, 1]).forward(ONES * np.nan), ValueError, r"X must be finite, got nan at \[0, 0\]"),
        (lambda: MLP([3, 1]).forward([["a"] * 3]), TypeError, "X must hold real numbers"),
        (lambda: MLP([3, 1]).forward(ONES[None]), ValueError, r"X must have the ensemble axes \(\) or none"),
        (lambda: MLP([3, 1], ensemble=2).forward(np.ones((3, 4, 3))), ValueError, r"the ensemble axes \(2,\) or none"),
        (lambda: MLP([3, 1]).backward(mse, np.ones((4, 1))), RuntimeError, "call forward"),
        (lambda: MLP([3, 1]).member(0), ValueError, "member.* needs an ensemble"),
        (lambda: MLP([3, 1], ensemble=2).member(2), ValueError, "k must be less than 2, got 2"),
        (lambda: MLP([3, 1], ensemble=2).member(-3), ValueError, "k must be at least -2, got -3"),
        (lambda: MLP([3, 1], ensemble=2).member(0.0), TypeError, "k must be a whole number"),
        (lambda: stack([]), ValueError, "nets must hold at least one network, got none"),
        (lambda: stack(MLP([3, 1])), TypeError, "nets must be a list of networks, got MLP"),
        (lambda: stack([MLP([3, 1]), 3]), TypeError, "nets must hold networks, got 3"),
        (lambda: stack([MLP([3, 1]), MLP([3, 2])]), ValueError, r"nets must be alike.*nets\[1\] is MLP\(\[3, 2\]"),
        (lambda: stack([MLP([3, 1]), MLP([3, 1], output=tanh)]), ValueError, "nets must be alike"),
        (lambda: one_hot([0, 3], 3), ValueError, r"labels must lie in 0 ... 2, got 3"),
        (lambda: one_hot([0, -1], 3), ValueError, r"labels must lie in 0 ... 2, got -1"),
        (lambda: one_hot([0.0, 1.0], 3), TypeError, "labels must be whole numbers, got dtype float64"),
        (lambda: one_hot([True], 3), TypeError, "labels must be whole numbers, got dtype bool"),
        (lambda: one_hot([[0], [1]], 3), ValueError, r"labels must have shape \(N,\), got \(2, 1\)"),
        (lambda: one_hot(np.array([], dtype=int), 3), ValueError, "labels must hold at least one sample"),
        (lambda: one_hot([0], 0), ValueError, "k must be at least 1, got 0"),
        (lambda: one_hot([0], 2.0), TypeError, "k must be a whole number, got 2.0"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_refused_targets_leave_the_gradients_alone():
    net = MLP([3, 2])
    net.forward(ONES)
    net.backward("mse", np.ones((4, 2)))
    before = [g.copy() for g in net.gradients()]
    for loss, Y, message in (
        ("mse", np.ones((4, 1)), r"Y must have the outputs' shape \(4, 2\), got \(4, 1\)"),
        ("mse", np.ones((3, 2)), r"got \(3, 2\)"),
        ("mse", np.full((4, 2), np.inf), "Y must be finite, got inf"),
        ("bce", np.full((4, 2), 2.0), r"Y must lie in \[0, 1\] for bce, got 2"),
        ("softmax_ce", np.ones((4, 2)), "softmax_ce needs outputs from softmax, got sigmoid"),
        ("hinge", np.ones((4, 2)), "loss must be one of bce, mse, softmax_ce, got 'hinge'"),
    ):
        with pytest.raises(ValueError, match=message):
            net.backward(loss, Y)
    with pytest.raises(TypeError, match="loss must be one of bce, mse, softmax_ce"):
        net.backward(max, np.ones((4, 2)))
    for g, h in zip(net.gradients(), before, strict=True):
        np.testing.assert_array_equal(g, h)


@FINE
@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=5),
    st.lists(st.integers(1, 3), max_size=2),
    st.integers(1, 6),
    st.sampled_from([(mse, "softplus"), (bce, "sigmoid"), (softmax_ce, "softmax")]),
    st.integers(0, 99),
)
def test_any_network_keeps_its_shapes(sizes, ensemble, N, pair, seed):
    loss, output = pair
    net = MLP(sizes, "gelu", output, seed=seed, ensemble=tuple(ensemble))
    A = net.forward(np.random.default_rng(seed).normal(size=(N, sizes[0])))
    Y = one_hot(np.arange(N) % sizes[-1], sizes[-1])
    assert A.shape == (*ensemble, N, sizes[-1])
    assert net.backward(loss, Y).shape == (*ensemble, N, sizes[0])
    assert [g.shape for g in net.gradients()] == [p.shape for p in net.parameters()]
    assert loss(A, Y).shape == tuple(ensemble)


# ---- layers of other kinds


def mixed(ensemble=(), seed=0, output=sigmoid, shared=False):
    rng = np.random.default_rng(seed)
    net = Sequential(
        PReLU(5, 4, rng=rng, ensemble=ensemble, shared=shared),
        Maxout(4, 3, k=3, rng=rng, ensemble=ensemble),
        Dense(3, 2, output, rng=rng, ensemble=ensemble),
    )
    for layer in net.layers:
        layer.b = 0.5 * rng.normal(size=layer.b.shape)
    return net


X7, Y7 = np.random.default_rng(6).normal(size=(7, 5)), np.eye(2)[np.arange(7) % 2]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("ensemble", [(), (3,)])
@pytest.mark.parametrize(("loss", "output"), [(mse, identity), (bce, sigmoid), (softmax_ce, softmax)])
def test_gradients_through_layers_of_all_kinds(loss, output, ensemble, shared):
    report = check_gradients(mixed(ensemble, 1, output, shared), X7, Y7, loss)
    assert report.ok, report
    assert list(report.errors) == ["W1", "b1", "slope1", "W2", "b2", "W3", "b3"]


@pytest.mark.parametrize("last", [PReLU(4, 2, rng=3), Maxout(4, 2, rng=4)], ids=repr)
def test_any_layer_may_be_the_last_under_mse(last):
    net = Sequential(Dense(5, 4, tanh), last)
    assert check_gradients(net, X7, Y7, mse).ok
    before = train(net, X7, Y7, mse, eta=0.1, steps=300).loss
    assert before[-1] < 0.1 * before[0]
    for run in (lambda: net.backward(bce, Y7), lambda: train(net, X7, Y7, bce)):
        with pytest.raises(ValueError, match=r"bce needs outputs from sigmoid, got .*\(4, 2.*losses that fit it: mse"):
            run()


def test_a_wrong_slope_is_found():
    class Slip(PReLU):
        def delta_from(self, da):
            delta = super().delta_from(da)
            self.dslope = self.dslope / 2
            return delta

    report = check_gradients(Sequential(Slip(5, 4), Dense(4, 2, sigmoid)), X7, Y7, bce)
    assert report.where == "slope1"
    assert "worst in slope1" in repr(report)


def test_all_kinds_are_copied_stacked_and_taken_apart():
    nets = [mixed(seed=k) for k in range(3)]
    many = stack(nets)
    assert many.ensemble == (3,)
    A = many.forward(X7)
    for k, net in enumerate(nets):
        np.testing.assert_allclose(net.forward(X7), A[k], rtol=1e-12)
        np.testing.assert_array_equal(many.member(k).layers[0].slope, net.layers[0].slope)
    twin = nets[0].copy()
    twin.layers[0].slope += 1
    assert (nets[0].layers[0].slope == 0.25).all()
    assert repr(twin) == "Sequential(PReLU(5, 4), Maxout(4, 3, k=3), Dense(3, 2, sigmoid))"
    for other in (
        Sequential(PReLU(5, 4, shared=True), *mixed().layers[1:]),
        Sequential(mixed().layers[0], Maxout(4, 3, k=2), mixed().layers[2]),
        Sequential(Dense(5, 4, relu), *mixed().layers[1:]),
    ):
        with pytest.raises(ValueError, match="nets must be alike"):
            stack([nets[0], other])


def test_members_of_all_kinds_train_as_they_would_alone():
    many, nets = mixed(ensemble=(3,)), []
    nets = [many.member(k) for k in range(3)]
    etas = [0.05, 0.2, 0.5]
    losses = train(many, X7, Y7, bce, eta=etas, steps=40).loss
    for k, (net, eta) in enumerate(zip(nets, etas, strict=True)):
        np.testing.assert_allclose(train(net, X7, Y7, bce, eta=eta, steps=40).loss, losses[:, k], rtol=1e-9)
        np.testing.assert_allclose(net.layers[0].slope, many.layers[0].slope[k], rtol=1e-9)
    assert losses[-1].max() < losses[0].min()
    assert np.ptp(many.layers[0].slope) > 0.01, "slopes are learned"


def test_penalties_are_for_weights_only():
    steps = {}
    for l2 in (0, 0.5):
        net = mixed()
        next(training(net, X7, Y7, bce, SGD(0.1), l2=l2))
        start = [p.copy() for p in net.parameters()]
        train(net, X7, Y7, bce, eta=0.1, steps=1, l2=l2)
        steps[l2] = [(q - p) / -0.1 for p, q in zip(start, net.parameters(), strict=True)]
    names = [name for layer in mixed().layers for name in layer.names]
    assert names == ["W", "b", "slope", "W", "b", "W", "b"]
    for name, p, plain, pulled in zip(names, mixed().parameters(), steps[0], steps[0.5], strict=True):
        np.testing.assert_allclose(pulled - plain, 0.5 * p if name == "W" else 0 * p, atol=1e-12)


def test_divergence_is_reported_for_all_kinds():
    with pytest.raises(Diverged, match="layer 3 overflowed first"):
        train(mixed(output=identity), 100 * X7, Y7, mse, eta=1e6, steps=200)
    many = mixed(ensemble=(2,), output=identity)
    history = train(many, X7, Y7, mse, eta=[1e-3, 1e6], steps=200)
    assert history.diverged[0] == -1
    assert history.diverged[1] > 0


def test_only_layers_make_a_network():
    for odd in ("relu", relu, [Dense(2, 1, tanh)], Dense):
        with pytest.raises(TypeError, match="layers must be given one by one"):
            Sequential(odd)
