"""The playground in words: settings, what a change kept, how far training is, what the picture shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbcore.draw.playground import Side
from nbcore.draw.sweep import said
from nbcore.explore.words import ETA, MINUS
from nbcore.play import Run, start_network
from nbcore.play.view import sure

FEATURE_NAMES = {
    "x1": "x₁",
    "x2": "x₂",
    "x1^2": "x₁²",
    "x2^2": "x₂²",
    "x1x2": "x₁x₂",
    "sinx1": "sin x₁",
    "sinx2": "sin x₂",
}
SAID = {  # how a change is called
    "n": "points", "train": "training share", "data_seed": "seed of the data", "eta": "η", "init": "start weights",
    "scale": "scale of the start weights", "seed": "seed of the weights", "l1": "L1 penalty", "l2": "L2 penalty",
    "hidden": "hidden layers", "batch": "batch size", "standardize": "standardizing", "features": "inputs",
}  # fmt: skip


def swept(name: str) -> str:
    return {"eta": ETA, "width": "units a layer", "depth": "hidden layers"}.get(name, SAID.get(name, name))


def swept_short(name: str) -> str:
    """The same where many must stand below each other."""
    return {"width": "units", "depth": "layers", "scale": "scale"}.get(name, SAID.get(name, name))


def side_of(name: str, run: Run) -> Side:
    steps, looks = run.curves
    return Side(name, run.settings, run.problem, run.view(), steps, looks[:, 0], looks[:, 1])


def with_part(layer: tuple[int, str], place: int, value: Any) -> tuple[int, str]:
    return (value, layer[1]) if place == 0 else (layer[0], value)


def upper(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:1].isascii() else text


def value_text(name: str, value: Any) -> str:
    """A setting as words hold it."""
    if name == "hidden":
        return ", ".join(f"{units} {phi}" for units, phi in value) or "none"
    if name == "features":
        return ", ".join(FEATURE_NAMES[feature] for feature in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return said(value)


def begun_text(before: Run, now: Run) -> str:
    """What a new start kept of the old one."""
    old, new = (start_network(run.start, run.problem) for run in (before, now))
    same = [np.array_equal(a.W, b.W) for a, b in zip(old.layers, new.layers, strict=False)]
    if old.sizes == new.sizes and all(same):
        return "Begun again from the very same start weights."
    if same and same[0]:
        kept = same.index(False) if False in same else len(same)
        return f"Begun again: {'layer 1 starts' if kept == 1 else f'layers 1 to {kept} start'} as before."
    return "Begun again with new start weights."


def loss_text(value: float) -> str:
    """Four digits that do not jump about."""
    if not 1e-4 <= abs(value) < 1e4:
        return f"{value:.2e}".replace("-", MINUS)
    return f"{value:.4f}" if value < 10 else f"{value:.5g}"


def scores(side: Side) -> tuple[str, str, str]:
    """How good it is: the name of the measure, on the training points, on the test points."""
    n = side.view.numbers
    if side.problem.kind == "regression":
        return "typical error", loss_text(n.score), loss_text(n.score_test)
    return "accuracy", f"{100 * n.score:.1f} %", f"{100 * n.score_test:.1f} %"


def readout_of(sides: tuple[Side, ...]) -> list[list[str]]:
    """Names and numbers for the line above the picture."""
    n, losses = sides[0].view.numbers, {side.problem.loss.name for side in sides}
    found = [["update", f"{n.step:,}"], ["epoch", f"{n.epoch:.1f}"]]
    for side in sides:
        n, (measure, train, test) = side.view.numbers, scores(side)
        name = f"{side.name}: " if side.name else ""
        found += [
            [f"{name}{'loss' if len(losses) == 1 else side.problem.loss.name}", loss_text(n.loss)],
            ["test", loss_text(n.loss_test)],
            [measure, train],
            ["test", test],
        ]
    return found


def told_of(side: Side) -> str:
    n, (measure, train, test) = side.view.numbers, scores(side)
    name = f"{side.name}: update" if side.name else "Update"
    return (
        f"{name} {n.step:,}, epoch {n.epoch:.1f}. Loss {loss_text(n.loss)} on the training points, "
        f"{loss_text(n.loss_test)} on the test points; {measure} {train} and {test}."
    )


def pictured(side: Side) -> str:
    """What there is to see of one run."""
    s, n, inside = side.settings, side.view.numbers, side.view.inside
    sizes = "-".join(map(str, (n.W[0].shape[1], *(W.shape[0] for W in n.W))))
    kinds = list(dict.fromkeys(phi for _, phi in s.hidden))
    hidden = f"{' and '.join(kinds)} units" if kinds else "no hidden layers"
    name = f"{side.name}: a" if side.name else "A"
    data = "your own data" if s.data == "own" else s.data
    where = "the plane with what it says of each point" if side.problem.plane else "its answers on the test points"
    words = [
        f"{name} network {sizes} with {hidden} and {side.problem.output.name} output on {data}, "
        f"learning rate {value_text('eta', s.eta)}; beside it {where}, "
        f"the loss curves, and activations and gradients layer by layer.",
        upper(told_of(side).removeprefix(f"{side.name}: ")),
    ]
    for k, (flat, dead) in enumerate(zip(inside.saturated, inside.dead, strict=True), start=1):
        layer = f"Layer {k}" if k < len(n.W) else "The output"
        if dead > 0 and not sure(side.problem, len(inside.dead), k - 1):
            words.append(f"{layer}: {100 * dead:.0f} % of the units are dead.")
        elif flat > 0.5 and k < len(n.W):
            words.append(f"{layer} is saturated on {100 * flat:.0f} % of units and points.")
    return " ".join(words)
