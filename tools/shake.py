"""The unit tests and both editions of all lessons, strictly compared, as other processors would run them.

    python3 tools/bootstrap.py tools/shake.py                                 ten shakes, two on each processor
    python3 tools/bootstrap.py tools/shake.py --runs 2 --elsewhere            two, on other kernels than this machine's
    python3 tools/bootstrap.py tools/shake.py --number 20261130 --on Haswell  one of them again
    python3 tools/bootstrap.py tools/shake.py --runs 1 tests/test_play.py     only these tests or notebooks

In each run every start that is drawn is moved by about one unit in the last place (tests/shake/sitecustomize.py), and
OpenBLAS or NumPy take the code that they would take on another processor. What then changes rests on chaos.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SWITCH = ROOT / "tests" / "shake"
# What draws no start, or compares only what it has made in the same run: nothing in it can be shaken.
STILL = "bench build_notebooks learner lessons one_lesson predictions server_extension setup shake".split()
STILL += "controls draw draw_playground explorer lesson_explorers lettering play_own predict texts_are_data".split()
# OpenBLAS's kernels, and the feature of a processor that each needs.
KERNELS = {"Nehalem": "", "Haswell": "X86_V3", "SkylakeX": "X86_V4", "Zen": "X86_V3"}
TWINS = {"Zen": "Haswell"}  # OpenBLAS calls the kernels of Zen by this name
PLAIN = "no SIMD"


def features() -> tuple[list[str], set[str]]:
    """NumPy's choices at run time, and which of them this processor has."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return list(__cpu_dispatch__), {name for name, there in __cpu_features__.items() if there}


def own_kernel() -> str:
    """The kernels that OpenBLAS takes here by itself; "" where NumPy doesn't bring OpenBLAS."""
    import numpy

    for path in (Path(numpy.__file__).parents[1] / "numpy.libs").glob("*openblas*"):
        name = getattr(ctypes.CDLL(str(path)), "scipy_openblas_get_corename64_", None)
        if name is not None:
            name.restype = ctypes.c_char_p
            return name().decode()
    return ""


def processors() -> dict[str, dict[str, str]]:
    """{name: environment} for each processor that can be played here."""
    dispatched, there = features()
    names = [name for name, needs in KERNELS.items() if own_kernel() and (not needs or needs in there)]
    found = {name: {"OPENBLAS_CORETYPE": name} for name in names}
    if off := [name for name in dispatched if name in there]:
        found[PLAIN] = {"NPY_DISABLE_CPU_FEATURES": " ".join(off)}
    return found


def run(number: int, name: str, environment: dict[str, str], what: list[str]) -> list[str]:
    """One shake; what failed in it. Lessons are built, which compares alt texts too; what is named, nbval compares."""
    path = os.pathsep.join(filter(None, [str(SWITCH), os.environ.get("PYTHONPATH", "")]))
    shaken = os.environ | environment | {"PYTHONPATH": path, "NBCORE_SHAKE": str(number)}
    pytest = ["-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile", "-p", "no:cacheprovider"]
    steps = {
        "tests": [*pytest, *(f"--ignore=tests/test_{name}.py" for name in STILL), "--ignore=tests/browser", "tests"],
        "lessons": ["tools/build_notebooks.py", "--check"],
    }
    if what:
        steps = {"what was named": [*pytest, "--nbval", "--nbval-current-env", *what]}
    return [
        step
        for step, command in steps.items()
        if subprocess.run([sys.executable, *command], env=shaken, cwd=ROOT, check=False).returncode
    ]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make shake", description="All tests and lessons, as elsewhere.")
    parser.add_argument("--runs", type=int, help="how many shakes; without --on two on each processor")
    parser.add_argument("--number", type=int, help="the first one's number; today's date if left out")
    parser.add_argument("--on", help="one processor only, as it is called in the list that each run begins with")
    parser.add_argument("--elsewhere", action="store_true", help="not on this machine's own kernels")
    parser.add_argument("what", nargs="*", help="only these tests and notebooks")
    given = parser.parse_intermixed_args(arguments)
    found = processors()
    if given.elsewhere:
        found = {name: there for name, there in found.items() if TWINS.get(name, name) != own_kernel()}
    if given.on is not None:
        if given.on not in found:
            parser.error(f"--on must be one of {', '.join(found)}, got {given.on}")
        found = {given.on: found[given.on]}
    runs = given.runs if given.runs is not None else 1 if given.on else 2 * len(found)
    if runs < 1 or (given.number is not None and given.number < 0):
        parser.error("--runs must be at least 1, --number at least 0")
    first = given.number if given.number is not None else int(f"{datetime.date.today():%Y%m%d}")
    said, wrong = [], 0
    for number in range(first, first + runs):
        # The first number of a day says where to begin, so that in time each processor has its turn.
        name = list(found)[number % len(found)]
        again = f"make shake ARGS=\"--number {number} --on '{name}'\""
        print(f"\n=== Shake {number} on {name}, of {', '.join(found)}; again: {again}", flush=True)
        failed = run(number, name, found[name], given.what)
        wrong += bool(failed)
        said.append(f"{'FAILED' if failed else 'ok':6} {again}  {', '.join(failed)}".rstrip())
    print("\n" + "\n".join(said))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
