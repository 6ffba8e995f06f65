"""The page's documents: dropped in, written, edited, removed, asked before and after; search; books."""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from hostile_text import MARKUP
from openbook.database import Database
from openbook.serve.books import Books
from openbook.text import Document
from page_window import Visit, ask, from_book
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve
from word_file import docx


@pytest.fixture
def server(make_state: MakeState, serve: Serve, notes: Database) -> Running:
    """It reads a small book, and lets it be edited."""
    return serve(make_state(ScriptedEngine(from_book), books=Books(notes.path), allow_edits=True))


@pytest.fixture
def page(server: Running, visit: Visit) -> Page:
    return visit(server)


def go_to(page: Page, view: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=view).click()
    expect(page.locator(f"#view-{view.lower()}")).to_be_visible()


def drop(page: Page, name: str, text: str) -> None:
    files = page.evaluate_handle(
        """([name, text]) => {
            const moved = new DataTransfer();
            moved.items.add(new File([text], name));
            return moved;
        }""",
        [name, text],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.locator("body").dispatch_event(event, {"dataTransfer": files})


def titles(page: Page) -> list[str]:
    return page.locator("#document-list .title").all_inner_texts()


def test_the_next_answer_reads_a_document_that_was_dropped_in(page: Page) -> None:
    assert "kesi" not in ask(page, "who paints the boat").locator(".answer").inner_text()
    drop(page, "boat.md", "the boat is painted by kesi.")
    expect(page.locator("#uploads")).to_have_text("boat.md: added")
    expect(page.locator("#documents-count")).to_have_text("3 documents")
    go_to(page, "Ask")
    exchange = ask(page, "who paints the boat")
    assert exchange.locator(".read").inner_text() == "the boat is painted by kesi."
    exchange.locator(".read").hover()
    expect(page.locator("#reading .passage").first).to_contain_text("boat")


def test_a_file_replaces_another_of_its_name_only_by_whoever_wants_that(
    server: Running, visit: Visit
) -> None:
    page = visit(server, "/#documents", expected=("409",))
    drop(page, "boat.md", "the boat is painted by kesi.")
    expect(page.locator("#uploads")).to_have_text("boat.md: added")
    drop(page, "boat.md", "the boat is painted by hald.")
    second = page.locator("#uploads li").nth(1)
    expect(second).to_contain_text("not added, another document has this name")
    page.get_by_role("button", name="Edit boat").click()
    text = page.get_by_role("dialog", name="Edit").get_by_label("Text")
    expect(text).to_have_value("the boat is painted by kesi.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Replace boat.md").click()
    expect(second).to_have_text("boat.md: replaced")
    page.get_by_role("button", name="Edit boat").click()
    expect(text).to_have_value("the boat is painted by hald.")


def test_a_file_waits_until_the_page_knows_the_books(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/page/about", hold)
    page.reload()
    drop(page, "boat.md", "the boat is painted by kesi.")
    page.wait_for_timeout(100)
    assert len(held) == 1
    expect(page.locator("#uploads li")).to_have_count(0)
    held[0].continue_()
    expect(page.locator("#uploads")).to_have_text("boat.md: added")


def test_a_file_that_cannot_be_read_is_told(page: Page, visit: Visit, server: Running) -> None:
    other = visit(server, "/#documents", expected=("400", "413", "415"))
    drop(other, "picture.png", "\x00\x01")
    expect(other.locator("#uploads .wrong")).to_have_text(re.compile("^picture.png: files of this kind"))
    assert titles(other) == ["The gate", "The mill"]


def test_before_and_after_an_edit(page: Page) -> None:
    ask(page, "who built the gate")
    go_to(page, "Documents")
    page.get_by_role("button", name="Edit The gate").click()
    dialog = page.get_by_role("dialog", name="Edit")
    text = dialog.get_by_label("Text")
    assert text.input_value() == "the gate was built by tollan."
    assert dialog.get_by_label("Ask before and after").input_value() == "who built the gate"
    text.fill("the gate was built by hald.")
    dialog.get_by_role("button", name="Save").click()
    exchange = page.locator(".exchange").last
    expect(exchange.locator(".answer[aria-busy=false]")).to_have_count(2)
    assert exchange.locator("h3").all_inner_texts() == ["Before the edit", "After the edit"]
    answers = exchange.locator(".answer .read").all_inner_texts()
    assert answers == ["the gate was built by tollan.", "the gate was built by hald."]
    assert exchange.locator("del").inner_text() == "tollan"
    assert exchange.locator("ins").inner_text() == "hald"
    expect(page.locator("#view-ask")).to_be_visible()


def test_what_an_answer_read_is_edited_where_it_is_seen(page: Page) -> None:
    exchange = ask(page, "who built the gate")
    exchange.locator(".read").hover()
    page.get_by_role("button", name="Edit the document The gate").click()
    text = page.get_by_role("dialog", name="Edit").get_by_label("Text")
    expect(text).to_be_focused()
    selected = text.evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert selected == "the gate was built by tollan."
    page.keyboard.type("the gate was built by hald.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".answer .read")).to_have_text([selected, selected, "the gate was built by hald."])


def test_an_answer_asked_again_after_an_edit_stands_beside_the_old_one(page: Page) -> None:
    exchange = ask(page, "who built the gate")
    go_to(page, "Documents")
    page.get_by_role("button", name="Edit The gate").click()
    dialog = page.get_by_role("dialog", name="Edit")
    dialog.get_by_label("Ask before and after").fill("")
    dialog.get_by_label("Text").fill("the gate was built by hald.")
    dialog.get_by_label("Text").press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text("The gate is saved")
    go_to(page, "Ask")
    exchange.get_by_role("button", name="Ask again").click()
    expect(exchange.locator(".answer[aria-busy=false]")).to_have_count(2)
    assert exchange.locator("h3").all_inner_texts() == ["Before the edit", "After the edit"]
    answers = exchange.locator(".answer .read").all_inner_texts()
    assert answers == ["the gate was built by tollan.", "the gate was built by hald."]


def test_a_document_is_written_and_removed(page: Page) -> None:
    go_to(page, "Documents")
    page.get_by_role("button", name="Write a document").click()
    dialog = page.get_by_role("dialog", name="Write a document")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is no text")
    dialog.get_by_label("Title").fill("<b>The boat</b>")
    dialog.get_by_label("Text").fill(MARKUP)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#documents-count")).to_have_text("3 documents")
    assert sorted(titles(page)) == ["<b>The boat</b>", "The gate", "The mill"]
    page.get_by_role("button", name="Edit <b>The boat</b>").click()
    expect(page.get_by_role("dialog", name="Edit").get_by_label("Text")).to_have_value(MARKUP)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove <b>The boat</b>").click()
    dialog = page.get_by_role("dialog", name="Remove this document?")
    dialog.get_by_role("button", name="Keep it").click()
    expect(page.locator("#documents-count")).to_have_text("3 documents")
    page.get_by_role("button", name="Remove <b>The boat</b>").click()
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("#documents-count")).to_have_text("2 documents")
    assert titles(page) == ["The gate", "The mill"]


def test_what_was_typed_is_kept_where_it_cannot_be_saved(
    make_state: MakeState, serve: Serve, visit: Visit, notes: Database
) -> None:
    engine = ScriptedEngine(from_book)
    state = make_state(engine, books=Books(notes.path), allow_edits=True, max_body_bytes=2000)
    page = visit(serve(state), "/#documents", expected=("413",))
    page.get_by_role("button", name="Edit The gate").click()
    dialog = page.get_by_role("dialog", name="Edit")
    for question in ("", "who built the gate"):
        dialog.get_by_label("Ask before and after").fill(question)
        dialog.get_by_label("Text").fill("long " * 1000)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_contain_text("too large")
        expect(dialog.get_by_label("Text")).to_have_value("long " * 1000)
        dialog.get_by_label("Text").fill("")
    expect(page.locator(".exchange .problem").last).to_contain_text("The change was not made")


def test_a_server_without_edits_shows_no_controls_for_them(
    make_state: MakeState, serve: Serve, visit: Visit, notes: Database
) -> None:
    page = visit(serve(make_state(ScriptedEngine(from_book), books=Books(notes.path))), "/#documents")
    expect(page.locator("#documents-count")).to_have_text("2 documents")
    assert titles(page) == ["The gate", "The mill"]
    for name in ("Edit", "Remove", "Write a document"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_text("Drop files here")).to_be_hidden()
    page.get_by_role("button", name="Read The gate").click()
    dialog = page.get_by_role("dialog", name="Read")
    expect(dialog.get_by_label("Text")).to_have_value("the gate was built by tollan.")
    expect(dialog.get_by_label("Text")).to_have_attribute("readonly", "")
    expect(dialog.get_by_role("button", name="Save")).to_be_hidden()


def test_search(page: Page) -> None:
    go_to(page, "Search")
    page.keyboard.type("gate tollan")
    page.keyboard.press("Enter")
    expect(page.locator("#search-count")).to_have_text("1 passage")
    hit = page.locator("#hits li")
    expect(hit).to_contain_text("notes/gate.md")
    assert hit.locator("mark").all_inner_texts() == ["tollan"]
    page.get_by_role("searchbox", name="Words or a question").fill("zzz")
    page.keyboard.press("Enter")
    expect(page.locator("#search-count")).to_have_text("Nothing was found. Try other words.")


@pytest.fixture
def more(book: Database, tmp_path: Path) -> Database:
    database = Database.create(tmp_path / "more", tokenizer=book.tokenizer, embedder=None, chunk_size=64)
    texts = {f"d{number:03}": f"the number {number} is a number" for number in range(130)}
    database.add([Document(id=name, text=text) for name, text in texts.items()])
    return database


def test_several_books_and_a_long_list(
    make_state: MakeState, serve: Serve, visit: Visit, notes: Database, more: Database
) -> None:
    engine = ScriptedEngine(from_book)
    page = visit(serve(make_state(engine, books=Books(notes.path, {"more": more.path}))), "/#documents")
    expect(page.locator("#documents-count")).to_have_text("2 documents")
    page.get_by_label("Book", exact=True).select_option("more")
    expect(page.locator("#documents-count")).to_have_text("100 of 130 documents")
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#documents-count")).to_have_text("130 documents")
    page.locator("#filter").fill("d12")
    expect(page.locator("#documents-count")).to_have_text("10 of 130 documents")
    go_to(page, "Ask")
    assert ask(page, "number 77").locator(".read").inner_text() == "the number 77 is a number"


def test_who_has_asked_for_more_of_the_list_keeps_it_after_an_edit(
    make_state: MakeState, serve: Serve, visit: Visit, notes: Database
) -> None:
    notes.add(Document(id=f"note {number:03}", text=f"note {number}") for number in range(120))
    server = serve(make_state(ScriptedEngine(from_book), books=Books(notes.path), allow_edits=True))
    page = visit(server, "/#documents")
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#document-list li")).to_have_count(122)
    page.get_by_role("button", name="Remove note 119").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#documents-count")).to_have_text("121 documents")
    expect(page.locator("#document-list li")).to_have_count(121)


@pytest.mark.parametrize(("edits", "remedy"), [(True, " To change it, change its file"), (False, "")])
def test_a_text_that_a_field_cannot_hold_is_told_and_not_opened(
    make_state: MakeState, serve: Serve, visit: Visit, notes: Database, *, edits: bool, remedy: str
) -> None:
    server = serve(make_state(ScriptedEngine(from_book), books=Books(notes.path), allow_edits=edits))
    page = visit(server, "/#documents")
    long = {"document_id": "mill", "title": "The mill", "text": "x" * 1_000_001, "revision": "r"}
    page.route("**/v1/documents/mill", lambda route: route.fulfill(json=long))
    page.get_by_role("button", name="The mill").first.click()
    said = "The mill has 1,000,001 characters, too many for this page. Search shows passages of it."
    expect(page.get_by_role("alert").filter(has_text=said + remedy)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_new_document_takes_no_other_ones_place(server: Running, visit: Visit) -> None:
    page = visit(server, "/#documents", expected=("409",))
    page.get_by_role("button", name="Write a document").click()
    dialog = page.get_by_role("dialog", name="Write a document")
    dialog.get_by_label("Id", exact=True).fill("gate")
    dialog.get_by_label("Text").fill("another gate")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a document with this id")
    dialog.get_by_label("Id", exact=True).fill("notes/other gate?#%.md")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#documents-count")).to_have_text("3 documents")
    page.get_by_role("button", name="Edit notes/other gate?#%.md").click()
    expect(page.get_by_role("dialog", name="Edit").get_by_label("Text")).to_have_value("another gate")


@pytest.mark.parametrize("view", ["search", "documents"])
def test_nothing_is_wider_than_a_phone(page: Page, view: str) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    drop(page, f"{'long' * 40}.md", "word" * 200)
    expect(page.locator("#documents-count")).to_have_text("3 documents")
    go_to(page, view.capitalize())
    if view == "search":
        page.keyboard.type("word" * 200)
        page.keyboard.press("Enter")
        expect(page.locator("#hits li").first).to_be_visible()
    expect(page.locator(f"#view-{view}")).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


def test_the_list_is_filtered_by_source_title_or_id(page: Page) -> None:
    go_to(page, "Documents")
    shown = page.get_by_label("Show documents with this in it")
    for kind, pattern, found in (
        ("source", "notes/gate*", ["The gate"]),
        ("title", "mill", ["The mill"]),
        ("id", "g?te", ["The gate"]),
    ):
        page.get_by_label("Show by").select_option(kind)
        shown.fill(pattern)
        expect(page.locator("#document-list .title")).to_have_text(found)
    shown.fill("")
    expect(page.locator("#document-list .title")).to_have_count(2)


def drop_bytes(page: Page, name: str, content: bytes) -> None:
    page.locator("#files").set_input_files({"name": name, "mimeType": "", "buffer": content})


def test_a_word_file_is_read_where_its_reader_is_installed(page: Page) -> None:
    pytest.importorskip("markitdown")
    go_to(page, "Documents")
    expect(page.locator("#kinds")).to_contain_text(".docx")
    drop_bytes(page, "boat.docx", docx("the boat is painted by kesi."))
    expect(page.locator("#uploads")).to_have_text("boat.docx: added")
    go_to(page, "Ask")
    assert ask(page, "who paints the boat").locator(".read").inner_text() == "the boat is painted by kesi."


def test_without_its_reader_what_to_install_is_said(
    server: Running, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "markitdown", None)
    monkeypatch.setattr("openbook.serve.uploaded_files.find_spec", lambda name: None)
    page = visit(server, "/#documents", expected=("400",))
    expect(page.locator("#kinds")).to_contain_text(".md")
    expect(page.locator("#kinds")).not_to_contain_text(".docx")
    drop_bytes(page, "boat.docx", docx("the boat"))
    expect(page.locator("#uploads .wrong")).to_contain_text("pip install 'openbook[documents]'")
    assert titles(page) == ["The gate", "The mill"]
