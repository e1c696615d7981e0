"""What holds for every explorer of every lesson: finite and in words at its corners, pure, drawn without leftovers."""

import contextvars
import copy
import dataclasses
import inspect
import io
import math
import re
import sys
import warnings
from functools import partial

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from nbcore import Sequential, explore
from nbcore.draw import Page, Stage
from nbcore.draw.shapes import Surface
from nbcore.draw.zero_init_failure import Tiles
from nbcore.explore import Progress
from nbcore.training import Diverged

FACTORIES = [getattr(explore, name) for name in explore.__all__]
EXPLORERS = {
    f.__name__: f
    for f in FACTORIES
    if inspect.isfunction(f) and inspect.signature(f).return_annotation in ("Explorer", explore.Explorer)
}
EXPLORERS |= {  # the same explorer with another network, and so with other controls
    f"backprop_microscope, {preset}": partial(explore.backprop_microscope, preset)
    for preset in ("worked example", "classifier")
}
TIMED = "is_exp_slow"  # its numbers depend on the machine
REPEATABLE = [name for name in EXPLORERS if name != TIMED]
QUICK = Page(640, 1.0)

# Training takes time: fewer corners, shorter runs, for what does not depend on their number and length.
CORNERS = {"bend_the_line": 90, "build_by_hand": 60, "down_the_depth": 60, "learned_bends": 40, "dying_relu": 50}
CORNERS |= {"race": 12, "zero_or_not": 90, "throw_dice": 60, "two_starts": 20, "softmax_and_digits": 15}
CORNERS |= {"break_the_gradient": 120}
CORNERS |= {"the_graph": 200, "engine_bugs": 50}
CORNERS |= {name: 97 for name in EXPLORERS if name.startswith("backprop_microscope")}
LENGTHS = {"zero_or_not": {"UPDATES": 200}, "throw_dice": {"UPDATES": 200}, "two_starts": {"UPDATES": 200}}
LENGTHS |= {"bug_hunt": {"EPOCHS": 200}}
LENGTHS |= {"softmax_and_digits": {"UPDATES": 150}, "race": {"EPOCH": 6}}
FEW = {"race": {"epochs": 5, "seeds": 2, "width": 8}, "down_the_depth": {"updates": 20}}
FROM = {"learned_bends": {"updates": 200}}  # where the other controls are moved


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(params=EXPLORERS)
def name(request, monkeypatch):
    for constant, value in LENGTHS.get(request.param, {}).items():
        monkeypatch.setattr(sys.modules[EXPLORERS[request.param].__module__], constant, value)
    return request.param


repeatable = pytest.mark.parametrize("name", REPEATABLE, indirect=True)


def test_a_setting_that_no_control_has_is_refused(name):
    """By its name, with those that there are; a factory that takes any name would show another picture than asked."""
    controls = list(EXPLORERS[name]().controls)
    with pytest.raises(ValueError, match=f"has no setting named 'lerning_rate'; it has .*{controls[-1]}$"):
        EXPLORERS[name](lerning_rate=0.1)


def corners(name):
    """Corners of the controls: all, or some at a stride that meets every end of every control."""
    tried = {key: control.corners() for key, control in EXPLORERS[name]().controls.items()}
    tried |= {key: (value,) for key, value in FEW.get(name, {}).items()}
    total = math.prod(map(len, tried.values()))
    stride = -(-total // CORNERS.get(name, 400)) | 1
    while any(math.gcd(stride, len(values)) > 1 for values in tried.values()):
        stride += 2
    some = []
    for number in range(0, total, stride):
        params = {}
        for key, values in reversed(tried.items()):  # as the digits of a number, without counting all of them
            number, digit = divmod(number, len(values))
            params[key] = values[digit]
        some.append(params)
    for key, values in tried.items():
        assert {params[key] for params in some} == set(values), f"{key} of {name} is not tried at all its corners"
    return some


def steps(results):
    """A run as a page drives it: each step from another callback, in a context of its own.

    A `with np.errstate` around a yield would fail there, and only there.
    """
    while True:
        try:
            yield contextvars.copy_context().run(next, results)
        except StopIteration:
            return


def pictures(explorer, params):
    """All that a computation shows; what diverges shows what came before."""
    found, result = [], explorer.compute(**params)
    try:
        for one in steps(result) if inspect.isgenerator(result) else [result]:
            one = one.result if isinstance(one, Progress) else one
            if one is not None:
                found.append(copy.deepcopy(one))  # the next one may come from the same network
    except Diverged:
        pass
    return found


def artists(stage):
    def flat(things):
        for thing in things:
            if isinstance(thing, (list, tuple)):
                yield from flat(thing)
            else:
                yield thing

    return list(flat(stage.artists.values()))


def numbers(artist):
    """What an artist draws."""
    if isinstance(artist, Line2D):
        return np.concatenate([np.asarray(v, dtype=float) for v in artist.get_data()])
    if isinstance(artist, LineCollection):
        return np.concatenate([np.zeros(0), *(np.ravel(s) for s in artist.get_segments())])
    if isinstance(artist, PolyCollection):
        return np.concatenate([np.zeros(0), *(path.vertices.ravel() for path in artist.get_paths())])
    if isinstance(artist, Rectangle):
        return np.array(artist.get_bbox().bounds)
    if isinstance(artist, Surface):
        return artist.heights
    if isinstance(artist, Tiles):
        return artist.images
    assert isinstance(artist, Text), f"{artist} is not known to this test"
    assert "nan" not in artist.get_text()
    return np.array(artist.get_position(), dtype=float)


def stage_of(explorer, page=QUICK):
    return Stage(explorer.draw, page, explorer._panels, explorer._height)


def draws_well(explorer, stage, params, result):
    explorer.draw(stage.axes, stage.artists, result)
    for artist in artists(stage):
        assert np.isfinite(numbers(artist)).all(), (params, artist)


def same(one, other):
    """Whether two results are equal, down to the last bit."""
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (np.ndarray, float)):
        return np.array_equal(one, other, equal_nan=True)
    if isinstance(one, Sequential):
        return all(map(same, one.parameters(), other.parameters()))
    return one == other


def walk(explorer, steps, seed=0):
    """Settings as a wandering hand would meet them, which likes the ends."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        changes = {}
        for name in rng.choice(list(explorer.controls), size=rng.integers(1, 4)):
            control = explorer.controls[str(name)]
            values = control.corners() if rng.integers(2) else control.values
            changes[str(name)] = values[rng.integers(len(values))]
        yield changes


def results(name, explorer, steps, seed=0):
    """What the hand gets to see on its way."""
    for changes in walk(explorer, steps, seed):
        try:
            yield explorer.set(**{**changes, **FEW.get(name, {})}).result
        except Diverged:
            continue


def test_all_lessons_are_here():
    assert len(EXPLORERS) >= 21
    for known in (CORNERS, LENGTHS, FEW, FROM):
        assert set(known) <= set(EXPLORERS)


def test_corners_are_finite_and_say_something(name):
    explorer = EXPLORERS[name]()
    stage = stage_of(explorer)
    seen = 0
    for params in corners(name):
        found = pictures(explorer, params)
        assert found or name == "bend_the_line", params
        for result in found[-2:]:
            draws_well(explorer, stage, params, result)
            for words in (explorer._alt, explorer._status):
                text = words(params, result)
                assert text
                assert not any(odd in text for odd in ("nan", " inf", "None", "array")), (params, text)
            seen += 1
    assert seen >= 4


def test_every_position_of_every_control_works(name):
    """One control at a time, from the start."""
    explorer = EXPLORERS[name]()
    stage = stage_of(explorer)
    slow = name in CORNERS or name in FEW
    for key, control in explorer.controls.items():
        for value in control.values[:: 5 if slow and len(control.values) > 9 else 1] + control.values[-1:]:
            few = FEW.get(name, {}) | FROM.get(name, {})
            params = {**explorer.params, **few, key: control.check(key, value)}
            if (name, key) == ("race", "epochs"):
                params["epochs"] = min(value, 10)
            for result in pictures(explorer, params)[-1:]:
                draws_well(explorer, stage, params, result)


@repeatable
def test_computations_are_pure(name):
    explorer = EXPLORERS[name]()
    every = corners(name)
    for params in [{**explorer.params, **FEW.get(name, {})}, *every[:: len(every) // 4 | 1], every[-1]]:
        given = dict(params)
        np.random.seed(3)  # noqa: NPY002 (the global state is what must stay untouched)
        before = np.random.get_state()[1].tobytes(), np.random.get_state()[2]  # noqa: NPY002
        one, other = pictures(explorer, params), pictures(explorer, params)
        assert (np.random.get_state()[1].tobytes(), np.random.get_state()[2]) == before  # noqa: NPY002
        assert params == given
        assert len(one) == len(other)
        assert all(map(same, one, other))


@repeatable
@pytest.mark.parametrize("page", [QUICK, Page(900, 1.5, True, "#111111")], ids=["light", "dark"])
def test_a_redrawn_picture_equals_a_fresh_one(name, page):
    explorer = EXPLORERS[name]()
    stage = stage_of(explorer, page)
    for result in results(name, explorer, 5):
        assert stage.render(result) == stage_of(explorer, page).render(result), explorer.params


def test_moves_add_no_artists_and_no_whole_redraws(name):
    explorer = EXPLORERS[name]()
    explorer.set(**FEW.get(name, {}))
    stage = stage_of(explorer)
    stage.render(explorer.result)
    children = [len(axes.get_children()) for axes in stage.axes]
    known = [id(artist) for artist in artists(stage)]
    draws = []
    original = stage.canvas.draw
    stage.canvas.draw = lambda: draws.append(1) or original()
    for result in (list(results(name, explorer, 6, seed=1)) * 20)[:30]:
        stage.render(result, "jpeg")
    assert [len(axes.get_children()) for axes in stage.axes] == children
    assert [id(artist) for artist in artists(stage)] == known
    assert not draws


@pytest.mark.parametrize("name", REPEATABLE)  # the other one is empty until somebody asks it to measure
def test_the_picture_fills_the_page_in_both_themes(name):
    explorer = EXPLORERS[name](**FEW.get(name, {}))
    for dark in (False, True):
        image = np.asarray(Image.open(io.BytesIO(explorer.png(Page(900, 1.0, dark)))).convert("L"))
        paper = image[0, 0]
        assert (paper < 30) == dark
        marked = np.abs(image.astype(int) - int(paper)) > 30
        assert marked.any(axis=0).mean() > 0.7
        assert marked.any(axis=1).mean() > 0.8


def test_controls_have_names_and_every_start_can_be_set(name):
    make = EXPLORERS[name]
    explorer = make()
    labels = [control.label for control in explorer.controls.values()]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    for key, control in explorer.controls.items():
        assert control.value in control.values, f"{key} starts between two positions: a step aside can't be taken back"
        for value in control.corners():
            assert make(**{key: value}).params[key] == value
        with pytest.raises((ValueError, TypeError), match=re.escape(control.label.split("(")[0].strip())):
            make(**{key: object()})


def test_every_start_has_words_and_says_which_controls_have_no_effect(name):
    explorer = EXPLORERS[name](**FEW.get(name, {}))
    assert len(explorer.alt) > 60
    assert len(explorer.status) > 10
    for params in corners(name):
        assert without_effect(explorer, params) <= set(explorer.controls)


def without_effect(explorer, params):
    """The controls that are dimmed or not shown."""
    return {key for names in (explorer._idle, explorer._absent) if names is not None for key in names(params)}


@repeatable
def test_controls_shown_as_without_effect_have_none_and_the_others_some(name):
    explorer = EXPLORERS[name]()
    start = {**explorer.params, **FEW.get(name, {})}
    by_idle = {tuple(sorted(without_effect(explorer, params))): params for params in corners(name)}
    for params in [start, *(params for idle, params in by_idle.items() if idle)]:
        idle = without_effect(explorer, params)
        reference = pictures(explorer, params)[-1:]
        for key, control in explorer.controls.items():
            if key in FEW.get(name, {}) or (params is not start and key not in idle):
                continue
            others = [value for value in control.corners() if value != params[key]]
            changed = [not same(pictures(explorer, {**params, key: value})[-1:], reference) for value in others]
            assert any(changed) == (key not in idle), (params, key)
