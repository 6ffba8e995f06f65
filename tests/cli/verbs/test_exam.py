"""The verb `exam`: a world written to a folder, and a model examined on one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import OpenBook
from fake_judge import judge_with
from openbook.database import Database

EXAM = ("--documents", 12, "--questions", 8, "--embedder", "none", "-k", 2)
REPORT = {
    "modes",
    "retrieved",
    "after_edit",
    "after_removal",
    "unanswerable",
    "attended_precision",
    "citation_precision",
    "copied_precision",
}
"""Keys that `exam --json` has at least."""


def test_a_world_is_written(openbook: OpenBook, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    command = ("exam", "--write", folder, "--documents", 5, "--seed", 3, "--part", "train")
    result = openbook(*command, "--questions", 8, "--json")
    assert result.code == 0
    assert result.json == {"folder": str(folder), "documents": 5, "questions": 8}
    assert len((folder / "documents.jsonl").read_text("utf-8").splitlines()) == 5
    repeated = openbook(*command, "--questions", 8, "--json")
    assert (repeated.code, repeated.json) == (0, result.json)
    assert f"{folder}: was complete already" in repeated.err
    again = openbook(*command)
    assert again.code == 2, "with all questions it is another one"
    assert "another" in again.error


def test_a_model_is_examined(openbook: OpenBook, train_tiny: Callable[..., Path], tmp_path: Path) -> None:
    model = train_tiny("model")
    result = openbook("exam", "--model", model, *EXAM, "--workdir", tmp_path / "kept", "--json")
    assert result.code == 0, result.err
    report = result.json
    assert report.keys() >= REPORT
    assert list(report["modes"]) == ["on", "off", "random", "shuffled", "gold"]
    for scores in report["modes"].values():
        assert scores.keys() >= {"exact_match", "f1"}
    assert report["after_edit"].keys() >= {"new", "old", "neighbors_unchanged"}
    assert report["after_removal"].keys() >= {"exact_match", "found_elsewhere"}
    assert "refused" in report["unanswerable"]
    assert report["copied_precision"] is None
    info = openbook("info", tmp_path / "kept" / "book", "--json").json
    assert info["documents"] < 12, "the documents asked about were removed"

    lines = openbook("exam", "--model", model, *EXAM).out.splitlines()
    assert lines[0] == "8 questions about a book of 12 documents, k = 2, bm25 search"
    assert [line.split()[0] for line in lines[2:7]] == ["on", "off", "random", "shuffled", "gold"]


def test_what_the_judge_finds_unanswered_is_refused(
    openbook: OpenBook, train_tiny: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = judge_with(monkeypatch, finds=False)
    report = openbook("exam", "--model", train_tiny("model"), *EXAM, "--judge", "--json").json
    assert report["unanswerable"]["refused"] == report["unanswerable"]["answerable_refused"] == 1
    assert report["retrieved"] > 0, "what was found is counted, whatever was read of it"
    assert judge.asked


def test_a_book_that_was_built_before(
    openbook: OpenBook, train_tiny: Callable[..., Path], tmp_path: Path
) -> None:
    model = train_tiny("model")
    # Removed documents count in how rare a word is until files are merged: close ranks can change places
    # where a book was filled again. Of what these questions find by chunks, none does.
    command = ("exam", "--model", model, *EXAM, "--by", "chunk", "--json")
    first = openbook(*command, "--workdir", tmp_path / "first")
    kept = tmp_path / "first" / "book"  # without the documents that were removed
    before = openbook("info", kept, "--json").json
    again = openbook(*command, "--book", kept)
    assert again.code == 0, again.err
    assert again.json == first.json
    assert "of them there before" in again.err
    assert openbook("info", kept, "--json").json == before
    copied = (*command, "--book", kept, "--workdir", tmp_path / "second")
    assert openbook(*copied).json == first.json
    assert openbook(*copied).json == first.json, "the copy is filled again"
    result = openbook(*command, "--book", tmp_path / "second" / "book", "--workdir", tmp_path / "first")
    assert result.code == 2
    assert "--workdir" in result.error


def test_other_documents_are_removed_from_the_copy_and_hidden_ones_refused(
    openbook: OpenBook, train_tiny: Callable[..., Path], tmp_path: Path
) -> None:
    model = train_tiny("model")
    command = ("exam", "--model", model, *EXAM, "--by", "chunk", "--json")
    assert openbook("exam", "--write", tmp_path / "world", *EXAM).code == 0
    other = tmp_path / "other.txt"
    other.write_text("Nobody asks about this.", encoding="utf-8")
    texts = (tmp_path / "world" / "documents.jsonl", other)
    building = ("--tokenizer", model, "--embedder", "none", "--chunk-size", "16")
    assert openbook("build", tmp_path / "book", *texts, *building).code == 0
    result = openbook(*command, "--book", tmp_path / "book", "--workdir", tmp_path / "work")
    assert result.code == 0, result.err
    copied = openbook("list", tmp_path / "work" / "book", "--json").json
    assert copied
    assert all(document["document_id"].startswith("test-") for document in copied)
    assert openbook("info", tmp_path / "book", "--json").json["documents"] == 13
    assert openbook("build", tmp_path / "held", *texts, *building, "--holdout", "0.5").code == 0
    result = openbook(*command, "--book", tmp_path / "held", "--workdir", tmp_path / "again")
    assert result.code == 2
    assert "of the world from being found" in result.error
    assert "--holdout" in result.error


@pytest.mark.parametrize("options", [("--write", "world"), ("--workdir", ""), ("--workdir", "work")])
def test_nothing_is_written_into_a_database(
    openbook: OpenBook,
    trained_folder: Path,
    book: Database,
    options: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(*arguments: object, **options: object) -> None:
        raise AssertionError("it is refused before the model is loaded")

    monkeypatch.setattr("openbook.cli.asked_model.load_asked_model", load)
    option, name = options
    model = () if option == "--write" else ("--model", trained_folder)
    before = sorted(book.path.iterdir())
    result = openbook("exam", *EXAM, *model, option, book.path / name)
    assert result.code == 2
    assert f"lies in the database {book.path}" in result.error
    assert sorted(book.path.iterdir()) == before


@pytest.mark.parametrize("options", [(), ("--model", "m", "--write", "w")])
def test_a_model_or_a_folder(openbook: OpenBook, options: tuple[str, ...]) -> None:
    result = openbook("exam", *options)
    assert result.code == 2
    assert "--write" in result.error
    assert "--model" in result.error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-k", 0), "k = 0"),
        (("--questions", 2), "2 questions"),
        (("--mode", "dense", "--embedder", "none"), "lexical only"),
        (("--documents", 2), "2 documents"),
    ],
)
def test_wrong_ways_to_examine(
    openbook: OpenBook, trained_folder: Path, options: tuple[str, ...], message: str
) -> None:
    result = openbook("exam", "--model", trained_folder, "--documents", 12, "--embedder", "none", *options)
    assert result.code == 2
    assert message in result.error
    assert result.out == ""


def test_a_model_that_is_not_there(openbook: OpenBook, tmp_path: Path) -> None:
    result = openbook("exam", "--model", tmp_path / "nowhere", *EXAM)
    assert result.code == 2
    assert "nowhere" in result.error


def test_a_world_that_names_its_subjects_in_titles_alone(
    openbook: OpenBook, train_tiny: Callable[..., Path], tmp_path: Path
) -> None:
    model = train_tiny("model")
    units = ("--naming", "title", "--by", "document", "--bring-head")
    result = openbook("exam", "--model", model, *EXAM, *units, "--json")
    assert result.code == 0, result.err
    plain = openbook("exam", "--model", model, *EXAM, "--naming", "title", "--json")
    assert result.json["retrieved"] >= plain.json["retrieved"]
    assert openbook("exam", "--write", tmp_path / "world", "--documents", 3, "--naming", "title").code == 0
