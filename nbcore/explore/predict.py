"""Guess first: questions whose answers the learner commits to, kept in `my/`, and scored later.

What a guess was shows in the page only. The text stored in a notebook is the same whoever ran it.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets as t

from nbcore.explore.picture import HERE, script, this_cell

CHANGED = "This question has changed since you guessed."

_lock = threading.Lock()
MOST_LETTERS = 1_000_000  # of an answers file: a hundred times as many as all guesses need


def answers_file() -> pathlib.Path:
    """Where guesses are kept: NBCORE_ANSWERS if set, else .answers.json in `my/`, else beside the notebook.

    A notebook in `my/` uses that folder; one under `notebooks/` uses the `my/` next to it. Where that can't be written,
    as with lessons that a class shares, guesses are kept in the user's own data folder.
    """
    if os.environ.get("NBCORE_ANSWERS"):
        return pathlib.Path(os.environ["NBCORE_ANSWERS"])
    place = here = pathlib.Path.cwd()
    for folder in (here, *here.parents):
        if folder.name == "my" and _holds_copies(folder):
            place = folder
            break
        if (folder / "notebooks").is_dir() and (folder / "nbcore").is_dir():
            place = folder / "my"
            break
    return place / ".answers.json" if _writable(place) else user_folder() / "answers.json"


def _holds_copies(folder: pathlib.Path) -> bool:
    """Whether a folder named my is the one of a learner's copies, and nobody's else."""
    return (folder / ".editions.json").exists() or (folder.parent / "notebooks").is_dir()


def _writable(folder: pathlib.Path) -> bool:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def user_folder() -> pathlib.Path:
    """The folder in which this user's programs keep what they know, for nbcore."""
    home = pathlib.Path.home()
    if sys.platform == "win32":
        base = pathlib.Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = pathlib.Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "nbcore"


def read_answers() -> dict[str, dict[str, Any]]:
    """All guesses, {lesson: {question: text of the option}}; empty when there are none.

    Older editions kept the number of the option, which says nothing once options have moved. A file that can't be
    read: ValueError.
    """
    try:
        with answers_file().open(encoding="utf-8") as file:
            text = file.read(MOST_LETTERS + 1)
        if len(text) > MOST_LETTERS:
            raise ValueError("it is far too large")
        kept = json.loads(text)
        if not isinstance(kept, dict) or not all(isinstance(v, dict) for v in kept.values()):
            raise ValueError("not a table of lessons")
        return kept
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{answers_file().name} can't be read ({error}); rename it to start afresh") from error


def write_answers(lesson: str, guesses: Mapping[str, str]) -> None:
    """Keeps guesses of one lesson, leaving all others; in one step, so that no crash can lose any."""
    with _lock:
        kept = read_answers()
        kept[lesson] = {**kept.get(lesson, {}), **guesses}
        path = answers_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".answers-", suffix=".json")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file, indent=1, sort_keys=True)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise


class Quiz(anywidget.AnyWidget):
    """The page's side of Predict and Score."""

    _esm = script("predict.js")
    _css = HERE / "explore.css"

    kind = t.Unicode().tag(sync=True)
    title = t.Unicode().tag(sync=True)
    questions: t.List = t.List().tag(sync=True)
    guesses = t.Dict().tag(sync=True)
    changed = t.Dict().tag(sync=True)  # what to say of kept guesses that are no option any more
    saved = t.Unicode().tag(sync=True)

    def view(self) -> dict[str, Any]:
        return {"version_major": 2, "version_minor": 0, "model_id": self.model_id}


class Predict:
    """Questions with options, {key: (question, options)}, answered before the lesson shows what is true.

    Guesses are saved when the learner commits, by the text of the option, so that a lesson may re-order its options.
    A kept guess that is no option any more is not shown, and stays kept until the next commit. Raises ValueError for
    a question with fewer than two options, or with two that are the same.
    """

    def __init__(self, lesson: str, questions: Mapping[str, tuple[str, Sequence[str]]]) -> None:
        for key, (_, options) in questions.items():
            if len(options) < 2:
                raise ValueError(f"question {key!r} must have at least two options, got {list(options)}")
            if len(set(options)) < len(options):
                raise ValueError(f"the options of question {key!r} must differ, got {list(options)}")
        self.lesson, self.questions = lesson, {key: (q, list(options)) for key, (q, options) in questions.items()}
        self.quiz = Quiz(
            kind="predict",
            title="Commit to a guess",
            questions=[{"key": k, "question": q, "options": o} for k, (q, o) in self.questions.items()],
        )
        try:
            kept = {k: v for k, v in read_answers().get(lesson, {}).items() if k in self.questions}
            fits = {k: v for k, v in kept.items() if v in self.questions[k][1]}
            self.quiz.guesses = {k: self.questions[k][1].index(v) for k, v in fits.items()}
            self.quiz.changed = {k: CHANGED for k in kept if k not in fits}
            self.quiz.saved = "Your guesses are kept. They are scored at the end." if self.quiz.guesses else ""
        except ValueError as error:
            self.quiz.saved = f"Not loaded: {error}."
        self.quiz.on_msg(self._told)

    def _has(self, key: str, option: Any) -> bool:
        return type(option) is int and key in self.questions and option in range(len(self.questions[key][1]))

    def _told(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        if "commit" in content:
            self.commit(**content["commit"])

    def commit(self, **guesses: int) -> None:
        """Keeps guesses, {key: number of the option}. What could not be saved is said in the page."""
        for key, option in guesses.items():
            if not self._has(key, option):
                raise ValueError(f"there is no option {option} to question {key!r}")
        try:
            write_answers(self.lesson, {key: self.questions[key][1][option] for key, option in guesses.items()})
            self.quiz.guesses = {**self.quiz.guesses, **guesses}
            self.quiz.changed = {k: v for k, v in self.quiz.changed.items() if k not in guesses}
            self.quiz.saved = "Kept. Your guesses are scored at the end of the lesson."
        except (OSError, ValueError) as error:
            self.quiz.saved = f"Not saved: {error}."

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "text/plain": repr(self),
            "application/vnd.jupyter.widget-view+json": this_cell(self.quiz).view(),
        }

    def __repr__(self) -> str:
        return f"Predict: {len(self.questions)} questions (answer them in the live notebook)"


class Score:
    """The learner's guesses beside what came out: {key: (question's short name, options, right, because)}."""

    def __init__(self, predict: Predict, right: Mapping[str, tuple[int, str]]) -> None:
        for key, (option, _) in right.items():
            if key not in predict.questions or option not in range(len(predict.questions[key][1])):
                raise ValueError(f"there is no option {option} to question {key!r}")
        self.quiz = Quiz(
            kind="score",
            title="Your guesses, scored",
            questions=[
                {"key": k, "question": q, "options": o, "right": right[k][0], "because": right[k][1]}
                for k, (q, o) in predict.questions.items()
                if k in right
            ],
        )
        self._take(predict.quiz)
        # Guesses may be kept after Run All.
        predict.quiz.observe(lambda change: self._take(predict.quiz), ["guesses", "changed", "saved"])

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "text/plain": repr(self),
            "application/vnd.jupyter.widget-view+json": this_cell(self.quiz).view(),
        }

    def _take(self, asked: Quiz) -> None:
        self.quiz.guesses, self.quiz.changed = asked.guesses, asked.changed
        self.quiz.saved = asked.saved if asked.saved.startswith("Not") else ""

    def __repr__(self) -> str:
        return f"Score: {len(self.quiz.questions)} predictions (compared in the live notebook)"
