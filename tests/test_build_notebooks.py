"""The builder, on small throwaway lessons. Kernels start only where a real run is the point."""

import base64
import io
import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from PIL import Image

from tools import build_notebooks as bn

SOURCE = """\
# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # Add
# The [solution](solutions/01_add.ipynb), the [next lesson](02_sub.ipynb#how), ![a plot](img/plot.png).

# %% jupyter={"source_hidden": true} editable=false
import os
# copy the weights? no

# %%
def add(a, b):
    # BEGIN SOLUTION
    total = a + b
    return total
    # END SOLUTION

add(1, 2)

# %%
# BEGIN SOLUTION
answer = 42
# END SOLUTION
# BEGIN STUB
# answer = ...  # your turn
# END STUB
print("one", flush=True)
print("two")
"""


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    folder = tmp_path / "notebooks"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "01_add.py").write_text(SOURCE)
    return folder


def pretend(nb, folder):
    """Stands in for a kernel where a run is not the point: every code cell has run and printed nothing."""
    for count, cell in enumerate([c for c in nb.cells if c.cell_type == "code"], 1):
        cell.execution_count = count


def build(notebooks: Path, *args: str, execute=pretend) -> int:
    return bn.main(args, notebooks=notebooks, execute=execute)


def snapshot(notebooks: Path) -> dict[str, bytes]:
    return {str(p.relative_to(notebooks)): p.read_bytes() for p in notebooks.rglob("*") if p.is_file()}


def load(path: Path) -> NotebookNode:
    nb = bn.read(path)
    assert nb is not None
    return nb


def learner(notebooks: Path) -> NotebookNode:
    return load(notebooks / "01_add.ipynb")


def ids(nb) -> dict[str, str]:
    return {bn.title(cell): cell.id for cell in nb.cells}


# --- Texts ----------------------------------------------------------------------------------------------


def test_learner_sees_stubs_and_solutions_edition_sees_solutions():
    shown, solved = ([cell.source for cell in nb.cells] for nb in bn.render(SOURCE))
    assert shown[2] == "def add(a, b):\n    ...\n\nadd(1, 2)"
    assert solved[2] == "def add(a, b):\n    total = a + b\n    return total\n\nadd(1, 2)"
    assert shown[3].startswith("answer = ...  # your turn\nprint")
    assert solved[3].startswith("answer = 42\nprint")
    assert not any("BEGIN" in text or "END" in text for text in shown + solved)
    assert shown[1] == solved[1] == "import os\n# copy the weights? no"


@pytest.mark.parametrize(
    "code",
    [
        "# BEGIN STUB\n# x = 0\n# END STUB\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION",
        "# BEGIN SOLUTION\nx = 1\n# BEGIN STUB\n# x = 0\n# END STUB\n# END SOLUTION",
        "# BEGIN SOLUTION\n# BEGIN STUB\nx = 0\n# END STUB\nx = 1\n# END SOLUTION",
    ],
    ids=["before", "inside at the end", "inside, not commented"],
)
def test_a_stub_may_stand_before_or_inside_its_solution(code):
    assert (bn.edition(code, solved=False), bn.edition(code, solved=True)) == ("x = 0", "x = 1")


def test_a_stub_keeps_its_indentation_and_comments():
    code = "def f():\n    # BEGIN SOLUTION\n    pass\n    # END SOLUTION\n"
    code += "    # BEGIN STUB\n    # # first square\n    # if x:\n    #     ...\n    # END STUB"
    assert bn.edition(code, solved=False) == "def f():\n    # first square\n    if x:\n        ..."


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("# BEGIN SOLUTION\nx = 1", "without its end"),
        ("x = 1\n# END SOLUTION", "without its beginning"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION", "inside a SOLUTION block"),
        ("# BEGIN SOLUTION\n# END STUB", "without its beginning"),
        ("# BEGIN SOLUTIONS\n# END SOLUTIONS", "unknown marker"),
    ],
)
def test_wrong_markers_are_refused_and_the_cell_is_named(code, message):
    with pytest.raises(bn.BuildError, match=message) as error:
        bn.render(f"# %% [markdown]\n# Text\n\n# %%\n{code}\n")
    assert "cell 2" in str(error.value)


def test_a_marker_in_a_text_cell_is_refused():
    with pytest.raises(bn.BuildError, match="text cell"):
        bn.render("# %% [markdown]\n# # BEGIN SOLUTION\n# Text\n")


def test_only_plain_metadata_is_kept():
    nb, _ = bn.render(SOURCE)
    assert [cell.metadata for cell in nb.cells] == [{}, {"jupyter": {"source_hidden": True}}, {}, {}]
    assert set(nb.metadata) == {"kernelspec", "language_info", "nbcore"}
    assert "version" not in nb.metadata.language_info


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](solutions/01_add.ipynb)", "[a](01_add.ipynb)"),
        ("[a](02_sub.ipynb#how)", "[a](../02_sub.ipynb#how)"),
        ("[a](../README.md)", "[a](../../README.md)"),
        ('<img src="img/a.png" alt="a">', '<img src="../img/a.png" alt="a">'),
        ("[a][1]\n\n[1]: img/a.png", "[a][1]\n\n[1]: ../img/a.png"),
        ('[a](img/a.png "title")', '[a](../img/a.png "title")'),
    ],
)
def test_relative_links_are_adapted_for_the_solutions_edition(text, expected):
    assert bn.links_for_solutions(text) == expected


@pytest.mark.parametrize(
    "text",
    ["[a](https://example.org/a)", "[a](#part)", "`A[0](x)`", "$f[i](x.y)$", "```\nA[0](x)\n```", "f(x) [y] (z)"],
)
def test_other_text_stays_as_it_is(text):
    assert bn.links_for_solutions(text) == text
    assert bn.relative_links(text) == []


def test_links_of_both_editions_lead_to_the_same_files():
    first, second = (bn.relative_links(nb.cells[0].source) for nb in bn.render(SOURCE))
    assert first == ["solutions/01_add.ipynb", "02_sub.ipynb", "img/plot.png"]
    assert second == ["01_add.ipynb", "../02_sub.ipynb", "../img/plot.png"]


# --- Ids ------------------------------------------------------------------------------------------------


def test_new_ids_are_deterministic_distinct_and_the_same_in_both_editions():
    source = SOURCE + "\n# %%\npass\n\n# %%\npass\n"
    shown, solved = bn.render(source)
    again, _ = bn.render(source)
    assert [c.id for c in shown.cells] == [c.id for c in solved.cells] == [c.id for c in again.cells]
    assert len({c.id for c in shown.cells}) == len(shown.cells) == 6


def test_ids_survive_insertion_edit_deletion_and_move():
    before, _ = bn.render(SOURCE)
    cells = SOURCE.split("# %%")
    edited = SOURCE.replace("# # Add", "# # Add two numbers").replace("add(1, 2)", "add(1, 3)")
    inserted, _ = bn.render(edited.replace("\n# %%\ndef", "\n# %%\nnew = 0\n\n# %%\ndef"), before)
    kept = [c.id for c in before.cells]
    assert [c.id for c in inserted.cells if c.source != "new = 0"] == kept
    deleted, _ = bn.render("# %%".join([cells[0], *cells[2:]]), before)
    assert [c.id for c in deleted.cells] == kept[1:]
    moved, _ = bn.render("# %%".join([cells[0], *cells[3:], *cells[1:3]]), before)
    assert [c.id for c in moved.cells] == kept[2:] + kept[:2]


def test_a_changed_solution_keeps_its_id():
    before, _ = bn.render(SOURCE)
    _, after = bn.render(SOURCE.replace("total = a + b", "total = sum([a, b]) + 0 * len('quite another text')"), before)
    assert [c.id for c in after.cells] == [c.id for c in before.cells]


def test_ids_survive_a_rebuild_from_files(notebooks):
    build(notebooks)
    old = ids(learner(notebooks))
    source = notebooks / "src" / "01_add.py"
    source.write_text(SOURCE.replace("add(1, 2)", "add(2, 2)").replace("# %%\ndef", "# %%\nnew = 0\n\n# %%\ndef"))
    assert build(notebooks) == 0
    new = ids(learner(notebooks))
    assert new.pop("new = 0") not in old.values()
    assert new == old


# --- Never over somebody's work -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["01_add.ipynb", "solutions/01_add.ipynb"])
def test_an_edited_notebook_is_never_overwritten(notebooks, capsys, name):
    (notebooks / "src" / "02_sub.py").write_text("# %%\n1\n")
    build(notebooks)
    path = notebooks / name
    nb = load(path)
    nb.cells[2].source += "\n# mine"
    path.write_text(bn.dumps(nb))
    (notebooks / "src" / "02_sub.py").write_text("# %%\n2\n")
    before = snapshot(notebooks)
    assert build(notebooks) == 1
    message = capsys.readouterr().err
    assert f"notebooks/{name}" in message
    assert "notebooks/src" in message
    assert "--discard-edits" in message
    assert snapshot(notebooks) == before  # lesson 02 is not written either
    assert build(notebooks, "02") == 0  # but lesson 02 alone may be built
    assert build(notebooks, "--discard-edits") == 0
    assert "# mine" not in path.read_text()


@pytest.mark.parametrize(
    "content",
    [
        "{ not JSON",
        "{}",
        bn.dumps(nbformat.v4.new_notebook()),
        '{"cells": [], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}',
        '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": ""}], "metadata": {}, "nbformat": 4, '
        '"nbformat_minor": 4}',
    ],
    ids=["no JSON", "no notebook", "no record", "old format", "no ids"],
)
def test_a_file_that_the_builder_did_not_write_is_never_overwritten(notebooks, content):
    path = notebooks / "01_add.ipynb"
    path.write_text(content)
    assert build(notebooks) == 1
    assert path.read_text() == content
    assert not (notebooks / "solutions").exists()
    assert build(notebooks, "--discard-edits") == 0
    assert not bn.is_edited(path)


def test_ids_that_occur_twice_are_not_kept(notebooks):
    build(notebooks)
    nb = learner(notebooks)
    nb.cells[3].id = nb.cells[2].id  # as a merge by hand may leave it
    (notebooks / "01_add.ipynb").write_text(json.dumps(nb))  # nbformat would repair it
    assert build(notebooks) == 1
    assert build(notebooks, "--discard-edits") == 0
    assert len({cell.id for cell in learner(notebooks).cells}) == 4


def test_other_outputs_are_no_edit(notebooks):
    build(notebooks)
    before = snapshot(notebooks)
    nb = learner(notebooks)
    nb.cells[2].outputs = [nbformat.v4.new_output("stream", text="run by hand\n")]
    nb.cells[2].execution_count = 17
    nb.metadata.language_info["version"] = "3.99"
    (notebooks / "01_add.ipynb").write_text(json.dumps(nb))
    assert build(notebooks) == 0
    assert snapshot(notebooks) == before


def test_nothing_is_written_when_a_later_lesson_fails(notebooks, capsys):
    def fail_in_second(nb, folder):
        if "boom" in nb.cells[0].source:
            raise bn.BuildError("cell 1 (boom): no")
        pretend(nb, folder)

    (notebooks / "src" / "02_sub.py").write_text("# %%\nboom\n")
    before = snapshot(notebooks)
    assert build(notebooks, execute=fail_in_second) == 1
    assert snapshot(notebooks) == before
    assert "notebooks/02_sub.ipynb" in capsys.readouterr().err


def test_a_lesson_is_chosen_by_number_or_name(notebooks, capsys):
    (notebooks / "src" / "02_sub.py").write_text("# %%\n1\n")
    (notebooks / "src" / "notes.py").write_text("not a lesson")
    for args in (["2"], ["--only", "02"], ["02_sub"]):
        assert build(notebooks, *args, "--discard-edits") == 0
        assert sorted(p.name for p in notebooks.glob("*.ipynb")) == ["02_sub.ipynb"]
    assert build(notebooks, "03") == 1
    assert "01_add, 02_sub" in capsys.readouterr().err


# --- Comparison -----------------------------------------------------------------------------------------


def picture(data: bytes, alt: str):
    return nbformat.v4.new_output(
        "display_data",
        {"image/png": base64.b64encode(data).decode(), "text/plain": "Plot"},
        metadata={"image/png": {"alt": alt}},
    )


def with_outputs(nb, folder):
    pretend(nb, folder)
    nb.cells[2].outputs = [nbformat.v4.new_output("stream", text="a\nb\n"), picture(b"pixels", "a line")]


def plant_source(nb):
    nb.cells[3].source += "\n# more"


def plant_id(nb):
    nb.cells[3].id = "another"


def plant_metadata(nb):
    nb.metadata.language_info["version"] = "3.99"


def plant_cell_metadata(nb):
    nb.cells[1].metadata = {}


def plant_output(nb):
    nb.cells[2].outputs[0].text = "a\nc\n"


def plant_alt(nb):
    nb.cells[2].outputs[1].metadata["image/png"]["alt"] = "another line"


def plant_count(nb):
    nb.cells[2].execution_count = 9


def plant_missing_cell(nb):
    del nb.cells[3]


def plant_extra_cell(nb):
    nb.cells.append(nbformat.v4.new_markdown_cell("extra"))


def plant_order(nb):
    nb.cells[2:4] = nb.cells[3:1:-1]


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (plant_source, "cell 4 (answer ="),
        (plant_id, "cell 4 (answer = 42): not in the notebook, or under another id"),
        (plant_metadata, "notebook metadata"),
        (plant_cell_metadata, "cell 2 (import os)"),
        (plant_output, '-    "c",'),
        (plant_alt, "another line"),
        (plant_count, '- "execution_count": 9'),
        (plant_missing_cell, "cell 4 (answer ="),
        (plant_extra_cell, "cell 5 (extra): not in the source"),
        (plant_order, "another order"),
    ],
    ids=lambda value: value.__name__[6:] if callable(value) else "",
)
@pytest.mark.parametrize("name", ["01_add.ipynb", "solutions/01_add.ipynb"])
def test_check_finds_a_planted_difference_and_writes_nothing(notebooks, capsys, name, plant, named):
    build(notebooks, execute=with_outputs)
    assert build(notebooks, "--check", execute=with_outputs) == 0
    path = notebooks / name
    nb = load(path)
    plant(nb)
    path.write_text(bn.dumps(nb))
    before = snapshot(notebooks)
    assert build(notebooks, "--check", execute=with_outputs) == 1
    assert snapshot(notebooks) == before
    message = capsys.readouterr().err
    assert named in message
    if plant is not plant_id:  # the learner edition's ids rule: it is the other that is out of step then
        assert f"notebooks/{name}, " in message


def test_check_ignores_the_pixels_of_a_picture(notebooks):
    def redrawn(nb, folder):
        with_outputs(nb, folder)
        nb.cells[2].outputs[1] = picture(b"other pixels", "a line")

    build(notebooks, execute=with_outputs)
    assert build(notebooks, "--check", execute=redrawn) == 0


@pytest.mark.parametrize("varies", [True, False])
def test_check_lets_the_words_of_a_picture_vary_where_a_tag_says_so(notebooks, varies):
    def redrawn(nb, folder):
        with_outputs(nb, folder)
        nb.cells[2].outputs[1] = picture(b"other pixels", "another line")

    if varies:
        path = notebooks / "src" / "01_add.py"
        path.write_text(SOURCE.replace("# %%\ndef add", '# %% tags=["picture-varies"]\ndef add'))
    build(notebooks, execute=with_outputs)
    assert build(notebooks, "--check", execute=redrawn) == (0 if varies else 1)


def test_check_finds_a_missing_notebook_and_one_without_source(notebooks, capsys):
    build(notebooks)
    (notebooks / "solutions" / "01_add.ipynb").rename(notebooks / "solutions" / "09_old.ipynb")
    assert build(notebooks, "--check") == 1
    message = capsys.readouterr().err
    assert "notebooks/solutions/01_add.ipynb: missing" in message
    assert "notebooks/solutions/09_old.ipynb: no source" in message


# --- Pictures that show the same ------------------------------------------------------------------------


def encoded(pixels: np.ndarray, **how) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, **{"format": "png", **how})
    return file.getvalue()


def drawn(**faults) -> np.ndarray:
    """A line on white paper, 100 by 200 pixels, less the shades of `faults`."""
    pixels = np.full((100, 200, 3), 255)
    pixels[40:44] = 20
    pixels[40, : faults.get("edge", 0)] += 16  # as where a line was moved by a sixteenth of a pixel
    pixels[50, 100] -= faults.get("pixel", 0)
    pixels[60:80] -= faults.get("area", 0)
    return pixels[: faults.get("high", 100)]


def showing(data: bytes, alt="a line", text="a\nb\n"):
    def execute(nb, folder):
        pretend(nb, folder)
        nb.cells[2].outputs = [nbformat.v4.new_output("stream", text=text), picture(data, alt)]

    return execute


def stored_picture(notebooks):
    bundle = learner(notebooks).cells[2].outputs[1]
    return base64.b64decode(bundle.data["image/png"]), bundle.metadata["image/png"]["alt"]


FIRST = encoded(drawn())
SAME = {
    "encoded otherwise": encoded(drawn(), compress_level=1),
    "with a channel for opacity": encoded(np.concatenate([drawn(), np.full((100, 200, 1), 255)], axis=-1)),
    "an edge moved by a sixteenth of a pixel": encoded(drawn(edge=100)),
}
OTHER = {
    "one pixel": encoded(drawn(pixel=40)),
    "an area by a shade": encoded(drawn(area=1)),
    "the size": encoded(drawn(high=99)),
    "broken": FIRST[:200],
    "none": b"pixels",
}


def tagged(notebooks):
    path = notebooks / "src" / "01_add.py"
    path.write_text(SOURCE.replace("# %%\ndef add", '# %% tags=["picture-varies"]\ndef add'))
    return path


@pytest.mark.parametrize("redrawn", SAME.values(), ids=SAME)
def test_a_picture_that_shows_the_same_changes_no_file(notebooks, capsys, redrawn):
    build(notebooks, execute=showing(FIRST))
    before = snapshot(notebooks)
    assert redrawn != FIRST
    assert build(notebooks, execute=showing(redrawn)) == 0
    assert snapshot(notebooks) == before
    assert "0 of 2 notebooks changed" in capsys.readouterr().out
    assert build(notebooks, "--redraw", execute=showing(redrawn)) == 0
    assert stored_picture(notebooks) == (redrawn, "a line")


@pytest.mark.parametrize("redrawn", OTHER.values(), ids=OTHER)
def test_a_picture_that_shows_something_else_is_written(notebooks, redrawn):
    build(notebooks, execute=showing(FIRST))
    assert build(notebooks, execute=showing(redrawn)) == 0
    assert stored_picture(notebooks) == (redrawn, "a line")
    assert build(notebooks, execute=showing(FIRST)) == 0  # and over what can't be read
    assert stored_picture(notebooks) == (FIRST, "a line")


def test_words_that_changed_are_written_beside_a_picture_that_did_not(notebooks):
    build(notebooks, execute=showing(FIRST))
    for changed in ({"alt": "another line"}, {"text": "a\nc\n"}):
        before = snapshot(notebooks)
        assert build(notebooks, execute=showing(SAME["encoded otherwise"], **changed)) == 0
        assert all(snapshot(notebooks)[name] != before[name] for name in ("01_add.ipynb", "solutions/01_add.ipynb"))
        assert stored_picture(notebooks) == (FIRST, changed.get("alt", "a line"))
        assert learner(notebooks).cells[2].outputs[0].text == changed.get("text", "a\nb\n")


def test_a_picture_that_varies_stays_while_nothing_else_is_new(notebooks):
    source = tagged(notebooks)
    build(notebooks, execute=showing(FIRST))
    before = snapshot(notebooks)
    elsewhere = showing(OTHER["one pixel"], "another line")
    assert build(notebooks, execute=elsewhere) == 0
    assert snapshot(notebooks) == before
    source.write_text(source.read_text().replace('print("two")', 'print("2")'))
    assert build(notebooks, execute=elsewhere) == 0
    assert stored_picture(notebooks) == (OTHER["one pixel"], "another line")


def test_both_editions_keep_a_picture_that_varies_or_none(notebooks):
    source = tagged(notebooks)
    build(notebooks, execute=showing(FIRST))
    source.write_text(source.read_text().replace("answer = 42", "answer = 43"))  # in one of them only
    assert build(notebooks, execute=showing(OTHER["one pixel"], "another line")) == 0
    learners, solved = (load(path).cells[2].outputs for path in bn.targets(source))
    assert learners == solved
    assert stored_picture(notebooks) == (OTHER["one pixel"], "another line")


def test_one_lesson_does_not_renew_what_varies_in_another(notebooks):
    tagged(notebooks)
    (notebooks / "src" / "02_sub.py").write_text("# %%\n1\n\n# %%\n2\n\n# %%\n3\n")
    build(notebooks, execute=showing(FIRST))
    (notebooks / "src" / "02_sub.py").write_text("# %%\n1\n\n# %%\n2\n\n# %%\n4\n")
    assert build(notebooks, execute=showing(OTHER["one pixel"])) == 0
    assert stored_picture(notebooks) == (FIRST, "a line")


# --- In a real kernel -----------------------------------------------------------------------------------

SHOWS = """
# %%
from pathlib import Path
import time, ipywidgets
print("three", flush=True)
time.sleep(0.3)
print("four")
display(ipywidgets.IntSlider())
Path.cwd().name, Path(os.environ["NBCORE_ANSWERS"]).exists(), "mine" in globals()
"""


def test_two_real_builds_are_equal_byte_for_byte(notebooks, monkeypatch, tmp_path):
    answers = tmp_path / "answers.json"
    answers.write_text("{}")
    monkeypatch.setenv("NBCORE_ANSWERS", str(answers))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))  # a user's own python3 kernel, which is broken
    kernel = tmp_path / "share" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    kernel.joinpath("kernel.json").write_text('{"argv": ["false"], "display_name": "x", "language": "python"}')
    (tmp_path / "mine.py").write_text("mine = 1")
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "mine.py"))
    (notebooks / "src" / "01_add.py").write_text(SOURCE + SHOWS)

    assert bn.main([], notebooks=notebooks) == 0
    first = snapshot(notebooks)
    assert bn.main([], notebooks=notebooks) == 0
    assert snapshot(notebooks) == first
    assert sorted(first) == ["01_add.ipynb", "solutions/01_add.ipynb", "src/01_add.py"]

    for nb, folder in ((learner(notebooks), "notebooks"), (load(notebooks / "solutions/01_add.ipynb"), "solutions")):
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == [1, 2, 3, 4]
        assert code[2].outputs == [{"output_type": "stream", "name": "stdout", "text": "one\ntwo\n"}]
        stream, shown, value = code[3].outputs
        assert stream.text == "three\nfour\n"
        assert shown.data == {"text/plain": "IntSlider(value=0)"}
        assert shown.metadata == {}
        assert value.data["text/plain"] == f"('{folder}', False, False)"
        assert all(cell.metadata in ({}, {"jupyter": {"source_hidden": True}}) for cell in nb.cells)
        assert set(nb.metadata) == {"kernelspec", "language_info", "nbcore"}
        assert "version" not in nb.metadata.language_info


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import warnings; warnings.warn('careful')", "careful"),
        (
            "import os; from IPython.display import Image\nImage(b'\\x89PNG\\r\\n\\x1a\\n' + os.urandom(300_000))",
            "300 kB",
        ),
        ("import os; os._exit(1)", "died"),
    ],
    ids=["error", "warning", "heavy picture", "dead kernel"],
)
def test_a_failing_cell_is_named_and_everything_stays_untouched(notebooks, capsys, code, reason):
    build(notebooks)
    (notebooks / "src" / "01_add.py").write_text(f"# %% [markdown]\n# Text\n\n# %%\n{code}\n")
    before = snapshot(notebooks)
    assert bn.main([], notebooks=notebooks) == 1
    message = capsys.readouterr().err
    assert f"notebooks/01_add.ipynb not built:\n  cell 2 ({code[:10]}" in message
    assert reason in message
    assert snapshot(notebooks) == before


def test_an_expected_error_is_an_error(notebooks, capsys):
    (notebooks / "src" / "01_add.py").write_text('# %% tags=["raises-exception"]\n1 / 0\n')
    assert bn.main([], notebooks=notebooks) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_cell_that_never_ends_is_stopped(notebooks, capsys, monkeypatch):
    monkeypatch.setattr(bn, "CELL_TIMEOUT", 1)
    # The only cell of code: on a busy machine, one before it might take as long.
    (notebooks / "src" / "01_add.py").write_text("# %% [markdown]\n# Text\n\n# %%\nwhile True: pass\n")
    assert bn.main([], notebooks=notebooks) == 1
    assert "cell 2 (while True: pass)" in capsys.readouterr().err
