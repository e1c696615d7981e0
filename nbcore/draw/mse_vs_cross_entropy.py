"""Pictures of lesson 04: two losses side by side. Cross-entropy is solid, MSE dashed, in all of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from nbcore.draw.style import theme

CROSS_ENTROPY, MSE = "-", (0, (4, 1.8))
SMALLEST = 1e-6  # the left end of the bars


def _pair(axes: Any, width: float = 2.2) -> list[Any]:
    """Two empty curves: cross-entropy, then MSE."""
    look = theme()
    return [
        axes.plot([], [], color=c, ls=s, lw=width)[0] for c, s in ((look.accent, CROSS_ENTROPY), (look.second, MSE))
    ]


def _dots(axes: Any, size: float = 7) -> list[Any]:
    """Two empty marks: a circle for cross-entropy, a diamond for MSE, which fits inside the circle."""
    look = theme()
    return [
        axes.plot([], [], m, color=c, markersize=s, markeredgecolor=look.paper, markeredgewidth=0.8, zorder=4)[0]
        for c, m, s in ((look.accent, "o", size + 2.5), (look.second, "D", size - 1))
    ]


def _key(axes: Any, x: float, y: float, down: float, long: float, right: float = 0.0) -> list[Any]:
    """What the two lines are, drawn and written over the panel; places in shares of it."""
    look, made = theme(), []
    box = {"facecolor": axes.get_facecolor(), "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
    rows = (("cross-entropy", look.accent, CROSS_ENTROPY), ("MSE", look.second, MSE))
    for k, (name, color, style) in enumerate(rows):
        start, at = x + k * right, y - k * down
        made += axes.plot([start, start + long], [at, at], color=color, ls=style, lw=2.2, transform=axes.transAxes)
        where = (start + long + 0.03, at)
        made.append(axes.text(*where, name, color=color, va="center", transform=axes.transAxes, bbox=box, zorder=5))
    return made


def _power(size: float) -> str:
    """A small number in words of print, such as 4.5\u00b710\u207b\u2075."""
    if size >= 1e-3:
        return f"{size:.5f}"
    if not size:
        return "0"
    digits, exponent = f"{size:.1e}".split("e")
    raised = str(int(exponent)).translate(
        str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
    )
    return f"{digits}\u00b710{raised}"


def draw_race(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: the outputs, the losses, the factors of both gradients at one moment."""
    output, cost, factors = axes
    if not artists:
        look = theme()
        for panel in (output, cost):
            panel.set(xlim=(-0.03, 1.03), xticks=[0, 0.5, 1], xlabel="updates")
            panel.set_xticklabels([])
            panel.xaxis.labelpad = 10
            panel.grid(True)
        output.set(ylim=(-0.03, 1.33), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1], ylabel="output $a$   (target 0)")
        output.set_title("Outputs")
        output.axhline(0.5, color=look.soft, lw=1, ls=":")
        cost.set(yscale="log", ylim=(1e-5, 30), ylabel="loss $C$")
        cost.yaxis.set_minor_locator(NullLocator())
        cost.set_title("Losses")
        artists["key"] = _key(output, 0.03, 0.955, 0.085, 0.17)
        factors.set(xscale="log", xlim=(SMALLEST, 30), ylim=(-0.6, 6.1), xlabel="size")
        factors.set_xticks([1e-6, 1e-4, 1e-2, 1])
        factors.xaxis.set_minor_locator(NullLocator())
        factors.set_yticks([5, 4, 2, 1, 0], ["error", "gradient", "error", r"$\sigma'(z)$", "gradient"])
        factors.tick_params(axis="y", length=0)
        factors.set_title("Factors, at the dots")
        factors.grid(True, axis="x")
        factors.text(SMALLEST * 1.3, 5.62, "cross-entropy", color=look.accent, va="center")
        factors.text(SMALLEST * 1.3, 2.62, "MSE: error times $\\sigma'$", color=look.second, va="center")
        artists["bars"] = [
            factors.plot([], [], color=color, lw=lw, solid_capstyle="butt")[0]
            for color, lw in (
                (look.soft, 9),
                (look.accent, 9),
                (look.soft, 9),
                (look.soft, 9),
                (look.second, 9),
            )
        ]
        artists["values"] = [factors.text(1, y, "", va="center", fontsize=8) for y in (5, 4, 2, 1, 0)]
        artists["outputs"], artists["costs"] = _pair(output), _pair(cost)
        artists["own"] = [panel.plot([], [], ":", color=look.high, lw=2.6)[0] for panel in (output, cost)]
        artists["own name"] = output.text(0.55, 0.87, "", color=look.high, va="center", transform=output.transAxes)
        artists["at"], artists["cost at"] = _dots(output), _dots(cost)
        artists["cross"] = [
            output.plot([], [], "|", color=c, markersize=13, markeredgewidth=2)[0] for c in (look.accent, look.second)
        ]
        box = {"facecolor": output.get_facecolor(), "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
        artists["cross text"] = [
            output.text(0, 0, "", color=c, fontsize=8, va=va, ha="left", bbox=box)
            for c, va in ((look.accent, "top"), (look.second, "bottom"))
        ]
        artists["ticks"] = [
            panel.text(x, -0.035, "", ha=ha, va="top", fontsize=8, transform=panel.get_xaxis_transform())
            for panel in (output, cost)
            for x, ha in ((0, "center"), (0.5, "center"), (1, "center"))
        ]
    horizon = result.horizon
    x = result.updates / horizon
    for tick, share in zip(artists["ticks"], (0, 0.5, 1) * 2, strict=True):
        tick.set_text(f"{round(share * horizon):,}")
    at = result.moment / horizon
    for k, runner in enumerate((result.cross_entropy, result.mse)):
        artists["outputs"][k].set_data(x, runner.a)
        artists["costs"][k].set_data(x, runner.cost)
        artists["at"][k].set_data([at], [runner.now_a])
        artists["cost at"][k].set_data([at], [runner.now_cost])
        seen = runner.crossed > 0
        artists["cross"][k].set_data([runner.crossed / horizon] if seen else [], [0.5] if seen else [])
        text = artists["cross text"][k]
        text.set_text(f"{runner.crossed:,}" if seen else "")
        right = runner.crossed / horizon > 0.8
        text.set_ha("right" if right else "left")
        text.set_position(
            (runner.crossed / horizon + (-0.02 if right else 0.02), 0.47 if k == 0 else 0.53) if seen else (0, 0)
        )
    own = result.own
    artists["own name"].set_text("" if own is None else "\u00b7\u00b7\u00b7 yours")
    for line, values in zip(artists["own"], ((), ()) if own is None else (own.a, own.cost), strict=True):
        line.set_data(x if own is not None else [], values)
    square, cross = result.mse, result.cross_entropy
    sizes = (cross.now_a, abs(cross.now_slope), square.now_a, square.now_a * (1 - square.now_a), abs(square.now_slope))
    for bar, value, y, size in zip(artists["bars"], artists["values"], (5, 4, 2, 1, 0), sizes, strict=True):
        shown = min(max(size, SMALLEST * 1.02), 2.0)
        bar.set_data([SMALLEST, shown], [y, y])
        value.set_text(_power(size))
        value.set_position((shown * 1.25, y))


def draw_shape(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: both losses, both slopes, and the sizes of the slopes on a logarithmic axis."""
    loss, slope, size = axes
    if not artists:
        look = theme()
        for panel in axes:
            panel.set(xlim=(-10, 10), xticks=[-10, -5, 0, 5, 10], xlabel="$z$")
            panel.grid(True)
        loss.set(ylim=(-0.2, 7.7), yticks=range(7), ylabel="$C$")  # room for the key above the curves
        loss.set_title("Loss")
        slope.set(ylim=(-1.08, 1.08), yticks=[-1, -0.5, 0, 0.5, 1], ylabel="$dC/dz$")
        slope.set_yticklabels([])
        slope.yaxis.labelpad = 22
        slope.axhline(0, color=look.soft, lw=1)
        slope.set_title("Slope")
        size.set(yscale="log", ylim=(1e-5, 10), ylabel="$|dC/dz|$")
        size.set_yticks([1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10])
        size.yaxis.set_minor_locator(NullLocator())
        size.set_title("Size of the slope")
        artists["key"] = _key(loss, 0.04, 0.945, 0.09, 0.13)
        for name, panel in (("loss", loss), ("slope", slope), ("size", size)):
            artists[name], artists[f"{name} at"] = _pair(panel), _dots(panel)
        artists["ticks"] = [
            slope.text(-0.03, y, "", ha="right", va="center", fontsize=8, transform=slope.get_yaxis_transform())
            for y in (-1, -0.5, 0, 0.5, 1)
        ]
        artists["here"] = [panel.plot([], [], color=look.soft, lw=1, ls=":")[0] for panel in axes]
    # The axis stays and the slopes are scaled, with the numbers on the axis: new limits would need a whole redraw.
    scale = 1.0 if result.widest <= 1 else 2.0
    for tick, y in zip(artists["ticks"], (-1, -0.5, 0, 0.5, 1), strict=True):
        tick.set_text(f"{y * scale:g}".replace("-", "\N{MINUS SIGN}"))
    known = not math.isnan(result.now_ce[0])
    curves = {
        "loss": (_low(result.ce_z, result.ce), _low(result.z, result.mse)),
        "slope": ((result.ce_z, result.ce_slope / scale), (result.z, result.mse_slope / scale)),
        "size": ((result.ce_z, _seen(result.ce_slope)), (result.z, _seen(result.mse_slope))),
    }
    points = {
        "loss": (result.now_ce[0], result.now_mse[0]),
        "slope": (result.now_ce[1] / scale, result.now_mse[1] / scale),
        "size": tuple(float(_seen(np.array(v))) for v in (result.now_ce[1], result.now_mse[1])),
    }
    for name, both in curves.items():
        for k, (x, y) in enumerate(both):
            artists[name][k].set_data(x, y)
            shown = (known or k == 1) and not (name == "loss" and points[name][k] > HIGHEST_LOSS)
            artists[f"{name} at"][k].set_data([result.now_z] if shown else [], [points[name][k]] if shown else [])
    for line, panel in zip(artists["here"], axes, strict=True):
        line.set_data([result.now_z, result.now_z], panel.get_ylim())


HIGHEST_LOSS = 6.05  # above it stands the key


def _low(z: np.ndarray, loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Every loss is convex or falls from end to end, so what is low enough is in one piece.
    low = loss <= HIGHEST_LOSS
    return z[low], loss[low]


def _seen(slope: np.ndarray) -> np.ndarray:
    # Below the axis, but a number: the logarithm of 0 is none.
    return np.maximum(np.abs(slope), 1e-12)


HIGHEST = 9.2  # bits: one in 121, the rarest that four weights from 1 to 40 can make, has 6.9


def draw_bits(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels: true and believed frequencies; code lengths over frequencies, so that bits are areas."""
    shares, area = axes
    names = ("sun", "cloud", "rain", "snow")
    if not artists:
        look = theme()
        shares.set(xlim=(-0.6, 3.6), ylim=(0, 1.05), ylabel="frequency")
        shares.set_xticks(range(4), names)
        shares.grid(True, axis="y")
        shares.set_title("True; outline: yours")
        area.set(xlim=(0, 1), ylim=(0, HIGHEST), xlabel="share of days $y$", ylabel="length of the word, bits")
        area.grid(True, axis="y")
        area.set_title("Area: bits a day")
        colors = (look.high, look.soft, look.low, look.second)
        artists["true"] = [
            shares.add_patch(Rectangle((k - 0.36, 0), 0.72, 0, facecolor=c, alpha=0.75, lw=0))
            for k, c in enumerate(colors)
        ]
        artists["believed"] = [
            shares.add_patch(Rectangle((k - 0.24, 0), 0.48, 0, fill=False, edgecolor=look.ink, lw=2, zorder=3))
            for k in range(4)
        ]
        artists["paid"] = [
            area.add_patch(
                Rectangle((0, 0), 0, 0, facecolor=c, alpha=0.6, edgecolor=area.get_facecolor(), lw=1, hatch=h)
            )
            for c, h in zip(colors, ("", "//", "..", "xx"), strict=True)
        ]
        box = {"facecolor": area.get_facecolor(), "edgecolor": "none", "pad": 1, "alpha": 0.75}
        artists["best"] = area.plot([], [], color=look.ink, lw=1.8, ls=MSE, zorder=3)[0]
        artists["names"] = [area.text(0, 0, n, ha="center", va="bottom", fontsize=8, zorder=4, bbox=box) for n in names]
        artists["sum"] = area.text(0.985, HIGHEST * 0.97, "", ha="right", va="top", zorder=4, bbox={**box, "alpha": 1})
    x, outline = 0.0, []
    for k in range(4):
        y, length = float(result.y[k]), float(result.lengths[k])
        artists["true"][k].set_height(y)
        artists["believed"][k].set_height(float(result.a[k]))
        artists["paid"][k].set_bounds(x, 0, y, length)
        artists["names"][k].set_text(names[k] if y >= 0.1 else "")
        artists["names"][k].set_position((x + y / 2, 0.12))
        outline += [(x, float(result.own_lengths[k])), (x + y, float(result.own_lengths[k]))]
        x += y
    artists["best"].set_data(*np.array(outline).T)
    artists["sum"].set_text(
        f"{result.paid:.2f} paid\n{result.entropy:.2f} needed (dashed)\n"
        f"{max(0.0, result.paid - result.entropy):.2f} wasted"
    )


def draw_digits(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels over the updates: test digits wrong, a thin line for each start; and what one image pulls."""
    test, pull = axes
    names = ("cross-entropy", "MSE")
    if not artists:
        look = theme()
        for panel in axes:
            panel.set(xlim=(0, 1.025 * result.total), xlabel="updates", yscale="log")
            panel.grid(True)
        test.set_ylim(0.008, 3.6)  # room for the key above 100%
        test.set_yticks([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], ["1%", "2%", "5%", "10%", "20%", "50%", "100%"])
        test.set_title("Test digits wrong")
        pull.set_ylim(1e-3, 2.2)
        pull.set_yticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
        pull.set_ylabel(r"mean $\Vert dC/dz\Vert$")
        pull.set_title("Pull of one image")
        for panel in axes:
            panel.yaxis.set_minor_locator(NullLocator())
        artists["thin"] = [
            [test.plot([], [], color=c, lw=0.9, alpha=0.55, ls=s)[0] for _ in range(result.test["MSE"].shape[1])]
            for c, s in ((look.accent, CROSS_ENTROPY), (look.second, MSE))
        ]
        artists["test"], artists["test end"] = _pair(test, 2.6), _dots(test)
        artists["right"], artists["wrong"] = _pair(pull, 2.2), _pair(pull, 2.2)
        for line in artists["wrong"]:
            line.set(marker="x", markersize=7, markeredgewidth=2)
        artists["key"] = _key(test, 0.03, 0.95, 0.085, 0.1)
        artists["pull key"] = pull.text(0.03, 0.05, "", transform=pull.transAxes, zorder=5)
    for k, loss in enumerate(names):
        missed = np.maximum(1 - result.test[loss], 0.0085)
        for line, start in zip(artists["thin"][k], missed.T, strict=True):
            line.set_data(result.updates, start)
        mean = missed.mean(axis=1)
        artists["test"][k].set_data(result.updates, mean)
        artists["test end"][k].set_data(result.updates[-1:], mean[-1:])
        for kind in ("right", "wrong"):
            values = result.pull[loss][:, ("right", "wrong").index(kind)]
            known = len(values) > 0 and not math.isnan(values[0])
            artists[kind][k].set_data(result.updates if known else [], np.maximum(values, 1e-12) if known else [])
    wrong = not math.isnan(result.pull["MSE"][0, 1])
    artists["pull key"].set_text("crosses: wrong labels\nno crosses: right labels" if wrong else "")
