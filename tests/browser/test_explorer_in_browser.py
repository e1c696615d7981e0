"""What no lesson does: an explorer that fails, two in one cell, cells that run again, a hand that is too quick."""

from __future__ import annotations

import pytest
from conftest import Lesson, notebook_of, served  # type: ignore[import-not-found]

CELLS = [
    """import time
import numpy as np
from IPython.display import display
from nbcore import explore
from nbcore.training import Diverged

X = np.linspace(0, 1, 50)
log = []

def draw(axes, artists, result):
    if not artists:
        axes[0].set(xlim=(0, 1), ylim=(0, 20))
        artists["line"] = axes[0].plot([], [])[0]
    artists["line"].set_data(X, result * X)""",
    """def compute(k, way):
    if k == 5:
        raise ZeroDivisionError("five is too much")
    if k == 6:
        raise Diverged(12, 1)
    return k

def make(title, compute=compute):
    controls = {"k": explore.count("number k", 1, 0, 20), "way": explore.choice("way", ["up", "down"])}
    return explore.Explorer(controls, compute, draw, title=title, alt=lambda p, r: f"A line of slope {r}.",
                            status=lambda p, r: f"The slope is {r}.")

make("fails at five")""",
    """first, second = make("first of two"), make("second of two")
display(first, second)""",
    """def slow(k, way):
    log.append(k)
    for part in range(4):
        time.sleep(0.03)
        yield k * (part + 1) / 4
    log.append(("end", k))

patient = make("slow", slow)
patient""",
    """def sweep(k, way):
    if k > 1:  # the first picture comes at once
        for part in range(100):
            time.sleep(0.03)
            yield explore.Progress(part + 1, 100, k * part / 100 if part % 50 == 49 else None)
            while k == 2 and part == 49:  # two never ends
                time.sleep(0.03)
                yield explore.Progress(part + 1, 100, None)
    yield k

controls = {"k": explore.count("number k", 1, 0, 20), "way": explore.choice("way", ["up", "down"])}
long = explore.Explorer(controls, sweep, draw, title="long", alt=lambda p, r: f"A line of slope {r}.",
                        status=lambda p, r: f"The slope is {r}.", idle=lambda p: () if p["k"] > 1 else ("way",))
long""",
    """from nbcore.explore.predict import write_answers

# A number, as older editions kept it, and a text that has another place now.
write_answers("99", {"bend": 1, "lines": "two"})
asked = explore.Predict("99", {"bend": ("Does it bend?", ["yes", "no"]), "lines": ("How many?", ["two", "one"])})
display(asked, explore.Score(asked, {"bend": (1, "It is linear."), "lines": (1, "One neuron.")}))""",
]


@pytest.fixture(scope="module")
def opened(chrome, tmp_path_factory):
    notebook = notebook_of(tmp_path_factory.mktemp("notebooks") / "explorers.ipynb", CELLS)
    yield from served(chrome, notebook)


@pytest.fixture
def lesson(opened):
    return opened[0]


def in_kernel(lesson, expression):
    """What an expression gives in the kernel, as text."""
    return lesson.page.evaluate(
        """async (code) => {
          const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const future = kernel.requestExecute({ code: "", user_expressions: { it: code }, silent: true });
          const reply = await future.done;
          return reply.content.user_expressions.it.data?.["text/plain"] ?? JSON.stringify(reply.content);
        }""",
        expression,
    )


@pytest.mark.parametrize(
    ("setting", "reason"), [(5, "ZeroDivisionError: five is too much"), (6, "training diverged: after 12 updates")]
)
def test_a_setting_that_fails_says_why_and_the_picture_stays(lesson, setting, reason):
    explorer = lesson.explorer("fails at five")
    slider = explorer.named("number k")
    slider.focus()
    slider.press("Home")
    for _ in range(4):
        slider.press("ArrowRight")
    good = explorer.moved()
    assert good["alt"] == "A line of slope 4."
    slider.evaluate(
        "(input, k) => { input.value = k; input.dispatchEvent(new Event('input', { bubbles: true })); }", setting
    )
    explorer.root.get_by_role("alert").wait_for()
    failed = explorer.rested()
    assert reason in failed["error"]
    assert failed["error"].startswith("This setting did not work.")
    assert (failed["picture"], failed["alt"]) == (good["picture"], good["alt"])
    assert slider.input_value() == str(setting)
    slider.press("End")
    after = explorer.moved()
    assert after["error"] == ""
    assert after["alt"] == "A line of slope 20."
    assert explorer.reset()["alt"] == "A line of slope 1."


def test_two_explorers_in_one_cell_are_both_alive(lesson):
    for title in ("first of two", "second of two"):
        explorer = lesson.explorer(title)
        before = explorer.rested()
        explorer.named("number k").press("ArrowRight")
        assert explorer.moved()["picture"] != before["picture"]
        assert explorer.rested()["alt"] == "A line of slope 2."
        explorer.reset()


def test_code_moves_the_controls_in_the_page(lesson):
    explorer = lesson.explorer("first of two")
    explorer.rested()
    in_kernel(lesson, "first.set(k=7, way='down')")
    explorer.root.locator("img[alt*='slope 7']").wait_for()
    assert explorer.settings() == {"number k": "7", "way": "down"}
    assert lesson.explorer("second of two").settings() == {"number k": "1", "way": "up"}
    explorer.reset()
    assert in_kernel(lesson, "first.params") == "{'k': 1, 'way': 'up'}"


def test_a_hand_that_is_too_quick_leaves_no_queue(lesson):
    """While the hand moves, pictures come; what it does between two is dropped; the last is drawn to its end."""
    explorer = lesson.explorer("slow")
    explorer.rested()
    in_kernel(lesson, "log.clear()")
    moves = explorer.root.evaluate(
        """async (root) => {
          const input = root.querySelector("input"), img = root.querySelector("img"), seen = new Set([img.alt]);
          const move = (k) => {
            input.value = k;
            input.dispatchEvent(new Event("input", { bubbles: true }));
          };
          let moves = 0;
          for (; seen.size < 6; moves++) {
            move(moves % 16);
            await new Promise((done) => setTimeout(done, 16));
            seen.add(img.alt);
          }
          for (let k = 0; k < 90; k++) move(k === 89 ? 17 : k % 16);
          return moves;
        }"""
    )
    assert explorer.moved()["alt"] == "A line of slope 17.0."
    log = eval(in_kernel(lesson, "log"))
    started = [entry for entry in log if isinstance(entry, int)]
    assert started[-1] == 17
    assert log[-1] == ("end", 17)
    assert 1 < len(started) < moves + 5, "of ninety moves at once, all but a few are dropped"
    assert explorer.reset()["error"] == ""


def test_a_long_run_shows_how_far_it_is_and_can_be_stopped_by_keyboard(lesson):
    explorer = lesson.explorer("long")
    explorer.rested()
    bar, stop = explorer.root.get_by_role("progressbar"), explorer.root.get_by_role("button", name="Stop: long")
    assert bar.count() == 0
    explorer.named("number k").press("ArrowRight")
    stop.wait_for()
    assert "left" in explorer.root.locator(".nbx-left").text_content()
    lesson.page.wait_for_function("(bar) => bar.value === 50 && bar.max === 100", arg=bar.element_handle())
    explorer.root.locator("img[alt*='slope 0.98']").wait_for()  # half way, with a picture so far
    stop.press("Enter")
    stop.wait_for(state="hidden")
    state = explorer.rested()
    assert state["alt"] == "A line of slope 0.98."
    assert state["status"].startswith("Stopped before the end.")
    assert state["error"] == ""
    explorer.named("number k").press("ArrowRight")
    explorer.root.locator("img[alt='A line of slope 3.']").wait_for()
    assert not stop.is_visible()
    assert "Stopped" not in explorer.reset()["status"]


def test_a_control_without_effect_says_so(lesson):
    explorer = lesson.explorer("long")
    explorer.rested()
    way = explorer.named("way")
    assert way.get_attribute("aria-description") == "no effect with these settings"
    explorer.named("number k").press("ArrowRight")
    explorer.root.get_by_role("button", name="Stop: long").click()
    explorer.rested()
    assert way.get_attribute("aria-description") is None
    explorer.reset()


def test_moves_are_answered_while_cells_run_and_wait(lesson):
    """Run all takes some seconds; the first explorer need not wait for the last cell."""
    explorer = lesson.explorer("first of two")
    explorer.reset()
    order = explorer.root.evaluate(
        """async (root) => {
          const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const img = root.querySelector("img"), [input, way] = root.querySelectorAll("input, select"), order = [];
          // The second ends once it has heard of a move that is made when the picture of another one is there.
          const waits = `
from time import time
end = time() + 100
while first.params["way"] == "up" and time() < end:
    sleep(0.01)`;
          const run = (code) => kernel.requestExecute({ code });
          const [, cell, last] = ["first.set(k=2); from time import sleep", waits, "sleep(0.1)"].map(run);
          await new Promise((begun) => {
            cell.onIOPub = ({ header }) => { if (header.msg_type === "execute_input") begun(); };
          });
          cell.done.then(() => order.push("cell"));
          input.value = 9;
          input.dispatchEvent(new Event("input", { bubbles: true }));
          while (img.alt !== "A line of slope 9.") await nbxTests.changes(root, 1000);
          order.push("picture");
          way.value = "down";
          way.selectedIndex = 1;
          way.dispatchEvent(new Event("change", { bubbles: true }));
          await cell.done;
          await last.done;
          return order;
        }"""
    )
    assert order == ["picture", "cell"]
    assert explorer.reset()["alt"] == "A line of slope 1."


def test_a_guess_at_a_question_that_has_changed_is_asked_for_again(lesson):
    asked, score = (lesson.page.locator(f".nbx:has({part})") for part in ("fieldset", ".nbx-list"))
    changed = "This question has changed since you guessed."
    fields = asked.locator("fieldset")
    assert fields.nth(0).get_by_text(changed).is_visible()
    assert not fields.nth(1).get_by_text(changed).count()
    assert asked.get_by_role("radio", checked=True).count() == 1
    assert fields.nth(1).get_by_label("two", exact=True).is_checked()
    assert changed in score.locator("li").nth(0).text_content()
    assert "You said" not in score.locator("li").nth(0).text_content()
    assert "Not so. You said: two" in score.locator("li").nth(1).text_content()
    fields.nth(0).get_by_label("no", exact=True).press("Space")
    asked.get_by_role("button", name="Keep my guesses").press("Enter")
    score.get_by_text("1 of 2 right.").wait_for()
    assert "Right. You said: no" in score.locator("li").nth(0).text_content()
    assert not asked.get_by_text(changed).count()
    assert changed not in score.text_content()


def test_running_a_cell_again_leaves_no_widgets_behind(lesson):
    count = "len(__import__('ipywidgets').widgets.widget._instances)"
    before = in_kernel(lesson, count)
    assert before.isdigit(), before
    lesson.run_all()
    lesson.run_all()
    assert in_kernel(lesson, count) == before
    for explorer in lesson.explorers():
        assert explorer.rested()["error"] == ""


def test_the_page_opened_again_shows_live_explorers(opened, chrome):
    """Another look at the running kernel, as after a reload: run all, and everything answers."""
    _, address = opened
    again = Lesson(chrome, address, width=1100)
    try:
        for explorer in again.explorers():
            if explorer.title == "long":  # its first picture after a move takes longer than a hand rests
                continue
            before = explorer.rested()
            explorer.named("number k").press("ArrowRight")
            assert explorer.moved()["picture"] != before["picture"]
        assert [line for line in again.console if "terminals" not in line] == []
    finally:
        again.close()


def test_the_console_stays_quiet(lesson):
    assert [line for line in lesson.console if "terminals" not in line] == []
