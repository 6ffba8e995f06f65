"""Edits on the page: what others did is shown and kept, line ends stay, no edit is lost half-way."""

import threading
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from openbook.database import Database
from openbook.generation.text_request import TextEvent, TextRequest
from openbook.serve.books import Books
from openbook.text import Document
from page_window import Visit, from_book
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve


@pytest.fixture
def server(make_state: MakeState, serve: Serve, notes: Database) -> Running:
    """It reads a small book, and lets it be edited."""
    return serve(make_state(ScriptedEngine(from_book), books=Books(notes.path), allow_edits=True))


@pytest.fixture
def page(server: Running, visit: Visit) -> Page:
    """The list of documents; a colleague is faster, or has removed what is asked for."""
    return visit(server, "/#documents", expected=("409", "404"))


def edit(page: Page, title: str) -> Locator:
    page.get_by_role("button", name=f"Edit {title}").click()
    dialog = page.get_by_role("dialog", name="Edit")
    expect(dialog).to_be_visible()
    return dialog


def save(dialog: Locator, name: str = "Save") -> None:
    dialog.get_by_role("button", name=name).click()


def stored(http: httpx.Client, name: str) -> str:
    return str(http.get(f"/v1/documents/{name}").json()["text"])


def put(http: httpx.Client, name: str, text: str, title: str = "") -> None:
    document = {"id": name, "text": text, "title": title}
    assert http.post("/v1/documents", json={"documents": [document]}).status_code == 200


def asks_who_leaves(page: Page) -> bool:
    """Whether the browser would ask before it left the page."""
    return not page.evaluate("dispatchEvent(new Event('beforeunload', {cancelable: true}))")


# Others


@pytest.mark.parametrize("question", ["", "who built the gate"])
def test_what_a_colleague_wrote_meanwhile_is_shown_beside_what_was_typed(
    server: Running, page: Page, question: str
) -> None:
    dialog = edit(page, "The gate")
    put(server.http, "gate", "the gate was built by hald.", title="A gate")
    dialog.get_by_label("Ask before and after").fill(question)
    dialog.get_by_label("Text").fill("the gate was built by kesi.")
    save(dialog)
    said = dialog.get_by_role("alert")
    expect(said).to_contain_text("Not saved: the document was changed since you opened it.")
    expect(said).to_contain_text("Its title is now “A gate”.")
    expect(dialog.get_by_label("What it says now")).to_have_value("the gate was built by hald.")
    expect(dialog.get_by_label("What it says now")).to_be_in_viewport()
    expect(dialog.get_by_label("Text")).to_have_value("the gate was built by kesi.")
    assert stored(server.http, "gate") == "the gate was built by hald."
    save(dialog, "Save over it")
    expect(dialog).to_be_hidden()
    assert stored(server.http, "gate") == "the gate was built by kesi."


def test_a_document_that_was_removed_meanwhile_rises_only_on_purpose(server: Running, page: Page) -> None:
    dialog = edit(page, "The gate")
    assert server.http.delete("/v1/documents/gate").status_code == 200
    dialog.get_by_label("Text").fill("the gate was built by kesi.")
    save(dialog)
    expect(dialog.get_by_role("alert")).to_contain_text("Not saved: the document was removed")
    expect(dialog.get_by_label("What it says now")).to_be_hidden()
    assert server.http.get("/v1/documents/gate").status_code == 404
    save(dialog, "Save as a new one")
    expect(dialog).to_be_hidden()
    assert stored(server.http, "gate") == "the gate was built by kesi."
    assert edit(page, "The gate").get_by_role("button", name="Save", exact=True).is_visible()


def test_who_wrote_the_same_is_no_conflict(server: Running, page: Page) -> None:
    dialog = edit(page, "The gate")
    put(server.http, "gate", "the gate was built by hald.")
    dialog.get_by_label("Text").fill("the gate was built by hald.")
    save(dialog)
    expect(page.locator("#notes")).to_contain_text("The gate is saved")
    expect(dialog).to_be_hidden()


def test_a_document_that_was_changed_since_it_was_listed_is_not_removed(server: Running, page: Page) -> None:
    remove = page.get_by_role("button", name="Remove The gate")
    expect(remove).to_be_visible()
    put(server.http, "gate", "the gate was built by hald.")
    remove.click()
    dialog = page.get_by_role("dialog", name="Remove this document?")
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Not removed: the document was changed")
    expect(dialog.get_by_label("What it says now")).to_have_value("the gate was built by hald.")
    assert stored(server.http, "gate") == "the gate was built by hald."
    dialog.get_by_role("button", name="Remove it all the same").click()
    expect(page.locator("#documents-count")).to_have_text("1 document")
    assert server.http.get("/v1/documents/gate").status_code == 404


# Before and after


def test_an_edit_is_stored_while_the_answer_before_it_is_still_written(
    make_state: MakeState, serve: Serve, visit: Visit, notes: Database
) -> None:
    """That answer reads the book as it was; so whoever closes the page meanwhile loses nothing."""
    go_on = threading.Event()

    def waits(request: TextRequest) -> Iterator[TextEvent]:
        assert go_on.wait(60)
        yield from from_book(request)

    server = serve(make_state(ScriptedEngine(waits), books=Books(notes.path), allow_edits=True))
    page = visit(server, "/#documents")
    dialog = edit(page, "The gate")
    dialog.get_by_label("Ask before and after").fill("who built the gate")
    dialog.get_by_label("Text").fill("the gate was built by hald.")
    save(dialog)
    try:
        expect(page.locator(".exchange .changed")).to_contain_text("hald")
        expect(page.locator(".answer[aria-busy=true]")).to_have_count(1)
        assert stored(server.http, "gate") == "the gate was built by hald."
        assert not asks_who_leaves(page)
    finally:
        go_on.set()
    answers = page.locator(".exchange .answer[aria-busy=false] .read")
    expect(answers).to_have_text(["the gate was built by tollan.", "the gate was built by hald."])


@pytest.mark.parametrize("question", ["", "who built the gate"])
def test_until_an_edit_is_stored_the_page_says_so_and_asks_who_leaves(page: Page, question: str) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/documents", hold)
    dialog = edit(page, "The gate")
    dialog.get_by_label("Ask before and after").fill(question)
    assert not asks_who_leaves(page)
    dialog.get_by_label("Text").fill("the gate was built by hald.")
    assert asks_who_leaves(page)
    save(dialog)
    expect(dialog.get_by_role("status")).to_have_text("Not saved yet …")
    page.keyboard.press("Escape")
    dialog.get_by_label("Text").press("Control+Enter")
    expect(dialog).to_be_visible()
    expect(page.locator(".changed")).to_have_count(0)
    assert asks_who_leaves(page)
    page.wait_for_timeout(100)
    assert len(held) == 1
    held[0].continue_()
    expect(dialog).to_be_hidden()
    assert not asks_who_leaves(page)


@pytest.mark.parametrize("field", ["Title", "Text"])
@pytest.mark.parametrize("way", ["Escape", "Cancel"])
def test_what_was_typed_is_thrown_away_only_at_the_second_press(
    server: Running, page: Page, field: str, way: str
) -> None:
    def leave() -> None:
        page.keyboard.press("Escape") if way == "Escape" else save(dialog, "Cancel")

    dialog = edit(page, "The gate")
    typed = dialog.get_by_label(field, exact=field == "Title")
    typed.fill("the gate was")
    assert asks_who_leaves(page)
    leave()
    expect(dialog.get_by_role("alert")).to_have_text("Not saved. Press again to throw it away.")
    expect(dialog.get_by_role("alert")).to_be_in_viewport()
    typed.press("End")
    page.keyboard.type(" built")
    expect(dialog.get_by_role("alert")).to_be_hidden()
    leave()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(typed).to_have_value("the gate was built")
    leave()
    expect(dialog).to_be_hidden()
    assert not asks_who_leaves(page)
    assert stored(server.http, "gate") == "the gate was built by tollan."
    dialog = edit(page, "The gate")
    expect(dialog.get_by_role("alert")).to_be_hidden()
    leave()
    expect(dialog).to_be_hidden()


# Line ends


LINE_ENDS = [
    ("one\r\ntwo\r\n", "one\ntwo\n", "one\r\ntwo\r\n"),
    ("one\r\ntwo\r\n", "one\n2\nthree\n", "one\r\n2\r\nthree\r\n"),
    ("one\rtwo\nthree\r\nfour", "one\ntwo\nthree\n4", "one\rtwo\nthree\r\n4"),
    (
        "one\ntwo\nthree\r\nfour\r\n5\r\n",
        "one\n2\n2\nthree\nfour\n5\n",
        "one\n2\r\n2\nthree\r\nfour\r\n5\r\n",
    ),
    ("one\r\ntwo", "one\ntwo\nthree", "one\r\ntwo\r\nthree"),
    ("one\r\ntwo\r\nthree", "three", "three"),
    ("one", "one\ntwo", "one\ntwo"),
    ("a\r\na\na\r\n", "a\na\n", "a\r\na\n"),
]
"""What is stored, what a field has of it after an edit, and what is to be stored then."""


def test_line_ends_stay_as_they_are_stored(page: Page) -> None:
    make = """(cases) => import("/page/text.js").then(
        (text) => cases.map(([stored, typed]) => text.withLineEnds(typed, stored)))"""
    made = page.evaluate(make, LINE_ENDS)
    assert made == [after for _, _, after in LINE_ENDS]


def test_who_edits_a_title_changes_no_text(server: Running, page: Page, notes: Database) -> None:
    text, title = "the gate\r\nwas built\rby tollan.\n", "The\nmill"
    notes.add([Document(id="gate", text=text), Document(id="mill", title=title, text="a mill")])
    page.reload()
    dialog = edit(page, "The gate")
    dialog.get_by_label("Title").fill("A gate")
    save(dialog)
    expect(page.locator("#notes")).to_contain_text("A gate is saved")
    now = server.http.get("/v1/documents/gate").json()
    assert (now["title"], now["text"]) == ("A gate", text)
    dialog = edit(page, "The mill")
    dialog.get_by_label("Text").fill("the mill")
    save(dialog)
    expect(dialog).to_be_hidden()
    now = server.http.get("/v1/documents/mill").json()
    assert (now["title"], now["text"]) == (title, "the mill")


# Files


def test_who_edits_what_a_file_brought_is_told(page: Page, notes: Database) -> None:
    notes.add([Document(id="mill", text="the mill stands by the river.", origin="/kim/mill.md")])
    page.reload()
    assert edit(page, "The gate").get_by_text("came from a file").is_hidden()
    page.keyboard.press("Escape")
    expect(edit(page, "The mill").get_by_text("came from a file")).to_be_visible()
