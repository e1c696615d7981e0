"""Checkers that say what went wrong. They never raise: *not yet*, *not right: ...*, *passed*."""

from nbcore.exercises.activation_saturation import check_chain, check_dead, check_prelu
from nbcore.exercises.autograd import check_backward, check_divide, check_order, check_unbroadcast
from nbcore.exercises.backpropagation import (
    check_dense_backward,
    check_output_delta,
    check_silu_derivative,
    check_step,
    check_train_until,
)
from nbcore.exercises.linear_vs_nonlinear import check_collapse, check_hat, check_xor_neuron
from nbcore.exercises.mse_vs_cross_entropy import (
    check_from_logits,
    check_mse_softmax_delta,
    check_tanh_cross_entropy,
)
from nbcore.exercises.verdict import Verdict
from nbcore.exercises.zero_init_failure import check_break_tie, check_leaky_init, check_ranks

__all__ = [
    "Verdict",
    "check_backward",
    "check_break_tie",
    "check_chain",
    "check_collapse",
    "check_dead",
    "check_dense_backward",
    "check_divide",
    "check_from_logits",
    "check_hat",
    "check_leaky_init",
    "check_mse_softmax_delta",
    "check_order",
    "check_output_delta",
    "check_prelu",
    "check_ranks",
    "check_silu_derivative",
    "check_step",
    "check_tanh_cross_entropy",
    "check_train_until",
    "check_unbroadcast",
    "check_xor_neuron",
]
