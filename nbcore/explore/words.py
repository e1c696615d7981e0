"""Words and menus that the explorers of several lessons share."""

from __future__ import annotations

from nbcore.activations import ACTIVATIONS

MINUS = "\N{MINUS SIGN}"
ETA = "learning rate \N{GREEK SMALL LETTER ETA}"

# One number out of one number, with a gradient somewhere: what a hidden layer or a single neuron can use.
SCALAR = [name for name in ACTIVATIONS if name not in ("softmax", "step")]


def count_of(n: int, thing: str) -> str:
    """1 unit, 2 units, 1,000 units."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
