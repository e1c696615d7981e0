"""Speed of training small networks, ours beside others: make bench

One table, in Markdown: microseconds per update, the median over rounds and in brackets the range. In each round every
peer trains once on each workload, one after the other, on one thread and one core. All peers have the same data,
start and batches, and keep the loss of every batch. What they get is compared first; a mismatch ends the run with
exit code 1. A goal that is not met does not.

    make bench ARGS="--quick"            fewer rounds and updates, for a look
    make bench ARGS="--only a,b"         some workloads, by letter (fa, fb: 64 members of a, b; import)
    make bench ARGS="--rounds 9"
    make bench ARGS="--clock cpu"        on a machine that does other things as well
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import alone
from benchmarks.peers import Outcome, Peer, Prepared, all_peers
from benchmarks.workloads import Workload, workloads

ROOT = Path(__file__).resolve().parents[1]
OURS = "nbcore"


@dataclass(frozen=True)
class Goal:
    """Of two peers' times: `above` / `below` should be at least, or at most, a number that depends on the workload."""

    above: str
    below: str
    numbers: dict[str, float]
    least: bool = True

    @property
    def name(self) -> str:
        return f"{self.above} / {self.below}, {'at least' if self.least else 'at most'}"

    def met(self, key: str, ratio: float) -> bool:
        return ratio >= self.numbers[key] if self.least else ratio <= self.numbers[key]


GOALS = [
    Goal("PyTorch eager", OURS, {"a": 15, "b": 7, "c": 3}),
    Goal("scikit-learn", OURS, {"a": 6, "b": 3, "c": 2}),
    Goal(OURS, "C, gcc -O3", {"a": 18, "b": 2.5, "c": 2.3}, least=False),
    Goal("nbcore, one member after another", OURS, {"fa": 6}),
    Goal("JAX jit + scan", OURS, {"fa": 0.9}),  # "level": within a tenth
]
IMPORT_TIME, IMPORT_MEMORY = 1.3, 10  # at most: times NumPy's, and MB more than NumPy's


class Mismatch(Exception):
    """A peer did not do the same training."""


def compare(w: Workload, peer: Peer, outcome: Outcome, reference: Outcome) -> float:
    """The largest relative difference of the losses on the way, the parameters, and the loss on all samples at the end.

    Raises Mismatch where it is more than the peer's tolerance.
    """
    expected = reference.losses.reshape(len(outcome.losses), -1, *reference.losses.shape[1:]).mean(axis=1)
    pairs = [("losses", outcome.losses, expected)]
    for k, (p, ours) in enumerate(zip(outcome.parameters, reference.parameters, strict=True)):
        pairs.append((f"{'Wb'[k % 2]}{k // 2 + 1}", p, ours))
    pairs.append(("final loss", w.final_loss(outcome.parameters), w.final_loss(reference.parameters)))
    largest = 0.0
    for name, got, ours in pairs:
        if got.shape != ours.shape:
            raise Mismatch(f"({w.key}) {peer.name}: {name} has shape {got.shape}, nbcore's has {ours.shape}")
        off = float(np.abs(got - ours).max() / np.abs(ours).max())
        if not off <= peer.tolerance:  # a nan is none
            verb = "differ" if name == "losses" else "differs"
            raise Mismatch(f"({w.key}) {peer.name}: {name} {verb} by {off:.1e}, allowed is {peer.tolerance:.0e}")
        largest = max(largest, off)
    return largest


@dataclass
class Entry:
    """A peer on a workload: `times` in microseconds per update, one a round; `shares` of the core that it had then."""

    peer: Peer
    workload: Workload
    prepared: Prepared
    first: float = 0.0  # s; the first call, which may compile
    times: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def call(self) -> tuple[float, float, Outcome]:
        """Seconds by the clock and of CPU, and what came of them."""
        start, cpu = time.perf_counter(), time.process_time()
        done = self.prepared.run()
        seconds = time.perf_counter() - start, time.process_time() - cpu
        outcome = self.prepared.read(done)
        return *(outcome.seconds or seconds), outcome

    def measure(self, clock: str) -> None:
        wall, cpu, _ = self.call()
        self.times.append(1e6 * (cpu if clock == "cpu" else wall) / self.workload.updates)
        self.shares.append(cpu / wall)

    @property
    def median(self) -> float:
        return statistics.median(self.times)


Table = dict[tuple[str, str], Entry]


def measure(
    chosen: Sequence[Workload], peers: Sequence[Peer], rounds: int, clock: str, say: Callable[[str], None]
) -> Table:
    """Everything prepared, warmed up and compared; then the rounds, interleaved."""
    table: Table = {}
    for w in chosen:
        reference, largest = None, {}
        for peer in peers:
            prepared = peer.prepare(w)
            if prepared is None:
                continue
            entry = Entry(peer, w, prepared)
            wall, cpu, outcome = entry.call()
            entry.first = cpu if clock == "cpu" else wall
            if reference is None:
                reference = outcome  # the first peer is nbcore
            off = compare(w, peer, outcome, reference)
            largest[peer.tolerance] = max(off, largest.get(peer.tolerance, 0))
            table[peer.name, w.key] = entry
        words = " and ".join(f"{off:.0e} (allowed {tolerance:.0e})" for tolerance, off in largest.items())
        say(f"({w.key}) {w.title}: the same losses and parameters from all, to {words}")
    for k in range(rounds):
        say(f"round {k + 1} of {rounds}")
        gc.collect()
        for entry in table.values():
            entry.measure(clock)
    return table


def number(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def in_words(table: Table, chosen: Sequence[Workload], peers: Sequence[Peer]) -> str:
    """The table, then the ratios that have a goal, in the same columns."""
    keys = [w.key for w in chosen]
    rows = [["µs per update", *(f"({w.key}) {w.title}" if w.members is None else w.title for w in chosen)]]

    def cell(peer: str, key: str) -> str:
        entry = table.get((peer, key))
        if entry is None:
            return ""
        return f"{number(entry.median)} ({number(min(entry.times))}–{number(max(entry.times))})"

    for peer in peers:
        if any((peer.name, key) in table for key in keys):
            rows.append([peer.name, *(cell(peer.name, key) for key in keys)])
    for goal in GOALS:
        cells = []
        for key in keys:
            above, below = table.get((goal.above, key)), table.get((goal.below, key))
            if above is None or below is None:
                cells.append("")
                continue
            ratio = above.median / below.median
            verdict = ""
            if key in goal.numbers:
                verdict = f"; goal {goal.numbers[key]:g}: {'met' if goal.met(key, ratio) else 'not met'}"
            cells.append(number(ratio) + verdict)
        if any(cells):
            rows.append([f"*{goal.name}*", *cells])
    return markdown(rows)


def first_calls(table: Table, peers: Sequence[Peer]) -> list[str]:
    """What is compiled before the first update is done, which the table leaves out."""
    said = []
    for peer in peers:
        mine = [entry for (name, _), entry in table.items() if name == peer.name and peer.first_call]
        if mine:
            each = ", ".join(
                f"({e.workload.key}) {max(0, e.first - 1e-6 * e.median * e.workload.updates):.1f}" for e in mine
            )
            said.append(f"- {peer.name}, compiling before the first update, not counted above, s: {each}.")
    return said


# In a fresh process: the time of one import, and the memory that is held afterwards.
IMPORT = """
import os, sys, time
start = time.{now}()
import {module}
taken = time.{now}() - start
try:
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
except OSError:
    try:
        import resource
    except ImportError:
        resource = None
    held = resource and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(taken, held or "nan")
"""


def imports(rounds: int, clock: str = "wall") -> str:
    """Importing nbcore beside importing NumPy alone, as Markdown."""
    now = "process_time" if clock == "cpu" else "perf_counter"
    with tempfile.TemporaryDirectory() as compiled:
        return _imports(rounds, now, compiled)


def _imports(rounds: int, now: str, compiled: str) -> str:
    # An installed package is compiled once; an environment that forbids this would time the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = compiled
    found: dict[str, list[tuple[float, float]]] = {"numpy": [], "nbcore": []}
    for k in range(rounds + 1):
        for module, pairs in found.items():
            done = subprocess.run(
                [sys.executable, "-c", IMPORT.format(module=module, now=now)],
                capture_output=True,
                text=True,
                check=True,
                cwd=ROOT,
                env=environment,
            )
            taken, held = map(float, done.stdout.split())
            if k:  # the first round only compiles, and fetches files into memory
                pairs.append((1e3 * taken, held / 1e6))
    rows = [["a fresh process", "import, ms", "memory afterwards, MB"]]
    medians = {}
    for module, pairs in found.items():
        times, sizes = zip(*pairs, strict=True)
        medians[module] = statistics.median(times), statistics.median(sizes)
        rows.append([f"import {module}", f"{medians[module][0]:.1f} ({min(times):.1f}–{max(times):.1f})"])
        rows[-1].append(f"{medians[module][1]:.1f}")
    ratio = medians["nbcore"][0] / medians["numpy"][0]
    more = medians["nbcore"][1] - medians["numpy"][1]
    met = ["met" if ok else "not met" for ok in (ratio <= IMPORT_TIME, more <= IMPORT_MEMORY)]
    if np.isnan(more):  # where the system does not tell
        met[1] = "unknown"
    rows.append(
        [
            "*nbcore beside numpy, at most*",
            f"{ratio:.2f} times; goal {IMPORT_TIME}: {met[0]}",
            f"{more:.1f} more; goal {IMPORT_MEMORY}: {met[1]}",
        ]
    )
    return markdown(rows)


def run(chosen: Sequence[Workload], peers: Sequence[Peer], rounds: int, clock: str = "wall") -> int:
    """Prints the table for these workloads; the exit code."""
    absent = {peer.name: why for peer in peers if (why := peer.missing())}
    present = [peer for peer in peers if peer.name not in absent]
    try:
        table = measure(chosen, present, rounds, clock, lambda text: print(text, file=sys.stderr, flush=True))
    except Mismatch as wrong:
        print(f"mismatch: {wrong}", file=sys.stderr)
        return 1
    print(in_words(table, chosen, present), end="\n\n")
    shares = [share for entry in table.values() for share in entry.shares]
    print(
        f"Times are by the {'clock' if clock == 'wall' else 'CPU'}; a run had the core for "
        f"{100 * statistics.median(shares):.0f} % of its time (median; the worst one {100 * min(shares):.0f} %).\n"
    )
    said = first_calls(table, present) + [f"- {name}: {why}" for name, why in absent.items()]
    if said:
        print("\n".join(said), end="\n\n")
    return 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description="Speed of training, ours beside others.")
    every = workloads()
    parser.add_argument("--quick", action="store_true", help="3 rounds, a fifth of the updates")
    parser.add_argument("--rounds", type=int, help="how often each peer trains on each workload (7)")
    parser.add_argument("--only", default="", help=f"some of {','.join([*every, 'import'])}")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: for a machine that others use")
    options = parser.parse_args(arguments)
    keys = options.only.split(",") if options.only else [*every, "import"]
    if unknown := set(keys) - {*every, "import"}:
        parser.error(f"--only knows {', '.join([*every, 'import'])}; got {', '.join(sorted(unknown))}")
    rounds = options.rounds or (3 if options.quick else 7)
    if rounds < 1:
        parser.error("--rounds must be at least 1")
    chosen = [w.short(w.updates // 5) if options.quick else w for key, w in every.items() if key in keys]

    before = alone.load()
    print(alone.machine("numpy", "torch", "scikit-learn", "jax"), end="\n\n")
    code = run(chosen, all_peers(), rounds, options.clock) if chosen else 0
    if code == 0 and "import" in keys:
        print(imports(3 * rounds, options.clock), end="\n\n")
    print(alone.closing("bench", arguments, rounds, before))
    return code


if __name__ == "__main__":
    alone.on_one_core()
    sys.exit(main(sys.argv[1:]))
