"""Checkers of lesson 06."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from nbcore.autograd import in_order
from nbcore.exercises.verdict import Verdict, as_numbers, call, judge, not_right, not_yet, passed, shape_of, unanswered


class Node:
    """A value in a graph of the checkers: the names of the lesson's `Value`, made as that one is."""

    def __init__(
        self, data: float, parents: Sequence[Node] = (), slopes: Sequence[float] = (), label: str = ""
    ) -> None:
        self.data, self.grad, self.slopes = float(data), 0.0, tuple(slopes)
        self._parents, self.label = tuple(parents), label

    @property
    def parents(self) -> tuple[Node, ...]:
        return self._parents

    def __add__(self, other: Any) -> Node:
        return _sum(self, other, "")

    def __mul__(self, other: Any) -> Node:
        return _product(self, other, "")

    def __repr__(self) -> str:
        return self.label or f"{self.data:g}"


Node.__name__ = "Value"  # as the learner's own is called: a TypeError names it


def _sum(x: Node, y: Node, label: str) -> Node:
    return Node(x.data + y.data, (x, y), (1.0, 1.0), label)


def _product(x: Node, y: Node, label: str) -> Node:
    return Node(x.data * y.data, (x, y), (y.data, x.data), label)


# ---- Exercise 1: division


def _same_number(value: Any, right: float) -> bool:
    return bool(np.isclose(value, right, rtol=1e-9, atol=1e-9))


def _slope_slips(x: Any, y: Any) -> tuple[dict[str, float], dict[str, float]]:
    """The known wrong slopes by x and by y; NumPy's numbers, since some of them divide by 0 at x = 0."""
    x, y = np.float64(x), np.float64(y)
    a = x / y
    by_x = {
        "your slope by x is 1: hold y still, and x / y is x times 1 / y": 1.0,
        "your slope by x is y, which is the slope of x * y": y,
        "your slope by x has y squared: that is for the slope by y": 1 / y**2,
        "your slope by x is -1 / y: its sign is wrong": -1 / y,
        "your slope by x is 1 / x: hold y still, and x / y is x times 1 / y": 1 / x,
        "your slope by x is the value x / y itself": a,
        "your slope by x holds x: a slope of a straight line is the same everywhere": a / y,
        "your slope by x is taken at the output: 1 / (x / y)": 1 / a,
        "your two slopes are swapped: their order is that of the parents": -x / y**2,
    }
    by_y = {
        "your slope by y has the wrong sign: a larger y makes x / y smaller (for x, y > 0)": x / y**2,
        "your slope by y is -x / y: y has to be squared": -x / y,
        "your slope by y is x / y: y has to be squared, and the sign is wrong": x / y,
        "your slope by y is -1 / y^2: its factor x is missing": -1 / y**2,
        "your slope by y is 1 / y^2: its factor x is missing, and the sign is wrong": 1 / y**2,
        "your slope by y is x, which is the slope of x * y": x,
        "your slope by y is -x: 1 / y^2 is missing": -x,
        "your slope by y is 1 / y, which is that by x": 1 / y,
        "your slope by y is -1 / y: x and a second 1 / y are missing": -1 / y,
        "your slope by y is -y / x^2: x and y are swapped": -y / x**2,
        "your slope by y is taken at the output: y stands for itself, not for x / y": -x / a**2,
        "your slope by y is -x / y^3: the power falls from -1 to -2": -x / y**3,
        "your slope by y is -x y^2: a bracket is missing, x / y^2": -x * y**2,
    }
    return by_x, by_y


def _value_slips(x: Any, y: Any) -> dict[str, float]:
    x, y = np.float64(x), np.float64(y)
    return {
        "the value is y / x: the second operand divides": y / x,
        "the value is x * y": x * y,
        "the value is rounded down: / divides, // drops the rest": float(x // y),
        "the value is x - y": x - y,
    }


def _one(name: str, value: Any, right: float, slips: dict[str, float], where: str) -> Verdict | None:
    array, verdict = as_numbers(name, value, ())
    if verdict:
        return verdict
    if _same_number(array, right):
        return None
    for slip, wrong in slips.items():
        if _same_number(array, wrong):
            return not_right(slip)
    return not_right(f"your {name} is {float(array):.6g} instead of {right:.6g}, {where}")


def _is_node(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("data", "parents", "slopes")) and not isinstance(value, np.ndarray)


def _sequence(value: Any) -> list[Any] | None:
    return list(value) if isinstance(value, (tuple, list)) else None


def _in_steps(out: Any, x: Node, y: Node) -> bool:
    """Whether `out` depends on x and y by way of other values."""
    between = [p for p in _sequence(out.parents) or () if _is_node(p) and p is not x and p is not y]
    behind = {id(q) for p in between for q in _sequence(p.parents) or ()}
    return bool(behind & {id(x), id(y)})


def _quotient(out: Any, x: Node, y: Node) -> Verdict | None:
    """None when `out` is a Value of x / y with both parents and both slopes."""
    where = f"for x = {x.data:g} and y = {y.data:g}"
    if not _is_node(out):
        return not_right(f"return a Value, made of the number, the parents and the slopes; got {type(out).__name__}")
    verdict = _one("value", out.data, x.data / y.data, _value_slips(x.data, y.data), where)
    if verdict:
        return verdict
    parents, slopes = _sequence(out.parents), _sequence(out.slopes)
    if _in_steps(out, x, y):
        return not_right(
            "the number is right, but made in more than one step, as in x times 1 / y. One Value is wanted, with the "
            "parents (x, y) and both slopes"
        )
    if parents is None or len(parents) != 2:
        many = "none" if parents is None or not parents else str(len(parents))
        return not_right(f"the Value of x / y has two parents, (x, y); yours has {many}")
    if parents[0] is y and parents[1] is x and x is not y:
        return not_right("the parents are swapped: (x, y), and the slopes in the same order")
    if parents[0] is not x or parents[1] is not y:
        return not_right("the parents are x and y themselves: numbers, or new Values, would not pass the gradient on")
    if slopes is None or len(slopes) != 2:
        many = "none" if slopes is None or not slopes else str(len(slopes))
        return not_right(f"one slope for each parent, two numbers; yours has {many}")
    if unanswered(slopes):
        return not_right("a slope is still missing")
    if any(hasattr(slope, "data") and hasattr(slope, "parents") for slope in slopes):
        return not_right("slopes are numbers: take x.data and y.data, not x and y")
    by_x, by_y = _slope_slips(x.data, y.data)
    return _one("slope by x", slopes[0], 1 / y.data, by_x, where) or _one(
        "slope by y", slopes[1], -x.data / y.data**2, by_y, where
    )


def check_divide(divide: Callable[..., Any]) -> Verdict:
    """For divide(x, y) -> the Value of x / y with the parents (x, y) and the slopes 1 / y and -x / y^2."""
    z = Node(0.9)
    for x, y in ((Node(1.7), Node(0.6)), (Node(-2.3), Node(-0.45)), (Node(0.0), Node(4.0)), (z, z)):
        before = x.data, y.data
        out, verdict = call(divide, x, y)
        if verdict and "unsupported operand" in verdict.message:
            return not_right(f"{verdict.message} (a Value cannot divide yet: take the numbers, x.data and y.data)")
        if verdict:
            return verdict
        if (x.data, y.data) != before:
            return not_right("your function changes x.data or y.data")
        if x.grad or y.grad:
            return not_right("going forward sends no gradients: leave x.grad and y.grad alone")
        with np.errstate(all="ignore"):
            verdict = _quotient(out, x, y)
        if verdict:
            return verdict
    return passed("within 1e-9, for either sign, for x = 0, and for x / x")


# ---- Exercise 2: unbroadcast

# Shapes of a gradient and of the operand; the last two need both kinds of sums.
_SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((7, 5), (1, 5)),
    ((7, 5), (7, 1)),
    ((7, 5), (5,)),
    ((7, 5), (7, 5)),
    ((7, 5), ()),
    ((7, 5), (1, 1)),
    ((4, 7, 5), (4, 1, 5)),
    ((4, 7, 5), (7, 1)),
    ((4, 7, 5), (1, 5)),
)


def _undone(g: np.ndarray, shape: tuple[int, ...], how: Callable[..., Any] = np.sum) -> np.ndarray:
    leading = g.ndim - len(shape)
    g = how(g, axis=tuple(range(leading))) if leading else g
    stretched = tuple(k for k, n in enumerate(shape) if n == 1 and g.shape[k] != 1)
    return np.asarray(how(g, axis=stretched, keepdims=True) if stretched else g)


def _repetitions(g: np.ndarray, shape: tuple[int, ...]) -> str:
    return f"for g of shape {g.shape} and an operand of shape {shape}"


def _unbroadcast_shape(g: np.ndarray, shape: tuple[int, ...], answer: Any) -> Verdict | None:
    """What the shape of an answer tells, when it is not the operand's."""
    found, where = shape_of(answer), _repetitions(g, shape)
    if found is None or found == shape:
        return None
    right, leading = _undone(g, shape), g.ndim - len(shape)
    if leading and found == (1,) * leading + shape:
        return not_right(f"{where}: your result has shape {found}: axes that were added have to go, without keepdims")
    if leading and len(found) == g.ndim:
        return not_right(f"{where}: your result has shape {found}: the axes that NumPy added in front are still there")
    if found == g.shape:
        return not_right(f"{where}: your result still has shape {found}: each repetition is a use, so add them up")
    if found == (len(g),) and shape == (1, 5):
        return not_right(f"{where}: you sum along a row, axis 1; the operand was repeated down the rows, axis 0")
    if 1 in shape and found == tuple(n for n in shape if n != 1):
        return not_right(
            f"{where}: your result has shape {found}: the axis of length 1 is lost, keepdims=True keeps it"
        )
    if leading and 1 in shape and found == g.shape[leading:]:
        return not_right(f"{where}: only the axes in front are summed; {shape} has an axis of length 1 as well")
    if found == ():
        return not_right(f"{where}: you sum over everything; each entry of the operand has its own gradient")
    return not_right(f"{where}: your result has shape {found} instead of {right.shape}")


def check_unbroadcast(unbroadcast: Callable[..., Any]) -> Verdict:
    """For unbroadcast(g, shape) -> g summed to `shape`: over added axes in front, and along axes of length 1."""
    rng = np.random.default_rng(6)
    for size, shape in _SHAPES:
        g = rng.normal(size=size)
        given = g.copy()
        answer, verdict = call(unbroadcast, given, shape)
        where = _repetitions(g, shape)
        if verdict and verdict.state == "not right":
            hint = " (reshape keeps the number of entries: sum first)" if "reshape" in verdict.message else ""
            return not_right(f"{where}: {verdict.message}{hint}")
        if verdict:
            return verdict
        verdict = _unbroadcast_shape(g, shape, answer)
        if verdict:
            return verdict
        array, verdict = as_numbers("result", answer, shape)
        verdict = verdict or judge("result", array, _undone(g, shape), _unbroadcast_slips(g, shape))
        if verdict:
            return not_right(f"{where}: {verdict.message.replace(' most at []:', '')}")
        if not np.array_equal(given, g):
            return not_right("your function changes g; work on a new array")
    return passed("within 1e-9, for nine pairs of shapes")


def _unbroadcast_slips(g: np.ndarray, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    right = _undone(g, shape)
    uses = g.size // right.size
    slips = {
        "you take the mean: each repetition is a use of its own, so their gradients add up": right / uses,
        "you take the first of the repetitions; all of them add up": _undone(
            g, shape, lambda a, axis, keepdims=False: _taken(a, axis, keepdims, 0)
        ),
        "only the last of the repetitions counts: add them up (+=)": _undone(
            g, shape, lambda a, axis, keepdims=False: _taken(a, axis, keepdims, -1)
        ),
        "you take the largest of the repetitions; all of them add up": _undone(g, shape, np.max),
        "the sign is wrong": -right,
        "every entry holds the sum of all: each entry of the operand has its own gradient": np.full(shape, g.sum()),
        "your result does not depend on g: it counts the repetitions": np.full(shape, float(uses)),
    }
    return {text: wrong for text, wrong in slips.items() if not np.allclose(wrong, right)}


def _taken(a: np.ndarray, axis: tuple[int, ...], keepdims: bool, which: int) -> np.ndarray:
    for k in sorted(axis, reverse=True):
        a = np.take(a, [which] if keepdims else which, axis=k)
    return a


# ---- Exercise 3, first part: the order


class _Runaway(Exception):
    """Raised when a walk takes more looks than any walk in order needs."""


class _Watched(Node):
    """A node that counts how often the nodes of its graph are asked for their parents."""

    def __init__(self, data: float, parents: Sequence[Node], slopes: Sequence[float], looks: list[int], most: int):
        super().__init__(data, parents, slopes)
        self.looks, self.most = looks, most

    @property
    def parents(self) -> tuple[Node, ...]:
        self.looks[0] += 1
        if self.looks[0] > self.most:
            raise _Runaway(f"more than {self.most:,} looks at parents")
        return self._parents


def _doubled(times: int) -> tuple[Node, list[int]]:
    """y = y + y, `times` times: as many nodes and one, and 2^times paths."""
    looks = [0]
    node: Node = _Watched(1.0, (), (), looks, 20_000)
    for _ in range(times):
        node = _Watched(2 * node.data, (node, node), (1.0, 1.0), looks, 20_000)
    return node, looks


def _deep(depth: int) -> Node:
    node = Node(1.0, label="the leaf")
    for _ in range(depth):
        node = Node(node.data, (node,), (1.0,))
    return node


def _square() -> Node:
    x = Node(3.0, label="x")
    return _product(x, x, "x * x")


def _diamond() -> Node:
    """(x * y + x) * x: x is used three times, at three depths."""
    x, y = Node(2.0, label="x"), Node(5.0, label="y")
    return _product(_sum(_product(x, y, "x * y"), x, "x * y + x"), x, "(x * y + x) * x")


def _shortcut() -> Node:
    """x * (u * v) with u = x + x and v = u * u: x and u can be reached on short ways and on long ones."""
    x = Node(0.5, label="x")  # values that fall on the way: sorted by value, this is out of order
    u = _sum(x, x, "u = x + x")
    v = _product(u, u, "v = u * u")
    return _product(_product(u, v, "u * v"), x, "u * v * x")


def _alike() -> Node:
    """Two leaves with the same number are two nodes."""
    return _product(Node(3.0, label="the first 3"), Node(3.0, label="the second 3"), "3 * 3")


def _walks(result: Node) -> list[list[Node]]:
    """Lists in the order in which a walk meets the nodes, level by level or straight down: no topological orders."""
    found = []
    for take, turn, when_added in product((0, -1), (1, -1), (True, False)):
        todo, met = [result], [result] * when_added
        while todo:
            node = todo.pop(take)
            if not when_added:
                if node in met:
                    continue
                met.append(node)
            for parent in node.parents[::turn]:
                if parent not in met:
                    todo.append(parent)
                    met.extend([parent] * when_added)
        found.append(met)
    return found


def _order_verdict(answer: Any, result: Node, about: str) -> Verdict | None:
    """None when `answer` is a topological order of all nodes behind `result`."""
    if not isinstance(answer, (list, tuple)):
        return not_right(f"return a list of nodes, got {type(answer).__name__}")
    known = set(map(id, everything := in_order(result)))
    strange = [node for node in answer if id(node) not in known]
    if strange:
        what = "numbers" if isinstance(strange[0], (int, float)) else f"a {type(strange[0]).__name__}"
        return not_right(f"your list should hold the nodes of the graph themselves, but it holds {what}")
    if not answer:
        return not_right("your list is empty; result itself belongs into it")
    places: dict[int, int] = {}
    for k, node in enumerate(answer):
        if id(node) in places:
            return not_right(f"{about}: your list holds {node} more than once: a node that is used twice is one node")
        places[id(node)] = k
    missing = [node for node in everything if id(node) not in places]
    if missing:
        if all(not node.parents for node in missing) and len(missing) == sum(not n.parents for n in everything):
            return not_right(f"{about}: your list holds no leaves: nodes without parents need their gradient most")
        if missing == [result]:
            return not_right(f"{about}: your list lacks the result itself")
        return not_right(f"{about}: {missing[0]} is missing from your list")
    late = [(node, parent) for node in everything for parent in node.parents if places[id(parent)] > places[id(node)]]
    if not late:
        return None
    edges = sum(len(node.parents) for node in everything)
    if len(late) == edges:
        return not_right(f"{about}: your list begins with the result: turn it round, parents come first")
    node, parent = late[0]
    wrong = f"{about}: your list has {node} before its parent {parent}"
    if len(answer) < 50 and list(answer)[::-1] in _walks(result):
        return not_right(
            f"{wrong}. It is the order in which a walk meets the nodes, turned round; that fails where a node is met "
            "on a short way before the long one is done: list a node when its parents are done"
        )
    return not_right(wrong)


def check_order(order: Callable[..., Any]) -> Verdict:
    """For order(result) -> all nodes behind result, each once, each after its parents; iterative."""
    leaf = Node(2.0, label="the leaf")
    for about, result in (
        ("for x * x", _square()),
        ("for 3 * 3, two leaves with equal numbers", _alike()),
        ("for (x * y + x) * x", _diamond()),
        ("for u * v * x with u = x + x, v = u * u", _shortcut()),
        ("for a single leaf", leaf),
    ):
        before = {id(node): (node.data, node.grad) for node in in_order(result)}
        answer, verdict = call(order, result)
        verdict = verdict or _order_verdict(answer, result, about)
        if verdict:
            return verdict
        if any((node.data, node.grad) != before[id(node)] for node in in_order(result)):
            return not_right("your function changes the nodes; it should only list them")
    return _large(order) or passed("each after its parents; 40 doublings and a graph 10,000 deep included")


def _large(order: Callable[..., Any]) -> Verdict | None:
    doubled, looks = _doubled(40)
    answer, verdict = call(order, doubled)
    if looks[0] > 20_000:
        return not_right(
            "with y = y + y forty times your walk does not end: it follows every path, of which there are 2^40, and "
            "not every node once. Ask whether a node has been seen before you go on to its parents"
        )
    looks[0] = -(10**9)  # from here on the looks are the checker's own
    verdict = verdict or _order_verdict(answer, doubled, "for y = y + y, forty times")
    if verdict:
        return verdict
    deep = _deep(10_000)
    answer, verdict = call(order, deep)
    if verdict and "RecursionError" in verdict.message:
        return not_right(
            "on a graph 10,000 deep your function stops with a RecursionError: it calls itself once for each node on "
            "the way. Keep a list of nodes still to do, and loop while there is something in it"
        )
    return verdict or _order_verdict(answer, deep, "on a graph 10,000 deep")


# ---- Exercise 3, second part: backward


def _pass(
    nodes: Sequence[Node],
    seed: float | None = 1.0,
    add_seed: bool = False,
    zero: str = "others",
    assign: bool = False,
    forward: bool = False,
    share: Callable[[Node, Node, float], float] = lambda node, parent, slope: slope * node.grad,
    skip_last: bool = False,
    once: bool = False,
) -> None:
    """backward, and what it becomes by each slip."""
    for node in nodes:
        if zero == "all" or (zero == "others" and node.parents):
            node.grad = 0.0
    if seed is not None:
        nodes[-1].grad = seed + (nodes[-1].grad if add_seed else 0.0)
    walk = list(nodes) if forward else list(reversed(nodes))
    for node in walk[1:] if skip_last else walk:
        done: list[Node] = []
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            if once and parent in done:
                continue
            done.append(parent)
            sent = share(node, parent, slope)
            parent.grad = sent if assign else parent.grad + sent


_BACKWARD: dict[str, dict[str, Any]] = {
    "your gradients are assigned, not added: a value that is used twice gets what both uses send (+=)": {
        "assign": True
    },
    "the last node has no gradient to begin with: its own derivative is 1": {"seed": None},
    "the last node begins with its value; its own derivative is 1": {"seed": "data"},
    "your walk goes forward: the last node comes first, so that gradients are complete before they are sent": {
        "forward": True
    },
    "your shares are slopes alone: each is slope times the node's own .grad": {
        "share": lambda node, parent, slope: slope
    },
    "your shares are gradients without slopes: each is slope times the node's own .grad": {
        "share": lambda node, parent, slope: node.grad
    },
    "your shares use the node's value: each is slope times the node's own .grad": {
        "share": lambda node, parent, slope: slope * node.data
    },
    "your shares use the parent's value: each is slope times the node's own .grad": {
        "share": lambda node, parent, slope: parent.data * node.grad
    },
    "your slopes and gradients are added: the chain rule multiplies": {
        "share": lambda node, parent, slope: slope + node.grad
    },
    "the sign is wrong: shares are added": {"share": lambda node, parent, slope: -slope * node.grad},
    "a parent that stands twice among the parents, as in x * x, gets only one share": {"once": True},
    "the last node sends nothing: its turn comes first": {"skip_last": True},
    "you divide by the number of parents: every parent gets its whole share": {
        "share": lambda node, parent, slope: slope * node.grad / len(node.parents)
    },
}

_TWICE: dict[str, dict[str, Any]] = {
    "in a second call the nodes between start from the gradients of the first: only leaves keep theirs": {
        "zero": "none"
    },
    "in a second call all nodes but the last go on from the first, and the last one becomes 2: it is 1": {
        "zero": "none",
        "add_seed": True,
    },
    "a second call begins anew for leaves as well: a leaf adds to the .grad that it has": {"zero": "all"},
}


def _grads(graph: Callable[[], Node], calls: int, kept: float, **slip: Any) -> np.ndarray:
    """All gradients after so many calls; each leaf had `kept` before."""
    nodes = in_order(graph())
    for node in nodes:
        node.grad = 0.0 if node.parents else kept
    if slip.get("seed") == "data":
        slip["seed"] = nodes[-1].data
    for _ in range(calls):
        _pass(nodes, **slip)
    return np.array([node.grad for node in nodes])


def _power() -> Node:
    """((x * x) * y + x) * (x * x): values between that are used twice."""
    x, y = Node(3.0, label="x"), Node(-0.7, label="y")
    s = _product(x, x, "x * x")
    return _product(_sum(_product(s, y, "s * y"), x, "s * y + x"), s, "(s * y + x) * s")


# A case: its name, the graph, how often backward is called, and what the leaves hold before. Those of a group are
# judged together: for x * x alone, assigning and sending only one share give the same number.
_Case = tuple[str, Callable[[], Node], int, float]
_ONCE: tuple[_Case, ...] = (
    ("for x * x at x = 3", _square, 1, 0.0),
    ("for (s * y + x) * s with s = x * x", _power, 1, 0.0),
)
_AGAIN: tuple[_Case, ...] = (
    ("for x * x at x = 3, called twice", _square, 2, 0.0),
    ("for (s * y + x) * s with s = x * x, called twice", _power, 2, 0.0),
    ("for (s * y + x) * s, where leaves hold 0.5 before", _power, 1, 0.5),
)


def check_backward(backward: Callable[..., Any]) -> Verdict:
    """For backward(nodes): .grad = d(last)/d(node) for nodes in topological order; leaves add to theirs."""
    if not callable(backward):
        return call(backward)[1] or not_yet()
    verdict = _untouched(backward)
    for cases, slips in ((_ONCE, _BACKWARD), (_AGAIN, _TWICE)):
        verdict = verdict or _group(backward, cases, slips)
    return verdict or passed("within 1e-9, for values used twice, for a second call, and for gradients left by others")


def _untouched(backward: Callable[..., Any]) -> Verdict | None:
    """Not yet, when a call leaves every gradient as it was: a stub, which returns nothing as the answer does."""
    nodes = in_order(_power())
    for k, node in enumerate(nodes):
        node.grad = 0.1 * (k + 1)
    before = [node.grad for node in nodes]
    answer, verdict = call(backward, list(nodes))
    if verdict and verdict.state == "not right":
        return verdict
    if not unanswered(answer):
        return not_right("backward returns nothing: it writes into each node's .grad")
    same = all(node.grad is grad for node, grad in zip(nodes, before, strict=True))
    return not_yet("replace the dots by your answer: no .grad has been written") if same else None


def _group(backward: Callable[..., Any], cases: Sequence[_Case], slips: dict[str, dict[str, Any]]) -> Verdict | None:
    found: list[np.ndarray] = []
    said = ""
    for about, graph, calls, kept in cases:
        nodes = in_order(graph())
        data = [node.data for node in nodes]
        for node in nodes:
            node.grad = 0.0 if node.parents else kept
        given = list(nodes)
        for _ in range(calls):
            _, verdict = call(backward, given)
            if verdict and verdict.state == "not right":
                return verdict
        if len(given) != len(nodes) or any(a is not b for a, b in zip(given, nodes, strict=True)):
            return not_right("your function changes the list of nodes: reversed(nodes) leaves it as it is")
        if [node.data for node in nodes] != data:
            return not_right("your function changes the .data of nodes; gradients belong into .grad")
        grads = [as_numbers("gradient", node.grad, ()) for node in nodes]
        if bad := [node for node, (_, verdict) in zip(nodes, grads, strict=True) if verdict]:
            return not_right(f"{about}: the .grad of every node should be one number; that of {bad[0]} is not")
        found.append(np.array([float(grad) for grad, _ in grads]))
        said = said or _said(nodes, found[-1], _grads(graph, calls, kept), about)
    if not said:
        return None
    for slip, kind in slips.items():
        wrong = [_grads(graph, calls, kept, **kind) for _, graph, calls, kept in cases]
        if all(np.allclose(a, b, rtol=1e-9, atol=1e-9) for a, b in zip(found, wrong, strict=True)):
            return not_right(f"{slip} ({said})")
    return not_right(said)


def _said(nodes: Sequence[Node], grads: np.ndarray, right: np.ndarray, about: str) -> str:
    """The leaf that is wrong, or else the first node that is; nothing when all are right."""
    wrong = [int(k) for k in np.flatnonzero(~np.isclose(grads, right, rtol=1e-9, atol=1e-9))]
    if not wrong:
        return ""
    k = next((k for k in wrong if not nodes[k].parents), wrong[0])
    return f"{about} the gradient of {nodes[k]} is {grads[k]:.6g} instead of {right[k]:.6g}"
