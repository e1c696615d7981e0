"""Lesson 07: what its text claims is measured again, its missions are the package's, and nothing plays by itself."""

import ast
import re
from itertools import pairwise

import numpy as np
import pytest

from nbcore import ACTIVATIONS, bce, moons, mse
from nbcore.explore import playground
from nbcore.explore.picture import HERE
from nbcore.explore.playground_board import BUTTONS, GROUPS
from nbcore.play import MISSIONS, Run, Settings, from_text, own_csv, sweep
from tools import build_notebooks as bn

SOURCE = bn.NOTEBOOKS / "src" / "07_playground.py"
LEARNER, SOLVED = bn.targets(SOURCE)


def cells(path, kind):
    return [cell for cell in bn.read(path).cells if cell.cell_type == kind]


def text(path=LEARNER):
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def printed(path=LEARNER):
    return "".join(o["text"] for cell in cells(path, "code") for o in cell.outputs if o.output_type == "stream")


# ---- Its form: free of the skeleton, but not of all rules


def test_the_title_asks_promises_and_says_how_long():
    first = cells(LEARNER, "markdown")[0].source
    assert first.startswith("# 07 · ")
    assert "**What happens if ...?**" in first
    assert len(re.findall(r"^- ", first, re.MULTILINE)) == 3
    for said in ("Who needs it", "You will be able to", "You need", "45 minutes"):
        assert said in first


def test_the_playground_comes_first():
    """One cell after the set-up, before any other figure or number."""
    setup, first = cells(LEARNER, "code")[:2]
    assert setup.metadata["jupyter"] == {"source_hidden": True}
    assert "explore.playground()" in first.source
    assert "**Press *Play*" in text().partition("## Predict")[0]


def test_the_last_cell_leads_back_and_on():
    last = bn.read(LEARNER).cells[-1].source.split("\n\n")
    assert last[-2] == "[previous: 06, let the machine derive](06_autograd.ipynb)"
    assert last[-1].startswith("next: ")


def test_it_is_short_and_its_lines_fit():
    nb = bn.read(LEARNER)
    assert len(nb.cells) <= 40
    for cell in cells(LEARNER, "code") + cells(SOLVED, "code"):
        assert max(map(len, cell.source.split("\n"))) <= 88


def test_nothing_plays_before_the_learner_presses_play():
    started = {"play", "act", "tick"}
    for cell in cells(LEARNER, "code") + cells(SOLVED, "code"):
        called = {n.func.attr for n in ast.walk(ast.parse(cell.source))
                  if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}  # fmt: skip
        assert not called & started, cell.source
    assert not playground().playing


def test_what_the_text_tells_to_press_is_there():
    """Names of groups and buttons, in italics."""
    page = (HERE / "playground.js").read_text(encoding="utf-8")
    names = [title for title, _ in GROUPS.values()] + [label for _, label, _ in BUTTONS]
    told = ("Data", "Training", "Compare", "Missions", "Sweep", "Share", "Undo", "Rewind")
    for name in told:
        assert f"*{name}*" in text()
        assert name in names
    for button in ("Go to its start", "Back to the last good state"):
        assert f"*{button}*" in text()
        assert f'"{button}"' in page


# ---- Missions


def test_the_table_of_missions_is_that_of_the_package():
    rows = re.findall(r"^\| \*\*(.+?)\*\* \(`(\w+)`\) \| (.+) \|$", text(), re.MULTILINE)
    assert rows == [(m.title, name, m.text) for name, m in MISSIONS.items()]


def test_what_is_handed_in_is_measured():
    assert printed(LEARNER).count("nothing handed in yet") == len(MISSIONS)
    assert "Won:" not in printed(LEARNER)
    for name, mission in MISSIONS.items():
        assert re.search(rf"^{name}: Won: .*\n    {re.escape(mission.solution)}$", printed(SOLVED), re.MULTILINE)
        assert mission.solution not in text(LEARNER) + printed(LEARNER)


def test_handing_in_answers_every_text_in_words(capsys):
    judge = next(c for c in cells(LEARNER, "code") if "handed_in" in c.source).source.partition("\n\n")[2]
    given = {"spirals": "spirals | 99 tanh", "stable": 3, "zeros": ..., "digits": "digits | 16 tanh | 10 updates"}
    exec(judge, {"handed_in": given, "MISSIONS": MISSIONS, "Run": Run})
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("spirals: this text can't be used: in '99 tanh'")
    assert said[1].startswith("stable: this text can't be used: text must be a string")
    assert said[2] == "zeros: nothing handed in yet"
    assert said[3].startswith("digits: Not yet: ")


def test_the_hint_for_a_mission_is_no_solution():
    hinted = re.search(r'stable="([^"]+)"', text())[1]
    won, words = MISSIONS["stable"].won(Run.from_text(hinted))
    assert not won
    assert "less than 95 %" in words


# ---- "What did you see?", under the first playground


def test_the_line_bends_and_the_loss_falls_faster_again():
    steps, curves = Run.from_text("moons | 600 updates").curves
    loss = np.interp(np.arange(0, 601, 50), steps, curves[:, 0])
    fall = -np.diff(np.log(loss))
    slowest = int(fall.argmin())
    assert 150 <= 50 * slowest <= 250
    assert fall[slowest] < fall[0] / 3
    assert fall[slowest:].max() > 2 * fall[slowest]


def test_relu_units_of_the_first_layer_are_flat_on_one_side():
    run = Run.from_text("moons | 8 relu, 8 relu | 600 updates")
    zero = [(unit == 0).mean() for unit in run.maps(40)[0]]
    assert max(zero) < 1
    assert np.median(zero) > 0.3


@pytest.mark.parametrize("start", [100, 600, 1000])
def test_a_rate_of_10_is_not_recovered_from(start):
    p = playground(f"moons | {start} updates").play().set(eta=10.0).tick(40)
    assert p.playing
    assert p.run.diverged is None
    p.act("undo")
    assert p.run.settings.eta == 0.1
    p.play().tick(200)
    assert p.run.numbers().loss > 0.4  # it had 0.28, 0.05 and 0.02


def test_a_weight_set_to_0_heals():
    p = playground("moons | 800 updates")
    weights = p.run.net.layers[2].W[0]
    before = p.run.numbers().loss
    p.set(to_layer=3, to_unit=0, from_unit=int(np.abs(weights).argmax())).set(weight=0.0)
    assert p.run.numbers().loss > 2 * before
    p.play().tick(60)
    assert p.run.numbers().loss < 1.05 * before


def test_adam_parts_the_spirals_from_where_descent_is():
    p = playground("spirals | 2000 updates")
    assert 0.7 <= p.run.numbers().score_test <= 0.85
    p.set(optimizer="adam").set(eta=0.032).play().tick(400)
    assert p.run.step_count == 4000
    assert p.run.numbers().score_test >= 0.95


# ---- The experiments


def test_the_code_in_view_is_the_run():
    shown = next(c for c in cells(LEARNER, "code") if "exec(run.code()" in c.source)
    assert Run.from_text(re.search(r'from_text\("(.+)"\)', shown.source)[1]).code() in shown.outputs[0]["text"]
    assert "105 weights and biases, each equal" in shown.outputs[0]["text"]


@pytest.mark.parametrize("phi", [name for name in ACTIVATIONS if name not in ("tanh", "softmax")])
def test_a_change_of_activation_keeps_the_start(phi):
    run = Run()
    start = [p.copy() for p in run.net.parameters()]
    run.advance(10)
    run.change(hidden=((8, phi), (8, phi)))
    assert all(map(np.array_equal, start, run.net.parameters()))


def test_seeds_decide_with_three_units_and_hardly_with_eight():
    scores = {}
    for phi in ("relu", "tanh"):
        *_, end = sweep(
            Settings(data="xor", hidden=((3, phi),), eta=0.3), ("seed", range(16)), ("width", [3, 8]), updates=1000
        )
        scores[phi] = np.round(100 * end.result.score_test)
    three, eight = scores["relu"] - scores["tanh"]
    assert ((three > 0).sum(), (three < 0).sum()) == (3, 9)
    assert ((eight > 0).sum(), (eight < 0).sum()) == (0, 2)
    assert (scores["relu"][0, 7], scores["tanh"][0, 7]) == (100, 93)
    assert (scores["relu"][0, 0], scores["tanh"][0, 0]) == (70, 97)
    for row in (scores["relu"][0], scores["tanh"][0]):
        assert (row.min(), row.max()) == (70, 100)


@pytest.mark.parametrize(
    ("state", "loss"),
    [
        ("moons | output=sigmoid loss=mse", 0.125),
        ("moons", np.log(2)),
        ("digits | output=softmax loss=mse", 0.45),
        ("digits", np.log(10)),
    ],
)
def test_what_guessing_costs(state, loss):
    first = Run.from_text(state + " | init=zeros").numbers().loss
    assert first == pytest.approx(loss, rel=1e-12)
    assert f"first loss {loss:.4f}" in printed()


def test_the_lower_loss_is_the_worse_network():
    shown = next(c.source for c in cells(LEARNER, "code") if "a_and_b" in c.source)
    a, b = (Run.from_text(part) for part in re.search(r'"(.+)"', shown)[1].split("||"))
    assert [np.array_equal(p, q) for p, q in zip(*(Run(r.start).net.parameters() for r in (a, b)), strict=True)]
    assert {f for f in vars(a.start) if getattr(a.start, f) != getattr(b.start, f)} == {"output", "loss"}
    assert a.problem.output == b.problem.output
    for one, other in zip(a.curves[1], b.curves[1], strict=True):  # A is ahead all the way
        assert (one[:2] < other[:2]).all()
    assert a.numbers().score_test < 0.9 < b.numbers().score_test
    measured = [bce(r.numbers().outputs_test, r.problem.Y_test) for r in (a, b)]
    assert measured[0] > 3 * measured[1]


def test_a_sum_behaves_like_eta_n():
    """The lesson's own loop, against the engine's mean with eta N."""
    source = next(c.source for c in cells(LEARNER, "code") if "def descend" in c.source).partition("\n\n")[0]
    there = {"np": np, "moons": moons, "mse": mse}
    exec(source, there)
    descend = there["descend"]
    for copies in (1, 3, 10):
        assert descend(copies, 0.1, False) == pytest.approx(descend(1, 0.1, False), rel=1e-12)
        assert descend(copies, 0.002, True) == pytest.approx(descend(1, 0.002 * 50 * copies, False), rel=1e-9)
    assert descend(10, 0.002, True) < descend(3, 0.002, True) < descend(1, 0.002, True)
    assert descend(30, 0.002, True) > 1e20


def test_cross_entropy_does_not_overflow_at_a_rate_of_30():
    run = Run.from_text("moons | eta=30.0 | 500 updates")
    assert run.diverged is None
    assert run.numbers().loss > 2 * np.log(2)


def test_six_sigmoids_lose_the_gradient():
    for phi, low, high in (("sigmoid", 500, 800), ("tanh", 0.5, 2), ("relu", 0.5, 2)):
        run = Run(Settings(hidden=((8, phi),) * 6))
        sizes = run.inside().norms
        assert low < sizes[-1] / sizes[0] < high
        run.advance(1000)
        assert (run.numbers().score_test < 0.5) if phi == "sigmoid" else (run.numbers().score_test > 0.95)


def test_the_first_ratio_is_proportional_to_eta():
    ratios = [Run(Settings(data="rings", hidden=((16, "relu"),), eta=eta)).inside().ratio for eta in (0.01, 0.1)]
    assert ratios[1] == pytest.approx(10 * ratios[0], rel=1e-9)


def test_no_smaller_rate_wakes_the_dead():
    run = Run(Settings(data="rings", hidden=((16, "relu"),), eta=10.0))
    run.advance(500)
    assert run.inside().dead_units[0].all()
    run.change(eta=0.1).advance(2000)
    assert run.inside().dead_units[0].all()
    assert run.numbers().score_test < 0.6


def test_the_column_stays_and_the_cell_moves():
    said = re.findall(r"^(\w+), seed \d: The best: (\d+) units a layer, η = (\S+), ", printed(), re.MULTILINE)
    assert len(said) == 8
    assert {eta for *_, eta in said} == {"1"}
    units = {data: [n for d, n, _ in said if d == data] for data, *_ in said}
    assert sorted(set(units["spirals"])) == ["2", "3", "4", "8"]
    assert len(set(units["moons"])) > 1


def test_few_points_are_fitted_best_and_generalize_worst():
    found = dict(re.findall(r"^(loss on \w+).*?\[(.*)\]$", printed(), re.MULTILINE))
    them, tested = (np.array(found[name].split(), float) for name in ("loss on them", "loss on test"))
    assert them.argmin() == 0
    assert tested.argmax() == 0
    low, high = (
        np.array(re.search(rf"{way} way: +\[(.*)\]", printed())[1].split(), float) for way in ("worst", "best")
    )
    assert (high - low)[1] == (high - low).min()


def test_bad_data_are_answered_in_words():
    lines = [line for line in printed().splitlines() if line.startswith("- ")]
    assert len(lines) == 5
    good = re.search(r'^good = "(.+)"$', "\n".join(c.source for c in cells(LEARNER, "code")), re.MULTILINE)[1]
    assert own_csv(good.replace("\\n", "\n")).classes == ("failed", "passed")


# ---- What to keep


def test_every_number_of_the_last_table_was_printed():
    table = [line for line in text().partition("| belief |")[2].splitlines() if line.startswith("| ")]
    assert len(table) == 10
    shown = printed().replace("[", " ").replace("]", " ")
    for number in re.findall(r"(?<![\w.])\d+\.\d{3,}", "\n".join(line.split("|")[2] for line in table)):
        assert number in shown, number


def test_numbers_in_the_text_follow_those_printed():
    """Four digits and more in a text cell stand in an output above it, or are worked out in the cell."""
    seen, worked_out = "", {"0.002"}
    for cell in bn.read(LEARNER).cells:
        if cell.cell_type == "code":
            seen += cell.source + "".join(o.get("text", "") for o in cell.outputs)
        else:
            for number in re.findall(r"(?<![\w.])\d+\.\d{3,}", cell.source):
                assert number in seen or number in worked_out or number == "0.001", number


def test_states_in_the_text_can_be_read():
    for found in re.findall(r'(?:playground|from_text)\("([^"…]+)"\)', text() + "".join(
        c.source for c in cells(LEARNER, "code")
    )):  # fmt: skip
        for part in found.split("||"):
            from_text(part)
    assert all(a != b for a, b in pairwise(c.source for c in bn.read(LEARNER).cells))
