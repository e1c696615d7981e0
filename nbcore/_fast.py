"""The engine behind training: the numbers of layers.py, from calls on buffers that are made once.

One update of a small network is some twenty NumPy calls of a third of a microsecond each, if none of them makes
an array. So a step is prepared as a list of such calls (a *plan*), and training walks through the list.

Layout: samples are columns here, `A: (..., n + 1, N)` with a last row of ones, and `[W | b]: (..., n_out, n + 1)`
is one block, so that a bias costs nothing. All blocks are views of one vector `theta`, and their gradients of one
vector `grad`, so that an update is one addition. The layers' own W and b become views of `theta` for the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from nbcore.activations import Activation, LeakyReLU, identity, relu, sigmoid, softmax, tanh
from nbcore.layers import Dense
from nbcore.losses import Loss, mse
from nbcore.network import MLP, Sequential
from nbcore.optimizers import SGD, Adam, Momentum, Optimizer

Call = Callable[[], Any]


def applies(net: Sequential, X: np.ndarray, Y: np.ndarray, optimizer: Optimizer) -> bool:
    """Whether this engine knows all parts: plain Dense layers, at most one ensemble axis, shared samples."""
    return (
        type(net) in (Sequential, MLP)
        and all(type(layer) is Dense for layer in net.layers)
        and len(net.ensemble) <= 1
        and X.ndim == 2
        and Y.ndim == 2
        and type(optimizer) in (SGD, Momentum, Adam)
    )


class Blocks:
    """One vector, and its views [W | b] for each layer."""

    def __init__(self, net: Sequential, vector: np.ndarray | None = None) -> None:
        shapes = [(*layer.ensemble, layer.n_out, layer.n_in + 1) for layer in net.layers]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes]).tolist()
        self.vector = np.zeros(ends[-1], dtype=net.layers[0].W.dtype) if vector is None else vector
        self.views = [
            self.vector[end - int(np.prod(shape)) : end].reshape(shape) for end, shape in zip(ends, shapes, strict=True)
        ]

    def pairs(self) -> list[np.ndarray]:
        """[W1, b1, W2, b2, ...] in the shapes of the layers, as views."""
        return [part for block in self.views for part in (block[..., :-1], block[..., -1:].mT)]


class Plan:
    """The calls of one step for batches of one size. Samples are columns."""

    def __init__(self, engine: Engine, n: int) -> None:
        net, theta, grad = engine.net, engine.theta.views, engine.grad.views
        dtype, ensemble = engine.theta.vector.dtype, net.ensemble
        sizes = net.sizes
        # A batch is gathered as rows [x, 1, y], one call; what the step sees are its transposed parts.
        self.rows = np.empty((n, engine.samples.shape[1]), dtype)
        X, self.Y = self.rows[:, : sizes[0] + 1].T, self.rows[:, sizes[0] + 1 :].T
        self.A = [X] + [np.ones((*ensemble, size + 1, n), dtype) for size in sizes[1:-1]]
        self.A.append(np.empty((*ensemble, sizes[-1], n), dtype))
        self.Z = [np.empty((*ensemble, size, n), dtype) for size in sizes[1:]]
        self.D = [np.empty((*ensemble, size, n), dtype) for size in sizes[1:]]
        self.n = n
        dot = _dot if not ensemble else _matmul
        self.forward: list[Call] = []
        self.backward: list[Call] = []
        for layer, W, a_in, Z, a in zip(net.layers, theta, self.A[:-1], self.Z, self.outputs(), strict=True):
            self.forward.append(dot(W, a_in, Z))
            self.forward += _activate(layer.phi, Z, a)
        self.backward += _delta(
            engine.loss, net.layers[-1].phi, self.Z[-1], self.A[-1], self.Y, self.D[-1], engine.scale(n)
        )
        for k in range(len(theta) - 1, -1, -1):
            self.backward.append(dot(self.D[k], self.A[k].mT, grad[k]))
            if k:
                a = self.A[k][..., :-1, :]
                self.backward.append(dot(theta[k][..., :-1].mT, self.D[k], self.D[k - 1]))
                self.backward += _slope(net.layers[k - 1].phi, self.Z[k - 1], a, self.D[k - 1])

    @staticmethod
    def go(calls: list[Call]) -> None:
        for call in calls:
            call()

    def show(self, net: Sequential, grad: Blocks) -> None:
        """Copies of this step's values and gradients into the layers, as the readable engine leaves them there."""
        a_in = self.A[0][:-1].T.copy()
        for layer, Z, a, D, block in zip(net.layers, self.Z, self.outputs(), self.D, grad.views, strict=True):
            layer.a_in, layer.z, layer.a, layer.delta = a_in, Z.mT.copy(), a.mT.copy(), D.mT.copy()
            layer.dW, layer.db = block[..., :-1].copy(), block[..., -1:].mT.copy()
            a_in = layer.a

    def outputs(self) -> list[np.ndarray]:
        """What each layer gives, without the row of ones."""
        return [a[..., :-1, :] for a in self.A[1:-1]] + [self.A[-1]]


def _dot(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> Call:
    return partial(left.dot, right, out)


def _matmul(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> Call:
    return partial(np.matmul, left, right, out)


def _activate(phi: Activation, Z: np.ndarray, a: np.ndarray) -> list[Call]:
    """a = phi(Z)."""
    if phi == tanh:
        return [partial(np.tanh, Z, a)]
    if phi == sigmoid:  # (1 + tanh(z / 2)) / 2: no exp that could overflow
        return [
            partial(np.multiply, Z, 0.5, a),
            partial(np.tanh, a, a),
            partial(np.multiply, a, 0.5, a),
            partial(np.add, a, 0.5, a),
        ]
    if phi == relu:
        return [partial(np.maximum, Z, 0.0, out=a)]
    if phi == identity:
        return [partial(np.copyto, a, Z)]
    if phi == softmax:
        top, e = np.empty_like(Z[..., :1, :]), np.empty_like(Z)
        return [
            partial(np.maximum.reduce, Z, -2, None, top, True),
            partial(np.subtract, Z, top, e),
            partial(np.exp, e, e),
            partial(np.add.reduce, e, -2, None, top, True),
            partial(np.divide, e, top, a),
        ]
    if isinstance(phi, LeakyReLU) and 0 <= phi.slope <= 1:
        return [partial(np.multiply, Z, phi.slope, a), partial(np.maximum, Z, a, out=a)]
    return [lambda: np.copyto(a, phi.f(Z.mT).mT)]


def _slope(phi: Activation, Z: np.ndarray, a: np.ndarray, D: np.ndarray) -> list[Call]:
    """D = D * phi'(Z)."""
    if phi == identity:
        return []
    T = np.empty_like(D)
    if phi == tanh:
        return [partial(np.multiply, a, a, T), partial(np.subtract, 1.0, T, T), partial(np.multiply, D, T, D)]
    if phi == sigmoid:
        return [partial(np.subtract, 1.0, a, T), partial(np.multiply, T, a, T), partial(np.multiply, D, T, D)]
    if phi == relu:
        return [partial(np.sign, a, T), partial(np.multiply, D, T, D)]
    return [lambda: np.copyto(D, phi.backward(D.mT, Z.mT, a.mT).mT)]


def _delta(
    loss: Loss, phi: Activation, Z: np.ndarray, a: np.ndarray, Y: np.ndarray, D: np.ndarray, scale: np.ndarray
) -> list[Call]:
    """D = dC/dz at the output, times the scale, which holds the 1/N (and, where it can, the learning rate)."""
    if loss.partner is not None or loss == mse:
        calls: list[Call] = [partial(np.subtract, a, Y, D), partial(np.multiply, D, scale, D)]
        return calls if loss.partner is not None else calls + _slope(phi, Z, a, D)
    n = a.shape[-1]
    return [lambda: np.multiply(loss.unchecked_delta(Z.mT, a.mT, Y.mT, phi).mT, scale * n, D)]


class Engine:
    """A network, its samples and an optimizer, on buffers. `fold` puts the learning rate into the gradients."""

    def __init__(
        self,
        net: Sequential,
        X: np.ndarray,
        Y: np.ndarray,
        loss: Loss,
        optimizer: Optimizer,
        batch: int | None,
        rng: np.random.Generator,
        l1: float,
        l2: float,
        fold: bool,
    ) -> None:
        self.net, self.loss, self.optimizer, self.rng = net, loss, optimizer, rng
        self.fold = fold and type(optimizer) in (SGD, Momentum)  # their steps are linear in the gradient
        self.theta, self.grad = Blocks(net), Blocks(net)
        self.take_in()
        n = X.shape[0]
        step = n if batch is None else batch
        self.whole = step == n
        self.samples = np.concatenate([X, np.ones((n, 1)), Y], axis=1).astype(self.theta.vector.dtype)
        self.edges = [(i, min(i + step, n)) for i in range(0, n, step)]
        self.plans = {size: Plan(self, size) for size in {end - start for start, end in self.edges}}
        if self.whole:
            np.copyto(self.plans[n].rows, self.samples)
        self.memory = {name: Blocks(net) for name in {SGD: "", Momentum: "v", Adam: "mv"}[type(optimizer)]}
        self.t = 0
        self.update = self._penalties(l1, l2) + self._update()

    def eta(self) -> Any:
        """The learning rate, as a number or one for each entry of theta."""
        eta = np.asarray(self.optimizer.eta, dtype=self.theta.vector.dtype)
        if not eta.ndim:
            return eta
        return np.concatenate([np.broadcast_to(eta[:, None, None], view.shape).ravel() for view in self.theta.views])

    def scale(self, n: int) -> np.ndarray:
        """What multiplies a - y: 1/N, and -eta where it is folded in (one a member, if there are many)."""
        dtype = self.theta.vector.dtype
        if not self.fold:
            return np.asarray(1 / n, dtype)
        eta = np.asarray(self.optimizer.eta, dtype)
        return -(eta[:, None, None] if eta.ndim else eta) / dtype.type(n)

    def _penalties(self, l1: float, l2: float) -> list[Call]:
        if not (l1 or l2):
            return []
        theta, grad = self.theta.vector, self.grad.vector
        weights = Blocks(self.net)
        for view in weights.views:
            view[..., :-1] = 1
        factor = weights.vector * (-self.eta() if self.fold else 1)
        return [lambda: np.add(grad, factor * (l1 * np.sign(theta) + l2 * theta), grad)]

    def _update(self) -> list[Call]:
        """theta moves by grad, as the optimizer says; grad holds -eta dC/dw when folded, else dC/dw."""
        theta, grad = self.theta.vector, self.grad.vector
        T, U = np.empty_like(theta), np.empty_like(theta)
        optimizer: Any = self.optimizer
        if isinstance(optimizer, Adam):
            m, v = self.memory["m"].vector, self.memory["v"].vector

            def adam() -> None:
                self.t += 1
                b1, b2 = optimizer.beta1, optimizer.beta2
                np.multiply(m, b1, m)
                np.multiply(grad, 1 - b1, T)
                np.add(m, T, m)
                np.multiply(v, b2, v)
                np.multiply(grad, 1 - b2, T)
                np.multiply(T, grad, T)
                np.add(v, T, v)
                np.divide(v, 1 - b2**self.t, T)
                np.sqrt(T, T)
                np.add(T, optimizer.eps, T)
                np.multiply(m, eta() / (1 - b1**self.t), U)
                np.divide(U, T, U)
                np.subtract(theta, U, theta)

            fixed = self.eta()
            eta: Callable[[], Any] = (lambda: fixed) if fixed.ndim else lambda: optimizer.eta
            return [adam]
        increment: list[Call] = [] if self.fold else [lambda: np.multiply(grad, -self.eta(), grad)]
        if isinstance(optimizer, Momentum):
            v = self.memory["v"].vector
            return [
                *increment,
                lambda: np.multiply(v, optimizer.beta, v),
                partial(np.add, v, grad, v),
                partial(np.add, theta, v, theta),
            ]
        return [*increment, partial(np.add, theta, grad, theta)]

    # ---- between the buffers and the network

    def take_in(self) -> None:
        """The network's parameters into the buffers."""
        for mine, theirs in zip(self.theta.pairs(), self.net.parameters(), strict=True):
            np.copyto(mine, theirs)

    def give_back(self) -> None:
        """The buffers into the network's own arrays."""
        for mine, theirs in zip(self.theta.pairs(), self.net.parameters(), strict=True):
            np.copyto(theirs, mine)

    def state(self) -> dict[str, Any]:
        """The optimizer's state, as the readable engine keeps it."""
        memory: dict[str, Any] = {name: [p.copy() for p in blocks.pairs()] for name, blocks in self.memory.items()}
        return memory | {"t": self.t} if isinstance(self.optimizer, Adam) else memory

    def set_state(self, state: dict[str, Any]) -> None:
        for name, blocks in self.memory.items():
            for mine, theirs in zip(blocks.pairs(), state[name], strict=True):
                np.copyto(mine, theirs)
        self.t = state.get("t", 0)

    # ---- steps

    def batches(self) -> Iterator[tuple[Plan, Any]]:
        """For each step its plan, with the samples in it, and their rows."""
        if self.whole:
            plan = self.plans[len(self.samples)]
            while True:
                yield plan, slice(None)
        spans = [(self.plans[end - start], start, end) for start, end in self.edges]
        while True:
            order = self.rng.permutation(len(self.samples))
            for plan, start, end in spans:
                rows = order[start:end]
                self.samples.take(rows, 0, plan.rows, "clip")  # with "raise" it would go through another buffer
                yield plan, rows

    def loss_of(self, Z: np.ndarray, Y: np.ndarray) -> np.ndarray:
        """C for pre-activations Z and targets Y in columns, with any leading axes."""
        phi = self.net.layers[-1].phi
        z, y = Z.mT, Y.mT
        return self.loss.unchecked_value(z, phi.f(z) if self.loss.logit_terms is None else z, y)


CHUNK, BLOCK = 256, 16  # updates between two looks at the losses, and at theta
# What the readable engine does with the network for these rows: yields the loss before each update.
Replay = Callable[[list[Any], np.ndarray, dict[str, Any]], Iterator[Any]]


def run(engine: Engine, steps: int, replay: Replay, chunk: int = CHUNK) -> Iterator[np.ndarray]:
    """Trains for `steps` updates; yields the losses before each of them and after the last, in chunks.

    Losses are worked out a chunk at a time, from pre-activations kept on the way. Once they or theta are not finite,
    the chunk is done again by the readable engine, which finds the step and the layer, and freezes the members that
    diverged. What it raises goes through.
    """
    batches = engine.batches()
    alive = np.ones(engine.net.ensemble, dtype=bool)
    done = 0
    while done <= steps:
        before, state = engine.theta.vector.copy(), engine.state()
        rows, kept = _chunk(engine, batches, min(chunk, steps + 1 - done), last=steps - done)
        losses = _losses(engine, kept)
        if not np.isfinite(losses[:, alive]).all() or not _finite(engine, alive):
            engine.theta.vector[:] = before
            engine.give_back()
            seen: list[Any] = []
            try:
                seen.extend(replay(rows, alive, state))
            except ArithmeticError:  # the last member diverged
                yield np.array(seen).reshape(len(seen), *alive.shape)
                raise
            losses = np.array(seen)
            engine.take_in()
            engine.set_state(state)
            alive = alive & np.isfinite(losses[-1])
        elif not alive.all():  # members that diverged stay where they were
            for view, old in zip(engine.theta.views, Blocks(engine.net, before).views, strict=True):
                view[~alive] = old[~alive]
            losses[:, ~alive] = np.nan
        engine.give_back()
        done += len(rows)
        yield losses


def _chunk(
    engine: Engine, batches: Iterator[tuple[Plan, Any]], count: int, last: int
) -> tuple[list[Any], list[tuple[Plan, np.ndarray, np.ndarray]]]:
    """Up to `count` steps, fewer when theta overflows; step number `last` is not followed by an update."""
    rows, kept = [], []
    for k in range(count):
        plan, order = next(batches)
        for call in plan.forward:
            call()
        rows.append(order)
        kept.append((plan, plan.Z[-1].copy(), plan.Y if engine.whole else plan.Y.copy()))
        if k == last:
            break
        for call in plan.backward:
            call()
        for call in engine.update:
            call()
        if k % BLOCK == BLOCK - 1 and not np.isfinite(engine.theta.vector.sum()) and not engine.net.ensemble:
            break
    return rows, kept


def _losses(engine: Engine, kept: list[tuple[Plan, np.ndarray, np.ndarray]]) -> np.ndarray:
    """The loss of each step, all steps of one batch size at once."""
    losses = np.empty((len(kept), *engine.net.ensemble))
    for plan in engine.plans.values():
        at = [k for k, (its, _, _) in enumerate(kept) if its is plan]
        if at:
            Z = np.stack([kept[k][1] for k in at])
            Y = plan.Y if engine.whole else np.stack([kept[k][2] for k in at])
            if not engine.whole and engine.net.ensemble:
                Y = Y[:, None]
            losses[at] = engine.loss_of(Z, Y)
    return losses


def _finite(engine: Engine, alive: np.ndarray) -> bool:
    return all(np.isfinite(view[alive]).all() for view in engine.theta.views)
