"""The widget of an explorer: one small ES module that shows named native controls and a picture with alt text."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import anywidget
import traitlets as t

from nbcore.draw.stage import Page

HERE = pathlib.Path(__file__).parent


def script(*names: str) -> str:
    """One ES module: what all widgets share, then the widget's own parts (a widget can't import a file of ours)."""
    return "\n".join((HERE / part).read_text(encoding="utf-8") for part in ("page.js", *names))


def seen_on(told: Mapping[str, Any]) -> Page:
    """What a page told of itself, within reason."""
    background = str(told.get("background", ""))
    return Page(
        width=int(min(max(float(told.get("width", 900)), 320), 1280)),
        ratio=min(max(float(told.get("ratio", 1)), 1.0), 3.0),
        dark=bool(told.get("dark", False)),
        background=background if re.fullmatch(r"#[0-9a-f]{6}", background) else None,
    )


class Shown(anywidget.AnyWidget):
    """A widget that takes in moves at any time, and can be the output of a cell."""

    def open(self) -> None:
        super().open()
        self._listen_at_once()

    def _send(self, msg: Any, buffers: Any = None) -> None:
        super()._send(msg, buffers)
        self._listen_at_once()

    def _listen_at_once(self) -> None:
        """Take in moves while cells run, or wait to run.

        JupyterLab sends them to a thread of the kernel's own (a subshell). But ipykernel (7.4) hands them to the
        thread that last wrote to the page: after a cell did, they would wait behind all cells. It keeps that thread
        in an attribute; without it, JupyterLab's choice holds.
        """
        with suppress(AttributeError):
            del self.comm._reply_subshell_id  # type: ignore[union-attr]

    def view(self) -> dict[str, Any]:
        """The entry of a MIME bundle that makes a page show this widget."""
        return {"version_major": 2, "version_minor": 0, "model_id": self.model_id}


class Picture(Shown):
    """Controls above, picture below, and what came out in words.

    From the page: `params`, and `page` (its width, theme and pixel ratio). To the page: all the rest.
    """

    _esm = script("controls.js", "picture.js")
    _css = HERE / "explore.css"

    title = t.Unicode().tag(sync=True)
    controls: t.List = t.List().tag(sync=True)
    start = t.Dict().tag(sync=True)
    # The page knows what it has just sent; an echo would only cost a message a move.
    params = t.Dict().tag(sync=True, echo_update=False)
    page = t.Dict().tag(sync=True, echo_update=False)
    frame = t.Bytes().tag(sync=True)
    mime = t.Unicode("image/jpeg").tag(sync=True)
    height = t.Int(0).tag(sync=True)
    alt = t.Unicode().tag(sync=True)
    status = t.Unicode().tag(sync=True)
    error = t.Unicode().tag(sync=True)
    progress = t.Dict().tag(sync=True)  # of a long run: done, total, seconds left; empty when there is none
    idle: t.List = t.List().tag(sync=True)  # names of controls that have no effect now
    absent: t.List = t.List().tag(sync=True)  # and of those that are not shown
    pickable = t.Bool(False).tag(sync=True)  # clicks on the picture mean something

    @property
    def seen_on(self) -> Page:
        return seen_on(self.page)


_shown: dict[str, tuple[str, list[Any]]] = {}


def this_cell(widget: Any) -> Any:
    """`widget`, shown by the cell that is running: running a cell again closes what it showed before."""
    try:
        from IPython import get_ipython

        parent = get_ipython().kernel.get_parent("shell")
        cell, run = parent["metadata"]["cellId"], parent["header"]["msg_id"]
    except (ImportError, AttributeError, KeyError, TypeError):
        return widget
    last_run, widgets = _shown.get(cell, (run, []))
    if last_run != run:
        for old in widgets:
            if old is not widget:
                old.layout.close()
                old.close()
        widgets = []
    _shown[cell] = run, [*widgets, widget]
    return widget
