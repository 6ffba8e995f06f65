"""The page in a real browser: one for a module, a fresh window for each test.

A window remembers what went wrong in it: errors of scripts, of the console, of the security policy, and
requests to other hosts, which are stopped. A test that ends with any of them fails.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from openbook.database import Database
from openbook.text import Document
from page_window import Visit, Window
from serve_events import Running

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    named = os.environ.get("OPENBOOK_BROWSER")
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip(f"no browser: install one of {', '.join(_NAMES)}, or name one in OPENBOOK_BROWSER")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open the page of a server; `expected` are parts of console messages, the rest is of the window."""
    windows: list[Window] = []

    def open_page(
        server: Running, path: str = "/", *, expected: tuple[str, ...] = (), **options: Any
    ) -> Page:
        windows.append(Window(browser.new_context(**options), expected=expected))
        return windows[-1].page(server, path)

    yield open_page
    problems = [problem for window in windows for problem in window.problems]
    for window in windows:
        window.context.close()
    assert problems == []


@pytest.fixture
def notes(book: Database, tmp_path: Path) -> Database:
    """A small book of notes, to be changed."""
    database = Database.create(tmp_path / "notes", tokenizer=book.tokenizer, embedder=None, chunk_size=64)
    texts = {"gate": "the gate was built by tollan.", "mill": "the mill stands by the river."}
    database.add(
        Document(id=name, title=f"The {name}", source=f"notes/{name}.md", text=text)
        for name, text in texts.items()
    )
    return database
