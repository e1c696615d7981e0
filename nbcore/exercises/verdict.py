"""What every checker shares: a verdict, a safe call, and the comparison with the right answer and the known slips."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Verdict:
    """What a checker says: `state` is "not yet", "not right" or "passed"."""

    state: str
    message: str

    @property
    def passed(self) -> bool:
        return self.state == "passed"

    def __repr__(self) -> str:
        return f"{self.state}: {self.message}" if self.state != "passed" else f"passed ({self.message})"

    def _repr_html_(self) -> str:
        """As __repr__, so that it can be seen from the last row, and long messages break between words."""
        said = html.escape(repr(self))
        bar = {"passed": "success", "not right": "error"}.get(self.state, "border")
        return (
            f'<div style="border-left: 4px solid var(--jp-{bar}-color1, currentColor); padding-left: 10px">'
            f"<b>{self.state}</b>{said.removeprefix(self.state)}</div>"
        )


def not_yet(message: str = "replace the dots by your answer, and run the cell") -> Verdict:
    return Verdict("not yet", message)


def not_right(message: str) -> Verdict:
    return Verdict("not right", message)


def passed(message: str) -> Verdict:
    return Verdict("passed", message)


def unanswered(value: Any) -> bool:
    """Whether an answer, or a part of it, is still the stub's dots (or nothing)."""
    if value is None or value is Ellipsis:
        return True
    return isinstance(value, (tuple, list)) and any(unanswered(part) for part in value)


def call(function: Callable[..., Any], *arguments: Any) -> tuple[Any, Verdict | None]:
    """What the learner's function returns, or the verdict when it can't be called."""
    if not callable(function):
        return None, not_yet() if unanswered(function) else not_right(f"a function is wanted, got {_brief(function)}")
    try:
        with np.errstate(all="ignore"):
            result = function(*arguments)
    except Exception as error:  # whatever it is, the learner wants to read it, not to be stopped by it
        return None, not_right(f"your function stopped with {type(error).__name__}: {error}")
    return result, not_yet() if unanswered(result) else None


def as_numbers(name: str, value: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, Verdict | None]:
    """An answer as an array of the wanted shape, or the verdict on it."""
    try:
        array = np.asarray(value)
        if array.dtype.kind == "c":
            raise TypeError("astype(float) would drop the imaginary parts, with no more than a warning")
        array = array.astype(float)
    except Exception:  # arrays of other libraries refuse in their own ways
        return np.zeros(shape), not_right(f"{name} should be an array of numbers, got {_brief(value)}")
    if array.shape != shape:
        if array.ndim == 2 and array.T.shape == shape:
            return array, not_right(f"your {name} is transposed: {array.shape} instead of {shape}")
        return array, not_right(f"your {name} has shape {array.shape} instead of {shape}")
    if not np.isfinite(array).all():
        return array, not_right(f"your {name} holds values that are not finite")
    return array, None


def judge(
    name: str, answer: np.ndarray, right: np.ndarray, slips: Mapping[str, np.ndarray], tolerance: float = 1e-9
) -> Verdict | None:
    """None when the answer is right; else what it is: a known slip, recognized by its numbers, or how far it is off."""
    if np.allclose(answer, right, rtol=tolerance, atol=tolerance):
        return None
    for slip, wrong in slips.items():
        if wrong.shape == answer.shape and np.allclose(answer, wrong, rtol=1e-9, atol=1e-9):
            return not_right(slip)
    gap = np.abs(answer - right)
    worst = gap.argmax()
    where = ", ".join(str(int(i)) for i in np.unravel_index(worst, gap.shape))
    values = f"{answer.flat[worst]:.4g} instead of {right.flat[worst]:.4g}"
    return not_right(f"your {name} differs, most at [{where}]: {values}")


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape of an answer; None when it has none, such as rows of different lengths."""
    try:
        return None if isinstance(value, str) else np.shape(value)
    except Exception:  # as above
        return None


def _brief(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 40 else text[:37] + '...'} ({type(value).__name__})"
