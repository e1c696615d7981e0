"""The playground's explorer: a run that trains live in the kernel, its controls, and all that can be done with it."""

from __future__ import annotations

import asyncio
import base64
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nbcore.draw.playground import HEIGHT, LAYOUT, draw_playground, hit, side_at
from nbcore.draw.playground.layout import short
from nbcore.draw.stage import Page, Stage
from nbcore.draw.sweep import ONE_LINE, SECOND_LINE, draw_sweep
from nbcore.explore.explorer import STORED
from nbcore.explore.picture import seen_on, this_cell
from nbcore.explore.playground_board import PHIS, SPEEDS, TITLE, UNITS, USES, Board, described, groups
from nbcore.explore.playground_state import ACTS, Job, State
from nbcore.explore.playground_words import FEATURE_NAMES, SAID, readout_of, swept_short, upper, value_text
from nbcore.play import Settings, own_csv

BUDGET = 0.02  # seconds of training a picture, at most: what is asked beyond it comes with the next pictures
GONE = 60.0  # seconds without a word from any page, after which nobody is watching; a busy machine may take some
TELL = 0.5  # seconds between two looks at what costs more: a mission's goal, the text, the code


def playground(text: str = "", own: Any = None) -> Playground:
    """Data, network, training, all of it live: what `text` stands for, `playground("spirals | 8 tanh | eta=0.3")`.

    `own` are data of one's own: (X, y), a path or the text of a CSV. Raises ValueError or TypeError that says what in
    the text or in the data can't be used.
    """
    return Playground(text, own)


class Playground(State):
    """A run that trains live in the kernel, with all its controls; as the last line of a cell it shows itself.

    Without a browser: `.set(eta=0.3, activation="relu", weight=1.5, ...)` moves controls, `.act("rewind")` presses a
    button, `.play()` and `.tick()` train as the page would, picture by picture; `.run` is the run (in a comparison B,
    and `.a` is A), `.shot` what the picture shows, `.png()` the picture, `.text` and `.code` what rebuilds it all.

    In a page, training is a task in the kernel's own loop that lives while there is something to do. Moves may come
    in through another thread (JupyterLab's subshells): whatever touches the runs or the page holds `_lock`.
    """

    def __init__(self, text: str = "", own: Any = None) -> None:
        super().__init__(text, own)
        self._board: Board | None = None
        self._page: Page | None = None
        self._stages: dict[str, Stage] = {}
        self._swept: Any = None  # the axes that the picture of a sweep was made for
        self._mapped: Any = None  # and what it shows
        self._open: frozenset[str] = frozenset()  # the groups that are open, one a view
        self._sent, self._until = 0, 2  # pictures that went out, and how many the page has asked for
        self._resting = False
        self._heard_at = self._told_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._loop = _running_loop()
        self._news: asyncio.Event | None = None

    # ---- in a page

    @property
    def board(self) -> Board:
        """The widget. Made when first needed."""
        if self._board is None:
            self._board = Board(controls=described(self.controls), groups=groups())
            self._board.on_msg(self._told)
            self._board.closed = self.close
            self._show_state()
        return self._board

    def close(self) -> None:
        """Ends what runs for the page. The playground can still be used from code."""
        with self._lock:
            self._playing, self._job, self._page, self._board = False, None, None, None
            self._stages.clear()
            task, self._task = self._task, None
        if task is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(task.cancel)

    def _told(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        """A message of the page."""
        self._heard_at = time.perf_counter()
        if "until" in content:
            self._until = int(content["until"])
            self._ring()
            return
        with self._lock:
            if widget is not self._board:
                return
            if "page" in content:
                self._try(lambda: self._turned(content["page"]))
            if "rest" in content:
                self._resting = True
                self._try(self._refine)
            if "open" in content:
                self._try(lambda: self._opened(frozenset(map(str, content["open"]))))
            if "move" in content:
                self._try(lambda: self._set(content["move"]), shows=True)
                self._board.heard = str(content.get("n", ""))
            if "act" in content:
                self._try(lambda: self._press(content["act"]), shows=True)
            if "load" in content:
                self._try(lambda: self._load(content["load"]), shows=True)
            if "csv" in content:
                self._try(lambda: self._csv(content["csv"], buffers), shows=True)
            if "click" in content:
                self._try(lambda: self._clicked(content["click"], content.get("view")), shows=True)
            if "cell" in content:
                self._try(lambda: self._cell_clicked(*content["cell"]), shows=True)

    def _press(self, name: str) -> None:
        getattr(self, ACTS[name])()

    def _try(self, work: Callable[[], Any], shows: bool = False) -> None:
        """What goes wrong by hand is said in the page, with all as it was."""
        try:
            work()
            if shows:
                self.error = None
                self._show()
        except Exception as error:
            self._say(error)

    def _say(self, error: Exception) -> None:
        self.error = error
        kind = "" if isinstance(error, (ValueError, TypeError)) else f"{type(error).__name__}: "
        if self._board is not None:
            self._board.error = f"That did not work: {kind}{error}. Nothing has changed."
            # The controls go back to what holds.
            params, self._board.params = self._board.params, {}
            self._board.params = params
            self._show_state()

    # ---- what the page shows

    def _show(self) -> None:
        """Everything anew; while it plays in a page, the next picture follows by itself."""
        if self._board is None:
            return
        self._show_state()
        if self._page is not None and not (self._playing and self._task is not None):
            self._send(self._drawn("quick", "moving"), "image/jpeg")

    def _show_state(self) -> None:
        """Where the controls stand, what can be pressed, what happened; only what has changed is sent."""
        board = self._board
        if board is None:
            return
        params = self.params
        weight = params.pop("weight")
        with board.hold_sync():
            board.menus, board.labels = self._menus(), self._labels()
            board.params = params
            board.live = {"weight": weight}
            board.idle, board.absent = self._idle(), self._absent()
            board.disabled = self._disabled()
            board.playing = self._playing
            board.undo = self._undo[-1].what if self._undo else ""
            board.error = "" if self.error is None else board.error
            board.said = self.said
            names = ("A: ", "B: ") if self.a is not None else ("",)
            stops = [f"{n}{r.diverged.text}" for n, r in zip(names, self._runs, strict=True) if r.diverged is not None]
            board.diverged = {"text": " ".join(stops), "rates": self._rates(self._cures)} if stops else {}
            board.comparison = self._comparison()
            self._show_words()
            self._show_more()

    def _show_words(self) -> None:
        """What follows every picture."""
        board, sides = self._board, self.shot.sides
        assert board is not None
        board.alt, board.status, board.readout = self.alt, self.status, readout_of(sides)
        if "weights" in self._open:
            board.live = {"weight": self.weight}

    def _show_more(self) -> None:
        """What costs more, and is seen only while its group is open."""
        board = self._board
        assert board is not None
        self._told_at = time.perf_counter()
        goal = self._chosen_mission()
        if goal is None:
            board.mission = {}
        else:
            won, words = self._goal()
            words += " It is B that counts." if self.a is not None else ""
            board.mission = {"text": goal.text, "progress": words, "won": won, "hint": goal.hint}
        if "share" in self._open:
            board.text, board.code = self.text, self.code
        if "sweep" in self._open:
            self._show_map()
            board.sweep_note = self._map_note()
        if self._job is None:
            board.progress = {}

    def _show_map(self) -> None:
        board, shown = self._board, self._map
        assert board is not None
        if shown is None or self._page is None:
            board.sweep_frame = b""
            return
        field = "#1d2126" if self._page.dark else "#f5f7fa"  # the ground of the group, as in explore.css
        # Beside the sweep's controls where there is room, else below them.
        beside = 230 if self._page.width >= 640 else 40
        page = replace(self._page, width=min(self._page.width - beside, 760), background=field)
        stage = self._stages.get("sweep")
        axes = shown.grid.first, shown.grid.second
        if stage is None or stage.page != page or self._swept != axes:
            high = 84 + 22 * len(axes[1][1]) + (SECOND_LINE if page.width < ONE_LINE else 0)
            stage = self._stages["sweep"] = Stage(draw_sweep, page, (1,), high)
            self._swept, self._mapped = axes, None
        best, now = shown.best, self._cell_now()
        if self._mapped == (shown, now):
            return
        self._mapped = shown, now
        board.sweep_width, board.sweep_frame = stage.width, stage.render(replace(shown, now=now))
        board.sweep_alt = (
            f"Heat map: {shown.title} for {len(shown.grid.first[1])} values of {shown.across} and "
            f"{len(shown.grid.second[1])} of {shown.upward}."
            + (f" The best: {self._cell_text(*best)}." if best is not None else "")
            + (f" The settings of now: {self._cell_text(*now)}." if now is not None else "")
        )

    def _menus(self) -> dict[str, Any]:
        """What menus offer that depends on the network and the data."""
        layer = self._edge[0]
        problem, net = self.run.problem, self.run.net
        last = len(net.layers)
        outputs = problem.classes if net.sizes[-1] > 1 else ("the output",)

        def units(layer: int) -> list[str]:
            if layer == 0:
                return [FEATURE_NAMES.get(name, name) for name in problem.names]
            if layer == last:
                return [str(name) for name in outputs]
            return [f"unit {k}" for k in range(1, net.sizes[layer] + 1)]

        def menu(values: list[Any], texts: list[str]) -> dict[str, Any]:
            return {"values": values, "texts": texts}

        layers = list(range(1, last + 1))
        found = {
            "data": menu(list(self.controls["data"].values), list(self.controls["data"].values)),
            "to_layer": menu(layers, [f"layer {k}" for k in layers[:-1]] + ["output layer"]),
            "to_unit": menu(list(range(net.sizes[layer])), units(layer)),
            "from_unit": menu([*range(net.sizes[layer - 1]), None], [*units(layer - 1), "bias"]),
            "cell": menu([-1], ["none"]),
        }
        if self._map is not None:
            rows, columns = self._map.grid.loss.shape
            places = [(i, j) for i in range(rows) for j in range(columns)]
            now = self._cell_now()
            texts = [self._cell_text(*p, swept_short) + (" (now)" if p == now else "") for p in places]
            found["cell"] = menu([-1, *range(rows * columns)], ["none", *texts])
        return found

    def _labels(self) -> dict[str, str]:
        """Inputs by the names of their columns; products and powers keep their short names."""
        columns = self.run.problem.columns if self.run.problem.plane else ("x1", "x2")
        found = {"weight": "weight" if self.a is None else "B's weight"}
        for key, name, column in zip(USES, ("x1", "x2"), columns, strict=False):
            found[key] = FEATURE_NAMES[name] + ("" if column == name else f" {short(column, 24)}")
        return found

    def _idle(self) -> list[str]:
        s = self.run.settings
        found = ["units", "activation"] if not s.hidden else []
        found += ["scale"] if s.init == "zeros" else []
        return found

    def _absent(self) -> list[str]:
        s, problem = self.run.settings, self.run.problem
        found = [*UNITS[len(s.hidden) :], *PHIS[len(s.hidden) :]]
        found += USES if not problem.plane else []
        found += ["show_test"] if not problem.plane else []
        found += ["noise"] if s.data in ("digits", "own") else []
        found += ["n"] if s.data == "own" else []
        return found

    def _disabled(self) -> list[str]:
        found = [] if self._undo else ["undo"]
        found += ["compare"] if self.a is not None else ["keep a", "keep b"]
        found += ["sweep"] if self._job is not None else []
        return found

    def _comparison(self) -> str:
        if self.a is None:
            return (
                "Keep what you have as A and go on with B: both begin at the same start, side by side and in step, "
                "and the controls are B's. Change one setting, press Play, and see what it does."
            )
        words = []
        for name in Settings().__dataclass_fields__:
            a, b = (value_text(name, getattr(run.settings, name)) for run in (self.a, self.run))
            words += [f"{SAID.get(name, name)}: A {a}, B {b}"] if a != b else []
        return "; ".join(words) or "A and B are still the same. Change a setting: it changes B only."

    def _opened(self, groups: frozenset[str]) -> None:
        if groups == self._open:
            return
        self._open, self._choosing = groups, "weights" in groups
        self._version += 1
        self._show()

    def _turned(self, told: Mapping[str, Any]) -> None:
        """The page's width, theme or pixel ratio is known, or has changed."""
        page = seen_on(told)
        if page != self._page:
            self._page = page
            self._version += 1  # a picture that waits to be sent was drawn for the page of before
            self._stages.clear()
            if self._ahead() or not self._playing:
                self._send(self._drawn("quick", "moving"), "image/jpeg")
            self._show_more()

    def _clicked(self, place: Sequence[float], view: str | None) -> None:
        """A click on the picture, as shares of its width and height from the upper left corner.

        The view that was clicked opens its group of weights.
        """
        stage = self._stages.get("quick")
        if stage is None:
            return
        x, y = place[0] * stage.width, place[1] * stage.height
        found = hit(0, x, y, self.shot, stage.width)
        if found is not None and self._choose(found, side_at(x, y, self.shot, stage.width) or 0):
            self._version += 1
            if self._board is not None:
                self._open |= {"weights"}
                self._board.send({"open": "weights", "view": view})

    def _cell_clicked(self, right: float, down: float) -> None:
        stage = self._stages.get("sweep")
        if stage is None or self._map is None:
            return
        axes = stage.axes[0]
        point = right * stage.figure.bbox.width, (1 - down) * stage.figure.bbox.height
        x, y = map(float, axes.transData.inverted().transform(point))
        cell = self._map.at(x, y)
        if cell is not None:
            self._ui["cell"] = cell[0] * self._map.grid.loss.shape[1] + cell[1]
            self._take_cell()

    def _csv(self, kind: Any, buffers: Any) -> None:
        """A file from the page, as its bytes: only Python knows whether they are UTF-8."""
        if kind not in ("", "classes", "regression") or len(buffers or ()) != 1:
            raise ValueError("a file is told as its bytes, and as what its targets are")
        self._use(own_csv(bytes(buffers[0]), kind or None))

    # ---- pictures

    def _stage(self, kind: str) -> Stage:
        assert self._page is not None
        page = replace(self._page, ratio=1.0) if kind == "quick" else self._page
        if kind not in self._stages or self._stages[kind].page != page:
            self._stages[kind] = Stage(draw_playground, page, LAYOUT, HEIGHT)
        return self._stages[kind]

    def _drawn(self, kind: str, format: str) -> bytes:
        try:
            return self._stage(kind).render(replace(self.shot, moving=self._playing), format)
        except Exception:
            self._stages.pop(kind, None)  # its artists may be half set
            raise

    def _send(self, frame: bytes, mime: str) -> None:
        board, stage = self._board, self._stages["quick"]
        if board is None:
            return
        self._sent += 1
        with board.hold_sync():
            board.frame, board.mime, board.count = frame, mime, self._sent
            board.width, board.height = stage.width, stage.height
            board.playing = self._playing
            self._show_words()

    def _refine(self) -> None:
        """Nothing moves: the same picture once more, lossless and as fine as the screen."""
        if self._resting and self._page is not None and not self._playing:
            self._resting = False
            self._send(self._drawn("fine" if self._page.ratio > 1 else "quick", "png"), "image/png")

    # ---- the task that trains while the page is watched

    def _wake(self) -> bool:
        """Has the task run, in the loop of the cell that made this playground; without one there is `tick`."""
        if self._loop is None or self._loop.is_closed():
            return False
        self._heard_at = time.perf_counter()
        if _running_loop() is self._loop:
            self._begin_task()
        else:
            self._loop.call_soon_threadsafe(self._begin_task)
        return True

    def _begin_task(self) -> None:
        with self._lock:
            self._ring()
            if self._task is None and (self._playing or self._job is not None) and self._loop is not None:
                self._news = asyncio.Event()
                self._task = self._loop.create_task(self._live(), name=f"{TITLE}: live")

    def _ring(self) -> None:
        """Wakes the task, from whatever thread."""
        if self._news is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def _live(self) -> None:
        me = asyncio.current_task()
        interrupts = Interrupts()
        try:
            while True:
                begun = time.perf_counter()
                with self._lock:
                    if self._task is not me or not (self._playing or self._job is not None):
                        return
                    if interrupts.happened:
                        self._pause("Interrupted.")
                        self._job = None
                    elif begun - self._heard_at > GONE:
                        self._pause("Paused: no page was looking.")
                    frame, version = self._beat(), self._version
                # The next picture is ready while the page still decodes the last ones, but waits until it may come.
                while self._ahead() and self._playing and time.perf_counter() - self._heard_at < GONE:
                    await self._hear(0.5)
                with self._lock:
                    if self._task is not me:
                        return
                    if frame is not None and self._version == version:
                        self._send(frame, "image/jpeg")
                        if not self._playing:
                            self._show_state()
                left = begun + self._gap() - time.perf_counter()
                await asyncio.sleep(0.001)  # lets the loop take in what waits
                while self._playing and left > 0.002 and self._job is None:
                    await asyncio.sleep(min(left, 0.05))
                    left = begun + self._gap() - time.perf_counter()
        except KeyboardInterrupt:
            with self._lock:
                self._pause("Interrupted.")
                self._job = None
                self._show()
        except Exception as error:
            with self._lock:
                self._playing, self._job = False, None
                self._say(error)
        finally:
            interrupts.restore()
            with self._lock:
                if self._task is me:
                    self._task = None
                    if self._playing or self._job is not None:
                        self._wake()

    def _ahead(self) -> bool:
        """Whether the page has yet to ask for more pictures."""
        return self._sent >= self._until

    async def _hear(self, seconds: float) -> None:
        """Until the page answers."""
        assert self._news is not None
        self._news.clear()
        if self._ahead():
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                pass

    def _gap(self) -> float:
        return SPEEDS[self._ui["speed"]][0] if self._playing else 0.0

    def _beat(self) -> bytes | None:
        """One round: some training, some of the long work; what there is to send."""
        if self._job is not None:
            self._work_on(self._job)
        before = self._version
        if self._playing:
            self._train_for(self._updates(), BUDGET)
        now = time.perf_counter()
        if not self._playing or now - self._told_at > TELL:
            if self._playing and self._chosen_mission() is not None:
                self._celebrate()
            self._show_state() if not self._playing else self._show_more()
        if self._page is None or self._board is None or before == self._version:
            return None
        return self._drawn("quick", "moving")

    def _celebrate(self) -> None:
        won, words = self._goal()
        if won and not self._said.startswith("Mission won!"):
            self._said = f"Mission won! {upper(words.removeprefix('Won: '))}"
            if self._board is not None:
                self._board.said = self.said

    def _work_on(self, job: Job) -> None:
        until = time.perf_counter() + BUDGET
        for done, total in job.pieces:
            now = time.perf_counter()
            if now > until:
                if done and now - job.told > 0.1 and self._board is not None:
                    job.told = now
                    left = (now - job.began) * (total - done) / done
                    self._board.progress = {"text": job.text, "done": done, "total": total, "left": round(left, 1)}
                return
        self._job = None
        job.end()
        self._version += 1
        self._show()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        self._loop = _running_loop() or self._loop
        data: dict[str, Any] = {
            "text/plain": repr(self),
            "image/png": base64.b64encode(self.png(format="palette")).decode(),
            "application/vnd.jupyter.widget-view+json": this_cell(self.board).view(),
        }
        return data, {"image/png": {"alt": self.alt, "width": STORED.width}}

    def __repr__(self) -> str:
        return f"playground({self.text!r})"


class Interrupts:
    """The kernel's interrupt, while training runs: between cells the kernel itself would ignore it."""

    def __init__(self) -> None:
        self.happened = False
        self._mine = False
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._take)
            self._mine = True

    def _take(self, *_: Any) -> None:
        self.happened = True

    def restore(self) -> None:
        # Equal, not identical: a bound method is made anew each time.
        if self._mine and signal.getsignal(signal.SIGINT) == self._take:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
