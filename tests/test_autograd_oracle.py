"""PyTorch's autograd beside ours: values and gradients of every operation, passes and networks, to 1e-12."""

import numpy as np
import pytest

from nbcore import MLP, Tensor, bce, mse, sigmoid, softmax, softmax_ce

torch = pytest.importorskip("torch")
F = torch.nn.functional
pytestmark = pytest.mark.oracle

RNG = np.random.default_rng(0)
V, M, N, B = (RNG.normal(size=shape) for shape in ((4,), (3, 4), (4, 5), (2, 3, 4)))
TIES = np.array([[3.0, 1.0, 3.0, 3.0], [0.0, 0.0, -1.0, 0.0], [2.0, 5.0, 1.0, 2.0]])
PICK, ROWS, MASK = np.array([0, 2, 0, 0, 1]), np.array([2, 0, 2, 2]), M > 0
EDGES = np.array([-1e4, -745.0, -40.0, -1.0, -0.0, 0.0, 1e-8, 1.0, 40.0, 745.0, 1e4])

# name: (ours, theirs, operands). One function where both libraries spell it alike.
SAME = {
    "x + y": (lambda x, y: x + y, M, V),
    "y + x": (lambda x, y: y + x, M, V),
    "x - y": (lambda x, y: x - y, M[:, :1], B),
    "x * y": (lambda x, y: x * y, B, M),
    "x / y": (lambda x, y: x / y, V, B),
    "x * scalar": (lambda x, y: x * y, M, np.array(2.5)),
    "2 * x - 1 / x + (3 - x) / 4": (lambda x: 2 * x - 1 / x + (3 - x) / 4, M),
    "used five times": (lambda x: x * x + x / (x * x + 1) - x, M),
    "used in both shapes": (lambda x: x * x[0] + x[:, :1], M),
    "-x": (lambda x: -x, M),
    **{f"x ** {n}": (lambda x, n=n: x**n, M) for n in (0, 1, 2, 3, -1, -2)},
    **{f"x ** {n}": (lambda x, n=n: x**n, np.abs(M)) for n in (0.5, -0.5, 2.5)},
    "0 ** n": (lambda x: x**0 + x**1 + x**2 + x**3.5, np.array([0.0, 1.0, 2.0])),
    "x ** 0 of a negative": (lambda x: x**0 + x**3, np.array([0.0, -1.0, -2.0])),
    "root of 0 and of -1": (lambda x: x**0.5, np.array([0.0, -1.0, 4.0])),
    "exp": (lambda x: x.exp(), M),
    "log": (lambda x: x.log(), np.abs(M)),
    "log of 0 and of -2": (lambda x: x.log(), np.array([0.0, -2.0, 1.0])),
    "tanh": (lambda x: x.tanh(), EDGES),
    "sigmoid": (lambda x: x.sigmoid(), EDGES),
    "relu": (lambda x: x.relu(), EDGES),
    "sum": (lambda x: x.sum(), B),
    "sum 0": (lambda x: x.sum(axis=0), B),
    "sum (0, -1)": (lambda x: x.sum(axis=(0, -1)), B),
    "sum -2, kept": (lambda x: x.sum(axis=-2, keepdims=True), B),
    "mean": (lambda x: x.mean(), B),
    "mean -1": (lambda x: x.mean(axis=-1), B),
    "mean (0, 2), kept": (lambda x: x.mean(axis=(0, 2), keepdims=True), B),
    "v @ v": (lambda x, y: x @ y, V, V[::-1].copy()),
    "v @ M": (lambda x, y: x @ y, V, N),
    "M @ v": (lambda x, y: x @ y, M, V),
    "M @ M": (lambda x, y: x @ y, M, N),
    "B @ v": (lambda x, y: x @ y, B, V),
    "v @ B": (lambda x, y: x @ y, M[:, 0], B),
    "B @ M": (lambda x, y: x @ y, B, N),
    "M @ B": (lambda x, y: x @ y, N.T, B.swapaxes(1, 2)),
    "B @ B, broadcast": (lambda x, y: x @ y, B[:, None], RNG.normal(size=(3, 4, 2))),
    "x @ x.T": (lambda x: x @ x.T, M),
    "reshape": (lambda x: x.reshape(4, -1) * x.reshape((4, 6)), B),
    "mT": (lambda x: x.mT, B),
    "[1]": (lambda x: x[1], M),
    "[:, 1:3]": (lambda x: x[:, 1:3], M),
    "[..., None, 0]": (lambda x: x[..., None, 0], B),
    "[repeated]": (lambda x: x[PICK], M),
    "[rows, columns] repeated": (lambda x: x[ROWS, [0, 1, 0, 0]], M),
    "[mask]": (lambda x: x[MASK], M),
    "nothing + row": (lambda x, y: x + y, np.zeros((0, 4)), V),
    "nothing @ M": (lambda x, y: x @ y, np.zeros((0, 4)), N),
    "M @ nothing": (lambda x, y: x @ y, np.zeros((3, 0)), np.zeros((0, 2))),
    "sum of nothing": (lambda x: x.sum(axis=1), np.zeros((3, 0))),
}
OWN = {
    "softplus": (lambda x: x.softplus(), lambda x: torch.logaddexp(x, torch.zeros_like(x)), EDGES),
    **{
        f"logsumexp {axis}{', kept' if keep else ''} of {name}": (
            lambda x, axis=axis, keep=keep: x.logsumexp(axis=axis, keepdims=keep),
            lambda x, axis=axis, keep=keep: torch.logsumexp(x, tuple(range(x.ndim)) if axis is None else axis, keep),
            x,
        )
        for axis in (None, 0, -1, (0, 1))
        for keep in (False, True)
        for name, x in (("numbers", M), ("large numbers", 800 * M), ("ties", TIES))
    },
    **{
        f"max {axis}{', kept' if keep else ''} of {name}": (
            lambda x, axis=axis, keep=keep: x.max(axis=axis, keepdims=keep),
            lambda x, axis=axis, keep=keep: torch.amax(x, dim=() if axis is None else axis, keepdim=keep),
            x,
        )
        for axis in (None, 0, -1, (0, 1))
        for keep in (False, True)
        for name, x in (("numbers", M), ("ties", TIES))
    },
    "T": (lambda x: x.T, lambda x: x.permute(2, 1, 0), B),
    "transpose(1, 2, 0)": (lambda x: x.transpose(1, 2, 0), lambda x: x.permute(1, 2, 0), B),
    "transpose(-1, 0, 1)": (lambda x: x.transpose((-1, 0, 1)), lambda x: x.permute(-1, 0, 1), B),
}
CASES = {**{name: (f, f, *arrays) for name, (f, *arrays) in SAME.items()}, **OWN}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def difference(ours, theirs):
    """Normwise, where both are finite; elsewhere they must be the same infinity, or both NaN."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    finite = np.isfinite(theirs)
    np.testing.assert_array_equal(ours[~finite], theirs[~finite])
    return np.linalg.norm((ours - theirs)[finite]) / max(np.linalg.norm(theirs[finite]), 1e-6)


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
def test_every_operation_agrees(name, dtype):
    ours, theirs, *arrays = CASES[name]
    arrays = [x.astype(dtype) for x in arrays]
    mine, their = [Tensor(x) for x in arrays], [torch.tensor(x, requires_grad=True) for x in arrays]
    a, b = ours(*mine), theirs(*their)
    g = np.random.default_rng(1).normal(size=a.shape).astype(dtype)
    a.backward(g)
    b.backward(torch.tensor(g))
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    assert a.data.dtype == b.detach().numpy().dtype == dtype
    assert difference(a.data, b.detach().numpy()) < tolerance
    for m, t in zip(mine, their, strict=True):
        assert m.grad.dtype == t.grad.numpy().dtype
        assert difference(m.grad, t.grad.numpy()) < tolerance


def test_passes_accumulate_alike():
    """Twice through one graph, once through another on top of it, then from its middle: PyTorch with retain_graph."""
    mine, their = Tensor(M), torch.tensor(M, requires_grad=True)

    def passes(x, again):
        h = (x * x).tanh()
        first, second = (h * 3).sum(), (h * h + x).mean()
        first.backward(**again)
        yield x.grad
        first.backward(**again)
        yield x.grad
        second.backward(**again)
        yield x.grad
        h.sum().backward(**again)
        yield x.grad
        x.grad = None
        second.backward(**again)
        yield x.grad

    for ours, theirs in zip(passes(mine, {}), passes(their, {"retain_graph": True}), strict=True):
        assert difference(ours, theirs.numpy()) < 1e-13


def test_intermediate_gradients_are_torch_s_of_one_pass():
    mine, their = Tensor(M), torch.tensor(M, requires_grad=True)

    def build(x):
        h = x.tanh()
        k = h * h + h
        return h, k, (k * h).sum()

    nodes, others = build(mine), build(their)
    for other in others:
        other.retain_grad()
    nodes[-1].backward()
    nodes[-1].backward()
    others[-1].backward()
    for node, other in zip(nodes, others, strict=True):
        assert difference(node.grad, other.grad.numpy()) < 1e-13
    assert difference(mine.grad, 2 * their.grad.numpy()) < 1e-13


def test_detached_values_agree():
    mine, their = Tensor(M), torch.tensor(M, requires_grad=True)
    for x in (mine, their):
        ((x * x).detach() * x.exp()).sum().backward()
    assert difference(mine.grad, their.grad.numpy()) < 1e-13


def test_a_deep_chain_agrees():
    mine, their = Tensor(V), torch.tensor(V, requires_grad=True)
    for x in (mine, their):
        t = x
        for _ in range(2_000):
            t = t + 0.01 * (x * t).tanh()
        t.sum().backward()
    assert difference(mine.grad, their.grad.numpy()) < 1e-12


@pytest.mark.parametrize("ensemble", [(), (2,)], ids=["one", "two side by side"])
@pytest.mark.parametrize("loss", [mse, bce, softmax_ce], ids=repr)
@pytest.mark.parametrize("hidden", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_networks_agree(hidden, loss, depth, ensemble):
    rng = np.random.default_rng([depth, len(hidden)])
    net = MLP([5, *[4, 6, 3, 4][:depth], 2], hidden, loss.partner or sigmoid, seed=rng, ensemble=ensemble)
    for layer in net.layers:
        layer.b = 0.5 * rng.normal(size=layer.b.shape)
    X, Y = rng.normal(size=(7, 5)), rng.uniform(0, 1, (7, 2))
    Y /= Y.sum(axis=1, keepdims=True)

    def forward(A, parameters):
        for layer, W, b in zip(net.layers, parameters[::2], parameters[1::2], strict=True):
            z = A @ W.mT + b
            A = z if layer.phi is softmax else getattr(z, layer.phi.name)()
        return z, A

    mine = [Tensor(v) for v in (*net.parameters(), X)]
    z, A = forward(mine[-1], mine[:-1])
    if loss is mse:
        C = ((A - Y) ** 2).sum(axis=-1) / 2
    elif loss is bce:
        C = (z.softplus() - Y * z).sum(axis=-1)
    else:
        C = z.logsumexp(axis=-1) - (z * Y).sum(axis=-1)
    C = C.mean(axis=-1).sum()
    C.backward()

    their = [torch.tensor(v, requires_grad=True) for v in (*net.parameters(), X)]
    z, A = forward(their[-1], their[:-1])
    T = torch.tensor(Y).expand_as(z)
    if loss is mse:
        D = F.mse_loss(A, T, reduction="sum") / 2 / 7
    elif loss is bce:
        D = F.binary_cross_entropy_with_logits(z, T, reduction="sum") / 7
    else:
        D = F.cross_entropy(z.reshape(-1, 2), T.reshape(-1, 2), reduction="sum") / 7
    D.backward()
    assert C.item() == pytest.approx(D.item(), rel=1e-13)
    for m, t in zip(mine, their, strict=True):
        assert difference(m.grad, t.grad.numpy()) < 1e-12
