"""Controls: names, positions, and words for whatever doesn't fit."""

import numpy as np
import pytest

from nbcore.explore import box, choice, count, rate, seed, slider, steps, toggle

CONTROLS = {
    "activation": choice("activation", ["relu", "tanh"]),
    "trained": toggle("show training", True),
    "noise": slider("noise", 0.1, 0, 0.6, 0.05),
    "depth": count("hidden layers", 1, 0, 3),
    "width": steps("hidden units", 8, (1, 2, 4, 8)),
    "eta": rate("learning rate", 0.1, 0.001, 10),
    "seed": seed(3),
    "weight": box("w", 0.15, -5, 5, 0.05),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_every_position_is_held_as_it_is(name):
    control = CONTROLS[name]
    assert control.value in control.values
    for value in control.values:
        held = control.check(name, value)
        assert held == value
        assert type(held) is type(value)
    assert set(control.corners()) <= set(control.values)
    assert {control.values[0], control.values[-1]} <= set(control.corners())


@pytest.mark.parametrize("name", CONTROLS)
def test_the_page_gets_a_label_and_a_text_for_every_position(name):
    told = CONTROLS[name].describe(name)
    assert told["name"] == name
    assert told["label"] == CONTROLS[name].label
    assert len(told["texts"]) == len(told["values"]) == len(CONTROLS[name].values)
    assert len(set(told["texts"])) == len(told["texts"]), "two positions look the same"
    assert told["kind"] in ("choice", "toggle", "slider", "steps", "box")


@pytest.mark.parametrize(
    ("name", "value", "kind", "allowed"),
    [
        ("activation", "ReLU", ValueError, "relu, tanh"),
        ("activation", 1, ValueError, "relu, tanh"),
        ("activation", None, ValueError, "relu, tanh"),
        ("trained", 1, ValueError, "False, True"),
        ("trained", "yes", ValueError, "False, True"),
        ("noise", 0.7, ValueError, "at least 0 and at most 0.6"),
        ("noise", -0.1, ValueError, "at least 0 and at most 0.6"),
        ("noise", float("nan"), ValueError, "finite"),
        ("noise", float("inf"), ValueError, "finite"),
        ("noise", "0.1", TypeError, "a number"),
        ("noise", True, TypeError, "a number"),
        ("noise", [0.1], TypeError, "a number"),
        ("weight", 5.1, ValueError, "at least -5 and at most 5"),
        ("weight", "1", TypeError, "a number"),
        ("depth", 4, ValueError, "at least 0 and at most 3"),
        ("depth", 1.5, ValueError, "a whole number between 0 and 3"),
        ("depth", False, TypeError, "a number"),
        ("width", 3, ValueError, "1, 2, 4, 8"),
        ("width", 16, ValueError, "at most 8"),
        ("eta", 0, ValueError, "at least 0.001"),
        ("eta", -1, ValueError, "at least 0.001"),
        ("seed", 0.5, ValueError, "a whole number between 0 and 20"),
    ],
)
def test_a_bad_setting_names_the_control_and_what_is_allowed(name, value, kind, allowed):
    with pytest.raises(kind, match=allowed) as caught:
        CONTROLS[name].check(name, value)
    assert str(caught.value).startswith(f"{name} must be ")


def test_a_page_may_write_a_whole_number_without_its_point():
    held = CONTROLS["noise"].check("noise", 0)
    assert held == 0.0
    assert type(held) is float
    held = CONTROLS["depth"].check("depth", 2.0)
    assert held == 2
    assert type(held) is int


def test_code_may_set_what_lies_between_the_positions_of_a_slider():
    assert CONTROLS["noise"].check("noise", 0.123) == 0.123
    assert CONTROLS["eta"].check("eta", np.float64(0.3)) == 0.3


def test_linear_positions_are_round_numbers():
    assert slider("w", 0, -5, 5, 0.1).values[53] == 0.3  # not 0.30000000000000027
    assert slider("w", 0, -5, 5, 0.1).values[50] == 0
    assert len(slider("w", 0, -5, 5, 0.1).values) == 101


def test_rates_have_equal_ratios():
    values = np.array(CONTROLS["eta"].values)
    assert values[[0, 10, 20, 30, 40]].tolist() == [0.001, 0.01, 0.1, 1.0, 10.0]
    assert np.abs(np.diff(np.log10(values)) - 0.1).max() < 0.02  # two digits are what one reads


def test_a_rate_starts_at_a_position_of_its_own():
    assert rate("eta", 0.15, 0.1, 1, 2).values == (0.1, 0.15, 0.32, 1.0)
    assert rate("eta", 1, 0.1, 10, 1).values == (0.1, 1.0, 10.0)


def test_negative_numbers_carry_a_minus_sign():
    assert slider("w", 0, -5, 5, 0.1).text(-0.5) == "\N{MINUS SIGN}0.5"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: slider("noise", 2, 0, 1, 0.1), "start of 'noise' must be finite and at least 0 and at most 1, got 2"),
        (lambda: choice("data", ["xor"], "moons"), "start of 'data' must be one of xor; got 'moons'"),
        (lambda: choice("data", []), "'data' must have at least one position"),
        (lambda: steps("width", 3, (1, 2, 4)), "start of 'width' must be one of 1, 2, 4; got 3"),
        (lambda: steps("width", 3, ()), "'width' must have at least one position"),
        (lambda: count("layers", 0, 3, 1), "'layers': low must be less than high"),
        (lambda: slider("noise", 0, 0, 1, 0), "'noise': low must be less than high, and steps positive; got 0, 1, 0"),
        (lambda: rate("eta", 0.1, 0, 1), "'eta': low must be positive on a logarithmic slider, got 0"),
        (lambda: rate("eta", 0.1, 1, 0.01), "'eta': low must be less than high"),
        (lambda: seed(-1), "start of 'seed .another start.' must be finite and at least 0 and at most 20, got -1"),
    ],
)
def test_a_control_that_makes_no_sense_is_refused_by_name(make, words):
    with pytest.raises(ValueError, match=words):
        make()
