"""Photographs the first explorer of lesson 01 in JupyterLab, for README: python tools/readme_picture.py"""

from __future__ import annotations

from pathlib import Path

import browser

ROOT = Path(__file__).resolve().parent.parent

# The picture that comes when the hand rests; one that is replaced meanwhile can't be fetched.
LOSSLESS = (
    """(img) => fetch(img.src).then((answer) => answer.blob()).then((blob) => blob.type === "image/png", () => false)"""
)


def main() -> None:
    with browser.server(ROOT / "notebooks/01_linear_vs_nonlinear.ipynb") as address, browser.chromium(1240) as page:
        browser.open_lesson(page, address)
        browser.run_all(page)
        page.evaluate("() => window.jupyterapp.shell.currentWidget.content.scrollToItem(5, 'start')")
        explorer = page.locator(".nbx", has=page.locator(".nbx-picture")).first
        explorer.get_by_label("data", exact=True).select_option("rings")
        explorer.get_by_label("activation", exact=True).select_option("tanh")
        picture = explorer.locator(".nbx-picture[alt*='rings'][alt*='tanh']").element_handle()
        page.wait_for_function(LOSSLESS, arg=picture)
        explorer.screenshot(path=ROOT / "docs/bend-the-line.png")


if __name__ == "__main__":
    main()
