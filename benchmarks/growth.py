"""How the cost of an update grows with width, depth, samples and members: make bench-growth

Prints a Markdown table and draws benchmarks/growth.png. Every batch is all samples, so that nothing is shuffled.
A GFLOP/s counts the matrix products only: where it is low, an update is mostly calls and function values; where it
stops rising, it is arithmetic.

    make bench-growth ARGS="--quick"            fewer sizes and rounds, for a look
    make bench-growth ARGS="--picture my.png"   draw it elsewhere
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks import alone
from benchmarks.bench import markdown, number
from benchmarks.workloads import TAKES_DTYPE, flops
from nbcore import MLP, bce, moons, train

PICTURE = Path(__file__).with_name("growth.png")
DTYPES = [np.float64, np.float32] if TAKES_DTYPE else [np.float64]
TIMED = 0.03  # s, of one measurement at least, if that is no fewer than 5 updates


@dataclass
class Point:
    """One size of one thing that grows; `times` are µs per update, by the name of the dtype."""

    grows: str
    value: int
    sizes: list[int]
    samples: int
    members: int | None = None
    times: dict[str, list[float]] = field(default_factory=dict)

    @property
    def flops(self) -> float:
        return flops(self.sizes, self.samples, self.members or 1)

    def median(self, dtype: type) -> float:
        return statistics.median(self.times[dtype.__name__])

    def rate(self, dtype: type) -> float:
        """GFLOP/s."""
        return self.flops / self.median(dtype) / 1e3


def powers(low: int, high: int) -> list[int]:
    return [2**k for k in range(low.bit_length() - 1, high.bit_length())]


def series(quick: bool = False) -> dict[str, list[Point]]:
    """What grows, from small to large: one thing at a time, the rest as in the small networks of the lessons."""
    batches = [1, 4, 10, 40, 100, 400, 1000, 4000]
    every = {
        "width": [Point("width", n, [2, n, n, 1], 100) for n in powers(4, 512)],
        "depth": [Point("depth", n, [2, *[16] * n, 1], 100) for n in powers(1, 32)],
        "samples": [Point("samples", n, [2, 16, 16, 1], n) for n in batches],
        "members": [Point("members", n, [2, 8, 8, 1], 10, n) for n in powers(1, 256)],
    }
    return {name: points[::3] if quick else points for name, points in every.items()}


HELD = {
    "width": "hidden layers 2, samples 100",
    "depth": "width 16, samples 100",
    "samples": "2-16-16-1",
    "members": "2-8-8-1, samples 10",
}


class Run:
    """A point in one precision, prepared and warm."""

    def __init__(self, point: Point, dtype: type, clock: str) -> None:
        self.point, self.dtype = point, dtype
        self.now = time.process_time if clock == "cpu" else time.perf_counter
        kinds = {"dtype": dtype} if TAKES_DTYPE else {}
        self.net = MLP(point.sizes, seed=1, ensemble=() if point.members is None else (point.members,), **kinds)
        X, Y = moons(max(2, point.samples), seed=2)
        self.X, self.Y = X[: point.samples].astype(dtype), Y[: point.samples].astype(dtype)
        point.times[dtype.__name__] = []
        self.steps = 5
        self.seconds()
        # As many updates as are needed, judged from a few: starting a run costs as much as dozens of small updates.
        while self.steps < 100_000 and (taken := self.seconds()) < TIMED:
            self.steps = min(100_000, int(self.steps * min(10, 1 + 1.1 * TIMED / taken)))

    def seconds(self) -> float:
        net = self.net.copy()
        start = self.now()
        train(net, self.X, self.Y, bce, eta=1e-3, steps=self.steps)
        return self.now() - start

    def measure(self) -> None:
        self.point.times[self.dtype.__name__].append(1e6 * self.seconds() / self.steps)


def measure(points: Sequence[Point], rounds: int, clock: str) -> None:
    runs = [Run(point, dtype, clock) for point in points for dtype in DTYPES]
    for k in range(rounds):
        print(f"round {k + 1} of {rounds}", file=sys.stderr, flush=True)
        for run in runs:
            run.measure()


def network(sizes: Sequence[int]) -> str:
    if len(sizes) > 4:
        return f"{sizes[0]}-{len(sizes) - 2} x {sizes[1]}-{sizes[-1]}"
    return "-".join(map(str, sizes))


def table(every: dict[str, list[Point]]) -> str:
    head = ["grows", "network", "samples", "members"]
    for dtype in DTYPES:
        head += [f"{dtype.__name__}, µs per update", "GFLOP/s", "µs per member"]
    rows = [head]
    for name, points in every.items():
        for point in points:
            row = [f"{name} {point.value:,}", network(point.sizes), f"{point.samples:,}", str(point.members or "")]
            for dtype in DTYPES:
                times = point.times[dtype.__name__]
                row += [f"{number(point.median(dtype))} ({number(min(times))}–{number(max(times))})"]
                row += [f"{point.rate(dtype):.0f}" if point.rate(dtype) >= 10 else f"{point.rate(dtype):.1f}"]
                row += [number(point.median(dtype) / point.members) if point.members else ""]
            rows.append(row)
    return markdown(rows)


def turning_point(points: Sequence[Point], dtype: type) -> float:
    """The size at which an update costs twice as much as the smallest, between sizes by a power law; nan if none."""
    sizes, times = [p.value for p in points], [p.median(dtype) for p in points]
    for n, m, t, u in zip(sizes[:-1], sizes[1:], times[:-1], times[1:], strict=True):
        if t < 2 * times[0] <= u:
            return float(np.exp(np.interp(np.log(2 * times[0]), np.log([t, u]), np.log([n, m]))))
    return float("nan")


def summary(every: dict[str, list[Point]]) -> list[str]:
    """Where overhead ends and arithmetic begins, in sentences."""
    said = []
    for dtype in DTYPES:
        for name, points in every.items():
            low, high = points[0], points[-1]
            turn = turning_point(points, dtype)
            text = (
                f"- {name} ({dtype.__name__}): {low.value:,} to {high.value:,} is {high.value / low.value:,.0f} times"
            )
            text += f" the size and {high.median(dtype) / low.median(dtype):,.1f} times the cost"
            text += f"; twice the cost of the smallest at about {turn:,.0f}" if np.isfinite(turn) else ""
            growth = np.log(high.median(dtype) / points[-2].median(dtype)) / np.log(high.value / points[-2].value)
            said.append(f"{text}; at the end the cost grows as size to the power {growth:.2f}.")
    return said


def picture(every: dict[str, list[Point]], path: Path) -> None:
    """Four panels, log-log: cost against each size, beside the time that the products take at the best rate seen."""
    figure = Figure(figsize=(9, 6.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2).ravel()
    best = max(point.rate(np.float64) for points in every.values() for point in points)
    styles = {"float64": dict(color="#0b5394", marker="o"), "float32": dict(color="#b45f06", marker="s")}
    for ax, (name, points) in zip(axes, every.items(), strict=True):
        sizes = [point.value for point in points]
        for dtype in DTYPES:
            ax.plot(sizes, [p.median(dtype) for p in points], ms=4, label=dtype.__name__, **styles[dtype.__name__])
        arithmetic = [point.flops / best / 1e3 for point in points]
        ax.plot(sizes, arithmetic, "k--", lw=1, label=f"float64: the products alone, at {best:.0f} GFLOP/s")
        ax.set(xscale="log", yscale="log", xlabel=f"{name} ({HELD[name]})", ylabel="µs per update")
        ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
        ax.set_xticks([], minor=True)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
        ax.grid(alpha=0.3)
        ax.set_ylim(bottom=max(ax.get_ylim()[0], 0.05))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, metadata={"Software": None} if path.suffix == ".png" else None)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-growth", description="How the cost of an update grows.")
    parser.add_argument("--quick", action="store_true", help="every third size, 3 rounds")
    parser.add_argument("--rounds", type=int, help="how often each size is measured (7)")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where to draw it (benchmarks/growth.png)")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: for a machine that others use")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (3 if options.quick else 7)
    if rounds < 1:
        parser.error("--rounds must be at least 1")

    before = alone.load()
    print(alone.machine("numpy"), end="\n\n")
    every = series(options.quick)
    measure([point for points in every.values() for point in points], rounds, options.clock)
    print(table(every), end="\n\n")
    print("\n".join(summary(every)), end="\n\n")
    picture(every, options.picture)
    print(alone.closing("bench-growth", arguments, rounds, before))
    return 0


if __name__ == "__main__":
    alone.on_one_core()
    sys.exit(main(sys.argv[1:]))
