"""A lesson in real JupyterLab in a real browser: for the browser tests, the benchmark and screenshots."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import lab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


HUNG = 300  # seconds; only what is hung takes that long, however busy the machine is

# Containers in which tests run often know only root; the exposed application lets a test await its commands.
FOR_TESTS = ["--no-browser", "--allow-root", "--expose-app-in-browser"]


def without_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook as nobody ever ran it, so that no stored picture can be taken for a live one."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return notebook


@contextmanager
def server(notebook: Path, dark: bool = False, extension: bool = True) -> Iterator[str]:
    """JupyterLab with the settings of `make lab` on a copy of `notebook`; gives the address that opens it.

    `extension=False` leaves out nbcore's server extension, as on a server that somebody else set up.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root, home = Path(folder) / "lessons", Path(folder) / "home"
        for path in (root, home / "runtime", home / "data", home / "config"):
            path.mkdir(parents=True)
        copy = root / notebook.name
        copy.write_text(json.dumps(without_outputs(json.loads(notebook.read_text(encoding="utf-8")))), encoding="utf-8")
        theme = home / "config/lab/user-settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
        theme.parent.mkdir(parents=True)
        theme.write_text(json.dumps({"theme": "JupyterLab Dark" if dark else "JupyterLab Light"}))
        token = secrets.token_hex(16)
        settings = lab.SETTINGS | {"ServerApp.root_dir": root, "ServerApp.port": 0, "IdentityProvider.token": token}
        settings["ServerApp.log_level"] = "INFO"  # else it prints its address only with a token of its own making
        if not extension:
            settings["ServerApp.jpserver_extensions"] = "nbcore.server_extension=False"
        environment = os.environ | {
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "config/lab/user-settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "config/lab/workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
            "NBCORE_ANSWERS": str(home / "answers.json"),
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        with running([sys.executable, "-m", "jupyterlab", *FOR_TESTS, *arguments], environment) as said:
            yield said[: said.index("/", len("http://")) + 1] + f"lab/tree/{copy.name}?token={token}"


def address_in(log: bytes) -> str | None:
    """The first address that a server has printed; its line may be half written yet, and is none then."""
    found = re.search(rb"(http://127\.0\.0\.1:\d+/\S*).*\n", log)
    return found[1].decode() if found else None


def listens(address: str) -> bool:
    """Whether connections are taken: Jupyter prints its address, and writes its file, some time before."""
    host, port = address.removeprefix("http://").partition("/")[0].split(":")
    try:
        socket.create_connection((host, int(port))).close()
    except ConnectionRefusedError:
        return False
    return True


@contextmanager
def running(command: list[str], environment: dict[str, str], cwd: Path | None = None) -> Iterator[str]:
    """A Jupyter server while it runs; gives the first address that it prints, once it takes connections there.

    RuntimeError with all that it said, should it end, or hang, before.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path, end = Path(folder) / "log", time.monotonic() + HUNG
        with path.open("wb") as log:
            process = subprocess.Popen(
                command, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            while not (address := address_in(path.read_bytes())) or not listens(address):
                if process.poll() is not None or time.monotonic() > end:
                    said = path.read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(f"the server did not start:\n{said}")
                time.sleep(0.05)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(HUNG)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def chromium(width: int = 1400, height: int = 1000, ratio: float = 1.0) -> Iterator[Any]:
    """A page of a fresh headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=ratio)
            page.set_default_timeout(1000 * HUNG)
            yield page
        finally:
            browser.close()


# Each waits for a signal of JupyterLab's; how long it may take is for a test's own limit to say.
UNTIL = """const until = (signal, holds) => new Promise((done) => {
    const look = () => { if (holds()) { signal.disconnect(look); done(); } };
    signal.connect(look);
    look();
  });"""
READY = f"""async () => {{
  {UNTIL}
  const {{ restored, shell }} = window.jupyterapp;
  await restored;
  await until(shell.currentChanged, () => shell.currentWidget?.sessionContext);
  const {{ context, sessionContext }} = shell.currentWidget;
  await context.ready;
  await sessionContext.ready;
  await until(sessionContext.kernelChanged, () => sessionContext.session?.kernel);
  await until(sessionContext.statusChanged, () => sessionContext.session.kernel.status === "idle");
}}"""

IDLE = f"""async () => {{
  {UNTIL}
  const {{ sessionContext }} = window.jupyterapp.shell.currentWidget;
  await until(sessionContext.statusChanged, () => sessionContext.session.kernel.status === "idle");
}}"""


def open_lesson(page: Any, address: str) -> None:
    """Opens the notebook and waits for its kernel."""
    page.goto(address)
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate(READY)


def run_all(page: Any) -> None:
    """Runs every cell and waits for the last; the notebook is laid out whole, so that all of it can be seen."""
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.evaluate(IDLE)


def show_all(page: Any) -> None:
    """Scrolls through the notebook once: JupyterLab lays out cells only when they come into view."""
    page.evaluate(
        """async () => {
          const { content } = window.jupyterapp.shell.currentWidget;
          for (let k = 0; k < content.widgets.length; k++) {
            await content.scrollToItem(k, "smart");
            await new Promise(requestAnimationFrame); // laid out, and told to those who watch sizes
          }
        }"""
    )


def outputs(page: Any) -> list[dict[str, Any]]:
    """The outputs of all code cells, as the notebook holds them now."""
    found: list[dict[str, Any]] = page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
             .filter((cell) => cell.model.type === "code")
             .flatMap((cell, k) => cell.model.outputs.toJSON().map((output) => ({ ...output, cell: k })))"""
    )
    return found
