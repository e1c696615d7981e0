"""One Chromium for all browser tests, one JupyterLab a notebook; what a page holds, in words of this project."""

from __future__ import annotations

import base64
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
LONGEST = ("02_", "03_", "05_", "04_", "07_", "01_", "test_playground", "06_")


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


# In every page, before anything else. Nothing here waits for a time that should be long enough: a kernel that answers
# has taken in all that the page sent before, and what came of it is in the page.
IN_PAGE = """(() => {
  const LIMIT = 300000; // ms, after which something is wrong, however busy the machine is
  const within = (what, promise) => Promise.race([promise, new Promise((_, failed) =>
    setTimeout(() => failed(new Error(what + " took more than five minutes")), LIMIT))]);

  const kernelAnswers = async (times = 1) => {
    const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
    for (let k = 0; k < times; k++)
      await within("the kernel's answer", kernel.requestExecute({ code: "", silent: true, store_history: false }).done);
  };

  // The next change below a node, or nothing for a while.
  const changes = (node, ms) => new Promise((done) => {
    const end = () => { watch.disconnect(); clearTimeout(timer); done(); };
    const watch = new MutationObserver(end), timer = setTimeout(end, ms);
    watch.observe(node, { subtree: true, childList: true, attributes: true, characterData: true });
  });

  const shown = new WeakMap();
  const shownBy = async (img) => {
    const { src } = img;
    try {
      if (shown.get(img)?.src !== src) shown.set(img, { src, blob: await (await fetch(src)).blob() });
      return shown.get(img).blob;
    } catch {
      return null; // replaced by a newer one just now
    }
  };

  const stateOf = (root) => root.querySelector("img").src + " " + root.querySelector(".nbx-error").textContent;

  // The picture once nothing moves any more: the fine one, which comes when a run has ended. After a move, another one
  // than was seen before, or another message.
  const rested = async (root, moved) => {
    const [img, error, run] = ["img", ".nbx-error", ".nbx-run"].map((part) => root.querySelector(part));
    const old = moved ? root.dataset.seen : " ", begin = performance.now();
    let last = "", since = begin;
    for (;;) {
      const now = stateOf(root);
      if (now !== last) [last, since] = [now, performance.now()];
      if (now !== old && run.hidden) {
        const blob = img.src ? await shownBy(img) : null;
        const fine = blob?.type === "image/png";
        // After an error there may be no fine picture to come.
        if (fine || (error.textContent && performance.now() - since > 1000)) {
          // ipywidgets keeps a change back until the kernel is done with the one before. Before a fine picture comes,
          // it has sent that change; after an error it may be about to.
          await kernelAnswers(error.textContent ? 2 : 1);
          if (img.src) await img.decode().catch(() => {}); // fails where a newer one comes meanwhile
          if (stateOf(root) === now && run.hidden) {
            root.dataset.seen = now;
            if (!img.src) return { error: error.textContent };
            const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
            return {
              picture: [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
              type: blob.type, width: img.naturalWidth, height: img.naturalHeight, wide: img.clientWidth,
              high: img.clientHeight, alt: img.alt, status: root.querySelector(".nbx-status").textContent,
              error: error.textContent,
            };
          }
          continue;
        }
      }
      if (performance.now() - begin > LIMIT)
        throw new Error((now === old ? "no new picture" : "the picture never came to rest") + ": " + now.slice(0, 200));
      await changes(root, 100);
    }
  };

  // The picture once it is the wanted one again; or, if that never comes, the one that there is.
  const restedAt = async (root, wanted) => {
    const begin = performance.now();
    for (;;) {
      const state = await rested(root, false);
      if (state.picture === wanted || performance.now() - begin > LIMIT / 5) return state;
      await changes(root, 100);
    }
  };

  // The first picture after the one seen before.
  const answered = async (root) => {
    const begin = performance.now();
    while (stateOf(root) === root.dataset.seen) {
      if (performance.now() - begin > LIMIT) throw new Error("no new picture");
      await changes(root, 100);
    }
    root.dataset.seen = stateOf(root);
  };

  const pictures = () => [...document.querySelectorAll(".nbx:not(.nbx-play) .nbx-picture")];
  const paper = (img) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.drawImage(img, 0, 0);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const background = (node) => {
    let rgb;
    while (node && !(rgb = getComputedStyle(node).backgroundColor.match(/^rgb\\(([0-9]+), ([0-9]+), ([0-9]+)\\)$/)))
      node = node.parentElement;
    return rgb ? rgb.slice(1).map(Number) : [];
  };
  const fits = (img) => img.src && img.complete && img.naturalWidth === Math.round(img.clientWidth * devicePixelRatio)
    && background(img).every((value, k) => Math.abs(value - paper(img)[k]) < 8);
  // Every picture is drawn for the page as it is now, or has failed to be for too long: then a test says what is wrong.
  const drawnForThisPage = async () => {
    const begin = performance.now();
    while (!pictures().every(fits) && performance.now() - begin < LIMIT / 5) await changes(document.body, 100);
    await kernelAnswers();
  };
  // The same of a playground, where a canvas lies over the picture while that is alive.
  const playFits = (root) => {
    const [img, film] = [".nbx-picture", ".nbx-moving"].map((part) => root.querySelector(part));
    if (film.hidden) return fits(img) && img.src.startsWith("data:image/png");
    // A canvas keeps its own width whatever it is given to show; the page sets the shape of each picture that comes.
    return parseInt(img.style.aspectRatio) === Math.round(img.clientWidth * devicePixelRatio)
      && background(img).every((value, k) => Math.abs(value - paper(film)[k]) < 8);
  };

  // Nothing below the notebook has changed for a moment: what is typeset lazily is there.
  const quiet = async () => {
    const notebook = document.querySelector(".jp-Notebook"), begin = performance.now();
    for (let since = begin; performance.now() - since < 200 && performance.now() - begin < 5000;) {
      const before = performance.now();
      await changes(notebook, 200);
      if (performance.now() - before < 200) since = performance.now();
    }
  };

  window.nbxTests = { rested, restedAt, answered, changes, drawnForThisPage, playFits, quiet, paper };
})()"""

SETTINGS = """(root) => Object.fromEntries(
  [...root.querySelectorAll(".nbx-control:not([hidden]) :is(input, select)")].map((input) =>
    [input.labels[0].textContent, input.type === "checkbox" ? input.checked : input.value]))"""

SIZES = "[window.innerWidth, window.innerHeight, window.devicePixelRatio]"

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

    def __init__(self, page, named_by, title):
        # "light" does not look for shadow roots, for which Playwright would walk through the whole page each time.
        self.page, self.root = page, page.locator(f'css:light=.nbx[aria-labelledby="{named_by}"]')
        self.title = title

    def __repr__(self):
        return self.title

    def rested(self):
        return self.root.evaluate("(root) => nbxTests.rested(root, false)")

    def moved(self):
        """The same after a move, which should lead to another picture."""
        return self.root.evaluate("(root) => nbxTests.rested(root, true)")

    def back_at(self, before):
        """After a move that leads back: what is seen once it is as before, or else for good."""
        # The page may have told of a new theme before all its style sheets were there, and tell of it again.
        self.moved()
        return self.root.evaluate("(root, wanted) => nbxTests.restedAt(root, wanted)", before["picture"])

    def settings(self):
        return self.root.evaluate(SETTINGS)

    def inputs(self):
        ids = self.root.evaluate(
            """(root) => [...root.querySelectorAll(".nbx-control:not([hidden]) :is(input, select)")].map(
                 (input) => input.id)"""
        )
        return [self.page.locator(f'css:light=[id="{found}"]') for found in ids]

    def named(self, label):
        return self.root.get_by_label(label, exact=True)

    def reset_at_once(self):
        """Back to the start, without waiting for more than the first answer."""
        if self._pressed_reset():
            self.root.evaluate("(root) => nbxTests.answered(root)")

    def reset(self):
        return self.moved() if self._pressed_reset() else self.rested()

    def _pressed_reset(self):
        """Whether it changed anything."""
        before = self.settings()
        self.root.get_by_role("button", name="Reset").click()
        return self.settings() != before


class Lesson:
    """A notebook, open in JupyterLab in a page of its own, with all cells run."""

    def __init__(self, chrome, address, width=1400, height=1000, ratio=1.0):
        self.page = chrome.new_page(viewport={"width": width, "height": height}, device_scale_factor=ratio)
        self.page.set_default_timeout(1000 * browser.HUNG)
        self.page.add_init_script(IN_PAGE)
        self._devices = self.page.context.new_cdp_session(self.page)
        self._first = (width, height, ratio)
        self.console = []
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.console.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))
        browser.open_lesson(self.page, address)
        self.run_all()

    def run_all(self):
        browser.run_all(self.page)
        browser.show_all(self.page)
        self.page.evaluate("() => nbxTests.drawnForThisPage()")

    def window(self, width=None, height=None, ratio=None):
        """Another size, or more pixels on each of the page's; as it was at first where nothing else is said."""
        sizes = [new or first for new, first in zip((width, height, ratio), self._first, strict=True)]
        if sizes != self._sizes():
            metrics = dict(zip(("width", "height", "deviceScaleFactor"), sizes, strict=True))
            self._devices.send("Emulation.setDeviceMetricsOverride", {**metrics, "mobile": False})
            self.page.wait_for_function(f"(sizes) => String({SIZES}) === String(sizes)", arg=sizes)
        self.page.evaluate("() => nbxTests.drawnForThisPage()")

    def _sizes(self):
        return self.page.evaluate(f"() => {SIZES}")

    def explorers(self):
        found = self.page.evaluate(
            """() => [...document.querySelectorAll(".nbx:not(.nbx-play):has(.nbx-picture)")].map(
                 (root) => [root.getAttribute("aria-labelledby"), root.querySelector(".nbx-title").textContent])"""
        )
        return [Explorer(self.page, *one) for one in found]

    def explorer(self, title):
        return next(explorer for explorer in self.explorers() if explorer.title == title)

    def notebook(self):
        return self.page.evaluate(NOTEBOOK)

    def theme(self, name):
        if not self.page.evaluate(THEMED, "Light" in name):
            change = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
            self.page.evaluate(change, name)
            self.page.wait_for_function(THEMED, arg="Light" in name)
        self.page.evaluate("() => nbxTests.drawnForThisPage()")

    def outputs(self):
        return browser.outputs(self.page)

    def screenshots(self, name, whole=False):
        """Each explorer, and where asked for the page from top to bottom, for people who want to look at them."""
        if not SCREENSHOTS:
            return
        folder = ARTIFACTS / name
        folder.mkdir(parents=True, exist_ok=True)
        width, height, ratio = self._sizes()
        self.window(width, 2 * height, ratio)
        for k, root in enumerate(self.page.locator(".nbx").all(), start=1):
            root.evaluate("(root) => root.scrollIntoView()")
            self.page.wait_for_timeout(150)
            self._screenshot(folder / f"explorer-{k}.png", clip=root.bounding_box() | {"scale": 1})
        self.window(width, height, ratio)
        if whole:
            scroller = ".jp-NotebookPanel .jp-WindowedPanel-outer"
            high, seen = self.page.eval_on_selector(scroller, "(node) => [node.scrollHeight, node.clientHeight]")
            for k, top in enumerate(range(0, high, seen - 60), start=1):
                self.page.eval_on_selector(scroller, "(node, top) => { node.scrollTop = top; }", top)
                self.page.wait_for_timeout(150)
                self._screenshot(folder / f"page-{k:02}.png")

    def _screenshot(self, path, **what):
        # Playwright's own would set the window back to its first size.
        shot = self._devices.send("Page.captureScreenshot", {"format": "png", **what})
        path.write_bytes(base64.b64decode(shot["data"]))

    def axe(self, *rules):
        """What is wrong with our elements, and how many of those in our widgets passed each rule.

        JupyterLab's own faults are left out: they are not ours to mend, and some last only while it draws its toolbar.
        So are its editors (thousands of colored words), its signs beside headings, and that it tells links in Markdown
        from the words around them by color alone. All rules, or only those named.

        axe-core judges the colors of what is in sight only, and looks at the whole page each time that it is asked:
        the window becomes as high as the notebook, and it is asked once.
        """
        if self.page.evaluate("() => window.axe === undefined"):
            self.page.evaluate(Axe().axe_script)
        width, height, ratio = self._sizes()
        scroller = ".jp-NotebookPanel .jp-WindowedPanel-outer"
        all_of_it, seen = self.page.eval_on_selector(scroller, "(node) => [node.scrollHeight, node.clientHeight]")
        self.window(width, height + max(0, all_of_it - seen), ratio)
        # JupyterLab's body has no height and cuts off what overflows, so axe would take all of it for hidden.
        self.page.evaluate("() => { document.body.style.height = '100vh'; }")
        try:
            self.page.eval_on_selector(scroller, "(node) => { node.scrollTop = 0; }")
            self.page.evaluate("() => nbxTests.quiet()")
            return self.page.evaluate(
                """async (rules) => {
                  const cells = [".nbx", ".jp-OutputArea-output", ".jp-RenderedMarkdown"];
                  const theirs = [".cm-editor", ".jp-InternalAnchorLink"];
                  const where = { include: cells.map((one) => [one]), exclude: theirs };
                  const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
                  const found = await axe.run(
                    where, { elementRef: true, resultTypes: ["violations", "passes"], ...only });
                  const ours = [], passed = {}, judged = new Set();
                  for (const { id, nodes } of found.violations)
                    for (const { element, html, failureSummary } of nodes)
                      if (element?.closest(cells.join())
                          && !(id === "link-in-text-block" && element.closest(".jp-RenderedMarkdown")))
                        ours.push(`${id}: ${html.slice(0, 200)} ${failureSummary}`);
                  for (const { id, nodes } of found.passes)
                    for (const { element } of nodes) {
                      const widget = element?.closest(".nbx");
                      if (!widget) continue;
                      passed[id] = (passed[id] ?? 0) + 1;
                      if (id === "color-contrast") judged.add(widget);
                    }
                  const unseen = [...document.querySelectorAll(".nbx")].filter((widget) => !judged.has(widget));
                  return { ours, passed, unseen: unseen.map((widget) => widget.textContent.slice(0, 80)) };
                }""",
                rules,
            )
        finally:
            self.page.evaluate("() => { document.body.style.height = ''; }")
            self.window(width, height, ratio)

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
        try:
            yield lesson, address
        finally:
            lesson.close()
