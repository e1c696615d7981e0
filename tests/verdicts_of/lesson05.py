"""Lesson 05: what its beliefs rest on. Verdicts about training run the lesson's own cells, from other starts."""

import re
from functools import cache
from typing import Any

import numpy as np

from nbcore import share
from nbcore.explore import ends_of_training
from tools import build_notebooks as bn
from verdicts_of import Measured, Shown, opposite

SOURCE = bn.NOTEBOOKS / "src" / "05_backpropagation.py"


@cache
def cells() -> list[str]:
    """The lesson's code cells, in order."""
    parts = re.split(r"^# %%(.*)\n", SOURCE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [body for mark, body in zip(parts[::2], parts[1::2], strict=True) if "[markdown]" not in mark]


@cache
def defined(name: str) -> dict[str, Any]:
    """What is defined once the cells of the set-up, of the data and of `name` have run; what they do is left out."""
    found: dict[str, Any] = {}
    setup, *rest = cells()
    exec(setup, found)
    data = next(cell for cell in rest if cell.startswith("x, y ="))
    exec(data.partition("\n\n")[0], found)
    exec("x_, y_, b1_, b2_ = (v[:, None] for v in (x, y, b1, b2))", found)
    cell = next(cell for cell in rest if re.search(rf"^(?:def {name}\(|{name} = )", cell, re.MULTILINE))
    for line in ("data = split_digits(1297)", "X = np.array([[0.50", "targets = np.array"):
        for given in re.findall(rf"^{re.escape(line)}.*$", "\n".join(rest), re.MULTILINE):
            exec(given, found)
    body = re.search(rf"^(?:def {name}\(|{name} = ).*\n(?:[ }}].*\n|\}}\n|\n(?= ))*", cell, re.MULTILINE)
    assert body, name
    exec(body[0], found)
    return found


def a_falling_loss_shows_it(block: int) -> str:
    """With W transposed the loss falls below half of a guess's, and the gradient is wrong."""
    return opposite(share(ends_of_training("W transposed", seed=20 * block)[0] < np.log(2) / 2).word)


def the_lower_loss_is_the_right_one(block: int) -> str:
    end_of = defined("end_of")["end_of"]
    return opposite(share(end_of(updated=True, seed=block) < end_of(updated=False, seed=block)).word)


def random_numbers_leave_it_untrained(block: int) -> str:
    """Against a hidden layer that is left as drawn, at the rate that suits it best."""
    digits_right = defined("digits_right")["digits_right"]
    random, _ = digits_right("random numbers", seed=block)
    nothing, _ = digits_right("nothing", seed=block, eta=2.0)
    return opposite(share(random > nothing + 0.05).word)


def a_standstill_is_the_end(block: int) -> str:
    """The first output rests at the mean of its targets, and has learned them later."""
    early, late = defined("first_outputs")["first_outputs"](seed=block)
    rests = np.abs(early - 2 / 3).max(axis=1) < 0.1
    learned = np.abs(late - [1, 0, 1]).max(axis=1) < 0.1
    return opposite(share(rests & learned).word)


HERE = "test_lesson05_explorers.py::"
VERDICTS = {
    "A neuron takes the weighted sum, and then the average": Shown(f"{HERE}test_slips_of_texts_by_their_numbers"),
    r"For $C = (a - y)^2$, the last weight of a chain has the gradient $a^{(L-1)}\, \sigma'(z^{(L)})\, "
    r"2(a^{(L)} - y)$": Shown(f"{HERE}test_the_chain_of_the_lesson_has_the_factors_of_the_claim"),
    r"$\partial C/\partial w_{jk}$ is a sum over $j$": Shown(f"{HERE}test_slips_of_texts_by_their_numbers"),
    r"$\partial C/\partial a_k$ is a sum over $j$": Shown(f"{HERE}test_slips_of_texts_by_their_numbers"),
    r"$\partial C/\partial W_2 = (a - y)\, x$": Shown(f"{HERE}test_slips_of_texts_by_their_numbers"),
    r"$\partial z_2/\partial a_1$ is $W_2^T$": Shown(f"{HERE}test_a_jacobian_has_two_layouts"),
    "The transpose is cosmetic": Shown(f"{HERE}test_each_slip_has_its_own_numbers"),
    "Sigmoid with cross-entropy leaves $a - y$": Shown(
        f"{HERE}test_descent_on_cross_entropy_is_hebb_with_targets_minus_hebb"
    ),
    "Neurons that fire together wire together: descent does that": Shown(
        f"{HERE}test_descent_on_cross_entropy_is_hebb_with_targets_minus_hebb"
    ),
    "The gradient of a mean over samples is the mean of their gradients": Shown(
        f"{HERE}test_a_batch_has_the_mean_of_its_samples_gradients"
    ),
    "The first step of the worked example leads to .291027924": Shown(
        f"{HERE}test_only_the_updated_matrix_prints_the_published_loss"
    ),
    "A finite difference is always right": Shown(f"{HERE}test_a_kink_within_reach"),
    "A falling loss shows that the gradient is right": Measured(a_falling_loss_shows_it),
    "Of two programs, the one with the lower loss has the right gradient": Measured(the_lower_loss_is_the_right_one),
    "Random numbers in place of $W_2$ leave the hidden layer untrained": Measured(random_numbers_leave_it_untrained),
    "A script that computes gradients and prints a loss trains": Shown(f"{HERE}test_each_bug_has_its_effect"),
    "A sigmoid output can be trained to any target": Shown(
        f"{HERE}test_targets_out_of_reach_and_a_plateau_that_looks_like_an_end"
    ),
    "When the loss stands still, training is at its end": Measured(a_standstill_is_the_end),
}
