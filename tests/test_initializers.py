"""Spread, shapes and seeds of the starts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbcore import INITIALIZERS, constant, he, normal, xavier, zeros

FINE = settings(max_examples=40, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("init", "std"),
    [(he, (2 / 100) ** 0.5), (xavier, (2 / 125) ** 0.5), (normal(0.3), 0.3)],
    ids=["he", "xavier", "normal"],
)
def test_standard_deviation(init, std):
    W = init(0, 25, 100, ensemble=(40,))  # 100,000 draws: 5 sigma of the estimate is 1.1 per cent of std
    assert W.std() == pytest.approx(std, rel=0.0112)
    assert abs(W.mean()) < 5 * std / W.size**0.5
    kurtosis = ((W / std) ** 4).mean()
    assert kurtosis == pytest.approx(3, abs=0.16)  # normal; a uniform start would give 1.8
    # Not a variance taken for a standard deviation, not the other scheme, not n_out for n_in.
    for wrong in (std**2, 0.1414 if init is xavier else 0.1265, (2 / 25) ** 0.5):
        assert abs(W.std() / wrong - 1) > 0.02


def test_published_spread():
    assert f"{(2 / 100) ** 0.5:.4f}" == "0.1414"
    assert round(float(he(3, 25, 100, (400,)).std()), 3) == 0.141


def test_shapes_seeds_and_names():
    for init in (zeros, constant(0.5), normal(1), xavier, he):
        assert init(0, 3, 2).shape == (3, 2)
        assert init(0, 3, 2, (4, 5)).shape == (4, 5, 3, 2)
        assert init(0, 3, 2, 4).shape == (4, 3, 2)
        assert init(0, 3, 2).dtype == np.float64
        np.testing.assert_array_equal(init(7, 3, 2), init(np.random.default_rng(7), 3, 2))
    for init in (normal(1), xavier, he):
        assert not np.array_equal(init(7, 3, 2), init(8, 3, 2))
        rng = np.random.default_rng(7)
        assert not np.array_equal(init(rng, 3, 2), init(rng, 3, 2))
    assert not zeros(0, 3, 2).any()
    assert (constant(-2)(0, 3, 2) == -2).all()
    assert not normal(0)(0, 3, 2).any()
    assert list(map(repr, (*INITIALIZERS.values(), constant(0.5), normal(1)))) == (
        ["zeros", "xavier", "he", "constant(0.5)", "normal(1)"]
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: constant(np.nan), ValueError, "c must be finite, got nan"),
        (lambda: constant("1"), TypeError, r"c must be a number, got '1' \(str\)"),
        (lambda: normal(-1), ValueError, "std must be finite and at least 0, got -1"),
        (lambda: normal(np.inf), ValueError, "std must be finite and at least 0, got inf"),
        (lambda: xavier(0, 0, 2), ValueError, "n_out must be at least 1, got 0"),
        (lambda: xavier(0, 2, 2.0), TypeError, r"n_in must be a whole number, got 2.0 \(float\)"),
        (lambda: xavier(0, 2, True), TypeError, "n_in must be a whole number, got True"),
        (lambda: xavier(0, 2, 2, (3, 0)), ValueError, "ensemble must be at least 1, got 0"),
        (lambda: xavier(0, 2, 2, [3]), TypeError, r"ensemble must be a whole number, got \[3\]"),
        (lambda: xavier(None, 2, 2), TypeError, r"rng must be a whole number or a Generator .*, got None"),
        (lambda: xavier(-1, 2, 2), ValueError, "rng must be at least 0, got -1"),
        (lambda: xavier(0.5, 2, 2), TypeError, "rng must be a whole number or a Generator"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


@FINE
@given(
    st.sampled_from([zeros, xavier, he, constant(1.0), normal(0.1)]),
    st.integers(1, 6),
    st.integers(1, 6),
    st.lists(st.integers(1, 3), max_size=2),
    st.integers(0, 2**63),
)
def test_any_shape(init, n_out, n_in, ensemble, seed):
    W = init(seed, n_out, n_in, tuple(ensemble))
    assert W.shape == (*ensemble, n_out, n_in)
    assert np.isfinite(W).all()
    np.testing.assert_array_equal(W, init(seed, n_out, n_in, tuple(ensemble)))
