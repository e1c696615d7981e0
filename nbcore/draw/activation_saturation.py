"""Pictures of lesson 02: slopes, depth, dead units, zig-zags, and a race."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from nbcore.draw.shapes import class_points, mark_surface, number_line
from nbcore.draw.style import theme

TINY = 1e-20
EDGE = 2.5


def _log_ticks(axis: Any, powers: Any) -> None:
    """A few powers of ten and nothing between."""
    axis.set_major_locator(FixedLocator([10.0**p for p in powers]))
    axis.set_minor_locator(NullLocator())


# ---- Where the gradient goes

A_TOP, A_BOTTOM = 2.6, -1.4


def draw_slope(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: the curve and its tangent, the slope, what a chain leaves of a gradient."""
    curve, slope, chain = axes
    if not artists:
        look = theme()
        for panel in (curve, slope):
            number_line(panel, -10, 10)
            panel.set(xticks=[-10, -5, 0, 5, 10], xlabel="$x$")
        curve.set(ylim=(A_BOTTOM, A_TOP), ylabel=r"$a = \varphi(w x)$")
        curve.set_title("The activation")
        slope.set(ylim=(-0.2, 1.25), yticks=[0, 0.25, 0.5, 0.75, 1], ylabel=r"$\varphi\,^\prime(w x)$")
        slope.set_title("Its slope")
        slope.axhspan(-0.05, 0.05, color=look.faint, alpha=0.8, lw=0)
        slope.text(-9.7, -0.07, "gray: slope below 0.05", va="top", fontsize=8, color=look.soft)
        chain.set(xlim=(0, 30), ylim=(TINY, 1e4), yscale="log", xlabel="layers", ylabel="gradient left")
        _log_ticks(chain.yaxis, range(-20, 5, 4))
        chain.grid(True)
        chain.set_title("Through many such layers")
        artists["curve"] = curve.plot([], [], color=look.low, lw=2.2)[0]
        artists["tangent"] = curve.plot([], [], color=look.accent, lw=1.6)[0]
        artists["on"] = curve.plot([], [], "o", color=look.accent, markersize=8)[0]
        artists["a"] = curve.text(-9.7, A_TOP - 0.1, "", va="top", color=look.ink)
        artists["slope"] = slope.plot([], [], color=look.low, lw=2.2)[0]
        artists["at"] = slope.plot([], [], "o", color=look.accent, markersize=8)[0]
        artists["d"] = slope.text(-9.7, 1.22, "", va="top", color=look.ink, fontsize=8)
        artists["best"] = chain.plot([], [], "--", color=look.soft)[0]
        artists["here"] = chain.plot([], [], color=look.accent, lw=2.2)[0]
        artists["end"] = chain.plot([], [], "o", color=look.accent, markersize=8)[0]
        artists["best_end"] = chain.plot([], [], "D", color=look.soft, markersize=6)[0]
        artists["key"] = chain.text(29.5, 2e3, "dashed: at best", ha="right", va="top", color=look.soft)
        artists["word"] = chain.text(1, TINY * 30, "", color=look.accent)
    artists["curve"].set_data(result.x_line, np.clip(result.a_line, A_BOTTOM - 9, A_TOP + 9))
    reach = 2.2
    height = float(np.clip(result.a, A_BOTTOM + 0.08, A_TOP - 0.08))
    inside = height == result.a
    rise = reach * result.slope * result.z / result.x if result.x else reach * result.factor * np.sign(result.slope)
    artists["tangent"].set_data(
        [result.x - reach, result.x + reach] if inside else [], [height - rise, height + rise] if inside else []
    )
    artists["on"].set_data([result.x], [height])
    artists["a"].set_text(f"a = {result.a:.4g}".replace("-", "\N{MINUS SIGN}"))
    artists["slope"].set_data(result.x_line, result.slope_line)
    artists["at"].set_data([result.x], [result.slope])
    artists["d"].set_text(
        f"slope {result.slope:.3g}, times w: {np.copysign(result.factor, result.slope):.3g}".replace(
            "-", "\N{MINUS SIGN}"
        )
    )
    k, n = np.arange(len(result.here)), result.layers
    seen = [np.clip(v, TINY / 100, 1e6) for v in (result.here, result.at_best)]
    artists["here"].set_data(k, seen[0])
    artists["best"].set_data(k, seen[1])
    artists["end"].set_data([n], [max(seen[0][n], TINY * 2)])
    artists["best_end"].set_data([n], [max(seen[1][n], TINY * 2)])
    artists["word"].set_text("nothing passes here" if result.factor == 0 else "")


# ---- Down the depth


def draw_depth(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels over the layers: activations, delta with its size (and that of dC/dW), the share without slope."""
    values, gradients, flat = axes
    if not artists:
        look = theme()
        for panel in axes:
            panel.set(xlim=(0, 1), xlabel="hidden layer")
            panel.set_xticks([])
            panel.xaxis.labelpad = 4
        values.set(ylim=(-2, 2), yticks=[-2, -1, 0, 1, 2], ylabel="$a$")
        values.set_title("Activations")
        gradients.set(ylim=(-16, 4), ylabel=r"$\delta$")
        gradients.set_yticks([-16, -12, -8, -4, 0, 4], [f"$10^{{{p}}}$" for p in (-16, -12, -8, -4, 0, 4)])
        gradients.set_title(r"Gradients $\delta$ (line: rms)")
        flat.set(ylim=(0, 1.02), yticks=[0, 0.25, 0.5, 0.75, 1])
        flat.set_yticklabels(["0%", "25%", "50%", "75%", "100%"])
        flat.grid(True, axis="y")
        flat.set_title("Slope below 0.05")
        artists["a"] = mark_surface(values, (0, 1, -2, 2), -1, 1)
        artists["g"] = mark_surface(gradients, (0, 1, -16, 4), -1, 1)
        artists["weights"] = gradients.plot([], [], "--", color=look.second, lw=2)[0]
        artists["deltas"] = gradients.plot([], [], "o-", color=look.accent, lw=2, markersize=3.5)[0]
        artists["key"] = gradients.text(0.03, 3.4, "dashed: dC/dW", va="top", fontsize=8, color=look.second)
        artists["flat"] = flat.plot([], [], "o-", color=look.accent, lw=2, markersize=3.5)[0]
        artists["ticks"] = [
            panel.text(x, -0.02, "", ha=ha, va="top", fontsize=8, transform=panel.transAxes)
            for panel in axes
            for x, ha in ((0, "left"), (1, "right"))
        ]
    layers = len(result.deltas)
    for text, word in zip(artists["ticks"], ["1", str(layers)] * 3, strict=True):
        text.set_text(word)
    artists["a"].set_data(np.repeat(result.activations, 8, axis=1))
    artists["g"].set_data(-np.repeat(result.gradients, 8, axis=1))
    middle = (np.arange(layers) + 0.5) / layers
    for name, sizes in (("deltas", result.deltas), ("weights", result.weights)):
        some = sizes > 0
        artists[name].set_data(middle[some], np.clip(np.log10(sizes[some]), -15.8, 3.8))
    artists["flat"].set_data(middle, result.flat)


# ---- The dying ReLU laboratory


def draw_lab(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: the hinges in the plane, the share of dead units over time, and over learning rates."""
    plane, over, swept = axes
    if not artists:
        look = theme()
        plane.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xlabel="$x_1$", ylabel="$x_2$")
        plane.set_title("Hinges of layer 1")
        plane.set_box_aspect(1)
        over.set(xlim=(0, 400), ylim=(-0.1, 1.02), xlabel="updates", yticks=[0, 0.25, 0.5, 0.75, 1])
        over.set_yticklabels(["0%", "25%", "50%", "75%", "100%"])
        over.set_title("Units dead (or asleep)")
        over.grid(True)
        over.axvspan(0, 100, color=look.faint, alpha=0.6, lw=0)
        over.text(6, 1.0, r"large $\eta$", va="top", color=look.soft, fontsize=8)
        over.text(106, 0.92, r"small $\eta$", va="top", color=look.soft, fontsize=8)
        swept.set(xlim=(0.09, 36), xscale="log", ylim=(-0.1, 1.02), xlabel=r"learning rate $\eta$")
        swept.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
        swept.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
        swept.xaxis.set_minor_locator(NullLocator())
        swept.set_title("Dead after 100 updates")
        swept.grid(True)
        artists["surface"] = mark_surface(plane, (-EDGE, EDGE, -EDGE, EDGE))
        artists["alive"] = LineCollection([], colors=look.ink, linewidths=1.2, zorder=2)
        artists["gone"] = LineCollection([], colors=look.soft, linewidths=1.1, linestyles="dotted", zorder=2)
        plane.add_collection(artists["alive"], autolim=False)
        plane.add_collection(artists["gone"], autolim=False)
        artists["points"] = class_points(plane, size=3.5)
        artists["key"] = plane.text(
            -2.4,
            -2.4,
            "",
            fontsize=8,
            bbox={"facecolor": plane.get_facecolor(), "edgecolor": "none", "pad": 1.5, "alpha": 0.8},
            zorder=4,
        )
        colors, styles = (look.low, look.high), ("-", "--")
        artists["dead"] = [over.plot([], [], s, color=c, lw=2.2)[0] for c, s in zip(colors, styles, strict=True)]
        artists["names"] = [over.text(0, 0, f"layer {k + 1}", color=c, ha="right") for k, c in enumerate(colors)]
        marks = ("v", "o", "s", "D")
        tones = (look.second, look.low, look.high, look.accent)
        artists["sweep"] = [
            swept.plot([], [], f"{m}-", color=c, markersize=4.5, lw=1.5)[0] for m, c in zip(marks, tones, strict=True)
        ]
        artists["biases"] = [swept.text(0, 0, "", color=c, fontsize=8, va="bottom") for c in tones]
        artists["here"] = swept.axvline(result.eta, color=look.ink, lw=1, ls=":")
        artists["wait"] = swept.text(0.11, 0.9, "", color=look.soft)
    artists["surface"].set_data(0.5 + 0.45 * (result.surface - 0.5))  # pale, so that the hinges show
    artists["alive"].set_segments(result.alive)
    artists["gone"].set_segments(result.gone)
    for k in (0, 1):
        artists["points"][k].set_data(*result.X[result.y == k].T)
        artists["dead"][k].set_data(result.at, result.dead[:, k])
        low, high = sorted(result.dead[-1])
        upper = (result.dead[-1, k], k) > (result.dead[-1, 1 - k], 1 - k)
        at = min(max(high + 0.04, low + 0.13), 0.9) if upper else max(low - 0.08, 0.03)
        artists["names"][k].set_position((395, at))
    artists["key"].set_text(f"{len(result.alive)} awake, {len(result.gone)} dead (dotted)")
    artists["here"].set_xdata([result.eta, result.eta])
    artists["wait"].set_text("" if result.sweep is not None else "...")
    for k, (line, name) in enumerate(zip(artists["sweep"], artists["biases"], strict=True)):
        if result.sweep is None:
            line.set_data([], [])
            name.set_text("")
            continue
        line.set_data(result.sweep.etas, result.sweep.dead[k])
        name.set_text(f"b = {result.sweep.biases[k]:g}".replace("-", "\N{MINUS SIGN}"))
        above = k != 1
        name.set_va("bottom" if above else "top")
        name.set_position((0.1, result.sweep.dead[k, 0] + (0.03 if above else -0.025) + 0.03 * (k == 0)))


# ---- Zig-zag


def draw_zig_zag(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: inputs, the path in the plane of the weights, the loss."""
    inputs, weights, loss = axes
    if not artists:
        look = theme()
        inputs.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xlabel="input $x_1$", ylabel="input $x_2$")
        inputs.set_title("The inputs")
        inputs.set_box_aspect(1)
        inputs.axhline(0, color=look.soft, lw=0.8)
        inputs.axvline(0, color=look.soft, lw=0.8)
        weights.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xlabel="weight $w_1$", ylabel="weight $w_2$")
        weights.set_title("The path of the weights")
        weights.set_box_aspect(1)
        loss.set(xlim=(0, 200), ylim=(1e-8, 10), yscale="log", xlabel="updates", ylabel="loss $C$")
        _log_ticks(loss.yaxis, range(-8, 2, 2))
        loss.set_title("Loss")
        loss.grid(True)
        artists["inputs"] = inputs.plot([], [], "o", color=look.low, markersize=4.5, alpha=0.8)[0]
        artists["contours"] = LineCollection([], colors=look.soft, linewidths=0.8, alpha=0.8)
        weights.add_collection(artists["contours"], autolim=False)
        artists["path"] = weights.plot([], [], "-", color=look.accent, lw=1.3, marker=".", markersize=4)[0]
        artists["goal"] = weights.plot([], [], "*", color=look.second, markersize=14, zorder=4)[0]
        artists["start"] = weights.plot([], [], "s", color=look.ink, markersize=6, zorder=4)[0]
        box = {"facecolor": weights.get_facecolor(), "edgecolor": "none", "pad": 1, "alpha": 0.7}
        artists["words"] = [
            weights.text(-1.5, 0.52, "start", ha="center", fontsize=8, bbox=box),
            weights.text(1.2, -1.62, "goal", ha="center", va="top", fontsize=8, bbox=box),
        ]
        artists["loss"] = loss.plot([], [], color=look.accent)[0]
        artists["end"] = loss.plot([], [], "o", color=look.accent, markersize=5)[0]
    artists["inputs"].set_data(*np.clip(result.inputs, -1.57, 1.57).T)
    artists["contours"].set_segments(result.contours)
    artists["path"].set_data(*result.path.T)
    artists["goal"].set_data(*result.goal[:, None])
    artists["start"].set_data(*result.path[:1].T)
    k, seen = np.arange(len(result.losses)), np.clip(result.losses, 1e-9, 1e3)
    artists["loss"].set_data(k, seen)
    artists["end"].set_data(k[-1:], np.clip(seen[-1:], 1.3e-8, 8))


# ---- Same functions, a hundred times slower


def draw_same(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels: loss against updates, and the curvatures behind it."""
    loss, bends = axes
    names = (r"$\sigma(u)$", r"$\sigma(u) - \frac{1}{2}$", r"$\tanh(u/2)$", "yours")
    if not artists:
        look = theme()
        loss.set(xlim=(1, 1e4), ylim=(1e-7, 3), xscale="log", yscale="log")
        loss.set(xlabel="updates", ylabel="loss, as a part of its start")
        _log_ticks(loss.yaxis, range(-7, 1))
        loss.set_title("Loss")
        loss.grid(True)
        bends.set(xlim=(0, 66), ylim=(1e-4, 100), yscale="log", xlabel="direction, by curvature")
        bends.set(ylabel=r"curvature $\lambda$", xticks=[1, 20, 40, 65])
        _log_ticks(bends.yaxis, range(-4, 3))
        bends.set_title("The 65 curvatures")
        bends.grid(True)
        colors, styles = (look.high, look.second, look.low, look.accent), ("--", "-.", ":", "-")
        widths = (2, 2, 2.4, 1.6)
        artists["part"] = loss.axhline(result.part, color=look.soft, lw=1)
        artists["loss"] = [
            loss.plot([], [], s, color=c, lw=w)[0] for c, s, w in zip(colors, styles, widths, strict=True)
        ]
        artists["hit"] = [
            loss.plot([], [], "o", color=c, markersize=m)[0] for c, m in zip(colors, (7, 7, 7, 5), strict=True)
        ]
        artists["steps"] = [loss.text(1, 1, "", color=c, fontweight="bold") for c in colors[:3]]
        artists["bends"] = [
            bends.plot([], [], s, color=c, lw=w)[0] for c, s, w in zip(colors, styles, widths, strict=True)
        ]
        artists["first"] = [
            bends.plot([], [], m, color=c, markersize=6)[0] for c, m in zip(colors, "osD.", strict=True)
        ]
        artists["names"] = [
            bends.text(64, 1, "", color=c, ha=ha, va="bottom")
            for c, ha in zip(colors, ("left", "right", "right", "left"), strict=True)
        ]
    directions = np.arange(1, result.curvatures.shape[1] + 1)
    artists["part"].set_ydata([result.part, result.part])
    for k, name in enumerate(names):
        artists["loss"][k].set_data(result.at, np.clip(result.losses[k], 1e-9, 10))
        out = result.steps[k] > 1e4
        artists["hit"][k].set_data([] if out else [result.steps[k]], [] if out else [result.part])
        seen = np.clip(result.curvatures[k], 1.2e-4, 90)
        artists["bends"][k].set_data(directions, seen)
        artists["first"][k].set_data([1], seen[:1])
        if k < 3:
            artists["steps"][k].set_position((min(result.steps[k] * 1.15, 4e3), result.part * 1.35))
            artists["steps"][k].set_text("" if out else f"{result.steps[k]:,}")
            places = ((3, seen[0] * 1.0), (40, seen[40] * 0.28), (64, seen[40] * 1.35))
            artists["names"][k].set_position(places[k])
            artists["names"][k].set_text(name)
    artists["names"][3].set_position((3, 0.00017))
    artists["names"][3].set_text("solid: yours")


# ---- Bends that are learned


def draw_bends(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: the fit, the units, the loss."""
    fit, units, loss = axes
    if not artists:
        look = theme()
        for panel in (fit, units):
            number_line(panel, -1, 1)
            panel.set(xticks=[-1, -0.5, 0, 0.5, 1], xlabel="$x$")
        fit.set(ylim=(-1.6, 1.6))
        fit.set_title("Target (dots) and fit")
        units.set(ylim=(-3, 5), ylabel="$a$")
        units.set_title("Its units, one by one")
        loss.set(xlim=(0, 1000), ylim=(1e-7, 30), yscale="log", xlabel="updates", ylabel="loss $C$")
        loss.set_xticks([0, 500, 1000])
        _log_ticks(loss.yaxis, range(-7, 2, 2))
        loss.set_title("Loss")
        loss.grid(True)
        artists["target"] = fit.plot([], [], ".", color=look.soft, markersize=5)[0]
        artists["fit"] = fit.plot([], [], color=look.accent, lw=2.4)[0]
        colors = (look.low, look.high, look.second, look.accent, look.ink, look.soft)
        styles = ("-", "--", "-.", ":", "-", "--")
        artists["units"] = [units.plot([], [], s, color=c)[0] for s, c in zip(styles, colors, strict=True)]
        artists["loss"] = loss.plot([], [], color=look.accent)[0]
        artists["end"] = loss.plot([], [], "o", color=look.accent, markersize=5)[0]
        artists["numbers"] = [units.text(0, 0, "", color=c, fontweight="bold") for c in colors]
    artists["target"].set_data(result.x[::5], result.target[::5])
    artists["fit"].set_data(result.x, np.clip(result.fit, -50, 50))
    for k, line in enumerate(artists["units"]):
        there = k < len(result.shapes)
        shape = np.clip(result.shapes[k], -50, 50) if there else []
        line.set_data(result.x if there else [], shape)
        artists["numbers"][k].set_text(str(k + 1) if there else "")
        artists["numbers"][k].set_position(
            (-0.97 + 0.06 * k, float(np.clip(shape[3 + 6 * k], -2.9, 4.5)) if there else 0)
        )
    losses = np.clip(result.losses, 1e-9, 1e3)
    artists["loss"].set_data(np.arange(len(losses)), losses)
    artists["end"].set_data([len(losses) - 1], np.clip(losses[-1:], 1.3e-7, 25))


# ---- Race


def draw_race(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels: a lane each with the updates until the goal, and the test accuracy of every start."""
    lanes, tests = axes
    rows = len(result.names)
    y = np.arange(rows)[::-1]
    if not artists:
        look = theme()
        lanes.set(xlim=(25, 3000), xscale="log", ylim=(-0.6, rows - 0.4), xlabel="updates until the goal")
        lanes.set_xticks([30, 100, 300, 1000], ["30", "100", "300", "1,000"])
        lanes.xaxis.set_minor_locator(NullLocator())
        lanes.set_yticks(y, [name.removesuffix("_relu") for name in result.names])
        lanes.tick_params(axis="y", length=0)
        lanes.grid(True, axis="x")
        lanes.set_title("Each start a dot")
        tests.set(xlim=(0.78, 1.075), ylim=(-0.6, rows - 0.4), xlabel="share of digits right")
        tests.set_xticks([0.8, 0.9, 1], ["80%", "90%", "100%"])
        tests.set_yticks([])
        tests.grid(True, axis="x")
        tests.set_title("Test accuracy")
        artists["running"] = LineCollection([], colors=look.faint, linewidths=9)
        artists["spread"] = LineCollection([], colors=look.low, linewidths=5, alpha=0.35)
        lanes.add_collection(artists["running"], autolim=False)
        lanes.add_collection(artists["spread"], autolim=False)
        artists["dots"] = lanes.plot([], [], "o", color=look.low, markersize=6, alpha=0.8)[0]
        artists["median"] = lanes.plot([], [], "|", color=look.ink, markersize=16, markeredgewidth=1.5)[0]
        artists["words"] = [lanes.text(2850, k, "", va="center", ha="right", fontsize=8) for k in y]
        artists["tests"] = LineCollection([], colors=look.high, linewidths=5, alpha=0.35)
        tests.add_collection(artists["tests"], autolim=False)
        artists["right"] = tests.plot([], [], "s", color=look.high, markersize=4.5)[0]
        artists["middle"] = tests.plot([], [], "|", color=look.ink, markersize=16, markeredgewidth=1.5)[0]
        artists["sizes"] = [tests.text(1.072, k, "", va="center", ha="right", fontsize=8) for k in y]
    arrived = result.arrived
    there_yet = np.isfinite(arrived)
    all_there = there_yet.all(axis=1)
    artists["running"].set_segments([[(25, k), (max(result.done, 26), k)] for k in y[~all_there]])
    there = [(k, row[yet]) for k, row, yet in zip(y, arrived, there_yet, strict=True) if yet.any()]
    artists["spread"].set_segments([[(row.min(), k), (row.max() + 1e-9, k)] for k, row in there])
    artists["dots"].set_data(
        np.concatenate([row for _, row in there]) if there else [],
        np.concatenate([np.full(len(row), k) for k, row in there]) if there else [],
    )
    artists["median"].set_data([np.median(arrived[i]) for i in np.flatnonzero(all_there)], y[all_there])
    for i, word in enumerate(artists["words"]):
        if all_there[i]:
            word.set_text("")
        elif not np.isfinite(result.loss[i]).any():
            word.set_text("diverged")
        else:
            word.set_text(f"loss {np.nanmedian(result.loss[i]):.2g}")
    seen = np.clip(result.accuracy, 0.785, 1)
    artists["tests"].set_segments([[(row.min(), k), (row.max() + 1e-9, k)] for k, row in zip(y, seen, strict=True)])
    artists["right"].set_data(seen.ravel(), np.repeat(y, seen.shape[1]))
    artists["middle"].set_data(np.median(seen, axis=1), y)
    for text, size in zip(artists["sizes"], result.parameters, strict=True):
        text.set_text(f"{size:,}")


# ---- Is exp slow?


def draw_timing(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """One panel: two bars an activation, as long as it takes."""
    (panel,) = axes
    rows = len(result.names)
    y = np.arange(rows)[::-1]
    if not artists:
        look = theme()
        panel.set(xlim=(0, 15), ylim=(-0.6, rows - 0.4), xlabel="nanoseconds an element (longer bars are cut)")
        panel.set_yticks(y, [name.removesuffix("_relu") for name in result.names])
        panel.tick_params(axis="y", length=0)
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.grid(True, axis="x")
        panel.set_title("Forward (upper, solid) and derivative (lower, pale)")
        artists["forward"] = LineCollection([], colors=look.low, linewidths=6)
        artists["derivative"] = LineCollection([], colors=look.high, linewidths=6, alpha=0.55)
        panel.add_collection(artists["forward"], autolim=False)
        panel.add_collection(artists["derivative"], autolim=False)
        artists["numbers"] = [
            [panel.text(0, k + shift, "", va="center", fontsize=7.5) for k in y] for shift in (0.18, -0.2)
        ]
        artists["word"] = panel.text(7.5, rows / 2, "", ha="center", color=look.soft, fontsize=11)
    for name, values, shift, texts in (
        ("forward", result.forward, 0.18, artists["numbers"][0]),
        ("derivative", result.derivative, -0.2, artists["numbers"][1]),
    ):
        seen = np.minimum(values, 14)
        artists[name].set_segments([[(0, k + shift), (v, k + shift)] for k, v in zip(y, seen, strict=True) if v > 0])
        for text, k, v, ns in zip(texts, y, seen, values, strict=True):
            text.set_position((v + 0.1, k + shift))
            text.set_text(f"{ns:.2f}" if ns > 0 else "")
    artists["word"].set_text("" if result.measured else "not measured yet")
