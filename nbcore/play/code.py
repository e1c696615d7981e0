"""A run as some ten lines of nbcore, one more for each change made on the way."""

from __future__ import annotations

import itertools

from nbcore import datasets
from nbcore.play.data import Problem
from nbcore.play.settings import FEATURES, INITS, LIVE, OPTIMIZERS, Settings, multiplied
from nbcore.play.text import Change, State


def code_of(state: State, problem: Problem) -> str:
    """Python that ends with the network of this state as `net`; own data must be there as `own`."""
    s = state.settings
    learn = len(problem.X)
    names = {"MLP", "training", OPTIMIZERS[s.optimizer].__name__}
    names |= {OPTIMIZERS[c.value].__name__ for c in state.log if c.name == "optimizer"}
    if s.init != "xavier":
        names.add(s.init)
    lines = _data(s, problem, learn, names)
    if problem.plane:
        lines += _features(s)
    else:
        lines.append("X = points")
    if s.standardize and s.data == "digits":
        lines.append(
            "X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) <= 1e-12 * abs(X).max(axis=0), 1, X.std(axis=0))"
        )
    elif s.standardize:
        lines.append("X = (X - X.mean(axis=0)) / X.std(axis=0)")
    sizes = [problem.X.shape[1], *(units for units, _ in s.hidden), problem.Y.shape[1]]
    phis = [phi for _, phi in s.hidden]
    hidden = f'"{phis[0]}"' if len(set(phis)) == 1 else f"[{', '.join(map(_quoted, phis))}]"
    init = "" if s.init == "xavier" else f", init={INITS[s.init][0].format(s=s.scale)}"
    lines.append(
        f"net = MLP({sizes}, {f'hidden={hidden}, ' if phis else ''}output={_quoted(problem.output.name)}{init}, "
        f"seed={s.seed})"
    )
    if multiplied(s):
        lines += ["for layer in net.layers:", f"    layer.W *= {s.scale!r}"]
    at_start = [c for c in state.log if c.step == 0 and c.name not in LIVE]
    lines += [f"net.{_assignment(c)}" for c in at_start]
    # A rate of before the first update is a rate from the start.
    extra = "".join(f", {name}={getattr(s, name)!r}" for name in ("l1", "l2") if getattr(s, name))
    batch = "" if s.batch is None else f"batch={min(s.batch, learn)}, "
    lines.append(
        f'run = training(net, X, Y, "{problem.loss.name}", {_optimizer(s.optimizer, s.eta)}, '
        f"{batch}seed={s.data_seed}{extra})"
    )
    lines += _way(state, learn)
    return "\n".join([*_imports(names, lines), *lines, ""])


def _imports(names: set[str], lines: list[str]) -> list[str]:
    text = "\n".join(lines)
    numpy = ["import numpy as np"] if "np." in text else []
    return [*numpy, f"from nbcore import {', '.join(sorted(names, key=str.lower))}"]


def _data(s: Settings, problem: Problem, learn: int, names: set[str]) -> list[str]:
    """Lines after which `points` and `Y` are those to train on."""
    if s.data in datasets.SURFACES:
        names.add("surfaces")
        made = f'points, Y = surfaces("{s.data}", {s.n}, noise={s.noise!r}, seed={s.data_seed})'
        return [made, f"points, Y = points[:{learn}], Y[:{learn}]"]
    if s.data in ("digits", "own"):
        lines = ["points, labels = own.X, own.y"]
        if s.data == "own":
            lines.insert(0, f"# own = own_data(X, y) or own_csv(path), from nbcore.play; fingerprint {s.own}")
        else:
            names.add("digits")
            lines = ["points, labels = digits()"]
        lines.append(f"rows = np.random.default_rng({s.data_seed}).permutation(len(points))[:{learn}]")
        lines.append("points, labels = points[rows], labels[rows]")
    else:
        names.add(s.data)
        lines = [f"points, Y = {s.data}({s.n}, noise={s.noise!r}, seed={s.data_seed})"]
        lines.append(f"points, Y = points[:{learn}], Y[:{learn}]")
        if problem.Y.shape[1] == 1:
            return lines
        lines.append("labels = Y[:, 0].astype(int)")
    if problem.Y.shape[1] > 1:
        names.add("one_hot")
        return [*lines, f"Y = one_hot(labels, {problem.Y.shape[1]})"]
    return [*lines, "Y = labels[:, None].astype(float)"]


def _features(s: Settings) -> list[str]:
    return ["x1, x2 = points.T", f"X = np.stack([{', '.join(FEATURES[f][0] for f in s.features)}], axis=1)"]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _optimizer(name: str, eta: float) -> str:
    return f"{OPTIMIZERS[name].__name__}({eta!r})"


def _assignment(change: Change) -> str:
    layer, kind, index = change.place
    return f"layers[{layer - 1}].{kind}[{index[0]}, {index[1]}] = {change.value!r}"


def _way(state: State, learn: int) -> list[str]:
    """The updates, and the changes between them."""
    lines: list[str] = []
    done, now = 0, {name: getattr(state.settings, name) for name in LIVE}
    later = [c for c in state.log if c.step or c.name in LIVE]
    for step, group in itertools.groupby(later, key=lambda c: c.step):
        here = list(group)
        go = f".advance({step - done})" if step > done else ""
        edits = [c for c in here if c.name not in LIVE]
        for edit in edits:
            lines.append(f"run{go}.net.{_assignment(edit)}")
            go = ""
        before, now = now, now | {c.name: c.value for c in here if c.name in LIVE}
        what = []
        if now["optimizer"] != before["optimizer"]:
            what.append(f"optimizer={_optimizer(now['optimizer'], now['eta'])}")
        elif now["eta"] != before["eta"]:
            what.append(f"eta={now['eta']!r}")
        if now["batch"] != before["batch"]:
            what.append(f"batch={None if now['batch'] is None else min(now['batch'], learn)}")
        what += [f"{name}={now[name]!r}" for name in ("l1", "l2") if now[name] != before[name]]
        lines.append(f"run{go}.change({', '.join(what)})")
        done = step
    return [*lines, f"run.advance({state.updates - done})"]
