"""scikit-learn's MLPClassifier, made to start where we start and to take our batches."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from benchmarks.peers import Outcome, Prepared
from benchmarks.workloads import Workload


def prepare(w: Workload) -> Prepared | None:
    if w.members is not None:
        return None
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    class FromOurStart(MLPClassifier):
        def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
            return next(self.first)

    labels = w.Y.argmax(axis=1) if w.softmax else w.Y[:, 0].astype(int)
    places = _places(w)

    def run() -> Any:
        net = FromOurStart(
            w.sizes[1:-1],
            activation="tanh",
            solver="sgd",
            alpha=0,
            batch_size=w.batch or len(w.X),
            learning_rate_init=w.eta,
            momentum=0,
            nesterovs_momentum=False,
            max_iter=w.updates // w.per_epoch,
            shuffle=w.batch is not None,
            random_state=_OurOrder(places),
            n_iter_no_change=np.inf,
            tol=0,
        )
        net.first = iter([(W.T.copy(), b[0].copy()) for W, b in zip(w.start[::2], w.start[1::2], strict=True)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it stops when it is told to
            return net.fit(w.X, labels)

    return Prepared(run, read)


class _OurOrder(np.random.RandomState):
    """Its shuffles are those of our epochs. (Of nothing else does a fit ask for chance.)"""

    def __init__(self, places: list[np.ndarray]) -> None:
        super().__init__(0)
        self._places = iter(places)

    def shuffle(self, x: Any) -> None:
        x[:] = next(self._places)


def _places(w: Workload) -> list[np.ndarray]:
    """What to shuffle to: each epoch scikit-learn permutes the order of the epoch before, not 0 ... N-1."""
    if w.rows is None:
        return []
    epochs = w.rows.reshape(-1, len(w.X))
    before = [np.arange(len(w.X)), *epochs[:-1]]
    return [np.argsort(last)[order] for last, order in zip(before, epochs, strict=True)]


def read(net: Any) -> Outcome:
    pairs = zip(net.coefs_, net.intercepts_, strict=True)
    return Outcome([p for W, b in pairs for p in (W.T, b[None])], np.array(net.loss_curve_))
