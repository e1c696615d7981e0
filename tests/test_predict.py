"""Guesses: where they are kept, that none is ever lost, and that nobody's guess gets into a stored notebook."""

import json
import os
import stat

import pytest

from nbcore.explore import Predict, Score
from nbcore.explore import predict as module

QUESTIONS = {"bend": ("Does it bend?", ["yes", "no", "it depends"]), "lines": ("How many lines?", ["one", "two"])}
RIGHT = {"bend": (1, "It is linear."), "lines": (0, "One neuron, one line.")}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    path = tmp_path / "kept" / "answers.json"
    monkeypatch.setenv("NBCORE_ANSWERS", str(path))
    return path


def commit(predict, **guesses):
    """The learner's click, as the page sends it."""
    content = {"data": {"method": "custom", "content": {"commit": guesses}}}
    predict.quiz._handle_msg({"content": content, "buffers": []})


@pytest.mark.parametrize(
    ("cwd", "file"),
    [
        ("house/my", "house/my/.answers.json"),
        ("house/my/deeper", "house/my/.answers.json"),
        ("house", "house/my/.answers.json"),
        ("house/notebooks", "house/my/.answers.json"),
        ("house/notebooks/solutions", "house/my/.answers.json"),
        ("elsewhere", "elsewhere/.answers.json"),
    ],
)
def test_where_guesses_are_kept(cwd, file, tmp_path, monkeypatch):
    for folder in ("house/my/deeper", "house/notebooks/solutions", "house/nbcore", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.delenv("NBCORE_ANSWERS", raising=False)
    monkeypatch.chdir(tmp_path / cwd)
    assert module.answers_file() == tmp_path / file
    monkeypatch.setenv("NBCORE_ANSWERS", str(tmp_path / "mine.json"))
    assert module.answers_file() == tmp_path / "mine.json"


def test_guesses_survive_a_restart_and_are_scored(kept):
    commit(Predict("01", QUESTIONS), bend=2, lines=0)
    again = Predict("01", QUESTIONS)
    assert again.quiz.guesses == {"bend": 2, "lines": 0}
    assert again.quiz.saved
    score = Score(again, RIGHT)
    assert score.quiz.guesses == {"bend": 2, "lines": 0}
    assert [(q["key"], q["right"], q["because"]) for q in score.quiz.questions] == [
        ("bend", 1, "It is linear."),
        ("lines", 0, "One neuron, one line."),
    ]


def test_a_guess_may_be_changed_and_others_stay(kept):
    commit(Predict("02", QUESTIONS), bend=1, lines=1)
    first = Predict("01", QUESTIONS)
    commit(first, bend=2, lines=0)
    commit(first, bend=0)
    assert json.loads(kept.read_text()) == {
        "01": {"bend": "yes", "lines": "one"},
        "02": {"bend": "no", "lines": "two"},
    }
    assert first.quiz.guesses == {"bend": 0, "lines": 0}
    assert first.quiz.saved.startswith("Kept.")


@pytest.mark.parametrize("text", ["{", "[]", '{"01": 3}', "", "\udcff\udcfe"])
def test_a_damaged_file_is_named_and_left_alone(kept, text):
    kept.parent.mkdir()
    kept.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = kept.read_bytes()
    predict = Predict("01", QUESTIONS)
    assert predict.quiz.saved.startswith("Not loaded: answers.json can't be read")
    assert predict.quiz.guesses == {}
    assert Score(predict, RIGHT).quiz.saved.startswith("Not loaded")
    commit(predict, bend=0, lines=0)
    assert predict.quiz.saved.startswith("Not saved: answers.json can't be read")
    assert kept.read_bytes() == before
    assert list(kept.parent.iterdir()) == [kept]


def test_what_cannot_be_opened_is_not_taken_for_empty(kept):
    """Otherwise the next guess would replace it."""
    kept.mkdir(parents=True)
    predict = Predict("01", QUESTIONS)
    assert predict.quiz.saved.startswith("Not loaded")
    commit(predict, bend=0, lines=0)
    assert predict.quiz.saved.startswith("Not saved")


def test_a_crash_while_writing_loses_nothing(kept, monkeypatch):
    predict = Predict("01", QUESTIONS)
    commit(predict, bend=0, lines=0)
    before = kept.read_text()

    def full(*args, **kwargs):
        args[1].write("{")
        raise OSError("no space left on device")

    monkeypatch.setattr(module.json, "dump", full)
    commit(predict, bend=1)
    assert predict.quiz.saved == "Not saved: no space left on device."
    assert predict.quiz.guesses == {"bend": 0, "lines": 0}
    assert kept.read_text() == before
    assert list(kept.parent.iterdir()) == [kept], "a half written file was left behind"


def test_only_the_learner_can_read_the_file(kept):
    commit(Predict("01", QUESTIONS), bend=0, lines=0)
    if os.name == "posix":
        assert stat.S_IMODE(kept.stat().st_mode) & 0o077 == 0


def test_what_is_stored_does_not_tell_the_guesses(kept):
    fresh = Predict("01", QUESTIONS)
    before = repr(fresh), repr(Score(fresh, RIGHT))
    commit(fresh, bend=0, lines=1)
    again = Predict("01", QUESTIONS)
    assert (repr(again), repr(Score(again, RIGHT))) == before
    for shown in (fresh, again, Score(again, RIGHT)):
        data = shown._repr_mimebundle_()
        assert data["text/plain"] == repr(shown)
        assert set(data) == {"text/plain", "application/vnd.jupyter.widget-view+json"}


def lay_down(kept, guesses):
    """A file that another edition wrote."""
    kept.parent.mkdir()
    kept.write_text(json.dumps(guesses))


def test_a_guess_follows_its_option_to_another_place(kept):
    commit(Predict("01", QUESTIONS), bend=2, lines=0)
    moved = {"bend": ("Does it bend?", ["it depends", "no", "yes"]), "lines": ("How many?", ["none", "two", "one"])}
    again = Predict("01", moved)
    assert again.quiz.guesses == {"bend": 0, "lines": 2}
    assert again.quiz.changed == {}
    assert Score(again, {"bend": (0, "It is linear.")}).quiz.guesses == {"bend": 0, "lines": 2}


@pytest.mark.parametrize("old", [1, 7, "perhaps", None, True, [1]])
def test_a_guess_that_is_no_option_any_more_is_not_shown_and_not_lost(kept, old):
    """Among them each number of an older edition: options may have moved since."""
    before = {"01": {"bend": old, "lines": "two", "gone": 0}, "02": {"bend": 0}}
    lay_down(kept, before)
    predict = Predict("01", QUESTIONS)
    score = Score(predict, RIGHT)
    for quiz in (predict.quiz, score.quiz):
        assert quiz.guesses == {"lines": 1}
        assert quiz.changed == {"bend": "This question has changed since you guessed."}
    commit(predict, lines=0)
    assert json.loads(kept.read_text())["01"] == before["01"] | {"lines": "one"}
    assert predict.quiz.changed == score.quiz.changed == {"bend": module.CHANGED}
    commit(predict, bend=2, lines=1)
    assert json.loads(kept.read_text()) == before | {"01": {"bend": "it depends", "lines": "two", "gone": 0}}
    for quiz in (predict.quiz, score.quiz):
        assert quiz.guesses == {"bend": 2, "lines": 1}
        assert quiz.changed == {}


def test_what_could_not_be_saved_is_still_a_changed_question(kept):
    lay_down(kept, {"01": {"bend": 0}})
    predict = Predict("01", QUESTIONS)
    kept.write_text("{")
    commit(predict, bend=0, lines=0)
    assert predict.quiz.saved.startswith("Not saved")
    assert predict.quiz.guesses == {}
    assert predict.quiz.changed == {"bend": module.CHANGED}


@pytest.mark.parametrize("guess", [{"bend": 3}, {"bend": -1}, {"bend": "yes"}, {"bend": True}, {"bent": 0}])
def test_a_guess_that_is_no_option_is_refused(kept, guess):
    with pytest.raises(ValueError, match="no option"):
        Predict("01", QUESTIONS).commit(**guess)
    assert not kept.exists()


def test_questions_and_scores_must_fit():
    with pytest.raises(ValueError, match="'bend' must have at least two options"):
        Predict("01", {"bend": ("Does it?", ["yes"])})
    with pytest.raises(ValueError, match="the options of question 'bend' must differ"):
        Predict("01", {"bend": ("Does it?", ["yes", "no", "yes"])})
    with pytest.raises(ValueError, match="no option 3 to question 'bend'"):
        Score(Predict("01", QUESTIONS), {"bend": (3, "")})
    with pytest.raises(ValueError, match="question 'bent'"):
        Score(Predict("01", QUESTIONS), {"bent": (0, "")})


def test_a_stranger_s_my_gets_no_answers(tmp_path, monkeypatch):
    """A folder of that name above the notebook, such as a home folder, is not the one of a learner's copies."""
    monkeypatch.delenv("NBCORE_ANSWERS", raising=False)
    (tmp_path / "my" / "course").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "my" / "course")
    assert module.answers_file() == tmp_path / "my" / "course" / ".answers.json"
    (tmp_path / "my" / ".editions.json").write_text("{}")
    assert module.answers_file() == tmp_path / "my" / ".answers.json"


def test_guesses_are_kept_where_lessons_can_t_be_written(tmp_path, monkeypatch):
    """Shared lessons on a class's server. root may write everywhere, so the system's answer is played."""
    shared, home = tmp_path / "shared", tmp_path / "home"
    for folder in (shared / "notebooks", shared / "nbcore", home):
        folder.mkdir(parents=True)
    monkeypatch.delenv("NBCORE_ANSWERS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("APPDATA", str(home / "data"))
    monkeypatch.setattr(module.pathlib.Path, "home", lambda: home)
    monkeypatch.chdir(shared / "notebooks")
    allowed = os.access
    monkeypatch.setattr(
        module.os, "access", lambda path, how: not str(path).startswith(str(shared)) and allowed(path, how)
    )
    assert module.answers_file().is_relative_to(home)
    commit(Predict("01", QUESTIONS), bend=2)
    assert Predict("01", QUESTIONS).quiz.guesses == {"bend": 2}
    assert not (shared / "my").exists()


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"01": ' * 50_000, " " * 2_000_000, '{"01": {"bend": ' + "9" * 6000 + "}}"]
)
def test_a_file_made_to_hurt_is_said_and_kept(kept, content):
    kept.parent.mkdir()
    kept.write_text(content)
    predict = Predict("01", QUESTIONS)
    assert predict.quiz.guesses == {}
    if "9" not in content:
        assert "can't be read" in predict.quiz.saved
    assert kept.read_text() == content
