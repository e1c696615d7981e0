"""Explorers of lesson 01. Each `compute` is pure; the lesson shows the one of "Bend the line" in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS, Activation, identity, relu, sigmoid, tanh
from nbcore.datasets import CURVES, PLANE
from nbcore.draw import boundary, unit_grid
from nbcore.draw import linear_vs_nonlinear as pictures
from nbcore.explore.controls import choice, count, rate, seed, slider, steps, toggle
from nbcore.explore.explorer import Explorer, refuses_unknown_names
from nbcore.explore.words import ETA, MINUS, SCALAR, count_of
from nbcore.losses import bce, mse
from nbcore.network import MLP, Sequential, stack
from nbcore.optimizers import SGD, Adam
from nbcore.training import train, training

# What Leshno et al. 1993 exclude. Products, for z**3 is slow in NumPy.
SQUARE = Activation("square", "z^2", lambda z: z * z, lambda z, a: 2 * z)
CUBE = Activation("cube", "z^3", lambda z: z * z * z, lambda z, a: 3 * z * z)

# ---- Bend the line

UPDATES = 1000
GRID, TICKS = unit_grid(pictures.LIMIT, 64)
_lines = np.linspace(-pictures.LIMIT, pictures.LIMIT, 15)
_along = np.linspace(-pictures.LIMIT, pictures.LIMIT, 41)
# 15 + 15 lines over the plane, 41 points each.
MESH = np.concatenate(
    [np.stack([np.full(41, c), _along], axis=1) for c in _lines]
    + [np.stack([_along, np.full(41, c)], axis=1) for c in _lines]
)


@dataclass(frozen=True)
class Bent:
    """A trained network, seen from all sides: what the three panels show."""

    net: Sequential
    X: np.ndarray
    y: np.ndarray
    losses: np.ndarray
    updates: int
    surface: np.ndarray
    lines: list[np.ndarray]
    inside: np.ndarray
    mesh: np.ndarray
    accuracy: float
    collapsed: tuple[np.ndarray, np.ndarray, float] | None


def view(net: Sequential, X: np.ndarray, Y: np.ndarray, losses: list[Any], updates: int = UPDATES) -> Bent:
    """All that the picture shows of a network with two inputs and one sigmoid output."""
    A = net.forward(GRID)
    z = net.layers[-1].z.reshape(len(TICKS), -1)
    collapsed = None
    if all(layer.phi == identity for layer in net.layers[:-1]):
        W, b = collapse(net)
        collapsed = W, b, float(np.abs(GRID @ W.T + b - net.layers[-1].z).max())
    correct = (net.forward(X) > 0.5) == (Y > 0.5)
    inside, mesh = _seen_by_last_layer(net, X)
    surface = A.reshape(len(TICKS), -1)
    lines = boundary(TICKS, z)
    return Bent(
        net, X, Y[:, 0], np.array(losses), updates, surface, lines, inside, mesh, float(correct.mean()), collapsed
    )


def collapse(net: Sequential) -> tuple[np.ndarray, np.ndarray]:
    """The one W and b that equal all layers of a network whose hidden layers are linear."""
    W, b = np.eye(net.layers[0].n_in), np.zeros((1, net.layers[0].n_in))
    for layer in net.layers:
        W, b = layer.W @ W, b @ layer.W.T + layer.b
    return W, b


def _seen_by_last_layer(net: Sequential, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and mesh in the plane of the last layer: across its line, and along the widest direction beside it."""
    net.forward(np.concatenate([MESH, X]))
    last = net.layers[-1]
    H, w = last.a_in, last.W[0]
    across = last.z[:, 0]
    # Weights near overflow are no reason to fail: only directions matter here.
    w = w / (np.abs(w).max() or 1.0)
    rest = H - H.mean(axis=0)
    rest = rest / (np.abs(rest).max() or 1.0)
    rest = rest - np.outer(rest @ w, w) / (w @ w or 1.0)
    along = rest @ np.linalg.eigh(rest.T @ rest)[1][:, -1]
    # An eigenvector has no sign of its own: take the one that keeps the plane's second axis pointing up.
    along = along * (1 if along[: len(MESH)] @ MESH[:, 1] >= 0 else -1)
    seen = np.stack([across, along], axis=1)
    points = np.abs(seen[len(MESH) :])
    seen = seen / np.maximum(points.max(axis=0), 1e-300) * 2.0
    return seen[len(MESH) :], seen[: len(MESH)].reshape(-1, len(_along), 2)


def bend(data: str, noise: float, depth: int, width: int, activation: str, eta: float, seed: int) -> Iterator[Bent]:
    """Trains a fresh network for 1,000 updates; a result after each quarter of them."""
    X, Y = PLANE[data](200, noise, seed=0)
    net = MLP([2] + [width] * depth + [1], hidden=activation, output=sigmoid, seed=seed)
    losses: list[np.ndarray] = []
    for now in training(net, X, Y, bce, SGD(eta), every=UPDATES // 4):
        losses.extend(now.losses)
        if now.step:
            yield view(net, X, Y, losses)
        if now.step == UPDATES:
            return


def _bend_status(p: dict[str, Any], r: Bent) -> str:
    text = f"{r.accuracy:.0%} of the points on their side, loss {r.losses[-1]:.3g} after {len(r.losses) - 1:,} updates."
    if r.collapsed is None:
        return text
    W, b, gap = r.collapsed
    layers = {0: "The one layer is", 1: "Both layers together:"}.get(
        p["depth"], f"All {p['depth'] + 1} layers together:"
    )
    size = f"to {1e-12:.0e}" if gap < 1e-12 else f"only to {gap:.0e}"
    signs = "".join(
        f" {'+' if n >= 0 else '-'} {abs(n):.3f}{x}" for n, x in ((W[0, 1], " x\N{SUBSCRIPT TWO}"), (b[0, 0], ""))
    )
    return (
        f"{text} {layers} z = {W[0, 0]:.3f} x\N{SUBSCRIPT ONE}{signs}, "
        f"equal to the network {size} at all {len(GRID):,} points of the picture. A straight line."
    ).replace("-", MINUS)


def _bend_alt(p: dict[str, Any], r: Bent) -> str:
    shape = "straight" if r.collapsed is not None else "free to bend"
    layers = "no hidden layer"
    if p["depth"]:
        layers = f"{count_of(p['depth'], 'hidden layer')} of {count_of(p['width'], p['activation'] + ' unit')}"
    return (
        f"Three panels for the data set {p['data']} and a network with {layers}. Left: the input plane, blue where the "
        f"network says class 0 and orange where it says class 1, with a boundary that is {shape}; {r.accuracy:.0%} of "
        "the points lie on their side. Middle: what the last layer sees, the plane's grid moved by the hidden layers, "
        "in two of its directions: across the boundary, which is a vertical line, and along it. "
        f"Right: the loss falls from {r.losses[0]:.2g} to {r.losses[-1]:.2g}."
    )


@refuses_unknown_names
def bend_the_line(compute: Callable[..., Any] = bend, **start: Any) -> Explorer:
    """Data, noise, depth, width, activation, learning rate, seed: the network retrains inside each move."""
    controls = {
        "data": choice("data", PLANE, start.get("data", "moons")),
        "noise": slider("noise", start.get("noise", 0.15), 0, 0.6, 0.05),
        "depth": count("hidden layers", start.get("depth", 1), 0, 3),
        "width": count("units in each", start.get("width", 8), 1, 16),
        "activation": choice("activation", SCALAR, start.get("activation", "tanh")),
        "eta": rate(ETA, start.get("eta", 1.0), 0.01, 10),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        compute,
        pictures.draw_bend,
        title="Bend the line",
        alt=_bend_alt,
        status=_bend_status,
        panels=(1, 1, 0.8),
        height=350,
        idle=lambda p: () if p["depth"] else ("width", "activation"),
    )


# ---- One neuron

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([0, 1, 1, 0])
NEURONS = {name: ACTIVATIONS[name] for name in SCALAR} | {"square": SQUARE}
_neuron_ticks = np.linspace(-0.6, 1.6, 64)
_neuron_grid = np.stack([g.ravel() for g in np.meshgrid(_neuron_ticks, _neuron_ticks)], axis=1)
_z_line = np.linspace(-8, 8, 201)
SIDES = ("above the cut", "below the cut")


@dataclass(frozen=True)
class Neuron:
    """One neuron on the four points of XOR."""

    X: np.ndarray
    y: np.ndarray
    z: np.ndarray
    a: np.ndarray
    cut: float
    above: bool
    surface: np.ndarray
    lines: list[np.ndarray]
    z_line: np.ndarray
    a_line: np.ndarray
    right: int


def neuron(activation: str, w1: float, w2: float, b: float, cut: float, side: str) -> Neuron:
    """a = phi(w1 x1 + w2 x2 + b) on the plane and on XOR's points; class 1 is where a is above, or below, the cut."""
    phi, w = NEURONS[activation], np.array([w1, w2])
    z = CORNERS @ w + b
    a = phi(z)
    above = side == SIDES[0]
    height = (phi(_neuron_grid @ w + b) - cut).reshape(len(_neuron_ticks), -1)
    # Two plain tones, a little stronger away from the cut: a shallow dip must show as well as a high ridge.
    surface = (1 if above else -1) * np.sign(height) * (0.2 + 0.3 * np.minimum(1, np.abs(height)))
    right = int(((a > cut if above else a < cut) == XOR).sum())
    lines = boundary(_neuron_ticks, height)
    return Neuron(CORNERS, XOR, z, a, cut, above, surface, lines, _z_line, phi(_z_line), right)


def _neuron_status(p: dict[str, Any], r: Neuron) -> str:
    values = ", ".join(f"{a:.3f}" for a in r.a).replace("-", MINUS)
    lines = {0: "not in view", 1: "one straight line"}.get(len(r.lines), f"{len(r.lines)} parallel straight lines")
    room = np.abs(r.a - r.cut).min()
    return (
        f"{r.right} of 4 points on their side; the boundary is {lines}. a at (0,0), (0,1), (1,0), (1,1): {values}; "
        f"the nearest is {room:.3f} from the cut."
    )


@refuses_unknown_names
def one_neuron(**start: Any) -> Explorer:
    """One neuron, every activation, on XOR: the activation alone bends nothing."""
    controls = {
        "activation": choice("activation", NEURONS, start.get("activation", "sigmoid")),
        "w1": slider("weight w\N{SUBSCRIPT ONE}", start.get("w1", 3.0), -5, 5, 0.1),
        "w2": slider("weight w\N{SUBSCRIPT TWO}", start.get("w2", 3.0), -5, 5, 0.1),
        "b": slider("bias b", start.get("b", -1.5), -6, 6, 0.1),
        "cut": slider("cut", start.get("cut", 0.5), -1, 2, 0.01),
        "side": choice("class 1 is where a is", SIDES, start.get("side", SIDES[0])),
    }
    return Explorer(
        controls,
        neuron,
        pictures.draw_neuron,
        title="One neuron, any activation",
        alt=lambda p, r: (
            f"Left: the plane of one {p['activation']} neuron with the four points of XOR, circles for class 0 and "
            f"squares for class 1, orange where a is {p['side']}, and {count_of(len(r.lines), 'straight line')} "
            f"where a equals {p['cut']:g}. Right: the four points on the curve of {p['activation']}, "
            "with the cut as a horizontal line. "
            f"{r.right} of 4 points are right."
        ),
        status=_neuron_status,
        panels=(1, 1),
        height=310,
    )


# ---- Build a curve by hand

X_LINE = np.linspace(-1, 1, 201)
PIECES = 4
# How steep a step is: about a tenth of the interval from low to high.
UNITS: dict[str, tuple[Activation, float]] = {"ReLU hinge": (relu, 1.0), "sigmoid step": (sigmoid, 20.0)}


@dataclass(frozen=True)
class ByHand:
    """A curve made of four pieces, beside its target."""

    x: np.ndarray
    target: np.ndarray
    pieces: np.ndarray
    knots: list[float]
    yours: np.ndarray
    error: float
    trained: np.ndarray | None
    trained_error: float


def by_hand(target: str, unit: str, c: float, updates: int, **settings: float) -> Iterator[ByHand]:
    """constant + sum of weight * phi(steepness * (x - place)), and the same network after more updates of Adam."""
    phi, s = UNITS[unit]
    knots = [settings[f"k{i}"] for i in range(1, PIECES + 1)]
    weights = [settings[f"w{i}"] for i in range(1, PIECES + 1)]
    x, goal = X_LINE, CURVES[target](X_LINE)
    pieces = np.array([w * phi(s * (x - k)) for w, k in zip(weights, knots, strict=True)])
    yours = c + pieces.sum(axis=0)

    def rms(fit: np.ndarray) -> float:
        return float(np.sqrt(np.mean((fit - goal) ** 2)))

    yield ByHand(x, goal, pieces, knots, yours, rms(yours), None, np.nan)
    if updates:
        net = MLP([1, PIECES, 1], hidden=phi, output=identity)
        first, last = net.layers
        first.W, first.b = np.full((PIECES, 1), s), [[-s * k for k in knots]]
        last.W, last.b = [weights], [[c]]
        train(net, x[:, None], goal[:, None], mse, optimizer=Adam(0.02), steps=updates)
        fit = net.forward(x[:, None])[:, 0]
        yield ByHand(x, goal, pieces, knots, yours, rms(yours), fit, rms(fit))


def _by_hand_status(p: dict[str, Any], r: ByHand) -> str:
    text = f"Your curve misses the target by {r.error:.3f} (root mean square)."
    if r.trained is None:
        return text
    return f"{text} After {p['updates']} updates from your settings: {r.trained_error:.3f}."


@refuses_unknown_names
def build_by_hand(**start: Any) -> Explorer:
    """Four ReLU hinges or sigmoid steps, placed and weighed by hand; then gradient descent goes on from there."""
    # Two hinges follow the sine half of the way; the others wait for a hand.
    knots, weights = (-1.0, -0.5, 0.0, 0.75), (-2.0, 4.0, 0.0, 0.0)
    controls: dict[str, Any] = {
        "target": choice("target", CURVES, start.get("target", "sine")),
        "unit": choice("pieces", UNITS, start.get("unit", "ReLU hinge")),
        "c": slider("constant", start.get("c", 0.0), -2, 2, 0.05),
        "updates": count("training updates", start.get("updates", 0), 0, 500, 50),
    }
    for i, (knot, weight) in enumerate(zip(knots, weights, strict=True), start=1):
        controls[f"k{i}"] = slider(f"piece {i}: place", start.get(f"k{i}", knot), -1, 1, 0.05)
        controls[f"w{i}"] = slider(f"piece {i}: weight", start.get(f"w{i}", weight), -8, 8, 0.1)
    return Explorer(
        controls,
        by_hand,
        pictures.draw_by_hand,
        title="Build a curve by hand",
        alt=lambda p, r: (
            f"Left: the {p['target']} curve as dots and the sum of your four pieces as a thick line; they differ by "
            f"{r.error:.2f} root mean square. Right: the four pieces, each a {p['unit']}, one by one with numbers."
        ),
        status=_by_hand_status,
        panels=(1, 1),
        height=310,
    )


# ---- How wide is wide enough?

WIDTHS = (1, 2, 4, 8, 16, 32, 64)
X_WIDE = np.linspace(-3, 3, 601)
INSIDE = np.abs(X_WIDE) <= 1 + 1e-9
OFF = 0.1
STEEP = 4.0


FITTERS: dict[str, Activation] = {
    "relu": relu,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "silu": ACTIVATIONS["silu"],
    "square (a polynomial)": SQUARE,
    "cube (a polynomial)": CUBE,
}


@dataclass(frozen=True)
class Wide:
    """A least-squares fit with evenly spaced units, the errors of such fits at every width, and a trained network."""

    x: np.ndarray
    target: np.ndarray
    fit: np.ndarray
    width: int
    error: float
    off: float  # the share of [-1, 1] where the fit is off by more than OFF
    outside: float
    widths: tuple[int, ...]
    errors: np.ndarray
    trained: np.ndarray | None
    trained_error: float


def even_fit(phi: Activation, width: int, target: np.ndarray) -> np.ndarray:
    """Least squares over the output weights; the hidden units stand evenly over [-1, 1], the steeper the more."""
    steep = max(STEEP, width / 2)  # smooth units that all overlap could hardly be told from polynomials
    knots = -1 + 2 * np.arange(width) / width
    features = np.column_stack([phi(steep * (X_WIDE[:, None] - knots)), np.ones_like(X_WIDE)])
    out = np.linalg.lstsq(features[INSIDE], target[INSIDE], rcond=1e-10)[0]
    return features @ out


def trained_fits(target: str, activation: str, width: int, seeds: Iterable[int]) -> np.ndarray:
    """What training all weights finds from each of some starts, (len(seeds), len(X_WIDE)).

    Hinges random over [-1, 1], of steepness 4 and either sign; 2,000 updates of Adam, the last quarter at a tenth of
    the rate, so that the result rests.
    """
    phi, nets = FITTERS[activation], []
    for start in seeds:
        rng = np.random.default_rng(start)
        net = MLP([1, width, 1], hidden=phi, output=identity, seed=start)
        knots = rng.uniform(-1, 1, (1, width))
        net.layers[0].W = rng.choice([-STEEP, STEEP], (width, 1))
        net.layers[0].b = -knots * net.layers[0].W.T
        nets.append(net)
    some = stack(nets)
    X = X_WIDE[INSIDE][::2, None]
    for eta, updates in ((0.03, 1500), (0.003, 500)):
        train(some, X, CURVES[target](X), mse, optimizer=Adam(eta), steps=updates)
    return some.forward(X_WIDE[:, None])[..., 0]


def trained_errors(activation: str, width: int, target: str = "wiggle", block: int = 0) -> tuple[np.ndarray, float]:
    """The largest error on [-1, 1] that training reaches from each of 20 starts, (20,), and that of the even fit."""
    goal = CURVES[target](X_WIDE)
    found = trained_fits(target, activation, width, range(20 * block, 20 * block + 20))
    even = even_fit(FITTERS[activation], width, goal)
    return np.abs(found - goal)[:, INSIDE].max(axis=1), float(np.abs(even - goal)[INSIDE].max())


def how_wide(target: str, activation: str, width: int, trained: bool, seed: int) -> Iterator[Wide]:
    """The fit with evenly spaced units; then, when asked for, what training all weights finds from a random start."""
    phi, goal = FITTERS[activation], CURVES[target](X_WIDE)
    fits = [even_fit(phi, n, goal) for n in WIDTHS]
    errors = np.array([np.abs(fit - goal)[INSIDE].max() for fit in fits])
    k = WIDTHS.index(width)
    miss = np.abs(fits[k] - goal)
    off, outside = float((miss[INSIDE] > OFF).mean()), float(miss[~INSIDE].max())
    yield Wide(X_WIDE, goal, fits[k], width, errors[k], off, outside, WIDTHS, errors, None, np.nan)
    if trained:
        found = trained_fits(target, activation, width, [seed])[0]
        error = float(np.abs(found - goal)[INSIDE].max())
        yield Wide(X_WIDE, goal, fits[k], width, errors[k], off, outside, WIDTHS, errors, found, error)


def _wide_status(p: dict[str, Any], r: Wide) -> str:
    text = (
        f"{count_of(r.width, 'evenly spaced unit')}, output weights by least squares: largest error {r.error:.2g} "
        f"on [\N{MINUS SIGN}1, 1], more than {OFF:g} on {r.off:.0%} of it; up to {r.outside:.2g} outside."
    )
    if r.trained is None:
        return text
    return f"{text} All weights trained, from random hinges: largest error {r.trained_error:.2g}."


@refuses_unknown_names
def width_and_error(**start: Any) -> Explorer:
    """Error against width; a polynomial activation; failure outside the interval; existence against training."""
    controls = {
        "target": choice("target", CURVES, start.get("target", "wiggle")),
        "activation": choice("activation", FITTERS, start.get("activation", "relu")),
        "width": steps("hidden units", start.get("width", 8), WIDTHS),
        "trained": toggle("also train all weights", start.get("trained", False)),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        how_wide,
        pictures.draw_width,
        title="How wide is wide enough?",
        alt=lambda p, r: (
            f"Left: the {p['target']} curve as dots and a fit with {p['width']} evenly spaced {p['activation']} "
            f"units as a line, fitted between -1 and 1; it is within {r.error:.2g} there and up to {r.outside:.2g} off "
            f"outside. Right: the largest error against the units, {r.errors[0]:.2g} at 1 and {r.errors[-1]:.2g} at 64."
        ),
        status=_wide_status,
        idle=lambda p: () if p["trained"] else ("seed",),
        panels=(1.2, 1),
        height=310,
    )


# ---- Fold the line


@dataclass(frozen=True)
class Folded:
    """A deep and a shallow network of equally many ReLUs."""

    x: np.ndarray
    deep: np.ndarray
    shallow: np.ndarray
    magnify: int
    units: int
    deep_pieces: int
    shallow_pieces: int


X_FOLD = np.linspace(0, 1, 2**12 + 1)  # dyadic points, on which the tent map is exact


def tent_network(layers: int) -> MLP:
    """`layers` hidden layers of two ReLUs, each with its output folded into the next: T o T o ... o T on [0, 1].

    T(x) = 2 relu(x) - 4 relu(x - 1/2), which is 2 x up to 1/2 and 2 (1 - x) from there to 1.
    """
    net = MLP([1] + [2] * layers + [1], hidden=relu, output=identity)
    out = np.array([[2.0, -4.0]])
    for k, layer in enumerate(net.layers):
        layer.W = np.ones((2, 1)) if k == 0 else (out if k == layers else np.ones((2, 1)) @ out)
        layer.b = [[0.0]] if k == layers else [[0.0, -0.5]]
    return net


def count_pieces(y: np.ndarray) -> int:
    """Straight pieces of a curve sampled at even steps: one more than there are changes of slope."""
    return 1 + int((np.abs(np.diff(y, 2)) > 1e-9).sum())


def fold(layers: int, magnify: int) -> Folded:
    """The tent map iterated, and a least-squares fit to it by as many ReLUs side by side, evenly spaced."""
    deep = tent_network(layers).forward(X_FOLD[:, None])[:, 0]
    units = 2 * layers
    hinges = np.column_stack([relu(X_FOLD[:, None] - np.arange(units) / units), np.ones_like(X_FOLD)])
    shallow = hinges @ np.linalg.lstsq(hinges, deep, rcond=1e-10)[0]
    return Folded(X_FOLD, deep, shallow, magnify, units, count_pieces(deep), units + 1)


@refuses_unknown_names
def fold_the_line(**start: Any) -> Explorer:
    """Depth multiplies, width adds: two ReLUs a layer against all in one layer."""
    controls = {
        "layers": count("layers of two ReLUs", start.get("layers", 3), 1, 10),
        "magnify": steps("magnify the left end", start.get("magnify", 1), (1, 2, 4, 8, 16, 32)),
    }
    return Explorer(
        controls,
        fold,
        pictures.draw_fold,
        title="Fold the line",
        alt=lambda p, r: (
            f"Left: between 0 and {1 / p['magnify']:g}, the curve of {count_of(p['layers'], 'layer')} of two ReLUs, "
            f"with {r.deep_pieces} straight pieces between 0 and 1, and a least-squares fit to it by one layer of "
            f"{r.units} evenly spaced ReLUs, dashed. Right: pieces against units on a logarithmic axis; folding rises "
            "as a straight line to 1,024 at 20 units, one layer stays below 22."
        ),
        status=lambda p, r: (
            f"{r.units} ReLUs: {r.deep_pieces:,} straight pieces between 0 and 1 when they fold one after the other; "
            f"at most {r.shallow_pieces} side by side, anywhere."
        ),
        panels=(1.3, 1),
        height=300,
    )
