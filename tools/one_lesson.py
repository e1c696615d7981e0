"""Test one lesson and nothing else: make test NB=01.

Its two editions, the tests of its explorers and exercises, and its rows of the tests that all lessons share.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import learner

ROOT = Path(__file__).resolve().parent.parent

# Tables with rows for each lesson; tests/conftest.py picks those that belong.
SHARED = ("test_lessons.py", "test_verdicts.py", "test_lesson_explorers.py")
# Tests of one lesson that don't have its number in their name, and modules of explorers that don't have its name.
UNNUMBERED = {"test_exercises.py": "01", "test_microscope.py": "05"}
MODULES = {"microscope": "05"}


def notebooks(lesson: str) -> list[Path]:
    return sorted((ROOT / "notebooks").glob(f"{lesson}_*.ipynb")) + sorted(
        (ROOT / "notebooks" / "solutions").glob(f"{lesson}_*.ipynb")
    )


def own_tests(lesson: str) -> list[Path]:
    """The files of which every test is about this lesson."""
    tests = ROOT / "tests"
    numbered = [*tests.glob(f"test_lesson{lesson}*.py"), *tests.glob(f"test_exercises{lesson}*.py")]
    return sorted([*numbered, *(tests / name for name, whose in UNNUMBERED.items() if whose == lesson)])


def lesson_of(explorer: Any) -> str:
    """The number of the lesson for which an explorer's factory was written."""
    module = getattr(explorer, "func", explorer).__module__.rpartition(".")[2]
    found = [path.name[:2] for path in (ROOT / "notebooks" / "src").glob(f"[0-9][0-9]_{module}.py")]
    return found[0] if found else MODULES[module]


def belongs(item: Any, lesson: str) -> bool:
    """Whether a test that pytest has collected is about this lesson."""
    if item.path in (*notebooks(lesson), *own_tests(lesson)):
        return True
    if item.path.name not in SHARED:
        return False
    row = getattr(getattr(item, "callspec", None), "params", {})
    if "name" in row:
        return lesson_of(item.module.EXPLORERS[row["name"]]) == lesson
    if "lesson" in row:
        return bool(row["lesson"] == lesson)
    file = row.get("path", row.get("source"))
    return isinstance(file, Path) and file.name[:2] == lesson


def command(lesson: str, more: list[str]) -> list[str]:
    paths = [*notebooks(lesson), *own_tests(lesson), *(ROOT / "tests" / name for name in SHARED)]
    how = [
        "-n",
        "auto",
        "--dist",
        "loadscope",
        "--no-loadscope-reorder",
        "--nbval",
        "--nbval-current-env",
        "--lesson",
        lesson,
    ]
    return [sys.executable, "-m", "pytest", *how, *(str(path.relative_to(ROOT)) for path in paths), *more]


def main() -> int:
    wanted, *more = sys.argv[1:] or [""]
    try:
        lesson = learner.find_lesson(wanted).name[:2]
    except learner.LearnerError as error:
        sys.exit(str(error))
    return subprocess.call(command(lesson, more), cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
