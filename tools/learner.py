"""The learner's own copies of the lessons, in my/ (ignored by git).

    python tools/learner.py             make the copies that are missing, refresh those never edited
    python tools/learner.py reset 01    a fresh copy of lesson 01; the old one is kept as a backup

What a learner typed is never overwritten. A copy counts as edited when the types and texts of its cells
differ from those of the edition it came from; outputs don't count. A newer edition replaces a copy that
was not edited, and is laid beside one that was.

my/.editions.json remembers, for each copy, `from` (the edition it was copied from) and `offered` (the
edition last laid beside it), as hashes. Without that record every copy that differs from the lesson counts
as edited, so losing it costs a superfluous file, never work.
"""

import argparse
import errno
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
Record = dict[str, dict[str, str]]


class LearnerError(Exception):
    """Something the learner can put right; the message says what."""


def lessons(root: Path = ROOT) -> list[Path]:
    """The lessons, in order."""
    return sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def find_lesson(wanted: str, root: Path = ROOT) -> Path:
    """The lesson that `wanted` names: 1, 01, or the beginning of its file name."""
    known = lessons(root)
    name = Path(wanted.strip()).name
    if name.isdigit():
        name = name.zfill(2) + "_"
    found = [path for path in known if name and path.name.startswith(name)]
    if len(found) != 1:
        numbers = ", ".join(path.name[:2] for path in known) or "none, notebooks/ is empty"
        raise LearnerError(f"No lesson is called {wanted!r}. Lessons there are: {numbers} (as in NB=01).")
    return found[0]


def edition(notebook: Path) -> str | None:
    """A hash of what a person writes in a notebook, the cells' types and texts; None if unreadable."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        # a text is stored as one string or as a list of lines
        written = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return hashlib.sha256(json.dumps(written).encode()).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write all of it or nothing: a full disk or a lost power line leaves the old file as it was."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o666 & ~umask())  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def umask() -> int:
    """What the user keeps from others. It can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def read_record(my: Path) -> Record:
    """The record of editions; what is missing or damaged in it is left out."""
    try:
        record = json.loads((my / ".editions.json").read_text(encoding="utf-8"))
        return {name: dict(entry) for name, entry in record.items() if isinstance(entry, dict)}
    except (OSError, ValueError, AttributeError):
        return {}


def write_record(my: Path, record: Record) -> None:
    write_atomically(my / ".editions.json", (json.dumps(record, indent=1, sort_keys=True) + "\n").encode())


def numbered(notebook: Path, word: str, number: int) -> Path:
    """01_x.ipynb -> 01_x.backup-1.ipynb"""
    return notebook.with_name(f"{notebook.stem}.{word}-{number}.ipynb")


def place(lesson: Path, copy: Path, record: Record) -> None:
    """Put the lesson's present edition at `copy`, and note where it came from."""
    write_atomically(copy, lesson.read_bytes())
    record[copy.name] = {"from": edition(lesson) or ""}


def is_unedited(copy: Path, record: Record) -> bool:
    now = edition(copy)
    return now is not None and now == record.get(copy.name, {}).get("from")


def lay_beside(lesson: Path, copy: Path, record: Record) -> Path:
    """Put a newer edition next to an edited copy, under the first name that holds no work."""
    number = 1
    while True:
        beside = numbered(copy, "new-edition", number)
        if not beside.exists() or is_unedited(beside, record):
            place(lesson, beside, record)
            return beside
        number += 1


def update(root: Path = ROOT) -> list[str]:
    """Bring my/ up to date with the lessons; return what there is to tell the learner."""
    my = root / "my"
    my.mkdir(exist_ok=True)
    before = read_record(my)
    record = {name: dict(entry) for name, entry in before.items()}
    news = []
    for lesson in lessons(root):
        copy, current = my / lesson.name, edition(lesson)
        if current is None:
            news.append(f"notebooks/{lesson.name} cannot be read (merge conflict?); your copy stays as it is.")
            continue
        entry = record.setdefault(lesson.name, {})
        if not copy.exists():
            place(lesson, copy, record)
        elif edition(copy) == current:
            entry["from"] = current
        elif is_unedited(copy, record):
            place(lesson, copy, record)
            news.append(f"my/{lesson.name}: refreshed (a newer edition; you had not edited it).")
        elif current not in (entry.get("from"), entry.get("offered")) and copy.is_file():
            beside = lay_beside(lesson, copy, record)
            entry["offered"] = current
            news.append(f"my/{lesson.name} holds your work; the newer edition lies beside it: my/{beside.name}")
        if edition(copy) is None:
            news.append(unreadable(copy))
        elif not os.access(copy, os.W_OK):
            news.append(f"my/{copy.name} can't be written, so nothing you type there is kept: chmod u+w my/{copy.name}")
    if record != before:
        write_record(my, record)
    return news


def unreadable(copy: Path) -> str:
    """What is wrong with a copy that is no notebook, and the way out."""
    why = "can't be read"
    if copy.is_dir():
        why = "is a folder"
    elif os.access(copy, os.R_OK):
        text = copy.read_bytes()
        marks = b"<<<<<<< " in text and b">>>>>>> " in text
        why = (
            "is empty"
            if not text.strip()
            else "holds marks of a merge conflict"
            if marks
            else "is no notebook (any more)"
        )
    return f"my/{copy.name} {why}. make reset NB={copy.name[:2]} gives you a fresh copy and keeps this one as a backup."


def reset(wanted: str, root: Path = ROOT) -> list[str]:
    """Give a fresh copy of one lesson; the old one is renamed, not removed."""
    lesson = find_lesson(wanted, root)
    if edition(lesson) is None:
        raise LearnerError(f"notebooks/{lesson.name} cannot be read, so nothing was changed. Try: git status")
    my = root / "my"
    my.mkdir(exist_ok=True)
    copy, news, number = my / lesson.name, [], 1
    if copy.exists():
        while (backup := numbered(copy, "backup", number)).exists():
            number += 1
        copy.rename(backup)
        news.append(f"Your old copy is now my/{backup.name}")
    record = read_record(my)
    place(lesson, copy, record)
    write_record(my, record)
    return [*news, f"my/{copy.name} is a fresh copy."]


def not_written(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "The copies in my/ could not be written: the disk is full. Free some space, then run this again."
    return (
        f"The copies in my/ could not be written: {error}. "
        "Make my/ your own (chmod u+w my), or copy the whole folder to a place of yours, then run this again."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The learner's own copies of the lessons, in my/.")
    parser.add_argument("action", nargs="?", choices=["update", "reset"], default="update")
    parser.add_argument("lesson", nargs="?", default="", help="for reset: 01, 02, ...")
    options = parser.parse_args()
    try:
        news = update() if options.action == "update" else reset(options.lesson)
    except LearnerError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(not_written(error))
    print(*news, sep="\n")


if __name__ == "__main__":
    main()
