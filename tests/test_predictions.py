"""The lessons' predictions can't be gamed: where the right option stands, and how long it is, gives nothing away."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tools import build_notebooks as bn


@dataclass(frozen=True)
class Question:
    lesson: str
    key: str
    options: tuple[str, ...]
    right: int

    @property
    def position(self) -> str:
        last = self.right == len(self.options) - 1
        return "first" if self.right == 0 else "last" if last else "in the middle"

    @property
    def longest(self) -> bool:
        """Whether the right option is longer than each of the others."""
        return all(len(self.options[self.right]) > len(o) for k, o in enumerate(self.options) if k != self.right)


def table(tree: ast.AST, name: str) -> dict[str, ast.Tuple]:
    """The rows of each `explore.name(..., {key: (...)})`."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [call.args[1] for call in calls if getattr(call.func, "attr", "") == name]
    return {key.value: row for rows in found for key, row in zip(rows.keys, rows.values, strict=True)}


def text(node: ast.expr) -> str:
    """What an option says; of what is computed only the words around it."""
    return "".join(
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def index(node: ast.expr) -> int:
    """The right option; of `2 if condition else 1` the first, which is what the lesson says."""
    return int(ast.literal_eval(node.body if isinstance(node, ast.IfExp) else node))


def questions(lesson: str, source: str) -> list[Question]:
    tree = ast.parse(source)
    asked, scored = table(tree, "Predict"), table(tree, "Score")
    assert set(asked) == set(scored), f"{lesson}: asked {set(asked)}, scored {set(scored)}"
    return [
        Question(lesson, key, tuple(map(text, asked[key].elts[1].elts)), index(scored[key].elts[0])) for key in asked
    ]


def faults(found: list[Question]) -> Iterator[str]:
    total = len(found)
    positions = Counter(question.position for question in found)
    for position, limit in (("first", 0.5), ("in the middle", 0.5), ("last", 0.4)):
        if positions[position] > limit * total:
            yield f"{positions[position]} of {total} right options stand {position}, more than {limit:.0%}"
    for lesson in sorted({question.lesson for question in found}):
        where = [question.position for question in found if question.lesson == lesson]
        if len(where) > 1 and len(set(where)) == 1:
            yield f"lesson {lesson}: all {len(where)} right options stand {where[0]}"
    longest = [f"{question.lesson} {question.key}" for question in found if question.longest]
    if len(longest) > 0.5 * total:
        yield f"{len(longest)} of {total} right options are the longest, more than half: {', '.join(longest)}"


def test_right_options_are_spread_over_the_series():
    sources = bn.find_sources(bn.NOTEBOOKS)
    found = [one for path in sources for one in questions(path.stem[:2], path.read_text(encoding="utf-8"))]
    assert len({question.lesson for question in found}) == len(sources)
    assert list(faults(found)) == []


# --- Planted faults -------------------------------------------------------------------------------------

LESSON = """
# %% [markdown]
# Guess.

# %%
guesses = explore.Predict("01", {
    "bend": ("Does it "
             "bend?", ["yes", "no, "
                       "never", "a bit"]),
    "lines": ("How many?", [f"about {n}", "one", "two", "many"]),
})
guesses

# %%
explore.Score(guesses, {
    "bend": (1 if gap < 1e-12 else 2, f"It is {gap}."), "lines": (3, "Many.")})
"""


def test_a_source_is_read():
    bend, lines = questions("01", LESSON)
    assert bend == Question("01", "bend", ("yes", "no, never", "a bit"), 1)
    assert lines == Question("01", "lines", ("about ", "one", "two", "many"), 3)
    assert [(one.position, one.longest) for one in (bend, lines)] == [("in the middle", True), ("last", False)]


def test_a_question_that_is_never_scored_is_seen():
    with pytest.raises(AssertionError, match="asked"):
        questions("01", LESSON.replace(', "lines": (3, "Many.")', ""))


def series(*places: int, longest: int = 0) -> list[Question]:
    """Questions with four options, two a lesson, of which the first few have a right one that is the longest."""
    return [
        Question(
            f"{k // 2:02}", "q", tuple("longer" if (o == right) == (k < longest) else "short" for o in range(4)), right
        )
        for k, right in enumerate(places)
    ]


GOOD = (0, 1, 3, 2, 0, 3, 1, 3, 2, 0)


def test_a_good_series_passes():
    assert list(faults(series(*GOOD, longest=5))) == []


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (
            series(0, 1, 0, 1, 0, 3, 0, 3, 0, 0),
            ["6 of 10 right options stand first, more than 50%", "lesson 04: all 2"],
        ),
        (series(1, 0, 2, 0, 1, 3, 1, 3, 2, 1), ["6 of 10 right options stand in the middle", "lesson 04: all 2"]),
        (series(3, 0, 3, 0, 3, 1, 3, 2, 0, 3), ["5 of 10 right options stand last, more than 40%"]),
        (series(0, 1, 3, 2, 0, 3, 1, 2, 3, 0), ["lesson 03: all 2 right options stand in the middle"]),
        (series(*GOOD, longest=6), ["6 of 10 right options are the longest, more than half: 00 q, 00 q, 01 q"]),
    ],
    ids=["first", "middle", "last", "one lesson", "longest"],
)
def test_a_planted_fault_is_seen(planted, said):
    found = list(faults(planted))
    assert len(found) == len(said)
    assert all(words in fault for words, fault in zip(said, found, strict=True))
