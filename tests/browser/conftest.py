"""One Chromium for all browser tests, one JupyterLab a notebook; what a page holds, in words of this project."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from xdist.scheduler import LoadScopeScheduling

from tools import browser

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / ".browser-artifacts"

# NBCORE_SCREENSHOTS=1 make test-browser: a picture of everything in .browser-artifacts, at a second each.
SCREENSHOTS = bool(os.environ.get("NBCORE_SCREENSHOTS"))

# Where a missing browser must not pass for a success.
REQUIRED = bool(os.environ.get("NBCORE_BROWSER_REQUIRED")) or os.environ.get("CI", "").lower() in ("1", "true")
MISSING = "" if browser.CHROMIUM else "Chromium is not installed (Debian: apt-get install chromium)"


# What takes longest starts first, so that the workers end together (with --no-loadscope-reorder).
LONGEST = ("05_", "02_", "test_playground", "06_", "04_")


def group(nodeid):
    """A lesson is opened once: all its tests are for the one worker that has it open."""
    lesson = re.search(r"\[(\d\d_\w+)]$", nodeid)
    return lesson[1] if lesson else nodeid.split("::")[0].split("/")[-1]


def place(item):
    return next((k for k, start in enumerate(LONGEST) if group(item.nodeid).startswith(start)), len(LONGEST))


class Groups(LoadScopeScheduling):
    # Not --dist loadgroup: with pytest 9.2 its marks have no effect.
    def _split_scope(self, nodeid):
        return group(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return Groups(config, log)


def pytest_collection_modifyitems(items):
    items.sort(key=place)
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if MISSING and not REQUIRED:
                item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="session")
def chrome():
    if MISSING:
        pytest.fail(MISSING)
    with browser.chromium() as page:
        yield page.context.browser


# The picture once nothing moves any more: kernel idle, the last frame there, the fine one too, which comes when a run
# has ended. After a move, that is another picture than the one seen before; where none comes, the old one after 3 s.
RESTED = """async (root, moved) => {
  const img = root.querySelector("img"), error = root.querySelector(".nbx-error");
  const old = moved ? img.dataset.seen : "none";
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  let last = "", since = performance.now();
  const begin = since;
  for (;;) {
    await sleep(25);
    const now = img.src + error.textContent + kernel.status;
    if (now !== last) [last, since] = [now, performance.now()];
    if (kernel.status !== "idle" || !img.complete || performance.now() - since < 60) continue;
    if (!img.src) {
      if (!error.hidden) return { error: error.textContent };
    } else {
      const blob = await (await fetch(img.src)).blob();
      const still = performance.now() - since;
      const waited = moved ? img.src !== old || still > 3000 : still > 250;
      if ((blob.type === "image/png" && waited) || (!error.hidden && still > 500)) {
        await img.decode();
        img.dataset.seen = img.src;
        const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
        return {
          picture: [...new Uint8Array(digest)].map((byte) => byte.toString(16)).join(""),
          type: blob.type, width: img.naturalWidth, height: img.naturalHeight, wide: img.clientWidth,
          high: img.clientHeight, alt: img.alt, status: root.querySelector(".nbx-status").textContent,
          error: error.hidden ? "" : error.textContent,
        };
      }
    }
    if (performance.now() - begin > 30000) throw new Error("the picture never came to rest: " + now.slice(0, 200));
  }
}"""

# The first picture after the one seen before.
ANSWERED = """async (root) => {
  const img = root.querySelector("img"), begin = performance.now();
  while (img.src === img.dataset.seen) {
    if (performance.now() - begin > 30000) throw new Error("no picture");
    await new Promise((done) => setTimeout(done, 10));
  }
  img.dataset.seen = img.src;
}"""

SETTINGS = """(root) => Object.fromEntries(
  [...root.querySelectorAll(".nbx-control:not([hidden]) :is(input, select)")].map((input) =>
    [input.labels[0].textContent, input.type === "checkbox" ? input.checked : input.value]))"""

# The attribute comes first, the style sheet later.
THEMED = """(light) => {
  let node = document.querySelector(".jp-Notebook"), rgb;
  while (node && !(rgb = getComputedStyle(node).backgroundColor.match(/^rgb\\(([0-9]+)/))) node = node.parentElement;
  return document.body.dataset.jpThemeLight === String(light) && rgb && Number(rgb[1]) > 127 === light;
}"""

# What JupyterLab's own shortcuts would change.
NOTEBOOK = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  return JSON.stringify([content.activeCellIndex, content.mode, content.widgets.map(
    (cell) => [cell.model.type, cell.model.sharedModel.getSource(), cell.isSelected])]);
}"""


class Explorer:
    """One explorer in a page."""

    def __init__(self, page, root):
        self.page, self.root = page, root
        self.title = root.locator(".nbx-title").text_content()

    def __repr__(self):
        return self.title

    def rested(self):
        return self.root.evaluate(RESTED, False)

    def moved(self):
        """The same after a move, which should lead to another picture."""
        return self.root.evaluate(RESTED, True)

    def settings(self):
        return self.root.evaluate(SETTINGS)

    def inputs(self):
        return self.root.locator(".nbx-control:not([hidden]) :is(input, select)").all()

    def named(self, label):
        return self.root.get_by_label(label, exact=True)

    def reset_at_once(self):
        """Back to the start, after a move, without waiting for more than the first answer."""
        self.root.get_by_role("button", name="Reset").click()
        self.root.evaluate(ANSWERED)

    def reset(self):
        before = self.settings()
        self.root.get_by_role("button", name="Reset").click()
        return self.rested() if self.settings() == before else self.moved()


class Lesson:
    """A notebook, open in JupyterLab in a page of its own, with all cells run."""

    def __init__(self, chrome, address, width=1400, height=1000, ratio=1.0):
        self.page = chrome.new_page(viewport={"width": width, "height": height}, device_scale_factor=ratio)
        self.page.set_default_timeout(60_000)
        self.console = []
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.console.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))
        browser.open_lesson(self.page, address)
        self.run_all()

    def run_all(self):
        browser.run_all(self.page)
        browser.show_all(self.page)
        self.page.evaluate(browser.IDLE)

    def explorers(self):
        roots = self.page.locator(".nbx:not(.nbx-play):has(.nbx-picture)")
        return [Explorer(self.page, root) for root in roots.all()]

    def explorer(self, title):
        return next(explorer for explorer in self.explorers() if explorer.title == title)

    def notebook(self):
        return self.page.evaluate(NOTEBOOK)

    def theme(self, name):
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.wait_for_function(THEMED, arg="Light" in name)
        self.page.wait_for_timeout(300)  # a widget tells its kernel once the page has been left alone for 120 ms

    def outputs(self):
        return browser.outputs(self.page)

    def screenshots(self, name, whole=False):
        """Each explorer, and where asked for the page from top to bottom, for people who want to look at them."""
        if not SCREENSHOTS:
            return
        folder = ARTIFACTS / name
        folder.mkdir(parents=True, exist_ok=True)
        for k, root in enumerate(self.page.locator(".nbx").all(), start=1):
            root.screenshot(path=folder / f"explorer-{k}.png")
        if whole:
            scroller = ".jp-NotebookPanel .jp-WindowedPanel-outer"
            high, seen = self.page.eval_on_selector(scroller, "(node) => [node.scrollHeight, node.clientHeight]")
            for k, top in enumerate(range(0, high, seen - 60), start=1):
                self.page.eval_on_selector(scroller, "(node, top) => { node.scrollTop = top; }", top)
                self.page.wait_for_timeout(150)
                self.page.screenshot(path=folder / f"page-{k:02}.png")

    def axe(self, *rules):
        """What is wrong with our elements, and how many of them passed each rule.

        JupyterLab's own faults are left out: they are not ours to mend, and some last only while it draws its toolbar.

        First the page, without JupyterLab's editors (thousands of colored words) and its signs beside headings, then
        each of our widgets in view: colors can be judged only there. All rules, or only those named.
        """
        self.page.evaluate(Axe().axe_script)
        # JupyterLab's body has no height and cuts off what overflows, so axe would take all of it for hidden.
        self.page.evaluate("() => { document.body.style.height = '100vh'; }")
        return self.page.evaluate(
            """async (rules) => {
              const cells = ".nbx, .jp-OutputArea-output, .jp-RenderedMarkdown";
              const ours = new Set(), passed = {};
              const check = async (root, inside) => {
                const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
                const found = await axe.run(root, { resultTypes: ["violations", "passes"], ...only });
                for (const { id, nodes } of found.violations)
                  for (const node of nodes)
                    if (document.querySelector(node.target[0])?.closest(cells))
                      ours.add(`${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`);
                if (inside)
                  for (const { id, nodes } of found.passes) passed[id] = (passed[id] ?? 0) + nodes.length;
              };
              await check({ exclude: [".cm-editor", ".jp-InternalAnchorLink"] }, false);
              for (const root of document.querySelectorAll(".nbx")) {
                root.scrollIntoView({ block: "center" });
                await new Promise((done) => setTimeout(done, 50));
                await check(root, true);
              }
              return { ours: [...ours], passed };
            }""",
            rules,
        )

    def close(self):
        self.page.close()


def notebook_of(path: Path, cells: list[str]) -> Path:
    """A notebook of code cells."""
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {
        "cells": [empty | {"id": f"cell-{k}", "source": source} for k, source in enumerate(cells)],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def served(chrome, notebook: Path) -> Iterator[tuple[Lesson, str]]:
    with browser.server(notebook) as address:
        lesson = Lesson(chrome, address)
        yield lesson, address
        lesson.close()
