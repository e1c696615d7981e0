"""Automatic differentiation in reverse mode: `Tensor`, an array that remembers how it was computed.

An operation on Tensors gives a new Tensor that keeps its operands (its parents) and, for each, how a gradient of the
result becomes one of the operand. That is a vector-Jacobian product, here a function of g = dC/d(result):

    operation    value     dC/dx          dC/dy
    x * y        x y       g y            g x
    X @ Y        X Y       g Y^T          X^T g
    tanh(x)      tanh x    g (1 - a^2), where a is the value

`backward` goes through this graph once, from the result to the leaves (which nobody computed), and adds up what each
use of a value sends back. Values are those of NumPy, and so are its warnings: log(0) is -inf, the root of -1 is NaN.
Sources: Griewank and Walther 2008, chapter 3 (reverse mode); Baydin, Pearlmutter, Radul and Siskind 2018.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeAlias

import numpy as np

from nbcore.activations import sigmoid as stable_sigmoid
from nbcore.activations import softplus as stable_softplus
from nbcore.checks import as_float, number

VJP: TypeAlias = Callable[[np.ndarray], np.ndarray]
Axis: TypeAlias = int | tuple[int, ...] | None


class Tensor:
    """An array in a graph: `.data`, its gradient `.grad`, the `.parents` that it was computed from, and `.op`, by what.

    `.vjps` holds a function for each parent, from dC/d(this) to what this use of the parent adds to dC/d(parent),
    before `unbroadcast`.

    It owns a copy of `data`; float32 stays float32, whole numbers become float64. `label` is a name for pictures.
    `.grad` is None until `backward`, then dC/d(data), of data's shape and dtype. Numbers and arrays may stand on
    either side of an operator; they become leaves. Raises TypeError when data holds no real numbers.
    """

    def __init__(self, data: Any, label: str = "") -> None:
        self.data = np.array(as_float("data", data))
        self.grad: Any = None
        self.label, self.op = label, ""
        self.parents: tuple[Tensor, ...] = ()
        self.vjps: tuple[VJP, ...] = ()  # one a parent

    # --- the way back ---

    def graph(self) -> list[Tensor]:
        """Every Tensor that this one depends on, in topological order: each after its parents, this one last."""
        return in_order(self)

    def backward(self, gradient: Any = None) -> None:
        """Puts dC/d(data) into the `.grad` of this Tensor and of all that it depends on.

        `gradient` is dC/d(this), of the same shape; without it this is C itself, one number. A leaf adds to the .grad
        that it has, until `zero_grad`; every other Tensor starts anew, and shows the last pass alone. The numbers of
        the forward pass are used: change a leaf's .data after `backward`, not before.
        Raises ValueError when gradient has another shape, or is missing and this is not one number.
        """
        if gradient is None and self.data.size != 1:
            raise ValueError(
                f"gradient must be given for a Tensor of shape {self.shape}: dC/d(this), of the same shape; "
                "for C the sum of its entries write .sum().backward()"
            )
        gradient = np.ones(self.shape) if gradient is None else as_float("gradient", gradient)
        if gradient.shape != self.shape:
            raise ValueError(f"gradient must have the shape of the Tensor, {self.shape}, got {gradient.shape}")
        order = self.graph()
        for tensor in order:
            before = None if tensor.parents else tensor.grad
            tensor.grad = np.zeros_like(tensor.data)
            if before is not None:
                tensor.grad += before
        self.grad += gradient
        for tensor in reversed(order):  # every use of a value comes before the value, whose gradient is then complete
            for parent, vjp in zip(tensor.parents, tensor.vjps, strict=True):
                parent.grad += unbroadcast(vjp(tensor.grad), parent.shape)

    def zero_grad(self) -> None:
        """Forgets the `.grad` of this Tensor (of no other), so that the next `backward` starts anew."""
        self.grad = None

    def detach(self) -> Tensor:
        """A leaf with a copy of these numbers, through which no gradient passes."""
        return Tensor(self.data)

    # --- two operands; where broadcasting repeated one of them, `backward` sums ---

    def __add__(self, other: Any) -> Tensor:
        other = self._operand(other)
        return _result("+", self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __sub__(self, other: Any) -> Tensor:
        other = self._operand(other)
        return _result("-", self.data - other.data, (self, lambda g: g), (other, lambda g: -g))

    def __mul__(self, other: Any) -> Tensor:
        other = self._operand(other)
        x, y = self.data, other.data
        return _result("*", x * y, (self, lambda g: g * y), (other, lambda g: g * x))

    def __truediv__(self, other: Any) -> Tensor:
        other = self._operand(other)
        x, y = self.data, other.data
        return _result("/", x / y, (self, lambda g: g / y), (other, lambda g: -g * (x / y) / y))

    def __matmul__(self, other: Any) -> Tensor:
        other = self._operand(other)
        x, y = self.data, other.data
        try:
            a = x @ y
        except ValueError:
            raise ValueError(f"@ needs shapes (..., n, k) and (..., k, m), got {x.shape} and {y.shape}") from None
        # NumPy reads a vector on the left as one row, on the right as one column, and drops that axis of the result.
        X, Y = x[None] if x.ndim == 1 else x, y[:, None] if y.ndim == 1 else y
        dropped = (-2,) * (x.ndim == 1) + (-1,) * (y.ndim == 1)
        return _result(
            "@",
            a,
            (self, lambda g: unbroadcast(np.expand_dims(g, dropped) @ Y.mT, X.shape).reshape(x.shape)),
            (other, lambda g: unbroadcast(X.mT @ np.expand_dims(g, dropped), Y.shape).reshape(y.shape)),
        )

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Tensor:
        return self._operand(other) - self

    def __rtruediv__(self, other: Any) -> Tensor:
        return self._operand(other) / self

    def __rmatmul__(self, other: Any) -> Tensor:
        return self._operand(other) @ self

    def _operand(self, other: Any) -> Tensor:
        """`other` as a Tensor. A plain number takes self's dtype, as in NumPy: 2 * x stays float32."""
        if isinstance(other, Tensor):
            return other
        plain = type(other) in (bool, int, float)
        return Tensor(np.array(other, self.data.dtype) if plain else as_float("operand", other))

    # --- one operand, entry by entry ---

    def __neg__(self) -> Tensor:
        return _result("neg", -self.data, (self, lambda g: -g))

    def __pow__(self, exponent: Any) -> Tensor:
        """x ** n for a number n, with slope n x^(n-1): for 0 < n < 1, as for a root, this is infinite at 0.

        What is multiplied by it there becomes NaN where it is 0; keep away from 0, as in (x + 1e-12) ** 0.5.
        """
        if isinstance(exponent, Tensor):
            raise TypeError("exponent must be a number, got a Tensor; for x > 0 write (exponent * x.log()).exp()")
        x, n = self.data, number("exponent", exponent)
        # x^0 is 1 everywhere, even at 0, so its slope is 0; n x^(n-1) would say 0 times infinity there.
        return _result(f"**{n:g}", x**n, (self, lambda g: g * n * x ** (n - 1) if n else np.zeros_like(g)))

    def __rpow__(self, base: Any) -> NoReturn:
        raise TypeError("exponent must be a number, got a Tensor; for base > 0 write (x * np.log(base)).exp()")

    def exp(self) -> Tensor:
        """e^x."""
        a = np.exp(self.data)
        return _result("exp", a, (self, lambda g: g * a))

    def log(self) -> Tensor:
        """ln x, -inf at 0 and NaN below. The gradient is g / x: infinite at 0, and without meaning below."""
        x = self.data
        return _result("log", np.log(x), (self, lambda g: g / x))

    def tanh(self) -> Tensor:
        """tanh x."""
        a = np.tanh(self.data)
        return _result("tanh", a, (self, lambda g: g * (1 - a * a)))

    def sigmoid(self) -> Tensor:
        """1 / (1 + e^-x), written so that nothing overflows."""
        a = stable_sigmoid(self.data)
        return _result("sigmoid", a, (self, lambda g: g * a * (1 - a)))

    def relu(self) -> Tensor:
        """max(0, x); its slope at 0 is taken to be 0."""
        x = self.data
        return _result("relu", np.maximum(x, 0), (self, lambda g: np.where(x > 0, g, 0)))

    def softplus(self) -> Tensor:
        """ln(1 + e^x), written so that nothing overflows; its slope is sigmoid(x)."""
        x = self.data
        return _result("softplus", stable_softplus(x), (self, lambda g: g * stable_sigmoid(x)))

    # --- many entries into one: over `axis` (one, a tuple of them, or None for all), as in NumPy ---

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The sum over `axis`; g goes to each of its terms."""
        x = self.data
        return _result("sum", x.sum(axis, keepdims=keepdims), (self, lambda g: _spread(g, x.shape, axis, keepdims)))

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The mean over `axis`; g / n goes to each of the n entries."""
        x, a = self.data, np.asarray(self.data.mean(axis, keepdims=keepdims))
        n = x.size / max(a.size, 1)
        return _result("mean", a, (self, lambda g: _spread(g, x.shape, axis, keepdims) / n))

    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The largest entry over `axis`; g goes to it, in equal shares where several are equally large."""
        x = self.data

        def dx(g: np.ndarray) -> np.ndarray:
            largest = x == x.max(axis, keepdims=True)
            return _spread(g, x.shape, axis, keepdims) * (largest / largest.sum(axis, keepdims=True))

        return _result("max", x.max(axis, keepdims=keepdims), (self, dx))

    def logsumexp(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """ln of the sum of e^x over `axis`, the largest x taken out first; g goes to each entry times its softmax."""
        x = self.data
        largest = x.max(axis, keepdims=True)
        largest = np.where(np.isfinite(largest), largest, 0)
        e = np.exp(x - largest)
        total = e.sum(axis, keepdims=True)
        a = np.log(total) + largest
        a = a if keepdims else a.reshape(x.sum(axis).shape)
        return _result("logsumexp", a, (self, lambda g: _spread(g, x.shape, axis, keepdims) * (e / total)))

    # --- entries picked, or in another order ---

    def __getitem__(self, index: Any) -> Tensor:
        x = self.data

        def dx(g: np.ndarray) -> np.ndarray:
            whole = np.zeros_like(x)
            np.add.at(whole, index, g)  # whole[index] = g would forget that an entry can be picked twice
            return whole

        return _result("[]", x[index], (self, dx))

    def reshape(self, *shape: Any) -> Tensor:
        """The same entries in another shape, numbers or one tuple; one of them may be -1."""
        x = self.data
        return _result("reshape", x.reshape(*shape), (self, lambda g: g.reshape(x.shape)))

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in this order, numbers or one tuple; without any, reversed."""
        x = self.data
        back = np.argsort(
            np.empty(range(x.ndim)).transpose(*axes).shape
        )  # axis k has length k: so we see where it went
        return _result("transpose", x.transpose(*axes), (self, lambda g: g.transpose(back)))

    @property
    def T(self) -> Tensor:
        return self.transpose()

    @property
    def mT(self) -> Tensor:
        return _result("mT", self.data.mT, (self, lambda g: g.mT))

    # --- compared: as the numbers are, and without a gradient ---

    def __eq__(self, other: object) -> Any:
        return self.data == _plain(other)

    def __ne__(self, other: object) -> Any:
        return self.data != _plain(other)

    def __lt__(self, other: Any) -> Any:
        return self.data < _plain(other)

    def __le__(self, other: Any) -> Any:
        return self.data <= _plain(other)

    def __gt__(self, other: Any) -> Any:
        return self.data > _plain(other)

    def __ge__(self, other: Any) -> Any:
        return self.data >= _plain(other)

    __hash__ = object.__hash__  # as a member of a set or a key a Tensor is itself, whatever its numbers

    def __bool__(self) -> bool:
        return bool(self.data)

    # --- in place: Python would bind the name to a new Tensor, and the old one would stay as it is ---

    def __isub__(self, other: Any) -> Tensor:
        if not self.parents:
            raise TypeError(IN_PLACE.format("-"))
        return self - other

    def __iadd__(self, other: Any) -> Tensor:
        self._refuse_in_place("+")
        return self + other

    def __imul__(self, other: Any) -> Tensor:
        self._refuse_in_place("*")
        return self * other

    def __itruediv__(self, other: Any) -> Tensor:
        self._refuse_in_place("/")
        return self / other

    def _refuse_in_place(self, sign: str) -> None:
        """A leaf that has a gradient is one that learns; any other may begin a sum or a product."""
        if not self.parents and self.grad is not None:
            raise TypeError(IN_PLACE.format(sign))

    # --- NumPy's functions ---

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **more: Any) -> Any:
        """array + tensor, np.exp(tensor) and the like, as far as a Tensor knows them."""
        name = ufunc.__name__
        if method == "__call__" and not more:
            if name in ENTRY_BY_ENTRY:
                return getattr(self, ENTRY_BY_ENTRY[name])()
            if name in SIGNS:
                left, right = inputs
                return SIGNS[name](left if isinstance(left, Tensor) else self._operand(left), right)
        raise TypeError(_no_function(name))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """np.sum(tensor) and the like, as far as a Tensor knows them."""
        if function.__name__ in OVER_ALL and args and isinstance(args[0], Tensor):
            return getattr(args[0], OVER_ALL[function.__name__])(*args[1:], **kwargs)
        raise TypeError(_no_function(function.__name__))

    # --- as an object of Python ---

    def __len__(self) -> int:
        return len(self.data)

    def __float__(self) -> float:
        return float(self.item())

    def __format__(self, form: str) -> str:
        return format(self.item(), form) if form else str(self)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    def item(self) -> float:
        """The only entry, as a number. Raises ValueError when there are others."""
        return self.data.item()

    def __iter__(self) -> Iterator[Tensor]:
        return (self[k] for k in range(len(self.data)))

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("a Tensor is not an array: stay in the graph with its own operations, or leave it with .data")

    def __repr__(self) -> str:
        few = self.data.size <= 6 and self.ndim <= 1
        numbers = np.array2string(self.data, precision=4, separator=", ") if few else f"shape={self.shape}"
        dtype = "" if self.data.dtype == np.float64 else self.data.dtype.name
        more = {"dtype": dtype, "label": self.label, "op": self.op}
        return f"Tensor({', '.join([numbers, *(f'{name}={text!r}' for name, text in more.items() if text)])})"


IN_PLACE = (
    "x {0}= ... on a leaf would make a new Tensor under that name, and leave the one that learns as it was: "
    "write x.data {0}= ... (with .grad or .data on the right)"
)
ENTRY_BY_ENTRY = {"exp": "exp", "log": "log", "tanh": "tanh", "negative": "__neg__"}
SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "true_divide": operator.truediv, "matmul": operator.matmul, "power": operator.pow, "equal": operator.eq,
    "not_equal": operator.ne, "less": operator.lt, "less_equal": operator.le, "greater": operator.gt,
    "greater_equal": operator.ge,
}  # fmt: skip
OVER_ALL = {name: name for name in ("sum", "mean", "max", "reshape", "transpose")} | {"amax": "max"}


def _no_function(name: str) -> str:
    return (
        f"np.{name} takes no Tensor: compose it of the operations that a Tensor has (+ - * / ** @ [] sum mean max exp "
        "log tanh ...), or leave the graph with .data"
    )


def _plain(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else value


def in_order(result: Any) -> list[Any]:
    """All that `result` depends on through `.parents`, each after its parents, `result` last."""
    order, seen, stack = [], set(), [(result, False)]  # a stack of our own: calls could not nest 10,000 deep
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order


def _result(op: str, value: Any, *edges: tuple[Tensor, VJP]) -> Tensor:
    """What `op` made of its parents. No VJP may hold on to the result: in a circle, it would outlive its last use."""
    result = object.__new__(Tensor)
    result.data, result.grad, result.label, result.op = np.asarray(value), None, "", op
    result.parents, result.vjps = tuple(parent for parent, _ in edges), tuple(vjp for _, vjp in edges)
    return result


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """g summed over the axes along which an operand of this shape was repeated: one value, used many times."""
    if g.shape == shape:
        return g
    new = g.ndim - len(shape)
    repeated = tuple(k for k in range(g.ndim) if k < new or shape[k - new] == 1)
    return g.sum(axis=repeated).reshape(shape)


def _spread(g: np.ndarray, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> np.ndarray:
    """g repeated along the axes over which entries of this shape became one."""
    return np.broadcast_to(g if keepdims or axis is None else np.expand_dims(g, axis), shape)
