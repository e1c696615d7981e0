"""Every lesson's networks: the engine, hand-derived backpropagation, finite differences and PyTorch say the same."""

import numpy as np
import pytest

from nbcore import (
    ACTIVATIONS,
    MLP,
    Dense,
    Maxout,
    PReLU,
    Sequential,
    Tensor,
    bce,
    check_gradients,
    constant,
    he,
    identity,
    mse,
    numerical_gradient,
    relu,
    sigmoid,
    softmax,
    softmax_ce,
    split_digits,
    tanh,
    zeros,
)

SMOOTH = [name for name in ACTIVATIONS if name not in ("step", "softmax", "relu", "leaky_relu")]

# lesson: network; name: (network, loss). The sizes of the lessons, their activations, starts and losses.
NETWORKS = {
    "01 bend the line": lambda: (MLP([2, 8, 1], tanh, sigmoid, seed=1), bce),
    "01 three layers": lambda: (MLP([2, 8, 8, 8, 1], relu, sigmoid, seed=1), bce),
    "01 linear": lambda: (MLP([6, 8, 1, 8, 6], identity, identity, seed=0), mse),
    "01 check": lambda: (MLP([2, 5, 4, 1], tanh, sigmoid, seed=11), bce),
    "01 fold": lambda: (MLP([1, *[2] * 10, 1], relu, identity, he, seed=2), mse),
    "01 width and error": lambda: (MLP([1, 16, 1], tanh, identity, seed=3), mse),
    **{
        f"02 down the depth, {name}": lambda name=name: (MLP([64, *[20] * 8, 10], name, softmax, seed=4), softmax_ce)
        for name in ("sigmoid", "tanh")
    },
    # narrower: among 1,120 units some z is always near a kink
    "02 down the depth, relu": lambda: (MLP([64, *[6] * 8, 10], relu, softmax, he, seed=4), softmax_ce),
    **{
        f"02 {name}": lambda name=name: (MLP([2, 8, 8, 1], name, sigmoid, seed=5), bce)
        for name in [*SMOOTH, "relu", "leaky_relu"]
    },
    "02 learned bends": lambda: (
        Sequential(PReLU(2, 5, rng=1), Maxout(5, 4, k=3, rng=2), Dense(4, 1, sigmoid, rng=3)),
        bce,
    ),
    "02 shared slope": lambda: (Sequential(PReLU(2, 5, rng=1, shared=True), Dense(5, 1, identity, rng=2)), mse),
    "03 zeros": lambda: (MLP([64, 16, 10], tanh, softmax, zeros), softmax_ce),
    "03 a constant": lambda: (MLP([64, 16, 10], sigmoid, softmax, constant(0.1)), softmax_ce),
    "03 deep": lambda: (MLP([64, 16, 16, 16, 10], relu, softmax, he, seed=6), softmax_ce),
    "03 moons": lambda: (MLP([2, 8, 1], tanh, sigmoid, zeros), bce),
    "04 one neuron, mse": lambda: (MLP([1, 1], output=sigmoid, seed=7), mse),
    "04 one neuron, bce": lambda: (MLP([1, 1], output=sigmoid, seed=7), bce),
    "04 softmax regression": lambda: (MLP([64, 10], output=softmax, init=zeros), softmax_ce),
    "04 digits, softmax": lambda: (MLP([64, 32, 10], tanh, softmax, seed=8), softmax_ce),
    "04 digits, softmax and mse": lambda: (MLP([64, 32, 10], tanh, softmax, seed=8), mse),
    "04 digits, sigmoid": lambda: (MLP([64, 32, 10], tanh, sigmoid, seed=8), bce),
    "04 digits, sigmoid and mse": lambda: (MLP([64, 32, 10], tanh, sigmoid, seed=8), mse),
    "05 chain": lambda: (MLP([1, 1, 1, 1], sigmoid, sigmoid, seed=9), mse),
    "05 worked example": lambda: (worked_example(), mse),
    "05 shapes": lambda: (MLP([5, 4, 6, 3], tanh, sigmoid, seed=1), mse),
    "05 moons": lambda: (MLP([2, 8, 1], tanh, sigmoid, seed=1), bce),
    "05 check": lambda: (MLP([5, 4, 3], tanh, sigmoid, seed=11), bce),
    "05 script": lambda: (MLP([2, 3, 2, 2], sigmoid, sigmoid, seed=0), mse),
    "06 xor": lambda: (MLP([2, 2, 1], tanh, identity, seed=3), mse),
    "06 engine with a bug": lambda: (MLP([2, 6, 1], tanh, sigmoid, seed=0), bce),
}
# A kink within the reach of a nudge makes finite differences wrong, not the gradient.
KINKS = 5e-3


def worked_example():
    """The network of a well-known worked example (Mazur 2015)."""
    net = MLP([2, 2, 2], sigmoid, sigmoid)
    net.layers[0].W, net.layers[0].b = [[0.15, 0.20], [0.25, 0.30]], [[0.35, 0.35]]
    net.layers[1].W, net.layers[1].b = [[0.40, 0.45], [0.50, 0.55]], [[0.60, 0.60]]
    return net


def setting(name):
    """Network, X, Y and loss, with biases that are not zero, so that an error in them can't hide; clear of kinks."""
    net, loss = NETWORKS[name]()
    n_in, n_out = net.sizes[0], net.sizes[-1]
    for seed in range(200):
        rng = np.random.default_rng(seed)
        X = split_digits(1297).X[rng.choice(1297, 7)] if n_in == 64 else rng.normal(size=(7, n_in))
        Y = rng.uniform(size=(7, n_out))
        for layer in net.layers:
            layer.b = 0.5 * rng.normal(size=layer.b.shape)
        net.forward(X)
        if all(distance(layer) > KINKS for layer in net.layers):
            return net, X, Y / Y.sum(axis=1, keepdims=True) if loss is softmax_ce else Y, loss
    raise AssertionError("a kink in every start")


def distance(layer):
    """How far the nearest z is from a kink."""
    if isinstance(layer, Maxout):
        pieces = np.sort(layer.z.reshape(len(layer.z), layer.k, layer.n_out), axis=1)
        return (pieces[:, -1] - pieces[:, -2]).min()
    kinked = isinstance(layer, PReLU) or layer.phi.name in ("relu", "leaky_relu", "elu")
    return np.abs(layer.z).min() if kinked else np.inf


PHI = {
    "identity": lambda z: z,
    "sigmoid": lambda z: z.sigmoid(),
    "tanh": lambda z: z.tanh(),
    "relu": lambda z: z.relu(),
    "leaky_relu": lambda z: z.relu() - 0.01 * (-z).relu(),
    "elu": lambda z: z.relu() + (-(-z).relu()).exp() - 1,
    "gelu": lambda z: 0.5 * z * (1 + ((2 / np.pi) ** 0.5 * (z + 0.044715 * z**3)).tanh()),
    "silu": lambda z: z * z.sigmoid(),
    "softplus": lambda z: (1 + z.exp()).log(),
}


def largest(z, axis, keepdims=False):
    """As Tensor has it and PyTorch names it."""
    return z.max(axis=axis, keepdims=keepdims) if isinstance(z, Tensor) else z.amax(axis, keepdim=keepdims)


def cost(net, parameters, X, Y, loss):
    """C from operations that Tensors and PyTorch share; the formulas are written anew, not taken from nbcore."""
    A, rest = X, list(parameters)
    for layer in net.layers:
        W, b, *slope = [rest.pop(0) for _ in layer.parameters()]
        z = A @ W.mT + b
        if isinstance(layer, PReLU):
            A = z.relu() - slope[0] * (-z).relu()
        elif isinstance(layer, Maxout):
            A = largest(z.reshape((7, layer.k, layer.n_out)), 1)
        elif layer.phi is softmax:
            e = (z - largest(z, 1, True).detach()).exp()
            A = e / e.sum(axis=1, keepdims=True)
        else:
            A = PHI[layer.phi.name](z)
    if loss is mse:
        return ((A - Y) ** 2).sum() / (2 * len(X))
    if loss is bce:
        return ((1 + z.exp()).log() - Y * z).sum() / len(X)
    return (z.exp().sum(axis=1).log() - (Y * z).sum(axis=1)).mean()


def apart(some, others):
    """The largest difference of two lists of arrays, entry by entry, where the largest entry counts as at least 1."""
    return max(np.abs(a - b).max() / max(1, np.abs(b).max()) for a, b in zip(some, others, strict=True))


def by_hand(net, X, Y, loss):
    net.forward(X)
    net.backward(loss, Y)
    return [g.copy() for g in net.gradients()]


def by_engine(net, X, Y, loss):
    p = [Tensor(v) for v in net.parameters()]
    cost(net, p, X, Y, loss).backward()
    return [v.grad for v in p]


@pytest.mark.parametrize("name", NETWORKS)
def test_engine_hand_and_finite_differences_agree(name):
    net, X, Y, loss = setting(name)
    hand, engine = by_hand(net, X, Y, loss), by_engine(net, X, Y, loss)
    assert apart(engine, hand) < 1e-10
    assert check_gradients(net, X, Y, loss).ok
    if sum(v.size for v in net.parameters()) < 500:
        for k, (v, g) in enumerate(zip(net.parameters(), engine, strict=True)):
            p = [Tensor(w) for w in net.parameters()]
            nudged = numerical_gradient(
                lambda v, k=k, p=p: cost(net, [*p[:k], Tensor(v), *p[k + 1 :]], X, Y, loss).item(), v
            )
            assert apart([nudged], [g]) < 1e-8


@pytest.mark.oracle
@pytest.mark.parametrize("name", NETWORKS)
def test_pytorch_agrees(name):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    net, X, Y, loss = setting(name)
    p = [torch.tensor(v, requires_grad=True) for v in net.parameters()]
    cost(net, p, torch.tensor(X), torch.tensor(Y), loss).backward()
    theirs = [v.grad.numpy() for v in p]
    assert apart(by_engine(net, X, Y, loss), theirs) < 1e-10
    assert apart(by_hand(net, X, Y, loss), theirs) < 1e-10


def test_the_worked_example_s_gradients():
    """Figures of the published example, recomputed; its loss is a sum over outputs, as ours."""
    net = worked_example()
    X, Y = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
    p = [Tensor(v) for v in net.parameters()]
    C = cost(net, p, X, Y, mse)
    C.backward()
    assert C.item() == pytest.approx(0.298371109, abs=5e-10)
    assert p[2].grad[0, 0] == pytest.approx(0.082167041, abs=5e-10)
    assert p[0].grad[0, 0] == pytest.approx(0.000438568, abs=5e-10)
