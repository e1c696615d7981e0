"""Lesson 07: its own cells, run from other starts and on other data."""

import contextlib
import io
from functools import cache
from typing import Any

import numpy as np

from nbcore import share
from nbcore.play import Settings, sweep
from tools import build_notebooks as bn
from verdicts_of import Measured, Shown, all_of, holds, opposite

LESSON = bn.NOTEBOOKS / "07_playground.ipynb"


@cache
def cells_of_the_lesson() -> tuple[str, ...]:
    return tuple(cell.source for cell in bn.read(LESSON).cells if cell.cell_type == "code")


@cache
def measured(block: int, *marks: str) -> dict[str, Any]:
    """What the cells that begin with these marks leave behind, run with the starts and the points of a block."""
    sources = cells_of_the_lesson()
    there: dict[str, Any] = {}
    exec(sources[0], there)
    there["starts"] = range(20 * block, 20 * block + 20)
    there["Settings"] = lambda **fields: Settings(**{"data_seed": block} | fields)
    for mark in marks:
        (source,) = (source for source in sources if source.startswith(mark))
        source = source.partition("\nfor phi in")[0] if mark == "starts =" else source  # only what it defines
        with contextlib.redirect_stdout(io.StringIO()):
            exec(source.replace("starts = range(20)", ""), there)
    return there


def one_run(block: int) -> str:
    right = measured(block, "starts =")["right"]
    relu, tanh = (right(phi, 3, block) for phi in ("relu", "tanh"))
    return holds("true" in (share(relu > tanh).word, share(relu < tanh).word))


def cross_entropy(block: int) -> str:
    good = measured(block, "rates, good =")["good"]
    assert good["A"][1.0] == good["B"][1.0] == "true"  # each can
    return all_of(*(holds(good["B"][eta] == "true" and good["A"][eta] != "true") for eta in (0.1, 10.0)))


def seen(block: int) -> str:
    s = Settings(hidden=((16, "relu"),), output="identity", loss="mse", eta=3.0, data_seed=block)
    *_, end = sweep(s, ("seed", range(20 * block, 20 * block + 20)), ("width", [16]), 500)
    tanh = measured(block, "ends, grid =")["ends"]["tanh"].result
    assert share(tanh.score_test >= 0.95).word == "false"  # lost, though nothing overflows
    return all_of(share(end.result.diverged >= 0).word, share(tanh.diverged >= 0).word)


def cross_entropy_holds(block: int) -> str:
    return opposite(share(measured(block, "ends, grid =")["ends"]["leaky_relu"].result.diverged >= 0).word)


def deep_sigmoids(block: int) -> str:
    beyond = measured(block, "six =", "(line :=")["beyond"]
    learned = [max((n for (name, _), n in beyond.items() if name == which), key=lambda n: n.held)
               for which in ("sgd", "adam")]  # fmt: skip
    return all_of(*(opposite(n.word) for n in learned))


def found(block: int) -> Any:
    return measured(block, "def ratio", "p, found =")["found"][1.0]


def ratio_from_the_start(block: int) -> str:
    first, _, _, well = found(block)
    return opposite(share((first > 0.01) & well).word)


def a_few_dead(block: int) -> str:
    _, _, dead, well = found(block)
    assert (dead > 0).sum() >= 10
    assert dead.max() < 8
    return share((dead > 0) & ~well).word


def swept(block: int) -> dict[str, Any]:
    return measured(block, "rates, widths, losses =")


def as_well(block: int) -> str:
    there = swept(block)
    return share(there["kept"] <= there["promised"]).word


def one_width(block: int) -> str:
    narrow, wide = (row.argmin() for row in swept(block)["at"].values())
    return holds(narrow == wide)


def low_training_loss(block: int) -> str:
    there = measured(block, "images, labels =", "words =", "begin, parts =")
    loss, tested = (np.median(there[name], axis=1) for name in ("loss", "tested"))
    return opposite(holds(loss.argmin() == 0 and tested.argmax() == 0))


VERDICTS = {
    "If two runs end differently, the setting made the difference": Shown(
        "test_lesson07.py::test_a_setting_makes_the_difference_only_from_the_same_start"
    ),
    "One run shows which setting is better": Measured(one_run),
    "Two different losses can be compared by their numbers": Shown(
        "test_lesson07.py::test_the_lower_loss_is_the_worse_network"
    ),
    "Cross-entropy is better than squared error": Measured(cross_entropy),
    r"A good $\eta$ stays good when data are added": Shown("test_lesson07.py::test_a_sum_behaves_like_eta_n"),
    "Too large a rate overflows, and you see it": Measured(seen),
    "Cross-entropy can't overflow": Measured(cross_entropy_holds),
    "Deep networks of sigmoids can't learn": Measured(deep_sigmoids),
    "Update ÷ weight must be 0.001 from the start on": Measured(ratio_from_the_start),
    "A few dead units spoil a network": Measured(a_few_dead),
    "The best cell of a sweep does as well from another start": Measured(as_well),
    "The best width is the same at every rate": Measured(one_width),
    "A low training loss is a good sign": Measured(low_training_loss),
}
