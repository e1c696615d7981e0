"""The playground without a browser: moves, buttons, taking back, missions, sweeps; and what its page is told."""

import asyncio
import io
import itertools
import sys
import threading
import time

import matplotlib._pylab_helpers
import numpy as np
import pytest
from memory import printed_alone, resident
from PIL import Image

from nbcore.draw.playground.layout import plan
from nbcore.draw.playground.network import net_of
from nbcore.draw.stage import Page, Stage
from nbcore.draw.sweep import Map, draw_sweep
from nbcore.explore import playground
from nbcore.explore import playground_board as board
from nbcore.explore import playground_state as state
from nbcore.play import Run, Settings, own_data
from nbcore.play.missions import MISSIONS
from nbcore.play.sweep import Grid

PAGE = {"width": 700, "ratio": 1, "dark": False, "background": "#ffffff"}


def weights(run):
    return [p.copy() for p in run.net.parameters()]


def same(one, other):
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def says(p, *files, **content):
    """A message of the page, with the bytes of files."""
    p.board._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": list(files)})


def watched(text="", **page):
    p = playground(text)
    says(p, page={**PAGE, **page})
    return p


def opened(data):
    return Image.open(io.BytesIO(data))


# ---- as the last line of a cell


def test_it_shows_itself_with_and_without_a_page():
    p = playground("moons | 100 updates")
    data, about = p._repr_mimebundle_()
    assert data["text/plain"] == "playground('moons | 100 updates')"
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == p.board.model_id
    assert about["image/png"]["alt"] == p.alt
    assert "moons" in p.alt
    assert "Update 100" in p.alt
    assert opened(p.png()).size[0] == 1.5 * about["image/png"]["width"] == 1440
    assert np.asarray(opened(p.png()).convert("L")).std() > 10


def test_every_control_has_a_name_a_place_and_a_value():
    p = playground()
    told = board.described(p.controls)
    names = [spec["name"] for spec in told]
    placed = ["speed", "cell", *board.BASICS]
    placed += [name for _, sections in board.GROUPS.values() for section in sections for name in section.names]
    assert sorted(placed) == sorted(names)
    assert len(set(names)) == len(names)
    assert len({spec["label"] for spec in told}) == len(told)
    assert p.params.keys() == p.controls.keys()
    for name, control in p.controls.items():
        if name not in ("weight",):
            assert p.params[name] in control.values, name


def test_one_can_not_be_made_of_nonsense():
    for text, words in (
        ("moon", "none of the data"),
        ("moons | eta=x", "eta"),
        ("moons || moons || moons", "two with"),
    ):
        with pytest.raises(ValueError, match=words):
            playground(text)
    with pytest.raises(ValueError, match="equally far"):
        playground("moons | 5 updates || moons | 6 updates")
    with pytest.raises(TypeError, match="string"):
        playground(3)
    with pytest.raises(TypeError, match="own must be"):
        playground(own=3)
    with pytest.raises(ValueError, match="own"):
        playground("own")


# ---- moves


@pytest.mark.parametrize(
    ("moves", "text"),
    [
        ({"data": "spirals", "n": 400, "noise": 0.02}, "spirals n=400 noise=0.02"),
        ({"train": 0.5, "data_seed": 3}, "moons train=0.5 data_seed=3"),
        ({"standardize": True}, "moons standardize"),
        ({"use_x1_squared": True, "use_x2": False}, "moons | x1 x1^2"),
        ({"use_x2_squared": True, "use_x1x2": True}, "moons | x1 x2 x2^2 x1x2"),
        ({"use_sinx1": True, "use_sinx2": True}, "moons | x1 x2 sinx1 sinx2"),
        ({"layers": 3}, "moons | 8 tanh, 8 tanh, 8 tanh"),
        ({"layers": 0}, "moons | no hidden layers"),
        ({"units": 4, "activation": "relu"}, "moons | 4 relu, 4 relu"),
        ({"layers": 3, "units2": 5, "phi3": "gelu"}, "moons | 8 tanh, 5 tanh, 8 gelu"),
        ({"init": "he", "scale": 2, "seed": 5}, "moons | seed=5 init=he scale=2.0"),
        ({"output": "tanh", "loss": "mse"}, "moons | output=tanh loss=mse"),
        ({"eta": 0.3, "batch": None, "optimizer": "adam"}, "moons | adam eta=0.3 batch=all"),
        ({"l1": 0.001, "l2": 0.01}, "moons | l1=0.001 l2=0.01"),
        ({"weight": 0.5}, "moons | 0: W1[0,0]=0.5"),
        ({"to_layer": 2, "to_unit": 7, "from_unit": 3, "weight": -1}, "moons | 0: W2[7,3]=-1.0"),
        ({"to_layer": 3, "from_unit": None, "weight": 2}, "moons | 0: b3[0]=2.0"),
    ],
)  # fmt: skip
def test_controls_make_the_settings(moves, text):
    p = playground().set(**moves)
    assert p.text == text
    for name, value in moves.items():
        assert p.params[name] == value, name
    rebuilt = playground(text).params
    for name in p.params.keys() - {*board.EDGE, "weight"}:
        assert rebuilt[name] == p.params[name], name


def test_layers_come_back_as_they_were():
    p = playground("moons | 5 relu, 3 gelu")
    assert p.set(layers=0).set(layers=2).text == "moons | 5 relu, 3 gelu"
    assert p.set(layers=4).text == "moons | 5 relu, 3 gelu, 3 gelu, 3 gelu"
    assert p.set(layers=0).set(activation="elu", units=2).set(layers=1).text == "moons | 2 elu"


def test_mixed_layers_are_called_mixed():
    p = playground("moons | 5 relu, 3 gelu")
    assert p.params["activation"] == "mixed"
    assert p.set(activation="mixed").text == "moons | 5 relu, 3 gelu"


BAD = [
    ({"eta": -1}, ValueError, "eta must be"),
    ({"eta": "much"}, TypeError, "eta must be"),
    ({"data": "own"}, ValueError, "no data of your own"),
    ({"data": "cats"}, ValueError, "data must be"),
    ({"loss": "bce", "output": "tanh"}, ValueError, "bce needs outputs from sigmoid"),
    ({"use_x1": False, "use_x2": False}, ValueError, "at least one"),
    ({"use_x1": 1}, ValueError, "use_x1 must be"),
    ({"layers": 7}, ValueError, "layers must be"),
    ({"units": 2.5}, ValueError, "units must be a whole number"),
    ({"units5": 3}, ValueError, "only 2 hidden layers"),
    ({"phi1": "softmax"}, ValueError, "phi1 must be"),
    ({"to_unit": 99}, ValueError, "less than 8"),
    ({"to_layer": 4}, ValueError, "at most 3"),
    ({"weight": float("nan")}, ValueError, "weight must be"),
    ({"speed": "fast"}, ValueError, "speed must be"),
    ({"mission": "impossible"}, ValueError, "mission must be"),
    ({"colour": 1}, ValueError, "no control named 'colour'"),
    ({"eta": 0.3, "weight": 1e9}, ValueError, "weight must be"),
    ({"activation": "relu", "to_layer": 9}, ValueError, "to_layer"),
    ({"speed": "1 a second", "eta": -1}, ValueError, "eta must be"),
]


@pytest.mark.parametrize(("moves", "kind", "words"), BAD, ids=[str(moves) for moves, *_ in BAD])
def test_bad_moves_change_nothing_and_say_why(moves, kind, words):
    p = playground("moons | 30 updates").set(show_test=True)
    before = p.text, p.params, p.alt, p._undo.copy(), weights(p.run)
    with pytest.raises(kind, match=words):
        p.set(**moves)
    assert (p.text, p.params, p.alt, p._undo) == before[:4]
    assert same(weights(p.run), before[4])
    # The same by hand.
    says(p, page=PAGE)
    told = []
    p.board.observe(lambda change: told.append(change.new), "params")
    says(p, move=moves, n="v:1")
    assert (p.text, p.params) == before[:2]
    assert told[-1] == {name: value for name, value in p.params.items() if name != "weight"}, "the controls go back"
    assert p.board.heard == "v:1"
    assert p.board.error.startswith("That did not work: ")
    says(p, move={"eta": 0.2}, n="v:2")
    assert p.board.error == ""
    assert p.error is None


def test_live_changes_keep_the_run_and_others_begin_again_from_the_same_start():
    p = playground("moons | 100 updates")
    trained, start = weights(p.run), weights(Run())
    for move in ({"eta": 0.2}, {"batch": 20}, {"optimizer": "momentum"}, {"l1": 0.001}, {"l2": 0.001}):
        p.set(**move)
        assert p.run.step_count == 100
        assert same(weights(p.run), trained)
        assert "from update 100 on" in p.said
    for move in ({"activation": "relu"}, {"noise": 0.2}, {"data": "rings"}, {"loss": "mse"}):
        p.act("step").set(**move)
        assert p.run.step_count == 0
        assert same(weights(p.run), start), move
        assert "the very same start weights" in p.said
    p.set(units2=9)
    assert "layer 1 starts as before" in p.said
    p.set(seed=1)
    assert "new start weights" in p.said
    assert not same(weights(p.run), start)


def test_buttons():
    p = playground()
    p.act("step")
    assert p.run.step_count == 1
    p.act("epoch")
    assert p.run.step_count == 15
    p.act("rewind")
    assert same(weights(p.run), weights(Run()))
    p.act("new start")
    assert p.text == "moons | seed=1"
    for name in ("undo",) * 2:
        p.act(name)
    assert p.text == "moons | 15 updates"
    with pytest.raises(ValueError, match=r"no button 'jump'; there are play, pause"):
        p.act("jump")
    assert p.act("play").act("play").playing
    assert not p.act("pause").act("pause").playing


def test_training_is_that_of_the_run():
    p = playground().set(speed="20 a picture").play()
    p.tick(7).pause()
    assert p.run.step_count == 140
    assert same(weights(p.run), weights(Run().advance(140) and Run.from_text("moons | 140 updates")))
    p.tick()
    assert p.run.step_count == 140, "paused"
    assert p.set(speed="1 epoch a picture").play().tick().run.step_count == 154


# ---- taking back


def test_each_change_can_be_taken_back_to_the_last_digit():
    p = playground("moons | 60 updates")
    moves = [
        lambda: p.set(eta=0.5),
        lambda: p.set(weight=3.0),
        lambda: p.set(activation="relu"),
        lambda: p.act("new start"),
        lambda: p.act("rewind"),
        lambda: p.set(data="digits"),
        lambda: p.act("compare"),
        lambda: p.set(units=3),
    ]
    seen = []
    for move in moves:
        seen.append((p.text, [weights(run) for run in p._runs]))
        move()
        assert p.said
    for text, kept in reversed(seen):
        p.act("undo")
        assert p.text == text or p.run.step_count == 60  # what was changed on the way stays in the log as taken back
        assert all(same(weights(run), old) for run, old in zip(p._runs, kept, strict=True))
    with pytest.raises(ValueError, match="nothing to take back"):
        p.act("undo")


def test_what_a_hand_moves_in_one_go_is_taken_back_in_one_go():
    p = playground("moons | 60 updates")
    for noise in (0.2, 0.3, 0.4):
        p.set(noise=noise)
    assert p.act("undo").text == "moons | 60 updates"
    for eta in (0.2, 0.3):
        p.set(eta=eta)
    p.play().tick()
    p.set(eta=0.4)
    assert p.act("undo").run.settings.eta == 0.1


# ---- comparison


def test_two_runs_from_one_start_in_step():
    p = playground("moons | 60 updates").act("compare")
    assert p.text == "moons || moons"
    p.set(activation="relu").play().tick(10)
    assert p.a.step_count == p.run.step_count == 50
    p.set(eta=0.3).tick(2)
    assert p.a.settings == Settings()
    assert p.text == "moons | 60 updates || moons | 8 relu, 8 relu | 60 updates | 50: eta=0.3"
    assert same(weights(p.a), weights(Run.from_text("moons | 60 updates")))
    assert "A: update 60" in p.status
    assert "B: update 60" in p.status
    assert len(p.shot.sides) == 2
    again = playground(p.text)
    assert again.text == p.text
    assert same(weights(again.run), weights(p.run))
    p.set(units=4)
    assert p.a.step_count == p.run.step_count == 0, "B begins again, and A with it"
    p.act("new start")
    assert p.a.settings.seed == p.run.settings.seed == 1
    with pytest.raises(ValueError, match="already"):
        p.act("compare")
    assert playground("moons || rings").act("keep a").text == "moons"
    assert playground("moons || rings").act("keep b").text == "rings"
    with pytest.raises(ValueError, match="no comparison"):
        playground().act("keep a")


def test_weights_set_by_hand_go_along_into_the_comparison():
    p = playground().set(weight=1.5).act("compare")
    assert p.text == "moons | 0: W1[0,0]=1.5 || moons | 0: W1[0,0]=1.5"
    assert same(weights(p.a), weights(p.run))


# ---- divergence

WILD = "plane | 8 relu, 8 relu | eta=5.0 batch=all"


def test_divergence_stops_with_words_and_leads_back():
    p = playground(WILD).set(speed="20 a picture").play().tick(50)
    assert not p.playing
    assert p.said.startswith("Stopped: it has diverged.")
    for word in (f"{p.run.diverged.step:,} updates", "layer", "η"):
        assert word in p.run.diverged.text
    for name in ("play", "step", "epoch"):
        with pytest.raises(ValueError, match="has diverged"):
            p.act(name)
    assert np.isfinite(p.shot.sides[0].view.numbers.loss)
    p.act("last good, lower eta")
    assert p.run.diverged is None
    assert p.run.settings.eta < 5
    p.play().tick(3)
    assert p.playing
    with pytest.raises(ValueError, match="no divergence"):
        p.act("last good, lower eta")


def test_a_change_after_a_divergence_goes_on_from_the_last_good_state():
    p = playground(f"{WILD.replace('5.0', '0.01')} | 200 updates").set(speed="20 a picture", eta=5.0).play().tick(50)
    assert p.run.diverged is not None
    p.set(l2=0.001)
    at = p.run.step_count
    assert 0 < at <= 200
    assert p.said == f"Back at update {at}, the last good state. L2 penalty = 0.001, from update {at} on."
    assert (p.run.settings.eta, p.run.settings.l2) == (0.01, 0.001)
    p.play().tick(3)
    assert p.playing
    assert p.run.diverged is None
    p.act("pause").act("undo")
    assert p.run.settings.l2 == 0


def test_divergence_of_one_side_names_it():
    p = playground(f"{WILD.replace('5.0', '0.01')} || {WILD}").set(speed="20 a picture").play().tick(50)
    assert p.said.startswith("Stopped: B has diverged.")
    p.act("step")
    assert p.said.startswith("One update."), "of A, which goes on"
    assert p.a.step_count > p.run.step_count
    shared = playground(p.text)
    assert shared.text == p.text
    assert [run.diverged for run in shared._runs] == [None, p.run.diverged], "what waits is shared, too"
    p.act("last good")
    assert p.a.step_count == p.run.step_count


@pytest.mark.parametrize(("keep", "other"), [("keep a", "b"), ("keep b", "a")])
def test_a_comparison_that_comes_back_is_in_step(keep, other):
    p = playground("moons").act("compare").set(eta=0.3).set(speed="20 a picture").play().tick(2)
    p.act(keep).tick(3).act("pause").act("undo")
    assert p.a.step_count == p.run.step_count == 100
    assert playground(p.text).text == p.text
    alone = Run(Settings(eta=0.3 if other == "b" else 0.1))
    alone.advance(100)
    assert same(weights(p.run if other == "b" else p.a), weights(alone))


@pytest.mark.parametrize("wild", [(True, False), (False, True), (True, True)])
def test_a_lower_rate_is_given_to_the_side_that_diverged(wild):
    sides = [WILD if one else WILD.replace("5.0", "0.01") for one in wild]
    p = playground(" || ".join(sides)).set(speed="20 a picture").play().tick(50)
    while [run.diverged is not None for run in p._runs] != list(wild):
        p.play().tick(50)
    told = p.board.diverged
    cures = {name: run.diverged.eta for name, run in zip("AB", p._runs, strict=True) if run.diverged is not None}
    assert told["rates"] == " and ".join(f"η = {eta:g} in {name}" for name, eta in cures.items())
    assert [f"{name}: After" in told["text"] for name in "AB"] == list(wild)
    p.act("last good, lower eta")
    assert p.said.startswith(f"Back at update 0; from here on with {told['rates']}.")
    assert [run.settings.eta for run in p._runs] == [cures.get("A", 0.01), cures.get("B", 0.01)]
    assert p.board.diverged == {}
    assert p.board.params["eta"] == p.run.settings.eta
    p.play().tick(3)
    assert p.playing
    assert p.a.step_count == p.run.step_count == 60
    if wild == (True, False):
        p.act("pause").act("rewind").act("undo").act("undo")
        assert p.a.settings.eta == 5


# ---- share, code, one's own data


def test_the_code_leads_to_the_same_weights():
    p = playground("rings | 4 relu").play().tick(4)
    p.set(eta=0.3).tick(3)
    p.set(to_layer=2, weight=1.25).tick(2)
    found = {}
    exec(p.code, found)
    assert same([*found["net"].parameters()], weights(p.run))
    p.act("compare")
    assert p.code.startswith("# A\nimport numpy")
    assert "\n# B\n" in p.code


def test_ones_own_data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    p = playground(own=(X, X[:, 0] > 0))
    assert p.run.settings.data == "own"
    p.play().tick(5)
    assert "output on your own data, learning" in p.alt
    assert playground(p.text, own=(X, X[:, 0] > 0)).text == p.text
    with pytest.raises(ValueError, match="fingerprint"):
        playground(p.text, own=(X + 1, X[:, 0] > 0))
    p.set(data="moons").set(data="own")
    assert p.run.problem.kind == "classes"


CSV = "length,width,kind\n" + "\n".join(f"{k},{k % 7},{'long' if k > 10 else 'short'}" for k in range(20))


def test_inputs_are_offered_by_the_names_of_their_columns():
    p = playground()
    assert p.board.labels == {"weight": "weight", "use_x1": "x₁", "use_x2": "x₂"}
    rng = np.random.default_rng(0)
    p.use(own_data(rng.normal(size=(20, 2)), np.arange(20) % 2, inputs=["hours of sleep", "x2"]))
    assert p.board.labels == {"weight": "weight", "use_x1": "x₁ hours of sleep", "use_x2": "x₂"}
    p.use(own_data(rng.normal(size=(20, 1)), np.arange(20) % 2, inputs=["hours of sleep"]))
    assert p.board.labels == {"weight": "weight", "use_x1": "x₁", "use_x2": "x₂"}


def test_ones_own_data_get_a_word_on_loss_and_scale():
    rng = np.random.default_rng(0)
    p = playground(own=(rng.normal(50, 10, (60, 3)), np.arange(60) % 3))
    assert p.said.endswith("The inputs reach 70: standardize them.")
    p.set(loss="mse")
    assert "softmax_ce cancels it" in p.said
    p.set(standardize=True, loss="auto")
    assert p.said == "Standardizing = on, loss = auto. Begun again from the very same start weights."
    p.set(data="moons")
    assert p.said == "Data = moons. Begun again with new start weights."


def test_a_csv_of_the_page_is_taken_or_refused_in_words():
    p = watched()
    says(p, memoryview(b"PK\0\x03"), csv="")
    assert "this is no text" in p.board.error
    says(p, memoryview(b"a,b\n1,2,3\n"), csv="")
    assert "line 2" in p.board.error
    says(p, memoryview("1,M\xfcller\n2,M\xf6ller\n3,Maier\n4,Maier\n".encode("cp1252")), csv="")
    assert "line 1 of the CSV is not saved as UTF-8" in p.board.error
    says(p, memoryview(b"1,0\n2,1\n3,2\n4,1\n5,0\n"), csv="")
    assert "if y are numbers to fit" in p.board.error
    for wrong in ("regresion", None, 3):
        says(p, memoryview(CSV.encode()), csv=wrong)
        assert "Nothing has changed" in p.board.error
    says(p, csv="")
    assert "Nothing has changed" in p.board.error
    assert p.text == "moons"
    says(p, memoryview(b"1,0\n2,1\n3,2\n4,1\n5,0\n"), csv="regression")
    assert "5 rows, 1 input, numbers to fit" in p.board.said
    says(p, act="undo")
    says(p, memoryview(CSV.encode()), csv="")
    assert p.board.error == ""
    assert "20 rows, 2 inputs, 2 classes" in p.board.said
    assert p.board.params["data"] == "own"
    assert "own" in p.board.menus["data"]["values"]
    assert p.board.menus["from_unit"]["texts"] == ["length", "width", "bias"]
    says(p, act="undo")
    assert p.text == "moons"


def test_two_losses_are_named_and_not_compared():
    p = playground("rings | output=sigmoid loss=mse | 50 updates || rings | 50 updates")
    assert "A's loss is mse, B's bce: two measures." in p.said
    assert [name for name, _ in p.board.readout if ":" in name] == ["A: mse", "B: bce"]
    alike = playground("rings | 50 updates || rings | eta=0.3 | 50 updates")
    assert "two measures" not in alike.said
    assert [name for name, _ in alike.board.readout if ":" in name] == ["A: loss", "B: loss"]
    for sentence in alike.alt.split(". ")[1:]:
        assert sentence[:1] == sentence[:1].upper(), sentence


def test_what_to_press_first_is_said_where_nothing_has_been_trained():
    for text, press in (("", True), ("rings | 8 relu", True), ("rings | 50 updates", False)):
        assert playground(text).said.startswith("Press Play") == press


# ---- missions


@pytest.mark.parametrize("name", MISSIONS)
def test_missions_are_told_and_won_by_their_solutions(name):
    p = playground().set(mission=name)
    assert p.said.startswith(f"Mission: {MISSIONS[name].title}.")
    assert p.mission[0] is False
    p.act("mission start")
    won, words = p.mission
    assert not won
    assert words
    p.act("solution")
    won, words = p.mission
    assert won, words
    assert any(char.isdigit() for char in words)


def test_in_a_kernel_a_button_pressed_from_code_has_done_its_work():
    async def drive():
        p = playground().set(mission="spirals")
        p._repr_mimebundle_()
        p.act("mission start")
        assert p.text == MISSIONS["spirals"].start
        p.act("solution")
        assert p.mission[0]
        assert p.text in repr(p)
        assert p.run.step_count > 0
        p.set(sweep_updates=100).act("sweep")
        assert np.isfinite(p._map.grid.loss[p._map.best])
        assert p._job is None
        p.close()

    asyncio.run(drive())


def test_a_mission_needs_to_be_chosen():
    for name in ("solution", "mission start"):
        with pytest.raises(ValueError, match="choose a mission"):
            playground().act(name)


# ---- sweeps


def test_a_sweep_is_run_shown_and_its_cells_are_taken():
    p = playground()
    grid = p.sweep(sweep_first="eta", sweep_second="width", sweep_updates=100)
    assert grid.loss.shape == (len(board.SWEEPS["width"]), len(board.SWEEPS["eta"]))
    i, j = p._map.best
    assert grid.loss_test[i, j] == np.nanmin(grid.loss_test)
    assert p.params["cell"] == i * grid.loss.shape[1] + j
    p.act("take cell")
    s = p.run.settings
    assert (s.eta, s.hidden[0][0]) == (grid.first[1][j], grid.second[1][i])
    assert p.run.advance(100) == 100
    assert p.run.numbers().loss_test == pytest.approx(grid.loss_test[i, j], rel=1e-9)
    p.set(cell=0).act("take cell")
    assert p.run.settings == grid.settings[0][0]
    assert p.board.menus["cell"]["values"] == list(p.controls["cell"].values), "also when it is shown only now"
    with pytest.raises(ValueError, match="cell must be"):
        p.set(cell=grid.loss.size)
    p.set(sweep_shows="score")
    assert p._map.text(i, j) == f"{100 * grid.score[i, j]:.3g} %"


def test_the_map_of_a_sweep_shows_its_numbers():
    p = playground("plane | 8 relu | batch=all")
    p.sweep(sweep_first="eta", sweep_second="seed", sweep_updates=300)
    shown = p._map
    assert (shown.grid.diverged >= 0).any()
    stage = Stage(draw_sweep, Page(700), (1,), 320)
    stage.render(shown)
    texts = [[text.get_text() for text in row] for row in stage.artists["cells"]]
    for i, j in itertools.product(*map(range, shown.values.shape)):
        assert texts[i][j] == shown.text(i, j)
        assert (texts[i][j] == "diverged") == (shown.grid.diverged[i, j] >= 0)
    strengths = shown.strengths
    assert not shown.ruined[shown.best]
    assert np.nanmax(strengths) == strengths[shown.best] == 1
    assert np.nanmin(strengths) == 0
    order = np.argsort(shown.values[np.isfinite(shown.values)])
    assert (np.diff(strengths[np.isfinite(strengths)][order]) <= 0).all()
    assert shown.at(0.2, 1.4) == (1, 0)
    assert shown.at(-3, 0) is None


def test_the_cell_with_the_settings_of_now_is_marked():
    p = watched(width=900)
    says(p, open=["sweep"])
    p.sweep(sweep_first="eta", sweep_second="width", sweep_updates=100)
    rows, columns = (axis[1] for axis in (p._map.grid.second, p._map.grid.first))

    def marked():
        """Where the mark is, in the picture and in the menu; and what the alt text says of it."""
        mark = p._stages["sweep"].artists["now"]
        place = tuple(round(v + 0.5) for v in mark.get_xy()[::-1]) if mark.get_visible() else None
        texts = p.board.menus["cell"]["texts"][1:]
        named = [k for k, text in enumerate(texts) if text.endswith("(now)")]
        assert named == ([] if place is None else [place[0] * len(columns) + place[1]])
        legend = "dashed: as set now" in p._stages["sweep"].artists["title"].get_text()
        told = p.board.sweep_alt.partition(" The settings of now: ")[2]
        assert legend == (place is not None) == bool(told)
        return place, told

    start = rows.index(8), columns.index(0.1)
    assert marked()[0] == start
    says(p, act="take cell")
    place, told = marked()
    assert place == p._map.best
    assert told.startswith(f"learning rate η = {columns[place[1]]:g}, units a layer = {rows[place[0]]}: ")
    says(p, act="undo")
    assert marked()[0] == start
    frame, drawn = p.board.sweep_frame, []
    render = p._stages["sweep"].render
    p._stages["sweep"].render = lambda *some: drawn.append(some) or render(*some)
    says(p, move={"data_seed": 3}, n="1")
    assert marked() == (None, "")
    assert p.board.sweep_note == "Made with seed of the data 0: a cell brings that back."
    assert len(drawn) == 1
    assert p.board.sweep_frame != frame
    says(p, move={"speed": "1 a picture"}, n="2")
    assert len(drawn) == 1, "a map that is the same is not drawn again"
    says(p, move={"cell": 5}, n="3")
    says(p, act="take cell")
    assert marked()[0] == (0, 5)
    assert p.board.sweep_note == ""
    says(p, move={"eta": 0.1234}, n="4")
    assert marked() == (None, "")
    assert p.board.sweep_note == "", "the map is of other values of the swept settings only"


def test_of_equal_cells_the_chosen_one_is_marked():
    p = playground("moons | no hidden layers")
    with pytest.raises(ValueError, match="there are no hidden layers, so units a layer would change nothing"):
        p.sweep(sweep_first="width", sweep_second="eta", sweep_updates=100)
    p.sweep(sweep_first="width", sweep_second="depth")
    assert len({p._map.grid.settings[0][j] for j in range(8)}) == 1, "no layers, whatever their width"
    p.set(cell=3).act("take cell")
    assert p._cell_now() == (0, 3)


@pytest.mark.parametrize("width", [330, 450, 760, 839, 840])
def test_the_title_of_the_map_fits(width):
    values = np.array([[0.2, 40000.0], [0.1, 900.0], [0.3, 0.2]])
    none = np.full((3, 2), -1)
    grid = Grid(("eta", (0.1, 1.0)), ("seed", (0, 1, 2)), 3000, (), values, values, values, values, none)
    shown = Map(grid, "score_test", False, "training error (root mean square)", "η", "seed", (1, 0))
    stage = Stage(draw_sweep, Page(width), (1,), 84 + 22 * 3)
    stage.render(shown)
    title = stage.artists["title"]
    box = title.get_window_extent()
    lines = title.get_text().split("\n")
    assert len(lines) == (1 if width >= 840 else 2)
    assert box.y1 <= stage.figure.bbox.height
    assert width < 450 or box.x1 <= stage.figure.bbox.width
    assert [part in title.get_text() for part in ("framed", "dashed", "italic")] == [True] * 3


def test_ruined_runs_do_not_take_the_colors_of_the_others():
    values = np.array([[0.2, 0.3, 40000.0], [0.4, 0.6, np.nan], [0.1, 0.5, 900.0]])
    gone = np.where(np.isnan(values), 7, -1)
    grid = Grid(("eta", (0.1, 1.0, 10.0)), ("seed", (0, 1, 2)), 50, (), values, values, values, values, gone)
    shown = Map(grid, "loss", False, "loss", "η", "seed")
    median = np.nanmedian(values)
    assert shown.bound == 10 * median
    assert shown.ruined.tolist() == [[False, False, True], [False, False, False], [False, False, True]]
    strengths = shown.strengths
    assert strengths[0, 2] == strengths[2, 2] == 0
    assert strengths[1, 1] == pytest.approx(np.log(shown.bound / 0.6) / np.log(shown.bound / 0.1))
    assert np.isnan(strengths[1, 2])
    stage = Stage(draw_sweep, Page(700), (1,), 320)
    stage.render(shown)
    words = stage.artists["title"].get_text()
    assert words.endswith("italic: over 4.5")
    styles = [[text.get_fontstyle() for text in row] for row in stage.artists["cells"]]
    assert [row.count("italic") for row in styles] == [1, 1, 1]
    share = Map(grid, "loss", True, "accuracy", "η", "seed")
    assert not share.ruined.any()


def test_a_sweep_of_one_setting_twice_is_refused():
    with pytest.raises(ValueError, match="across and upward must be two different settings, both are learning rate"):
        playground().sweep(sweep_first="eta", sweep_second="eta")


# ---- what a page is told


def test_the_page_gets_a_picture_in_its_size_and_theme():
    p = watched(width=700)
    assert (p.board.mime, p.board.count, p.board.width) == ("image/jpeg", 1, 700)
    assert opened(p.board.frame).size == (p.board.width, p.board.height)
    light = np.asarray(opened(p.board.frame).convert("L")).mean()
    says(p, rest=True)
    assert (p.board.mime, p.board.count) == ("image/png", 2)
    says(p, page={**PAGE, "dark": True, "background": "#111111", "ratio": 2})
    assert np.asarray(opened(p.board.frame).convert("L")).mean() < light - 60
    says(p, rest=True)
    assert opened(p.board.frame).size == (2 * p.board.width, 2 * p.board.height)


def test_the_page_gets_words_that_follow():
    p = watched()
    before = p.board.alt, p.board.status, p.board.readout
    says(p, act="epoch")
    assert p.board.said.startswith("One epoch.")
    assert [p.board.alt != before[0], p.board.status != before[1], p.board.readout != before[2]] == [True] * 3
    assert ["update", "14"] in p.board.readout
    says(p, move={"data": "plane"}, n="1")
    assert any(name == "typical error" for name, _ in p.board.readout)
    assert {"use_x1", "noise"}.isdisjoint(p.board.absent)
    says(p, move={"data": "digits"}, n="2")
    assert {"use_x1", "noise", "show_test"} <= set(p.board.absent)
    assert p.board.undo
    assert "undo" not in p.board.disabled


def test_the_page_shows_only_layers_that_are_there():
    p = watched()
    assert {"units3", "phi6"} <= set(p.board.absent)
    assert {"units2", "phi2"}.isdisjoint(p.board.absent)
    says(p, move={"layers": 0}, n="1")
    assert {"units1", "phi1"} <= set(p.board.absent)
    assert set(p.board.idle) == {"units", "activation"}
    assert p.board.menus["to_layer"]["texts"] == ["output layer"]


def test_a_click_chooses_an_edge_and_opens_its_group():
    p = watched(width=960)
    sent = []
    p.board.send = lambda content, **_: sent.append(content)
    for right, down in itertools.product(np.linspace(0.05, 0.6, 60), np.linspace(0.05, 0.6, 40)):
        says(p, click=[right, down])
        if sent:
            break
    assert sent == [{"open": "weights", "view": None}]
    assert p.shot.selected == p._edge
    says(p, open=["weights"])
    says(p, move={"weight": 1.5}, n="1")
    assert p.weight == 1.5
    assert p.board.live == {"weight": 1.5}
    says(p, open=[])
    assert p.shot.selected is None


def in_network(p, side, point):
    """A click on what `point` gives of a side's network, in shares of the picture."""
    stage, sides = p._stages["quick"], p.shot.sides
    net = net_of(sides[side], plan(stage.width, len(sides)).nets[side])
    x, y = map(float, point(net))
    says(p, click=[x / stage.width, y / stage.height], view="v")


def test_a_click_into_a_reads_and_never_sets_something_else():
    p = watched("moons | 8 tanh", width=1200)
    p.run.set_weight(1, 2, 0, 0.25)
    says(p, act="compare")
    says(p, move={"units": 4}, n="1")
    says(p, move={"to_layer": 1}, n="2")
    assert p.board.labels["weight"] == "B's weight"
    assert "the controls set B's, the picture shows A's beside it" in p.board.said
    before, opened_before = p._edge, p._open
    in_network(p, 0, lambda net: net.middles(1)[7])
    assert p.board.said == (
        "b1[7] of A is 0 at update 0. B has no such weight, and the controls are B's: to change A, keep A."
    )
    assert (p._edge, p._open) == (before, opened_before), "not the nearest of B instead"
    in_network(p, 0, lambda net: net.lines[0][2, 0][len(net.lines[0][2, 0]) // 3])
    assert p.board.said == "W1[2,0] of A is 0.25 at update 0, to look at: the controls set B's."
    assert p._edge == p.shot.selected == (1, 2, 0)
    assert p.weight == p.run.net.layers[0].W[2, 0]
    in_network(p, 1, lambda net: net.middles(1)[3])
    assert p.board.said == "b1[3] is chosen: the controls set B's, the picture shows A's beside it."
    says(p, move={"weight": 1.5}, n="3")
    assert p.run.net.layers[0].b[0, 3] == 1.5
    assert p.a.net.layers[0].b[0, 3] == 0
    says(p, act="keep b")
    assert p.board.labels["weight"] == "weight"
    p.act("compare").set(units=10).set(to_layer=1, to_unit=9)
    assert p.said == "b1[9] is chosen: the controls set B's, A has no such weight."


def test_what_any_view_has_open_is_kept_up_to_date():
    p = watched()
    says(p, open=["share", "weights"])
    assert p.board.text == "moons"
    says(p, move={"eta": 0.2}, n="1")
    assert p.board.text == "moons | eta=0.2"
    assert p.shot.selected == p._edge
    says(p, open=["weights"])
    assert p.shot.selected == p._edge
    sent = p._sent
    says(p, open=["weights"])
    assert p._sent == sent, "nothing new to see"


def test_text_and_code_are_there_when_their_group_is_open():
    p = watched("rings | 30 updates")
    assert p.board.text == ""
    says(p, open=["share"])
    assert p.board.text == p.text
    assert p.board.code == p.code
    says(p, load="nonsense")
    assert "none of the data" in p.board.error
    assert p.text == "rings | 30 updates"
    says(p, load="xor | 4 tanh | 25 updates")
    assert p.board.error == ""
    assert p.board.text == "xor | 4 tanh | 25 updates"


def test_a_drawing_that_fails_is_said_and_overcome(monkeypatch):
    p = watched()
    module = sys.modules["nbcore.explore.playground"]
    good = p.board.frame
    p._stages.clear()
    with monkeypatch.context() as patch:
        patch.setattr(module, "draw_playground", lambda *_: 1 / 0)
        says(p, move={"eta": 0.2}, n="1")
        assert "ZeroDivisionError" in p.board.error
        assert p.board.frame == good
    says(p, move={"eta": 0.3}, n="2")
    assert p.board.error == ""
    assert p.board.frame != good


# ---- live


async def until(true):
    """Not a matter of how long: the limit is for what will never come to pass, however busy the machine is."""
    async with asyncio.timeout(300):
        while not true():
            await asyncio.sleep(0.002)


def waits(p, monkeypatch):
    """Notes each time that the task waits for the page, and lets it look again at once."""
    noted, hear = [], p._hear

    async def hears(seconds):
        noted.append(p.board.count)
        await hear(0.001)

    monkeypatch.setattr(p, "_hear", hears)
    return noted


def answers(p):
    """A page that answers each picture."""
    p.board.observe(lambda change: says(p, until=change.new + 3), "count")


def tasks():
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def test_live_training_goes_on_while_the_page_answers():
    async def drive():
        p = watched()
        answers(p)
        says(p, act="play")
        await until(lambda: p.board.count > 20)
        assert p.board.playing
        assert len(tasks()) == 1
        says(p, act="pause")
        assert not p.board.playing
        at, shown = p.run.step_count, p.board.count
        await until(lambda: not tasks())
        assert p.run.step_count == at
        assert p.board.count <= shown + 1
        assert p.board.status == p.status
        says(p, act="play")
        await until(lambda: p.run.step_count > at)
        says(p, act="pause")
        await until(lambda: not tasks())
        assert same(weights(p.run), weights(Run.from_text(p.text)))

    asyncio.run(drive())


def test_a_page_that_does_not_answer_gets_no_more_pictures(monkeypatch):
    async def drive():
        p = watched()
        waiting = waits(p, monkeypatch)
        says(p, until=p.board.count + 3)
        before = p.board.count
        says(p, act="play")
        await until(lambda: len(waiting) > 20)
        assert p.board.count == before + 3
        assert set(waiting) == {before + 3}
        says(p, until=p.board.count + 3)
        await until(lambda: p.board.count > before + 3)
        p.close()
        await until(lambda: not tasks())

    asyncio.run(drive())


@pytest.mark.parametrize("turns_first", [True, False])
def test_a_page_that_turns_while_a_picture_waits_for_it_goes_on(turns_first, monkeypatch):
    async def drive():
        p = watched()
        waiting = waits(p, monkeypatch)
        says(p, until=p.board.count + 2)
        last = p.board.count + 2
        says(p, act="play")
        await until(lambda: last in waiting)  # the next one is drawn, and waits
        sizes = []
        p.board.observe(lambda _: sizes.append((p.board.width, opened(p.board.frame).size[0])), "status")
        told = [{"page": {"width": 640, "dark": True}}, {"until": last + 5}]
        for message in told if turns_first else reversed(told):
            says(p, **message)
        await until(lambda: len(sizes) > 2 or p.error)
        assert p.error is None
        assert p.playing
        assert set(sizes) == {(640, 640)}, "the picture that waited was for another page"
        p.close()
        await until(lambda: not tasks())

    asyncio.run(drive())


def test_nobody_watching_ends_it(monkeypatch):
    module = sys.modules["nbcore.explore.playground"]
    monkeypatch.setattr(module, "GONE", 0.1)

    async def drive():
        p = watched()
        says(p, act="play")
        await until(lambda: not p.playing)
        await until(lambda: not tasks())
        assert "no page" in p.said

    asyncio.run(drive())


@pytest.mark.parametrize("way", ["close the widget", "close the playground"])
def test_a_cell_that_runs_again_leaves_no_task(way):
    async def drive():
        p = watched()
        answers(p)
        says(p, act="play")
        await until(lambda: p.board.count > 5)
        if way == "close the widget":
            p.board.close()
        else:
            p.close()
        await until(lambda: not tasks())
        assert not p.playing

    asyncio.run(drive())


def test_moves_from_another_thread_are_taken_in_while_it_trains():
    async def drive():
        p = watched()
        answers(p)
        p.play()
        await until(lambda: p.board.count > 3)
        failed = []

        def hand():
            try:
                for k in range(30):
                    says(p, move={"eta": 0.1 + 0.01 * k}, n=str(k))
                    time.sleep(0.003)
                says(p, act="pause")
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=hand)
        thread.start()
        await until(lambda: not thread.is_alive())
        await until(lambda: not tasks())
        assert not failed
        assert p.error is None
        assert p.run.settings.eta == pytest.approx(0.39)
        assert p.board.heard == "29"
        assert same(weights(p.run), weights(Run.from_text(p.text)))

    asyncio.run(drive())


def test_an_interrupt_pauses(monkeypatch):
    async def drive():
        p = watched()
        answers(p)
        p.play()
        await until(lambda: p.board.count > 3)
        monkeypatch.setattr(p, "_train_for", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        await until(lambda: not tasks())
        assert not p.playing
        assert p.board.said.startswith("Interrupted")

    asyncio.run(drive())


def test_divergence_in_a_page_stops_and_offers_the_way_back():
    async def drive():
        p = watched(WILD)
        answers(p)
        says(p, act="play")
        await until(lambda: p.board.diverged)
        await until(lambda: not tasks())
        assert not p.board.playing
        assert "layer" in p.board.diverged["text"]
        assert p.board.diverged["rates"] == f"η = {p.run.diverged.eta:g}"
        assert f"{p.board.diverged['rates']} holds" in p.board.diverged["text"]
        assert "eta" not in p.board.diverged["text"]
        says(p, act="last good, lower eta")
        assert p.board.diverged == {}

    asyncio.run(drive())


def test_a_mission_won_while_it_trains_is_said():
    async def drive():
        p = watched("moons | 8 tanh, 8 tanh | eta=0.3 | init=zeros")
        answers(p)
        says(p, open=["missions"])
        says(p, load=MISSIONS["zeros"].solution.replace("2000 updates", "1000 updates"))
        await until(lambda: not tasks())
        says(p, move={"mission": "zeros", "speed": "500 a picture"}, n="1")
        says(p, act="play")
        await until(lambda: "Mission won" in p.board.said)
        assert p.board.mission["won"]
        p.close()
        await until(lambda: not tasks())

    asyncio.run(drive())


def test_a_sweep_in_a_page_shows_its_way_and_can_be_stopped():
    async def drive():
        p = watched()
        answers(p)
        says(p, open=["sweep"])
        says(p, move={"sweep_updates": 3000, "sweep_first": "batch", "sweep_second": "l2"}, n="1")
        says(p, act="sweep")
        await until(lambda: p.board.progress)
        assert 0 < p.board.progress["done"] < p.board.progress["total"]
        assert "sweep" in p.board.disabled
        says(p, act="stop")
        await until(lambda: not tasks())
        assert p.board.progress == {}
        assert "stopped" in p.board.said
        says(p, move={"sweep_updates": 100, "sweep_first": "eta", "sweep_second": "seed"}, n="2")
        says(p, act="sweep")
        await until(lambda: not tasks())
        assert "The best cell" in p.board.said
        assert opened(p.board.sweep_frame).size[0] > 300
        assert "Heat map" in p.board.sweep_alt
        says(p, cell=[0.5, 0.5])
        assert "press Play" in p.board.said

    asyncio.run(drive())


# ---- ten thousand moves


def far_walk():
    """Ten thousand moves: how many were refused, how much memory and how many figures the last eight thousand left."""
    rng = np.random.default_rng(0)
    p = playground()
    names = [name for name in p.controls if name not in ("data", "n", "weight", "speed")]
    buttons = [b for b in state.ACTS if b not in ("sweep", "solution", "mission start", "play")]

    def pick(values):
        return values[int(rng.integers(len(values)))]

    def move():
        kind = rng.integers(20)
        if kind < 11:
            chosen = pick(names)
            p.set(**{chosen: pick(p.controls[chosen].values)})
        elif kind == 11:
            p.set(data=pick(p.controls["data"].values), n=int(rng.integers(10, 80)))
        elif kind == 12:
            p.set(weight=pick((0.0, -3.0, 1e6, -1e6, 0.5)))
        elif kind == 13:
            p.set(to_layer=int(rng.integers(1, 8)), to_unit=int(rng.integers(0, 17)), from_unit=pick((None, 0, 5)))
        elif kind == 14:
            p.act(pick(buttons))
        elif kind == 15:
            p.load(p.text)
        elif kind == 16:
            nothing = {"n": pick((5, 20)), "noise": rng.normal(), "eta": rng.normal(), "hidden": ()}
            p.set(**nothing)
        else:
            p.set(speed=pick([*board.SPEEDS][:5])).play().tick()

    def walk(count):
        refused = 0
        for k in range(count):
            try:
                move()
            except (ValueError, TypeError):
                refused += 1
            if p.run.step_count > 500:
                p.act("rewind")
            if k % 50 == 0:
                for side in p.shot.sides:
                    for part in (side.view.numbers, side.view.inside, side.view):
                        for value in vars(part).values():
                            if isinstance(value, (float, np.ndarray)):
                                assert np.isfinite(value).all()
                    assert np.isfinite(side.losses).all()
                assert "nan" not in (p.alt + p.status + p.said).lower().replace("nano", "")
            if k % 1000 == 0:
                assert opened(p.png(Page(700))).size[0] == 700
        return refused

    walk(2000)  # caches are full now
    before = resident()
    refused = walk(8000)
    return refused, resident() - before, len(matplotlib._pylab_helpers.Gcf.figs)


def test_ten_thousand_random_moves_leave_nothing_behind():
    refused, grown, figures = printed_alone(__file__)
    assert 100 < refused < 7000
    assert grown < 10e6, f"{grown / 1e6:.1f} MB more"
    assert figures == 0


if __name__ == "__main__":
    print(*far_walk())
