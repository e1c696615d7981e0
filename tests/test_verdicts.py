"""Verdicts: the tool that refuses hasty ones, and each word of the closing tables measured on further starts."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from verdicts_of import BLOCKS, Measured, Shown

from nbcore import best_rate, share, spread
from tools import build_notebooks as bn

HERE = Path(__file__).resolve().parent
LESSONS = sorted(path.stem[-2:] for path in (HERE / "verdicts_of").glob("lesson[0-9][0-9].py"))
WORDS = ("true", "false", "partly", "depends")
SAID = re.compile(rf"^(?:{'|'.join(WORDS)})$|^depends \(\d+ of \d+\)$")

# ---- The tool


def test_a_share_counts_and_has_a_word():
    for held, word in ((20, "true"), (15, "true"), (14, "depends"), (6, "depends"), (5, "false"), (0, "false")):
        found = share(np.arange(20) < held)
        assert (str(found), found.word) == (f"{held} of 20", word)
    assert str(share(np.ones((4, 5), bool))) == "20 of 20"


def test_too_few_starts_say_nothing():
    for few in (share, lambda held: spread(held.astype(float))):
        with pytest.raises(ValueError, match="at least 20 starts, got 19"):
            few(np.ones(19, bool))
    with pytest.raises(TypeError, match=r"True or False .* got dtype float64"):
        share(np.ones(20))


def test_a_spread_is_made_of_starts():
    assert spread(np.arange(1, 22)) == "11 (3 to 19)"
    assert spread([*range(1, 17), *[np.inf] * 5]) == "11 (3 to never)"
    assert spread(np.full(20, np.inf)) == "never (never to never)"
    assert spread(np.arange(20) / 100, ".0%") == "10% (2% to 18%)"
    with pytest.raises(ValueError, match="got nan"):
        spread([np.nan] * 20)


def test_a_best_rate_lies_inside_its_grid():
    assert best_rate([0.1, 0.2, 0.4, 0.8], [9, 5, 7, np.inf]) == 0.2
    assert best_rate([0.1, 0.2, 0.4], [9, 5, np.nan]) == 0.2
    with pytest.raises(ValueError, match=r"which is 0.4, at the edge: add larger ones"):
        best_rate([0.1, 0.2, 0.4], [9, 7, 5])
    with pytest.raises(ValueError, match=r"which is 0.1, at the edge: add smaller ones"):
        best_rate([0.1, 0.2, 0.4], [1, 7, 5])
    with pytest.raises(ValueError, match="at one rate at least, got none"):
        best_rate([0.1, 0.2, 0.4], [np.inf, np.nan, np.inf])
    with pytest.raises(ValueError, match="must rise"):
        best_rate([0.2, 0.1, 0.4], [1, 2, 3])
    with pytest.raises(ValueError, match="of one length, at least 3"):
        best_rate([0.1, 0.2], [1, 2])


# ---- The closing tables


def table(lesson: str) -> dict[str, str]:
    """{belief: verdict}, from the closing table of a lesson's source. A row that is not of three cells: an error."""
    source = next((bn.NOTEBOOKS / "src").glob(f"{lesson}_*.py")).read_text(encoding="utf-8")
    after = source.partition("# | belief | verdict | where you saw it |\n# |---|---|---|\n")[2]
    rows = [line.removeprefix("# ") for line in after.split("\n#\n")[0].splitlines() if line.startswith("# |")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    assert cells, f"no table in lesson {lesson}"
    assert all(len(row) == 3 for row in cells), [row for row in cells if len(row) != 3]
    return {belief: verdict for belief, verdict, _ in cells}


def held_by(lesson: str) -> dict[str, Shown | Measured]:
    return importlib.import_module(f"verdicts_of.lesson{lesson}").VERDICTS


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_row_of_a_closing_table_is_held(lesson):
    assert list(table(lesson)) == list(held_by(lesson))


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_verdict_is_one_word(lesson):
    assert [verdict for verdict in table(lesson).values() if not SAID.match(verdict)] == []


@pytest.mark.parametrize(
    ("lesson", "belief", "test"),
    [(n, belief, held.test) for n in LESSONS for belief, held in held_by(n).items() if isinstance(held, Shown)],
)
def test_what_is_shown_has_its_test(lesson, belief, test):
    file, _, name = test.partition("::")
    assert re.search(rf"^ *def {name}\(", (HERE / file).read_text(encoding="utf-8"), re.MULTILINE), test


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize(
    ("lesson", "belief"),
    [(n, belief) for n in LESSONS for belief, held in held_by(n).items() if isinstance(held, Measured)],
)
def test_other_starts_give_the_same_word(lesson, belief, block):
    held = held_by(lesson)[belief]
    assert isinstance(held, Measured)
    assert held.measure(block) == table(lesson)[belief].split()[0]
