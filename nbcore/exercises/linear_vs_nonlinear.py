"""Checkers of lesson 01."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from nbcore.activations import relu, silu
from nbcore.exercises.verdict import Verdict, as_numbers, call, judge, not_right, not_yet, passed, unanswered

# ---- Exercise 1: collapse three linear layers into one


def _linear_layers(*sizes: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(7)
    pairs = list(itertools.pairwise(sizes))
    return [rng.normal(size=(m, n)) for n, m in pairs], [rng.normal(size=(1, m)) for _, m in pairs]


def check_collapse(collapse: Callable[..., Any]) -> Verdict:
    """For collapse(weights, biases) -> (W, b), three layers: W = W3 W2 W1, b = b1 W2^T W3^T + b2 W3^T + b3 as rows."""
    # Square layers first: there every slip runs, and shows by its numbers.
    verdict = _collapsed(collapse, (3, 3, 3, 3), _W_SLIPS, _B_SLIPS) or _collapsed(collapse, (2, 5, 4, 3), {}, {})
    return verdict or passed("W and b within 1e-9, for square layers and for 2-5-4-3")


Slips = dict[str, Callable[..., np.ndarray]]

_W_SLIPS: Slips = {
    "your product is in reverse order: the first layer acts first, so it stands on the right, W3 W2 W1": (
        lambda W1, W2, W3, b1, b2, b3: W1 @ W2 @ W3
    ),
    "your W is the transpose of the right one: on the board W3 W2 W1, without transposing": (
        lambda W1, W2, W3, b1, b2, b3: (W3 @ W2 @ W1).T
    ),
    "your W adds the matrices; layers one after the other multiply": lambda W1, W2, W3, b1, b2, b3: W1 + W2 + W3,
    "your W leaves out the last layer": lambda W1, W2, W3, b1, b2, b3: W2 @ W1,
    "your W is the last layer's only: the earlier ones act first": lambda W1, W2, W3, b1, b2, b3: W3,
    "your W holds the first layer twice: a loop that starts from W1 goes on with W2": (
        lambda W1, W2, W3, b1, b2, b3: W3 @ W2 @ W1 @ W1
    ),
    "your W multiplies entry by entry (*); layers need the matrix product (@)": (
        lambda W1, W2, W3, b1, b2, b3: W3 * W2 * W1
    ),
}
_B_SLIPS: Slips = {
    "your b is the last bias only: the earlier biases pass through the later layers and arrive as well": (
        lambda W1, W2, W3, b1, b2, b3: b3
    ),
    "your b adds the biases as they are: b1 still goes through W2 and W3, b2 through W3": (
        lambda W1, W2, W3, b1, b2, b3: b1 + b2 + b3
    ),
    "your b uses the product so far instead of the next layer's weights: update b before W, or both at once": (
        lambda W1, W2, W3, b1, b2, b3: (b1 @ (W2 @ W1).T + b2) @ (W3 @ W2 @ W1).T + b3
    ),
    "your b leaves out b1": lambda W1, W2, W3, b1, b2, b3: b2 @ W3.T + b3,
    "your b leaves out b2": lambda W1, W2, W3, b1, b2, b3: b1 @ W2.T @ W3.T + b3,
    "your b1 passes through W2 only; it still has to go through W3": (
        lambda W1, W2, W3, b1, b2, b3: b1 @ W2.T + b2 @ W3.T + b3
    ),
    "your b1 passes through W3 only; it has to go through W2 first": (
        lambda W1, W2, W3, b1, b2, b3: b1 @ W3.T + b2 @ W3.T + b3
    ),
    "your b passes b1 through the first layer as well; it comes after W1": (
        lambda W1, W2, W3, b1, b2, b3: ((b1 @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
    ),
    "your b leaves out the last bias b3": lambda W1, W2, W3, b1, b2, b3: (b1 @ W2.T + b2) @ W3.T,
    "your b passes the biases through the transposed weights; as rows it is b1 @ W2.T @ W3.T": (
        lambda W1, W2, W3, b1, b2, b3: b1 @ W2 @ W3 + b2 @ W3 + b3
    ),
    "your b1 passes through W3 before W2; the order is W2 first, then W3": (
        lambda W1, W2, W3, b1, b2, b3: b1 @ W3.T @ W2.T + b2 @ W3.T + b3
    ),
}


def _collapsed(collapse: Callable[..., Any], sizes: tuple[int, ...], W_slips: Slips, b_slips: Slips) -> Verdict | None:
    """The verdict on one set of layers, None when it is right."""
    weights, biases = _linear_layers(*sizes)
    given = [*weights, *biases]
    before = [array.copy() for array in given]
    result, verdict = call(collapse, weights, biases)
    if verdict and "ValueError" in verdict.message:
        hint = "biases are rows here, so the board's W b becomes b @ W.mT" if W_slips else "is every product in order?"
        return not_right(f"{verdict.message} ({hint})")
    if verdict:
        return verdict
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return not_right(f"return the pair W, b; got {type(result).__name__}")
    if any((now != then).any() for now, then in zip(given, before, strict=True)):
        return not_right("your function changes the weights or biases it was given; work on new arrays")
    W1, W2, W3, b1, b2, b3 = given
    right = {"W": W3 @ W2 @ W1, "b": (b1 @ W2.T + b2) @ W3.T + b3}
    for (name, wanted), answer, slips in zip(right.items(), result, (W_slips, b_slips), strict=True):
        array, verdict = as_numbers(name, answer, wanted.shape)
        verdict = verdict or judge(name, array, wanted, {text: slip(*given) for text, slip in slips.items()})
        if verdict:
            return verdict
    return None


# ---- Exercise 2: a hat out of three ReLUs

_X = np.linspace(-1.5, 2.5, 161)


def _hinges(*pieces: tuple[float, float]) -> np.ndarray:
    return np.sum([w * relu(_X - k) for k, w in pieces], axis=0)


def check_hat(W1: Any, b1: Any, W2: Any, b2: Any) -> Verdict:
    """For a 1-3-1 ReLU network that is 0 up to x = 0, 1 at x = 1/2, and 0 again from x = 1."""
    if unanswered([W1, b1, W2, b2]):
        return not_yet()
    arrays = {}
    for name, value, shape in (("W1", W1, (3, 1)), ("b1", b1, (1, 3)), ("W2", W2, (1, 3)), ("b2", b2, (1, 1))):
        arrays[name], verdict = as_numbers(name, value, shape)
        if verdict:
            return verdict
    y = (relu(_X[:, None] @ arrays["W1"].T + arrays["b1"]) @ arrays["W2"].T + arrays["b2"])[:, 0]
    hat = _hinges((0, 2), (0.5, -4), (1, 2))
    flipped = _hinges((0, 2), (-0.5, -4), (-1, 2))
    slips = {
        "it climbs to 1 and stays there: W2 holds changes of slope, and from 2 to -2 it is not -2": _hinges(
            (0, 2), (0.5, -2)
        ),
        "it goes flat at 1, then climbs again: slopes add up, so the second hinge must be -4": _hinges(
            (0, 2), (0.5, -2), (1, 2)
        ),
        "it never stops falling after x = 1: the third hinge has to cancel the slope -2": _hinges((0, 2), (0.5, -4)),
        "the shape is right, but it is only half as high: the slope from 0 to 1/2 must be 2": hat / 2,
        "your hat is upside down: all signs in W2 are reversed": -hat,
        "your hinges are at 0, -1/2 and -1: a hinge of relu(x + b) is at x = -b": flipped,
        "all three hinges turn upward: the middle one must turn the line down": _hinges((0, 2), (0.5, 4), (1, 2)),
        "after x = 1 it falls the faster: the third hinge takes the slope from -2 to 0, so its weight is +2": (
            _hinges((0, 2), (0.5, -4), (1, -2))
        ),
        "after x = 1 it climbs: the third hinge takes the slope from -2 to 0, so its weight is 2, not 4": (
            _hinges((0, 2), (0.5, -4), (1, 4))
        ),
    }
    verdict = judge("curve", y, hat, slips)
    if verdict is None:
        return passed("the hat, within 1e-9 from x = -1.5 to 2.5")
    if verdict.message in slips:
        return verdict
    if np.ptp(y - hat) < 1e-9:
        return not_right(f"the shape is right, but it stands {y[0]:.3g} too high: what does b2 do?")
    worst = int(np.abs(y - hat).argmax())
    return not_right(f"at x = {_X[worst]:.3g} your curve is {y[worst]:.3g} and the hat is {hat[worst]:.3g}")


# ---- Exercise 3: XOR with a single SiLU neuron

_POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def check_xor_neuron(w: Any, b: Any, cut: Any) -> Verdict:
    """For a = silu(w . x + b) and class 1 where a < cut: right on the four points of XOR, each 0.12 from the cut."""
    if unanswered([w, b, cut]):
        return not_yet()
    weights, verdict = as_numbers("w", w, (2,))
    if verdict:
        return verdict
    for name, value in (("b", b), ("cut", cut)):
        _, verdict = as_numbers(name, value, ())
        if verdict:
            return verdict
    z = _POINTS @ weights + float(b)
    a = silu(z)
    labels = tuple((a < float(cut)).astype(int).tolist())
    shown = ", ".join(f"{value:.3f}" for value in a)
    if labels == (0, 1, 1, 0):
        room = float(np.abs(a - float(cut)).min())
        if room < 0.12:
            left, dip = min(a[0], a[3]), max(a[1], a[2])
            advice = (
                f"put the cut in the middle between {dip:.3f} and {left:.3f}"
                if left - dip >= 0.24
                else f"between {dip:.3f} and {left:.3f} there is no room for 0.12 on both sides: move b + w nearer to "
                "the bottom of the dip, or take larger weights"
            )
            return not_right(f"the classes are right, but the nearest point is {room:.3f} from the cut; {advice}")
        return passed(f"a = {shown}; the nearest point is {room:.3f} from the cut")
    if labels == (1, 0, 0, 1):
        reason = "(0,0) and (1,1) lie below the cut, (0,1) and (1,0) above: class 1 came out on the wrong side"
        if weights[0] * weights[1] < 0:
            reason += ". With weights of opposite signs (0,0) and (1,1) share one z: take weights of the same sign"
    elif labels in ((1, 1, 1, 1), (0, 0, 0, 0)):
        reason = (
            "all four points are on one side of the cut: put it between the bottom of the dip, -0.278, and the others"
        )
    elif labels in ((1, 0, 0, 0), (0, 1, 1, 1)):
        reason = "that is OR (or its opposite): (1,1) is on the same side as (0,1) and (1,0)"
    elif labels == (1, 1, 1, 0) and a[0] > a[1]:
        reason = f"the dip is in the right place, but the cut lies above (0,0) as well: put it below {a[0]:.3f}"
    elif labels in ((0, 0, 0, 1), (1, 1, 1, 0)):
        reason = (
            "that is AND (or its opposite): (0,0) is on the side of (0,1) and (1,0); it must go left, out of the dip"
        )
    else:
        reason = "(0,1) and (1,0) came out differently: XOR treats x1 and x2 alike, so take equal weights"
    return not_right(f"{reason}; a = {shown}")
