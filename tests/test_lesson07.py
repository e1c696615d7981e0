"""Lesson 07: what its text claims is measured again, its missions are the package's, and nothing plays by itself."""

import ast
import re
from itertools import pairwise

import numpy as np
import pytest
from verdicts_of.lesson07 import measured

from nbcore import ACTIVATIONS, bce, moons, mse, share
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
    for said in ("Who needs it", "You will be able to", "You need", "60 minutes"):
        assert said in first


def test_the_playground_comes_first():
    """One cell after the set-up, before any other figure or number."""
    setup, first = cells(LEARNER, "code")[:2]
    assert setup.metadata["jupyter"] == {"source_hidden": True}
    assert "explore.playground()" in first.source
    assert "**Press *Play*" in text().partition("## Predict")[0]
    assert "black line" not in text()  # it is white in the dark theme


def test_the_last_cell_leads_back_and_on():
    last = bn.read(LEARNER).cells[-1].source.split("\n\n")
    assert last[-2] == "[previous: 06, let the machine derive](06_autograd.ipynb)"
    assert last[-1].startswith("next: ")


def test_its_cells_are_short_and_its_lines_fit():
    """Of code at most 5 lines in the median, 12 in nine of ten; what it prints about itself fits at 900 px."""
    nb = bn.read(LEARNER)
    assert len(nb.cells) <= 60
    shown = cells(LEARNER, "code")[1:]
    lines = sorted(sum(map(bool, cell.source.split("\n"))) for cell in shown)
    assert lines[len(lines) // 2] <= 5
    assert lines[len(lines) * 9 // 10] <= 12
    for cell in cells(LEARNER, "code") + cells(SOLVED, "code"):
        assert max(map(len, cell.source.split("\n"))) <= 88
    for cell in shown:
        if "own_csv" in cell.source or "run.code" in cell.source:
            continue  # what the package says, in its own lines
        for line in "".join(o.get("text", "") for o in cell.outputs).split("\n"):
            assert len(line) <= 59, line


def test_its_pictures_are_few_and_small():
    """Each well under 300 kB; the mission's playground, before anybody has played, is not stored."""
    outputs = [o.get("data", {}) for cell in cells(LEARNER, "code") for o in cell.outputs]
    pictures = [data["image/png"] for data in outputs if "image/png" in data]
    assert len(pictures) == 4
    assert max(map(len, pictures)) < 200_000
    assert LEARNER.stat().st_size < 550_000


def test_every_experiment_has_a_belief_a_guess_and_a_verdict():
    """Seven, and one's own data."""
    parts = re.split(r"^### \d\. |^## Your own data", text().partition("## What happens if")[2], flags=re.MULTILINE)[1:]
    assert len(parts) == 8
    for part in parts:
        part = part.partition("## Exercises")[0]
        assert re.search(r"\*\*Many believe\*\*", part), part[:60]
        assert "**Verdict**" in part, part[:60]
    asked = next(c.source for c in cells(LEARNER, "code") if "explore.Predict" in c.source)
    assert re.findall(r'\("(\d\.|Own data)', asked) == [*(f"{k}." for k in range(1, 8)), "Own data"]


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
    given = {"spirals": "spirals | 99 tanh", "stable": 3, "zeros": ..., "digits": "digits | 3 updates",
             "spiral": "spirals | 8 tanh"}  # fmt: skip
    exec(judge, {"handed_in": given, "MISSIONS": MISSIONS, "Run": Run})
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("spirals: this text can't be used: in '99 tanh'")
    assert said[1].startswith("stable: this text can't be used: text must be a string")
    assert said[2] == "zeros: nothing handed in yet"
    assert said[3].startswith("digits: Not yet: ")
    assert said[-1] == "spiral: no mission has this name"


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
    shown = next(c for c in cells(LEARNER, "code") if "print(run.code())" in c.source)
    assert Run.from_text(re.search(r'from_text\("(.+)"\)', shown.source)[1]).code() in shown.outputs[0]["text"]
    assert "105 weights and biases, all equal" in printed()


@pytest.mark.parametrize("phi", [name for name in ACTIVATIONS if name not in ("tanh", "softmax")])
def test_a_change_of_activation_keeps_the_start(phi):
    run = Run()
    start = [p.copy() for p in run.net.parameters()]
    run.advance(10)
    run.change(hidden=((8, phi), (8, phi)))
    assert all(map(np.array_equal, start, run.net.parameters()))


def test_only_a_layer_of_another_size_draws_anew():
    wider = Run(Settings(hidden=((8, "tanh"), (9, "tanh"))))
    pairs = zip(wider.net.layers, Run().net.layers, strict=True)
    assert [np.array_equal(one.W, other.W) for one, other in pairs] == [True, False, False]


def test_a_setting_makes_the_difference_only_from_the_same_start():
    """From one start two activations differ by less than one activation from several starts."""
    ends = []
    for phi in ("tanh", "relu"):
        *_, end = sweep(Settings(hidden=((8, phi),) * 2), ("seed", range(20)), ("width", [8]), 300)
        ends.append(end.result.loss_test[0])
    assert np.ptp(ends[0]) > 2 * abs(ends[0][0] - ends[1][0])


@pytest.mark.parametrize("points", [0, 1, 2])
def test_the_low_end_is_what_differs(points):
    """The medians are close, the worst tenth is not, and spare units insure: in 20 starts and in 100."""
    blocks = [measured(block, "starts =")["right"] for block in range(5)]
    for rights in (blocks[:1], blocks):
        relu, tanh = (
            np.quantile(np.concatenate([right(phi, 3, points) for right in rights]), (0.1, 0.5))
            for phi in ("relu", "tanh")
        )
        assert abs(relu[1] - tanh[1]) <= 10
        assert relu[0] < tanh[0] - 5
    for phi in ("relu", "tanh"):
        assert np.quantile(blocks[0](phi, 8, points), 0.1) >= 96


def test_one_start_says_the_one_and_another_the_other():
    relu, tanh = (measured(0, "starts =")["right"](phi, 3, 0) for phi in ("relu", "tanh"))
    assert relu[7] > tanh[7] + 5
    assert relu[0] < tanh[0] - 20
    assert f"relu {' '.join(f'{percent:3.0f}' for percent in relu[:12])}" in printed()


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
    assert a.numbers().loss_test > 0.8 * 0.125  # near guessing, with most points right
    assert a.numbers().score_test > 0.8
    for measure in (bce, mse):  # B is better even by A's own
        measured = [measure(r.numbers().outputs_test, r.problem.Y_test) for r in (a, b)]
        assert measured[0] > 3 * measured[1]


def test_from_most_starts_the_two_losses_change_places_but_the_networks_never():
    lower = []
    for seed in range(24):
        a, b = (Run.from_text(f"rings{loss} | seed={seed} | 500 updates") for loss in (
            " | output=sigmoid loss=mse", ""
        ))  # fmt: skip
        lower.append(b.numbers().loss_test < a.numbers().loss_test)
        assert a.numbers().score_test <= b.numbers().score_test
        for measure in (bce, mse):
            measured = [measure(run.numbers().outputs_test, run.problem.Y_test) for run in (a, b)]
            assert measured[0] > measured[1]
    assert not lower[0]
    assert sum(lower) > 2 / 3 * len(lower)


def test_the_squared_error_has_at_most_a_quarter_of_the_slope():
    z = np.linspace(-8, 8, 401)
    a = 1 / (1 + np.exp(-z))
    for y in (0, 1):
        assert (abs((a - y) * a * (1 - a)) <= 0.25 * abs(a - y)).all()


@pytest.mark.parametrize("block", [0, 3])
def test_each_loss_at_its_own_rate_parts_the_rings(block):
    there = measured(block, "rates, good =")
    assert there["good"]["B"] == {0.1: "true", 1.0: "true", 10.0: "false"}
    assert there["good"]["A"] == {0.1: "false", 1.0: "true", 10.0: "true"}
    assert "A at η = 0.1: false,  1: true,  10: true,  best 10\n" in printed()


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


def test_the_edge_of_the_linear_neuron_is_2_over_lambda():
    """The lesson's own loop, on either side of it."""
    source = next(c.source for c in cells(LEARNER, "code") if "def descend" in c.source)
    there = {"np": np, "moons": moons, "mse": mse}
    exec(source.replace("range(30)", "range(3000)"), there)
    edge = 1.5691
    assert f"edge is at {edge:.3f}" in printed()
    assert there["descend"](1, 0.99 * edge, False) < 0.1
    assert there["descend"](1, 1.01 * edge, False) > 1e20


@pytest.mark.parametrize("block", [0, 3])
def test_cross_entropy_overflows_where_units_have_no_bound(block):
    tanh, relu, leaky = (end.result for end in measured(block, "ends, grid =")["ends"].values())
    assert [(end.diverged >= 0).sum() for end in (tanh, relu, leaky)] == [0, 0, 20]
    assert [(end.score_test >= 0.95).sum() for end in (tanh, relu, leaky)] == [0, 0, 0]


def test_before_a_relu_can_overflow_its_units_die():
    dead = []
    for seed in range(8):
        run = Run(Settings(hidden=((8, "relu"), (8, "relu")), eta=30.0, seed=seed))
        run.advance(500)
        dead.append(run.inside().dead_units[1].mean())
    assert np.mean(dead) > 0.9


def test_the_rate_that_holds_is_one_with_which_it_learns():
    assert re.search(r"^eta = 0\.75 holds, 92 % right$", printed(), re.MULTILINE)
    assert "After 108 updates" in printed()


@pytest.mark.parametrize("block", [0, 3])
def test_six_sigmoids_lose_the_gradient(block):
    starts = range(20 * block, 20 * block + 20)
    for phi, low, high in (("sigmoid", 1000, 10_000), ("tanh", 0.5, 5)):
        s = Settings(hidden=((8, phi),) * 6, data_seed=block)
        sizes = [Run(s.with_(seed=k)).inside().norms for k in starts]
        lost = [last / first for first, *_, last in sizes]
        assert low < np.median(lost) < high
        *_, end = sweep(s, ("seed", starts), ("width", [8]), 1000)
        right = end.result.score_test
        low, high = np.quantile(right, (0.1, 0.9))
        assert high < 0.6 if phi == "sigmoid" else low > 0.9
    assert "right: 42 (42 to 42) %" in printed()


def test_a_straight_line_is_right_on_nine_points_in_ten():
    """What deep sigmoids must be measured by: 0.87 to 0.93, whatever the rate and the start."""
    *_, end = sweep(Settings(hidden=()), ("eta", [0.1, 0.3, 1.0]), ("seed", range(20)), 1000)
    assert 0.87 < end.result.score_test.min() <= end.result.score_test.max() < 0.93
    assert "straight line: 92 % right, loss 0.21\n" in printed()


def test_with_adam_some_deep_sigmoids_get_beyond_the_line_and_most_others_to_it():
    beyond = measured(0, "six =", "(line :=")["beyond"]
    assert [n.held for (name, _), n in beyond.items() if name == "sgd"] == [0, 0, 0]
    few, some, less = (n.held for (name, _), n in beyond.items() if name == "adam")
    assert some > max(few, less)  # the best rate lies inside
    assert 7 <= some <= 13
    s = Settings(hidden=((8, "sigmoid"),) * 6, optimizer="adam", eta=0.01)
    *_, end = sweep(s, ("seed", range(20)), ("width", [8]), 2000)
    others = end.result.score_test[end.result.loss_test > 0.1]
    assert ((others > 0.84) & (others < 0.93)).mean() > 0.7


def test_the_first_ratio_is_proportional_to_eta():
    ratios = [Run(Settings(data="rings", hidden=((16, "relu"),), eta=eta)).inside().ratio for eta in (0.01, 0.1)]
    assert ratios[1] == pytest.approx(10 * ratios[0], rel=1e-9)


@pytest.mark.parametrize("block", [0, 3])
def test_the_rule_of_a_thousandth_is_about_the_way(block):
    """What learns begins far above it, and comes to it; what is too slow stays below, what is ruined stands still."""
    found = measured(block, "def ratio", "p, found =")["found"]
    for eta, low, high in ((0.1, 0.004, 0.03), (1.0, 0.04, 0.3)):
        first, last, dead, well = found[eta]
        assert low < np.median(first) < high
        assert 0.0001 < np.median(last) < 0.006
        assert share(well).word == "true"
        assert (dead < 8).all()
    assert np.median(found[0.001][1]) < 0.0003
    assert np.median(found[10.0][0]) > 0.4
    _, _, dead, well = found[10.0]
    assert (dead >= 8).sum() >= 18
    assert well.sum() <= 2
    assert (found[1.0][2] > 0).sum() > 10


def test_no_smaller_rate_wakes_the_dead():
    run = Run(Settings(data="rings", hidden=((16, "relu"),)))
    for j in range(16):
        run.set_bias(1, j, -50.0)
    assert run.inside().dead_units[0].all()
    for eta in (0.1, 0.001):
        run.change(eta=eta).advance(1000)
        assert run.inside().dead_units[0].all()
        assert run.numbers().score_test < 0.6


@pytest.mark.parametrize("block", [0, 3])
def test_the_best_cell_is_a_lucky_one(block):
    there = measured(block, "rates, widths, losses =")
    assert share(there["kept"] <= there["promised"]).held <= 3
    assert there["at"][0.3].argmin() == 5  # 16 units
    assert 1 < there["at"][1.0].argmin() < 5


def test_one_unit_a_layer_cannot_do_it_and_ten_is_ruin():
    """At η = 10 nine in ten are worse than guessing; at no rate does one unit a layer come near the best."""
    widths = 1, 2, 3, 4, 8, 16
    *_, end = sweep(Settings(eta=10.0), ("seed", range(20)), ("width", widths), 300)
    assert (~(end.result.loss_test < np.log(2))).mean() > 0.85
    rates = 0.1, 0.3, 1.0, 3.0, 10.0
    *_, end = sweep(Settings(hidden=((1, "tanh"),) * 2), ("seed", range(20)), ("eta", rates), 300)
    *_, wide = sweep(Settings(hidden=((8, "tanh"),) * 2), ("seed", range(20)), ("eta", [0.3]), 300)
    assert np.nanmin(end.result.loss_test) > 4 * np.median(wide.result.loss_test)


@pytest.mark.parametrize("block", [0, 1])
def test_near_ruin_the_last_digit_decides(block, capsys):
    source = next(c.source for c in cells(LEARNER, "code") if "1e-15" in c.source)
    there = measured(block)
    exec(source, there)
    said = capsys.readouterr().out.splitlines()
    assert said == [f"η = {eta}: the same from {n} of 20" for eta, n in ((0.1, 20), (0.3, 20), (3.0, 0))]


def test_few_points_are_fitted_best_and_generalize_worst():
    number = r"(\S+) \((\S+) to (\S+)\)"
    found = re.findall(
        rf"^\d0 %: loss {number}, test {number};\n +right {number} %$", printed(), re.MULTILINE
    )
    found = np.array(found, float).reshape(3, 3, 3)  # share, what, (median, low, high)
    assert found[:, 0, 0].argmin() == 0
    assert found[:, 1, 0].argmax() == 0
    assert (found[:, 2, 2] - found[:, 2, 1]).argmin() == 1


def test_bad_data_are_answered_in_words():
    lines = [line for line in printed().splitlines() if line.startswith("- ")]
    assert len(lines) == 5
    good = re.search(r'^good = "(.+)"$', "\n".join(c.source for c in cells(LEARNER, "code")), re.MULTILINE)[1]
    assert own_csv(good.replace("\\n", "\n")).classes == ("failed", "passed")


# ---- What to keep


def test_the_right_guesses_are_spread():
    """No place, and not the longest, gives them away."""
    given = next(c.source for c in cells(LEARNER, "code") if "explore.Predict" in c.source)
    told = next(c.source for c in cells(LEARNER, "code") if "explore.Score" in c.source)
    options = ast.literal_eval("{" + given.partition("{")[2].rpartition("}")[0] + "}")
    right = {name: int(k) for name, k in re.findall(r'^    "(\w+)": \((\d), ', told, re.MULTILINE)}
    assert list(options) == list(right)
    assert max(list(right.values()).count(k) for k in range(3)) <= 3
    longest = [max(range(len(o)), key=lambda k, o=o: len(o[k])) for _, o in options.values()]
    assert sum(map(int.__eq__, longest, right.values())) <= 4


def test_numbers_in_the_text_follow_those_printed():
    """Four digits and more in a text cell stand in an output above it, or are worked out in the cell."""
    seen, worked_out = "", {"0.002"}
    for cell in bn.read(LEARNER).cells:
        if cell.cell_type == "code":
            seen += cell.source + "".join(o.get("text", "") for o in cell.outputs)
        else:
            for number in re.findall(r"(?<![\w.])\d+\.\d{3,}", cell.source):
                assert number in seen or number in worked_out or number == "0.001", number


def test_no_line_of_a_paragraph_becomes_a_list():
    """A number that ends a sentence, wrapped to the start of a line, would begin a list in Markdown."""
    for cell in cells(LEARNER, "markdown"):
        for before, line in pairwise(cell.source.split("\n")):
            if re.match(r"\d+\. ", line):
                assert not before or re.match(r"\d+\. |   ", before), line


def test_states_in_the_text_can_be_read():
    for found in re.findall(r'(?:playground|from_text)\("([^"…]+)"\)', text() + "".join(
        c.source for c in cells(LEARNER, "code")
    )):  # fmt: skip
        for part in found.split("||"):
            from_text(part)
    assert all(a != b for a, b in pairwise(c.source for c in bn.read(LEARNER).cells))
