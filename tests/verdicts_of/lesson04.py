"""The verdicts of lesson 04."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nbcore import digits, share, split_digits
from nbcore.datasets import Split
from verdicts_of import Measured, Shown, all_of, holds

SOURCE = Path(__file__).resolve().parents[2] / "notebooks" / "src" / "04_mse_vs_cross_entropy.py"
EXPLORERS = "test_lesson04_explorers.py::"


def _cell(part: str) -> str:
    """The lesson's one code cell that holds this text."""
    cells = SOURCE.read_text(encoding="utf-8").split("\n# %%")
    (cell,) = (cell for cell in cells if part in cell and not cell.startswith(" [markdown]"))
    return cell.partition("\n")[2]


def _split(block: int, train: int) -> Split:
    """The lesson's own digits to train and to test on, or for another block others."""
    if block == 0:
        return split_digits(train)
    X, labels = digits()
    order = np.random.default_rng(block).permutation(len(labels))
    learn, test = order[:train], order[train:]
    return Split(X[learn], labels[learn], np.eye(10)[labels[learn]], X[test], labels[test])


@cache
def found(block: int) -> dict[tuple[str, float], Any]:
    """What the lesson's own cells find with starts 20 block ... 20 block + 19: {(loss, wrong): (eta, missed, pull)}."""
    names: dict[str, Any] = {}
    exec(_cell("import MLP"), names)
    names["split_digits"] = lambda train: _split(block, train)
    learn = _cell("def learn(")
    assert learn.count("range(20)") == 1
    exec(learn.replace("range(20)", f"range({20 * block}, {20 * block + 20})"), names)
    exec(_cell("lowest = {"), names)
    result: dict[tuple[str, float], Any] = names["found"]
    return result


def _missed(block: int, wrong: float) -> tuple[float, float]:
    """What the median network misses with cross-entropy, and with MSE."""
    cross, square = (float(np.median(found(block)[name, wrong][1])) for name in ("cross-entropy", "MSE"))
    return cross, square


def clearly_fewer_with_clean_labels(block: int) -> str:
    cross, square = _missed(block, 0)
    return holds(square - cross >= 0.01)


def mse_misses_fewer(block: int) -> str:
    return all_of(*(holds(square < cross) for cross, square in (_missed(block, wrong) for wrong in (0.2, 0.4))))


def mse_gives_up(block: int) -> str:
    pull = found(block)["MSE", 0.4][2]
    return share(pull.wrong < pull.right).word


VERDICTS = {
    "Cross-entropy is the price of a code made for the wrong frequencies": Shown(EXPLORERS + "test_bits_paid"),
    "Cross-entropy goes to 0 as outputs approach the targets": Shown(
        EXPLORERS + "test_the_floor_of_a_soft_target_is_its_entropy"
    ),
    "Only cross-entropy falls as outputs approach the targets": Shown(
        EXPLORERS + "test_both_losses_fall_as_outputs_approach_the_target"
    ),
    "With a sigmoid, MSE learns slowly when it is badly wrong": Shown(EXPLORERS + "test_the_figures_of_the_race"),
    "Cross-entropy cancels $\\sigma'$, and the softmax as well": Shown(
        EXPLORERS + "test_softmax_with_cross_entropy_leaves_the_error"
    ),
    "A large error means that the weight has a large effect": Shown(EXPLORERS + "test_the_slow_start"),
    "MSE is merely slower": Shown(EXPLORERS + "test_the_logarithm_of_zero_never_appears"),
    "Any bracket will do in the merged formula": Shown(
        EXPLORERS + "test_the_misplaced_bracket_makes_a_wrong_output_free"
    ),
    "For linear outputs, MSE is the matching loss": Shown(EXPLORERS + "test_matching_pairs_leave_a_minus_y"),
    "With clean labels, cross-entropy misses at least 1 test digit in 100 less": Measured(
        clearly_fewer_with_clean_labels
    ),
    "With 20% or 40% wrong labels, MSE misses fewer test digits": Measured(mse_misses_fewer),
    "MSE gives up on wrong labels": Measured(mse_gives_up),
    "Clipping cures $\\ln 0$": Shown(EXPLORERS + "test_the_logarithm_of_zero_never_appears"),
    "Softmax twice is harmless": Shown(EXPLORERS + "test_softmax_twice_has_a_floor"),
}
