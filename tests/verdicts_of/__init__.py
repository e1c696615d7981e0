"""The verdicts of the lessons: each belief of a closing table, and what holds its word.

A module `lessonNN` has `VERDICTS`, {belief, as its row says it: Shown or Measured}. `tests/test_verdicts.py` takes the
rows of the table and asks that each is here, with the same word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BLOCKS = 3  # block 0 is the lesson's own; each further one has other starts, and other data where data are drawn


@dataclass(frozen=True)
class Shown:
    """A fact that depends on no start: derived, computed or counted. `test` asserts it: "test_lesson02.py::test_x"."""

    test: str


@dataclass(frozen=True)
class Measured:
    """A verdict about training. `measure(block)` runs it from starts of that block and gives the word."""

    measure: Callable[[int], str]


def all_of(*words: str) -> str:
    """The word for a belief that rests on several measurements: theirs, when they agree, else depends."""
    return words[0] if len(set(words)) == 1 else "depends"


def opposite(word: str) -> str:
    """The word for "X is quicker" from that for "X is slower"."""
    return {"true": "false", "false": "true"}.get(word, word)


def holds(condition: bool | np.bool_) -> str:
    """The word for a statement about all starts of a block at once, as one about their median."""
    return "true" if condition else "false"
