"""Lesson 01: all that its table says is shown, but for what training finds."""

import ast

import numpy as np

import nbcore
from nbcore import share
from tools import build_notebooks as bn
from verdicts_of import Measured, Shown


def learn_tent3(width: int, block: int) -> np.ndarray:
    """The lesson's own function: of 20 starts, the rms error relative to that of a constant."""
    source = (bn.NOTEBOOKS / "src" / "01_linear_vs_nonlinear.py").read_text(encoding="utf-8")
    cell = next(cell for cell in source.split("# %%\n") if "def learn_tent3(" in cell).partition("# %% ")[0]
    function = next(node for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef))
    names = {**vars(nbcore), "np": np}
    exec(compile(ast.Module([function], []), "lesson 01", "exec"), names)
    return names["learn_tent3"](width, block)


def training_finds_what_exists(block: int) -> str:
    """Networks that are just large enough, which hold T(T(T(x))) without error."""
    return share(learn_tent3(2, block) < 1 / 3).word


VERDICTS = {
    "Depth alone makes a network powerful": Shown(
        "test_lesson01_explorers.py::test_linear_layers_collapse_into_one_at_every_corner"
    ),
    "A sigmoid output bends the boundary": Shown(
        "test_lesson01_explorers.py::test_a_monotone_activation_never_gets_all_four"
    ),
    "No single neuron can do XOR": Shown("test_lesson01_explorers.py::test_a_silu_neuron_separates_xor"),
    "Universality needs a squashing activation": Shown(
        "test_lesson01_explorers.py::test_the_error_falls_with_the_width"
    ),
    "A universal network extrapolates": Shown(
        "test_lesson01_explorers.py::test_nothing_is_promised_outside_the_interval"
    ),
    "The same units can draw more pieces in layers than side by side": Shown(
        "test_lesson01_explorers.py::test_depth_multiplies_pieces_and_width_adds_them"
    ),
    "What a network can represent, training finds": Measured(training_finds_what_exists),
}
