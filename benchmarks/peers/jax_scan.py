"""JAX: the whole run as one compiled scan, over members by vmap."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers import Outcome, Prepared
from benchmarks.workloads import Workload


def prepare(w: Workload) -> Prepared:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def cost(parameters: Any, x: Any, y: Any) -> Any:
        for W, b in parameters[:-1]:
            x = jnp.tanh(x @ W.T + b)
        W, b = parameters[-1]
        z = x @ W.T + b
        if w.softmax:
            return -(y * jax.nn.log_softmax(z)).sum(axis=-1).mean()
        return (jax.nn.softplus(z) - y * z).mean()

    def train(parameters: Any, X: Any, Y: Any, rows: Any) -> Any:
        def step(parameters: Any, chosen: Any) -> Any:
            x, y = (X, Y) if chosen is None else (X[chosen], Y[chosen])
            loss, gradients = jax.value_and_grad(cost)(parameters, x, y)
            return jax.tree.map(lambda p, g: p - w.eta * g, parameters, gradients), loss

        return jax.lax.scan(step, parameters, rows, length=w.updates)

    whole = jax.jit(train if w.members is None else jax.vmap(train, in_axes=(0, None, None, None)))
    start = [(jnp.asarray(W), jnp.asarray(b)) for W, b in zip(w.start[::2], w.start[1::2], strict=True)]
    X, Y = jnp.asarray(w.X), jnp.asarray(w.Y)
    rows = None if w.rows is None else jnp.asarray(w.rows)
    return Prepared(lambda: jax.block_until_ready(whole(start, X, Y, rows)), read)


def read(done: Any) -> Outcome:
    parameters, losses = done
    return Outcome([np.asarray(p) for pair in parameters for p in pair], np.asarray(losses).T)
