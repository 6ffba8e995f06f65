"""Searching, listing, reading and editing books over HTTP."""

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from command_line import HIT, Result
from hostile_text import EXAMPLES, hostile_documents, is_text
from openbook.cli.app import run
from openbook.database import Database
from openbook.database.documents.told_source import told_source
from openbook.errors import DatabaseError
from openbook.serve.books import Books
from openbook.serve.missing_shards import HEADER
from opendocument_file import odt, paragraph
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, telling
from workbook_file import sheet, xls, xlsx

Http = Callable[..., httpx.Client]


@pytest.fixture
def http(make_state: MakeState, serve: Serve, edited: Path, fables: Path) -> Http:
    """A client of a server of two books, `fables`, which may be edited, and `kept`."""

    def start(**options: Any) -> httpx.Client:
        books = Books(edited, {"kept": fables})
        state = make_state(ScriptedEngine(telling("x")), books=books, **{"allow_edits": True, **options})
        return serve(state).http

    return start


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and message, in OpenAI's shape."""
    return answer.status_code, answer.json()["error"]["message"]


def cli(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """What a command prints as JSON."""
    code = run([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return Result(code, captured.out, captured.err).json


# Search


def test_a_search_answers_what_the_command_does(
    http: Http, fables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    query = "Number 7"
    found = http().post("/v1/search", json={"query": query, "k": 3, "mode": "bm25"}).json()
    assert found == cli(capsys, "search", fables, query, "-k", 3, "--mode", "bm25", "--json")
    assert found[0].keys() >= HIT


@pytest.mark.parametrize("by", ["chunk", "section", "document"])
def test_a_search_by_section_or_document(
    http: Http, fables: Path, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    found = http().post("/v1/search", json={"query": "Number 7", "k": 3, "by": by}).json()
    assert found == cli(capsys, "search", fables, "Number 7", "-k", 3, "--by", by, "--json")


def test_a_search_may_be_filtered(http: Http) -> None:
    client = http()
    body = {"query": "Number", "k": 50, "filter": {"sources": ["book/1*"], "ids": ["doc1", "doc12"]}}
    assert {hit["document_id"] for hit in client.post("/v1/search", json=body).json()} == {"doc1", "doc12"}
    nothing = {"query": "Number", "filter": {"sources": ["bok/1.txt"]}}
    status, message = error_of(client.post("/v1/search", json=nothing))
    assert status == 404 and "nearest" in message
    assert error_of(client.post("/v1/search", json={"query": "x", "filter": {}}))[0] == 400


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"query": "x", "limit": 3}, "limit"),
        ({"query": "x", "k": 0}, "k"),
        ({"query": "x", "k": "3"}, "k"),
        ({"query": "x", "mode": "fast"}, "mode"),
        ({"query": "x", "by": "page"}, "by"),
        ({"query": ""}, "query"),
        ({"query": "\ud800"}, "query"),
        ({}, "query"),
        ({"query": "x", "filter": {"authors": ["a"]}}, "filter.authors"),
    ],
)
def test_a_search_refuses_what_it_does_not_know(http: Http, body: dict[str, Any], param: str) -> None:
    content = json.dumps(body)
    answer = http().post("/v1/search", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_a_mode_that_the_book_lacks_and_a_blank_query(http: Http) -> None:
    client = http()
    assert error_of(client.post("/v1/search", json={"query": "x", "mode": "dense"}))[0] == 400
    assert error_of(client.post("/v1/search", json={"query": "  "}))[0] == 400


# Documents


def test_documents_are_listed_a_page_at_a_time(http: Http, fables: Path) -> None:
    client = http()
    seen: list[str] = []
    after: str | None = None
    while True:
        query = {"limit": 7} | ({} if after is None else {"after": after})
        page = client.get("/v1/documents", params=query).json()
        seen += [document["document_id"] for document in page["data"]]
        after = page["last_id"]
        if not page["has_more"]:
            break
    assert seen == sorted(document.document_id for document in Database.open(fables).documents())
    assert (page["documents"], page["book"]) == (20, "fables")
    of_sources = client.get("/v1/documents", params={"source": "book/3.txt"}).json()
    assert [document["document_id"] for document in of_sources["data"]] == ["doc3"]
    assert error_of(client.get("/v1/documents", params={"limit": 0}))[0] == 400
    assert error_of(client.get("/v1/documents", params={"page": 2}))[0] == 400


def test_a_document_is_read_added_replaced_and_removed(http: Http, book_documents: list[Any]) -> None:
    client = http()
    assert client.get("/v1/documents/doc3").json()["text"] == book_documents[3].text
    new = {"id": "new", "title": "New", "source": "new.md", "text": "A zyzzyva is a weevil."}
    added = client.post("/v1/documents", json={"documents": [new]}).json()
    assert (added["done"]["added"], added["documents"]) == (1, 21)
    hit = client.post("/v1/search", json={"query": "zyzzyva"}).json()[0]
    assert (hit["document_id"], hit["title"], hit["source"]) == ("new", "New", "new.md")
    changed = client.post("/v1/documents", json={"documents": [new | {"text": "A quokka smiles."}]}).json()
    assert (changed["done"]["replaced"], changed["documents"]) == (1, 21)
    assert client.post("/v1/search", json={"query": "zyzzyva"}).json() == []
    assert client.get("/v1/documents/new").json()["text"] == "A quokka smiles."
    again = client.post("/v1/documents", json={"documents": [new | {"text": "A quokka smiles."}]}).json()
    assert (again["done"]["unchanged"], again["version"]) == (1, changed["version"])
    removed = client.delete("/v1/documents/new").json()
    assert (removed["done"]["removed"], removed["documents"]) == (1, 20)
    assert error_of(client.get("/v1/documents/new"))[0] == 404


def test_edits_are_there_after_a_restart_and_what_they_answer_is_what_add_prints(
    http: Http, edited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = http().post("/v1/documents", json={"documents": [{"text": "A zyzzyva is a weevil."}]}).json()
    info = cli(capsys, "info", edited, "--json")
    assert {name: info[name] for name in info.keys() & answer.keys()} == {
        name: answer[name] for name in info.keys() & answer.keys()
    }
    assert info["documents"] == 21
    assert Database.open(edited).search("zyzzyva")[0][0].document_id.startswith("sha256:")


def test_an_id_that_no_document_has_is_404_with_the_nearest(http: Http) -> None:
    client = http()
    for answer in (client.get("/v1/documents/DOC-3"), client.delete("/v1/documents/DOC-3")):
        status, message = error_of(answer)
        assert status == 404 and "'doc3'" in message
        assert answer.json()["error"]["code"] == "not_found"


def test_without_allow_edits_nothing_is_changed(http: Http, edited: Path) -> None:
    client = http(allow_edits=False)
    before = Database.open(edited).version
    answers = [
        client.post("/v1/documents", json={"documents": [{"text": "x"}]}),
        client.post("/v1/documents", json={"nonsense": 1}),
        client.post("/v1/documents/upload", files={"files": ("a.md", b"text")}),
        client.delete("/v1/documents/doc3"),
    ]
    assert [error_of(answer)[0] for answer in answers] == [403] * 4
    assert "--allow-edits" in error_of(answers[0])[1]
    assert Database.open(edited).version == before


@pytest.mark.parametrize(
    "body",
    [
        {"documents": []},
        {"documents": [{"id": "a"}]},
        {"documents": [{"text": ""}]},
        {"documents": [{"text": " \n"}]},
        {"documents": [{"text": "a", "author": "b"}]},
        {"documents": [{"text": "a", "id": "x"}, {"text": "b", "id": "x"}]},
        {"documents": {"text": "a"}},
        {"documents": [{"text": "a", "title": None}]},
    ],
)
def test_documents_that_cannot_be_added_change_nothing(
    http: Http, edited: Path, body: dict[str, Any]
) -> None:
    before = Database.open(edited).version
    assert error_of(http().post("/v1/documents", json=body))[0] == 400
    assert Database.open(edited).version == before


def test_ids_may_hold_anything(http: Http) -> None:
    client = http()
    ids = [
        "a/b/c.md",
        "/abs",
        "a//b",
        "ä ö/日本 🙂",
        "100%",
        "a?b=c#d",
        "../up",
        "...",
        "a%2Fb",
        "new\nline",
        "x" * 1000,
    ]
    ids += ["".join(char for char in text if not 0xD800 <= ord(char) < 0xE000) for text in EXAMPLES]
    documents = [{"id": name, "text": f"Text number {number}."} for number, name in enumerate(ids)]
    assert client.post("/v1/documents", json={"documents": documents}).json()["done"]["added"] == len(ids)
    for document in documents:
        address = "/v1/documents/" + quote(document["id"], safe="").replace(".", "%2E")
        url = client.base_url.copy_with(raw_path=address.encode())
        found = client.send(httpx.Request("GET", url)).json()
        assert (found["document_id"], found["text"]) == (document["id"], document["text"])


@pytest.mark.parametrize(
    ("name", "said"), [(".", "'.'"), ("..", "'..'"), ("x" * 1001, "1,001 characters, at most 1,000")]
)
def test_an_id_without_an_address_is_refused(http: Http, edited: Path, name: str, said: str) -> None:
    """Browsers and most clients take `..` out of an address, however it is written."""
    before = Database.open(edited).version
    documents = [{"id": "good", "text": "Good."}, {"id": name, "text": "Text."}]
    answer = http().post("/v1/documents", json={"documents": documents})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["param"], said in error["message"]) == ("documents", True)
    assert Database.open(edited).version == before


def test_any_text_is_added_and_read_as_it_is(http: Http) -> None:
    client = http()

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(hostile_documents.filter(is_text))
    def comes_back(text: str) -> None:
        documents = [{"id": "hostile", "text": text, "title": text, "source": text}]
        assert client.post("/v1/documents", json={"documents": documents}).status_code == 200
        found = client.get("/v1/documents/hostile").json()
        assert (found["text"], found["title"]) == (text, text)
        assert found["source"] == told_source(text, "hostile")

    comes_back()


# Books


def test_a_request_chooses_its_book(http: Http) -> None:
    client = http()
    client.delete("/v1/documents/doc3")
    assert error_of(client.get("/v1/documents/doc3"))[0] == 404
    kept = client.get("/v1/documents/doc3", params={"book": "kept"}).json()
    assert (kept["document_id"], kept["book"]) == ("doc3", "kept")
    body = {"query": "Number 3", "k": 1, "filter": {"ids": ["doc3"]}}
    assert client.post("/v1/search", json=body | {"book": "kept"}).json()[0]["document_id"] == "doc3"
    status, message = error_of(client.post("/v1/search", json=body | {"book": "other"}))
    assert status == 404 and "'fables', 'kept'" in message


def test_a_book_that_is_gone_is_503_by_its_name_and_not_an_empty_list(http: Http, edited: Path) -> None:
    client = http()
    shutil.move(edited, edited.with_name("elsewhere"))
    answers = [
        client.post("/v1/search", json={"query": "Number"}),
        client.get("/v1/documents"),
        client.get("/v1/documents/doc3"),
        client.delete("/v1/documents/doc3"),
        client.post("/v1/documents", json={"documents": [{"text": "x"}]}),
    ]
    for answer in answers:
        status, message = error_of(answer)
        assert status == 503 and "the book 'fables'" in message
        assert str(edited.parent) not in message
    shutil.move(edited.with_name("elsewhere"), edited)
    assert client.get("/v1/documents").status_code == 200


# Uploads


def test_files_are_added_by_their_names(http: Http) -> None:
    client = http()
    files = [
        ("files", ("notes.txt", b"A zyzzyva is a weevil.")),
        ("files", ("guide.md", "# The guide\n\nQuokkas smile, ä.".encode())),
        ("files", ("page.html", b"<title>Page</title><p>Okapis <b>graze</b>.<script>alert(1)</script>")),
    ]
    answer = client.post("/v1/documents/upload", files=files).json()
    assert answer["done"]["added"] == 3
    found = client.get("/v1/documents/page.html").json()
    assert (found["title"], found["text"]) == ("Page", "Okapis graze.")
    assert client.post("/v1/search", json={"query": "quokkas"}).json()[0]["title"] == "The guide"


def upload(client: httpx.Client, *files: tuple[str, bytes], replaces: list[str] | None = None) -> Any:
    data = None if replaces is None else {"replaces": replaces}
    return client.post("/v1/documents/upload", files=[("files", file) for file in files], data=data)


def test_a_file_replaces_another_text_only_where_that_is_said(http: Http) -> None:
    client = http()
    upload(client, ("README.md", b"Of the mill."))
    for replaces in (None, [""]):
        answer = upload(client, ("new.md", b"New."), ("b/README.md", b"Of the gate."), replaces=replaces)
        message = "document 'README.md': is there already; nothing was written; give the revision of "
        assert error_of(answer) == (409, f"{message}the one that it is to replace, or another id")
        assert answer.json()["error"]["code"] == "conflict"
    assert client.get("/v1/documents/new.md").status_code == 404
    stored = client.get("/v1/documents/README.md").json()
    assert stored["text"] == "Of the mill."
    same = upload(client, ("README.md", b"Of the mill.")).json()["done"]
    assert (same["added"], same["replaced"], same["unchanged"]) == (0, 0, 1)
    read = [stored["revision"]]
    assert upload(client, ("README.md", b"Of the gate."), replaces=read).json()["done"]["replaced"] == 1
    status, message = error_of(upload(client, ("README.md", b"Of the tide."), replaces=read))
    assert (status, "was changed since it was read" in message) == (409, True)
    assert upload(client, ("README.md", b"Of the tide."), replaces=["*"]).json()["done"]["replaced"] == 1
    assert client.get("/v1/documents/README.md").json()["text"] == "Of the tide."


def test_of_several_files_each_says_what_it_replaces(http: Http) -> None:
    client = http()
    upload(client, ("a.md", b"A."), ("b.md", b"B."))
    files = (("a.md", b"A, changed."), ("b.md", b"B, changed."))
    assert error_of(upload(client, *files, replaces=["*", ""]))[0] == 409
    answer = upload(client, *files, replaces=["*", "", "*"])
    assert error_of(answer) == (
        400,
        "replaces: is given 3 times for 2 files; give it once, or once for each",
    )
    assert answer.json()["error"]["param"] == "replaces"
    read = client.get("/v1/documents/b.md").json()["revision"]
    assert upload(client, *files, replaces=["*", read]).json()["done"]["replaced"] == 2
    assert upload(client, ("a.md", b"A."), ("b.md", b"B."), replaces=["*"]).json()["done"]["replaced"] == 2


def test_workbooks_and_texts_of_libreoffice_are_added(http: Http) -> None:
    pytest.importorskip("python_calamine")
    client = http()
    files = [
        ("files", ("guests.xlsx", xlsx({"May": sheet(["Who", "Room"], ["bandicoot", 3])}))),
        ("files", ("old.xls", xls([["Who", "Room"], ["potoroo", 4.0]]))),
        ("files", ("letter.odt", odt(paragraph("The cassowary runs.")))),
    ]
    assert client.post("/v1/documents/upload", files=files).json()["done"]["added"] == 3
    assert client.get("/v1/documents/guests.xlsx").json()["text"] == "# May\n\nWho: bandicoot; Room: 3"
    assert client.get("/v1/documents/old.xls").json()["text"] == "# Old\n\nWho: potoroo; Room: 4"
    assert client.get("/v1/documents/letter.odt").json()["text"] == "The cassowary runs."


def test_who_adds_a_document_without_an_id_is_told_the_one_it_has(http: Http) -> None:
    client = http()
    documents = [{"text": "A zyzzyva is a weevil."}, {"id": "w", "text": "A yak eats."}]
    ids = client.post("/v1/documents", json={"documents": documents}).json()["ids"]
    assert ids[1:] == ["w"]
    assert client.get(f"/v1/documents/{ids[0]}").json()["text"] == "A zyzzyva is a weevil."
    assert client.delete(f"/v1/documents/{ids[0]}").json()["ids"] == ids[:1]
    assert upload(client, ("rows.jsonl", b'{"text": "A gnu runs."}')).json()["ids"][0].startswith("sha256:")


def test_rows_are_a_document_each_as_add_reads_them(http: Http) -> None:
    client = http()
    answer = upload(
        client,
        ("a/rows.csv", b"ID,Text,title\nw1,A zyzzyva is a weevil.,Weevils\nw2,A quokka smiles.,\n"),
        ("tabs.tsv", b"id\ttext\nw3\tA potoroo digs.\n"),
        ("more.jsonl", b'{"id": "w4", "text": "An okapi grazes."}\n{"text": "A gnu runs."}\n'),
        ("list.json", b'[{"id": "w5", "text": "A yak eats."}]'),
        ("mails.mbox", b"From a@x Tue Mar  5 14:07:00 2024\nMessage-ID: <1@x>\nSubject: Gate\n\nOdo came.\n"),
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["done"]["added"] == 7
    found = client.get("/v1/documents/w1").json()
    assert (found["title"], found["text"]) == ("Weevils", "A zyzzyva is a weevil.")
    assert found["source"] == "rows.csv:2"
    assert "Odo came." in client.get("/v1/documents/mails.mbox:1@x").json()["text"]


def test_a_csv_file_without_a_column_of_text_is_a_table(http: Http) -> None:
    client = http()
    assert upload(client, ("parts.csv", b"part;price\nP-1;3\n")).json()["done"]["added"] == 1
    assert client.get("/v1/documents/parts.csv").json()["text"] == "part: P-1; price: 3"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"id,text\n1,\n", "a.csv:2: no text: 'text' is empty"),
        ("a.csv", b"id,text\n1\n", "a.csv:2: 1 field where the first row names 2 columns"),
        ("a.csv", b"id,text\n", "a.csv: holds no document; fill it or remove it"),
        ("a.jsonl", b'{"id": 1, "body": "x"}', "a.jsonl:1: no text: 'text' is missing; its keys: id, body"),
        ("a.json", b"{", "a.json:1: not JSON: "),
        ("a.jsonl", b'{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}', "'a': is given twice"),
        ("a.csv.gz", b"x", "a.csv.gz: files of this kind are read by openbook add alone; send one of .txt, "),
        ("a.parquet", b"x", "a.parquet: files of this kind are read by openbook add alone; send one of "),
        ("a.exe", b"x", "a.exe: files of this kind are not taken; send one of .txt, "),
    ],
)
def test_rows_that_cannot_be_read_are_told(http: Http, name: str, content: bytes, message: str) -> None:
    status, said = error_of(upload(http(), ("good.md", b"Good."), (name, content)))
    assert (status, message in said, "--" in said) == (400, True, False), said


def test_rows_replace_others_only_where_that_is_said(http: Http) -> None:
    client = http()
    rows = b"id,text\na,One.\nb,Two.\n"
    assert upload(client, ("rows.csv", rows)).json()["done"]["added"] == 2
    assert upload(client, ("rows.csv", rows)).json()["done"]["unchanged"] == 2
    changed = ("rows.csv", b"id,text\na,Three.\nb,Four.\n")
    assert error_of(upload(client, changed))[0] == 409
    read = client.get("/v1/documents/a").json()["revision"]
    assert error_of(upload(client, changed, replaces=[read])) == (
        400,
        "replaces: rows.csv holds 2 documents, and each has a revision of its own; say '*', or add them to "
        "/v1/documents, each with its own",
    )
    assert upload(client, changed, replaces=["*"]).json()["done"]["replaced"] == 2


def test_a_file_goes_into_the_book_that_is_named(http: Http) -> None:
    client = http()
    form = {"book": "other"}
    answer = client.post("/v1/documents/upload", data=form, files={"files": ("a.md", b"x")})
    assert error_of(answer)[0] == 404
    assert (
        error_of(client.post("/v1/documents/upload", data={"buk": "x"}, files={"files": ("a.md", b"x")}))[0]
        == 400
    )
    assert error_of(client.post("/v1/documents/upload", data={"files": "text"}))[0] == 400
    assert error_of(client.post("/v1/documents/upload", json={"files": []}))[0] in (400, 415)


def test_a_file_that_cannot_be_read_leaves_all_out(http: Http) -> None:
    client = http()
    good = ("files", ("good.md", b"Good."))
    for name, content in (
        ("bad.exe", b"x"),
        ("empty.txt", b""),
        ("bad.pdf", b"no pdf"),
        ("bad.xlsx", b"no workbook"),
        ("latin.txt", b"\xff\xe9"),
    ):
        answer = client.post("/v1/documents/upload", files=[good, ("files", (name, content))])
        status, message = error_of(answer)
        assert status == 400 and name in message
    assert error_of(client.get("/v1/documents/good.md"))[0] == 404


def test_what_helps_on_the_command_line_only_is_not_said(http: Http) -> None:
    answer = http().post("/v1/documents/upload", files={"files": ("latin.txt", b"\xff\xe9")})
    assert error_of(answer) == (400, "latin.txt: not UTF-8 at byte 0; convert it")


def test_a_form_that_is_broken_is_refused(http: Http) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    status, message = error_of(http().post("/v1/documents/upload", content=b"x", headers=headers))
    assert (status, "not the form" in message) == (400, True)


@pytest.mark.parametrize("count", [101, 1200])
def test_more_files_than_a_form_may_hold_are_refused_with_their_limit(http: Http, count: int) -> None:
    files = [("files", (f"{number}.md", b"x")) for number in range(count)]
    status, message = error_of(http().post("/v1/documents/upload", files=files))
    assert (status, message.startswith("files: "), "at most 100 " in message) == (400, True, True)


def test_a_body_that_is_too_large_is_413(http: Http) -> None:
    client = http(max_body_bytes=1000)
    answer = client.post("/v1/documents/upload", files={"files": ("a.txt", b"x" * 2000)})
    status, message = error_of(answer)
    assert (status, "1,000 bytes" in message, "openbook add" in message) == (413, True, True)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/notes.txt", "notes.txt"),
        ("C:\\notes\\notes.txt", "notes.txt"),
        ("/etc/passwd.txt", "passwd.txt"),
        ("new\u2028line\x1b[2J.txt", "newline[2J.txt"),
        ("ä 日本.txt", "ä 日本.txt"),
    ],
)
def test_a_hostile_name_is_never_a_path(http: Http, edited: Path, name: str, stored: str) -> None:
    before = set(edited.parent.parent.rglob("*"))
    answer = http().post("/v1/documents/upload", files={"files": (name, b"A zyzzyva is a weevil.")})
    assert answer.status_code == 200, answer.text
    assert Database.open(edited).search("zyzzyva")[0][0].document_id == stored
    new = {path.name for path in edited.parent.parent.rglob("*")} - {path.name for path in before}
    assert stored not in new


@pytest.mark.parametrize("name", ["..", ".txt/..", "...", "a/"])
def test_a_file_without_a_name_is_refused(http: Http, name: str) -> None:
    assert error_of(http().post("/v1/documents/upload", files={"files": (name, b"x")}))[0] == 400


# While others edit


def test_each_answer_is_of_one_version_while_documents_come_and_go(http: Http) -> None:
    """Two documents are replaced at once; whoever searches finds both, in the same revision."""
    client = http()
    stop = threading.Event()
    wrong: list[Any] = []
    counts = [0, 0]

    def put(revision: int) -> None:
        sides = ("left", "right")
        pair = [{"id": f"zz{side}", "text": f"zyzzyva revision{revision} {side}"} for side in sides]
        assert client.post("/v1/documents", json={"documents": pair}).status_code == 200

    def revisions_of(hits: Any) -> set[str]:
        texts = [hit["text"] + hit["continuation"] for hit in hits if hit["document_id"] != "noise"]
        return {text.split()[1] for text in texts}

    def read(number: int) -> None:
        with httpx.Client(base_url=client.base_url, trust_env=False, timeout=60) as reader:
            while not stop.is_set():
                hits = reader.post("/v1/search", json={"query": "zyzzyva"}).json()
                revisions = revisions_of(hits)
                found = {hit["document_id"] for hit in hits} - {"noise"}
                listed = reader.get("/v1/documents", params={"after": "zz"}).json()["data"]
                if len(revisions) != 1 or found != {"zzleft", "zzright"} or len(listed) != 2:
                    wrong.append((hits, listed))
                counts[number] += 1

    put(0)
    readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()
    for revision in range(1, 5):
        put(revision)
        hits = client.post("/v1/search", json={"query": "zyzzyva"}).json()
        assert revisions_of(hits) == {f"revision{revision}"}
        noise = {"documents": [{"id": "noise", "text": "zyzzyva noise"}]}
        assert client.post("/v1/documents", json=noise).status_code == 200
        assert client.delete("/v1/documents/noise").status_code == 200
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert min(counts) > 0


def test_a_sharded_book_is_edited(make_state: MakeState, serve: Serve, sharded: Path) -> None:
    books = Books(sharded)
    http = serve(make_state(ScriptedEngine(telling("x")), books=books, allow_edits=True)).http
    new = [{"id": f"n{n}", "text": f"a lantern by the harbor {n}"} for n in range(4)]
    held = books.default.newest()
    answer = http.post("/v1/documents", json={"documents": [*new, {"id": "d1", "text": "another"}]}).json()
    assert (answer["done"]["added"], answer["done"]["replaced"], answer["version"]) == (4, 1, 2)
    found = http.post("/v1/search", json={"query": "lantern", "k": 9}).json()
    assert {hit["document_id"] for hit in found} == {f"n{n}" for n in range(4)}
    assert http.delete("/v1/documents/n2").json()["done"]["removed"] == 1
    assert http.get("/v1/documents/n2").status_code == 404
    assert http.get("/v1/documents/d1").json()["text"] == "another"
    page = http.get("/v1/documents", params={"limit": 5, "after": "d2"}).json()
    assert [document["document_id"] for document in page["data"]] == ["d3", "d4", "d5", "n0", "n1"]
    assert held.search("lantern") == [[]] and len(held.search("fox", k=9)[0]) == 6


def test_a_book_without_a_shard_says_so_in_every_answer(
    make_state: MakeState, serve: Serve, sharded: Path
) -> None:
    book = sharded
    whole = serve(make_state(ScriptedEngine(telling("x")), books=Books(book))).http
    answer = whole.post("/v1/search", json={"query": "fox", "k": 9})
    assert len(answer.json()) == 6 and HEADER not in answer.headers
    shutil.rmtree(book / "shard-1")
    with pytest.raises(DatabaseError, match="shard-1"):
        Books(book)
    books = Books(book, allow_missing_shards=True)
    rest = serve(make_state(ScriptedEngine(telling("x")), books=books)).http
    for path in ("/v1/documents", "/v1/models", "/v1/documents/d1"):
        assert rest.get(path).headers[HEADER] == "sharded/shard-1"
    answer = rest.post("/v1/search", json={"query": "fox", "k": 9})
    assert len(answer.json()) == 3 and answer.headers[HEADER] == "sharded/shard-1"
