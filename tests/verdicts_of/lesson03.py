"""The verdicts of lesson 03, from the functions that its cells define: other starts, another split of the digits."""

import ast
from typing import Any

import numpy as np

from nbcore import MLP, digits, normal, share, softmax, tanh, zeros
from nbcore.datasets import Split
from tools import build_notebooks as bn
from verdicts_of import Measured, Shown, all_of, opposite

SOURCE = (bn.NOTEBOOKS / "src" / "03_zero_init_failure.py").read_text(encoding="utf-8")


def split(block: int) -> Split:
    """1,437 digits to learn from and 360 to test, by another shuffle in each block; block 0 is the lesson's."""
    X, labels = digits()
    order = np.random.default_rng(block).permutation(len(labels))
    learn, test = order[:1437], order[1437:]
    return Split(X[learn], labels[learn], np.eye(10)[labels[learn]], X[test], labels[test])


def lesson(block: int = 0) -> dict[str, Any]:
    """What the lesson imports and the functions that its cells define, with the digits split as in that block."""
    wanted = (ast.ImportFrom, ast.Import, ast.FunctionDef)
    tree = ast.parse(SOURCE)
    tree.body = [node for node in tree.body if isinstance(node, wanted)]
    names: dict[str, Any] = {}
    exec(compile(tree, "lesson 03", "exec"), names)
    names["data"] = split(block)
    return names


def large_random_beats_zeros(block: int) -> str:
    wrong = lesson(block)["wrong"]
    return share(wrong(normal(3), block) < wrong(zeros, block)).word


def larger_is_faster(block: int) -> str:
    """0.1 beside 0.001, which is slower, and beside 10, which is slower again."""
    learn = lesson(block)["learn"]
    small, middle, large = (
        learn(MLP([64, 16, 10], tanh, softmax, normal(scale), block, 20), 100, block) for scale in (0.001, 0.1, 10)
    )
    return share((small < middle) & (middle < large)).word


def any_difference_parts(block: int) -> str:
    """From 0.1 a difference of 1e-10 grows in all starts, from 0.5 in none."""
    parted = lesson(block)["parted"]
    return all_of(*(parted(hidden, c, block).word for hidden in ("sigmoid", "tanh") for c in (0.1, 0.5)))


def zero_biases_harm(block: int) -> str:
    right = lesson(block)["right"]
    return share(right("tanh", "W1", block=block) < right("tanh", "W1 b1", block=block) - 0.02).word


def some_weights_must_be_random(block: int) -> str:
    return opposite(share(lesson(block)["right"]("tanh", "b1", block=block) > 0.9).word)


def all_beats_last(block: int) -> str:
    """From random weights, and from a constant."""
    names = lesson(block)
    frozen = names["right"]("tanh", "W1", width=64, trained=False, block=block)
    random = names["right"]("tanh", "W1", width=64, block=block)
    return all_of(share(random > frozen).word, share(names["right_copies"](block) > frozen).word)


HERE = "test_lesson03_explorers.py"

VERDICTS = {
    "Starting from zeros always fails": Shown(
        f"{HERE}::test_softmax_regression_from_zeros_and_from_random_weights_agree"
    ),
    "Without a hidden layer, large random weights are better than zeros": Measured(large_random_beats_zeros),
    "From zeros, nothing in a hidden layer ever moves": Shown(
        f"{HERE}::test_sigmoid_from_zeros_moves_the_output_first_and_stays_copies"
    ),
    "From zeros, a tanh or ReLU network gets no gradient at all": Shown(
        f"{HERE}::test_tanh_and_relu_from_zeros_learn_the_class_frequencies_only"
    ),
    "From zeros, every output is 0": Shown(f"{HERE}::test_xor_from_zeros_never_moves"),
    "A constant other than zero makes the units differ": Shown(
        f"{HERE}::test_a_constant_start_gives_copies_for_every_activation"
    ),
    "Any tiny difference breaks the tie": Measured(any_difference_parts),
    "Only units of dense layers stay copies": Shown(f"{HERE}::test_two_filters_and_two_recurrent_units_stay_copies"),
    "The larger the weights, the faster the network learns": Measured(larger_is_faster),
    "Saturation stops the gradient": Shown(f"{HERE}::test_saturation_stops_the_gradient_or_raises_it"),
    "Xavier suits every activation": Shown(f"{HERE}::test_sigmoid_with_xavier_loses_gradient_layer_by_layer"),
    "Zero biases harm, even with random weights": Measured(zero_biases_harm),
    "Some weights must start at random": Measured(some_weights_must_be_random),
    "Training all layers beats training only the last": Measured(all_beats_last),
}
