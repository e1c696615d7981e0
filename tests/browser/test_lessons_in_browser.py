"""Every lesson in JupyterLab: it runs, every control answers keyboard and mouse, and everyone can use it."""

from __future__ import annotations

import warnings

import pytest
from conftest import ROOT, served  # type: ignore[import-not-found]

LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

# Said by JupyterLab whatever is open in it.
JUPYTERLAB_SAYS = ("Disabling terminals plugin",)

# Explorers that train for seconds after each move, and a key that makes them train less.
QUICKER = {"Race": ("epochs of 30 updates", "Home"), "Softmax and digits": ("hidden units", "Home")}


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def opened(request, chrome):
    for lesson, _ in served(chrome, request.param):
        yield lesson


@pytest.fixture
def lesson(opened):
    opened.window()
    opened.theme("JupyterLab Light")
    return opened


def ours(console):
    return [line for line in console if not any(known in line for known in JUPYTERLAB_SAYS)]


def nothing_wrong(lesson):
    said = [
        output
        for output in lesson.outputs()
        if output["output_type"] == "error" or output.get("name") == "stderr" or "Warning" in str(output.get("text"))
    ]
    assert said == []
    assert ours(lesson.console) == []


def changed(before, after, what):
    assert after["error"] == "" or "diverged" in after["error"], (what, after["error"])
    if not after["error"]:
        assert after["picture"] != before["picture"], f"{what}: the picture stayed the same"
        assert after["alt"], what


def label_of(control):
    return control.evaluate("(input) => input.labels[0].textContent")


def is_seed(control):
    return label_of(control).startswith("seed")


def without_effect(control):
    """It is said to have no effect with these settings."""
    return control.get_attribute("aria-description") is not None


def fresh(explorer):
    """From the start, or from settings near it that take less time to compute."""
    if explorer.title not in QUICKER:
        return explorer.reset()
    explorer.reset_at_once()
    label, key = QUICKER[explorer.title]
    explorer.named(label).press(key)
    return explorer.moved()


def effective(explorer, control, now):
    """The picture in a state in which the control matters, or None: as it is now, or else from the start."""
    boxes = explorer.root.get_by_role("checkbox")
    if is_seed(control) and boxes.count():  # chance matters where something is trained
        fresh(explorer)
        boxes.first.press("Space")
        now = explorer.moved()
    elif now["error"] or without_effect(control) or not control.is_visible():
        now = fresh(explorer)
    return None if without_effect(control) else now


def test_it_runs_without_error_or_warning(lesson):
    nothing_wrong(lesson)


def test_every_explorer_shows_a_sharp_picture_with_words(lesson):
    explorers = lesson.explorers()
    playgrounds = lesson.page.locator(".nbx-play").count()  # has tests of its own
    assert explorers or playgrounds, "no explorer in sight"
    for explorer in explorers:
        state = explorer.rested()
        assert state["error"] == ""
        assert len(state["alt"]) > 60
        assert len(state["status"]) > 10
        assert state["width"] == state["wide"], explorer
        assert abs(state["height"] / state["high"] - 1) < 0.01, explorer
    stored = [o for o in lesson.outputs() if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
    assert len(stored) >= len(explorers)


def stepped(explorer, control, before, what):
    """A key moves the control by one step, and the picture with it; gives the key that leads back, and what is seen."""
    if control.evaluate("(input) => input.type") == "checkbox":
        key = back = "Space"
    else:
        forth = control.evaluate(
            """(input) => input.type === "range" ? input.value !== input.max
                 : input.type === "number" || input.selectedIndex < input.options.length - 1"""
        )
        keys = {"range": ("ArrowRight", "ArrowLeft"), "number": ("ArrowUp", "ArrowDown")}
        keys = keys.get(control.evaluate("(input) => input.type"), ("ArrowDown", "ArrowUp"))
        key, back = keys if forth else keys[::-1]
    control.press(key)
    after = explorer.moved()
    changed(before, after, f"{what}: {key}")
    return back, after


def led_back(explorer, before, what):
    assert explorer.back_at(before)["picture"] == before["picture"], f"{what} does not lead back"


def every_key(explorer, control, before, what):
    """All that the keyboard can do with a control of this kind; what it is set to in the end is left open."""
    first = control.input_value()
    kind = control.evaluate("(input) => input.type")
    back, _ = stepped(explorer, control, before, what)
    if kind == "select-one":
        assert control.input_value() != first, what
        if first[:4].isascii():
            back = f"{first[:4]!r} typed"
            control.press_sequentially(first[:4])
        else:  # w\N{SUPERSCRIPT ONE} and the like are on no keyboard
            control.press(back)
        assert control.input_value() == first, f"{what}: back to {first!r}"
    else:
        control.press(back)
    led_back(explorer, before, f"{what}: {back}")
    if kind == "range":
        for key, end in (("Home", "min"), ("End", "max")):
            control.press(key)
            assert control.input_value() == control.get_attribute(end), f"{what}: {key}"
        if control.input_value() != first:
            changed(before, explorer.moved(), f"{what}: End")
    elif kind == "number":
        control.fill("1e6")
        assert f"{label_of(control)} must be" in explorer.moved()["error"], what
        control.fill(first)
        led_back(explorer, before, f"{what}: {first} typed again")


def test_every_control_answers_the_keyboard(lesson):
    """Each by one step at least; the first of each kind in an explorer by every key."""
    for explorer in lesson.explorers():
        start = explorer.reset()
        begin = explorer.settings()
        now = fresh(explorer)
        tried = set()
        for control in explorer.inputs():
            what = f"{explorer}, {label_of(control)}"
            now = effective(explorer, control, now)
            if now is None:
                now = explorer.rested()
                continue
            control.focus()
            around = lesson.notebook()
            kind = control.evaluate("(input) => input.type")
            first = kind not in tried
            if first:
                tried.add(kind)
                every_key(explorer, control, now, what)
                for key in ("a", "b", "x", "d", "d", "z", "m", "j", "k"):
                    lesson.page.keyboard.press(key)
            else:
                back, after = stepped(explorer, control, now, what)
                if kind in ("checkbox", "select-one"):  # these change what the others mean
                    control.press(back)
                    led_back(explorer, now, f"{what}: {back}")
                else:
                    now = after
            assert control.evaluate("(input) => input === document.activeElement"), f"{what}: the focus got lost"
            assert lesson.notebook() == around, f"{what}: a key ran a command of JupyterLab"
            if first:
                now = fresh(explorer)
        end = explorer.reset()
        assert explorer.settings() == begin, explorer
        assert end["picture"] == start["picture"], f"{explorer}: Reset shows another picture than the start"
        assert end["alt"] == start["alt"]


def test_a_slider_of_each_explorer_follows_the_mouse(lesson):
    page = lesson.page
    for explorer in lesson.explorers():
        start = fresh(explorer)
        sliders = [control for control in explorer.inputs() if control.evaluate("(input) => input.type") == "range"]
        for control in [control for control in sliders if not without_effect(control) or is_seed(control)][:1]:
            what = f"{explorer}, {label_of(control)}"
            before = effective(explorer, control, start) if is_seed(control) else start
            if before is None:
                continue
            control.scroll_into_view_if_needed()
            box, value = control.bounding_box(), int(control.input_value())
            high = int(control.get_attribute("max"))

            def at(share, box=box):
                return box["x"] + 8 + (box["width"] - 16) * share, box["y"] + box["height"] / 2

            goal = 0.85 if value / high < 0.5 else 0.15
            page.mouse.move(*at(value / high))
            page.mouse.down()
            for k in range(1, 9):
                page.mouse.move(*at(value / high + (goal - value / high) * k / 8))
                page.wait_for_timeout(16)
            page.mouse.up()
            there = int(control.input_value()) / high
            assert abs(there - goal) <= max(0.06, 0.6 / high), f"{what}: not where the hand is"
            changed(before, explorer.moved(), f"{what}: dragged")
            explorer.reset_at_once()


def test_all_controls_are_reached_by_tab_in_reading_order(lesson):
    for explorer in lesson.explorers():
        explorer.root.get_by_role("button", name="Reset").focus()
        for control in explorer.inputs():
            lesson.page.keyboard.press("Tab")
            assert control.evaluate("(input) => input === document.activeElement"), explorer
            assert control.evaluate("(input) => input.matches(':focus-visible')")


# All that a theme changes for axe-core.
COLORS = ("color-contrast", "link-in-text-block")


def no_fault(lesson, *rules):
    pictures = lesson.page.locator(".nbx-picture").count()
    found = lesson.axe(*rules)
    assert found["ours"] == []
    assert found["unseen"] == [], "axe did not see the words"
    assert found["passed"]["color-contrast"] > 8 * pictures, "axe did not see all words"
    return pictures, found["passed"]


def test_axe_finds_no_fault_of_ours(lesson):
    pictures, passed = no_fault(lesson)
    assert passed["image-alt"] == pictures, "axe did not see all pictures"
    assert passed["label"] >= pictures, "axe did not see the controls"


def name_of(lesson):
    return lesson.page.evaluate("() => window.jupyterapp.shell.currentWidget.title.label").removesuffix(".ipynb")


def test_pictures_and_words_follow_the_theme_at_run_time(lesson):
    light = [explorer.rested() for explorer in lesson.explorers()]
    lesson.screenshots(f"{name_of(lesson)}-wide-light", whole=True)
    lesson.theme("JupyterLab Dark")
    for explorer, before in zip(lesson.explorers(), light, strict=True):
        after = explorer.moved()
        assert after["picture"] != before["picture"], explorer
        assert after["alt"] == before["alt"]
        paper = explorer.root.evaluate("(root) => nbxTests.paper(root.querySelector('img'))")
        assert max(paper) < 60, f"{explorer}: not dark"
        # A view may just be drawn anew, and takes its class a moment after its picture.
        explorer.root.and_(lesson.page.locator(".nbx-dark")).wait_for(state="attached")
    no_fault(lesson, *COLORS)
    lesson.screenshots(f"{name_of(lesson)}-wide-dark")
    lesson.theme("JupyterLab Light")
    for explorer, before in zip(lesson.explorers(), light, strict=True):
        assert explorer.back_at(before) == before, f"{explorer}: not as it was"


NARROW = {"width": 900, "ratio": 2.0}


def test_a_guess_is_kept_and_scored_when_the_lesson_runs_again(lesson):
    page = lesson.page
    asked = page.locator(".nbx:has(button:text-is('Keep my guesses'))")
    if not asked.count():
        pytest.skip("this lesson asks for no guess")
    button = asked.get_by_role("button", name="Keep my guesses")
    assert button.is_disabled()
    fields = asked.locator("fieldset").all()
    guesses = []
    for k, field in enumerate(fields):
        option = field.get_by_role("radio").nth(k % 2)
        option.focus()
        before = lesson.notebook()
        option.press("Space")
        guesses.append(field.locator("label").nth(k % 2).text_content())
        assert lesson.notebook() == before, "a shortcut of JupyterLab fired"
    lesson.screenshots(f"{name_of(lesson)}-guessed")
    button.press("Enter")
    asked.locator(".nbx-status", has_text="Kept.").wait_for()
    # On another screen this time: a window of 900 pixels, two pixels a pixel.
    lesson.window(**NARROW)
    lesson.run_all()
    nothing_wrong(lesson)
    again = page.locator(".nbx:has(button:text-is('Keep my guesses'))")
    assert again.get_by_role("radio", checked=True).count() == len(fields)
    score = page.locator(".nbx:has(.nbx-list)")
    text = score.text_content()
    for guess in guesses:
        assert f"You said: {guess}" in text
    right = text.count("Right.")
    assert f"{right} of {len(fields)} right." in text
    lesson.screenshots(f"{name_of(lesson)}-scored")


def test_a_narrow_window_on_a_fine_screen(opened):
    """900 pixels wide at two pixels a pixel: nothing overflows, resting pictures are sharp."""
    lesson, page = opened, opened.page
    lesson.window(**NARROW)
    lesson.theme("JupyterLab Light")
    for explorer in lesson.explorers():
        state = explorer.rested()
        assert state["error"] == ""
        assert state["type"] == "image/png"
        assert state["width"] == 2 * state["wide"], explorer
        assert abs(state["height"] / state["high"] - 2) < 0.02, explorer
    overflowing = page.evaluate(
        """() => [...document.querySelectorAll(".nbx, .nbx *")]
             .filter((node) => node.scrollWidth > node.clientWidth + 1
               && node.clientWidth > 1 // what only screen readers get is one pixel wide
               && !node.matches("select, input, output, legend"))
             .map((node) => `${node.className}: ${node.scrollWidth} in ${node.clientWidth}`)"""
    )
    assert overflowing == []
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".nbx :is(img, input, select, button, label, p, legend, output)")]
             .filter((node) => !node.matches(".nbx-spoken") && node.getBoundingClientRect().width
               && node.getBoundingClientRect().right > node.closest(".nbx").getBoundingClientRect().right + 1)
             .map((node) => node.outerHTML.slice(0, 120))"""
    )
    assert outside == []
    lesson.screenshots(f"{name_of(lesson)}-900-light", whole=True)
    lesson.theme("JupyterLab Dark")
    for explorer in lesson.explorers():
        state = explorer.moved()
        assert state["width"] == 2 * state["wide"]
    lesson.screenshots(f"{name_of(lesson)}-900-dark")


if not LESSONS:
    warnings.warn("no lessons in notebooks/: nothing to test in the browser", stacklevel=1)
