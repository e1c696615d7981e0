"""Checkers of lesson 05."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from nbcore.activations import sigmoid, silu
from nbcore.exercises.verdict import Verdict, as_numbers, call, judge, not_right, passed, shape_of, unanswered

Slips = dict[str, np.ndarray]
Judged = dict[str, tuple[np.ndarray, Slips]]  # for each array of an answer: the right one, and the known wrong ones


def _fitting(forms: Mapping[str, Callable[[], Any]]) -> Slips:
    """The wrong answers that can be computed with these sizes: many slips are stopped by their shapes."""
    found = {}
    for text, form in forms.items():
        try:
            found[text] = np.asarray(form())
        except ValueError:
            continue
    return found


def _with_factors(forms: Slips, factors: Mapping[str, float]) -> Slips:
    """Each wrong form, each wrong factor, and each pair of both; the right form is called ""."""
    alone = {text: form for text, form in forms.items() if text and form.shape == forms[""].shape}
    off = {said: factor * forms[""] for said, factor in factors.items()}
    both = {f"{text}; and {said}": factor * form for text, form in alone.items() for said, factor in factors.items()}
    return alone | off | both


def _pairs(first: Slips, second: Slips) -> Slips:
    """Products of the forms of two factors, named by what is wrong in either."""
    found = {}
    for one, a in first.items():
        for other, b in second.items():
            try:
                found["; and ".join(filter(None, (one, other)))] = a * b
            except ValueError:
                continue
    return found


def _changed(names: Sequence[str], given: Sequence[np.ndarray], before: Sequence[np.ndarray]) -> list[str]:
    """The names of the arguments that the learner's function wrote into."""
    return [name for name, g, b in zip(names, given, before, strict=True) if not np.array_equal(g, b)]


def _parts(names: Sequence[str], value: Any, shapes: Sequence[tuple[int, ...]]) -> Verdict | None:
    """None when a function returned as many things as it should, in their order."""
    wanted = ", ".join(names)
    if not isinstance(value, (tuple, list)):
        return not_right(f"return {len(names)} arrays, {wanted}; got one {type(value).__name__}")
    if len(value) != len(names):
        return not_right(f"return {len(names)} arrays, {wanted}; got {len(value)}")
    found = [shape_of(part) for part in value]
    if found != list(shapes):
        for order in permutations(range(len(names))):
            if found == [shapes[k] for k in order]:
                return not_right(f"your arrays come in another order, going by their shapes; return {wanted}")
    return None


def _explained(stopped: Verdict, shapes: str, equal: Iterator[tuple[str, Verdict | None]]) -> Verdict:
    """What a function that stopped over its shapes does where all shapes fit, when that tells the slip."""
    for sizes, verdict in equal:
        if verdict and not any(said in verdict.message for said in ("differs, most at", "your function stopped with")):
            return not_right(
                f"{verdict.message} (told with {sizes}, where the product fits; with {shapes} your function stops with "
                "a ValueError)"
            )
    return not_right(f"{stopped.message}; called with {shapes}")


# ---- Exercise 1: the derivative of an activation


def _silu_slips(z: np.ndarray, a: np.ndarray) -> Slips:
    s, at_a = sigmoid(z), sigmoid(a)
    return {
        "sigma is taken at a instead of z, in both terms": at_a + a * (1 - at_a),
        "the whole slope is taken at a instead of z": at_a + a * at_a * (1 - at_a),
        "sigma' is taken at a instead of z": s + z * at_a * (1 - at_a),
        "the first term, sigma, is taken at a instead of z": at_a + a * (1 - s),
        "that is sigma' alone: the slope of a product is not the product of the slopes": s * (1 - s),
        "the second term of the product rule is missing, z times sigma'(z)": s,
        "the first term of the product rule is missing, 1 times sigma(z)": a * (1 - s),
        "the sign of the second term is wrong: the product rule adds": s - a * (1 - s),
        "the sign in sigma' is wrong: it is sigma (1 - sigma)": s + a * (1 + s),
        "your second term is z (1 - sigma): its factor sigma is missing": s + z * (1 - s),
        "your second term is sigma': its factor z is missing": s + s * (1 - s),
        "your second term is z sigma sigma: the slope of sigma is sigma (1 - sigma)": s + a * s,
        "your second term is z sigma: the slope of sigma is sigma (1 - sigma)": s + a,
        "your second term holds sigma twice: a = z sigma has one already": s + a * s * (1 - s),
        "your second term is z a (1 - a): the slope of sigma is sigma (1 - sigma), and sigma is not a here": (
            s + z * a * (1 - a)
        ),
        "your second term is a (1 - a): the slope of sigma is sigma (1 - sigma), and sigma is not a here": (
            s + a * (1 - a)
        ),
        "a (1 - a) is the slope of the sigmoid; here a is z sigma(z)": a * (1 - a),
        "1 - a^2 is the slope of tanh; here a is z sigma(z)": 1 - a**2,
        "1 or 0, that is the slope of ReLU": (z > 0).astype(float),
        "that is a, the function itself; its slope is wanted": a,
        "the sign is wrong: the slope is positive for positive z": -(s + a * (1 - s)),
    }


def check_silu_derivative(derivative: Callable[..., Any]) -> Verdict:
    """For derivative(z, a) -> phi'(z) of SiLU, a = z sigma(z); z and a of one shape."""
    z = 2 * np.random.default_rng(5).normal(size=(7, 3))
    a = silu(z)
    given = z.copy(), a.copy()
    value, verdict = call(derivative, *given)
    if verdict:
        return verdict
    if changed := _changed("za", given, (z, a)):
        return not_right(f"your function changes {' and '.join(changed)}; work on new arrays")
    right = silu.derivative(z, a)
    array, verdict = as_numbers("slope", value, z.shape)
    verdict = verdict or judge("slope", array, right, _silu_slips(z, a))
    if verdict and array.shape == z.shape and np.allclose(array, right, rtol=1e-3, atol=1e-3):
        return not_right(
            "close, but off by more than 1e-9: a quotient of small differences serves for a check; write the formula"
        )
    if verdict:
        return verdict
    far = np.array([[-1000.0, 0.0, 1000.0]])
    value, verdict = call(derivative, far.copy(), silu(far))
    if verdict:
        return verdict
    array, verdict = as_numbers("slope", value, far.shape)
    if verdict:
        return not_right(f"at z = -1000, 0 and 1000: {verdict.message} (nbcore's sigmoid never overflows)")
    verdict = judge("slope", array, np.array([[0.0, 0.5, 1.0]]), {})
    return verdict or passed("within 1e-9, and at z = -1000 and 1000")


# ---- Exercise 2: backward of a dense layer


def _dense(delta: np.ndarray, A: np.ndarray, W: np.ndarray) -> Judged:
    """The right answers and the slips, as far as the shapes let them through; W has a column for each unit."""
    (N, n_out), n_in = delta.shape, A.shape[1]
    dW, db, dA = A.T @ delta, delta.sum(axis=0, keepdims=True), delta @ W.T

    def judged(name: str, forms: Mapping[str, Callable[[], Any]]) -> tuple[np.ndarray, Slips]:
        factors = {
            f"your {name} is divided by N: delta holds the 1/N of the loss already": 1 / N,
            f"your {name} is N times the right one: delta holds the 1/N of the loss already": N,
            f"the sign of your {name} is wrong": -1.0,
            f"a factor 2: your {name} is twice the right one": 2.0,
            f"a factor 1/2: your {name} is half of the right one": 0.5,
            f"your {name} is divided by n_out": 1 / n_out,
            f"your {name} is divided by n_in": 1 / n_in,
        }
        possible = _fitting(forms)
        return possible[""], _with_factors(possible, factors)

    return {
        "dW": judged(
            "dW",
            {
                "": lambda: dW,
                "your dW is transposed: here column j belongs to unit j, so A_in comes first": lambda: dW.T,
                "your dW adds over inputs, not over samples: transpose A_in": lambda: A @ delta,
                "in your dW only the last sample counts: each sample adds its share (+=)": lambda: np.outer(
                    A[-1], delta[-1]
                ),
                "in your dW only the first sample counts": lambda: np.outer(A[0], delta[0]),
                "your dW adds delta and A_in over samples first: multiply sample by sample, then add": lambda: np.outer(
                    A.sum(axis=0), delta.sum(axis=0)
                ),
                "your dW uses W: the slope of z by W is what came in": lambda: (delta @ W.T).T @ delta,
            },
        ),
        "db": judged(
            "db",
            {
                "": lambda: db,
                "in your db only the last sample counts: each sample adds its share (+=)": lambda: delta[-1:],
                "in your db only the first sample counts": lambda: delta[:1],
                "your db adds over units as well: each unit has its own bias": lambda: np.full((1, n_out), delta.sum()),
                "your db holds A_in: the slope of z by b is 1": lambda: A.sum(axis=0, keepdims=True),
            },
        ),
        "dA_in": judged(
            "dA_in",
            {
                "": lambda: dA,
                "your dA_in uses W as it is: here W has a column for each unit, so take W.T": lambda: delta @ W,
                "your dA_in is transposed: rows are samples": lambda: dA.T,
                "your dA_in multiplies from the wrong side, and W is transposed: rows are samples": lambda: W.T @ delta,
                "your dA_in multiplies from the wrong side: rows are samples": lambda: W @ delta,
                "your dA_in uses dW: it goes back through W itself": lambda: delta @ dW.T,
                "your dA_in lacks W: each unit sends delta back times its weights": lambda: delta * np.ones_like(A),
                "your dA_in holds a sigma': that belongs to the layer below, which knows its own phi": lambda: (
                    dA * A * (1 - A)
                ),
                "your dA_in holds a tanh': that belongs to the layer below, which knows its own phi": lambda: (
                    dA * (1 - A**2)
                ),
                "your dA_in is multiplied by A_in: it goes back through W alone": lambda: dA * A,
            },
        ),
    }


_DENSE = ("dW", "db", "dA_in")


def _dense_shape(name: str, value: Any, N: int, n_in: int, n_out: int) -> Verdict | None:
    shape = shape_of(value)
    if name == "dW" and shape in ((N, n_out, n_in), (N, n_in, n_out)):
        return not_right("your dW has one matrix a sample: all samples share W, so add them up")
    if name == "db":
        if shape == (N, n_out):
            return not_right("your db has one row a sample: all samples share b, so add them up")
        if shape == (n_out,):
            return not_right(f"your db has shape {shape}; keep it a row as b is, {(1, n_out)}: keepdims=True")
        if shape in ((N,), (N, 1)):
            return not_right("your db adds over the units of a sample; add over samples, axis 0")
        if shape in ((), (1, 1)):
            return not_right("your db adds over everything; each unit has its own bias, so add over samples, axis 0")
    return None


def _check_dense(function: Callable[..., Any], N: int, n_in: int, n_out: int) -> Verdict | None:
    rng = np.random.default_rng(N)
    arguments = rng.normal(size=(N, n_out)) / N, sigmoid(rng.normal(size=(N, n_in))), rng.normal(size=(n_in, n_out))
    given = [argument.copy() for argument in arguments]
    value, verdict = call(function, *given)
    if verdict:
        return verdict
    judged = _dense(*arguments)
    verdict = _parts(_DENSE, value, [right.shape for right, _ in judged.values()])
    if verdict:
        return verdict
    for (name, (right, slips)), part in zip(judged.items(), value, strict=True):
        array, verdict = as_numbers(name, part, right.shape)
        verdict = _dense_shape(name, part, N, n_in, n_out) or verdict or judge(name, array, right, slips)
        if verdict:
            return verdict
    if changed := _changed(("delta", "A_in", "W"), given, arguments):
        return not_right(f"your function changes {' and '.join(changed)}; work on new arrays")
    return None


def check_dense_backward(dense_backward: Callable[..., Any]) -> Verdict:
    """For dense_backward(delta, A_in, W) -> dW, db, dA_in, of a layer with a column of W for each unit, Z = A_in W + b.

    They are A_in^T delta, the sum of delta over samples, and delta W^T.
    """
    verdict = _check_dense(dense_backward, 7, 5, 4)
    if verdict and "stopped with ValueError" in verdict.message:
        return _explained(
            verdict,
            "delta (7, 4), A_in (7, 5) and W (5, 4)",
            ((f"{N} samples, 4 inputs and 4 units", _check_dense(dense_backward, N, 4, 4)) for N in (7, 4)),
        )
    return verdict or _check_dense(dense_backward, 6, 2, 3) or passed("within 1e-9, for 7 samples, 5 inputs, 4 units")


# ---- Exercise 3: the output delta for both losses


def _output_factors(name: str, N: int, n: int) -> dict[str, float]:
    return {
        f"your {name} is N times the right one: C is a mean over samples, so divide by N": N,
        f"your {name} is divided by N twice": 1 / N,
        f"your {name} is divided by all entries: C is a mean over samples of a sum over outputs, so divide by N": 1 / n,
        f"your {name} is divided by the number of outputs instead of N": N / n,
        f"a factor 2: the slope of (a - y)^2 / 2 is a - y, but your {name} is twice the right one": 2.0,
        f"a factor 1/2: the slope of (a - y)^2 / 2 is a - y, but your {name} is half of the right one": 0.5,
        f"the sign of your {name} is wrong: it is a - y": -1.0,
        f"a factor 2/n: the square is not halved, and your {name} is divided by all entries": 2 / n,
        f"your {name} is neither halved nor divided by N: C is a mean over samples of (a - y)^2 / 2": 2.0 * N,
        f"the sign of your {name} is wrong, it is a - y; and it is not divided by N": -1.0 * N,
    }


def _mse_forms(Z: np.ndarray, A: np.ndarray, Y: np.ndarray) -> Slips:
    """delta of mse on sigmoids, before any wrong factor."""
    d, slope = (A - Y) / len(Y), A * (1 - A)
    return {
        "": d * slope,
        "sigma' is missing: with mse nothing cancels it": d,
        "sigma' is taken at a instead of z": d * sigmoid.derivative(A),
        "a (1 - a) is sigma' written with a, and you put z into it": d * Z * (1 - Z),
        "of sigma' = a (1 - a) the factor 1 - a is missing": d * A,
        "of sigma' = a (1 - a) the factor a is missing": d * (1 - A),
        "sigma' stands there twice": d * slope**2,
        "you divide by sigma': the chain rule multiplies": d / slope,
        "1 - a^2 is the slope of tanh; the outputs are sigmoids": d * (1 - A**2),
        "a - y is squared: that is the loss; its slope is a - y": d * (A - Y) * slope,
        "the error is z - y: compare the output a with the target": (Z - Y) / len(Y) * slope,
        "that is z - y: compare the output a with the target, and multiply by sigma'": (Z - Y) / len(Y),
    }


def _bce_forms(Z: np.ndarray, A: np.ndarray, Y: np.ndarray) -> Slips:
    d, slope = (A - Y) / len(Y), A * (1 - A)
    with np.errstate(all="ignore"):
        return {
            "": d,
            "sigma' is kept: with bce it cancels, a - y is left": d * slope,
            "that is dC/da, (a - y) / (a (1 - a)): sigma' has still to be multiplied, and cancels": d / slope,
            "sigma' is taken at a instead of z, so it does not cancel": d / slope * sigmoid.derivative(A),
            "a (1 - a) is sigma' written with a, and you put z into it": d / slope * Z * (1 - Z),
            "only the first term of bce counts, y ln a": -Y * (1 - A) / len(Y),
            "only the second term of bce counts, (1 - y) ln(1 - a)": (1 - Y) * A / len(Y),
            "the sign of the second term is wrong: the slope of ln(1 - a) is -1 / (1 - a)": (
                -(Y * (1 - A) + (1 - Y) * A) / len(Y)
            ),
            "a - y is squared: that is nearly mse's loss; the slope is a - y": d * (A - Y),
            "the error is z - y: compare the output a with the target": (Z - Y) / len(Y),
        }


def check_output_delta(output_delta: Callable[..., Any]) -> Verdict:
    """For output_delta(Z, A, Y, loss) -> dC/dZ of sigmoid outputs, loss "mse" or "bce"."""
    rng = np.random.default_rng(3)
    Z = 1.5 * rng.normal(size=(7, 3))
    arguments = Z, sigmoid(Z), rng.uniform(0.05, 0.95, size=(7, 3))
    for loss, forms in (("mse", _mse_forms(*arguments)), ("bce", _bce_forms(*arguments))):
        given = [argument.copy() for argument in arguments]
        value, verdict = call(output_delta, *given, loss)
        if verdict:
            hint = " (loss is a text, 'mse' or 'bce')" if "'str' object" in verdict.message else ""
            return Verdict(verdict.state, verdict.message + hint)
        array, verdict = as_numbers("delta", value, (7, 3))
        if shape_of(value) in ((1, 3), (3,)):
            return not_right(f"with {loss}: your delta is added up over samples; each sample keeps its own row")
        if shape_of(value) in ((7, 1), (7,)):
            return not_right(f"with {loss}: your delta is added up over outputs; each output keeps its own")
        if shape_of(value) == ():
            return not_right(f"with {loss}: that is one number, such as a loss; its slope has the shape of Z")
        verdict = verdict or judge("delta", array, forms[""], _with_factors(forms, _output_factors("delta", 7, 3)))
        if verdict:
            return not_right(f"with {loss}: {verdict.message}")
        if changed := _changed("ZAY", given, arguments):
            return not_right(f"your function changes {' and '.join(changed)}; work on new arrays")
    return _saturated(output_delta) or passed("within 1e-9 for both losses, and where outputs are 0 or 1")


def _saturated(output_delta: Callable[..., Any]) -> Verdict | None:
    Z, Y = np.array([[-800.0, 800.0, 0.0]]), np.array([[1.0, 0.0, 1.0]])
    A = sigmoid(Z)
    for loss, right in (("bce", A - Y), ("mse", (A - Y) * A * (1 - A))):
        value, verdict = call(output_delta, Z.copy(), A.copy(), Y.copy(), loss)
        if verdict:
            return verdict
        array, verdict = as_numbers("delta", value, (1, 3))
        if verdict and "not finite" in verdict.message:
            return not_right(
                f"with {loss}, where an output is exactly 0 or 1: your delta is not finite: a (1 - a) is 0 there; "
                "cancel it on paper, and a - y is left"
            )
        lost = {"your delta is 0, though the output is as wrong as can be": np.where(A % 1 == 0, 0, right)}
        verdict = verdict or judge("delta", array, right, lost, tolerance=1e-6)
        if verdict:
            return not_right(f"with {loss}, for one sample with outputs 0, 1 and 0.5: {verdict.message}")
    return None


# ---- Exercise 4, first part: a whole backward pass and one update


def _updates(arguments: Sequence[np.ndarray], eta: float) -> Judged:
    """The right W1, b1, W2, b2 after one update, and the slips; the output layer first, since errors travel back."""
    W1, b1, W2, b2, X, Y = arguments
    N = len(X)
    Z1 = X @ W1.T + b1
    A1 = sigmoid(Z1)
    Z2 = A1 @ W2.T + b2
    A2 = sigmoid(Z2)
    slope1 = A1 * (1 - A1)
    forms2 = _mse_forms(Z2, A2, Y)
    deltas2 = {text and f"in delta2 {text}": delta for text, delta in forms2.items()}
    delta2 = deltas2[""]
    dW2 = delta2.T @ A1
    delta1 = (delta2 @ W2) * slope1

    W2_forms = {text: delta.T @ A1 for text, delta in deltas2.items()} | _fitting(
        {
            "your dW2 uses X: what came into layer 2 is A1": lambda: delta2.T @ X,
            "your dW2 uses Z1: what came into layer 2 is A1": lambda: delta2.T @ Z1,
            "your dW2 uses A2: what came into layer 2 is A1": lambda: delta2.T @ A2,
            "your dW2 is transposed: delta comes first": lambda: dW2.T,
            "your dW2 multiplies without a transpose: delta2.T @ A1 adds over samples": lambda: delta2 @ A1,
            "in your dW2 only the last sample counts: each sample adds its share (+=)": lambda: np.outer(
                delta2[-1], A1[-1]
            ),
            "in your dW2 only the first sample counts": lambda: np.outer(delta2[0], A1[0]),
            "your dW2 adds over samples first: multiply sample by sample, then add": lambda: np.outer(
                delta2.sum(axis=0), A1.sum(axis=0)
            ),
        }
    )
    sends = _fitting(
        {
            "": lambda: delta2 @ W2,
            "the hidden deltas use the already updated W2: go back through the weights of the forward pass (in the "
            "worked example this is the slip that gives .291027924)": lambda: delta2 @ (W2 - eta * dW2),
            "W2 is transposed on the way back: W2^T delta2 on the board is delta2 @ W2 with rows": lambda: (
                delta2 @ W2.T
            ),
            "on the way back W2 stands on the wrong side: delta2 @ W2": lambda: W2 @ delta2,
            "on the way back W2^T stands on the wrong side: delta2 @ W2": lambda: W2.T @ delta2,
            "W2 is missing on the way back": lambda: delta2 * np.ones_like(A1),
            "dC/da2 goes back instead of delta2: sigma' of the output layer is missing": lambda: (
                forms2["sigma' is missing: with mse nothing cancels it"] @ W2
            ),
            "dW2 goes back instead of W2": lambda: delta2 @ dW2,
            "W1 stands where W2 has to": lambda: delta2 @ W1,
        }
    )
    slopes = _fitting(
        {
            "": lambda: slope1,
            "sigma'(Z1) is missing in the hidden deltas": lambda: np.ones_like(A1),
            "sigma' of the hidden layer is taken at A1 instead of Z1": lambda: sigmoid.derivative(A1),
            "a (1 - a) is sigma' written with a, and you put Z1 into it": lambda: Z1 * (1 - Z1),
            "1 - a^2 is the slope of tanh; the hidden units are sigmoids": lambda: 1 - A1**2,
            "sigma' of the hidden layer is taken from X instead of A1": lambda: X * (1 - X) + 0 * A1,
            "sigma' of the hidden layer is taken from A2 instead of A1": lambda: A2 * (1 - A2) + 0 * A1,
        }
    )
    deltas1 = {text: delta for text, delta in _pairs(sends, slopes).items() if delta.shape == A1.shape}
    W1_forms = {text: delta.T @ X for text, delta in deltas1.items()} | _fitting(
        {
            "your dW1 uses A1: what came into layer 1 is X": lambda: delta1.T @ A1,
            "your dW1 is transposed: delta comes first": lambda: X.T @ delta1,
            "your dW1 multiplies without a transpose: delta1.T @ X adds over samples": lambda: delta1 @ X,
            "in your dW1 only the last sample counts: each sample adds its share (+=)": lambda: np.outer(
                delta1[-1], X[-1]
            ),
            "in your dW1 only the first sample counts": lambda: np.outer(delta1[0], X[0]),
            "your dW1 adds over samples first: multiply sample by sample, then add": lambda: np.outer(
                delta1.sum(axis=0), X.sum(axis=0)
            ),
        }
    )

    def bias_forms(name: str, deltas: Slips) -> Slips:
        right = deltas[""]
        return {text: delta.sum(axis=0, keepdims=True) for text, delta in deltas.items()} | {
            f"in your d{name} only the last sample counts: each sample adds its share (+=)": right[-1:],
            f"in your d{name} only the first sample counts": right[:1],
            f"your d{name} adds over units as well: each unit has its own bias": np.full(
                (1, right.shape[1]), right.sum()
            ),
        }

    def judged(name: str, old: np.ndarray, forms: Slips, mean_of: str) -> tuple[np.ndarray, Slips]:
        right = forms[""]
        factors = {
            f"{name} goes N times as far as it should: C is a mean over samples, {mean_of}": float(N),
            f"{name} goes 1/N as far as it should: the 1/N is taken twice, though delta2 holds it already": 1 / N,
            f"{name} walks uphill: subtract eta times the gradient": -1.0,
            f"{name} goes twice as far as it should: a factor 2, though the slope of (a - y)^2 / 2 is a - y": 2.0,
            f"{name} goes half as far as it should: a factor 1/2, though the slope of (a - y)^2 / 2 is a - y": 0.5,
            f"{name} moves by the gradient: eta is missing": 1 / eta,
            f"{name} moves by eta squared times the gradient": eta,
            f"{name} goes 1/n2 as far as it should: C is a mean over samples of a sum over outputs": 1 / Y.shape[1],
            f"{name} goes 2/n2 as far as it should: the square is not halved, and you divide by all entries": (
                2 / Y.shape[1]
            ),
        }
        slips = {text: old - eta * wrong for text, wrong in _with_factors(forms, factors).items()}
        still = " (the worked example keeps the biases fixed; here they move)" if name[0] == "b" else ""
        return old - eta * right, {
            f"{name} has not moved{still}": old,
            f"that is the gradient of {name}; return {name} - eta * d{name}": right,
            f"that is the change of {name} alone; return {name} - eta * d{name}": -eta * right,
            f"that is eta times the gradient of {name}; return {name} - eta * d{name}": eta * right,
        } | slips

    into = "so the 1/N goes into delta2"
    kept = "and the 1/N of delta2 has been lost on the way to layer 1"
    return {
        "W2": judged("W2", W2, W2_forms, into),
        "b2": judged("b2", b2, bias_forms("b2", deltas2), into),
        "W1": judged("W1", W1, W1_forms, kept),
        "b1": judged("b1", b1, bias_forms("b1", deltas1), kept),
    }


_STEP = ("W1", "b1", "W2", "b2")


def _step_arguments(N: int, n0: int, n1: int, n2: int) -> list[np.ndarray]:
    rng = np.random.default_rng(N)
    shapes = (n1, n0), (1, n1), (n2, n1), (1, n2), (N, n0)
    return [*(rng.normal(size=shape) for shape in shapes), rng.uniform(0.05, 0.95, size=(N, n2))]


def _check_step(function: Callable[..., Any], N: int, sizes: tuple[int, int, int], eta: float = 0.3) -> Verdict | None:
    arguments = _step_arguments(N, *sizes)
    given = [argument.copy() for argument in arguments]
    value, verdict = call(function, *given, eta)
    if verdict:
        return verdict
    shapes = [argument.shape for argument in arguments[:4]]
    verdict = _parts(_STEP, value, shapes)
    if verdict:
        return verdict
    changed = _changed((*_STEP, "X", "Y"), given, arguments)
    aside = "; W = W - ... is a new array, W -= ... is not" if set(changed) & set(_STEP) else "; work on new arrays"
    for name, (right, slips) in _updates(arguments, eta).items():
        part = value[_STEP.index(name)]
        if name[0] == "b" and shape_of(part) == (N, right.shape[1]):
            return not_right(f"your {name} has one row a sample: all samples share it, so add their deltas up")
        array, verdict = as_numbers(name, part, right.shape)
        verdict = verdict or judge(name, array, right, slips)
        if verdict and changed:
            return not_right(
                f"{verdict.message}. It also writes into the {', '.join(changed)} that it was given{aside}"
            )
        if verdict:
            return verdict
    if changed:
        return not_right(f"the numbers are right, but it writes into the {', '.join(changed)} that it was given{aside}")
    return None


def check_step(step: Callable[..., Any]) -> Verdict:
    """For step(W1, b1, W2, b2, X, Y, eta) -> the new W1, b1, W2, b2: two sigmoid layers, mse, one update of descent."""
    verdict = _check_step(step, 7, (5, 4, 3))
    if verdict and "stopped with ValueError" in verdict.message:
        return _explained(
            verdict,
            "7 samples and sizes 5-4-3",
            ((f"{N} samples and sizes 4-4-4", _check_step(step, N, (4, 4, 4))) for N in (7, 4)),
        )
    return verdict or _check_step(step, 6, (3, 2, 5), eta=1.7) or passed("within 1e-9, for 7 samples through 5-4-3")


# ---- Exercise 4, second part: the loop with a stop rule


class _Runaway(Exception):
    """Raised inside a loop that would not end."""


class _Path:
    """A training run whose losses are known beforehand; its parameters are the number of updates done."""

    def __init__(self, losses: Sequence[float], most: int) -> None:
        self.losses, self.limit = losses, most + 20
        self.updates = self.looks = 0
        self.strayed = self.ran_away = False

    def step(self, parameters: Any) -> Any:
        self.updates += 1
        if self.updates > self.limit:
            self.ran_away = True
            raise _Runaway("too many updates")
        return self._known(parameters) + 1

    def loss(self, parameters: Any) -> float:
        self.looks += 1
        if self.looks > 5 * self.limit:
            self.ran_away = True
            raise _Runaway("too many losses")
        return self.losses[min(self._known(parameters), len(self.losses) - 1)]

    def _known(self, parameters: Any) -> int:
        if type(parameters) is not int:
            self.strayed = True
            raise TypeError(f"parameters were to be handed on as they are, got {type(parameters).__name__}")
        return parameters


def _loop_verdict(train_until: Callable[..., Any], path: _Path, goal: float, most: int, done: int) -> Verdict | None:
    """None when the loop does `done` updates on this path, and returns what it should."""
    result, verdict = call(train_until, path.step, path.loss, 0, goal, most)
    if path.ran_away and path.updates <= path.limit:
        return not_right("your loop does not end: it asks for the loss again and again, and makes no update")
    if path.ran_away:
        return not_right(f"your loop does not stop after most = {most} updates when the goal is out of reach")
    if path.strayed:
        return not_right("hand the parameters on as they are: step(parameters), loss(parameters)")
    if verdict:
        return verdict
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return not_right(f"return two things, parameters and losses; got {type(result).__name__}")
    parameters, losses = result
    if unanswered(parameters) or unanswered(losses):
        return not_right("return two things, parameters and losses; one of them is missing")
    if isinstance(parameters, (list, np.ndarray)) and not isinstance(losses, (list, tuple, np.ndarray)):
        return not_right("the order is parameters, losses")
    if path.updates != done:
        return not_right(f"updates: {path.updates} instead of {done}")
    if type(parameters) is not int:
        return not_right(f"the first thing to return is what step returned last, got {type(parameters).__name__}")
    if parameters != done:
        known = {done - 1: "those before the last update", 0: "those from the start"}
        return not_right(
            f"you return other parameters than the last: {known.get(parameters, 'not what step returned')}"
        )
    shape = shape_of(losses)
    if shape is not None and len(shape) != 1:
        return not_right("losses should be a list with the loss before any update and after each one")
    right = np.array(path.losses[: done + 1], dtype=float)
    if shape != right.shape:
        array, verdict = as_numbers("losses", losses, shape or ())
        if verdict:
            return verdict
        if done and np.array_equal(array, right[1:]):
            return not_right("the first loss is missing, the one before any update")
        if done and np.array_equal(array, right[:-1]):
            return not_right("the last loss is missing, that of the parameters that you return")
        return not_right(f"you return {array.size} losses; with {done} updates there are {done + 1}")
    array, verdict = as_numbers("losses", losses, right.shape)
    if verdict is None and done and np.array_equal(array, right[::-1]):
        return not_right("your losses come backwards: the first is the one before any update")
    return verdict or judge("list of losses", array, right, {})


def check_train_until(train_until: Callable[..., Any]) -> Verdict:
    """For train_until(step, loss, parameters, goal, most) -> parameters, losses: until loss <= goal or `most` times."""
    falling = [8.0, 4.0, 2.0, 0.9, 0.5, 0.2] + [0.1] * 40
    endless = [8.0, 7.0, 6.0, 5.0, 4.0, 3.5] + [3.0] * 40
    rising = [3.0, 5.0, 4.0, 4.0, 2.0, 0.9] + [0.5] * 40
    exact = [8.0, 4.0, 2.0, 1.0, 0.5, 0.2] + [0.1] * 40
    # Each case, and what it means to make more or fewer updates than it takes.
    for losses, goal, most, done, more, fewer in (
        (
            falling,
            1.0,
            10,
            3,
            "your loop goes on after the goal is reached: it looks at the loss of before the update",
            "your loop stops before the goal is reached, though most is not reached either",
        ),
        (
            endless,
            1.0,
            4,
            4,
            "with most = 4 your loop makes more than 4 updates: n updates have n + 1 losses",
            "with most = 4 your loop makes fewer than 4 updates: n updates have n + 1 losses",
        ),
        (
            rising,
            1.0,
            10,
            5,
            "your loop goes on after the goal is reached",
            "your loop stops when the loss rises or stays: the rule asks for the goal, or most updates",
        ),
        (
            exact,
            1.0,
            10,
            3,
            "a loss equal to the goal is enough: at most the goal means <=",
            "your loop stops before the goal is reached",
        ),
        (
            [0.5, 0.4] + [0.1] * 40,
            1.0,
            10,
            0,
            "the goal is reached from the start, and your loop makes an update all the same: look first",
            "",
        ),
        (endless, 1.0, 0, 0, "with most = 0 your loop makes an update all the same", ""),
    ):
        path = _Path(losses, most)
        verdict = _loop_verdict(train_until, path, goal, most, done)
        if verdict and verdict.message == f"updates: {path.updates} instead of {done}":
            return not_right(f"{more if path.updates > done else fewer} ({verdict.message})")
        if verdict:
            return verdict
    return passed("it stops at the goal, after most updates, and at once where there is nothing to do")
