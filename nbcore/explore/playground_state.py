"""What a playground is and does, without a page: runs, moves of controls, buttons, taking back, goals, long work."""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from nbcore.checks import number, whole
from nbcore.draw.playground import HEIGHT, LAYOUT, Shot, draw_playground
from nbcore.draw.stage import Page, Stage
from nbcore.draw.sweep import Map, said
from nbcore.explore.explorer import STORED
from nbcore.explore.playground_board import (
    EDGE,
    MEASURES,
    MIXED,
    PHIS,
    PLAIN,
    SPEEDS,
    SWEEPS,
    UI,
    UNITS,
    USES,
    all_controls,
)
from nbcore.explore.playground_words import (
    SAID,
    begun_text,
    pictured,
    side_of,
    swept,
    told_of,
    upper,
    value_text,
    with_part,
)
from nbcore.explore.words import count_of
from nbcore.play import DATA, FEATURES, LIVE, Own, Run, Settings, advice, from_text, own_csv, own_data
from nbcore.play.missions import MISSIONS, Mission
from nbcore.play.settings import MOST_LAYERS
from nbcore.play.sweep import Grid, cell_settings, sweep
from nbcore.play.text import MOST_WEIGHT, bare

PIECE = 0.004  # seconds of training after which an order to pause is looked for
UNDO = 8  # how many changes can be taken back


def own_of(given: Any) -> Own | None:
    """One's own data, given as `own_data(X, y)` or `own_csv(path)`, as (X, y), or as a path or the text of a CSV."""
    if given is None or isinstance(given, Own):
        return given
    if isinstance(given, (str, Path)):
        return own_csv(given)
    if isinstance(given, tuple) and len(given) == 2:
        return own_data(*given)
    raise TypeError(f"own must be (X, y), a path or the text of a CSV, got {type(given).__name__}")


def edge_name(edge: tuple[int, int, int | None]) -> str:
    layer, j, k = edge
    return f"b{layer}[{j}]" if k is None else f"W{layer}[{j},{k}]"


def weight_of(run: Run, edge: tuple[int, int, int | None]) -> float:
    layer, j, k = edge
    here = run.net.layers[layer - 1]
    return float(here.b[0, j] if k is None else here.W[j, k])


def has(run: Run, edge: tuple[int, int, int | None]) -> bool:
    """Whether a run's network has this weight or bias."""
    layer, j, k = edge
    if layer > len(run.net.layers):
        return False
    units, inputs = run.net.layers[layer - 1].W.shape
    return j < units and (k is None or k < inputs)


@dataclass
class Job:
    """Work that takes long, done in pieces between pictures: yields (done, total)."""

    text: str
    pieces: Iterator[tuple[int, int]]
    end: Callable[[], None]
    began: float
    told: float = 0.0


@dataclass
class Undo:
    """How to take a change back: `what` it was, of which `kind`, and after how many pieces of training."""

    what: str
    back: Callable[[], Any]
    on_the_way: bool = False
    kind: str = ""
    at: int = 0


class State:
    """Runs with all their controls and buttons; `Playground` adds the page.

    `_show` and `_wake` are called when there is something new to see, and when there is something to do.
    """

    def __init__(self, text: str = "", own: Any = None) -> None:
        self._lock = threading.RLock()
        self._own = own_of(own)
        self.controls = all_controls(self._own is not None)
        self._ui = {name: self.controls[name].value for name in UI}
        self._memory = [*Settings().hidden]  # layers that were there once come back as they were
        self._runs = self._runs_of(text)
        self._edge: tuple[int, int, int | None] = (1, 0, 0)
        self._choosing = False  # whether the picture shows which weight is chosen
        self._said = "" if self.run.step_count else "Press Play, and change anything while it trains."
        self.error: Exception | None = None
        self._undo: deque[Undo] = deque(maxlen=UNDO)
        self._playing = False
        self._ticks = 0  # pieces of training
        self._version = 0  # counts everything that changes what there is to see
        self._seen_shot: tuple[int, Shot] | None = None
        self._mission_told: tuple[int, str, bool, str] = (-1, "", False, "")
        self._map: Map | None = None
        self._job: Job | None = None
        self._remember()
        self._chunk = 1  # updates that take about PIECE

    def _show(self) -> None:
        """There is something new to see."""

    def _wake(self) -> bool:
        """There is something to do: whether somebody does it, or else it is done here and now."""
        return False

    # ---- what there is

    @property
    def run(self) -> Run:
        """The run that the controls are for; in a comparison B."""
        return self._runs[-1]

    @property
    def a(self) -> Run | None:
        """In a comparison, A."""
        return self._runs[0] if len(self._runs) > 1 else None

    @property
    def playing(self) -> bool:
        return self._playing

    @property
    def params(self) -> dict[str, Any]:
        """Where all controls stand, by name."""
        with self._lock:
            s = self.run.settings
            phis = {phi for _, phi in s.hidden}
            layers = [*s.hidden, *self._memory[len(s.hidden) :]]
            layers += [layers[-1]] * (MOST_LAYERS - len(layers))
            found = {name: getattr(s, name) for name in PLAIN}
            found["activation"] = MIXED if len(phis) > 1 else layers[0][1]
            found["layers"], found["units"] = len(s.hidden), layers[0][0]
            found |= {key: name in s.features for key, name in USES.items()}
            for key, phi, layer in zip(UNITS, PHIS, layers, strict=True):
                found[key], found[phi] = layer
            found["to_layer"], found["to_unit"], found["from_unit"] = self._edge
            return {name: {**found, **self._ui, "weight": self.weight}[name] for name in self.controls}

    @property
    def weight(self) -> float:
        """The weight (or bias) that is chosen."""
        return weight_of(self.run, self._edge)

    @property
    def shot(self) -> Shot:
        """What the picture shows."""
        with self._lock:
            if self._seen_shot is None or self._seen_shot[0] != self._version:
                names = ("A", "B") if len(self._runs) > 1 else ("",)
                sides = tuple(side_of(name, run) for name, run in zip(names, self._runs, strict=True))
                chosen = self._edge if self._choosing else None
                self._seen_shot = self._version, Shot(sides, chosen, self._ui["show_test"])
            return self._seen_shot[1]

    @property
    def text(self) -> str:
        """All of it as one short text, for `playground(text)`; in a comparison A || B."""
        with self._lock:
            return " || ".join(run.text for run in self._runs)

    @property
    def code(self) -> str:
        """Some ten lines of nbcore that lead to the same weights, to the last digit on the same machine."""
        with self._lock:
            if len(self._runs) == 1:
                return self.run.code()
            return "\n".join(f"# {name}\n{run.code()}" for name, run in zip("AB", self._runs, strict=True))

    def png(self, page: Page = STORED, format: str = "png") -> bytes:
        """The picture as PNG; format="palette" is a third of the size, to store."""
        return Stage(draw_playground, page, LAYOUT, HEIGHT).render(self.shot, format)

    @property
    def status(self) -> str:
        """How far training is, and how good, in words."""
        return " ".join(told_of(side) for side in self.shot.sides)

    @property
    def said(self) -> str:
        """What just happened, and a word on settings that are unusual."""
        run = self.run
        classes = None if run.own is None else len(run.own.classes)
        words = [self._said, advice(run.settings, classes), run.unscaled]
        if self.a is not None:
            a, b = (run.problem.loss.name for run in self._runs)
            if a != b:
                words.append(f"A's loss is {a}, B's {b}: two measures. Compare what is right, not these numbers.")
        return " ".join(filter(None, words))

    @property
    def alt(self) -> str:
        """The alt text of the picture."""
        return " ".join(pictured(side) for side in self.shot.sides)

    @property
    def mission(self) -> tuple[bool, str]:
        """Whether the chosen mission is won, and the measured number in words."""
        with self._lock:
            return self._goal()

    # ---- moves

    def set(self, **changes: Any) -> Self:
        """Moves controls. Raises ValueError or TypeError for what does not fit, and then changes nothing."""
        with self._lock:
            self._set(changes)
            self.error = None
            self._show()
        return self

    def act(self, name: str) -> Self:
        """Presses a button. Raises ValueError when there is none of this name, or when it can't be pressed now."""
        with self._lock:
            if name not in ACTS:
                raise ValueError(f"there is no button {name!r}; there are {', '.join(ACTS)}")
            before = self._job
            getattr(self, ACTS[name])()
            if self._job is not before:
                self._finish()  # for code it is done when this returns: only a page watches long work
            self.error = None
            self._show()
        return self

    def play(self) -> Self:
        """Trains on: in a page picture by picture, without one at each `tick()`."""
        return self.act("play")

    def pause(self) -> Self:
        return self.act("pause")

    def tick(self, pictures: int = 1) -> Self:
        """What the page would see of so many pictures, if it plays: training as the speed says, divergence, goals."""
        with self._lock:
            for _ in range(whole("pictures", pictures, least=0)):
                if self._playing:
                    self._train(self._updates())
            self._show()
        return self

    def load(self, text: str) -> Self:
        """Rebuilds the state that a text stands for. Raises ValueError or TypeError, and then changes nothing."""
        with self._lock:
            self._loaded(self._runs_of(text))
            self.error = None
            self._show()
        return self

    def use(self, own: Any) -> Self:
        """Goes over to data of one's own: (X, y), a path or the text of a CSV."""
        with self._lock:
            self._use(own_of(own))
            self._show()
        return self

    # ---- moves, done

    def _set(self, changes: Mapping[str, Any]) -> None:
        for name in changes:
            if name not in self.controls and name not in ("features", "hidden"):
                raise ValueError(f"there is no control named {name!r}; there are {', '.join(self.controls)}")
        ui = {name: self.controls[name].check(name, value) for name, value in changes.items() if name in UI}
        fields = self._fields(changes)
        edge = self._edge_of({name: value for name, value in changes.items() if name in EDGE})
        new = self.run.settings.with_(**fields)
        weight = number("weight", changes["weight"], -MOST_WEIGHT, MOST_WEIGHT) if "weight" in changes else None
        if new != self.run.settings:
            self._change(new)
        self._ui |= ui
        if edge is not None:
            self._choose(edge)
        if weight is not None:
            self._edit(weight)
        if "mission" in ui:
            goal = self._chosen_mission()
            self._said = f"Mission: {goal.title}." if goal else ""
        if ui.keys() & {"sweep_shows"} and self._map is not None:
            self._map = self._map_of(self._map.grid)
        self._version += 1

    def _fields(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of the settings that these moves of controls change."""
        s = self.run.settings
        fields = {name: changes[name] for name in (*PLAIN, "features", "hidden") if name in changes}
        used = {name for key, name in USES.items() if changes.get(key, name in s.features)}
        for key in USES.keys() & changes.keys():
            self.controls[key].check(key, changes[key])
            fields["features"] = tuple(name for name in FEATURES if name in used)
        hidden = [*s.hidden]
        if "layers" in changes:
            layers = self.controls["layers"].check("layers", changes["layers"])
            known = [*hidden, *self._memory[len(hidden) :]]
            hidden = (known + [known[-1]] * MOST_LAYERS)[:layers]
        for key, place in (("units", 0), ("activation", 1)):
            if key in changes and not (key == "activation" and changes[key] == MIXED):
                value = self.controls[key].check(key, changes[key])
                hidden = [with_part(layer, place, value) for layer in hidden]
                if not hidden:  # for the layers that will be
                    self._memory = [with_part(layer, place, value) for layer in self._memory]
        for keys, place in ((UNITS, 0), (PHIS, 1)):
            for k, key in enumerate(keys):
                if key in changes:
                    if k >= len(hidden):
                        raise ValueError(f"{key}: there are only {count_of(len(hidden), 'hidden layer')}")
                    hidden[k] = with_part(hidden[k], place, self.controls[key].check(key, changes[key]))
        if "hidden" not in fields:
            fields["hidden"] = tuple(hidden)
        if fields.get("data") == "own" and self._own is None:
            raise ValueError("there are no data of your own yet: choose a CSV, or give playground(own=(X, y))")
        return fields

    def _change(self, new: Settings) -> None:
        """Other settings: on the way, or from the start."""
        run, old = self.run, self.run.settings
        names = [f for f in old.__dataclass_fields__ if getattr(old, f) != getattr(new, f)]
        told = [name for name in names if name != "own"]  # a fingerprint, which goes with the data
        what = ", ".join(f"{SAID.get(name, name)} = {value_text(name, getattr(new, name))}" for name in told)
        what = what if len(what) < 90 else f"{count_of(len(names), 'setting')} at once"
        fields = {name: getattr(new, name) for name in names}
        if run.diverged is not None and all(name in LIVE for name in names):
            # From numbers beyond all bounds no setting leads back.
            self._last_good()
            back, new = self._said, self.run.settings.with_(**fields)
            if new != self.run.settings:
                self._change(new)
                self._said = f"{back} {self._said}"
        elif all(name in LIVE for name in names) and run.step_count:
            run.change(**fields)
            before = {name: getattr(old, name) for name in names}
            self._push(Undo(what, lambda: run.change(**before), True), ", ".join(names))
            self._said = f"{upper(what)}, from update {run.step_count:,} on."
        else:
            runs, undo = self._fork(what)
            runs[-1].change(**fields)
            for other in runs[:-1]:
                other.rewind()
            self._begin(runs, undo, ", ".join(names))
            self._said = f"{upper(what)}. {begun_text(run, self.run)}"
        self._remember()
        self._edge = self._inside(self._edge)

    def _edit(self, value: float) -> None:
        edge, run, before = self._edge, self.run, self.weight
        if value == before:
            return
        name = edge_name(edge)

        def back() -> None:
            self._write(run, edge, before)

        self._write(run, edge, value)
        self._push(Undo(f"{name} = {said(value)}", back, True), name)
        self._said = f"{name} set to {said(value)} by hand."

    @staticmethod
    def _write(run: Run, edge: tuple[int, int, int | None], value: float) -> None:
        layer, j, k = edge
        if k is None:
            run.set_bias(layer, j, value)
        else:
            run.set_weight(layer, j, k, value)

    def _edge_of(self, changes: Mapping[str, Any]) -> tuple[int, int, int | None] | None:
        """The weight that these moves of its three menus choose, checked."""
        if not changes:
            return None
        layer, j, k = self._edge
        if "to_layer" in changes:
            layer = whole("to_layer", changes["to_layer"])
            if layer > len(self.run.net.layers):
                raise ValueError(f"to_layer must be at most {len(self.run.net.layers)}, got {layer}")
        shape = self.run.net.layers[layer - 1].W.shape
        j, k = min(j, shape[0] - 1), None if k is None else min(k, shape[1] - 1)
        if "to_unit" in changes:
            j = whole("to_unit", changes["to_unit"], least=0)
        if "from_unit" in changes:
            k = None if changes["from_unit"] is None else whole("from_unit", changes["from_unit"], least=0)
        for name, place, size in (("to_unit", j, shape[0]), ("from_unit", k or 0, shape[1])):
            if place >= size:
                raise ValueError(f"{name} must be less than {size} in layer {layer}, got {place}")
        return layer, j, k

    def _choose(self, edge: tuple[int, int, int | None], side: int = -1) -> bool:
        """Chooses a weight, of a comparison the one that was pointed at in A (0) or in B; whether B has it."""
        name, there = edge_name(edge), self._inside(edge)
        if self.a is None or side:
            self._edge, self._choosing = there, True
            if self.a is not None:
                also = "the picture shows A's beside it" if has(self.a, there) else "A has no such weight"
                self._said = f"{edge_name(there)} is chosen: the controls set B's, {also}."
            return True
        value = said(float(f"{weight_of(self.a, edge):.4g}"))
        if has(self.run, edge):
            self._edge, self._choosing = edge, True
            self._said = f"{name} of A is {value} at update {self.a.step_count:,}, to look at: the controls set B's."
            return True
        self._said = (
            f"{name} of A is {value} at update {self.a.step_count:,}. B has no such weight, and the controls are B's: "
            "to change A, keep A."
        )
        return False

    def _inside(self, edge: tuple[int, int, int | None]) -> tuple[int, int, int | None]:
        """The same weight, or where that is no longer there, the nearest."""
        layer = min(edge[0], len(self.run.net.layers))
        shape = self.run.net.layers[layer - 1].W.shape
        return layer, min(edge[1], shape[0] - 1), None if edge[2] is None else min(edge[2], shape[1] - 1)

    def _remember(self) -> None:
        hidden = self.run.settings.hidden
        self._memory = [*hidden, *self._memory[len(hidden) :]] or [*Settings().hidden]

    def _runs_of(self, text: str) -> list[Run]:
        """The runs of a text; "" is the start, on one's own data if there are any."""
        *_, (_, _, runs) = self._rebuilding(text)
        return runs

    def _rebuilding(self, text: str) -> Iterator[tuple[int, int, list[Run]]]:
        if not isinstance(text, str):
            raise TypeError(f"text must be a string such as 'spirals | 8 tanh', got {type(text).__name__}")
        text = bare(text)
        parts = text.split("||") if text else ["moons" if self._own is None else "own"]
        if len(parts) > 2:
            raise ValueError(f"a text holds one run, or two with || between them, got {len(parts)}")
        states = [from_text(part) for part in parts]
        total, before = sum(state.updates for state in states), 0
        runs: list[Run] = []
        for state in states:
            for done, _, run in Run.rebuilding(state, self._own if state.settings.data == "own" else None):
                yield before + done, total, [*runs, run]
            runs, before = [*runs, run], before + state.updates
        steps = [run.step_count for run in runs]
        if len(set(steps)) > 1:
            behind = runs[steps.index(min(steps))]
            behind.advance(1)  # one that has diverged waits there for the other
            if behind.diverged is None:
                raise ValueError(
                    "the two runs must have come equally far to go on in step, got "
                    f"{steps[0]:,} and {steps[1]:,} updates"
                )
        yield total, total, runs

    def _loaded(self, runs: list[Run]) -> None:
        self._begin(runs, self._fork("the state that was loaded")[1], "load")
        self._playing = False
        self._said = f"Rebuilt: {count_of(self.run.step_count, 'update')}."

    def _use(self, own: Own | None) -> None:
        if own is None:
            raise TypeError("own must be (X, y), a path or the text of a CSV, got None")
        run = Run(self.run.settings.with_(data="own", own="", output="auto", loss="auto"), own)
        undo = self._fork("your own data")[1]
        self._own, self._playing = own, False
        self.controls["data"] = replace(self.controls["data"], values=tuple(DATA))
        self._begin([run], undo, "own")
        kind = f"{len(own.classes)} classes" if own.classes else "numbers to fit"
        rows, columns = own.X.shape
        self._said = f"Your own data: {count_of(rows, 'row')}, {count_of(columns, 'input')}, {kind}."
        if columns == 2 and own.inputs != ("x1", "x2"):  # the products and powers keep their short names
            self._said += f" x₁ is {own.inputs[0]}, x₂ is {own.inputs[1]}."

    # ---- taking back

    def _fork(self, what: str) -> tuple[list[Run], Undo]:
        """Runs that may begin again while those of now stay as they are, and the way back to these.

        A run that begins again makes everything anew: a shallow copy is a run of its own from then on.
        """
        kept, own = self._runs, self._own

        def back() -> None:
            self._runs, self._own = kept, own

        return [copy.copy(run) for run in kept], Undo(what, back)

    def _begin(self, runs: list[Run], undo: Undo, kind: str) -> None:
        self._runs = runs
        self._push(undo, kind)
        self._remember()
        self._edge = self._inside(self._edge)

    def _push(self, undo: Undo, kind: str) -> None:
        """What a hand moves in one go, as on a slider, is taken back in one go."""
        last = self._undo[-1] if self._undo else None
        self._version += 1
        if last is not None and last.kind == kind and (last.at == self._ticks or self._playing):
            last.what = undo.what
        else:
            self._undo.append(replace(undo, kind=kind, at=self._ticks))

    def _undo_last(self) -> None:
        if not self._undo:
            raise ValueError("there is nothing to take back")
        last = self._undo.pop()
        last.back()
        self._remember()
        self._edge = self._inside(self._edge)
        self._said = f"Taken back: {last.what}."
        self._version += 1

    @property
    def _cures(self) -> list[float | None]:
        """For each run the learning rate that would cure its divergence, if it has one that a rate cures."""
        return [run.diverged.eta if run.diverged is not None else None for run in self._runs]

    def _rates(self, cures: list[float | None]) -> str:
        """Such rates in words: η = 0.5, or of a comparison η = 0.5 in A."""
        names = [" in A", " in B"] if self.a is not None else [""]
        return " and ".join(f"η = {eta:g}{name}" for name, eta in zip(names, cures, strict=True) if eta is not None)

    def _last_good(self, cures: list[float | None] | None = None) -> None:
        """Back to a state from before a divergence; changes since then are undone with it.

        `cures` are learning rates with which the runs go on. Also A's: with its own it would only diverge again.
        """
        self._playing = False
        at = [run.last_good() for run in self._runs]
        if len(set(at)) > 1:  # in step
            for run in self._runs:
                run.rewind()
            at = [0]
        while self._undo and self._undo[-1].on_the_way:
            self._undo.pop()
        self._version += 1
        self._said = f"Back at update {at[0]:,}, the last good state."
        if cures is None:
            return
        if self.a is not None and cures[0] is not None:
            self._lower_a(self.a, cures[0])
        if cures[-1] is not None:
            self._change(self.run.settings.with_(eta=cures[-1]))
        self._said = f"Back at update {at[0]:,}; from here on with {self._rates(cures)}."

    def _lower_a(self, a: Run, eta: float) -> None:
        before = a.settings.eta
        a.change(eta=eta)
        self._push(Undo(f"η = {eta:g} in A", lambda: a.change(eta=before), True), "eta of A")

    def _last_good_lower(self) -> None:
        cures = self._cures
        if not any(cures):
            raise ValueError("there is no divergence that a smaller learning rate would cure")
        self._last_good(cures)

    # ---- the buttons

    def _refuse_ruins(self) -> None:
        if all(run.diverged is not None for run in self._runs):
            raise ValueError("this run has diverged: go back to the last good state, or change something")

    def _play(self) -> None:
        self._refuse_ruins()
        if not self._playing:
            self._said = "Training."
        self._playing = True
        self._wake()

    def _pause(self, because: str = "Paused.") -> None:
        if self._playing:
            self._said = because
        self._playing = False

    def _step(self) -> None:
        self._refuse_ruins()
        self._pause()
        if not self._train(1):
            self._said = "One update."

    def _epoch(self) -> None:
        self._refuse_ruins()
        self._pause()
        if not self._train(-(-len(self.run.problem.X) // self.run.batch)):
            self._said = "One epoch."

    def _rewind(self) -> None:
        runs, undo = self._fork("rewind")
        for run in runs:
            run.rewind()
        self._begin(runs, undo, "rewind")
        self._said = "Rewound to the very same start weights."

    def _new_start(self) -> None:
        runs, undo = self._fork("new start")
        for run in runs:
            run.reset(self.run.settings.seed + 1)
        self._begin(runs, undo, "new start")
        self._said = f"Other start weights: seed {self.run.settings.seed}."

    def _compare(self) -> None:
        if self.a is not None:
            raise ValueError("there is a comparison already: keep A or B first")
        runs, undo = self._fork("comparison")
        runs[0].rewind()
        runs = [runs[0], Run.from_state(runs[0].state, self._own)]
        self._begin(runs, undo, "compare")
        self._said = "A stays as it is, the controls are now B's. Both begin at the same start, in step."

    def _keep_a(self) -> None:
        self._keep(0)

    def _keep_b(self) -> None:
        self._keep(-1)

    def _keep(self, which: int) -> None:
        if self.a is None:
            raise ValueError("there is no comparison to end")
        undo = self._fork("end of the comparison")[1]

        def back() -> None:
            undo.back()
            self._catch_up()  # the one that was kept may have gone on

        self._begin([self._runs[which]], replace(undo, back=back), "keep")
        self._said = f"{'A' if which == 0 else 'B'} goes on alone."

    def _catch_up(self) -> None:
        """Trains whichever run is behind until both have come equally far, or it diverges."""
        furthest = max(run.step_count for run in self._runs)
        for run in self._runs:
            run.advance(furthest - run.step_count)

    def _mission_start(self) -> None:
        goal = self._chosen_mission()
        if goal is None:
            raise ValueError("choose a mission first")
        self._load(goal.start, f"{goal.title}: your turn.")

    def _solution(self) -> None:
        goal = self._chosen_mission()
        if goal is None:
            raise ValueError("choose a mission first")
        self._load(goal.solution, "A solution; there may be others. Its text is under Share.")

    def _take_cell(self) -> None:
        if self._map is None:
            raise ValueError("run a sweep first")
        grid, place = self._map.grid, self._ui["cell"]
        rows, columns = grid.loss.shape
        if not 0 <= place < rows * columns:
            raise ValueError("choose a cell of the sweep first")
        i, j = divmod(place, columns)
        self._pause()
        new = grid.settings[i][j]
        self._change(new)
        self._said = f"Settings of the cell {self._map.across} = {said(grid.first[1][j])}, "
        self._said += f"{self._map.upward} = {said(grid.second[1][i])}; press Play."

    # ---- training

    def _updates(self) -> int:
        """How many updates a picture the speed asks for."""
        return SPEEDS[self._ui["speed"]][1] or -(-len(self.run.problem.X) // self.run.batch)

    def _train(self, updates: int) -> bool:
        """All runs in step; a run that diverges stops the playing. Whether one has."""
        self._ticks += 1
        self._version += 1
        gone = False
        for name, run in zip("AB" if len(self._runs) > 1 else " ", self._runs, strict=True):
            before = run.diverged
            run.advance(updates)
            if run.diverged is not None and before is None:
                self._playing, gone = False, True
                self._said = f"Stopped: {name} has diverged." if name.strip() else "Stopped: it has diverged."
        return gone

    def _train_for(self, updates: int, seconds: float) -> None:
        """The same within a time, in pieces after which another thread may have its say."""
        until, done = time.perf_counter() + seconds, 0
        while self._playing and done < updates:
            piece, begun = min(self._chunk, updates - done), time.perf_counter()
            self._train(piece)
            now, done = time.perf_counter(), done + piece
            self._chunk = int(np.clip(piece * PIECE / max(now - begun, 1e-6), 1, 500))
            if now > until:
                break

    # ---- missions

    def _chosen_mission(self) -> Mission | None:
        return MISSIONS.get(self._ui["mission"])

    def _goal(self) -> tuple[bool, str]:
        goal = self._chosen_mission()
        if goal is None:
            return False, ""
        told = self._mission_told
        if told[0] != self._version or told[1] != self._ui["mission"]:
            won, words = goal.won(self.run)
            self._mission_told = told = (self._version, self._ui["mission"], bool(won), words)
        return told[2], told[3]

    # ---- long work

    def _run_sweep(self) -> None:
        first, second = self._ui["sweep_first"], self._ui["sweep_second"]
        if first == second:
            raise ValueError(f"across and upward must be two different settings, both are {swept(first)}")
        if "width" in (first, second) and "depth" not in (first, second) and not self.run.settings.hidden:
            raise ValueError(
                "there are no hidden layers, so units a layer would change nothing: choose another setting"
            )
        pieces = sweep(
            self.run.settings, (first, self._values(first)), (second, self._values(second)),
            self._ui["sweep_updates"], self._own if self.run.settings.data == "own" else None,
        )  # fmt: skip

        def work() -> Iterator[tuple[int, int]]:
            for piece in pieces:
                if self._map is None:
                    cells = range(-1, piece.result.loss.size)
                    self.controls["cell"] = replace(self.controls["cell"], values=tuple(cells), texts=())  # type: ignore[call-arg]
                self._map = self._map_of(piece.result)
                yield piece.done, piece.total

        def end() -> None:
            best = self._map.best if self._map is not None else None
            self._said = "The sweep is done."
            if best is not None and self._map is not None:
                self._ui["cell"] = best[0] * self._map.grid.loss.shape[1] + best[1]
                self._said += f" The best cell: {self._cell_text(*best)}."

        self._map, self._ui["cell"] = None, -1
        self._said = f"Sweeping: each cell learns for {count_of(self._ui['sweep_updates'], 'update')}."
        self._work(Job("Sweep", work(), end, time.perf_counter()))

    def sweep(self, **settings: Any) -> Grid:
        """A sweep, run to its end: `.set(sweep_first="eta", ...)` and the like first, or here."""
        with self._lock:
            self._set(settings)
            self._run_sweep()
            self._finish()
            self._show()
            assert self._map is not None
            return self._map.grid

    def _values(self, name: str) -> tuple[Any, ...]:
        rows = len(self.run.problem.X)
        return tuple(v for v in SWEEPS[name] if name != "batch" or v is None or v <= rows)

    def _map_of(self, grid: Grid) -> Map:
        shows = self._ui["sweep_shows"]
        accuracy = shows.startswith("score") and self.run.problem.kind == "classes"
        title = MEASURES[shows].replace("score", "accuracy" if accuracy else "error (root mean square)")
        return Map(grid, shows, accuracy, title, swept(grid.first[0]), swept(grid.second[0]))

    def _cell_text(self, i: int, j: int, name: Callable[[str], str] = swept) -> str:
        assert self._map is not None
        m = self._map
        value = m.text(i, j) or "not begun"
        columns, rows = m.grid.first, m.grid.second
        return f"{name(columns[0])} = {said(columns[1][j])}, {name(rows[0])} = {said(rows[1][i])}: {value}"

    def _cell_now(self) -> tuple[int, int] | None:
        """The cell of the sweep that has the settings of now; of several the one that was chosen, or the first."""
        if self._map is None:
            return None
        settings, now = self._map.grid.settings, self.run.settings
        i, j = divmod(self._ui["cell"], len(settings[0]))
        if self._ui["cell"] >= 0 and settings[i][j] == now:
            return i, j
        return next(((i, j) for i, row in enumerate(settings) for j, cell in enumerate(row) if cell == now), None)

    def _map_note(self) -> str:
        """What the sweep was made with, where that is no longer so; a cell brings it back."""
        if self._map is None or self._cell_now() is not None:
            return ""
        grid = self._map.grid
        (across, columns), (up, rows), cell = grid.first, grid.second, grid.settings[-1][-1]
        now = cell_settings(cell_settings(self.run.settings, across, columns[-1]), up, rows[-1])
        differ = [name for name in cell.__dataclass_fields__ if getattr(cell, name) != getattr(now, name)]
        if differ == ["own"]:
            return "Made with other data of your own."
        words = [f"{SAID.get(name, name)} {value_text(name, getattr(cell, name))}" for name in differ if name != "own"]
        return f"Made with {', '.join(words)}: a cell brings that back." if words else ""

    def _load(self, text: str, said: str = "") -> None:
        """The same as `load`, with a bar where it takes long."""
        found: list[list[Run]] = []

        def work() -> Iterator[tuple[int, int]]:
            for done, total, runs in self._rebuilding(text):
                found[:] = [runs]
                yield done, max(total, 1)

        pieces = work()
        next(pieces)  # what can't be read is said at once

        def end() -> None:
            self._loaded(found[0])
            self._said = said or self._said

        self._work(Job("Rebuilding", pieces, end, time.perf_counter()))

    def _work(self, job: Job) -> None:
        self._job = job
        if not self._wake():
            self._finish()

    def _finish(self) -> None:
        """The present work, to its end."""
        job = self._job
        self._job = None
        if job is not None:
            for _ in job.pieces:
                pass
            job.end()
            self._version += 1

    def _stop(self) -> None:
        if self._job is None:
            self._pause()
            return
        self._job.pieces.close()  # type: ignore[attr-defined]
        self._said, self._job = f"{self._job.text} stopped.", None


ACTS = {
    "play": "_play",
    "pause": "_pause",
    "step": "_step",
    "epoch": "_epoch",
    "rewind": "_rewind",
    "new start": "_new_start",
    "undo": "_undo_last",
    "last good": "_last_good",
    "last good, lower eta": "_last_good_lower",
    "compare": "_compare",
    "keep a": "_keep_a",
    "keep b": "_keep_b",
    "mission start": "_mission_start",
    "solution": "_solution",
    "sweep": "_run_sweep",
    "take cell": "_take_cell",
    "stop": "_stop",
}
