"""What runs from many starts allow one to say: shares and quantiles instead of one run, and no best rate at an edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbcore.checks import as_float, finite

LEAST = 20  # starts that a verdict about training stands on
MOST = 0.75  # from this share on a statement holds, from 1 - MOST down it does not; between, it depends


@dataclass(frozen=True)
class Share:
    """In how many of all starts something came out. Printed: "17 of 20"; `.word`: true, false or depends."""

    held: int
    starts: int

    @property
    def word(self) -> str:
        """true from three starts of four on, false up to one of four, else depends."""
        if self.held >= MOST * self.starts:
            return "true"
        return "false" if self.held <= (1 - MOST) * self.starts else "depends"

    def __str__(self) -> str:
        return f"{self.held} of {self.starts}"

    __repr__ = __str__


def share(held: Any) -> Share:
    """In how many starts a statement holds: share(loss_a < loss_b), one True or False a start, any shape.

    Raises ValueError for fewer than 20 starts, which are too few to say anything about training; TypeError for other
    values than True and False.
    """
    held = np.asarray(held)
    if held.dtype.kind != "b":
        raise TypeError(f"held must hold True or False for each start, got dtype {held.dtype}")
    if held.size < LEAST:
        raise ValueError(f"held must have at least {LEAST} starts, got {held.size}")
    return Share(int(held.sum()), held.size)


def spread(values: Any, form: str = ".3g") -> str:
    """Median and the range from the 10% to the 90% quantile, over starts: "0.21 (0.18 to 0.4)".

    A start that never arrived counts as infinite, and reads "never". Raises ValueError for fewer than 20 starts or NaN.
    """
    values = as_float("values", values).ravel()
    if values.size < LEAST:
        raise ValueError(f"values must have at least {LEAST} starts, got {values.size}")
    if np.isnan(values).any():
        raise ValueError("values must be numbers; for a start that never arrived put np.inf, got nan")
    # Each is the value of a start that was run: between a number and infinity there is nothing.
    middle, low, high = (
        "never" if np.isinf(v) else format(v, form) for v in np.quantile(values, (0.5, 0.1, 0.9), method="higher")
    )
    return f"{middle} ({low} to {high})"


def best_rate(rates: Any, scores: Any) -> float:
    """The rate with the lowest score, where both neighbors were tried and are worse.

    `scores` (len(rates),): what is to be small, inf or NaN where it failed. Raises ValueError when the best stands at
    the edge of the grid: the best rate may lie beyond.
    """
    rates, scores = finite("rates", rates), as_float("scores", scores)
    if rates.ndim != 1 or rates.shape != scores.shape or rates.size < 3:
        raise ValueError(f"rates and scores must be lists of one length, at least 3, got {rates.shape}, {scores.shape}")
    if (np.diff(rates) <= 0).any():
        raise ValueError(f"rates must rise, got {rates.tolist()}")
    scores = np.where(np.isnan(scores), np.inf, scores)
    best = int(scores.argmin())
    if np.isinf(scores[best]):
        raise ValueError("scores must be finite at one rate at least, got none")
    if best in (0, rates.size - 1):
        side = "smaller" if best == 0 else "larger"
        raise ValueError(f"rates must reach beyond the best, which is {rates[best]:g}, at the edge: add {side} ones")
    return float(rates[best])
