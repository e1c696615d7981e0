"""A lesson in real JupyterLab in a real browser: for the browser tests, the benchmark and screenshots."""

from __future__ import annotations

import json
import os
import secrets
import shutil
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
        with open(home / "log", "w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *FOR_TESTS, *arguments],
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            yield f"{_address(process, home)}lab/tree/{copy.name}?token={token}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], home: Path) -> str:
    for _ in range(1200):
        for info in (home / "runtime").glob("jpserver-*.json"):
            try:
                return str(json.loads(info.read_text())["url"])
            except (ValueError, KeyError):
                pass  # half written
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + (home / "log").read_text())


@contextmanager
def chromium(width: int = 1400, height: int = 1000, ratio: float = 1.0) -> Iterator[Any]:
    """A page of a fresh headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=ratio)
            page.set_default_timeout(60_000)
            yield page
        finally:
            browser.close()


READY = """async () => {
  await window.jupyterapp.restored;
  for (let k = 0; k < 600; k++) {
    const panel = window.jupyterapp.shell.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    if (panel?.content?.widgets && kernel?.status === "idle") return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("no idle kernel");
}"""

IDLE = """async () => {
  for (let k = 0; k < 600; k++) {
    if (window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === "idle") return true;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("the kernel stayed busy");
}"""


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
