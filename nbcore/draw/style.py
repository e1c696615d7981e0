"""The look of every picture, in one place: a light and a dark theme, safe for color-blind eyes.

Blue and orange keep apart in all common kinds of color blindness (after Okabe and Ito 2008), and classes
differ in marker as well: circles and squares.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap


@dataclass(frozen=True)
class Theme:
    """Colors by their role. `low` and `high` are classes 0 and 1, and the two ends of every surface."""

    name: str
    paper: str
    ink: str
    soft: str  # axes, ticks, secondary text
    faint: str  # grids
    low: str
    high: str
    accent: str  # the learner's own doing, and what the eye should follow
    second: str
    surface: tuple[str, ...]

    @property
    def colormap(self) -> LinearSegmentedColormap:
        return LinearSegmentedColormap.from_list(f"surface-{self.name}", self.surface)

    def rc(self, paper: str) -> dict[Any, Any]:
        return {
            "figure.facecolor": paper,
            "axes.facecolor": paper,
            "savefig.facecolor": paper,
            "text.color": self.ink,
            "axes.labelcolor": self.ink,
            "axes.titlecolor": self.ink,
            "axes.edgecolor": self.soft,
            "xtick.color": self.soft,
            "ytick.color": self.soft,
            "xtick.labelcolor": self.ink,
            "ytick.labelcolor": self.ink,
            "grid.color": self.faint,
            "grid.linewidth": 0.8,
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 9.5,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.titlepad": 7,
            "axes.labelsize": 9,
            "axes.labelpad": 3,
            "axes.axisbelow": True,
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "xtick.major.size": 3,
            "ytick.major.size": 3,
            "xtick.minor.visible": False,
            "ytick.minor.visible": False,
            "legend.fontsize": 8,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "font.size": 9,
            "font.family": "DejaVu Sans",
            "mathtext.fontset": "dejavusans",
            "figure.constrained_layout.use": False,
            "path.simplify_threshold": 0.5,
        }


LIGHT = Theme(
    name="light",
    paper="#ffffff",
    ink="#1f2933",
    soft="#7b8794",
    faint="#e4e7eb",
    low="#0b62a4",
    high="#c2570c",
    accent="#b3126b",
    second="#2f7d4f",
    surface=("#5b9bd0", "#a9cbe6", "#eef3f7", "#fdf3ea", "#f6c796", "#e8924a"),
)
DARK = Theme(
    name="dark",
    paper="#111111",
    ink="#e8ecf0",
    soft="#9aa5b1",
    faint="#33393f",
    low="#6cb6f5",
    high="#ffab5e",
    accent="#ff7ac0",
    second="#74d19a",
    surface=("#2d76b5", "#1f4d75", "#1a2530", "#2b2118", "#7a4519", "#bd6a1f"),
)

_current: ContextVar[Theme] = ContextVar("theme", default=LIGHT)


def theme() -> Theme:
    """The theme of the picture that is being drawn."""
    return _current.get()


@contextmanager
def using(which: Theme, paper: str) -> Iterator[None]:
    """Draw in this theme, on this background color; matplotlib's own settings come back afterwards."""
    token = _current.set(which)
    try:
        with mpl.rc_context(which.rc(paper)):
            yield
    finally:
        _current.reset(token)
