"""What is trained: networks, data, starts and the order of the batches, equal for every peer."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from nbcore import MLP, bce, digits, moons, one_hot, softmax_ce

SEED = 1  # of the order of the batches
TAKES_DTYPE = "dtype" in inspect.signature(MLP.__init__).parameters


@dataclass(frozen=True)
class Workload:
    """`updates` steps of SGD with `batch` samples each (None: all), for one network or for `members` side by side.

    Hidden layers are tanh. One output is a sigmoid with bce, several are a softmax with its cross-entropy.
    """

    key: str
    title: str
    sizes: list[int]
    X: np.ndarray = field(repr=False)
    Y: np.ndarray = field(repr=False)
    batch: int | None
    eta: float
    updates: int
    members: int | None = None

    def __post_init__(self) -> None:
        if len(self.X) % (self.batch or 1):
            raise ValueError(f"{self.key}: {len(self.X)} samples do not make whole batches of {self.batch}")

    @property
    def softmax(self) -> bool:
        return self.sizes[-1] > 1

    @property
    def loss(self) -> Any:
        return softmax_ce if self.softmax else bce

    def net(self, dtype: type = np.float64) -> MLP:
        """A network of ours at the common start."""
        kinds = {"dtype": dtype} if TAKES_DTYPE else {}
        output = "softmax" if self.softmax else "sigmoid"
        net = MLP(self.sizes, output=output, seed=7, ensemble=() if self.members is None else (self.members,), **kinds)
        # Numbers of both precisions must be the same draw, whatever the initializer makes of dtype.
        for p, first in zip(net.parameters(), self.start, strict=True):
            p[...] = first
        return net

    @cached_property
    def start(self) -> list[np.ndarray]:
        """[W1, b1, W2, ...], W as (n_out, n_in) and b as (1, n_out), members in front."""
        output = "softmax" if self.softmax else "sigmoid"
        net = MLP(self.sizes, output=output, seed=7, ensemble=() if self.members is None else (self.members,))
        return net.parameters()

    def orders(self) -> Any:
        """An endless series of row numbers, one array per epoch, as `train` draws them."""
        rng = np.random.default_rng(SEED)
        while True:
            yield rng.permutation(len(self.X))

    @cached_property
    def rows(self) -> np.ndarray | None:
        """The rows of every batch, (updates, batch); None when a batch is all samples."""
        if self.batch is None:
            return None
        epochs = -(-self.updates * self.batch // len(self.X))
        orders = self.orders()
        return np.concatenate([next(orders) for _ in range(epochs)]).reshape(-1, self.batch)[: self.updates]

    @property
    def per_epoch(self) -> int:
        return len(self.X) // self.batch if self.batch else 1

    def final_loss(self, parameters: list[np.ndarray]) -> np.ndarray:
        """The loss on all samples, by `layers.py` in float64, one a member."""
        net = self.net()
        for p, value in zip(net.parameters(), parameters, strict=True):
            p[...] = value
        net.forward(self.X)
        return np.asarray(self.loss.from_logits(net.layers[-1].z, np.broadcast_to(self.Y, net.layers[-1].z.shape)))

    def short(self, updates: int) -> Workload:
        """The same with fewer updates, in whole epochs because scikit-learn knows no parts of them."""
        return replace(self, updates=max(1, updates // self.per_epoch) * self.per_epoch)

    def member(self, k: int) -> list[np.ndarray]:
        return [p[k] for p in self.start]


def flops(sizes: list[int], batch: int, members: int = 1) -> float:
    """Operations of one update's matrix products: forward, dC/dW, and dC/da everywhere but at the inputs."""
    products = [2 * n_in * n_out * batch for n_in, n_out in itertools.pairwise(sizes)]
    return members * (3 * sum(products) - products[0])


def random_samples(n: int, n_in: int, kinds: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Samples of no meaning, for sizes that no data set of ours has."""
    rng = np.random.default_rng(5)
    return rng.standard_normal((n, n_in)) / 2, one_hot(rng.integers(0, kinds, n), kinds)


def workloads(sample_counts: dict[str, int] | None = None) -> dict[str, Workload]:
    """The workloads by their letters; tests take fewer samples."""
    counts = {"a": 200, "b": 200, "c": 1408, "d": 1280, "e": 1280} | (sample_counts or {})
    images, labels = digits()
    pictures, kinds = images[: counts["c"]], one_hot(labels, 10)[: counts["c"]]
    deep = [64] * 21 + [10]
    a = Workload("a", "2-8-8-1, batch 10", [2, 8, 8, 1], *moons(counts["a"], seed=3), 10, 0.2, 2000)
    b = Workload("b", "2-16-16-1, 200 points, full batch", [2, 16, 16, 1], *moons(counts["b"], seed=3), None, 0.5, 1000)
    every = [
        a,
        b,
        Workload("c", "digits 64-64-10, batch 64", [64, 64, 10], pictures, kinds, 64, 0.2, 660),
        Workload("d", "784-128-10, batch 128", [784, 128, 10], *random_samples(counts["d"], 784), 128, 0.1, 100),
        Workload("e", "20 layers of 64, batch 128", deep, *random_samples(counts["e"], 64), 128, 0.05, 60),
        replace(a, key="fa", title="64 members of (a)", members=64, updates=400),
        replace(b, key="fb", title="64 members of (b)", members=64, updates=60),
    ]
    return {each.key: each for each in every}
