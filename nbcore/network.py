"""Networks: a list of layers, and the usual one made of Dense layers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS, Activation, sigmoid, tanh
from nbcore.checks import Seed, ensemble_axes, generator, listed, named, samples, whole
from nbcore.initializers import Initializer, xavier
from nbcore.layers import Dense, Layer
from nbcore.losses import LOSSES, Loss


class Sequential:
    """Layers one after the other: forward goes down the list, backward comes up."""

    def __init__(self, *layers: Layer) -> None:
        if not layers:
            raise ValueError("layers must hold at least one layer, got none")
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"layers must be given one by one, as in Sequential(first, second), got {layer!r}")
        if len({id(layer) for layer in layers}) < len(layers):
            raise ValueError("layers must be different objects: a layer keeps the values of one pass only")
        for k, (before, after) in enumerate(itertools.pairwise(layers), start=1):
            if before.n_out != after.n_in:
                raise ValueError(f"layer {k + 1} takes {after.n_in} inputs, but layer {k} gives {before.n_out}")
            if before.ensemble != after.ensemble:
                raise ValueError(f"layer {k + 1} has ensemble {after.ensemble}, but layer {k} {before.ensemble}")
            if before.dtype != after.dtype:
                raise ValueError(f"layer {k + 1} has dtype {after.dtype}, but layer {k} {before.dtype}")
        self.layers: list[Any] = list(layers)  # Any: besides W and b, each kind holds what is its own

    def forward(self, X: Any) -> np.ndarray:
        """A, the outputs for samples X in rows: (..., N, n_in) -> (..., N, n_out)."""
        return self.unchecked_forward(self.check_samples(X))

    def backward(self, loss: Loss | str, Y: Any) -> np.ndarray:
        """dC/dX for the samples of the last forward pass; leaves .delta and the gradients in every layer."""
        loss, last = named("loss", loss, LOSSES), self.layers[-1]
        if not hasattr(last, "z"):
            raise RuntimeError("backward needs the values of a forward pass: call forward(X) first")
        self.check_loss(loss)
        return self.unchecked_backward(loss, loss.check_targets(Y, last.a.shape, "Y").astype(self.dtype, copy=False))

    def unchecked_forward(self, A: np.ndarray) -> np.ndarray:
        """`forward` for a training loop, which has checked its samples once."""
        for layer in self.layers:
            A = layer.forward(A)
        return A

    def unchecked_backward(self, loss: Loss, Y: np.ndarray) -> np.ndarray:
        """`backward` for a training loop."""
        last = self.layers[-1]
        if isinstance(last, Dense):
            da = last.backward_delta(loss.unchecked_delta(last.z, last.a, Y, last.phi))
        else:  # no phi whose slope could cancel
            da = last.backward(loss.per_entry(last.a, Y) / last.a.shape[-2])
        for layer in reversed(self.layers[:-1]):
            da = layer.backward(da)
        return da

    def check_samples(self, X: Any) -> np.ndarray:
        """X as an array of the network's dtype; raises ValueError when it holds no samples for this network."""
        X = samples("X", X, width=self.layers[0].n_in).astype(self.dtype, copy=False)
        if X.ndim > 2 and X.shape[:-2] != self.ensemble:
            raise ValueError(f"X must have the ensemble axes {self.ensemble} or none, got shape {X.shape}")
        return X

    def check_loss(self, loss: Loss) -> None:
        """Raises ValueError when `loss` makes no sense on the outputs of the last layer, naming what does."""
        last = self.layers[-1]
        if isinstance(last, Dense):
            loss.check_output(last.phi)
        elif loss.partner is not None:
            others = listed(name for name, other in LOSSES.items() if other.partner is None)
            raise ValueError(f"{loss} needs outputs from {loss.partner}, got {last}; losses that fit it: {others}")

    def parameters(self) -> list[np.ndarray]:
        """[W1, b1, W2, b2, ...], and slopes where there are any: the arrays themselves, not copies."""
        return [p for layer in self.layers for p in layer.parameters()]

    def gradients(self) -> list[np.ndarray]:
        """The gradients of the last backward pass, in the order of `parameters`."""
        return [g for layer in self.layers for g in layer.gradients()]

    @property
    def sizes(self) -> list[int]:
        return [self.layers[0].n_in, *(layer.n_out for layer in self.layers)]

    @property
    def ensemble(self) -> tuple[int, ...]:
        return self.layers[0].ensemble

    @property
    def dtype(self) -> np.dtype:
        return self.layers[0].dtype

    def copy(self) -> Sequential:
        """The same network with parameters of its own."""
        return self._map(lambda p: p)

    def member(self, k: int) -> Sequential:
        """Member k of an ensemble as a network of its own, with copies of the parameters."""
        if not self.ensemble:
            raise ValueError("member(k) needs an ensemble; this is a single network")
        if not -self.ensemble[0] <= whole("k", k, least=-self.ensemble[0]) < self.ensemble[0]:
            raise ValueError(f"k must be less than {self.ensemble[0]}, got {k}")
        return self._map(lambda p: p[k])

    def _map(self, change: Any) -> Sequential:
        return self._twin([layer.with_parameters(*map(change, layer.parameters())) for layer in self.layers])

    def _twin(self, layers: list[Any]) -> Sequential:
        twin = object.__new__(type(self))
        twin.layers = layers
        return twin

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.layers))})"


class MLP(Sequential):
    """A multilayer perceptron: Dense layers of the given sizes, [n_in, hidden ..., n_out].

    `hidden` is one activation for all hidden layers, or one a layer; `output` the last one's.
    Activations may be given by name. Weights come from `init` with `seed`, biases are zero.
    `dtype` is float64 or float32; samples and targets are converted to it.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        hidden: Activation | str | Sequence[Activation | str] = tanh,
        output: Activation | str = sigmoid,
        init: Initializer | str = xavier,
        seed: Seed = 0,
        ensemble: tuple[int, ...] | int = (),
        dtype: Any = np.float64,
    ) -> None:
        if np.ndim(sizes) != 1 or len(sizes) < 2:
            raise ValueError(f"sizes must be a list of at least n_in and n_out, got {sizes!r}")
        sizes = [whole("sizes", n) for n in sizes]
        if not isinstance(hidden, (list, tuple)):
            hidden = [named("hidden", hidden, ACTIVATIONS)] * (len(sizes) - 2)
        if len(hidden) != len(sizes) - 2:
            raise ValueError(
                f"hidden must hold one activation for each of {len(sizes) - 2} hidden layers, got {len(hidden)}"
            )
        phis = [named("hidden", phi, ACTIVATIONS) for phi in hidden] + [named("output", output, ACTIVATIONS)]
        rng = generator("seed", seed)
        super().__init__(
            *(
                Dense(n_in, n_out, phi, init, rng, ensemble_axes(ensemble), dtype)
                for n_in, n_out, phi in zip(sizes[:-1], sizes[1:], phis, strict=True)
            )
        )

    def __repr__(self) -> str:
        hidden = [layer.phi for layer in self.layers[:-1]]
        alike = f"hidden={hidden[0] if len(set(map(id, hidden))) == 1 else hidden}, " if hidden else ""
        many = f", ensemble={self.ensemble}" if self.ensemble else ""
        short = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        return f"MLP({self.sizes}, {alike}output={self.layers[-1].phi}{many}{short})"


def stack(nets: Sequence[Sequential]) -> Sequential:
    """Networks of one shape as one ensemble: member k is a copy of nets[k].

    Raises ValueError when there are none, or when their layers differ in kind, size, activation or dtype.
    """
    if not isinstance(nets, Iterable):
        raise TypeError(f"nets must be a list of networks, got {nets!r}")
    nets = list(nets)
    if not nets:
        raise ValueError("nets must hold at least one network, got none")
    for k, net in enumerate(nets):
        if not isinstance(net, Sequential):
            raise TypeError(f"nets must hold networks, got {net!r}")
        if _build(net) != _build(nets[0]):
            raise ValueError(f"nets must be alike to be stacked; nets[{k}] is {net}, nets[0] is {nets[0]}")
    return nets[0]._twin(
        [
            layers[0].with_parameters(*map(np.stack, zip(*(m.parameters() for m in layers), strict=True)))
            for layers in zip(*(net.layers for net in nets), strict=True)
        ]
    )


def _build(net: Sequential) -> list[Any]:
    """All but the numbers: what networks must have in common to be stacked."""
    return [(type(m), [p.shape for p in m.parameters()], m.settings(), m.dtype) for m in net.layers]


def one_hot(labels: Any, k: int) -> np.ndarray:
    """Labels 0 to k-1, shape (N,), as rows with a single 1, shape (N, k).

    Raises ValueError for a label out of range, TypeError for labels that are not whole numbers.
    """
    labels, k = np.asarray(labels), whole("k", k)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be whole numbers, got dtype {labels.dtype}")
    if labels.ndim != 1:
        raise ValueError(f"labels must have shape (N,), got {labels.shape}")
    if not labels.size:
        raise ValueError("labels must hold at least one sample, got none")
    if labels.min() < 0 or labels.max() >= k:
        bad = labels[(labels < 0) | (labels >= k)][0]
        raise ValueError(f"labels must lie in 0 ... {k - 1}, got {bad}")
    return np.eye(k)[labels]
