"""The whole state of a run as one short text, and back.

    spirals noise=0.2 | x1 x2 sinx1 | 8 tanh, 4 relu | adam eta=0.03 batch=20 | seed=3 | 1200 updates | 300: eta=0.01

Parts stand between bars, in any order; what is not said is as in `Settings()`. `1200 updates` is how far the run has
come, `300: eta=0.01` what was changed after update 300, `500: W1[2,0]=0.5` a weight set by hand: layer 1 (the first),
row 2 and column 0 as in code; `b1[2]` is a bias.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from nbcore.checks import number, whole
from nbcore.play.settings import CHECKS, DATA, FEATURES, LIVE, OPTIMIZERS, Settings, short

MOST_UPDATES, MOST_TEXT, MOST_CHANGES = 10_000_000, 300_000, 10_000
MOST_WEIGHT = 1e6
NO_HIDDEN = "no hidden layers"
# Digits are 0 to 9, and few enough for int().
WEIGHT = re.compile(r"W([1-9]\d{,29})\[(\d{1,30}),(\d{1,30})\]|b([1-9]\d{,29})\[(\d{1,30})\]", re.ASCII)
LAYER = re.compile(r"(\d{1,30}) (\w{1,30})", re.ASCII)
UPDATES = re.compile(r"(\d{1,30}) updates?", re.ASCII)
LATER = re.compile(r"(\d{1,30}): ?(.*)", re.ASCII)
WHOLE = re.compile(r"-?\d{1,30}", re.ASCII)
# float() would also take words such as inf.
NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
SIGNS = re.compile(r" ?(=) ?")  # eta = 0.5 is eta=0.5
CALL = re.compile(r"(\w{1,30} ?= ?)?(\w{1,30}\.){0,2}(playground|from_text)", re.ASCII)
DEFAULT = Settings()
# Written as name=value; the others are known by how they look.
NAMED = [n for n in CHECKS if n not in ("data", "features", "hidden", "optimizer", "standardize")]


@dataclass(frozen=True)
class Change:
    """What was changed after `step` updates: `name` is one of LIVE, or a weight such as W1[2,0] or b1[2]."""

    step: int
    name: str
    value: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", whole("step", self.step, least=0))
        if self.name in LIVE:
            value = CHECKS[self.name](self.name, self.value)
        elif isinstance(self.name, str) and WEIGHT.fullmatch(self.name):
            value = number(self.name, self.value, -MOST_WEIGHT, MOST_WEIGHT) + 0.0
        else:
            raise ValueError(
                f"a change on the way is one of {', '.join(LIVE)}, or a weight W1[0,0] or bias b1[0]; "
                f"got {short(str(self.name))}"
            )
        object.__setattr__(self, "value", value)

    @property
    def place(self) -> tuple[int, str, tuple[int, int]]:
        """Of a weight or bias: layer (1 is the first), "W" or "b", and its index in that array."""
        found = WEIGHT.fullmatch(self.name)
        if found is None:
            raise ValueError(f"{self.name} is no weight")
        layer, j, k, layer_b, j_b = found.groups()
        return (int(layer), "W", (int(j), int(k))) if layer else (int(layer_b), "b", (0, int(j_b)))


@dataclass(frozen=True)
class State:
    """A run to the last digit: the settings it began with, what was changed on the way, the updates done."""

    settings: Settings = DEFAULT
    log: tuple[Change, ...] = ()
    updates: int = 0

    def __post_init__(self) -> None:
        before = 0
        for change in self.log:
            if change.step < before:
                raise ValueError(f"changes must stand in the order of updates, got {change.step} after {before}")
            before = change.step
        if before > whole("updates", self.updates, least=0):
            raise ValueError(f"there are {self.updates} updates, but a change after {before}")
        if self.updates > MOST_UPDATES:
            raise ValueError(f"updates must be at most {MOST_UPDATES:,}, got {self.updates:,}")


def to_text(state: State | Settings) -> str:
    """The text that `from_text` reads; it holds only what differs from `Settings()`."""
    if isinstance(state, Settings):
        state = State(state)
    if not isinstance(state, State):
        raise TypeError(f"state must be Settings or a State, got {type(state).__name__}")
    s = state.settings
    differs = {f.name for f in fields(s) if getattr(s, f.name) != getattr(DEFAULT, f.name)}

    def said(*names: str) -> list[str]:
        return [f"{name}={_written(getattr(s, name))}" for name in names if name in differs]

    optimizer = [s.optimizer] if "optimizer" in differs else []
    parts = [
        [s.data, *said("n", "noise", "train", "data_seed", "own"), *["standardize"] * s.standardize],
        [*s.features] if "features" in differs else [],
        [", ".join(f"{units} {phi}" for units, phi in s.hidden) or NO_HIDDEN] if "hidden" in differs else [],
        said("output", "loss"),
        optimizer + said("eta", "batch", "l1", "l2"),
        said("seed", "init", "scale"),
        [f"{state.updates} updates"] if state.updates else [],
        *([f"{c.step}: {c.name}={_written(c.value)}"] for c in state.log),
    ]
    return " | ".join(" ".join(part) for part in parts if part)


def from_text(text: str) -> State:
    """The state that a text stands for; a call that holds it, as `explore.playground("moons")`, will do as well.

    Raises ValueError that names the part which can't be read, or does not fit.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string such as 'spirals | 8 tanh | seed=3', got {type(text).__name__}")
    if len(text) > MOST_TEXT:
        raise ValueError(f"text must be at most {MOST_TEXT:,} characters, got {len(text):,}")
    text = bare(text)
    if not text:
        raise ValueError("text must name at least the data, as in 'moons'; got nothing")
    if "||" in text:
        raise ValueError(f"text holds {text.count('||') + 1} runs, compared with ||; only one can be taken here")
    reader = _Reader()
    for part in text.split("|"):
        part = SIGNS.sub(r"\1", " ".join(part.split()))
        if not part:
            raise ValueError("there is an empty part between two bars, or at an end")
        try:
            reader.read(part)
        except (ValueError, TypeError) as error:
            raise ValueError(f"in {short(part)!r}: {error}") from None
    found = reader.found
    if reader.features:
        found["features"] = tuple(reader.features)
    updates = found.pop("updates", 0)
    return State(Settings(**found), tuple(reader.log), updates)


def bare(text: str) -> str:
    """A text without what people copy along: the call that it stood in, quotes, and space around it."""
    text = text.strip().removesuffix(";").strip()
    head, bracket, rest = text.partition("(")
    if bracket and rest.endswith(")") and CALL.fullmatch(head):
        text = rest[:-1].strip().removesuffix(",").strip()
    for quote in ("```", '"""', "'''", '"', "'", "`"):
        if len(text) >= 2 * len(quote) and text.startswith(quote) and text.endswith(quote):
            return text[len(quote) : -len(quote)].strip()
    return text


class _Reader:
    """What the parts of a text say, one after the other."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.features: list[str] = []
        self.log: list[Change] = []

    def read(self, part: str) -> None:
        if match := UPDATES.fullmatch(part):
            self.take("updates", int(match[1]))
        elif match := LATER.fullmatch(part):
            self.log += [Change(int(match[1]), *_change(word)) for word in match[2].split()]
            if len(self.log) > MOST_CHANGES:
                raise ValueError(f"there must be at most {MOST_CHANGES:,} changes on the way")
            if not match[2]:
                raise ValueError("after the colon there must be a change, as in '300: eta=0.01'")
        elif part == NO_HIDDEN:
            self.take("hidden", ())
        elif part[0].isdigit():
            self.take("hidden", tuple(map(_layer, part.split(","))))
        else:
            for word in part.split():
                self.word(word)

    def word(self, word: str) -> None:
        name, equals, value = word.partition("=")
        if equals:
            if name not in NAMED:
                raise ValueError(f"{short(name)!r} is no setting; known are {', '.join(NAMED)}")
            self.take(name, _value(name, value))
        elif word in DATA:
            self.take("data", word)
        elif word in OPTIMIZERS:
            self.take("optimizer", word)
        elif word == "standardize":
            self.take("standardize", True)
        elif word in FEATURES:
            if word in self.features:
                raise ValueError(f"{word} is given twice")
            self.features.append(word)
        else:
            raise ValueError(
                f"{short(word)!r} is none of the data ({', '.join(DATA)}), features ({', '.join(FEATURES)}) or "
                f"optimizers ({', '.join(OPTIMIZERS)}), and has no '='"
            )

    def take(self, name: str, value: Any) -> None:
        if name in self.found:
            raise ValueError(f"{name} is given twice")
        self.found[name] = CHECKS[name](name, value) if name in CHECKS else value


def _change(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"{short(word)!r} is no change, which has the form eta=0.01")
    # What is no change at all is refused by name, by Change.
    number = name != "optimizer" and (name in LIVE or WEIGHT.fullmatch(name))
    return name, _value(name, value) if number else value


def _layer(text: str) -> tuple[int, str]:
    match = LAYER.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{short(text.strip())!r} is no layer, which has the form '8 tanh'")
    return int(match[1]), match[2]


def _value(name: str, text: str) -> Any:
    if name in ("output", "loss", "init", "own"):
        return text
    if name == "batch" and text == "all":
        return None
    if name in ("n", "data_seed", "seed", "batch"):
        if not WHOLE.fullmatch(text):
            raise ValueError(
                f"{name} must be a whole number{' or all' if name == 'batch' else ''}, got {short(text)!r}"
            )
        return int(text)
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{name} must be a number, got {short(text)!r}")
    return float(text)


def _written(value: Any) -> str:
    return "all" if value is None else value if isinstance(value, str) else repr(value)
