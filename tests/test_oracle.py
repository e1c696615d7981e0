"""PyTorch as an independent engine: losses, outputs, gradients and optimizers, to 1e-12 in float64."""

import itertools

import numpy as np
import pytest

from nbcore import (
    ACTIVATIONS,
    MLP,
    SGD,
    Adam,
    Momentum,
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
