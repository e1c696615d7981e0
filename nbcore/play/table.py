"""A table as people save it: from a path, a text or bytes to rows of cells; what can't be read is refused by its line.

Nothing is changed silently: no character is replaced, no line is left out unless it is empty, no quote is lost.
Every step is linear in the size of the file, which is bounded.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NoReturn

from nbcore.play.settings import short

MOST_BYTES = 5_000_000
MOST_LINES = 20_000
MOST_CELLS = 10_000  # in a line; far more than there may be columns
LONGEST_QUOTE = 2_000  # characters between two quotes: what is longer was never closed
MARKS = ("\t", ";", ",", "|")  # the comma comes late, for it may be a decimal comma
BREAK = re.compile(r"\r\n|\r|\n")  # what editors and spreadsheets end a line with; str.splitlines() knows eight more
# The marks that a file may begin with, the longest first.
BEGINNINGS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

Row = tuple[int, list[str]]  # the number of its line in the file, from 1, and its cells


def refuse(line: int, what: str) -> NoReturn:
    """Raises ValueError about one line."""
    raise ValueError(f"line {line} of the CSV {what}")


def read_table(source: str | Path | bytes) -> list[Row]:
    """The rows of a CSV that are not empty, all cells stripped.

    `source` is a path, the text itself (with a line break in it), or the bytes of a file. Columns are parted by tabs,
    semicolons, commas or bars; a first line `sep=;` says by which. Raises ValueError that names the line.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        text = decoded(bytes(source))
    elif isinstance(source, str) and (BREAK.search(source) or not source.strip()):
        text = source
    elif isinstance(source, (str, Path)):
        text = decoded(_bytes_of(Path(source)))
    else:
        raise TypeError(f"source must be a path, or the text or bytes of a CSV, got {type(source).__name__}")
    if len(text) > MOST_BYTES:
        raise ValueError(f"the CSV must be at most {MOST_BYTES // 1_000_000} MB")
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        refuse(
            1 + len(BREAK.findall(text[: text.index("\0")])), "holds a NUL character: this is no text; save it as a CSV"
        )
    lines = BREAK.split(text)
    if len(lines) > MOST_LINES:
        raise ValueError(
            f"the CSV must have at most 10,000 rows, got {len(lines) - (not lines[-1]):,} lines; a sample will do"
        )
    if not any(map(str.strip, lines)):
        raise ValueError("the CSV holds no lines")
    first, mark = 0, None
    if said := re.fullmatch(r'\s*"?sep=(.)"?\s*', lines[0]):  # Excel's own
        first, mark = 1, said[1]
    rows = list(_rows(lines, first, mark or _mark(lines[first:])))
    if not rows:
        raise ValueError("the CSV holds no lines")
    _check_widths(rows)
    return rows


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 and UTF-32 with their mark. Raises ValueError for any other.

    A file in one of the old code pages could be read with any of them, and would be read wrongly by most.
    """
    if len(data) > MOST_BYTES:
        raise ValueError(f"the CSV must be at most {MOST_BYTES // 1_000_000} MB")
    encoding = next((name for mark, name in BEGINNINGS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding.startswith("utf-8"):
            line = 1 + len(re.findall(rb"\r\n|\r|\n", data[: error.start]))
            refuse(
                line,
                f"is not saved as UTF-8 (the byte {data[error.start]:02X}): save the file again as 'CSV UTF-8'",
            )
        raise ValueError(
            f"the CSV begins as {encoding.upper()}, but goes on otherwise: save it as 'CSV UTF-8'"
        ) from None


def _bytes_of(path: Path) -> bytes:
    """What a file holds, at most one byte more than is allowed. A device or a pipe, which may never end, is no file."""
    data = None
    try:
        if path.is_file() or not path.exists():
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        why = "it is no file"
    except OSError as error:
        why = error.strerror or str(error)
    except ValueError as error:  # a NUL character in the name
        why = str(error)
    if data is None:
        raise ValueError(f"{short(path.name)!r} can't be read as a CSV: {why}")
    if len(data) > MOST_BYTES:
        raise ValueError(f"{short(path.name)!r} must be at most {MOST_BYTES // 1_000_000} MB")
    return data


def _mark(lines: list[str]) -> str:
    """What parts the columns: what stands equally often outside quotes in all lines, else most often in the first."""
    outside = []
    for line in lines:
        parts = line.split('"')
        if line.strip():
            outside.append("".join(parts[::2]))
        if len(parts) % 2 == 0 and outside:
            break  # a quote goes on in the next line, or was never closed
    for mark in MARKS:
        counts = {line.count(mark) for line in outside}
        if len(counts) == 1 and counts != {0}:
            return mark
    return max(reversed(MARKS), key=lambda mark: outside[0].count(mark) if outside else 0)


def _rows(lines: list[str], first: int, mark: str) -> list[Row]:
    rows, number = [], first
    while number < len(lines):
        begins, line = number + 1, lines[number]
        number += 1
        if line.count(mark) >= MOST_CELLS:
            refuse(begins, f"has more than {MOST_CELLS:,} columns")
        if '"' not in line:
            cells = [cell.strip() for cell in line.split(mark)]
        else:
            cells, at = [], 0
            while True:
                while at < len(line) and line[at] in " \t" and line[at] != mark:
                    at += 1
                if line[at : at + 1] != '"':
                    end = line.find(mark, at)
                    cells.append(line[at : end if end >= 0 else None].strip())
                else:
                    opened, pieces, length, at = number, [], 0, at + 1
                    while True:
                        end = line.find('"', at)
                        piece = line[at : end if end >= 0 else None]
                        pieces.append(piece)
                        length += len(piece) + 1
                        if length > LONGEST_QUOTE or (end < 0 and number == len(lines)):
                            refuse(opened, "opens a quote that is never closed: close it, or take it out")
                        if end < 0:  # the cell goes on in the next line
                            pieces.append("\n")
                            line, at = lines[number], 0
                            number += 1
                        elif line[end + 1 : end + 2] == '"':  # two quotes stand for one
                            pieces.append('"')
                            at = end + 2
                        else:
                            break
                    cells.append("".join(pieces).strip())
                    end += 1
                    while end < len(line) and line[end] in " \t" and line[end] != mark:
                        end += 1
                    if end < len(line) and line[end] != mark:
                        refuse(
                            opened,
                            f"has a quote that closes before {short(line[end:])!r}: a cell is quoted as a whole, "
                            "and a quote in it is written twice",
                        )
                    end = end if end < len(line) else -1
                if end < 0:
                    break
                at = end + 1
        if any(cells):
            rows.append((begins, cells))
    return rows


def _check_widths(rows: list[Row]) -> None:
    """All rows must have as many cells; the line that differs is named, or the notes above the table."""
    widths = [len(cells) for _, cells in rows]
    if len(set(widths)) == 1:
        return
    common = Counter(widths).most_common(1)[0][0]
    odd = next(k for k, width in enumerate(widths) if width != common)
    line, cells = rows[odd]
    if odd == 0 and len(cells) < common and len(rows) > 3:
        refuse(
            line,
            f"has {_columns(len(cells))}, the others have {common}: if it is a note ({short(cells[0])!r}), take it out",
        )
    other = rows[0] if odd else rows[1]
    refuse(line, f"has {_columns(len(cells))}, the {'first' if odd else 'next'} has {len(other[1])}")


def _columns(n: int) -> str:
    return f"{n} column" + "s" * (n != 1)
