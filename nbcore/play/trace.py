"""Records of a run that may go on for ever: at most so many entries, evenly spread over its updates."""

from __future__ import annotations

from typing import Any

import numpy as np


class Trace:
    """Entries at multiples of `stride`, which doubles whenever there are more than `most` of them.

    Which steps are kept depends on how far the run has come, not on how it was cut into pieces.
    """

    def __init__(self, most: int, stride: int = 1) -> None:
        self.most, self.stride = most, stride
        self.steps: list[int] = []
        self.entries: list[Any] = []

    def next_after(self, step: int) -> int:
        return (step // self.stride + 1) * self.stride

    def due(self, step: int) -> bool:
        return step % self.stride == 0

    def extend(self, first: int, values: Any) -> None:
        """`values` belong to the steps from `first` on."""
        skip = -first % self.stride
        self.steps += range(first + skip, first + len(values), self.stride)
        self.entries += list(values[skip :: self.stride])
        while len(self.steps) > self.most:
            self.stride *= 2
            keep = [k for k, step in enumerate(self.steps) if step % self.stride == 0]
            self.steps, self.entries = [self.steps[k] for k in keep], [self.entries[k] for k in keep]

    def cut(self, step: int) -> None:
        """Forgets what came after `step`."""
        while self.steps and self.steps[-1] > step:
            self.steps.pop()
            self.entries.pop()

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """The steps (K,), and the entries as an array whose first axis they are."""
        return np.array(self.steps, int), np.array(self.entries, float)
