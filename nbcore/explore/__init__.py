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
from nbcore.explore.mse_vs_cross_entropy import (
    coding_cost,
    shape_of_the_loss,
    softmax_and_digits,
    split_digits,
    two_neurons_race,
    wrong_labels,
)
from nbcore.explore.picture import Picture
from nbcore.explore.predict import Predict, Score
from nbcore.explore.zero_init_failure import Watch, throw_dice, two_starts, variance_by_depth, zero_or_not

__all__ = [
    "Explorer",
    "Picture",
    "Predict",
    "Score",
    "Watch",
    "bend_the_line",
    "build_by_hand",
    "choice",
    "coding_cost",
    "count",
    "fold",
    "fold_the_line",
    "one_neuron",
    "rate",
    "seed",
    "shape_of_the_loss",
    "slider",
    "softmax_and_digits",
    "split_digits",
    "steps",
    "throw_dice",
    "toggle",
    "two_neurons_race",
    "two_starts",
    "variance_by_depth",
    "view",
    "width_and_error",
    "wrong_labels",
    "zero_or_not",
]
