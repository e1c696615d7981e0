"""What every lesson as it stands in the tree must hold: its skeleton, its sizes, and outputs equal on any machine.

Each check takes a notebook and returns its faults in words. The second half plants each fault once, to see it caught.
"""

import base64
import copy
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import build_notebooks as bn

ROOT = bn.NOTEBOOKS.parent
HEADINGS = ["Predict", "Explore", "Derive", "Build", "Check", "Break it", "Exercises", "What to keep"]
# One algebraic step a cell, an engine in cells of a few lines, seven experiments: they take room.
MOST_CELLS = {"05": 80, "06": 52, "07": 60}
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def text_of(cells: list[NotebookNode]) -> str:
    return "\n\n".join(FENCED.sub("", cell.source) for cell in cells if cell.cell_type == "markdown")


def section(nb: NotebookNode, heading: str) -> list[NotebookNode]:
    """The cells from `## heading` to the next heading of that level."""
    found, inside = [], False
    for cell in nb.cells:
        if titles := re.findall(r"^## +(.*)", text_of([cell]), re.MULTILINE):
            inside = any(re.match(rf"{heading}\b", t) for t in titles)
        if inside:
            found.append(cell)
    return found


def exercises(nb: NotebookNode) -> list[list[NotebookNode]]:
    """The cells of each exercise, its heading first."""
    found: list[list[NotebookNode]] = []
    for cell in section(nb, "Exercises"):
        if re.search(r"^### +Exercise\b", text_of([cell]), re.MULTILINE):
            found.append([])
        if found:
            found[-1].append(cell)
    return found


def name(cell: NotebookNode, nb: NotebookNode) -> str:
    return f"cell {nb.cells.index(cell) + 1} ({bn.title(cell)})"


# --- Checks of the text ---------------------------------------------------------------------------------


def skeleton(nb: NotebookNode) -> Iterator[str]:
    first_code = next(i for i, cell in enumerate(nb.cells) if cell.cell_type == "code")
    setup, opening = nb.cells[first_code], text_of(nb.cells[:first_code])
    if not re.match(r"# \S", opening):
        yield "the first cell does not begin with the title ('# ...')"
    if re.search(r"^## ", opening, re.MULTILINE):
        yield "a section begins before the set-up cell"
    if "?" not in opening:
        yield "the title cell asks no question"
    able = opening.partition("You will be able to")[2].partition("You need")[0]
    promises = re.findall(r"^ *(?:[-*]|\d+\.) ", able, re.MULTILINE)
    if len(promises) != 3:
        yield f"'You will be able to' with {len(promises)} items instead of 3"
    if "You need" not in opening:
        yield "the title cell does not say 'You need'"
    if not re.search(r"\d\s*min", opening):
        yield "the title cell does not say how many minutes"
    if not setup.metadata.get("jupyter", {}).get("source_hidden"):
        yield "the set-up cell is not collapsed (jupyter.source_hidden)"
    if lines(setup) > 5:
        yield f"the set-up cell has {lines(setup)} lines, more than 5"
    titles = re.findall(r"^## +(.*)", text_of(nb.cells), re.MULTILINE)
    order = [heading for title in titles for heading in HEADINGS if re.match(rf"{heading}\b", title)]
    if order != HEADINGS:
        yield f"the sections are {order}, not {HEADINGS}"
    if not any("assert" in cell.source for cell in section(nb, "Build") if cell.cell_type == "code"):
        yield "no assert in the section Build"
    last = nb.cells[-1].source.lower()
    if nb.cells[-1].cell_type != "markdown" or "previous" not in last or "next" not in last:
        yield "the last cell does not lead to the previous and the next lesson"


def lines(cell: NotebookNode) -> int:
    return sum(bool(line.strip()) for line in cell.source.split("\n"))


def sizes(nb: NotebookNode, most: int = 45) -> Iterator[str]:
    if not 25 <= len(nb.cells) <= most:
        yield f"{len(nb.cells)} cells, not 25 to {most}"
    code = code_cells(nb)
    ratio = (len(nb.cells) - len(code)) / len(code)
    if not 0.7 <= ratio <= 2.2:
        yield f"{ratio:.1f} text cells a code cell, not 0.7 to 2.2"
    longest = sorted(lines(cell) for cell in code[1:])  # the set-up cell has its own limit
    for share, limit in ((0.5, 5), (0.9, 12)):
        length = longest[math.ceil(share * len(longest)) - 1]
        if length > limit:
            yield f"{share:.0%} of the code cells have up to {length} lines, more than {limit}"


def exercise_parts(nb: NotebookNode) -> Iterator[str]:
    found = exercises(nb)
    if not 2 <= len(found) <= 4:
        yield f"{len(found)} exercises, not 2 to 4"
    for number, cells in enumerate(found, 1):
        text = text_of(cells)
        if not re.match(rf"### +Exercise {number}\b", text):
            yield f"exercise {number} is called {bn.title(cells[0])!r}"
        folded = re.findall(r"<details(?![^>]*\bopen\b)[^>]*>\s*<summary>.+?</summary>.+?</details>", text, re.DOTALL)
        if len(folded) < 2:
            yield f"exercise {number} has {len(folded)} folded hints, fewer than 2"
        if not re.search(r"\]\((\.\./notebooks/solutions/)?\d\d_\w+\.ipynb", text):
            yield f"exercise {number} has no link to its solution"
        if not any(cell.cell_type == "code" for cell in cells):
            yield f"exercise {number} has no code cell"


DIRECTIVES = re.compile(
    r"^\s*# *(?:BEGIN|END)\b|# ?%%|nbval|jupytext|# *(?:noqa|type:|fmt:|ruff|mypy|pylint|pragma)\b", re.MULTILINE
)


def plain(nb: NotebookNode) -> Iterator[str]:
    for cell in nb.cells:
        if found := DIRECTIVES.search(cell.source):
            yield f"{name(cell, nb)}: {found[0].strip()!r} is a directive to a tool"
        if set(cell.metadata) - {"jupyter", "tags"} or any("nbval" in t for t in cell.metadata.get("tags", [])):
            yield f"{name(cell, nb)}: metadata that are not the learner's: {dict(cell.metadata)}"
    if set(nb.metadata) != {"kernelspec", "language_info", "nbcore"}:
        yield f"notebook metadata: {sorted(nb.metadata)}"


def images_without_alt(html_or_markdown: str) -> list[str]:
    text = FENCED.sub("", html_or_markdown)
    bare = re.findall(r"!\[\s*\][(\[][^)\]]*", text)
    return bare + [tag for tag in re.findall(r"<img\b[^>]*>", text) if not re.search(r"\balt=[\"'][^\"']", tag)]


def text_images(nb: NotebookNode) -> Iterator[str]:
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            yield from (f"{name(cell, nb)}: {i} has no alt text" for i in images_without_alt(cell.source))


def links(nb: NotebookNode, folder: Path) -> Iterator[str]:
    for cell in nb.cells:
        for link in bn.relative_links(cell.source) if cell.cell_type == "markdown" else []:
            target = (folder / unquote(link)).resolve()
            if not target.exists() or not target.is_relative_to(ROOT):
                yield f"{name(cell, nb)}: the link {link} leads to no file in the repository"


# --- Checks of the outputs ------------------------------------------------------------------------------


def execution(nb: NotebookNode) -> Iterator[str]:
    counts = [cell.execution_count for cell in code_cells(nb)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"not run once from top to bottom: {counts}"
    if "widgets" in nb.metadata:
        yield "stored widget state"
    for cell in code_cells(nb):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{name(cell, nb)}: error {output.ename}"
            if output.get("name") == "stderr":
                yield f"{name(cell, nb)}: stderr"
            if bn.VIEW in output.get("data", {}):
                yield f"{name(cell, nb)}: a widget view, which names a model by a random id"


# What another machine, or another run, would print differently.
UNSTABLE = {
    "an id": re.compile(r"\b0x[0-9a-fA-F]+"),
    "an absolute path": re.compile(r"(?:(?<=[\s\"'(=:\[])|^)/\w[\w.-]*/[\w.-]+|\b[A-Za-z]:\\\w", re.MULTILINE),
    "a temporary name": re.compile(r"ipykernel_\d+|<ipython-input"),
    "a timing": re.compile(
        r"\d\s?(?:ns|[µμu]s|ms|msec)\b|\d\s(?:s|secs?|seconds?)\b|\d\.\d+s\b|\bWall time|\bper loop"
    ),
    "a figure's size": re.compile(r"<Figure size"),
}
NUMBER = re.compile(r"\d[\d_]*(?:\.\d*)?|\.\d+")


def significant(number: str) -> int:
    digits = re.sub(r"\D", "", number).lstrip("0")
    return len(digits if "." in number else digits.rstrip("0"))


def stored_text(nb: NotebookNode) -> Iterator[str]:
    for cell in code_cells(nb):
        for output in cell.outputs:
            data = output.get("data", {})
            for text in [output.get("text", ""), *(data[kind] for kind in data if kind.startswith("text/"))]:
                for what, pattern in UNSTABLE.items():
                    if found := pattern.search(text):
                        yield f"{name(cell, nb)}: {what} in its output: {found[0]!r}"
                for number in NUMBER.findall(text):
                    if significant(number) > 10:
                        yield f"{name(cell, nb)}: {number} has more than 10 digits; the last differ elsewhere"


def pictures(nb: NotebookNode) -> Iterator[str]:
    for cell in code_cells(nb):
        for output in cell.outputs:
            data = output.get("data", {})
            for kind in data:
                if not kind.startswith("image/"):
                    continue
                if not output.metadata.get(kind, {}).get("alt", "").strip():
                    yield f"{name(cell, nb)}: a picture without alt text"
                size = len(data[kind] if "svg" in kind else base64.b64decode(data[kind]))
                if size >= bn.MAX_IMAGE_BYTES:
                    yield f"{name(cell, nb)}: a picture of {size} bytes"
            for image in images_without_alt(data.get("text/html", "")):
                yield f"{name(cell, nb)}: {image} without alt text"


# --- Checks of both editions together -------------------------------------------------------------------


def editions(learner: NotebookNode, solved: NotebookNode) -> Iterator[str]:
    if [c.id for c in learner.cells] != [c.id for c in solved.cells]:
        yield "the editions have other cells"
        return
    practice = {cell.id for cells in exercises(learner) for cell in cells if cell.cell_type == "code"}
    expected = copy.deepcopy(learner.cells)
    for cell, other in zip(expected, solved.cells, strict=True):
        if cell.cell_type == "markdown":
            cell.source = bn.links_for_solutions(cell.source)
        if cell != other and cell.id not in practice:
            yield f"{name(other, solved)}: the editions differ outside the exercises"
    for number, cells in enumerate(exercises(learner), 1):
        other_source = {cell.id: cell.source for cell in solved.cells}
        stubs = [c for c in cells if c.source != other_source[c.id] and c.cell_type == "code"]
        if not any("..." in cell.source for cell in stubs):
            yield f"exercise {number}: nothing is left to the learner"


def fresh(nb: NotebookNode, rendered: NotebookNode) -> Iterator[str]:
    said, source = ([(c.cell_type, c.id, c.source, c.metadata) for c in some.cells] for some in (nb, rendered))
    if said != source or nb.metadata != rendered.metadata:
        yield "the notebook is not what its source says: build it again"


# --- The lessons in the tree ----------------------------------------------------------------------------

BUILT = sorted(bn.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")) + sorted(bn.NOTEBOOKS.glob("solutions/[0-9][0-9]_*.ipynb"))
SOURCES = bn.find_sources(bn.NOTEBOOKS)


def is_lesson(path: Path) -> bool:
    return "01" <= path.name[:2] <= "06"  # the playground is free in its form


def load(path: Path) -> NotebookNode:
    nb = bn.read(path)
    assert nb is not None, f"{path.name} is no notebook with an id for each cell"
    return nb


def short(path: Path) -> str:
    return path.relative_to(bn.NOTEBOOKS).as_posix()


every_notebook = pytest.mark.parametrize("path", BUILT, ids=short)
every_lesson = pytest.mark.parametrize("path", [p for p in BUILT if is_lesson(p)], ids=short)
every_playground = pytest.mark.parametrize("path", [p for p in BUILT if not is_lesson(p)], ids=short)
every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


def test_lesson_01_exists():
    assert "01_linear_vs_nonlinear.ipynb" in [path.name for path in BUILT]


def test_every_notebook_has_a_source():
    assert bn.strays(bn.NOTEBOOKS) == []


@every_lesson
@pytest.mark.parametrize("check", [skeleton, exercise_parts])
def test_form(path, check):
    assert list(check(load(path))) == []


@every_playground
def test_form_of_the_playground(path):
    """Free in its sections; it opens and ends as the others do, within as many cells."""
    free = "the sections are", "no assert in the section"
    assert [fault for fault in skeleton(load(path)) if not fault.startswith(free)] == []
    assert list(sizes(load(path), MOST_CELLS["07"])) == []


@every_lesson
def test_sizes(path):
    assert list(sizes(load(path), MOST_CELLS.get(path.name[:2], 45))) == []


@every_notebook
@pytest.mark.parametrize("check", [plain, text_images, execution, stored_text, pictures])
def test_stored(path, check):
    assert list(check(load(path))) == []


@every_notebook
def test_links(path):
    assert list(links(load(path), path.parent)) == []


@every_notebook
def test_file_is_as_the_builder_writes_it(path):
    assert path.read_text(encoding="utf-8") == bn.dumps(load(path))


@every_source
def test_both_editions_are_what_the_source_says(source):
    built = [load(path) for path in bn.targets(source)]
    for nb, rendered in zip(built, bn.render(source.read_text(encoding="utf-8"), built[0]), strict=True):
        assert list(fresh(nb, rendered)) == []


@every_source
def test_editions_differ_in_the_exercises_only(source):
    learner, solved = (load(path) for path in bn.targets(source))
    assert [fault for fault in editions(learner, solved) if is_lesson(source) or "outside" in fault] == []


# --- Planted faults -------------------------------------------------------------------------------------

EXERCISE = """\
### Exercise {n}: the gradient

Fill in. The [solution](../notebooks/solutions/01_linear_vs_nonlinear.ipynb) is there.

<details><summary>Hint 1</summary>

Look at the shapes.

</details>
<details><summary>Hint 2</summary>Transpose.</details>
"""


def small_lesson(solved: bool = False) -> NotebookNode:
    """A lesson in which nothing is wrong."""

    def text(*sources: str) -> None:
        for source in sources:
            nb.cells.append(new_markdown_cell(bn.links_for_solutions(source) if solved else source))

    def code(source: str, *outputs: NotebookNode) -> None:
        count = len(code_cells(nb)) + 1
        nb.cells.append(new_code_cell(source, execution_count=count, outputs=list(outputs)))

    nb = new_notebook(metadata=copy.deepcopy(bn.METADATA))
    text(
        "# Bend the line\n\n*Why do layers need a bend?*\n\n**You will be able to**\n- see\n- derive\n- build\n\n"
        "**You need**: vectors. 40 minutes."
    )
    code("import numpy as np")
    nb.cells[1].metadata["jupyter"] = {"source_hidden": True}
    alt = {"image/png": {"alt": "A straight line between two clouds."}}
    picture = {"image/png": base64.b64encode(b"pixels").decode(), "text/plain": "Explorer('Bend the line')"}
    for heading in HEADINGS[:6]:
        text(f"## {heading}: a question", "![A line](../docs/line.png) and `A[0](x)`\n\n```\n## no heading\n```")
        code("Z = A @ W.mT + b\nassert Z.shape == (7, 3)\nZ")
        code("x", new_output("display_data", picture, metadata=alt), new_output("stream", text="loss 0.123456\n"))
    text("## Exercises")
    for n in (1, 2):
        text(EXERCISE.format(n=n))
        code("dW = delta.mT @ A" if solved else "dW = ...")
        code("check(dW)", new_output("stream", text="passed\n" if solved else "not yet\n"))
    text("## What to keep", "Previous: [README](../README.md) · next: 02")
    for number, cell in enumerate(nb.cells):
        cell.id = f"cell-{number}"
    nb.metadata["nbcore"] = {"built": bn.fingerprint(nb)}
    return nb


@pytest.mark.parametrize("solved", [False, True])
@pytest.mark.parametrize(
    "check", [skeleton, sizes, exercise_parts, plain, text_images, execution, stored_text, pictures]
)
def test_a_good_lesson_passes(check, solved):
    assert list(check(small_lesson(solved))) == []


def replace(heading: str, old: str, new: str) -> Callable[[NotebookNode], None]:
    """A fault planted in the text of the first cell that begins with `heading`."""

    def plant(nb: NotebookNode) -> None:
        cell = next(c for c in nb.cells if c.source.startswith(heading))
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return plant


def output(kind: str, **fields: object) -> Callable[[NotebookNode], None]:
    def plant(nb: NotebookNode) -> None:
        code_cells(nb)[4].outputs.append(new_output(kind, **fields))

    return plant


def prints(text: str) -> Callable[[NotebookNode], None]:
    return output("stream", text=text)


def shows(data: Mapping[str, object], **metadata: object) -> Callable[[NotebookNode], None]:
    return output("display_data", data=data, metadata=metadata)


def change(action: Callable[[NotebookNode], object]) -> Callable[[NotebookNode], None]:
    def plant(nb: NotebookNode) -> None:
        action(nb)

    return plant


HEAVY = {"image/png": base64.b64encode(bytes(300_000)).decode()}
SMALL = {"image/png": base64.b64encode(b"pixels").decode()}
ALT = {"image/png": {"alt": "A line."}}


def long_cells(count: int, length: int) -> Callable[[NotebookNode], None]:
    def plant(nb: NotebookNode) -> None:
        for cell in code_cells(nb)[1 : 1 + count]:
            cell.source = "\n\n".join(["x = 1"] * length)  # blank lines do not count

    return plant


FAULTS = [
    (skeleton, replace("# Bend", "# Bend", "Bend"), "begin with the title"),
    (skeleton, replace("# Bend", "bend?", "bend."), "asks no question"),
    (skeleton, replace("# Bend", "- build\n", ""), "2 items"),
    (skeleton, replace("# Bend", "- build\n", "- build\n- more\n"), "4 items"),
    (skeleton, replace("# Bend", "You need", "Have"), "You need"),
    (skeleton, replace("# Bend", "40 minutes", "Quick"), "minutes"),
    (skeleton, replace("# Bend", "40 minutes.", "40 minutes.\n\n## Predict"), "before the set-up"),
    (skeleton, change(lambda nb: nb.cells[1].metadata.clear()), "not collapsed"),
    (skeleton, replace("import", "import", "\n".join(["import os"] * 5) + "\nimport"), "6 lines"),
    (skeleton, replace("## Derive", "## Derive", "## Think"), "the sections are"),
    (skeleton, replace("## Check", "## Check", "### Check"), "the sections are"),
    (skeleton, replace("## Explore", "## Explore", "## Derive"), "the sections are"),
    (skeleton, replace("## Predict", "## Predict", "## Predictable"), "the sections are"),
    (skeleton, replace("## What", "## What to keep", "```\n## What to keep\n```"), "the sections are"),
    (
        skeleton,
        change(lambda nb: [c.update(source="Z") for c in section(nb, "Build") if "assert" in c.source]),
        "no assert",
    ),
    (skeleton, replace("Previous", "next", "then"), "the last cell"),
    (skeleton, replace("Previous", "Previous", "Before"), "the last cell"),
    (skeleton, change(lambda nb: nb.cells.append(new_code_cell("previous = next"))), "the last cell"),
    (sizes, change(lambda nb: nb.cells.__delitem__(slice(2, 13))), "not 25 to 45"),
    (sizes, change(lambda nb: nb.cells.extend(nb.cells[:20])), "not 25 to 45"),
    (sizes, change(lambda nb: nb.cells.extend([new_code_cell("1")] * 10)), "text cells a code cell"),
    (sizes, change(lambda nb: nb.cells.extend([new_markdown_cell("1")] * 24)), "text cells a code cell"),
    (sizes, long_cells(9, 6), "50% of the code cells have up to 6 lines"),
    (sizes, long_cells(3, 13), "90% of the code cells have up to 13 lines"),
    (exercise_parts, change(lambda nb: nb.cells.__delitem__(slice(-8, -5))), "1 exercises"),
    (exercise_parts, change(lambda nb: nb.cells.__setitem__(slice(-2, -2), nb.cells[-8:-2] * 2)), "6 exercises"),
    (exercise_parts, replace("### Exercise 2", "Exercise 2", "Exercise 3"), "exercise 2 is called"),
    (exercise_parts, replace("### Exercise 1", "Hint 2</summary>", "Hint 2"), "exercise 1 has 1 folded"),
    (exercise_parts, replace("### Exercise 2", "<details>", "<details open>"), "exercise 2 has 0 folded"),
    (exercise_parts, replace("### Exercise 2", "](../notebooks/solutions/", "](there/"), "no link to its solution"),
    (exercise_parts, change(lambda nb: nb.cells.__delitem__(slice(-4, -2))), "exercise 2 has no code cell"),
    (plain, replace("Z =", "Z =", "# BEGIN SOLUTION\nZ ="), "# BEGIN"),
    (plain, replace("Z =", "Z =", "    # END STUB\nZ ="), "# END"),
    (plain, replace("Z =", "Z =", "# %%\nZ ="), "# %%"),
    (plain, replace("Z =", "Z =", "# NBVAL_SKIP\nZ =".lower()), "nbval"),
    (plain, replace("Z =", "+ b", "+ b  # noqa: E501"), "# noqa"),
    (plain, change(lambda nb: nb.cells[3].metadata.update(tags=["nbval-skip"])), "metadata"),
    (plain, change(lambda nb: nb.cells[3].metadata.update(execution={"busy": "12:00"})), "metadata"),
    (plain, change(lambda nb: nb.metadata.update(jupytext={"formats": "ipynb"})), "jupytext"),
    (text_images, replace("![A line]", "![A line]", "![ ]"), "no alt text"),
    (text_images, replace("![A line]", "![A line](../docs/line.png)", "<img src='a.png'>"), "no alt text"),
    (text_images, replace("![A line]", "![A line](../docs/line.png)", "<img src='a' alt=''>"), "no alt text"),
    (execution, change(lambda nb: nb.cells[4].update(execution_count=None)), "top to bottom"),
    (execution, change(lambda nb: nb.cells[4].update(execution_count=9)), "top to bottom"),
    (execution, change(lambda nb: nb.metadata.update(widgets={})), "widget state"),
    (execution, output("error", ename="ValueError", evalue="no", traceback=[]), "error ValueError"),
    (execution, output("stream", name="stderr", text="careful"), "stderr"),
    (execution, shows({bn.VIEW: {"model_id": "5f3a"}}), "widget view"),
    (stored_text, prints("<Dense object at 0x7f3a21>"), "an id"),
    (stored_text, prints("saved to /home/me/plot.png"), "an absolute path"),
    (stored_text, prints("['/tmp/x/y']"), "an absolute path"),
    (stored_text, prints("C:\\Users\\me"), "an absolute path"),
    (stored_text, prints("File ipykernel_4711"), "a temporary name"),
    (stored_text, prints("took 12 ms"), "a timing"),
    (stored_text, prints("took 0.3 s"), "a timing"),
    (stored_text, prints("0.31s"), "a timing"),
    (stored_text, prints("5.2µs"), "a timing"),
    (stored_text, shows({"text/plain": "<Figure size 640x480 with 1 Axes>"}), "a figure's size"),
    (stored_text, shows({"text/plain": "0.30000000000000004"}), "more than 10 digits"),
    (stored_text, shows({"text/html": "<b>1.2345678901</b>"}), "more than 10 digits"),
    (stored_text, prints("seed 12345678901"), "more than 10 digits"),
    (pictures, shows(SMALL), "without alt text"),
    (pictures, shows(SMALL, **{"image/png": {"alt": " "}}), "without alt text"),
    (pictures, shows({"text/html": "<img src='x'>"}), "without alt text"),
    (pictures, shows(HEAVY, **ALT), "300000 bytes"),
]


@pytest.mark.parametrize(("check", "plant", "reported"), FAULTS)
def test_a_planted_fault_is_reported(check, plant, reported):
    nb = small_lesson()
    plant(nb)
    assert any(reported in fault for fault in check(nb)), list(check(nb))


@pytest.mark.parametrize(
    "text",
    ["640x480 pixels", "3 steps of 10", "the 1980s", "dC/dW, 1 / 2", "</b> a/b/c", "10000000000000", "W: (2, 8)"],
)
def test_harmless_text_passes(text):
    nb = small_lesson()
    prints(text)(nb)
    assert list(stored_text(nb)) == []


def test_lesson_05_may_be_longer():
    nb = small_lesson()
    nb.cells += nb.cells[:20]
    assert list(sizes(nb, 80)) == []


@pytest.mark.parametrize("target", ["../none.md", "nowhere.ipynb#part", "../../"])
def test_a_link_to_nowhere_is_reported(target):
    nb = small_lesson()
    nb.cells = [new_markdown_cell(f"[all](../pyproject.toml#x) [a]({target}) [b](https://example.org/a)")]
    (fault,) = links(nb, bn.NOTEBOOKS)
    assert target.partition("#")[0] in fault


def test_good_editions_pass():
    assert list(editions(small_lesson(), small_lesson(solved=True))) == []


@pytest.mark.parametrize(
    ("plant", "reported"),
    [
        (replace("## Derive", "## Derive", "## Derive more"), "outside the exercises"),
        (replace("Z =", "+ b", "- b"), "outside the exercises"),
        (prints("other numbers"), "outside the exercises"),
        (replace("### Exercise 1", "Fill", "Filled"), "outside the exercises"),
        (change(lambda nb: nb.cells.pop()), "other cells"),
        (replace("dW =", "delta.mT @ A", "..."), "exercise 1: nothing is left"),
    ],
)
def test_planted_differences_between_editions_are_reported(plant, reported):
    solved = small_lesson(solved=True)
    plant(solved)
    assert any(reported in fault for fault in editions(small_lesson(), solved))


def test_a_solution_left_in_the_learner_edition_is_reported():
    solved = small_lesson(solved=True)
    learner = small_lesson()
    replace("dW =", "...", "delta.mT @ A")(learner)
    assert list(editions(learner, solved)) == ["exercise 1: nothing is left to the learner"]


@pytest.mark.parametrize(
    "plant",
    [
        replace("Z =", "+ b", "- b"),
        change(lambda nb: nb.cells.pop()),
        change(lambda nb: nb.cells[4].update(id="other")),
        change(lambda nb: nb.cells[1].metadata.clear()),
        change(lambda nb: nb.metadata["nbcore"].update(built="0")),
    ],
)
def test_a_stale_notebook_is_reported(plant):
    nb = small_lesson()
    assert list(fresh(nb, small_lesson())) == []
    plant(nb)
    assert list(fresh(nb, small_lesson()))
