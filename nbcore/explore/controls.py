"""The controls of an explorer. Each knows its name in words, what it may be set to, and where it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbcore.checks import number
from nbcore.explore.words import MINUS


@dataclass(frozen=True)
class Control:
    """`label` is the name that people read and hear; `value` where it starts; `values` the positions it has."""

    label: str
    value: Any
    values: tuple[Any, ...]

    def check(self, name: str, value: Any) -> Any:
        """`value` as this control would hold it; raises ValueError or TypeError naming what is allowed."""
        for known in self.values:
            if type(known) is type(value) and known == value:
                return known
        raise ValueError(f"{name} must be one of {', '.join(map(str, self.values))}; got {value!r}")

    def corners(self) -> tuple[Any, ...]:
        """The settings that a test should try: all of a menu, both ends of a slider."""
        return self.values

    def describe(self, name: str) -> dict[str, Any]:
        """What the page needs to show this control."""
        return {
            "name": name,
            "label": self.label,
            "kind": type(self).__name__.lower(),
            "values": list(self.values),
            "texts": [self.text(v) for v in self.values],
        }

    def text(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Choice(Control):
    """One of a few, by name; `texts` are how the menu says them, where that is not the name itself."""

    texts: tuple[str, ...] = ()

    def text(self, value: Any) -> str:
        return self.texts[self.values.index(value)] if self.texts else str(value)


class Toggle(Control):
    """On or off."""


@dataclass(frozen=True)
class Slider(Control):
    """A number; `whole` sliders hold ints. From code any number between the ends may be set."""

    whole: bool = False

    def check(self, name: str, value: Any) -> Any:
        low, high = self.values[0], self.values[-1]
        value = number(name, value, low, high)
        if not self.whole:
            return value
        if value != int(value):
            raise ValueError(f"{name} must be a whole number between {low} and {high}, got {value}")
        return int(value)

    def corners(self) -> tuple[Any, ...]:
        return (self.values[0], self.values[-1])

    def text(self, value: Any) -> str:
        return f"{value:.4g}".replace("-", MINUS)


class Steps(Slider):
    """A slider that has no values between its positions."""

    def check(self, name: str, value: Any) -> Any:
        return Control.check(self, name, super().check(name, value))


@dataclass(frozen=True)
class Box(Slider):
    """A number that is typed, or moved by `step` with the arrow keys; `values` are its ends and its start."""

    step: float = 1.0

    def describe(self, name: str) -> dict[str, Any]:
        return {**super().describe(name), "step": self.step}


def choice(label: str, options: Iterable[str], value: str | None = None) -> Choice:
    """A menu; starts at `value`, or at the first option."""
    options = tuple(options)
    return _started(Choice(label, next(iter(options), None) if value is None else value, options))


def named(label: str, options: Mapping[str, Any], value: Any) -> Choice:
    """A menu of things that have a name, {name: value}."""
    return _started(Choice(label, value, tuple(options.values()), tuple(options)))


def toggle(label: str, value: bool = False) -> Toggle:
    """A checkbox."""
    return _started(Toggle(label, value, (False, True)))


def slider(label: str, value: float, low: float, high: float, step: float) -> Slider:
    """A linear slider from low to high."""
    _check_ends(label, low, high, step)
    count = round((high - low) / step)
    return _started(Slider(label, value, tuple(float(f"{low + k * step:.10g}") for k in range(count + 1))))


def count(label: str, value: int, low: int, high: int, step: int = 1) -> Slider:
    """A slider over whole numbers."""
    _check_ends(label, low, high, step)
    return _started(Slider(label, value, tuple(range(low, high + 1, step)), whole=True))


def box(label: str, value: float, low: float, high: float, step: float) -> Box:
    """A number to type, between low and high: small, for pictures of many numbers."""
    _check_ends(label, low, high, step)
    return _started(Box(label, value, tuple(sorted({float(low), float(value), float(high)})), step=step))


def steps(label: str, value: int, positions: Iterable[int]) -> Slider:
    """A slider that stops at the given whole numbers only."""
    return _started(Steps(label, value, tuple(positions), whole=True))


def rate(label: str, value: float, low: float, high: float, per_decade: int = 10) -> Slider:
    """A logarithmic slider, for learning rates: equal steps are equal ratios, rounded to two digits.

    Where it starts is a position as well, so that a step to the side can be taken back.
    """
    if not low > 0:
        raise ValueError(f"control {label!r}: low must be positive on a logarithmic slider, got {low}")
    _check_ends(label, low, high, per_decade)
    count = round(np.log10(high / low) * per_decade)
    positions = {float(f"{low * 10 ** (k / per_decade):.2g}") for k in range(count + 1)}
    if isinstance(value, (int, float)) and low <= value <= high:
        positions.add(float(value))
    return _started(Slider(label, value, tuple(sorted(positions))))


def seed(value: int = 0, label: str = "seed (another start)") -> Slider:
    """The random seed: another start, everything else the same."""
    return count(label, value, 0, 20)


def _check_ends(label: str, low: float, high: float, step: float) -> None:
    if not (low < high and step > 0):
        raise ValueError(
            f"control {label!r}: low must be less than high, and steps positive; got {low}, {high}, {step}"
        )


def _started(control: Any) -> Any:
    if not control.values:
        raise ValueError(f"control {control.label!r} must have at least one position")
    control.check(f"the start of {control.label!r}", control.value)
    return control
