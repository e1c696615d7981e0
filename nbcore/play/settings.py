"""The settings of a playground as one value, checked field by field."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS, Activation
from nbcore.checks import listed, named, number, whole
from nbcore.datasets import PLANE, SURFACES
from nbcore.initializers import Initializer, constant, he, normal, xavier, zeros
from nbcore.losses import LOSSES, Loss
from nbcore.optimizers import SGD, Adam, Momentum, Optimizer

# For menus. What is computed from the coordinates of a point, and how code writes it.
FEATURES: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "x1": ("x1", lambda x1, x2: x1),
    "x2": ("x2", lambda x1, x2: x2),
    "x1^2": ("x1**2", lambda x1, x2: x1**2),
    "x2^2": ("x2**2", lambda x1, x2: x2**2),
    "x1x2": ("x1 * x2", lambda x1, x2: x1 * x2),
    "sinx1": ("np.sin(x1)", lambda x1, x2: np.sin(x1)),
    "sinx2": ("np.sin(x2)", lambda x1, x2: np.sin(x2)),
}
PLANAR = [name for name in PLANE if " " not in name]  # classes in the plane
DATA = [*PLANAR, *SURFACES, "digits", "own"]
HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]
OUTPUTS = ["auto", *(name for name in ACTIVATIONS if name != "step")]
LOSS_NAMES = ["auto", *LOSSES]
# Each with a scale s, and with how code writes it.
INITS: dict[str, tuple[str, Callable[[float], Initializer]]] = {
    "xavier": ("xavier", lambda s: xavier),
    "he": ("he", lambda s: he),
    "normal": ("normal({s!r})", normal),
    "constant": ("constant({s!r})", constant),
    "zeros": ("zeros", lambda s: zeros),
}
OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "momentum": Momentum, "adam": Adam}
MOST_LAYERS, MOST_UNITS, MOST_POINTS = 6, 16, 2000
LIVE = ("eta", "batch", "optimizer", "l1", "l2")  # change without a new start
FINGERPRINT = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Settings:
    """What a run is made of. Every field is checked: ValueError or TypeError names it, what came and what is allowed.

    `data` (a name of DATA), `n` points of it, `noise` (its standard deviation; not for digits and own data), `train`
    (the share to learn from), `standardize` (inputs, and numbers to fit, to mean 0 and deviation 1 of the training
    points), `features` (names of FEATURES; they count for data in the plane only), `data_seed` (which points, and
    their order in batches); `hidden` (units and activation of each layer), `init` and `scale` of the start weights,
    `seed` that draws them; `output` and `loss` ("auto": those that fit the data); `l1`, `l2`, `eta`, `batch` (None:
    all), `optimizer`. `own` is the fingerprint of one's own data, "" for any.
    """

    data: str = "moons"
    n: int = 200
    noise: float = 0.1
    train: float = 0.7
    standardize: bool = False
    features: tuple[str, ...] = ("x1", "x2")
    data_seed: int = 0
    own: str = ""
    hidden: tuple[tuple[int, str], ...] = ((8, "tanh"), (8, "tanh"))
    output: str = "auto"
    loss: str = "auto"
    init: str = "xavier"
    scale: float = 1.0
    seed: int = 0
    optimizer: str = "sgd"
    eta: float = 0.1
    batch: int | None = 10
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            # The checked value takes the field's place, so that 1 and 1.0 are the same settings.
            object.__setattr__(self, field.name, CHECKS[field.name](field.name, getattr(self, field.name)))
        if self.data != "own" and self.own:
            object.__setattr__(self, "own", "")
        phi, loss = self.pair
        loss.check_output(phi)
        if self.kind == "regression" and loss.partner is not None:
            raise ValueError(
                f"loss must be mse for {self.data}, whose targets are numbers and not classes, got {loss}; "
                "or choose data with classes"
            )

    @property
    def kind(self) -> str:
        """ "classes", "regression", or "own" while only the data can tell."""
        return "own" if self.data == "own" else "regression" if self.data in SURFACES else "classes"

    @property
    def many(self) -> bool:
        """Whether there are more than two classes, as far as the settings tell."""
        return self.data == "digits"

    @property
    def pair(self) -> tuple[Activation, Loss]:
        """Output and loss; for own data "auto" is settled by `resolved`."""
        return pair(self.output, self.loss, self.kind, self.many)

    @property
    def optimizer_object(self) -> Optimizer:
        return OPTIMIZERS[self.optimizer](self.eta)

    def batch_of(self, samples: int) -> int | None:
        """How many of so many samples an update takes; None for all."""
        return None if self.batch is None else min(self.batch, samples)

    def with_(self, **changes: Any) -> Settings:
        """The same with some fields changed. Raises TypeError for a name that is no field."""
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise TypeError(f"settings have the fields {listed(known)}; got {name}")
        return replace(self, **changes)


def pair(output: str, loss: str, kind: str, many: bool) -> tuple[Activation, Loss]:
    """Output and loss by name, "auto" being what fits the other, or the data."""
    if output == "auto" and loss == "auto":
        output = "identity" if kind == "regression" else "softmax" if many else "sigmoid"
    elif output == "auto":
        partner = LOSSES[loss].partner
        output = partner.name if partner is not None else pair("auto", "auto", kind, many)[0].name
    if loss == "auto":
        fits = [name for name, known in LOSSES.items() if known.partner == ACTIVATIONS[output]]
        loss = fits[0] if fits and kind != "regression" else "mse"
    return ACTIVATIONS[output], LOSSES[loss]


# ---- Checks, field by field


def short(text: str) -> str:
    """What somebody gave, as an error quotes it."""
    return text if len(text) <= 60 else text[:57] + "..."


def _choice(known: list[str]) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be one of {listed(known)}, got {value!r} ({type(value).__name__})")
        return named(name, value, {k: k for k in known})

    return check


def _whole(low: int, high: int | None = None) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        value = whole(name, value, least=low)
        if high is not None and value > high:
            raise ValueError(f"{name} must be at most {high}, got {value}")
        return value

    return check


def _number(low: float, high: float, positive: bool = False) -> Callable[[str, Any], float]:
    def check(name: str, value: Any) -> float:
        value = number(name, value, low, high)
        if positive and value == 0:
            raise ValueError(f"{name} must be greater than 0, got 0")
        return value + 0.0  # -0.0 is 0.0

    return check


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r} ({type(value).__name__})")
    return bool(value)


def _features(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a tuple of names out of {', '.join(FEATURES)}; got {value!r}")
    for feature in value:
        if feature not in FEATURES:
            raise ValueError(f"{name} must be out of {', '.join(FEATURES)}; got {feature!r}")
    if not value:
        raise ValueError(f"{name} must name at least one of {', '.join(FEATURES)}; got none")
    if len(set(value)) < len(value):
        raise ValueError(f"{name} must name each feature once, got {', '.join(value)}")
    return tuple(feature for feature in FEATURES if feature in value)  # one order, so that equal sets are equal


def _hidden(name: str, value: Any) -> tuple[tuple[int, str], ...]:
    if isinstance(value, str) or not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a tuple of layers such as (8, 'tanh'), got {value!r}")
    if len(value) > MOST_LAYERS:
        raise ValueError(f"{name} must have at most {MOST_LAYERS} layers, got {len(value)}")
    layers = []
    for k, layer in enumerate(value, start=1):
        if isinstance(layer, str) or not isinstance(layer, (tuple, list)) or len(layer) != 2:
            raise TypeError(f"{name}, layer {k}, must be units and an activation such as (8, 'tanh'), got {layer!r}")
        units, phi = layer
        where = f"{name}, layer {k},"
        layers.append((_whole(1, MOST_UNITS)(f"{where} units", units), _choice(HIDDEN)(f"{where} activation", phi)))
    return tuple(layers)


def _batch(name: str, value: Any) -> int | None:
    return None if value is None else whole(name, value)


def _own(name: str, value: Any) -> str:
    if not isinstance(value, str) or not (value == "" or FINGERPRINT.fullmatch(value)):
        raise ValueError(f"{name} must be a fingerprint of 12 hexadecimal digits, or '' for any data, got {value!r}")
    return value


CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "data": _choice(DATA),
    "n": _whole(10, MOST_POINTS),
    "noise": _number(0, 5),
    "train": _number(0.1, 0.9),
    "standardize": _flag,
    "features": _features,
    "data_seed": _whole(0, 2**63),
    "own": _own,
    "hidden": _hidden,
    "output": _choice(OUTPUTS),
    "loss": _choice(LOSS_NAMES),
    "init": _choice(list(INITS)),
    "scale": _number(0, 100),
    "seed": _whole(0, 2**63),
    "optimizer": _choice(list(OPTIMIZERS)),
    "eta": _number(0, 1e6, positive=True),
    "batch": _batch,
    "l1": _number(0, 100),
    "l2": _number(0, 100),
}


def start_of(settings: Settings) -> Initializer:
    """What draws the start weights; xavier and he are multiplied by `scale` afterwards."""
    return INITS[settings.init][1](settings.scale)


def multiplied(settings: Settings) -> bool:
    """Whether `scale` is a factor on the drawn weights, instead of what they are drawn with."""
    return settings.init in ("xavier", "he") and settings.scale != 1


def advice(settings: Settings, classes: int | None = None) -> str:
    """A word on what to expect of these settings where they are unusual; "" where nothing is.

    `classes` is how many one's own data have, 0 for numbers to fit; of other data the settings tell.
    """
    kind, many, words = settings.kind, settings.many, []
    if kind == "own" and classes is not None:
        kind, many = "classes" if classes else "regression", classes > 2
    phi, loss = pair(settings.output, settings.loss, kind, many)
    if kind == "classes" and loss.name == "mse":
        if phi.name in ("sigmoid", "softmax"):
            words.append(
                f"mse on {phi}: the slope of {phi} stays in the gradient, so a unit that is sure and wrong hardly "
                f"learns; {'bce' if phi.name == 'sigmoid' else 'softmax_ce'} cancels it."
            )
        else:
            words.append(
                f"mse on {phi} outputs: this fits the numbers 0 and 1, not probabilities; points that are far on the "
                f"right side count as errors too. {'softmax with softmax_ce' if many else 'sigmoid with bce'} "
                "is made for classes."
            )
    if kind == "classes" and many and phi.name == "sigmoid":
        words.append("sigmoid for many classes: each output says yes or no for itself, and they need not sum to 1.")
    if kind == "regression" and phi.name != "identity":
        reach = {
            "softmax": "one softmax output is always 1: nothing can be learned",
            "sigmoid": "sigmoid gives numbers from 0 to 1 only: targets outside can't be reached",
            "tanh": "tanh gives numbers from -1 to 1 only: targets outside can't be reached",
        }.get(phi.name, f"{phi} bounds or bends what the output can be")
        words.append(f"{reach}; identity with mse fits numbers.")
    if kind != "regression" and phi.name in ("relu", "softplus") and loss.name == "mse":
        words.append(f"{phi} outputs are never negative" + (", and may die." if phi.name == "relu" else "."))
    phis = {name for _, name in settings.hidden}
    if "step" in phis:
        words.append("step has slope 0: no gradient passes it, so layers up to it do not learn.")
    if settings.hidden and phis == {"identity"}:
        words.append("identity in all hidden layers: together they are one linear layer.")
    # Exact zeros or copies in the hidden layers; without hidden layers every start is as good.
    flat = settings.init in ("zeros", "constant") or settings.scale == 0
    if settings.hidden and flat:
        words.append("equal start weights: the units of a layer stay copies of each other.")
    deep = len(settings.hidden)
    if deep >= 4 and phis <= {"sigmoid"}:
        words.append(f"{deep} sigmoid layers: at most a quarter of the gradient passes each.")
    if settings.scale > 3 and not flat:
        words.append("large start weights: tanh and sigmoid saturate, others may diverge.")
    if settings.optimizer == "adam" and settings.eta > 0.3:
        words.append("Adam moves each weight by about η an update: this is a large one.")
    if settings.optimizer == "momentum" and settings.eta > 1:
        words.append("momentum adds up to ten steps of η: try a tenth of the rate.")
    if settings.l1 > 0.1 or settings.l2 > 0.1:
        words.append("a strong penalty: weights shrink towards 0, and the fit with them.")
    return " ".join(text[0].upper() + text[1:] if text.split()[0] not in NAMES else text for text in words)


NAMES = {*ACTIVATIONS, *LOSSES}
