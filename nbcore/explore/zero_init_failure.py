"""Explorers of lesson 03. Each `compute` is pure; the lesson shows the one of "Zero or not" in full."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS, Activation, softmax
from nbcore.datasets import split_digits
from nbcore.draw import zero_init_failure as pictures
from nbcore.explore.controls import choice, count, rate, seed, steps, toggle
from nbcore.explore.explorer import Explorer, refuses_unknown_names
from nbcore.explore.words import ETA, MINUS, SCALAR, count_of
from nbcore.initializers import Initializer, constant, he, normal, xavier, zeros
from nbcore.layers import Dense
from nbcore.losses import softmax_ce
from nbcore.network import MLP, Sequential, stack
from nbcore.optimizers import SGD
from nbcore.training import Step, training

TRAINED = 1437  # of 1,797; the other 360 are kept for the test
WIDTHS = (1, 2, 4, 8, 15, 16, 17, 24, 32, 64)
W1, B1, W2 = "W\N{SUBSCRIPT ONE}", "b\N{SUBSCRIPT ONE}", "W\N{SUBSCRIPT TWO}"


# ---- Zero or not

UPDATES = 2000
EVERY = 20  # updates between two points of a curve
SHOWN = (40, 100, 200, *range(400, UPDATES + 1, 200))  # updates before a picture

STARTS: dict[str, Callable[[float], Initializer]] = {
    "zeros": lambda scale: zeros,
    "constant": constant,
    "normal": normal,
    "xavier": lambda scale: xavier,
    "he": lambda scale: he,
}


@dataclass(frozen=True)
class Run:
    """A training run so far: curves over `steps`, and the first layer's weights as images, as they are now."""

    steps: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray
    spreads: np.ndarray
    images: np.ndarray
    rank: int
    updates: int


@dataclass
class Watch:
    """Looks at a network every now and then while it is trained, and makes pictures of what it saw.

    `frozen` is a first layer that is not trained: it turns pixels into the inputs of `net`.
    """

    net: Sequential
    frozen: Dense | None = None
    rows: list[tuple[float, ...]] = field(default_factory=list)

    def look(self, now: Step) -> None:
        """A point of each curve: mean loss since the last one, test accuracy, spread among the units."""
        data = split_digits(TRAINED)
        X = data.X_test if self.frozen is None else self.frozen.forward(data.X_test)
        right = self.net.unchecked_forward(X).argmax(axis=1) == data.labels_test
        self.rows.append((now.step, float(now.losses.mean()), float(right.mean()), spread(self.units())))

    def picture(self) -> Run:
        """All that the picture shows."""
        steps_, losses, accuracies, spreads = np.array(self.rows).T
        W = (self.frozen or self.net.layers[0]).W
        return Run(steps_, losses, accuracies, spreads, W.reshape(-1, 8, 8).copy(), rank(W), UPDATES)

    def pictures(self, run: Iterator[Step]) -> Iterator[Run]:
        """Looks at every moment of a run, and shows some of them, to the last update."""
        for now in run:
            self.look(now)
            if now.step in SHOWN:
                yield self.picture()
            if now.step == UPDATES:
                return

    def units(self) -> np.ndarray:
        """A row for each unit of the first layer: its weights, its bias, and its weights into the next layer."""
        layers = ([self.frozen] if self.frozen else []) + self.net.layers
        first, into_next = layers[0], [layer.W.T for layer in layers[1:2]]
        return np.concatenate([first.W, first.b.T, *into_next], axis=1)


def spread(units: np.ndarray) -> float:
    """The largest difference between two units (rows) in any of their numbers; 0 when all are identical."""
    return float(np.ptp(units, axis=0).max())


def rank(W: np.ndarray) -> int:
    """How many independent directions W has, counting those above a millionth of the largest."""
    sizes = np.linalg.svd(W, compute_uv=False)
    return int((sizes > 1e-6 * sizes[0]).sum()) if W.any() else 0


def train_from(hidden: str, start: str, scale: float, width: int, eta: float, seed: int) -> Iterator[Run]:
    """Trains a fresh network for 2,000 updates of 64 digits each; a picture every now and then."""
    data, init = split_digits(TRAINED), STARTS[start](scale)
    sizes, phi = ([64, 10], "tanh") if hidden == "none" else ([64, width, 10], hidden)
    net = MLP(sizes, hidden=phi, output=softmax, init=init, seed=seed)
    watch = Watch(net)
    yield from watch.pictures(training(net, data.X, data.Y, softmax_ce, SGD(eta), batch=64, every=EVERY))


def _copies(r: Run, units: str) -> str:
    """How alike the units are, in words."""
    n = len(r.images)
    if n == 1:
        return f"One {units} unit."
    size = r.spreads[-1]
    if size == 0:
        still = "all of whose weights are still 0" if not r.images.any() else "identical to the last bit"
        return f"{n} {units} units, {still}."
    if size < 1e-6:
        return f"{n} {units} units, identical up to rounding: they differ by {size:.0e}.".replace("-", MINUS)
    return f"{n} {units} units, which differ by up to {size:.2g}."


def _run_status(r: Run, units: str) -> str:
    done = f"{r.accuracies[-1]:.1%} of the test digits right after {r.steps[-1]:,.0f} updates"
    return f"{done}; loss {r.losses[-1]:.3g}. {_copies(r, units)} Rank of {W1}: {r.rank}."


def _run_alt(r: Run, what: str, units: str) -> str:
    return (
        f"Four panels for {what}. First: the weights into each of {len(r.images)} {units} units as images of 8 by 8 "
        f"pixels, orange above 0 and blue below. Second: the largest difference between two units over the updates, "
        f"on a logarithmic axis, now {r.spreads[-1]:.1g}. Third: the loss, from {r.losses[0]:.2g} to "
        f"{r.losses[-1]:.2g}. Fourth: the share of test digits that are right, from {r.accuracies[0]:.0%} to "
        f"{r.accuracies[-1]:.0%}."
    )


def _net_words(p: dict[str, Any]) -> str:
    start = {"zeros": "all zeros", "constant": f"all {p['scale']:g}", "normal": f"normal, {p['scale']:g}"}
    model = "softmax regression"
    if p["hidden"] != "none":
        model = f"a network with {count_of(p['width'], p['hidden'] + ' unit')}"
    return f"{model} and starting weights {start.get(p['start'], p['start'])}"


def _kind(p: dict[str, Any]) -> str:
    return "output" if p["hidden"] == "none" else f"{p['hidden']}"


def _without_effect(p: dict[str, Any]) -> list[str]:
    return [
        *(["scale"] if p["start"] not in ("constant", "normal") else []),
        *(["seed"] if p["start"] in ("zeros", "constant") else []),
        *(["width"] if p["hidden"] == "none" else []),
    ]


@refuses_unknown_names
def zero_or_not(compute: Callable[..., Any] = train_from, **start: Any) -> Explorer:
    """Hidden layer, start, scale, width, learning rate, seed: the network is trained on digits inside each move."""
    controls = {
        "hidden": choice("hidden layer", ["none", *SCALAR], start.get("hidden", "sigmoid")),
        "start": choice("weights start at", STARTS, start.get("start", "zeros")),
        "scale": rate("scale (constant, normal)", start.get("scale", 0.1), 0.001, 10, 5),
        "width": steps("hidden units", start.get("width", 16), WIDTHS),
        "eta": rate(ETA, start.get("eta", 0.5), 0.01, 10, 5),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        compute,
        pictures.draw_run,
        title="Zero or not",
        alt=lambda p, r: _run_alt(r, _net_words(p), _kind(p)),
        status=lambda p, r: _run_status(r, _kind(p)),
        panels=(1, 0.9, 0.9, 0.9),
        height=270,
        idle=_without_effect,
    )


# ---- Where must the dice fall?


def dice(
    W1: bool, b1: bool, W2: bool, trained: bool, hidden: str, std: float, width: int, eta: float, seed: int
) -> Iterator[Run]:
    """As `train_from`, but each array starts at random or at zero by itself; the hidden layer may stay as it is."""
    data, rng = split_digits(TRAINED), np.random.default_rng(seed)
    net: Sequential = MLP([64, width, 10], hidden=hidden, output=softmax, init=zeros)
    first, last = net.layers
    # All are drawn, whatever is used: a switch then changes its own array only.
    drawn = rng.normal(0, std, first.W.shape), rng.normal(0, std, first.b.shape), rng.normal(0, std, last.W.shape)
    first.W, first.b, last.W = (d * on for d, on in zip(drawn, (W1, b1, W2), strict=True))
    X, watch = data.X, Watch(net)
    if not trained:
        net = Sequential(last)
        X, watch = first.forward(X), Watch(net, frozen=first)
    yield from watch.pictures(training(net, X, data.Y, softmax_ce, SGD(eta), batch=64, every=EVERY))


def _dice_words(p: dict[str, Any]) -> str:
    thrown = [name for key, name in (("W1", W1), ("b1", B1), ("W2", W2)) if p[key]]
    start = f"{' and '.join(thrown)} random and all else zero" if thrown else "all zero"
    return f"a network with {count_of(p['width'], p['hidden'] + ' unit')}, at the start {start}"


@refuses_unknown_names
def throw_dice(**start: Any) -> Explorer:
    """Which array needs the randomness? And must the hidden layer be trained at all?"""
    controls = {
        "W1": toggle(f"random {W1}", start.get("W1", False)),
        "b1": toggle(f"random {B1}", start.get("b1", True)),
        "W2": toggle(f"random {W2}", start.get("W2", False)),
        "trained": toggle("train the hidden layer", start.get("trained", True)),
        "hidden": choice("hidden layer", SCALAR, start.get("hidden", "tanh")),
        "std": rate("std of the random numbers", start.get("std", 0.1), 0.001, 1, 5),
        "width": steps("hidden units", start.get("width", 16), (1, 2, 4, 8, 16, 32, 64)),
        "eta": rate(ETA, start.get("eta", 0.5), 0.01, 10, 5),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        dice,
        pictures.draw_run,
        title="Where must the dice fall?",
        alt=lambda p, r: _run_alt(r, _dice_words(p), p["hidden"]),
        status=lambda p, r: _run_status(r, p["hidden"]),
        panels=(1, 0.9, 0.9, 0.9),
        height=270,
        idle=lambda p: [] if p["W1"] or p["b1"] or p["W2"] else ["std", "seed"],
    )


# ---- Two starts, one end


@dataclass(frozen=True)
class Pair:
    """Softmax regression from zeros and from random weights, on the same batches."""

    steps: np.ndarray
    wrong: np.ndarray
    from_zeros: np.ndarray
    from_random: np.ndarray
    same: int
    tests: int
    mean_moved: float
    updates: int


def train_pair(std: float, centered: bool, eta: float, seed: int) -> Iterator[Pair]:
    """Both trained for 2,000 updates of 64 digits each; `centered` takes the mean of the ten images off each."""
    data = split_digits(TRAINED)
    one, other = (MLP([64, 10], output=softmax, init=init, seed=seed) for init in (zeros, normal(std)))
    both = stack([one, other])
    means = both.layers[0].W.mean(axis=-2)
    rows = []
    for now in training(both, data.X, data.Y, softmax_ce, SGD(eta), batch=64, every=EVERY):
        says = both.unchecked_forward(data.X_test).argmax(axis=-1)
        rows.append((now.step, *(says != data.labels_test).sum(axis=-1)))
        if now.step in SHOWN:
            W = both.layers[0].W
            moved = float(np.abs(W.mean(axis=-2) - means).max())
            images = (W - centered * W.mean(axis=-2, keepdims=True)).reshape(2, 10, 8, 8)
            steps_, *wrong = np.array(rows).T
            same = int((says[0] == says[1]).sum())
            yield Pair(steps_, np.array(wrong), images[0], images[1], same, says.shape[1], moved, UPDATES)
        if now.step == UPDATES:
            return


@refuses_unknown_names
def two_starts(**start: Any) -> Explorer:
    """Without hidden layers zeros are as good a start as any: the pair, side by side."""
    controls = {
        "std": rate("std of the random start", start.get("std", 0.3), 0.01, 3, 10),
        "centered": toggle("take off the mean image", start.get("centered", False)),
        "eta": rate(ETA, start.get("eta", 0.5), 0.01, 10, 5),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        train_pair,
        pictures.draw_pair,
        title="Two starts, one end",
        alt=lambda p, r: (
            "Three panels of ten images of 8 by 8 pixels, one for each digit: the weights of softmax regression that "
            f"started at zero, those of one that started at random (standard deviation {p['std']:g}), and their "
            f"difference. Fourth: how many of {r.tests} test digits each gets wrong over the updates; at the end "
            f"{r.wrong[0, -1]:.0f} from zeros and {r.wrong[1, -1]:.0f} from random weights."
        ),
        status=lambda p, r: (
            f"Wrong after {r.steps[-1]:,.0f} updates: {r.wrong[0, -1]:.0f} of {r.tests} from zeros, "
            f"{r.wrong[1, -1]:.0f} from random. They give the same answer to {r.same} of {r.tests}. "
            f"In both, the mean image has {_moved(r.mean_moved)} since the start."
        ),
        panels=(1, 1, 1, 0.9),
        height=270,
    )


def _moved(size: float) -> str:
    return "not moved (to 1e-12)".replace("-", MINUS) if size < 1e-12 else f"moved by {size:.1g}"


# ---- Variance by depth

SCHEMES = ("normal", "xavier", "he")
_nodes = np.linspace(-8, 8, 1000)  # an even number: half of them are above 0
_weights = np.exp(-(_nodes**2) / 2)
_weights /= _weights.sum()  # averages over a standard normal number; fine steps, since phi' may be a narrow peak
GROUPS = 5  # of samples with about equal sums of squares, which are predicted together
BINS = 61


@dataclass(frozen=True)
class Depth:
    """Activations and gradients of every hidden layer of a fresh network, measured and predicted.

    `a_*` are standard deviations of a; `g_*` those of delta = dC/dz, the last hidden layer's being 1.
    `a_between` is how a unit's activation varies from digit to digit: what is left of the signal.
    """

    a_measured: np.ndarray
    a_between: np.ndarray
    a_predicted: np.ndarray
    g_measured: np.ndarray
    g_predicted: np.ndarray
    a_shapes: np.ndarray
    g_shapes: np.ndarray
    a_reach: float
    g_reach: float


@lru_cache
def _standardized() -> tuple[np.ndarray, np.ndarray]:
    """50 digits, each pixel with mean 0 and standard deviation 1 over the training set (or always 0)."""
    data = split_digits(TRAINED)
    width = data.X.std(axis=0)
    return (data.X[:50] - data.X.mean(axis=0)) / np.where(width > 0, width, 1), data.Y[:50]


def weight_std(scheme: str, std: float, n_in: int, n_out: int) -> float:
    """The standard deviation of one weight."""
    return {"normal": std, "xavier": (2 / (n_in + n_out)) ** 0.5, "he": (2 / n_in) ** 0.5}[scheme]


def predicted(
    phi: Activation, sizes: list[int], scheme: str, std: float, X: np.ndarray, top: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviations of a and (relative) of delta by layer, from the weights' variance alone.

    Forward: Var z = n_in Var(w) E[a^2], and a = phi(z) with z normal. Backward: Var delta =
    n_out Var(w) E[phi'(z)^2] times the next layer's, down from `top`, each sample's mean square in the last one.
    """
    strength = (X**2).mean(axis=1)
    order = strength.argsort().reshape(GROUPS, -1)
    square, top = strength[order].mean(axis=1), top[order].mean(axis=1)
    q, a_std = [], []
    for n_in, n_out in itertools.pairwise(sizes):
        q.append(n_in * weight_std(scheme, std, n_in, n_out) ** 2 * square)
        a = phi(np.sqrt(q[-1])[:, None] * _nodes)
        square = a**2 @ _weights
        a_std.append(np.sqrt(max(square.mean() - (a @ _weights).mean() ** 2, 0.0)))
    g = [top]
    for variance, n_in, n_out in zip(q[-2::-1], sizes[-2:0:-1], sizes[:1:-1], strict=True):
        slope = phi.derivative(np.sqrt(variance)[:, None] * _nodes)
        g.append(g[-1] * n_out * weight_std(scheme, std, n_in, n_out) ** 2 * (slope**2 @ _weights))
    return np.array(a_std), np.sqrt([v.mean() for v in reversed(g)])


@lru_cache(maxsize=2)
def _drawn(layers: int, width: int, seed: int) -> list[np.ndarray]:
    """A matrix of standard normal numbers for each layer: what a network of that shape draws, before its scale.

    Two million numbers take longer to draw than to use, and they stay while a hand moves the scale.
    """
    rng, sizes = np.random.default_rng(seed), [64] + [width] * layers + [10]
    return [rng.normal(size=(n_out, n_in)) for n_in, n_out in itertools.pairwise(sizes)]


def depth(activation: str, scheme: str, std: float, layers: int, width: int, seed: int) -> Depth:
    """One forward and one backward pass of 50 digits through a network as it starts, with zero biases."""
    (X, Y), phi = _standardized(), ACTIVATIONS[activation]
    weights = [weight_std(scheme, std, *W.shape[::-1]) * W for W in _drawn(layers, width, seed)]
    Z, A = [], [X]
    for W in weights[:-1]:
        Z.append(A[-1] @ W.mT)
        A.append(phi(Z[-1]))
    da = (softmax(A[-1] @ weights[-1].mT) - Y) @ weights[-1]
    G: list[np.ndarray] = []
    for z, a, W in zip(Z[::-1], A[:0:-1], weights[-2::-1], strict=True):
        G.append(da * phi.derivative(z, a))
        if len(G) == 1:  # tiny numbers are compared by their ratios, which must not underflow when squared
            G[0] /= np.abs(G[0]).max() or 1.0
            G[0] /= np.sqrt((G[0] ** 2).mean()) or 1.0
        da = G[-1] @ W
    del A[0]
    G.reverse()
    sizes = [64] + [width] * layers
    a_hat, g_hat = predicted(phi, sizes, scheme, std, X, (G[-1] ** 2).mean(axis=1))
    a_shapes, a_reach = _histograms(A)
    g_shapes, g_reach = _histograms(G)
    a_std = np.array([a.std() for a in A])
    between = np.array([np.sqrt(a.var(axis=0).mean()) for a in A])
    g_std = np.array([np.sqrt((g**2).mean()) for g in G])
    return Depth(a_std, between, a_hat, g_std, g_hat, a_shapes, g_shapes, a_reach, g_reach)


def _histograms(layers: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """For each layer, how often values lie in each bin from -reach to reach: roots of counts, the fullest bin 1."""
    some = [np.abs(values.ravel()[:: 1 + values.size // 4000]) for values in layers]
    reach = 1.001 * max(float(np.percentile(values, 99)) for values in some) or 1.0
    inside = [values[np.abs(values) < reach] for values in layers]
    counts = np.array([np.bincount(((v / reach + 1) * (BINS / 2)).astype(int), minlength=BINS) for v in inside])
    return np.sqrt(counts / np.maximum(counts.max(axis=1, keepdims=True), 1)), reach


@refuses_unknown_names
def variance_by_depth(**start: Any) -> Explorer:
    """Activation, scheme, scale, depth, width: activations and gradients layer by layer, measured and predicted."""
    controls = {
        "activation": choice("activation", SCALAR, start.get("activation", "tanh")),
        "scheme": choice("weights start as", SCHEMES, start.get("scheme", "normal")),
        "std": rate("std (for normal)", start.get("std", 0.01), 0.001, 3, 10),
        "layers": count("hidden layers", start.get("layers", 10), 2, 20),
        "width": steps("units in each", start.get("width", 128), (8, 16, 32, 64, 128, 256)),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        depth,
        pictures.draw_depth,
        title="Variance by depth",
        alt=lambda p, r: (
            f"Four panels for a fresh network of {p['layers']} {p['activation']} layers of {p['width']} units, weights "
            f"{p['scheme']}. First: a histogram of the activations for each layer, the first at the bottom. Second: "
            f"their standard deviation by layer on a logarithmic axis, from {r.a_measured[0]:.2g} to "
            f"{r.a_measured[-1]:.2g}, dots measured and a line predicted; dashed, how much a unit varies from digit to "
            f"digit, at the end {r.a_between[-1]:.2g}. Third and fourth: the same for the "
            f"gradients, relative to the last hidden layer; the first has {r.g_measured[0]:.2g}."
        ),
        status=_depth_status,
        panels=(0.9, 1, 0.9, 1),
        height=300,
        idle=lambda p: [] if p["scheme"] == "normal" else ["std"],
    )


def _depth_status(p: dict[str, Any], r: Depth) -> str:
    text = (
        f"Activations: standard deviation {r.a_measured[0]:.2g} in layer 1, {r.a_measured[-1]:.2g} in layer "
        f"{p['layers']}, there {r.a_between[-1]:.2g} from digit to digit. "
        f"Gradients: by layer 1, going down, they have {_fold(r.g_measured[0])}."
    )
    return text.replace("e-", f"e{MINUS}")


def _fold(ratio: float) -> str:
    if ratio == 0:
        return "vanished altogether"
    if 0.5 < ratio < 2:
        return f"kept their size (times {ratio:.2g})"
    return f"grown {ratio:,.3g}-fold" if ratio > 1 else f"shrunk to {ratio:.2g} of their size"
