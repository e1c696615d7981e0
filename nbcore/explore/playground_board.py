"""The playground's controls, and the widget that shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import traitlets as t

from nbcore.draw.playground import HEIGHT
from nbcore.explore.controls import Box, Control, Slider, choice, count, named, rate, seed, slider, toggle
from nbcore.explore.picture import HERE, Shown, script
from nbcore.explore.playground_words import FEATURE_NAMES, swept
from nbcore.explore.words import ETA
from nbcore.play import DATA, FEATURES, HIDDEN, INITS, LOSS_NAMES, OPTIMIZERS, OUTPUTS, Settings
from nbcore.play.missions import MISSIONS
from nbcore.play.settings import MOST_LAYERS, MOST_UNITS
from nbcore.play.text import MOST_WEIGHT

TITLE = "The playground"
FASTEST = 1 / 50  # seconds between two pictures, at least

SPEEDS: dict[str, tuple[float, int]] = {  # seconds between pictures, updates a picture (0: an epoch)
    "1 a second": (1.0, 1),
    "10 a second": (0.1, 1),
    "1 a picture": (FASTEST, 1),
    "5 a picture": (FASTEST, 5),
    "20 a picture": (FASTEST, 20),
    "100 a picture": (FASTEST, 100),
    "500 a picture": (FASTEST, 500),
    "1 epoch a picture": (FASTEST, 0),
}
USES = {f"use_{name.replace('^2', '_squared')}": name for name in FEATURES}
UNITS = [f"units{k}" for k in range(1, MOST_LAYERS + 1)]
PHIS = [f"phi{k}" for k in range(1, MOST_LAYERS + 1)]
PLAIN = (
    "data", "n", "noise", "train", "standardize", "data_seed", "init", "scale", "seed", "output", "loss", "eta",
    "batch", "optimizer", "l1", "l2",
)  # fmt: skip
SWEEPS: dict[str, tuple[Any, ...]] = {
    "eta": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    "width": (1, 2, 3, 4, 6, 8, 12, 16),
    "depth": (0, 1, 2, 3, 4, 5, 6),
    "seed": tuple(range(8)),
    "batch": (1, 5, 10, 20, 50, None),
    "optimizer": tuple(OPTIMIZERS),
    "init": tuple(INITS),
    "scale": (0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0),
    "l1": (0.0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1),
    "l2": (0.0, 0.0001, 0.001, 0.01, 0.03, 0.1, 0.3),
    "noise": (0.0, 0.1, 0.2, 0.3, 0.5),
    "train": (0.1, 0.3, 0.5, 0.7, 0.9),
    "data_seed": tuple(range(8)),
}
MEASURES = {
    "loss_test": "test loss",
    "loss": "training loss",
    "score_test": "test score",
    "score": "training score",
}


FREE, MIXED = "none: play freely", "mixed"
UI = ("speed", "show_test", "mission", "sweep_first", "sweep_second", "sweep_updates", "sweep_shows", "cell")
EDGE = ("to_layer", "to_unit", "from_unit")


def all_controls(own: bool) -> dict[str, Control]:
    """Every control by its name in `params`, as it stands for `Settings()`."""
    s = Settings()
    penalties = (0.0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
    found: dict[str, Control] = {
        "data": choice("data", [name for name in DATA if own or name != "own"], s.data),
        "activation": choice("activation", HIDDEN, "tanh"),
        "eta": rate(ETA, s.eta, 1e-4, 10, per_decade=6),
        "layers": count("hidden layers", len(s.hidden), 0, MOST_LAYERS),
        "units": count("units a layer", s.hidden[0][0], 1, MOST_UNITS),
        "speed": choice("updates", SPEEDS, "5 a picture"),
        "n": count("points", s.n, 10, 1000, 10),
        "noise": slider("noise", s.noise, 0, 1, 0.01),
        "train": slider("training share", s.train, 0.1, 0.9, 0.05),
        "data_seed": seed(label="seed of the data"),
        "standardize": toggle("standardize the data"),
        "show_test": toggle("show test points"),
        **{key: toggle(FEATURE_NAMES[name], name in s.features) for key, name in USES.items()},
        **{key: count(f"layer {k}: units", s.hidden[0][0], 1, MOST_UNITS) for k, key in enumerate(UNITS, start=1)},
        **{key: choice(f"layer {k}: activation", HIDDEN, "tanh") for k, key in enumerate(PHIS, start=1)},
        "init": choice("start weights", INITS, s.init),
        "scale": Slider("scale of them", s.scale, (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0)),
        "seed": seed(label="seed of weights"),
        "output": choice("output", OUTPUTS, s.output),
        "loss": choice("loss", LOSS_NAMES, s.loss),
        "batch": named(
            "batch size", {"1": 1, "2": 2, "5": 5, "10": 10, "20": 20, "50": 50, "100": 100, "all": None}, s.batch
        ),
        "optimizer": choice("optimizer", OPTIMIZERS, s.optimizer),
        "l1": Slider("L1 penalty", s.l1, penalties),
        "l2": Slider("L2 penalty", s.l2, penalties),
        "to_layer": named("layer", {"layer 1": 1}, 1),
        "to_unit": named("to", {"unit 1": 0}, 0),
        "from_unit": named("from", {"x₁": 0, "bias": None}, 0),
        "weight": Slider("weight", 0.0, tuple(float(f"{-5 + 0.05 * k:.10g}") for k in range(201))),
        "mission": named("mission", {FREE: "", **{goal.title: name for name, goal in MISSIONS.items()}}, ""),
        "sweep_first": named("across", {swept(name): name for name in SWEEPS}, "eta"),
        "sweep_second": named("upward", {swept(name): name for name in SWEEPS}, "width"),
        "sweep_updates": named("updates each", {f"{n:,}": n for n in (100, 300, 1000, 3000)}, 300),
        "sweep_shows": named("shows", {text: name for name, text in MEASURES.items()}, "loss_test"),
        "cell": named("cell", {"none": -1}, -1),
    }
    return found


@dataclass(frozen=True)
class Section:
    """Some controls of a group; `dense` ones stand in a line, `pairs` side by side two and two."""

    names: tuple[str, ...]
    legend: str = ""
    note: str = ""
    dense: bool = False
    pairs: bool = False


GROUPS: dict[str, tuple[str, tuple[Section, ...]]] = {
    "data": (
        "Data",
        (
            Section((*USES, "standardize"), "Inputs: what the network sees of a point", dense=True),
            Section(("n", "noise", "train", "data_seed", "show_test")),
        ),
    ),
    "network": (
        "Network",
        (
            Section(tuple(name for pair in zip(UNITS, PHIS, strict=True) for name in pair), pairs=True),
            Section(
                ("init", "scale", "seed", "output", "loss"),
                note="A change here begins again, from the same start weights where the sizes allow.",
            ),
        ),
    ),
    "training": (
        "Training",
        (
            Section(
                ("optimizer", "batch", "l1", "l2"),
                note="These, and the learning rate, change on the way: the run goes on.",
            ),
        ),
    ),
    "weights": (
        "Weights",
        (
            Section(
                ("to_layer", "from_unit", "to_unit", "weight", "typed"),
                note="Choose one here, or click on an edge or a unit in the picture.",
            ),
        ),
    ),
    "compare": ("Compare", ()),
    "missions": ("Missions", (Section(("mission",), dense=True),)),
    "sweep": ("Sweep", (Section(("sweep_first", "sweep_second", "sweep_updates", "sweep_shows")),)),
    "share": ("Share", ()),
}
BASICS = ("data", "activation", "eta", "layers", "units")
BUTTONS = (
    ("step", "Step", "Step: one update"),
    ("epoch", "Epoch", "Epoch: every training point once"),
    ("rewind", "Rewind", "Rewind: back to the same start weights"),
    ("new start", "New start", "New start: other start weights, drawn from the next seed"),
    ("undo", "Undo", "Undo"),
)
COMPARING = (("compare", "Keep this as A, go on with B"), ("keep b", "Keep B, drop A"), ("keep a", "Keep A, drop B"))


class Board(Shown):
    """The page's side of a playground. All traits go to the page; what comes from it are messages."""

    _esm = script("controls.js", "playground.js")
    _css = "\n".join((HERE / part).read_text(encoding="utf-8") for part in ("explore.css", "playground.css"))

    title = t.Unicode(TITLE).tag(sync=True)
    controls: t.List = t.List().tag(sync=True)
    groups: t.List = t.List().tag(sync=True)
    basics: t.List = t.List(list(BASICS)).tag(sync=True)
    buttons: t.List = t.List([list(b) for b in BUTTONS]).tag(sync=True)
    comparing: t.List = t.List([list(b) for b in COMPARING]).tag(sync=True)
    params = t.Dict().tag(sync=True)
    live = t.Dict().tag(sync=True)  # values of controls that training moves
    menus = t.Dict().tag(sync=True)  # what menus offer that depend on the network
    labels = t.Dict().tag(sync=True)  # names of controls that depend on the data
    idle: t.List = t.List().tag(sync=True)
    absent: t.List = t.List().tag(sync=True)
    disabled: t.List = t.List().tag(sync=True)  # buttons without effect now
    frame = t.Bytes().tag(sync=True)
    mime = t.Unicode("image/jpeg").tag(sync=True)
    count = t.Int(0).tag(sync=True)  # of pictures sent
    width = t.Int(960).tag(sync=True)
    height = t.Int(HEIGHT).tag(sync=True)
    alt = t.Unicode().tag(sync=True)
    status = t.Unicode().tag(sync=True)
    readout: t.List = t.List().tag(sync=True)
    said = t.Unicode().tag(sync=True)
    error = t.Unicode().tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    diverged = t.Dict().tag(sync=True)
    undo = t.Unicode().tag(sync=True)
    comparison = t.Unicode().tag(sync=True)
    mission = t.Dict().tag(sync=True)
    progress = t.Dict().tag(sync=True)
    sweep_frame = t.Bytes().tag(sync=True)
    sweep_alt = t.Unicode().tag(sync=True)
    sweep_note = t.Unicode().tag(sync=True)
    sweep_width = t.Int(0).tag(sync=True)
    text = t.Unicode().tag(sync=True)
    code = t.Unicode().tag(sync=True)
    heard = t.Unicode().tag(sync=True)  # the last move taken in
    closed: Callable[[], None] | None = None

    def close(self) -> None:
        if self.closed is not None:
            self.closed()
        super().close()


def groups() -> list[dict[str, Any]]:
    """The groups of controls, as the page builds them."""
    return [
        {"key": key, "title": title, "sections": [asdict(section) for section in sections]}
        for key, (title, sections) in GROUPS.items()
    ]


def described(controls: Mapping[str, Control]) -> list[dict[str, Any]]:
    """What the page needs to show the controls; a weight may be typed as well."""
    typed = Box("or type it", 0.0, (-MOST_WEIGHT, 0.0, MOST_WEIGHT), step=0.1)
    found = [control.describe(name) for name, control in controls.items()]
    return [*found, {**typed.describe("typed"), "sets": "weight"}]
