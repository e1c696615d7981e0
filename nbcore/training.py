"""Training: forward, loss, gradient, update, repeat. One text for one network and for many side by side."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nbcore import _fast
from nbcore.checks import Seed, generator, named, number, rate, whole
from nbcore.losses import LOSSES, Loss
from nbcore.network import Sequential
from nbcore.optimizers import SGD, Optimizer


@dataclass(frozen=True)
class Step:
    """A moment of a run: `step` updates are done, `loss` is C on the next batch, `net` is live.

    With the full batch, `loss` is the loss on all samples. The layers hold that batch's gradients.
    `losses` (K, *ensemble) are those of all steps since the last moment that was shown, this one's the last.
    """

    step: int
    loss: np.ndarray
    net: Sequential
    losses: np.ndarray


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
        self.losses = np.empty(0)  # of the steps since the last one that was seen; train() puts them into the history
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
    engine: str = "auto",
    every: int = 1,
) -> Training:
    """An endless run that changes `net` in place: `next(run)` is `every` more updates (the first: none yet).

    w <- w - eta (dC/dw + l1 sign(w) + l2 w) for SGD; the penalties are for weights only, never biases or slopes.
    `batch` samples a step, reshuffled every epoch (all of them when None). When every member has diverged
    it raises Diverged. Raises ValueError or TypeError at once for arguments that do not fit.
    Where it can, it takes the numbers of `layers.py` from a faster engine, the faster the larger `every`;
    `engine="plain"` forces the readable one.
    """
    every = whole("every", every)
    return Training(_checked(net, X, Y, loss, optimizer, batch, seed, l1, l2, engine), every)


@dataclass(frozen=True)
class _Run:
    """The checked arguments of a run."""

    net: Sequential
    X: np.ndarray
    Y: np.ndarray
    loss: Loss
    optimizer: Optimizer
    batch: int | None
    rng: np.random.Generator
    l1: float
    l2: float
    fast: bool

    def engine(
        self, rest: np.ndarray | None = None, memory: dict[str, Any] | None = None, first: int = 0
    ) -> _fast.Engine | _Plain:
        """What takes the steps; it rests before an update, with the network's values of that step.

        It can take up a run at step `first`: with the `rest` of an epoch's samples, and the optimizer's `memory`.
        """
        if not self.fast:
            return _Plain(self, rest, memory, first)

        def replay(rows: list[Any], alive: np.ndarray, state: dict[str, Any], first: int) -> Iterator[np.ndarray]:
            return itertools.islice(_steps(self, iter(rows), state, alive, first), len(rows))

        return _fast.Engine(
            self.net,
            self.X,
            self.Y,
            self.loss,
            self.optimizer,
            self.batch,
            self.rng,
            self.l1,
            self.l2,
            replay,
            rest,
            memory,
            first,
        )


def _checked(
    net: Sequential,
    X: Any,
    Y: Any,
    loss: Loss | str,
    optimizer: Optimizer,
    batch: int | None,
    seed: Seed,
    l1: float,
    l2: float,
    engine: str,
) -> _Run:
    if not isinstance(net, Sequential):
        raise TypeError(f"net must be an MLP or another Sequential, got {net!r}")
    X, loss = net.check_samples(X), named("loss", loss, LOSSES)
    net.check_loss(loss)
    n = X.shape[-2]
    if np.ndim(Y) >= 2 and np.shape(Y)[-2] != n:
        raise ValueError(f"X and Y must have equally many samples, got {n} and {np.shape(Y)[-2]}")
    Y = loss.check_targets(Y, (*net.ensemble, n, net.layers[-1].n_out), "Y").astype(net.dtype, copy=False)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be SGD, Momentum or Adam, got {optimizer!r}")
    eta = rate("eta", optimizer.eta)
    if eta.ndim and eta.shape != net.ensemble:
        raise ValueError(f"eta must be one number, or have the ensemble's shape {net.ensemble}, got shape {eta.shape}")
    if batch is not None and whole("batch", batch) > n:
        raise ValueError(f"batch must be at most the number of samples, {n}, got {batch}")
    l1, l2 = number("l1", l1, low=0), number("l2", l2, low=0)
    if engine not in ("auto", "plain"):
        raise ValueError(f"engine must be 'auto' or 'plain', got {engine!r}")
    fast = engine == "auto" and _fast.applies(net, X, Y, optimizer)
    return _Run(net, X, Y, loss, optimizer, batch, generator("seed", seed), l1, l2, fast)


class _Plain:
    """The readable engine, with the face of _fast.Engine."""

    def __init__(self, run: _Run, rest: np.ndarray | None, memory: dict[str, Any] | None, first: int) -> None:
        self.net, self.batches = run.net, _Batches(run.X.shape[-2], run.batch, run.rng, rest)
        self.memory = run.optimizer.start(run.net.parameters()) if memory is None else memory
        self.steps = _steps(run, self.batches, self.memory, first=first)

    def advance(self, count: int) -> np.ndarray:
        losses: list[np.ndarray] = []
        try:
            losses.extend(itertools.islice(self.steps, count))
        except Diverged as stop:
            stop.losses = np.array(losses).reshape(len(losses), *self.net.ensemble)
            raise
        return np.array(losses)

    def rest(self) -> np.ndarray | None:
        return self.batches.before

    def state(self) -> dict[str, Any]:
        return copy.deepcopy(self.memory)

    def take_in(self) -> None:
        pass

    give_back = show = take_in


def _steps(
    run: _Run,
    batches: Iterator[Any],
    state: dict[str, Any] | None = None,
    alive: np.ndarray | None = None,
    first: int = 0,
) -> Iterator[np.ndarray]:
    """Training, to be read: the loss before each update. It can take over in the middle of a run, with its state."""
    net, X, Y, loss, optimizer = run.net, run.X, run.Y, run.loss, run.optimizer
    state = optimizer.start(net.parameters()) if state is None else state
    alive = np.ones(net.ensemble, dtype=bool) if alive is None else alive
    for step, rows in enumerate(batches, start=first):
        with np.errstate(all="ignore"):  # an overflow is reported below, in words
            net.unchecked_forward(X[..., rows, :])
            last = net.layers[-1]
            C = loss.unchecked_value(last.z, last.a, Y[..., rows, :])
            before, alive = alive, alive & np.isfinite(C)
            if not alive.any():
                raise Diverged(step, _first_overflow(net, before))
            net.unchecked_backward(loss, Y[..., rows, :])
            # Taken before the pause: whoever holds the run may use the network in the meantime.
            gradients = _with_penalties(net, run.l1, run.l2)
        yield np.where(alive, C, np.nan)[()]
        with np.errstate(all="ignore"):
            increments = optimizer.increments(gradients, state)
            if not alive.all():
                increments = [np.where(alive[..., None, None], increment, 0) for increment in increments]
            for p, increment in zip(net.parameters(), increments, strict=True):
                p += increment


class Training(Iterator[Step]):
    """A run that is under way, made by `training`; `now` is its last Step, or None.

    Besides `next(run)`: `advance` goes on by any number of updates, `change` sets rates and the like on the way,
    `state` and `restore` go back to an earlier moment. How a run is cut into pieces changes no digit of it.
    """

    def __init__(self, run: _Run, every: int) -> None:
        self._run, self._every = run, every
        self.now: Step | None = None
        self._over = False
        self._take_up(None, None, 0)

    @property
    def net(self) -> Sequential:
        return self._run.net

    @property
    def step(self) -> int:
        """How many updates are done."""
        return self._step

    def __next__(self) -> Step:
        if self._over:
            raise StopIteration
        return self._go(self._every if self.now else 0)

    def advance(self, updates: int) -> Training:
        """`updates` more updates; the run itself, so that `run.advance(100).change(eta=0.01)` is one line.

        Raises Diverged, after which only `restore` goes on.
        """
        if self._over:
            raise RuntimeError("this run is over: restore an earlier state first, or start another")
        self._go(whole("updates", updates, least=0))
        return self

    def change(self, **settings: Any) -> Training:
        """Another eta, optimizer, batch, l1 or l2 from the next update on; weights and their history are kept.

        The optimizer's memory is kept while its kind stays; a new batch size begins a new epoch. The gradients of the
        next update are taken anew, so that weights set by hand count at once: `change()` does only that.
        Raises ValueError or TypeError for settings that do not fit, and then changes nothing.
        """
        known = ("batch", "eta", "l1", "l2", "optimizer")
        for name in settings:
            if name not in known:
                raise TypeError(f"change takes {', '.join(known)}; got {name}")
        if "eta" in settings and "optimizer" in settings:
            raise TypeError("give eta or an optimizer, not both: an optimizer brings its own eta")
        old = self._run
        optimizer = settings.get("optimizer", old.optimizer)
        if "eta" in settings:
            optimizer = replace(optimizer, eta=settings["eta"])
        get = {name: settings.get(name, getattr(old, name)) for name in ("batch", "l1", "l2")}
        new = _checked(
            old.net, old.X, old.Y, old.loss, optimizer, get["batch"], old.rng, get["l1"], get["l2"],
            "auto" if old.fast else "plain",
        )  # fmt: skip
        rest, memory = self._engine.rest(), self._engine.state()
        self._run = new
        self._take_up(
            rest if new.batch == old.batch else None,
            memory if type(new.optimizer) is type(old.optimizer) else None,
            self._step,
        )
        return self

    def state(self) -> dict[str, Any]:
        """All that the rest of the run depends on, besides its settings: copies, for `restore`."""
        return {
            "step": self._step,
            "parameters": [p.copy() for p in self.net.parameters()],
            "memory": self._engine.state(),
            "rest": self._engine.rest(),
            "rng": self._run.rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> Training:
        """Back to a `state` of this run: what follows is what followed then, as long as the settings are the same."""
        for mine, theirs in zip(self.net.parameters(), state["parameters"], strict=True):
            np.copyto(mine, theirs)
        self._run.rng.bit_generator.state = state["rng"]
        self._take_up(state["rest"], copy.deepcopy(state["memory"]), state["step"])
        return self

    def close(self) -> None:
        """Ends the run."""
        self._over = True

    def _take_up(self, rest: np.ndarray | None, memory: dict[str, Any] | None, step: int) -> None:
        self._engine = self._run.engine(rest, memory, step)
        self._step, self._fresh, self._over = step, True, False

    def _go(self, updates: int) -> Step:
        """`updates` more, and the values of the step at which it then rests; between them the network is the caller's.

        An engine that has just taken up the run begins with the loss of the step at which the run is.
        """
        engine, again = self._engine, self._fresh and self.now is not None
        left = updates + self._fresh
        losses: list[np.ndarray] = []
        self._over = True  # unless all goes well
        if not self._fresh:
            engine.take_in()
        try:
            while left:
                with np.errstate(all="ignore"):
                    losses.append(engine.advance(left))
                left -= len(losses[-1])
        except Diverged as stop:
            stop.losses = np.concatenate([*losses, stop.losses])[again:]
            raise
        engine.give_back()
        with np.errstate(all="ignore"):
            engine.show()
        self._over, self._fresh = False, False
        self._step += updates
        since = losses[0] if len(losses) == 1 else np.concatenate([*losses, np.empty((0, *self.net.ensemble))])
        last = since[-1][()] if len(since) else self.now.loss  # type: ignore[union-attr]
        self.now = Step(self._step, last, self.net, since[again:])
        return self.now


class _Batches(Iterator[Any]):
    """The samples of each step: all of them, or the next few of an order that is drawn anew every epoch."""

    def __init__(self, n: int, batch: int | None, rng: np.random.Generator, rest: np.ndarray | None) -> None:
        self.n, self.batch, self.rng = n, batch, rng
        self.whole = batch is None or batch == n
        self.rest = np.empty(0, int) if rest is None else rest
        self.before = None if self.whole else self.rest  # what was left of the order when the last step began

    def __next__(self) -> Any:
        if self.whole:
            return slice(None)
        if not len(self.rest):
            self.rest = self.rng.permutation(self.n)
        self.before = self.rest
        rows, self.rest = self.rest[: self.batch], self.rest[self.batch :]
        return rows


def _with_penalties(net: Sequential, l1: float, l2: float) -> list[np.ndarray]:
    if not (l1 or l2):
        return net.gradients()
    return [
        g
        for layer in net.layers
        for g in (layer.dW + l1 * np.sign(layer.W) + l2 * layer.W, *layer.gradients()[1:])  # W comes first
    ]


def _first_overflow(net: Sequential, members: np.ndarray) -> int:
    for k, layer in enumerate(net.layers, start=1):
        if not all(np.isfinite(array[members]).all() for array in (*layer.parameters(), layer.z, layer.a)):
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
    engine: str = "auto",
) -> History:
    """Trains `net` in place for `steps` updates, by SGD with rate `eta` (0.1 if not given) or by `optimizer`.

    `eta` may hold one rate a member. `record(step)` is called before every update and after the last; what it
    returns is kept in `records` (copy what you keep: the network is live). `progress(done, steps)` is called now
    and then, and at the end; for a bar of tqdm: `progress=lambda done, steps: bar.update(done - bar.n)`.

    Raises TypeError when both eta and optimizer are given, and Diverged with the history so far; a KeyboardInterrupt
    goes through with that history as its `history`. `engine="plain"` forces the readable engine of layers.py, which
    gives the same numbers more slowly.
    """
    if eta is not None and optimizer is not None:
        raise TypeError("give eta or an optimizer, not both: an optimizer brings its own eta")
    if optimizer is None:
        optimizer = SGD(0.1 if eta is None else eta)
    for name, function in (("record", record), ("progress", progress)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be callable, got {function!r}")
    steps = whole("steps", steps, least=0)
    run = _checked(net, X, Y, loss, optimizer, batch, seed, l1, l2, engine)
    losses: list[np.ndarray] = []  # pieces of shape (some steps, *ensemble)
    records: list[Any] = []
    pieces = _in_pieces(run, steps, progress) if record is None else _one_by_one(run, steps, record, records)
    try:
        for piece in pieces:
            losses.append(piece)
            if progress is not None:
                progress(sum(map(len, losses)) - 1, steps)
    except Diverged as stop:
        history = _history([*losses, stop.losses], records, net)
        history.diverged = np.where(history.diverged < 0, stop.step, history.diverged)[()]
        raise Diverged(stop.step, stop.layer, history) from None
    except KeyboardInterrupt as stop:
        stop.history = _history(losses, records, net)  # type: ignore[attr-defined]
        raise
    return _history(losses, records, net)


def _one_by_one(run: _Run, steps: int, record: Callable[[Step], Any], records: list[Any]) -> Iterator[np.ndarray]:
    for now in itertools.islice(Training(run, 1), steps + 1):
        records.append(record(now))
        yield now.losses


def _in_pieces(run: _Run, steps: int, progress: Any) -> Iterator[np.ndarray]:
    """Without a look between steps; when progress is watched, in a hundred pieces or more."""
    engine, left = run.engine(), steps + 1
    piece = left if progress is None else max(1, steps // 100)
    while left:
        with np.errstate(all="ignore"):
            losses = engine.advance(min(piece, left))
        engine.give_back()
        left -= len(losses)
        yield losses


def _history(losses: list[np.ndarray], records: list[Any], net: Sequential) -> History:
    loss = np.concatenate([*losses, np.empty((0, *net.ensemble))])
    gone = np.isnan(loss)
    diverged = np.where(gone.any(axis=0), gone.argmax(axis=0), -1) if len(loss) else np.full(net.ensemble, -1)
    return History(np.arange(len(loss)), loss, records, diverged[()])
