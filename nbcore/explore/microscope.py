"""The backprop microscope of lesson 05: a small network, state by state, with every number and one product in full.

All numbers are those of `MLP`: z and a of its forward pass, delta, dW and db of its backward pass.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from nbcore.activations import ACTIVATIONS
from nbcore.checks import listed
from nbcore.checks import number as checked
from nbcore.draw import microscope as pictures
from nbcore.draw.microscope import number, spelled, symbol
from nbcore.explore.controls import Choice, Steps, box, rate, steps, toggle
from nbcore.explore.explorer import Click, Explorer, refuses_unknown_names
from nbcore.explore.words import ETA, MINUS, SCALAR, count_of
from nbcore.gradcheck import numerical_gradient
from nbcore.losses import Loss, bce, mse
from nbcore.network import MLP, Sequential

PARTIAL = "\N{PARTIAL DIFFERENTIAL}C/\N{PARTIAL DIFFERENTIAL}"
PRIME = "\N{PRIME}"

# As in many texts on a chain of single neurons: without the 1/2, so that its slope is 2(a - y).
squared = Loss(
    "squared",
    "mean over samples of sum_k (a_k - y_k)^2",
    lambda a, y: ((a - y) ** 2).sum(axis=-1),
    lambda a, y: 2 * (a - y),
)
COSTS = {"squared": squared, "mse": mse, "bce": bce}
COST_NAMES = {
    "squared": f"(a {MINUS} y)²",
    "mse": f"mse: (a {MINUS} y)² / 2",
    "bce": "bce: cross-entropy",
}
UPDATES = (*range(11), 20, 50, 100, 200, 500, 1000)
TOO_LARGE = 1e6  # a weight that large means that descent has run away


@dataclass(frozen=True)
class Setup:
    """Where a preset starts. W and b hold one matrix and one row a layer; there is one sample."""

    title: str
    sizes: tuple[int, ...]
    W: tuple[Any, ...]
    b: tuple[Any, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    hidden: str
    output: str
    loss: str
    eta: float
    biases: bool
    weight: str


PRESETS = {
    "chain": Setup(
        "The backprop microscope: a chain",
        (1, 1, 1, 1),
        ([[1.5]], [[-2.0]], [[1.2]]),
        ([0.5], [1.0], [-0.1]),
        (0.8,),
        (1.0,),
        "sigmoid",
        "sigmoid",
        "squared",
        1.0,
        True,
        "w1",
    ),
    # The numbers of Mazur 2015. There one bias serves both units of a layer and is never updated; here each unit
    # has its own, equal at the start, and the toggle lets them learn.
    "worked example": Setup(
        "The backprop microscope: two layers of two",
        (2, 2, 2),
        ([[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]),
        ([0.35, 0.35], [0.60, 0.60]),
        (0.05, 0.10),
        (0.01, 0.99),
        "sigmoid",
        "sigmoid",
        "mse",
        0.5,
        False,
        "w1_11",
    ),
    "classifier": Setup(
        "The backprop microscope: a classifier",
        (2, 2, 1),
        ([[1.2, -0.8], [-0.6, 1.5]], [[1.4, -1.1]]),
        ([0.1, -0.3], [0.2]),
        (1.5, -0.5),
        (0.0,),
        "tanh",
        "sigmoid",
        "bce",
        0.5,
        True,
        "w1_11",
    ),
}


# ---- Names

Place = tuple[int, int, int]  # layer, unit, and the unit below it; -1 below stands for the bias


def _suffix(many: bool, *indices: int) -> str:
    return "_" + "".join(str(i + 1) for i in indices) if many else ""


def _key(where: pictures.Plan, place: Place) -> str:
    """The name of a weight or a bias as a setting: w1_12, or w1 in a chain."""
    m, j, k = place
    return f"b{m}{_suffix(where.many, j)}" if k < 0 else f"w{m}{_suffix(where.many, j, k)}"


def _indices(where: pictures.Plan, *indices: int) -> tuple[int, ...]:
    return indices if where.many else ()


def _name(where: pictures.Plan, place: Place, form: Any = spelled) -> str:
    """Its symbol, in plain text or for print."""
    m, j, k = place
    return form("b", m, *_indices(where, j)) if k < 0 else form("w", m, *_indices(where, j, k))


def _activation(where: pictures.Plan, m: int, k: int, form: Any = spelled) -> str:
    """a of a unit, or the input x for layer 0."""
    return form("a" if m else "x", m, *_indices(where, k))


def _keys(where: pictures.Plan) -> list[str]:
    """The names of all number boxes: inputs, weights and biases layer by layer, targets."""
    names = [f"x{k + 1}" if where.many else "x" for k in range(where.sizes[0])]
    for m in range(1, where.layers + 1):
        names += [_key(where, place) for place in where.edges() if place[0] == m]
        names += [_key(where, place) for place in where.biases() if place[0] == m]
    return names + [f"y{i + 1}" if where.many else "y" for i in range(where.sizes[-1])]


def _states(layers: int, short: bool = False) -> list[str]:
    """The states of a round, in order."""
    layer = " " if short else ": layer "
    forward = [f"forward{layer}{m}" for m in range(1, layers + 1)]
    backward = [f"backward{layer}{m}" for m in range(layers, 0, -1)]
    names = ["start", *forward, "loss", *backward, "update"]
    return names if short else [f"{n} {name}" for n, name in enumerate(names)]


# ---- The numbers


@dataclass(frozen=True)
class Factor:
    """One factor of the chain rule along a path. `known` is the state that computes it, `ready` the one that has
    multiplied all factors up to here; that product may have a name of its own, `delta`."""

    symbol: str
    spelled: str
    value: float
    known: int
    so_far: float
    ready: int
    delta: str = ""


@dataclass(frozen=True)
class Moment:
    """One round of forward, loss, backward, update, and how far it has come."""

    sizes: tuple[int, ...]
    step: int
    reached: int  # less than step where the loss makes no sense
    updates: int  # how many came before this round
    x: np.ndarray
    y: np.ndarray
    W: tuple[np.ndarray, ...]
    b: tuple[np.ndarray, ...]
    z: tuple[np.ndarray, ...]
    a: tuple[np.ndarray, ...]
    delta: tuple[np.ndarray, ...]
    dW: tuple[np.ndarray, ...]
    db: tuple[np.ndarray, ...]
    C: float
    new_W: tuple[np.ndarray, ...]
    new_b: tuple[np.ndarray, ...]
    new_C: float
    learns: bool  # whether the biases do
    chosen: Place
    of: str
    routes: list[tuple[int, ...]]  # the units that each path goes through
    paths: list[list[Factor]]
    product: float
    difference: float  # the same slope by finite differences
    total: str
    check: str
    heads: list[str]
    states: list[str]
    round: str
    refused: str
    broken: str

    @property
    def layers(self) -> int:
        return len(self.sizes) - 1

    def when(self, kind: str, m: int = 0) -> int:
        """The number of a state."""
        top = self.layers
        return {"forward": m, "loss": top + 1, "backward": 2 * top + 2 - m, "update": 2 * top + 2}[kind]

    def knows(self, kind: str, m: int = 0) -> bool:
        """Whether a state's numbers are there."""
        return self.reached >= self.when(kind, m)

    def fresh(self, kind: str, m: int = 0) -> bool:
        """Whether they have just been computed."""
        return self.reached == self.step == self.when(kind, m)


def _network(sizes: tuple[int, ...], hidden: str, output: str, numbers: Sequence[float]) -> tuple[MLP, Any, Any]:
    """The network with these numbers, its sample and its target."""
    net = MLP(sizes, hidden, output, init="zeros")
    rest = list(numbers)

    def take(n: int) -> np.ndarray:
        taken, rest[:] = rest[:n], rest[n:]
        return np.array(taken)

    X = take(sizes[0])[None]
    for layer in net.layers:
        layer.W = take(layer.W.size).reshape(layer.W.shape)
        layer.b = take(layer.b.size).reshape(layer.b.shape)
    return net, X, take(sizes[-1])[None]


def _refusal(sizes: tuple[int, ...], output: str, loss: str, y: Sequence[float]) -> str:
    """Why this loss makes no sense on these outputs and targets; empty when it does."""
    if loss == "bce" and output != "sigmoid":
        return f"Cross-entropy (bce) needs an output that is a probability: sigmoid. With {output} take a squared loss."
    if loss == "bce" and not all(0 <= value <= 1 for value in y):
        wrong = next(value for value in y if not 0 <= value <= 1)
        return f"Cross-entropy (bce) needs targets from 0 to 1, got {number(wrong)}."
    return ""


@lru_cache(maxsize=32)  # going through the states of a late round does not descend there again
def _after(
    sizes: tuple[int, ...],
    hidden: str,
    output: str,
    loss: str,
    eta: float,
    biases: bool,
    numbers: tuple[float, ...],
    updates: int,
) -> tuple[tuple[float, ...], int]:
    """The numbers after so many updates of gradient descent, and how many could be done."""
    net, X, Y = _network(sizes, hidden, output, numbers)
    for done in range(updates):
        before = net.parameters()
        net.unchecked_forward(X)
        net.unchecked_backward(COSTS[loss], Y)
        _descend(net, eta, biases)
        if not all(np.abs(p).max() < TOO_LARGE for p in net.parameters()):
            return (*X[0], *np.concatenate([p.ravel() for p in before]), *Y[0]), done
    return (*X[0], *np.concatenate([p.ravel() for p in net.parameters()]), *Y[0]), updates


def _descend(net: MLP, eta: float, biases: bool = True) -> None:
    """One step of gradient descent with the gradients that are there: W - eta dW, and b - eta db if they learn."""
    for layer in net.layers:
        layer.W = layer.W - eta * layer.dW
        if biases:
            layer.b = layer.b - eta * layer.db


def _cost(net: Sequential, loss: Loss, X: np.ndarray, Y: np.ndarray) -> float:
    net.unchecked_forward(X)
    last = net.layers[-1]
    return float(loss.unchecked_value(last.z, last.a, Y).item())


def _agreement(product: float, difference: float, scale: float) -> str:
    """How well both agree, in words without digits of noise."""
    apart = abs(product - difference)
    if apart < 1e-9:
        return "they agree within 1e" + MINUS + "9"
    for power in (9, 7, 5):
        if apart < 10**-power * max(abs(product), abs(difference), scale):
            return f"they agree within 1e{MINUS}{power} of their size"
    return "they differ: finite differences step over a kink, or over too sharp a bend"


def factors_along(net: MLP, loss: Loss | None, Y: np.ndarray, route: tuple[int, ...], place: Place) -> list[Factor]:
    """The chain rule from the loss down to one weight or bias, along one path: dC/da, phi'(z), w, phi'(z), ..., a.

    `route` holds the units that the path goes through, from the weight's own up to an output. Where phi' cancels
    against the loss, their product a - y is one factor. Without a loss dC/da is a symbol only.
    """
    m, _, k = place
    top = len(net.layers)
    where = pictures.plan(tuple(net.sizes))
    found: list[Factor] = []

    def add(letters: str, plain: str, value: Any, known: int, ready: int, delta: str = "") -> None:
        so_far = (found[-1].so_far if found else 1.0) * float(value)
        found.append(Factor(letters, plain, float(value), known, so_far, ready, delta))

    for n in range(top, m - 1, -1):
        layer, unit, state = net.layers[n - 1], route[n - m], 2 * top + 2 - n
        delta = symbol(r"\delta", n, *_indices(where, unit))
        a, y = layer.a[0, unit], Y[0, unit] if n == top else None
        if n == top:
            both = [
                f"{_activation(where, n, unit, form)}{minus}{form('y', 0, *_indices(where, unit))}"
                for form, minus in ((symbol, "-"), (spelled, f" {MINUS} "))
            ]
            if loss is None:
                names = [_activation(where, n, unit, form) for form in (symbol, spelled)]
                add(rf"\partial C/\partial {names[0]}", PARTIAL + names[1], 0.0, state, state)
            elif loss.partner is not None:
                add(f"({both[0]})", f"({both[1]})", a - y, state, state, delta)
                continue
            else:
                twice = "2" if loss is squared else ""
                add(f"{twice}({both[0]})", f"{twice}({both[1]})", loss.grad(layer.a, Y)[0, unit], state, state)
        else:
            above = (n + 1, route[n + 1 - m], unit)
            add(_name(where, above, symbol), _name(where, above), net.layers[n].W[above[1], unit], 0, state)
        z = [form("z", n, *_indices(where, unit)) for form in (symbol, spelled)]
        slope = layer.phi.derivative(layer.z, layer.a)[0, unit]
        add(rf"\varphi'({z[0]})", f"φ{PRIME}({z[1]})", slope, state, state, delta)
    ready = 2 * top + 2 - m
    if k < 0:
        add("1", "1", 1.0, 0, ready)
    else:
        source = [_activation(where, m - 1, k, form) for form in (symbol, spelled)]
        add(source[0], source[1], net.layers[m - 1].a_in[0, k], m - 1, ready)
    return found


def look(
    setup: Setup,
    step: int,
    updates: int,
    weight: str,
    hidden: str,
    output: str,
    loss: str,
    eta: float,
    biases: bool,
    **numbers: float,
) -> Moment:
    """One round after so many updates, and the product along all paths of one weight."""
    sizes, where = setup.sizes, pictures.plan(setup.sizes)
    top, cost = where.layers, COSTS[loss]
    given = tuple(numbers[key] for key in _keys(where))
    refused = _refusal(sizes, output, loss, given[-sizes[-1] :])
    if refused:
        done, wanted = 0, 0
    else:
        given, done = _after(sizes, hidden, output, loss, eta, biases, given, updates)
        wanted = updates
    net, X, Y = _network(sizes, hidden, output, given)
    place = {_key(where, p): p for p in (*where.edges(), *where.biases())}[weight]
    m, j, k = place
    net.unchecked_forward(X)
    W, b = tuple(layer.W for layer in net.layers), tuple(layer.b[0] for layer in net.layers)
    z, a = tuple(layer.z[0] for layer in net.layers), tuple(layer.a[0] for layer in net.layers)
    routes = [(j, *rest) for rest in itertools.product(*(range(n) for n in sizes[m + 1 :]))]
    none: Any = tuple(np.zeros_like(v) for v in b)
    delta, db, dW = none, none, tuple(np.zeros_like(v) for v in W)
    new_W, new_b, C, new_C, product, difference = W, b, 0.0, 0.0, 0.0, 0.0
    paths = [factors_along(net, None if refused else cost, Y, route, place) for route in routes]
    total = check = ""
    reached = step
    if refused:
        reached = min(step, top)
    else:
        C = float(cost.unchecked_value(net.layers[-1].z, net.layers[-1].a, Y).item())
        net.unchecked_backward(cost, Y)
        delta = tuple(layer.delta[0] for layer in net.layers)
        dW, db = tuple(layer.dW for layer in net.layers), tuple(layer.db[0] for layer in net.layers)
        product = sum(path[-1].so_far for path in paths)
        changed = net.copy()
        layer = changed.layers[m - 1]
        array, index = (layer.b, (0, j)) if k < 0 else (layer.W, (j, k))

        def moved(v: np.ndarray) -> float:
            array[index] = v[0]
            return _cost(changed, cost, X, Y)

        difference = float(numerical_gradient(moved, array[index][None])[0])
        if step == 2 * top + 2:  # only the last state shows them
            _descend(net, eta, biases)
            new_W, new_b = tuple(layer.W for layer in net.layers), tuple(layer.b[0] for layer in net.layers)
            new_C = _cost(net, cost, X, Y)
        name = _name(where, place)
        if cost.partner is not None and where.many and len(paths) == 1:
            out, goal, before = (
                spelled(letter, n, *_indices(where, routes[0][-1])) for letter, n in (("a", top), ("y", 0), ("z", top))
            )
            unit = routes[0][-1]
            slope = _slope(output, net.layers[-1].z[0, unit], net.layers[-1].a[0, unit])
            total = f"{out} {MINUS} {goal} is {PARTIAL}{out} · φ{PRIME}({before})"
            if slope > 0 and reached >= top + 2:
                total += f" = {_inner(float(delta[-1][unit]) / slope)} · {number(slope)}"
            total += f": φ{PRIME} cancels"
        if reached >= 2 * top + 2 - m:
            if len(paths) > 1:
                terms = " + ".join(_inner(path[-1].so_far) for path in paths)
                total = f"{PARTIAL}{name} = {terms} = {number(product)}"
            # As many digits as finite differences have: their noise is about 1e-13.
            digits = 7 if abs(product) > 1e-4 else 5 if abs(product) > 1e-6 else 2
            check = (
                f"product {number(product, digits)}     finite differences {number(difference, digits)}     "
                f"{_agreement(product, difference, C)}"
            )
    broken = ""
    if done < wanted:
        broken = f"After {count_of(done, 'update')} the numbers run away (η is too large); that round is shown. "
    return Moment(
        sizes,
        step,
        reached,
        done,
        X[0],
        Y[0],
        W,
        b,
        z,
        a,
        delta,
        dW,
        db,
        C,
        new_W,
        new_b,
        new_C,
        biases and not refused and step == 2 * top + 2,
        place,
        rf"\partial C/\partial {_name(where, place, symbol)}",
        routes,
        paths,
        product,
        difference,
        total,
        check or ("" if not refused else refused),
        ["input", *[f"layer {n}: {hidden if n < top else output}" for n in range(1, top + 1)], f"loss: {loss}"],
        _states(top, short=True),
        f"after {count_of(done, 'update')}",
        refused,
        broken,
    )


# ---- Words


def _inner(value: float) -> str:
    """A number inside a product or a sum."""
    return f"({number(value)})" if value < 0 else number(value)


def _forward_words(where: pictures.Plan, p: dict[str, Any], r: Moment, m: int) -> str:
    phi = p["hidden"] if m < r.layers else p["output"]
    below = r.x if m == 1 else r.a[m - 2]
    said = []
    for j in range(r.sizes[m]):
        z, a = spelled("z", m, *_indices(where, j)), spelled("a", m, *_indices(where, j))
        terms = [
            f"{_name(where, (m, j, k))}\N{NO-BREAK SPACE}{_activation(where, m - 1, k)}" for k in range(len(below))
        ]
        values = [f"{_inner(r.W[m - 1][j, k])} · {_inner(below[k])}" for k in range(len(below))]
        formula = f"{' + '.join(terms)} + {_name(where, (m, j, -1))} = " if j == 0 else ""
        said.append(
            f"{z} = {formula}{' + '.join(values)} + {_inner(r.b[m - 1][j])} = {number(r.z[m - 1][j])}, "
            f"{a} = {phi}({z}) = {number(r.a[m - 1][j])}"
        )
    return "; ".join(said) + "."


def _loss_words(where: pictures.Plan, p: dict[str, Any], r: Moment) -> str:
    kind = p["loss"]
    terms = []
    for a, y in zip(r.a[-1], r.y, strict=True):
        if kind == "bce":
            parts = [f"{MINUS}{number(y)} ln {number(a)}"] if y else []
            terms.append(" ".join([*parts, f"{MINUS} {number(1 - y)} ln {number(1 - a)}"] if y < 1 else parts))
        else:
            terms.append(f"({number(a)} {MINUS} {_inner(y)})²{'' if kind == 'squared' else ' / 2'}")
    formula = {
        "squared": f"(a {MINUS} y)²",
        "mse": f"(a {MINUS} y)² / 2",
        "bce": f"{MINUS}y ln a {MINUS} (1 {MINUS} y) ln(1 {MINUS} a)",
    }[kind]
    formula = f"the sum over outputs of {formula}" if len(terms) > 1 else formula
    return f"C = {formula} = {' + '.join(terms)} = {_cost_text(r.C)}."


def _cost_text(C: float) -> str:
    return f"{C:.10f}" if C < 100 else number(C)


def _backward_words(where: pictures.Plan, p: dict[str, Any], r: Moment, m: int) -> str:
    said = []
    below = r.x if m == 1 else r.a[m - 2]
    phi = p["hidden"] if m < r.layers else p["output"]
    for j in range(r.sizes[m]):
        delta, z = spelled("δ", m, *_indices(where, j)), spelled("z", m, *_indices(where, j))
        slope = _slope(phi, r.z[m - 1][j], r.a[m - 1][j])
        if m == r.layers:
            a, y = spelled("a", m, *_indices(where, j)), spelled("y", 0, *_indices(where, j))
            twice = "2" if p["loss"] == "squared" else ""
            formula, values = f"{twice}({a} {MINUS} {y})", f"{twice}({number(r.a[-1][j])} {MINUS} {_inner(r.y[j])})"
        else:
            pairs = [(_name(where, (m + 1, i, j)), spelled("δ", m + 1, *_indices(where, i)), i) for i in _above(r, m)]
            formula = " + ".join(f"{w}\N{NO-BREAK SPACE}{d}" for w, d, _ in pairs)
            values = " + ".join(f"{_inner(r.W[m][i, j])} · {_inner(r.delta[m][i])}" for _, _, i in pairs)
            if len(pairs) > 1:
                formula, values = f"({formula})", f"({values})"
        if m < r.layers or p["loss"] != "bce":
            formula, values = f"{formula} · φ{PRIME}({z})", f"{values} · {_inner(slope)}"
        formula = f"{formula} = " if j == 0 else ""
        said.append(f"{delta} = {formula}{values} = {number(r.delta[m - 1][j])}")
    c = r.chosen if r.chosen[0] == m and r.chosen[2] >= 0 else (m, 0, 0)
    source = _activation(where, m - 1, c[2])
    delta = spelled("δ", m, *_indices(where, c[1]))
    said.append(
        f"{PARTIAL}{_name(where, c)} = {delta} {source} = {number(r.delta[m - 1][c[1]])} · {_inner(below[c[2]])} = "
        f"{number(r.dW[m - 1][c[1], c[2]])}, {PARTIAL}{_name(where, (m, c[1], -1))} = {delta}"
    )
    cancels = " (φ′ cancels against cross-entropy.)" if m == r.layers and p["loss"] == "bce" else ""
    return "; ".join(said) + "." + cancels


def _above(r: Moment, m: int) -> range:
    return range(r.sizes[m + 1])


def _slope(phi: str, z: float, a: float) -> float:
    return float(ACTIVATIONS[phi].derivative(np.array([z]), np.array([a]))[0])


def _update_words(where: pictures.Plan, p: dict[str, Any], r: Moment) -> str:
    m, j, k = r.chosen
    name = _name(where, r.chosen)
    old, slope, new = (
        (r.b[m - 1][j], r.db[m - 1][j], r.new_b[m - 1][j])
        if k < 0
        else (r.W[m - 1][j, k], r.dW[m - 1][j, k], r.new_W[m - 1][j, k])
    )
    if k < 0 and not r.learns:
        first = f"Biases stay as they are: {name} = {number(old)}"
    else:
        first = (
            f"{name} {MINUS} η {PARTIAL}{name} = {number(old, 6)} {MINUS} {number(p['eta'])} · {_inner(slope)} = "
            f"{number(new, 9)}"
        )
    new = "; ".join(f"{spelled('W', n)} = {_matrix(W)}" for n, W in enumerate(r.new_W, start=1))
    goes = "falls" if r.new_C < r.C else "goes"
    return f"{first}. New weights: {new}. C {goes} from {_cost_text(r.C)} to {_cost_text(r.new_C)}."


def _matrix(W: np.ndarray) -> str:
    rows = [", ".join(number(v, 9) for v in row) for row in W]
    return rows[0] if W.size == 1 else "[" + " | ".join(rows) + "]"


def _status(p: dict[str, Any], r: Moment) -> str:
    where, top = pictures.plan(r.sizes), r.layers
    if r.refused and r.step > top:
        return f"{r.refused} Forward is done, but there is no loss, and nothing to send back."
    begin = f"{r.broken}State {_states(top)[r.step]}, {r.round}. "
    if r.step == 0:
        inputs = ", ".join(f"{_activation(where, 0, k)} = {number(v)}" for k, v in enumerate(r.x))
        targets = ", ".join(f"{spelled('y', 0, *_indices(where, i))} = {number(v)}" for i, v in enumerate(r.y))
        return f"{begin}{inputs}; target {targets}. Nothing else is computed yet: go forward."
    if r.step <= top:
        return begin + _forward_words(where, p, r, r.step)
    if r.step == top + 1:
        return begin + _loss_words(where, p, r)
    if r.step < 2 * top + 2:
        return begin + _backward_words(where, p, r, 2 * top + 2 - r.step)
    return begin + _update_words(where, p, r)


def _alt(p: dict[str, Any], r: Moment) -> str:
    where, top = pictures.plan(r.sizes), r.layers
    layers = ", ".join(f"a layer of {count_of(n, 'unit')}" for n in r.sizes[1:])
    said = [
        f"A network from left to right: {count_of(r.sizes[0], 'input')}, {layers}, the loss. "
        f"State {_states(top)[r.step]}, {r.round}.",
        "Inputs " + ", ".join(number(v) for v in r.x) + ", targets " + ", ".join(number(v) for v in r.y) + ".",
    ]
    for m in range(1, top + 1):
        weights = []
        for place in where.edges():
            if place[0] == m:
                text = f"{_key(where, place)} {number(r.W[m - 1][place[1], place[2]])}"
                if r.knows("backward", m):
                    text += f" with slope {number(r.dW[m - 1][place[1], place[2]])}"
                if r.knows("update"):
                    text += f", becomes {number(r.new_W[m - 1][place[1], place[2]])}"
                weights.append(text)
        said.append(f"Weights into layer {m}: {'; '.join(weights)}.")
        for j in range(r.sizes[m]):
            unit = f"Unit {j + 1} of layer {m}: b {number(r.b[m - 1][j])}"
            if r.knows("forward", m):
                unit += f", z {number(r.z[m - 1][j])}, a {number(r.a[m - 1][j])}"
            if r.knows("backward", m):
                unit += f", delta {number(r.delta[m - 1][j])}"
            said.append(f"{unit}.")
    if r.knows("loss"):
        said.append(f"C = {_cost_text(r.C)}.")
    paths = count_of(len(r.paths), "path")
    formula = " + ".join(" · ".join(factor.spelled for factor in path) for path in r.paths)
    said.append(f"Below, the slope of C in {_key(where, r.chosen)} along {paths}: {formula}.")
    if r.check and not r.refused:
        said.append(f"Its value is {number(r.product)}.")
    return " ".join(said)


# ---- The explorer


@dataclass(frozen=True)
class Named(Choice):
    """A menu whose options have names for readers beside those for code."""

    texts: tuple[str, ...] = ()

    def text(self, value: Any) -> str:
        return self.texts[self.values.index(value)]

    def describe(self, name: str) -> dict[str, Any]:
        return {**super().describe(name), "kind": "choice"}


@dataclass(frozen=True)
class States(Steps):
    """A slider through named states."""

    texts: tuple[str, ...] = ()

    def text(self, value: Any) -> str:
        return self.texts[value]

    def describe(self, name: str) -> dict[str, Any]:
        return {**super().describe(name), "kind": "stepper"}  # as wide as its names are long


def _menu(label: str, names: dict[str, str], value: Any) -> Named:
    menu = Named(label, value, tuple(names), tuple(names.values()))
    menu.check(f"the start of {label!r}", value)
    return menu


@refuses_unknown_names
def backprop_microscope(preset: str = "chain", **start: Any) -> Explorer:
    """Forward, loss, backward, update, state by state, with every number of a small network on the picture.

    `preset`: "chain" (x - 1 - 1 - 1, C = (a - y)^2), "worked example" (2-2-2, the numbers of Mazur 2015) or
    "classifier" (2-2-1, cross-entropy). `start` sets controls: step, updates, weight ("w1_12": layer 1, from
    input 2 into unit 1), hidden, output, loss, eta, biases, and the numbers x1, w1_11, b1_1, y1 ... (in the chain
    x, w1, b1, y). Raises ValueError for an unknown preset or setting.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {listed(PRESETS)}, got {preset!r}")
    setup = PRESETS[preset]
    where = pictures.plan(setup.sizes)
    places = [*where.edges(), *where.biases()]
    texts = _states(where.layers)
    controls: dict[str, Any] = {
        "step": States("state", start.get("step", 0), tuple(range(len(texts))), whole=True, texts=tuple(texts)),
        "updates": steps("updates done before", start.get("updates", 0), UPDATES),
        "weight": _menu(
            "weight to follow", {_key(where, p): _name(where, p) for p in places}, start.get("weight", setup.weight)
        ),
        "hidden": _menu("hidden activation", {n: n for n in SCALAR}, start.get("hidden", setup.hidden)),
        "output": _menu("output activation", {n: n for n in SCALAR}, start.get("output", setup.output)),
        "loss": _menu("loss C", COST_NAMES, start.get("loss", setup.loss)),
        "eta": rate(ETA, start.get("eta", setup.eta), 0.01, 10),
        "biases": toggle("biases learn", start.get("biases", setup.biases)),
    }
    controls["step"].check("the start of 'state'", controls["step"].value)
    values = list(setup.x)
    for W, b in zip(setup.W, setup.b, strict=True):
        values += [*np.ravel(W), *b]
    labels = {_key(where, p): _name(where, p) for p in places}
    for key, value in zip(_keys(where), [*values, *setup.y], strict=True):
        label = labels.get(key) or spelled(key[0], 0, *[int(i) - 1 for i in key[1:]])
        low, high, move = (-2, 2, 0.01) if key[0] == "y" else (-10, 10, 0.01)
        value = checked(f"the start of {label!r}", start.get(key, value), low, high)
        controls[key] = box(label, float(value), low, high, move)
    targets = [key for key in controls if key[0] == "y"]

    def idle(p: dict[str, Any]) -> list[str]:
        refused = _refusal(setup.sizes, p["output"], p["loss"], [p[key] for key in targets])
        if refused:
            return ["updates", "eta", "biases"]
        return [] if p["updates"] or p["step"] == len(texts) - 1 else ["eta", "biases"]

    def pick(click: Click, p: dict[str, Any], r: Moment) -> dict[str, Any]:
        found = where.at(click.x, click.y)
        if found is None:
            return {}
        kind, what = found
        return {kind: what if kind == "step" else _key(where, what)}

    return Explorer(
        controls,
        partial(look, setup),
        pictures.draw_microscope,
        title=setup.title,
        alt=_alt,
        status=_status,
        height=where.height,
        idle=idle,
        pick=pick,
    )
