"""What a picture needs of a run, as plain arrays: always finite, always copies, never the run itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbcore.network import Sequential
from nbcore.play.data import Problem
from nbcore.play.settings import Settings
from nbcore.training import Training

FLAT = 0.05  # a slope below it counts as saturated, as in lesson 02
DEAD = 1e-6  # a unit whose slope is below it on every training point gets no gradient
A_EDGES = np.linspace(-2, 2, 41)
G_EDGES = np.linspace(-16, 4, 41)
HUGE = 1e300


@dataclass(frozen=True, eq=False)
class Numbers:
    """The cheap part: losses on all points, scores, weights, outputs.

    `epoch` counts in the present batch size. `score` is the share of points in the right class, or for regression the
    root of the mean squared error, in the targets' own units. `outputs` are the network's on the training points
    (N, n_out), in these units too, `outputs_test` on the others; `predicted` the classes 0 to k-1 they stand for (empty
    for regression); `confusion` (k, k) counts test points, rows the true class.
    """

    step: int
    epoch: float
    loss: float
    loss_test: float
    score: float
    score_test: float
    W: tuple[np.ndarray, ...]
    b: tuple[np.ndarray, ...]
    outputs: np.ndarray
    outputs_test: np.ndarray
    predicted: np.ndarray
    predicted_test: np.ndarray
    confusion: np.ndarray


@dataclass(frozen=True, eq=False)
class Inside:
    """Layer by layer, first to last: what the units give, and what reaches the weights, on all training points.

    `activations` (L, 40) counts over A_EDGES (what lies outside is in the end bins), `gradients` (L, 40) counts of
    log10 |dC/dw| over G_EDGES, and `zero` (L,) the share of dC/dw that is exactly 0, in no bin. `norms` (L,) the root
    mean square of dC/dW; `saturated` (L,) the share of units and points where |phi'(z)| < 0.05; `dead` (L,) the share
    of units where phi'(z) is 0 (below 1e-6) for every point, `dead_units` which ones; `saturated_units` for each unit
    the share of points where it is saturated, `means` its mean activation; `ratio` (L,) the size of the next update of
    W beside W's own, both as root mean squares.
    """

    activations: np.ndarray
    gradients: np.ndarray
    zero: np.ndarray
    norms: np.ndarray
    saturated: np.ndarray
    dead: np.ndarray
    dead_units: tuple[np.ndarray, ...]
    saturated_units: tuple[np.ndarray, ...]
    means: tuple[np.ndarray, ...]
    ratio: np.ndarray


@dataclass(frozen=True, eq=False)
class View:
    """All of it. `surface` (R, R), with an axis more for several outputs, and `maps`, one (units, R, R) a hidden layer,
    are None when the data have no plane. Rows go up along x2, columns along x1."""

    numbers: Numbers
    inside: Inside
    surface: np.ndarray | None
    maps: tuple[np.ndarray, ...] | None


def sure(problem: Problem, layers: int, m: int) -> bool:
    """Whether layer `m` (0 is the first) of so many is the output of a matching pair: there the slope cancels.

    With dC/dz = a - y a saturated output is a sure one, which learns wherever it is wrong; it can't die.
    """
    return m == layers - 1 and problem.loss.partner == problem.output


def tame(values: Any) -> np.ndarray:
    """Finite: what overflowed stands at 1e300, what is no number at 0."""
    values = np.asarray(values)
    if not values.size or np.abs(values).max() <= HUGE:  # no NaN either
        return values
    return np.clip(np.nan_to_num(values, nan=0.0, posinf=HUGE, neginf=-HUGE), -HUGE, HUGE)


def forward(net: Sequential, X: np.ndarray) -> list[np.ndarray]:
    """The activations of every layer, without touching what the layers hold for training."""
    found = []
    with np.errstate(all="ignore"):
        for layer in net.layers:
            X = layer.phi.f(X @ layer.W.mT + layer.b)
            found.append(X)
    return found


def predicted(outputs: np.ndarray, problem: Problem) -> np.ndarray:
    """Classes 0 to k-1; empty for regression."""
    if problem.kind == "regression":
        return np.empty(0, np.int64)
    return outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0.5).astype(np.int64)


def measured(
    net: Sequential,
    X: np.ndarray,
    Y: np.ndarray,
    labels: np.ndarray,
    problem: Problem,
    dead: list[np.ndarray] | None = None,
) -> tuple[Any, ...]:
    """Loss, score and outputs on some points; which hidden units are dead on them is added to `dead`."""
    with np.errstate(all="ignore"):
        for layer in net.layers:
            z = X @ layer.W.mT + layer.b
            X = layer.phi.f(z)
            if dead is not None and layer is not net.layers[-1]:
                dead.append(np.abs(layer.phi.fprime(z, X)).max(axis=0) < DEAD)
        loss = float(tame(problem.loss.unchecked_value(z, X, Y)))
        outputs = tame(problem.own_units(tame(X)))
        if problem.kind == "regression":
            score = float(tame(problem.unit * np.sqrt(np.mean((tame(X) - Y) ** 2))))
        else:
            score = float(np.mean(predicted(outputs, problem) == labels))
    return loss, score, outputs


def numbers(net: Sequential, problem: Problem, step: int, batch: int) -> Numbers:
    """The cheap part of a view."""
    p = problem
    loss, score, outputs = measured(net, p.X, p.Y, p.labels, p)
    loss_test, score_test, outputs_test = measured(net, p.X_test, p.Y_test, p.labels_test, p)
    found = predicted(outputs_test, p)
    k = len(p.classes)
    confusion = np.bincount(k * p.labels_test + found, minlength=k * k).reshape(k, k) if k else np.zeros((0, 0), int)
    return Numbers(
        step, step / -(-len(p.X) // batch), loss, loss_test, score, score_test,
        tuple(layer.W.copy() for layer in net.layers), tuple(layer.b[0].copy() for layer in net.layers),
        outputs, outputs_test, predicted(outputs, p), found, confusion,
    )  # fmt: skip


def surface(net: Sequential, problem: Problem, resolution: int) -> np.ndarray:
    """The outputs over the plane: (R, R), or (R, R, n_out) for several."""
    a = tame(problem.own_units(tame(forward(net, problem.grid(resolution))[-1])))
    return a.reshape(resolution, resolution) if a.shape[1] == 1 else a.reshape(resolution, resolution, -1)


def maps(net: Sequential, problem: Problem, resolution: int) -> tuple[np.ndarray, ...]:
    """What each hidden unit gives over the plane: one (units, R, R) a layer."""
    found = forward(net, problem.grid(resolution))[:-1]
    return tuple(tame(a.T).reshape(-1, resolution, resolution) for a in found)


def inside(net: Sequential, problem: Problem, settings: Settings, training: Training) -> Inside:
    """Layer by layer, on all training points; `ratio` on those of the next update."""
    twin = net.copy()
    with np.errstate(all="ignore"):
        twin.unchecked_forward(problem.X)
        twin.unchecked_backward(problem.loss, problem.Y)
        rows: list[tuple[Any, ...]] = []
        for layer in twin.layers:
            dW = tame(layer.dW)
            slopes = _slopes(layer)
            flat = np.abs(slopes) < FLAT
            gone = (np.abs(slopes) < DEAD).all(axis=0)
            moved = dW[dW != 0]
            rows.append((
                _histogram(tame(layer.a), A_EDGES), _histogram(np.log10(np.abs(moved)), G_EDGES),
                1 - moved.size / dW.size, _rms(dW), flat.mean(), gone.mean(), gone,
                flat.mean(axis=0), tame(layer.a / len(layer.a)).sum(axis=0),
            ))  # fmt: skip
        ratio = _ratios(twin, problem, settings, training)
    a, g, zero, norms, flats, deads, units, flat_units, means = zip(*rows, strict=True)
    return Inside(
        np.array(a), np.array(g), np.array(zero), np.array(norms), np.array(flats), np.array(deads), units,
        flat_units, means, ratio,
    )  # fmt: skip


def _slopes(layer: Any) -> np.ndarray:
    """phi'(z) of every point and unit; for softmax its diagonal, a (1 - a)."""
    if layer.phi.name == "softmax":
        return tame(layer.a * (1 - layer.a))
    return tame(layer.phi.fprime(layer.z, layer.a))


def _ratios(twin: Sequential, problem: Problem, settings: Settings, training: Training) -> np.ndarray:
    state = training.state()
    if state["rest"] is not None:
        # The samples that wait for their update; just after a new batch size their order is not drawn yet.
        rows = state["rest"][: settings.batch] if len(state["rest"]) else slice(settings.batch)
        twin.unchecked_forward(problem.X[rows])
        twin.unchecked_backward(problem.loss, problem.Y[rows])
    optimizer = settings.optimizer_object
    gradients = []
    for layer in twin.layers:
        gradients += [layer.dW + settings.l1 * np.sign(layer.W) + settings.l2 * layer.W, layer.db]
    steps = optimizer.increments(gradients, state["memory"] or optimizer.start(twin.parameters()))
    sizes = [(_rms(tame(step)), _rms(tame(layer.W))) for step, layer in zip(steps[::2], twin.layers, strict=True)]
    return np.array([float(tame(step / own)) if own else 0.0 for step, own in sizes])


def _rms(values: np.ndarray) -> float:
    # Scaled by the largest, so that no square overflows.
    top = float(np.abs(values).max())
    return top * float(np.sqrt(np.mean((values / top) ** 2))) if top else 0.0


def _histogram(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Counts in equal bins; what lies outside is counted in the first and last."""
    bins = len(edges) - 1
    place = (values.ravel() - edges[0]) * (bins / (edges[-1] - edges[0]))
    return np.bincount(np.clip(place, 0, bins - 1).astype(np.int64), minlength=bins)
