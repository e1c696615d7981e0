"""The learner's copies: nothing that a learner typed is ever overwritten."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import learner

PROJECT = Path(__file__).resolve().parents[1]


def notebook(*texts: str, **more) -> str:
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": text, **more} for text in texts]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with two lessons, in their first edition, not yet copied."""
    (tmp_path / "notebooks").mkdir()
    publish(tmp_path, "first edition")
    (tmp_path / "notebooks" / "02_next.ipynb").write_text(notebook("second lesson"))
    (tmp_path / "notebooks" / "draft.ipynb").write_text(notebook("no lesson"))
    return tmp_path


def publish(root: Path, *texts: str) -> None:
    (root / "notebooks" / "01_first.ipynb").write_text(notebook(*texts))


def type_in(root: Path, text: str, name: str = "01_first.ipynb") -> str:
    """What a learner does: change a cell, and save."""
    content = notebook(text)
    (root / "my" / name).write_text(content)
    return content


def my(root: Path) -> dict[str, str]:
    """All notebooks in my/, by name: the text of their first cell (or the raw content, if broken)."""
    found = {}
    for path in sorted((root / "my").glob("*.ipynb")):
        try:
            found[path.name] = "".join(json.loads(path.read_text())["cells"][0]["source"])
        except (ValueError, KeyError, TypeError):
            found[path.name] = path.read_text()
    return found


def test_makes_a_copy_of_each_lesson(root):
    assert learner.update(root) == []
    assert my(root) == {"01_first.ipynb": "first edition", "02_next.ipynb": "second lesson"}
    original = (root / "notebooks" / "01_first.ipynb").read_bytes()
    assert (root / "my" / "01_first.ipynb").read_bytes() == original


def test_second_run_changes_nothing(root):
    learner.update(root)
    before = {path: path.stat().st_mtime_ns for path in (root / "my").iterdir()}
    assert learner.update(root) == []
    assert {path: path.stat().st_mtime_ns for path in (root / "my").iterdir()} == before


def test_refreshes_an_unedited_copy(root):
    learner.update(root)
    publish(root, "second edition")
    (news,) = learner.update(root)
    assert "refreshed" in news
    assert my(root)["01_first.ipynb"] == "second edition"


def test_a_copy_that_was_only_run_counts_as_unedited(root):
    learner.update(root)
    # JupyterLab stores the text as a list of lines, an execution count, and outputs
    run = json.loads(notebook("x"))
    run["cells"][0] |= {"source": ["first edition"], "execution_count": 3, "outputs": [{"name": "stdout"}]}
    (root / "my" / "01_first.ipynb").write_text(json.dumps(run))
    assert learner.update(root) == []
    publish(root, "second edition")
    learner.update(root)
    assert my(root) == {"01_first.ipynb": "second edition", "02_next.ipynb": "second lesson"}


def test_lays_a_newer_edition_beside_an_edited_copy_once(root):
    learner.update(root)
    work = type_in(root, "my work")
    assert learner.update(root) == []  # nothing is newer
    publish(root, "second edition")
    (news,) = learner.update(root)
    assert "my/01_first.new-edition-1.ipynb" in news
    assert my(root)["01_first.new-edition-1.ipynb"] == "second edition"
    assert (root / "my" / "01_first.ipynb").read_text() == work
    assert learner.update(root) == []

    (root / "my" / "01_first.new-edition-1.ipynb").unlink()  # not wanted: it doesn't come back
    assert learner.update(root) == []
    assert "01_first.new-edition-1.ipynb" not in my(root)


def test_a_third_edition_replaces_the_second_unless_that_was_edited(root):
    learner.update(root)
    type_in(root, "my work")
    publish(root, "second edition")
    learner.update(root)
    publish(root, "third edition")
    learner.update(root)
    assert my(root)["01_first.new-edition-1.ipynb"] == "third edition"

    type_in(root, "work in the third", "01_first.new-edition-1.ipynb")
    publish(root, "fourth edition")
    learner.update(root)
    assert my(root) == {
        "01_first.ipynb": "my work",
        "01_first.new-edition-1.ipynb": "work in the third",
        "01_first.new-edition-2.ipynb": "fourth edition",
        "02_next.ipynb": "second lesson",
    }


def test_a_changed_cell_type_is_an_edit(root):
    learner.update(root)
    (root / "my" / "01_first.ipynb").write_text(notebook("first edition", cell_type="raw"))
    publish(root, "second edition")
    learner.update(root)
    assert my(root)["01_first.ipynb"] == "first edition"


@pytest.mark.parametrize(
    "damage", [None, "", "{", "[]", '"text"', "null", '{"01_first.ipynb": 3}', '{"01_first.ipynb": {"from": 7}}']
)
def test_a_lost_record_costs_no_work(root, damage):
    learner.update(root)
    type_in(root, "my work")
    record = root / "my" / ".editions.json"
    record.unlink() if damage is None else record.write_text(damage)
    publish(root, "second edition")
    learner.update(root)
    assert my(root) == {
        "01_first.ipynb": "my work",
        "01_first.new-edition-1.ipynb": "second edition",
        "02_next.ipynb": "second lesson",
    }
    assert learner.update(root) == []
    publish(root, "third edition")
    learner.update(root)
    assert my(root)["01_first.ipynb"] == "my work"


def test_a_damaged_record_is_mended_from_unedited_copies(root):
    learner.update(root)
    (root / "my" / ".editions.json").write_text("{")
    learner.update(root)
    publish(root, "second edition")
    learner.update(root)
    assert my(root) == {"01_first.ipynb": "second edition", "02_next.ipynb": "second lesson"}


@pytest.mark.parametrize("content", ["half a noteb", "", "[]", '{"cells": 3}', '{"cells": [{}]}'])
def test_a_broken_copy_is_left_alone(root, content):
    learner.update(root)
    (root / "my" / "01_first.ipynb").write_text(content)
    publish(root, "second edition")
    learner.update(root)
    assert (root / "my" / "01_first.ipynb").read_text() == content
    assert my(root)["01_first.new-edition-1.ipynb"] == "second edition"


def test_a_broken_lesson_is_named_and_copies_stay(root):
    learner.update(root)
    (root / "notebooks" / "01_first.ipynb").write_text("<<<<<<< HEAD")
    (news,) = learner.update(root)
    assert "notebooks/01_first.ipynb cannot be read" in news
    assert my(root)["01_first.ipynb"] == "first edition"
    with pytest.raises(learner.LearnerError, match="cannot be read"):
        learner.reset("01", root)
    assert my(root)["01_first.ipynb"] == "first edition"


def test_answers_and_other_files_are_never_touched(root):
    learner.update(root)
    theirs = {".answers.json": "guesses", "notes.txt": "mine", "01_first-mine.ipynb": "also mine"}
    for name, text in theirs.items():
        (root / "my" / name).write_text(text)
    publish(root, "second edition")
    learner.update(root)
    learner.reset("01", root)
    assert {name: (root / "my" / name).read_text() for name in theirs} == theirs


def test_a_failed_write_leaves_the_old_copy(root, monkeypatch):
    learner.update(root)
    publish(root, "second edition")
    before = sorted(os.listdir(root / "my"))

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="No space"):
        learner.update(root)
    assert sorted(os.listdir(root / "my")) == before
    assert my(root)["01_first.ipynb"] == "first edition"


def test_reset_keeps_every_old_copy(root):
    learner.update(root)
    for number in (1, 2, 3):
        type_in(root, f"work {number}")
        news = learner.reset("01", root)
        assert f"my/01_first.backup-{number}.ipynb" in news[0]
    assert my(root) == {
        "01_first.backup-1.ipynb": "work 1",
        "01_first.backup-2.ipynb": "work 2",
        "01_first.backup-3.ipynb": "work 3",
        "01_first.ipynb": "first edition",
        "02_next.ipynb": "second lesson",
    }
    publish(root, "second edition")  # the fresh copy counts as unedited
    learner.update(root)
    assert my(root)["01_first.ipynb"] == "second edition"


def test_reset_without_a_copy_makes_one(root):
    assert learner.reset("1", root) == ["my/01_first.ipynb is a fresh copy."]
    assert my(root) == {"01_first.ipynb": "first edition"}


@pytest.mark.parametrize("wanted", ["1", "01", "01_first", "01_first.ipynb", "my/01_first.ipynb", " 01 "])
def test_finds_a_lesson(root, wanted):
    assert learner.find_lesson(wanted, root).name == "01_first.ipynb"


@pytest.mark.parametrize("wanted", ["", "3", "0", "draft", "first", "012", "-1"])
def test_names_the_lessons_there_are(root, wanted):
    with pytest.raises(learner.LearnerError, match=r"01, 02") as error:
        learner.find_lesson(wanted, root)
    assert repr(wanted) in str(error.value)


def test_command_line(root):
    (root / "tools").mkdir()
    script = root / "tools" / "learner.py"
    script.write_text((PROJECT / "tools" / "learner.py").read_text(encoding="utf-8"), encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True)

    assert run().returncode == 0
    assert set(my(root)) == {"01_first.ipynb", "02_next.ipynb"}
    assert "fresh copy" in run("reset", "02").stdout
    lost = run("reset")
    assert lost.returncode == 1
    assert lost.stderr.startswith("No lesson is called ''")
    assert "Traceback" not in lost.stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        (
            '{\n<<<<<<< HEAD\n "cells": [],\n=======\n "cells": [1],\n>>>>>>> theirs\n}',
            "holds marks of a merge conflict",
        ),
        ('{"cells": [{"cell_ty', "is no notebook"),
        ("[]", "is no notebook"),
    ],
)
def test_a_copy_that_is_no_notebook_is_told_with_the_way_out(root, content, why):
    learner.update(root)
    (root / "my" / "01_first.ipynb").write_text(content)
    (news,) = learner.update(root)
    assert f"my/01_first.ipynb {why}" in news
    assert "make reset NB=01 gives you a fresh copy and keeps this one" in news
    learner.reset("01", root)
    assert learner.update(root) == []
    assert my(root)["01_first.backup-1.ipynb"] == content


def test_a_folder_in_the_place_of_a_copy_is_told(root):
    (root / "my" / "01_first.ipynb").mkdir(parents=True)
    (news,) = learner.update(root)
    assert "my/01_first.ipynb is a folder. make reset NB=01" in news


def test_a_copy_that_can_t_be_written_is_told(root, monkeypatch):
    """root may write everywhere, so the system's answer is played."""
    learner.update(root)
    denied = root / "my" / "01_first.ipynb"
    allowed = os.access
    monkeypatch.setattr(learner.os, "access", lambda path, how: path != denied and allowed(path, how))
    (news,) = learner.update(root)
    assert "my/01_first.ipynb can't be written" in news
    assert "chmod u+w my/01_first.ipynb" in news


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_copies_are_as_private_as_the_user_wants_them(root, mask, mode):
    before = os.umask(mask)
    try:
        learner.update(root)
        assert learner.umask() == mask
    finally:
        os.umask(before)
    assert (root / "my" / "01_first.ipynb").stat().st_mode & 0o777 == mode


def test_a_full_disk_is_called_so():
    assert "the disk is full" in learner.not_written(OSError(errno.ENOSPC, "No space left on device"))
    assert "chmod u+w my" in learner.not_written(OSError(errno.EROFS, "Read-only file system"))


def test_jupyter_gets_a_place_of_its_own_where_the_home_folder_can_t_be_written(tmp_path):
    (tmp_path / "home").mkdir()
    code = (
        "import os, sys; sys.path.insert(0, 'tools'); import lab\n"
        "allowed, home = os.access, os.environ['HOME']\n"
        "os.access = lambda path, how: not str(path).startswith(home) and allowed(path, how)\n"
        "print(*lab.where_jupyter_writes()); places = [os.environ[name] for name in lab.jupyter_folders()]\n"
        "mode = oct(os.stat(os.path.dirname(places[0])).st_mode)[-3:]\n"
        "print(any(place.startswith(home) for place in places), mode)\n"
        "os.access = allowed; print(lab.where_jupyter_writes())"
    )
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER_", "XDG_", "IPYTHON", "MPL"))
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=kept | {"HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    told, outside, nothing = done.stdout.splitlines()
    assert told.startswith("Your home folder can't be written")
    assert outside == "False 700"
    assert nothing == "[]"
