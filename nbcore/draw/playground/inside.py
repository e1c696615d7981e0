"""The table of what goes on inside, layer by layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nbcore.draw.ink import Marks, Stroke
from nbcore.draw.microscope import MINUS
from nbcore.draw.playground.layout import COLUMNS, GAPS, TABLE, Pad, Plan, Shot, Side, rectangle, write_title
from nbcore.play.view import A_EDGES, G_EDGES, sure

FOLKLORE = 1e-3  # "an update should be a thousandth of the weights"
SHOWN = slice(8, 37)  # edges of the gradients' bins that are drawn, 1e-12 to 100; what lies outside is in the end bins
G_SHOWN = G_EDGES[SHOWN]
G_LOW, G_HIGH = float(G_SHOWN[0]), float(G_SHOWN[-1])
R_LOW, R_HIGH = -6.0, 0.0
ZERO = 12  # the slot for gradients of exactly 0


def rows_of(sides: tuple[Side, ...]) -> tuple[int, float]:
    """How many layers the table has, and how high their rows are."""
    layers = max(len(side.settings.hidden) + 1 for side in sides)
    return layers, min(60.0, TABLE / layers)


def table_frame(pad: Pad, where: Plan, shot: Shot) -> None:
    layers, row = rows_of(shot.sides)
    heads = {
        "a": ("Activations", "height: √ of share"), "g": ("Gradients |dC/dw|", "◆ rms   ▮ share of 0"),
        "ratio": ("Update ÷ weight", "next step, rms"), "saturated": ("Saturated", "units × points"),
        "dead": ("Dead", "units"),
    }  # fmt: skip
    if len(shot.sides) > 1:
        low = row / 2 < 12
        heads["saturated"] = ("Saturated", "%, A | B" if low else "A above B")
        heads["dead"] = ("Dead", "A | B" if low else "A above B")
    for top, columns in where.tables:
        bottom = top + layers * row
        for name, (x, wide) in columns.items():
            if name == "layer":
                write_title(pad, x, top - 23, "Inside")
                continue
            title, note = heads[name]
            size = min(11.5, (wide + GAPS[name] - 4) / len(title) / 0.62)
            pad.say("title", x, top - 23, title, size=size, bold=True)
            pad.say("note", x, top - 10, note, size=min(10.0, (wide + 8) / len(note) / 0.56), color=pad.soft)
            for tick, text in _scale_ticks(name):
                at = column_x(name, columns, tick)
                known = name == "ratio" and tick == math.log10(FOLKLORE)
                line = np.array([[[at, top], [at, bottom]]])
                look = {"dash": (4.0, 3.0), "width": 1.2} if known else {"width": 0.8}
                pad.under.append(Stroke(f"scale {name}", line, pad.accent if known else pad.faint, crisp=True, **look))
                pad.say("scale", at, bottom + 14, text, ha="center", size=10)
            if name == "g":
                pad.say("scale", x + ZERO / 2 - 2, bottom + 14, "0", ha="center", size=10)
        x, wide = columns["layer"]
        right = max(left + w for left, w in columns.values())
        rules = np.array([[[x, top + k * row], [right, top + k * row]] for k in range(layers + 1)])
        pad.under.append(Stroke("rules", rules, pad.faint, 0.8, crisp=True))
        for k in range(layers):
            names = {_layer_name(side, k) for side in shot.sides}
            text = names.pop() if len(names) == 1 else f"layer {k + 1}"
            size = min(10.5, COLUMNS["layer"] / len(text) / 0.56)
            pad.say("layer", x, top + (k + 0.5) * row + 4, text, size=size)


def _layer_name(side: Side, k: int) -> str:
    hidden = side.settings.hidden
    if k < len(hidden):
        return f"{k + 1} {hidden[k][1]}"
    return f"{k + 1} {side.problem.output.name}" if k == len(hidden) else ""


def _scale_ticks(name: str) -> list[tuple[float, str]]:
    if name == "a":
        return [(-2, f"{MINUS}2"), (0, "0"), (2, "2")]
    if name == "g":
        return [(k, _power(k)) for k in (-8, -4, 0)]
    if name == "ratio":
        return [(-6, _power(-6)), (-3, _power(-3)), (0, "1")]
    return []


def _power(power: int) -> str:
    return {-2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100"}.get(power, f"1e{power}".replace("-", MINUS))


def column_x(name: str, columns: dict[str, tuple[float, float]], value: Any) -> Any:
    """Where a number stands in a column: activations as they are, gradients and ratios by their log10."""
    x, wide = columns[name]
    if name == "a":
        return x + (value - A_EDGES[0]) / (A_EDGES[-1] - A_EDGES[0]) * wide
    if name == "g":
        return x + ZERO + (value - G_LOW) / (G_HIGH - G_LOW) * (wide - ZERO)
    if name == "ratio":
        return x + 6 + (value - R_LOW) / (R_HIGH - R_LOW) * (wide - 12)
    raise KeyError(name)


def draw_inside(pad: Pad, where: Plan, shot: Shot, k: int) -> None:
    side = shot.sides[k]
    inside, tag = side.view.inside, side.name
    layers, (_, row) = len(inside.norms), rows_of(shot.sides)
    for top, columns in where.tables:
        for name in columns:
            if name in ("a", "g"):
                counts = inside.activations if name == "a" else shown_gradients(inside.gradients)
                _ridges(pad, f"{name}{tag}", columns, name, counts, top, row, k)
        y = top + (np.arange(layers) + 0.5) * row
        if "g" in columns:
            x, _ = columns["g"]
            for m, share in enumerate(inside.zero):
                if share > 0:
                    high = max(1.5, share * (row - 5))
                    left, low = x + 4 * k, top + (m + 1) * row - 1
                    bar = rectangle(left, low - high, 5, high)
                    pad.over.append(Stroke(f"zero{tag}", bar, pad.high, 1.0, face=None if k else pad.high, crisp=True))
            _on_scale(pad, f"norm{tag}", "g", columns, inside.norms, y + 0.1 * row, not k)
        if "ratio" in columns:
            _on_scale(pad, f"ratio{tag}", "ratio", columns, inside.ratio, y, not k)


def _on_scale(pad: Pad, tag: str, name: str, columns: Any, values: np.ndarray, y: np.ndarray, filled: bool) -> None:
    """Diamonds at their numbers; arrows at an end for those beyond it; values of 0 are not drawn."""
    there = values > 0
    low, high = (G_LOW, G_HIGH) if name == "g" else (R_LOW, R_HIGH)
    logs = np.log10(values[there])
    at = np.stack([column_x(name, columns, np.clip(logs, low, high)), y[there]], axis=1)
    for marker, which in (("D", (logs >= low) & (logs <= high)), ("<", logs < low), (">", logs > high)):
        size = 6.5 if marker == "D" else 9.0
        pad.over.append(Marks(tag, at[which], marker, size, pad.ink, 1.3, pad.ink if filled else None))


def shown_gradients(counts: np.ndarray) -> np.ndarray:
    """The counts (L, 28) in the bins from 1e-12 to 100, which at both ends take in all beyond."""
    shown = counts[:, SHOWN.start : SHOWN.stop - 1].copy()
    shown[:, 0] += counts[:, : SHOWN.start].sum(axis=1)
    shown[:, -1] += counts[:, SHOWN.stop - 1 :].sum(axis=1)
    return np.asarray(shown)


def _ridges(pad: Pad, tag: str, columns: Any, name: str, counts: np.ndarray, top: float, row: float, k: int) -> None:
    """Histograms, each on its layer's line: the fullest bin fills the row, others by the root of their share."""
    edges = column_x(name, columns, A_EDGES if name == "a" else G_SHOWN)
    tall = np.sqrt(counts / np.maximum(counts.max(axis=1, keepdims=True), 1)) * (row - 5)
    outlines = []
    for m, heights in enumerate(tall):
        there = np.flatnonzero(heights)
        if len(there):
            a, b = there[0], there[-1] + 1
            up = np.concatenate([[0.0], np.repeat(heights[a:b], 2), [0.0]])
            outlines.append(np.stack([np.repeat(edges[a : b + 1], 2), top + (m + 1) * row - up], axis=1))
    color = pad.low if name == "a" else pad.high
    if not k:
        pad.under.append(Stroke(f"ridge {tag}", outlines, face=color, alpha=0.35))
    pad.over.append(Stroke(f"line {tag}", outlines, color if not k else pad.ink, 1.4, dash=(4.0, 2.0) if k else ()))


def draw_shares(pad: Pad, where: Plan, shot: Shot) -> None:
    """Saturated and dead, as numbers; of two sides A's above B's, or before it where the rows are low."""
    _, row = rows_of(shot.sides)
    low = row / len(shot.sides) < 12
    for top, columns in where.tables:
        for name in ("saturated", "dead"):
            if name not in columns:
                continue
            x, _ = columns[name]
            for m in range(max(len(side.view.inside.dead) for side in shot.sides)):
                texts = [_share_text(side, name, m, low and len(shot.sides) > 1) for side in shot.sides]
                for k, (text, bold) in enumerate(texts):
                    y = top + (m + (0.5 if low else (k + 1) / (len(texts) + 1))) * row + 4
                    at = x + k * 0.5 * columns[name][1] if low else x
                    pad.say(f"{name}{shot.sides[k].name}", at, y, text, size=10, bold=bold)


def _share_text(side: Side, name: str, m: int, short: bool) -> tuple[str, bool]:
    """A layer's share in words, and whether it is half or more: bold where that is a fault."""
    inside = side.view.inside
    if m >= len(inside.dead):
        return "", False
    fine = sure(side.problem, len(inside.dead), m)
    if name == "dead":
        gone = inside.dead_units[m] & (not fine)
        return f"{int(gone.sum())}" if short else f"{int(gone.sum())} of {len(gone)}", bool(gone.mean() >= 0.5)
    text = whole_percent(float(inside.saturated[m]))
    return text.replace(" ", "").rstrip("%") if short else text, bool(inside.saturated[m] >= 0.5) and not fine


def whole_percent(share: float) -> str:
    """Whole percents, but never 0 for a little nor 100 for almost all."""
    percent = 100 * share
    if 0 < percent < 1:
        return "< 1 %"
    return "> 99 %" if 99 < percent < 100 else f"{percent:.0f} %"
