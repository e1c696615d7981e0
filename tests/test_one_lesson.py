"""make test NB=01: all that is about lesson 01, and nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from nbcore import explore
from tools import build_notebooks as bn
from tools import one_lesson

ROOT = bn.NOTEBOOKS.parent
LESSONS = [source.stem[:2] for source in bn.find_sources(bn.NOTEBOOKS)]
STEMS = {source.stem[:2]: source.stem for source in bn.find_sources(bn.NOTEBOOKS)}

COLLECT = """
import json, sys, pytest
from tools.one_lesson import belongs

class Tell:
    def pytest_collection_finish(self, session):
        found = {lesson: [i.nodeid for i in session.items if belongs(i, lesson)] for lesson in sys.argv[1:]}
        print("FOUND" + json.dumps(found | {"all": [i.nodeid for i in session.items]}))

options = ["--collect-only", "-q", "--nbval", "--nbval-current-env", "--ignore=tests/browser", "tests", "notebooks"]
sys.exit(pytest.main(["-p", "no:cacheprovider", *options], plugins=[Tell()]))
"""


@pytest.fixture(scope="module")
def collected():
    """{lesson: the tests that belong to it}, and all that there are under "all"."""
    done = subprocess.run([sys.executable, "-c", COLLECT, *LESSONS], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return json.loads(re.search(r"^FOUND(.*)$", done.stdout, re.MULTILINE)[1])


def own(test, lesson):
    """What a test's own name says; of an explorer, that the lesson's text shows it or its module bears its name."""
    file, _, row = test.partition("::")
    stem, name = STEMS[lesson], re.search(r"\[(.*)]$", row)
    if file.endswith(".ipynb"):
        return file in (f"notebooks/{stem}.ipynb", f"notebooks/solutions/{stem}.ipynb")
    if file.endswith("test_lessons.py"):
        return name is not None and re.search(rf"(^|[-/]){stem}(\.ipynb)?$", name[1]) is not None
    if file.endswith("test_verdicts.py"):
        return name is not None and re.match(rf"{lesson}\b", name[1]) is not None
    if file.endswith("test_lesson_explorers.py"):
        explorer = next(one for one in explore.__all__ if name and re.search(rf"(^|-){one}\b", name[1]))
        shown = (bn.NOTEBOOKS / "src" / f"{stem}.py").read_text(encoding="utf-8")
        return f"explore.{explorer}(" in shown or getattr(explore, explorer).__module__.endswith(stem[3:])
    return lesson in file or one_lesson.UNNUMBERED[file.removeprefix("tests/")] == lesson


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_test_of_a_lesson_is_about_it(collected, lesson):
    assert collected[lesson]
    assert [test for test in collected[lesson] if not own(test, lesson)] == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_kind_of_test_is_there(collected, lesson):
    kinds = {
        "learner edition": rf"notebooks/{lesson}_",
        "solutions": rf"notebooks/solutions/{lesson}_",
        "of its own": rf"tests/test_lesson{lesson}\w*\.py",
        "form": r"tests/test_lessons\.py::test_form",
        "stored outputs": r"tests/test_lessons\.py::test_stored",
        "source": r"tests/test_lessons\.py::test_both_editions",
    }
    if lesson != "07":  # it has missions instead, and no explorer but the playground
        kinds["exercises"] = r"tests/test_exercises"
        kinds["explorers"] = r"tests/test_lesson_explorers\.py"
    if (ROOT / "tests" / "verdicts_of" / f"lesson{lesson}.py").exists():
        kinds["verdicts"] = r"tests/test_verdicts\.py"
    for kind, pattern in kinds.items():
        assert any(re.match(pattern, test) for test in collected[lesson]), kind


def test_each_row_belongs_to_one_lesson_and_the_rest_to_none(collected):
    chosen = [test for lesson in LESSONS for test in collected[lesson]]
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(collected["all"])
    rows = (
        r".*\.ipynb::",
        r"tests/test_lessons\.py::.*\d\d_[a-z]\w+(\.ipynb)?]$",
        r"tests/test_verdicts\.py::.*\[\d\d",
        r"tests/test_lesson_explorers\.py::.*\[",
        r"tests/test_(exercises|lesson\d\d|microscope)",
    )
    row = re.compile("|".join(rows))
    assert [test for test in collected["all"] if row.match(test) and test not in chosen] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="Windows has no make")
def test_make_selects_just_these(collected):
    environment = os.environ | {"PYTEST_ADDOPTS": "--collect-only -q -p no:cacheprovider"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    # The program that runs this in place of bootstrap.py, which would look for a .venv.
    run = f"RUN={sys.executable}"
    made = ["make", "--no-print-directory", "test", "NB=1", run, "ARGS=-n0"]
    done = subprocess.run(made, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert sorted(line for line in done.stdout.splitlines() if "::" in line) == sorted(collected["01"])


@pytest.mark.parametrize("wanted", ["8", "00", "xor", "-n0", ""])
def test_an_unknown_lesson_is_refused_with_those_that_exist(wanted, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["one_lesson.py", wanted])
    monkeypatch.setattr(one_lesson.subprocess, "call", lambda *args, **kwargs: pytest.fail("it ran"))
    with pytest.raises(SystemExit, match=rf"No lesson is called .*: {', '.join(LESSONS)} "):
        one_lesson.main()


@pytest.mark.parametrize("wanted", ["1", "01", "01_linear_vs_nonlinear", "notebooks/01_linear_vs_nonlinear.ipynb"])
def test_a_lesson_may_be_called_by_number_or_name(wanted, monkeypatch):
    ran = []
    monkeypatch.setattr(sys, "argv", ["one_lesson.py", wanted, "-x"])
    monkeypatch.setattr(one_lesson.subprocess, "call", lambda command, **kwargs: ran.append(command) or 0)
    assert one_lesson.main() == 0
    assert ran == [one_lesson.command("01", ["-x"])]
    assert ran[0][-1] == "-x"
