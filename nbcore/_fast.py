"""The engine behind training: the numbers of layers.py, from calls on buffers that are made once.

One update of a small network is some twenty NumPy calls of a quarter of a microsecond each, if none of them makes an
array. So the calls of a step are prepared with their buffers, and those of up to twenty steps stand in one list;
training walks through the list. Losses are worked out afterward, for many steps at once.

Layout: samples are columns here, `A: (..., n + 1, N)` with a last row of ones, and `[W | b]: (..., n_out, n + 1)`
is one block, so that a bias costs nothing. All blocks are views of one vector `theta`, and their gradients of one
vector `grad`, so that an update is one addition. The members of an ensemble are trained in groups that fit the cache.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from nbcore.activations import (
    GELU_CUBE,
    GELU_FAR,
    GELU_SCALE,
    Activation,
    LeakyReLU,
    elu,
    gelu,
    identity,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from nbcore.layers import Dense
from nbcore.losses import Loss, bce, mse, softmax_ce
from nbcore.network import MLP, Sequential
from nbcore.optimizers import SGD, Adam, Momentum, Optimizer

Call = Callable[[], Any]

LINE = 64  # bytes of the cache
MEMBERS = 64  # of an ensemble, at most, in one group
STEPS = 20  # whose calls stand in one list; a loss that is not finite is noticed after as many
LEG = 256  # steps, at most, between two looks at the losses
BY_VALUE = (tanh, sigmoid, relu)  # phi' follows from a = phi(z) alone
ACTIVE = 2**18  # floats that a group's steps go over
CACHED = 2**15  # floats that a list of calls may gather ahead, or a merged buffer hold: they should stay in the cache


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

    def __init__(self, sizes: Sequence[int], ensemble: tuple[int, ...], dtype: Any) -> None:
        shapes = [(*ensemble, n_out, n_in + 1) for n_in, n_out in itertools.pairwise(sizes)]
        self.vector = np.zeros(sum(map(math.prod, shapes)), dtype)
        self.views = _cut(self.vector, shapes)

    def pairs(self) -> list[np.ndarray]:
        """[W1, b1, W2, b2, ...] in the shapes of the layers, as views."""
        return [part for block in self.views for part in (block[..., :-1], block[..., -1:].mT)]


class Batches:
    """The samples as rows [x, 1, y], and the order in which batches take them."""

    def __init__(
        self,
        X: np.ndarray,
        Y: np.ndarray,
        batch: int | None,
        rng: np.random.Generator,
        halves: bool,
        dtype: Any,
        rest: np.ndarray | None = None,
    ) -> None:
        n = len(X)
        self.size = n if batch is None else batch
        self.whole, self.rng = self.size == n, rng
        # (a - y) is (tanh(z / 2) - (2 y - 1)) / 2 for a sigmoid output: two calls fewer.
        self.rows = np.concatenate([X, np.ones((n, 1)), 2 * Y - 1 if halves else Y], axis=1).astype(dtype)
        self.order = np.empty(0, int) if rest is None else rest
        self.at = 0
        self.steps = max(1, min(STEPS, CACHED // (self.size * self.rows.shape[1])))
        self.room: dict[int, np.ndarray] = {}

    def place(self, size: int) -> np.ndarray:
        """Where the rows of up to `steps` batches of this size are gathered: (steps, size, columns)."""
        if size not in self.room:
            shape = (STEPS if self.whole else self.steps, size, self.rows.shape[1])
            self.room[size] = (
                np.broadcast_to(self.rows, shape) if self.whole else np.empty(shape, dtype=self.rows.dtype)
            )
        return self.room[size]

    def next(self, count: int) -> tuple[int, int, Any]:
        """Gathers up to `count` batches of one size: that size, how many, and which samples they are."""
        if self.whole:
            return len(self.rows), min(count, STEPS), slice(None)
        if self.at == len(self.order):
            self.order, self.at = self.rng.permutation(len(self.rows)), 0
        left = len(self.order) - self.at
        size = min(self.size, left)
        steps = max(1, min(count, self.steps, left // size))
        rows = self.order[self.at : self.at + steps * size]
        self.at += steps * size
        # With mode "raise" the rows would go through another buffer.
        self.rows.take(rows, 0, self.place(size).reshape(-1, self.rows.shape[1])[: len(rows)], "clip")
        return size, steps, rows

    def split(self, rows: Any, steps: int) -> list[Any]:
        """The samples of each of some steps that `next` gathered."""
        return [rows] * steps if self.whole else list(rows.reshape(steps, -1))


class Plan:
    """The calls of steps with batches of one size, for one group of members. Samples are columns."""

    def __init__(self, group: Group, size: int) -> None:
        self.group, self.size = group, size
        engine, dtype, ensemble = group.engine, group.theta.vector.dtype, group.ensemble
        self.phis = [layer.phi for layer in engine.net.layers]
        widths = engine.net.sizes[1:]
        self.place = engine.batches.place(size)
        # All samples at once need no gathering: then they are laid out as the products like them best.
        n_in, whole = engine.net.sizes[0], self.place[0].T
        self.whole = (whole[: n_in + 1].copy(), whole[n_in + 1 :].copy()) if engine.batches.whole else None
        shapes = [(*ensemble, width + 1, size) for width in widths[:-1]]
        self.activations = _empty((sum(map(math.prod, shapes)),), dtype)
        self.activations[...] = 1
        self.A = _cut(self.activations, shapes)
        self.Z = [_empty((*ensemble, width, size), dtype) for width in widths[:-1]]
        self.D = [_empty((*ensemble, width, size), dtype) for width in widths]
        # Of the output layer all that its loss is made of is kept, step by step.
        self.out = _empty((len(self.place), *ensemble, widths[-1], size), dtype)
        self.scale = _empty((*ensemble, 1, 1) if ensemble else (), dtype)
        self.output = _Output.of(self.phis[-1], engine.loss)(self)
        self._shared = self._between()
        self.calls: list[Call] = []
        self.forward = self.backward = self.length = 0  # where in a step's calls these end
        self.slots = 0

    def fold(self, factor: Any) -> None:
        """The gradients are to be `factor` times dC/dw: 1, or -eta (one a member)."""
        np.divide(factor, self.size, out=self.scale)
        if self.group.engine.halves:
            self.scale *= 0.5

    def steps(self, count: int) -> list[Call]:
        """The calls of `count` steps."""
        while self.slots < count:
            self._add(self.slots)
            self.slots += 1
        return self.calls if self.slots == count else self.calls[: count * self.length]

    def _add(self, slot: int) -> None:
        theta, grad = self.group.theta.views, self.group.grad.views
        forward, backward = self._shared
        X, Y = self.samples(slot)
        step = [_product(theta[0], X, self.Z[0] if self.Z else self.out[slot]), *forward]
        if self.Z:
            step.append(_product(theta[-1], self.A[-1], self.out[slot]))
        self.forward = len(step)
        step += [*self.output.delta(slot, Y), *backward, _product(self.D[0], X.mT, grad[0])]
        self.backward = len(step)
        step += self.group.update
        self.length = len(step)
        self.calls += step

    def _between(self) -> tuple[list[Call], list[Call]]:
        """The calls that are the same in every step: from the first Z to the last A, and from the last D to D1."""
        theta, grad, phis = self.group.theta.views, self.group.grad.views, self.phis
        spare = _empty((max((Z.size for Z in self.Z), default=0),), self.scale.dtype)
        layers = [
            _layer(phi, Z, A[..., :-1, :], D, spare) for phi, Z, A, D in zip(phis, self.Z, self.A, self.D, strict=False)
        ]
        forward, backward = [], []
        for k, (activate, _) in enumerate(layers):
            if k:
                forward.append(_product(theta[k], self.A[k - 1], self.Z[k]))
            forward += activate
        slopes = [times_slope for _, times_slope in layers]
        if layers and len(set(phis[:-1])) == 1 and phis[0] in BY_VALUE and self.activations.size <= CACHED:
            # All layers' slopes at once: two calls instead of two a layer.
            T = _empty_like(self.activations)
            backward += _slope(phis[0], self.activations, T)
            parts = _cut(T, [A.shape for A in self.A])
            slopes = [[partial(np.multiply, D, t[..., :-1, :], D)] for D, t in zip(self.D, parts, strict=False)]
        for k in range(len(theta) - 1, 0, -1):
            backward.append(_product(self.D[k], self.A[k - 1].mT, grad[k]))
            backward.append(_product(theta[k][..., :-1].mT, self.D[k], self.D[k - 1]))
            backward += slopes[k - 1]
        return forward, backward

    def samples(self, slot: int) -> tuple[np.ndarray, np.ndarray]:
        """[x, 1] and y of a step, in columns."""
        if self.whole is not None:
            return self.whole
        rows, n_in = self.place[slot], self.group.engine.net.sizes[0]
        return rows[:, : n_in + 1].T, rows[:, n_in + 1 :].T

    def targets(self, steps: int) -> np.ndarray:
        """y of the first steps, in columns: (steps, n_out, N), with an axis for members where there are."""
        if self.whole is not None:
            return self.whole[1]
        Y = self.place[:steps, :, self.group.engine.net.sizes[0] + 1 :].mT
        return Y[:, None] if self.group.ensemble else Y

    def values(self, slot: int) -> list[tuple[np.ndarray, ...]]:
        """(a_in, z, a, delta) of each layer after the backward pass of a step, samples as rows; copies."""
        X, Z_out = self.samples(slot)[0], self.out[slot]
        a_in: np.ndarray = np.ascontiguousarray(X[:-1].T)
        found: list[tuple[np.ndarray, ...]] = []
        for k, (Z, D) in enumerate(zip([*self.Z, Z_out], self.D, strict=True)):
            z = Z.mT.copy()
            a = self.A[k][..., :-1, :].mT.copy() if k < len(self.A) else self.phis[-1].f(z)
            found.append((a_in, z, a, D.mT.copy()))
            a_in = a
        return found


class _Output:
    """The output layer: delta and loss of any pair of activation and loss."""

    def __init__(self, plan: Plan) -> None:
        engine = plan.group.engine
        self.plan, self.loss, self.phi, self.D = plan, engine.loss, plan.phis[-1], plan.D[-1]

    @staticmethod
    def of(phi: Activation, loss: Loss) -> type[_Output]:
        if loss == bce:
            return _SigmoidBCE
        if loss == softmax_ce:
            return _SoftmaxCE
        return _MSE if loss == mse else _Output

    def delta(self, slot: int, Y: np.ndarray) -> list[Call]:
        """D = dC/dz, times what is folded in."""
        loss, phi, D, scale, Z, n = self.loss, self.phi, self.D, self.plan.scale, self.plan.out[slot], self.plan.size
        return [lambda: np.multiply(loss.unchecked_delta(Z.mT, phi.f(Z.mT), Y.mT, phi).mT, scale * n, D)]

    def losses(self, steps: int) -> np.ndarray:
        z, y = self.plan.out[:steps].mT, self.plan.targets(steps).mT
        return self.loss.unchecked_value(z, z if self.loss.logit_terms is not None else self.phi.f(z), y)

    def rows(self, array: np.ndarray, steps: int) -> np.ndarray:
        """One row a step and member, to be summed by a product with `mean`, which is the quickest way."""
        return array[:steps].reshape(-1, array.shape[-2] * array.shape[-1])

    def mean(self, outputs: int) -> np.ndarray:
        return np.full(outputs * self.plan.size, 1 / self.plan.size, self.plan.out.dtype)


class _SigmoidBCE(_Output):
    """a = (1 + tanh(z / 2)) / 2, so a - y = (tanh(z / 2) - s) / 2 with s = 2 y - 1, which is what the samples hold.

    C = (|z| - s z) / 2 + log(1 + e^-|z|): for y = 0 and 1 either nothing or |z|, and the small part survives.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.T, self.U = _empty_like(plan.out), _empty_like(plan.out)
        self.weights = self.mean(plan.out.shape[-2])

    def delta(self, slot: int, Y: np.ndarray) -> list[Call]:
        Z, D = self.plan.out[slot], self.D
        return [
            partial(np.multiply, Z, _constant(0.5, D), D),
            partial(np.tanh, D, D),
            partial(np.subtract, D, Y, D),
            partial(np.multiply, D, self.plan.scale, D),
        ]

    def losses(self, steps: int) -> np.ndarray:
        Z, T, U = self.plan.out[:steps], self.T[:steps], self.U[:steps]
        np.abs(Z, T)
        np.multiply(Z, self.plan.targets(steps), U)
        np.subtract(T, U, U)
        np.negative(T, T)
        np.exp(T, T)
        np.log1p(T, T)
        C = self.rows(self.T, steps).dot(self.weights)
        C += 0.5 * self.rows(self.U, steps).dot(self.weights)
        return C.reshape(steps, *self.plan.group.ensemble)


class _SoftmaxCE(_Output):
    """With z - max z and its exp kept from the forward pass: C = log(sum e^z) - y z.

    The largest e^z is 1, which goes into log1p, so that the small part survives.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.Z, self.E, self.T = (_empty_like(plan.out) for _ in range(3))
        self.top = _empty_like(plan.out[..., :1, :])
        self.weights, self.weights_of_sums = self.mean(plan.out.shape[-2]), self.mean(1)
        self.ones = np.ones_like(self.weights)

    def delta(self, slot: int, Y: np.ndarray) -> list[Call]:
        D, Z, E, top = self.D, self.Z[slot], self.E[slot], self.top[slot]
        return [
            *_softmax(self.plan.out[slot], Z, E, top, D),
            partial(np.subtract, D, Y, D),
            partial(np.multiply, D, self.plan.scale, D),
        ]

    def losses(self, steps: int) -> np.ndarray:
        Z, E, T, top = self.Z[:steps], self.E[:steps], self.T[:steps], self.top[:steps]
        np.floor(E, T)  # 1 at the largest z
        if self.rows(self.T, steps).dot(self.ones).sum() != top.size:  # more than one is the largest, or none
            return super().losses(steps)
        np.subtract(E, T, T)
        np.add.reduce(T, -2, out=top, keepdims=True)
        np.log1p(top, top)
        C = self.rows(self.top, steps).dot(self.weights_of_sums)
        np.multiply(Z, self.plan.targets(steps), T)
        C -= self.rows(self.T, steps).dot(self.weights)
        return C.reshape(steps, *self.plan.group.ensemble)


class _MSE(_Output):
    """With a - y kept from the forward pass: C = sum (a - y)^2 / 2."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.E, self.T = _empty_like(plan.out), _empty_like(plan.out)
        self.a = _empty_like(self.D)
        self.spare = _empty_like(self.D).ravel()
        self.weights = self.mean(plan.out.shape[-2]) / 2

    def delta(self, slot: int, Y: np.ndarray) -> list[Call]:
        Z, E, D, phi = self.plan.out[slot], self.E[slot], self.D, self.phi
        activate, times_slope = ([], []) if phi == identity else _layer(phi, Z, self.a, D, self.spare)
        return [
            *activate,
            partial(np.subtract, Z if phi == identity else self.a, Y, E),
            partial(np.multiply, E, self.plan.scale, D),
            *times_slope,
        ]

    def losses(self, steps: int) -> np.ndarray:
        np.multiply(self.E[:steps], self.E[:steps], self.T[:steps])
        return self.rows(self.T, steps).dot(self.weights).reshape(steps, *self.plan.group.ensemble)


def _empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Room that begins where a line of the cache does: a tenth quicker than where it happens to begin."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + size].view(dtype).reshape(shape)


def _empty_like(array: np.ndarray) -> np.ndarray:
    return _empty(array.shape, array.dtype)


def _cut(vector: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Consecutive pieces of a vector, in these shapes."""
    ends = itertools.accumulate(map(math.prod, shapes))
    return [vector[end - math.prod(shape) : end].reshape(shape) for end, shape in zip(ends, shapes, strict=True)]


def _constant(value: float, like: np.ndarray) -> np.ndarray:
    # A ufunc takes an array without axes sooner than a Python number.
    return np.asarray(value, like.dtype)


def _product(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> Call:
    if left.ndim == 3 and left.shape[-1] == 1:
        return partial(np.multiply, left, right, out)  # a column times a row, as behind a single output
    if left.ndim == 2 and right.ndim == 2:
        return partial(left.dot, right, out)  # a third of the overhead of np.matmul
    if right.ndim == 2 and left.flags.c_contiguous:
        # Shared samples: one product for all members, whose rows lie one below the other.
        return partial(left.reshape(-1, left.shape[-1]).dot, right, out.reshape(-1, out.shape[-1]))
    return partial(np.matmul, left, right, out)


def _layer(
    phi: Activation, Z: np.ndarray, a: np.ndarray, D: np.ndarray, spare: np.ndarray
) -> tuple[list[Call], list[Call]]:
    """The calls for a = phi(Z), and those for D *= phi'(Z), which may use what the first ones left.

    `spare` is room for as many numbers; its content does not last.
    """
    T = spare[: Z.size].reshape(Z.shape)
    half, one = _constant(0.5, a), _constant(1.0, a)
    if phi == identity:
        return [partial(np.copyto, a, Z)], []
    if phi in BY_VALUE:
        if phi == sigmoid:
            activate = _sigmoid(Z, a)
        else:
            activate = [partial(np.tanh, Z, a) if phi == tanh else partial(np.maximum, Z, _constant(0.0, a), out=a)]
        return activate, [*_slope(phi, a, T), partial(np.multiply, D, T, D)]
    if isinstance(phi, LeakyReLU) and 0 <= phi.slope <= 1:
        slope = _constant(phi.slope, a)
        return [partial(np.multiply, Z, slope, a), partial(np.maximum, Z, a, out=a)], [
            partial(np.sign, Z, T),
            partial(np.maximum, T, slope, out=T),
            partial(np.multiply, D, T, D),
        ]
    if phi == elu:
        E = _empty_like(Z)
        return [
            partial(np.minimum, Z, _constant(0.0, a), out=E),
            partial(np.expm1, E, E),
            partial(np.maximum, Z, E, out=a),
        ], [partial(np.add, E, one, T), partial(np.multiply, D, T, D)]
    if phi == silu:  # phi' = s + a (1 - s) = s (1 + z - a)
        S = _empty_like(Z)
        return [*_sigmoid(Z, S), partial(np.multiply, Z, S, a)], [
            partial(np.subtract, Z, a, T),
            partial(np.add, T, one, T),
            partial(np.multiply, T, S, T),
            partial(np.multiply, D, T, D),
        ]
    if phi == softplus:
        return [
            partial(np.abs, Z, T),
            partial(np.negative, T, T),
            partial(np.exp, T, T),
            partial(np.log1p, T, T),
            partial(np.maximum, Z, _constant(0.0, a), out=a),
            partial(np.add, a, T, a),
        ], [*_sigmoid(Z, T), partial(np.multiply, D, T, D)]
    if phi == gelu:  # with h = (1 + t) / 2: a = z h, and 1 - t^2 = 4 h (1 - h)
        H, Q = _empty_like(Z), _empty_like(Z)
        c, cube = GELU_SCALE, GELU_CUBE
        return [
            partial(np.multiply, Z, Z, Q),
            partial(np.minimum, Q, _constant(GELU_FAR**2, a), out=Q),
            partial(np.multiply, Q, _constant(c * cube, a), H),
            partial(np.add, H, _constant(c, a), H),
            partial(np.multiply, H, Z, H),
            partial(np.tanh, H, H),
            partial(np.multiply, H, half, H),
            partial(np.add, H, half, H),
            partial(np.multiply, Z, H, a),
        ], [
            partial(np.subtract, one, H, T),
            partial(np.multiply, T, a, T),
            partial(np.multiply, Q, _constant(6 * c * cube, a), Q),
            partial(np.add, Q, _constant(2 * c, a), Q),
            partial(np.multiply, T, Q, T),
            partial(np.add, T, H, T),
            partial(np.multiply, D, T, D),
        ]
    if phi == softmax:
        activate = _softmax(Z, a, a, _empty_like(Z[..., :1, :]), a)
    else:
        activate = [lambda: np.copyto(a, phi.f(Z.mT).mT)]
    return activate, [lambda: np.copyto(D, phi.backward(D.mT, Z.mT, a.mT).mT)]


def _sigmoid(Z: np.ndarray, a: np.ndarray) -> list[Call]:
    """(1 + tanh(z / 2)) / 2: no exp that could overflow."""
    half = _constant(0.5, a)
    return [
        partial(np.multiply, Z, half, a),
        partial(np.tanh, a, a),
        partial(np.multiply, a, half, a),
        partial(np.add, a, half, a),
    ]


def _softmax(Z: np.ndarray, lower: np.ndarray, e: np.ndarray, top: np.ndarray, a: np.ndarray) -> list[Call]:
    """a = softmax(Z), by way of Z less its largest, and e to that; `top` is left with the sums."""
    return [
        partial(np.maximum.reduce, Z, -2, None, top, True),
        partial(np.subtract, Z, top, lower),
        partial(np.exp, lower, e),
        partial(np.add.reduce, e, -2, None, top, True),
        partial(np.divide, e, top, a),
    ]


def _slope(phi: Activation, a: np.ndarray, T: np.ndarray) -> list[Call]:
    """T = phi'(Z) for an activation whose slope a alone tells."""
    one = _constant(1.0, a)
    if phi == tanh:
        return [partial(np.multiply, a, a, T), partial(np.subtract, one, T, T)]
    if phi == sigmoid:
        return [partial(np.subtract, one, a, T), partial(np.multiply, T, a, T)]
    return [partial(np.sign, a, T)]


class Group:
    """Some members of the ensemble (or the one network): parameters, gradients, the optimizer's memory, plans."""

    def __init__(self, engine: Engine, members: slice) -> None:
        self.engine, self.members = engine, members
        net, dtype = engine.net, engine.dtype
        self.ensemble = (members.stop - members.start,) if net.ensemble else ()
        self.theta, self.grad = (Blocks(net.sizes, self.ensemble, dtype) for _ in range(2))
        names = {SGD: "", Momentum: "v", Adam: "mv"}[type(engine.optimizer)]
        self.memory = {name: Blocks(net.sizes, self.ensemble, dtype) for name in names}
        self.eta = np.zeros(self.theta.vector.shape if self.ensemble else (), dtype)  # one for each entry of theta
        self.spare = np.empty((2, len(self.theta.vector)), dtype)
        self.t = 0
        self.update = self._penalties() + self._update()
        self.plans: dict[int, Plan] = {}

    def plan(self, size: int) -> Plan:
        if size not in self.plans:
            self.plans[size] = Plan(self, size)
            self.plans[size].fold(self.factor())
        return self.plans[size]

    def eta_of_members(self) -> Any:
        """The learning rate, or one a member, shape (E, 1, 1)."""
        eta = np.asarray(self.engine.optimizer.eta, self.engine.dtype)
        return eta[self.members][:, None, None] if eta.ndim else eta

    def factor(self) -> Any:
        """What the gradients hold beside dC/dw: -eta for optimizers whose step is linear in the gradient."""
        return -self.eta_of_members() if self.engine.fold else 1.0

    def set_eta(self) -> None:
        eta = self.eta_of_members()
        if self.ensemble:
            views = _cut(self.eta, [view.shape for view in self.theta.views])
            for view in views:
                view[...] = eta
        else:
            self.eta[...] = eta
        for plan in self.plans.values():
            plan.fold(self.factor())

    def _penalties(self) -> list[Call]:
        l1, l2 = self.engine.l1, self.engine.l2
        if not (l1 or l2):
            return []
        theta, grad, (T, U), eta = self.theta.vector, self.grad.vector, self.spare, self.eta
        weights = Blocks(self.engine.net.sizes, self.ensemble, self.engine.dtype)
        for view in weights.views:
            view[..., :-1] = 1
        only_weights, fold = weights.vector, self.engine.fold

        def add() -> None:
            np.sign(theta, T)
            np.multiply(T, l1, T)
            np.multiply(theta, l2, U)
            np.add(T, U, T)
            np.multiply(T, only_weights, T)
            if fold:
                np.multiply(T, eta, T)
                np.subtract(grad, T, grad)
            else:
                np.add(grad, T, grad)

        return [add]

    def _update(self) -> list[Call]:
        """theta moves by grad, as the optimizer says; grad holds -eta dC/dw when folded, else dC/dw."""
        theta, grad, (T, U), eta = self.theta.vector, self.grad.vector, self.spare, self.eta
        optimizer: Any = self.engine.optimizer
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
                np.divide(m, 1 - b1**self.t, U)
                np.multiply(U, eta, U)
                np.divide(U, T, U)
                np.subtract(theta, U, theta)

            return [adam]
        if isinstance(optimizer, Momentum):
            v = self.memory["v"].vector
            return [
                lambda: np.multiply(v, optimizer.beta, v),
                partial(np.add, v, grad, v),
                partial(np.add, theta, v, theta),
            ]
        return [partial(np.add, theta, grad, theta)]


# What the readable engine does with the network for these rows: yields the loss before each update.
Replay = Callable[[list[Any], np.ndarray, dict[str, Any], int], Iterator[Any]]


class Engine:
    """A network, its samples and an optimizer, on buffers.

    It rests after the backward pass of a step: the network's values can be seen, its parameters changed; the update
    follows when it goes on. A rest changes no digit of what follows. `replay` is the readable engine, which decides
    what happens when numbers overflow. A run can be taken up in the middle of an epoch: at step `first`, with the
    `rest` of the epoch's samples and the optimizer's `memory`.
    """

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
        replay: Replay,
        rest: np.ndarray | None = None,
        memory: dict[str, Any] | None = None,
        first: int = 0,
    ) -> None:
        self.net, self.loss, self.optimizer, self.l1, self.l2, self.replay = net, loss, optimizer, l1, l2, replay
        self.dtype = net.dtype
        self.fold = type(optimizer) in (SGD, Momentum)
        self.halves = loss == bce
        self.batches = Batches(X, Y, batch, rng, self.halves, self.dtype, rest)
        count = net.ensemble[0] if net.ensemble else 1
        share = -(-count // -(-count // self._members()))  # groups of equal size
        self.groups = [Group(self, slice(k, min(k + share, count))) for k in range(0, count, share)]
        self.alive = np.ones(net.ensemble, dtype=bool)
        self.done, self.first = 0, first  # losses seen, and the number of the first
        self.last: tuple[int, int] = (0, 0)  # batch size and place of the step at which it rests
        self.eta: Any = None
        self.take_in()
        if memory is not None:
            self.set_state(memory)

    def _members(self) -> int:
        """How many members' z, a, delta and slopes stay in the cache together."""
        return max(1, min(MEMBERS, ACTIVE // (4 * self.batches.size * sum(self.net.sizes[1:]))))

    # ---- between the buffers and the network

    def take_in(self) -> None:
        """The network's parameters into the buffers."""
        for group in self.groups:
            for mine, theirs in zip(group.theta.pairs(), self.net.parameters(), strict=True):
                np.copyto(mine, theirs[group.members] if group.ensemble else theirs)

    def give_back(self) -> None:
        """The buffers into the network's own arrays; members that have diverged stay there as they were."""
        for group in self.groups:
            for mine, theirs in zip(group.theta.pairs(), self.net.parameters(), strict=True):
                if group.ensemble:
                    np.copyto(theirs[group.members], mine, where=self.alive[group.members, None, None])
                else:
                    np.copyto(theirs, mine)

    def show(self) -> None:
        """This step's values and gradients into the layers, as the readable engine leaves them there."""
        size, slot = self.last
        shown = [
            [
                (a_in, z, a, delta / factor, block[..., :-1] / factor, block[..., -1:].mT / factor)
                for (a_in, z, a, delta), block in zip(group.plan(size).values(slot), group.grad.views, strict=True)
            ]
            for group in self.groups
            for factor in [group.factor()]  # gradients rest with it folded in
        ]
        for k, layer in enumerate(self.net.layers):
            parts = [of_group[k] for of_group in shown]
            whole = parts[0] if len(parts) == 1 else [np.concatenate(p) for p in zip(*parts, strict=True)]
            layer.a_in, layer.z, layer.a, layer.delta, layer.dW, layer.db = whole
            if not k:
                layer.a_in = parts[0][0]  # samples are shared

    def rest(self) -> np.ndarray | None:
        """The samples of this epoch from those of the step at which it rests on; None when all are taken each time."""
        if self.batches.whole:
            return None
        return self.batches.order[self.batches.at - (self.last[0] if self.done else 0) :].copy()

    def state(self) -> dict[str, Any]:
        """The optimizer's state, as the readable engine keeps it; a copy."""
        memory: dict[str, Any] = {
            name: [np.concatenate(p) if self.net.ensemble else p[0].copy() for p in self._pairs(name)]
            for name in self.groups[0].memory
        }
        return memory | {"t": self.groups[0].t} if isinstance(self.optimizer, Adam) else memory

    def _pairs(self, name: str) -> list[tuple[np.ndarray, ...]]:
        return list(zip(*(group.memory[name].pairs() for group in self.groups), strict=True))

    def set_state(self, state: dict[str, Any]) -> None:
        for group in self.groups:
            for name, blocks in group.memory.items():
                for mine, theirs in zip(blocks.pairs(), state[name], strict=True):
                    np.copyto(mine, theirs[group.members] if group.ensemble else theirs)
            group.t = state.get("t", 0)

    # ---- steps

    def advance(self, count: int) -> np.ndarray:
        """Up to `count` more steps: the losses, each before its update; (steps, *ensemble), NaN once diverged.

        Fewer than that when a loss is not finite, and never more than LEG. What `replay` raises goes through; the
        losses before that are then its attribute `losses`.
        """
        self._update()
        before = [group.theta.vector.copy() for group in self.groups]
        state = self.state()
        losses, taken = self._walk(min(count, LEG))
        if taken:
            for group, theta in zip(self.groups, before, strict=True):
                np.copyto(group.theta.vector, theta)
            losses = self._again(taken, state)
        self.done += len(losses)
        return losses

    def _update(self) -> None:
        """The update that has waited while the engine rested, with the learning rate of now."""
        eta = np.array(self.optimizer.eta)
        if self.eta is None or not np.array_equal(eta, self.eta):
            self.eta = eta
            for group in self.groups:
                before = group.eta.copy()
                group.set_eta()
                if self.done and self.fold:
                    group.grad.vector *= group.eta / before
        if self.done:
            for group in self.groups:
                for call in group.update:
                    call()

    def _walk(self, count: int) -> tuple[np.ndarray, list[Any]]:
        """`count` steps, the last without its update: the losses.

        When a loss is not finite it stops, at most STEPS steps later, and returns the samples of each step as well.
        """
        losses = np.empty((count, *self.net.ensemble))
        taken: list[tuple[int, Any]] = []
        done = 0
        while done < count:
            size, steps, rows = self.batches.next(count - done)
            taken.append((steps, rows))
            now = losses[done : done + steps]
            done += steps
            for group in self.groups:
                plan = group.plan(size)
                calls = plan.steps(steps)
                if done == count:
                    calls = calls[: len(calls) - plan.length + plan.backward]
                for call in calls:
                    call()
                now[(slice(None), group.members) if group.ensemble else ...] = plan.output.losses(steps)
            self.last = size, steps - 1
            if not np.isfinite(now.sum()) and not np.isfinite(now[:, self.alive]).all():
                return losses, [row for steps, rows in taken for row in self.batches.split(rows, steps)]
        if not self.alive.all():
            losses[:, ~self.alive] = np.nan
        return losses, []

    def _again(self, rows: list[Any], state: dict[str, Any]) -> np.ndarray:
        """The same steps by the readable engine, which freezes members that diverge, and raises when all have."""
        self.give_back()
        losses: list[Any] = []
        try:
            losses.extend(self.replay(rows, self.alive, state, self.first + self.done))
        except ArithmeticError as stop:
            stop.losses = np.array(losses).reshape(len(losses), *self.net.ensemble)  # type: ignore[attr-defined]
            raise
        found = np.array(losses)
        self.alive = self.alive & np.isfinite(found[-1])
        self.set_state(state)
        self.take_in()
        # The gradients at which to rest, from the last step once more.
        if not self.batches.whole:
            size = len(rows[-1])
            self.batches.rows.take(rows[-1], 0, self.batches.place(size)[0], "clip")
            self.last = size, 0
        for group in self.groups:
            plan = group.plan(self.last[0])
            for call in plan.steps(1)[: plan.backward]:
                call()
        self.last = self.last[0], 0
        return found
