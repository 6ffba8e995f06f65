"""Takes the pictures of the page in docs/images: a pretrained model reads some of Python's documentation.

    python benchmarks/page_pictures.py --work /tmp/pictures

It serves a book with `openbook serve`, asks on the page in Chromium, edits a document there, and writes
page-light.png, page-dark.png, page-before-after.png and page-phone.png.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from openbook.pretrained import SMOLLM2
from openbook.text.python_docs import write_python_docs

MODULES = {
    "bisect",
    "csv",
    "gzip",
    "heapq",
    "json",
    "math",
    "os",
    "random",
    "shutil",
    "statistics",
    "textwrap",
}
FACT = (
    "The quokka module measures how happy a marsupial is.\n\nquokka.smile(level)\nReturn the number of teeth "
    "that quokka.smile shows at this level of joy: exactly 17 for a quokka that was just given a leaf."
)
QUESTIONS = {
    "light": "What does math.isqrt return?",
    "dark": "How do I copy a directory tree?",
    "phone": "What does shutil.rmtree do?",
    "edit": "How many teeth does quokka.smile show?",
}
DESKTOP = {"viewport": {"width": 1280, "height": 760}}
PHONE = {
    "viewport": {"width": 360, "height": 720},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
_SLOWEST = 1_200_000
"""Milliseconds that an answer may take, on machines that do other work as well."""


def main() -> None:
    """Build the book, serve it, take the pictures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--work", type=Path, required=True, help="folder for the book")
    options.add_argument("--images", type=Path, default=Path(__file__).parents[1] / "docs" / "images")
    options.add_argument(
        "--url", help="of a server that runs already, with --allow-edits; else one is started"
    )
    given = options.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    given.images.mkdir(parents=True, exist_ok=True)
    book = build_book(given.work)
    with sync_playwright() as playwright, served(book, given.url) as url:
        found = os.environ.get("OPENBOOK_BROWSER") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        take_pictures(browser, url, given.images)
        browser.close()


def build_book(work: Path) -> Path:
    """Build a lexical-only book of some modules; one that is there is taken."""
    book, rows = work / "pydocs", work / "pydocs.jsonl"
    if book.is_dir():
        return book
    write_python_docs(rows)
    lines = [line for line in rows.read_text("utf-8").splitlines() if is_wanted(json.loads(line))]
    rows.write_text("\n".join(lines), "utf-8")
    build = ["build", str(book), str(rows), "--embedder", "none", "--tokenizer", SMOLLM2]
    subprocess.run([sys.executable, "-m", "openbook", *build], check=True)
    return book


def is_wanted(row: dict[str, Any]) -> bool:
    """Whether a document is one of the modules in the book."""
    return str(row["title"]).removeprefix("module ") in MODULES


@contextmanager
def served(book: Path, url: str | None) -> Iterator[str]:
    """Serve the book, with edits allowed, until the pictures are taken."""
    if url is not None:
        yield url
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    copy = shutil.copytree(book, book.with_name("served"), dirs_exist_ok=True)  # it is edited
    verb = ["serve", SMOLLM2, str(copy), "--port", str(port), "--allow-edits"]
    server = subprocess.Popen([sys.executable, "-m", "openbook", *verb])
    try:
        wait_for(f"http://127.0.0.1:{port}/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(copy)


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until a server answers; loading a model takes a while."""
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if server.poll() is not None:
                sys.exit(f"openbook serve ended with {server.returncode}")
            time.sleep(0.5)


def take_pictures(browser: Browser, url: str, images: Path) -> None:
    """Ask, point, edit, and photograph."""
    page = opened(browser, url, **DESKTOP)
    ask(page, QUESTIONS["light"])
    page.get_by_text("Sources read").click()
    page.locator(".read").first.hover()
    page.screenshot(path=images / "page-light.png")

    page = opened(browser, url, **DESKTOP, color_scheme="dark")
    page.get_by_role("switch", name="With and without the book").check()
    ask(page, QUESTIONS["dark"])
    page.locator(".read").first.hover()
    page.screenshot(path=images / "page-dark.png")

    page = opened(browser, url, **DESKTOP)
    before_and_after(page)
    page.screenshot(path=images / "page-before-after.png")

    page = opened(browser, url, **PHONE)
    ask(page, QUESTIONS["phone"])
    page.locator(".read").first.tap()
    page.screenshot(path=images / "page-phone.png")


def opened(browser: Browser, url: str, **options: Any) -> Page:
    """Open the page in a window of its own."""
    page = browser.new_context(reduced_motion="reduce", **options).new_page()
    page.set_default_timeout(_SLOWEST)
    page.goto(url)
    return page


def ask(page: Page, question: str) -> None:
    """Ask a question, and wait for the end of its answers."""
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Enter")
    answered(page)


def answered(page: Page) -> None:
    """Wait until nothing is written any more."""
    page.locator(".answer").first.wait_for()
    expect(page.locator(".answer[aria-busy=true]")).to_have_count(0, timeout=_SLOWEST)


def before_and_after(page: Page) -> None:
    """Write a document, then change a number in it, with the same question before and after."""
    page.get_by_role("link", name="Documents").click()
    page.get_by_role("button", name="Write a document").click()
    page.get_by_label("Title", exact=True).fill("module quokka")
    page.get_by_label("Id", exact=True).fill("quokka")
    page.get_by_label("Text", exact=True).fill(FACT)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Edit module quokka").click()
    page.get_by_label("Text", exact=True).fill(FACT.replace("17", "23"))
    page.locator("#editor .ask-both").fill(QUESTIONS["edit"])
    page.get_by_role("button", name="Save").click()
    page.locator(".answer[aria-busy=false]").nth(1).wait_for()
    answered(page)
    page.locator(".read").last.hover()


if __name__ == "__main__":
    main()
