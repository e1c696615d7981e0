"""PyTorch as an independent engine: losses, outputs, gradients and optimizers, to 1e-12 in float64."""

import itertools

import numpy as np
import pytest

from nbcore import (
    ACTIVATIONS,
    MLP,
    SGD,
    Adam,
    Dense,
    Maxout,
    Momentum,
    PReLU,
    Sequential,
    bce,
    leaky_relu,
    mse,
    relu,
    sigmoid,
    softmax,
    softmax_ce,
    train,
)

torch = pytest.importorskip("torch")
F = torch.nn.functional
pytestmark = pytest.mark.oracle

TORCH = {
    "identity": lambda z: z,
    "step": lambda z: (z > 0).to(z) + 0 * z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "leaky_relu.with_slope(0.2)": lambda z: F.leaky_relu(z, 0.2),
    "elu": F.elu,
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "softplus": lambda z: F.softplus(z, threshold=100),
    "softmax": lambda z: F.softmax(z, dim=-1),
}
ALL = [*ACTIVATIONS.values(), leaky_relu.with_slope(0.2)]
PAIRS = [(mse, phi) for phi in ALL] + [(bce, sigmoid), (softmax_ce, softmax)]


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def by_torch(net, X, Y, loss):
    """C, the outputs, and the gradients of all parameters and of X."""
    A = X = torch.tensor(X, requires_grad=True)
    parameters = [torch.tensor(p, requires_grad=True) for p in net.parameters()]
    for layer, W, b in zip(net.layers, parameters[::2], parameters[1::2], strict=True):
        z = F.linear(A, W, b[0])
        A = TORCH[repr(layer.phi)](z)
    Y = torch.tensor(Y)
    if loss is bce:
        C = F.binary_cross_entropy_with_logits(z, Y) * Y.shape[1]  # torch takes the mean over outputs as well
    elif loss is softmax_ce:
        C = F.cross_entropy(z, Y)
    else:
        C = F.mse_loss(A, Y) * Y.shape[1] / 2  # the same as ours with two outputs
    C.backward()
    return [v.detach().numpy() for v in (C, A)] + [p.grad.numpy() for p in (*parameters, X)]


def case(loss, output, hidden, depth, seed=0, n_out=2):
    rng = np.random.default_rng(seed)
    net = MLP([5, *[4, 3, 6][:depth], n_out], hidden, output, seed=rng)
    for layer in net.layers:
        layer.b = 0.5 * rng.normal(size=layer.b.shape)
    Y = rng.uniform(0, 1, (7, n_out))
    return net, rng.normal(size=(7, 5)), Y / Y.sum(axis=1, keepdims=True) if loss is softmax_ce else Y


def largest_difference(net, X, Y, loss):
    """The largest normwise difference between our numbers and PyTorch's, over C, A, all gradients and dC/dX."""
    A = net.forward(X)
    C = loss.unchecked_value(net.layers[-1].z, A, Y)
    dX = net.backward(loss, Y)
    ours, theirs = [C, A, *net.gradients(), dX], by_torch(net, X, Y, loss)
    assert [np.shape(o) for o in ours] == [t.shape for t in theirs]
    return max(np.linalg.norm(o - t) / max(np.linalg.norm(t), 1e-6) for o, t in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("depth", range(4))
@pytest.mark.parametrize(("loss", "output"), PAIRS, ids=lambda v: repr(v))
def test_gradients_agree(loss, output, depth):
    for hidden in ALL if depth else [relu]:
        for n_out in (2, 3):
            net, X, Y = case(loss, output, hidden, depth, n_out=n_out)
            assert largest_difference(net, X, Y, loss) < 1e-12, hidden


def test_mse_is_torch_s_with_two_outputs():
    _, a, y = case(mse, sigmoid, relu, 0)
    a = a[:, :2]
    assert mse(a, y) == pytest.approx(torch.nn.MSELoss()(torch.tensor(a), torch.tensor(y)).item(), rel=1e-15)


@pytest.mark.parametrize(("loss", "output"), [(bce, sigmoid), (softmax_ce, softmax)], ids=repr)
@pytest.mark.parametrize("scale", [40, 1e4])
def test_saturated_outputs_agree(loss, output, scale):
    net, X, _ = case(loss, output, relu, 1, n_out=3)
    net.layers[-1].W = scale * net.layers[-1].W
    Y = np.eye(3)[np.arange(7) % 3]
    assert largest_difference(net, X, Y, loss) < 1e-12


@pytest.mark.parametrize("phi", ALL, ids=repr)
def test_values_and_slopes_agree_far_out(phi):
    z = np.array([[-1e4, -100, -30.5, -7, -1, -1e-3, 1e-3, 0.5, 3, 19, 21, 30.5, 100, 1e4]])
    t = torch.tensor(z, requires_grad=True)
    a = TORCH[repr(phi)](t)
    da = np.linspace(-1, 2, z.size)[None]
    (a * torch.tensor(da)).sum().backward()
    np.testing.assert_allclose(phi(z), a.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(phi.backward(da, z, phi(z)), t.grad.numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(0.3), lambda p: torch.optim.SGD(p, lr=0.3)),
        # torch's v <- beta v + g, w <- w - eta v is ours with its v taken eta times as large.
        (Momentum(0.1, beta=0.8), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8)),
        (Adam(0.02), lambda p: torch.optim.Adam(p, lr=0.02)),
        (Adam(0.02, 0.7, 0.95, 1e-3), lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.7, 0.95), eps=1e-3)),
    ],
    ids=["SGD", "Momentum", "Adam", "Adam with other settings"],
)
@pytest.mark.parametrize("l2", [0, 0.1])
def test_fifty_steps_of_each_optimizer_agree(ours, theirs, l2):
    net, X, Y = case(mse, sigmoid, "tanh", 2)
    parameters = [torch.tensor(p, requires_grad=True) for p in net.parameters()]
    optimizer, losses = theirs(parameters), []
    for k in itertools.count():
        A = torch.tensor(X)
        for layer, W, b in zip(net.layers, parameters[::2], parameters[1::2], strict=True):
            A = TORCH[repr(layer.phi)](F.linear(A, W, b[0]))
        C = F.mse_loss(A, torch.tensor(Y))
        losses.append(C.item())
        if k == 50:
            break
        optimizer.zero_grad()
        (C + l2 / 2 * sum((W**2).sum() for W in parameters[::2])).backward()
        optimizer.step()
    history = train(net, X, Y, mse, optimizer=ours, steps=50, l2=l2)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    for p, q in zip(net.parameters(), parameters, strict=True):
        np.testing.assert_allclose(p, q.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shared", [False, True])
def test_prelu_and_its_learned_slopes_agree(shared):
    """Against torch.nn.PReLU: gradients to 1e-12, and fifty steps of descent."""
    rng = np.random.default_rng(3)
    net = Sequential(PReLU(5, 4, rng=rng, shared=shared), PReLU(4, 3, rng=rng, shared=shared), Dense(3, 2, sigmoid))
    theirs = torch.nn.Sequential(
        torch.nn.Linear(5, 4, dtype=torch.float64),
        torch.nn.PReLU(1 if shared else 4, dtype=torch.float64),
        torch.nn.Linear(4, 3, dtype=torch.float64),
        torch.nn.PReLU(1 if shared else 3, dtype=torch.float64),
        torch.nn.Linear(3, 2, dtype=torch.float64),
    )
    with torch.no_grad():
        for p, q in zip(theirs.parameters(), net.parameters(), strict=True):
            p.copy_(torch.tensor(q).reshape(p.shape))
    X, Y = rng.normal(size=(9, 5)), rng.uniform(size=(9, 2))
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.5)
    for step in range(51):
        C = 2 * F.binary_cross_entropy_with_logits(theirs(torch.tensor(X)), torch.tensor(Y))
        optimizer.zero_grad()
        C.backward()
        ours = bce(net.forward(X), Y)
        net.backward(bce, Y)
        assert ours == pytest.approx(C.item(), rel=1e-12), step
        for g, p in zip(net.gradients(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(g.reshape(p.shape), p.grad.numpy(), rtol=1e-10, atol=1e-13)
        optimizer.step()
        for p, g in zip(net.parameters(), net.gradients(), strict=True):
            p -= 0.5 * g
    assert np.ptp(net.layers[0].slope) > 0 or shared
    assert (net.layers[0].slope != 0.25).all()


@pytest.mark.parametrize("k", [2, 3])
def test_maxout_agrees(k):
    """PyTorch has no maxout layer: by hand, with torch.max over the pieces."""
    rng = np.random.default_rng(3)
    net = Sequential(Maxout(5, 4, k=k, rng=rng), Maxout(4, 3, k=k, rng=rng), Dense(3, 2, sigmoid, rng=rng))
    for layer in net.layers:
        layer.b = rng.normal(size=layer.b.shape)
    X, Y = rng.normal(size=(9, 5)), rng.uniform(size=(9, 2))
    parameters = [torch.tensor(p, requires_grad=True) for p in net.parameters()]
    A = inputs = torch.tensor(X, requires_grad=True)
    for layer, W, b in zip(net.layers[:2], parameters[:4:2], parameters[1:4:2], strict=True):
        pieces = [
            F.linear(A, W[i * layer.n_out : (i + 1) * layer.n_out], b[0, i * layer.n_out : (i + 1) * layer.n_out])
            for i in range(k)
        ]
        A = torch.stack(pieces).max(dim=0).values
    z = F.linear(A, parameters[4], parameters[5][0])
    C = 2 * F.binary_cross_entropy_with_logits(z, torch.tensor(Y))
    C.backward()
    assert bce(net.forward(X), Y) == pytest.approx(C.item(), rel=1e-13)
    dX = net.backward(bce, Y)
    for ours, their in zip([*net.gradients(), dX], [*parameters, inputs], strict=True):
        np.testing.assert_allclose(ours, their.grad.numpy(), rtol=1e-11, atol=1e-14)
