"""A run of the playground: it trains, can be changed on the way, taken back, shown, and rebuilt to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbcore.checks import number, whole
from nbcore.network import MLP, Sequential
from nbcore.play import view as views
from nbcore.play.code import code_of
from nbcore.play.data import Problem, problem
from nbcore.play.own import Own
from nbcore.play.settings import LIVE, Settings, multiplied, start_of
from nbcore.play.text import MOST_WEIGHT, Change, State, from_text, to_text
from nbcore.play.trace import Trace
from nbcore.training import Diverged, Training, training

MOST_LOSSES, MOST_LOOKS, MOST_SNAPSHOTS = 2000, 120, 30
LOOK = 5e4  # points x parameters that may be looked at after every update; with more, looks are rarer from the start
GOOD = 1.5  # a snapshot is good whose loss is at most so many times the lowest


Edit = tuple[int, str, tuple[int, int]]  # layer (1 is the first), "W" or "b", and where in it


@dataclass(frozen=True)
class Divergence:
    """After `step` updates the loss or a weight would be above 1e300: `layer` (1 is the first) overflows first.

    `text` says so, with a remedy in words; `eta` is a learning rate that holds from the last good state on, or None.
    """

    step: int
    layer: int
    eta: float | None
    text: str


def start_network(settings: Settings, problem: Problem) -> MLP:
    """The network before the first update.

    Its numbers come from `seed`, layer after layer, as standard normals that `init` multiplies. So a change of
    activation, loss, data, rate and the like leaves every one as it was, bit by bit. A layer of another size draws
    another count: the layers before it start as they did (its input side included), those after it do not.
    """
    n_in, n_out = problem.sizes
    net = MLP(
        [n_in, *(units for units, _ in settings.hidden), n_out],
        hidden=[phi for _, phi in settings.hidden],
        output=problem.output,
        init=start_of(settings),
        seed=settings.seed,
    )
    if multiplied(settings):
        for layer in net.layers:
            layer.W *= settings.scale
    return net


class Run:
    """Settings that are trained on. `advance(updates)` trains; all other methods leave the run ready to go on.

    `settings` are those of now, `net` the network (use it, do not train it), `step_count` the updates done, `log` the
    changes made on the way, `diverged` None or a Divergence. `own` are one's own data, for settings.data "own".
    Raises ValueError or TypeError for settings that do not fit together, and then nothing has changed.
    """

    diverged: Divergence | None
    _step: int
    _net: MLP
    _training: Training
    _settings: Settings
    _problem: Problem
    _losses: Trace  # of every batch
    _looks: Trace  # at all points
    _snapshots: Trace  # states to go back to
    _deaths: list[tuple[int, float]]
    _anchor: dict[str, Any] | None  # a state under the settings of now, for the way back from a divergence
    _log: list[Change]
    _edits: dict[Edit, float]  # before the first update
    _here: tuple[dict[str, Any], Settings] | None  # how the run came to this step, once it was changed at it
    _edits_here: dict[Edit, float]

    def __init__(self, settings: Settings | None = None, own: Own | None = None) -> None:
        settings = Settings() if settings is None else settings
        if not isinstance(settings, Settings):
            raise TypeError(f"settings must be Settings, got {type(settings).__name__}")
        self._begin(settings, own, {})

    # ---- what it is

    @property
    def net(self) -> MLP:
        return self._net

    @property
    def step_count(self) -> int:
        return self._step

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def start(self) -> Settings:
        """The settings with which the run began."""
        return self._start

    @property
    def own(self) -> Own | None:
        return self._own

    @property
    def problem(self) -> Problem:
        return self._problem

    @property
    def unscaled(self) -> str:
        """A word on inputs or targets that are so large that nothing is learned; "" where none is."""
        if self._settings.standardize:
            return ""
        p = self._problem
        top = float(np.abs(p.X).max())
        if p.kind == "regression" and (far := float(np.abs(p.Y).max())) > 10:
            both = f"inputs reach {top:.3g} and the targets {far:.3g}" if top > 10 else f"targets reach {far:.3g}"
            return f"The {both}: standardize them."
        return f"The inputs reach {top:.3g}: standardize them." if top > 10 else ""

    @property
    def batch(self) -> int:
        """How many samples an update takes; never more than there are."""
        samples = len(self._problem.X)
        return self._settings.batch_of(samples) or samples

    @property
    def log(self) -> tuple[Change, ...]:
        """The changes made on the way, weights set by hand before the first update included."""
        return (*self._edited(0, self._edits), *self._log, *self._changes_here())

    @property
    def state(self) -> State:
        return State(self._start, self.log, self._step)

    @property
    def text(self) -> str:
        """The whole state as one short text, for `Run.from_text`."""
        return to_text(self.state)

    def code(self) -> str:
        """Some ten lines of nbcore that end with `net` as it is now, to the last digit on the same machine."""
        return code_of(self.state, self._problem)

    @property
    def losses(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps (K,), and the loss on the batch of each step, before its update; evenly thinned to at most 2,000."""
        steps, values = self._losses.arrays()
        return steps, views.tame(values)

    @property
    def curves(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps (K,), and (K, 4): loss on all training points, on the test points, and the score on both."""
        steps, values = self._looks.arrays()
        return steps, values.reshape(-1, 4)

    @property
    def deaths(self) -> tuple[tuple[int, float], ...]:
        """Each look at which more hidden units than ever had slope 0 on every training point: the step, their share."""
        return tuple(self._deaths)

    # ---- training

    def advance(self, updates: int) -> int:
        """Up to `updates` more updates: how many were done. It stops before the loss or a weight gets beyond 1e300.

        How a run is cut into pieces changes no digit. Once `diverged` is set nothing is done until a change, an edit,
        `last_good`, `rewind` or `reset`. A KeyboardInterrupt leaves the run where it was at its last look.
        """
        target = self._step + whole("updates", updates, least=0)
        before = self._step
        while self._step < target and self.diverged is None:
            stop = min(target, self._looks.next_after(self._step), self._snapshots.next_after(self._step))
            self._go(stop - self._step)
        return self._step - before

    def epoch(self) -> int:
        """As many updates as take every training point once: how many were done."""
        return self.advance(-(-len(self._problem.X) // self.batch))

    def _go(self, updates: int) -> None:
        """One leg, after which the curves are looked at."""
        if self._anchor is None:
            self._anchor = self._training.state()
        gone, layer = -1, 0  # the step at which something is beyond all bounds, and the layer where it begins
        while True:
            try:
                self._training.advance(updates)
                told = self._training.now.losses[-updates:] if updates else np.empty(0)  # type: ignore[union-attr]
                beyond = np.flatnonzero(~(told < views.HUGE))
                if beyond.size:
                    gone = self._training.step - updates + 1 + int(beyond[0])
                elif self._overflowed():
                    gone, layer = self._where_weights_overflow()
                else:
                    break
            except Diverged as stop:
                gone, layer = stop.step, layer or stop.layer
            except KeyboardInterrupt:
                self._training.restore(self._anchor)
                self._training.advance(self._step - self._training.step)
                raise
            # Back, and up to the last update after which all was well.
            self._training.restore(self._anchor)
            updates = gone - 1 - self._training.step
            if updates <= 0:
                updates, told = 0, np.empty(0)
                break
        if self._training.step > self._step:
            self._settle()
            self._step = self._training.step
            self._losses.cut(self._step - updates)
            self._losses.extend(self._step + 1 - updates, told)
            self._look()
        if gone >= 0:
            self.diverged = self._divergence(gone, layer or self._first_overflow())

    def _on_training_points(self) -> tuple[float, float]:
        """Loss and score; and keeps count of the dead."""
        p = self._problem
        units: list[np.ndarray] = []
        loss, score, _ = views.measured(self._net, p.X, p.Y, p.labels, p, units)
        dead = float(np.concatenate(units).mean()) if units else 0.0
        if not self._deaths or dead > self._deaths[-1][1]:
            self._deaths.append((self._step, dead))
        return loss, score

    def _overflowed(self) -> int:
        """The first layer with a weight or bias beyond 1e300, or 0; saturated units may hide it from the loss."""
        for k, layer in enumerate(self._net.layers, start=1):
            if not all(np.abs(p).max() < views.HUGE for p in layer.parameters()):
                return k
        return 0

    def _where_weights_overflow(self) -> tuple[int, int]:
        """The first step at which they have, between the anchor and now, and the layer."""
        assert self._anchor is not None
        good, bad, layer = self._anchor["step"], self._training.step, self._overflowed()
        while bad - good > 1:
            middle = (good + bad) // 2
            self._training.restore(self._anchor).advance(middle - self._anchor["step"])
            if found := self._overflowed():
                bad, layer = middle, found
            else:
                good = middle
        return bad, layer

    def _first_overflow(self) -> int:
        """The layer that overflows when the run goes on regardless."""
        state = self._training.state()
        try:
            self._training.advance(50)
            return len(self._net.layers)
        except Diverged as stop:
            return stop.layer
        finally:
            self._training.restore(state)

    def _look(self) -> None:
        p, loss = self._problem, None
        if self._looks.due(self._step):
            loss, score = self._on_training_points()
            loss_test, score_test, _ = views.measured(self._net, p.X_test, p.Y_test, p.labels_test, p)
            self._looks.extend(self._step, [(loss, loss_test, score, score_test)])
        if self._snapshots.due(self._step):
            if loss is None:
                loss, _ = self._on_training_points()
            self._anchor = self._training.state()
            self._snapshots.extend(self._step, [(loss, self._anchor, self._settings, len(self._log))])

    # ---- changes

    def change(self, **fields: Any) -> Run:
        """Other settings. eta, batch, optimizer, l1 and l2 go on from here; any other begins again at the same start.

        What a change on the way keeps: the weights, and the optimizer's memory while its kind stays. What a new start
        keeps: `seed`, and thereby the start weights (see `start_network`), and weights that were set by hand before the
        first update, while the sizes stay. Raises ValueError or TypeError, and then changes nothing.
        """
        new = self._settings.with_(**fields)
        if new == self._settings.with_(**{name: getattr(new, name) for name in LIVE}):
            self._change_here(new, {})
        else:
            self._begin(new, self._own, self._edits)
        return self

    def use(self, own: Own, **fields: Any) -> Run:
        """The same settings on one's own data, begun again."""
        self._begin(self._settings.with_(**{"data": "own", "own": "", **fields}), own, {})
        return self

    def set_weight(self, layer: int, j: int, k: int, value: float) -> Run:
        """Sets weight W[j, k] of `layer` (1 is the first) by hand; j is the unit it leads to, k where it comes from."""
        return self._edit(layer, "W", (j, k), value)

    def set_bias(self, layer: int, j: int, value: float) -> Run:
        """Sets the bias of unit j of `layer` (1 is the first) by hand."""
        return self._edit(layer, "b", (0, j), value)

    def _edit(self, layer: int, kind: str, index: tuple[int, int], value: float) -> Run:
        layers = self._net.layers
        if whole("layer", layer) > len(layers):
            raise ValueError(f"layer must be at most {len(layers)}, got {layer}")
        array = getattr(layers[layer - 1], kind)
        for name, i, size in zip("jk" if kind == "W" else " j", index, array.shape, strict=True):
            if whole(name, i, least=0) >= size:
                raise ValueError(f"{name} must be less than {size} in layer {layer}, got {i}")
        value = number("value", value, -MOST_WEIGHT, MOST_WEIGHT) + 0.0
        self._change_here(self._settings, {(int(layer), kind, (int(index[0]), int(index[1]))): value})
        return self

    def _change_here(self, new: Settings, edits: dict[Edit, float]) -> None:
        """Changes at this step, besides those that were made at it before."""
        if new == self._settings and not edits:
            return
        if self._step == 0:
            self._begin(new, self._own, {**self._edits, **edits})
        else:
            self._turn(new, {**self._edits_here, **edits})

    def _turn(self, new: Settings, edits: dict[Edit, float]) -> None:
        """Changes after an update: all that were made at this step, applied at once to the run as it came here.

        So it does not matter how the learner went about them, and the log needs no more than one of a kind.
        """
        if self._here is None:
            self._here = (self._training.state(), self._settings)
            self._on_training_points()
        else:
            state, settings = self._here
            self._set_training(settings)
            self._training.restore(state)
        self._settings, self._edits_here, self._anchor = new, edits, None
        for (layer, kind, index), value in edits.items():
            getattr(self._net.layers[layer - 1], kind)[index] = value
        self._set_training(new)
        self.diverged = None

    def _set_training(self, settings: Settings) -> None:
        self._training.change(
            optimizer=settings.optimizer_object,
            batch=settings.batch_of(len(self._problem.X)),
            l1=settings.l1,
            l2=settings.l2,
        )

    def _settle(self) -> None:
        """What was changed here goes into the log: the next update makes it a part of the run."""
        self._log += self._changes_here()
        self._here, self._edits_here = None, {}

    def _changes_here(self) -> list[Change]:
        if self._here is None:
            return []
        before, now = self._here[1], self._settings
        live = [n for n in LIVE if getattr(now, n) != getattr(before, n)]
        return [
            *(Change(self._step, name, getattr(now, name)) for name in live),
            *self._edited(self._step, self._edits_here),
        ]

    @staticmethod
    def _edited(step: int, edits: dict[Edit, float]) -> list[Change]:
        return [
            Change(step, f"W{layer}[{j},{k}]" if kind == "W" else f"b{layer}[{k}]", value)
            for (layer, kind, (j, k)), value in edits.items()
        ]

    # ---- back

    def rewind(self) -> Run:
        """To the start of the present settings: the same weights as before the first update."""
        self._begin(self._settings, self._own, self._edits)
        return self

    def reset(self, seed: int | None = None) -> Run:
        """To a new start, with weights drawn from `seed` (the next one if not given)."""
        seed = self._settings.seed + 1 if seed is None else seed
        self._begin(self._settings.with_(seed=seed), self._own, {})
        return self

    def last_good(self) -> int:
        """Back to the latest snapshot whose loss is at most 1.5 times the lowest: the step to which it went.

        Changes made since are undone with it.
        """
        k = self._good()
        at, (_, state, settings, logged) = self._snapshots.steps[k], self._snapshots.entries[k]
        self._settings = settings
        self._log = self._log[:logged]
        self._here, self._edits_here = None, {}
        self._set_training(settings)
        self._training.restore(state)
        self._step, self._anchor, self.diverged = at, state, None
        self._deaths = [(step, dead) for step, dead in self._deaths if step <= at]
        for trace in (self._losses, self._looks, self._snapshots):
            trace.cut(at)
        return at

    def _good(self) -> int:
        """The place of that snapshot; there is always one, the start."""
        losses = np.array([entry[0] for entry in self._snapshots.entries])
        low = losses.min()
        return int(np.flatnonzero(losses <= max(GOOD * low, low))[-1])

    # ---- looking

    def numbers(self) -> views.Numbers:
        """The cheap part of a view."""
        return views.numbers(self._net, self._problem, self._step, self.batch)

    def inside(self) -> views.Inside:
        """Activations, gradients, saturation and the size of the next update, layer by layer."""
        settings = self._settings.with_(batch=self.batch)
        return views.inside(self._net, self._problem, settings, self._training)

    def surface(self, resolution: int = 40) -> np.ndarray | None:
        """The outputs over the plane, (R, R) or (R, R, n_out); None when there is no plane."""
        return views.surface(self._net, self._problem, resolution) if self._problem.plane else None

    def maps(self, resolution: int = 20) -> tuple[np.ndarray, ...] | None:
        """What each hidden unit gives over the plane, one (units, R, R) a layer; None when there is no plane."""
        return views.maps(self._net, self._problem, resolution) if self._problem.plane else None

    def view(self, resolution: int = 40, small: int = 20) -> views.View:
        """All that a picture needs; the parts can be had alone."""
        return views.View(self.numbers(), self.inside(), self.surface(resolution), self.maps(small))

    # ---- rebuilding

    @classmethod
    def from_text(cls, text: str, own: Own | None = None) -> Run:
        """The run that a text stands for. Raises ValueError that says what is wrong with it."""
        return cls.from_state(from_text(text), own)

    @classmethod
    def from_state(cls, state: State, own: Own | None = None) -> Run:
        """The same from a State."""
        *_, (_, _, run) = cls.rebuilding(state, own)
        return run

    @classmethod
    def rebuilding(cls, state: State, own: Own | None = None, piece: int = 1000) -> Iterator[tuple[int, int, Run]]:
        """The same bit by bit, for a bar: yields (updates done, of how many, the run) after each `piece` of updates."""
        run = cls(state.settings, own)
        for change in state.log:
            run._check_place(change)
        whole("piece", piece)
        yield 0, state.updates, run
        at: dict[int, list[Change]] = {}
        for change in state.log:
            at.setdefault(change.step, []).append(change)
        at.setdefault(state.updates, [])
        for step, changes in at.items():
            while run.step_count < step:
                run.advance(min(piece, step - run.step_count))
                if run.diverged is not None:
                    return
                yield run.step_count, state.updates, run
            # All at once, for each alone may begin the run, or this step, anew.
            live = {change.name: change.value for change in changes if change.name in LIVE}
            edits = {change.place: change.value for change in changes if change.name not in LIVE}
            run._change_here(run.settings.with_(**live), edits)
        yield run.step_count, state.updates, run

    def _check_place(self, change: Change) -> None:
        if change.name in LIVE:
            return
        layer, kind, index = change.place
        layers = self._net.layers
        shape = getattr(layers[layer - 1], kind).shape if layer <= len(layers) else ()
        if layer > len(layers) or any(i >= size for i, size in zip(index, shape, strict=True)):
            raise ValueError(f"{change.name} is outside this network, whose sizes are {self._net.sizes}")

    # ---- beginning

    def _begin(self, settings: Settings, own: Own | None, edits: dict[Edit, float]) -> None:
        p = problem(settings, own)
        if settings.data == "own" and own is not None:
            settings = settings.with_(own=own.fingerprint)
        net = start_network(settings, p)
        if edits and getattr(self, "_net", net).sizes != net.sizes:
            edits = {}
        for (layer, kind, index), value in edits.items():
            getattr(net.layers[layer - 1], kind)[index] = value
        run = _training(net, p, settings)
        # From here on nothing fails.
        self._start = self._settings = settings
        self._own, self._problem, self._net, self._training = own, p, net, run
        self._step, self._log, self._edits = 0, [], edits
        self._here, self._edits_here, self._anchor, self._deaths = None, {}, None, []
        work = (len(p.X) + len(p.X_test)) * sum(array.size for array in net.parameters())
        stride = 2 ** max(0, int(np.ceil(np.log2(work / LOOK))))
        self._losses = Trace(MOST_LOSSES)
        self._looks, self._snapshots = Trace(MOST_LOOKS, stride), Trace(MOST_SNAPSHOTS, stride)
        self.diverged = None
        state, layer = run.state(), 0
        try:
            loss = float(run.advance(0).now.loss)  # type: ignore[union-attr]
        except Diverged as stop:
            loss, layer = np.inf, stop.layer
        self._losses.extend(0, [loss])
        if not loss < views.HUGE:
            run.restore(state)
        self._look()
        if not loss < views.HUGE:
            self.diverged = self._divergence(0, layer or len(net.layers))

    # ---- divergence in words

    def _divergence(self, step: int, layer: int) -> Divergence:
        s, k = self._settings, self._good()
        at, (loss, state, then, _) = self._snapshots.steps[k], self._snapshots.entries[k]
        words = [f"After {step:,} updates numbers grow beyond all bounds: layer {layer} overflows first."]
        undone = [name for name in LIVE if name != "eta" and getattr(s, name) != getattr(then, name)]
        eta = None
        if undone and self._holds(then, state, loss):
            words.append(
                f"Go back to update {at:,}, the last good state: it takes back what was changed since "
                f"({', '.join(undone)}), and there the run holds."
            )
        else:
            # First by halves, then by tenths.
            rates = [
                float(f"{s.eta / by:.3g}") for by in (*(2**n for n in range(1, 9)), *(10.0**n for n in range(3, 11)))
            ]
            eta = next((rate for rate in rates if rate and self._holds(then.with_(eta=rate), state, loss)), None)
            words.append(
                f"From update {at:,} on, η = {eta:g} holds where {s.eta:g} does not: go back to the last good state "
                "and lower η."
                if eta is not None
                else "A smaller η alone does not help."
            )
        words += [self.unscaled] if self.unscaled else []
        if self._problem.loss.name == "mse" and self._problem.output.name not in ("sigmoid", "tanh", "softmax"):
            other = "; with cross-entropy it stays between -1 and 1 there" if self._problem.kind == "classes" else ""
            words.append(f"The gradient of mse at the {self._problem.output} output grows with the error{other}.")
        if s.optimizer == "sgd" and s.eta * s.l2 > 2:
            words.append(f"The penalty alone overshoots: η times l2 is {s.eta * s.l2:.3g}, and more than 2.")
        if s.scale > 1.5:
            words.append(f"The start weights are large (scale {s.scale:g}).")
        return Divergence(step, layer, eta, " ".join(words))

    def _holds(self, settings: Settings, state: dict[str, Any], loss: float) -> bool:
        """Whether some hundred updates with these settings, from a state with this loss on, do no harm."""
        p, net = self._problem, self._net.copy()
        work = (settings.batch_of(len(p.X)) or len(p.X)) * sum(array.size for array in net.parameters())
        try:
            _training(net, p, settings).restore(state).advance(int(np.clip(2e7 / work, 20, 200)))
        except Diverged:
            return False
        return bool(views.measured(net, p.X, p.Y, p.labels, p)[0] <= 1.1 * loss + 1e-9)


def _training(net: Sequential, p: Problem, s: Settings) -> Training:
    return training(net, p.X, p.Y, p.loss, s.optimizer_object, s.batch_of(len(p.X)), s.data_seed, s.l1, s.l2)


class Pair:
    """Two runs from one start, advanced in step: `a` and `b`."""

    def __init__(self, a: Settings, b: Settings, own: Own | None = None) -> None:
        self.a, self.b = Run(a, own), Run(b, own)

    @property
    def same_start(self) -> bool:
        """Whether both begin with the very same weights: equal seeds, sizes and initializers."""
        one, other = (start_network(run.start, run.problem).parameters() for run in (self.a, self.b))
        return len(one) == len(other) and all(np.array_equal(p, q) for p, q in zip(one, other, strict=True))

    def advance(self, updates: int) -> tuple[int, int]:
        """`updates` more on both sides, how many were done on each; one that has diverged waits."""
        return self.a.advance(updates), self.b.advance(updates)

    def rewind(self) -> Pair:
        """Both to their starts."""
        self.a.rewind()
        self.b.rewind()
        return self
