"""Checkers that say what went wrong. They never raise: *not yet*, *not right: ...*, *passed*."""

from nbcore.exercises.linear_vs_nonlinear import check_collapse, check_hat, check_xor_neuron
from nbcore.exercises.verdict import Verdict

__all__ = ["Verdict", "check_collapse", "check_hat", "check_xor_neuron"]
