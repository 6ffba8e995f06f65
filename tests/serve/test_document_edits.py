"""Edits of what somebody has read: they overwrite nothing that others did meanwhile, and no file's path."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from openbook.database import Database
from openbook.serve.books import Book, Books
from openbook.text import Document, read_documents
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, telling

GATE = {"id": "gate", "title": "The gate", "text": "Tollan built the gate."}


@pytest.fixture
def http(make_state: MakeState, serve: Serve, edited: Path) -> httpx.Client:
    """A client of a server of a book that has the gate beside its other documents."""
    state = make_state(ScriptedEngine(telling("x")), books=Books(edited), allow_edits=True)
    client = serve(state).http
    put(client, GATE)
    return client


def put(client: httpx.Client, *documents: dict[str, Any]) -> httpx.Response:
    return client.post("/v1/documents", json={"documents": documents})


def refused(answer: httpx.Response) -> str:
    """What is said of an edit that met another one, in OpenAI's shape."""
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (409, "conflict", "invalid_request_error")
    return str(error["message"])


def revision(client: httpx.Client) -> str:
    return str(client.get("/v1/documents/gate").json()["revision"])


def test_what_was_read_is_replaced_once(http: httpx.Client) -> None:
    read = revision(http)
    assert put(http, GATE | {"text": "Hald built it.", "replaces": read}).json()["done"]["replaced"] == 1
    message = refused(put(http, GATE | {"text": "Kesi built it.", "replaces": read}))
    assert message.startswith("document 'gate': was changed since it was read; nothing was written")
    assert http.get("/v1/documents/gate").json()["text"] == "Hald built it."
    assert put(http, GATE | {"text": "Kesi built it.", "replaces": revision(http)}).status_code == 200


@pytest.mark.parametrize(
    "other", [{"text": "Hald built it."}, {"title": "A gate"}, {"source": "b.md"}, {"language": "en"}]
)
def test_whatever_was_changed_meanwhile_is_kept(http: httpx.Client, other: dict[str, str]) -> None:
    read = revision(http)
    put(http, GATE | other)
    refused(put(http, GATE | {"replaces": read}))
    refused(http.delete("/v1/documents/gate", params={"revision": read}))
    kept = http.get("/v1/documents/gate").json()
    assert {name: kept[name] for name in other} == other


def test_what_was_removed_meanwhile_does_not_rise_again(http: httpx.Client) -> None:
    read = revision(http)
    assert http.delete("/v1/documents/gate", params={"revision": read}).json()["done"]["removed"] == 1
    assert "was removed since it was read" in refused(put(http, GATE | {"replaces": read}))
    assert http.get("/v1/documents/gate").status_code == 404
    assert http.delete("/v1/documents/gate", params={"revision": read}).status_code == 404


def test_a_new_document_takes_no_other_ones_place(http: httpx.Client) -> None:
    assert "is there already" in refused(put(http, GATE | {"text": "Another.", "replaces": ""}))
    assert put(http, GATE | {"id": "mill", "replaces": ""}).json()["done"]["added"] == 1


def test_of_several_documents_none_is_added_where_one_is_another(http: httpx.Client) -> None:
    refused(put(http, {"id": "mill", "text": "A mill."}, GATE | {"replaces": "0" * 16}))
    assert http.get("/v1/documents/mill").status_code == 404


def test_who_says_nothing_of_it_replaces_and_removes_what_is_there(http: httpx.Client) -> None:
    assert put(http, GATE | {"text": "Hald built it."}).json()["done"]["replaced"] == 1
    assert http.delete("/v1/documents/gate").json()["done"]["removed"] == 1


def test_a_title_is_taken_away_by_who_has_read_it(http: httpx.Client) -> None:
    put(http, GATE | {"language": "en"})
    answer = put(http, GATE | {"title": "", "replaces": revision(http)})
    assert answer.json()["done"]["unchanged"] == 1
    read = http.get("/v1/documents/gate").json()
    assert (read["title"], read["language"]) == ("", "en")
    put(http, {"id": "gate", "title": "A gate", "text": GATE["text"]})
    edit = {"id": "gate", "title": "", "text": "Hald built it.", "language": "", "replaces": revision(http)}
    assert put(http, edit).json()["done"]["replaced"] == 1
    read = http.get("/v1/documents/gate").json()
    assert (read["title"], read["language"]) == ("", None)


def test_what_is_empty_otherwise_keeps_what_is_stored(http: httpx.Client) -> None:
    put(http, GATE | {"language": "en"})
    for said in ({"title": "", "language": None}, {"title": "", "language": ""}, {"text": "Hald built it."}):
        put(http, {"id": "gate", "text": GATE["text"]} | said)
        read = http.get("/v1/documents/gate").json()
        assert (read["title"], read["language"]) == ("The gate", "en")
    put(http, {"id": "gate", "text": "Kesi built it.", "replaces": revision(http)})
    assert http.get("/v1/documents/gate").json()["title"] == "The gate"


@pytest.mark.parametrize(("name", "most"), [("title", 2_000), ("source", 2_000), ("language", 100)])
def test_what_every_list_tells_of_a_document_is_no_text(http: httpx.Client, name: str, most: int) -> None:
    refusal = put(http, GATE | {name: "x" * (most + 1)})
    assert refusal.status_code == 400
    said = f"document 'gate': its {name} has {most + 1:,} characters, at most {most:,} are taken; shorten it"
    assert refusal.json()["error"]["message"] == said
    assert http.get("/v1/documents/gate").json()["title"] == "The gate"
    assert put(http, GATE | {name: "x" * most}).status_code == 200


def test_a_file_of_one_long_heading_is_refused(http: httpx.Client) -> None:
    answer = http.post("/v1/documents/upload", files={"files": ("a.md", b"# " + b"word " * 1000)})
    assert answer.status_code == 400
    assert "document 'a.md': its title has 4,999 characters" in answer.json()["error"]["message"]


def test_the_list_has_the_revisions_too(http: httpx.Client) -> None:
    (listed,) = http.get("/v1/documents", params={"id": "gate"}).json()["data"]
    assert listed["revision"] == revision(http)


@pytest.mark.parametrize("is_removal", [False, True])
def test_what_another_process_writes_while_the_edit_waits_is_seen(
    http: httpx.Client, edited: Path, is_removal: bool
) -> None:
    """It is compared when nobody else can write, and not before."""
    read, waits = revision(http), threading.Event()
    answers: list[httpx.Response] = []
    newest = Book.newest

    def told(book: Book) -> Any:
        waits.set()
        return newest(book)

    def edit() -> None:
        if is_removal:
            answers.append(http.delete("/v1/documents/gate", params={"revision": read}))
        else:
            answers.append(put(http, GATE | {"text": "Kesi built it.", "replaces": read}))

    client: Callable[[], None] = edit
    with mock.patch.object(Book, "newest", told):
        with Database.open(edited)._writer() as writer:
            thread = threading.Thread(target=client)
            thread.start()
            assert waits.wait(30)
            writer.add([Document(id="gate", text="Hald built it.")])
        thread.join()
    assert "was changed since" in refused(answers[0])
    assert http.get("/v1/documents/gate").json()["text"] == "Hald built it."


@pytest.mark.parametrize("sends", [True, False])
def test_an_edit_of_a_file_keeps_where_it_came_from(
    http: httpx.Client, edited: Path, tmp_path: Path, sends: bool
) -> None:
    file = tmp_path / "notes" / "mill.md"
    file.parent.mkdir()
    file.write_text("The mill stands by the river.")
    database = Database.open(edited)
    database.add(read_documents([str(file.parent)]))
    read = http.get("/v1/documents/notes/mill.md").json()
    assert (read["source"], read["has_origin"]) == ("notes/mill.md", True)
    source = {"source": read["source"]} if sends else {}
    for said in ({"text": "The mill burned down."}, {"text": "The mill burned down.", "title": "A mill"}):
        assert put(http, {"id": "notes/mill.md"} | source | said).status_code == 200
        database.refresh()
        (mill,) = (each for each in database.documents() if each.document_id == "notes/mill.md")
        assert (mill.source, mill.origin) == (str(file), str(file))
    put(http, {"id": "notes/mill.md", "text": "The mill burned down.", "source": "https://example.org/mill"})
    assert http.get("/v1/documents/notes/mill.md").json()["source"] == "https://example.org/mill"
    assert http.get("/v1/documents/gate").json()["has_origin"] is False
