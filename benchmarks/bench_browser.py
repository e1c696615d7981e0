"""From the hand's move to new pixels, in real JupyterLab in Chromium: python benchmarks/bench_browser.py 01

Every explorer of the lesson, and beside them the usual way of courses: `@interact` with a new figure each move,
showing what the explorer "One neuron, any activation" shows. All times are taken in the page: from the event
that a slider sends to the frame in which the new picture, decoded, is painted.

    move     one move after a rest: the first new picture
    final    the same move: its last picture (a training run shows several)
    rate     new pictures a second while the slider sends 60 events a second for 2 s
    settled  from the last event of that drag to its last picture
    late     pictures later than 120 ms after the last event; what had queued up would show here

With --playground, the playground alone, while it trains: pictures a second, and the times from a press on Pause to
the last picture, and from a change of the activation to the first picture that shows it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import browser

ROOT = Path(__file__).resolve().parents[1]
CHEAP = "One neuron, any activation"
SETTLED = 120  # ms
GOALS = "move 45 ms (95 of 100: 70 ms), 20 pictures/s, settled in 120 ms, none late, first explorer 3 s"

# What a course usually does, with the same picture: it costs as much to compute and to draw.
INTERACT = [
    """import matplotlib.pyplot as plt
from ipywidgets import interact

from nbcore.explore import one_neuron

same = one_neuron()""",
    """@interact(w1=(-5.0, 5.0, 0.1))
def show(w1=3.0):
    figure, axes = plt.subplots(1, 2, figsize=({width} / 100, 3.1), dpi=100)
    same.draw(axes, {{}}, same.compute(**same.params | {{"w1": w1}}))
    plt.show()""",
]

# In the page: a slider of either kind, moved one position at a time, and the paint times of the pictures below it.
PROBE = """() => {
  const fine = new Set(); // what follows once the hand rests is not counted
  const create = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    const url = create.call(URL, blob);
    if (blob.type === "image/png") fine.add(url);
    return url;
  };
  const probe = (window.probe = { painted: [], root: null, sent: [] });
  document.addEventListener("load", async ({ target }) => {
    if (target.tagName !== "IMG" || !probe.root?.contains(target) || fine.has(target.src)) return;
    await target.decode().catch(() => {});
    requestAnimationFrame(() => probe.painted.push(performance.now()));
  }, true);
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  probe.choose = (root) => {
    probe.root = root;
    const handle = root.querySelector(".noUi-handle");
    if (handle) {
      probe.move = (up) => handle.dispatchEvent(
        new KeyboardEvent("keydown", { key: up ? "ArrowRight" : "ArrowLeft", bubbles: true, cancelable: true }));
      return "w1";
    }
    // A seed may have no effect in the present state.
    const ranges = [...root.querySelectorAll("input[type=range]")].filter(
      (range) => !range.labels[0].textContent.startsWith("seed"));
    const input = ranges.find((range) => range.max >= 20) ?? ranges[0];
    let up = true;
    probe.move = () => {
      if (input.value === input.max) up = false;
      if (input.value === input.min) up = true;
      input.value = Number(input.value) + (up ? 1 : -1);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    return input.labels[0].textContent;
  };

  // Waits until no picture has come for `quiet` ms.
  probe.settle = async (since, quiet, least) => {
    for (;;) {
      const last = Math.max(since, ...probe.painted);
      if (performance.now() - last > quiet && probe.painted.length >= least) return;
      if (performance.now() - since > 10000) return;
      await sleep(20);
    }
  };

  probe.single = async (times) => {
    const found = [];
    for (let k = 0; k < times; k++) {
      await sleep(100 + 100 * Math.random());
      probe.painted = [];
      const start = performance.now();
      probe.move(k % 2);
      await probe.settle(start, 400, 1);
      if (probe.painted.length) found.push([probe.painted[0] - start, probe.painted.at(-1) - start]);
      else found.push([null, null]); // this move changed nothing that can be seen
    }
    return found;
  };

  probe.drag = async (seconds) => {
    probe.painted = [];
    const start = performance.now();
    let sent = 0, last = start;
    while (last - start < 1000 * seconds) {
      probe.move(Math.floor(sent / 30) % 2);
      sent += 1;
      last = performance.now();
      await sleep(Math.max(0, start + sent * 1000 / 60 - last));
    }
    await probe.settle(last, 1000, 1);
    return { sent, seconds: (last - start) / 1000, painted: probe.painted.map((t) => t - last) };
  };
}"""

# From the order to run all cells (the kernel is idle) to the first picture that a kernel has sent.
FIRST = """async (wanted) => {
  const start = performance.now();
  window.jupyterapp.commands.execute("notebook:run-all-cells");
  for (;;) {
    const found = [...document.querySelectorAll(wanted)].find((img) => img.complete && img.naturalWidth);
    if (found && await found.decode().then(() => true, () => false)) { // false: replaced by the next one meanwhile
      await new Promise(requestAnimationFrame);
      return performance.now() - start;
    }
    if (performance.now() - start > 60000) throw new Error("no picture within a minute");
    await new Promise((done) => setTimeout(done, 5));
  }
}"""


@dataclass
class Figures:
    """What was measured of one explorer; times in ms."""

    title: str
    move: float
    move95: float
    final: float
    rate: float
    settled: float
    late: float


def measure(page: Any, root: Any, title: str, moves: int, drags: int) -> Figures:
    root.scroll_into_view_if_needed()
    page.evaluate("(root) => window.probe.choose(root)", root)
    page.wait_for_timeout(600)
    page.evaluate("() => window.probe.single(2)")  # warm
    singles = [s for s in page.evaluate("(n) => window.probe.single(n)", moves) if s[0] is not None]
    if not singles:
        sys.exit(f"{title}: no move led to a picture")
    runs = [page.evaluate("() => window.probe.drag(2)") for _ in range(drags)]
    first = sorted(s[0] for s in singles)
    return Figures(
        title,
        statistics.median(first),
        first[max(0, round(0.95 * len(first)) - 1)],
        statistics.median(s[1] for s in singles),
        statistics.median(sum(t <= 0 for t in run["painted"]) / run["seconds"] for run in runs),
        statistics.median(max(0, *run["painted"]) for run in runs),
        max(sum(t > SETTLED for t in run["painted"]) for run in runs),
    )


def lesson(
    notebook: Path, only: str | None, moves: int, drags: int, extension: bool
) -> tuple[list[Figures], float, int]:
    """All explorers of a notebook, ms to the first live one, and the width of a picture."""
    found = []
    with browser.server(notebook, extension=extension) as address, browser.chromium() as page:
        browser.open_lesson(page, address)
        page.evaluate(
            """() => {
              const { content } = window.jupyterapp.shell.currentWidget;
              const k = content.widgets.findIndex((cell) => cell.model.sharedModel.getSource().match(/explor|bend/i)
                && cell.model.type === "code" && !cell.model.sharedModel.getSource().match(/^from|^import/));
              return content.scrollToItem(Math.max(k, 0), "start");
            }"""
        )
        page.wait_for_timeout(1000)
        first = page.evaluate(FIRST, ".nbx-picture")
        page.evaluate(browser.IDLE)
        browser.show_all(page)
        page.wait_for_timeout(1000)
        page.evaluate(PROBE)
        width = page.evaluate("() => Math.round(document.querySelector('.nbx-picture').clientWidth)")
        for title in page.eval_on_selector_all(
            ".nbx:not(.nbx-play):has(.nbx-picture) .nbx-title", "(all) => all.map((node) => node.textContent)"
        ):
            if only is None or only in title:
                root = page.query_selector(f".nbx:has(.nbx-picture):has(.nbx-title:text-is({json.dumps(title)}))")
                found.append(measure(page, root, title, moves, drags))
                print(".", end="", file=sys.stderr, flush=True)
    return found, first, width


def _notebook(sources: list[str]) -> str:
    """A notebook of code cells."""
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [empty | {"id": f"cell-{k}", "source": source} for k, source in enumerate(sources)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def interact(width: int, moves: int, drags: int) -> tuple[Figures, float]:
    """The same for `@interact`."""
    text = _notebook([INTERACT[0], INTERACT[1].format(width=width)])
    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder) / "interact.ipynb"
        notebook.write_text(text, encoding="utf-8")
        with browser.server(notebook) as address, browser.chromium() as page:
            browser.open_lesson(page, address)
            page.wait_for_timeout(1000)
            first = page.evaluate(FIRST, ".jp-OutputArea img")
            page.evaluate(browser.IDLE)
            page.evaluate(PROBE)
            root = page.query_selector(".jp-CodeCell:has(.noUi-handle)")
            return measure(page, root, "@interact, new figures", moves, drags), first


# In the page: when pictures of the playground are painted, and what their alt text says.
PLAY_PROBE = """() => {
  const root = document.querySelector(".nbx-play"), img = root.querySelector(".nbx-picture");
  const play = (window.play = { painted: [] });
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const note = (alt) => requestAnimationFrame(() => play.painted.push([performance.now(), alt]));
  img.addEventListener("load", async () => {
    const alt = img.alt;
    await img.decode().catch(() => {});
    note(alt);
  });
  const film = ImageBitmapRenderingContext.prototype, { transferFromImageBitmap } = film;
  film.transferFromImageBitmap = function (bitmap) {
    transferFromImageBitmap.call(this, bitmap);
    note(img.alt);
  };
  const go = root.querySelector(".nbx-go");
  play.rate = async (seconds) => {
    go.click();
    await sleep(1500);
    play.painted = [];
    await sleep(1000 * seconds);
    const rate = play.painted.length / seconds;
    go.click();
    await sleep(800);
    return rate;
  };
  play.pause = async () => {
    go.click();
    await sleep(700 + 200 * Math.random());
    play.painted = [];
    const start = performance.now();
    go.click();
    while (go.textContent !== "Play") await sleep(1);
    const said = performance.now() - start;
    await sleep(60);
    const moving = play.painted.filter(([at]) => at > start).map(([at]) => at - start);
    await sleep(600);
    return [said, Math.max(0, ...moving)];
  };
  const labelled = (kind, text) =>
    [...root.querySelectorAll(kind)].find((one) => one.labels[0].textContent === text);
  const change = async (move) => {
    await sleep(300 + 200 * Math.random());
    play.painted = [];
    const start = performance.now();
    const wanted = move();
    for (;;) {
      // Of two, the controls are B's, of which the alt text tells last.
      const found = play.painted.find(([, alt]) => alt.slice(Math.max(0, alt.indexOf("B: a"))).includes(wanted));
      if (found) return found[0] - start;
      if (performance.now() - start > 5000) throw new Error("the change was never seen");
      await sleep(1);
    }
  };
  play.activation = (k) => change(() => {
    const select = labelled("select", "activation"), to = ["relu", "tanh"][k % 2];
    select.value = to;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    return `${to} units`;
  });
  play.rate_of_learning = (k) => change(() => {
    const slider = labelled("input[type=range]", "learning rate η");
    slider.value = Number(slider.value) + (k % 2 ? 1 : -1);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    return `learning rate ${slider.parentElement.querySelector("output").textContent};`;
  });
  play.go = () => go.click();
}"""

PLAYGROUNDS = {
    "2-8-8-1": "moons | 8 tanh, 8 tanh",
    "6 layers of 16": "moons | 16 tanh, 16 tanh, 16 tanh, 16 tanh, 16 tanh, 16 tanh",
    "two of 2-8-8-1": "moons || moons | 8 relu, 8 relu",
    "digits, 64-16-10": "digits n=1000 | 16 tanh | eta=0.5 batch=50",
}


def playgrounds(moves: int, extension: bool) -> None:
    """The playground while it trains."""
    heads = f"{'pictures/s':>10} {'pause: said':>12} {'and still':>10} {'slider':>8} {'p95':>5} {'menu':>6} {'p95':>5}"
    print(f"{'':18} {heads}   load")
    for title, text in PLAYGROUNDS.items():
        with tempfile.TemporaryDirectory() as folder:
            notebook = Path(folder) / "playground.ipynb"
            notebook.write_text(_notebook([f"from nbcore import explore\n\nexplore.playground({text!r})"]))
            with browser.server(notebook, extension=extension) as address, browser.chromium() as page:
                browser.open_lesson(page, address)
                browser.run_all(page)
                page.wait_for_function("() => document.querySelector('.nbx-play .nbx-picture')?.naturalWidth")
                page.wait_for_timeout(1500)
                page.evaluate(PLAY_PROBE)
                rate = statistics.median(page.evaluate("() => window.play.rate(4)") for _ in range(3))
                pauses = [page.evaluate("() => window.play.pause()") for _ in range(max(5, moves // 3))]
                page.evaluate("() => window.play.go()")
                waits = ""
                for what in ("rate_of_learning", "activation"):
                    seen = sorted(page.evaluate(f"(k) => window.play.{what}(k)", k) for k in range(moves))
                    late = seen[round(0.95 * len(seen)) - 1]
                    waits += f" {statistics.median(seen):{8 if not waits else 6}.0f} {late:5.0f}"
        said, still = (statistics.median(one[k] for one in pauses) for k in range(2))
        print(f"{title:18} {rate:10.1f} {said:12.0f} {still:10.0f}{waits}   {load()}", flush=True)


def machine() -> str:
    try:
        names = [line.split(":")[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    except OSError:
        names = [platform.processor()]
    return f"{names[0].strip()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def find(wanted: str) -> Path:
    if wanted.endswith(".ipynb"):
        return Path(wanted)
    matches = sorted((ROOT / "notebooks").glob(f"{wanted}*.ipynb"))
    if not matches:
        sys.exit(f"There is no lesson {wanted!r} in notebooks/.")
    return matches[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lesson", nargs="?", default="01", help="number of a lesson, or a notebook")
    parser.add_argument("--only", help="only explorers with this in their title")
    parser.add_argument("--moves", type=int, default=30)
    parser.add_argument("--drags", type=int, default=5)
    parser.add_argument("--stock", action="store_true", help="without nbcore's server extension (TCP_NODELAY)")
    parser.add_argument("--alone", action="store_true", help="without @interact beside it")
    parser.add_argument("--playground", action="store_true", help="the playground, while it trains")
    asked = parser.parse_args()
    if not browser.CHROMIUM:
        sys.exit("Chromium was not found; install it (Debian: apt-get install chromium).")
    if asked.playground:
        print(f"The playground on {machine()}, load {load()} at the start; times in ms", flush=True)
        playgrounds(asked.moves, not asked.stock)
        return 0
    notebook = find(asked.lesson)
    print(f"{notebook.name} on {machine()}, load {load()} at the start", flush=True)
    rows, first, width = lesson(notebook, asked.only, asked.moves, asked.drags, not asked.stock)
    after = load()
    old = None
    if not asked.alone:
        old, old_first = interact(width, asked.moves, max(2, asked.drags // 2))
        rows.append(old)
    head = f"{'':32} {'move':>7} {'p95':>7} {'final':>7} {'rate':>9} {'settled':>9} {'late':>5}"
    print(f"\n{head}\n{'':32} {'ms':>7} {'ms':>7} {'ms':>7} {'pictures/s':>9} {'ms':>8} {'':>5}")
    for row in rows:
        print(
            f"{row.title[:32]:32} {row.move:7.0f} {row.move95:7.0f} {row.final:7.0f} {row.rate:9.1f} "
            f"{row.settled:9.0f} {row.late:5.0f}"
        )
    print(f"\nload {after} after the explorers, {load()} at the end: what else runs on this machine counts in both")
    print(f"first live explorer after the order to run all: {first / 1000:.1f} s", end="")
    if old is not None:
        print(f" (@interact: {old_first / 1000:.1f} s)", end="")
    print(f"\ngoals with a cheap compute: {GOALS}")
    cheap = next((row for row in rows if row.title == CHEAP), None)
    if cheap is not None and old is not None:
        print(
            f"{CHEAP!r} against @interact: {old.move / cheap.move:.1f} times quicker to answer a move, "
            f"{cheap.rate / max(old.rate, 0.01):.1f} times as many pictures in a drag, "
            f"{old.settled / max(cheap.settled, 1):.1f} times sooner settled"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
