"""One thread on one core, and what the machine is: for measurements that can be compared."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

# Libraries read these once, when they are loaded.
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def on_one_core() -> None:
    """Go on as one thread: in a new process if this one's libraries may have started more."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        sys.exit(subprocess.run([sys.executable, *sys.argv], env=os.environ | ONE_THREAD).returncode)
    if hasattr(os, "sched_setaffinity"):
        # The last core: the system's own work tends to run on the first.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def load() -> str:
    """The load average of the last minute, where the system knows it."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def gcc() -> str | None:
    """The version of gcc, or None when there is none (elsewhere `gcc` may be the name of another compiler)."""
    if shutil.which("gcc") is None:
        return None
    said = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout
    return said.split("\n")[0].split()[-1] if "Free Software Foundation" in said else None


def version(name: str) -> str:
    """A package's version; an absent one is no error."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def machine(*packages: str) -> str:
    """Processor, system and versions in one line; no names of hosts or places."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{model}, {os.cpu_count()} cores, one thread used; {platform.system()}; "
        f"Python {platform.python_version()}, {versions}, gcc {gcc() or 'not installed'}"
    )


def closing(target: str, arguments: list[str], rounds: int, before: str) -> str:
    """What was typed, without the folders in it; how many rounds; the load before and after."""
    words = [Path(word).name if os.sep in word else word for word in arguments]
    typed = f"make {target}" + (f' ARGS="{" ".join(words)}"' if words else "")
    return f"`{typed}`, {rounds} round{'s' * (rounds > 1)}; load {before} before, {load()} after."
