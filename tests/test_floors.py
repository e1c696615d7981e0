"""The order of the house: who may import whom, what `import nbcore` loads, and the public face."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import nbcore

ROOT = Path(nbcore.__file__).parent
# A module imports only modules listed above it (or, in a folder, beside it). New modules are entered here.
FLOORS = {
    "checks": 0,
    "verdicts": 0,
    "activations": 0,
    "losses": 0,
    "initializers": 0,
    "datasets": 0,
    "layers": 1,
    "network": 1,
    "autograd": 1,
    "optimizers": 2,
    "gradcheck": 2,
    "_fast": 2,
    "training": 2,
    "exercises": 2,
    "play": 2,
    "draw": 3,
    "explore": 4,
}
OUTSIDE = {"server_extension"}  # belongs to the server, not to the house: neither side imports the other
ORDER = list(FLOORS)
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
TRAINS = {"layers", "network", "autograd", "optimizers", "gradcheck", "_fast", "training"}


def home(path):
    """The name under which a file is listed in FLOORS."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path):
    """(module, names) for every import of a file, wherever it stands in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: write imports in full, from nbcore.…"
            yield node.module, [alias.name for alias in node.names]


def of_the_house(path):
    for module, names in imports(path):
        if module.split(".")[0] == "nbcore":
            yield from [module.split(".")[1]] if "." in module else names


def of_others(path):
    return {module.split(".")[0] for module, _ in imports(path)} - set(sys.stdlib_module_names) - {"nbcore"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_above_it(path):
    me = home(path)
    if me in OUTSIDE:
        assert not list(of_the_house(path))
        return
    assert me in FLOORS, f"enter {me} in FLOORS"
    for other in of_the_house(path):
        assert other in FLOORS, f"{me} imports {other} from nbcore: name the module that it comes from"
        beside = other == me and path.parent != ROOT
        assert beside or ORDER.index(other) < ORDER.index(me), f"{me} must not import {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_widgets_on_the_top_floor_pictures_below_it_numpy_alone_below_that(path):
    me = home(path)
    if me in OUTSIDE:
        return
    if FLOORS[me] <= 2:
        assert of_others(path) <= {"numpy"}
    if me == "draw":
        assert not of_others(path) & {"ipywidgets", "anywidget", "traitlets", "IPython"}
        assert not set(of_the_house(path)) & TRAINS, "draw takes arrays and gives artists; it never trains"
        taken = {name for module, names in imports(path) if module.startswith("nbcore.play") for name in names}
        assert not taken & {"Run", "Pair", "sweep", "run"}, "of the playground draw takes values only"
        assert "matplotlib.pyplot" not in {module for module, _ in imports(path)}, "pyplot holds global state"


def test_the_test_above_sees_imports(tmp_path):
    file = tmp_path / "odd.py"
    file.write_text("import numpy\ndef f():\n    from nbcore.training import train\n    from nbcore import draw\n")
    assert list(of_the_house(file)) == ["training", "draw"]
    assert of_others(file) == {"numpy"}


def test_import_nbcore_loads_numpy_only():
    code = "import sys, nbcore; assert nbcore.mse; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::ImportWarning", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"matplotlib", "ipywidgets", "anywidget", "traitlets", "IPython", "PIL", "jupyter_server"}
    assert not loaded & {"nbcore.draw", "nbcore.explore", "nbcore.play", "nbcore.server_extension"}


def test_all_is_complete():
    public = {
        name for name, value in vars(nbcore).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert sorted(nbcore.__all__) == sorted(set(nbcore.__all__))
    assert public == set(nbcore.__all__)


def test_all_is_in_the_order_of_the_lessons():
    marks = (
        "ACTIVATIONS identity step sigmoid tanh relu leaky_relu elu gelu silu softplus softmax PLANE blobs xor digits "
        "LOSSES mse bce softmax_ce INITIALIZERS zeros xavier he Dense MLP stack one_hot SGD Momentum Adam train "
        "History Diverged numerical_gradient check_gradients"
    ).split()
    assert [name for name in nbcore.__all__ if name in marks] == marks


def functions_and_classes():
    for name in nbcore.__all__:
        value = getattr(nbcore, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            yield name, value
        if inspect.isclass(value):
            methods = ((m, v) for m, v in vars(value).items() if inspect.isfunction(v) and not m.startswith("_"))
            yield from ((f"{name}.{m}", v) for m, v in methods)


@pytest.mark.parametrize(
    ("name", "value"), list(functions_and_classes()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_public_name_has_a_docstring(name, value):
    own = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    if own is None and "." in name:  # an override may keep its base's words
        own = inspect.getdoc(getattr(getattr(nbcore, name.split(".")[0]), name.split(".")[1]))
    assert own, f"{name} has no docstring"
    assert not own.startswith(name.split(".")[-1] + "("), f"{name} has only the docstring that dataclass makes"


@pytest.mark.parametrize(
    "path", [p for p in MODULES if home(p) in FLOORS and FLOORS[home(p)] <= 2], ids=lambda p: p.stem
)
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Activation", "name formula f fprime"),
        ("Dense", "n_in n_out phi init rng ensemble dtype"),
        ("MLP", "sizes hidden output init seed ensemble dtype"),
        ("stack", "nets"),
        ("one_hot", "labels k"),
        ("training", "net X Y loss optimizer batch seed l1 l2 engine every"),
        ("train", "net X Y loss eta steps batch optimizer seed l1 l2 record progress engine"),
        ("numerical_gradient", "f x"),
        ("check_gradients", "net X Y loss"),
        ("SGD", "eta"),
        ("Momentum", "eta beta"),
        ("Adam", "eta beta1 beta2 eps"),
        ("blobs", "n noise seed"),
        ("curves", "name n noise seed low high"),
    ],
)
def test_signatures_are_the_contract_s(name, parameters):
    assert " ".join(inspect.signature(getattr(nbcore, name)).parameters) == parameters
