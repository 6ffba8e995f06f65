"""The verb `search`: what it finds, and what it refuses."""

import json
from pathlib import Path

import pytest

from command_line import OpenBook


def test_a_k_larger_than_the_database_gives_what_there_is(openbook: OpenBook, database: Path) -> None:
    hits = openbook("search", database, "apples zebras quokka", "-k", "100000", "--json").json
    assert 2 <= len(hits) <= openbook("info", database, "--json").json["chunks"]
    assert len({hit["chunk_id"] for hit in hits}) == len(hits)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_search(openbook: OpenBook, database: Path, text: str) -> None:
    result = openbook("search", database, text)
    assert (result.code, result.out, "empty" in result.error) == (2, "", True)


@pytest.mark.parametrize(("text", "is_told"), [("\U0001f98a !?", True), ("xylophone", False)])
def test_a_search_for_no_word_is_told_so(
    openbook: OpenBook, database: Path, text: str, is_told: bool
) -> None:
    result = openbook("search", database, text)
    assert (result.code, result.out) == (0, "")
    assert "nothing found" in result.err
    assert ("no letters and no digits" in result.err) is is_told


@pytest.mark.parametrize("k", ["0", "-1"])
def test_a_search_for_nothing(openbook: OpenBook, database: Path, k: str) -> None:
    result = openbook("search", database, "apples", "-k", k)
    assert (result.code, f"k = {k}" in result.error) == (2, True)


def test_a_dense_search_without_vectors(openbook: OpenBook, database: Path) -> None:
    result = openbook("search", database, "apples", "--mode", "dense")
    assert (result.code, "lexical only" in result.error) == (2, True)


def test_neighbors_of_documents_that_share_no_word_are_a_warning(openbook: OpenBook, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("apples ripen")
    (tmp_path / "b.txt").write_text("otters swim")
    book = tmp_path / "book"
    openbook(
        "build",
        book,
        tmp_path / "a.txt",
        tmp_path / "b.txt",
        "--embedder",
        "none",
        "--tokenizer",
        "train:300",
    )
    result = openbook("neighbors", book, "--json")
    assert result.json["mean_neighbors"] == 0.0
    line = next(line for line in result.err.splitlines() if "warning" in line)
    assert line.startswith("openbook: warning: ")
    assert "2 of 2 chunks have no neighbor" in line
    assert f"openbook info {book}" in line


def test_the_words_of_any_script_are_found(openbook: OpenBook, tmp_path: Path) -> None:
    texts = {
        "zh": "杭州的龙井茶在清明之前采摘",
        "ru": "осмотрели достопримечательности",
        "de": "Cafe\u0301 Straße",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    book = tmp_path / "book"
    openbook("build", book, tmp_path, "--embedder", "none", "--tokenizer", "train:300")
    for query, name in (("龙井茶", "zh"), ("ДОСТОПРИМЕЧАТЕЛЬНОСТИ", "ru"), ("CAFÉ", "de"), ("strasse", "de")):
        (hit,) = openbook("search", book, query, "--json").json
        assert hit["document_id"].endswith(f"{name}.txt")


def test_a_later_table_keeps_the_mode_and_says_so(openbook: OpenBook, dense: Path) -> None:
    first = openbook("neighbors", dense, "-k", "2", "--json")
    assert (first.json["mode"], "last table" in first.err) == ("hybrid", False)
    openbook("neighbors", dense, "-k", "2", "--mode", "bm25")
    again = openbook("neighbors", dense, "-k", "2", "--json")
    assert (again.code, again.json["mode"]) == (0, "bm25")
    assert "as the last table: mode bm25" in again.err
    assert "the table was complete already" in again.err
    changed = openbook("neighbors", dense, "-k", "2", "--mode", "dense")
    assert "the mode was bm25, now it is dense" in changed.err
    assert "complete already" not in changed.err


def test_a_search_says_what_it_does_not_see(openbook: OpenBook, database: Path) -> None:
    result = openbook("search", database, "quokka")
    assert result.err.startswith("1 of 14 documents is held out or near-copies, and not searched")
    openbook("remove", database, "texts/note8.txt")
    assert openbook("search", database, "quokka").err == ""


def test_some_documents_alone(openbook: OpenBook, database: Path) -> None:
    def found(*options: str) -> set[str]:
        hits = openbook("search", database, "apples ripen quokka zebras", "-k", "50", "--json", *options).json
        return {hit["document_id"] for hit in hits}

    chosen = {"note1.txt", "note10.txt", "note11.txt", "guide.md"}
    assert found("--source", "note1", "--source", "*guide.md") == {f"texts/{name}" for name in chosen}
    assert found("--id", "texts/note1.txt") == {"texts/note1.txt"}
    assert found("--title", "Quokka") == {"row1"}
    assert found("--title", "Quokka", "--id", "row*") == {"row1"}


def test_a_path_as_it_was_typed_at_build(
    openbook: OpenBook, database: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(*options: str) -> set[str]:
        hits = openbook("search", database, "apples ripen quokka zebras", "-k", "50", "--json", *options).json
        return {hit["document_id"] for hit in hits}

    everything = found()
    monkeypatch.chdir(texts.parent)
    assert found("--source", "./texts") == found("--source", "texts/") == everything
    assert found("--source", "./texts/guide.md") == {"texts/guide.md"}
    assert found("--source", "texts/gui*.md", "--source", "./texts/rows.jsonl") == {"texts/guide.md", "row1"}
    wrong = openbook("search", database, "apples", "--source", "./txets")
    assert (wrong.code, "nearest: 'texts'" in wrong.error) == (2, True)
    assert f"{texts.parent}/txets" in wrong.error


def test_documents_that_are_not_there(openbook: OpenBook, database: Path) -> None:
    result = openbook("search", database, "apples", "--source", "giude.md")
    assert (result.code, result.out) == (2, "")
    assert "giude.md" in result.error
    assert "nearest: " in result.error
    assert "guide.md" in result.error.partition("nearest: ")[2]


def test_documents_first(openbook: OpenBook, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    filler = "It stands by the river and is old. " * 30
    texts = {"The copper mill": 1912, "The silver tower": 1840}
    lines = [
        json.dumps({"id": title, "title": title, "text": f"{filler} It was founded in {year}."})
        for title, year in texts.items()
    ]
    rows.write_text("\n".join(lines), encoding="utf-8")
    assert (
        openbook("build", tmp_path / "db", rows, "--embedder", "none", "--tokenizer", "train:400").code == 0
    )
    for title, year in texts.items():
        found = openbook(
            "search", tmp_path / "db", f"When was {title} founded?", "--by", "document", "--json"
        )
        assert found.json[0]["document_id"] == title
        assert f"founded in {year}" in found.json[0]["text"] + found.json[0]["continuation"]


def test_sections_first(openbook: OpenBook, tmp_path: Path) -> None:
    filler = "It stands by the river and is old. " * 30
    things = ("copper mill", "silver tower", "velvet bridge", "amber gate", "ivory well", "jade barn")
    years = {f"The {thing}": 1840 + place for place, thing in enumerate(things)}
    sections = [f"## {name}\n\n{filler} It was founded in {year}.\n" for name, year in years.items()]
    (tmp_path / "guide.md").write_text("# Guide\n\n" + "\n".join(sections), encoding="utf-8")
    made = openbook(
        "build", tmp_path / "db", tmp_path / "guide.md", "--embedder", "none", "--tokenizer", "train:400"
    )
    assert made.code == 0
    for name, year in years.items():
        found = openbook("search", tmp_path / "db", f"When was {name} founded?", "--by", "section", "--json")
        read = [hit["text"] + hit["continuation"] for hit in found.json[:3]]
        assert any(f"founded in {year}" in text for text in read)
    refused = openbook("search", tmp_path / "db", "mill", "--by", "page")
    assert refused.code == 2
    assert "'page'" in refused.err
