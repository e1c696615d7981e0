"""Explorers: pictures with controls. The only floor that needs a widget library."""

from nbcore.explore.controls import choice, count, rate, seed, slider, steps, toggle
from nbcore.explore.explorer import Explorer
from nbcore.explore.linear_vs_nonlinear import (
    bend_the_line,
    build_by_hand,
    fold,
    fold_the_line,
    one_neuron,
    view,
    width_and_error,
)
from nbcore.explore.picture import Picture
from nbcore.explore.predict import Predict, Score

__all__ = [
    "Explorer",
    "Picture",
    "Predict",
    "Score",
    "bend_the_line",
    "build_by_hand",
    "choice",
    "count",
    "fold",
    "fold_the_line",
    "one_neuron",
    "rate",
    "seed",
    "slider",
    "steps",
    "toggle",
    "view",
    "width_and_error",
]
