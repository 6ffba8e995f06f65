"""What --data-path names, found with and without its suffix, and made a corpus."""

import json
from pathlib import Path

import numpy as np
import pytest

from megatron_command import Run, write_prefix
from openbook.cli.megatron.corpus import find, open_corpus
from openbook.database import Database
from openbook.errors import DatabaseError, SettingsError, SourceError


@pytest.mark.parametrize(
    ("file", "named", "ids"),
    [
        ("my_text_data", "my_text_data", ["my_text_data"]),
        ("my_text_data.txt", "my_text_data", ["my_text_data.txt"]),
        ("my_text_data.v2", "my_text_data.v2", ["my_text_data.v2"]),
        ("rows", "rows", ["a", "b"]),
        ("rows.jsonl", "rows", ["a", "b"]),
        ("rows.jsonl", "rows.jsonl", ["a", "b"]),
        ("rows.json", "rows", ["a", "b"]),
    ],
)
def test_data_are_found_with_and_without_their_suffix(
    book: Database, data: Path, file: str, named: str, ids: list[str]
) -> None:
    (data / "my_text_data").unlink()
    rows = "".join(json.dumps({"id": name, "text": f"bakeli {name} mo. nu"}) + "\n" for name in "ab")
    (data / file).write_text(rows if file.startswith("rows") else "Bakeli mo.\n\nNuse. {no json}")
    corpus = open_corpus(data / "corpus", [named], book.opened, holdout=0.0)
    assert sorted(corpus.catalog.live_ids()) == ids


@pytest.mark.parametrize("named", ["tokens", "tokens.bin", "tokens.idx"])
def test_tokens_of_a_prefix_are_taken_as_they_are(book: Database, data: Path, named: str) -> None:
    documents = [[5, 6, 7] * 9, [8, 9]]
    write_prefix(data / "tokens", documents)
    corpus = open_corpus(data / "corpus", [named], book.opened, holdout=0.0)
    layout = corpus.layout
    for place, expected in enumerate(documents):
        rows = corpus.tokens[np.array(layout.chunks_of(place))].reshape(-1)
        assert rows[: len(expected)].tolist() == expected
        assert layout.document_tokens[place] == len(expected) + 1


def test_a_prefix_is_trained_on(pretrain: Run, data: Path) -> None:
    (data / "my_text_data").unlink()
    write_prefix(data / "my_text_data", [[number + 5 for number in range(150)]] * 2)
    assert pretrain("--split", "100,0,0") == 0
    assert (data / "retro-checkpoint" / "model.safetensors").is_file()


def test_data_that_cannot_be_found_are_named(book: Database, data: Path) -> None:
    with pytest.raises(SourceError, match="--data-path nothing: "):
        find("nothing")
    with pytest.raises(SettingsError, match=r"--data-path 0\.5: weights "):
        find("0.5")
    for suffix in (".txt", ".jsonl"):
        (data / f"two{suffix}").write_text("text")
    with pytest.raises(SourceError, match=r"may be two\.txt or two\.jsonl"):
        find("two")
    (data / "empty").touch()
    with pytest.raises(SourceError, match="empty: "):
        open_corpus(data / "corpus", ["empty"], book.opened, holdout=0.0)
    with pytest.raises(DatabaseError, match=r"my_text_data is held out.*--split 100,0,0"):
        open_corpus(data / "other", ["my_text_data"], book.opened, holdout=1 - 1e-9)
