"""Sources as the verbs read them: standard input, globs, what a tokenizer is trained on."""

import io
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from command_line import LEXICAL, OpenBook
from openbook.cli import checked_sources
from openbook.cli.checked_sources import Sources, make_tokenizer
from openbook.errors import SettingsError, SourceError
from openbook.text import Document, TokenizedDocument
from openbook.text.sources import SourceOptions


def sources(*names: object, skip: bool = False, **options: Any) -> Sources:
    return Sources([str(name) for name in names], SourceOptions(text_key="text"), skip=skip, **options)


def texts_of(checked: Sources) -> list[str]:
    documents = list(checked.documents())
    assert all(isinstance(document, Document) for document in documents)
    return [document.text for document in documents if isinstance(document, Document)]


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Standard input that holds this, and can be read once."""
    return lambda content: monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))


@pytest.fixture
def tokenized(tmp_path: Path) -> Path:
    """Megatron's two files with one document."""
    (tmp_path / "data.bin").write_bytes(np.array([5, 6, 7], "<u2").tobytes())
    header = b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", 1, 8, 1, 2)
    (tmp_path / "data.idx").write_bytes(header + struct.pack("<iqqq", 3, 0, 0, 1))
    return tmp_path / "data"


# Standard input


def test_standard_input_is_kept_and_read_as_often_as_needed(pipe: Any) -> None:
    pipe(b'{"text": "one"}\n{"text": "two"}\n')
    checked = sources("-")
    assert checked.check() == 2
    abandoned = checked.documents()
    next(abandoned)
    assert texts_of(checked) == texts_of(checked) == ["one", "two"]


def test_standard_input_goes_with_files_in_the_order_given(pipe: Any, tmp_path: Path) -> None:
    pipe(b"from a pipe")
    (tmp_path / "a.txt").write_text("from a file")
    assert texts_of(sources(tmp_path / "a.txt", "-")) == ["from a file", "from a pipe"]


def test_damaged_line_of_standard_input_is_skipped(pipe: Any, capsys: pytest.CaptureFixture[str]) -> None:
    content = b'{"text": "one"}\nnope\n{"text": "two"}\n'
    pipe(content)
    checked = sources("-", skip=True)
    assert (checked.check(), checked.skipped) == (2, 1)
    assert "skipped: stdin:2: not JSON" in capsys.readouterr().err
    pipe(content)
    with pytest.raises(SourceError, match="stdin:2: not JSON"):
        sources("-").check()


def test_building_from_standard_input(openbook: OpenBook, pipe: Any, tmp_path: Path) -> None:
    pipe(b'{"text": "Zebras drink at the river.", "id": "z"}\n{"text": "Apples ripen."}\n')
    assert openbook("build", tmp_path / "db", "-", *LEXICAL).code == 0
    (hit,) = openbook("search", tmp_path / "db", "zebras", "-k", "1", "--json").json
    assert (hit["document_id"], hit["source"]) == ("z", "stdin:1")


def test_empty_standard_input_leaves_no_database(openbook: OpenBook, pipe: Any, tmp_path: Path) -> None:
    pipe(b"")
    result = openbook("build", tmp_path / "db", "-", *LEXICAL)
    assert (result.code, "stdin: " in result.error) == (2, True)
    assert not (tmp_path / "db").exists()


# Globs and errors


def test_what_is_left_out_is_said_once_in_one_line(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.png", "b.png", "package.json", "LICENSE"):
        (texts / name).write_text("{}")
    checked = sources(texts)
    checked.check()
    assert len(texts_of(checked)) == checked.count
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert "4 files are left out" in line and "2 .png" in line and "1 without an ending" in line


def test_glob_chooses_files_of_folders(openbook: OpenBook, texts: Path, tmp_path: Path) -> None:
    built = openbook("build", tmp_path / "db", texts, *LEXICAL, "--glob", "*.md", "--json")
    assert built.json["documents"] == 1
    added = openbook("add", tmp_path / "db", texts, "--glob", "note[12].*", "--json")
    assert added.json["documents"] == 3


def test_glob_that_matches_nothing_leaves_no_database(
    openbook: OpenBook, texts: Path, tmp_path: Path
) -> None:
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, "--glob", "*.rst")
    assert (result.code, "--glob '*.rst'" in result.error) == (2, True)
    assert not (tmp_path / "db").exists()


@pytest.mark.parametrize(
    ("missing", "source", "line"),
    [("datasets", "hf://owner/name", "openbook[datasets]"), ("markitdown", "a.pdf", "openbook[documents]")],
)
def test_missing_extra_is_one_line_even_when_skipping(
    openbook: OpenBook,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
    source: str,
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.pdf").write_bytes(b"")
    monkeypatch.setitem(sys.modules, missing, None)
    result = openbook("build", "db", source, *LEXICAL, "--on-error", "skip")
    assert (result.code, f"pip install '{line}'" in result.error) == (2, True)


def test_unknown_option_of_a_data_set_is_one_line(openbook: OpenBook, tmp_path: Path) -> None:
    result = openbook("build", tmp_path / "db", "hf://owner/name?spilt=train", *LEXICAL)
    assert (result.code, "did you mean 'split'" in result.error) == (2, True)


def test_two_texts_under_one_id_are_found_whatever_their_kind(tmp_path: Path, tokenized: Path) -> None:
    rows = [{"text": "one", "id": "data:0"}, {"text": "two", "id": "b"}, {"text": "two", "id": "b"}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert sources(tmp_path / "rows.jsonl").check() == 3
    with pytest.raises(SourceError, match="id 'data:0'"):
        sources(tmp_path / "rows.jsonl", tokenized).check()


def test_two_headers_with_one_id_name_both_files(tmp_path: Path) -> None:
    """As Docusaurus has `id: intro` in each folder; the source that a header says is no place to look."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        header = f"id: intro\nsource: https://example.org/{name}"
        (tmp_path / name / "intro.md").write_text(f"---\n{header}\n---\nOn {name}.")
    checked = sources(tmp_path, skip=True, listed=True)
    assert (checked.check(), checked.skipped) == (2, 1)
    assert texts_of(checked) == ["On a."], "the second is not skipped once more"
    assert checked.left_out()["skipped_files"] == [
        {
            "file": f"{tmp_path}/b/intro.md",
            "problem": f"a second, different text with the id 'intro', which {tmp_path}/a/intro.md has; give "
            "one of them another id, or leave it out: --on-error skip",
        }
    ]


def test_a_second_text_of_rows_names_the_row_and_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "one", "id": "a"}\n{"text": "two", "id": "a"}\n')
    remedy = (
        "give one of them another id, or have ids made of the texts: --id-key with a name that no row has"
    )
    with pytest.raises(SourceError, match=rf"rows.jsonl:2: a second, .* 'a'; {remedy}, or leave it out"):
        sources(tmp_path / "rows.jsonl").check()


def test_a_second_text_is_skipped_once(openbook: OpenBook, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(
        '{"text": "An otter.", "id": "a"}\n{"text": "A gnu.", "id": "a"}\n{"text": "A gnu.", "id": "b"}\n'
    )
    options = (*LEXICAL, "--on-error", "skip", "--json")
    built = openbook("build", tmp_path / "db", tmp_path / "rows.jsonl", *options).json
    assert (built["documents"], built["done"]["skipped"], len(built["skipped_files"])) == (2, 1, 1)


# The tokenizer


def test_tokens_are_read_as_they_are(tokenized: Path) -> None:
    checked = sources(tokenized)
    assert checked.check() == 1
    (document,) = checked.documents()
    assert isinstance(document, TokenizedDocument)
    assert document.token_ids.tolist() == [5, 6, 7]


def test_no_tokenizer_is_trained_on_tokens(tokenized: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some text")
    checked = sources(tmp_path / "a.txt", tokenized)
    assert checked.check() == 2
    with pytest.raises(SettingsError, match=r"data:0: .* --tokenizer NAME_OR_PATH"):
        make_tokenizer("train:300", checked)


def test_small_corpus_is_trained_on_whole(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked = sources(texts)
    assert checked.check() == 14
    written = "".join(texts_of(checked))
    assert checked.characters == len(written)
    tokenizer = make_tokenizer("train:400", checked)
    shown = capsys.readouterr().err
    assert "training a tokenizer of 400 tokens" in shown
    assert "reading for the tokenizer" in shown
    assert "one in" not in shown
    assert tokenizer.decode(tokenizer.encode([written])) == [written]


Sampled = Callable[..., list[str]]


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> Sampled:
    """What a tokenizer would be trained on, with these sizes."""
    fed: list[str] = []
    monkeypatch.setattr(checked_sources, "train_tokenizer", lambda texts, **options: fed.extend(texts))

    def sample(checked: Sources, **sizes: int) -> list[str]:
        make_tokenizer("train:300", checked, **sizes)
        return fed

    return sample


def test_large_corpus_is_sampled_evenly(
    tmp_path: Path, sampled: Sampled, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"text": f"{number:050}"} for number in range(100)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    checked = sources(tmp_path / "rows.jsonl")
    checked.check()
    assert sampled(checked, most_characters=1000) == [f"{number:050}" for number in range(0, 100, 5)]
    assert "one in 5 documents: 1,000 characters" in capsys.readouterr().err


def test_huge_document_is_sampled_evenly_too(tmp_path: Path, sampled: Sampled) -> None:
    (tmp_path / "a.txt").write_text("".join(f"{number:010}" for number in range(99)))
    (tmp_path / "b.txt").write_text("the end")
    checked = sources(tmp_path / "a.txt", tmp_path / "b.txt")
    checked.check()
    fed = sampled(checked, most_characters=100, piece=10)
    assert fed == [f"{number:010}" for number in range(0, 99, 10)]
    assert len("".join(fed)) == 100


def test_sample_never_exceeds_its_size(tmp_path: Path, sampled: Sampled) -> None:
    """Where every fifth document is the long one."""
    rows = [{"text": f"{number} " + "x" * (200 if number % 5 == 0 else 1)} for number in range(100)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    checked = sources(tmp_path / "rows.jsonl")
    checked.check()
    assert sum(map(len, sampled(checked, most_characters=1000))) == 1000


def test_damage_after_the_check_stops_training(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some text")
    checked = sources(tmp_path / "a.txt")
    checked.check()
    (tmp_path / "a.txt").write_bytes(b"\xff")
    with pytest.raises(SourceError, match="not UTF-8"):
        make_tokenizer("train:300", checked)


def test_the_errors_of_every_reading_count_and_each_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(name)
    (tmp_path / "c.txt").write_bytes(b"\xff")
    checked = sources(tmp_path, skip=True)
    checked.check()
    scope = checked.scope()
    assert (texts_of(checked), checked.skipped) == (["a", "b"], 1)
    (tmp_path / "b.txt").write_bytes(b"\xff")
    assert (texts_of(checked), checked.skipped) == (["a"], 2)
    assert texts_of(checked) == ["a"]
    assert checked.skipped == 2
    assert capsys.readouterr().err.count("skipped: ") == 2
    assert set(scope.unread) == {f"{tmp_path.resolve()}/{name}.txt" for name in "bc"}


def test_an_empty_file_is_counted_and_one_that_is_empty_later_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(name if name != "c" else "")
    checked = sources(tmp_path)
    assert (checked.check(), checked.left_out()["left_out"]) == (2, {"empty file": 1})
    scope = checked.scope()
    assert "1 empty file is left out" in capsys.readouterr().err
    (tmp_path / "b.txt").write_text(" ")
    for _ in range(2):
        assert (texts_of(checked), checked.vanished) == (["a"], 1)
    assert capsys.readouterr().err.count(f"left out: {tmp_path}/b.txt: the text is empty") == 1
    assert set(scope.unread) == {f"{tmp_path.resolve()}/{name}.txt" for name in "bc"}
    assert len(scope.found) == 2


def test_a_file_that_cannot_be_read_may_be_left_out_unless_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"nothing")
    (tmp_path / "rows.jsonl").write_text('{"txt": "a"}\n')
    offer = ", or leave it out: --on-error skip"
    with pytest.raises(SourceError) as stopped:
        sources(tmp_path).check()
    assert str(stopped.value).startswith(f"{tmp_path}/a.pdf: not readable as pdf: ")
    assert str(stopped.value).endswith(offer) and not stopped.value.without_option.endswith(offer)
    for named in (tmp_path / "a.pdf", tmp_path / "rows.jsonl"):  # the latter is told of --text-key
        with pytest.raises(SourceError) as stopped:
            sources(named).check()
        assert not str(stopped.value).endswith(offer)


def test_what_vanishes_after_the_first_reading_is_counted(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(name)
    checked = sources(tmp_path, skip=False)
    checked.check()
    assert (texts_of(checked), checked.vanished) == (["a", "b"], 0)
    (tmp_path / "b.txt").rename(tmp_path / "b.txt.swp")
    assert (texts_of(checked), checked.vanished) == (["a"], 1)
