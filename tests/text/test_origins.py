"""Origins: one for each file, however it was named; what lies in what was named; what is still there."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import fsspec
import numpy as np
import pytest

from openbook.text import Document, TokenizedDocument, read_documents
from openbook.text.origins import Place, file_of, is_there, origin_by_source, places_before_moves
from openbook.text.sources import places_of

Write = Callable[[str, str | bytes], Path]


def origins(*sources: object, **options: object) -> list[str]:
    return [document.origin for document in read_documents(map(str, sources), **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spelling",
    ["{}/notes", "{}/notes/", "file://{}/notes", "{}/notes/sub/..", "{}/link", "{}/notes/sub/x.md"],
)
def test_a_file_has_one_origin_however_it_is_reached(write: Write, tmp_path: Path, spelling: str) -> None:
    write("notes/sub/x.md", "hello")
    (tmp_path / "link").symlink_to(tmp_path / "notes")
    assert origins(spelling.format(tmp_path)) == [f"{tmp_path.resolve()}/notes/sub/x.md"]


def test_a_relative_name_is_made_absolute(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write("notes/a.md", "hello").parent)
    expected = [f"{tmp_path.resolve()}/notes/a.md"]
    assert origins("a.md") == origins(".") == origins("../notes") == origins("./a.md") == expected


def test_a_link_to_a_file_is_a_file_of_its_own(write: Write, tmp_path: Path) -> None:
    write("notes/a.md", "hello")
    (tmp_path / "notes" / "b.md").symlink_to("a.md")
    folder = tmp_path.resolve() / "notes"
    assert origins(tmp_path / "notes") == [f"{folder}/a.md", f"{folder}/b.md"]
    assert origins(tmp_path / "notes" / "b.md") == [f"{folder}/b.md"]


def test_rows_have_the_origin_of_their_file_whatever_source_they_name(write: Write) -> None:
    path = write(
        "rows.jsonl", '{"text": "a", "source": "https://example.org", "origin": "x"}\n{"text": "b"}\n'
    )
    documents = list(read_documents(str(path)))
    assert [document.origin for document in documents] == [str(path.resolve())] * 2
    assert [document.named_by_path for document in documents] == [False, False]


def test_a_header_that_names_an_id_is_its_authors_word(write: Write) -> None:
    write("notes/a.md", "---\nid: tides\n---\nText")
    write("notes/b.md", "Text")
    found = [
        (document.id, document.named_by_path)
        for document in read_documents(str(write("notes/c.txt", "T").parent))
    ]
    assert found == [("tides", False), ("notes/b.md", True), ("notes/c.txt", True)]


def test_documents_of_megatron_have_a_number_each(write: Write, tmp_path: Path) -> None:
    import struct

    write("m/data.bin", np.array([5, 6, 7], "<u2").tobytes())
    header = b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", 1, 8, 1, 2)
    write("m/data.idx", header + struct.pack("<iqqq", 3, 0, 0, 1))
    expected = f"{tmp_path.resolve()}/m/data:0"
    for source in ("m", "m/data", "m/data.idx", "m/data.bin"):
        (document,) = read_documents(str(tmp_path / source))
        assert (document.origin, document.named_by_path) == (expected, True)
        (place,) = places_of([str(tmp_path / source)])
        assert place.covers(expected)
    assert is_there(expected)
    (tmp_path / "m" / "data.idx").unlink()
    assert not is_there(expected)


def test_archives_and_other_file_systems_have_urls(write: Write, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as archive:
        archive.writestr("a.txt", "A")
        archive.writestr("sub/b.txt", "B")
    chain = f"::{tmp_path}/n.zip"
    assert origins(f"zip://{chain}") == [f"zip://a.txt{chain}", f"zip://sub/b.txt{chain}"]
    assert origins(f"zip://sub{chain}") == [f"zip://sub/b.txt{chain}"]
    assert origins(f"zip://sub/b.txt{chain}") == [f"zip://sub/b.txt{chain}"]
    (place,) = places_of([f"zip://sub{chain}"])
    assert place.covers(f"zip://sub/b.txt{chain}") and not place.covers(f"zip://a.txt{chain}")
    assert is_there(f"zip://a.txt{chain}") and not is_there(f"zip://c.txt{chain}")
    memory = fsspec.filesystem("memory")
    memory.pipe("/origins/a.txt", b"A")
    try:
        assert origins("memory://origins") == origins("memory://origins/a.txt") == ["memory:///origins/a.txt"]
        assert is_there("memory:///origins/a.txt") and not is_there("memory:///origins/b.txt")
    finally:
        memory.rm("/origins", recursive=True)


def test_what_cannot_be_known_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_reach(*_: object, **__: object) -> None:
        raise ConnectionError("no network")

    assert is_there("hf://owner/name") and is_there("stdin")
    assert not is_there("") and not is_there(str(tmp_path / "gone.md"))
    monkeypatch.setattr(fsspec.core, "url_to_fs", out_of_reach)
    assert is_there("https://example.org/a.md")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_what_may_not_be_looked_at_is_there(write: Write) -> None:
    path = write("closed/a.md", "hello")
    path.parent.chmod(0)
    try:
        assert is_there(str(path))
    finally:
        path.parent.chmod(0o700)


def test_a_place_covers_what_lies_in_it_and_its_patterns_take() -> None:
    notes = Place(origin="/n", is_folder=True)
    assert notes.covers("/n/a.md") and notes.covers("/n/sub/rows.jsonl") and notes.covers("/n/data:3")
    assert not notes.covers("/notes/a.md") and not notes.covers("/n") and not notes.covers("")
    only = Place(origin="/n", is_folder=True, glob="*.md", exclude=["drafts"])
    assert [only.covers(f"/n/{name}") for name in ("a.md", "a.txt", "drafts/a.md", "x/drafts/b/a.md")] == [
        True,
        False,
        False,
        False,
    ]
    file = Place(origin="/n/rows.jsonl", glob="*.md")
    assert file.covers("/n/rows.jsonl") and not file.covers("/n/rows.jsonl.gz")


def test_the_root_of_a_file_system_is_a_folder() -> None:
    assert Place(origin="/", is_folder=True).file("a.md") == "/a.md"
    assert Place(origin="zip://", is_folder=True, chain="::/n.zip").file("a.md") == "zip://a.md::/n.zip"


def test_a_file_that_moved_shows_where_its_folder_was() -> None:
    now = Place(origin="/new/n", is_folder=True, glob="*.md")
    moves = [
        ("/old/n/sub/a.md", "/new/n/sub/a.md"),
        ("/old/n/b.md", "/new/n/b.md"),
        ("/x/z.md", "/new/n/b.md"),
    ]
    assert places_before_moves([now], moves) == [Place(origin="/old/n", is_folder=True, glob="*.md")]
    assert places_before_moves([Place(origin="/m/a.md")], [("/l/a.md", "/m/a.md")]) == [
        Place(origin="/l/a.md")
    ]


def test_sources_of_old_databases_serve_where_they_are_files() -> None:
    assert origin_by_source("/n/a.md") == "/n/a.md"
    assert origin_by_source("/n/rows.jsonl:12") == "/n/rows.jsonl" == file_of("/n/rows.jsonl:12")
    assert origin_by_source("stdin:3") == origin_by_source("stdin") == "stdin"
    assert (
        origin_by_source("https://example.org/a") == origin_by_source("") == origin_by_source("Kim:3") == ""
    )


def test_how_a_document_came_is_no_part_of_what_it_is() -> None:
    assert Document(text="a", id="x", origin="/a", named_by_path=True) == Document(text="a", id="x")
    tokens = np.array([1, 2])
    assert TokenizedDocument(token_ids=tokens, id="x", origin="/a") == TokenizedDocument(
        token_ids=tokens, id="x"
    )
    with pytest.raises(TypeError, match="origin=None is not a str; leave it out"):
        Document(text="a", origin=None)  # type: ignore[arg-type]
