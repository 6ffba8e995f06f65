"""A folder of notebooks, slides, workbooks, texts of LibreOffice, e-books and mails, as the verbs take it."""

import json
import shutil
from pathlib import Path

import pytest

from command_line import OpenBook
from epub_file import epub_of
from openbook.cli.checked_sources import Sources
from openbook.cli.folder_watch import FolderWatch
from openbook.database import Database
from openbook.text.sources import SourceOptions
from opendocument_file import odt, paragraph
from slides_file import pptx, shape, slide
from workbook_file import sheet, xlsx

_BUILD = ("--embedder", "none", "--tokenizer", "train:400")
_HEAD = "From: ada@example.org\nDate: Tue, 05 Mar 2024 14:07:00 +0100\n"
WORDS = {
    "mill.ipynb": "quokka",
    "talk.pptx": "zyzzyva",
    "guests.xlsx": "bandicoot",
    "letter.odt": "cassowary",
    "book.epub": "wombat",
    "gate.eml": "numbat",
    "in.mbox:1@x": "bilby",
    "in.mbox:2@x": "potoroo",
}
"""By the ids of the documents below the folder what only they say."""


def in_mailbox(number: int, word: str) -> str:
    """A mail as it stands in a mailbox."""
    begins = "From ada@example.org Tue Mar  5 14:07:00 2024"
    return f"{begins}\n{_HEAD}Message-ID: <{number}@x>\nSubject: {word}\n\nThe {word} sleeps by day.\n\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One of each kind."""
    place = tmp_path / "desk"
    place.mkdir()
    cells = [{"cell_type": "markdown", "source": ["# Mill\n", "The quokka grinds rye."]}]
    (place / "mill.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    (place / "talk.pptx").write_bytes(
        pptx(slide(shape("Weevils", placeholder="title"), shape("A zyzzyva is one.")))
    )
    (place / "guests.xlsx").write_bytes(xlsx({"May": sheet(["Who", "Room"], ["bandicoot", 3])}))
    (place / "letter.odt").write_bytes(odt(paragraph("The cassowary runs.")))
    (place / "book.epub").write_bytes(epub_of("The wombat digs under the gate."))
    (place / "gate.eml").write_text(f"{_HEAD}Subject: The gate\n\nA numbat sat on it.\n")
    (place / "in.mbox").write_text(in_mailbox(1, "bilby") + in_mailbox(2, "potoroo"))
    return place


@pytest.fixture
def book(openbook: OpenBook, folder: Path, tmp_path: Path) -> Path:
    result = openbook("build", tmp_path / "book", folder, *_BUILD)
    assert result.code == 0, result.err
    return tmp_path / "book"


def test_each_kind_is_built_and_found_by_its_words(openbook: OpenBook, book: Path, folder: Path) -> None:
    pytest.importorskip("pptx")
    pytest.importorskip("python_calamine")
    for name, word in WORDS.items():
        (found,) = openbook("search", book, word, "--json").json
        assert found["document_id"] == f"desk/{name}"
        assert word in found["text"]
    again = openbook("add", book, folder)
    assert again.code == 0
    assert "0 added, 0 replaced, 8 unchanged, 0 removed, 0 skipped; 0 chunks written" in again.err
    assert "left out" not in again.err


def test_a_mail_that_is_gone_from_its_mailbox_is_removed_and_no_other(
    openbook: OpenBook, book: Path, folder: Path
) -> None:
    (folder / "in.mbox").write_text(in_mailbox(3, "dunnart") + in_mailbox(2, "potoroo"))
    plan = openbook("add", book, folder, "--sync", "--dry-run")
    assert sorted(plan.out.split("\n")) == ["", "add     desk/in.mbox:3@x", "remove  desk/in.mbox:1@x"]
    result = openbook("add", book, folder, "--sync")
    assert "1 added, 0 replaced, 7 unchanged, 1 removed, 0 skipped" in result.err
    (folder / "in.mbox").write_text("")
    assert "6 unchanged, 2 removed" in openbook("add", book, folder, "--sync").err


def test_a_mail_that_cannot_be_read_keeps_no_other(openbook: OpenBook, book: Path, folder: Path) -> None:
    sealed = "Content-Type: application/pkcs7-mime\n\nx\n\n"
    mails = [in_mailbox(number, word).partition("\n\n")[0] for number, word in ((2, "potoroo"), (4, "x"))]
    (folder / "in.mbox").write_text("".join(f"{head}\n{sealed}" for head in mails))
    result = openbook("add", book, folder, "--sync", "--on-error", "skip")
    assert "0 added, 0 replaced, 6 unchanged, 0 removed, 2 skipped" in result.err
    (folder / "in.mbox").write_text(f"{mails[1]}\n{sealed}" + in_mailbox(3, "dunnart"))
    result = openbook("add", book, folder, "--sync", "--on-error", "skip")
    assert "1 added, 0 replaced, 6 unchanged, 2 removed, 1 skipped" in result.err


def test_a_mailbox_is_the_same_however_it_is_reached(openbook: OpenBook, book: Path, folder: Path) -> None:
    result = openbook("add", book, folder / "in.mbox")
    assert "0 added, 0 replaced, 2 unchanged, 0 removed" in result.err
    moved = folder.parent / "archive" / "desk"
    moved.parent.mkdir()
    shutil.move(folder, moved)
    result = openbook("add", book, moved, "--sync")
    assert (
        "0 added, 0 replaced, 8 unchanged (8 with a new title, source or language), 0 removed" in result.err
    )
    assert len(openbook("list", book).out.splitlines()) == 8


def test_another_mailbox_of_the_same_name_does_not_replace_it(
    openbook: OpenBook, book: Path, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "other" / "desk").mkdir(parents=True)
    (tmp_path / "other" / "desk" / "in.mbox").write_text(in_mailbox(1, "numbat"))
    result = openbook("add", book, tmp_path / "other" / "desk")
    assert result.code == 2
    assert "desk/in.mbox:1@x: the id is taken by " in result.error
    assert "1 added" in openbook("add", book, tmp_path / "other" / "desk", "--prefix", "other/").err


def test_a_mailbox_is_removed_by_its_name(openbook: OpenBook, book: Path, folder: Path) -> None:
    result = openbook("remove", book, folder / "in.mbox", "--dry-run")
    assert result.out.splitlines() == ["remove  desk/in.mbox:1@x", "remove  desk/in.mbox:2@x"]
    assert openbook("remove", book, "desk/in.mbox:1@x").code == 0
    assert "desk/in.mbox:2@x" in openbook("list", book).out


def test_a_followed_mailbox_gives_its_new_mails(book: Path, folder: Path) -> None:
    lines: list[str] = []
    sources = Sources([str(folder)], SourceOptions(text_key="text"), skip=False)
    watch = FolderWatch(Database.open(book), sources, yes=True, print_line=lines.append)
    (folder / "in.mbox").write_text(in_mailbox(2, "potoroo") + in_mailbox(3, "dunnart!"))
    watch.step(1.0)
    watch.step(2.0)
    assert sorted(lines) == ["added    desk/in.mbox:3@x", "removed  desk/in.mbox:1@x"]
