"""The verdicts of lesson 06. Block k has the starts 20k ... 20k + 19, and other noise on its 60 samples."""

from functools import cache

import numpy as np

from nbcore import share
from nbcore.explore import autograd as lesson
from nbcore.verdicts import Share
from verdicts_of import Measured, Shown, all_of, opposite

CROSS, SQUARE = lesson.LOSSES
WRONG = {  # the bugs that make gradients wrong; on the chain of the squared error two of them do not
    CROSS: (lesson.ASSIGNED, lesson.KEPT, lesson.TWICE, lesson.EARLY, lesson.WIDE),
    SQUARE: (lesson.KEPT, lesson.TWICE, lesson.WIDE),
}


@cache
def last_losses(bug: str, loss: str, block: int, eta: float = 0.5) -> np.ndarray:
    starts = range(20 * block, 20 * block + 20)
    return lesson.last_losses(bug, loss, starts, eta, points=lesson.POINTS + block)


def lower(bug: str, loss: str, block: int, eta: float = 0.5) -> Share:
    """From how many starts an engine with a bug ends lower than the right one: the lesson's own measure."""
    return share(last_losses(bug, loss, block, eta) < 0.99 * last_losses(lesson.NONE, loss, block, eta))


def a_falling_loss_shows_right_gradients(block: int) -> str:
    """Engines whose gradients are wrong, on the chain: does their loss end below its start?"""
    X, Y = lesson.patches(lesson.POINTS + block)
    p = lesson.first_parameters(range(20 * block, 20 * block + 20))
    first = lesson._loss(SQUARE, lesson.tiny_network(X, *p), Y).data
    return all_of(*(opposite(share(last_losses(bug, SQUARE, block) < first).word) for bug in WRONG[SQUARE]))


def wrong_gradients_end_higher(block: int) -> str:
    return all_of(*(opposite(lower(bug, CROSS, block).word) for bug in WRONG[CROSS]))


VERDICTS = {
    "Autograd is numerical differentiation": Shown(
        "test_lesson06_explorers.py::test_the_end_of_every_walk_shows_the_slopes_that_nudging_finds"
    ),
    "Autograd is symbolic differentiation": Shown(
        "test_lesson06_explorers.py::test_the_engine_holds_numbers_and_no_formula"
    ),
    "Backpropagation and reverse mode are two things": Shown(
        "test_autograd_lessons.py::test_engine_hand_and_finite_differences_agree"
    ),
    "Forward mode finds the same slopes": Shown("test_lesson06_explorers.py::test_forward_mode_finds_the_same_slopes"),
    "Reverse mode must keep every value": Shown("test_lesson06_explorers.py::test_only_what_local_slopes_need_is_kept"),
    "Gradients reset themselves": Shown("test_lesson06_explorers.py::test_six_three_twelve"),
    "A second backward doubles the gradients": Shown("test_lesson06_explorers.py::test_six_three_twelve"),
    "The way back may ignore broadcasting": Shown(
        "test_lesson06_explorers.py::test_broadcasting_not_undone_gives_each_sample_its_own_biases"
    ),
    "A graph needs recursion": Shown("test_lesson06_explorers.py::test_the_deep_chain_of_the_text"),
    "Any order will do, if each value is visited": Shown(
        "test_lesson06_explorers.py::test_each_value_once_but_in_the_order_of_meeting_is_wrong"
    ),
    "A falling loss shows that gradients are right": Measured(a_falling_loss_shows_right_gradients),
    "Wrong gradients end at a higher loss": Measured(wrong_gradients_end_higher),
}
