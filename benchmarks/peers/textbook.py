"""The dozen lines of NumPy that everyone writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers import Outcome, Prepared
from benchmarks.workloads import Workload


def prepare(w: Workload) -> Prepared | None:
    return None if w.members is not None else Prepared(lambda: train(w), read)


def train(w: Workload) -> Any:
    Ws, bs = [p.copy() for p in w.start[::2]], [p[0].copy() for p in w.start[1::2]]
    n, batch, losses = len(w.X), w.batch or len(w.X), []
    rng = w.orders()
    while len(losses) < w.updates:
        order = np.arange(n) if w.batch is None else next(rng)
        for i in range(0, n, batch):
            X, Y = (w.X, w.Y) if w.batch is None else (w.X[order[i : i + batch]], w.Y[order[i : i + batch]])
            As = [X]
            for W, b in zip(Ws[:-1], bs[:-1], strict=True):
                As.append(np.tanh(As[-1] @ W.T + b))
            z = As[-1] @ Ws[-1].T + bs[-1]
            if w.softmax:
                e = np.exp(z - z.max(axis=1, keepdims=True))
                a = e / e.sum(axis=1, keepdims=True)
                losses.append(-np.mean(np.sum(Y * np.log(a), axis=1)))
            else:
                a = 1 / (1 + np.exp(-z))
                losses.append(-np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a)))
            delta = (a - Y) / len(X)
            gradients = []
            for k in range(len(Ws) - 1, -1, -1):
                gradients.append((delta.T @ As[k], delta.sum(axis=0)))
                if k > 0:
                    delta = (delta @ Ws[k]) * (1 - As[k] ** 2)
            for k, (dW, db) in enumerate(reversed(gradients)):
                Ws[k] -= w.eta * dW
                bs[k] -= w.eta * db
    return Ws, bs, losses


def read(done: Any) -> Outcome:
    Ws, bs, losses = done
    return Outcome([p for W, b in zip(Ws, bs, strict=True) for p in (W, b[None])], np.array(losses))
