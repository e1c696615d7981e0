"""floor.c: compiled for each workload, run as a program of its own."""

from __future__ import annotations

import atexit
import math
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alone import gcc
from benchmarks.peers import Outcome, Prepared
from benchmarks.workloads import Workload

SOURCE = Path(__file__).resolve().parents[1] / "floor.c"
FLAGS = ["-O3", "-march=native", "-ffast-math"]
TIMED = 0.05  # s; a run shorter than this is repeated until it takes as long


def missing() -> str | None:
    if os.name == "nt":
        return "not for Windows, where standard input and output are no plain bytes"
    return None if gcc() else "not installed: gcc"


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="nbcore-floor-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return Path(folder.name)


def net_h(w: Workload) -> str:
    pairs = [*enumerate(zip(w.sizes[:-1], w.sizes[1:], strict=True), start=1)]
    lines = {
        "BATCH": w.batch or len(w.X),
        "LAYERS": len(pairs),
        "SIZES": ", ".join(map(str, w.sizes)),
        "FULL_BATCH": int(w.batch is None),
        "SOFTMAX": int(w.softmax),
        "FORWARD": " ".join(f"forward({k}, {n_in}, {n_out});" for k, (n_in, n_out) in pairs),
        "BACKWARD": " ".join(f"backward({k}, {n_in}, {n_out});" for k, (n_in, n_out) in reversed(pairs)),
    }
    return "".join(f"#define {name} {value}\n" for name, value in lines.items())


@cache
def compiled(header: str) -> Path:
    place = Path(tempfile.mkdtemp(dir=_folder()))
    (place / "net.h").write_text(header)
    program = place / "floor"
    subprocess.run(["gcc", *FLAGS, f"-I{place}", str(SOURCE), "-o", str(program), "-lm"], check=True)
    return program


def prepare(w: Workload) -> Prepared:
    program = compiled(net_h(w))
    members = w.members or 1
    parts = [np.concatenate([p.reshape(members, -1) for p in w.start], axis=1), w.X, w.Y]
    data = b"".join(np.ascontiguousarray(part, dtype=np.float64).tobytes() for part in parts)
    if w.rows is not None:
        data += np.ascontiguousarray(w.rows, dtype=np.int32).tobytes()

    def run(repeats: int) -> Any:
        head = np.array([w.updates, len(w.X), members, repeats], dtype=np.int64).tobytes() + np.float64(w.eta).tobytes()
        done = subprocess.run([program], input=head + data, capture_output=True, check=True)
        return np.frombuffer(done.stdout, dtype=np.float64)

    repeats = math.ceil(TIMED / max(run(1)[0], 1e-6))

    def read(numbers: Any) -> Outcome:
        losses = numbers[2 : 2 + members * w.updates].reshape(members, w.updates).T
        rest = numbers[2 + members * w.updates :].reshape(members, -1)
        parameters, at = [], 0
        for p in w.start:
            size = p[0].size if w.members else p.size
            parameters.append(rest[:, at : at + size].reshape(p.shape))
            at += size
        return Outcome(parameters, losses if w.members else losses[:, 0], (float(numbers[0]), float(numbers[1])))

    return Prepared(lambda: run(repeats), read)
