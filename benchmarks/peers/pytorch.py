"""PyTorch as its tutorials have it: a module, a loss, an optimizer. Members side by side by torch.func."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers import Outcome, Prepared
from benchmarks.workloads import Workload


def prepare(w: Workload) -> Prepared:
    import torch

    torch.set_num_threads(1)
    X = torch.tensor(w.X)
    Y = torch.tensor(w.Y.argmax(axis=1)) if w.softmax else torch.tensor(w.Y)
    loss_of = torch.nn.CrossEntropyLoss() if w.softmax else torch.nn.BCEWithLogitsLoss()
    run = (lambda: single(torch, w, X, Y, loss_of)) if w.members is None else (lambda: many(torch, w, X, Y, loss_of))
    return Prepared(run, read)


def model(torch: Any, w: Workload) -> Any:
    layers: list[Any] = []
    for n_in, n_out in zip(w.sizes[:-1], w.sizes[1:], strict=True):
        layers += [torch.nn.Linear(n_in, n_out, dtype=torch.float64), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


def batches(torch: Any, w: Workload, X: Any, Y: Any) -> Any:
    if w.batch is None:
        for _ in range(w.updates):
            yield X, Y
        return
    orders = w.orders()
    for _ in range(w.updates // w.per_epoch):
        order = torch.from_numpy(next(orders))
        for i in range(0, len(X), w.batch):
            rows = order[i : i + w.batch]
            yield X[rows], Y[rows]


def single(torch: Any, w: Workload, X: Any, Y: Any, loss_of: Any) -> Any:
    net, losses = model(torch, w), []
    with torch.no_grad():
        for p, first in zip(net.parameters(), w.start, strict=True):
            p.copy_(torch.from_numpy(first).reshape(p.shape))
    optimizer = torch.optim.SGD(net.parameters(), lr=w.eta)
    for x, y in batches(torch, w, X, Y):
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return list(net.parameters()), losses


def many(torch: Any, w: Workload, X: Any, Y: Any, loss_of: Any) -> Any:
    net, losses = model(torch, w), []
    names = [name for name, _ in net.named_parameters()]
    stacked = {
        name: torch.from_numpy(first.copy()).reshape(w.members, *p.shape)
        for (name, p), first in zip(net.named_parameters(), w.start, strict=True)
    }

    def cost(parameters: Any, x: Any, y: Any) -> Any:
        return loss_of(torch.func.functional_call(net, parameters, (x,)), y)

    step = torch.func.vmap(torch.func.grad_and_value(cost), in_dims=(0, None, None))
    for x, y in batches(torch, w, X, Y):
        gradients, loss = step(stacked, x, y)
        for name in names:
            stacked[name] -= w.eta * gradients[name]
        losses.append(loss.numpy())
    return [stacked[name] for name in names], losses


def read(done: Any) -> Outcome:
    parameters, losses = done
    arrays = [p.detach().numpy() for p in parameters]
    arrays[1::2] = [bias[..., None, :] for bias in arrays[1::2]]
    return Outcome(arrays, np.array(losses))
