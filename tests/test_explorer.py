"""The explorer itself, with a toy computation: settings, pictures, moves from the page, errors, memory."""

import asyncio
import base64
import gc
import io
import json
import tracemalloc
import warnings

import numpy as np
import pytest
from PIL import Image

from nbcore.draw import Page, Stage
from nbcore.explore import Explorer, Progress, choice, count, slider, toggle
from nbcore.explore import explorer as module
from nbcore.training import Diverged

X = np.linspace(0, 1, 20)
PAGE = {"width": 600, "ratio": 1, "dark": False, "background": "#ffffff"}


def curve(slope, shift, bent):
    return X, slope * X ** (2 if bent else 1) + shift


def draw_curve(axes, artists, result):
    if not artists:
        axes[0].set(xlim=(0, 1), ylim=(-5, 5))
        artists["line"] = axes[0].plot([], [])[0]
    artists["line"].set_data(*result)


def make(compute=curve, draw=draw_curve, **more):
    controls = {
        "slope": slider("slope", 1.0, -3, 3, 0.1),
        "shift": count("shift up", 0, -2, 2),
        "bent": toggle("bent"),
    }
    words = {
        "title": "A curve",
        "alt": lambda p, r: f"A curve that ends at {r[1][-1]:g}.",
        "status": lambda p, r: f"slope {p['slope']:g}",
    }
    return Explorer(controls, compute, draw, **(words | more))


def page_sends(explorer, **state):
    """A message as the page writes it: JSON, in which 1.0 is 1."""
    text = json.dumps(state, default=float)
    state = json.loads(text, parse_float=lambda s: int(float(s)) if float(s).is_integer() else float(s))
    data = {"method": "update", "state": state, "buffer_paths": []}
    explorer.picture._handle_msg({"content": {"data": data}, "buffers": []})


def page_says(explorer, **content):
    explorer.picture._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def page_rests(explorer):
    page_says(explorer, rest=True)


def move(explorer, **changes):
    page_sends(explorer, params={**explorer.picture.params, **changes})


def shown(explorer, **page):
    page_sends(explorer, page={**PAGE, **page})
    return explorer


def size(data):
    return Image.open(io.BytesIO(data)).size


def close_to(jpeg, png):
    """Whether a quick picture shows what the lossless one does."""
    a, b = (np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=float) for data in (jpeg, png))
    return a.shape == b.shape and np.abs(a - b).mean() < 1.5


# ---- without a browser


def test_params_are_a_copy():
    explorer = make()
    explorer.params["slope"] = 99
    assert explorer.params == {"slope": 1.0, "shift": 0, "bent": False}


def test_set_changes_what_it_names_and_computes_anew():
    explorer = make()
    assert explorer.set(slope=2, bent=True) is explorer
    assert explorer.params == {"slope": 2.0, "shift": 0, "bent": True}
    assert explorer.result[1][-1] == 2
    assert explorer.alt == "A curve that ends at 2."
    assert explorer.status == "slope 2"


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"slop": 1}, ValueError, "no control named 'slop'; there are slope, shift, bent"),
        ({"slope": 99}, ValueError, "slope must be"),
        ({"slope": 2, "shift": 0.5}, ValueError, "shift must be a whole number"),
        ({"slope": 2, "bent": 1}, ValueError, "bent must be one of False, True"),
        ({"slope": "2"}, TypeError, "slope must be a number"),
    ],
)
@pytest.mark.parametrize("in_page", [False, True])
def test_a_bad_setting_changes_nothing(changes, kind, words, in_page):
    explorer = make()
    if in_page:
        shown(explorer)
    before = explorer.params, explorer.alt, explorer.png()
    with pytest.raises(kind, match=words):
        explorer.set(**changes)
    assert (explorer.params, explorer.alt, explorer.png()) == before
    assert explorer.error is None


def test_reset_goes_back_to_the_start():
    explorer = make()
    first = explorer.png()
    explorer.set(slope=2, shift=1, bent=True)
    assert explorer.png() != first
    explorer.reset()
    assert explorer.params == {"slope": 1.0, "shift": 0, "bent": False}
    assert explorer.png() == first


def test_nothing_is_computed_before_it_is_asked_for_and_nothing_twice():
    calls = []
    explorer = make(lambda **p: calls.append(p) or curve(**p))
    assert not calls
    assert explorer.result is explorer.result
    explorer.png(), explorer.alt, explorer.status, repr(explorer)
    assert len(calls) == 1
    explorer.set(slope=2)
    assert len(calls) == 2


def test_a_generators_last_result_counts():
    explorer = make(lambda slope, shift, bent: ((X, X * k) for k in range(3)))
    assert explorer.result[1][-1] == 2


def test_the_same_settings_make_the_same_bytes():
    assert make().png() == make().png()
    explorer = make()
    first = explorer.png()
    explorer.set(slope=2).set(slope=1)
    assert explorer.png() == first
    assert size(first) == (1440, 495)


def test_repr_is_one_line_and_deterministic():
    text = "Explorer('A curve', slope=1.0, shift=0, bent=False)"
    assert repr(make()) == text
    assert repr(shown(make())) == text


def test_mime_bundle_has_widget_picture_and_text():
    explorer = make()
    data, metadata = explorer._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert data["text/plain"] == repr(explorer)
    stored = base64.b64decode(data["image/png"])
    assert stored == explorer.png(format="palette") == make().png(format="palette")
    assert size(stored) == size(explorer.png())
    assert close_to(stored, explorer.png())
    assert len(stored) < len(explorer.png())
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view == {"version_major": 2, "version_minor": 0, "model_id": explorer.picture.model_id}
    assert metadata["image/png"] == {"alt": "A curve that ends at 1.", "width": 960}


def test_the_stored_picture_does_not_depend_on_the_page_that_last_showed_it():
    explorer = shown(make(), width=400, ratio=2, dark=True, background="#111111")
    assert explorer.png() == make().png()


def test_controls_and_computation_must_fit():
    with pytest.raises(TypeError, match="slope"):
        Explorer({"slope": 3}, lambda slope: slope, draw_curve, title="t", alt="a")
    with pytest.raises(TypeError, match="slop"):
        Explorer({"slope": slider("slope", 0, 0, 1, 0.1)}, lambda slop: slop, draw_curve, title="t", alt="a")


# ---- moves from the page


def test_the_first_picture_follows_when_the_page_has_told_its_width():
    explorer = make()
    assert explorer.picture.frame == b""
    shown(explorer)
    assert explorer.picture.mime == "image/jpeg"
    assert size(explorer.picture.frame) == (600, 330)
    assert explorer.picture.height == 330
    assert explorer.picture.alt == explorer.alt
    assert explorer.picture.status == explorer.status
    assert explorer.picture.error == ""


def test_a_move_shows_its_picture_and_its_words():
    explorer = shown(make())
    before = explorer.picture.frame
    move(explorer, slope=2)
    assert explorer.params["slope"] == 2.0
    assert explorer.picture.frame != before
    assert close_to(explorer.picture.frame, explorer.png(Page(600, 1.0, False, "#ffffff")))
    assert explorer.picture.alt == "A curve that ends at 2."
    assert explorer.picture.status == "slope 2"


def test_a_move_costs_one_message(monkeypatch):
    explorer = shown(make())
    sent = []
    monkeypatch.setattr(explorer.picture, "_send", lambda msg, buffers=None: sent.append(msg))
    move(explorer, slope=2)
    assert len(sent) == 1
    assert set(sent[0]["state"]) == {"alt", "status"}  # the frame travels as a buffer beside them
    assert sent[0]["buffer_paths"] == [["frame"]]


def test_set_reaches_the_page():
    explorer = shown(make())
    explorer.set(slope=2)
    assert explorer.picture.params["slope"] == 2
    assert explorer.picture.alt == "A curve that ends at 2."


@pytest.mark.parametrize("ratio", [1, 1.5, 2, 3])
def test_once_the_hand_rests_the_picture_is_lossless_and_as_fine_as_the_screen(ratio):
    explorer = shown(make(), ratio=ratio)
    move(explorer, slope=2)
    assert size(explorer.picture.frame) == (600, 330)
    page_rests(explorer)
    assert explorer.picture.mime == "image/png"
    assert size(explorer.picture.frame) == (600 * ratio, 330 * ratio)
    assert explorer.picture.frame == explorer.png(Page(600, float(ratio), False, "#ffffff"))
    move(explorer, slope=1)
    assert explorer.picture.mime == "image/jpeg"
    assert size(explorer.picture.frame) == (600, 330)


@pytest.mark.parametrize(
    "page",
    [
        {"width": 900},
        {"width": 431.5},
        {"dark": True, "background": "#111111"},
        {"background": "#fff8e0"},
        {"width": 1},
    ],
)
def test_a_change_of_the_page_is_drawn_at_once(page):
    explorer = shown(make())
    move(explorer, slope=2)
    before = explorer.picture.frame
    shown(explorer, **page)
    assert explorer.picture.frame != before
    assert close_to(explorer.picture.frame, explorer.png(explorer.picture.seen_on))
    page_rests(explorer)
    assert explorer.picture.frame == explorer.png(explorer.picture.seen_on)


@pytest.mark.parametrize("page", [{}, {"width": 1e9}, {"width": -5, "ratio": 1e9}, {"background": "url(x)"}])
def test_whatever_the_page_says_a_picture_is_made(page):
    explorer = make()
    page_sends(explorer, page={"width": 600, **page})
    width, height = size(explorer.picture.frame)
    assert 320 <= width <= 1280
    assert height <= 1000


def test_a_setting_that_the_page_should_not_send_is_said_and_taken_back():
    explorer = shown(make())
    frame = explorer.picture.frame
    move(explorer, slope=99)
    assert "slope must be" in explorer.picture.error
    assert isinstance(explorer.error, ValueError)
    assert explorer.params["slope"] == 1.0
    assert explorer.picture.frame == frame
    move(explorer, slope=1)
    assert explorer.picture.error == ""
    assert explorer.error is None


# ---- failures


def test_errors_call_a_control_as_the_reader_knows_it():
    explorer = shown(make())
    move(explorer, shift=9)
    assert explorer.picture.error.startswith("shift up must be")
    with pytest.raises(ValueError, match=r"^shift must be"):
        explorer.set(shift=9)


def test_a_failing_computation_says_why_and_keeps_the_last_good_picture():
    def compute(slope, shift, bent):
        if shift == 1:
            raise ZeroDivisionError("by nothing")
        if shift == 2:
            raise Diverged(7, 1)
        return curve(slope, shift, bent)

    explorer = shown(make(compute))
    frame, alt = explorer.picture.frame, explorer.picture.alt
    move(explorer, shift=1)
    assert explorer.picture.error == "ZeroDivisionError: by nothing. The last good picture is kept."
    assert isinstance(explorer.error, ZeroDivisionError)
    assert (explorer.picture.frame, explorer.picture.alt) == (frame, alt)
    move(explorer, shift=2)
    assert explorer.picture.error.startswith("training diverged: after 7 updates")
    assert isinstance(explorer.error, Diverged)
    assert (explorer.picture.frame, explorer.picture.alt) == (frame, alt)
    page_rests(explorer)
    assert (explorer.picture.frame, explorer.picture.alt) == (frame, alt)
    move(explorer, shift=-1)
    assert explorer.picture.error == ""
    assert explorer.error is None
    assert explorer.picture.alt == "A curve that ends at 0."
    page_rests(explorer)
    assert explorer.picture.frame == explorer.png(explorer.picture.seen_on)


def test_the_last_good_picture_follows_the_theme_too():
    def compute(slope, shift, bent):
        if shift:
            raise ValueError("no shift")
        return curve(slope, shift, bent)

    explorer = shown(make(compute))
    move(explorer, shift=1)
    light, alt, error = explorer.picture.frame, explorer.picture.alt, explorer.picture.error
    shown(explorer, dark=True, background="#111111")
    assert explorer.picture.frame != light
    assert np.asarray(Image.open(io.BytesIO(explorer.picture.frame)))[:5].max() < 40
    assert (explorer.picture.alt, explorer.picture.error) == (alt, error)


def test_a_failing_drawing_says_why_and_leaves_nothing_half_set():
    def draw(axes, artists, result):
        if not artists:
            draw_curve(axes, artists, result)
            artists["mark"] = axes[0].plot([], [], "o")[0]
        artists["mark"].set_data(result[0][-1:], result[1][-1:])
        if result[1][0] == 1:
            raise RuntimeError("out of paint")
        artists["line"].set_data(*result)

    explorer = shown(make(draw=draw))
    frame = explorer.picture.frame
    move(explorer, shift=1)
    assert explorer.picture.error == "RuntimeError: out of paint. The last good picture is kept."
    assert isinstance(explorer.error, RuntimeError)
    assert explorer.picture.frame == frame
    move(explorer, shift=-1)
    assert explorer.error is None
    assert explorer.picture.error == ""
    page_rests(explorer)
    assert explorer.picture.frame == explorer.png(explorer.picture.seen_on)


def test_a_drawing_that_fails_at_its_first_stroke_starts_over():
    def draw(axes, artists, result):
        if not artists:
            artists["mark"] = axes[0].plot([], [], "o")[0]
            if result[1][0] == 1:
                raise RuntimeError("out of paint")
            artists["line"] = axes[0].plot([], [])[0]
        artists["line"].set_data(*result)

    explorer = make(draw=draw)
    move(explorer, shift=1)
    assert explorer.picture.error == "RuntimeError: out of paint. The last good picture is kept."
    move(explorer, shift=-1)
    assert explorer.picture.error == ""
    assert explorer.picture.frame


def test_failing_words_are_an_error_as_well():
    explorer = shown(make(status=lambda p, r: f"{1 / (p['shift'] - 1):g}"))
    frame = explorer.picture.frame
    move(explorer, shift=1)
    assert "ZeroDivisionError" in explorer.picture.error
    assert explorer.picture.frame == frame
    move(explorer, shift=2)
    assert explorer.picture.error == ""
    assert explorer.picture.status == "1"


def test_set_raises_what_the_computation_raised_and_the_next_setting_recovers():
    def compute(slope, shift, bent):
        if shift:
            raise Diverged(7, 1)
        return curve(slope, shift, bent)

    for explorer in (make(compute), shown(make(compute))):
        with pytest.raises(Diverged):
            explorer.set(shift=1)
        assert isinstance(explorer.error, Diverged)
        assert explorer.params["shift"] == 1
        explorer.set(shift=0)
        assert explorer.error is None
        assert explorer.result[1][-1] == 1


# ---- generators, in the event loop in which a kernel handles its messages


class Run:
    """A generator of three results a move, which notes what was started, drawn and closed."""

    def __init__(self, fails_at=None):
        self.log, self.fails_at = [], fails_at

    def compute(self, slope, shift, bent):
        self.log.append(("start", slope))
        try:
            for k in range(3):
                if self.fails_at == (slope, k):
                    raise Diverged(k, 1)
                yield X, X * slope + k, slope, k
            self.log.append(("end", slope))
        finally:
            self.log.append(("closed", slope))

    def draw(self, axes, artists, result):
        draw_curve(axes, artists, result[:2])
        self.log.append(("picture", *result[2:]))

    def explorer(self):
        explorer = shown(make(self.compute, self.draw))
        explorer._patience = 0  # every result is drawn
        self.log.clear()
        return explorer


async def settle(explorer):
    while explorer._task is not None and not explorer._task.done():
        await asyncio.sleep(0.002)


def test_each_yield_is_a_picture():
    async def drive():
        run = Run()
        explorer = run.explorer()
        move(explorer, slope=2)
        assert run.log[:2] == [("start", 2), ("picture", 2, 0)]  # before the next message is taken in
        await settle(explorer)
        assert [e for e in run.log if e[0] == "picture"] == [("picture", 2, k) for k in range(3)]
        assert run.log[-2:] == [("end", 2), ("closed", 2)]
        assert explorer.picture.alt == "A curve that ends at 4."
        page_rests(explorer)
        assert explorer.picture.mime == "image/png"

    asyncio.run(drive())


def test_newer_settings_close_an_older_run_and_the_last_value_is_always_drawn():
    async def drive():
        run = Run()
        explorer = run.explorer()
        rng = np.random.default_rng(0)
        moves = [0.5, 1.5, 2.5, 3.0, -1.0, 2.0]
        for slope in moves:
            move(explorer, slope=slope)
            for _ in range(rng.integers(3)):
                await asyncio.sleep(0.001)
        await settle(explorer)
        await asyncio.sleep(0.01)
        for slope in moves:
            assert ("picture", slope, 0) in run.log, "a computation was started and showed nothing"
            assert run.log.count(("closed", slope)) == 1
        assert run.log[-3:] == [("picture", 2.0, 2), ("end", 2.0), ("closed", 2.0)]
        assert explorer.picture.alt == "A curve that ends at 4."
        order = [slope for kind, slope, *_ in run.log if kind == "picture"]
        assert order == sorted(order, key=moves.index), "an older picture came after a newer one"

    asyncio.run(drive())


def test_the_fine_picture_waits_for_the_end_of_the_run():
    async def drive():
        explorer = Run().explorer()
        move(explorer, slope=2)
        page_rests(explorer)
        assert explorer.picture.mime == "image/jpeg"
        await settle(explorer)
        assert explorer.picture.mime == "image/png"

    asyncio.run(drive())


def test_the_fine_picture_comes_also_when_a_move_changes_nothing_that_is_seen():
    """The page hears of no new picture then, and would not ask again."""

    async def drive():
        run = Run()
        explorer = run.explorer()
        await settle(explorer)
        move(explorer, bent=True)
        page_rests(explorer)
        move(explorer, bent=False)
        assert explorer.picture.mime == "image/jpeg"
        await settle(explorer)
        assert explorer.picture.mime == "image/png"

    asyncio.run(drive())


@pytest.mark.parametrize("k", [0, 1])
def test_a_run_that_fails_says_so_and_the_next_recovers(k):
    async def drive():
        run = Run(fails_at=(2, k))
        explorer = run.explorer()
        move(explorer, slope=2)
        await settle(explorer)
        assert explorer.picture.error.startswith("training diverged")
        assert isinstance(explorer.error, Diverged)
        assert ("closed", 2) in run.log
        move(explorer, slope=3)
        await settle(explorer)
        assert explorer.picture.error == ""
        assert explorer.picture.alt == "A curve that ends at 5."

    asyncio.run(drive())


def test_set_from_a_cell_wins_over_a_run_that_is_under_way():
    async def drive():
        run = Run()
        explorer = run.explorer()
        move(explorer, slope=2)
        explorer.set(slope=3)
        await settle(explorer)
        assert explorer.picture.alt == "A curve that ends at 5."
        assert run.log[-1][1] == 2, "the older run is closed last"
        assert run.log.count(("picture", 2, 0)) == 1
        assert ("picture", 2, 1) not in run.log

    asyncio.run(drive())


def test_an_explorer_works_without_a_loop_as_well():
    run = Run()
    explorer = run.explorer()
    move(explorer, slope=2)
    assert [e[0] for e in run.log] == ["start", "picture", "picture", "picture", "end", "closed"]


# ---- runs that are quick, and runs that are long


class Clocked(Run):
    """A run that takes as long as it says, by a clock of its own."""

    def __init__(self, monkeypatch, takes):
        super().__init__()
        self.takes, self.now = takes, 0.0
        monkeypatch.setattr(module, "time", self)

    def perf_counter(self):
        return self.now

    def compute(self, slope, shift, bent):
        try:
            for k, seconds in enumerate(self.takes):
                self.now += seconds
                yield X, X * slope + k, slope, k
        finally:
            self.log.append(("closed", slope))

    def explorer(self):
        explorer = super().explorer()
        explorer._patience = module.PATIENCE
        return explorer

    def pictures(self):
        return [k for kind, _, *k in self.log if kind == "picture"]


@pytest.mark.parametrize(
    ("takes", "shown"),
    [
        ([0.004] * 5, [4]),  # over within the patience: only the end
        ([0.02] * 5, [1, 3, 4]),  # as long as there is time for one more
        ([0.2] * 3, [0, 1, 2]),
        ([0.001, 0.2], [0, 1]),  # the second takes long: show what there is
    ],
)
def test_a_quick_run_shows_its_end_and_a_slow_one_what_it_has(monkeypatch, takes, shown):
    async def drive():
        run = Clocked(monkeypatch, takes)
        explorer = run.explorer()
        move(explorer, slope=1.5)  # a first run, to know how long one waits for a result
        await settle(explorer)
        run.log.clear()
        move(explorer, slope=2)
        await settle(explorer)
        assert [k for (k,) in run.pictures()] == shown
        assert explorer.picture.alt == f"A curve that ends at {2 + len(takes) - 1}."

    asyncio.run(drive())


class Long(Clocked):
    """Half a second a piece, of which only every second has a picture."""

    def compute(self, slope, shift, bent):
        try:
            for k in range(8):
                self.now += 0.5
                yield Progress(k + 1, 8, (X, X * slope + k, slope, k) if k % 2 else None)
            yield X, X * slope + 8, slope, 8
        finally:
            self.log.append(("closed", slope))


def test_a_long_run_tells_how_far_it_is_and_leaves_nothing_behind(monkeypatch):
    async def drive():
        told = []
        run = Long(monkeypatch, [])
        explorer = run.explorer()
        assert explorer.picture.progress == {}
        explorer.picture.observe(lambda change: told.append(change.new), "progress")
        move(explorer, slope=2)
        await settle(explorer)
        assert told[0] == {"done": 1, "total": 8, "left": 3.5}
        assert told[6] == {"done": 7, "total": 8, "left": 0.5}
        assert told[-1] == {}
        assert [k for (k,) in run.pictures()] == [1, 3, 5, 7, 8]
        assert explorer.result[1][-1] == 10

    asyncio.run(drive())


def test_a_long_run_can_be_stopped(monkeypatch):
    async def drive():
        run = Long(monkeypatch, [])
        explorer = run.explorer()
        move(explorer, slope=2)
        while run.pictures() != [[1]]:
            await asyncio.sleep(0.001)
        page_says(explorer, stop=True)
        await settle(explorer)
        assert run.pictures() == [[1]]
        assert run.log[-1] == ("closed", 2)
        assert explorer.picture.progress == {}
        assert explorer.picture.error == ""
        assert "Stopped" in explorer.picture.status
        move(explorer, slope=3)
        await settle(explorer)
        assert run.pictures()[-1] == [8]
        assert "Stopped" not in explorer.picture.status

    asyncio.run(drive())


def test_an_error_takes_the_bar_away(monkeypatch):
    def fails(slope, shift, bent):
        yield X, X
        if slope == 2:
            for k in range(3):
                run.now += 1
                yield Progress(k + 1, 4)
            raise ValueError("not with 2")

    async def drive():
        explorer = shown(make(fails))
        move(explorer, slope=2)
        await settle(explorer)
        assert explorer.picture.progress == {}
        assert "not with 2" in explorer.picture.error

    run = Clocked(monkeypatch, [])
    asyncio.run(drive())


def test_without_a_page_only_results_count(monkeypatch):
    explorer = make(Long(monkeypatch, []).compute)
    assert explorer.result[1][-1] == 9
    assert "progress" not in repr(explorer).lower()
    nothing = make(lambda slope, shift, bent: (Progress(k, 2) for k in range(2)))
    with pytest.raises(TypeError, match="must yield a result at the end, not only Progress"):
        _ = nothing.result


def test_controls_without_effect_are_named():
    explorer = shown(make(idle=lambda p: {"shift"} if p["bent"] else set()))
    assert explorer.picture.idle == []
    move(explorer, bent=True)
    assert explorer.picture.idle == ["shift"]
    move(explorer, shift=1)  # it may be moved all the same
    assert explorer.params["shift"] == 1
    with pytest.raises(ValueError, match="idle names 'size', but there is no such control"):
        make(idle=lambda p: ["size"])


def test_controls_without_a_place_are_not_shown():
    explorer = shown(make(absent=lambda p: {"shift"} if p["bent"] else set()))
    assert explorer.picture.absent == []
    move(explorer, bent=True)
    assert explorer.picture.absent == ["shift"]
    explorer.set(bent=False)
    assert explorer.picture.absent == []
    with pytest.raises(ValueError, match="absent names 'size', but there is no such control"):
        make(absent=lambda p: ["size"])


# ---- clicks on the picture


def click(explorer, x, y):
    """A click at the point (x, y) of the only panel's own coordinates."""
    figure = explorer._stage("quick").figure
    right, up = figure.axes[0].transData.transform((x, y)) / (figure.bbox.width, figure.bbox.height)
    page_says(explorer, click=[right, 1 - up])


@pytest.mark.parametrize("width", [600, 1200])
def test_a_click_sets_what_it_hits(width):
    clicks = []

    def pick(click, params, result):
        clicks.append(click)
        return {"slope": round(click.y, 1), "bent": not params["bent"]}

    explorer = shown(make(pick=pick), width=width)
    assert explorer.picture.pickable
    before = explorer.picture.frame
    click(explorer, 0.25, -2.0)
    assert [c.panel for c in clicks] == [0]
    assert (clicks[0].x, clicks[0].y) == pytest.approx((0.25, -2.0))
    assert explorer.params == {"slope": -2.0, "shift": 0, "bent": True}
    assert explorer.picture.params == explorer.params
    assert explorer.picture.frame != before
    page_says(explorer, click=[0.001, 0.999])  # beside the panel
    assert len(clicks) == 1
    click(explorer, 0.5, 4.0)  # slope has no such position
    assert "slope must be" in explorer.picture.error
    assert explorer.params["slope"] == -2.0


def test_a_click_means_nothing_where_nothing_can_be_picked():
    explorer = shown(make())
    assert not explorer.picture.pickable
    page_says(explorer, click=[0.5, 0.5])
    assert explorer.error is None
    assert explorer.params["slope"] == 1.0


# ---- what stays behind


def test_memory_stays_flat():
    explorer = shown(make())
    values = np.linspace(-3, 3, 61).round(1)

    def moves(n):
        for k in range(n):
            move(explorer, slope=values[k % 61], shift=k % 5 - 2)
            if k % 10 == 0:
                page_rests(explorer)
        gc.collect()

    moves(70)
    tracemalloc.start()
    try:
        moves(20)
        before = tracemalloc.get_traced_memory()[0]
        moves(300)
        assert tracemalloc.get_traced_memory()[0] - before < 300_000
    finally:
        tracemalloc.stop()
    assert len(explorer._stages) == 1


def test_a_change_of_theme_leaves_no_old_figures():
    explorer = make()
    for k in range(12):
        shown(explorer, dark=bool(k % 2), width=500 + 10 * k, ratio=2)
        page_rests(explorer)
    assert len(explorer._stages) <= 2


def test_nothing_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explorer = shown(make(), dark=True)
        move(explorer, slope=2)
        page_rests(explorer)


def test_stages_are_kept_between_moves(monkeypatch):
    made = []
    original = Stage.__init__
    monkeypatch.setattr(Stage, "__init__", lambda self, *a: made.append(a) or original(self, *a))
    explorer = shown(make())
    for k in range(10):
        move(explorer, slope=0.1 * k)
    assert len(made) == 1


def test_a_menu_and_a_slider_may_share_a_computation():
    explorer = Explorer(
        {"kind": choice("kind", ["a", "b"])}, lambda kind: (X, X * (kind == "b")), draw_curve, title="t", alt="words"
    )
    assert explorer.alt == "words"
    assert explorer.set(kind="b").result[1][-1] == 1
