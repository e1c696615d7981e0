"""Texts are data: whatever parses one is linear in its length, bounded, and refuses in words.

How long a parser takes is not asserted by a clock: what would be quadratic is counted in Python's own steps.
"""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from nbcore import Tensor
from nbcore.checks import number
from nbcore.explore import playground, the_graph
from nbcore.explore.autograd import _written
from nbcore.play import Run, from_text, to_text
from nbcore.play.text import MOST_TEXT, NUMBER, bare

FINE = how(max_examples=300, deadline=None, derandomize=True)

# ---- Texts of a state


@pytest.mark.parametrize(
    "pasted",
    [
        'explore.playground("moons | 8 tanh")',
        "playground('moons | 8 tanh')",
        'p = explore.playground("moons | 8 tanh")',
        'run = Run.from_text("moons | 8 tanh");',
        'nbcore.explore.playground(\n    """moons | 8 tanh""",\n)',
        '"moons | 8 tanh"',
        "`moons | 8 tanh`",
        "```moons | 8 tanh```",
        "'''moons | 8 tanh'''",
        "  moons | 8 tanh\n",
    ],
)
def test_what_the_readme_hands_out_can_be_pasted_as_it_stands(pasted):
    assert from_text(pasted) == from_text("moons | 8 tanh")
    p = playground().load(pasted)
    assert p.text == "moons | 8 tanh"


def test_two_runs_in_a_call_can_be_pasted():
    p = playground().load('explore.playground("rings | 8 tanh || rings | 8 relu")')
    assert p.text == "rings | 8 tanh || rings | 8 relu"


def test_signs_may_have_space_around_them():
    assert from_text("moons | eta = 0.5 | seed =3 | 9 updates | 4: eta= 0.1") == from_text(
        "moons | eta=0.5 | seed=3 | 9 updates | 4: eta=0.1"
    )


@pytest.mark.parametrize("name", ["eta", "noise", "l1", "l2", "train", "scale"])
@pytest.mark.parametrize("digits", ["1" * 30_000 + "x", "." * 30_000, "1" * 30_000 + ".", "1e" + "1" * 30_000 + "x"])
def test_a_long_number_is_refused_and_read_once(name, digits):
    with pytest.raises(ValueError, match="in '"):
        from_text(f"moons | {name}={digits}")


def test_the_pattern_of_numbers_can_be_matched_in_one_way_only():
    """Two runs of digits side by side would be tried at every cut between them: quadratic in a long word."""
    assert r"\d+\.?\d*" not in NUMBER.pattern
    for said, fits in (
        ("1", 1),
        ("1.", 1),
        (".5", 1),
        ("1.5e-3", 1),
        ("-2", 1),
        ("", 0),
        (".", 0),
        ("1e", 0),
        ("inf", 0),
    ):
        assert bool(NUMBER.fullmatch(said)) == bool(fits), said


def test_bounds_are_said():
    with pytest.raises(ValueError, match=f"at most {MOST_TEXT:,} characters"):
        from_text("moons " * MOST_TEXT)
    changes = " | ".join(f"{k}: eta=0.1" for k in range(1, 10_002))
    with pytest.raises(ValueError, match="at most 10,000 changes on the way"):
        from_text(f"moons | 20000 updates | {changes}")


WORDS = st.sampled_from(
    "moons spirals digits own 8 tanh 99 relu , | || eta=0.5 eta = 1e400 seed=3 n=-1 batch=all 300: 7 updates 12: "
    "W1[0,0]=2 b1[0]= x1 x2 standardize adam no hidden layers ( ) \" ' ` = : \0 \u2028 loss=bce output=softmax".split(
        " "
    )
)


@FINE
@given(st.lists(WORDS | st.text(max_size=8), max_size=14).map(" ".join) | st.text(max_size=80))
def test_any_text_is_a_state_or_refused_in_words(text):
    said = ""
    try:
        state = from_text(text)
    except ValueError as error:
        said, state = str(error), None
    if state is None:
        assert 10 < len(said) < 600
    else:
        assert from_text(to_text(state)) == state


@FINE
@given(st.text(max_size=60))
def test_taking_off_quotes_twice_is_safe(text):
    assert len(bare(text)) <= len(text)


# ---- Expressions


def squares(times):
    def f(x=1.0):
        for _ in range(times):
            x = x * x
        return x

    return f


def steps_of(work):
    """How many calls of Python functions a piece of work makes: the same on every machine."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def test_an_expression_whose_values_are_used_again_is_written_once():
    """Written anew for each use, its text would double with each step."""
    few, many = (steps_of(lambda n=n: _written(squares(n)(Tensor(1.0, label="x")))) for n in (10, 20))
    assert many < 3 * few
    text, _ = _written(squares(30)(Tensor(1.0, label="x")))
    assert len(text) < 100


def test_the_graph_takes_an_expression_of_many_uses():
    explorer = the_graph(squares(22))
    assert explorer.result.result == 1


# ---- Numbers


@pytest.mark.parametrize("value", [10**400, -(10**400), np.inf, -np.inf, np.nan])
def test_a_number_beyond_all_floats_is_refused_in_words(value):
    with pytest.raises(ValueError, match="eta must be finite and at least 0"):
        number("eta", value, low=0)
    with pytest.raises((ValueError, TypeError)):
        Run().change(eta=value)
