"""What the tests of all exercises ask of a checker's verdict."""

import numpy as np

# Answers that no exercise with a function can take: a verdict all the same, never an exception.
JUNK = [
    (..., "not yet", "dots"),
    (None, "not yet", "dots"),
    (7, "not right", "a function is wanted"),
    ("delta", "not right", "a function is wanted"),
    (lambda *given: None, "not yet", "dots"),
    (lambda *given: ..., "not yet", "dots"),
    (lambda *given: 1 / 0, "not right", "ZeroDivisionError"),
    (lambda: 1, "not right", "TypeError"),
    (lambda *given: np.nan, "not right", ""),
    (lambda *given: "C", "not right", ""),
    (lambda *given: 1j, "not right", ""),
    (lambda *given: np.zeros((3, 2, 2)), "not right", ""),
    (lambda *given: [[1], [1, 2]], "not right", ""),
    (lambda *given: {"dW": 1}, "not right", ""),
    (lambda *given: iter(given), "not right", ""),
    (lambda *given: [], "not right", ""),
]


def expect(verdict, state, words):
    assert verdict.state == state, verdict
    assert words in verdict.message, verdict


def wrong(verdict, diagnosis):
    expect(verdict, "not right", diagnosis)


def passes(verdict):
    assert verdict.passed, verdict


def spoiling(solution, which):
    """The solution, but one of its arguments is changed on the way."""

    def spoiled(*given):
        result = solution(*given)
        given[which][0] += 1
        return result

    return spoiled
