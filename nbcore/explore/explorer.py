"""The explorer: controls, a pure `compute`, a `draw` that only sets data, and a picture that follows the hand."""

from __future__ import annotations

import asyncio
import base64
import functools
import inspect
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec

from nbcore.draw.stage import Page, Stage
from nbcore.explore.controls import Control
from nbcore.explore.picture import Picture, this_cell
from nbcore.training import Diverged

P = ParamSpec("P")

# What is stored in a notebook and seen without a kernel: always the same page, whoever ran it.
STORED = Page(width=960, ratio=1.5)
PATIENCE = 0.05  # seconds without a picture: a run that is quicker shows only its end
LONG = 0.4  # seconds after which a run shows how far it is, and can be stopped
TELL = 0.1  # seconds between two such messages


@dataclass(frozen=True)
class Progress:
    """What a long `compute` may yield on its way: `done` of `total`, and a picture so far, if there is one."""

    done: int
    total: int
    result: Any = None


@dataclass(frozen=True)
class Click:
    """Where the picture was clicked: the number of the panel, and the point in that panel's own coordinates."""

    panel: int
    x: float
    y: float


class Explorer:
    """A picture with controls. As the last line of a cell it shows itself, with or without a browser.

    `controls`: {name: Control}. `compute(**params) -> result` is pure; as a generator, each result it yields is
    a picture, and newer settings close it. `draw(axes, artists, result)` fills `artists` once, then only sets
    data. `alt` says what there is to see, `status` what came out: a string, or a function of (params, result).
    `panels` are relative widths, `height` is in CSS pixels.

    `idle(params)` names the controls that have no effect for these settings; they are shown dimmed. `absent(params)`
    names those that have no place here; they are not shown. `pick(click, params, result)` says, as {name: value}, what
    a `Click` on the picture sets; a control must offer the same, for those who use the keyboard.

    A long `compute` yields `Progress(done, total, result)` now and then: the page shows a bar, an estimate and a
    button that stops the run, with the last picture kept. Elsewhere only results count.

    Without a browser: `.set(name=value)`, `.params`, `.result`, `.png()`. Moves in a page come in through
    `.picture`; what went wrong last is in `.error`. Raises ValueError or TypeError for settings that do not fit.
    """

    def __init__(
        self,
        controls: Mapping[str, Control],
        compute: Callable[..., Any],
        draw: Callable[..., Any],
        *,
        title: str,
        alt: str | Callable[[dict[str, Any], Any], str],
        status: str | Callable[[dict[str, Any], Any], str] = "",
        panels: Sequence[float] = (1,),
        height: int = 330,
        idle: Callable[[dict[str, Any]], Iterable[str]] | None = None,
        absent: Callable[[dict[str, Any]], Iterable[str]] | None = None,
        pick: Callable[[Click, dict[str, Any], Any], Mapping[str, Any]] | None = None,
    ) -> None:
        for name, control in controls.items():
            if not isinstance(control, Control):
                raise TypeError(f"controls[{name!r}] must be a control (slider, rate, choice ...), got {control!r}")
        inspect.signature(compute).bind(**dict.fromkeys(controls))  # a TypeError now, rather than at the first move
        start = {name: control.value for name, control in controls.items()}
        for kind, names in (("idle", idle), ("absent", absent)):
            for name in names(dict(start)) if names is not None else ():
                if name not in controls:
                    raise ValueError(
                        f"{kind} names {name!r}, but there is no such control; there are {', '.join(controls)}"
                    )
        self.controls, self.compute, self.draw = dict(controls), compute, draw
        self.title, self._alt, self._status = title, alt, status
        self._panels, self._height = tuple(panels), height
        self._idle, self._absent, self._pick = idle, absent, pick
        self._params = start
        self._result: Any = None
        self._computed = False
        self.error: Exception | None = None
        self._stages: dict[str, Stage] = {}
        self._lock = threading.RLock()
        self._wanted = self._shown = 0
        self._resting = False  # the page has asked for the fine picture, which comes when a run has ended
        self._task: asyncio.Task[None] | None = None
        self._patience = PATIENCE
        self._gap = float("inf")  # the longest wait for a result in the last run
        self._began = self._told_progress = self._longest = 0.0
        self._stopped = False
        self._picture: Picture | None = None

    # ---- without a browser

    @property
    def params(self) -> dict[str, Any]:
        """The settings, by name; a copy."""
        return dict(self._params)

    @property
    def result(self) -> Any:
        """What `compute` gives for these settings (a generator's last result)."""
        with self._lock:
            if not self._computed:
                for result in self._results():
                    if not isinstance(result, Progress):
                        self._result, self._computed = result, True
                if not self._computed:
                    raise TypeError(f"compute of {self.title!r} must yield a result at the end, not only Progress")
            return self._result

    def set(self, **changes: Any) -> Explorer:
        """Change settings, as a hand on the controls would. Raises for a bad setting, and then changes nothing."""
        params = self._checked({**self._params, **changes})
        with self._lock:
            self._params, self._computed, self.error = params, False, None
            self._wanted += 1
            if self._picture is not None:
                self._show_controls()
                self._show_all()
            else:
                self._try(lambda: self.result)
            if self.error is not None:
                raise self.error
        return self

    def reset(self) -> Explorer:
        """Back to where all controls started."""
        return self.set(**{name: control.value for name, control in self.controls.items()})

    def png(self, page: Page = STORED, format: str = "png") -> bytes:
        """The picture of these settings as PNG; format="palette" is a third of the size, to store."""
        return Stage(self.draw, page, self._panels, self._height).render(self.result, format)

    @property
    def alt(self) -> str:
        """The alt text of the picture for these settings."""
        return self._words(self._alt)

    @property
    def status(self) -> str:
        """What came out, in words."""
        return self._words(self._status)

    def _words(self, text: str | Callable[[dict[str, Any], Any], str]) -> str:
        return text if isinstance(text, str) else text(self.params, self.result)

    def _checked(self, params: Mapping[str, Any], by_hand: bool = False) -> dict[str, Any]:
        unknown = sorted(set(params) - set(self.controls))
        if unknown:
            raise ValueError(f"there is no control named {unknown[0]!r}; there are {', '.join(self.controls)}")
        return {  # who moves a control knows its label, who calls `set` its name
            name: control.check(control.label if by_hand else name, params[name])
            for name, control in self.controls.items()
        }

    def _results(self) -> Generator[Any]:
        result = self.compute(**self._params)
        if inspect.isgenerator(result):
            yield from result
        else:
            yield result

    # ---- in a page

    @property
    def picture(self) -> Picture:
        """The widget. Made when first needed."""
        if self._picture is None:
            described = [control.describe(name) for name, control in self.controls.items()]
            self._picture = Picture(title=self.title, controls=described, params=self._params, start=self._params)
            self._picture.pickable = self._pick is not None
            self._show_controls()
            self._picture.observe(self._moved, "params")
            self._picture.observe(self._turned, "page")
            self._picture.on_msg(self._told)
        return self._picture

    def _moved(self, change: Any) -> None:
        if change.new == self._params and self.error is None:
            return
        try:
            params = self._checked(change.new, by_hand=True)
        except (TypeError, ValueError) as error:
            self._say(error)
            return
        with self._lock:
            self._params, self._computed, self.error = params, False, None
            self._wanted += 1
            goal = self._wanted
        self._show_controls()
        loop = _running_loop()
        if loop is None or not inspect.isgeneratorfunction(self.compute):
            self._show_all()
            return
        # The first picture is drawn before this move counts as handled, so the page holds the next one back until
        # then: drawn in the loop, it would let moves queue up.
        results = self._start()
        if self._try(lambda: self._show_next(results, goal)):
            self._task = loop.create_task(self._go_on(results, goal))
        else:
            results.close()

    async def _go_on(self, results: Generator[Any], goal: int) -> None:
        """Draws the rest of a generator's results, until there are newer settings."""
        while True:
            await asyncio.sleep(0.001)  # lets the loop take in a newer move
            if not self._try(lambda: self._show_next(results, goal)):
                results.close()
                return

    def _start(self) -> Generator[Any]:
        """A new run, which may be watched and stopped."""
        self._began, self._told_progress, self._stopped = time.perf_counter(), 0.0, False
        self._longest = 0.0
        return self._results()

    def _show_next(self, results: Iterator[Any], goal: int) -> bool:
        """Draws the next result that is worth it; False when the last one is drawn, or when there are newer settings.

        Results that the next one would replace at once are not drawn: a run that ends soon shows only its end.
        """
        if self._wanted != goal:
            return False
        if self._stopped:
            self._tell_progress(None)
            self._shown = goal
            self.picture.status = f"Stopped before the end. {self.picture.status}".rstrip()
            self._refine()
            return False
        start = before = time.perf_counter()
        waiting = []
        for result in results:
            now = time.perf_counter()
            self._longest, before = max(self._longest, now - before), now
            if isinstance(result, Progress):
                self._tell_progress(result)
                if result.result is None:
                    if now - start > self._patience:
                        break  # lets the loop take in a newer move, or the order to stop
                    continue
                result = result.result
            waiting = [result]
            if now - start + self._gap > self._patience:
                break
        else:
            self._gap = self._longest
            if waiting:
                self._show(waiting[0])
            self._tell_progress(None)
            self._shown = goal
            self._refine()
            return False
        if waiting:
            self._show(waiting[0])
        return True

    def _show_all(self) -> None:
        def every() -> bool:
            results, goal = self._start(), self._wanted
            while self._show_next(results, goal):
                pass
            return True

        self._try(every)

    def _tell_progress(self, progress: Progress | None) -> None:
        """How far a long run is: sent now and then, and cleared at the end."""
        if self._picture is None:
            return
        now = time.perf_counter()
        if progress is None:
            if self._picture.progress:
                self._picture.progress = {}
        elif now - self._began > LONG and now - self._told_progress > TELL and progress.done > 0:
            self._told_progress = now
            left = (now - self._began) * (progress.total - progress.done) / progress.done
            self._picture.progress = {"done": progress.done, "total": progress.total, "left": round(left, 1)}

    def _show_controls(self) -> None:
        """Where the controls stand, and which of them count."""
        with self.picture.hold_sync():
            self.picture.params = self._params
            self.picture.idle = sorted(self._idle(self.params)) if self._idle is not None else []
            self.picture.absent = sorted(self._absent(self.params)) if self._absent is not None else []

    def _try(self, work: Callable[[], Any]) -> Any:
        try:
            with self._lock:
                return work()
        except Exception as error:
            self._shown = self._wanted
            self._tell_progress(None)
            self._stages.clear()  # a drawing that stopped half way may have left its artists half set
            self._say(error)
            return False

    def _say(self, error: Exception) -> None:
        self.error = error
        if self._picture is not None:
            kind = "" if isinstance(error, (Diverged, ValueError)) else f"{type(error).__name__}: "
            self._picture.error = f"{kind}{error}. The last good picture is kept."

    def _show(self, result: Any) -> None:
        # Draw first: a result that can't be drawn leaves everything as it was.
        frame = self._stage("quick").render(result, "jpeg")
        self._result, self._computed = result, True
        self._send(frame, "image/jpeg", self.alt, self.status, "")

    def _send(self, frame: bytes, mime: str, alt: str, status: str, error: str) -> None:
        with self.picture.hold_sync():
            self.picture.frame, self.picture.mime = frame, mime
            self.picture.alt, self.picture.status, self.picture.error = alt, status, error
            self.picture.height = self._stage("quick").height

    def _again(self, kind: str, format: str) -> None:
        """The picture that is shown, drawn once more; its words stay."""
        now = self.picture
        self._send(self._stage(kind).render(self._result, format), f"image/{format}", now.alt, now.status, now.error)

    def _stage(self, kind: str) -> Stage:
        page = self.picture.seen_on
        if kind == "quick":
            page = Page(page.width, 1.0, page.dark, page.background)
        if kind not in self._stages or self._stages[kind].page != page:
            self._stages[kind] = Stage(self.draw, page, self._panels, self._height)
        return self._stages[kind]

    def _turned(self, change: Any) -> None:
        """The page's width, theme or pixel ratio is known, or has changed."""
        if self.error is not None and self._result is not None:  # the last good picture is kept, in the new look
            self._try(lambda: self._again("quick", "jpeg"))
        else:
            self._try(lambda: self._show(self.result))

    def _told(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        """The hand rests: send the same picture once more, lossless and as fine as the screen. Or: stop, or a click."""
        if content.get("stop"):
            self._stopped = True
        if content.get("click") and self._pick is not None:
            self._try(lambda: self._clicked(*content["click"]))
        if content.get("rest"):
            self._resting = True
            self._try(self._refine)

    def _clicked(self, right: float, down: float) -> None:
        """A click on the picture, as shares of its width and height from the upper left corner."""
        stage = self._stage("quick")
        for panel, axes in enumerate(stage.axes):
            point = (right * stage.figure.bbox.width, (1 - down) * stage.figure.bbox.height)
            if axes.bbox.contains(*point):
                x, y = map(float, axes.transData.inverted().transform(point))
                changes = self._pick(Click(panel, x, y), self.params, self.result)  # type: ignore[misc]
                self.picture.params = {**self.params, **changes}  # from here on as a move of the controls

    def _refine(self) -> None:
        if self._resting and self._computed and self._shown == self._wanted:
            self._resting = False
            self._again("fine" if self.picture.seen_on.ratio > 1 else "quick", "png")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data: dict[str, Any] = {
            "text/plain": repr(self),
            "image/png": base64.b64encode(self.png(format="palette")).decode(),
            "application/vnd.jupyter.widget-view+json": this_cell(self.picture).view(),
        }
        return data, {"image/png": {"alt": self.alt, "width": STORED.width}}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self._params.items())
        return f"Explorer({self.title!r}, {settings})"


def refuses_unknown_names(make: Callable[P, Explorer]) -> Callable[P, Explorer]:
    """For a factory that takes the start of its controls by name, **start: a misspelled name is a ValueError."""
    own = [p.name for p in inspect.signature(make).parameters.values() if p.kind is not p.VAR_KEYWORD]

    @functools.wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Explorer:
        explorer = make(*args, **kwargs)
        known = [*own, *explorer.controls]
        for name in kwargs:
            if name not in known:
                raise ValueError(f"{make.__name__} has no setting named {name!r}; it has {', '.join(known)}")
        return explorer

    return made


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
