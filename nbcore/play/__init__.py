"""The playground without pictures and widgets: a run that can be steered, shared and rebuilt to the last digit."""

from nbcore.play.data import Problem, problem
from nbcore.play.missions import MISSIONS, Mission
from nbcore.play.own import Own, own_csv, own_data
from nbcore.play.run import Divergence, Pair, Run, start_network
from nbcore.play.settings import (
    DATA,
    FEATURES,
    HIDDEN,
    INITS,
    LIVE,
    LOSS_NAMES,
    OPTIMIZERS,
    OUTPUTS,
    Settings,
    advice,
)
from nbcore.play.sweep import SWEPT, Grid, SweepProgress, cell_settings, sweep
from nbcore.play.text import Change, State, from_text, to_text
from nbcore.play.view import A_EDGES, G_EDGES, Inside, Numbers, View

__all__ = [
    "A_EDGES",
    "DATA",
    "FEATURES",
    "G_EDGES",
    "HIDDEN",
    "INITS",
    "LIVE",
    "LOSS_NAMES",
    "MISSIONS",
    "OPTIMIZERS",
    "OUTPUTS",
    "SWEPT",
    "Change",
    "Divergence",
    "Grid",
    "Inside",
    "Mission",
    "Numbers",
    "Own",
    "Pair",
    "Problem",
    "Run",
    "Settings",
    "State",
    "SweepProgress",
    "View",
    "advice",
    "cell_settings",
    "from_text",
    "own_csv",
    "own_data",
    "problem",
    "start_network",
    "sweep",
    "to_text",
]
