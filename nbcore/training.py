"""Training: forward, loss, gradient, update, repeat. One text for one network and for many side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nbcore.checks import Seed, generator, named, number, rate, whole
from nbcore.losses import LOSSES, Loss
from nbcore.network import Sequential
from nbcore.optimizers import SGD, Optimizer


@dataclass(frozen=True)
class Step:
    """A moment of a run: `step` updates are done, `loss` is C on the next batch, `net` is live.

    With the full batch, `loss` is the loss on all samples. The layers hold that batch's gradients.
    """

    step: int
    loss: np.ndarray
    net: Sequential


@dataclass
class History:
    """What `train` saw: `step` (K,), `loss` (K, *ensemble), and `records`, one entry each time.

    loss[0] precedes the first update, so T steps give T + 1 values. `diverged` holds, per member, the
    step at which the loss stopped being finite, or -1; from there on the member is frozen.
    """

    step: np.ndarray
    loss: np.ndarray
    records: list[Any] = field(default_factory=list)
    diverged: np.ndarray = field(default_factory=lambda: np.array(-1))

    def __repr__(self) -> str:
        if not len(self.step):
            return "History(empty)"
        who = f"{self.loss[0].size} networks, median loss" if self.loss.ndim > 1 else "loss"
        first, last = np.nanmedian(self.loss[0]), np.nanmedian(self.loss[-1])
        gone = np.count_nonzero(self.diverged >= 0)
        return f"History({self.step[-1]} steps, {who} {first:.4g} -> {last:.4g}{f', {gone} diverged' if gone else ''})"


class Diverged(ArithmeticError):
    """The loss is no longer finite. `step` and `layer` (1 is the first) say where; `history` what was before."""

    def __init__(self, step: int, layer: int, history: History | None = None) -> None:
        self.step, self.layer, self.history = step, layer, history
        super().__init__(
            f"training diverged: after {step} updates the loss is no longer finite, layer {layer} overflowed first; "
            "try a smaller learning rate eta"
        )


def training(
    net: Sequential,
    X: Any,
    Y: Any,
    loss: Loss | str,
    optimizer: Optimizer,
    batch: int | None = None,
    seed: Seed = 0,
    l1: float = 0,
    l2: float = 0,
) -> Iterator[Step]:
    """An endless run that changes `net` in place: `next(run)` is one more update (the first: none yet).

    w <- w - eta (dC/dw + l1 sign(w) + l2 w) for SGD; the penalties are for weights only, never biases.
    `batch` samples a step, reshuffled every epoch (all of them when None). When every member has diverged
    it raises Diverged. Raises ValueError or TypeError at once for arguments that do not fit.
    """
    if not isinstance(net, Sequential):
        raise TypeError(f"net must be an MLP or another Sequential, got {net!r}")
    X, loss = net.check_samples(X), named("loss", loss, LOSSES)
    loss.check_output(net.layers[-1].phi)
    n = X.shape[-2]
    if np.ndim(Y) >= 2 and np.shape(Y)[-2] != n:
        raise ValueError(f"X and Y must have equally many samples, got {n} and {np.shape(Y)[-2]}")
    Y = loss.check_targets(Y, (*net.ensemble, n, net.layers[-1].n_out), "Y")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be SGD, Momentum or Adam, got {optimizer!r}")
    eta = rate("eta", optimizer.eta)
    if eta.ndim and eta.shape != net.ensemble:
        raise ValueError(f"eta must be one number, or have the ensemble's shape {net.ensemble}, got shape {eta.shape}")
    if batch is not None and whole("batch", batch) > n:
        raise ValueError(f"batch must be at most the number of samples, {n}, got {batch}")
    l1, l2 = number("l1", l1, low=0), number("l2", l2, low=0)
    return _run(net, X, Y, loss, optimizer, _batches(n, batch, generator("seed", seed)), l1, l2)


def _run(
    net: Sequential,
    X: np.ndarray,
    Y: np.ndarray,
    loss: Loss,
    optimizer: Optimizer,
    batches: Iterator[Any],
    l1: float,
    l2: float,
) -> Iterator[Step]:
    state = optimizer.start(net.parameters())
    alive = np.ones(net.ensemble, dtype=bool)
    for step, rows in enumerate(batches):
        with np.errstate(all="ignore"):  # an overflow is reported below, in words
            net.unchecked_forward(X[..., rows, :])
            last = net.layers[-1]
            C = loss.unchecked_value(last.z, last.a, Y[..., rows, :])
            before, alive = alive, alive & np.isfinite(C)
            if not alive.any():
                raise Diverged(step, _first_overflow(net, before))
            net.unchecked_backward(loss, Y[..., rows, :])
            # Taken before the pause: whoever holds the run may use the network in the meantime.
            gradients = _with_penalties(net, l1, l2)
        yield Step(step, np.where(alive, C, np.nan)[()], net)
        with np.errstate(all="ignore"):
            increments = optimizer.increments(gradients, state)
            if not alive.all():
                increments = [np.where(alive[..., None, None], increment, 0) for increment in increments]
            for p, increment in zip(net.parameters(), increments, strict=True):
                p += increment


def _batches(n: int, batch: int | None, rng: np.random.Generator) -> Iterator[Any]:
    while True:
        if batch is None or batch == n:
            yield slice(None)
        else:
            order = rng.permutation(n)
            yield from (order[i : i + batch] for i in range(0, n, batch))


def _with_penalties(net: Sequential, l1: float, l2: float) -> list[np.ndarray]:
    if not (l1 or l2):
        return net.gradients()
    return [g for layer in net.layers for g in (layer.dW + l1 * np.sign(layer.W) + l2 * layer.W, layer.db)]


def _first_overflow(net: Sequential, members: np.ndarray) -> int:
    for k, layer in enumerate(net.layers, start=1):
        if not all(np.isfinite(array[members]).all() for array in (layer.W, layer.b, layer.z, layer.a)):
            return k
    return len(net.layers)


def train(
    net: Sequential,
    X: Any,
    Y: Any,
    loss: Loss | str,
    eta: Any = None,
    steps: int = 1000,
    batch: int | None = None,
    optimizer: Optimizer | None = None,
    seed: Seed = 0,
    l1: float = 0,
    l2: float = 0,
    record: Callable[[Step], Any] | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> History:
    """Trains `net` in place for `steps` updates, by SGD with rate `eta` (0.1 if not given) or by `optimizer`.

    `eta` may hold one rate a member. `record(step)` is called before every update and after the last; what it
    returns is kept in `records` (copy what you keep: the network is live). `progress(step, steps)` likewise.
    Raises TypeError when both eta and optimizer are given, and Diverged with the history so far.
    """
    if eta is not None and optimizer is not None:
        raise TypeError("give eta or an optimizer, not both: an optimizer brings its own eta")
    if optimizer is None:
        optimizer = SGD(0.1 if eta is None else eta)
    for name, function in (("record", record), ("progress", progress)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be callable, got {function!r}")
    steps = whole("steps", steps, least=0)
    losses: list[np.ndarray] = []
    records: list[Any] = []
    try:
        for now in training(net, X, Y, loss, optimizer, batch, seed, l1, l2):
            losses.append(now.loss)
            if record is not None:
                records.append(record(now))
            if progress is not None:
                progress(now.step, steps)
            if now.step == steps:
                break
    except Diverged as stop:
        history = _history(losses, records, net)
        history.diverged = np.where(history.diverged < 0, stop.step, history.diverged)[()]
        raise Diverged(stop.step, stop.layer, history) from None
    return _history(losses, records, net)


def _history(losses: list[np.ndarray], records: list[Any], net: Sequential) -> History:
    loss = np.array(losses).reshape(len(losses), *net.ensemble)
    gone = np.isnan(loss)
    diverged = np.where(gone.any(axis=0), gone.argmax(axis=0), -1) if len(loss) else np.full(net.ensemble, -1)
    return History(np.arange(len(loss)), loss, records, diverged[()])
