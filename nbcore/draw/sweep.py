"""A sweep as a heat map: the better a cell, the stronger its color; every number is written in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from nbcore.draw.style import theme
from nbcore.play.sweep import Grid

MINUS = "\N{MINUS SIGN}"
ONE_LINE = 840  # pixels that the longest title takes; a narrower picture has two lines
SECOND_LINE = 14  # and so many pixels more above the map


@dataclass(frozen=True, eq=False)
class Map:
    """What to show of a grid: `measure` is a name of its arrays, `accuracy` whether it is a share that should be high.

    `title`, `across` and `upward` name the measure, the columns and the rows; `now` is the cell, (row, column), whose
    settings hold at present, if there is one.
    """

    grid: Grid
    measure: str
    accuracy: bool
    title: str
    across: str
    upward: str
    now: tuple[int, int] | None = None

    @property
    def values(self) -> np.ndarray:
        """(rows, columns), NaN where there is no value (yet), and where the run diverged."""
        return np.where(self.grid.diverged >= 0, np.nan, getattr(self.grid, self.measure))

    @property
    def bound(self) -> float:
        """Ten times the median, since one column of ruined runs would else take all the colors for itself.

        Where most are ruined the median tells nothing: then ten times what a constant output reaches.
        """
        return 10 * max(min(float(np.nanmedian(self.values)), self.grid.guess), 1e-12)

    @property
    def ruined(self) -> np.ndarray:
        """Where a loss is beyond the bound; an accuracy never is."""
        if self.accuracy or np.isnan(self.values).all():
            return np.zeros(self.values.shape, dtype=bool)
        return np.asarray(self.values > self.bound)

    @property
    def strengths(self) -> np.ndarray:
        """From 0 (the worst) to 1 (the best), losses by their logarithm up to the bound; NaN where there is none."""
        if np.isnan(self.values).all():
            return self.values
        kept = np.where(self.ruined, self.bound, self.values)
        values = kept if self.accuracy else -np.log10(np.maximum(kept, 1e-12))
        low, high = np.nanmin(values), np.nanmax(values)
        return (values - low) / (high - low) if high > low else np.where(np.isnan(values), np.nan, 1.0)

    @property
    def best(self) -> tuple[int, int] | None:
        """The row and column of the best value so far."""
        values = self.values
        if np.isnan(values).all():
            return None
        i, j = np.unravel_index(np.nanargmax(values) if self.accuracy else np.nanargmin(values), values.shape)
        return int(i), int(j)

    def text(self, i: int, j: int) -> str:
        """What is written in a cell: nothing before it begins."""
        if self.grid.diverged[i, j] >= 0:
            return "diverged"
        value = float(self.values[i, j])
        return "" if np.isnan(value) else f"{100 * value:.3g} %" if self.accuracy else f"{value:.2g}"

    def at(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and column at a point of the panel, in its coordinates."""
        i, j = round(y), round(x)
        return (i, j) if 0 <= i < self.grid.loss.shape[0] and 0 <= j < self.grid.loss.shape[1] else None


def said(value: Any) -> str:
    """A value of a swept setting, as ticks and menus write it."""
    return "all" if value is None else value if isinstance(value, str) else f"{value:g}".replace("-", MINUS)


def draw_sweep(axes: Any, artists: dict[str, Any], shown: Map) -> None:
    """One panel: columns are the first setting's values, rows the second's, upward."""
    grid, look, axis = shown.grid, theme(), axes[0]
    rows, columns = grid.loss.shape
    if not artists:
        stronger = LinearSegmentedColormap.from_list("sweep", look.surface[2::-1])
        colors = stronger.with_extremes(bad=axis.get_facecolor())
        axis.set(
            xticks=range(columns), yticks=range(rows),
            xticklabels=[said(v) for v in grid.first[1]], yticklabels=[said(v) for v in grid.second[1]],
            xlabel=shown.across, ylabel=shown.upward,
        )  # fmt: skip
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        nothing = np.full((rows, columns), np.nan)
        artists["map"] = axis.imshow(nothing, cmap=colors, vmin=0, vmax=1, origin="lower", aspect="auto")
        artists["cells"] = [
            [axis.text(j, i, "", ha="center", va="center", fontsize=8) for j in range(columns)] for i in range(rows)
        ]
        frame = Rectangle((0, 0), 0.92, 0.88, fill=False, edgecolor=look.accent, linewidth=2.2, visible=False)
        artists["best"] = axis.add_patch(frame)
        # Around the other one, so that a cell may have both.
        dashed = Rectangle((0, 0), 1, 1, fill=False, edgecolor=look.ink, linewidth=1.8, linestyle=(0, (3, 1.6)))
        artists["now"] = axis.add_patch(dashed)
        dashed.set(visible=False, clip_on=False)
        wide, tall = axis.figure.get_size_inches() * 100
        artists["break"] = "; " if wide >= ONE_LINE else "\n"
        if wide < ONE_LINE:
            box = axis.get_position()
            axis.set_position((box.x0, box.y0, box.width, box.height - SECOND_LINE / tall))
        artists["title"] = axis.text(
            0, 1.03, "", transform=axis.transAxes, fontsize=9.5, fontweight="bold", va="bottom"
        )
    artists["map"].set_data(np.ma.masked_invalid(shown.strengths))
    ruined = shown.ruined
    for i, row in enumerate(artists["cells"]):
        for j, text in enumerate(row):
            text.set_text(shown.text(i, j))
            gone = ruined[i, j] or grid.diverged[i, j] >= 0
            text.set(color=look.soft if gone else look.ink, fontstyle="italic" if gone else "normal")
    best = shown.best
    artists["best"].set_visible(best is not None)
    if best is not None:
        artists["best"].set_xy((best[1] - 0.46, best[0] - 0.44))
    artists["now"].set_visible(shown.now is not None)
    if shown.now is not None:
        artists["now"].set_xy((shown.now[1] - 0.5, shown.now[0] - 0.5))
    marks = ["framed: the best", *["dashed: as set now"] * (shown.now is not None)]
    marks += [f"italic: over {shown.bound:.2g}"] * bool(ruined.any())
    artists["title"].set_text(
        f"{shown.title[0].upper()}{shown.title[1:]}, {count_updates(grid.updates)}{artists['break']}{'; '.join(marks)}"
    )


def count_updates(updates: int) -> str:
    return f"{updates:,} update{'' if updates == 1 else 's'}"
