"""Every operation against NumPy and finite differences; then graphs, passes, networks, memory and refusals."""

import gc
import sys
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nbcore import MLP, Tensor, bce, mse, numerical_gradient, sigmoid, softmax, softmax_ce, softplus, train

pytestmark = pytest.mark.filterwarnings("error")
FINE = settings(max_examples=60, deadline=None, derandomize=True)


def spread(*shape, low=0.5, high=2.0, sign=True, seed=0):
    """Different numbers away from 0, where kinks are, and from each other, so that no maximum is nearly a tie."""
    size = int(np.prod(shape))
    rng = np.random.default_rng(seed + size)
    numbers = rng.permutation(np.linspace(low, high, size)) * (rng.choice([-1, 1], size) if sign else 1)
    return numbers.reshape(shape)


def check(f, *arrays, value=None, tolerance=1e-8):
    """The gradients of sum(w * f(x, y ...)), for odd weights w, agree with finite differences in every operand.

    `value` is what NumPy gives for f.
    """
    tensors = [Tensor(x) for x in arrays]
    out = f(*tensors)
    if value is not None:
        np.testing.assert_allclose(out.data, value, rtol=1e-14, atol=1e-14)
        assert out.shape == np.shape(value)
    w = spread(*out.shape, seed=5)
    out.backward(w)
    for k, (tensor, x) in enumerate(zip(tensors, arrays, strict=True)):

        def along(x, k=k):
            return (f(*(Tensor(x if j == k else other) for j, other in enumerate(arrays))).data * w).sum()

        numerical = numerical_gradient(along, x)
        assert tensor.grad.shape == np.shape(x)
        assert tensor.grad.dtype == np.float64
        error = np.linalg.norm(tensor.grad - numerical)
        assert error <= tolerance * max(np.linalg.norm(numerical), 1e-6), (k, tensor.grad, numerical)


# --- each operation alone ---

PAIRS = {
    "+": (lambda x, y: x + y, (-1.0, 2.0)),
    "-": (lambda x, y: x - y, (-1.0, 2.0)),
    "*": (lambda x, y: x * y, (-1.0, 2.0)),
    "/": (lambda x, y: x / y, (-1.0, 2.0)),
}
ALONE = {
    "neg": (lambda t: -t, lambda x: -x),
    "exp": (lambda t: t.exp(), np.exp),
    "log": (lambda t: t.log(), np.log),
    "tanh": (lambda t: t.tanh(), np.tanh),
    "sigmoid": (lambda t: t.sigmoid(), sigmoid),
    "relu": (lambda t: t.relu(), lambda x: np.maximum(x, 0)),
    "softplus": (lambda t: t.softplus(), softplus),
    **{f"**{n:g}": (lambda t, n=n: t**n, lambda x, n=n: x**n) for n in (2, 3, 1, 0, -1, -2, 4.0)},
    **{f"**{n:g}": (lambda t, n=n: t**n, lambda x, n=n: x**n) for n in (0.5, -0.5, 1.7)},
    "T": (lambda t: t.T, lambda x: x.T),
}
POSITIVE = {"log", "**0.5", "**-0.5", "**1.7"}


@pytest.mark.parametrize("op", ALONE)
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (2, 1, 3), (0,), (3, 0)], ids=str)
def test_operations_on_one(op, shape):
    f, by_numpy = ALONE[op]
    x = spread(*shape, sign=op not in POSITIVE)
    check(f, x, value=by_numpy(x))
    assert f(Tensor(x)).op == ("transpose" if op == "T" else op)


@pytest.mark.parametrize("op", PAIRS)
@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=3))
@FINE
def test_operations_on_two_undo_broadcasting(op, shapes):
    f, _ = PAIRS[op]
    x, y = spread(*shapes.input_shapes[0]), spread(*shapes.input_shapes[1], seed=1)
    check(f, x, y, value=f(x, y))
    out = f(Tensor(x), Tensor(y))
    assert (out.op, out.shape) == (op, shapes.result_shape)


@given(shapes=hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, min_side=0, max_side=3, max_dims=2))
@FINE
def test_matmul_as_numpy_has_it(shapes):
    x, y = spread(*shapes.input_shapes[0]), spread(*shapes.input_shapes[1], seed=1)
    check(lambda x, y: x @ y, x, y, value=x @ y)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3,), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((2, 3), (3, 4)),
        ((3, 3), (3, 3)),
        ((5, 2, 3), (3,)),
        ((3,), (5, 3, 2)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)),
        ((2, 0), (0, 3)),
        ((0, 3), (3, 2)),
    ],
)
def test_matmul_of_vectors_matrices_and_batches(left, right):
    x, y = spread(*left), spread(*right, seed=1)
    check(lambda x, y: x @ y, x, y, value=x @ y)
    check(lambda t: t @ y, x, value=x @ y)
    check(lambda t: x @ t, y, value=x @ y)


@given(st.data())
@FINE
def test_reductions_over_any_axes(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3))
    n = len(shape)
    axis = data.draw(st.none() | st.integers(-n, n - 1) | hnp.valid_tuple_axes(n))
    keepdims = data.draw(st.booleans())
    x = spread(*shape)
    for name in ("sum", "mean", "max"):
        value = getattr(x, name)(axis=axis, keepdims=keepdims)
        check(lambda t, name=name: getattr(t, name)(axis=axis, keepdims=keepdims), x, value=value)
    value = np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))
    check(lambda t: t.logsumexp(axis=axis, keepdims=keepdims), x, value=value)


def test_reductions_of_nothing():
    x = np.zeros((0, 3))
    for f in (lambda t: t.sum(), lambda t: t.sum(axis=0), lambda t: t.sum(axis=1), lambda t: t.max(axis=1)):
        check(f, x, value=f(x))
    check(lambda t: t.mean(axis=1), x, value=np.zeros(0))
    t = Tensor(x)
    with pytest.warns(RuntimeWarning):  # NumPy's: a mean of nothing is NaN
        out = t.mean()
    out.backward()
    assert t.grad.shape == (0, 3)
    with pytest.raises(ValueError, match="zero-size array"):
        t.max()


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        ...,
        None,
        (),
        slice(1, 3),
        slice(None, None, -2),
        (slice(None), 1),
        (1, 2),
        (..., 0),
        (slice(None), None, slice(0, 2)),
        [0, 2, 0, 0],
        np.array([[3, 3], [1, 3]]),
        ([0, 0, 1], [2, 2, 0]),
        (slice(None), [1, 1]),
        (np.arange(4)[:, None], np.array([0, 2])),
        np.array([True, False, True, False]),
        np.arange(12).reshape(4, 3) % 5 == 0,
        np.zeros((4, 3), dtype=bool),
        (np.array([True, False, True, False]), 1),
        slice(0, 0),
        [],
    ],
    ids=repr,
)
def test_indexing(index):
    x = spread(4, 3)
    index = np.array(index, dtype=int) if isinstance(index, list) and not index else index
    check(lambda t: t[index], x, value=x[index])


def test_an_entry_picked_twice_gets_both_gradients():
    t = Tensor([1.0, 2.0, 3.0])
    t[[0, 2, 0]].backward([1, 10, 100])
    np.testing.assert_array_equal(t.grad, [101, 0, 10])
    labels = np.array([1, 0, 1])
    t = Tensor(spread(3, 2))
    t[np.arange(3), labels].sum().backward()
    np.testing.assert_array_equal(t.grad, np.eye(2)[labels])


@pytest.mark.parametrize("shape", [(6, 4), (-1,), (2, -1, 2), (24, 1), ((3, 8),), ((4, -1),)], ids=str)
def test_reshape(shape):
    x = spread(2, 3, 4)
    check(lambda t: t.reshape(*shape), x, value=x.reshape(*shape))


@pytest.mark.parametrize(
    "axes", [(), (0, 1, 2), (2, 0, 1), (1, 2, 0), (-1, 0, -2), ((1, 2, 0),), ([2, 1, 0],), (None,)]
)
def test_transpose(axes):
    x = spread(2, 3, 4)
    check(lambda t: t.transpose(*axes), x, value=x.transpose(*axes))
    check(lambda t: t.mT, x, value=x.mT)
    check(lambda t: t.T * t.T, x, value=x.T**2)


# --- places where a choice is made ---


def gradient(f, x, g=None):
    t = Tensor(x)
    f(t).backward(g)
    return t.grad


def test_slopes_of_relu_and_max_at_their_kinks():
    np.testing.assert_array_equal(gradient(lambda t: t.relu(), [-1.0, -0.0, 0.0, 2.0], np.ones(4)), [0, 0, 0, 1])
    np.testing.assert_array_equal(gradient(lambda t: t.relu(), [-1.0, 1.0], [np.inf, np.inf]), [0, np.inf])
    x = [[3.0, 3.0, 1.0], [0.0, 2.0, 2.0]]
    np.testing.assert_array_equal(gradient(lambda t: t.max(), x), [[0.5, 0.5, 0], [0, 0, 0]])
    shared = [[6, 6, 0], [0, 12, 12]]
    np.testing.assert_array_equal(gradient(lambda t: t.max(axis=1), x, [12, 24]), shared)
    np.testing.assert_array_equal(gradient(lambda t: t.max(axis=-1, keepdims=True), x, [[12], [24]]), shared)
    np.testing.assert_array_equal(gradient(lambda t: t.max((0, 1)), np.zeros((2, 3)), 6), np.ones((2, 3)))


def test_powers_at_zero_and_below():
    assert (Tensor(0.0) ** 0).item() == 1
    np.testing.assert_array_equal(gradient(lambda t: t**0, [0.0, -2.0, np.inf], np.ones(3)), [0, 0, 0])
    np.testing.assert_array_equal(gradient(lambda t: t**1, [0.0, -2.0], np.ones(2)), [1, 1])
    np.testing.assert_array_equal(gradient(lambda t: t**3, [0.0, -2.0], np.ones(2)), [0, 12])
    np.testing.assert_array_equal((Tensor([-2.0]) ** 3).data, [-8])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert gradient(lambda t: t**0.5, 0.0) == np.inf
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(gradient(lambda t: t**0.5, -1.0))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert (Tensor(0.0) ** -1).item() == np.inf


def test_logarithms_at_zero_and_below():
    t = Tensor([0.0, -2.0])
    with pytest.warns(RuntimeWarning):
        a = t.log()
    np.testing.assert_array_equal(a.data, [-np.inf, np.nan])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        a.backward([1, 1])
    np.testing.assert_array_equal(t.grad, [np.inf, -0.5])


def test_division_by_zero_is_numpy_s():
    t = Tensor([1.0, -1.0])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.testing.assert_array_equal((t / 0).data, [np.inf, -np.inf])


def test_saturated_sigmoid_and_tanh_are_exact_and_silent():
    x = [-1e4, -800.0, -40.0, 0.0, 40.0, 800.0, 1e4]
    assert Tensor(x).sigmoid().data[2] == pytest.approx(np.exp(-40), rel=1e-15)
    slopes = gradient(lambda t: t.sigmoid(), x, np.ones(7))
    assert slopes[2] == pytest.approx(np.exp(-40), rel=1e-15)
    assert slopes[3] == 0.25
    np.testing.assert_array_equal(slopes[[0, 1, 5, 6]], 0)
    np.testing.assert_array_equal(gradient(lambda t: t.tanh(), x, np.ones(7)), [0, 0, 0, 1, 0, 0, 0])


def test_cross_entropies_from_large_z_are_exact_and_silent():
    """ln(1 + e^z) and ln sum e^z as one node each: finite where their parts overflow, and exact far to the left."""
    x = [-1e4, -800.0, -40.0, 0.0, 40.0, 800.0, 1e4]
    values = [0, 0, np.exp(-40), np.log(2), 40, 800, 1e4]
    np.testing.assert_allclose(Tensor(x).softplus().data, values, rtol=1e-15)
    np.testing.assert_allclose(gradient(lambda t: t.softplus(), x, np.ones(7)), sigmoid(x), rtol=1e-15)
    for shift in (0.0, 800.0, -800.0, 1e4):
        rows = np.array([[1.0, -2.0, 0.5], [-1.0, 3.0, 3.0]])
        t = Tensor(rows + shift)
        out = t.logsumexp(axis=1)
        np.testing.assert_allclose(out.data, np.log(np.exp(rows).sum(axis=1)) + shift, rtol=1e-12)
        out.backward([1.0, -2.0])
        np.testing.assert_allclose(t.grad, softmax(rows) * [[1.0], [-2.0]], rtol=1e-12)
    np.testing.assert_array_equal(Tensor([np.inf, 0.0]).softplus().data, [np.inf, np.log(2)])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert Tensor([-np.inf, -np.inf]).logsumexp().item() == -np.inf
    with np.errstate(all="ignore"):  # the naive form, as a learner writes it first
        naive = Tensor([800.0])
        C = (1 + naive.exp()).log()
        C.backward()
    assert C.item() == np.inf
    assert np.isnan(naive.grad).all()


# --- numbers and arrays on either side ---


@pytest.mark.parametrize(
    ("f", "value", "slope"),
    [
        (lambda t: 2 * t, [2, 4], [2, 2]),
        (lambda t: t * 2.0, [2, 4], [2, 2]),
        (lambda t: 1 + t, [2, 3], [1, 1]),
        (lambda t: 1 - t, [0, -1], [-1, -1]),
        (lambda t: t - 1, [0, 1], [1, 1]),
        (lambda t: 2 / t, [2, 1], [-2, -0.5]),
        (lambda t: t / 2, [0.5, 1], [0.5, 0.5]),
        (lambda t: np.float64(2) * t, [2, 4], [2, 2]),
        (lambda t: np.int64(2) - t, [1, 0], [-1, -1]),
        (lambda t: np.array([1, 2]) + t, [2, 4], [1, 1]),
        (lambda t: np.array([1.0, 2]) - t, [0, 0], [-1, -1]),
        (lambda t: np.array([1.0, 2]) * t, [1, 4], [1, 2]),
        (lambda t: np.array([1.0, 2]) / t, [1, 1], [-1, -0.5]),
        (lambda t: [1, 2] * t, [1, 4], [1, 2]),
        (lambda t: np.array([[1.0, 2], [3, 4]]) @ t, [5, 11], [4, 6]),
        (lambda t: t @ np.array([[1.0, 2], [3, 4]]), [7, 10], [3, 7]),
        (lambda t: [[1, 2], [3, 4]] @ t, [5, 11], [4, 6]),
    ],
)
def test_numbers_and_arrays_on_either_side(f, value, slope):
    t = Tensor([1.0, 2.0])
    out = f(t)
    assert isinstance(out, Tensor)
    np.testing.assert_array_equal(out.data, value)
    out.backward(np.ones(2))
    np.testing.assert_array_equal(t.grad, slope)
    assert any(parent is t for parent in out.parents)
    for parent in out.parents:  # constants are leaves as well
        assert parent.grad.shape == parent.shape


def test_an_array_and_a_tensor_make_one_tensor_not_an_array_of_them():
    out = np.ones((3, 1)) * Tensor(np.ones(2))
    assert isinstance(out, Tensor)
    assert out.shape == (3, 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_forward_and_backward(dtype):
    x, y = spread(3, 3, sign=False).astype(dtype), spread(3, 3, seed=1).astype(dtype)
    for f in (
        *(f for f, _ in ALONE.values()),
        lambda t: 2 * t + 1 - t / 3,
        lambda t: 1.5 - t + True,
        lambda t: t @ y,
        lambda t: y * t,
        lambda t: t[[0, 0]],
        lambda t: t.sum(axis=0),
        lambda t: t.mean(axis=1),
        lambda t: t.max(axis=1),
        lambda t: t.logsumexp(axis=1),
        lambda t: t.mT.reshape(-1),
    ):
        t = Tensor(x)
        out = f(t)
        out.backward(np.ones(out.shape))
        assert (out.data.dtype, out.grad.dtype, t.grad.dtype) == (dtype, dtype, dtype)
    # Mixed: the result has NumPy's dtype, each gradient that of its own data.
    t, wide = Tensor(x), Tensor(spread(3))
    (t * wide).sum().backward()
    assert ((t * wide).data.dtype, t.grad.dtype, wide.grad.dtype) == (np.float64, dtype, np.float64)


def test_whole_numbers_become_floats():
    for data in (3, [1, 2], np.arange(3, dtype=np.uint8), True, np.array([True, False])):
        t = Tensor(data)
        assert t.data.dtype == np.float64
        assert t.shape == np.shape(data)
    assert (Tensor(1) / 2).item() == 0.5


def test_a_tensor_owns_its_numbers():
    x, w = np.ones(2), Tensor([3.0, 4.0])
    t = Tensor(x)
    out = (t * w).sum() + (x * w).sum()
    x[:] = 99
    assert out.item() == 14
    w.data = w.data - 1  # a new array: the graph keeps the one that it was computed with
    out.backward()
    np.testing.assert_array_equal(t.grad, [3, 4])
    np.testing.assert_array_equal(w.grad, [2, 2])
    np.testing.assert_array_equal(t.data, [1, 1])


# --- graphs ---


def test_a_value_used_twice_gets_both_gradients():
    for f, slope in (
        (lambda t: t + t, 2),
        (lambda t: t * t, 6),
        (lambda t: t - t, 0),
        (lambda t: t / t, 0),
        (lambda t: t * t * t, 27),
        (lambda t: (t + 1) * (t + 1), 8),
        (lambda t: t.exp() / t.exp(), 0),
    ):
        assert gradient(f, 3.0) == pytest.approx(slope, abs=1e-14)
    x = spread(3, 3)
    check(lambda t: t @ t + t * t.T, x, value=x @ x + x * x.T)
    check(lambda t: t + t[0] + t[:, :1] + t.sum(), x, value=x + x[0] + x[:, :1] + x.sum())


def test_a_diamond_waits_for_all_uses():
    """b is reached by a short way and by a long one: sent on after the short one alone, it would lose the rest."""
    for build in (lambda b: b * 5 + (b * b).exp(), lambda b: (b * b).exp() + b * 5):
        a = Tensor(0.5)
        b = a * a
        build(b).backward()
        db = 5 + 2 * 0.25 * np.exp(0.0625)
        assert b.grad == pytest.approx(db, rel=1e-15)
        assert a.grad == pytest.approx(db * 2 * 0.5, rel=1e-15)


def test_a_ladder_of_diamonds_takes_one_step_a_node():
    a = t = Tensor(1.0)
    for _ in range(60):  # 2^60 paths from end to end
        t = t + t
    t.backward()
    assert a.grad == 2.0**60
    assert len(t.graph()) == 61


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.sampled_from("+-*")), min_size=1, max_size=12))
@FINE
def test_graphs_at_random(steps):
    """Any graph: each node made of any two before it. Also: parents come before children, each node once."""

    def build(x):
        nodes = [x[0], x[1]]
        for i, j, op in steps:
            a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
            nodes.append(a + b if op == "+" else a - b if op == "-" else (a * b).tanh())
        return sum(nodes[2:])

    x = Tensor([0.3, -0.7])
    out = build(x)
    out.backward()
    numerical = numerical_gradient(lambda x: build(Tensor(x)).data, x.data)
    assert np.linalg.norm(x.grad - numerical) <= 1e-7 * max(np.linalg.norm(numerical), 1)
    order = out.graph()
    place = {id(tensor): k for k, tensor in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is out
    assert all(place[id(parent)] < place[id(tensor)] for tensor in order for parent in tensor.parents)


def test_a_chain_of_ten_thousand_needs_no_recursion():
    assert sys.getrecursionlimit() < 10_000
    x = t = Tensor([1.0, -2.0])
    for _ in range(10_000):
        t = t + 0.001
    t.sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1])
    assert len(t.graph()) == 20_001  # with the constants
    del t


def test_what_a_drawing_needs():
    w, x = Tensor([1.0, 2.0], label="w"), Tensor([3.0, 4.0], label="x")
    z = w @ x
    z.label = "z"
    a = z.tanh()
    assert (a.op, z.op, w.op) == ("tanh", "@", "")
    assert (a.parents, z.parents, w.parents) == ((z,), (w, x), ())
    assert set(a.graph()) == {w, x, z, a}
    assert (w.label, z.label, a.label) == ("w", "z", "")
    square = w * w
    assert square.parents == (w, w)


# --- passes ---


def test_leaves_accumulate_and_intermediate_gradients_are_made_anew():
    x = Tensor([1.0, 2.0])
    h = x * x
    out = (h * 3).sum()
    for k in (1, 2, 3):
        out.backward()
        np.testing.assert_array_equal(x.grad, k * 6 * x.data)
        np.testing.assert_array_equal(h.grad, [3, 3])
        assert out.grad == 1
    x.zero_grad()
    assert x.grad is None
    out.backward()
    np.testing.assert_array_equal(x.grad, 6 * x.data)


def test_two_results_with_a_common_part():
    x = Tensor(2.0)
    h = x * x
    first, second = 3 * h, h * h
    first.backward()
    second.backward()
    assert x.grad == 3 * 4 + 2 * 4 * 4  # 3 dh/dx + 2 h dh/dx
    assert h.grad == 8  # of the second pass alone
    assert first.grad == 1
    h.backward()  # from the middle: nothing above takes part
    assert x.grad == 44 + 4
    assert first.grad == 1


def test_gradients_handed_out_do_not_change():
    x = Tensor([1.0, 2.0])
    out = (x + x).sum()
    out.backward()
    kept = x.grad
    out.backward()
    np.testing.assert_array_equal(kept, [2, 2])
    given_one = np.ones(2)
    y = x + 0
    y.backward(given_one)
    y.grad *= 7
    np.testing.assert_array_equal(given_one, [1, 1])
    np.testing.assert_array_equal(x.grad, [5, 5])


def test_backward_from_a_leaf():
    x = Tensor(3.0)
    x.backward()
    x.backward(5)
    assert x.grad == 6


def test_backward_with_a_gradient_is_a_vector_jacobian_product():
    x, g = Tensor(spread(3)), np.array([1.0, -2, 3, 0.5])
    J = spread(4, 3, seed=3)
    (J @ x).backward(g)
    np.testing.assert_allclose(x.grad, g @ J, rtol=1e-14)
    rows = []
    for row in np.eye(4):
        x.zero_grad()
        (J @ x).backward(row)
        rows.append(x.grad)
    np.testing.assert_array_equal(rows, J)


def test_backward_without_a_gradient_needs_one_number():
    for data in (2.0, [2.0], [[2.0]]):
        t = Tensor(data)
        (t * t).backward()
        np.testing.assert_array_equal(t.grad, np.full(np.shape(data), 4.0))
    t = Tensor([1.0, 2.0])
    out = t * t
    with pytest.raises(
        ValueError, match=r"gradient must be given for a Tensor of shape \(2,\).*\.sum\(\)\.backward\(\)"
    ):
        out.backward()
    for bad in (1.0, [1.0], [[1.0, 1.0]], [1.0, 1.0, 1.0]):
        with pytest.raises(ValueError, match=r"gradient must have the shape of the Tensor, \(2,\), got \("):
            out.backward(bad)
    with pytest.raises(TypeError, match="gradient must hold real numbers"):
        out.backward(["a", "b"])
    assert t.grad is None
    assert out.grad is None
    empty = Tensor(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="gradient must be given"):
        empty.backward()


def test_no_gradient_passes_through_detach():
    x = Tensor([1.0, 2.0], label="x")
    h = x * x
    d = h.detach()
    assert (d.parents, d.op) == ((), "")
    (d * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 4])
    np.testing.assert_array_equal(d.grad, [1, 2])
    assert h.grad is None
    d.data += 1
    np.testing.assert_array_equal(h.data, [1, 4])


def test_what_is_not_used_has_no_gradient():
    x, unused = Tensor(1.0), Tensor(1.0)
    side = unused * x
    (x * 2).backward()
    assert unused.grad is None
    assert side.grad is None


# --- memory ---


def test_a_graph_is_freed_with_its_result():
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        x = Tensor(spread(3, 3))
        y = x
        for f, _ in ALONE.values():
            y = y + f(x * x + 1)
        for f, _ in PAIRS.values():
            y = f(y, x)
        y = (
            y @ x
            + y.T
            + y.mT
            + y[0]
            + y[[0, 1, 1]]
            + y.max(axis=0)
            + y.logsumexp(axis=0)
            + y.mean(axis=1)
            + y.reshape(9).reshape(3, 3)
        )
        out = y.sum()
        out.backward()
        gone = [weakref.ref(tensor) for tensor in out.graph() if tensor is not x]
        assert len(gone) > 50
        del y, out
        assert [ref for ref in gone if ref() is not None] == []
        assert x.grad is not None
    finally:
        if enabled:
            gc.enable()


# --- networks: the engine, hand-derived backpropagation and finite differences ---


def by_engine(net, X, Y, loss):
    """C, and the gradients of all parameters and of X, from Tensors alone."""
    parameters = [Tensor(p) for p in net.parameters()]
    A = inputs = Tensor(X)
    for layer, W, b in zip(net.layers, parameters[::2], parameters[1::2], strict=True):
        z = A @ W.mT + b
        A = getattr(z, layer.phi.name)() if layer.phi is not softmax else z
    if loss is mse:
        terms = ((A - Y) ** 2).sum(axis=-1) / 2
    elif loss is bce:
        terms = (z.softplus() - Y * z).sum(axis=-1)
    else:
        terms = z.logsumexp(axis=-1) - (z * Y).sum(axis=-1)
    C = terms.mean(axis=-1)
    C.sum().backward()
    return C.data, [p.grad for p in parameters], inputs.grad


def network(hidden, loss, depth, ensemble=(), scale=1.0):
    rng = np.random.default_rng([depth, len(hidden)])
    net = MLP([5, *[4, 6, 3, 4][:depth], 3], hidden, loss.partner or sigmoid, seed=rng, ensemble=ensemble)
    for layer in net.layers:
        layer.W = scale * layer.W
        layer.b = 0.5 * rng.normal(size=layer.b.shape)
    Y = rng.uniform(0, 1, (7, 3))
    return net, rng.normal(size=(7, 5)), Y / Y.sum(axis=1, keepdims=True) if loss is softmax_ce else Y


def difference(ours, theirs):
    return max(np.linalg.norm(o - t) / max(np.linalg.norm(t), 1e-6) for o, t in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("ensemble", [(), (2,)], ids=["one", "two side by side"])
@pytest.mark.parametrize("loss", [mse, bce, softmax_ce], ids=repr)
@pytest.mark.parametrize("hidden", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("depth", [0, 1, 2, 4])
def test_the_engine_agrees_with_hand_derived_gradients(hidden, loss, depth, ensemble):
    net, X, Y = network(hidden, loss, depth, ensemble)
    C, gradients, dX = by_engine(net, X, Y, loss)
    A = net.forward(X)
    dX_by_hand = net.backward(loss, Y)
    np.testing.assert_allclose(C, loss(A, Y), rtol=1e-13)
    if ensemble:  # X was broadcast to all members: its gradient is the sum of theirs
        dX_by_hand = dX_by_hand.sum(axis=0)
    assert [g.shape for g in gradients] == [p.shape for p in net.parameters()]
    assert difference([*gradients, dX], [*net.gradients(), dX_by_hand]) < 1e-12


@pytest.mark.parametrize("loss", [bce, softmax_ce], ids=repr)
@pytest.mark.parametrize("scale", [40, 1e4])
def test_they_agree_when_saturated(loss, scale):
    net, X, _ = network("relu", loss, 1)
    net.layers[-1].W = scale * net.layers[-1].W
    Y = np.eye(3)[np.arange(7) % 3]
    C, gradients, dX = by_engine(net, X, Y, loss)
    net.forward(X)
    dX_by_hand = net.backward(loss, Y)
    assert C == pytest.approx(loss.from_logits(net.layers[-1].z, Y), rel=1e-13)
    assert difference([*gradients, dX], [*net.gradients(), dX_by_hand]) < 1e-12


@pytest.mark.parametrize("loss", [mse, bce, softmax_ce], ids=repr)
@pytest.mark.parametrize("hidden", ["tanh", "relu", "sigmoid"])
def test_the_engine_agrees_with_finite_differences(hidden, loss):
    net, X, Y = network(hidden, loss, 2)
    net.forward(X)
    assert hidden != "relu" or min(np.abs(layer.z).min() for layer in net.layers[:-1]) > 5e-3  # no kink nearby
    _, gradients, _ = by_engine(net, X, Y, loss)
    for k, p in enumerate(net.parameters()):

        def along(value, p=p):
            kept = p.copy()
            p[...] = value
            C = float(by_engine(net, X, Y, loss)[0])
            p[...] = kept
            return C

        assert difference([gradients[k]], [numerical_gradient(along, p)]) < 1e-8


def test_fifty_steps_of_descent_are_those_of_train():
    net, X, Y = network("tanh", bce, 2)
    history = train(net.copy(), X, Y, bce, eta=0.5, steps=50, engine="plain")
    parameters, losses = [Tensor(p) for p in net.parameters()], []
    for _ in range(51):
        A = X
        for k in range(0, len(parameters), 2):
            z = A @ parameters[k].mT + parameters[k + 1]
            A = z.tanh()
        C = (z.softplus() - Y * z).sum(axis=-1).mean()
        losses.append(C.item())
        C.backward()
        for p in parameters:
            p.data -= 0.5 * p.grad
            p.zero_grad()
    np.testing.assert_allclose(losses, history.loss, rtol=1e-12)


# --- as an object, and what it refuses ---


def test_small_things():
    t = Tensor(np.arange(6.0).reshape(2, 3))
    assert (t.shape, t.ndim) == ((2, 3), 2)
    assert Tensor([[2.5]]).item() == 2.5
    assert isinstance(Tensor(2).item(), float)
    first, second = t
    np.testing.assert_array_equal(second.data, [3, 4, 5])
    (first.sum() + 2 * second.sum()).backward()
    np.testing.assert_array_equal(t.grad, [[1, 1, 1], [2, 2, 2]])
    t = t + 1
    t += 1
    assert t.op == "+"


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (Tensor(2.5), "Tensor(2.5)"),
        (Tensor([1, 2.123456], label="w"), "Tensor([1.    , 2.1235], label='w')"),
        (Tensor(np.zeros((64, 10))), "Tensor(shape=(64, 10))"),
        (Tensor(np.zeros(0)), "Tensor([])"),
        (Tensor(np.float32([0, 1])).relu(), "Tensor([0., 1.], dtype='float32', op='relu')"),
        (Tensor(3.0) ** 0.5, "Tensor(1.7321, op='**0.5')"),
    ],
)
def test_repr_is_short(tensor, text):
    assert repr(tensor) == text


T3 = Tensor([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Tensor("a"), TypeError, r"data must hold real numbers, got 'a' \(str\)"),
        (lambda: Tensor(None), TypeError, "data must hold real numbers"),
        (lambda: Tensor(1j), TypeError, "data must hold real numbers"),
        (lambda: Tensor([[1, 2], [3]]), TypeError, "data must hold real numbers in rows of one length"),
        (lambda: Tensor(T3), TypeError, r"a Tensor is not an array: .* leave it with \.data"),
        (lambda: np.array([T3, T3]), TypeError, "a Tensor is not an array"),
        (lambda: sigmoid(T3), TypeError, "a Tensor is not an array"),
        (lambda: np.sin(T3), TypeError, r"np.sin takes no Tensor: .* or leave the graph with \.data"),
        (lambda: np.std(T3), TypeError, "np.std takes no Tensor"),
        (lambda: np.add.reduce(T3), TypeError, "np.add takes no Tensor"),
        (lambda: np.concatenate([T3, T3]), TypeError, "np.concatenate takes no Tensor"),
        (lambda: np.sum(T3, dtype=int), TypeError, "dtype"),
        (lambda: T3 + "a", TypeError, r"operand must hold real numbers, got 'a' \(str\)"),
        (lambda: None * T3, TypeError, "operand must hold real numbers, got None"),
        (lambda: 1j / T3, TypeError, "operand must hold real numbers"),
        (lambda: T3 + Tensor([1.0, 2.0]), ValueError, r"could not be broadcast together with shapes \(3,\) \(2,\)"),
        (lambda: T3 @ Tensor([1.0, 2.0]), ValueError, r"@ needs shapes .* got \(3,\) and \(2,\)"),
        (lambda: T3 @ 2, ValueError, r"@ needs shapes .* got \(3,\) and \(\)"),
        (lambda: np.ones((2, 2)) @ T3, ValueError, r"@ needs shapes .* got \(2, 2\) and \(3,\)"),
        (lambda: Tensor(np.ones((3, 2, 2))) @ np.ones((2, 2, 2)), ValueError, r"\(3, 2, 2\) and \(2, 2, 2\)"),
        (lambda: T3**T3, TypeError, r"exponent must be a number, got a Tensor; for x > 0 write \(exponent \* x.log"),
        (lambda: 2**T3, TypeError, r"exponent must be a number, got a Tensor; for base > 0 write \(x \* np.log"),
        (lambda: np.ones(3) ** T3, TypeError, "exponent must be a number, got a Tensor"),
        (lambda: T3 ** np.ones(3), TypeError, "exponent must be a number, got array"),
        (lambda: T3 ** "2", TypeError, "exponent must be a number, got '2'"),
        (lambda: T3**np.inf, ValueError, "exponent must be finite"),
        (lambda: float(T3), ValueError, "size 1"),
        (lambda: f"{T3:.2f}", ValueError, "size 1"),
        (lambda: bool(T3), ValueError, "ambiguous"),
        (lambda: len(Tensor(1.0)), TypeError, "unsized"),
        (lambda: T3[3], IndexError, "index 3 is out of bounds"),
        (lambda: T3[T3], TypeError, "a Tensor is not an array"),
        (lambda: T3.sum(axis=1), ValueError, "axis 1 is out of bounds"),
        (lambda: T3.max(axis=(0, 0)), ValueError, "duplicate value in 'axis'"),
        (lambda: T3.mean(axis=0.5), TypeError, "integer"),
        (lambda: T3.reshape(2, 2), ValueError, r"cannot reshape array of size 3 into shape \(2,2\)"),
        (lambda: T3.transpose(0, 1), ValueError, "axes don't match array"),
        (lambda: T3.mT, ValueError, "ndim < 2"),
        (lambda: T3.item(), ValueError, "size 1"),
        (lambda: list(Tensor(1.0)), TypeError, "unsized"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---- As a learner uses it


def test_comparisons_compare_the_numbers():
    assert Tensor(3.0) == 3.0
    assert not Tensor(3.0) != 3
    assert not Tensor(0.0)
    assert Tensor(2.0) == Tensor(2.0)
    np.testing.assert_array_equal(T3 > T3.data.mean(), T3.data > T3.data.mean())
    np.testing.assert_array_equal(T3.data.mean() > T3, T3.data.mean() > T3.data)
    np.testing.assert_array_equal(T3.data >= T3, [True] * 3)
    np.testing.assert_array_equal(T3 == T3.data, [True] * 3)
    one, other = Tensor(1.0), Tensor(1.0)
    assert len({one, other}) == 2  # in a set or as a key each is itself
    assert {one: "one"}.get(other) is None


def test_python_s_own_functions_take_it():
    assert float(Tensor([[2.5]])) == 2.5
    assert len(T3) == 3
    assert f"{Tensor(1 / 3):.3f}" == "0.333"
    assert f"{T3}" == repr(T3)


@pytest.mark.parametrize(
    ("of_numpy", "of_ours"),
    [
        (lambda x: np.sum(x), lambda x: x.sum()),
        (lambda x: np.sum(x, axis=0, keepdims=True), lambda x: x.sum(axis=0, keepdims=True)),
        (lambda x: np.mean(x, 1), lambda x: x.mean(1)),
        (lambda x: np.max(x, axis=1), lambda x: x.max(axis=1)),
        (lambda x: np.exp(x) * 2, lambda x: x.exp() * 2),
        (lambda x: np.tanh(-x), lambda x: (-x).tanh()),
        (lambda x: np.log(np.exp(x)), lambda x: x.exp().log()),
        (lambda x: np.reshape(x, (3, 2)), lambda x: x.reshape(3, 2)),
        (lambda x: np.transpose(x), lambda x: x.T),
        (lambda x: np.add(x, np.ones(3)), lambda x: x + np.ones(3)),
        (lambda x: np.multiply(np.full(3, 2.0), x), lambda x: 2 * x),
        (lambda x: np.subtract(1.0, x), lambda x: 1 - x),
        (lambda x: np.float64(2) / x, lambda x: 2 / x),
        (lambda x: np.matmul(np.ones((1, 2)), x), lambda x: np.ones((1, 2)) @ x),
    ],
)
def test_numpy_s_functions_stay_in_the_graph(of_numpy, of_ours):
    rows = np.arange(1.0, 7).reshape(2, 3)
    made = []
    for f in (of_numpy, of_ours):
        x = Tensor(rows)
        f(x).sum().backward()
        made.append((f(x).data, x.grad))
    np.testing.assert_array_equal(made[0][0], made[1][0])
    np.testing.assert_allclose(made[0][1], made[1][1], rtol=1e-14)


def test_an_update_that_would_train_nothing_is_refused():
    """p -= eta * p.grad without .data: the name would be bound anew, and the leaf would keep its numbers for ever."""
    p = Tensor([1.0, 2.0])
    (p * p).sum().backward()
    with pytest.raises(TypeError, match=r"write x\.data -= \.\.\."):
        p -= 0.1 * p.grad
    for change in ("+", "*", "/"):
        with pytest.raises(TypeError, match=rf"write x\.data \{change}= \.\.\."):
            exec(f"p {change}= 2.0", {"p": p})
    with pytest.raises(TypeError, match=r"write x\.data -="):
        exec("p -= 2.0", {"p": Tensor(1.0)})
    p.data -= 0.1 * p.grad
    np.testing.assert_allclose(p.data, [0.8, 1.6])


def test_a_sum_may_grow_in_place():
    """What nobody differentiates by, and what was computed, may be bound anew."""
    x = Tensor(3.0)
    total = Tensor(0.0)
    for _ in range(3):
        total += x * x
    total -= 1.0
    total.backward()
    assert x.grad == 18


def test_a_root_at_0_has_no_slope():
    x = Tensor([0.0, 4.0])
    with np.errstate(divide="ignore"):
        (x**0.5).sum().backward()
    np.testing.assert_array_equal(x.grad, [np.inf, 0.25])
    assert "infinite at 0" in Tensor.__pow__.__doc__
