"""Loss functions. The one home of 1/N: every loss is a mean over samples of a sum over outputs.

`loss(a, y)` gives C, `loss.grad(a, y)` gives dC/da, and `loss.delta(z, a, y, phi)` gives dC/dz, in its
short form a - y where phi' cancels. Targets y have the shape of the outputs a, (N, n); outputs may carry
leading ensemble axes, and C then has one value a member. The logarithm is the natural one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS, Activation, sigmoid, softmax
from nbcore.checks import as_float, finite, listed, named


@dataclass(frozen=True)
class Loss:
    """A loss: `per_sample(a, y)` and its slope `per_entry(a, y)`, both before the mean over samples.

    `partner` is the output activation whose phi' cancels; with it dC/dz = (a - y) / N. A loss with a
    partner is a cross-entropy: it is refused on any other output, since a must be a probability.
    `logit_terms(z, y)` is the loss of each sample from z itself, exact where a = phi(z) rounds to 0 or 1.
    """

    name: str
    formula: str
    per_sample: Callable[[np.ndarray, np.ndarray], np.ndarray]
    per_entry: Callable[[np.ndarray, np.ndarray], np.ndarray]
    partner: Activation | None = None
    logit_terms: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None

    def __call__(self, a: Any, y: Any) -> np.ndarray:
        """C, the mean over samples. Raises ValueError for shapes or targets that do not fit."""
        a, y = self._pair("a", a, y)
        self._probabilities(a)
        return self.per_sample(a, y).mean(axis=-1)

    def grad(self, a: Any, y: Any) -> np.ndarray:
        """dC/da, of a's shape; holds the 1/N."""
        a, y = self._pair("a", a, y)
        self._probabilities(a)
        return self.per_entry(a, y) / a.shape[-2]

    def delta(self, z: Any, a: Any, y: Any, phi: Activation | str) -> np.ndarray:
        """dC/dz at the output, of a's shape: (a - y) / N where phi' cancels, else phi.backward(grad, z, a)."""
        phi = self.check_output(phi)
        a, y = self._pair("a", a, y)
        return self.unchecked_delta(np.asarray(z), a, y, phi)

    def from_logits(self, z: Any, y: Any) -> np.ndarray:
        """C from the pre-activations z: finite and exact however saturated the output is.

        Raises TypeError for mse, which needs to be told the activation.
        """
        if self.logit_terms is None:
            raise TypeError(
                f"{self.name} has no from_logits: it does not know the output activation; use {self.name}(a, y)"
            )
        z, y = self._pair("z", z, y)
        return self.logit_terms(z, y).mean(axis=-1)

    def unchecked_delta(self, z: np.ndarray, a: np.ndarray, y: np.ndarray, phi: Activation) -> np.ndarray:
        """`delta` for a training loop, which has checked its arguments once."""
        if self.partner is None:
            return phi.backward(self.per_entry(a, y) / a.shape[-2], z, a)
        return (a - y) / a.shape[-2]

    def unchecked_value(self, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """C for a training loop: from the logits where there is such a form, else from a."""
        terms = self.per_sample(a, y) if self.logit_terms is None else self.logit_terms(z, y)
        return terms.mean(axis=-1)

    def check_output(self, phi: Activation | str) -> Activation:
        """phi itself; raises ValueError when this loss makes no sense on outputs of phi, naming what does."""
        phi = named("phi", phi, ACTIVATIONS)
        if self.partner is not None and phi != self.partner:
            others = listed(name for name, loss in LOSSES.items() if loss.partner in (None, phi))
            raise ValueError(
                f"{self.name} needs outputs from {self.partner}, got {phi}; losses that fit {phi}: {others}"
            )
        return phi

    def check_targets(self, y: Any, shape: tuple[int, ...], name: str = "y") -> np.ndarray:
        """y as an array of floats; raises ValueError when it holds no targets for outputs of this shape.

        y is (N, n), or has the ensemble axes of the outputs as well.
        """
        y = finite(name, y)
        hint = " (one_hot turns labels into rows)" if self.partner == softmax else ""
        if y.ndim == 1 and not hint:
            hint = f" (for one number a sample write {name}[:, None])"
        if y.shape[-2:] != shape[-2:] or y.shape[:-2] not in ((), shape[:-2]):
            raise ValueError(f"{name} must have the outputs' shape {shape[-2:]}, got {y.shape}{hint}")
        if self.partner is not None and ((y < 0) | (y > 1)).any():
            bad = y[(y < 0) | (y > 1)][0]
            raise ValueError(f"{name} must lie in [0, 1] for {self.name}, got {bad:g}{hint}")
        if self.partner == softmax:
            off = np.abs(y.sum(axis=-1) - 1) > 1e-5  # float32 rows of a thousand classes still pass
            if off.any():
                raise ValueError(f"each row of {name} must sum to 1 for {self.name}, got {y[off][0].tolist()}{hint}")
        return y

    def _pair(self, name: str, outputs: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        outputs = as_float(name, outputs)  # infinite ones may come from a net that diverges, and are reported as C
        if outputs.ndim < 2 or outputs.shape[-2] == 0:
            raise ValueError(f"{name} must hold outputs in rows, shape (N, n) with N >= 1, got shape {outputs.shape}")
        return outputs, self.check_targets(y, outputs.shape)

    def _probabilities(self, a: np.ndarray) -> None:
        if self.partner is not None and ((a < 0) | (a > 1)).any():
            bad = a[(a < 0) | (a > 1)].flat[0]
            raise ValueError(
                f"a must lie in [0, 1] for {self.name}, got {bad:g}; from pre-activations use {self.name}.from_logits"
            )

    def __repr__(self) -> str:
        return self.name


def _open(a: np.ndarray) -> np.ndarray:
    # An output that rounded to 0 or 1 stands for its nearest neighbor inside, so that no log(0) can appear.
    info = np.finfo(a.dtype if a.dtype.kind == "f" else np.float64)
    return np.clip(a, info.tiny, 1 - info.epsneg)


def _bce_terms(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    a = _open(a)
    return -(y * np.log(a) + (1 - y) * np.log1p(-a)).sum(axis=-1)


def _bce_slope(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    a = _open(a)
    return (a - y) / (a * (1 - a))


def _bce_logit_terms(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    # log(1 + e^z) - y z, written so that nothing overflows and the small part survives.
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))).sum(axis=-1)


def _softmax_ce_terms(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return -(y * np.log(_open(a))).sum(axis=-1)


def _softmax_ce_logit_terms(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    # log-sum-exp: taking out the largest z keeps every exp between 0 and 1; its own exp, 1, goes into
    # log1p, so that the small part survives.
    z = z - z.max(axis=-1, keepdims=True)
    others = np.where(z < 0, np.exp(z), 0).sum(axis=-1) + ((z == 0).sum(axis=-1, dtype=z.dtype) - 1)
    return np.log1p(others) - (y * z).sum(axis=-1)


mse = Loss(
    "mse",
    "mean over samples of sum_k (a_k - y_k)^2 / 2",
    lambda a, y: ((a - y) ** 2).sum(axis=-1) / 2,
    lambda a, y: a - y,
)
bce = Loss(
    "bce",
    "mean over samples of -sum_k [y_k ln a_k + (1 - y_k) ln(1 - a_k)]",
    _bce_terms,
    _bce_slope,
    sigmoid,
    _bce_logit_terms,
)
softmax_ce = Loss(
    "softmax_ce",
    "mean over samples of -sum_k y_k ln a_k",
    _softmax_ce_terms,
    lambda a, y: -y / _open(a),
    softmax,
    _softmax_ce_logit_terms,
)

LOSSES: dict[str, Loss] = {loss.name: loss for loss in (mse, bce, softmax_ce)}
