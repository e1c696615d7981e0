"""Pictures of lesson 01: straight and bent boundaries, curves out of pieces, folds."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.ticker import NullLocator

from nbcore.draw.shapes import class_points, mark_surface, number_line
from nbcore.draw.style import theme

LIMIT = 2.5  # half the side of the input plane in view


def draw_bend(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Three panels: the input plane, the plane as the last layer sees it, the loss."""
    plane, inner, loss = axes
    if not artists:
        look = theme()
        plane.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), xlabel="$x_1$", ylabel="$x_2$")
        plane.set_title("What the network says")
        plane.set_box_aspect(1)
        inner.set_box_aspect(1)
        inner.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), xlabel="across the boundary", ylabel="along it")
        inner.set_title("What its last layer sees")
        inner.xaxis.set_major_locator(NullLocator())
        inner.yaxis.set_major_locator(NullLocator())
        inner.axvspan(-LIMIT, 0, color=look.surface[1], alpha=0.35, lw=0)
        inner.axvspan(0, LIMIT, color=look.surface[-2], alpha=0.35, lw=0)
        inner.axvline(0, color=look.ink, lw=2)
        loss.set(xlim=(0, result.updates), ylim=(1e-3, 10), yscale="log", xlabel="updates", ylabel="loss $C$")
        loss.set_title("Loss")
        loss.grid(True)
        artists["surface"] = mark_surface(plane, (-LIMIT, LIMIT, -LIMIT, LIMIT))
        artists["line"] = LineCollection([], colors=look.ink, linewidths=2, zorder=2)
        artists["mesh"] = LineCollection([], colors=look.soft, linewidths=0.7, alpha=0.8, zorder=1)
        plane.add_collection(artists["line"], autolim=False)
        inner.add_collection(artists["mesh"], autolim=False)
        artists["points"] = class_points(plane)
        artists["inside"] = class_points(inner)
        artists["loss"] = loss.plot([], [], color=look.accent)[0]
        artists["end"] = loss.plot([], [], "o", color=look.accent, markersize=5)[0]
    artists["surface"].set_data(result.surface)
    artists["line"].set_segments(result.lines)
    artists["mesh"].set_segments(result.mesh)
    for k in (0, 1):
        artists["points"][k].set_data(*result.X[result.y == k].T)
        artists["inside"][k].set_data(*result.inside[result.y == k].T)
    steps = np.arange(len(result.losses))
    artists["loss"].set_data(steps, result.losses)
    artists["end"].set_data(steps[-1:], result.losses[-1:])


def draw_neuron(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels: the plane of a single neuron, and the four points on the curve of its activation."""
    plane, curve = axes
    if not artists:
        look = theme()
        plane.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), xlabel="$x_1$", ylabel="$x_2$")
        plane.set(xticks=[0, 1], yticks=[0, 1])
        plane.set_title("The plane and the cut")
        plane.set_box_aspect(1)
        curve.set(
            xlim=(-8, 8),
            ylim=(-1.6, 2.6),
            yticks=[-1, 0, 1, 2],
            xlabel="$z = w_1 x_1 + w_2 x_2 + b$",
            ylabel=r"$a = \varphi(z)$",
        )
        curve.set_title("The activation's curve")
        curve.grid(True)
        artists["surface"] = mark_surface(plane, (-0.6, 1.6, -0.6, 1.6), -0.5, 0.5)
        artists["line"] = LineCollection([], colors=look.ink, linewidths=2, zorder=2)
        plane.add_collection(artists["line"], autolim=False)
        artists["points"] = class_points(plane, size=10)
        artists["curve"] = curve.plot([], [], color=look.soft, lw=2)[0]
        artists["cut"] = curve.plot([], [], color=look.ink, lw=2)[0]
        artists["on"] = class_points(curve, size=9)
        artists["word"] = curve.text(7.8, 0, "cut", ha="right", va="bottom", color=look.ink)
        # (0,1) and (1,0) often share a place, as do (0,0) and (1,1): one is named above it, the other below.
        box = {"facecolor": curve.get_facecolor(), "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
        artists["names"] = [
            curve.text(0, 0, f"({x1:.0f},{x2:.0f})", ha="center", va=va, fontsize=8, clip_on=True, bbox=box)
            for (x1, x2), va in zip(result.X, ("bottom", "bottom", "top", "top"), strict=True)
        ]
    artists["surface"].set_data(result.surface)
    artists["line"].set_segments(result.lines)
    artists["curve"].set_data(result.z_line, result.a_line)
    artists["cut"].set_data([-8, 8], [result.cut, result.cut])
    artists["word"].set_position((7.8, result.cut + 0.04))
    for k in (0, 1):
        artists["points"][k].set_data(*result.X[result.y == k].T)
        artists["on"][k].set_data(result.z[result.y == k], result.a[result.y == k])
    for name, z, a in zip(artists["names"], result.z, result.a, strict=True):
        name.set_position((z, a + (0.18 if name.get_va() == "bottom" else -0.18)))


def draw_by_hand(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels: target and sum of the pieces; the pieces one by one."""
    whole, parts = axes
    if not artists:
        look = theme()
        for panel in axes:
            number_line(panel, -1.1, 1.1)
            panel.set(ylim=(-2.6, 2.6), xticks=[-1, -0.5, 0, 0.5, 1], xlabel="$x$")
        whole.set_title("Target (dots), your sum")
        parts.set_title("Your four pieces")
        artists["target"] = whole.plot([], [], ".", color=look.soft, markersize=5)[0]
        artists["yours"] = whole.plot([], [], color=look.accent, lw=2.6)[0]
        artists["trained"] = whole.plot([], [], "--", color=look.second, lw=2.2)[0]
        artists["key"] = whole.text(-1.04, -2.45, "", color=look.second)
        styles = ("-", "--", "-.", ":")
        colors = (look.low, look.high, look.second, look.accent)
        artists["pieces"] = [parts.plot([], [], s, color=c)[0] for s, c in zip(styles, colors, strict=True)]
        artists["knots"] = [parts.plot([], [], "o", color=c, markersize=6)[0] for c in colors]
        artists["numbers"] = [parts.text(0, 0, str(k + 1), color=c, fontweight="bold") for k, c in enumerate(colors)]
    artists["target"].set_data(result.x[::5], result.target[::5])
    artists["yours"].set_data(result.x, result.yours)
    trained = result.trained is not None
    artists["trained"].set_data(result.x if trained else [], result.trained if trained else [])
    artists["key"].set_text("dashed: trained" if trained else "")
    for k, piece in enumerate(result.pieces):
        artists["pieces"][k].set_data(result.x, piece)
        at = (result.knots[k], np.interp(result.knots[k], result.x, piece))
        artists["knots"][k].set_data([at[0]], [at[1]])
        artists["numbers"][k].set_position((at[0] + 0.03, at[1] + 0.08))


def draw_width(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels: the fit, inside and outside the interval; the error against the width."""
    fit, error = axes
    if not artists:
        look = theme()
        number_line(fit, -3, 3)
        fit.axvspan(-3, -1, color=look.faint, alpha=0.6, lw=0)
        fit.axvspan(1, 3, color=look.faint, alpha=0.6, lw=0)
        fit.set(ylim=(-2.5, 2.5), xlabel="$x$ (not fitted where shaded)")
        fit.set_title("Target (dots) and fit")
        error.set(
            xscale="log",
            yscale="log",
            xlim=(0.9, 75),
            ylim=(1e-4, 2),
            xlabel="hidden units",
            ylabel="largest error on [-1, 1]",
        )
        error.set_xticks([1, 2, 4, 8, 16, 32, 64], ["1", "2", "4", "8", "16", "32", "64"])
        error.xaxis.set_minor_locator(NullLocator())
        error.grid(True)
        error.set_title("Error against width")
        artists["target"] = fit.plot([], [], ".", color=look.soft, markersize=4)[0]
        artists["fit"] = fit.plot([], [], color=look.accent, lw=2.2)[0]
        artists["trained"] = fit.plot([], [], "--", color=look.second, lw=2.2)[0]
        artists["errors"] = error.plot([], [], "o-", color=look.accent, markersize=4)[0]
        artists["here"] = error.plot(
            [], [], "o", color=look.accent, markersize=10, fillstyle="none", markeredgewidth=2
        )[0]
        artists["found"] = error.plot([], [], "D", color=look.second, markersize=8)[0]
        artists["key"] = error.text(1, 1.4e-4, "", color=look.second)
    artists["target"].set_data(result.x[::5], result.target[::5])
    artists["fit"].set_data(result.x, result.fit)
    trained = result.trained is not None
    artists["trained"].set_data(result.x if trained else [], result.trained if trained else [])
    artists["errors"].set_data(result.widths, np.maximum(result.errors, 1.2e-4))
    artists["here"].set_data([result.width], [max(result.error, 1.2e-4)])
    artists["found"].set_data([result.width] if trained else [], [result.trained_error] if trained else [])
    artists["key"].set_text("dashed: all trained" if trained else "")


def draw_fold(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Two panels: deep and side by side at equally many units; pieces against units."""
    curve, pieces = axes
    if not artists:
        look = theme()
        number_line(curve, 0, 1)
        places = (0.0, 0.5, 1.0)
        curve.set(ylim=(-0.05, 1.15), xticks=places, xlabel="$x$")
        curve.set_xticklabels([])
        curve.xaxis.labelpad = 14
        curve.set_title("Two curves of as many ReLUs")
        pieces.set(
            xlim=(0, 21),
            xticks=[0, 5, 10, 15, 20],
            ylim=(1.5, 2000),
            yscale="log",
            xlabel="ReLU units",
            ylabel="straight pieces",
        )
        pieces.set_title("Their straight pieces")
        pieces.grid(True)
        units = np.arange(2, 21, 2)
        pieces.plot(units, 2.0 ** (units / 2), "-", color=look.accent, alpha=0.5)
        pieces.plot(units, units + 1, "--", color=look.second, alpha=0.7)
        pieces.text(12.5, 250, "deep", color=look.accent, ha="right")
        pieces.text(20, 5, "side by side", color=look.second, ha="right")
        artists["deep"] = curve.plot([], [], color=look.accent, lw=1.2)[0]
        artists["shallow"] = curve.plot([], [], "--", color=look.second, lw=2.4)[0]
        below = curve.get_xaxis_transform()
        artists["ticks"] = [
            curve.text(x, -0.035, "", ha="center", va="top", fontsize=8, transform=below) for x in places
        ]
        artists["at_deep"] = pieces.plot([], [], "o", color=look.accent, markersize=9)[0]
        artists["at_shallow"] = pieces.plot([], [], "D", color=look.second, markersize=8)[0]
    # The axis stays, and the curve and the numbers on the axis are stretched: new limits would need a whole redraw.
    for tick, x in zip(artists["ticks"], (0.0, 0.5, 1.0), strict=True):
        tick.set_text(f"{x / result.magnify:.4g}")
    artists["deep"].set_data(result.x * result.magnify, result.deep)
    artists["shallow"].set_data(result.x * result.magnify, result.shallow)
    artists["at_deep"].set_data([result.units], [result.deep_pieces])
    artists["at_shallow"].set_data([result.units], [result.shallow_pieces])
