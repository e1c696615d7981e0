"""Missions: the solution wins, the start does not, and each near miss is told in words."""

import dataclasses
import re

import numpy as np
import pytest

from nbcore.play import MISSIONS, Run, Settings, from_text, own_data, to_text
from nbcore.play.missions import edge
from nbcore.play.settings import LIVE

NAMES = list(MISSIONS)


def solved(name):
    if name not in solved.runs:
        solved.runs[name] = Run.from_text(MISSIONS[name].solution)
    return solved.runs[name]


solved.runs = {}


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_wins_and_the_start_does_not(name):
    mission = MISSIONS[name]
    assert mission.name == name
    for text in (mission.start, mission.solution):
        assert to_text(from_text(text)) == text
    run = Run.from_text(mission.start)
    won, words = mission.won(run)
    assert not won
    assert words.startswith("Not yet: ")
    assert words.endswith(".")
    run.advance(1000)  # just waiting is no solution
    assert not mission.won(run)[0]
    won, words = mission.won(solved(name))
    assert won, words
    assert words.startswith("Won: ")
    assert any(c.isdigit() for c in words)


@pytest.mark.parametrize("name", NAMES)
def test_one_solution_solves_one_mission(name):
    for other in NAMES:
        assert MISSIONS[other].won(solved(name))[0] == (other == name)


@pytest.mark.parametrize("name", NAMES)
def test_the_start_leads_to_the_solution_on_the_way_that_the_text_asks_for(name):
    """What the solution changes is within reach: the same data, and hidden layers of the same sizes."""
    start, end = (from_text(text).settings for text in (MISSIONS[name].start, MISSIONS[name].solution))
    assert (start.data, start.n, start.noise, start.train) == (end.data, end.n, end.noise, end.train)
    assert [units for units, _ in start.hidden] == [units for units, _ in end.hidden]


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("spirals", ("8 tanh", "9 tanh"), r"9 hidden units \(at most 8\)"),
        ("spirals", ("| 8 tanh", "| x1 x2 sinx1 | 8 tanh"), r"inputs x1, x2, sinx1 \(only x1 and x2"),
        ("spirals", ("n=400 ", "n=100 "), "100 points of spirals"),
        ("spirals", ("spirals", "moons"), r"400 points of moons, noise 0.05 \(spirals asked for, at least 200 points"),
        ("spirals", ("3000 updates", "100 updates"), r" % of the test points right \(98 % asked for\)"),
        ("revive", ("10 relu", "10 leaky_relu"), "other than ReLU"),
        ("revive", ("10 relu", "10 relu, 4 tanh"), "other than ReLU"),
        ("revive", ("100: eta=20.0", "100: eta=0.2"), "dead at the worst moment"),
        ("revive", ("".join(f" | 150: b1[{j}]=3.0" for j in range(10)), ""), "of them are dead now"),
        ("sigmoid", ("eta=3.0", "eta=0.5"), r"test loss 0\.\d+ with sigmoid, 0\.\d+ with ReLU"),
        ("sigmoid", ("8 sigmoid, 8 sigmoid", "8 sigmoid, 8 tanh"), "must be sigmoid"),
        ("sigmoid", ("8 sigmoid, 8 sigmoid", "8 sigmoid"), "at least two hidden layers"),
        ("sigmoid", ("2000 updates", "400 updates"), "400 updates done, 500 are asked for"),
        ("sigmoid", ("2000 updates", "2000 updates | 3: W1[0,0]=1.0"), "set by hand"),
        ("stable", ("eta=1.2", "eta=1.24"), "beyond the edge"),
        ("stable", ("eta=1.2", "eta=1.17"), "less than 95 % of the largest"),
        ("stable", ("300 updates", "299 updates"), "299 updates at η = 1.2"),
        ("stable", ("300 updates", "300 updates | 10: l2=0.1"), "plain sgd on all samples"),
        ("stable", ("300 updates", "300 updates | 10: eta=1.21"), "290 updates at η = 1.21"),
        ("stable", ("batch=all", "batch=10"), "plain sgd on all samples"),
        ("features", ("x1^2 x1x2", "x1^2 x2^2 x1x2"), r"inputs x1\^2, x2\^2, x1x2"),
        ("features", ("6 tanh", "7 tanh"), "7 hidden units"),
        ("features", ("x1^2 x1x2 | ", ""), "inputs x1, x2"),
        ("features", ("x1^2 x1x2", "x1^2 x2^2"), r"error on test points 0\.\d+"),
        ("digits", ("1000 updates", "1001 updates"), "1,001 updates"),
        ("digits", ("no hidden layers", "1 tanh"), r"1 hidden layer \(none asked for\)"),
        ("digits", ("no hidden layers", "16 tanh, 1 tanh"), "2 hidden layers"),
        ("digits", ("1000 updates", "100 updates"), r"\(97 % asked for\)"),
        ("digits", ("n=1797", "n=900"), r"tested on 270 points of digits \(at least 300"),
        ("features", ("hills n=400 noise=0.0", "plane"), r"the data are plane \(hills asked for\)"),
        ("overfit", (" | 3000: l2=0.01", ""), r"it is 0\.\d+ now \(0\.\d+ asked for\)"),
        (
            "overfit",
            ("| 5000 updates | 3000: l2=0.01", "| 200 updates"),
            r"1\.\d+ times while training loss fell \(1.5 asked for\)",
        ),
        ("zeros", (" | init=zeros", ""), "did not begin at 0"),
        ("zeros", ("0: W2[0,3]=-2.5", "0: W2[0,3]=-2.5 | 5: W2[0,4]=1.0"), "5 weights set by hand"),
        ("zeros", (" | 0: W2[0,0]=1.0 | 0: W2[0,1]=-1.5 | 0: W2[0,2]=2.0 | 0: W2[0,3]=-2.5", ""), "right"),
        ("zeros", ("moons", "blobs"), "the data are blobs"),
    ],
)
def test_near_misses(name, change, words):
    text = MISSIONS[name].solution
    assert change[0] in text
    won, said = MISSIONS[name].won(Run.from_text(text.replace(*change)))
    assert not won
    assert re.search(words, said), said


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("name", ["revive", "digits"])
def test_a_solution_is_none_of_one_seed(name, seed):
    """Whichever units have died, the same biases wake them; without hidden layers every start ends alike."""
    state = from_text(MISSIONS[name].solution)
    won, words = MISSIONS[name].won(
        Run.from_state(dataclasses.replace(state, settings=state.settings.with_(seed=seed)))
    )
    assert won, words


TEN = range(10)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "revive",
            "moons | 8 relu | eta=0.3 | init=zeros | 3000 updates | "
            + " | ".join(f"1: b1[{j}]={0.5 + j / 9} W2[0,{j}]={(-1) ** j * (1 + j / 10)}" for j in range(8))
            + "".join(f" | 1: W1[{j},{i}]={(-1) ** j * (0.3 + j * 0.2 + i * 0.3)}" for j in range(8) for i in (0, 1)),
            "dead before any training",
        ),
        (
            "revive",
            "moons | 16 relu | 3000 updates"
            + "".join(f" | 64: b1[{j}]=-50" for j in TEN)
            + "".join(f" | 128: b1[{j}]=0.5" for j in TEN),
            "set by hand before that",
        ),
        (
            "revive",
            "moons | 16 relu | 3000 updates"
            + "".join(f" | 0: b1[{j}]=-50" for j in TEN)
            + "".join(f" | 128: b1[{j}]=0.5" for j in TEN),
            "dead before any training",
        ),
        ("sigmoid", "plane noise=2.0 | 8 sigmoid, 8 sigmoid | eta=0.5 | 600 updates", "no classes to get right"),
        ("sigmoid", "moons n=10 | 8 sigmoid, 8 sigmoid | eta=3.0 | 2000 updates", "3 test points are too few to tell"),
        (
            "sigmoid",
            "moons | 16 sigmoid, 16 sigmoid, 16 sigmoid | output=identity loss=mse | init=he scale=100 | 600 updates",
            r"Not yet: \d.* % of the test points right",
        ),
        (
            "zeros",
            "moons | x1 x2 x1^2 x2^2 x1x2 sinx1 sinx2 | 8 sigmoid | eta=0.3 | init=zeros | 5000 updates",
            "inputs x1, x2, x1",
        ),
        ("zeros", "moons n=12 data_seed=4 | 8 sigmoid | adam eta=0.1 | init=zeros | 2000 updates", "too few to tell"),
        ("features", "hills n=400 noise=0.0 | 6 gelu | adam eta=0.03 batch=100 | 3000 updates", "inputs x1, x2"),
    ],
)
def test_tricks_that_miss_the_point_do_not_win(name, text, words):
    won, said = MISSIONS[name].won(Run.from_text(text))
    assert not won, said
    assert re.search(words, said), said


def test_the_edge_is_the_edge():
    """Just below it, descent converges to the least squares; just above it, it leaves."""
    run = Run.from_text(MISSIONS["stable"].start)
    limit, p = edge(run), run.problem
    A = np.concatenate([p.X, np.ones((len(p.X), 1))], axis=1)
    best = np.mean((A @ np.linalg.lstsq(A, p.Y)[0] - p.Y) ** 2) / 2
    for factor, grows in ((0.99, False), (1.01, True)):
        run.change(eta=factor * limit)
        run.rewind()
        first = run.numbers().loss
        run.advance(3000)
        assert (run.numbers().loss > first) == grows
        if not grows:
            assert run.numbers().loss == pytest.approx(best, rel=1e-9)


def test_the_rival_is_the_same_run_with_relu_and_is_taken_along():
    mission = MISSIONS["sigmoid"]
    run = Run.from_text(mission.solution)
    for _ in range(2):
        rival = Run(run.start.with_(hidden=((8, "relu"), (8, "relu"))))
        rival.advance(run.step_count)
        words = mission.won(run)[1]
        assert f"{run.numbers().loss_test:.4f} with sigmoid, {rival.numbers().loss_test:.4f} with ReLU" in words
        run.advance(77)
    run.change(eta=1.0)
    run.advance(100)
    rival.advance(77)
    rival.change(eta=1.0)
    rival.advance(100)
    assert f"{rival.numbers().loss_test:.4f} with ReLU" in mission.won(run)[1]


def test_the_worst_moment_is_kept_however_long_the_run():
    run = Run.from_text("moons | 16 relu | 210 updates | 200: eta=5.0")
    deaths = run.deaths
    assert deaths[-1][1] >= 0.5
    run.change(eta=0.01)
    run.advance(5000)
    assert run.deaths[: len(deaths)] == deaths
    assert Run.from_text(run.text).deaths == run.deaths


@pytest.mark.parametrize("name", NAMES)
def test_any_run_may_be_judged(name):
    rng = np.random.default_rng(0)
    own = own_data(rng.normal(size=(20, 3)), rng.normal(size=20))
    runs = [
        Run(Settings(data="digits", n=30, hidden=())),
        Run(Settings(data="own", hidden=((3, "relu"),)), own),
        Run(Settings(data="plane", eta=1e6, hidden=(), batch=None)),
        Run(Settings(hidden=((2, "sigmoid"),) * 2, eta=1e6, n=20)),
        Run.from_text("moons | 16 relu | output=identity loss=mse | eta=5.0"),
    ]
    for run in runs:
        run.advance(600)
        before = run.text
        won, words = MISSIONS[name].won(run)
        assert not won
        assert "nan" not in words
        assert not re.search(r"\d{9}", words), words
        assert run.text == before
    with pytest.raises(TypeError, match="run must be a Run, got str"):
        MISSIONS[name].won("moons")


def test_texts_are_whole_sentences():
    for mission in MISSIONS.values():
        assert dataclasses.is_dataclass(mission)
        for text in (mission.text, mission.hint):
            assert text[0].isupper()
            assert text[-1] in ".?"
            assert len(text) < 260
        assert not mission.title.endswith(".")
    assert 6 <= len(MISSIONS) <= 8
    assert set(LIVE) == {"eta", "batch", "optimizer", "l1", "l2"}
