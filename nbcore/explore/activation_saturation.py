"""Explorers of lesson 02. Each `compute` is pure, except for `measure`, whose whole point is the machine's clock."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS, identity, leaky_relu, relu, sigmoid, softmax, tanh
from nbcore.datasets import CURVES, digits, moons, split_digits
from nbcore.draw import activation_saturation as pictures
from nbcore.draw import boundary, unit_grid
from nbcore.explore.controls import choice, count, rate, seed, slider, steps, toggle
from nbcore.explore.explorer import Explorer, Progress, refuses_unknown_names
from nbcore.explore.words import ETA, MINUS, SCALAR, count_of
from nbcore.initializers import he
from nbcore.layers import Dense, Layer, Maxout, PReLU
from nbcore.losses import bce, mse, softmax_ce
from nbcore.network import MLP, Sequential, one_hot, stack
from nbcore.optimizers import SGD, Adam
from nbcore.training import Diverged, train, training
from nbcore.verdicts import LEAST, share, spread

WITH_STEP = [name for name in ACTIVATIONS if name != "softmax"]


DELTA = "\N{GREEK SMALL LETTER DELTA}"


def _said(text: str) -> str:
    return text.replace("-", MINUS)


# ---- Where the gradient goes

X_LINE = np.linspace(-10, 10, 801)
MOST_LAYERS = 30


@dataclass(frozen=True)
class Slope:
    """An activation at one place, and what a chain of such places leaves of a gradient."""

    x_line: np.ndarray
    a_line: np.ndarray
    slope_line: np.ndarray
    x: float
    z: float
    a: float
    slope: float
    factor: float
    best: float
    layers: int
    here: np.ndarray
    at_best: np.ndarray


def slope_at(activation: str, x: float, gain: float, layers: int) -> Slope:
    """phi and phi' at z = gain * x, and the product of up to 30 such factors gain * phi'(z)."""
    phi, z = ACTIVATIONS[activation], gain * X_LINE
    a, slope = phi(z), phi.derivative(z)
    here = float(phi.derivative(gain * x))
    factor, best = abs(gain * here), float(gain * np.abs(slope).max())
    k = np.arange(MOST_LAYERS + 1)
    return Slope(X_LINE, a, slope, x, gain * x, float(phi(gain * x)), here, factor, best, layers, factor**k, best**k)


def _slope_status(p: dict[str, Any], r: Slope) -> str:
    return _said(
        f"z = w x = {r.z:.3g}: a = {r.a:.4g}, slope \N{GREEK SMALL LETTER PHI}\N{PRIME}(z) = {r.slope:.4g}. "
        f"Through {count_of(r.layers, 'such layer')} a gradient of 1 becomes {r.here[r.layers]:.3g}; "
        f"at best, with all on the steepest place, {r.at_best[r.layers]:.3g}."
    )


@refuses_unknown_names
def where_the_gradient_goes(**start: Any) -> Explorer:
    """phi and phi' at a place that moves, and what is left of a gradient after many layers."""
    controls = {
        "activation": choice("activation", WITH_STEP, start.get("activation", "sigmoid")),
        "x": slider("input x", start.get("x", 2.0), -10, 10, 0.1),
        "gain": rate("weight w (gain)", start.get("gain", 1.0), 0.1, 10),
        "layers": count("layers", start.get("layers", 10), 1, MOST_LAYERS),
    }
    return Explorer(
        controls,
        slope_at,
        pictures.draw_slope,
        title="Where the gradient goes",
        alt=lambda p, r: _said(
            f"Three panels for {p['activation']} with weight {p['gain']:g}. Left: its curve, with a point at x = "
            f"{p['x']:g} where a is {r.a:.3g}, and the tangent there. Middle: its slope, {r.slope:.3g} at the point. "
            f"Right, on a logarithmic axis: what up to 30 layers leave of a gradient; after {p['layers']} it is "
            f"{r.here[r.layers]:.2g} here and {r.at_best[r.layers]:.2g} at best."
        ),
        status=_slope_status,
        panels=(1, 1, 1.1),
        height=300,
    )


# ---- Down the depth

DEEP_WIDTH, DEEP_SAMPLES = 32, 200
FLAT = 0.05  # a slope below it counts as saturated
A_EDGES = np.linspace(-2, 2, 51)
G_EDGES = np.linspace(-16, 4, 61)
DEEP = [*SCALAR, "PReLU", "Maxout"]


@lru_cache
def digit_sample() -> tuple[np.ndarray, np.ndarray]:
    """200 digits, centered, with a mean square of 1, X (200, 64); and their classes in rows, Y (200, 10)."""
    X, labels = digits()
    X = X[:DEEP_SAMPLES] - X[:DEEP_SAMPLES].mean(axis=0)
    return X / X.std(), one_hot(labels[:DEEP_SAMPLES], 10)


@dataclass(frozen=True)
class Depth:
    """A deep network, layer by layer: what its units give, and what comes back to them.

    `deltas` is the rms of delta = dC/dz in each hidden layer, `weights` that of dC/dW.
    """

    activations: np.ndarray
    gradients: np.ndarray
    deltas: np.ndarray
    weights: np.ndarray
    flat: np.ndarray
    losses: np.ndarray
    updates: int


def hidden_layer(kind: str, n_in: int, n_out: int, ensemble: Any = (), dtype: Any = np.float64, rng: Any = 0) -> Layer:
    """A layer with an activation of this name, or one of the kinds "PReLU" and "Maxout" (of two pieces)."""
    if kind == "PReLU":
        return PReLU(n_in, n_out, rng=rng, ensemble=ensemble, dtype=dtype)
    if kind == "Maxout":
        return Maxout(n_in, n_out, init=he, rng=rng, ensemble=ensemble, dtype=dtype)
    return Dense(n_in, n_out, kind, rng=rng, ensemble=ensemble, dtype=dtype)


def deep_network(activation: str, depth: int, scale: float, seed: int, ensemble: Any = ()) -> Sequential:
    """`depth` hidden layers of 32 units on digits; weights N(0, scale^2 / n_in), biases 0."""
    sizes = [64] + [DEEP_WIDTH] * depth
    hidden = [hidden_layer(activation, *size, ensemble) for size in pairwise(sizes)]
    net = Sequential(*hidden, Dense(DEEP_WIDTH, 10, softmax, ensemble=ensemble))
    rng = np.random.default_rng(seed)
    for layer in net.layers:
        layer.W = scale / np.sqrt(layer.n_in) * rng.standard_normal(layer.W.shape)
    return net


def _slopes(layer: Any) -> np.ndarray:
    """da/dz of a hidden layer, for all units and samples; of Maxout, da/dz of the piece that won."""
    if isinstance(layer, Maxout):
        return np.ones(1)
    if isinstance(layer, PReLU):
        return np.where(layer.z > 0, 1, layer.slope)
    return layer.phi.derivative(layer.z, layer.a)


def depth_view(net: Sequential, losses: list[Any], updates: int) -> Depth:
    """Histograms and norms for each hidden layer, from the last forward and backward pass."""
    hidden = net.layers[:-1]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        a = [np.clip(layer.a, A_EDGES[0] + 1e-9, A_EDGES[-1] - 1e-9) for layer in hidden]
        g = [np.clip(np.log10(np.abs(layer.delta[layer.delta != 0])), -15.99, 3.99) for layer in hidden]
        deltas, weights = (
            np.clip([np.sqrt(np.mean(v**2)) for v in values], 0, 1e300)
            for values in ([layer.delta for layer in hidden], [layer.dW for layer in hidden])
        )
        flat = np.array([(np.abs(_slopes(layer)) < FLAT).mean() for layer in hidden])
    return Depth(_columns(a, A_EDGES), _columns(g, G_EDGES), deltas, weights, flat, np.array(losses, float), updates)


def _columns(values: list[np.ndarray], edges: np.ndarray) -> np.ndarray:
    """A histogram a layer as a column, each as high as its square root (so that rare values show), at most 1."""
    many = np.sqrt(np.array([np.histogram(v, edges)[0] for v in values], float).T)
    return many / np.maximum(many.max(axis=0), 1)


def down_depth(activation: str, depth: int, scale: float, eta: float, updates: int, seed: int) -> Iterator[Depth]:
    """The network at its start, and after some updates of gradient descent on 200 digits."""
    X, Y = digit_sample()
    net = deep_network(activation, depth, scale, seed)
    losses = []
    shown = sorted({0, updates, *(u for u in (5, 20, 50, 100, 150, 200, 250) if u < updates)})
    for now in training(net, X, Y, softmax_ce, SGD(eta)):
        losses.append(now.loss)
        if now.step in shown:
            yield depth_view(net, losses, updates)
        if now.step == updates:
            return


def _depth_status(p: dict[str, Any], r: Depth) -> str:
    done = len(r.losses) - 1
    delta, weights = (_first_and_ratio(sizes) for sizes in (r.deltas, r.weights))
    text = (
        f"After {count_of(done, 'update')}: {DELTA} (rms) is {delta[0]} in the first layer, {delta[1]} the last hidden "
        f"one's; dC/dW is {weights[0]}, {weights[1]} the last one's. Slope below {FLAT:g}: {r.flat.mean():.0%} of all "
        f"units and samples. Loss {r.losses[-1]:.3g} (guessing: 2.30)."
    )
    return _said(text)


def _first_and_ratio(sizes: np.ndarray) -> tuple[str, str]:
    first, last = sizes[0], sizes[-1]
    return f"{first:.2g}", f"{first / last:.2g} times" if last > 0 else "as is"


@refuses_unknown_names
def down_the_depth(**start: Any) -> Explorer:
    """Up to 30 layers: activations, gradients and saturation, layer by layer."""
    controls = {
        "activation": choice("activation", DEEP, start.get("activation", "sigmoid")),
        "depth": count("hidden layers", start.get("depth", 10), 2, MOST_LAYERS),
        "scale": rate("scale s of the weights", start.get("scale", 1.0), 0.1, 10),
        "eta": rate(ETA, start.get("eta", 0.1), 0.01, 10),
        "updates": steps("updates", start.get("updates", 0), (0, 5, 20, 50, 100, 200, 300)),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        down_depth,
        pictures.draw_depth,
        title="Down the depth",
        alt=lambda p, r: (
            f"Three panels, all with the {p['depth']} hidden layers of a {p['activation']} network from left to right. "
            "Left: the distribution of activations in each layer. Middle: the distribution of delta in each layer on a "
            f"logarithmic axis, and its size as a line, from {r.deltas[0]:.1e} in the first layer to "
            f"{r.deltas[-1]:.1e} in the last; dashed, the size of dC/dW, from {r.weights[0]:.1e} to "
            f"{r.weights[-1]:.1e}. Right: the share of units and samples with almost no slope, "
            f"{r.flat[0]:.0%} in the first layer and {r.flat[-1]:.0%} in the last."
        ),
        status=_depth_status,
        idle=lambda p: () if p["updates"] else ("eta",),
        panels=(1, 1.15, 0.8),
        height=320,
    )


# ---- The dying ReLU laboratory

BLOW, REST, SLOW = 100, 300, 0.02
PLANE_EDGE = 2.5
LAB_SIZES = [2, 16, 16, 1]
SWEEP_ETAS = tuple(float(f"{0.1 * 10 ** (0.4 * k):.2g}") for k in range(7))
SWEEP_BIASES = (0.5, 0.0, -1.0, -2.0)
SWEEP_NETS = 20

THEN: dict[str, Any] = {
    "relu (no change)": relu,
    "leaky relu (slope 0.01)": leaky_relu,
    "steeper leaky relu (slope 0.25)": leaky_relu.with_slope(0.25),
    "PReLU": PReLU,
    "elu": ACTIVATIONS["elu"],
    "gelu": ACTIVATIONS["gelu"],
}


@dataclass(frozen=True)
class Sweep:
    """Share of dead units, (biases, rates): the mean over some networks each."""

    etas: tuple[float, ...]
    biases: tuple[float, ...]
    dead: np.ndarray


@dataclass(frozen=True)
class Lab:
    """One network through the blow and the rest."""

    X: np.ndarray
    y: np.ndarray
    surface: np.ndarray
    alive: list[np.ndarray]
    gone: list[np.ndarray]
    at: np.ndarray
    dead: np.ndarray
    at_blow: np.ndarray
    revived: np.ndarray
    accuracy: float
    diverged: bool
    sweep: Sweep | None
    eta: float
    bias: float


def asleep(net: Sequential, X: np.ndarray) -> list[np.ndarray]:
    """For each hidden layer, which units have a negative z for every sample: under ReLU, dead. (..., n_out)."""
    net.forward(X)
    return [(layer.z <= 0).all(axis=-2) for layer in net.layers[:-1]]


def with_activation(net: Sequential, kind: Any) -> Sequential:
    """The same weights and biases, with another hidden activation, or with the layer PReLU."""
    layers: list[Any] = []
    for layer in net.layers[:-1]:
        new = (
            PReLU(layer.n_in, layer.n_out, ensemble=net.ensemble)
            if kind is PReLU
            else Dense(layer.n_in, layer.n_out, kind, ensemble=net.ensemble)
        )
        new.W, new.b = layer.W, layer.b
        layers.append(new)
    last = net.layers[-1]
    return Sequential(*layers, last.with_parameters(*last.parameters()))


def lab_network(bias: float | np.ndarray, seed: int, ensemble: tuple[int, ...] = (), dtype: Any = np.float64) -> MLP:
    """2-16-16-1 with ReLUs; all hidden biases start at `bias`, one or one a member."""
    net = MLP(LAB_SIZES, relu, sigmoid, he, seed, ensemble, dtype)
    for layer in net.layers[:-1]:
        layer.b = np.broadcast_to(np.asarray(bias, float)[..., None, None], layer.b.shape)
    return net


@lru_cache
def sweep() -> Sweep:
    """560 networks at once: every rate with every bias, twenty starts each."""
    X, Y = moons(200, 0.15, 0)
    etas = np.tile(np.repeat(SWEEP_ETAS, SWEEP_NETS), len(SWEEP_BIASES))
    biases = np.repeat(SWEEP_BIASES, len(SWEEP_ETAS) * SWEEP_NETS)
    net = lab_network(biases, 0, (len(etas),), "float32")
    train(net, X, Y, bce, eta=etas, steps=BLOW)
    with np.errstate(all="ignore"):
        dead = np.concatenate(asleep(net, X), axis=-1).mean(axis=-1)
    return Sweep(SWEEP_ETAS, SWEEP_BIASES, dead.reshape(len(SWEEP_BIASES), len(SWEEP_ETAS), -1).mean(axis=-1))


_lab_grid, _lab_ticks = unit_grid(PLANE_EDGE, 48)


def _hinges(layer: Any) -> list[np.ndarray]:
    """Where each unit of the first layer has z = 0: a line through the plane, or far outside."""
    lines = []
    for w, b in zip(layer.W, layer.b[0], strict=True):
        size = np.linalg.norm(w)
        if not (np.isfinite(size) and size > 0):
            lines.append(np.full((2, 2), 99.0))
            continue
        middle, along = -b * w / size**2, np.array([-w[1], w[0]]) / size
        lines.append(np.clip(middle, -99, 99) + np.outer([-9, 9], along))
    return lines


def dying(eta: float, bias: float, then: str, seed: int) -> Iterator[Lab]:
    """100 updates of a ReLU network at a large rate, then 300 at a small one, perhaps with another activation."""
    X, Y = moons(200, 0.15, 0)
    net: Sequential = lab_network(bias, seed)
    at: list[int] = []
    dead: list[Any] = []
    at_blow: list[np.ndarray] = []
    diverged = False

    @np.errstate(all="ignore")  # here, and not around a yield: a page goes on with a run in another context
    def view(swept: Sweep | None) -> Lab:
        now = asleep(net, X)
        hinges = _hinges(net.layers[0])
        correct = (net.forward(X) > 0.5) == (Y > 0.5)
        surface = net.forward(_lab_grid).reshape(len(_lab_ticks), -1)
        revived = [int((then & ~n).sum()) for then, n in zip(at_blow, now, strict=False)]
        return Lab(
            X,
            Y[:, 0],
            np.nan_to_num(surface, nan=0.5),
            [line for line, out in zip(hinges, now[0], strict=True) if not out],
            [line for line, out in zip(hinges, now[0], strict=True) if out],
            np.array(at),
            np.array(dead).reshape(-1, 2),
            np.array([int(d.sum()) for d in at_blow] or [0, 0]),
            np.array(revived or [0, 0]),
            float(correct.mean()),
            diverged,
            swept,
            eta,
            bias,
        )

    def run(updates: int, rate: float, start: int) -> Iterator[Lab]:
        nonlocal diverged
        moments = training(net, X, Y, bce, SGD(rate), every=5)
        try:
            for now in moments:
                with np.errstate(all="ignore"):
                    at.append(start + now.step)
                    dead.append([d.mean() for d in asleep(net, X)])
                if now.step >= updates:
                    return
                if now.step in (50, 150):
                    yield view(None)
        except Diverged:
            diverged = True

    yield from run(BLOW, eta, 0)
    with np.errstate(all="ignore"):
        at_blow = asleep(net, X)
    if not diverged:
        net = with_activation(net, THEN[then])
        yield from run(REST, min(eta, SLOW), BLOW)
    yield view(None)
    yield view(sweep())


def _lab_status(p: dict[str, Any], r: Lab) -> str:
    units = LAB_SIZES[1]
    if r.at[-1] < BLOW:
        return f"{r.at[-1]} updates done: dead {r.dead[-1, 0]:.0%} of layer 1, {r.dead[-1, 1]:.0%} of layer 2."
    text = (
        f"After {BLOW} updates at \N{GREEK SMALL LETTER ETA} = {p['eta']:g}, dead: {r.at_blow[0]} of {units} units in "
        f"layer 1, {r.at_blow[1]} of {units} in layer 2. "
    )
    if r.diverged:
        return text + f"Then the numbers overflowed, at update {r.at[-1]}: awake is not yet well."
    kind = p["then"].removesuffix(" (no change)")
    return text + (
        f"Of these, after {r.at[-1] - BLOW} more at {min(p['eta'], SLOW):g} with {kind}, awake "
        f"again: {r.revived[0]} and {r.revived[1]}. {r.accuracy:.0%} of the points on their side."
    )


@refuses_unknown_names
def dying_relu(**start: Any) -> Explorer:
    """Dead units against learning rate and bias, live and for many networks; and what wakes them."""
    controls = {
        "eta": rate(f"{ETA}, at first", start.get("eta", 4.0), 0.1, 32),
        "bias": slider("biases at the start", start.get("bias", 0.0), -3, 1, 0.25),
        "then": choice("then go on with", THEN, start.get("then", "relu (no change)")),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        dying,
        pictures.draw_lab,
        title="The dying ReLU laboratory",
        alt=lambda p, r: (
            f"Left: the plane with two half moons of points and the hinge lines of 16 units of the first layer, "
            f"{len(r.alive)} awake as solid lines and {len(r.gone)} dead as dotted ones. Middle: the share of dead "
            f"units over the updates, {r.dead[-1, 0]:.0%} of layer 1 and {r.dead[-1, 1]:.0%} of layer 2 at the end, "
            f"with a line after update {BLOW}. Right: the share of dead units against the learning rate, for four "
            "starting biases; it grows with the rate, and as the bias falls."
        ),
        status=_lab_status,
        panels=(1, 1.1, 1.1),
        height=320,
    )


# ---- Zig-zag

INPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid(u), all positive": sigmoid,
    "sigmoid(u) - 1/2, centered": lambda u: sigmoid(u) - 0.5,
    "tanh(u/2), centered and twice as large": lambda u: tanh(u / 2),
    "relu(u)/4, none negative": lambda u: relu(u) / 4,
}
AFTER = ("each sample", "all samples")
START, GOAL = np.array([-1.5, 0.3]), np.array([1.2, -1.2])
W_EDGE = 2.5
_w_grid, _w_ticks = unit_grid(W_EDGE, 60)
ZIG_SAMPLES = 40


@dataclass(frozen=True)
class ZigZag:
    """Descent in the plane of two weights."""

    inputs: np.ndarray
    goal: np.ndarray
    path: np.ndarray
    contours: list[np.ndarray]
    losses: np.ndarray
    one_sign: float
    turns: float
    left: bool


def zig_zag_path(inputs: str, after: str, eta: float, updates: int, seed: int) -> ZigZag:
    """a = w1 x1 + w2 x2 learns the weights (1.2, -1.2) from (-1.5, 0.3), by C = mean of (a - y)^2 / 2."""
    rng = np.random.default_rng(seed)
    X = INPUTS[inputs](2 * rng.standard_normal((ZIG_SAMPLES, 2)))
    H = X.T @ X / len(X)
    order = np.concatenate([rng.permutation(len(X)) for _ in range(updates // len(X) + 1)])
    w, path, gradients = START, [START], []
    for k in range(updates):
        x = X[order[k]]
        g = x * (x @ (w - GOAL)) if after == AFTER[0] else H @ (w - GOAL)
        w = w - eta * g
        gradients.append(g)
        path.append(w)
        if np.abs(w).max() > 1e6:
            break
    away = np.array(path) - GOAL
    losses = np.einsum("ki,ij,kj->k", away, H, away) / 2
    heights = np.einsum("ki,ij,kj->k", _w_grid - GOAL, H, _w_grid - GOAL).reshape(len(_w_ticks), -1) / 2
    levels = losses[0] * np.array([0.02, 0.1, 0.3, 0.7, 1.3, 2.5, 5])
    lines = [line for level in levels for line in boundary(_w_ticks, heights, level)]
    g = np.array(gradients)
    moved = np.abs(g).max(axis=1) > 1e-12
    moves = g[moved] if moved.any() else g
    one_sign = (moves[:, 0] * moves[:, 1] >= 0).mean()
    back = (moves[1:] * moves[:-1]).sum(axis=1) < 0
    return ZigZag(
        X,
        GOAL,
        np.clip(path, -99, 99),
        lines,
        np.clip(losses, 1e-30, 1e30),
        float(one_sign),
        float(back.mean()) if len(back) else 0.0,
        bool(np.abs(w).max() > W_EDGE * 2),
    )


def _zig_status(p: dict[str, Any], r: ZigZag) -> str:
    end = f"Loss {r.losses[0]:.2g} to {r.losses[-1]:.2g} in {count_of(len(r.losses) - 1, 'update')}."
    if r.left:
        end = f"It has left the picture after {count_of(len(r.losses) - 1, 'update')}: the learning rate is too large."
    return _said(
        f"In {r.one_sign:.0%} of the updates both parts of the gradient have one sign; {r.turns:.0%} of the updates "
        f"turn back against the one before. {end}"
    )


@refuses_unknown_names
def zig_zag(**start: Any) -> Explorer:
    """The actual path in the plane of two weights, for all-positive and for centered inputs."""
    controls = {
        "inputs": choice("inputs are", INPUTS, start.get("inputs", "sigmoid(u), all positive")),
        "after": choice("update after", AFTER, start.get("after", AFTER[0])),
        "eta": rate(ETA, start.get("eta", 0.63), 0.05, 10),
        "updates": count("updates", start.get("updates", 60), 1, 200),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        zig_zag_path,
        pictures.draw_zig_zag,
        title="Zig-zag",
        alt=lambda p, r: _said(
            f"Left: the plane of the two inputs, 40 points, {p['inputs']}. Middle: the plane of the two weights with "
            "lines of equal loss, ellipses around the goal at (1.2, -1.2), and the path of descent from (-1.5, 0.3), "
            f"updated after {p['after']}; both parts of the gradient share a sign in {r.one_sign:.0%} of the updates. "
            f"Right: the loss goes from {r.losses[0]:.2g} to {r.losses[-1]:.2g} on a logarithmic axis."
        ),
        status=_zig_status,
        panels=(1, 1, 0.9),
        height=330,
    )


# ---- Same functions, a hundred times slower

FEATURES = 64
LOOK = np.unique(np.round(np.logspace(0, 4, 161)).astype(int))  # the updates at which the loss is drawn


@dataclass(frozen=True)
class SameFunctions:
    """Descent on one target with four codings of the same features; the learner's is the last."""

    at: np.ndarray
    losses: np.ndarray
    curvatures: np.ndarray
    steps: np.ndarray
    part: float


@lru_cache(maxsize=4)
def _features(samples: int, spread: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    u = spread * rng.standard_normal((samples, FEATURES))
    return sigmoid(u), tanh(u / 2) @ rng.standard_normal((FEATURES, 1))


def _descent(F: np.ndarray, y: np.ndarray, part: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Losses at LOOK (as a part of the first), curvatures, and the updates until the loss has fallen to `part`.

    Descent from 0 at eta = 1 / lambda_max. In the directions of the curvatures lambda it goes by
    (1 - eta lambda)^t, which is exact and spares the loop.
    """
    F = np.column_stack([F, np.ones(len(F))])
    curvatures, directions = np.linalg.eigh(F.T @ F / len(F))
    curvatures = np.maximum(curvatures, 1e-12 * curvatures[-1])
    pull = (directions.T @ (F.T @ y / len(F)))[:, 0] ** 2 / curvatures
    rest = np.log1p(-np.minimum(curvatures / curvatures[-1], 1 - 1e-16))

    def loss(t: Any) -> np.ndarray:
        return np.exp(2 * np.multiply.outer(t, rest)) @ pull / pull.sum()

    low, high = 0, 1
    while loss(high) > part and high < 2**30:
        low, high = high, 2 * high
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if loss(middle) > part else (low, middle)
    return np.maximum(loss(LOOK), 1e-12), curvatures[::-1], high


def same(shift: float, factor: float, spread: float, samples: int, part: int, seed: int) -> SameFunctions:
    """Features factor * (sigmoid(u) - shift) beside sigmoid(u), sigmoid(u) - 1/2 and tanh(u/2): one target for all."""
    S, y = _features(samples, spread, seed)
    runs = [_descent(F, y, 1 / part) for F in (S, S - 0.5, 2 * S - 1, factor * (S - shift))]
    losses, curvatures, updates = zip(*runs, strict=True)
    return SameFunctions(LOOK, np.array(losses), np.array(curvatures), np.array(updates), 1 / part)


@refuses_unknown_names
def same_functions(**start: Any) -> Explorer:
    """One target, one set of functions, three codings of the features: updates differ a hundredfold or more."""
    controls = {
        "shift": slider("subtract m", start.get("shift", 0.0), 0, 1, 0.01),
        "factor": slider("multiply by g", start.get("factor", 1.0), 0.25, 4, 0.05),
        "spread": slider("spread of u", start.get("spread", 1.0), 0.25, 4, 0.25),
        "samples": steps("samples", start.get("samples", 2000), (100, 200, 500, 1000, 2000)),
        "part": steps("until the loss is 1 part in", start.get("part", 1000), (10, 100, 1000, 10**4, 10**5, 10**6)),
        "seed": seed(start.get("seed", 0), "seed (another draw)"),
    }
    return Explorer(
        controls,
        same,
        pictures.draw_same,
        title="Same functions, a hundred times slower",
        alt=lambda p, r: _said(
            "Left, both axes logarithmic: the loss against the updates with features sigmoid(u), sigmoid(u) - 1/2, "
            f"tanh(u/2), and yours, {p['factor']:g} (sigmoid(u) - {p['shift']:g}); they need {r.steps[0]:,}, "
            f"{r.steps[1]:,}, {r.steps[2]:,} and {r.steps[3]:,} updates. Right: the 65 curvatures of each, from the "
            "largest to the smallest, on a logarithmic axis."
        ),
        status=lambda p, r: _said(
            f"Updates until the loss has fallen to {r.part:g} of its start: sigmoid(u) {r.steps[0]:,}; "
            f"sigmoid(u) - 1/2 {r.steps[1]:,}; tanh(u/2) {r.steps[2]:,}; "
            f"yours, {p['factor']:g} (sigmoid(u) - {p['shift']:g}), {r.steps[3]:,}."
        ),
        panels=(1.2, 1),
        height=320,
    )


# ---- Bends that are learned

BENDS: dict[str, Callable[[int, int], Any]] = {
    "ReLU": lambda n, seed: Dense(1, n, relu, he, seed),
    "PReLU": lambda n, seed: PReLU(1, n, he, seed),
    "one PReLU slope for all": lambda n, seed: PReLU(1, n, he, seed, shared=True),
    "Maxout of 2": lambda n, seed: Maxout(1, n, 2, he, seed),
    "Maxout of 3": lambda n, seed: Maxout(1, n, 3, he, seed),
    "Maxout of 5": lambda n, seed: Maxout(1, n, 5, he, seed),
}
BEND_X = np.linspace(-1, 1, 201)
MOST_UNITS = 6


@dataclass(frozen=True)
class Bends:
    """A small network on a curve, and the shapes of its units."""

    x: np.ndarray
    target: np.ndarray
    fit: np.ndarray
    shapes: np.ndarray
    error: float
    losses: np.ndarray
    parameters: int
    slopes: np.ndarray | None


def _bend_network(kind: str, units: int, seed: int) -> Sequential:
    first = BENDS[kind](units, seed)
    rng = np.random.default_rng(seed)
    first.b = -first.W.mT * rng.uniform(-1, 1, first.b.shape)
    return Sequential(first, Dense(units, 1, identity, he, rng))


def bend_errors(kind: str, starts: Any, units: int = 3, updates: int = 1000) -> np.ndarray:
    """How far each start is from the sine in the end, root mean square; a start as the seed of `learned_bends`."""
    X, goal = BEND_X[:, None], CURVES["sine"](BEND_X)[:, None]
    nets = stack([_bend_network(kind, units, seed) for seed in starts])
    train(nets, X, goal, mse, optimizer=Adam(0.02), steps=updates)
    return np.sqrt(np.mean((nets.forward(X) - goal) ** 2, axis=(-2, -1)))


def learned(kind: str, units: int, target: str, eta: float, updates: int, seed: int) -> Iterator[Bends]:
    """A 1-n-1 network fits a curve by Adam; hinges start spread over the interval."""
    X, goal = BEND_X[:, None], CURVES[target](BEND_X)
    net = _bend_network(kind, units, seed)
    first: Any = net.layers[0]
    shown = {0, updates, *(u for u in (30, 100, 200, 400, 600, 800) if u < updates)}
    losses = []
    for now in training(net, X, goal[:, None], mse, Adam(eta)):
        losses.append(float(now.loss))
        if now.step in shown:
            fit = net.forward(X)[:, 0]
            rms = float(np.sqrt(np.mean((fit - goal) ** 2)))
            size = sum(p.size for p in net.parameters())
            slopes = first.slope[0].copy() if isinstance(first, PReLU) else None
            yield Bends(BEND_X, goal, fit, first.a.T.copy(), rms, np.array(losses), size, slopes)
        if now.step == updates:
            return


def _bends_status(p: dict[str, Any], r: Bends) -> str:
    text = (
        f"{r.parameters} parameters, off by {r.error:.3f} (root mean square) after "
        f"{count_of(len(r.losses) - 1, 'update')}."
    )
    if r.slopes is None:
        return text
    return _said(f"{text} Learned slopes (all began at 0.25): {', '.join(f'{s:.2f}' for s in r.slopes)}.")


@refuses_unknown_names
def learned_bends(**start: Any) -> Explorer:
    """PReLU and Maxout learn the shape of their units; ReLU beside them."""
    controls = {
        "kind": choice("hidden layer", BENDS, start.get("kind", "PReLU")),
        "units": count("units", start.get("units", 3), 1, MOST_UNITS),
        "target": choice("target", CURVES, start.get("target", "sine")),
        "eta": rate(ETA, start.get("eta", 0.02), 0.001, 0.2),
        "updates": steps("updates", start.get("updates", 1000), (0, 30, 100, 200, 400, 600, 1000)),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        learned,
        pictures.draw_bends,
        title="Bends that are learned",
        alt=lambda p, r: (
            f"Left: the {p['target']} curve as dots and the fit of {count_of(p['units'], 'unit')} of kind {p['kind']} "
            f"as a line, off by {r.error:.2f} root mean square. Middle: the shape of each unit over the input. "
            f"Right: the loss falls from {r.losses[0]:.2g} to {r.losses[-1]:.2g} on a logarithmic axis."
        ),
        status=_bends_status,
        idle=lambda p: () if p["updates"] else ("eta",),
        panels=(1.1, 1.1, 0.8),
        height=310,
    )


# ---- Race

RACERS = ("sigmoid", "tanh", "softplus", "relu", "leaky_relu", "elu", "gelu", "silu", "PReLU", "Maxout")
EPOCH = 30  # updates of 50 samples in 1,500
TRAINING, BATCH = 1500, 50  # of 1,797 digits; the other 297 are the test set


def racer(
    name: str, starts: int = 5, copies: int = 1, width: int = 32, depth: int = 2, dtype: Any = np.float64, seed: int = 1
) -> Sequential:
    """A network for the digits with a member a start, `copies` times over. Start k is the same for every name.

    (He's weights, biases 0. A Maxout unit has them in its first piece, and more in the second.)
    """
    rng = np.random.default_rng(seed)
    first = MLP([64] + [width] * depth + [10], relu, softmax, he, rng, (starts,), dtype)
    layers: list[Any] = []
    for same in first.layers[:-1]:
        layers.append(hidden_layer(name, same.n_in, same.n_out, starts, dtype, rng))
        layers[-1].W[..., : same.n_out, :] = same.W
    net = Sequential(*layers, first.layers[-1])
    return net if copies == 1 else stack([net.member(k) for _ in range(copies) for k in range(starts)])


@dataclass(frozen=True)
class Race:
    """How far everyone is: updates until the goal (inf: not yet), loss and test accuracy so far; (racers, seeds)."""

    names: tuple[str, ...]
    done: int
    most: int
    goal: float
    arrived: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    parameters: tuple[int, ...]


def arrivals(losses: Any, goal: float) -> np.ndarray:
    """Updates until the mean loss over an epoch of 30 batches is below `goal`, (seeds,); inf where it never is."""
    losses = np.asarray(losses, float)
    if len(losses) < EPOCH:
        return np.full(losses.shape[1:], np.inf)
    with np.errstate(all="ignore"):
        total = np.cumsum(np.concatenate([np.zeros_like(losses[:1]), losses]), axis=0)
        below = (total[EPOCH:] - total[:-EPOCH]) / EPOCH < goal
    return np.where(below.any(axis=0), below.argmax(axis=0) + EPOCH - 1, np.inf)


def run_race(eta: float, depth: int, width: int, goal: float, seeds: int, epochs: int) -> Iterator[Any]:
    """All racers side by side, in single precision; a picture after every epoch."""
    data = split_digits(TRAINING)
    nets = [racer(name, seeds, 1, width, depth, "float32") for name in RACERS]
    runs = [training(net, data.X, data.Y, softmax_ce, SGD(eta), BATCH, seed=1, every=EPOCH) for net in nets]
    losses = [np.empty((0, seeds)) for _ in nets]
    parameters = tuple(sum(p.size for p in net.parameters()) // seeds for net in nets)
    most = epochs * EPOCH
    for done in range(0, most + 1, EPOCH):
        for k, run in enumerate(runs):
            try:
                losses[k] = np.concatenate([losses[k], next(run).losses])
            except (Diverged, StopIteration):  # from now on this run gives nothing
                losses[k] = np.concatenate([losses[k], np.full((done + 1 - len(losses[k]), seeds), np.nan)])
        accuracy = np.array([accuracy_on_test(net) for net in nets])
        arrived = np.array([arrivals(history, goal) for history in losses])
        loss = np.array([history[-EPOCH:].mean(axis=0) for history in losses])
        now = Race(RACERS, done, most, goal, arrived, loss, accuracy, parameters)
        yield now if done == most else Progress(done, most, now)


def race_words(names: Any, arrived: Any, beside: str = "relu") -> str:
    """In how many starts each needs fewer updates than `beside`; `arrived` (racers, starts), inf for "not at all".

    The same start stands in the same column. Fewer than 20 starts give no verdict, and the words say so.
    """
    table = {name: np.asarray(row, float) for name, row in zip(names, arrived, strict=True)}
    own = table.pop(beside)
    if len(own) < LEAST:
        return f"{count_of(len(own), 'start')}, too few for a verdict."
    shares = {name: share(row < own) for name, row in table.items()}
    if not shares:
        return ""
    order = sorted(shares, key=lambda name: -shares[name].held)
    return f"Fewer updates than {beside} from the same start: {', '.join(f'{n} {shares[n]}' for n in order)}."


def accuracy_on_test(net: Sequential) -> np.ndarray:
    """Share of the 297 test digits that each member gets right; one that has diverged gets few."""
    data = split_digits(TRAINING)
    with np.errstate(all="ignore"):
        return (net.forward(data.X_test).argmax(axis=-1) == data.labels_test).mean(axis=-1)


class RaceTable:
    """What races from the same starts gave, {name: (rate, updates until the goal)}; printed, it is a table.

    Updates (starts,), inf for a start that did not arrive. Shown are the median, in brackets the range from the 10%
    to the 90% quantile, and from how many starts a racer needs fewer updates than `beside`.
    """

    def __init__(self, runs: dict[str, tuple[float, np.ndarray]], beside: str = "relu") -> None:
        self.runs, self.beside = runs, beside

    def _rows(self) -> Iterator[tuple[str, ...]]:
        yield "activation", "best rate", "updates there", f"fewer than {self.beside}"
        own = self.runs[self.beside][1]
        for name, (eta, arrived) in self.runs.items():
            yield name, f"{eta:g}", spread(arrived, ".0f"), "" if name == self.beside else str(share(arrived < own))

    def __repr__(self) -> str:
        return "\n".join(f"{a:14}{b:12}{c:20}{d}".rstrip() for a, b, c, d in self._rows())

    def _repr_html_(self) -> str:
        """As __repr__, as a table of the page, which fits any width."""
        head, *rows = (
            "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
            for tag, row in zip(["th"] + ["td"] * len(self.runs), self._rows(), strict=True)
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@refuses_unknown_names
def race(**start: Any) -> Explorer:
    """All activations from the same starts on the same digits: updates to a given loss, and test accuracy."""
    controls = {
        "eta": rate(ETA, start.get("eta", 0.4), 0.01, 6.4),
        "depth": count("hidden layers", start.get("depth", 2), 1, 6),
        "width": steps("units in each", start.get("width", 32), (8, 16, 32, 64)),
        "goal": slider("goal: loss below", start.get("goal", 0.1), 0.05, 0.5, 0.05),
        "seeds": steps("starts", start.get("seeds", 3), (1, 2, 3, 5, 8, 20)),
        "epochs": steps("epochs of 30 updates", start.get("epochs", 20), (5, 10, 20, 40, 80)),
    }
    return Explorer(
        controls,
        run_race,
        pictures.draw_race,
        title="Race",
        alt=lambda p, r: (
            f"Left: one lane for each of {len(r.names)} activations; dots mark after how many updates each start came "
            f"below the loss {r.goal:g}. "
            + "; ".join(_arrival(n, row) for n, row in zip(r.names, r.arrived, strict=True))
            + ". Right: test accuracy of each start (left edge: below 80%), and the number of parameters."
        ),
        status=lambda p, r: f"{r.done:,} of {r.most:,} updates. {race_words(r.names, r.arrived)}",
        panels=(1.25, 1),
        height=360,
    )


def _arrival(name: str, row: np.ndarray) -> str:
    there = np.isfinite(row)
    if not there.all():
        return f"{name} in {there.sum()} of {row.size} starts"
    return f"{name} {np.median(row):.0f}, from {row.min():.0f} to {row.max():.0f}"


# ---- Is exp slow?

TIMED = ("relu", "leaky_relu", "sigmoid", "tanh", "elu", "softplus", "silu", "gelu")
AT_ONCE = 4096  # numbers: they stay in the cache


@dataclass(frozen=True)
class Timing:
    """Nanoseconds an element on this machine, forward and derivative; zeros as long as nothing was measured."""

    names: tuple[str, ...]
    forward: np.ndarray
    derivative: np.ndarray
    measured: bool


def measure(now: bool, precision: str) -> Iterator[Timing]:
    """The best of some runs for each activation. Not pure: the clock is what it is about."""
    forward, derivative = np.zeros(len(TIMED)), np.zeros(len(TIMED))
    if not now:
        yield Timing(TIMED, forward, derivative, False)
        return
    z = np.random.default_rng(0).standard_normal(AT_ONCE).astype(precision)
    for k, name in enumerate(TIMED):
        phi = ACTIVATIONS[name]
        a = phi(z)
        forward[k] = _best(phi.f, z)
        derivative[k] = _best(phi.fprime, z, a)
        yield Timing(TIMED, forward.copy(), derivative.copy(), True)


def _best(work: Callable[..., Any], *arguments: np.ndarray, runs: int = 30) -> float:
    best = np.inf
    for _ in range(runs):
        begun = time.perf_counter_ns()
        for _ in range(10):
            work(*arguments)
        best = min(best, (time.perf_counter_ns() - begun) / 10)
    return best / AT_ONCE


@refuses_unknown_names
def is_exp_slow(**start: Any) -> Explorer:
    """What each activation costs on this very machine. Off until it is asked to measure."""
    controls = {
        "now": toggle("measure on this machine", start.get("now", False)),
        "precision": choice("numbers", ("float64", "float32"), start.get("precision", "float64")),
    }
    return Explorer(
        controls,
        measure,
        pictures.draw_timing,
        title="Is exp slow?",
        alt=lambda p, r: (
            f"Two bars for each of {len(r.names)} activations: the time an element takes forward, and for the "
            "derivative. " + ("Measured on this machine." if r.measured else "Empty until it is measured.")
        ),
        status=_timing_status,
        idle=lambda p: () if p["now"] else ("precision",),
        panels=(1,),
        height=260,
    )


def _timing_status(p: dict[str, Any], r: Timing) -> str:
    if not r.measured:
        return "Nothing measured yet: tick the box."
    if not r.forward.all():
        return "Measuring ..."
    order = np.argsort(r.forward)
    fast, slow = order[0], order[-1]
    sigma = r.forward[r.names.index("sigmoid")] / r.forward[r.names.index("relu")]
    return (
        f"On this machine, just now, with {p['precision']} in NumPy: forward, {r.names[fast]} is the quickest and "
        f"{r.names[slow]} takes {r.forward[slow] / r.forward[fast]:.1f} times as long; sigmoid takes {sigma:.1f} "
        "times as long as relu."
    )
