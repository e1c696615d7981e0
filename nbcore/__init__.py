"""The package behind the lessons of "The overlooked basics of neural networks"; loads NumPy only.

The names stand in the order in which the lessons meet them. Pictures and explorers are the upper floors:
`from nbcore import draw, explore`.
"""

from nbcore.activations import (
    ACTIVATIONS,
    Activation,
    elu,
    gelu,
    identity,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    step,
    tanh,
)
from nbcore.autograd import Tensor
from nbcore.datasets import (
    CURVES,
    PLANE,
    SURFACES,
    blobs,
    curves,
    digit_pair,
    digits,
    moons,
    rings,
    spirals,
    split_digits,
    surfaces,
    xor,
)
from nbcore.gradcheck import GradientReport, check_gradients, numerical_gradient
from nbcore.initializers import INITIALIZERS, Initializer, constant, he, normal, xavier, zeros
from nbcore.layers import Dense, Layer, Maxout, PReLU
from nbcore.losses import LOSSES, Loss, bce, mse, softmax_ce
from nbcore.network import MLP, Sequential, one_hot, stack
from nbcore.optimizers import SGD, Adam, Momentum
from nbcore.training import Diverged, History, Step, Training, train, training
from nbcore.verdicts import Share, best_rate, share, spread

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 - in the order in which the lessons meet them
    "ACTIVATIONS",
    "Activation",
    "identity",
    "step",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "softplus",
    "softmax",
    "PLANE",
    "CURVES",
    "SURFACES",
    "blobs",
    "xor",
    "rings",
    "moons",
    "spirals",
    "digit_pair",
    "curves",
    "surfaces",
    "digits",
    "split_digits",
    "LOSSES",
    "Loss",
    "mse",
    "bce",
    "softmax_ce",
    "INITIALIZERS",
    "Initializer",
    "zeros",
    "constant",
    "normal",
    "xavier",
    "he",
    "Dense",
    "Layer",
    "PReLU",
    "Maxout",
    "Sequential",
    "MLP",
    "stack",
    "one_hot",
    "SGD",
    "Momentum",
    "Adam",
    "training",
    "train",
    "Step",
    "Training",
    "History",
    "Diverged",
    "numerical_gradient",
    "check_gradients",
    "GradientReport",
    "Tensor",
    "share",
    "spread",
    "best_rate",
    "Share",
]
