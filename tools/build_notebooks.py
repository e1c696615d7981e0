"""Build the lessons: notebooks/src/NN_name.py -> notebooks/NN_name.ipynb and notebooks/solutions/ likewise.

A source is a percent-format Python file, the only text that a person edits. Inside its code cells

    # BEGIN SOLUTION          the solutions edition shows these lines,
    dW = delta.mT @ A_in      the learner edition shows `...` in their place,
    # END SOLUTION
    # BEGIN STUB              or this text instead, less one leading "# " a line
    # dW = ...                (a stub stands directly before, inside or directly after its solution).
    # END STUB

Links are written as seen from notebooks/; the solutions edition gets them adapted. Both are executed.
Nothing is written unless all ran without error or warning, and never over a notebook that somebody edited.
A build without an edit changes no file, on another processor neither: see `keep_pictures`.
"""

from __future__ import annotations

import argparse
import base64
import difflib
import hashlib
import io
import json
import os
import posixpath
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import numpy as np
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from PIL import Image

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
MAX_IMAGE_BYTES = 300_000
CELL_TIMEOUT = 120  # seconds; a whole lesson should take 30
VIEW = "application/vnd.jupyter.widget-view+json"
VARIES = "picture-varies"  # tag of a cell whose picture shows what differs from one processor to the next
PICTURES = ("image/png", "image/jpeg")

# Another processor computes the last digits of a curve differently, which moves the edges of its line by a few
# hundredths of a pixel: where black meets white that makes a few of 255 shades, in few pixels (in lesson 01 up to 14,
# in 0.15%). Nobody can see it. What can be seen is a larger step in a single pixel, or a small one over an area.
SHADES, AREA = 16, 0.005

# No version numbers: builds on another Python or ipykernel are equal.
METADATA: dict[str, Any] = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


class BuildError(Exception):
    """A reason not to write anything, in words for the person who started the build."""


# --- From a source to the text of both editions ---------------------------------------------------------

MARKER = re.compile(r"^([ \t]*)# *(BEGIN|END)\b *(.*?) *$", re.MULTILINE)


def parts(code: str) -> list[tuple[str, str, list[str]]]:
    """Cut a cell at its markers into (kind, indentation, lines); kind is "TEXT", "SOLUTION" or "STUB"."""
    found: list[tuple[str, str, list[str]]] = []
    open_blocks: list[str] = []

    def start(kind: str, indent: str = "") -> None:
        found.append((kind, indent, []))

    start("TEXT")
    for line in code.split("\n"):
        marker = MARKER.match(line)
        if marker is None:
            found[-1][2].append(line)
            continue
        indent, word, kind = marker.groups()
        if kind not in ("SOLUTION", "STUB"):
            raise BuildError(f"unknown marker {line.strip()!r}: the kinds are SOLUTION and STUB")
        if word == "BEGIN":
            if kind in open_blocks or "STUB" in open_blocks:
                raise BuildError(f"{line.strip()!r} inside a {open_blocks[-1]} block")
            open_blocks.append(kind)
            start(kind, indent)
        elif open_blocks and open_blocks[-1] == kind:
            open_blocks.pop()
            start(open_blocks[-1] if open_blocks else "TEXT", indent)
        else:
            raise BuildError(f"{line.strip()!r} without its beginning")
    if open_blocks:
        raise BuildError(f"'# BEGIN {open_blocks[-1]}' without its end")
    return [part for part in found if part[2]]


def edition(code: str, solved: bool) -> str:
    """The text of a code cell as the learner or the solutions edition shows it."""
    cut = parts(code)
    kinds = ["TEXT", *(kind for kind, _, _ in cut), "TEXT"]
    lines: list[str] = []
    for i, (kind, indent, text) in enumerate(cut):
        if kind == "TEXT" or (kind == "SOLUTION" and solved):
            lines += text
        elif kind == "STUB" and not solved:
            lines += [re.sub(r"^(\s*)# ?", r"\1", line) for line in text]
        elif kind == "SOLUTION" and "STUB" not in (kinds[i], kinds[i + 2]):
            lines.append(f"{indent}...")
    return "\n".join(lines)


# Code and formulas come first: A[0](x) is no link there.
LINK = re.compile(
    r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$"
    r"|(?P<lead>\]\(\s*<?|\b(?:src|href)=[\"']|^\[[^\]\n]+\]:\s*)(?P<target>[^)\s\"'>]+)",
    re.DOTALL | re.MULTILINE,
)


def relative_links(text: str) -> list[str]:
    """The relative targets (of links and images) in a text cell, without #fragments."""
    return [path for m in LINK.finditer(text) if (path := _relative(m["target"]))]


def _relative(target: str | None) -> str:
    if not target or target.startswith(("#", "/")) or re.match(r"[\w+.-]+:", target):
        return ""
    return target.partition("#")[0]


def links_for_solutions(text: str) -> str:
    """Links as seen from notebooks/ -> the same targets as seen from notebooks/solutions/."""

    def adapt(match: re.Match[str]) -> str:
        if not (path := _relative(match["target"])):
            return match[0]
        # The two folders above only give relpath room for a leading "../".
        moved = posixpath.relpath(posixpath.join("/repo/notebooks", path), "/repo/notebooks/solutions")
        return match["lead"] + moved + match["target"][len(path) :]

    return LINK.sub(adapt, text)


def render(source: str, previous: NotebookNode | None = None) -> tuple[NotebookNode, NotebookNode]:
    """The learner and the solutions edition, not executed; ids follow the learner edition built before."""
    # comment_magics=False: jupytext would else turn a comment such as "# copy W" into a shell command.
    fmt = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    editions = []
    for solved in (False, True):
        nb = nbformat.v4.new_notebook(metadata=json.loads(json.dumps(METADATA)))
        for number, cell in enumerate(jupytext.reads(source, fmt=fmt).cells, 1):
            try:
                nb.cells.append(_plain_cell(cell, solved))
            except BuildError as error:
                raise BuildError(f"cell {number} ({title(cell)}): {error}") from None
        nb.metadata["nbcore"] = {"built": fingerprint(nb)}
        editions.append(nb)
    learner, solution = editions
    keep_ids(learner.cells, previous.cells if previous else [])
    for cell, twin in zip(solution.cells, learner.cells, strict=True):
        cell["id"] = twin["id"]
    return learner, solution


def _plain_cell(cell: NotebookNode, solved: bool) -> NotebookNode:
    """A cell with the text of one edition and only such metadata as JupyterLab shows use of."""
    if cell.cell_type == "code":
        new = nbformat.v4.new_code_cell(edition(cell.source, solved))
    elif cell.cell_type == "markdown":
        if MARKER.search(cell.source):
            raise BuildError("a SOLUTION or STUB marker in a text cell")
        new = nbformat.v4.new_markdown_cell(links_for_solutions(cell.source) if solved else cell.source)
    else:
        raise BuildError(f"{cell.cell_type} cells have no place in a lesson")
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        new.metadata["jupyter"] = {"source_hidden": True}
    if cell.metadata.get("tags"):
        new.metadata["tags"] = list(cell.metadata["tags"])
    return new


def title(cell: NotebookNode) -> str:
    """A cell's first line, to name it by."""
    return cell.source.strip().partition("\n")[0][:60]


def fingerprint(nb: NotebookNode) -> str:
    """A record of what a notebook's cells say, to tell later whether somebody edited them."""
    said = json.dumps([(cell.cell_type, cell.source) for cell in nb.cells])
    return hashlib.sha256(said.encode()).hexdigest()


# --- Cell ids -------------------------------------------------------------------------------------------


def keep_ids(cells: Sequence[NotebookNode], before: Sequence[NotebookNode]) -> None:
    """Give each cell the id it had before, edited or not; new cells get one made from their text."""
    texts, old_texts = ([f"{c.cell_type}\n{c.source}" for c in some] for some in (cells, before))
    ids: dict[int, str] = {}
    unused = dict(enumerate(old_texts))
    matcher = difflib.SequenceMatcher(None, old_texts, texts, autojunk=False)
    for old, new, size in matcher.get_matching_blocks():
        for step in range(size):
            ids[new + step] = before[old + step]["id"]
            del unused[old + step]
    for i, text in enumerate(texts):  # what is left was edited, moved or is new
        same_type = [t for k, t in unused.items() if before[k].cell_type == cells[i].cell_type]
        if i not in ids and (close := difflib.get_close_matches(text, same_type, n=1)):
            old = next(k for k, t in unused.items() if t == close[0])
            ids[i] = before[old]["id"]
            del unused[old]
    taken = set(ids.values())
    for i, text in enumerate(texts):
        if i not in ids:
            ids[i] = next(candidate for candidate in _fresh_ids(text) if candidate not in taken)
            taken.add(ids[i])
        cells[i]["id"] = ids[i]


def _fresh_ids(text: str) -> Iterator[str]:
    """Ids for a new cell, best first: deterministic, so that two people building get the same."""
    for attempt in range(1000):
        yield hashlib.sha256(f"{attempt}\n{text}".encode()).hexdigest()[:8]


# --- Execution ------------------------------------------------------------------------------------------


def execute(nb: NotebookNode, folder: Path) -> None:
    """Run a notebook in `folder`, storing plain outputs; BuildError names the cell that fails or warns."""
    started: list[int] = []

    def note_start(cell: NotebookNode, cell_index: int) -> None:
        started.append(cell_index)

    client = NotebookClient(
        nb,
        # No folders to search: python3 is the interpreter that runs this, whatever kernels a user installed.
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])),
        timeout=CELL_TIMEOUT,
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,  # where a stream is cut depends on timing
        on_cell_execute=note_start,
        extra_arguments=["--log-level=ERROR"],  # ipykernel 7.3 and later warn of TCP at every start
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        # Neither a person's recorded predictions nor their IPython start-up files enter a lesson.
        private = {"NBCORE_ANSWERS": f"{scratch}/answers.json", "IPYTHONDIR": scratch, "PYTHONSTARTUP": ""}
        try:
            client.execute(cwd=str(folder), env=os.environ | private, cleanup_kc=True)
        except (CellControlSignal, DeadKernelError) as error:
            _raise_faults(nb)
            where = f"cell {started[-1] + 1} ({title(nb.cells[started[-1]])}): " if started else ""
            raise BuildError(f"{where}{error}") from None
    _raise_faults(nb)
    nb.metadata["language_info"] = json.loads(json.dumps(METADATA["language_info"]))
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            for bundle in (output.get("data", {}), output.get("metadata", {})):
                bundle.pop(VIEW, None)  # names a model that lives only in the kernel, by a random id


def _raise_faults(nb: NotebookNode) -> None:
    """Refuse errors, anything on stderr and heavy pictures."""
    faults = []
    for number, cell in enumerate(nb.cells, 1):
        for output in cell.get("outputs", []):
            for reason in _faults(output):
                faults.append(f"cell {number} ({title(cell)}): {reason}")
    if faults:
        raise BuildError("\n  ".join(faults))


def _faults(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error":
        yield f"{output.ename}: {output.evalue}"
    if output.get("name") == "stderr":
        yield f"wrote to stderr: {output.text.strip()[:300]}"
    for kind in PICTURES:
        size = len(base64.b64decode(output.get("data", {}).get(kind, "")))
        if size >= MAX_IMAGE_BYTES:
            yield f"a picture of {size / 1000:.0f} kB; it must stay under {MAX_IMAGE_BYTES // 1000} kB"


# --- Files ----------------------------------------------------------------------------------------------

Execute = Callable[[NotebookNode, Path], None]


def read(path: Path) -> NotebookNode | None:
    """The notebook in a file; None where there is none, or none with an id of its own for each cell."""
    try:
        nb = nbformat.v4.reads(path.read_text(encoding="utf-8"))
        if len({cell["id"] for cell in nb.cells}) < len(nb.cells):
            return None  # nbformat would repair that, with random ids
        nbformat.validate(nb)
    except (OSError, ValueError, AttributeError, LookupError, TypeError, nbformat.ValidationError):
        return None
    return nb


def is_edited(path: Path) -> bool:
    """Do a file's cells say anything but what was last built? Outputs do not count: they can be made again."""
    nb = read(path)
    if nb is None:
        return path.exists()
    return nb.metadata.get("nbcore", {}).get("built") != fingerprint(nb)


def targets(source: Path) -> tuple[Path, Path]:
    """The files of the learner and the solutions edition."""
    notebooks = source.parent.parent
    return notebooks / f"{source.stem}.ipynb", notebooks / "solutions" / f"{source.stem}.ipynb"


def build_lesson(source: Path, execute: Execute = execute, redraw: bool = False) -> dict[Path, NotebookNode]:
    """Both editions of a lesson, executed, with the stored pictures where they will do; nothing is written."""
    files = targets(source)
    built = {}
    try:
        editions = render(source.read_text(encoding="utf-8"), previous=read(files[0]))
    except BuildError as error:
        raise BuildError(f"{source.name}, {error}") from None
    for path, nb in zip(files, editions, strict=True):
        path.parent.mkdir(exist_ok=True)  # the kernel's working folder
        try:
            execute(nb, path.parent)
        except BuildError as error:
            raise BuildError(f"{_short(path)} not built:\n  {error}") from None
        nbformat.validate(nb)
        built[path] = nb
    if not redraw:
        keep_pictures(built)
    return built


def same_picture(old: str, new: str) -> bool:
    """Do two encoded pictures show the same, but for what another processor does to the edges of a line?"""
    if old == new:
        return True
    try:
        images = [Image.open(io.BytesIO(base64.b64decode(one))).convert("RGBA") for one in (old, new)]
    except (OSError, ValueError, SyntaxError):  # the last is Pillow's word for a broken PNG
        return False
    if images[0].size != images[1].size:
        return False
    before, after = (np.asarray(image, dtype=int) for image in images)
    off = np.abs(before - after).max(axis=-1)
    return bool(off.max() <= SHADES and np.mean(off > 0) <= AREA)


def keep_pictures(built: dict[Path, NotebookNode]) -> None:
    """Put the stored pictures into both editions of a lesson where the new ones show the same.

    Those tagged as varying stay as they are, words and all, unless anything else in the lesson has changed.
    """
    varying, unchanged = [], True
    for path, nb in built.items():
        stored = read(path)
        unchanged = unchanged and stored is not None and not differences(stored, nb)
        outputs = {cell["id"]: cell.get("outputs", []) for cell in stored.cells} if stored else {}
        for cell in nb.cells:
            # Outputs that have no partner make a difference already.
            for old, new in zip(outputs.get(cell["id"], []), cell.get("outputs", []), strict=False):
                for kind in old.get("data", {}).keys() & new.get("data", {}).keys() & set(PICTURES):
                    if same_picture(old.data[kind], new.data[kind]):
                        new.data[kind] = old.data[kind]
                    elif VARIES not in cell.metadata.get("tags", []):
                        unchanged = False
                    if VARIES in cell.metadata.get("tags", []):
                        varying.append((old, new, kind))
    if unchanged:
        for old, new, kind in varying:
            new.data[kind] = old.data[kind]
            new.metadata[kind] = old.metadata[kind]


def dumps(nb: NotebookNode) -> str:
    """The one way in which a notebook is written, so that equal notebooks are equal files."""
    return nbformat.writes(nb, indent=1).rstrip("\n") + "\n"


def write(built: dict[Path, NotebookNode]) -> list[Path]:
    """Write what changed, each file whole or not at all; return the files that changed."""
    changed = []
    for path, nb in built.items():
        content = dumps(nb).encode()
        if not path.exists() or path.read_bytes() != content:
            path.with_suffix(".ipynb.new").write_bytes(content)
            changed.append(path)
    for path in changed:  # all are safely on disk by now
        path.with_suffix(".ipynb.new").replace(path)
    return changed


def _short(path: Path) -> str:
    return path.relative_to(path.parents[2 if path.parent.name == "solutions" else 1]).as_posix()


# --- Comparison -----------------------------------------------------------------------------------------


def differences(committed: NotebookNode, built: NotebookNode) -> list[str]:
    """What sets two notebooks apart, picture data excepted: another machine may draw a pixel differently."""
    old, new = ({cell["id"]: cell for cell in nb.cells} for nb in (committed, built))
    found = []
    if difference := _diff(committed.metadata, built.metadata):
        found.append(f"notebook metadata\n{difference}")
    for number, cell in enumerate(built.cells, 1):
        if cell["id"] not in old:
            found.append(f"cell {number} ({title(cell)}): not in the notebook, or under another id")
        elif difference := _diff(old[cell["id"]], cell):
            found.append(f"cell {number} ({title(cell)})\n{difference}")
    for number, cell in enumerate(committed.cells, 1):
        if cell["id"] not in new:
            found.append(f"cell {number} ({title(cell)}): not in the source")
    if not found and list(old) != list(new):
        found.append("the cells stand in another order")
    return found


def _diff(old: NotebookNode, new: NotebookNode, limit: int = 12) -> str:
    lines = list(difflib.unified_diff(_lines(old), _lines(new), "notebook", "built", lineterm="", n=1))[2:]
    more = [f"... and {len(lines) - limit} more lines"] if len(lines) > limit else []
    return "\n".join(f"    {line[:160]}" for line in lines[:limit] + more)


def _lines(node: Any) -> list[str]:
    """A node as text that diffs well: one line of source or output on each line, pictures by kind only."""
    varies = VARIES in node.get("metadata", {}).get("tags", [])

    def simple(value: Any, key: str = "") -> Any:
        if varies and key == "alt":
            return "(what a picture shows)"
        if key.startswith("image/") and isinstance(value, str):
            return "(a picture)"
        if isinstance(value, dict):
            return {k: simple(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [simple(v) for v in value]
        return value.split("\n") if isinstance(value, str) and "\n" in value else value

    return json.dumps(simple(node), indent=1, sort_keys=True, ensure_ascii=False).split("\n")


def check(built: dict[Path, NotebookNode]) -> list[str]:
    """Differences between what was built and what is in the files."""
    found = []
    for path, nb in built.items():
        committed = read(path)
        if committed is None:
            found.append(f"{_short(path)}: missing or not a notebook")
        else:
            found += [f"{_short(path)}, {difference}" for difference in differences(committed, nb)]
    return found


def strays(notebooks: Path) -> list[str]:
    """Notebooks without a source."""
    known = {source.stem for source in find_sources(notebooks)}
    files = sorted(notebooks.glob("*.ipynb")) + sorted(notebooks.glob("solutions/*.ipynb"))
    return [f"{_short(path)}: no source for it in src/" for path in files if path.stem not in known]


# --- Command line ---------------------------------------------------------------------------------------


def find_sources(notebooks: Path, wanted: Sequence[str] = ()) -> list[Path]:
    """The sources of all lessons, or of those named by number or by name."""
    sources = sorted((notebooks / "src").glob("[0-9][0-9]_*.py"))
    chosen: set[Path] = set()
    for name in wanted:
        hits = {s for s in sources if s.stem == name or s.name == name or s.stem[:2] == name.zfill(2)}
        if not hits:
            known = ", ".join(s.stem for s in sources) or "none"
            raise BuildError(f"no lesson {name!r} in {_short(notebooks / 'src')}/; there: {known}")
        chosen |= hits
    return sorted(chosen) if wanted else sources


def run(args: argparse.Namespace, notebooks: Path, execute: Execute = execute) -> None:
    sources = find_sources(notebooks, args.lessons + args.only)
    if not args.check and not args.discard_edits:
        edited = [path for source in sources for path in targets(source) if is_edited(path)]
        if edited:
            names = "\n".join(f"  {_short(path)}" for path in edited)
            raise BuildError(
                f"Edited since it was last built, so nothing was written:\n{names}\n"
                "Move the edits to notebooks/src/, or throw them away with --discard-edits."
            )
    built: dict[Path, NotebookNode] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # a thread only waits for its lesson's kernel
        print(f"running both editions of {', '.join(source.stem for source in sources)}", flush=True)
        for lesson in pool.map(lambda source: build_lesson(source, execute, args.redraw), sources):
            built |= lesson
    if args.check:
        found = check(built) + ([] if args.lessons or args.only else strays(notebooks))
        if found:
            raise BuildError("\n".join([*found, "Build again with tools/build_notebooks.py, then look at git diff."]))
        print(f"{len(built)} notebooks are what their sources say")
    else:
        changed = write(built)
        print(f"{len(changed)} of {len(built)} notebooks changed", *map(_short, changed), sep="\n  ")


def main(argv: Sequence[str] | None = None, notebooks: Path = NOTEBOOKS, execute: Execute = execute) -> int:
    parser = argparse.ArgumentParser(description="Build the lessons from notebooks/src/, executed.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="only these lessons (default: all)")
    parser.add_argument("--only", action="append", default=[], metavar="NN", help="the same as an option")
    parser.add_argument("--check", action="store_true", help="only compare with the files; exit 1 if unlike")
    parser.add_argument("--discard-edits", action="store_true", help="overwrite edited notebooks, too")
    parser.add_argument("--redraw", action="store_true", help="store every picture anew")
    try:
        run(parser.parse_args(argv), notebooks, execute)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
