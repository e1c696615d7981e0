"""Every derivative against finite differences where it is awkward, and the far tails without a warning."""

import copy
import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbcore as nb
from nbcore import ACTIVATIONS, Activation, leaky_relu, numerical_gradient, sigmoid, softmax

pytestmark = pytest.mark.filterwarnings("error")
FINE = settings(max_examples=60, deadline=None, derandomize=True)

KINKED = ("step", "relu", "leaky_relu")  # at 0; elu's slope is continuous there, its second derivative is not
SMOOTH = [phi for phi in ACTIVATIONS.values() if phi.name not in (*KINKED, "elu", "softmax")]
ELEMENTWISE = [*(phi for phi in ACTIVATIONS.values() if phi is not softmax), leaky_relu.with_slope(0.2)]
NEAR = np.array([-1.0, -0.3, -0.01, -3e-3, 3e-3, 0.01, 0.3, 1.0])  # the stencil reaches 2/1024 to either side
FAR = np.array([-1e4, -700, -100, -30, -10, -5, -2, 2, 5, 10, 30, 100, 700, 1e4])
TINY = np.array([-0.0, 0.0, 1e-3, -1e-3, 1e-12, -1e-12, 1e-300, -1e-300])


def slopes(phi, z):
    """phi' at each z by five points."""
    return np.array([numerical_gradient(lambda t: phi(t), np.array(x)) for x in z])


def test_the_menu_holds_eleven_in_the_order_of_the_lessons():
    names = "identity step sigmoid tanh relu leaky_relu elu gelu silu softplus softmax".split()
    assert list(ACTIVATIONS) == names
    assert all(ACTIVATIONS[name] is getattr(nb, name) and repr(ACTIVATIONS[name]) == name for name in names)


@pytest.mark.parametrize("phi", ELEMENTWISE, ids=repr)
def test_derivatives_agree_with_finite_differences(phi):
    z = np.concatenate([NEAR, FAR, TINY if phi in SMOOTH else []])
    error, numerical = np.abs(phi.derivative(z) - slopes(phi, z)), slopes(phi, z)
    # Rounding in phi(z) moves the quotient by about 1e-13 of its size.
    assert (error <= 1e-9 * np.abs(numerical) + 1e-12 + 5e-13 * np.abs(phi(z))).all(), (z[error.argmax()], error.max())
    np.testing.assert_array_equal(phi.derivative(z, phi(z)), phi.derivative(z))


def test_derivatives_at_kinks_are_those_of_the_left():
    zero = np.array([0.0, -0.0])
    for phi, left in ((nb.step, 0), (nb.relu, 0), (leaky_relu, 0.01), (leaky_relu.with_slope(0.2), 0.2), (nb.elu, 1)):
        np.testing.assert_array_equal(phi.derivative(zero), [left, left])
    np.testing.assert_array_equal(nb.step(zero), [0, 0])
    np.testing.assert_array_equal(nb.relu(zero), [0, 0])
    right = np.array([1e-300])
    assert [phi.derivative(right)[0] for phi in (nb.step, nb.relu, leaky_relu)] == [0, 1, 1]


@pytest.mark.parametrize("phi", [*ELEMENTWISE, softmax], ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_out_all_is_finite_quiet_and_of_the_same_type(phi, dtype):
    z = np.array([[-1e4, -800.0, -90.0, -0.0], [0.0, 90.0, 800.0, 1e4]], dtype=dtype)
    # Underflow to 0 is the right answer out there; nothing else may happen.
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = phi(z)
        results = [a, phi.backward(np.ones_like(z), z, a)]
        if phi is not softmax:
            results.append(phi.derivative(z))
    for result in results:
        assert result.dtype == dtype
        assert result.shape == z.shape
        assert np.isfinite(result).all()


def test_values_far_out():
    z = np.array([-1e4, 1e4])
    for phi, expected in (
        (sigmoid, [0, 1]),
        (nb.tanh, [-1, 1]),
        (nb.relu, [0, 1e4]),
        (leaky_relu, [-100, 1e4]),
        (nb.elu, [-1, 1e4]),
        (nb.gelu, [0, 1e4]),
        (nb.silu, [0, 1e4]),
        (nb.softplus, [0, 1e4]),
    ):
        np.testing.assert_array_equal(phi(z), expected, err_msg=phi.name)
    # The left tails keep their digits.
    np.testing.assert_allclose(sigmoid(-700.0), np.exp(-700.0), rtol=1e-15)
    np.testing.assert_allclose(nb.softplus(-40.0), np.log1p(np.exp(-40.0)), rtol=1e-15)
    np.testing.assert_allclose(nb.elu(-1e-12), np.expm1(-1e-12), rtol=1e-15)
    np.testing.assert_allclose(nb.silu(-50.0), -50 * np.exp(-50.0), rtol=1e-15)


def test_published_values():
    assert sigmoid.derivative(0.0) == 0.25
    assert f"{sigmoid.derivative(5.0):.8g}" == "0.0066480567"
    assert f"{sigmoid.derivative(10.0):.7g}" == "4.539581e-05"
    assert f"{sigmoid.derivative(sigmoid(5.0)):.4f}" == "0.1972"  # the classic slip: taken at a
    assert 0.25**10 == pytest.approx(9.54e-07, rel=1e-3)
    assert f"{nb.tanh.derivative(nb.tanh(40.0)):.2f}" == "0.42"
    assert f"{nb.gelu(1.0):.6f}" == "0.841192"  # tanh form; the erf form gives 0.841345


def test_one_neuron_with_silu_parts_xor():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    a = nb.silu(3 * (X.sum(axis=1) - 1) - 1.278)
    np.testing.assert_allclose(a, [-0.059, -0.278, -0.278, 1.461], atol=1e-3)
    assert list(a < -0.17) == [False, True, True, False]


@pytest.mark.parametrize("scale", [1, 30])
def test_softmax_backward_is_its_whole_jacobian(scale):
    z = scale * np.random.default_rng(1).normal(size=(2, 3, 5))
    a = softmax(z)
    for da in np.eye(5):
        numerical = numerical_gradient(lambda t, da=da: (softmax(t) * da).sum(), z)
        np.testing.assert_allclose(softmax.backward(da, z, a), numerical, rtol=1e-8, atol=1e-11)


def test_softmax_has_no_elementwise_derivative():
    for a in (None, np.full((1, 3), 1 / 3)):
        with pytest.raises(TypeError, match=r"softmax has no elementwise derivative.*backward"):
            softmax.derivative(np.zeros((1, 3)), a)


def test_softmax_of_large_numbers():
    np.testing.assert_array_equal(softmax([[1e4, -1e4, 0], [-1e4, -1e4, -1e4]]), [[1, 0, 0], [1 / 3] * 3])


def test_leaky_relu_with_slope_is_a_value():
    steep = leaky_relu.with_slope(0.2)
    np.testing.assert_allclose(steep([-2.0, 3.0]), [-0.4, 3.0])
    assert (steep.slope, leaky_relu.slope) == (0.2, 0.01)
    assert leaky_relu.with_slope(0.01) == leaky_relu
    assert leaky_relu.with_slope(0.2) == steep != leaky_relu
    assert repr(steep) == "leaky_relu.with_slope(0.2)"
    np.testing.assert_array_equal(leaky_relu.with_slope(0)([-2.0]), [0])
    with pytest.raises(ValueError, match="slope must be finite, got nan"):
        leaky_relu.with_slope(np.nan)
    with pytest.raises(TypeError, match="slope must be a number, got 'big'"):
        leaky_relu.with_slope("big")


def test_an_activation_is_frozen_and_survives_a_deep_copy():
    with pytest.raises(dataclasses.FrozenInstanceError):
        sigmoid.name = "other"
    assert copy.deepcopy(sigmoid) == sigmoid
    assert hash(copy.deepcopy(softmax)) == hash(softmax)
    assert repr(copy.deepcopy(leaky_relu)) == "leaky_relu"


def test_an_activation_of_ones_own():
    square = Activation("square", "z^2", lambda z: z * z, lambda z, a: 2 * z)
    net = nb.MLP([2, 3, 1], hidden=square, output="identity")
    assert nb.check_gradients(net, [[1.0, 2.0]], [[0.5]], nb.mse).ok
    with pytest.raises(TypeError, match="fprime must be a function of two arguments"):
        Activation("square", "z^2", lambda z: z * z, lambda z: 2 * z)
    with pytest.raises(TypeError, match="f must be a function of z, got 3"):
        Activation("three", "3", 3, lambda z, a: z)


def test_numbers_lists_and_bad_input():
    assert sigmoid(0) == 0.5
    np.testing.assert_array_equal(nb.relu([-1, 2]), [0.0, 2.0])
    for bad in ("x", [None], 1j, [[1, 2], [3]]):
        with pytest.raises(TypeError, match="z must hold real numbers"):
            sigmoid(bad)
        with pytest.raises(TypeError, match="z must hold real numbers"):
            sigmoid.derivative(bad)


@FINE
@given(st.sampled_from(ELEMENTWISE), st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6))
def test_shapes_are_kept_and_a_may_be_given(phi, values):
    z = np.array(values)
    for shape in ((len(values),), (1, len(values)), (len(values), 1, 1)):
        out = phi(z.reshape(shape))
        assert out.shape == phi.derivative(z.reshape(shape)).shape == shape
    np.testing.assert_array_equal(phi.derivative(z, phi(z)), phi.derivative(z))


@FINE
@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6), st.floats(-1e3, 1e3))
def test_softmax_sums_to_one_and_forgets_a_shift(values, shift):
    z = np.array(values)
    a = softmax(z)
    assert a.sum() == pytest.approx(1, abs=1e-15)
    assert (a >= 0).all()
    np.testing.assert_allclose(softmax(z + shift), a, atol=1e-11)


@FINE
@given(st.floats(-700, 700))
def test_relations_between_them(z):
    assert sigmoid(z) + sigmoid(-z) == pytest.approx(1, abs=1e-15)
    assert 2 * sigmoid(z) - 1 == pytest.approx(nb.tanh(z / 2), abs=1e-15)
    assert softmax([z, 0.0])[0] == pytest.approx(sigmoid(z), rel=1e-14, abs=0)
    assert nb.softplus(z) - nb.softplus(-z) == pytest.approx(z, rel=1e-14, abs=1e-14)
    assert leaky_relu.with_slope(0)(z) == nb.relu(z)


@pytest.mark.parametrize("phi", [phi for phi in ACTIVATIONS.values() if phi.name != "softmax"], ids=repr)
def test_the_largest_numbers_overflow_nowhere(phi):
    """A run that diverges passes such values on; what follows must be its own overflow, not one of ours."""
    for size in (1e3, 1e99, 1e300):
        z = np.array([-size, size])
        assert np.isfinite(phi(z)).all()
        assert np.isfinite(phi.derivative(z)).all()
        if phi.name in ("gelu", "silu", "elu", "relu", "softplus"):
            np.testing.assert_allclose(phi(z), [-1 if phi.name == "elu" else 0, size], rtol=1e-15)
            np.testing.assert_allclose(phi.derivative(z), [0, 1], atol=1e-15)
