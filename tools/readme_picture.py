"""Photographs the first explorer of lesson 01 in JupyterLab, for README: python tools/readme_picture.py"""

from __future__ import annotations

from pathlib import Path

import browser

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    with browser.server(ROOT / "notebooks/01_linear_vs_nonlinear.ipynb") as address, browser.chromium(1240) as page:
        browser.open_lesson(page, address)
        browser.run_all(page)
        page.evaluate("() => window.jupyterapp.shell.currentWidget.content.scrollToItem(5, 'start')")
        explorer = page.locator(".nbx", has=page.locator(".nbx-picture")).first
        explorer.get_by_label("data", exact=True).select_option("rings")
        explorer.get_by_label("activation", exact=True).select_option("tanh")
        page.wait_for_timeout(1500)  # until the hand rests, and the lossless picture has come
        explorer.screenshot(path=ROOT / "docs/bend-the-line.png")


if __name__ == "__main__":
    main()
