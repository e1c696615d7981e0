"""Pictures of lesson 03: weights as images, copies that stay copies, activations and gradients by depth."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator
from matplotlib.transforms import ScaledTranslation, Transform
from PIL import Image

from nbcore.draw.stage import DPI
from nbcore.draw.style import theme

IDENTICAL = 1e-18  # where an axis of differences shows 0
WIDEST = 1e3  # where it ends


class Tiles(Artist):
    """Small images in rows of equal length, filling a rectangle from its upper left corner, each pixel a sharp square.

    Blue below 0, orange above; all are colored alike, so that images can be compared. `label` is room above each, and
    `wider` what they may take of the gaps to the left and right of the panel, all in CSS pixels.
    """

    def __init__(
        self, left: float, top: float, width: float, label: float = 0, wider: tuple[float, float] = (0, 0)
    ) -> None:
        super().__init__()
        look = theme()
        low, high = ("#08407a", "#d9730d") if look.name == "light" else ("#3f9bf0", "#ffb868")
        palette = LinearSegmentedColormap.from_list("weights", [low, look.paper, high])
        self.palette = (palette(np.linspace(0, 1, 255))[:, :3] * 255).round().astype(np.uint8)
        self.frame = (np.array(to_rgb(look.soft)) * 255).round().astype(np.uint8)
        self.images, self.columns, self.largest = np.zeros((1, 8, 8)), 1, 1.0
        self.left, self.top, self.width, self.label, self.wider = left, top, width, label, wider
        self.set_zorder(1)

    def set_data(self, images: np.ndarray, columns: int, largest: float | None = None) -> None:
        """`largest` is the number with the brightest color, that of all images unless given."""
        self.images, self.columns, self.stale = images, columns, True
        self.largest = float(np.abs(images).max()) if largest is None else largest

    def draw(self, renderer: Any) -> None:
        pixel = self.figure.dpi / DPI  # type: ignore[union-attr]
        ends = [(self.left, self.top), (self.left + self.width, self.top)]
        (left, top), (right, _) = self.axes.transData.transform(ends)  # type: ignore[union-attr]
        left, right = left - self.wider[0] * pixel, right + self.wider[1] * pixel
        side = (right - left) / self.columns
        level = self.images / (self.largest or 1.0)
        colors = self.palette[np.rint(127 + 127 * level).astype(int)]
        gc = renderer.new_gc()
        for k, tile in enumerate(colors):
            x, y = left + k % self.columns * side, top - (k // self.columns + 1) * (side + self.label * pixel)
            x0, y0, x1, y1 = np.rint([x + 1, y + 1, x + side - 1, y + side - 1]).astype(int).tolist()
            if x1 - x0 < 3 or y1 - y0 < 3:
                continue
            image = np.full((y1 - y0, x1 - x0, 4), 255, np.uint8)
            image[..., :3] = self.frame
            image[1:-1, 1:-1, :3] = np.asarray(
                Image.fromarray(tile).resize((x1 - x0 - 2, y1 - y0 - 2), Image.Resampling.NEAREST)
            )
            renderer.draw_image(gc, x0, y0, np.ascontiguousarray(image[::-1]))
        gc.restore()


def _bare(panel: Any) -> None:
    """A panel that holds images only."""
    panel.xaxis.set_major_locator(NullLocator())
    panel.yaxis.set_major_locator(NullLocator())
    for spine in panel.spines.values():
        spine.set_visible(False)


def _updates(panel: Any, most: int) -> None:
    panel.set(xlim=(0, most), xticks=[0, most // 2, most], xlabel="updates")
    panel.set_xticklabels(["0", f"{most // 2:,}", f"{most:,}"])


def draw_run(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Four panels: weights as images, the spread among units, the loss, the accuracy on test digits."""
    tiles, copies, loss, right = axes
    if not artists:
        look = theme()
        tiles.set_box_aspect(1)
        tiles.set(xlim=(0, 1), ylim=(0, 1))
        _bare(tiles)
        tiles.set_title("Weights into each unit")
        for panel in (copies, loss, right):
            _updates(panel, result.updates)
            panel.grid(True)
        copies.set(ylim=(IDENTICAL / 10, WIDEST), yscale="log")
        copies.yaxis.set_major_locator(FixedLocator([IDENTICAL, 1e-12, 1e-6, 1]))
        copies.yaxis.set_minor_locator(NullLocator())
        copies.set_yticklabels(["0", "$10^{-12}$", "$10^{-6}$", "1"])
        copies.set_title("Units differ by")
        loss.set(ylim=(0.01, 20), yscale="log")
        loss.yaxis.set_major_locator(FixedLocator([0.01, 0.1, 1, 10]))
        loss.yaxis.set_minor_formatter(NullFormatter())
        loss.set_yticklabels(["0.01", "0.1", "1", "10"])
        loss.set_title("Loss $C$")
        right.set(ylim=(0, 1.03), yticks=[0, 0.25, 0.5, 0.75, 1])
        right.set_yticklabels(["0", "25%", "50%", "75%", "100%"])
        right.set_title("Test digits right")
        for panel, guess in ((loss, np.log(10)), (right, 0.1)):
            panel.axhline(guess, color=look.soft, lw=1, ls=":")
            panel.text(result.updates, guess, "guessing ", ha="right", va="bottom", color=look.soft, fontsize=8)
        artists["tiles"] = Tiles(0, 1, 1)
        tiles.add_artist(artists["tiles"])
        artists["key"] = tiles.text(
            0.5, -0.035, "", ha="center", va="top", color=look.ink, fontsize=8, transform=tiles.transAxes
        )
        names = ("spreads", "losses", "accuracies")
        for name, panel, color in zip(names, axes[1:], (look.second, look.accent, look.low), strict=True):
            artists[name] = panel.plot([], [], color=color, zorder=3)[0]
            artists[name + "_end"] = panel.plot([], [], "o", color=color, markersize=5, zorder=3, clip_on=False)[0]
    n = len(result.images)
    artists["tiles"].set_data(result.images, int(np.ceil(np.sqrt(n))))
    largest = np.abs(result.images).max()
    artists["key"].set_text(f"strongest color: {largest:.2g}" if largest else "all weights are 0")
    curves = {
        "spreads": np.clip(result.spreads, IDENTICAL, WIDEST),
        "losses": np.clip(result.losses, 0.01, 20),
        "accuracies": result.accuracies,
    }
    for name, values in curves.items():
        artists[name].set_data(result.steps, values)
        artists[name + "_end"].set_data(result.steps[-1:], values[-1:])


LABEL, WIDER = 13, (40, 12)  # CSS pixels: above each of the ten images, and beside all of them


def _beside(panel: Any, column: float, row: float, right: float = 0) -> Transform:
    """Where the image in that column and row has its upper left corner, and `right` pixels more."""
    x = right - WIDER[0] + column * sum(WIDER) / 4
    y = -row * (LABEL + sum(WIDER) / 4)
    return panel.transAxes + ScaledTranslation(x / DPI, y / DPI, panel.figure.dpi_scale_trans)


def draw_pair(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Four panels: the ten images of both runs and their difference, and the test digits that each gets wrong."""
    *grids, wrong = axes
    if not artists:
        look = theme()
        for panel, title in zip(grids, ("From zeros", "From random", "Their difference"), strict=True):
            panel.set_box_aspect(1)
            panel.set(xlim=(0, 4), ylim=(0, 4))
            _bare(panel)
            words = panel.set_title(title)
            words.set_transform(
                words.get_transform() + ScaledTranslation(-WIDER[0] / DPI, 0, panel.figure.dpi_scale_trans)
            )
            for k in range(10):
                column, row = k % 4, k // 4
                place = _beside(panel, column, row, right=2)
                panel.text(column / 4, 1 - row / 4, str(k), va="top", fontsize=8, transform=place)
        _updates(wrong, result.updates)
        wrong.set(ylim=(0.9, 400), yscale="log")
        wrong.yaxis.set_major_locator(FixedLocator([1, 3, 10, 30, 100, 300]))
        wrong.yaxis.set_minor_locator(NullLocator())
        wrong.set_yticklabels(["1", "3", "10", "30", "100", "300"])
        wrong.grid(True)
        wrong.set_title(f"Wrong of {result.tests}")
        wrong.plot([], [], color=look.accent, label="from zeros")
        wrong.plot([], [], "--", color=look.second, label="from random")
        wrong.legend(loc="upper right", borderaxespad=0)
        artists["tiles"] = [Tiles(0, 4, 4, LABEL, WIDER) for _ in grids]
        for panel, tiles in zip(grids, artists["tiles"], strict=True):
            panel.add_artist(tiles)
        place = _beside(grids[0], 2, 2.6, right=8)
        artists["key"] = grids[0].text(0.5, 0.35, "", va="center", fontsize=8, transform=place)
        artists["zeros"] = wrong.plot([], [], color=look.accent, lw=2.6, alpha=0.75)[0]
        artists["random"] = wrong.plot([], [], "--", color=look.second, lw=1.6)[0]
    images = (result.from_zeros, result.from_random, result.from_random - result.from_zeros)
    largest = max(np.abs(ten).max() for ten in images)
    for tiles, ten in zip(artists["tiles"], images, strict=True):
        tiles.set_data(ten, 4, largest)
    artists["key"].set_text(f"strongest\ncolor: {largest:.2g}")
    artists["zeros"].set_data(result.steps, np.maximum(result.wrong[0], 1))
    artists["random"].set_data(result.steps, np.maximum(result.wrong[1], 1))


# Powers of ten in view: what a badly started network can do to its numbers within twenty layers.
SIZES = (-15, 10)


def _layer_axis(panel: Any, most: int = 20) -> None:
    panel.set(xlim=(0.5, most + 0.5), xticks=[1, 5, 10, 15, 20], xlabel="hidden layer")


def _size_axis(panel: Any) -> None:
    """A linear axis of powers of ten; what lies beyond is drawn on its border."""
    panel.set(ylim=SIZES)
    panel.yaxis.set_major_locator(FixedLocator([-15, -10, -5, 0, 5, 10]))
    panel.set_yticklabels([f"$10^{{{k}}}$" if k else "1" for k in (-15, -10, -5, 0, 5, 10)])
    panel.grid(True)


def _powers(values: np.ndarray) -> np.ndarray:
    """Powers of ten, held within the axis."""
    return np.clip(np.log10(np.maximum(values, 1e-300)), SIZES[0], SIZES[1])


def draw_depth(axes: Any, artists: dict[str, Any], result: Any) -> None:
    """Four panels: histograms by layer and standard deviations, of the activations and of the gradients."""
    if not artists:
        look = theme()
        names = ("a", "g")
        titles = ("Activations $a$", "Their std by layer", r"Gradients $\delta$", "Their std by layer")
        for panel, title in zip(axes, titles, strict=True):
            panel.set_title(title)
        for k, name in enumerate(names):
            ridges, sizes = axes[2 * k], axes[2 * k + 1]
            color = (look.low, look.high)[k]
            ridges.set(xlim=(-1.03, 1.03), ylim=(-0.02, 1.06), xticks=[-1, 0, 1])
            ridges.set_xticklabels([])
            ridges.yaxis.set_major_locator(NullLocator())
            ridges.spines["left"].set_visible(False)
            artists[name + "_ridges"] = PolyCollection(
                [], facecolors=color, edgecolors=look.paper, linewidths=0.6, alpha=0.9, closed=True
            )
            ridges.add_collection(artists[name + "_ridges"], autolim=False)
            below, beside = ridges.get_xaxis_transform(), ridges.get_yaxis_transform()
            artists[name + "_ticks"] = [
                ridges.text(x, -0.03, "", ha="center", va="top", fontsize=8, transform=below) for x in (-1, 0, 1)
            ]
            artists[name + "_layers"] = [
                ridges.text(-0.02, 0, "", ha="right", va="bottom", fontsize=8, transform=beside) for _ in range(2)
            ]
            _layer_axis(sizes)
            _size_axis(sizes)
            artists[name + "_line"] = sizes.plot([], [], color=look.ink, lw=1.4)[0]
            artists[name + "_dots"] = sizes.plot([], [], "os"[k], color=color, markersize=5)[0]
        # Over the dots: at the preset it runs through them, and must be seen.
        artists["between"] = axes[1].plot([], [], "--", color=look.accent, lw=1.8, zorder=3)[0]
        note = "dots: measured\nline: predicted\ndashed: the signal"
        axes[1].text(20.2, 9.6, note, ha="right", va="top", fontsize=8, color=look.soft)
    artists["between"].set_data(np.arange(1, len(result.a_between) + 1), _powers(result.a_between))
    for name, shapes, reach, measured, predicted in (
        ("a", result.a_shapes, result.a_reach, result.a_measured, result.a_predicted),
        ("g", result.g_shapes, result.g_reach, result.g_measured, result.g_predicted),
    ):
        artists[name + "_ridges"].set_verts(_ridges(shapes))
        words = (f"\N{MINUS SIGN}{_short(reach)}", "0", _short(reach))
        for tick, word in zip(artists[name + "_ticks"], words, strict=True):
            tick.set_text(word)
        n = len(shapes)
        for text, k in zip(artists[name + "_layers"], (0, n - 1), strict=True):
            text.set_text(f"layer {k + 1}" if k == 0 else str(k + 1))
            text.set_position((-0.02, k / n))
        layers = np.arange(1, n + 1)
        artists[name + "_dots"].set_data(layers, _powers(measured))
        artists[name + "_line"].set_data(layers, _powers(predicted))


def _short(size: float) -> str:
    return (f"{size:.1e}" if size < 0.01 or size >= 1000 else f"{size:.2g}").replace("-", "\N{MINUS SIGN}")


def _ridges(shapes: np.ndarray) -> list[np.ndarray]:
    """One polygon a layer, the first at the bottom; each has a shelf of its own, and may stand out by a fifth."""
    n, bins = shapes.shape
    edges = np.repeat(np.linspace(-1, 1, bins + 1), 2)[1:-1]
    return [
        np.concatenate([[(-1, k / n)], np.stack([edges, (k + 1.1 * np.repeat(row, 2)) / n], axis=1), [(1, k / n)]])
        for k, row in reversed(list(enumerate(shapes)))
    ]
