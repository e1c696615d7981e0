"""Checkers of lesson 06: each takes its solution, answers every classic slip with its own diagnosis, never raises."""

import itertools

import numpy as np
import pytest
from verdicts import JUNK, expect, passes, wrong

from nbcore import Tensor, exercises
from nbcore.exercises import autograd


class Value:
    """As in the lesson."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.slopes = parents, slopes


# ---- the solutions of the lesson


def divide(x, y):
    slopes = 1 / y.data, -x.data / y.data**2
    return Value(x.data / y.data, (x, y), slopes)


def unbroadcast(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)
    return g.sum(axis=stretched, keepdims=True)


def order(result):
    nodes, seen, todo = [], set(), [(result, False)]
    while todo:
        node, parents_done = todo.pop()
        if parents_done:
            nodes.append(node)
        elif node not in seen:
            seen.add(node)
            todo.append((node, True))
            todo.extend((parent, False) for parent in node.parents)
    return nodes


def backward(nodes):
    for node in nodes:
        if node.parents:
            node.grad = 0.0
    nodes[-1].grad = 1.0
    for node in reversed(nodes):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope * node.grad


CHECKS = {
    exercises.check_divide: divide,
    exercises.check_unbroadcast: unbroadcast,
    exercises.check_order: order,
    exercises.check_backward: backward,
}


@pytest.mark.parametrize(("check", "solution"), CHECKS.items())
def test_solutions_pass(check, solution):
    passes(check(solution))


def test_a_quotient_in_two_steps_is_told_what_is_wanted():
    verdict = exercises.check_divide(lambda x, y: x * Value(1 / y.data, (y,), (-1 / y.data**2,)))
    assert "more than one step" in verdict.message


def test_dividing_values_is_answered_in_the_lesson_s_words():
    verdict = exercises.check_divide(lambda x, y: x / y)
    assert "for /: 'Value' and 'Value' (a Value cannot divide yet" in verdict.message


def test_sorted_by_value_is_no_order():
    wrong(exercises.check_order(lambda result: sorted(order(result), key=lambda node: node.data)), "before its parent")


# ---- what the checkers call right is right


def test_division_is_that_of_tensor():
    x, y = Tensor(1.7), Tensor(-0.6)
    (x / y).backward()
    out = divide(Value(1.7), Value(-0.6))
    assert out.slopes == pytest.approx((float(x.grad), float(y.grad)), abs=1e-12)


@pytest.mark.parametrize(("size", "shape"), autograd._SHAPES)
def test_sums_are_those_of_tensor(size, shape):
    g = np.random.default_rng(1).normal(size=size)
    operand = Tensor(np.zeros(shape))
    (operand + np.zeros(size)).backward(g)
    assert unbroadcast(g, shape) == pytest.approx(operand.grad, abs=1e-12)
    assert autograd._undone(g, shape) == pytest.approx(operand.grad, abs=1e-12)


def test_gradients_are_those_of_tensor():
    x, y = Tensor(3.0), Tensor(-0.7)
    s = x * x
    result = (s * y + x) * s
    for calls in (1, 2):
        result.backward()
        graph = {
            node.label: grad
            for node, grad in zip(order(autograd._power()), autograd._grads(autograd._power, calls, 0.0), strict=True)
        }
        assert graph["x"] == pytest.approx(float(x.grad), rel=1e-12)
        assert graph["y"] == pytest.approx(float(y.grad), rel=1e-12)
        assert graph["x * x"] == pytest.approx(float(s.grad), rel=1e-12)


def test_the_order_of_tensor_passes():
    assert exercises.check_order(lambda result: Tensor.graph(result)).passed


# ---- no two slips of a checker share their numbers


def tables():
    by_x, by_y = autograd._slope_slips(1.7, 0.6)
    yield "slope by x", {"right": 1 / 0.6, **by_x}
    yield "slope by y", {"right": -1.7 / 0.36, **by_y}
    yield "value", {"right": 1.7 / 0.6, **autograd._value_slips(1.7, 0.6)}
    rng = np.random.default_rng(6)
    for size, shape in autograd._SHAPES:
        g = rng.normal(size=size)
        yield f"{size} to {shape}", {"right": autograd._undone(g, shape), **autograd._unbroadcast_slips(g, shape)}
    for cases, slips in ((autograd._ONCE, autograd._BACKWARD), (autograd._AGAIN, autograd._TWICE)):
        yield (
            f"backward, {len(cases)} cases",
            {
                slip: np.concatenate([autograd._grads(graph, calls, kept, **kind) for _, graph, calls, kept in cases])
                for slip, kind in {"right": {}, **slips}.items()
            },
        )


@pytest.mark.parametrize(("name", "answers"), list(tables()))
def test_no_two_slips_share_their_numbers(name, answers):
    for (one, a), (other, b) in itertools.combinations(answers.items(), 2):
        assert np.abs(np.subtract(a, b)).max() > 1e-3, (one, other)


# ---- junk


def recursive(*given):
    return recursive(*given)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        *JUNK,
        (recursive, "not right", "RecursionError"),
        (lambda *given: Value(1.0, (1, 2), ("a", "b")), "not right", ""),
        (lambda *given: [Value(1.0)], "not right", ""),
        (lambda *given: given, "not right", ""),
    ],
)
@pytest.mark.filterwarnings("error")
def test_checkers_never_raise(check, answer, state, words):
    expect(check(answer), state, words)


# ---- Exercise 1


def quotient(by_x=lambda x, y: 1 / y, by_y=lambda x, y: -x / y**2, value=lambda x, y: x / y):
    """The solution with one of its numbers replaced."""

    def function(x, y):
        return Value(value(x.data, y.data), (x, y), (by_x(x.data, y.data), by_y(x.data, y.data)))

    return function


def with_grad(x, y):
    x.grad += 1 / y.data
    return divide(x, y)


def moving(x, y):
    out = divide(x, y)
    x.data += 1
    return out


DIVIDE = {
    "the value is y / x": quotient(value=lambda x, y: y / x if x else 0.0),
    "the value is x * y": quotient(value=lambda x, y: x * y),
    "the value is rounded down": quotient(value=lambda x, y: x // y),
    "the value is x - y": quotient(value=lambda x, y: x - y),
    "your value is 3.33333 instead of 2.83333": quotient(value=lambda x, y: x / y + 0.5),
    "your slope by x is 1:": quotient(by_x=lambda x, y: 1.0),
    "your slope by x is y, which": quotient(by_x=lambda x, y: y),
    "your slope by x has y squared": quotient(by_x=lambda x, y: 1 / y**2),
    "your slope by x is -1 / y": quotient(by_x=lambda x, y: -1 / y),
    "your slope by x is 1 / x": quotient(by_x=lambda x, y: 1 / x),
    "your slope by x is the value": quotient(by_x=lambda x, y: x / y),
    "your slope by x holds x": quotient(by_x=lambda x, y: x / y**2),
    "your slope by x is taken at the output": quotient(by_x=lambda x, y: 1 / (x / y)),
    "your two slopes are swapped": quotient(by_x=lambda x, y: -x / y**2, by_y=lambda x, y: 1 / y),
    "your slope by x is 2.66667 instead of 1.66667": quotient(by_x=lambda x, y: 1 / y + 1),
    "your slope by y has the wrong sign": quotient(by_y=lambda x, y: x / y**2),
    "your slope by y is -x / y: y has": quotient(by_y=lambda x, y: -x / y),
    "your slope by y is x / y: y has": quotient(by_y=lambda x, y: x / y),
    "your slope by y is -1 / y^2": quotient(by_y=lambda x, y: -1 / y**2),
    "your slope by y is 1 / y^2": quotient(by_y=lambda x, y: 1 / y**2),
    "your slope by y is x, which": quotient(by_y=lambda x, y: x),
    "your slope by y is -x: 1 / y^2": quotient(by_y=lambda x, y: -x),
    "your slope by y is 1 / y, which": quotient(by_y=lambda x, y: 1 / y),
    "your slope by y is -1 / y: x": quotient(by_y=lambda x, y: -1 / y),
    "your slope by y is -y / x^2": quotient(by_y=lambda x, y: -y / x**2),
    "your slope by y is taken at the output": quotient(by_y=lambda x, y: -x / (x / y) ** 2),
    "your slope by y is -x / y^3": quotient(by_y=lambda x, y: -x / y**3),
    "your slope by y is -x y^2": quotient(by_y=lambda x, y: -x * y**2),
    "the parents are swapped": lambda x, y: Value(x.data / y.data, (y, x), (-x.data / y.data**2, 1 / y.data)),
    "two parents, (x, y); yours has none": lambda x, y: Value(x.data / y.data),
    "two parents, (x, y); yours has 1": lambda x, y: Value(x.data / y.data, (x,), (1 / y.data,)),
    "the parents are x and y themselves": lambda x, y: Value(x.data / y.data, (x.data, y.data), (1, 1)),
    "or new Values, would not": lambda x, y: Value(x.data / y.data, (Value(x.data), Value(y.data)), (1, 1)),
    "one slope for each parent, two numbers; yours has none": lambda x, y: Value(x.data / y.data, (x, y)),
    "a slope is still missing": lambda x, y: Value(x.data / y.data, (x, y), (1 / y.data, ...)),
    "slopes are numbers: take x.data": lambda x, y: Value(x.data / y.data, (x, y), (y, x)),
    "return a Value, made of the number": lambda x, y: x.data / y.data,
    "take the numbers, x.data and y.data": lambda x, y: Value(x / y, (x, y), (1, 1)),
    "going forward sends no gradients": with_grad,
    "your function changes x.data or y.data": moving,
}


@pytest.mark.parametrize("diagnosis", DIVIDE)
def test_divide_tells_slips_apart(diagnosis):
    wrong(exercises.check_divide(DIVIDE[diagnosis]), diagnosis)


def test_divide_has_to_keep_its_sign_for_negative_numbers():
    wrong(exercises.check_divide(quotient(by_y=lambda x, y: -abs(x) / y**2)), "the wrong sign")


def test_divide_has_to_serve_for_a_value_by_itself():
    answer = exercises.check_divide(lambda x, y: Value(1.0, (x,), (0.0,)) if x is y else divide(x, y))
    wrong(answer, "two parents, (x, y); yours has 1")


def test_divide_takes_nodes_with_lists():
    assert exercises.check_divide(
        lambda x, y: Value(x.data / y.data, [x, y], [np.float64(1 / y.data), np.array(-x.data / y.data / y.data)])
    ).passed


# ---- Exercise 2


def leading_only(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g


def stretched_only(g, shape):
    for k, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=k, keepdims=True)
    return g


def reduced(how):
    def function(g, shape):
        while g.ndim > len(shape):
            g = how(g, 0)
        for k, n in enumerate(shape):
            if n == 1 and g.shape[k] != 1:
                g = np.expand_dims(how(g, k), k)
        return g

    return function


def where(case, then):
    """The solution, except where the operand has this shape."""
    return lambda g, shape: then(g, shape) if shape == case else unbroadcast(g, shape)


def adding(g, shape):
    result = unbroadcast(g, shape)
    g += 1
    return result


UNBROADCAST = {
    "each repetition is a use, so add them up": lambda g, shape: g,
    "you take the mean": reduced(np.mean),
    "you take the first of the repetitions": reduced(lambda g, k: np.take(g, 0, axis=k)),
    "only the last of the repetitions": reduced(lambda g, k: np.take(g, -1, axis=k)),
    "you take the largest": reduced(np.max),
    "the sign is wrong": lambda g, shape: -unbroadcast(g, shape),
    "every entry holds the sum of all": lambda g, shape: np.full(shape, g.sum()),
    "it counts the repetitions": lambda g, shape: unbroadcast(np.ones_like(g), shape),
    "the axis of length 1 is lost": lambda g, shape: g.sum(axis=0),
    "you sum along a row": lambda g, shape: g.sum(axis=1),
    "you sum over everything": lambda g, shape: g.sum(),
    "operand of shape (7, 1): your result has shape (1, 5) instead of (7, 1)": lambda g, shape: g.sum(
        axis=0, keepdims=True
    ),
    "operand of shape (5,): your result has shape (7, 5): the axes that NumPy added in front": stretched_only,
    "axes that were added have to go, without keepdims": where((5,), lambda g, shape: g.sum(axis=0, keepdims=True)),
    "(4, 7, 5) and an operand of shape (7, 1): only the axes in front are summed": lambda g, shape: (
        leading_only(g, shape) if g.ndim > len(shape) > 1 else unbroadcast(g, shape)
    ),
    "(4, 7, 5) and an operand of shape (1, 5): your result has shape (5,): the axis of length 1 is lost": lambda g, s: (
        g.sum(axis=(0, 1)) if g.ndim == 3 and s == (1, 5) else unbroadcast(g, s)
    ),
    "reshape keeps the number of entries": lambda g, shape: g.reshape(shape),
    "your function changes g": adding,
    "differs, most at": lambda g, shape: unbroadcast(g, shape) + 0.1,
    "operand of shape (): your result differs, ": where((), lambda g, shape: g.sum() + 0.1),
}


@pytest.mark.parametrize("diagnosis", UNBROADCAST)
def test_unbroadcast_tells_slips_apart(diagnosis):
    wrong(exercises.check_unbroadcast(UNBROADCAST[diagnosis]), diagnosis)


# ---- Exercise 3, first part


def visit(node, nodes, seen):
    """By recursion: right, but not deep."""
    if node not in seen:
        seen.add(node)
        for parent in node.parents:
            visit(parent, nodes, seen)
        nodes.append(node)
    return nodes


def visit_every_path(node, nodes):
    for parent in node.parents:
        visit_every_path(parent, nodes)
    if node not in nodes:
        nodes.append(node)
    return nodes


def all_visits(node):
    return [*(n for parent in node.parents for n in all_visits(parent)), node]


def walk(take, seen_when_added=True):
    def function(result):
        nodes, todo = ([result], [result]) if seen_when_added else ([], [result])
        while todo:
            node = todo.pop(take)
            if not seen_when_added:
                if node in nodes:
                    continue
                nodes.append(node)
            for parent in node.parents:
                if parent not in nodes:
                    todo.append(parent)
                    if seen_when_added:
                        nodes.append(parent)
        return nodes[::-1]

    return function


def by_number(result):
    nodes = {node.data: node for node in order(result)}
    return list(nodes.values())


def noting(result):
    for node in (nodes := order(result)):
        node.grad = 1.0
    return nodes


ORDER = {
    "return a list of nodes, got set": lambda result: set(order(result)),
    "the nodes of the graph themselves, but it holds numbers": lambda result: [node.data for node in order(result)],
    "but it holds a Value": lambda result: [Value(node.data) for node in order(result)],
    "your list is empty": lambda result: [],
    "holds x more than once": all_visits,
    "your list begins with the result: turn it round": lambda result: order(result)[::-1],
    "your list holds no leaves": lambda result: [node for node in order(result) if node.parents],
    "your list lacks the result itself": lambda result: order(result)[:-1],
    "the second 3 is missing": lambda result: (
        [n for n in order(result) if "second" not in n.label] if result.label == "3 * 3" else order(result)
    ),
    "two leaves with equal numbers: the ": by_number,
    "x * y is missing": lambda result: [n for n in order(result) if n.label != "x * y"],
    "the order in which a walk meets the nodes": walk(0),
    "turned round; that fails": walk(-1, seen_when_added=False),
    "list a node when its parents are done": walk(-1),
    "your list has u = x + x before its parent x": lambda result: (
        [n for n in order(result) if n.label != "x"][:-1] + order(result)[:1] + [result]
        if result.label == "u * v * x"
        else order(result)
    ),
    "forty times your walk does not end": lambda result: visit_every_path(result, []),
    "stops with a RecursionError": lambda result: visit(result, [], set()),
    "your function changes the nodes": noting,
}


@pytest.mark.parametrize("diagnosis", ORDER)
def test_order_tells_slips_apart(diagnosis):
    wrong(exercises.check_order(ORDER[diagnosis]), diagnosis)


def test_order_takes_other_ways():
    def by_counting(result):
        """Kahn's: a node is ready when all its uses are listed; then turned round."""
        seen, todo, uses = {result}, [result], {result: 0}
        while todo:
            for parent in todo.pop().parents:
                uses[parent] = uses.get(parent, 0) + 1
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        ready, nodes = [result], []
        while ready:
            nodes.append(ready.pop())
            for parent in nodes[-1].parents:
                uses[parent] -= 1
                if not uses[parent]:
                    ready.append(parent)
        return tuple(nodes[::-1])

    assert exercises.check_order(by_counting).passed


def test_a_walk_along_every_path_is_stopped_by_counting():
    result, looks = autograd._doubled(40)
    with pytest.raises(Exception, match="looks at parents"):
        visit_every_path(result, [])
    assert looks[0] == 20_001
    result, looks = autograd._doubled(40)
    assert len(order(result)) == 41
    assert looks[0] == 41


# ---- Exercise 3, second part


def sweep(zero=lambda node: node.parents, seed=lambda node: 1.0, turn=reversed, send=None, share=None):
    """The solution with one of its lines replaced."""
    share = share or (lambda node, parent, slope: slope * node.grad)

    def add(node, parent, slope):
        parent.grad += share(node, parent, slope)

    def function(nodes):
        for node in nodes:
            if zero(node):
                node.grad = 0.0
        nodes[-1].grad = seed(nodes[-1])
        for node in turn(nodes):
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                (send or add)(node, parent, slope)

    return function


def assign(node, parent, slope):
    parent.grad = slope * node.grad


def one_share(nodes):
    for node in nodes:
        node.grad = 0.0 if node.parents else node.grad
    nodes[-1].grad = 1.0
    for node in reversed(nodes):
        for parent, slope in dict(zip(node.parents, node.slopes, strict=True)).items():
            parent.grad += slope * node.grad


def turning(nodes):
    backward(nodes)
    nodes.reverse()


def renumbering(nodes):
    backward(nodes)
    nodes[0].data = 0.0


def returning(nodes):
    backward(nodes)
    return [node.grad for node in nodes]


def with_arrays(nodes):
    backward(nodes)
    for node in nodes:
        node.grad = np.array([node.grad, 1.0])


BACKWARD = {
    "assigned, not added: a value that is used twice gets what both uses send (+=) (for x * x at x = 3 the gradient of "
    "x is 3 instead of 6": sweep(send=assign),
    "no gradient to begin with": sweep(seed=lambda node: 0.0),
    "begins with its value": sweep(seed=lambda node: node.data),
    "your walk goes forward": sweep(turn=list),
    "your shares are slopes alone": sweep(share=lambda node, parent, slope: slope),
    "your shares are gradients without slopes": sweep(share=lambda node, parent, slope: node.grad),
    "your shares use the node's value": sweep(share=lambda node, parent, slope: slope * node.data),
    "your shares use the parent's value": sweep(share=lambda node, parent, slope: parent.data * node.grad),
    "your slopes and gradients are added": sweep(share=lambda node, parent, slope: slope + node.grad),
    "the sign is wrong": sweep(share=lambda node, parent, slope: -slope * node.grad),
    "gets only one share": one_share,
    "the last node sends nothing": sweep(turn=lambda nodes: nodes[-2::-1]),
    "you divide by the number of parents": sweep(
        share=lambda node, parent, slope: slope * node.grad / len(node.parents)
    ),
    "in a second call the nodes between": sweep(zero=lambda node: False),
    "all nodes but the last go on": sweep(zero=lambda node: False, seed=lambda node: node.grad + 1),
    "leaves as well: a leaf adds to the .grad that it has (for x * x at x = 3, called twice the gradient of x is 6 "
    "instead of 12": sweep(zero=lambda node: True),
    "the gradient of x is 7 instead of 6": sweep(send=lambda node, parent, slope: setattr(parent, "grad", 7.0)),
    "your function changes the list of nodes": turning,
    "your function changes the .data": renumbering,
    "backward returns nothing": returning,
    "should be one number; that of x is not": with_arrays,
    "IndexError": lambda nodes: nodes[99],
}


@pytest.mark.parametrize("diagnosis", BACKWARD)
def test_backward_tells_slips_apart(diagnosis):
    wrong(exercises.check_backward(BACKWARD[diagnosis]), diagnosis)


def test_backward_that_does_nothing_is_a_stub():
    verdict = exercises.check_backward(lambda nodes: None)
    assert verdict.state == "not yet", verdict


def test_backward_takes_other_ways():
    def collected(nodes):
        """All in a dict first; then leaves add, and the others are set."""
        grads = dict.fromkeys(nodes, 0.0) | {nodes[-1]: 1.0}
        for node in nodes[::-1]:
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                grads[parent] += slope * grads[node]
        for node, grad in grads.items():
            node.grad = grad if node.parents else node.grad + grad

    assert exercises.check_backward(collected).passed
