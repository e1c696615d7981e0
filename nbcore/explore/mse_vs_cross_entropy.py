"""Explorers of lesson 04. Each `compute` is pure; the lesson shows the loop of "Two neurons race" in full."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from nbcore.activations import identity, sigmoid, softmax, softplus, tanh
from nbcore.datasets import split_digits
from nbcore.draw import mse_vs_cross_entropy as pictures
from nbcore.explore.controls import choice, count, rate, seed, slider, steps
from nbcore.explore.explorer import Explorer, refuses_unknown_names
from nbcore.explore.words import ETA, MINUS
from nbcore.losses import Loss, bce, mse, softmax_ce
from nbcore.network import MLP, Sequential, one_hot, stack
from nbcore.optimizers import SGD
from nbcore.training import Diverged, training

PRIME = "\N{GREEK SMALL LETTER SIGMA}\N{PRIME}(z)"


def _said(number: float, form: str = ".3g") -> str:
    """A number for a sentence, with a real minus sign, and never -0."""
    return f"{number + 0.0:{form}}".replace("-", MINUS)


# ---- Two neurons race

POINTS = 400  # of each curve
# dC/dz from z, a and the target y.
Slope = Callable[[float, float, float], float]
HORIZONS = (40, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)


@dataclass(frozen=True)
class Runner:
    """One neuron on its way: output and cost at the updates in view, and all about one moment."""

    a: np.ndarray
    cost: np.ndarray
    crossed: int  # the first update at which the output is below 1/2, -1 if there is none in view
    now_z: float
    now_a: float
    now_cost: float
    now_slope: float


@dataclass(frozen=True)
class Race:
    """Neurons with one start and different losses."""

    updates: np.ndarray
    moment: int
    w: float
    b: float
    mse: Runner
    cross_entropy: Runner
    own: Runner | None

    @property
    def horizon(self) -> int:
        return int(self.updates[-1])


def _sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else 1 - 1 / (1 + math.exp(z))


def slope_mse(z: float, a: float, y: float) -> float:
    """dC/dz of C = (a - y)^2 / 2 with a = sigma(z): (a - y) sigma'(z)."""
    return (a - y) * a * (1 - a)


def slope_cross_entropy(z: float, a: float, y: float) -> float:
    """dC/dz of C = -y ln a - (1 - y) ln(1 - a) with a = sigma(z): a - y."""
    return a - y


def run_neuron(slope: Slope, z: float, eta: float, updates: Sequence[int]) -> tuple[np.ndarray, int]:
    """z at the given updates (which rise from 0), and the first update with a < 1/2, or -1. Target 0, input 1.

    z = w + b, and both follow the same slope, so z moves by 2 eta times the slope.
    """
    seen, crossed, done = [z], 0 if z < 0 else -1, 0
    for until in updates[1:]:
        for step in range(done + 1, until + 1):
            z -= 2 * eta * slope(z, _sigma(z), 0.0)
            if z < 0 and crossed < 0:
                crossed = step
        done = until
        seen.append(z)
    return np.array(seen), crossed


@lru_cache(maxsize=64)
def _known_run(name: str, z: float, eta: float, updates: tuple[int, ...]) -> tuple[np.ndarray, int]:
    # The loop of run_neuron with the slope written out: a third of the time, the same numbers (a test compares).
    exp, seen, crossed, done, rate = math.exp, [z], 0 if z < 0 else -1, 0, 2 * eta
    for until in updates[1:]:
        start = z
        for _ in range(until - done):
            a = 1 / (1 + exp(-z)) if z >= 0 else 1 - 1 / (1 + exp(z))
            z -= rate * (a * a * (1 - a) if name == "mse" else a)
        if z < 0 and crossed < 0:
            slope = slope_mse if name == "mse" else slope_cross_entropy
            crossed = done + run_neuron(slope, start, eta, range(until - done + 1))[1]
        done = until
        seen.append(z)
    zs = np.array(seen)
    zs.flags.writeable = False
    return zs, crossed


def race(w: float, b: float, eta: float, horizon: int, moment: int, own: Slope | None = None) -> Race:
    """Neurons with input 1 and target 0 that start alike; `moment` is a share of the updates in view, in percent."""
    at = round(moment / 100 * horizon)
    grid = sorted({round(x) for x in np.linspace(0, horizon, min(horizon, POINTS) + 1)} | {at})
    updates = np.array(grid)

    def runner(name: str, slope: Slope) -> Runner:
        if name == "own":
            zs, crossed = run_neuron(slope, w + b, eta, grid)
            if not np.isfinite(zs).all():
                raise ValueError("your slope leads to a z that is no longer finite")
        else:
            zs, crossed = _known_run(name, w + b, eta, tuple(grid))
        a = sigmoid(zs)
        cost = a**2 / 2 if name == "mse" else softplus(zs)
        k = grid.index(at)
        z, now_a = float(zs[k]), float(a[k])
        return Runner(a, cost, crossed, z, now_a, float(cost[k]), float(slope(z, now_a, 0.0)))

    return Race(
        updates,
        at,
        w,
        b,
        runner("mse", slope_mse),
        runner("cross-entropy", slope_cross_entropy),
        None if own is None else runner("own", own),
    )


def _crossing(runner: Runner, horizon: int) -> str:
    if runner.crossed == 0:
        return "starts below 0.5"
    if runner.crossed > 0:
        return f"falls below 0.5 at update {runner.crossed:,}"
    return f"is not below 0.5 within {horizon:,} updates"


def _race_status(p: dict[str, Any], r: Race) -> str:
    prime = r.mse.now_a * (1 - r.mse.now_a)
    text = (
        f"MSE {_crossing(r.mse, r.horizon)}; cross-entropy {_crossing(r.cross_entropy, r.horizon)}. "
        f"After {r.moment:,} updates, MSE: error a {MINUS} y = {r.mse.now_a:.5f}, {PRIME} = {prime:.3g}, "
        f"gradient {r.mse.now_slope:.3g}; cross-entropy: error and gradient {r.cross_entropy.now_a:.5f}."
    )
    if r.own is not None:
        text += f" Yours: {_crossing(r.own, r.horizon)}; a = {r.own.now_a:.5f}, slope {_said(r.own.now_slope)}."
    return text


@refuses_unknown_names
def two_neurons_race(own: Slope | None = None, **start: Any) -> Explorer:
    """One start, two losses. `own(z, a, y)` gives a third neuron a dC/dz of your own."""
    controls = {
        "w": slider("start weight w", start.get("w", 2.0), -5, 5, 0.1),
        "b": slider("start bias b", start.get("b", 2.0), -5, 5, 0.1),
        "eta": rate(ETA, start.get("eta", 0.15), 0.01, 10),
        "horizon": steps("updates in view", start.get("horizon", 300), HORIZONS),
        "moment": count("moment, % of the view", start.get("moment", 0), 0, 100),
    }
    return Explorer(
        controls,
        race if own is None else partial(race, own=own),
        pictures.draw_race,
        title="Two neurons race",
        alt=lambda p, r: (
            f"Left: the outputs of two neurons from {r.mse.a[0]:.3f} toward the target 0 over {r.horizon:,} updates. "
            f"MSE, dashed, {_crossing(r.mse, r.horizon)}; cross-entropy, solid, "
            f"{_crossing(r.cross_entropy, r.horizon)}. Middle: their losses on a logarithmic axis. Right: the factors "
            f"of the gradient after {r.moment:,} updates as bars on a logarithmic axis; for MSE the gradient is "
            f"{r.mse.now_slope:.2g}, for cross-entropy {r.cross_entropy.now_slope:.2g}."
        ),
        status=_race_status,
        panels=(1.15, 0.9, 1),
        height=330,
    )


# ---- The shape of the loss

Z_LINE = np.linspace(-10, 10, 801)
SHAPES = ("sigmoid", "tanh", "linear")


@dataclass(frozen=True)
class Shape:
    """Loss and slope of both losses against z, and at one z. Where cross-entropy is not defined: nan, or left out."""

    z: np.ndarray
    mse: np.ndarray
    mse_slope: np.ndarray
    ce_z: np.ndarray
    ce: np.ndarray
    ce_slope: np.ndarray
    now_z: float
    now_a: float
    target: float
    now_mse: tuple[float, float]
    now_ce: tuple[float, float]  # nan, nan where a is no probability
    floor: float

    @property
    def widest(self) -> float:
        """The largest slope that cross-entropy can have; more than 1 where the picture needs another scale."""
        return 1.0 if len(self.ce_z) == len(self.z) and np.abs(self.ce_slope).max() <= 1 else 2.0


def _entropy(y: float) -> float:
    return sum(-p * math.log(p) for p in (y, 1 - y) if 0 < p < 1)


def _losses(activation: str, z: np.ndarray, y: float) -> tuple[np.ndarray, ...]:
    """MSE and its slope, cross-entropy and its slope, at z; with tanh both a and the target run from -1 to 1."""
    if activation == "sigmoid":
        a = sigmoid(z)
        return (a - y) ** 2 / 2, (a - y) * sigmoid.derivative(z, a), softplus(z) - y * z, a - y
    if activation == "tanh":
        a, t = tanh(z), 2 * y - 1
        # (1 + a) / 2 = sigma(2 z) is the probability of 1.
        return (a - t) ** 2 / 2, (a - t) * tanh.derivative(z, a), softplus(2 * z) - 2 * y * z, a - t
    a = identity(z)
    p = np.where((a > 0) & (a < 1), a, np.nan)
    return (a - y) ** 2 / 2, a - y, -y * np.log(p) - (1 - y) * np.log(1 - p), (p - y) / (p * (1 - p))


def shape(activation: str, y: float, z: float) -> Shape:
    """C and dC/dz against z for (a - y)^2 / 2 and for the binary cross-entropy."""
    ce_z = np.linspace(0.002, 0.998, 499) if activation == "linear" else Z_LINE
    square, square_slope, _, _ = _losses(activation, Z_LINE, y)
    _, _, ce, ce_slope = _losses(activation, ce_z, y)
    now = [float(v[0]) for v in _losses(activation, np.array([z]), y)]
    a = float({"sigmoid": sigmoid, "tanh": tanh, "linear": identity}[activation](z))
    target = 2 * y - 1 if activation == "tanh" else y
    return Shape(
        Z_LINE,
        square,
        square_slope,
        ce_z,
        ce,
        ce_slope,
        z,
        a,
        target,
        (now[0], now[1]),
        (now[2], now[3]),
        _entropy(y),
    )


def _shape_status(p: dict[str, Any], r: Shape) -> str:
    text = f"At z = {_said(r.now_z)} the output is a = {_said(r.now_a, '.4g')}, the target {_said(r.target)}. "
    square = f"MSE {r.now_mse[0]:.3g}, slope {_said(r.now_mse[1])}"
    if math.isnan(r.now_ce[0]):
        return f"{text}{square}. Cross-entropy has no value here: a = {_said(r.now_a, '.4g')} is no probability."
    text += f"Cross-entropy {r.now_ce[0]:.4g}, slope {_said(r.now_ce[1])}; {square}"
    if abs(r.now_mse[1]) > 1e-300 and abs(r.now_ce[1]) > 1e-12:
        factor = abs(r.now_ce[1] / r.now_mse[1])
        text += f", {factor:,.3g} times smaller" if 1.005 <= factor < 1e6 else ""
        text += f", about 10^{math.log10(factor):.0f} times smaller" if factor >= 1e6 else ""
    return f"{text}. Lowest possible cross-entropy: {r.floor:.4f}; lowest MSE: 0."


@refuses_unknown_names
def shape_of_the_loss(**start: Any) -> Explorer:
    """Loss and slope against z: what is flat, what is steep, what a soft target changes, which pairs match."""
    controls = {
        "activation": choice("activation", SHAPES, start.get("activation", "sigmoid")),
        "y": slider("target y (0 to 1)", start.get("y", 0.0), 0, 1, 0.05),
        "z": slider("pre-activation z", start.get("z", 4.0), -10, 10, 0.1),
    }
    return Explorer(
        controls,
        shape,
        pictures.draw_shape,
        title="The shape of the loss",
        alt=lambda p, r: (
            f"Left: cross-entropy, solid, and MSE, dashed, against z, for {p['activation']} and target {r.target:g}. "
            f"Middle: their slopes. Right: the size of the slopes on a logarithmic axis. At z = {p['z']:g} the slope "
            f"of MSE is {r.now_mse[1]:.2g}, that of cross-entropy "
            + ("not defined." if math.isnan(r.now_ce[1]) else f"{r.now_ce[1]:.2g}.")
        ),
        status=_shape_status,
        panels=(1, 1, 1),
        height=310,
    )


# ---- Bits

WEATHER = ("sun", "cloud", "rain", "snow")
TRUTHS: dict[str, tuple[float, ...]] = {
    "1/2, 1/4, 1/8, 1/8": (0.5, 0.25, 0.125, 0.125),
    "all alike": (0.25, 0.25, 0.25, 0.25),
    "always sun (one-hot)": (1.0, 0.0, 0.0, 0.0),
    "mostly sun (0.7 and 0.1 each)": (0.7, 0.1, 0.1, 0.1),
    "snow country": (0.05, 0.15, 0.2, 0.6),
}


@dataclass(frozen=True)
class Bits:
    """What it costs to report symbols with frequencies y in a code made for frequencies a, in bits a symbol."""

    y: np.ndarray
    a: np.ndarray
    lengths: np.ndarray
    own_lengths: np.ndarray
    paid: float
    entropy: float


def bits(truth: str, sun: int, cloud: int, rain: int, snow: int) -> Bits:
    """Cross-entropy H(y, a) = -sum y log2 a, and its floor, the entropy H(y); a is made from the four weights."""
    y = np.array(TRUTHS[truth])
    a = np.array([sun, cloud, rain, snow], dtype=float)
    a /= a.sum()
    own = -np.log2(np.where(y > 0, y, 1.0))
    lengths = -np.log2(a)
    return Bits(y, a, lengths, own, float(y @ lengths), float(y @ own))


def _bits_status(p: dict[str, Any], r: Bits) -> str:
    extra = max(0.0, r.paid - r.entropy)
    words = ", ".join(f"{name} {n:.2f}" for name, n in zip(WEATHER, r.lengths, strict=True))
    return (
        f"You pay {r.paid:.3f} bits a day: {r.entropy:.3f} that nobody can save (the entropy) and {extra:.3f} for a "
        f"wrong belief. Lengths: {words}. In nats, as in training: {r.paid * math.log(2):.3f}."
    )


@refuses_unknown_names
def coding_cost(**start: Any) -> Explorer:
    """Bits paid for coding with the wrong distribution, as an area."""
    controls: dict[str, Any] = {"truth": choice("true weather", TRUTHS, start.get("truth", next(iter(TRUTHS))))}
    for name in WEATHER:
        controls[name] = count(f"your weight for {name}", start.get(name, 25), 1, 40)
    return Explorer(
        controls,
        bits,
        pictures.draw_bits,
        title="Bits",
        alt=lambda p, r: (
            "Left: for "
            + ", ".join(f"{n} true {y:.2f} and believed {a:.2f}" for n, y, a in zip(WEATHER, r.y, r.a, strict=True))
            + ". Right: a rectangle for each, as wide as it is frequent and as high as its code word is long; the area "
            f"is {r.paid:.2f} bits a day, {r.entropy:.2f} of them inside the dashed outline of the best code."
        ),
        status=_bits_status,
        panels=(1, 1.3),
        height=310,
    )


# ---- Softmax and digits

UPDATES, LOOK = 1000, 50
STARTS = 4
PULLED = 400  # training images whose pull is measured
TRAIN = 1297  # the other 500 are the test set
OUTPUTS = {"softmax": (softmax, softmax_ce), "sigmoid": (sigmoid, bce)}


def wrong_labels(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A copy in which a share of the labels, chosen at random, is replaced by another digit."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(labels))[: round(share * len(labels))]
    wrong = labels.copy()
    wrong[rows] = (wrong[rows] + rng.integers(1, 10, len(rows))) % 10
    return wrong


@dataclass(frozen=True)
class Digits:
    """Test accuracy (looks, starts) and the pull of an image (looks, 2) with a right and with a wrong label."""

    updates: np.ndarray
    test: dict[str, np.ndarray]
    pull: dict[str, np.ndarray]  # nan where no image has such a label
    stopped: dict[str, int]  # starts that diverged
    total: int = UPDATES


@lru_cache(maxsize=8)
def _labels(share: float, first: int) -> tuple[np.ndarray, np.ndarray]:
    """One set of labels for each start: rows of ones and zeros (starts, N, 10), and which of them are wrong."""
    truth = split_digits(TRAIN).labels
    labels = np.stack([wrong_labels(truth, share, first + k) for k in range(STARTS)])
    return np.stack([one_hot(row, 10) for row in labels]).astype("float32"), labels != truth


def race_digits(
    output: str, wrong: int, scale: int, eta: float, times: int, hidden: int, seed: int
) -> Iterator[Digits]:
    """Four starts a loss on the digits: 64-hidden-10, batches of 64, `times` eta for MSE; a picture now and then."""
    data = split_digits(TRAIN)
    X, X_test, y_test = data.X, data.X_test, data.labels_test
    Y, is_wrong = _labels(wrong / 100, 100 * seed)
    phi, partner = OUTPUTS[output]
    losses = {"cross-entropy": partner, "MSE": mse}
    members = [MLP([64, hidden, 10], tanh, phi, seed=100 * seed + k, dtype="float32") for k in range(STARTS)]
    for member in members:
        member.layers[-1].W = scale * member.layers[-1].W
    nets = {name: stack(members) for name in losses}
    runs = {}
    for name, loss in losses.items():
        how = SGD(eta if name == "cross-entropy" else eta * times)
        runs[name] = training(nets[name], X, Y if wrong else Y[0], loss, how, batch=64, every=LOOK, seed=seed)
    test: dict[str, list[np.ndarray]] = {name: [] for name in losses}
    pull: dict[str, list[list[float]]] = {name: [] for name in losses}
    stopped = dict.fromkeys(losses, 0)
    for k in range(UPDATES // LOOK + 1):
        for name, net in nets.items():
            try:
                stopped[name] = int(np.isnan(next(runs[name]).loss).sum())
            except (Diverged, StopIteration):
                stopped[name] = STARTS
            test[name].append((net.forward(X_test).argmax(axis=-1) == y_test).mean(axis=-1))
            pull[name].append(_pull(net, losses[name], X[:PULLED], Y[:, :PULLED], is_wrong[:, :PULLED]))
        if k in (1, 3, 6, 10, 15, 20):
            yield Digits(
                np.arange(k + 1) * LOOK,
                {name: np.array(rows) for name, rows in test.items()},
                {name: np.array(rows) for name, rows in pull.items()},
                dict(stopped),
            )


def _lengths(net: Sequential, loss: Loss, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """The length of each image's dC/dz at the last layer, (starts, N)."""
    a, last = net.forward(X), net.layers[-1]
    return np.linalg.norm(len(X) * loss.unchecked_delta(last.z, a, Y, last.phi), axis=-1)


def _pull(net: Sequential, loss: Loss, X: np.ndarray, Y: np.ndarray, is_wrong: np.ndarray) -> list[float]:
    """How hard one image pulls at the last layer: mean length of its dC/dz, with a right label and with a wrong one."""
    length = _lengths(net, loss, X, Y)
    return [float(length[~is_wrong].mean()), float(length[is_wrong].mean()) if is_wrong.any() else math.nan]


@dataclass(frozen=True)
class Pulls:
    """What labels do to many networks: one value a network, nan where no label is wrong."""

    right: np.ndarray  # the mean length of an image's dC/dz where its label is right
    wrong: np.ndarray
    repeated: np.ndarray  # the share of the wrong labels that the network gives itself: learned by heart

    def of(self, members: Any) -> Pulls:
        """Those of some of the networks."""
        return Pulls(self.right[members], self.wrong[members], self.repeated[members])

    def __str__(self) -> str:
        if np.isnan(self.wrong).any():
            return f"an image pulls {self.right.mean():.3f}"
        right, wrong = self.right.mean(), self.wrong.mean()
        return (
            f"an image pulls {right:.3f} with a right label, {wrong:.3f} with a wrong one ({wrong / right:.1f} times); "
            f"{self.repeated.mean():.0%} of the wrong ones repeated"
        )


def pull_of_labels(nets: Sequential, loss: Loss, X: Any, labels: Any, truth: Any) -> Pulls:
    """How hard an image pulls with a right label and with a wrong one, ||dC/dz|| of one sample, averaged per network.

    `labels` (starts, N) is what each network was trained with, `truth` (N,) what is right. Raises ValueError for labels
    of another shape.
    """
    X, labels, truth = np.asarray(X, dtype=float), np.asarray(labels), np.asarray(truth)
    if labels.ndim != 2 or labels.shape[1] != len(X) or truth.shape != labels.shape[1:]:
        raise ValueError(f"labels must be (starts, {len(X)}) and truth ({len(X)},), got {labels.shape}, {truth.shape}")
    a, wrong = nets.forward(X), labels != truth
    length = _lengths(nets, loss, X, np.eye(a.shape[-1])[labels])
    repeats = a.argmax(axis=-1) == labels

    def mean(values: np.ndarray, where: np.ndarray) -> np.ndarray:
        count = where.sum(axis=-1)
        return np.where(count > 0, (values * where).sum(axis=-1) / np.maximum(count, 1), np.nan)

    return Pulls(mean(length, ~wrong), mean(length, wrong), mean(repeats, wrong))


def _digits_status(p: dict[str, Any], r: Digits) -> str:
    parts = []
    for name, test in r.test.items():
        missed = 1 - test
        parts.append(
            f"{name} {missed[-1].min():.1%} to {missed[-1].max():.1%} (mean {missed[-1].mean():.1%}, at its best "
            f"{missed.mean(axis=1).min():.1%})" + (f", {r.stopped[name]} diverged" if r.stopped[name] else "")
        )
    text = f"Test digits wrong after {r.updates[-1]:,} updates, {STARTS} starts each: {'; '.join(parts)}."
    if p["wrong"]:
        (right, bad), (square, bad_square) = (r.pull[name][-1] for name in r.pull)
        text += (
            f" An image with a wrong label pulls {bad / max(right, 1e-12):.3g} times as hard as one with a right label "
            f"in cross-entropy, {bad_square / max(square, 1e-12):.3g} times in MSE."
        )
    return text


@refuses_unknown_names
def softmax_and_digits(**start: Any) -> Explorer:
    """MSE against cross-entropy on real handwriting, several starts, wrong labels if you like."""
    controls = {
        "output": choice("output layer", OUTPUTS, start.get("output", "softmax")),
        "wrong": count("wrong labels, %", start.get("wrong", 0), 0, 60, 10),
        "scale": steps("output weights, times", start.get("scale", 1), (1, 3, 10, 30)),
        "eta": rate(ETA, start.get("eta", 0.5), 0.05, 5),
        "times": steps("for MSE, \N{GREEK SMALL LETTER ETA} times", start.get("times", 1), (1, 2, 4, 8, 16)),
        "hidden": count("hidden units", start.get("hidden", 32), 8, 64, 8),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        race_digits,
        pictures.draw_digits,
        title="Softmax and digits",
        alt=lambda p, r: (
            f"Left: the share of test digits that four starts each get wrong, over {r.updates[-1]:,} updates; "
            f"cross-entropy, solid, ends at {1 - r.test['cross-entropy'][-1].mean():.1%}, MSE, dashed, at "
            f"{1 - r.test['MSE'][-1].mean():.1%}. Right: the mean length of one training "
            f"image's dC/dz on a logarithmic axis, at the end "
            f"{r.pull['cross-entropy'][-1, 0]:.2g} for cross-entropy and {r.pull['MSE'][-1, 0]:.2g} for MSE"
            + (
                f"; with crosses, for images with a wrong label, {r.pull['cross-entropy'][-1, 1]:.2g} and "
                f"{r.pull['MSE'][-1, 1]:.2g}."
                if p["wrong"]
                else "."
            )
        ),
        status=_digits_status,
        panels=(1.2, 1),
        height=330,
    )
