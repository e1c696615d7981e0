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
        columns = ", ".join(FEATURES[feature][0] for feature in s.features)
        lines += ["x1, x2 = points.T", f"X = np.stack([{columns}], axis=1)"]
    else:
        lines.append("X = points")
    if s.standardize:
        std = "X.std(axis=0)"
        if s.data == "digits":  # some pixels are always white
            std = f"np.where({std} <= 1e-12 * abs(X).max(axis=0), 1, {std})"
        lines.append(f"X = (X - X.mean(axis=0)) / {std}")
        if problem.kind == "regression" and problem.unit != 1:
            lines.append("Y = (Y - Y.mean()) / Y.std()")
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
    lines += [f"net.{_assignment(c)}" for c in state.log if not c.step]
    extra = "".join(f", {name}={getattr(s, name)!r}" for name in ("l1", "l2") if getattr(s, name))
    batch = "" if s.batch is None else f"batch={s.batch_of(learn)}, "
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
    surface = s.data in datasets.SURFACES
    if s.data in ("digits", "own"):
        if s.data == "own":
            where = f"# own = own_data(X, y) or own_csv(path), from nbcore.play; fingerprint {s.own}"
            lines = [where, "points, labels = own.X, own.y"]
        else:
            names.add("digits")
            lines = ["points, labels = digits()"]
        lines.append(f"rows = np.random.default_rng({s.data_seed}).permutation(len(points))[:{learn}]")
        lines.append("points, labels = points[rows], labels[rows]")
    else:
        names.add("surfaces" if surface else s.data)
        call = f'surfaces("{s.data}", ' if surface else f"{s.data}("
        lines = [f"points, Y = {call}{s.n}, noise={s.noise!r}, seed={s.data_seed})"]
        lines.append(f"points, Y = points[:{learn}], Y[:{learn}]")
        if problem.Y.shape[1] == 1:
            return lines
        lines.append("labels = Y[:, 0].astype(int)")
    if problem.Y.shape[1] > 1:
        names.add("one_hot")
        return [*lines, f"Y = one_hot(labels, {problem.Y.shape[1]})"]
    return [*lines, "Y = labels[:, None].astype(float)"]


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
    later = [c for c in state.log if c.step]
    for step, group in itertools.groupby(later, key=lambda c: c.step):
        here = list(group)
        go = f".advance({step - done})" if step > done else ""
        for edit in here:
            if edit.name not in LIVE:
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
