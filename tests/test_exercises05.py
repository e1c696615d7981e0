"""Checkers of lesson 05: each takes its solution, answers every classic slip with its own diagnosis, never raises."""

import itertools

import numpy as np
import pytest
from verdicts import JUNK, expect, passes, spoiling, wrong

from nbcore import MLP, bce, exercises, identity, mse, numerical_gradient, sigmoid, silu
from nbcore.exercises import backpropagation

# ---- the solutions of the lesson


def silu_derivative(z, a):
    s = sigmoid(z)
    return s + a * (1 - s)


def dense_backward(delta, A_in, W):
    dW = A_in.T @ delta
    db = delta.sum(axis=0, keepdims=True)
    return dW, db, delta @ W.T


def output_delta(Z, A, Y, loss):
    delta = (A - Y) / len(Y)
    return delta * A * (1 - A) if loss == "mse" else delta


def step(W1, b1, W2, b2, X, Y, eta):
    A1 = sigmoid(X @ W1.T + b1)
    A2 = sigmoid(A1 @ W2.T + b2)
    delta2 = (A2 - Y) / len(X) * A2 * (1 - A2)
    delta1 = (delta2 @ W2) * A1 * (1 - A1)
    W2, b2 = W2 - eta * delta2.T @ A1, b2 - eta * delta2.sum(axis=0, keepdims=True)
    W1, b1 = W1 - eta * delta1.T @ X, b1 - eta * delta1.sum(axis=0, keepdims=True)
    return W1, b1, W2, b2


def train_until(step, loss, parameters, goal, most):
    losses = [loss(parameters)]
    while losses[-1] > goal and len(losses) <= most:
        parameters = step(parameters)
        losses.append(loss(parameters))
    return parameters, losses


CHECKS = {
    exercises.check_silu_derivative: silu_derivative,
    exercises.check_dense_backward: dense_backward,
    exercises.check_output_delta: output_delta,
    exercises.check_step: step,
    exercises.check_train_until: train_until,
}


@pytest.mark.parametrize(("check", "solution"), CHECKS.items())
def test_solutions_pass(check, solution):
    passes(check(solution))


# ---- what the checkers call right is right


def test_solutions_are_what_nbcore_and_finite_differences_say():
    z = np.random.default_rng(0).normal(size=(6, 2))
    slope = numerical_gradient(lambda z: float(silu(z).sum()), z)
    assert silu_derivative(z, silu(z)) == pytest.approx(slope, abs=1e-9)
    for loss in (mse, bce):
        Y = np.random.default_rng(1).uniform(0.1, 0.9, size=z.shape)
        slope = numerical_gradient(lambda z, loss=loss, Y=Y: float(loss(sigmoid(z), Y)), z)
        assert output_delta(z, sigmoid(z), Y, loss.name) == pytest.approx(slope, abs=1e-9)


def test_the_layer_is_that_of_nbcore_with_its_matrix_turned():
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    net = MLP([3, 2], output=identity)
    net.forward(X)
    net.backward(mse, Y)
    layer = net.layers[0]
    dW, db, dA = dense_backward(layer.delta, X, layer.W.T)
    assert (dW, db) == (pytest.approx(layer.dW.T, abs=1e-12), pytest.approx(layer.db, abs=1e-12))
    expected = numerical_gradient(lambda X: float(mse(X @ layer.W.T + layer.b, Y)), X)
    assert dA == pytest.approx(expected, abs=1e-9)


def test_a_step_is_that_of_the_worked_example_and_of_nbcore():
    W1, W2 = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])
    b1, b2 = np.full((1, 2), 0.35), np.full((1, 2), 0.60)
    X, Y = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
    new = step(W1, b1, W2, b2, X, Y, 0.5)
    assert new[0] == pytest.approx(np.array([[0.149780716, 0.19956143], [0.24975114, 0.29950229]]), abs=1e-8)
    assert new[2] == pytest.approx(np.array([[0.35891648, 0.408666186], [0.511301270, 0.561370121]]), abs=1e-8)

    rng = np.random.default_rng(3)
    net = MLP([5, 4, 3], hidden=sigmoid, output=sigmoid)
    X, Y = rng.normal(size=(7, 5)), rng.uniform(size=(7, 3))
    before = [p.copy() for p in net.parameters()]
    net.forward(X)
    net.backward(mse, Y)
    for mine, old, gradient in zip(step(*before, X, Y, 0.3), before, net.gradients(), strict=True):
        assert mine == pytest.approx(old - 0.3 * gradient, abs=1e-12)


# ---- no two slips of a checker share their numbers


def tables():
    z = 2 * np.random.default_rng(5).normal(size=(7, 3))
    yield "slope", silu.derivative(z, silu(z)), backpropagation._silu_slips(z, silu(z))
    rng = np.random.default_rng(7)
    dense = rng.normal(size=(7, 4)) / 7, sigmoid(rng.normal(size=(7, 5))), rng.normal(size=(5, 4))
    for name, (right, slips) in backpropagation._dense(*dense).items():
        yield name, right, slips
    rng = np.random.default_rng(3)
    Z = 1.5 * rng.normal(size=(7, 3))
    outputs = Z, sigmoid(Z), rng.uniform(0.05, 0.95, size=(7, 3))
    factors = backpropagation._output_factors("delta", 7, 3)
    for name, forms in (("mse", backpropagation._mse_forms(*outputs)), ("bce", backpropagation._bce_forms(*outputs))):
        yield name, forms[""], backpropagation._with_factors(forms, factors)
    for name, (right, slips) in backpropagation._updates(backpropagation._step_arguments(7, 5, 4, 3), 0.3).items():
        yield name, right, slips


TABLES = {name: (right, slips) for name, right, slips in tables()}


@pytest.mark.parametrize("name", TABLES)
def test_no_two_slips_share_their_numbers(name):
    right, slips = TABLES[name]
    assert len(slips) > 15
    for (one, a), (other, b) in itertools.combinations({"the right answer": right, **slips}.items(), 2):
        assert a.shape == b.shape == right.shape, (one, other)
        assert np.abs(a - b).max() > 1e-6, (one, other)


def test_every_slip_of_a_layer_gets_its_own_words():
    for name in ("dW", "db", "dA_in"):
        for slip in TABLES[name][1]:

            def planted(delta, A, W, name=name, slip=slip):
                answers = backpropagation._dense(delta, A, W)
                return [slips[slip] if key == name else right for key, (right, slips) in answers.items()]

            assert exercises.check_dense_backward(planted).message == slip


def test_every_slip_of_an_output_gets_its_own_words():
    for name, forms in (("mse", backpropagation._mse_forms), ("bce", backpropagation._bce_forms)):
        for slip in TABLES[name][1]:

            def planted(Z, A, Y, loss, name=name, slip=slip, forms=forms):
                if loss != name:
                    return output_delta(Z, A, Y, loss)
                factors = backpropagation._output_factors("delta", *Z.shape)
                return backpropagation._with_factors(forms(Z, A, Y), factors)[slip]

            assert exercises.check_output_delta(planted).message == f"with {name}: {slip}"


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_every_slip_of_an_update_gets_its_own_words(name):
    for slip in TABLES[name][1]:

        def planted(*given, slip=slip):
            answers = backpropagation._updates(given[:-1], given[-1])
            right = {key: right for key, (right, _) in answers.items()} | {name: answers[name][1][slip]}
            return [right[key] for key in ("W1", "b1", "W2", "b2")]

        assert exercises.check_step(planted).message == slip


# ---- junk


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        *JUNK,
        (lambda *given: (..., ..., ...), "not yet", "dots"),
        (lambda *given: np.full((7, 3), 1j), "not right", ""),
        (lambda *given: [[[1], [1, 2]], "b", {}], "not right", ""),
        (lambda *given: [[[1], [1, 2]], "b", {}, set()], "not right", ""),
        (lambda *given: (np.zeros((4, 5)), {}, "x"), "not right", ""),
        (lambda *given: ("x", [[1], [1, 2]]), "not right", ""),
        (lambda *given: (given, [given]), "not right", ""),
        (lambda *given: given[0], "not right", ""),
    ],
)
@pytest.mark.filterwarnings("error")
def test_checkers_never_raise(check, answer, state, words):
    expect(check(answer), state, words)


class Refusing:
    """As a tensor of another library that wants to be detached first."""

    shape = (7, 3)

    def __array__(self, *args, **kwargs):
        raise RuntimeError("call detach first")


@pytest.mark.parametrize("check", list(CHECKS)[:4])
def test_arrays_of_other_libraries_are_answered(check):
    for answer in (lambda *given: Refusing(), lambda *given: [Refusing()] * 3, lambda *given: [Refusing()] * 4):
        assert check(answer).state == "not right"


@pytest.mark.parametrize(("check", "count"), list(zip(list(CHECKS)[:3], (2, 3, 3), strict=True)))
def test_changed_arguments_are_noticed(check, count):
    for which in range(count):
        wrong(check(spoiling(CHECKS[check], which)), "work on new arrays")


# ---- Exercise 1


def with_sigma(form):
    return lambda z, a: form(z, a, sigmoid(z), sigmoid(a))


SILU = {
    "taken at a instead of z, in both terms": lambda z, a: silu_derivative(a, a),
    "the whole slope is taken at a": lambda z, a: silu.derivative(a),
    "sigma' is taken at a": lambda z, a: sigmoid(z) + z * sigmoid.derivative(a),
    "the first term, sigma, is taken at a": lambda z, a: sigmoid(a) + z * sigmoid.derivative(z),
    "that is sigma' alone": lambda z, a: sigmoid.derivative(z),
    "the second term of the product rule is missing": lambda z, a: sigmoid(z),
    "the first term of the product rule is missing": lambda z, a: z * sigmoid.derivative(z),
    "the sign of the second term": lambda z, a: sigmoid(z) - z * sigmoid.derivative(z),
    "the sign in sigma' is wrong": with_sigma(lambda z, a, s, t: s + z * s * (1 + s)),
    "its factor sigma is missing": with_sigma(lambda z, a, s, t: s + z * (1 - s)),
    "its factor z is missing": with_sigma(lambda z, a, s, t: s + s * (1 - s)),
    "z sigma sigma": with_sigma(lambda z, a, s, t: s + z * s * s),
    "your second term is z sigma: the slope": with_sigma(lambda z, a, s, t: s + z * s),
    "holds sigma twice": with_sigma(lambda z, a, s, t: s + a * s * (1 - s)),
    "your second term is z a (1 - a)": with_sigma(lambda z, a, s, t: s + z * a * (1 - a)),
    "your second term is a (1 - a)": with_sigma(lambda z, a, s, t: s + a * (1 - a)),
    "the slope of the sigmoid; here": lambda z, a: a * (1 - a),
    "the slope of tanh; here": lambda z, a: 1 - a * a,
    "the slope of ReLU": lambda z, a: np.where(z > 0, 1.0, 0.0),
    "that is a, the function itself": lambda z, a: silu(z),
    "the sign is wrong": lambda z, a: -silu_derivative(z, a),
    "close, but off": lambda z, a: (silu(z + 1e-4) - silu(z)) / 1e-4,
    "differs, most at": lambda z, a: silu_derivative(z, a) + 0.1,
    "your slope is transposed": lambda z, a: silu_derivative(z, a).T,
    "not finite (nbcore's sigmoid never": lambda z, a: (
        (s := np.exp(z) / (1 + np.exp(z))) + z * s * (1 - s) if z.max() > 500 else silu_derivative(z, a)
    ),
}


@pytest.mark.parametrize("diagnosis", SILU)
def test_silu_derivative_tells_slips_apart(diagnosis):
    wrong(exercises.check_silu_derivative(SILU[diagnosis]), diagnosis)


# ---- Exercise 2


def dense(dW=None, db=None, dA=None):
    """The solution with one of its answers replaced."""

    def function(delta, A, W):
        right = dense_backward(delta, A, W)
        wrong = (dW, db, dA)
        return tuple(r if f is None else f(delta, A, W) for r, f in zip(right, wrong, strict=True))

    return function


def one_sample(delta, A, W):
    for d, a in zip(delta, A, strict=True):  # = where += has to stand
        dW, db = np.outer(a, d), d[None, :]
    return dW, db, delta @ W.T


DENSE = {
    "your dW is transposed: (4, 5) instead of (5, 4)": dense(dW=lambda d, A, W: d.T @ A),
    "your dW is divided by N": dense(dW=lambda d, A, W: A.T @ d / len(A)),
    "your dW is N times": dense(dW=lambda d, A, W: len(A) * A.T @ d),
    "the sign of your dW": dense(dW=lambda d, A, W: -A.T @ d),
    "a factor 2: your dW": dense(dW=lambda d, A, W: 2 * A.T @ d),
    "a factor 1/2: your dW": dense(dW=lambda d, A, W: A.T @ d / 2),
    "your dW is divided by n_out": dense(dW=lambda d, A, W: A.T @ d / d.shape[1]),
    "your dW is divided by n_in": dense(dW=lambda d, A, W: A.T @ d / A.shape[1]),
    "in your dW only the last sample": one_sample,
    "in your dW only the first sample": dense(dW=lambda d, A, W: np.outer(A[0], d[0])),
    "your dW adds delta and A_in over samples first": dense(dW=lambda d, A, W: np.outer(A.sum(axis=0), d.sum(axis=0))),
    "over samples first: multiply sample by sample, then add; and your dW is divided by N": dense(
        dW=lambda d, A, W: np.outer(A.mean(axis=0), d.sum(axis=0))
    ),
    "your dW uses W": dense(dW=lambda d, A, W: W @ d.T @ d),
    "your dW has one matrix a sample": dense(dW=lambda d, A, W: A[:, :, None] * d[:, None, :]),
    "your dW adds over inputs, not over samples": dense(dW=lambda d, A, W: A @ d),
    "db is divided by N": dense(db=lambda d, A, W: d.mean(axis=0, keepdims=True)),
    "your db is N times": dense(db=lambda d, A, W: len(A) * d.sum(axis=0, keepdims=True)),
    "your db has shape (4,); keep it a row": dense(db=lambda d, A, W: d.sum(axis=0)),
    "your db has one row a sample": dense(db=lambda d, A, W: d),
    "your db is transposed: (4, 1)": dense(db=lambda d, A, W: d.sum(axis=0)[:, None]),
    "your db adds over the units of a sample": dense(db=lambda d, A, W: d.sum(axis=1, keepdims=True)),
    "your db adds over everything": dense(db=lambda d, A, W: d.sum()),
    "your db adds over units as well": dense(db=lambda d, A, W: np.ones((1, d.shape[1])) * d.sum()),
    "in your db only the last sample": dense(db=lambda d, A, W: d[[-1]]),
    "in your db only the first sample": dense(db=lambda d, A, W: d[[0]]),
    "the sign of your db": dense(db=lambda d, A, W: -d.sum(axis=0, keepdims=True)),
    "dA_in uses W as it is": dense(dA=lambda d, A, W: d @ W),
    "your dA_in is transposed: (5, 7) instead of (7, 5)": dense(dA=lambda d, A, W: W @ d.T),
    "your dA_in multiplies from the wrong side: rows": dense(dA=lambda d, A, W: W @ d),
    "from the wrong side, and W is transposed": dense(dA=lambda d, A, W: W.T @ d),
    "your dA_in uses dW": dense(dA=lambda d, A, W: d @ (d.T @ A)),
    "your dA_in lacks W": dense(dA=lambda d, A, W: d * np.ones_like(A)),
    "your dA_in holds a sigma'": dense(dA=lambda d, A, W: d @ W.T * A * (1 - A)),
    "your dA_in holds a tanh'": dense(dA=lambda d, A, W: d @ W.T * (1 - A * A)),
    "your dA_in is multiplied by A_in": dense(dA=lambda d, A, W: d @ W.T * A),
    "your dA_in is divided by N": dense(dA=lambda d, A, W: d @ W.T / len(A)),
    "the sign of your dA_in": dense(dA=lambda d, A, W: -d @ W.T),
    "a factor 2: your dA_in": dense(dA=lambda d, A, W: 2 * d @ W.T),
    "return dW, db, dA_in": lambda d, A, W: dense_backward(d, A, W)[::-1],
    "return 3 arrays, dW, db, dA_in; got 2": lambda d, A, W: dense_backward(d, A, W)[:2],
    "return 3 arrays, dW, db, dA_in; got one ndarray": lambda d, A, W: d @ W.T,
    "your dW differs, most at": dense(dW=lambda d, A, W: A.T @ d + 0.01),
    "called with delta (7, 4), A_in (7, 5) and W (5, 4)": lambda d, A, W: (np.zeros(4) @ np.zeros(5),) * 3,
}


@pytest.mark.parametrize("diagnosis", DENSE)
def test_dense_backward_tells_slips_apart(diagnosis):
    wrong(exercises.check_dense_backward(DENSE[diagnosis]), diagnosis)


def test_dense_backward_takes_other_ways():
    assert exercises.check_dense_backward(
        lambda d, A, W: [np.einsum("nj,ni->ij", d, A), np.ones((1, len(d))) @ d, np.einsum("nj,ij->ni", d, W)]
    ).passed


def test_shapes_of_one_check_are_not_enough():
    def by_rote(delta, A, W):
        dW, db, dA = dense_backward(delta, A, W)
        return dW, db, dA * (7 / len(delta))

    wrong(exercises.check_dense_backward(by_rote), "dA_in")


# ---- Exercise 3


def outputs(mse_form=None, bce_form=None):
    """The solution with the delta of one loss replaced; a form takes d = a - y, Z, A, Y and N."""

    def function(Z, A, Y, loss):
        form = mse_form if loss == "mse" else bce_form
        return output_delta(Z, A, Y, loss) if form is None else form(A - Y, Z, A, Y, len(Y))

    return function


def slope(A):
    return A * (1 - A)


OUTPUT = {
    "with mse: sigma' is missing": lambda Z, A, Y, loss: (A - Y) / len(Y),
    "with mse: sigma' is missing: with mse nothing cancels it; and your delta is N times": lambda Z, A, Y, loss: A - Y,
    "with mse: sigma' is taken at a": outputs(lambda d, Z, A, Y, N: d * sigmoid.derivative(A) / N),
    "with mse: a (1 - a) is sigma' written with a": outputs(lambda d, Z, A, Y, N: d * slope(Z) / N),
    "with mse: of sigma' = a (1 - a) the factor 1 - a": outputs(lambda d, Z, A, Y, N: d * A / N),
    "with mse: of sigma' = a (1 - a) the factor a is": outputs(lambda d, Z, A, Y, N: d * (1 - A) / N),
    "with mse: sigma' stands there twice": outputs(lambda d, Z, A, Y, N: d * slope(A) ** 2 / N),
    "with mse: you divide by sigma'": outputs(lambda d, Z, A, Y, N: d / slope(A) / N),
    "with mse: 1 - a^2": outputs(lambda d, Z, A, Y, N: d * (1 - A**2) / N),
    "with mse: a - y is squared": outputs(lambda d, Z, A, Y, N: d**2 * slope(A) / N),
    "that is the loss; its slope is a - y; and a factor 1/2": outputs(lambda d, Z, A, Y, N: d**2 / 2 * slope(A) / N),
    "with mse: the error is z - y": outputs(lambda d, Z, A, Y, N: (Z - Y) * slope(A) / N),
    "with mse: that is z - y": outputs(lambda d, Z, A, Y, N: (Z - Y) / N),
    "with mse: your delta is N times": outputs(lambda d, Z, A, Y, N: d * slope(A)),
    "with mse: your delta is divided by N twice": outputs(lambda d, Z, A, Y, N: d * slope(A) / N**2),
    "with mse: your delta is divided by all entries": outputs(lambda d, Z, A, Y, N: d * slope(A) / Y.size),
    "with mse: your delta is divided by the number of outputs": outputs(
        lambda d, Z, A, Y, N: d * slope(A) / Y.shape[1]
    ),
    "with mse: a factor 2:": outputs(lambda d, Z, A, Y, N: 2 * d * slope(A) / N),
    "with mse: a factor 1/2": outputs(lambda d, Z, A, Y, N: d * slope(A) / N / 2),
    "with mse: the sign": outputs(lambda d, Z, A, Y, N: -d * slope(A) / N),
    "with mse: a factor 2/n": outputs(lambda d, Z, A, Y, N: 2 * d * slope(A) / Y.size),
    "with mse: your delta is neither halved": outputs(lambda d, Z, A, Y, N: 2 * d * slope(A)),
    "it is a - y; and it is not divided by N": outputs(lambda d, Z, A, Y, N: (Y - A) * slope(A)),
    "with bce: sigma' is kept": lambda Z, A, Y, loss: (A - Y) / len(Y) * A * (1 - A),
    "with bce: that is dC/da": outputs(None, lambda d, Z, A, Y, N: d / slope(A) / N),
    "with bce: sigma' is taken at a": outputs(
        None, lambda d, Z, A, Y, N: d / slope(A) * sigmoid(A) * (1 - sigmoid(A)) / N
    ),
    "with bce: a (1 - a) is sigma' written": outputs(None, lambda d, Z, A, Y, N: d / slope(A) * slope(Z) / N),
    "with bce: only the first term": outputs(None, lambda d, Z, A, Y, N: -Y / A * slope(A) / N),
    "with bce: only the second term": outputs(None, lambda d, Z, A, Y, N: (1 - Y) / (1 - A) * slope(A) / N),
    "with bce: the sign of the second term": outputs(
        None, lambda d, Z, A, Y, N: (-Y / A - (1 - Y) / (1 - A)) * slope(A) / N
    ),
    "with bce: a - y is squared": outputs(None, lambda d, Z, A, Y, N: d**2 / N),
    "with bce: the error is z - y": outputs(None, lambda d, Z, A, Y, N: (Z - Y) / N),
    "with bce: your delta is N times": outputs(None, lambda d, Z, A, Y, N: d),
    "with bce: your delta is divided by all entries": outputs(None, lambda d, Z, A, Y, N: d / Y.size),
    "with bce: the sign of your delta": outputs(None, lambda d, Z, A, Y, N: -d / N),
    "cancels; and your delta is N times": outputs(None, lambda d, Z, A, Y, N: d / slope(A)),
    "with bce, where an output is exactly 0 or 1: your delta is not finite": outputs(
        None, lambda d, Z, A, Y, N: d / slope(A) * slope(A) / N
    ),
    "your delta is 0, though": outputs(
        None, lambda d, Z, A, Y, N: d / slope(np.clip(A, 1e-12, 1 - 1e-12)) * slope(A) / N
    ),
    "with mse: your delta is transposed": outputs(lambda d, Z, A, Y, N: (d * slope(A) / N).T),
    "added up over samples": outputs(lambda d, Z, A, Y, N: (d * slope(A)).mean(axis=0, keepdims=True)),
    "added up over outputs": outputs(lambda d, Z, A, Y, N: (d * slope(A)).sum(axis=1) / N),
    "that is one number": outputs(lambda d, Z, A, Y, N: (d**2).sum() / 2 / N),
    "loss is a text": lambda Z, A, Y, loss: loss.delta(Z, A, Y, sigmoid),
    "differs, most at": outputs(None, lambda d, Z, A, Y, N: d / N + 0.01),
}


@pytest.mark.parametrize("diagnosis", OUTPUT)
def test_output_delta_tells_slips_apart(diagnosis):
    wrong(exercises.check_output_delta(OUTPUT[diagnosis]), diagnosis)


def test_output_delta_takes_nbcore():
    losses = {"mse": mse, "bce": bce}
    assert exercises.check_output_delta(lambda Z, A, Y, loss: losses[loss].delta(Z, A, Y, sigmoid)).passed


# ---- Exercise 4, first part


def update(
    delta2=lambda d, Z2, A2, N: d * slope(A2) / N,
    delta1=lambda delta2, W2, new_W2, Z1, A1: delta2 @ W2 * slope(A1),
    dW2=lambda delta2, A1, X: delta2.T @ A1,
    db2=lambda delta2: delta2.sum(axis=0, keepdims=True),
    dW1=lambda delta1, X, A1: delta1.T @ X,
    db1=lambda delta1: delta1.sum(axis=0, keepdims=True),
    change=lambda w, eta, dw: w - eta * dw,
):
    """The learner's step with one line replaced."""

    def function(W1, b1, W2, b2, X, Y, eta):
        Z1 = X @ W1.T + b1
        A1 = sigmoid(Z1)
        Z2 = A1 @ W2.T + b2
        A2 = sigmoid(Z2)
        d2 = delta2(A2 - Y, Z2, A2, len(X))
        new_W2, new_b2 = change(W2, eta, dW2(d2, A1, X)), change(b2, eta, db2(d2))
        d1 = delta1(d2, W2, new_W2, Z1, A1)
        return change(W1, eta, dW1(d1, X, A1)), change(b1, eta, db1(d1)), new_W2, new_b2

    return function


def in_place(W1, b1, W2, b2, X, Y, eta, updated=False):
    A1 = sigmoid(X @ W1.T + b1)
    A2 = sigmoid(A1 @ W2.T + b2)
    delta2 = (A2 - Y) / len(X) * slope(A2)
    before = W2.copy()
    W2 -= eta * delta2.T @ A1
    b2 -= eta * delta2.sum(axis=0)
    delta1 = delta2 @ (W2 if updated else before) * slope(A1)
    W1 -= eta * delta1.T @ X
    b1 -= eta * delta1.sum(axis=0)
    return W1, b1, W2, b2


def fixed_biases(W1, b1, W2, b2, X, Y, eta):
    new = step(W1, b1, W2, b2, X, Y, eta)
    return new[0], b1, new[2], b2


def sample_by_sample(W1, b1, W2, b2, X, Y, eta):
    for x, y in zip(X, Y, strict=True):  # the gradients of each sample overwrite those before
        a1 = sigmoid(x @ W1.T + b1[0])
        a2 = sigmoid(a1 @ W2.T + b2[0])
        d2 = (a2 - y) * slope(a2) / len(X)
        d1 = (W2.T @ d2) * slope(a1)
        dW2, db2, dW1, db1 = np.outer(d2, a1), d2, np.outer(d1, x), d1
    return W1 - eta * dW1, b1 - eta * db1, W2 - eta * dW2, b2 - eta * db2


STEP = {
    "in delta2 sigma' is missing: with mse nothing cancels it": update(delta2=lambda d, Z, A, N: d / N),
    "in delta2 sigma' is taken at a instead of z": update(delta2=lambda d, Z, A, N: d * sigmoid.derivative(A) / N),
    "a (1 - a) is sigma' written with a, and you put z into it": update(delta2=lambda d, Z, A, N: d * slope(Z) / N),
    "W2 goes N times as far": update(delta2=lambda d, Z, A, N: d * slope(A)),
    "it; and W2 goes N times as far": update(delta2=lambda d, Z, A, N: d),
    "W2 goes 1/N as far": update(delta2=lambda d, Z, A, N: d * slope(A) / N**2),
    "W2 goes twice as far": update(delta2=lambda d, Z, A, N: 2 * d * slope(A) / N),
    "W2 goes half as far": update(delta2=lambda d, Z, A, N: d * slope(A) / N / 2),
    "W2 goes 1/n2 as far": update(delta2=lambda d, Z, A, N: d * slope(A) / d.size),
    "W2 goes 2/n2 as far": update(delta2=lambda d, Z, A, N: 2 * d * slope(A) / d.size),
    "W2 walks uphill": update(change=lambda w, eta, dw: w + eta * dw),
    "W2 moves by the gradient: eta is missing": update(change=lambda w, eta, dw: w - dw),
    "W2 moves by eta squared": update(change=lambda w, eta, dw: w - eta * eta * dw),
    "that is the gradient of W2": update(change=lambda w, eta, dw: dw),
    "that is the change of W2 alone": update(change=lambda w, eta, dw: -eta * dw),
    "that is eta times the gradient of W2": update(change=lambda w, eta, dw: eta * dw),
    "W2 has not moved": lambda *given: given[:4],
    "your dW2 uses Z1": lambda W1, b1, W2, b2, X, Y, eta: update(dW2=lambda d2, A1, _: d2.T @ (X @ W1.T + b1))(
        W1, b1, W2, b2, X, Y, eta
    ),
    "your dW2 uses X: what came into layer 2 is A1 (told with 7 samples and sizes 4-4-4": update(
        dW2=lambda d2, A1, X: d2.T @ X
    ),
    "your dW2 is transposed": update(dW2=lambda d2, A1, X: A1.T @ d2),
    "delta2.T @ A1 adds over samples (told with 4 samples and sizes 4-4-4": update(dW2=lambda d2, A1, X: d2 @ A1),
    "in your dW2 only the last sample": sample_by_sample,
    "in your dW2 only the first sample": update(dW2=lambda d2, A1, X: np.outer(d2[0], A1[0])),
    "your dW2 adds over samples first": update(dW2=lambda d2, A1, X: np.outer(d2.sum(axis=0), A1.sum(axis=0))),
    "b2 has not moved (the worked example": fixed_biases,
    "in your db2 only the last sample": update(db2=lambda d2: d2[-1:]),
    "b2 goes 1/N as far": update(db2=lambda d2: d2.mean(axis=0)),
    "your db2 adds over units as well": update(db2=lambda d2: d2.sum()),
    "your b2 has one row a sample": update(db2=lambda d2: d2),
    "the already updated W2": update(delta1=lambda d2, W2, new, Z1, A1: d2 @ new * slope(A1)),
    "W2 is transposed on the way back": update(delta1=lambda d2, W2, new, Z1, A1: d2 @ W2.T * slope(A1)),
    "W2^T stands on the wrong side": update(delta1=lambda d2, W2, new, Z1, A1: W2.T @ d2 * slope(A1)),
    "W2 stands on the wrong side": update(delta1=lambda d2, W2, new, Z1, A1: W2 @ d2 * slope(A1)),
    "W2 is missing on the way back": update(delta1=lambda d2, W2, new, Z1, A1: d2 * slope(A1)),
    "dC/da2 goes back instead of delta2": lambda W1, b1, W2, b2, X, Y, eta: update(
        delta1=lambda d2, W2, new, Z1, A1: (
            (sigmoid(A1 @ W2.T + b2) - Y) / len(X) @ W2 * slope(A1)  # dC/da2
        )
    )(W1, b1, W2, b2, X, Y, eta),
    "dW2 goes back instead of W2": update(delta1=lambda d2, W2, new, Z1, A1: d2 @ (d2.T @ A1) * slope(A1)),
    "sigma'(Z1) is missing in the hidden deltas": update(delta1=lambda d2, W2, new, Z1, A1: d2 @ W2),
    "of the hidden layer is taken at A1": update(delta1=lambda d2, W2, new, Z1, A1: d2 @ W2 * sigmoid.derivative(A1)),
    "and you put Z1 into it": update(delta1=lambda d2, W2, new, Z1, A1: d2 @ W2 * slope(Z1)),
    "the hidden units are sigmoids": update(delta1=lambda d2, W2, new, Z1, A1: d2 @ W2 * (1 - A1**2)),
    "gives .291027924); and sigma'(Z1) is missing": update(delta1=lambda d2, W2, new, Z1, A1: d2 @ new),
    "W2 is transposed on the way back: W2^T delta2 on the board is delta2 @ W2 with rows; and sigma'": (
        update(delta1=lambda d2, W2, new, Z1, A1: d2 @ W2.T)
    ),
    "hidden deltas; and W1 goes twice": update(delta1=lambda d2, W2, new, Z1, A1: 2 * d2 @ W2),
    "your dW1 uses A1": update(dW1=lambda d1, X, A1: d1.T @ A1),
    "your dW1 is transposed": update(dW1=lambda d1, X, A1: X.T @ d1),
    "in your dW1 only the last sample": update(dW1=lambda d1, X, A1: np.outer(d1[-1], X[-1])),
    "your dW1 adds over samples first": update(dW1=lambda d1, X, A1: np.outer(d1.sum(axis=0), X.sum(axis=0))),
    "W1 goes 1/N as far": update(dW1=lambda d1, X, A1: d1.T @ X / len(X)),
    "W1 goes N times as far": update(dW1=lambda d1, X, A1: d1.T @ X * len(X)),
    "W1 walks uphill": update(dW1=lambda d1, X, A1: -d1.T @ X),
    "b1 has not moved": update(db1=lambda d1: 0),
    "b1 goes 1/N as far": update(db1=lambda d1: d1.mean(axis=0)),
    "in your db1 only the last sample": update(db1=lambda d1: d1[-1]),
    "your db1 adds over units as well": update(db1=lambda d1: d1.sum()),
    "your b1 has one row a sample": update(db1=lambda d1: d1),
    "the numbers are right, but it writes into the W1, b1, W2, b2": in_place,
    "this is the slip that gives .291027924). It also writes into the W1, b1, W2, b2": lambda *given: in_place(
        *given, updated=True
    ),
    "writes into the X that it was given; work on new arrays": lambda *given: (step(*given), given[4].fill(0))[0],
    "return W1, b1, W2, b2": lambda *given: (lambda W1, b1, W2, b2: (W2, b2, W1, b1))(*step(*given)),
    "return 4 arrays, W1, b1, W2, b2; got 2": lambda *given: step(*given)[:2],
    "your W1 differs, most at": update(dW1=lambda d1, X, A1: d1.T @ X + 0.01),
    "your function stopped with AttributeError": lambda W1, *rest: W1.nothing,
}


@pytest.mark.parametrize("diagnosis", STEP)
def test_step_tells_slips_apart(diagnosis):
    wrong(exercises.check_step(STEP[diagnosis]), diagnosis)


def test_the_slip_of_the_published_number_is_the_one_named():
    """Mazur's post prints .291027924; that is the loss after a step whose hidden deltas use the updated W2."""
    W1, W2 = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])
    b1, b2 = np.full((1, 2), 0.35), np.full((1, 2), 0.60)
    X, Y = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])

    def after(function):
        W1_, _, W2_, _ = function(W1, b1, W2, b2, X, Y, 0.5)
        return float(mse(sigmoid(sigmoid(X @ W1_.T + b1) @ W2_.T + b2), Y))

    assert after(step) == pytest.approx(0.2910277737, abs=1e-10)
    assert after(STEP["the already updated W2"]) == pytest.approx(0.291027924, abs=5e-10)


def test_step_takes_the_worked_way_sample_by_sample():
    def accumulated(W1, b1, W2, b2, X, Y, eta):
        gradients = [np.zeros_like(p) for p in (W1, b1, W2, b2)]
        for x, y in zip(X, Y, strict=True):
            a1 = sigmoid(W1 @ x + b1[0])
            a2 = sigmoid(W2 @ a1 + b2[0])
            d2 = (a2 - y) * slope(a2) / len(X)
            d1 = W2.T @ d2 * slope(a1)
            for gradient, more in zip(gradients, (np.outer(d1, x), d1, np.outer(d2, a1), d2), strict=True):
                gradient += more
        return [p - eta * g for p, g in zip((W1, b1, W2, b2), gradients, strict=True)]

    assert exercises.check_step(accumulated).passed


def test_sizes_and_rates_of_one_check_are_not_enough():
    wrong(exercises.check_step(lambda W1, b1, W2, b2, X, Y, eta: step(W1, b1, W2, b2, X, Y, 0.3)), "W2")


# ---- Exercise 4, second part


def loop(test=lambda C, goal: C > goal, most_plus=0, look_first=True, back=lambda p, old, L: (p, L)):
    def function(step, loss, parameters, goal, most):
        losses, old, updates = [loss(parameters)], parameters, 0
        while (not look_first and not updates) or (test(losses[-1], goal) and updates < most + most_plus):
            old, parameters = parameters, step(parameters)
            losses.append(loss(parameters))
            updates += 1
        return back(parameters, old, losses)

    return function


def stale(step, loss, parameters, goal, most):
    losses, C = [], np.inf
    while C > goal and len(losses) <= most:
        C = loss(parameters)
        losses.append(C)
        parameters = step(parameters)
    return parameters, losses


def last_missing(step, loss, parameters, goal, most):
    losses = []
    while loss(parameters) > goal and len(losses) < most:
        losses.append(loss(parameters))
        parameters = step(parameters)
    return parameters, losses


def until_it_rises(step, loss, parameters, goal, most):
    losses = [loss(parameters)]
    while losses[-1] > goal and len(losses) <= most and (len(losses) < 2 or losses[-1] < losses[-2]):
        parameters = step(parameters)
        losses.append(loss(parameters))
    return parameters, losses


def no_update(step, loss, parameters, goal, most):
    losses = [loss(parameters)]
    while losses[-1] > goal:
        losses.append(loss(parameters))
    return parameters, losses


def unpacking(step, loss, parameters, goal, most):
    return step(parameters + 0.5), []


LOOPS = {
    "it looks at the loss of before the update": stale,
    "does not stop after most = 4 updates": loop(most_plus=10**9),
    "with most = 4 your loop makes more than 4": loop(most_plus=1),
    "with most = 4 your loop makes fewer than 4": loop(most_plus=-1),
    "stops when the loss rises": until_it_rises,
    "a loss equal to the goal is enough": loop(test=lambda C, goal: C >= goal),
    "look first": lambda step, loss, p, goal, most: (
        loop(look_first=False)(step, loss, p, goal, most) if most else train_until(step, loss, p, goal, most)
    ),
    "with most = 0": lambda step, loss, p, goal, most: train_until(step, loss, p, goal, max(most, 1)),
    "stops before the goal is reached": loop(test=lambda C, goal: C > goal + 2),
    "it asks for the loss again and again": no_update,
    "hand the parameters on as they are": unpacking,
    "those before the last update": loop(back=lambda p, old, L: (old, L)),
    "those from the start": loop(back=lambda p, old, L: (0, L)),
    "the first loss is missing": loop(back=lambda p, old, L: (p, L[1:])),
    "the last loss is missing": last_missing,
    "your losses come backwards": loop(back=lambda p, old, L: (p, L[::-1])),
    "you return 7 losses; with 3 updates there are 4": loop(back=lambda p, old, L: (p, L + L[1:])),
    "return two things": loop(back=lambda p, old, L: p),
    "losses should be a list": loop(back=lambda p, old, L: (p, L[-1])),
    "the order is parameters, losses": loop(back=lambda p, old, L: (L, p)),
    "is what step returned last": loop(back=lambda p, old, L: ("p", L)),
    "your list of losses differs": loop(back=lambda p, old, L: (p, [2 * C for C in L])),
}


@pytest.mark.parametrize("diagnosis", LOOPS)
def test_train_until_tells_slips_apart(diagnosis):
    wrong(exercises.check_train_until(LOOPS[diagnosis]), diagnosis)


def test_train_until_takes_other_ways():
    def with_for(step, loss, parameters, goal, most):
        losses = [loss(parameters)]
        for _ in range(most):
            if losses[-1] <= goal:
                break
            parameters = step(parameters)
            losses.append(loss(parameters))
        return [parameters, np.array(losses)]

    assert exercises.check_train_until(with_for).passed
