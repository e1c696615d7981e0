"""The playground's state machine: settings, texts, runs that can be cut, changed, taken back and rebuilt."""

import contextlib
import dataclasses
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as how
from hypothesis import strategies as st
from memory import printed_alone, resident

from nbcore import MLP, SGD, Adam, Training, he, moons, train
from nbcore.draw.sweep import Map
from nbcore.play import (
    DATA,
    FEATURES,
    HIDDEN,
    INITS,
    LOSS_NAMES,
    OPTIMIZERS,
    OUTPUTS,
    Change,
    Pair,
    Run,
    Settings,
    State,
    advice,
    from_text,
    own_csv,
    own_data,
    problem,
    start_network,
    sweep,
    to_text,
)
from nbcore.play.run import MOST_LOOKS, MOST_LOSSES, MOST_SNAPSHOTS
from nbcore.play.sweep import Grid
from nbcore.play.trace import Trace
from nbcore.play.view import tame

FINE = how(max_examples=150, deadline=None, derandomize=True)
FIELDS = [f.name for f in dataclasses.fields(Settings)]
SMALL = Settings(n=40, hidden=((3, "tanh"), (2, "relu")))


def same(one, other):
    one, other = (getattr(x, "net", x) for x in (one, other))
    return one.sizes == other.sizes and all(map(np.array_equal, one.parameters(), other.parameters()))


def my_own(width=2, classes=3, rows=30):
    rng = np.random.default_rng(width * 10 + classes)
    X = rng.normal(size=(rows, width))
    return own_data(X, rng.permutation(np.arange(rows) % classes) if classes else X.sum(axis=1) + 0.25)


# ---- Settings


def test_defaults_learn():
    run = Run()
    run.advance(2000)
    assert run.numbers().score_test > 0.95


BAD = [
    ({"data": "sea"}, ValueError, "data must be one of blobs, digits, hills, moons, own, plane.*got 'sea'"),
    ({"data": 3}, TypeError, r"data must be one of .*got 3 \(int\)"),
    ({"n": 9}, ValueError, "n must be at least 10, got 9"),
    ({"n": 2001}, ValueError, "n must be at most 2000, got 2001"),
    ({"n": 50.0}, TypeError, "n must be a whole number"),
    ({"noise": -1}, ValueError, "noise must be finite and at least 0 and at most 5, got -1"),
    ({"noise": np.nan}, ValueError, "noise must be finite"),
    ({"train": 0.95}, ValueError, "train must be finite and at least 0.1 and at most 0.9"),
    ({"standardize": 1}, TypeError, "standardize must be True or False, got 1"),
    ({"features": ()}, ValueError, "features must name at least one of x1, x2"),
    ({"features": "x1"}, TypeError, "features must be a tuple of names"),
    ({"features": ("x1", "x3")}, ValueError, "features must be out of x1.*got 'x3'"),
    ({"features": ("x1", "x1")}, ValueError, "features must name each feature once"),
    ({"hidden": ((8, "tanh"),) * 7}, ValueError, "hidden must have at most 6 layers, got 7"),
    ({"hidden": ((17, "tanh"),)}, ValueError, "hidden, layer 1, units must be at most 16, got 17"),
    ({"hidden": ((8, "tanh"), (0, "tanh"))}, ValueError, "hidden, layer 2, units must be at least 1, got 0"),
    ({"hidden": ((8, "tan"),)}, ValueError, "hidden, layer 1, activation must be one of .*got 'tan'"),
    ({"hidden": ((8, "softmax"),)}, ValueError, "hidden, layer 1, activation must be one of"),
    ({"hidden": (8, 8)}, TypeError, "hidden, layer 1, must be units and an activation such as"),
    ({"hidden": "8 tanh"}, TypeError, "hidden must be a tuple of layers"),
    ({"output": "tanh", "loss": "bce"}, ValueError, "bce needs outputs from sigmoid, got tanh; losses that fit tanh"),
    ({"output": "sigmoid", "loss": "softmax_ce"}, ValueError, "softmax_ce needs outputs from softmax, got sigmoid"),
    ({"data": "plane", "loss": "bce"}, ValueError, "loss must be mse for plane, whose targets are numbers"),
    ({"init": "random"}, ValueError, "init must be one of constant, he, normal, xavier, zeros, got 'random'"),
    ({"scale": -0.5}, ValueError, "scale must be finite and at least 0"),
    ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
    ({"seed": True}, TypeError, "seed must be a whole number"),
    ({"optimizer": "lbfgs"}, ValueError, "optimizer must be one of adam, momentum, sgd, got 'lbfgs'"),
    ({"eta": 0}, ValueError, "eta must be greater than 0, got 0"),
    ({"eta": "0.1"}, TypeError, "eta must be a number"),
    ({"batch": 0}, ValueError, "batch must be at least 1, got 0"),
    ({"l2": np.inf}, ValueError, "l2 must be finite"),
    ({"own": "xyz"}, ValueError, "own must be a fingerprint of 12 hexadecimal digits"),
]


@pytest.mark.parametrize(("fields", "error", "words"), BAD, ids=lambda v: str(v)[:40])
def test_a_wrong_setting_is_named(fields, error, words):
    with pytest.raises(error, match=words):
        Settings(**fields)
    run = Run(SMALL)
    run.advance(3)
    before = run.text
    if "output" not in fields and "own" not in fields:
        with pytest.raises(error, match=words):
            run.change(**fields)
        assert run.text == before


def test_every_field_has_a_wrong_value_above():
    assert {name for fields, _, _ in BAD for name in fields} == set(FIELDS) - {"data_seed", "l1"}


def test_unknown_fields():
    with pytest.raises(TypeError, match=r"settings have the fields batch, .*; got rate"):
        Run(SMALL).change(rate=3)


def test_settings_are_values():
    assert Settings(eta=1) == Settings(eta=1.0)
    assert to_text(Settings(eta=1, n=np.int64(50))) == "moons n=50 | eta=1.0"
    assert Settings(features=["x2", "x1"]) == Settings(features=("x1", "x2"))
    assert Settings(hidden=[[8, "tanh"], [8, "tanh"]]) == Settings()
    assert hash(Settings()) == hash(Settings())


@pytest.mark.parametrize(
    ("data", "output", "loss", "pair"),
    [
        ("moons", "auto", "auto", "sigmoid bce"),
        ("digits", "auto", "auto", "softmax softmax_ce"),
        ("hills", "auto", "auto", "identity mse"),
        ("moons", "tanh", "auto", "tanh mse"),
        ("moons", "softmax", "auto", "softmax softmax_ce"),
        ("digits", "sigmoid", "auto", "sigmoid bce"),
        ("hills", "sigmoid", "auto", "sigmoid mse"),
        ("moons", "auto", "mse", "sigmoid mse"),
        ("digits", "auto", "mse", "softmax mse"),
        ("digits", "auto", "bce", "sigmoid bce"),
        ("moons", "auto", "softmax_ce", "softmax softmax_ce"),
    ],
)
def test_what_auto_stands_for(data, output, loss, pair):
    run = Run(Settings(data=data, n=40, output=output, loss=loss))
    assert f"{run.problem.output} {run.problem.loss}" == pair
    assert f"{run.settings.pair[0]} {run.settings.pair[1]}" == pair
    assert np.isfinite(run.numbers().loss)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"data": "hills"}, ""),
        ({"data": "digits"}, ""),
        ({"loss": "mse"}, "mse on sigmoid: .*bce cancels it"),
        ({"data": "digits", "loss": "mse"}, "softmax_ce cancels it"),
        ({"output": "identity"}, "not probabilities"),
        ({"output": "relu"}, "never negative"),
        ({"data": "digits", "output": "sigmoid"}, "need not sum to 1"),
        ({"data": "plane", "output": "softmax"}, "always 1"),
        ({"data": "plane", "output": "tanh"}, "from -1 to 1 only"),
        ({"hidden": ((4, "step"),)}, "no gradient passes"),
        ({"hidden": ((4, "identity"),)}, "one linear layer"),
        ({"init": "zeros"}, "copies"),
        ({"init": "zeros", "hidden": ()}, ""),
        ({"scale": 0}, "copies"),
        ({"scale": 5}, "Large start weights"),
        ({"hidden": ((4, "sigmoid"),) * 4}, "a quarter"),
        ({"optimizer": "adam", "eta": 1}, "large one"),
        ({"optimizer": "momentum", "eta": 3}, "a tenth"),
        ({"l2": 1}, "shrink"),
    ],
)
def test_advice(fields, words):
    text = advice(Settings(**fields))
    if words:
        assert re.search(words, text)
    else:
        assert text == ""


def test_advice_on_ones_own_data():
    s = Settings(data="own", output="tanh")
    assert advice(s) == ""
    assert "not probabilities" in advice(s, 2)
    assert "softmax_ce is made for classes" in advice(s, 3)
    assert "from -1 to 1 only" in advice(s, 0)


# ---- Data


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("standardize", [False, True])
def test_problems(data, standardize):
    own = my_own() if data == "own" else None
    s = Settings(data=data, n=60, standardize=standardize, features=("x1", "x2^2", "sinx1"))
    p = problem(s, own)
    assert problem(s.with_(eta=3, seed=9, hidden=()), own) is p
    assert len(p.X) == len(p.Y) == len(p.points) == round(0.7 * (30 if own else 60))
    assert len(p.X_test) == len(p.Y_test) == (30 if own else 60) - len(p.X)
    assert p.X.shape[1] == len(p.inputs) == (64 if data == "digits" else 3)
    if standardize:
        np.testing.assert_allclose(p.X.mean(axis=0), 0, atol=1e-12)
        varies = p.X.std(axis=0) > 0
        np.testing.assert_allclose(p.X.std(axis=0)[varies], 1)
    if data != "digits":
        assert p.plane
        assert p.inputs == ("x1", "x2^2", "sinx1")
        np.testing.assert_array_equal(p.transform(p.points_test), p.X_test)
        grid = p.grid(4)
        assert grid.shape == (16, 3)
        np.testing.assert_array_equal(grid[0], grid[4] * [1, 0, 1] + grid[0] * [0, 1, 0])  # x1 runs first
        assert (np.concatenate([p.points, p.points_test]) < p.high).all()
        assert (np.concatenate([p.points, p.points_test]) > p.low).all()
    else:
        with pytest.raises(ValueError, match="no plane to draw: the data have 64 inputs"):
            p.grid(4)
    if p.classes:
        assert set(p.labels) | set(p.labels_test) == set(range(len(p.classes)))
    with pytest.raises(ValueError, match="read-only"):
        p.X[0, 0] = 1


def test_test_points_do_not_tell_the_standardizing():
    p = problem(Settings(standardize=True, n=40))
    raw = p.points
    np.testing.assert_allclose(p.X, (raw - raw.mean(axis=0)) / raw.std(axis=0), rtol=1e-12)
    assert abs(p.X_test.mean(axis=0)).max() > 1e-3


def test_features():
    x1, x2 = 0.7, -1.3
    found = {name: f(np.array(x1), np.array(x2)) for name, (_, f) in FEATURES.items()}
    assert found == pytest.approx(
        {
            "x1": 0.7,
            "x2": -1.3,
            "x1^2": 0.49,
            "x2^2": 1.69,
            "x1x2": -0.91,
            "sinx1": np.sin(0.7),
            "sinx2": np.sin(-1.3),
        }
    )


CSV = "height,weight,kind\n1,2,cat\n2,3,dog\n3,1,cat\n0,0.5,dog\n1,1,dog\n"


def test_own_csv(tmp_path):
    own = own_csv(CSV)
    assert (own.classes, own.inputs, own.kind) == (("cat", "dog"), ("height", "weight"), "classes")
    np.testing.assert_array_equal(own.y, [0, 1, 0, 1, 1])
    path = tmp_path / "pets.csv"
    path.write_text(CSV.replace(",", ";"), encoding="utf-8-sig")
    assert own_csv(path).fingerprint == own_csv(str(path)).fingerprint == own.fingerprint
    assert own_csv(CSV.replace("cat", "hen")).fingerprint != own.fingerprint
    assert own_csv(CSV.replace("0.5", "0.6")).fingerprint != own.fingerprint
    numbers = own_csv("1,2.5\n2,3.5\n3,4\n4,5\n5,1\n6,2\n")
    assert (numbers.kind, numbers.inputs) == ("regression", ("x1",))
    assert own_csv("1\t0\n2\t1\n3\t1\n4\t0\n").classes == ("0", "1")
    assert own_csv("1,0\n2,1\n3,1\n4,0\n", kind="regression").kind == "regression"
    assert own_csv("1,a\r2,b\r3,a\r4,b").classes == ("a", "b")
    assert own_csv('"a; b",k\n"1","x, y"\n2,z\n3,z\n4,"x, y"\n,\n').classes == ("x, y", "z")
    assert own_csv("1,0\n2,1\n3,NA\n4,0\n5,1\n6,NA\n", kind="classes").classes == ("0", "1", "NA")
    assert own_csv("1,1000000\n2,1000001\n3,1000000\n4,1000001\n").classes == ("1000000", "1000001")
    assert own_data(np.zeros((4, 2)), np.float16([1.5, 2.5, 3, 4])).kind == "regression"
    path.write_bytes("1,\xe4\n2,b\n".encode("latin-1"))
    with pytest.raises(ValueError, match="line 1 of the CSV is not saved as UTF-8"):
        own_csv(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n\n", "holds no lines"),
        ("1\n2\n", "at least two columns"),
        ("1,2,a\n3,4\n", "line 2 of the CSV has 2 columns, the first has 3"),
        ("1,2,a\n3,,b\n", "line 2 of the CSV has an empty cell"),
        ("h,w,k\n3,,b\n", "line 2 of the CSV has an empty cell under w"),
        ("h,w,k\n", "a line of names but no samples"),
        ("1,2,a\n3,x,b\n", "line 2 of the CSV holds 'x' where a finite number is needed"),
        ("1,2,a\n3,nan,b\n", "line 2 of the CSV holds 'nan'"),
        ("1,2,a\n3,3,a\n1,2,a\n3,3,a\n", "y must hold at least 2 classes, got only a"),
        ("1,2,a\n3,3,a\n1,2,b\n3,3,a\n", "each class needs at least 2 samples, b has only 1"),
        ("1,2,3\n", "at least 4 rows to learn from and to test on, got 1"),
        ("\n\n1,2,a\n\n3,x,b\n", "line 5 of the CSV holds 'x'"),
        ("1,2,a\n3,1_000,b\n", "line 2 of the CSV holds '1_000' where"),
        ("1,2,a\n3,\N{ARABIC-INDIC DIGIT THREE},b\n", "line 2 of the CSV holds '\N{ARABIC-INDIC DIGIT THREE}' where"),
        ("0,5;0,25;a\n1,5;1,25;b\n", r"line 2 of the CSV holds '1,5' \(decimals need a point\) where"),
        ("1;0,5\n2;1,5\n3;0,5\n4;1,5\n", r"line 1 of the CSV holds '0,5' \(decimals need a point\) as target"),
        ("1,2,0\n3,3,1\n1,2,NA\n3,3,0\n", "line 3 of the CSV holds 'NA' as target, which says that a value is missing"),
        (
            "1,2,a\n3,3,b\n1,2,N/A\n3,3,a\n",
            "line 3 of the CSV holds 'N/A' as target, which says that a value is missing",
        ),
        (",h,k\n0,1,a\n", "line 1 of the CSV gives column 1 no name"),
        ("h,w,k,\n0,1,a,\n", "line 1 of the CSV gives column 4 no name"),
        ("1,2,a\n" + "1" * 200_000 + ",2,a\n", "line 2 of the CSV holds '1111"),
        ("1,2,a\n" * 20_001, "the CSV must have at most 10,000 rows, got 20,001 lines"),
        ("", "holds no lines"),
        ("nowhere.csv", "'nowhere.csv' can't be read as a CSV"),
        ("\n".join(f"1,c{k}\n2,c{k}" for k in range(11)), "at most 10 classes, got 11"),
    ],
)
def test_a_wrong_csv_is_explained(text, words):
    with pytest.raises(ValueError, match=words):
        own_csv(text)


@pytest.mark.parametrize(
    ("X", "y", "error", "words"),
    [
        ([[1.0, 2]] * 4, [0, 1], ValueError, r"y must have one entry for each of the 4 rows of X, shape \(4,\)"),
        ([[1.0, np.nan]] * 4, [0, 1, 0, 1], ValueError, "X must be finite, got nan"),
        ([["a", "b"]] * 4, [0, 1, 0, 1], TypeError, "X must hold real numbers"),
        ([[1.0], [1.0, 2]], [0, 1], TypeError, "X must hold real numbers in rows of one length"),
        (np.zeros((10_001, 1)), np.zeros(10_001), ValueError, "at most 10,000 rows, got 10,001"),
        (np.zeros((4, 101)), np.zeros(4), ValueError, "at most 100 columns, got 101"),
        (np.zeros((0, 2)), [], ValueError, "X must have samples in rows"),
        (np.zeros((4, 2)), [0.5, np.inf, 1, 2], ValueError, "y must be finite"),
        (np.full((4, 2), 1e60), [0, 1, 0, 1], ValueError, "beyond 1e50"),
        (np.zeros((4, 2)), [1j] * 4, TypeError, "y must hold labels or numbers"),
        (np.zeros((3, 2)), [0.5, 1, 2], ValueError, "at least 4 rows"),
        (np.zeros((4, 2)), ["a", None, "a", None], ValueError, r"y must not miss values, got 'None' at \[1\]"),
        (np.ma.masked_less(np.arange(8.0).reshape(4, 2), 1), [0, 1] * 2, ValueError, "must not have masked entries"),
    ],
)
def test_wrong_arrays_are_explained(X, y, error, words):
    with pytest.raises(error, match=words):
        own_data(X, y)


def test_own_data_in_a_run():
    with pytest.raises(ValueError, match="data='own' needs your data"):
        Run(Settings(data="own"))
    with pytest.raises(TypeError, match="own must come from own_data or own_csv, got list"):
        Run(Settings(data="own"), own=[1])
    for own, pair in ((my_own(2, 3), "softmax"), (my_own(5, 2), "sigmoid"), (my_own(2, 0), "identity")):
        run = Run(Settings(data="own"), own)
        run.advance(20)
        assert run.problem.output.name == pair
        assert f"own={own.fingerprint}" in run.text
        assert same(Run.from_text(run.text, own), run)
        with pytest.raises(ValueError, match=f"made with other data: their fingerprint is {own.fingerprint}"):
            Run.from_text(run.text, my_own(3, 3))
        with pytest.raises(ValueError, match="needs your data"):
            Run.from_text(run.text)
    with pytest.raises(ValueError, match="loss must be mse, since the targets are numbers"):
        Run(Settings(data="own", loss="bce"), my_own(2, 0))
    flat = own_data(np.array([[1.0, k] for k in range(8)]), [0, 1] * 4)
    with pytest.raises(ValueError, match="standardize needs columns that vary: x1 is constant"):
        Run(Settings(data="own", standardize=True), flat)
    run = Run(SMALL).use(my_own(2, 3))
    assert run.settings.data == "own"
    assert run.change(data="moons").settings.own == ""


# ---- Texts

names = st.sampled_from
floats = {
    "noise": (0, 5),
    "train": (0.1, 0.9),
    "scale": (0, 100),
    "l1": (0, 100),
    "l2": (0, 100),
    "eta": (5e-324, 1e6),
}
any_settings = st.fixed_dictionaries(
    {},
    optional={
        "data": names(DATA),
        "n": st.integers(10, 2000),
        "standardize": st.booleans(),
        "features": st.lists(names(list(FEATURES)), min_size=1, unique=True),
        "data_seed": st.integers(0, 2**63),
        "own": st.from_regex(r"\A[0-9a-f]{12}\Z"),
        "hidden": st.lists(st.tuples(st.integers(1, 16), names(HIDDEN)), max_size=6),
        "output": names(OUTPUTS),
        "loss": names(LOSS_NAMES),
        "init": names(list(INITS)),
        "seed": st.integers(0, 2**63),
        "optimizer": names(list(OPTIMIZERS)),
        "batch": st.none() | st.integers(1, 10**9),
        **{name: st.floats(*bounds) for name, bounds in floats.items()},
    },
)
any_change = st.one_of(
    st.tuples(st.just("eta"), st.floats(1e-300, 1e6)),
    st.tuples(st.just("batch"), st.none() | st.integers(1, 10**9)),
    st.tuples(st.just("optimizer"), names(list(OPTIMIZERS))),
    st.tuples(names(["l1", "l2"]), st.floats(0, 100)),
    st.tuples(names(["W1[0,0]", "W7[15,63]", "b2[3]"]), st.floats(-1e6, 1e6)),
)


@FINE
@given(any_settings, st.lists(st.tuples(st.integers(0, 10**6), any_change), max_size=5), st.integers(0, 10**6))
@example({"noise": -0.0}, [], 0)
def test_texts_go_there_and_back(fields, log, more):
    try:
        s = Settings(**fields)
    except ValueError:
        return  # a pair of output and loss that is refused
    log = [Change(step, *change) for step, change in sorted(log, key=lambda entry: entry[0])]
    state = State(s, tuple(log), (log[-1].step if log else 0) + more)
    text = to_text(state)
    assert from_text(text) == state
    assert to_text(from_text(text)) == text
    assert from_text(" | ".join(reversed(text.split(" | ")[:8])) if not log else text) == state


def test_texts_are_short():
    s = Settings(
        data="spirals", noise=0.2, features=("x1", "x2", "sinx1"), hidden=((8, "tanh"), (4, "relu")), optimizer="adam",
        eta=0.03, batch=20, seed=3,
    )  # fmt: skip
    log = (Change(300, "eta", 0.01), Change(500, "W1[2,0]", 0.5))
    assert to_text(State(s, log, 1200)) == (
        "spirals noise=0.2 | x1 x2 sinx1 | 8 tanh, 4 relu | adam eta=0.03 batch=20 | seed=3 | 1200 updates | "
        "300: eta=0.01 | 500: W1[2,0]=0.5"
    )
    assert to_text(Settings()) == "moons"
    assert from_text("moons") == State()
    assert from_text("  moons|seed=3 |5: batch=all|7 updates ").updates == 7
    assert from_text("moons | no hidden layers").settings.hidden == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "text must name at least the data"),
        ("moons |", "an empty part between two bars"),
        ("moons || rings", "text holds 2 runs, compared with ||; only one"),
        ("moon", "in 'moon': 'moon' is none of the data"),
        ("moons spirals", "data is given twice"),
        ("moons | eta=0.1 | eta=0.2", "in 'eta=0.2': eta is given twice"),
        ("moons | eta=fast", "in 'eta=fast': eta must be a number, got 'fast'"),
        ("moons | eta=inf", "eta must be a number, got 'inf'"),
        ("moons | eta=1e999", "eta must be finite"),
        ("moons | eta=-1", "in 'eta=-1': eta must be finite and at least 0"),
        ("moons | n=2.5", "n must be a whole number, got '2.5'"),
        ("moons | batch=some", "batch must be a whole number or all, got 'some'"),
        ("moons | rate=1", "'rate' is no setting; known are n, noise"),
        ("moons | data=moons", "'data' is no setting"),
        ("moons | x1 x1", "x1 is given twice"),
        ("moons | 8 tan", "hidden, layer 1, activation must be one of"),
        ("moons | 8tanh", "'8tanh' is no layer, which has the form '8 tanh'"),
        ("moons | 99 tanh", "units must be at most 16, got 99"),
        ("moons | 5 updates | 6 updates", "updates is given twice"),
        ("moons | 99999999999 updates", "updates must be at most 10,000,000"),
        ("moons | 5 updates | 7: eta=1", "there are 5 updates, but a change after 7"),
        ("moons | 9 updates | 7: eta=1 | 3: eta=2", "changes must stand in the order of updates, got 3 after 7"),
        ("moons | 9 updates | 7:", "after the colon there must be a change"),
        ("moons | 9 updates | 7: eta", "'eta' is no change, which has the form eta=0.01"),
        ("moons | 9 updates | 7: seed=3", "a change on the way is one of eta, batch"),
        ("moons | 9 updates | 7: data=xor", "a change on the way is one of eta, batch.*; got data"),
        ("moons | 9 updates | 7: b1[" + "9" * 5000 + "]=1", r"a change on the way is one of .*; got b1\[9+\.\.\.$"),
        ("moons | " + "9" * 5000 + " tanh", "is no layer, which has the form"),
        ("moons | 8 " + "x" * 5000, "^in '8 x+...': '8 x+...' is no layer, which has the form '8 tanh'$"),
        ("moons | " + "x" * 5000 + "=3", r"^in 'x+\.\.\.': 'x+\.\.\.' is no setting; known are"),
        ("moons | __import__('os').abort()", "is none of the data"),
        ("moons | eta=__import__('os')", "eta must be a number"),
        ("moons | 8 __import__", "activation must be one of"),
        *(
            (text.replace("3", "\N{ARABIC-INDIC DIGIT THREE}"), "in '")
            for text in (
                "moons | n=3",
                "moons | 3 updates",
                "moons | 3 tanh",
                "moons | eta=3",
                "moons | 9 updates | 3: eta=1",
                "moons | 9 updates | 1: W1[3,0]=1",
                "moons | 9 updates | 1: b1[3]=1",
            )
        ),
        ("moons | 9 updates | 7: W0[0,0]=3", "a change on the way is one of"),
        ("moons | 9 updates | 7: W1[0,0]=1e9", r"W1\[0,0\] must be finite and at least -1e\+06"),
        ("moons | output=tanh loss=bce", "bce needs outputs from sigmoid"),
        ("moons | 9 updates | 7: optimizer=fast", "optimizer must be one of adam, momentum, sgd"),
        ("x" * 2_000_000, "text must be at most 300,000 characters"),
        ("moons | " + "9" * 5000 + " updates", "in '999"),
    ],
    ids=lambda v: ascii(v[:40]),
)
def test_a_text_that_cannot_be_read_is_explained(text, words):
    with pytest.raises(ValueError, match=words):
        from_text(text)


@FINE
@given(st.text(alphabet="moons|xor 0123456789.=:,[]Wbetaupdsn-", max_size=40))
@example("moons | ٣=٣")
def test_any_text_is_read_or_refused_in_words(text):
    with contextlib.suppress(ValueError):
        state = from_text(text)
        assert from_text(to_text(state)) == state


def test_many_changes_of_one_step_are_made_at_once(monkeypatch):
    turns = []
    turn = Run._turn
    monkeypatch.setattr(Run, "_turn", lambda self, *args: turns.append(turn(self, *args)))
    run = Run.from_text("moons | 9 updates | " + " | ".join(f"7: eta={k} W1[0,0]={k}" for k in range(1, 2000)))
    assert len(turns) == 1
    assert [(c.name, c.value) for c in run.log] == [("eta", 1999), ("W1[0,0]", 1999)]


def test_a_long_session_is_rebuilt_with_each_change_taken_up_once(monkeypatch):
    """Of a session with thousands of them, going back to the same step again for each took most of the time."""
    run = Run(Settings(optimizer="momentum"))
    for k in range(60):
        run.advance(1 + k % 3)
        run.change(eta=0.02 + 0.001 * k)
        if k % 4 == 0:
            run.change(batch=5 + k)
        if k % 7 == 0:
            run.set_weight(1, k % 8, 0, 0.01 * k)
    calls = []
    for name in ("change", "restore"):
        plain = getattr(Training, name)
        monkeypatch.setattr(
            Training, name, lambda self, *a, _name=name, _plain=plain, **k: calls.append(_name) or _plain(self, *a, **k)
        )
    again = Run.from_text(run.text)
    steps = {change.step for change in run.log}
    assert calls == ["change"] * len(steps) == ["change"] * 60
    assert again.text == run.text
    for one in (run, again):
        one.advance(7)
    assert same(again, run)


def test_a_text_of_another_network():
    for place in ("W4[0,0]", "W1[8,0]", "W1[0,2]", "b3[1]"):
        with pytest.raises(ValueError, match=r"is outside this network, whose sizes are \[2, 8, 8, 1\]"):
            Run.from_text(f"moons | 5 updates | 3: {place}=1")
    with pytest.raises(TypeError, match="text must be a string"):
        from_text(3)


# ---- Runs


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"optimizer": "adam", "eta": 0.01, "batch": None},
        {"optimizer": "momentum", "hidden": ((5, "relu"), (4, "gelu")), "l2": 0.01},
        {"data": "digits", "hidden": (), "batch": 7},
        {"data": "hills", "features": ("x1", "x1x2"), "standardize": True, "scale": 0.5, "init": "he"},
    ],
)
def test_pieces_and_train_agree_to_the_last_digit(fields):
    s = Settings(n=60, **fields)
    whole, pieces, single = Run(s), Run(s), Run(s)
    whole.advance(300)
    for k in (1, 2, 3, 50, 7, 130, 107):
        pieces.advance(k)
        pieces.view(6, 3)
    while single.step_count < 300:
        single.epoch()
        single.advance(min(1, 300 - single.step_count))
        if single.step_count > 250:
            single.advance(300 - single.step_count)
    p, net = whole.problem, start_network(s, whole.problem)
    batch = None if s.batch is None else min(s.batch, len(p.X))
    history = train(net, p.X, p.Y, p.loss, optimizer=s.optimizer_object, steps=300, batch=batch, l1=s.l1, l2=s.l2)
    assert same(whole, net)
    assert same(whole, pieces)
    assert same(whole, single)
    np.testing.assert_array_equal(whole.losses[0], np.arange(301))
    np.testing.assert_allclose(whole.losses[1], history.loss, rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(whole.curves[0], pieces.curves[0])
    np.testing.assert_allclose(whole.curves[1], pieces.curves[1], rtol=1e-12)
    assert whole.text == pieces.text


def test_the_start_is_the_lessons_own():
    X, Y = moons(200, 0.1, seed=0)
    net = MLP([2, 8, 8, 1], seed=0)
    train(net, X[:140], Y[:140], "bce", eta=0.1, steps=100, batch=10)
    run = Run()
    run.advance(100)
    assert same(run, net)


@pytest.mark.parametrize(
    "fields",
    [
        {"eta": 1.0},
        {"optimizer": "adam"},
        {"data": "hills"},
        {"noise": 0.5},
        {"loss": "mse"},
        {"hidden": ((8, "relu"), (8, "gelu"))},
        {"standardize": True},
        {"features": ("x1x2", "sinx1")},
        {"batch": None, "l1": 0.1},
        {"data_seed": 4},
    ],
)
def test_the_same_start_after_any_change_that_keeps_the_sizes(fields):
    run = Run()
    start = run.net.copy()
    run.advance(30)
    run.change(**fields)
    run.rewind()
    assert run.step_count == 0
    assert same(run, start)
    run.advance(30)
    assert not same(run, start)
    run.set_weight(1, 0, 0, 9.0)
    run.rewind()
    assert same(run, start)


def test_what_another_size_keeps():
    one, other = Run(), Run()
    other.change(hidden=((8, "tanh"), (5, "tanh")))
    assert np.array_equal(one.net.layers[0].W, other.net.layers[0].W)
    assert not np.isclose(one.net.layers[2].W[0, :5], other.net.layers[2].W[0, :5]).any()


def test_edits_before_the_first_update_are_a_part_of_the_start():
    run = Run(SMALL).set_weight(1, 2, 1, 0.75).set_bias(2, 1, -2).set_weight(1, 2, 1, 0.5)
    assert [(c.name, c.value) for c in run.log] == [("W1[2,1]", 0.5), ("b2[1]", -2.0)]
    run.advance(10)
    for kept in (run.rewind(), run.change(hidden=((3, "relu"), (2, "tanh")))):
        assert kept.net.layers[0].W[2, 1] == 0.5
        assert kept.net.layers[1].b[0, 1] == -2
    assert run.change(hidden=((4, "relu"), (2, "tanh"))).log == ()  # other sizes
    assert run.set_bias(1, 0, 1).reset().log == ()
    assert run.settings.seed == 1
    assert run.reset(seed=7).settings.seed == 7


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ((0, 0, 0, 1.0), "layer must be at least 1"),
        ((4, 0, 0, 1.0), "layer must be at most 3, got 4"),
        ((1, 3, 0, 1.0), "j must be less than 3 in layer 1, got 3"),
        ((1, 0, 2, 1.0), "k must be less than 2 in layer 1, got 2"),
        ((1, 0, -1, 1.0), "k must be at least 0"),
        ((1, 0, 0, np.nan), "value must be finite"),
        ((1, 0, 0, 1e7), "value must be finite and at least -1e"),
    ],
)
def test_edits_that_do_not_fit(where, words):
    run = Run(SMALL)
    run.advance(5)
    before = run.text
    with pytest.raises(ValueError, match=words):
        run.set_weight(*where)
    assert run.text == before


def test_changes_on_the_way_keep_weights_and_momentum():
    run = Run(SMALL.with_(optimizer="momentum"))
    run.advance(20)
    weights = run.net.copy()
    run.change(eta=0.05).change(batch=5).change(l2=0.01)
    assert same(run, weights)
    assert run.step_count == 20
    velocity = run._training.state()["memory"]["v"]
    assert max(np.abs(v).max() for v in velocity) > 0
    assert [(c.step, c.name, c.value) for c in run.log] == [(20, "eta", 0.05), (20, "batch", 5), (20, "l2", 0.01)]
    # There and back before an update is no change: not even of the memory that another optimizer would forget.
    twin = Run(SMALL.with_(optimizer="momentum"))
    twin.advance(20)
    twin.change(optimizer="adam").change(optimizer="momentum").set_weight(1, 0, 0, 3).change(eta=0.05, batch=5, l2=0.01)
    twin.set_weight(1, 0, 0, float(weights.layers[0].W[0, 0]))
    for r in (run, twin):
        r.advance(30)
    assert same(run, twin)
    other = Run(SMALL.with_(optimizer="momentum"))
    other.advance(20)
    other.change(optimizer="adam")
    other.advance(1)
    other.change(optimizer="momentum", eta=0.05, batch=5, l2=0.01)
    assert max(np.abs(v).max() for v in other._training.state()["memory"]["v"]) == 0


def test_a_change_at_the_start_is_no_change_on_the_way():
    run = Run(SMALL).change(eta=0.5, l1=0.1)
    assert run.log == ()
    assert run.start.eta == 0.5
    run.advance(5)
    run.change(eta=0.2)
    run.advance(5)
    assert (run.start.eta, run.settings.eta, len(run.log)) == (0.5, 0.2, 1)
    run.rewind()
    assert (run.start.eta, run.log) == (0.2, ())


def test_an_edit_counts_in_the_very_next_update():
    run = Run(SMALL.with_(batch=None, eta=0.3))
    run.advance(4)
    run.set_weight(1, 1, 1, 2.5)
    net, p = run.net.copy(), run.problem
    net.forward(p.X)
    net.backward("bce", p.Y)
    run.advance(1)
    for layer, before in zip(run.net.layers, net.layers, strict=True):
        np.testing.assert_allclose(layer.W, before.W - 0.3 * before.dW, rtol=1e-12)


# ---- Divergence

WILD = Settings(data="hills", hidden=((8, "relu"), (8, "relu")), eta=8.0, batch=None)


def test_divergence_stops_names_and_repairs():
    run = Run(WILD.with_(eta=0.1))
    assert run.advance(150) == 150
    run.change(eta=20.0)
    done = run.advance(5000)
    stop = run.diverged
    assert 0 < done < 5000
    assert stop.step == run.step_count + 1 == 150 + done + 1
    assert 1 <= stop.layer <= 3
    assert f"After {stop.step} updates numbers grow beyond all bounds: layer {stop.layer}" in stop.text
    assert f"η = {stop.eta:g} holds where 20 does not" in stop.text
    assert run.advance(10) == 0
    assert np.isfinite(run.losses[1]).all()
    text = run.text
    again = Run.from_text(text)
    assert again.diverged is None
    assert same(again, run)
    assert again.advance(10) == 0
    assert (again.diverged.step, again.diverged.layer) == (stop.step, stop.layer)
    # The remedy is true.
    at = run.last_good()
    assert at <= 150
    assert run.diverged is None
    assert run.settings.eta == 0.1
    assert run.numbers().loss < 1
    assert same(Run.from_text(run.text), run)
    run.change(eta=stop.eta)
    assert run.advance(20) == 20
    assert run.numbers().loss < 1


REMEDIES = [
    ("hills | 8 relu, 8 relu | eta=8.0 batch=all", {}),
    ("plane | no hidden layers | eta=2.0 batch=all", {}),
    ("moons | 8 tanh | output=identity loss=mse | eta=3.0", {}),
    ("hills | 16 relu | momentum eta=1.0", {}),  # the velocity of the last good state counts
    ("own | 8 relu | output=identity loss=mse", {}),  # inputs in the thousands
    ("hills | 8 relu, 8 relu | batch=all", {"eta": 20.0}),
]


@pytest.mark.parametrize(("text", "change"), REMEDIES)
def test_the_rate_that_is_told_holds_after_going_back(text, change):
    rng = np.random.default_rng(0)
    own = own_data(rng.normal(size=(80, 3)) * [1, 50, 2000], rng.permutation(80) % 2)
    run = Run.from_text(text, own)
    if change:
        run.advance(150)
        run.change(**change)
    run.advance(20_000)
    eta = run.diverged.eta
    assert f"η = {eta:g} holds where {run.settings.eta:g} does not" in run.diverged.text
    run.last_good()
    before = run.numbers().loss
    assert run.change(eta=eta).advance(1500) == 1500
    assert run.numbers().loss < before


@pytest.mark.parametrize(
    ("text", "change", "name"),
    [
        ("hills | 8 gelu, 8 silu | adam eta=0.01", {"optimizer": "sgd", "eta": 30.0}, "optimizer"),
        ("hills | 4 relu | eta=0.05 | seed=3", {"l2": 100.0}, "l2"),
    ],
)
def test_a_change_that_did_it_is_taken_back_and_named(text, change, name):
    run = Run.from_text(text)
    run.advance(300)
    run.change(**change)
    run.advance(5000)
    stop = run.diverged
    assert stop.eta is None
    assert re.search(rf"the last good state: it takes back what was changed since \({name}\), and there", stop.text)
    assert ("The penalty alone overshoots: η times l2 is 5" in stop.text) == (name == "l2")
    run.last_good()
    assert run.advance(1500) == 1500


@pytest.mark.parametrize("pieces", [[1] * 60, [60], [7, 50, 3]])
def test_divergence_does_not_depend_on_pieces(pieces):
    run = Run(Settings(data="hills", eta=1000.0, seed=1))
    for piece in pieces:
        run.advance(piece)
    reference = Run(Settings(data="hills", eta=1000.0, seed=1))
    reference.advance(300)
    assert (run.diverged.step, run.diverged.layer) == (reference.diverged.step, reference.diverged.layer)
    assert same(run, reference)


def test_a_start_beyond_all_bounds():
    own = own_data(np.random.default_rng(0).normal(size=(20, 2)) * 1e49, np.arange(20.0) * 1e48, kind="regression")
    run = Run(Settings(data="own", hidden=((16, "relu"),) * 6, init="normal", scale=100.0), own)
    for layer in range(1, 8):
        for j in range(16 if layer < 7 else 1):
            run.set_weight(layer, j, 0, 1e6)
    if run.diverged is None:
        run.advance(3)
    assert run.diverged is not None
    all_finite(run.view(5, 4))
    assert run.change(output="sigmoid", loss="mse").diverged is None or run.reset() is run


@pytest.mark.parametrize("way", ["change", "edit", "rewind", "reset", "last_good"])
def test_after_a_divergence_every_way_goes_on(way):
    run = Run(WILD)
    run.advance(2000)
    assert run.diverged
    {
        "change": lambda: run.change(eta=1e-6),
        "edit": lambda: run.set_weight(3, 0, 0, 0.0),
        "rewind": run.rewind,
        "reset": run.reset,
        "last_good": run.last_good,
    }[way]()
    assert run.diverged is None
    all_finite(run.view(5, 4))
    if way != "change":
        assert run.change(eta=0.01).advance(20) >= 0


# ---- Views


def arrays_of(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, float):
        yield np.array(value)
    elif isinstance(value, tuple):
        for part in value:
            yield from arrays_of(part)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from arrays_of(getattr(value, field.name))


def all_finite(view):
    for array in arrays_of(view):
        assert np.isfinite(array).all()


def test_numbers_of_a_view():
    run = Run(Settings(n=60, hidden=((5, "relu"), (4, "tanh")), l2=0.1))
    run.advance(100)
    view, p, net = run.view(7, 4), run.problem, run.net.copy()
    n = view.numbers
    assert (n.step, n.epoch) == (100, 100 / 5)
    assert n.loss == pytest.approx(p.loss(net.forward(p.X), p.Y), rel=1e-12)
    np.testing.assert_allclose(n.outputs, net.forward(p.X), rtol=1e-12)
    assert n.loss_test == pytest.approx(p.loss(net.forward(p.X_test), p.Y_test), rel=1e-12)
    assert n.score_test == np.mean((net.forward(p.X_test)[:, 0] > 0.5) == p.labels_test)
    assert n.confusion.sum() == len(p.X_test)
    assert np.trace(n.confusion) == n.score_test * len(p.X_test)
    np.testing.assert_array_equal(n.W[1], net.layers[1].W)
    np.testing.assert_array_equal(n.b[1], net.layers[1].b[0])
    assert n.W[0] is not run.net.layers[0].W
    np.testing.assert_allclose(view.surface.ravel(), net.forward(p.grid(7))[:, 0], rtol=1e-12)
    assert [m.shape for m in view.maps] == [(5, 4, 4), (4, 4, 4)]
    net.forward(p.grid(4))
    np.testing.assert_allclose(view.maps[1][2].ravel(), net.layers[1].a[:, 2], rtol=1e-12)
    # Inside, on all training points.
    net.forward(p.X)
    net.backward(p.loss, p.Y)
    i = view.inside
    np.testing.assert_allclose(i.norms, [np.sqrt(np.mean(m.dW**2)) for m in net.layers], rtol=1e-12)
    z, a = net.layers[0].z, net.layers[1].a
    assert i.saturated[0] == np.mean(z <= 0)
    assert i.saturated[1] == np.mean(1 - a * a < 0.05)
    assert i.dead[0] == np.mean((z <= 0).all(axis=0))
    np.testing.assert_array_equal(i.dead_units[0], (z <= 0).all(axis=0))
    assert (i.activations.sum(axis=1) == [42 * 5, 42 * 4, 42]).all()
    nonzero = [np.count_nonzero(m.dW) for m in net.layers]
    assert (i.gradients.sum(axis=1) == nonzero).all()
    np.testing.assert_allclose(i.zero, [1 - k / m.dW.size for k, m in zip(nonzero, net.layers, strict=True)])
    counts = np.histogram(a.clip(-1.999, 1.999), np.linspace(-2, 2, 41))[0]
    np.testing.assert_array_equal(i.activations[1], counts)


@pytest.mark.parametrize("fields", [{}, {"optimizer": "adam", "eta": 0.01}, {"optimizer": "momentum"}, {"batch": None}])
def test_the_ratio_is_that_of_the_next_update(fields):
    run = Run(Settings(n=60, l2=0.05, **fields))
    for k in (0, 1, 33):
        run.advance(k)
        ratio, before = run.inside().ratio, run.net.copy()
        run.advance(1)
        moved = [
            np.sqrt(np.mean((new.W - old.W) ** 2) / np.mean(old.W**2))
            for new, old in zip(run.net.layers, before.layers, strict=True)
        ]
        np.testing.assert_allclose(ratio, moved, rtol=1e-9)


def test_looking_changes_nothing():
    one, other = Run(SMALL), Run(SMALL)
    for _ in range(20):
        one.advance(3)
        one.view(5, 5)
        assert one.code()
        other.advance(3)
    assert same(one, other)


def test_looking_leaves_the_network_as_training_left_it():
    run = Run(SMALL)
    run.advance(7)
    layer = run.net.layers[0]
    before = [array.copy() for array in (layer.z, layer.a, layer.delta, layer.dW, layer.W)]
    run.view(5, 5)
    assert all(map(np.array_equal, before, (layer.z, layer.a, layer.delta, layer.dW, layer.W)))


def test_whatever_overflows_is_shown_as_huge():
    shown = tame(np.array([1.5, np.inf, -np.inf, np.nan, 1e308, -1e307]))
    assert shown.tolist() == [1.5, 1e300, -1e300, 0, 1e300, -1e300]
    assert tame(np.float64(np.inf)) == 1e300
    run = Run(Settings(data="hills", hidden=((4, "identity"),) * 6, eta=50.0, n=40))
    run.advance(1000)
    assert run.diverged
    all_finite(run.view(5, 4))


def test_views_of_what_has_no_plane():
    run = Run(Settings(data="digits", n=50, hidden=((4, "softplus"),)))
    view = run.view()
    assert view.surface is None
    assert view.maps is None
    assert view.numbers.confusion.shape == (10, 10)
    all_finite(view)
    many = Run(Settings(data="own"), my_own(2, 3))
    assert many.surface(5).shape == (5, 5, 3)


@pytest.mark.parametrize("data", ["moons", "hills", "digits"])
@pytest.mark.parametrize("phi", HIDDEN)
def test_views_of_huge_weights_are_finite(data, phi):
    run = Run(Settings(data=data, n=30, hidden=((3, phi), (3, phi)), init="normal", scale=100.0))
    for layer in range(1, 4):
        run.set_weight(layer, 0, 0, 1e6).set_bias(layer, 0, -1e6)
    all_finite(run.view(5, 4))


def test_an_interrupt_loses_nothing(monkeypatch):
    run, twin = Run(SMALL), Run(SMALL)
    run.advance(50)
    twin.advance(50)
    advance = Training.advance

    def interrupted(self, updates):
        monkeypatch.undo()
        advance(self, updates)
        self.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(Training, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.advance(20)
    assert run.step_count == 50
    run.advance(30)
    twin.advance(30)
    assert same(run, twin)


# ---- Records


def test_traces_are_bounded_and_do_not_depend_on_pieces():
    traces = [Trace(10), Trace(10)]
    values = np.arange(1000.0)
    traces[0].extend(0, values)
    for k in range(0, 1000, 7):
        traces[1].extend(k, values[k : k + 7])
    for trace in traces:
        steps, entries = trace.arrays()
        np.testing.assert_array_equal(steps, np.arange(0, 1000, 128))
        np.testing.assert_array_equal(entries, steps)
        trace.cut(300)
        assert trace.steps == [0, 128, 256]


def test_records_of_a_long_run():
    run = Run(SMALL.with_(hidden=((2, "tanh"),)))
    run.advance(12_345)
    steps, losses = run.losses
    assert MOST_LOSSES / 2 < len(steps) == len(losses) <= MOST_LOSSES + 1
    assert len(set(np.diff(steps))) == 1
    at, curves = run.curves
    assert MOST_LOOKS / 2 <= len(at) <= MOST_LOOKS
    assert curves.shape == (len(at), 4)
    assert len(run._snapshots.steps) <= MOST_SNAPSHOTS


# ---- Code, pairs, sweeps


def executed(run):
    scope = {"own": run.own}
    exec(run.code(), scope)
    return scope["net"]


def test_code_is_short_and_plain():
    run = Run(Settings(data="spirals", optimizer="adam", eta=0.03))
    run.advance(300)
    run.change(eta=0.01)
    run.advance(50)
    run.set_weight(1, 0, 1, 0.5)
    run.advance(1)
    assert run.code() == (
        "import numpy as np\n"
        "from nbcore import Adam, MLP, spirals, training\n"
        "points, Y = spirals(200, noise=0.1, seed=0)\n"
        "points, Y = points[:140], Y[:140]\n"
        "x1, x2 = points.T\n"
        "X = np.stack([x1, x2], axis=1)\n"
        'net = MLP([2, 8, 8, 1], hidden="tanh", output="sigmoid", seed=0)\n'
        'run = training(net, X, Y, "bce", Adam(0.03), batch=10, seed=0)\n'
        "run.advance(300).change(eta=0.01)\n"
        "run.advance(50).net.layers[0].W[0, 1] = 0.5\n"
        "run.change()\n"
        "run.advance(1)\n"
    )
    assert same(executed(run), run)


def test_pairs():
    pair = Pair(SMALL, SMALL.with_(hidden=((3, "relu"), (2, "relu")), eta=0.2))
    assert pair.same_start
    assert pair.advance(25) == (25, 25)
    alone = Run(SMALL)
    alone.advance(25)
    assert same(pair.a, alone)
    assert not same(pair.a, pair.b)
    pair.rewind()
    assert same(pair.a, pair.b)
    assert not Pair(SMALL, SMALL.with_(seed=3)).same_start
    assert not Pair(SMALL, SMALL.with_(hidden=())).same_start
    wild = Pair(WILD, WILD.with_(eta=0.01))
    a, b = wild.advance(2000)
    assert a < b == 2000


@pytest.mark.parametrize(
    ("first", "second", "fields"),
    [
        (("eta", [0.01, 0.1, 1.0]), ("seed", [0, 1]), {}),
        (("eta", [0.1, 0.5, 1.0, 1e4]), ("scale", [0.5, 1.0]), {"data": "hills"}),
        (("width", [2, 5]), ("eta", [0.1, 0.2]), {"optimizer": "adam"}),
        (("depth", [0, 1, 3]), ("init", ["xavier", "he"]), {"optimizer": "momentum"}),
        (("batch", [5, None]), ("l2", [0, 0.1]), {}),
        (("noise", [0.1, 0.4]), ("optimizer", ["sgd", "adam"]), {}),
    ],
)
def test_sweeps_are_single_runs(first, second, fields):
    s = Settings(n=40, hidden=((4, "tanh"),), **fields)
    seen = list(sweep(s, first, second, 60))
    grid, total = seen[-1].result, 60 * len(first[1]) * len(second[1])
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total == total
    assert grid.loss.shape == (len(second[1]), len(first[1]))
    for i, j in np.ndindex(grid.loss.shape):
        run = Run(grid.settings[i][j])
        run.advance(60)
        if run.diverged:
            assert grid.diverged[i, j] == run.diverged.step
            assert np.isnan(grid.loss[i, j])
            continue
        n = run.numbers()
        assert grid.diverged[i, j] == -1
        got = [grid.loss[i, j], grid.loss_test[i, j], grid.score[i, j], grid.score_test[i, j]]
        np.testing.assert_allclose(got, [n.loss, n.loss_test, n.score, n.score_test], rtol=1e-12, atol=1e-12)
    if "data" in fields:
        assert (grid.diverged >= 0).any()
        assert (grid.diverged < 0).any()


def test_a_sweep_knows_what_a_constant_reaches():
    def guess(**fields):
        *_, last = sweep(SMALL.with_(**fields), ("eta", [0.1]), ("seed", [0]), 1)
        return last.result.guess

    share = problem(SMALL).Y.mean()
    assert guess() == pytest.approx(-share * np.log(share) - (1 - share) * np.log(1 - share), rel=1e-12)
    Y = problem(SMALL.with_(data="hills")).Y
    assert guess(data="hills") == pytest.approx(Y.var() / 2, rel=1e-12)
    flat = own_data(np.arange(12.0).reshape(6, 2), np.ones(6), kind="regression")
    *_, last = sweep(SMALL.with_(data="own"), ("eta", [0.1]), ("seed", [0]), 1, flat)
    assert last.result.guess == np.inf


def test_most_runs_ruined_do_not_take_the_colors_of_the_others():
    values = np.array([[0.2, 0.3, 4e9], [900.0, 1000.0, 2000.0]])
    none = np.full(values.shape, -1)
    grid = Grid(("eta", (0.1, 1.0, 10.0)), ("seed", (0, 1)), 50, (), values, values, values, values, none, np.log(2))
    shown = Map(grid, "loss", False, "loss", "eta", "seed")
    assert shown.bound == 10 * np.log(2)
    assert shown.ruined.tolist() == [[False, False, True], [True, True, True]]
    assert shown.strengths[0, 1] > 0.8


def test_a_sweep_that_diverges_everywhere():
    *_, last = sweep(WILD, ("eta", [50.0, 100.0]), ("seed", [0, 1]), 2000)
    assert (last.result.diverged > 0).all()
    assert last.done == last.total


@pytest.mark.parametrize(
    ("first", "second", "error", "words"),
    [
        (("eta", [0.1]), ("eta", [0.2]), ValueError, "two different settings, got eta twice"),
        (("data", ["xor"]), ("eta", [0.2]), ValueError, "first must be one of batch"),
        (("eta", []), ("seed", [0]), TypeError, "first must hold a list of values for eta"),
        (("eta", 3), ("seed", [0]), TypeError, "first must hold a list of values"),
        ("eta", ("seed", [0]), TypeError, "first must be a setting and its values"),
        (("eta", [-1]), ("seed", [0]), ValueError, "eta must be finite and at least 0"),
        (("width", [17]), ("seed", [0]), ValueError, "units must be at most 16"),
        (("depth", [7]), ("seed", [0]), ValueError, "at most 6 layers, got 7"),
        (("eta", [0.1] * 21), ("seed", [0] * 20), ValueError, "a sweep has at most 400 cells, got 420"),
    ],
)
def test_a_wrong_sweep_is_named_at_once(first, second, error, words):
    with pytest.raises(error, match=words):
        sweep(SMALL, first, second)


def test_weights_that_grow_without_bounds_behind_a_finite_loss():
    """A penalty that overshoots: w <- (1 - eta l2) w; the saturated output keeps the loss finite."""
    s = Settings(n=20, hidden=((3, "tanh"),), output="sigmoid", loss="mse", eta=1e4, l2=50.0)
    runs = [Run(s), Run(s)]
    assert runs[0].advance(500) < 100
    while runs[1].diverged is None:
        assert runs[1].advance(3)
    assert runs[0].diverged.step == runs[1].diverged.step
    assert same(*runs)
    assert max(np.abs(p).max() for p in runs[0].net.parameters()) < 1e300
    *_, last = sweep(s, ("eta", [0.01, 1e4]), ("seed", [0, 1]), 500)
    assert last.result.diverged[0, 0] == -1
    assert 0 < last.result.diverged[0, 1] <= 75
    assert np.isnan(last.result.loss[0, 1])


# ---- Anything may happen in any order


class Walk:
    """Random moves, and what must hold after each."""

    SIZES = (((2, "tanh"),), (), ((3, "relu"), (2, "sigmoid")), ((1, "gelu"),) * 3)

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.run = Run(Settings(n=20, hidden=((2, "tanh"),)))
        self.own = {kind: my_own(2, kind, 12) for kind in (0, 2, 3)}
        self.refused = 0

    def pick(self, *values):
        return values[self.rng.integers(len(values))]

    def advance(self):
        self.run.advance(self.pick(0, 1, 1, 2, 3, 7, 25))

    def epoch(self):
        self.run.epoch()

    def live(self):
        name = self.pick("eta", "eta", "batch", "optimizer", "l1", "l2")
        values = {
            "eta": (0.01, 0.1, 1.0, 30.0, 1e4, 1e6),
            "batch": (1, 5, 7, None, 10**6),
            "optimizer": ("sgd", "momentum", "adam"),
            "l1": (0.0, 0.1, 50.0),
            "l2": (0.0, 0.1, 50.0),
        }[name]
        self.run.change(**{name: self.pick(*values)})

    def anew(self):
        name = self.pick("data", "noise", "features", "hidden", "output", "loss", "scale", "init", "standardize", "own")
        values = {
            "data": DATA[:-1],
            "noise": (0.0, 0.3, 5.0),
            "features": (("x1",), ("x1", "x2"), ("x1^2", "x2^2", "x1x2"), ("sinx1", "sinx2")),
            "hidden": self.SIZES,
            "output": OUTPUTS,
            "loss": LOSS_NAMES,
            "scale": (0.0, 1.0, 3.0, 100.0),
            "init": list(INITS),
            "standardize": (True, False),
            "own": ("",),
        }[name]
        if name == "own":
            self.run.use(self.own[self.pick(0, 2, 3)])
        else:
            self.run.change(**{name: self.pick(*values)})

    def edit(self):
        layer = int(self.rng.integers(1, len(self.run.net.layers) + 1))
        n_out, n_in = self.run.net.layers[layer - 1].W.shape
        value = self.pick(0.0, 1.5, -3.0, 1e6)
        if self.pick(True, False):
            self.run.set_weight(layer, int(self.rng.integers(n_out)), int(self.rng.integers(n_in)), value)
        else:
            self.run.set_bias(layer, int(self.rng.integers(n_out)), value)

    def back(self):
        self.pick(self.run.last_good, self.run.last_good, self.run.rewind, self.run.reset)()

    def shared(self):
        again = Run.from_text(self.run.text, self.run.own)
        assert same(again, self.run)
        assert again.settings == self.run.settings
        assert again.step_count == self.run.step_count
        assert again.log == self.run.log
        self.run = again

    def code(self):
        assert same(executed(self.run), self.run)

    def look(self):
        all_finite(self.run.view(4, 3))

    def move(self):
        weights = {
            "advance": 30, "epoch": 3, "live": 20, "anew": 5, "edit": 8, "back": 5, "shared": 2, "code": 2, "look": 6,
        }  # fmt: skip
        names, shares = list(weights), np.array(list(weights.values()))
        name = self.rng.choice(names, p=shares / shares.sum())
        try:
            getattr(self, name)()
        except ValueError as error:
            # Only settings that do not fit together are refused, in words.
            if name != "anew" or not re.search("must|needs", str(error)):
                raise
            self.refused += 1
        all_finite(self.run.numbers())
        all_finite(self.run.losses + self.run.curves)


def far_walk():
    """Ten thousand moves: how many were refused, and how much memory the last eight thousand left."""
    walks = [Walk(seed) for seed in range(4)]
    for k in range(2500):
        for walk in walks:
            walk.move()
        if k == 500:
            before = resident()
    return sum(walk.refused for walk in walks), resident() - before


def test_ten_thousand_random_moves():
    refused, grown = printed_alone(__file__)
    assert 10 < refused < 1000
    assert grown < 10e6, f"{grown / 1e6:.1f} MB more"


def test_code_and_text_of_random_runs():
    for seed in range(25):
        walk = Walk(100 + seed)
        for _ in range(30):
            walk.move()
        walk.code()
        walk.shared()


def test_edits_of_a_network_are_he_or_xavier_as_asked():
    p = problem(Settings())
    for init, scale in (("he", 1.0), ("he", 0.5), ("xavier", 2.0)):
        net = start_network(Settings(init=init, scale=scale), p)
        plain = MLP([2, 8, 8, 1], init=he if init == "he" else "xavier", seed=0)
        np.testing.assert_array_equal(net.layers[1].W, plain.layers[1].W * scale)
    assert OPTIMIZERS["adam"] is Adam
    assert Settings(eta=0.3).optimizer_object == SGD(0.3)


if __name__ == "__main__":
    print(*far_walk())
