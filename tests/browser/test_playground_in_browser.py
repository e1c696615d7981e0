"""The playground in JupyterLab: it plays and pauses, is steered by keyboard and mouse, compares, and leaves nothing."""

from __future__ import annotations

import json

import pytest
from conftest import ARTIFACTS, Lesson, notebook_of, served  # type: ignore[import-not-found]
from test_explorer_in_browser import in_kernel  # type: ignore[import-not-found]

SETUP = """
import asyncio
from nbcore import explore
from nbcore.draw.playground.layout import plan
from nbcore.draw.playground.network import net_of

def edge(layer, to, start, along):
    "A point of an edge, as shares of the picture's width and height."
    stage = p._stages["quick"]
    line = net_of(p.shot.sides[0], plan(stage.width, 1).nets[0]).lines[layer - 1][to, start]
    x, y = line[int(along * len(line))]
    return [float(x) / stage.width, float(y) / stage.height]
"""
CELLS = [SETUP, "p = explore.playground()\np"]
TASKS = "sum('live' in task.get_name() for task in asyncio.all_tasks(p._loop))"


class Board:
    """The playground in a page."""

    def __init__(self, lesson):
        self.lesson, self.page = lesson, lesson.page
        self.root = lesson.page.locator(".nbx-play")

    def button(self, name):
        # "Pause: The playground" holds the word play as well.
        return self.root.get_by_role("button", name=f"{name}:" if name in ("Play", "Pause") else name)

    def open(self, name):
        tab = self.root.locator(".nbx-tab", has_text=name)
        if tab.get_attribute("aria-expanded") == "false":
            tab.click()

    def named(self, label):
        return self.root.get_by_label(label, exact=True)

    def number(self, name):
        found = self.root.locator(".nbx-readout > div").filter(has_text=name).first.locator("strong").text_content()
        return float(found.replace(",", "").removesuffix("%").replace("\u2212", "-"))

    def until(self, javascript, arg=None):
        self.page.wait_for_function(javascript, arg=arg)

    def said(self, words):
        self.root.locator(".nbx-said", has_text=words).wait_for()

    def until_beyond(self, update):
        """A later update is shown."""
        shown = "Number(document.querySelector('.nbx-readout strong').textContent.replaceAll(',', ''))"
        self.until(f"(update) => {shown} > update", update)

    def until_kernel(self, expression, text):
        """What an expression gives in the kernel, once it gives this."""
        for _ in range(2000):
            if (found := in_kernel(self.lesson, expression)) == text:
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"{expression} is {found}, not {text}")

    def drawn(self):
        """The picture is the one for this page, in its width and colors: the fine one, unless it plays."""
        self.until("() => nbxTests.playFits(document.querySelector('.nbx-play'))")

    def plays(self):
        before = self.number("update")
        self.button("Play").click()
        self.button("Pause").wait_for()
        self.until_beyond(before)

    def pauses(self):
        self.button("Pause").click()
        self.button("Play").wait_for()
        self.rests()

    def rests(self):
        """The fine picture is there."""
        self.until("() => document.querySelector('.nbx-play .nbx-picture').src.startsWith('data:image/png')")

    def shows(self, words):
        self.root.locator(f".nbx-picture[alt*='{words}']").wait_for()

    def above(self):
        """How many pixels of the playground stand above its picture."""
        root, picture = self.root.bounding_box(), self.root.locator(".nbx-picture").bounding_box()
        return picture["y"] - root["y"]

    def begin(self):
        """As it was at first."""
        self.open("Share")
        self.named("A text from somewhere else:").fill("moons")
        self.button("Rebuild that state").click()
        self.said("Rebuilt")
        self.root.locator(".nbx-tab", has_text="Share").click()
        assert self.number("update") == 0


@pytest.fixture(scope="module")
def opened(chrome, tmp_path_factory):
    yield from served(chrome, notebook_of(tmp_path_factory.mktemp("notebooks") / "playground.ipynb", CELLS))


@pytest.fixture
def board(opened):
    board = Board(opened[0])
    board.page.keyboard.press("Escape")
    board.begin()
    yield board
    if board.button("Pause").count():
        board.pauses()


def test_it_plays_and_pauses_and_leaves_no_task(board):
    board.plays()
    during = board.number("update")
    board.until_beyond(during)
    assert in_kernel(board.lesson, TASKS) == "1"
    board.until("() => !document.querySelector('.nbx-moving').hidden")
    board.pauses()
    board.until("() => document.querySelector('.nbx-moving').hidden")
    board.until_kernel(TASKS, "0")
    after = int(in_kernel(board.lesson, "p.run.step_count"))
    assert after > during
    board.until_beyond(after - 1)
    assert board.number("update") == after
    assert in_kernel(board.lesson, "p.run.step_count") == str(after)
    assert in_kernel(board.lesson, TASKS) == "0"
    board.button("Rewind").click()
    board.said("very same start weights")
    assert board.number("update") == 0
    board.button("Step").click()
    board.until("() => document.querySelector('.nbx-readout strong').textContent === '1'")


def test_the_space_bar_plays_from_the_picture_and_not_from_a_field(board):
    board.root.locator(".nbx-picture").click(position={"x": 5, "y": 5})
    around = board.lesson.notebook()
    board.page.keyboard.press(" ")
    board.button("Pause").wait_for()
    board.page.keyboard.press(" ")
    board.button("Play").wait_for()
    for key in "abxddzmjk":
        board.page.keyboard.press(key)
    assert board.lesson.notebook() == around
    board.open("Share")
    board.named("A text from somewhere else:").fill("")
    board.named("A text from somewhere else:").press_sequentially("xor | 4 relu")
    board.page.keyboard.press("Enter")
    board.said("Rebuilt")
    assert in_kernel(board.lesson, "p.text") == "'xor | 4 relu'"


def test_a_page_that_turns_while_it_plays_goes_on(board, opened):
    board.named("hidden layers").press("End")
    board.plays()
    try:
        for width in (1100, 900, 1400):
            board.page.set_viewport_size({"width": width, "height": 1000})
            board.drawn()
            board.until_beyond(board.number("update"))
            assert in_kernel(board.lesson, "p.error") == "None", width
        board.lesson.theme("JupyterLab Dark")
        board.drawn()
        assert board.button("Pause").count() == 1
        board.pauses()
        board.until("() => document.querySelector('.nbx-moving').hidden")
    finally:
        board.lesson.theme("JupyterLab Light")
        board.page.set_viewport_size({"width": 1400, "height": 1000})
    board.drawn()


def test_the_focus_stays_when_its_button_goes(board):
    def focused():
        return board.page.evaluate("() => document.activeElement.textContent")

    def presses(name):
        board.button(name).focus()
        board.page.keyboard.press("Enter")

    board.open("Compare")
    presses("Keep this as A")
    board.said("in step")
    assert focused() == "Keep B, drop A"
    presses("Keep A, drop B")
    board.said("A goes on alone")
    assert focused() == "Keep this as A, go on with B"
    board.open("Sweep")
    presses("Run the sweep")
    board.said("Sweeping")
    assert focused() == "Stop"
    board.page.keyboard.press("Enter")
    board.said("Sweep stopped")
    assert focused() == "Run the sweep"
    for left in reversed(range(int(in_kernel(board.lesson, "len(p._undo)")))):
        presses("Undo")
        board.until_kernel("len(p._undo)", str(left))
    board.until("() => document.querySelector('.nbx-bar > button:last-of-type').disabled")
    assert board.root.evaluate("(root) => root === document.activeElement"), "the space bar plays from here"


def test_moves_are_taken_in_while_it_plays(board):
    board.plays()
    slider = board.named("learning rate η")
    for _ in range(5):
        slider.press("ArrowRight")
    board.said("from update")
    held = slider.evaluate("(input) => input.getAttribute('aria-valuetext')")
    board.until_kernel("f'{p.run.settings.eta:g}'", f"'{held}'")
    assert board.button("Pause").count() == 1, "it goes on"
    board.named("activation").select_option("relu")
    board.shows("relu units")
    board.said("very same start weights")
    assert board.button("Pause").count() == 1, "and on"
    board.pauses()
    start = "float(max(abs(a - b).max() for a, b in zip(p.run.rewind().net.parameters(), "
    start += "explore.playground('moons').run.net.parameters())))"
    assert float(in_kernel(board.lesson, start)) == 0


@pytest.mark.parametrize(("layer", "to", "start", "along"), [(1, 3, 0, 0.4), (2, 5, 4, 0.3), (3, 0, 7, 0.6)])
def test_a_click_on_an_edge_chooses_just_this_one(board, layer, to, start, along):
    right, down = json.loads(in_kernel(board.lesson, f"edge({layer}, {to}, {start}, {along})"))
    picture = board.root.locator(".nbx-picture")
    box = picture.bounding_box()
    picture.click(position={"x": right * box["width"], "y": down * box["height"]})
    board.until_kernel("p._edge", str((layer, to, start)))
    board.named("weight").wait_for()
    names = {
        "layer": "output layer" if layer == 3 else f"layer {layer}",
        "from": "x₁" if layer == 1 else f"unit {start + 1}",
    }
    for name, text in names.items():
        menu = board.named(name).element_handle()
        board.until("([menu, text]) => menu.selectedOptions[0].textContent === text", [menu, text])
    board.named("or type it").fill("-2.5")
    board.said(f"W{layer}[{to},{start}] set to \u22122.5 by hand")
    assert in_kernel(board.lesson, f"float(p.run.net.layers[{layer - 1}].W[{to}, {start}])") == "-2.5"


def test_a_weight_is_edited_by_hand(board):
    board.plays()
    board.pauses()
    board.open("Weights")
    before = board.number("loss")
    board.named("layer").select_option("output layer")
    board.named("or type it").fill("3.5")
    board.said("set to 3.5 by hand")
    assert board.number("loss") != before
    assert float(in_kernel(board.lesson, "p.weight")) == 3.5
    board.named("weight").press("ArrowLeft")
    board.said("set to 3.45 by hand")
    board.button("Undo").click()
    board.said("Taken back")
    assert board.number("loss") == before
    board.named("or type it").fill("1e9")
    board.root.locator("p.nbx-error", has_text="weight must be").wait_for()


def test_two_settings_from_one_start_side_by_side(board):
    board.open("Compare")
    board.button("Keep this as A").click()
    board.said("in step")
    board.named("activation").select_option("relu")
    board.root.get_by_text("hidden layers: A 8 tanh, 8 tanh, B 8 relu, 8 relu").wait_for()
    board.plays()
    board.pauses()
    assert in_kernel(board.lesson, "p.a.step_count == p.run.step_count > 0") == "True"
    board.shows("A: ")
    board.shows("B: ")
    board.open("Weights")
    board.named("layer").select_option("output layer")
    board.said("the controls set B's, the picture shows A's beside it")
    board.named("B's weight").press("ArrowRight")
    board.said("by hand")
    board.open("Compare")
    board.button("Keep B").click()
    board.said("B goes on alone")
    assert board.named("activation").input_value() == "relu"


def test_divergence_says_what_to_do_and_one_click_leads_back(board):
    board.named("data").select_option("plane")
    board.named("activation").select_option("relu")
    board.named("learning rate η").press("End")
    board.button("Play").click()
    alert = board.root.get_by_role("alert").filter(has_text="layer")
    alert.wait_for()
    board.button("Play").wait_for()
    board.button("Back, and go on with").click()
    alert.wait_for(state="hidden")
    board.plays()
    board.pauses()
    assert alert.count() == 0 or not alert.is_visible()


def test_a_mission_is_won(board):
    board.open("Missions")
    board.named("mission").select_option("Wake a network of zeros")
    board.root.get_by_text("Not yet").wait_for()
    board.button("Go to its start").click()
    board.said("your turn")
    board.button("Hint").click()
    board.root.get_by_text("A hidden unit learns when").wait_for()
    board.button("Show a solution").click()
    board.root.get_by_text("Won:").wait_for()


def test_a_sweep_is_run_and_a_cell_taken(board):
    board.open("Sweep")
    board.named("updates each").select_option("100")
    board.button("Run the sweep").click()
    board.said("The best cell")
    picture = board.root.locator(".nbx-map")
    assert "Heat map" in picture.get_attribute("alt")
    box = picture.bounding_box()
    picture.click(position={"x": 0.5 * box["width"], "y": 0.5 * box["height"]})
    board.said("press Play")
    taken = board.named("cell").evaluate("(menu) => menu.selectedOptions[0].textContent")
    assert taken.endswith("(now)")
    board.until("() => document.querySelector('.nbx-play .nbx-map').alt.includes('The settings of now: ')")
    board.named("cell").select_option(index=1)
    board.button("Take these settings").click()
    board.said("η = 0.001")


def test_text_and_code_are_those_of_the_run(board):
    board.named("activation").select_option("gelu")
    board.open("Share")
    shared = board.named("All of this state, as one text:")
    board.until("() => document.querySelector('.nbx-play input[readonly]').value === 'moons | 8 gelu, 8 gelu'")
    assert 'hidden="gelu"' in board.root.locator("textarea").input_value()
    board.named("A text from somewhere else:").fill("cats")
    board.button("Rebuild that state").click()
    board.root.locator("p.nbx-error", has_text="'cats' is none of the data").wait_for()
    assert shared.input_value() == "moons | 8 gelu, 8 gelu"


def test_the_kernels_interrupt_pauses(board):
    board.plays()
    board.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")
    board.said("Interrupted")
    board.button("Play").wait_for()


def test_everyone_can_use_it(board):
    for tab in board.root.locator(".nbx-tab").all():
        tab.click()
        board.rests()
        found = board.lesson.axe()
        assert found["ours"] == [], tab.text_content()
    names = board.root.locator("button, select, input, textarea").evaluate_all(
        "(all) => all.filter((one) => one.offsetParent && one.tabIndex < 0).map((one) => one.outerHTML)"
    )
    assert names == []


def test_the_picture_fits_page_and_theme(board, opened):
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        board.lesson.theme(theme)
        board.drawn()
        wide, high, shown = board.root.locator(".nbx-picture").evaluate(
            "(img) => [img.naturalWidth, img.naturalHeight, img.clientWidth]"
        )
        assert wide == shown
        assert high > 400
        folder = ARTIFACTS / "playground"
        folder.mkdir(parents=True, exist_ok=True)
        board.root.screenshot(path=folder / f"{name}.png")


VIEWS = """() => [...document.querySelectorAll(".nbx-play")].map((root) => {
  const picture = root.querySelector(".nbx-picture");
  return [picture.naturalWidth, picture.clientWidth];
})"""
VIEW = """(over) => {
  const { shell, commands } = window.jupyterapp;
  const all = () => [...shell.widgets("main")], other = () => all().find((one) => one.title.label === "Output View");
  const home = all().find((one) => one !== other());
  const beside = () => {
    shell.add(other(), "main", { mode: "split-right", ref: home.id });
    const layout = shell._dockPanel.saveLayout();
    layout.main.sizes = [0.7, 0.3];
    shell._dockPanel.restoreLayout(layout);
    shell.activateById(home.id);
  };
  if (over) {
    other().close();
    shell.activateById(home.id);
  } else return commands.execute("notebook:create-output-view").then(beside);
}"""


def test_two_views_of_one_playground_do_not_spoil_each_other(board):
    board.page.evaluate(VIEW, False)
    try:
        board.until("() => document.querySelectorAll('.nbx-play .nbx-picture[src]').length === 2")
        first, second = (Board(board.lesson) for _ in "ab")
        first.root, second.root = (board.root.nth(k) for k in (0, 1))
        # Drawn for the wide one, and shown smaller in the other.
        goal = "wide[0] === wide[1] && wide[1] > 1.5 * narrow[1] && narrow[0] === wide[0]"
        board.until(f"() => {{ const [wide, narrow] = ({VIEWS})(); return {goal}; }}")
        (_, wide), _ = board.page.evaluate(VIEWS)
        right, down = json.loads(in_kernel(board.lesson, "edge(1, 3, 0, 0.4)"))
        first.open("Share")
        second.open("Network")
        second.named("activation").select_option("relu")
        shared = first.named("All of this state, as one text:")
        board.until("() => document.querySelector('.nbx-play input[readonly]').value === 'moons | 8 relu, 8 relu'")
        assert shared.is_visible()
        box = second.root.locator(".nbx-picture").bounding_box()
        second.root.locator(".nbx-picture").click(position={"x": right * box["width"], "y": down * box["height"]})
        second.named("weight").wait_for()
        assert shared.is_visible(), "a click into one view opens nothing in the other"
        second.plays()
        first.pauses()
        assert first.number("update") == second.number("update") > 0
    finally:
        board.page.evaluate(VIEW, True)
    board.until("() => document.querySelectorAll('.nbx-play').length === 1")
    grown = "(wide) => { const { naturalWidth: drawn, clientWidth: shown } = document.querySelector('.nbx-picture'); "
    board.until(grown + "return drawn === shown && shown > wide; }", wide)
    board.until_kernel("sorted(p._open)", "['share']")  # not what the view that is gone had open


def test_a_cell_that_runs_again_leaves_no_task(chrome, tmp_path_factory):
    notebook = notebook_of(tmp_path_factory.mktemp("notebooks") / "again.ipynb", CELLS)
    for lesson, _ in served(chrome, notebook):
        board = Board(lesson)
        board.plays()
        assert in_kernel(lesson, TASKS) == "1"
        lesson.run_all()
        board.button("Play").wait_for()
        assert in_kernel(lesson, TASKS) == "0"
        assert lesson.page.locator(".nbx-play").count() == 1
        board.plays()
        board.pauses()
        assert board.number("update") > 0


@pytest.fixture(scope="module")
def small(opened, chrome):
    """The playground on a page 900 pixels wide and high, of which JupyterLab leaves it some 720 by 760."""
    lesson = Lesson(chrome, opened[1], width=900, height=900)
    lesson.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    board = Board(lesson)
    board.drawn()
    yield board
    lesson.close()


def test_a_small_page_shows_the_picture_in_the_first_sight(small):
    assert small.above() < 190
    assert small.root.evaluate("(root) => root.scrollWidth <= root.clientWidth")


def test_an_open_group_leaves_the_picture_in_sight(small):
    small.open("Share")
    small.until("() => document.querySelector('.nbx-play textarea').value.includes('advance')")
    assert small.above() < 380
    small.open("Missions")
    small.named("mission").select_option("Part the spirals")
    small.button("Hint").click()
    assert small.above() < 340
    small.open("Sweep")
    small.named("updates each").select_option("100")
    small.button("Run the sweep").click()
    small.said("The best cell")
    assert small.above() < 480
    small.named("data").select_option("plane")
    small.named("activation").select_option("relu")
    small.named("learning rate η").press("End")
    small.button("Play").click()
    small.root.locator(".nbx-stopped", has_text="layer").wait_for()
    small.button("Play").wait_for()
    for name in ("Data", "Network", "Weights", "Missions", "Sweep", "Share"):
        small.open(name)
        in_kernel(small.lesson, "p.text")  # what the group shows is on its way
        small.page.evaluate("() => new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame))")
        assert small.above() < 520, name
        panel = small.root.locator(".nbx-panel:visible")
        last = panel.locator("button:visible, input:visible, select:visible, textarea:visible").last
        last.focus()
        cut = "(one) => one.getBoundingClientRect().bottom - one.closest('.nbx-panel').getBoundingClientRect().bottom"
        assert last.evaluate(cut) < 2, f"{name}: the keyboard scrolls to its last control"
