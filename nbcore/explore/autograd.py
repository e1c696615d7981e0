"""Explorers of lesson 06. Each `compute` is pure; the lesson shows the engine with its bugs, and the training loop."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from nbcore.activations import Activation, identity, relu, sigmoid, softmax, tanh
from nbcore.autograd import Tensor, unbroadcast
from nbcore.checks import number
from nbcore.datasets import xor
from nbcore.draw import autograd as pictures
from nbcore.explore.controls import Slider, box, choice, count, rate, seed, slider
from nbcore.explore.explorer import Click, Explorer, refuses_unknown_names
from nbcore.explore.words import ETA, MINUS, count_of
from nbcore.gradcheck import numerical_gradient
from nbcore.initializers import xavier
from nbcore.losses import Loss, bce, mse, softmax_ce
from nbcore.network import MLP

DOT, TIMES = "\N{MIDDLE DOT}", "\N{MULTIPLICATION SIGN}"


def short(number: float) -> str:
    """A number in at most seven characters or so, for a place in a picture: 0.3, 12.3, \u22120.0123, 1.2e\u22125."""
    if number == 0:
        return "0"
    size = abs(number)
    text = f"{number:.3g}" if 1e-3 <= size < 999.5 else f"{number:.0f}" if 1 <= size < 1e5 else f"{number:.1e}"
    digits, e, power = text.partition("e")
    return f"{digits}{e}{int(power) if e else ''}".replace("-", MINUS)


# ---- The graph

MOST = 40  # nodes in a picture
SUPER = str.maketrans("0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
SYMBOLS = {"*": TIMES, "-": MINUS, "/": "\u00f7", "neg": MINUS, "log": "ln", "sigmoid": "\u03c3"}


@dataclass(frozen=True)
class Leaf:
    """A number that nobody computed: its name in the picture, where it starts, and its control (name, range)."""

    symbol: str
    value: float
    low: float = -3.0
    high: float = 3.0
    small: bool = False  # a box instead of a slider


LEAVES = {
    "x": Leaf("x", 3.0, -4, 4),
    "y": Leaf("y", 2.0, -4, 4),
    "x1": Leaf("x\u2081", 2.0),
    "x2": Leaf("x\u2082", 1.0),
    "w1": Leaf("w\u2081", 0.5),
    "w2": Leaf("w\u2082", -1.0),
    "b": Leaf("b", 0.3),
    "target": Leaf("y", 1.0, 0, 1),
    "w11": Leaf("w\u2081\u2081", 0.5, small=True),
    "w12": Leaf("w\u2081\u2082", -0.4, small=True),
    "w21": Leaf("w\u2082\u2081", -0.3, small=True),
    "w22": Leaf("w\u2082\u2082", 0.8, small=True),
    "v1": Leaf("v\u2081", 1.2, small=True),
    "v2": Leaf("v\u2082", -0.7, small=True),
}


def _named(name: str, tensor: Tensor) -> Tensor:
    tensor.label = name
    return tensor


def _diamond(x: Tensor, y: Tensor) -> Tensor:
    h = _named("h", x - y)
    return h.tanh() * h**2


def _neuron(x1: Tensor, w1: Tensor, x2: Tensor, w2: Tensor, b: Tensor) -> Tensor:
    return _named("z", w1 * x1 + w2 * x2 + b).tanh()


def _cross_entropy(x1: Tensor, w1: Tensor, b: Tensor, target: Tensor) -> Tensor:
    z = _named("z", w1 * x1 + b)
    return (1 + z.exp()).log() - target * z


def _network(
    x1: Tensor,
    x2: Tensor,
    w11: Tensor,
    w12: Tensor,
    w21: Tensor,
    w22: Tensor,
    v1: Tensor,
    v2: Tensor,
    target: Tensor,
) -> Tensor:
    h1 = _named("h\u2081", (w11 * x1 + w12 * x2).tanh())
    h2 = _named("h\u2082", (w21 * x1 + w22 * x2).tanh())
    a = _named("a", v1 * h1 + v2 * h2)
    return (a - target) ** 2


# name in the menu: (name of its step control, the expression, how it is written)
EXPRESSIONS: dict[str, tuple[str, Callable[..., Tensor], str]] = {
    f"x {DOT} x": ("square", lambda x: x * x, f"C = x {DOT} x"),
    f"(x + y) {DOT} x": ("product", lambda x, y: (x + y) * x, f"C = (x + y) {DOT} x"),
    "diamond": ("diamond", _diamond, f"C = tanh(h) {DOT} h\u00b2,  h = x {MINUS} y"),
    "neuron": ("neuron", _neuron, "C = tanh(z),  z = w\u2081x\u2081 + w\u2082x\u2082 + b"),
    "cross-entropy": ("entropy", _cross_entropy, f"C = ln(1 + e\u1dbb) {MINUS} y z,  z = w\u2081x\u2081 + b"),
    "network 2-2-1": ("network", _network, f"C = (a {MINUS} y)\u00b2,  a = v\u2081h\u2081 + v\u2082h\u2082"),
}
YOURS = "yours"


def _leaves_of(f: Callable[..., Tensor]) -> list[str]:
    return list(inspect.signature(f).parameters)


def _build(f: Callable[..., Tensor], values: Mapping[str, float], leaves: Mapping[str, Leaf]) -> tuple[Tensor, Any]:
    """The result of an expression, and its leaves by name. Raises for what can't be drawn."""
    mine = {name: Tensor(float(values[name]), leaves[name].symbol) for name in _leaves_of(f)}
    with np.errstate(all="ignore"):
        C = f(**mine)
    if not isinstance(C, Tensor) or C.data.size != 1:
        given = f"a Tensor of shape {C.shape}" if isinstance(C, Tensor) else f"{C!r}"
        raise TypeError(f"own must return a Tensor of one number, got {given}")
    nodes = C.graph()
    if len(nodes) > MOST or len(nodes) < 2:
        raise ValueError(f"own must make a graph of 2 to {MOST} nodes, got {len(nodes)}")
    for node in nodes:
        if not np.isfinite(node.data).all():
            raise ValueError(f"with these numbers the value of {_symbol(node) or 'a leaf'} is not finite")
    if any(node.data.size != 1 for node in nodes):
        raise ValueError("own must use single numbers only: the picture has room for one a node")
    return C, mine


def _symbol(node: Tensor) -> str:
    return f"( ){_raised(node)}" if node.op.startswith("**") else SYMBOLS.get(node.op, node.op)


def _raised(node: Tensor) -> str:
    """The exponent of a power, above the line if it can be."""
    n = node.op.removeprefix("**")
    return n.translate(SUPER) if n.isdigit() else f"^{n.replace('-', MINUS)}"


@dataclass(frozen=True)
class Node:
    """A node as it is drawn: where it stands (column, row), what it says, and what this step does to it."""

    name: str  # of a leaf, or of a value that the expression names
    symbol: str  # of the operation; of a leaf its name or its number
    kind: str  # "leaf", "constant" or "operation"
    value: str
    gradient: str
    column: float
    row: float
    state: str  # "ahead", "known", "now", "receives"


@dataclass(frozen=True)
class Edge:
    """A use of a value: the points of its line (column, row), its local derivative, what this step does to it."""

    path: np.ndarray  # (k, 2)
    bow: float  # two lines between the same nodes bend apart
    label: str
    state: str  # "ahead", "known", "passed", "now"


@dataclass(frozen=True)
class Walk:
    """The graph of an expression after some steps forward and back, with the gradients received so far."""

    nodes: list[Node]
    edges: list[Edge]
    formula: str
    step: int
    last: int
    title: str
    lines: list[str]  # the sums of this step
    result: float
    gradients: dict[str, float]  # of the leaves by symbol, at the end
    numerical: dict[str, float]


@dataclass(frozen=True)
class Stepper(Slider):
    """A slider whose positions have names."""

    names: tuple[str, ...] = ()

    def text(self, value: Any) -> str:
        return f"{value}, {self.names[int(value)]}"


def _moves(C: Tensor) -> list[tuple[str, Tensor | None]]:
    """What the steps do, from the leaves alone to the last gradient: (what, node)."""
    operations = [node for node in C.graph() if node.parents]
    forward: list[tuple[str, Tensor | None]] = [("forward", node) for node in operations]
    return [("leaves", None), *forward, ("seed", C), *(("back", node) for node in reversed(operations))]


LONGEST, LONGEST_FORMULA = 16, 44  # letters of a value's name in a sum, and of an expression below the graph


def _spoken(node: Tensor) -> str:
    """A node in a sum: its name, or how it is written where that is short, or else its operation."""
    if node.label or not node.parents:
        return _written(node)[0]
    text = _written(node)[0]
    return f"({text if len(text) <= LONGEST else _symbol(node)})"


SUM, PRODUCT, WHOLE = range(3)  # how strongly the parts of an expression hold together


def _written(C: Tensor) -> tuple[str, int]:
    """The expression that made a node, and how strongly its parts hold together.

    Each value is written once, from its operands up, and no longer than anybody shows: an expression whose values are
    used again and again would be longer by the power.
    """
    done: dict[int, tuple[str, int]] = {}
    for node in C.graph():
        text, holds = _written_from(node, [done[id(parent)] for parent in node.parents])
        done[id(node)] = text[: LONGEST_FORMULA + 1], holds
    return done[id(C)]


def _written_from(node: Tensor, parts: list[tuple[str, int]]) -> tuple[str, int]:
    """The same from what its operands are written as."""
    if node.label:
        return node.label, WHOLE
    if not node.parents:
        return short(node.item()), WHOLE if node.item() >= 0 else SUM

    def part(k: int, least: int) -> str:
        text, holds = parts[k]
        return text if holds >= least else f"({text})"

    if node.op in ("+", "-"):
        return f"{part(0, SUM)} {_symbol(node)} {part(1, SUM if node.op == '+' else PRODUCT)}", SUM
    if node.op == "*":
        left, right = part(0, PRODUCT), part(1, PRODUCT)
        functions = [p for p in node.parents if p.parents and not p.label and p.op not in ("+", "-", "neg", "*", "**2")]
        return left + (f" {DOT} " if functions or right[0].isdigit() else "") + right, PRODUCT
    if node.op == "/":
        return f"{part(0, PRODUCT)} / {part(1, WHOLE)}", PRODUCT
    if node.op == "neg":
        return f"{MINUS}{part(0, PRODUCT)}", SUM
    if node.op.startswith("**"):
        return part(0, WHOLE) + _raised(node), PRODUCT
    return f"{_symbol(node)}({parts[0][0]})", WHOLE


def _operand(value: float) -> str:
    """A number inside a sum or a product."""
    return f"({short(value)})" if value < 0 else short(value)


def _worked_out(node: Tensor) -> str:
    """An operation in numbers, as in 3 + 2 = 5."""
    numbers = [parent.item() for parent in node.parents]
    if len(numbers) == 2:
        sign = DOT if node.op == "*" else _symbol(node)
        made = f"{short(numbers[0])} {sign} {_operand(numbers[1])}"
    elif node.op.startswith("**"):
        made = f"{_operand(numbers[0])}{_raised(node)}"
    else:
        made = f"{_symbol(node)}({short(numbers[0])})"
    return f"{made} = {short(node.item())}"


RULES = {
    "+": "local slopes, on the lines: 1 and 1",
    "-": f"local slopes, on the lines: 1 and {MINUS}1",
    "*": "local slopes, on the lines: each is the other operand",
    "/": "local slopes, on the lines: x / y has 1 / y by x, and " + MINUS + "x / y\u00b2 by y",
    "tanh": "local slope, on the line: 1 " + MINUS + " the value squared",
    "sigmoid": "local slope, on the line: a (1 " + MINUS + " a), where a is the value",
    "exp": "local slope, on the line: the value itself",
    "log": "local slope, on the line: 1 / operand",
    "**2": "local slope, on the line: twice the operand",
    "relu": "local slope, on the line: 1 above zero, else 0",
}


def walk(
    f: Callable[..., Tensor],
    step: int,
    values: Mapping[str, float],
    leaves: Mapping[str, Leaf] = LEAVES,
    formula: str = "",
) -> Walk:
    """The graph of f after `step` steps: first every operation forward, then 1 at the end, then every one back."""
    C, mine = _build(f, values, leaves)
    C.label = C.label or "C"
    order, moves = C.graph(), _moves(C)
    uses = {node: sum(parent is node for child in order for parent in child.parents) for node in order}
    known = {node for node in order if not node.parents}
    arrived: dict[Tensor, list[tuple[float, float]]] = {node: [] for node in order}  # (gradient, local derivative)
    started, passed = False, set[Tensor]()
    for what, node in moves[1 : step + 1]:
        if what == "forward" and node is not None:
            known.add(node)
        elif what == "seed":
            started = True
        elif what == "back" and node is not None:
            passed.add(node)
            g = 1.0 if node is C else sum(a * b for a, b in arrived[node])
            for parent, local in zip(node.parents, _locals(node), strict=True):
                arrived[parent].append((g, local))
    what, current = moves[step]
    places, paths = layout(C)
    nodes = [_node(n, places[k], C, uses[n], known, arrived[n], started, what, current) for k, n in enumerate(order)]
    edges = []
    for (k, j), (path, bow) in paths.items():
        child = order[k]
        constant = not child.parents[j].parents and not child.parents[j].label
        state = "ahead" if child not in known else "passed" if child in passed and not constant else "known"
        edges.append(
            Edge(
                path,
                bow,
                "" if state == "ahead" or constant else f"{TIMES}{short(_locals(child)[j])}",
                "now" if child is current and what != "seed" and not constant else state,
            )
        )
    gradients, numerical = {}, {}
    if step == len(moves) - 1:
        C.backward()
        for name, leaf in mine.items():
            if leaf in uses:
                gradients[leaf.label] = float(leaf.grad)
                with np.errstate(all="ignore"):  # near infinity a nudge leads beyond it, which is shown and no warning
                    nudged = numerical_gradient(partial(_moved, f, mine, name), values[name])
                numerical[leaf.label] = float(nudged)
    return Walk(
        nodes,
        edges,
        formula,
        step,
        len(moves) - 1,
        *_told(what, current, C, arrived, uses),
        C.item(),
        gradients,
        numerical,
    )


def _moved(f: Callable[..., Tensor], leaves: Mapping[str, Tensor], name: str, value: Any) -> float:
    """What f gives with another number at one leaf."""
    return f(**{**{key: leaf.detach() for key, leaf in leaves.items()}, name: Tensor(value)}).item()


def _locals(node: Tensor) -> list[float]:
    """d(node)/d(parent) for each parent: what a gradient of 1 becomes."""
    with np.errstate(all="ignore"):
        found = [float(np.sum(vjp(np.ones(node.shape)))) for vjp in node.vjps]
    if not np.isfinite(found).all():
        raise ValueError(f"with these numbers the slope of {_symbol(node)} is not finite")
    return found


def _node(
    node: Tensor,
    place: tuple[float, float],
    C: Tensor,
    uses: int,
    known: set[Tensor],
    arrived: list[tuple[float, float]],
    started: bool,
    what: str,
    current: Tensor | None,
) -> Node:
    kind = "operation" if node.parents else "leaf" if node.label else "constant"
    gradient = ""
    if node is C:
        gradient = "1" if started else ""
    elif arrived and kind != "constant":
        gradient = short(sum(g * d for g, d in arrived)) + (" + \u2026" if len(arrived) < uses else "")
    state = "known" if node in known else "ahead"
    if node is current:
        state = "now"
    elif what == "back" and current is not None and any(p is node for p in current.parents) and kind != "constant":
        state = "receives"
    symbol = _symbol(node) if node.parents else node.label or short(node.item())
    return Node(
        node.label if node.parents else "",
        symbol,
        kind,
        short(node.item()) if node in known and kind != "constant" else "",
        gradient,
        *place,
        state,
    )


def _told(
    what: str,
    node: Tensor | None,
    C: Tensor,
    arrived: Mapping[Tensor, list[tuple[float, float]]],
    uses: Mapping[Tensor, int],
) -> tuple[str, list[str]]:
    """The name of a step, and its sums in words."""
    if node is None:
        return "The leaves", ["numbers that nobody computed: inputs, weights, targets"]
    if what == "seed":
        return "The way back starts at the end: dC/dC = 1", ["everything else follows from this 1"]
    if what == "forward":
        rule = RULES.get(node.op, f"local slope, on the line: that of {_symbol(node)}")
        return f"Forward: {_title(node)}", [_worked_out(node), rule]
    lines = []
    for parent in dict.fromkeys(node.parents):
        if not parent.parents and not parent.label:
            continue
        terms = arrived[parent]
        sums = " + ".join(f"{_operand(g) if k else short(g)} {DOT} {_operand(d)}" for k, (g, d) in enumerate(terms))
        line = f"dC/d{_spoken(parent)} = {sums} = {short(sum(g * d for g, d in terms))}"
        if len(terms) < uses[parent]:
            line += f"   ({len(terms)} of {uses[parent]} uses have answered)"
        elif uses[parent] > 1:
            line += f"   ({'both' if uses[parent] == 2 else f'all {uses[parent]}'} uses)"
        lines.append(line)
    return f"Back: through {_title(node)}", lines


SPOKEN = {"*": "the product", "+": "the sum", "-": "the difference", "/": "the quotient", "**2": "the square"}


def _title(node: Tensor) -> str:
    said = SPOKEN.get(node.op, _symbol(node))
    return f"{said} ({node.label})" if node.label else said


def _position(what: str, node: Tensor | None) -> str:
    """A step in few words, for its place on the slider."""
    if node is None or what == "seed":
        return {"leaves": "the leaves", "seed": "back: 1 at the end"}[what]
    return f"{what}: {_title(node)}"


def _graph_status(p: dict[str, Any], r: Walk) -> str:
    if not r.gradients:
        return f"Step {r.step} of {r.last}. {r.title}: {'; '.join(r.lines)}."
    found = ", ".join(f"{name} {short(g)}" for name, g in r.gradients.items())
    off = max(abs(g - r.numerical[name]) / max(1, abs(g)) for name, g in r.gradients.items())
    return f"C = {short(r.result)}. Gradients: {found}. " + (
        "Nudging each leaf gives the same, within 1e-8."
        if off < 1e-8
        else f"Nudging each leaf differs by up to {off:.1e}: look for a kink, or a value near infinity."
    )


@refuses_unknown_names
def the_graph(own: Callable[..., Tensor] | None = None, step: int | None = None, **start: Any) -> Explorer:
    """An expression as a graph, stepped forward and back; `own` takes Tensors by name and returns one number.

    The start of each leaf of `own` is its default, as in own=lambda x, k=0.5: (x * k).tanh(), or 1. `step` is that of
    the expression shown.
    """
    expressions, leaves = dict(EXPRESSIONS), dict(LEAVES)
    if own is not None:
        if not _leaves_of(own):
            raise ValueError("own must take at least one leaf, as in own=lambda x: x * x")
        expressions = {YOURS: ("yours", own, "C = your expression"), **expressions}
        for name, given in inspect.signature(own).parameters.items():
            if name == "expression" or name.startswith("step"):
                raise ValueError(f"own may not call a leaf {name!r}: this is the name of a control")
            value = 1.0 if given.default is inspect.Parameter.empty else float(given.default)
            if name not in leaves or given.default is not inspect.Parameter.empty:
                leaves[name] = Leaf(leaves[name].symbol if name in leaves else name, value, -5, 5, small=True)
    shown = start.get("expression", YOURS if own is not None else list(expressions)[1])
    controls: dict[str, Any] = {"expression": choice("expression", expressions, shown)}
    belongs: dict[str, set[str]] = {}
    for menu, (key, f, _) in list(expressions.items()):
        C, _ = _build(f, {name: leaf.value for name, leaf in leaves.items()}, leaves)
        names = tuple(_position(what, node) for what, node in _moves(C))
        if menu == YOURS and len(written := _written(C)[0]) <= LONGEST_FORMULA:
            expressions[YOURS] = (key, f, f"C = {written}")
        last = len(names) - 1
        at = step if menu == shown and step is not None else 4 if key == "product" else last
        control = Stepper(f"step of {menu}", start.get(f"step_{key}", at), tuple(range(last + 1)), True, names)
        control.check(f"the start of {control.label!r}", control.value)
        controls[f"step_{key}"] = control
        belongs[menu] = {"expression", f"step_{key}", *_leaves_of(f)}
    for name, leaf in leaves.items():
        label = f"target {leaf.symbol}" if name == "target" else leaf.symbol
        value = number(f"the start of {label!r}", start.get(name, leaf.value))
        controls[name] = (
            box(label, value, leaf.low, leaf.high, 0.1)
            if leaf.small
            else slider(label, value, leaf.low, leaf.high, 0.1)
        )

    def compute(expression: str, **params: Any) -> Walk:
        key, f, formula = expressions[expression]
        return walk(f, params[f"step_{key}"], {name: params[name] for name in _leaves_of(f)}, leaves, formula)

    def pick(click: Click, p: dict[str, Any], r: Walk) -> dict[str, Any]:
        """The right half of the picture goes a step on, the left half a step back."""
        step = r.step + (1 if click.x > 0 else -1)
        return {f"step_{expressions[p['expression']][0]}": min(max(step, 0), r.last)}

    # A bare **params would hide a wrong name until the first move.
    compute.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in controls]
    )
    return Explorer(
        controls,
        compute,
        pictures.draw_graph,
        title="The graph",
        alt=lambda p, r: (
            f"The expression {p['expression']} as a graph of {len(r.nodes)} nodes: leaves as squares on the left, "
            "operations as circles, the result on the right. Values stand above the nodes, gradients below, local "
            f"slopes on the lines. Step {r.step} of {r.last}: {r.title}. {'; '.join(r.lines)}."
        ),
        status=_graph_status,
        height=470,
        pick=pick,
        absent=lambda p: set(controls) - belongs[p["expression"]],
    )


# ---- where the nodes stand

Paths = dict[tuple[int, int], tuple[np.ndarray, float]]


def layout(C: Tensor) -> tuple[list[tuple[float, float]], Paths]:
    """(column, row) of every node of C.graph(), and for each edge (node, which parent) its points and its bow.

    A node stands one column before the first node that uses it, so the result stands last. Where an edge skips
    columns, it gets a place in each of them. The order in a column follows the mean place of the neighbors
    (Sugiyama, Tagawa and Toda 1981), and the rows are as near to them as the least distance allows.
    """
    order = C.graph()
    number = {node: k for k, node in enumerate(order)}
    return _layout(tuple(tuple(number[p] for p in node.parents) for node in order))


@lru_cache(maxsize=32)
def _layout(parents: tuple[tuple[int, ...], ...]) -> tuple[list[tuple[float, float]], Paths]:
    n = len(parents)
    depth = [0] * n  # columns from the end
    for k in reversed(range(n)):
        for p in parents[k]:
            depth[p] = max(depth[p], depth[k] + 1)
    last = max(depth)
    columns: list[list[int]] = [[] for _ in range(last + 1)]
    for k in reversed(range(n)):  # first operands on top
        columns[last - depth[k]].append(k)
    # Long edges are split at every column between; what stands there has a number from n on.
    links: list[tuple[int, int]] = []  # (left, right), neighbors
    chains: dict[tuple[int, int], list[int]] = {}
    made = n
    for k in range(n):
        for j, p in enumerate(parents[k]):
            chain = [p]
            for column in range(last - depth[p] + 1, last - depth[k]):
                columns[column].append(made)
                chain.append(made)
                made += 1
            chain.append(k)
            chains[k, j] = chain
            links += list(itertools.pairwise(chain))
    before = [[a for a, b in links if b == k] for k in range(made)]
    after = [[b for a, b in links if a == k] for k in range(made)]
    columns = _ordered(columns, before, after)
    row = _rows(columns, before, after, n)
    place = {k: c for c, some in enumerate(columns) for k in some}
    paths: Paths = {}
    for (k, j), stops in chains.items():
        twins = [i for i, p in enumerate(parents[k]) if p == parents[k][j]]
        bow = 0.0 if len(twins) == 1 else twins.index(j) - (len(twins) - 1) / 2
        points = np.array([(float(place[m]), row[m]) for m in stops])
        points.flags.writeable = False
        paths[k, j] = (points, bow)
    return [(float(place[k]), row[k]) for k in range(n)], paths


def _ordered(columns: list[list[int]], before: list[list[int]], after: list[list[int]]) -> list[list[int]]:
    """The columns in an order with few crossings."""

    def crossings(columns: list[list[int]]) -> int:
        total = 0
        for left, right in itertools.pairwise(columns):
            at = {k: i for i, k in enumerate(right)}
            ends = [at[b] for a in left for b in sorted(after[a], key=at.__getitem__)]
            total += sum(ends[i] > ends[j] for i in range(len(ends)) for j in range(i + 1, len(ends)))
        return total

    best, fewest = [list(c) for c in columns], crossings(columns)
    for sweep in range(24):
        forward = sweep % 2 == 0
        neighbors = before if forward else after
        walk = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        for c in walk:
            at = {k: i / max(1, len(some) - 1) for some in columns for i, k in enumerate(some)}
            columns[c] = sorted(
                columns[c], key=lambda k: np.mean([at[m] for m in neighbors[k]]) if neighbors[k] else at[k]
            )
        now = crossings(columns)
        if now < fewest:
            best, fewest = [list(c) for c in columns], now
    return best


def _rows(columns: list[list[int]], before: list[list[int]], after: list[list[int]], n: int) -> dict[int, float]:
    """Rows near the mean of the neighbors' rows, in the order of the columns, at least a distance apart.

    A leaf that is used once counts little: it goes where there is room, and the rest stays straight.
    """
    light = {k for k in range(n) if not before[k] and len(after[k]) == 1}
    row = {k: float(i - (len(some) - 1) / 2) for some in columns for i, k in enumerate(some)}
    for sweep in range(40):
        walk = range(len(columns)) if sweep % 2 else range(len(columns) - 1, -1, -1)
        for c in walk:
            some = columns[c]
            wanted, weights = [], []
            for k in some:
                near = before[k] + after[k]
                shares = [0.02 if m in light else 1.0 for m in near]
                wanted.append(float(np.average([row[m] for m in near], weights=shares)) if near else row[k])
                weights.append(0.02 if k in light else 1.0)
            apart = [0.0]
            for a, b in itertools.pairwise(some):
                apart.append(apart[-1] + (1.0 if a < n and b < n else 0.7))
            for k, place in zip(some, _monotone(np.array(wanted) - apart, weights) + apart, strict=True):
                row[k] = float(place)
    return _leveled(row)


def _leveled(row: dict[int, float], near: float = 0.12) -> dict[int, float]:
    """Rows that differ by little become one, so that lines along them are level."""
    order = sorted(row, key=row.__getitem__)
    groups = [[order[0]]]
    for k in order[1:]:
        if row[k] - row[groups[-1][0]] < near:
            groups[-1].append(k)
        else:
            groups.append([k])
    return {k: float(np.mean([row[m] for m in some])) for some in groups for k in some}


def _monotone(wanted: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """The nondecreasing numbers nearest to those wanted (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight in zip(wanted, weights, strict=True):
        blocks.append((float(value), weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m, i), (b, k, j) = blocks[-2:]
            blocks[-2:] = [((a * m + b * k) / (m + k), m + k, i + j)]
    return np.concatenate([np.full(size, mean) for mean, _, size in blocks])


# ---- The networks of the lessons, from odd starts

NETWORKS: tuple[tuple[int, list[int], Activation, Activation, Loss], ...] = (
    (1, [2, 8, 8, 1], tanh, sigmoid, bce),
    (1, [1, 20, 20, 1], relu, identity, mse),
    (2, [64] + [16] * 6 + [10], sigmoid, softmax, softmax_ce),
    (3, [64, 16, 10], tanh, softmax, softmax_ce),
    (4, [64, 10], tanh, softmax, softmax_ce),
    (4, [64, 32, 10], tanh, sigmoid, mse),
    (5, [1, 1, 1, 1], sigmoid, sigmoid, mse),
    (5, [2, 2, 2], sigmoid, sigmoid, mse),
    (5, [2, 8, 1], tanh, sigmoid, bce),
)


def lesson_networks(seed: int = 9) -> Iterator[tuple[int, MLP, np.ndarray, np.ndarray, Loss]]:
    """(lesson, network, X, Y, loss) for networks of lessons 01 to 05, where no error of a gradient can hide.

    X has 7 samples; biases are not zero, and targets are soft (for softmax_ce they add up to 1).
    """
    rng = np.random.default_rng(seed)
    for lesson, sizes, hidden, output, loss in NETWORKS:
        net = MLP(sizes, hidden, output, seed=3)
        for layer in net.layers:
            layer.b = rng.normal(size=layer.b.shape)
        X, Y = rng.normal(size=(7, sizes[0])), rng.uniform(size=(7, sizes[-1]))
        yield lesson, net, X, Y / Y.sum(axis=1, keepdims=True) if loss is softmax_ce else Y, loss


# ---- An engine with bugs

UPDATES = 200
UNITS = 6
NONE, ASSIGNED, KEPT = "none", "assigned, not added", "never set to zero"
TWICE, EARLY, WIDE = "backward twice", "passed on too early", "rows not summed"
BUGS = (NONE, ASSIGNED, KEPT, TWICE, EARLY, WIDE)
LOSSES = ("cross-entropy", "squared error")
Backward = Callable[[Tensor], None]


def as_met(C: Tensor) -> list[Tensor]:
    """Every node when it is first met from the end, going straight down, first operands first: some before all uses."""
    order, seen, todo = [], set(), [C]
    while todo:
        if (node := todo.pop()) not in seen:
            seen.add(node)
            order.append(node)
            todo.extend(reversed(node.parents))
    return order


def faulty_backward(C: Tensor, bug: str = NONE) -> None:
    """Reverse mode as in many engines: every .grad is added to, and zeroing is the caller's work. `bug` spoils it."""
    for node in C.graph():
        node.grad = np.zeros_like(node.data) if node.grad is None else node.grad
    C.grad = np.ones_like(C.data)
    for node in as_met(C) if bug == EARLY else reversed(C.graph()):
        for parent, vjp in zip(node.parents, node.vjps, strict=True):
            g = vjp(node.grad)
            if bug != WIDE:
                g = unbroadcast(g, parent.shape)
            parent.grad = g if bug == ASSIGNED else parent.grad + g


def tiny_network(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """The logits of a 2-6-1 network; with arrays or with Tensors."""
    h = X @ W1.mT + b1
    return (h.tanh() if isinstance(h, Tensor) else np.tanh(h)) @ W2.mT + b2


def _loss(name: str, z: Any, Y: np.ndarray) -> Any:
    if not isinstance(z, Tensor):
        z = Tensor(z)
    each = (-2, -1)  # one mean a network
    if name == LOSSES[0]:
        return -(Y * z - z.softplus()).mean(axis=each)
    return ((z.sigmoid() - Y) ** 2).mean(axis=each) / 2


def first_parameters(seed: int | Sequence[int]) -> list[np.ndarray]:
    """W1, b1, W2, b2 of the 2-6-1 network, biases not zero, so that an error in them can't hide.

    Several seeds give several networks side by side, on a first axis.
    """
    if isinstance(seed, Sequence):
        return [np.stack(several) for several in zip(*map(first_parameters, seed), strict=True)]
    rng = np.random.default_rng(seed)
    return [
        xavier(rng, UNITS, 2),
        0.3 * rng.normal(size=(1, UNITS)),
        xavier(rng, 1, UNITS),
        0.3 * rng.normal(size=(1, 1)),
    ]


POINTS = 3  # the seed of the lesson's samples


def patches(points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """The 60 samples that the engines learn: XOR with some noise."""
    return xor(60, 0.15, seed=points)


@dataclass(frozen=True)
class Course:
    """A training run: before each update the loss, the parameters, and the gradients that the engine found."""

    losses: np.ndarray  # (T + 1,), or (T + 1, E) of networks side by side
    parameters: list[list[np.ndarray]]
    gradients: list[list[np.ndarray]]


def course(
    bug: str, loss: str, eta: float, seed: int | Sequence[int], own: Backward | None = None, points: int = POINTS
) -> Course:
    """Gradient descent with an engine; stops early where no loss is finite any more.

    Several seeds train several networks side by side: C then holds one loss each, and .grad one gradient each.
    """
    X, Y = patches(points)
    p = [Tensor(v) for v in first_parameters(seed)]
    run = Course(np.zeros(0), [], [])
    losses = []
    with np.errstate(all="ignore"):
        for _ in range(UPDATES + 1):
            C = _loss(loss, tiny_network(X, *p), Y)
            if not np.isfinite(C.data).any():
                break
            losses.append(C.data)
            if bug != KEPT:
                for v in p:
                    v.zero_grad()
            if own is None:
                faulty_backward(C, bug)
                if bug == TWICE:
                    faulty_backward(C, bug)
            else:
                own(C)
            run.parameters.append([v.data for v in p])
            run.gradients.append([_received(v) for v in p])
            for v, g in zip(p, run.gradients[-1], strict=True):
                v.data = v.data - eta * g
    return Course(np.array(losses), run.parameters, run.gradients)


def _received(v: Tensor) -> np.ndarray:
    if v.grad is None:
        raise ValueError("your backward leaves a weight without a .grad")
    return np.array(v.grad, dtype=float)


_known_course = lru_cache(maxsize=64)(course)


@lru_cache(maxsize=64)
def last_losses(bug: str, loss: str, starts: Sequence[int], eta: float = 0.5, points: int = POINTS) -> np.ndarray:
    """The loss after UPDATES updates with a bug, for each start, inf where it is no longer finite.

    `points` is the seed of the samples.
    """
    losses = course(bug, loss, eta, starts, points=points).losses
    last = losses[-1] if len(losses) == UPDATES + 1 else np.full(len(starts), np.inf)
    last = np.where(np.isfinite(last), last, np.inf)
    last.flags.writeable = False
    return last


@dataclass(frozen=True)
class Bugged:
    """A run with a bug beside one without, from one start; and at one moment, every slope beside the one by nudging."""

    right: np.ndarray
    losses: np.ndarray
    moment: int
    pairs: list[np.ndarray]  # for W1, b1, W2, b2: (by nudging, by the engine) in rows; empty where shapes differ
    errors: list[float]  # relative, one an array; -1 where shapes differ
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]]  # of each array at first, and of its gradient
    surface: np.ndarray | None  # the probability of class 1 on a grid; None where the network fits no other points
    wrong: int  # of the samples, at the end; -1 where the run stopped early
    classes: list[np.ndarray]  # the points of class 0, then of class 1

    @property
    def agrees(self) -> bool:
        """Whether every slope of the engine is that by nudging."""
        return all(0 <= error < CLOSE for error in self.errors)


CLOSE = 1e-6  # relative
TICKS = np.linspace(-2.2, 2.2, 41)


def bugs(bug: str, loss: str, eta: float, moment: int, seed: int, own: Backward | None = None) -> Bugged:
    """Both runs, the gradients at `moment` against finite differences, and what the network with the bug says."""
    X, Y = patches()
    run = course(bug, loss, eta, seed, own) if bug == YOURS else _known_course(bug, loss, eta, seed)
    moment = min(moment, len(run.losses) - 1)
    pairs, errors, shapes = [], [], []
    start, final = first_parameters(seed), run.parameters[-1]
    now = run.parameters[moment]
    for k, g in enumerate(run.gradients[moment]):
        shapes.append((start[k].shape, g.shape))
        if g.shape != start[k].shape:
            pairs.append(np.zeros((0, 2)))
            errors.append(-1.0)
            continue
        by_nudging = numerical_gradient(partial(_loss_at, loss, X, Y, now, k), now[k])
        pairs.append(np.column_stack([by_nudging.ravel(), g.ravel()]))
        # Where all slopes are nearly 0 there is nothing to compare: rounding in C moves what nudging finds.
        size = max(float(np.linalg.norm(by_nudging)), float(np.linalg.norm(g)), 1e-4)
        errors.append(float(np.linalg.norm(by_nudging - g)) / size)
    surface, wrong = None, -1
    if len(run.losses) == UPDATES + 1:
        wrong = int(((tiny_network(X, *final) > 0) != (Y > 0.5)).sum())
        if all(v.shape == w.shape for v, w in zip(final, start, strict=True)):
            x1, x2 = np.meshgrid(TICKS, TICKS)
            z = tiny_network(np.stack([x1.ravel(), x2.ravel()], axis=1), *final)
            surface = sigmoid(z).reshape(x1.shape)
    right = _known_course(NONE, loss, eta, seed)
    classes = [X[Y[:, 0] == k] for k in (0, 1)]
    return Bugged(right.losses, run.losses, moment, pairs, errors, shapes, surface, wrong, classes)


def _loss_at(loss: str, X: np.ndarray, Y: np.ndarray, p: Sequence[np.ndarray], k: int, v: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        W1, b1, W2, b2 = (v if j == k else other for j, other in enumerate(p))
        return float(_loss(loss, tiny_network(X, W1, b1, W2, b2), Y).item())


NAMES = ("W1", "b1", "W2", "b2")


def _factor(pairs: np.ndarray) -> float | None:
    """By what the engine's slopes are all too large, if it is one number."""
    big = np.abs(pairs[:, 0]) > 1e-6
    if not big.any():
        return None
    ratios = pairs[big, 1] / pairs[big, 0]
    return float(np.median(ratios)) if np.ptp(ratios) < 1e-3 * abs(np.median(ratios)) else None


def _verdicts(r: Bugged) -> str:
    said = []
    for name, pairs, error, (first, now) in zip(NAMES, r.pairs, r.errors, r.shapes, strict=True):
        if error < 0:
            said.append(f"{name} has gradients of shape {now} instead of {first}")
        elif error < CLOSE:
            said.append(f"{name} agrees")
        elif (factor := _factor(pairs)) is not None:
            said.append(f"{name} {short(factor)} times what it should be")
        else:
            said.append(f"{name} off by {error:.0%}")
    return ", ".join(said)


def _bugs_status(p: dict[str, Any], r: Bugged) -> str:
    end = f"After {len(r.losses) - 1} updates the loss is {short(float(r.losses[-1]))}"
    if len(r.losses) <= UPDATES:
        end = f"The loss is no longer finite after update {len(r.losses) - 1}"
    text = f"{end}; without a bug {short(float(r.right[-1]))}. "
    if r.wrong >= 0:
        text += f"{r.wrong} of 60 samples wrong. "
    if r.surface is None and r.wrong >= 0:
        text += "The biases have a row for each sample, so the network can say nothing of any other point. "
    return f"{text}Gradients after {count_of(r.moment, 'update')}: {_verdicts(r)}."


@refuses_unknown_names
def engine_bugs(own: Backward | None = None, **start: Any) -> Explorer:
    """One bug of published engines at a time, beside a right engine; `own(C)` puts gradients into C's leaves."""
    menu = (YOURS, *BUGS) if own is not None else BUGS
    controls = {
        "bug": choice("bug", menu, start.get("bug", YOURS if own is not None else ASSIGNED)),
        "loss": choice("loss", LOSSES, start.get("loss", LOSSES[0])),
        "eta": rate(ETA, start.get("eta", 0.5), 0.01, 5),
        "moment": count("gradients after update", start.get("moment", 1), 0, UPDATES),
        "seed": seed(start.get("seed", 0)),
    }
    return Explorer(
        controls,
        partial(bugs, own=own),
        pictures.draw_bugs,
        title="An engine with a bug",
        alt=lambda p, r: (
            f"Bug: {p['bug']}. Left: the loss over {UPDATES} updates, without a bug (broad band) down to "
            f"{short(float(r.right[-1]))}, with it (thin line) to {short(float(r.losses[-1]))}. Middle: the size of "
            f"every slope by nudging (across) and by the engine (up); right ones lie on the diagonal: {_verdicts(r)}. "
            "Right: the plane as the network with the bug sees it."
        ),
        status=_bugs_status,
        panels=(1.1, 1, 1),
        height=330,
    )
