"""Pictures of lesson 05, the microscope apart: a broken gradient, a script with bugs, the size of a nudge."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.ticker import NullLocator

from nbcore.draw.shapes import boundary, class_points, mark_surface
from nbcore.draw.style import theme

DASHED = (0, (4, 1.8))
LEAST, MOST = 1e-12, 10.0  # of relative errors
TOLERANCE = 1e-7
MINUS = "\N{MINUS SIGN}"
LINES = 9  # that the script prints
ROWS = np.linspace(5.3, 0, 6)  # of the six arrays


def _signed(value: float, form: str) -> str:
    return f"{value + 0.0:{form}}".replace("-", MINUS)


def _raised(power: int) -> str:
    return f"$10^{{{power}}}$"


def draw_broken(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: errors of six arrays with their ratio to the right ones; the losses; what was learned."""
    check, loss, plane = axes
    if not artists:
        look = theme()
        check.set(xscale="log", xlim=(LEAST, 3e5), ylim=(-0.75, 6.3), xlabel="relative error")
        check.set_xticks([1e-12, 1e-8, 1e-4, 1], [_raised(k) for k in (-12, -8, -4, 0)])
        check.xaxis.set_minor_locator(NullLocator())
        check.set_yticks(ROWS, ["$W_1$", "$b_1$", "$W_2$", "$b_2$", "$W_3$", "$b_3$"])
        check.tick_params(axis="y", length=0, labelsize=9)
        check.set_title("Gradient check")
        check.plot([TOLERANCE] * 2, [-0.75, 5.75], color=look.soft, lw=1.2, ls=DASHED)
        check.text(TOLERANCE / 2, 6.05, "right", color=look.low, ha="right", va="center", fontsize=8)
        check.text(TOLERANCE * 2, 6.05, "wrong", color=look.high, ha="left", va="center", fontsize=8)
        check.text(1.6e5, 6.05, "times", ha="right", va="center", fontsize=8)
        artists["bars"] = [check.plot([], [], color=look.low, lw=2.2, solid_capstyle="butt")[0] for _ in range(6)]
        artists["good"] = check.plot([], [], "o", color=look.low, markersize=8, ls="none", zorder=4)[0]
        artists["bad"] = check.plot(
            [], [], "X", color=look.high, markersize=9, markeredgecolor=look.paper, markeredgewidth=0.7, zorder=4
        )[0]
        artists["ratio"] = [check.text(1.6e5, y, "", ha="right", va="center", fontsize=8.5) for y in ROWS]
        loss.set(xlim=(0, 1.02 * result.total), yscale="log", ylim=(2e-5, 3e3), xlabel="updates")
        loss.set_yticks(
            [1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000], ["", "0.001", "0.01", "0.1", "1", "10", "100", "1000"]
        )
        loss.yaxis.set_minor_locator(NullLocator())
        loss.grid(True)
        loss.set_title("Loss $C$ while training")
        artists["right"] = loss.plot([], [], color=look.second, lw=2.2, ls=DASHED, zorder=3)[0]
        artists["loss"] = loss.plot([], [], color=look.accent, lw=2.4)[0]
        artists["stop"] = loss.plot([], [], "X", color=look.accent, markersize=9, zorder=5)[0]
        box = {"facecolor": loss.get_facecolor(), "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
        for y, color, style, name in (
            (0.155, look.accent, "-", "this gradient"),
            (0.05, look.second, DASHED, "the right one"),
        ):
            artists[f"key {name}"] = [
                loss.plot([0.03, 0.15], [y, y], color=color, ls=style, lw=2.2, transform=loss.transAxes)[0],
                loss.text(0.19, y, name, color=color, va="center", transform=loss.transAxes, bbox=box, fontsize=8.5),
            ]
        limit = 2.4
        plane.set_box_aspect(1)
        plane.set(xlim=(-limit, limit), ylim=(-limit, limit), xlabel="$x_1$", ylabel="$x_2$")
        plane.set_xticks([-2, 0, 2])
        plane.set_yticks([-2, 0, 2])
        plane.set_title("What it learned")
        artists["surface"] = mark_surface(plane, (-limit, limit, -limit, limit))
        artists["points"] = class_points(plane, 3.6)
        artists["right line"] = plane.plot([], [], color=look.second, lw=2, ls=DASHED, zorder=4)[0]
        artists["line"] = plane.plot([], [], color=look.accent, lw=2.4, zorder=4)[0]
    look_low, look_high = artists["good"].get_color(), artists["bad"].get_color()
    shown = np.clip(result.errors, LEAST * 1.5, MOST)
    fine = result.errors < TOLERANCE
    for bar, text, y, size, ok, ratio, cosine in zip(
        artists["bars"], artists["ratio"], ROWS, shown, fine, result.ratios, result.cosines, strict=True
    ):
        bar.set_data([LEAST, size], [y, y])
        bar.set_color(look_low if ok else look_high)
        angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
        turned = f"\u2220 {angle:.0f}\u00b0" if angle >= 10 else f"\u2220 {angle:.2g}\u00b0"
        text.set_text(_times(ratio) if angle < 0.01 or angle > 179.99 else turned)
    artists["good"].set_data(shown[fine], ROWS[fine])
    artists["bad"].set_data(shown[~fine], ROWS[~fine])
    artists["right"].set_data(np.arange(len(result.right_losses)), _seen(result.right_losses))
    artists["loss"].set_data(np.arange(len(result.losses)), _seen(result.losses))
    stopped = len(result.losses) <= result.total
    artists["stop"].set_data([len(result.losses) - 1] if stopped else [], [2e3] if stopped else [])
    artists["surface"].set_data(1 / (1 + np.exp(-np.clip(result.logits, -30, 30))))
    for k, points in enumerate(artists["points"]):
        some = result.X[result.Y[:, 0] == k]
        points.set_data(some[:, 0], some[:, 1])
    for name, surface in (("line", result.logits), ("right line", result.right_logits)):
        artists[name].set_data(*_joined(surface))


def _seen(losses: np.ndarray) -> np.ndarray:
    return np.clip(losses, 1e-12, 1e6)


def _times(ratio: float) -> str:
    if abs(ratio - round(ratio)) < 1e-6 and abs(ratio) < 1000:
        return _signed(ratio, ".0f")
    return _signed(ratio, ".3g")


def _joined(heights: np.ndarray) -> np.ndarray:
    """The line at which the output is 1/2, in its longest piece: (2, k)."""
    ticks = np.linspace(-2.4, 2.4, len(heights))
    pieces = boundary(ticks, heights)
    if not pieces:
        return np.zeros((2, 0))
    return max(pieces, key=len).T  # the surface shows the others as well


def draw_hunt(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: losses, the six outputs with their targets, and the lines that the script prints."""
    loss, output, console = axes
    epochs = float(result.repaired_epochs[-1])
    if not artists:
        look = theme()
        for axis, end in ((loss, 1.5), (output, 9)):  # 0, then powers of ten
            axis.set_xscale("symlog", linthresh=1, linscale=0.4)
            axis.set(xlim=(-0.15, end * epochs), xlabel="epochs")
            axis.set_xticks([0, 1, 100, 10_000], ["0", "1", "100", "10,000"])
            axis.xaxis.set_minor_locator(NullLocator())
        loss.set(yscale="log", ylim=(1e-5, 3e6))
        loss.set_yticks([1e-4, 1e-2, 1, 1e2, 1e4], [_raised(k) for k in (-4, -2, 0, 2, 4)])
        loss.yaxis.set_minor_locator(NullLocator())
        loss.grid(True)
        loss.set_title("Loss $C$")
        artists["repaired"] = loss.plot([], [], color=look.second, lw=2.2, ls=DASHED, zorder=3)[0]
        artists["loss"] = loss.plot([], [], color=look.accent, lw=2.4)[0]
        artists["dot"] = loss.plot(
            [], [], "o", color=look.accent, markersize=9, markeredgecolor=look.paper, markeredgewidth=0.8, zorder=4
        )[0]
        for y, color, style, name in (
            (0.945, look.accent, "-", "this script"),
            (0.865, look.second, DASHED, "repaired"),
        ):
            artists[f"key {name}"] = [
                loss.plot([0.4, 0.52], [y, y], color=color, ls=style, lw=2.2, transform=loss.transAxes)[0],
                loss.text(0.56, y, name, color=color, va="center", transform=loss.transAxes, fontsize=8.5),
            ]
        output.set(ylim=(-0.06, 1.42))
        output.set_yticks([0, 0.5, 1])
        output.grid(True)
        output.set_title("Outputs $a$, and targets")
        output.axhline(1, color=look.soft, lw=1.2, ls=":")
        artists["outputs"] = [
            output.plot([], [], color=(look.low, look.high)[k % 2], lw=1.8, ls=("-", DASHED, ":")[k // 2])[0]
            for k in range(6)
        ]
        artists["ends"] = [
            output.plot([], [], m, color=(look.low, look.high)[k % 2], markersize=5, zorder=4)[0]
            for k, m in enumerate("osos" + "os")
        ]
        artists["targets"] = [
            output.plot([], [], "_", color=(look.low, look.high)[k % 2], markersize=15, markeredgewidth=2.2, zorder=3)[
                0
            ]
            for k in range(6)
        ]
        artists["aims"] = [
            output.text(0.04, y, "", color=c, va="center", transform=output.transAxes, fontsize=8)
            for y, c in ((0.945, look.low), (0.865, look.high))
        ]
        console.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        for side in ("left", "bottom"):
            console.spines[side].set_visible(False)
        console.set_title("What the script prints")
        console.patch.set_facecolor(look.faint)
        console.patch.set_alpha(0.55)
        artists["lines"] = [
            console.text(0.03, 0.92 - 0.105 * k, "", family="DejaVu Sans Mono", fontsize=7.6, va="center")
            for k in range(LINES)
        ]
    artists["repaired"].set_data(result.repaired_epochs, np.maximum(result.repaired, 1e-12))
    many = len(result.losses) > 1
    artists["loss"].set_data(result.epochs if many else [], np.maximum(result.losses, 1e-12) if many else [])
    artists["dot"].set_data(result.epochs[-1:], np.maximum(result.losses[-1:], 1e-12))
    flat = result.outputs.reshape(len(result.epochs), 6)
    targets = result.targets.ravel()
    for k in range(6):
        artists["outputs"][k].set_data(result.epochs if many else [], flat[:, k] if many else [])
        artists["ends"][k].set_data(result.epochs[-1:], flat[-1:, k])
        reachable = targets[k] <= 1
        artists["targets"][k].set_data([3.5 * epochs] if reachable else [], [targets[k]] if reachable else [])
    for text, name, column in zip(artists["aims"], ("first", "second"), result.targets.T, strict=True):
        text.set_text(f"{name} \u2192 " + ", ".join(f"{target:.3g}".replace("0.", ".") for target in column))
    for artist, line in zip(artists["lines"], _console(result), strict=True):
        artist.set_text(line)


def _console(result: Any) -> list[str]:
    if result.error:
        lines = [">>> a = Sigmoid(x)", *textwrap.wrap(f"TypeError: {result.error}", 21, subsequent_indent="  ")]
    else:
        lines = [f"epoch    loss {result.heading:>8}"]
        shown = [0, 1, 2, 4, 6, 8, 10] if len(result.losses) > 1 else [0]
        for k in (tenth * (len(result.losses) // 10) for tenth in shown):
            lines.append(f"{result.epochs[k]:5.0f} {_short(result.losses[k])} {result.printed[k] + 0.0:8.5f}")
        if len(result.losses) == 1:
            lines.append("(break)")
    return lines + [""] * (LINES - len(lines))


def _short(loss: float) -> str:
    return f"{loss:7.1f}" if loss >= 100 else f"{loss:7.5f}"


def draw_nudge(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels: the loss with its secant; the errors of three quotients against the size of the nudge."""
    curve, errors = axes
    names = ("one-sided", "central", "five points")
    if not artists:
        look = theme()
        curve.set(xlim=(-3, 3), ylim=(-1.2, 4.2), xlabel="$z$", ylabel="$C$")
        curve.grid(True)
        curve.set_title("The quotient's line")
        artists["curve"] = curve.plot([], [], color=look.ink, lw=2)[0]
        artists["secant"] = curve.plot([], [], color=look.high, lw=2, ls=DASHED)[0]
        artists["ends"] = curve.plot([], [], "s", color=look.high, markersize=6, zorder=3)[0]
        artists["here"] = curve.plot(
            [], [], "o", color=look.accent, markersize=8, markeredgecolor=look.paper, zorder=4
        )[0]
        errors.set(xscale="log", yscale="log", xlim=(1e-13, 3), ylim=(1e-15, 100), xlabel="nudge $h$")
        errors.set_yticks([1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1], [_raised(k) for k in (-15, -12, -9, -6, -3, 0)])
        errors.set_xticks([1e-12, 1e-9, 1e-6, 1e-3, 1], [_raised(k) for k in (-12, -9, -6, -3, 0)])
        for axis in (errors.xaxis, errors.yaxis):
            axis.set_minor_locator(NullLocator())
        errors.grid(True)
        errors.set_ylabel("relative error")
        errors.set_title("Error of the quotient")
        colors, styles, marks = (look.low, look.high, look.second), (":", DASHED, "-"), "Dso"
        artists["errors"] = [errors.plot([], [], color=c, ls=s, lw=2)[0] for c, s in zip(colors, styles, strict=True)]
        artists["now"] = [
            errors.plot([], [], m, color=c, markersize=7.5, markeredgecolor=look.paper, zorder=4)[0]
            for c, m in zip(colors, marks, strict=True)
        ]
        artists["line"] = errors.plot([], [], color=look.soft, lw=1, ls=":")[0]
        for k, (name, c, s) in enumerate(zip(names, colors, styles, strict=True)):
            x, y = 0.3, 0.955 - 0.075 * k
            artists[f"key {name}"] = [
                errors.plot([x, x + 0.1], [y, y], color=c, ls=s, lw=2, transform=errors.transAxes)[0],
                errors.text(x + 0.13, y, name, color=c, va="center", transform=errors.transAxes, fontsize=8.5),
            ]
    z, h = result.z, result.now
    ends = np.array([z - h, z + h])
    artists["curve"].set_data(result.line_z, result.line_C)
    artists["here"].set_data([z], [result.C])
    artists["ends"].set_data(ends, result.ends)
    far = np.array([-3.0, 3.0])
    artists["secant"].set_data(far, result.ends.mean() + result.quotient * (far - z))
    for line, dot, values, now in zip(artists["errors"], artists["now"], result.errors, result.now_errors, strict=True):
        line.set_data(result.nudges, np.maximum(values, 1e-16))
        dot.set_data([h], [max(float(now), 1.3e-15)])
    artists["line"].set_data([h, h], [1e-15, 10])
