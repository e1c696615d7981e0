"""The losses, in training and in the test, of one run or two."""

from __future__ import annotations

import math

import numpy as np

from nbcore.draw.ink import Marks, Stroke
from nbcore.draw.microscope import number
from nbcore.draw.playground.layout import Box, Pad, Shot, write_title

MOST_POINTS, FLOOR = 600, 1e-12
B_DASH = (7.0, 4.0)


def loss_frame(pad: Pad, box: Box, title: float, shot: Shot) -> None:
    x, y, wide, tall = box
    write_title(pad, x - 46, title, "Loss")
    losses = [side.problem.loss.name for side in shot.sides]
    note = "C after each update, log scale"
    if len(set(losses)) > 1:  # on one axis, but two measures
        note = f"two measures! A: {losses[0]}, B: {losses[1]}"
    pad.say("note", x - 10, title, note, size=10, color=pad.soft)
    frame = np.array([[[x, y], [x, y + tall], [x + wide, y + tall]]])
    pad.over.append(Stroke("frame", frame, pad.soft, 1, crisp=True))
    pad.say("axis", x + wide, y + tall + 27, "updates", ha="right", size=10, color=pad.soft)


def loss_range(shot: Shot) -> tuple[float, float]:
    """From where to where the losses' axis goes: 1, 2 or 5 times a power of ten; what is below 1e-12 stands there."""
    now = [(s.view.numbers.loss, s.view.numbers.loss_test) for s in shot.sides]
    values = np.concatenate([*now, *(s.losses for s in shot.sides), *(s.losses_test for s in shot.sides)])
    values = np.maximum(values, FLOOR)

    def near(value: float, up: bool) -> float:
        ten = math.floor(math.log10(value))
        steps = [float(f"{k}e{ten}") for k in (1, 2, 5, 10)]
        fits = [v for v in steps if (v >= value if up else v <= value)]
        return fits[0 if up else -1] if fits else value

    low, high = near(float(values.min()), False), near(float(values.max()), True)
    return (low, high) if high / low > 3 else (low, near(4 * low, True))


def _loss_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten from low to high, or with 2 and 5 times them where there are few."""
    a, b = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    every = max(1, math.ceil((b - a + 1) / most))
    ticks = [float(f"{k}e{p}") for p in range(a, b + 1, every) for k in ((1, 2, 5) if (b - a) * 3 <= most else (1,))]
    return [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]


def _thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most 600 points, the last one among them."""
    if len(steps) <= MOST_POINTS:
        return steps, values
    keep = np.unique(np.linspace(0, len(steps) - 1, MOST_POINTS).astype(int))
    return steps[keep], values[keep]


def draw_losses(pad: Pad, box: Box, shot: Shot) -> None:
    x, y, wide, tall = box
    ends = loss_range(shot)
    low, high = (math.log10(end) for end in ends)
    most = max(1, *(side.view.numbers.step for side in shot.sides))

    def placed(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
        up = (np.log10(np.maximum(values, FLOOR)) - low) / (high - low)
        return np.stack([x + steps / most * wide, y + tall * (1 - up)], axis=1)

    across = []
    for tick in _loss_ticks(*ends, max(3, int(tall / 18))):
        at = y + tall * (1 - (math.log10(tick) - low) / (high - low))
        across.append(np.array([[x, at], [x + wide, at]]))
        pad.say("decade", x - 5, at + 4, _loss_label(tick), ha="right", size=10)
    pad.under.append(Stroke("grid", across, pad.faint, 0.8, crisp=True))
    for step in _ticks(most, max(2, int(wide / 70))):
        at = x + step / most * wide
        pad.under.append(Stroke("tick", np.array([[[at, y + tall], [at, y + tall + 4]]]), pad.soft, 0.8, crisp=True))
        pad.say("tick", at, y + tall + 15, _count(step), ha="center", size=10)
    cell = wide / 2 + 23
    for k, side in enumerate(shot.sides):
        n = side.view.numbers
        dash = B_DASH if k else ()
        for c, (what, values, now, color, width) in enumerate((
            ("train", side.losses, n.loss, pad.ink, 2.4), ("test", side.losses_test, n.loss_test, pad.accent, 1.6),
        )):  # fmt: skip
            line = placed(*_thinned(side.steps, values))
            if line[-1, 0] < x + wide or len(line) == 1:
                line = np.concatenate([line, placed(np.array([n.step]), np.array([now]))])
            pad.over.append(Stroke(f"{what}{side.name}", line[None], color, width, dash=dash))
            pad.over.append(Marks(f"{what}{side.name} now", line[-1:], "o" if c == 0 else "s", 5.0, color, 1, color))
            # The sample of a line, with its name and number.
            left, down = x - 46 + c * cell, y - 12 - 14 * (len(shot.sides) - 1 - k)
            sample = np.array([[left, down - 4], [left + 22, down - 4]])
            pad.over.append(Stroke(f"sample {what}{side.name}", sample[None], color, width, dash=dash))
            name = f"{side.name} {what}" if side.name else what
            pad.say(f"loss {what}{side.name}", left + 27, down, f"{name} {number(now, 3)}", size=10.5)


def _loss_label(tick: float) -> str:
    return f"{tick:g}" if 1e-3 <= tick < 1e4 else number(tick, 1)


def _ticks(most: float, about: int) -> list[int]:
    """Round numbers of updates from 0 on."""
    raw = max(1.0, most / about)
    ten = 10 ** math.floor(math.log10(raw))
    step = max(1, int(next(ten * k for k in (1, 2, 5, 10) if ten * k >= raw * 0.999)))
    return list(range(0, int(most) + 1, step))


def _count(step: int) -> str:
    return f"{step:,}" if step < 1_000_000 else f"{step / 1e6:g}M"
