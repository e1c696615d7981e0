"""Explorers of lesson 05, the microscope apart. Each `compute` is pure; the lesson shows two of their loops in full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS, Activation, sigmoid
from nbcore.datasets import PLANE
from nbcore.draw import backpropagation as pictures
from nbcore.draw.shapes import unit_grid
from nbcore.explore.controls import choice, rate, seed, slider, steps, toggle
from nbcore.explore.explorer import Explorer, refuses_unknown_names
from nbcore.explore.words import ETA, MINUS, SCALAR
from nbcore.losses import bce, mse
from nbcore.network import MLP
from nbcore.training import train

# ---- Break the gradient

# What a gradient can suffer from, as the menu names it.
RIGHT, SLOPE, AT_A, TRANSPOSED, UPDATED, RANDOM = (
    "none",
    "slope φ′ left out",
    "slope taken at a, not at z",
    "W transposed",
    "W already updated",
    "a random matrix for W",
)
EARLY, ASSIGNED, SUM, TWICE, SIGN = (
    "input of one layer too early",
    "samples assigned, not added",
    "sum instead of mean",
    "a factor 2",
    "wrong sign",
)
SLIPS = (RIGHT, SLOPE, AT_A, TRANSPOSED, UPDATED, EARLY, ASSIGNED, SUM, TWICE, SIGN, RANDOM)
YOURS = "your own backward"

ARRAYS = ("W1", "b1", "W2", "b2", "W3", "b3")
SIZES = (2, 8, 8, 1)  # the middle matrix is square: its transpose fits, and no error is raised
TASKS = tuple(name for name in PLANE if name != "digits 1 and 9")
SAMPLES = (7, 20, 50, 100)
UPDATES = 300
NUDGE = 2.0**-14  # smaller than in gradcheck: no kink of a sample may lie within reach
TOLERANCE = 1e-7
GRID = 40
LIMIT = 2.4

Gradients = list[tuple[np.ndarray, np.ndarray]]
# (Ws, Zs, As, delta, phi) -> [(dW1, db1), (dW2, db2), ...]
Backward = Callable[[Sequence[np.ndarray], Sequence[np.ndarray], Sequence[np.ndarray], np.ndarray, Activation], Any]


@dataclass(frozen=True)
class Start:
    """A network before its first update, its samples, and its gradients by finite differences."""

    X: np.ndarray
    Y: np.ndarray
    phi: Activation
    Ws: tuple[np.ndarray, ...]
    bs: tuple[np.ndarray, ...]
    feedback: tuple[np.ndarray, ...]  # for a random matrix instead of W
    Zs: tuple[np.ndarray, ...]
    As: tuple[np.ndarray, ...]  # X first
    delta: np.ndarray  # dC/dz at the output, 1/N included
    numerical: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Finding:
    """What the numbers of a gradient say: which slip they are those of ("" if of none known), and in words."""

    slip: str
    words: str


@dataclass(frozen=True)
class Broken:
    """A gradient's check at the start, and what training makes of it, beside the right one."""

    X: np.ndarray
    Y: np.ndarray
    errors: np.ndarray  # of the six arrays
    ratios: np.ndarray  # the array is the right one times this, as well as it can be
    cosines: np.ndarray  # of the angle between the array and the right one
    finding: Finding
    losses: np.ndarray  # before each update and after the last; shorter where training had to stop
    right_losses: np.ndarray
    logits: np.ndarray  # (GRID, GRID), z of the output over the plane
    right_logits: np.ndarray
    accuracy: float
    right_accuracy: float
    total: int

    @property
    def verdicts(self) -> dict[str, bool]:
        """Whether an array passes the check, by name."""
        return {name: bool(error < TOLERANCE) for name, error in zip(ARRAYS, self.errors, strict=True)}


def forward(
    Ws: Sequence[np.ndarray], bs: Sequence[np.ndarray], X: np.ndarray, phi: Activation
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Z of every layer, and X with A of every hidden layer; the last A is left to the loss."""
    Zs: list[np.ndarray] = []
    As = [X]
    for W, b in zip(Ws, bs, strict=True):
        if Zs:
            As.append(phi(Zs[-1]))
        Zs.append(As[-1] @ W.mT + b)
    return Zs, As


def backward(
    Ws: Sequence[np.ndarray], Zs: Sequence[np.ndarray], As: Sequence[np.ndarray], delta: np.ndarray, phi: Activation
) -> Gradients:
    """The right gradients, [(dW, db)] by layer, from delta = dC/dz at the output."""
    return slipped(RIGHT, Ws, Zs, As, delta, phi)


def slipped(
    slip: str,
    Ws: Sequence[np.ndarray],
    Zs: Sequence[np.ndarray],
    As: Sequence[np.ndarray],
    delta: np.ndarray,
    phi: Activation,
    eta: float = 0.0,
    feedback: Sequence[np.ndarray] = (),
) -> Gradients:
    """The same with one slip; `eta` is for W already updated, `feedback` for a random matrix in place of each W.

    One network or many at once: leading axes, if there are any, count networks.
    """
    if slip in (SUM, TWICE, SIGN):
        delta = delta * {SUM: float(delta.shape[-2]), TWICE: 2.0, SIGN: -1.0}[slip]
    found: Gradients = []
    last = len(Ws) - 1
    for k in range(last, -1, -1):
        A = As[k - 1] if slip == EARLY and k == last else As[k]
        some = slice(-1, None) if slip == ASSIGNED else slice(None)
        dW, db = delta[..., some, :].mT @ A[..., some, :], delta[..., some, :].sum(axis=-2, keepdims=True)
        found.append((dW, db))
        if k:
            W = Ws[k]
            if slip == TRANSPOSED and W.shape[-2] == W.shape[-1]:
                W = W.mT
            elif slip == UPDATED:
                W = W - eta * dW
            elif slip == RANDOM:
                W = feedback[k]
            delta = delta @ W
            if slip == AT_A:
                delta = delta * phi.derivative(As[k])
            elif slip != SLOPE:
                delta = delta * phi.derivative(Zs[k - 1], As[k])
    return found[::-1]


@lru_cache(maxsize=32)
def start_of(activation: str, task: str, n: int, seed: int) -> Start:
    """The network 2-8-8-1 with small random biases, and its gradients by nudging each of its 105 numbers."""
    X, Y = PLANE[task](n, seed=seed)
    phi = ACTIVATIONS[activation]
    rng = np.random.default_rng(seed)
    net = MLP(SIZES, phi, sigmoid, seed=rng)
    Ws = tuple(layer.W for layer in net.layers)
    # Of many biases those that keep every z away from 0: no nudge may carry a sample over the kink of a ReLU.
    tries = [tuple(rng.normal(0, 0.1, layer.b.shape) for layer in net.layers) for _ in range(60)]
    bs = max(tries, key=lambda some: min(float(np.abs(Z).min()) for Z in forward(Ws, some, X, phi)[0][:-1]))
    Zs, As = forward(Ws, bs, X, phi)
    feedback = tuple(rng.normal(0, 1 / np.sqrt(W.shape[1]), W.shape) for W in Ws)
    delta = (sigmoid(Zs[-1]) - Y) / n
    return Start(X, Y, phi, Ws, bs, feedback, tuple(Zs), tuple(As), delta, _by_nudging(Ws, bs, X, Y, phi))


def _by_nudging(Ws: Any, bs: Any, X: np.ndarray, Y: np.ndarray, phi: Activation) -> tuple[np.ndarray, ...]:
    """The five-point stencil of gradcheck, all nudged networks at once: four members an entry."""
    arrays = [array for pair in zip(Ws, bs, strict=True) for array in pair]
    entries = sum(array.size for array in arrays)
    many = [np.repeat(array[None], 4 * entries, axis=0) for array in arrays]
    member = 0
    for k, array in enumerate(arrays):
        flat = many[k].reshape(4 * entries, -1)
        for entry in range(array.size):
            flat[member : member + 4, entry] += NUDGE * np.array([-2, -1, 1, 2])
            member += 4
    Zs, _ = forward(many[0::2], many[1::2], X, phi)
    C = bce.from_logits(Zs[-1], Y).reshape(entries, 4)
    slopes = (8 * (C[:, 2] - C[:, 1]) - (C[:, 3] - C[:, 0])) / (12 * NUDGE)
    ends = np.cumsum([array.size for array in arrays])[:-1]
    return tuple(s.reshape(a.shape) for s, a in zip(np.split(slopes, ends), arrays, strict=True))


def _flat(found: Any) -> list[np.ndarray]:
    return [np.asarray(array, dtype=float) for pair in found for array in pair]


def _checked(found: Any, start: Start) -> list[np.ndarray]:
    """The arrays of a learner's own backward, or a ValueError that says what does not fit."""
    try:
        arrays = _flat(found)
    except (TypeError, ValueError):
        raise ValueError("your backward must return [(dW1, db1), (dW2, db2), (dW3, db3)]") from None
    if len(arrays) != len(ARRAYS):
        raise ValueError(f"your backward must return three pairs (dW, db), got {len(arrays)} arrays")
    for name, array, like in zip(ARRAYS, arrays, start.numerical, strict=True):
        if array.shape != like.shape:
            raise ValueError(f"your d{name} must have shape {like.shape}, got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"your d{name} holds a number that is not finite")
    return arrays


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """|one - other| relative to the larger of the two; 0 for two arrays of zeros."""
    scale = max(float(np.linalg.norm(one)), float(np.linalg.norm(other)))
    return float(np.linalg.norm(one - other)) / scale if scale else 0.0


def _gradient_of(slip: str, start: Start, eta: float) -> list[np.ndarray]:
    return _flat(slipped(slip, start.Ws, start.Zs, start.As, start.delta, start.phi, eta, start.feedback))


WHY = {
    SLOPE: "δ went through a layer without the factor φ′(z)",
    AT_A: "the slope was taken at a instead of z",
    TRANSPOSED: "δ went back through the transpose of W2, which fits only because W2 is square",
    UPDATED: "the way back used weights that were already updated",
    EARLY: "dW3 was made with the input of layer 2 instead of that of layer 3",
    ASSIGNED: "these are the gradients of the last sample alone: each sample replaced the one before",
}


def diagnose(arrays: Sequence[np.ndarray], start: Start, eta: float) -> Finding:
    """What slip these gradients suffer from, out of the numbers alone."""
    right = start.numerical
    wrong = [n for n, a, r in zip(ARRAYS, arrays, right, strict=True) if not _apart(a, r) < TOLERANCE]
    if not wrong:
        return Finding(RIGHT, "All six gradients agree with finite differences.")
    of_all = np.concatenate([a.ravel() for a in arrays]), np.concatenate([r.ravel() for r in right])
    ratio = float(of_all[0] @ of_all[1] / (of_all[1] @ of_all[1]))
    if _apart(of_all[0], ratio * of_all[1]) < TOLERANCE:
        known = {-1.0: SIGN, 2.0: TWICE, float(len(start.X)): SUM}
        slip = next((name for factor, name in known.items() if abs(ratio - factor) < 1e-5), "")
        text = f"Every gradient is the right one times {_number(ratio)}: "
        why = {
            SIGN: "the sign is wrong, and training climbs",
            TWICE: "the square was differentiated without its 1/2, or a gradient added twice",
            SUM: f"that is N, so samples were summed and never divided by {len(start.X)}",
        }
        return Finding(slip, text + why.get(slip, "a factor too many") + ".")
    where = f"Wrong: {', '.join(wrong)}" + (
        f"; right: {', '.join(n for n in ARRAYS if n not in wrong)}. " if len(wrong) < len(ARRAYS) else ". "
    )
    for slip, reason in WHY.items():
        if all(_apart(a, b) < TOLERANCE / 10 for a, b in zip(arrays, _gradient_of(slip, start, eta), strict=True)):
            return Finding(slip, f"{where}The numbers are those of one slip: {reason}.")
    rows = _factors(arrays[2], right[2])
    if wrong == list(ARRAYS[:4]) and rows is not None:
        return Finding(
            RANDOM,
            f"{where}Each row of dW2 is the right row times a factor of its own, from {_number(min(rows))} to "
            f"{_number(max(rows))}: other numbers stood in for W3 on the way back.",
        )
    first = max(ARRAYS.index(name) for name in wrong) // 2 + 1
    return Finding("", f"{where}No slip known here gives these numbers. Look first at layer {first}.")


def _factors(rows: np.ndarray, right: np.ndarray) -> list[float] | None:
    """The factor of each row, if every row is a multiple of the right one."""
    factors = [float(a @ r / (r @ r)) if (r @ r) > 0 else 1.0 for a, r in zip(rows, right, strict=True)]
    fits = all(_apart(a, f * r) < 1e-5 for a, f, r in zip(rows, factors, right, strict=True))
    return factors if fits else None


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", MINUS)


GRID_POINTS = unit_grid(LIMIT, GRID)[0]
TOO_FAR = 1e6  # of the loss; nothing is learned from there


Trained = tuple[np.ndarray, np.ndarray, float]


def _trained(start: Start, eta: float, gradient: Callable[..., list[np.ndarray]]) -> Trained:
    """Losses of UPDATES steps of plain descent, z over the plane, and the share of samples on the right side."""
    Ws, bs = list(start.Ws), list(start.bs)
    losses = []
    with np.errstate(all="ignore"):
        for k in range(UPDATES + 1):
            Zs, As = forward(Ws, bs, start.X, start.phi)
            C = float(bce.logit_terms(Zs[-1], start.Y).mean())  # type: ignore[misc]
            if not C < TOO_FAR:
                break
            losses.append(C)
            if k < UPDATES:
                found = gradient(Ws, Zs, As, (sigmoid(Zs[-1]) - start.Y) / len(start.X))
                kept = Ws, bs
                Ws = [W - eta * g for W, g in zip(Ws, found[0::2], strict=True)]
                bs = [b - eta * g for b, g in zip(bs, found[1::2], strict=True)]
        if len(losses) <= UPDATES:
            Ws, bs = kept
        right = (forward(Ws, bs, start.X, start.phi)[0][-1] > 0) == (start.Y > 0.5)
        logits = forward(Ws, bs, GRID_POINTS, start.phi)[0][-1].reshape(GRID, GRID)
    return np.array(losses), logits, float(right.mean())


@lru_cache(maxsize=64)
def _trained_with(slip: str, activation: str, task: str, n: int, seed: int, eta: float, updates: int) -> Trained:
    start = start_of(activation, task, n, seed)

    def gradient(Ws: Any, Zs: Any, As: Any, delta: np.ndarray) -> list[np.ndarray]:
        return [g for pair in slipped(slip, Ws, Zs, As, delta, start.phi, eta, start.feedback) for g in pair]

    return _trained(start, eta, gradient)


@lru_cache(maxsize=64)
def ends_of_training(
    slip: str, eta: float = 0.5, starts: int = 20, seed: int = 0, activation: str = "tanh", task: str = "moons"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """After UPDATES steps with one slip: the loss, how many times the right gradient's loss that is, and accuracy.

    Each has one number a start. Start k has weights, biases, random feedback and 100 samples of its own, those of
    seed `seed` + k in `break_the_gradient`. A run that leaves the scale ends at infinity.
    """
    many = [start_of(activation, task, 100, seed + k) for k in range(starts)]
    X, Y = (np.stack([getattr(one, name) for one in many]) for name in ("X", "Y"))
    Ws, bs, feedback = (
        [np.stack(layer) for layer in zip(*(getattr(one, name) for one in many), strict=True)]
        for name in ("Ws", "bs", "feedback")
    )
    phi = ACTIVATIONS[activation]
    with np.errstate(all="ignore"):
        for _ in range(UPDATES):
            Zs, As = forward(Ws, bs, X, phi)
            found = slipped(slip, Ws, Zs, As, (sigmoid(Zs[-1]) - Y) / X.shape[-2], phi, eta, feedback)
            Ws = [W - eta * dW for W, (dW, _) in zip(Ws, found, strict=True)]
            bs = [b - eta * db for b, (_, db) in zip(bs, found, strict=True)]
        z = forward(Ws, bs, X, phi)[0][-1]
        C = bce.logit_terms(z, Y).mean(axis=-1)  # type: ignore[misc]
    C = np.where(C < TOO_FAR, C, np.inf)
    right = C if slip == RIGHT else ends_of_training(RIGHT, eta, starts, seed, activation, task)[0]
    return C, C / right, ((z > 0) == (Y > 0.5)).mean(axis=(-2, -1))


def break_gradient(
    slip: str, activation: str, eta: float, task: str, n: int, seed: int, own: Backward | None = None
) -> Broken:
    """A gradient with a slip: its check against finite differences, its numbers' diagnosis, and a run with it."""
    start = start_of(activation, task, n, seed)
    if slip == YOURS and own is not None:
        mine: Backward = own

        def gradient(Ws: Any, Zs: Any, As: Any, delta: np.ndarray) -> list[np.ndarray]:
            return _flat(mine(Ws, Zs, As, delta, start.phi))

        Ws, Zs, As = ([array.copy() for array in arrays] for arrays in (start.Ws, start.Zs, start.As))
        arrays = _checked(own(Ws, Zs, As, start.delta.copy(), start.phi), start)
        run = _trained(start, eta, gradient)
    else:
        arrays = _gradient_of(slip, start, eta)
        run = _trained_with(slip, activation, task, n, seed, eta, UPDATES)
    true = _trained_with(RIGHT, activation, task, n, seed, eta, UPDATES)
    pairs = list(zip(arrays, start.numerical, strict=True))
    norms = [max(float(np.linalg.norm(a) * np.linalg.norm(r)), 1e-300) for a, r in pairs]
    return Broken(
        start.X,
        start.Y,
        np.array([_apart(a, r) for a, r in pairs]),
        np.array([float((a * r).sum() / max((r * r).sum(), 1e-300)) for a, r in pairs]),
        np.array([float((a * r).sum()) / norm for (a, r), norm in zip(pairs, norms, strict=True)]),
        diagnose(arrays, start, eta),
        run[0],
        true[0],
        run[1],
        true[1],
        run[2],
        true[2],
        UPDATES,
    )


def _ending(losses: np.ndarray, total: int) -> str:
    return _loss(losses[-1]) if len(losses) > total else f"off the scale after {len(losses):,} updates"


def _broken_status(p: dict[str, Any], r: Broken) -> str:
    text = r.finding.words
    if r.finding.slip == RIGHT and p["slip"] not in (RIGHT, YOURS):
        flat = "its slope is 1 everywhere" if p["activation"] == "identity" else "a and z have the same sign"
        text += f" With {p['activation']} this slip changes nothing: {flat}."
    return (
        f"{text} After {r.total} updates the loss is {_ending(r.losses, r.total)} and {r.accuracy:.0%} of the samples "
        f"are right; with the right gradient {_ending(r.right_losses, r.total)} and {r.right_accuracy:.0%}."
    )


@refuses_unknown_names
def break_the_gradient(own: Backward | None = None, **start: Any) -> Explorer:
    """One slip, and what a gradient check, the loss and the numbers themselves have to say about it.

    `own(Ws, Zs, As, delta, phi)` puts a backward pass of your own into the menu, in place of the right one (which is
    always drawn beside it); it returns [(dW, db)] by layer.
    """
    menu = SLIPS if own is None else (YOURS, *SLIPS[1:])
    controls = {
        "slip": choice("slip", menu, start.get("slip", menu[0])),
        "activation": choice("activation", SCALAR, start.get("activation", "tanh")),
        "eta": rate(ETA, start.get("eta", 0.5), 0.01, 10),
        "task": choice("data", TASKS, start.get("task", "moons")),
        "n": steps("samples N", start.get("n", 100), SAMPLES),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        break_gradient if own is None else partial(break_gradient, own=own),
        pictures.draw_broken,
        title="Break the gradient",
        alt=lambda p, r: (
            "Left: the relative errors of the gradients of six parts on a logarithmic axis with the limit 1e-7; "
            + ", ".join(f"{name} {'right' if fine else 'wrong'}" for name, fine in r.verdicts.items())
            + f". Middle: the loss over {r.total} updates, solid with this gradient, ending "
            f"{_ending(r.losses, r.total)}, dashed with the right one, ending {_ending(r.right_losses, r.total)}. "
            f"Right: the {p['task']} samples and the trained network's outputs, {r.accuracy:.0%} on the right side."
        ),
        status=_broken_status,
        panels=(1, 0.85, 1),
        height=335,
    )


# ---- Bug hunt

HUNT_X = np.array([[0.50, 0.10], [0.05, 0.18], [0.05, 0.31]])
HUNT_Y = np.array([[1.0, 2.0], [0.0, 3.0], [1.0, 123.0]])
SQUEEZED = HUNT_Y / HUNT_Y.max(axis=0)  # what a sigmoid can reach: each output by the largest of its targets
HUNT_SIZES = (2, 3, 2, 2)
EPOCHS = 10_000
SLOW_ETA, SLOW_EPOCHS = 0.01, 500
POINTS = 100  # of each curve, at most


@dataclass(frozen=True)
class Hunt:
    """What a training script did: its losses and outputs by epoch, what it printed, and the repaired one's losses."""

    epochs: np.ndarray
    losses: np.ndarray
    outputs: np.ndarray  # (epochs, 3 samples, 2 outputs)
    targets: np.ndarray
    printed: np.ndarray  # one entry of W1 or of its gradient, by epoch
    heading: str
    repaired_epochs: np.ndarray
    repaired: np.ndarray
    error: str


class Sigmoid:
    """As in a library: a module that is made first, Sigmoid(), and applied afterwards, Sigmoid()(z)."""

    def __call__(self, z: np.ndarray) -> np.ndarray:
        return sigmoid(z)


@lru_cache(maxsize=64)
def _script(never: bool, once: bool, far: bool, eta: float, epochs: int, seed: int) -> tuple[np.ndarray, ...]:
    """Epochs (those of a logarithmic scale), losses, outputs, first entries of W1 and of dW1."""
    net = MLP(HUNT_SIZES, sigmoid, sigmoid, seed=seed)
    Y = HUNT_Y if far else SQUEEZED
    shown = np.unique(np.r_[0, np.geomspace(1, epochs, POINTS).round().astype(int)])[: 1 if once else None]
    seen: list[tuple[Any, ...]] = []
    for before, epoch in zip(np.r_[0, shown], shown, strict=False):
        if epoch and not never:
            train(net, HUNT_X, Y, mse, eta=eta, steps=int(epoch - before))
        net.forward(HUNT_X)
        net.backward(mse, Y)
        seen.append(_look(net, Y))
    return (shown, *(np.array(column) for column in zip(*seen, strict=True)))


def _look(net: Any, Y: np.ndarray) -> tuple[Any, ...]:
    first, last = net.layers[0], net.layers[-1]
    return float(mse(last.a, Y)), last.a.copy(), float(first.W[0, 0]), float(first.dW[0, 0])


def hunt(never: bool, once: bool, weights: bool, far: bool, slow: bool, made: bool, eta: float, seed: int) -> Hunt:
    """The script 2-3-2-2 with sigmoids, MSE and plain descent; each argument but the last two switches a bug on."""
    good_epochs, good, *_ = _script(False, False, False, eta, EPOCHS, seed)
    targets = HUNT_Y if far else SQUEEZED
    heading = "W1[0,0]" if weights else "dW1[0,0]"
    if made:
        try:
            Sigmoid(HUNT_X)  # type: ignore[call-arg]
        except TypeError as error:
            nothing = np.zeros((0, 3, 2))
            return Hunt(np.zeros(0), np.zeros(0), nothing, targets, np.zeros(0), "", good_epochs, good, str(error))
    rate, long = (SLOW_ETA, SLOW_EPOCHS) if slow else (eta, EPOCHS)
    epochs, losses, outputs, W, dW = _script(never, once, far, rate, long, seed)
    return Hunt(epochs, losses, outputs, targets, W if weights else dW, heading, good_epochs, good, "")


def _loss(value: float) -> str:
    return f"{value:,.1f}" if value >= 100 else f"{value:.3g}"


def _hunt_status(p: dict[str, Any], r: Hunt) -> str:
    if r.error:
        return (
            f"TypeError: {r.error}. Sigmoid(x) tries to make a new sigmoid out of x. Make it once, s = Sigmoid(), and "
            "apply it: s(x). No epoch was run."
        )
    parts = []
    last = int(r.epochs[-1])
    if len(r.losses) == 1:
        parts.append("One epoch, then break: a single loss, and nothing to compare it with.")
    elif r.losses[0] == r.losses[-1]:
        parts.append(f"{last:,} epochs, and the loss is {_loss(r.losses[0])} in each: no update reaches a weight.")
    else:
        parts.append(f"The loss goes from {_loss(r.losses[0])} to {_loss(r.losses[-1])} in {last:,} epochs.")
        first = ", ".join(f"{a:.2f}" for a in r.outputs[-1, :, 0])
        parts.append(f"The first output ends at {first}; its targets are 1, 0, 1.")
    if (r.targets > 1).any():
        least = float(mse(np.minimum(r.targets, 1), r.targets))
        parts.append(f"Sigmoid outputs stay below 1, so with these targets no loss is below {least:,.1f}.")
    if r.heading == "W1[0,0]":
        parts.append("Printed are weights, which say nothing about a gradient.")
    if p["never"] and len(r.losses) > 1:
        parts.append("Gradients were computed each time, and never used.")
    if not any(p[bug] for bug in ("never", "once", "weights", "far", "slow")):
        parts.append("Nothing is left to repair.")
    return " ".join(parts)


@refuses_unknown_names
def bug_hunt(**start: Any) -> Explorer:
    """A training script with six bugs, each with a switch, beside the repaired one."""
    controls = {
        "never": toggle("the step is never called", start.get("never", True)),
        "once": toggle("break after the first epoch", start.get("once", True)),
        "weights": toggle("prints weights for gradients", start.get("weights", True)),
        "far": toggle("targets 2, 3 and 123", start.get("far", True)),
        "slow": toggle("η = 0.01, 500 epochs", start.get("slow", True)),
        "made": toggle("Sigmoid(x) for Sigmoid()(x)", start.get("made", False)),
        "eta": rate(ETA, start.get("eta", 1.0), 0.1, 10),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        hunt,
        pictures.draw_hunt,
        title="Bug hunt",
        alt=lambda p, r: (
            "Left: the loss by epoch, both on logarithmic axes, dashed the repaired script, ending at "
            f"{r.repaired[-1]:.2g}; "
            + (
                f"this script stops with a TypeError, {r.error}, and draws nothing."
                if r.error
                else f"solid this script, {'a curve' if len(r.losses) > 1 else 'a single point'} ending at "
                f"{r.losses[-1]:.3g}. Middle: its six outputs, all between {r.outputs[-1].min():.2f} and "
                f"{r.outputs[-1].max():.2f} at the end, and their targets. Right: the lines that it prints, with "
                f"{r.heading}."
            )
        ),
        status=_hunt_status,
        panels=(1, 1, 1.15),
        height=330,
        idle=_hunt_idle,
    )


def _hunt_idle(p: dict[str, Any]) -> list[str]:
    if p["made"]:
        return ["never", "once", "weights", "slow"]
    return ["never", "slow"] if p["once"] else []  # behind the break nobody sees whether a weight moved


# ---- How small a nudge

QUOTIENTS = ("one-sided", "central", "five points")
FUNCTIONS = ("sigmoid", "tanh", "relu", "elu", "softplus")
NUDGES = np.logspace(-13, 0, 157)


@dataclass(frozen=True)
class Nudge:
    """Relative errors of three difference quotients for the slope of C at z, by size of the nudge."""

    nudges: np.ndarray
    errors: np.ndarray  # (3, nudges)
    now: float
    now_errors: np.ndarray
    z: float
    slope: float
    line_z: np.ndarray
    line_C: np.ndarray
    C: float
    ends: np.ndarray  # C at z - h and z + h
    quotient: float  # the central one


def nudge(activation: str, z: float, h: float) -> Nudge:
    """Difference quotients for C = phi(z)^2 / 2 + phi(z), whose slope is (phi(z) + 1) phi'(z)."""
    phi = ACTIVATIONS[activation]

    def C(z: Any) -> np.ndarray:
        a = phi(np.asarray(z, dtype=float))
        return a * a / 2 + a

    slope = float((phi(z) + 1) * phi.derivative(z))

    def errors(h: np.ndarray) -> np.ndarray:
        one = (C(z + h) - C(z)) / h
        two = (C(z + h) - C(z - h)) / (2 * h)
        five = (8 * (C(z + h) - C(z - h)) - (C(z + 2 * h) - C(z - 2 * h))) / (12 * h)
        found = np.stack([one, two, five])
        return np.abs(found - slope) / np.maximum(np.maximum(np.abs(found), abs(slope)), 1e-300)

    line = np.linspace(-3, 3, 301)
    quotient = float((C(z + h) - C(z - h)) / (2 * h))
    return Nudge(
        NUDGES,
        errors(NUDGES),
        h,
        errors(np.array([h]))[:, 0],
        z,
        slope,
        line,
        C(line),
        float(C(z)),
        C(np.array([z - h, z + h])),
        quotient,
    )


def _nudge_status(p: dict[str, Any], r: Nudge) -> str:
    sizes = ", ".join(f"{name} {_size(e)}" for name, e in zip(QUOTIENTS, r.now_errors, strict=True))
    text = (
        f"h = {r.now:.2g}: the slope is {_number(r.slope)}, the central quotient {_number(r.quotient)}. "
        f"Relative error: {sizes}."
    )
    if p["activation"] == "relu" and abs(r.z) < 2 * r.now:
        text += " The kink at 0 lies within reach: the quotients mix both sides, and accuse a gradient that is right."
    return text


def _size(error: float) -> str:
    return "below 1e-16" if error < 1e-16 else f"{error:.0e}".replace("e-0", "e-")


@refuses_unknown_names
def how_small_a_nudge(**start: Any) -> Explorer:
    """The error of finite differences against the size of the nudge, and what a kink does to them."""
    controls = {
        "activation": choice("activation", FUNCTIONS, start.get("activation", "sigmoid")),
        "z": slider("pre-activation z", start.get("z", 0.5), -2, 2, 0.01),
        "h": rate("nudge h", start.get("h", 1.0), 1e-13, 1, 5),
    }
    return Explorer(
        controls,
        nudge,
        pictures.draw_nudge,
        title="How small a nudge",
        alt=lambda p, r: (
            f"Left: a loss over z for {p['activation']}, with the line through the points at z = {_number(r.z)} "
            "plus and minus h. Right: relative errors of three difference quotients against h on logarithmic axes; at "
            f"h = {r.now:.2g} "
            + ", ".join(f"{name} {_size(e)}" for name, e in zip(QUOTIENTS, r.now_errors, strict=True))
            + "."
        ),
        status=_nudge_status,
        panels=(1, 1.4),
        height=310,
    )
