"""nbcore itself: `train` as learners call it, the readable engine, and members one after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers import Outcome, Prepared
from benchmarks.workloads import SEED, TAKES_DTYPE, Workload
from nbcore import train


def _train(w: Workload, net: Any, engine: str) -> Any:
    return net, train(net, w.X, w.Y, w.loss, eta=w.eta, steps=w.updates, batch=w.batch, seed=SEED, engine=engine)


def _read(done: Any) -> Outcome:
    net, history = done
    return Outcome(net.parameters(), history.loss[:-1])


def prepare(w: Workload, dtype: type = np.float64, engine: str = "auto") -> Prepared:
    start = w.net(dtype)
    return Prepared(lambda: _train(w, start.copy(), engine), _read)


def prepare_float32(w: Workload) -> Prepared:
    return prepare(w, dtype=np.float32)


def missing_float32() -> str | None:
    return None if TAKES_DTYPE else "MLP takes no dtype"


def prepare_plain(w: Workload) -> Prepared:
    return prepare(w, engine="plain")


def prepare_loop(w: Workload) -> Prepared | None:
    if w.members is None:
        return None
    start = w.net()
    singles = [start.member(k) for k in range(w.members)]

    def read(done: Any) -> Outcome:
        each = [_read(one) for one in done]
        parameters = [np.stack(parts) for parts in zip(*(one.parameters for one in each), strict=True)]
        return Outcome(parameters, np.stack([one.losses for one in each], axis=-1))

    return Prepared(lambda: [_train(w, net.copy(), "auto") for net in singles], read)
