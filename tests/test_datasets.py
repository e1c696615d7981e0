"""Shapes, balance, repeatability, and the real digits with their license."""

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbcore import CURVES, PLANE, SURFACES, blobs, curves, digit_pair, digits, moons, rings, spirals, surfaces, xor
from nbcore.datasets import principal_components, split_digits

FINE = settings(max_examples=40, deadline=None, derandomize=True)
MADE = [blobs, xor, rings, moons, spirals]


def test_menus():
    assert list(PLANE.values()) == [*MADE, digit_pair]
    assert list(CURVES) == ["sine", "bump", "step", "ramp", "wiggle"]


@pytest.mark.parametrize("make", PLANE.values(), ids=lambda f: f.__name__)
def test_plane_sets(make):
    X, Y = make(n=101, seed=3)
    assert (X.shape, Y.shape) == ((101, 2), (101, 1))
    assert X.dtype == Y.dtype == np.float64
    assert set(np.unique(Y)) == {0, 1}
    assert np.abs(X).max() < 2.5
    assert np.abs(X).max() > 1
    for again, same in ((make(n=101, seed=3), True), (make(n=101, seed=4), False)):
        assert np.array_equal(X, again[0]) == same
        assert np.array_equal(Y, again[1]) == same
    np.testing.assert_array_equal(make(n=101, seed=np.random.default_rng(3))[0], X)
    # `noise` is the standard deviation of what is added: the rest of the draw stays as it is.
    clean, noisy = make(n=300, noise=0, seed=3), make(n=300, noise=0.7, seed=3)
    np.testing.assert_array_equal(clean[1], noisy[1])
    assert (noisy[0] - clean[0]).std() == pytest.approx(0.7, rel=0.1)


@FINE
@given(st.sampled_from(MADE), st.integers(2, 60), st.floats(0, 3), st.integers(0, 2**32))
def test_made_sets_are_balanced_and_finite(make, n, noise, seed):
    X, Y = make(n, noise, seed)
    assert (X.shape, Y.shape) == ((n, 2), (n, 1))
    assert Y.sum() == n // 2
    assert np.isfinite(X).all()


def test_what_the_sets_promise():
    def clean(make):
        X, Y = make(n=400, noise=0, seed=1)
        return X, Y[:, 0] == 1

    X, one = clean(blobs)
    assert set(map(tuple, X[one])) == {(1, 1)}
    assert set(map(tuple, X[~one])) == {(-1, -1)}
    X, one = clean(xor)
    np.testing.assert_array_equal(X[:, 0] * X[:, 1] < 0, one)
    assert len(set(map(tuple, np.sign(X)))) == 4
    X, one = clean(rings)
    radius = np.linalg.norm(X, axis=1)
    assert radius[one].max() <= 0.8 < 1.4 <= radius[~one].min()
    X, one = clean(moons)  # each is the other, turned by half a turn; a line can't part them
    centers = np.where(one[:, None], 1, -1) * 1.2 * np.array([0.5, 0.25])
    np.testing.assert_allclose(np.linalg.norm(X - centers, axis=1), 1.2, rtol=1e-12)
    X, one = clean(spirals)
    radius = np.linalg.norm(X, axis=1)
    turned = radius / 1.9 * 2.5 * np.pi + np.pi * one
    np.testing.assert_allclose(X, radius[:, None] * np.stack([np.cos(turned), np.sin(turned)], axis=1), atol=1e-12)


def test_the_best_linear_fit_of_xor_is_one_half_everywhere():
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=float)
    y = np.array([0, 1, 1, 0])
    fit = X @ np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(fit, 0.5, atol=1e-15)
    assert ((fit - y) ** 2).mean() == pytest.approx(0.25)


@pytest.mark.parametrize("name", CURVES)
def test_curves(name):
    X, Y = curves(name, n=11)
    assert (X.shape, Y.shape) == ((11, 1), (11, 1))
    np.testing.assert_allclose(X[:, 0], np.linspace(-1, 1, 11))
    np.testing.assert_array_equal(Y, CURVES[name](X))
    assert np.abs(Y).max() <= 1
    noisy = curves(name, n=2000, noise=0.2, seed=5)[1]
    assert (noisy - curves(name, n=2000)[1]).std() == pytest.approx(0.2, rel=0.08)
    np.testing.assert_array_equal(noisy, curves(name, n=2000, noise=0.2, seed=5)[1])
    assert not np.array_equal(noisy, curves(name, n=2000, noise=0.2, seed=6)[1])


def test_curves_elsewhere():
    X, Y = curves("sine", n=3, low=0, high=0.5)
    np.testing.assert_allclose(np.c_[X, Y], [[0, 0], [0.25, 0.5**0.5], [0.5, 1]], atol=1e-15)


def test_digits_are_the_published_ones():
    X, labels = digits()
    assert (X.shape, labels.shape) == ((1797, 64), (1797,))
    assert (X.dtype, labels.dtype) == (np.float64, np.int64)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (X.min(), X.max()) == (0, 1)
    assert (X * 16).sum() == 561_718
    weights = np.arange(1, X.size + 1).reshape(X.shape) % 1009  # the order of pixels and images counts, too
    assert (X * 16 * weights).sum() == 283_185_523
    assert labels[:10].tolist() == list(range(10))
    assert (X[0, :8] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_digits_are_copies():
    X, labels = digits()
    X[:], labels[:] = 7, 7
    assert digits()[0].max() == 1
    assert digits()[1][1] == 1


def test_the_license_travels_with_the_digits():
    text = (files("nbcore") / "data" / "LICENSE.txt").read_text()
    for word in (
        "digits.npz",
        "Alpaydin",
        "Kaynak",
        "UCI",
        "10.24432/C50P49",
        "CC BY 4.0",
        "creativecommons.org",
        "Changes",
    ):
        assert word in text
    assert "LICENSE.txt" in digits.__doc__


def test_principal_components_agree_with_eigenvectors():
    X = digits()[0][:300]
    plane = principal_components(X, 3)
    values, vectors = np.linalg.eigh(np.cov(X.T))
    vectors = vectors[:, ::-1][:, :3]
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), range(3)])
    np.testing.assert_allclose(plane, (X - X.mean(axis=0)) @ vectors, atol=1e-10)
    np.testing.assert_allclose(plane.var(axis=0, ddof=1), values[::-1][:3], rtol=1e-12)


def test_digit_pair_is_real_data():
    X, Y = digit_pair(n=362, classes=(1, 9))
    assert Y.sum() == 180
    assert X[:, 0].std() == pytest.approx(1)
    assert X[:, 1].std() < 1
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    assert len(np.unique(X, axis=0)) == 362
    assert digit_pair(n=361, classes=(3, 0))[1].sum() == 178  # class 1 is the second named, the zero
    swapped = digit_pair(n=362, classes=(9, 1))
    np.testing.assert_array_equal(swapped[0], X)
    np.testing.assert_array_equal(swapped[1], 1 - Y)


@pytest.mark.parametrize("make", PLANE.values(), ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 1}, ValueError, "n must be at least 2, got 1"),
        ({"n": 10.0}, TypeError, "n must be a whole number, got 10.0"),
        ({"noise": -0.1}, ValueError, "noise must be finite and at least 0, got -0.1"),
        ({"noise": np.nan}, ValueError, "noise must be finite and at least 0, got nan"),
        ({"noise": "much"}, TypeError, "noise must be a number, got 'much'"),
        ({"seed": None}, TypeError, "seed must be a whole number or a Generator"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
    ],
)
def test_bad_input_of_the_plane_sets(make, arguments, error, message):
    with pytest.raises(error, match=message):
        make(**arguments)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: curves("cosine"), ValueError, "name must be one of bump, ramp, sine, step, wiggle, got 'cosine'"),
        (lambda: curves(3), TypeError, "name must be one of bump"),
        (lambda: curves(n=1), ValueError, "n must be at least 2"),
        (lambda: curves(low=1, high=1), ValueError, "low must be less than high, got 1 and 1"),
        (lambda: curves(high=np.inf), ValueError, "high must be finite, got inf"),
        (lambda: curves(noise=-1), ValueError, "noise must be finite and at least 0"),
        (lambda: curves(seed=0.5), TypeError, "seed must be a whole number"),
        (lambda: digit_pair(n=363), ValueError, "n must be at most 362, the number of images of 1 and 9, got 363"),
        (lambda: digit_pair(classes=(1, 1)), ValueError, "classes must be two different digits"),
        (lambda: digit_pair(classes=(1, 12)), ValueError, "classes must be two different digits from 0 to 9, got"),
        (lambda: digit_pair(classes=(1, 2, 3)), ValueError, "classes must be two different digits"),
    ],
)
def test_other_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_digits_are_parted_once_and_without_loss():
    data = split_digits(1500)
    assert (data.X.shape, data.labels.shape, data.Y.shape) == ((1500, 64), (1500,), (1500, 10))
    assert (data.X_test.shape, data.labels_test.shape) == ((297, 64), (297,))
    assert (data.Y.argmax(axis=1) == data.labels).all()
    assert (data.Y.sum(axis=1) == 1).all()
    X, labels = digits()
    together = np.column_stack([np.concatenate([data.X, data.X_test]), np.concatenate([data.labels, data.labels_test])])
    everything = np.column_stack([X, labels])
    assert (together[np.lexsort(together.T)] == everything[np.lexsort(everything.T)]).all()
    smaller = split_digits(1000)
    assert (smaller.X == data.X[:1000]).all()
    for train in (0, 1797, 5000):
        with pytest.raises(ValueError, match=r"train must (leave some of the 1797 digits|be at least 1)"):
            split_digits(train)


@pytest.mark.parametrize("name", SURFACES)
def test_surfaces(name):
    X, Y = surfaces(name, n=400, seed=3)
    assert (X.shape, Y.shape) == ((400, 2), (400, 1))
    assert np.abs(X).max() <= 2
    assert 0.4 < Y.std() + np.abs(Y).max() < 1.7
    np.testing.assert_array_equal(surfaces(name, 400, seed=np.random.default_rng(3))[1], Y)
    noisy = surfaces(name, n=400, noise=0.3, seed=3)
    np.testing.assert_array_equal(noisy[0], X)
    assert (noisy[1] - Y).std() == pytest.approx(0.3, rel=0.1)


def test_what_the_surfaces_promise():
    X, Y = surfaces("plane", n=50)
    np.testing.assert_allclose(Y[:, 0], X @ [0.3, 0.2], rtol=1e-12)
    hills = SURFACES["hills"]
    assert hills(1.0, 1.0) == hills(-1.0, -1.0) == pytest.approx(1, abs=1e-4)
    assert hills(1.0, -1.0) < 0.01
    with pytest.raises(ValueError, match="name must be one of hills, plane, got 'sea'"):
        surfaces("sea")
