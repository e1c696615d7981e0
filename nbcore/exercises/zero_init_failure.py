"""Checkers of lesson 03."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nbcore.activations import softmax, tanh
from nbcore.datasets import split_digits
from nbcore.exercises.verdict import Verdict, as_numbers, call, not_right, not_yet, passed, shape_of, unanswered
from nbcore.initializers import zeros
from nbcore.losses import softmax_ce
from nbcore.network import MLP
from nbcore.training import train

# ---- Exercise 1: predict the rank of W1 after training

# What is right, and what each wrong number means. Biases are 0 unless said otherwise.
RANKS: dict[str, tuple[int, dict[int, str]]] = {
    "two sigmoid layers, all weights 0": (
        1,
        {
            0: "a sigmoid gives 0.5, not 0, so the last weights move at once, then those before them, and at last W1",
            2: "each layer is copies of one unit, however many layers there are: all rows of W1 are equal",
            16: "nothing tells the units of a layer apart: they get the same gradient in every update",
        },
    ),
    "tanh, all weights 0.05, one hidden bias 0.1": (
        2,
        {
            1: "the unit with another bias has another output, so its gradients differ: it goes its own way",
            16: "one unit is told apart; the other fifteen are still copies of each other",
            15: "one unit is told apart; the other fifteen are still copies of each other",
        },
    ),
    "tanh, weights in and out 0.05 for 8 units, -0.05 for 8": (
        1,
        {
            2: "tanh is odd: a unit with all signs reversed adds the same to the output, and its gradients are the "
            "same with reversed signs. Its row in W1 stays minus the other's, which is no new direction",
            8: "within each half nothing tells the units apart",
            16: "within each half nothing tells the units apart",
        },
    ),
    "relu, weights in and out 0.05 for 8 units, -0.05 for 8": (
        2,
        {
            1: "relu has no mirror images as tanh has: pixels are never negative, so the second half is dead and keeps "
            "its rows of -0.05, while the first half learns another row",
            8: "within each half nothing tells the units apart",
            16: "within each half nothing tells the units apart",
        },
    ),
    "relu, all weights -0.05": (
        1,
        {
            0: "rank 0 would be all zeros. No unit ever gives anything but 0, so W1 stays as it is: every entry -0.05",
            16: "pixels are never negative, so every z is, and relu lets no gradient through: W1 stays as it is",
            2: "all 16 units are dead from the start: there is no second kind of them",
        },
    ),
    "no hidden layer, all weights 0 (W1 is 10 x 64)": (
        9,
        {
            10: "the ten rows are different, but the gradients of softmax sum to 0 over the rows: one row follows "
            "from the nine others",
            1: "here each row has a target of its own, so the rows become different",
            0: "the gradient of row k is (a_k - y_k) x, which is not 0 at zero weights",
            16: "there are only ten rows, so the rank is at most 10",
        },
    ),
}


def check_ranks(ranks: Any) -> Verdict:
    """For a dict with a whole number for each start in RANKS."""
    if unanswered(ranks):
        return not_yet()
    if not isinstance(ranks, Mapping):
        return not_right(f"a dict is wanted, as in the stub; got {type(ranks).__name__}")
    if missing := [name for name in RANKS if name not in ranks]:
        return not_right(f"there is no answer to {missing[0]!r}: keep the names as they are in the stub")
    if any(unanswered(ranks[name]) for name in RANKS):
        return not_yet()
    wrong = []
    for name, (right, slips) in RANKS.items():
        value, verdict = as_numbers(f"rank for {name!r}", ranks[name], ())
        if verdict:
            return verdict
        if value != right:
            known = slips.get(int(value), "think of what tells the units apart, and whether a gradient gets through")
            if not 0 <= value <= 16 or value != int(value):
                known = "W1 has at most 16 rows, so its rank is a whole number from 0 to 16"
            wrong.append(f"{name}: {known}")
    if wrong:
        return not_right(f"{len(RANKS) - len(wrong)} of {len(RANKS)} are right. {wrong[0]}")
    return passed(f"all {len(RANKS)} ranks")


# ---- Exercise 2: an initializer for leaky ReLU

_RATIO_SLIPS: dict[str, Callable[[int, int, float], float]] = {
    "your variance has n_out where it needs n_in: z is a sum over inputs": lambda n, m, s: (
        (2 / ((1 + s**2) * m)) ** 0.5
    ),
    "that number is the variance; rng.normal wants the standard deviation, its root": lambda n, m, s: (
        2 / ((1 + s**2) * n)
    ),
    "half of it: with 1 instead of 2 in the variance, the signal loses half its power in each layer": (
        lambda n, m, s: (1 / ((1 + s**2) * n)) ** 0.5
    ),
    "that is right for relu: the negative half comes through as well now, times the slope, and adds to the "
    "power": lambda n, m, s: (2 / n) ** 0.5,
    "the slope enters squared, since it is a mean of squares: 1 + slope^2": lambda n, m, s: (2 / ((1 + s) * n)) ** 0.5,
    "the mean of squares of the two halves is (1 + slope^2) / 2, not (1 + slope)^2 / 2": (
        lambda n, m, s: (2 / ((1 + s) ** 2 * n)) ** 0.5
    ),
    "that is Xavier's, made for slopes of 1 on both sides": lambda n, m, s: (2 / (n + m)) ** 0.5,
    "the power behind the activation is (1 + slope^2) / 2 times that before it; the variance of w must undo that, "
    "so divide by it": lambda n, m, s: ((1 + s**2) / (2 * n)) ** 0.5,
}


def check_leaky_init(init: Callable[..., Any]) -> Verdict:
    """For init(rng, n_out, n_in, slope) -> W (n_out, n_in), independent, mean 0, variance 2 / ((1 + slope^2) n_in)."""
    for n_out, n_in, slope in ((300, 700, 0.5), (700, 300, 0.0), (400, 500, 1.0)):
        result, verdict = call(init, np.random.default_rng(1), n_out, n_in, slope)
        if verdict:
            return verdict
        W, verdict = as_numbers("W", result, (n_out, n_in))
        if verdict:
            return verdict
        more = []
        for seed in (1, 2):
            result, verdict = call(init, np.random.default_rng(seed), n_out, n_in, slope)
            if verdict:
                return verdict
            array, verdict = as_numbers("W, drawn again,", result, (n_out, n_in))
            if verdict:
                return verdict
            more.append(array)
        again, other = more
        if (W != again).any():
            return not_right("equal seeds give other weights: draw from the rng that you are given")
        if not W.std():
            return not_right("all weights are equal: then all units are copies; draw them from rng")
        if (W == other).all():
            return not_right("two different generators give the same weights: draw from the rng that you are given")
        right = (2 / ((1 + slope**2) * n_in)) ** 0.5
        if min(np.unique(W[0]).size, np.unique(W[:, 0]).size) < 3:
            return not_right("your weights repeat along rows or columns: draw each one by itself, n_out times n_in")
        if abs(W.mean()) > 0.02 * W.std():
            return not_right(f"your weights have mean {W.mean():.3g} instead of 0: half of them should be negative")
        if _near(W.std(), right):
            continue
        for text, slip in _RATIO_SLIPS.items():
            if _near(W.std(), slip(n_in, n_out, slope)):
                return not_right(_said(text, W, right, n_out, n_in, slope))
        if _near(W.std(), right / 3**0.5) and np.abs(W).max() < 1.01 * right:
            text = "uniform numbers between -c and c have standard deviation c / sqrt(3), so c must be larger"
            return not_right(_said(text, W, right, n_out, n_in, slope))
        return not_right(_said("the spread is off", W, right, n_out, n_in, slope))
    return passed("the spread is right for three shapes and slopes, within 1%")


def _near(one: float, other: float) -> bool:
    """Within 1%: ten times what chance does to 200,000 numbers, a tenth of what a slip does."""
    return abs(one / other - 1) < 0.01


def _said(text: str, W: np.ndarray, right: float, n_out: int, n_in: int, slope: float) -> str:
    return f"{text}. For n_out = {n_out}, n_in = {n_in}, slope {slope:g}: std {W.std():.4f} instead of {right:.4f}"


# ---- Exercise 3: break the tie without chance

BOUND = 0.1


def check_break_tie(b1: Any) -> Verdict:
    """For the biases of 16 tanh units whose weights are all 0: after training, W1 must have rank 16."""
    if unanswered(b1):
        return not_yet()
    array, verdict = as_numbers("b1", b1[0] if shape_of(b1) == (1, 16) else b1, (16,))
    if verdict:
        return verdict
    if np.abs(array).max() > BOUND:
        return not_right(f"the largest bias is {np.abs(array).max():.3g}; keep all between -0.1 and 0.1")
    groups = np.unique(array)
    mirrored = np.unique(np.abs(array))
    if not array.any():
        return not_right("all biases are 0: then every gradient but that of b2 is 0, and nothing moves")
    if len(groups) == 1:
        return not_right("all biases are equal: the units are still copies, and W1 has rank 1")
    if len(groups) < 16 and len(mirrored) == len(groups):
        text = f"only {len(groups)} different biases: units that share one are copies of each other"
        return not_right(f"{text}, and W1 gets rank {_trained(array)[0]}")
    if len(mirrored) < len(groups):
        text = "tanh is odd: two units with biases b and -b are mirror images, and their rows in W1 stay opposite"
        return not_right(f"{text}. W1 gets rank {_trained(array)[0]}, not 16")
    rank, right = _trained(array)
    if not array.all():
        text = "one bias is 0: that unit gives 0, so its output weights get no gradient; and so it does not either"
        return not_right(f"{text}. W1 gets rank {rank}, not 16")
    if rank < 16 or right < 0.96:
        text = f"after 1,000 updates W1 has rank {rank}, and {right:.0%} of the test digits are right"
        return not_right(f"{text}: the tie breaks too slowly; take biases further apart")
    return passed("rank 16, more than 96% of the test digits, and no chance in it")


def _trained(b1: np.ndarray) -> tuple[int, float]:
    """The rank of W1 (above a thousandth of its largest direction) and the test accuracy after 1,000 updates."""
    data = split_digits(1437)
    net = MLP([64, 16, 10], hidden=tanh, output=softmax, init=zeros)
    net.layers[0].b = b1[None, :]
    train(net, data.X, data.Y, softmax_ce, eta=0.5, steps=1000, batch=64)
    sizes = np.linalg.svd(net.layers[0].W, compute_uv=False)
    rank = int((sizes > 1e-3 * sizes[0]).sum()) if sizes[0] else 0
    return rank, float((net.forward(data.X_test).argmax(axis=1) == data.labels_test).mean())
