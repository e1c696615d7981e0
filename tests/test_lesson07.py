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
    given = {"spirals": "spirals | 99 tanh", "stable": 3, "zeros": ..., "digits": "digits | 16 tanh | 10 updates",
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


def right(phi, units, starts, data_seed=0):
    s = Settings(data="xor", hidden=((units, phi),), eta=0.3, data_seed=data_seed)
    *_, end = sweep(s, ("seed", range(starts)), ("width", [units]), updates=1000)
    return np.round(100 * end.result.score_test[0])


def test_who_is_ahead_is_half_of_it():
    """From a third of the starts and more ReLU wins, by little; where it loses, it loses much: also on other starts."""
    relu, tanh = (right(phi, 3, 12) for phi in ("relu", "tanh"))
    assert ((relu > tanh).sum(), (relu < tanh).sum()) == (2, 8)
    assert (relu[7], tanh[7]) == (100, 93)
    assert (relu[0], tanh[0]) == (70, 97)
    for points, ahead, behind in ((0, 15, 23), (1, 20, 23), (2, 22, 25)):
        relu, tanh = (right(phi, 3, 96, points) for phi in ("relu", "tanh"))
        for part in (slice(48), slice(48, 96)):
            gain = (relu - tanh)[part]
            assert gain.mean() < -6
            assert -gain[gain < 0].mean() > 2 * gain[gain > 0].mean()
            assert (gain > 0).sum() >= 12
        gain = (relu - tanh)[:48]
        assert ((gain > 0).sum(), (gain < 0).sum()) == (ahead, behind)
        shown = f"48 starts, points {points}: ReLU ahead {ahead}, tanh {behind}; "
        assert f"{shown}means {relu[:48].mean():.0f}, {tanh[:48].mean():.0f}\n" in printed()


def test_spare_units_insure_against_a_bad_start():
    for phi, few, most in (("relu", 30, 46), ("tanh", 40, 46)):
        assert (right(phi, 3, 48) >= 95).sum() < few
        assert (right(phi, 8, 48) >= 95).sum() >= most


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


@pytest.mark.parametrize("seed", range(4))
def test_cross_entropy_overflows_where_units_have_no_bound(seed):
    tanh, relu, leaky = (
        Run(Settings(hidden=((8, phi), (8, phi)), eta=30.0, seed=seed)) for phi in ("tanh", "relu", "leaky_relu")
    )
    for run in (tanh, relu, leaky):
        run.advance(500)
    assert tanh.diverged is relu.diverged is None
    assert min(tanh.numbers().loss, relu.numbers().loss) > np.log(2)
    assert relu.inside().dead_units[1].all()  # its units died first
    assert leaky.diverged.step < 20


def test_the_rate_that_holds_is_one_with_which_it_learns():
    assert re.search(r"^eta = 0\.75 holds, 92 % right$", printed(), re.MULTILINE)
    assert "After 108 updates" in printed()


def test_six_sigmoids_lose_the_gradient():
    for phi, low, high in (("sigmoid", 500, 800), ("tanh", 0.5, 2), ("relu", 0.5, 2)):
        run = Run(Settings(hidden=((8, phi),) * 6))
        sizes = run.inside().norms
        assert low < sizes[-1] / sizes[0] < high
        run.advance(1000)
        assert (run.numbers().score_test < 0.5) if phi == "sigmoid" else (run.numbers().score_test > 0.95)


@pytest.mark.parametrize("seed", range(4))
def test_small_is_not_gone(seed):
    sigmoid = Settings(hidden=((8, "sigmoid"),) * 6, seed=seed)
    sizes = Run(sigmoid).inside().norms
    assert sizes[-1] > 100 * sizes[0]
    descent, adam = Run(sigmoid), Run(sigmoid.with_(optimizer="adam", eta=0.01))
    for run in (descent, adam):
        run.advance(1000)
    assert descent.numbers().score_test < 0.5
    assert adam.numbers().score_test > 0.85


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


def test_another_rate_and_another_start_make_another_width_win():
    widths = [1, 2, 3, 4, 8, 16]
    wins = {}
    for data, eta in (("moons", 0.3), ("moons", 1.0), ("spirals", 1.0)):
        *_, end = sweep(Settings(data=data, eta=eta), ("seed", range(24)), ("width", widths), 300)
        wins[data, eta] = np.bincount(end.result.loss_test.argmin(axis=0), minlength=6)
        assert f"{data:7} η = {eta} " + " ".join(f"{n:2}" for n in wins[data, eta]) in printed()
        assert (wins[data, eta] > 0).sum() >= 4
    assert [widths[n.argmax()] for n in wins.values()] == [16, 4, 8]
    assert (wins["moons", 0.3].max(), wins["moons", 1.0].max()) == (19, 14)


def test_one_unit_a_layer_cannot_do_it_and_ten_is_ruin():
    for seed in range(4):
        *_, end = sweep(Settings(seed=seed), ("eta", [0.1, 0.3, 1.0, 3.0, 10.0]), ("width", [1, 4, 16]), 300)
        loss = end.result.loss_test
        assert np.nanmin(loss[0]) > 10 * np.nanmin(loss)
        assert np.nanmedian(loss[:, -1]) > np.log(2)  # worse than guessing


def test_near_ruin_the_last_digit_decides():
    for eta, same in ((0.1, True), (0.3, True), (1.0, True), (3.0, False)):
        one, other = Run(Settings(data="spirals", eta=eta)), Run(Settings(data="spirals", eta=eta))
        other.set_weight(1, 0, 0, one.net.layers[0].W[0, 0] + 1e-15)
        for run in (one, other):
            run.advance(300)
        assert np.isclose(one.numbers().loss_test, other.numbers().loss_test, rtol=1e-10, atol=0) == same


def test_few_points_are_fitted_best_and_generalize_worst():
    found = re.findall(r"^\d0 %: loss (\S+), on test points (\S+); right \S+ ± (\S+) %$", printed(), re.MULTILINE)
    loss, tested, spread = np.array(found, float).T
    assert len(loss) == 3
    assert loss.argmin() == 0
    assert tested.argmax() == 0
    assert spread.argmin() == 1


def test_bad_data_are_answered_in_words():
    lines = [line for line in printed().splitlines() if line.startswith("- ")]
    assert len(lines) == 5
    good = re.search(r'^good = "(.+)"$', "\n".join(c.source for c in cells(LEARNER, "code")), re.MULTILINE)[1]
    assert own_csv(good.replace("\\n", "\n")).classes == ("failed", "passed")


# ---- What to keep


def test_every_number_of_the_last_table_was_printed():
    table = [line for line in text().partition("| belief |")[2].splitlines() if line.startswith("| ")]
    assert len(table) == 12
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
