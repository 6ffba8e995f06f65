"""Training samples equal a loop over documents, and no neighbor tells what must not be known."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from openbook.database import Database, SequenceDataset
from openbook.database.neighbors.sequences import IGNORED_LABEL
from openbook.database.storage.settings import is_held_out
from openbook.errors import DatabaseError, SettingsError
from openbook.text import Document

M = 8
HOLDOUT = 0.3


@dataclass(frozen=True)
class Chunk:
    """A chunk as cut by hand from the documents."""

    document: int
    tokens: list[int]
    split: str


@dataclass(frozen=True)
class Stored:
    """A database, and all its chunks cut by hand; the split of what was replaced is "dead"."""

    database: Database
    chunks: list[Chunk]

    def of_split(self, split: str) -> list[int]:
        return [number for number, chunk in enumerate(self.chunks) if chunk.split == split]


@pytest.fixture(scope="module")
def stored(
    make: Callable[..., Database],
    corpus: Callable[..., dict[str, str]],
    documents: Callable[[Mapping[str, str]], Iterator[Document]],
) -> Stored:
    """Short and long documents; some are held out, and some were replaced."""
    first = corpus(20, longest=30)
    second = {name: f"another text: {text}" for name, text in list(first.items())[5:9]}
    database = make(first, holdout=HOLDOUT, chunk_size=M)
    database.add(documents(second))
    chunks: list[Chunk] = []
    for document, (name, text) in enumerate([*first.items(), *second.items()]):
        dead = document < len(first) and name in second
        split = "dead" if dead else "holdout" if is_held_out(name, HOLDOUT) else "train"
        ids = [*database.tokenizer.encode([text])[0], database.tokenizer.eos_id]
        chunks += [Chunk(document, ids[start : start + M], split) for start in range(0, len(ids), M)]
    return Stored(database, chunks)


def plain_value(chunks: list[Chunk], neighbor: int) -> list[int | None]:
    """The tokens of a neighbor and its continuation, None where there is no token."""
    value: list[int | None] = []
    for number in (neighbor, neighbor + 1):
        same = number < len(chunks) and chunks[number].document == chunks[neighbor].document
        tokens = chunks[number].tokens if same else []
        value += [*tokens, *[None] * (M - len(tokens))]
    return value


def plain_neighbors(
    chunks: list[Chunk], sequence: list[int], table: NDArray[np.int64]
) -> list[list[list[int | None]]]:
    documents = {chunks[number].document for number in sequence if number >= 0}
    rows = []
    for number, following in pairwise(sequence):
        row = []
        for neighbor in table[number].tolist():
            useful = number >= 0 and following >= 0 and chunks[number].document == chunks[following].document
            if useful and neighbor >= 0 and chunks[neighbor].document not in documents:
                row.append(plain_value(chunks, neighbor))
            else:
                row.append([None] * (2 * M))
        rows.append(row)
    return rows


def test_the_hand_cut_chunks_are_those_of_the_database(stored: Stored) -> None:
    layout = stored.database.layout
    assert {chunk.split for chunk in stored.chunks} == {"train", "holdout", "dead"}
    assert layout.num_chunks == len(stored.chunks)
    for number, chunk in enumerate(stored.chunks):
        assert stored.database.tokens[number][: layout.lengths[number]].tolist() == chunk.tokens


@pytest.mark.parametrize("C", [2, 3, 5])
@pytest.mark.parametrize("split", ["train", "holdout"])
def test_samples_equal_a_loop_over_chunks(stored: Stored, split: str, C: int) -> None:
    K, chunks, eos = 3, stored.chunks, stored.database.tokenizer.eos_id
    table = np.random.default_rng(C).integers(-1, len(chunks), size=(len(chunks), K))
    samples = SequenceDataset(stored.database, split, C * M, table)
    wanted = stored.of_split(split)
    wanted += [-1] * (-len(wanted) % C)
    assert len(samples) == len(wanted) // C
    some_neighbor = False
    for index in range(len(samples)):
        sequence = wanted[index * C : (index + 1) * C]
        tokens = [chunks[number].tokens if number >= 0 else [] for number in sequence]
        inputs = [[*part, *[eos] * (M - len(part))] for part in tokens]
        labels = [[*part, *[IGNORED_LABEL] * (M - len(part))] for part in tokens]
        labels[0][0] = IGNORED_LABEL
        sample = samples[index]
        assert sample["input_ids"].tolist() == np.concatenate(inputs).tolist()
        assert sample["labels"].tolist() == np.concatenate(labels).tolist()
        shown = np.where(sample["neighbor_mask"], sample["neighbor_ids"], -1)
        expected = np.array(plain_neighbors(chunks, sequence, table), dtype=object)
        expected[expected == None] = -1  # noqa: E711
        assert shown.shape == (C - 1, K, 2 * M)
        assert np.array_equal(shown, expected.astype(np.int64))
        some_neighbor |= bool(sample["neighbor_mask"].any())
    assert some_neighbor


def test_every_live_chunk_of_the_split_is_in_one_sample(stored: Stored) -> None:
    for split in ("train", "holdout"):
        numbers = SequenceDataset(stored.database, split, 4 * M).chunk_ids
        assert numbers[numbers >= 0].tolist() == stored.of_split(split)


def test_without_a_table_there_is_nothing_of_neighbors(stored: Stored) -> None:
    assert SequenceDataset(stored.database, "train", 2 * M)[0].keys() == {"input_ids", "labels"}


def test_a_missing_neighbor_never_wraps_round_to_the_last_chunk(stored: Stored) -> None:
    table = np.full((len(stored.chunks), 2), -1)
    samples = SequenceDataset(stored.database, "train", 4 * M, table)
    assert not any(samples[index]["neighbor_mask"].any() for index in range(len(samples)))


@pytest.fixture(scope="module")
def three(make: Callable[..., Database]) -> Database:
    """Three documents of equally many chunks, more than two."""
    database = make({name: f"{name} " * 10 for name in "123"}, chunk_size=M)
    pieces = set(database.layout.document_chunks.tolist())
    assert len(pieces) == 1 and min(pieces) > 2
    return database


def mask_of(database: Database, neighbor: int, *, C: int, index: int = 0) -> NDArray[np.generic]:
    """Which neighbors of a sample exist if every chunk's only neighbor is this one: [C-1]."""
    table = np.full((database.layout.num_chunks, 1), neighbor)
    sample = SequenceDataset(database, "train", C * M, table)[index]
    return np.asarray(sample["neighbor_mask"]).any(axis=(1, 2))


def test_neighbors_from_any_document_of_the_sequence_are_masked(three: Database) -> None:
    per = int(three.layout.document_chunks[0])
    both = per + 1  # the sequence reaches one chunk into the second document
    assert not mask_of(three, 0, C=both).any()
    assert not mask_of(three, 2 * per - 1, C=both).any()
    assert mask_of(three, 2 * per, C=both).any()


def test_neighbors_of_a_documents_last_chunk_are_masked(three: Database) -> None:
    per = int(three.layout.document_chunks[0])
    assert mask_of(three, 2 * per, C=per + 1).tolist() == [True] * (per - 1) + [False]


def test_the_last_sequence_is_filled_up_with_ignored_end_of_text(three: Database) -> None:
    C = three.layout.num_chunks - 1
    samples = SequenceDataset(three, "train", C * M, np.zeros((three.layout.num_chunks, 1), dtype=np.int64))
    last = samples[len(samples) - 1]
    assert len(samples) == 2
    assert set(last["input_ids"][M:].tolist()) == {three.tokenizer.eos_id}
    assert set(last["labels"][M:].tolist()) == {IGNORED_LABEL}
    assert not last["neighbor_mask"].any()


def test_the_first_label_of_a_sequence_is_ignored_and_the_documents_end_is_learned(three: Database) -> None:
    """Models shift labels by one: the first label has no token before it in the sequence."""
    per = int(three.layout.document_chunks[0])
    labels = SequenceDataset(three, "train", per * M)[0]["labels"]
    length = int(three.layout.document_tokens[0])
    assert labels[0] == IGNORED_LABEL
    assert labels[length - 1] == three.tokenizer.eos_id
    assert set(labels[length:].tolist()) <= {IGNORED_LABEL}


@pytest.mark.parametrize("length", [0, M, M + 1, 2 * M + 1, -2 * M])
def test_a_sequence_length_that_does_not_fit_is_refused(three: Database, length: int) -> None:
    with pytest.raises(SettingsError, match=r"multiple .*chunk size 8\b"):
        SequenceDataset(three, "train", length)


def test_an_empty_split_is_refused_with_advice(three: Database, make: Callable[..., Database]) -> None:
    with pytest.raises(DatabaseError, match="--holdout"):
        SequenceDataset(three, "holdout", 2 * M)
    with pytest.raises(DatabaseError, match="add documents"):
        SequenceDataset(make(), "train", 2 * M)
