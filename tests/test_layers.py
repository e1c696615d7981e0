"""Dense, PReLU, Maxout: the board's four lines, what it keeps, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbcore import (
    ACTIVATIONS,
    Dense,
    Maxout,
    PReLU,
    constant,
    he,
    identity,
    leaky_relu,
    numerical_gradient,
    relu,
    sigmoid,
    tanh,
    xavier,
)

FINE = settings(max_examples=30, deadline=None, derandomize=True)


def test_rows_in_code_are_columns_on_the_board():
    rng = np.random.default_rng(0)
    layer, X, da = Dense(4, 3, tanh, rng=rng), rng.normal(size=(7, 4)), rng.normal(size=(7, 3))
    layer.b = rng.normal(size=(1, 3))
    A, da_in = layer.forward(X), layer.backward(da)
    dW, db = np.zeros((3, 4)), np.zeros((3, 1))
    for k in range(7):
        x = X[k][:, None]
        z = layer.W @ x + layer.b.T
        a = np.tanh(z)
        delta = da[k][:, None] * (1 - a * a)
        np.testing.assert_allclose(A[k][:, None], a, rtol=1e-14)
        np.testing.assert_allclose(layer.z[k][:, None], z, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(layer.delta[k][:, None], delta, rtol=1e-13)
        np.testing.assert_allclose(da_in[k][:, None], layer.W.T @ delta, rtol=1e-12)
        dW, db = dW + delta @ x.T, db + delta
    np.testing.assert_allclose(layer.dW, dW, rtol=1e-12)
    np.testing.assert_allclose(layer.db, db.T, rtol=1e-12)
    assert layer.a_in is X
    assert layer.a is A
    assert all(g is h for g, h in zip(layer.gradients(), [layer.dW, layer.db], strict=True))


@pytest.mark.parametrize("phi", [phi for phi in ACTIVATIONS.values() if phi.name != "step"], ids=repr)
def test_backward_agrees_with_finite_differences(phi):
    rng = np.random.default_rng(2)
    layer, X, da = Dense(3, 4, phi, rng=rng, ensemble=(2,)), rng.normal(size=(5, 3)), rng.normal(size=(2, 5, 4))
    layer.b = rng.normal(size=(2, 1, 4))
    layer.forward(X)
    assert np.abs(layer.z).min() > 5e-3  # no kink nearby
    da_in = layer.backward(da)

    def along(name):
        def f(value):
            other = layer.with_parameters(layer.W, layer.b)
            if name != "X":
                setattr(other, name, value)
            return (other.forward(value if name == "X" else X) * da).sum()

        return f

    for name, value, by_hand in (
        ("W", layer.W, layer.dW),
        ("b", layer.b, layer.db),
        ("X", np.stack([X, X]), da_in),
    ):
        numerical = numerical_gradient(along(name), value)
        assert np.linalg.norm(by_hand - numerical) < 1e-9 * np.linalg.norm(numerical), name


def test_starts():
    layer = Dense(3, 2, "tanh", "he", rng=5, ensemble=(4,))
    assert (layer.W.shape, layer.b.shape, layer.ensemble) == ((4, 2, 3), (4, 1, 2), (4,))
    np.testing.assert_array_equal(layer.W, he(5, 2, 3, (4,)))
    assert not layer.b.any()
    assert (layer.n_in, layer.n_out) == (3, 2)
    assert repr(layer) == "Dense(3, 2, tanh, ensemble=(4,))"
    np.testing.assert_array_equal(Dense(3, 2, tanh, rng=5).W, xavier(5, 2, 3))
    assert repr(Dense(3, 2, leaky_relu.with_slope(0.2))) == "Dense(3, 2, leaky_relu.with_slope(0.2))"
    rng = np.random.default_rng(0)
    assert not np.array_equal(Dense(3, 3, tanh, rng=rng).W, Dense(3, 3, tanh, rng=rng).W)


def test_w_and_b_are_assignable_and_own_their_numbers():
    layer, mine = Dense(2, 1, identity), np.array([[3.0, 4.0]])
    layer.W, layer.b = mine, [[1]]
    mine[:] = 0
    np.testing.assert_array_equal(layer.forward(np.ones((1, 2))), [[8]])
    assert layer.b.dtype == np.float64
    kept = layer.W
    layer.W = [[5.0, 6.0]]  # the old array stays what it was: W_old - eta * dW may be assigned
    np.testing.assert_array_equal(kept, [[3, 4]])
    held = layer.parameters()
    layer.W += 1
    layer.b -= 1
    assert [p is q for p, q in zip(held, layer.parameters(), strict=True)] == [True, True]
    np.testing.assert_array_equal(held[0], [[6, 7]])


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("W", [[1.0], [2.0], [3.0]], ValueError, r"W must have shape \(2, 3\), got \(3, 1\)"),
        ("W", [1.0, 2.0, 3.0], ValueError, r"W must have shape \(2, 3\), got \(3,\)"),
        ("W", [[1.0, 2.0, np.nan], [0.0, 0.0, 0.0]], ValueError, r"W must be finite, got nan at \[0, 2\]"),
        ("W", [["a"] * 3] * 2, TypeError, "W must hold real numbers"),
        ("b", [1.0, 2.0], ValueError, r"b must have shape \(1, 2\), got \(2,\)"),
        ("b", [[1.0], [2.0]], ValueError, r"b must have shape \(1, 2\), got \(2, 1\)"),
        ("b", [[1.0, np.inf]], ValueError, r"b must be finite, got inf at \[0, 1\]"),
    ],
)
def test_refused_assignments_leave_the_layer_alone(name, value, error, message):
    layer = Dense(3, 2, tanh)
    before = [p.copy() for p in layer.parameters()]
    with pytest.raises(error, match=message):
        setattr(layer, name, value)
    for p, q in zip(layer.parameters(), before, strict=True):
        np.testing.assert_array_equal(p, q)


def test_shapes_that_do_not_fit():
    layer = Dense(3, 2, tanh)
    with pytest.raises(RuntimeError, match="call forward first"):
        layer.backward(np.ones((4, 2)))
    for bad in (np.ones((4, 2)), np.ones(3), 1.0):
        with pytest.raises(ValueError, match=r"a_in must have shape \(N, 3\), got \("):
            layer.forward(bad)
    layer.forward(np.ones((4, 3)))
    for bad in (np.ones((4, 1, 2)), np.ones((5, 4, 2))):  # broadcasting would let these through
        with pytest.raises(ValueError, match=r"delta must have the shape of z, \(4, 2\), got \("):
            layer.backward(bad)
    one = Dense(3, 1, tanh)
    one.forward(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"delta must have the shape of z, \(4, 1\), got \(4, 4\)"):
        one.backward(np.ones(4))
    assert not hasattr(one, "dW")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Dense(0, 2, tanh), ValueError, "n_in must be at least 1, got 0"),
        (lambda: Dense(2, -1, tanh), ValueError, "n_out must be at least 1, got -1"),
        (lambda: Dense(2, 1.5, tanh), TypeError, "n_out must be a whole number, got 1.5"),
        (lambda: Dense(2, 1, "swish"), ValueError, "phi must be one of elu, gelu, .*, tanh, got 'swish'"),
        (lambda: Dense(2, 1, np.tanh), TypeError, r"phi must be one of .* \(name or object\), got <ufunc 'tanh'>"),
        (lambda: Dense(2, 1, tanh, "glorot"), ValueError, "init must be one of he, xavier, zeros, got 'glorot'"),
        (lambda: Dense(2, 1, tanh, constant), TypeError, "init must be one of he, xavier, zeros"),
        (lambda: Dense(2, 1, tanh, rng=None), TypeError, "rng must be a whole number or a Generator"),
        (lambda: Dense(2, 1, tanh, ensemble=(2, 0)), ValueError, "ensemble must be at least 1, got 0"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_copies_forget_the_pass_and_keep_the_class():
    class Odd(Dense):
        pass

    layer = Odd(2, 1, sigmoid)
    layer.forward(np.ones((1, 2)))
    twin = layer.with_parameters(layer.W, layer.b)
    assert type(twin) is Odd
    assert not hasattr(twin, "z")
    twin.W += 1
    assert not np.shares_memory(twin.W, layer.W)
    assert (twin.W == layer.W + 1).all()


def test_float32_is_kept():
    layer = Dense(3, 2, tanh, dtype="float32")
    layer.W = np.ones((2, 3))
    layer.forward(np.ones((4, 3), dtype=np.float32))
    layer.backward(np.ones((4, 2), dtype=np.float32))
    assert {g.dtype for g in (layer.z, layer.a, layer.delta, layer.dW, layer.db)} == {np.dtype(np.float32)}


@FINE
@given(
    st.sampled_from(list(ACTIVATIONS.values())),
    st.lists(st.integers(1, 3), max_size=2),
    *(st.integers(1, 5) for _ in range(3)),
    st.booleans(),
)
def test_any_shape(phi, ensemble, N, n_in, n_out, shared):
    E = tuple(ensemble)
    layer = Dense(n_in, n_out, phi, rng=1, ensemble=E)
    a_in = np.random.default_rng(0).normal(size=(N, n_in) if shared else (*E, N, n_in))
    assert layer.forward(a_in).shape == layer.z.shape == (*E, N, n_out)
    assert layer.backward(np.ones((*E, N, n_out))).shape == (*E, N, n_in)
    assert [g.shape for g in layer.gradients()] == [p.shape for p in layer.parameters()]
    for k in np.ndindex(E):  # the same lines for one and for many
        alone = Dense(n_in, n_out, phi).with_parameters(layer.W[k], layer.b[k])
        x = a_in if shared else a_in[k]
        np.testing.assert_allclose(alone.forward(x), layer.a[k], rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(
            alone.backward(np.ones((N, n_out))), (layer.delta @ layer.W)[k], rtol=1e-12, atol=1e-14
        )
        np.testing.assert_allclose(alone.dW, layer.dW[k], rtol=1e-12, atol=1e-14)


# ---- layers that learn more than W and b

OTHERS = {
    "PReLU": lambda **how: PReLU(3, 4, **how),
    "shared PReLU": lambda **how: PReLU(3, 4, shared=True, **how),
    "Maxout of 2": lambda **how: Maxout(3, 4, **how),
    "Maxout of 3": lambda **how: Maxout(3, 4, k=3, **how),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_every_gradient_agrees_with_finite_differences(make):
    rng = np.random.default_rng(2)
    layer, X, da = make(rng=rng, ensemble=(2,)), rng.normal(size=(5, 3)), rng.normal(size=(2, 5, 4))
    for name in layer.names:
        setattr(layer, name, rng.normal(size=getattr(layer, name).shape))
    layer.forward(X)
    da_in = layer.backward(da)
    kinks = layer.z if isinstance(layer, PReLU) else np.diff(np.sort(layer._apart(layer.z), axis=-2), axis=-2)
    assert np.abs(kinks).min() > 5e-3

    def along(name):
        def f(value):
            other = layer.with_parameters(*layer.parameters())
            if name != "X":
                setattr(other, name, value)
            return (other.forward(value if name == "X" else X) * da).sum()

        return f

    for name, value, by_hand in [
        *zip(layer.names, layer.parameters(), layer.gradients(), strict=True),
        ("X", np.stack([X, X]), da_in),
    ]:
        numerical = numerical_gradient(along(name), value)
        assert by_hand.shape == value.shape
        assert np.linalg.norm(by_hand - numerical) < 1e-9 * np.linalg.norm(numerical), name


def test_prelu_is_leaky_relu_until_it_learns():
    X = np.random.default_rng(0).normal(size=(7, 3))
    layer, leaky = PReLU(3, 4, rng=5), Dense(3, 4, leaky_relu.with_slope(0.25), he, rng=5)
    np.testing.assert_array_equal(layer.forward(X), leaky.forward(X))
    assert layer.slope.tolist() == [[0.25] * 4]
    layer.slope = np.zeros((1, 4))
    np.testing.assert_array_equal(layer.forward(X), relu(leaky.z))
    assert PReLU(3, 4, start=0).slope.tolist() == [[0] * 4]
    assert PReLU(3, 4, shared=True).slope.shape == (1, 1)
    assert PReLU(3, 4, shared=True, ensemble=2).slope.shape == (2, 1, 1)


def test_maxout_is_relu_leaky_relu_and_the_absolute_value():
    X = np.random.default_rng(0).normal(size=(7, 3))
    line = Dense(3, 4, identity, rng=1)
    z = line.forward(X)
    layer = Maxout(3, 4)
    for slope, wanted in ((0.0, relu(z)), (0.25, leaky_relu.with_slope(0.25)(z)), (-1.0, np.abs(z))):
        layer.W, layer.b = np.concatenate([line.W, slope * line.W]), np.zeros((1, 8))
        np.testing.assert_allclose(layer.forward(X), wanted, rtol=1e-14, atol=1e-15)
    assert layer.winner.shape == (7, 1, 4)


def test_parameters_are_counted():
    def count(layer):
        return sum(p.size for p in layer.parameters())

    assert count(Dense(3, 4, relu)) == 16
    assert count(PReLU(3, 4)) == 20
    assert count(PReLU(3, 4, shared=True)) == 17
    assert [count(Maxout(3, 4, k=k)) for k in (2, 3)] == [32, 48]


def test_pieces_of_maxout_start_as_layers_of_their_own_would():
    layer = Maxout(300, 200, k=3, init="he", rng=0, ensemble=2)
    assert layer.W.shape == (2, 600, 300)
    assert layer.W.std() == pytest.approx(np.sqrt(2 / 300), rel=0.01)
    glorot = Maxout(300, 200, k=3)
    assert glorot.W.std() == pytest.approx(np.sqrt(2 / 500), rel=0.01), "n_out is 200, not 600"
    assert not layer.b.any()


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_members_compute_what_they_would_alone(make):
    rng = np.random.default_rng(4)
    many, X, da = make(rng=rng, ensemble=(3,)), rng.normal(size=(6, 3)), rng.normal(size=(3, 6, 4))
    A, da_in = many.forward(X), many.backward(da)
    for k in range(3):
        alone = many.with_parameters(*(p[k] for p in many.parameters()))
        assert alone.ensemble == ()
        assert (alone.n_in, alone.n_out) == (3, 4)
        np.testing.assert_allclose(alone.forward(X), A[k], rtol=1e-13)
        np.testing.assert_allclose(alone.backward(da[k]), da_in[k], rtol=1e-12)
        for g, h in zip(alone.gradients(), many.gradients(), strict=True):
            np.testing.assert_allclose(g, h[k], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_single_precision_is_kept_throughout(make):
    layer = make(dtype="float32")
    layer.forward(np.ones((5, 3), dtype=np.float32))
    layer.backward(np.ones((5, 4), dtype=np.float32))
    assert {a.dtype for a in (layer.z, layer.a, layer.delta, *layer.gradients())} == {np.dtype(np.float32)}


def test_reprs_say_what_differs():
    assert repr(PReLU(3, 4)) == "PReLU(3, 4)"
    assert repr(PReLU(3, 4, shared=True, ensemble=2)) == "PReLU(3, 4, ensemble=(2,), shared=True)"
    assert repr(Maxout(3, 4, k=3, dtype="float32")) == "Maxout(3, 4, k=3, dtype=float32)"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: PReLU(0, 2), ValueError, "n_in must be at least 1, got 0"),
        (lambda: PReLU(2, 2, start=np.nan), ValueError, "start must be finite, got nan"),
        (lambda: PReLU(2, 2, shared="yes"), TypeError, "shared must be True or False, got 'yes'"),
        (lambda: PReLU(2, 2, "glorot"), ValueError, "init must be one of he, xavier, zeros, got 'glorot'"),
        (lambda: setattr(PReLU(2, 2), "slope", [[0.1]]), ValueError, r"slope must have shape \(1, 2\), got \(1, 1\)"),
        (lambda: Maxout(2, 2, k=1), ValueError, "k must be at least 2, got 1"),
        (lambda: Maxout(2, 2, k=2.0), TypeError, "k must be a whole number"),
        (lambda: Maxout(2, 2).forward(np.ones((4, 3))), ValueError, r"a_in must have shape \(N, 2\)"),
        (lambda: Maxout(2, 2).backward(np.ones((4, 2))), RuntimeError, "call forward first"),
        (lambda: PReLU(2, 2).backward(np.ones((4, 2))), RuntimeError, "call forward first"),
    ],
)
def test_bad_input_to_other_layers(call, error, message):
    with pytest.raises(error, match=message):
        call()
