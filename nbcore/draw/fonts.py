"""Which font can draw a letter: DejaVu Sans where it can, else one that the system has, else a sign for "none"."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from matplotlib.font_manager import FontProperties, fontManager, get_font

OURS = "DejaVu Sans"
NONE = "\N{REPLACEMENT CHARACTER}"  # what stands for a letter that no font has; DejaVu Sans draws it
# Families that hold what most others lack are looked into first.
LIKELY = ("cjk", "noto", "hei", "gothic", "pingfang", "hiragino", "yahei", "malgun", "nanum", "unifont", "unicode")


def pieces(words: str, font: FontProperties) -> Iterator[tuple[str, FontProperties, bool]]:
    """Runs of `words` as (letters, the font that has them, whether they must be drawn as a whole).

    Control characters become spaces; a letter that no font has becomes `NONE`, so nothing is left to warn of.
    """
    letters = "".join(letter if letter.isprintable() else " " for letter in words)
    told = [(letter, file_with(letter)) for letter in letters]
    known = [(NONE, OURS) if file is None else (letter, file) for letter, file in told]
    for (file, whole), run in groupby(known, key=lambda pair: (pair[1], _joins(pair[0]))):
        face = font
        if file != OURS:
            face = font.copy()
            face.set_file(file)  # by its family matplotlib would look for a weight, and warn where there is none
        yield "".join(letter for letter, _ in run), face, whole


def _joins(letter: str) -> bool:
    """Whether its shape or place depends on its neighbors, as in Arabic, Devanagari or with accents of their own."""
    return (
        unicodedata.category(letter) in ("Mn", "Mc", "Me")
        or unicodedata.bidirectional(letter) in ("R", "AL")
        or ("\u0900" <= letter <= "\u1fff" and unicodedata.category(letter) == "Lo")
    )


@lru_cache(maxsize=4096)
def file_with(letter: str) -> str | None:
    """The font that draws a letter: `OURS`, else the file of the first on this system that has it, else None."""
    if ord(letter) < 0x250 or ord(letter) in _letters(_file_of(OURS)):
        return OURS
    return next((file for file in _others() if ord(letter) in _letters(file)), None)


def _file_of(family: str) -> str:
    return next(f.fname for f in fontManager.ttflist if f.name == family and f.style == "normal" and f.weight == 400)


@lru_cache(maxsize=1)
def _others() -> list[str]:
    """A file of each family that matplotlib knows of on this system; those that only draw boxes left out."""
    found = {
        f.name: f.fname for f in fontManager.ttflist if f.style == "normal" and not f.name.startswith("Last Resort")
    }
    likely = sorted(found, key=lambda name: (not any(part in name.lower() for part in LIKELY), name))
    return [found[name] for name in likely]


@lru_cache(maxsize=256)
def _letters(file: str) -> frozenset[int]:
    try:
        return frozenset(get_font(file).get_charmap())
    except (OSError, RuntimeError):  # a font that was removed, or is broken
        return frozenset()
