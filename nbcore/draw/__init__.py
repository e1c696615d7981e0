"""Pictures: arrays in, matplotlib artists out. Nothing here trains, and nothing touches pyplot."""

from nbcore.draw.shapes import boundary, class_points, mark_surface, number_line, unit_grid
from nbcore.draw.stage import Page, Stage
from nbcore.draw.style import Theme, theme

__all__ = [
    "Page",
    "Stage",
    "Theme",
    "boundary",
    "class_points",
    "mark_surface",
    "number_line",
    "theme",
    "unit_grid",
]
