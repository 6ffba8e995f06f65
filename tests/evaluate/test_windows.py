"""The windows of an evaluation: every token once, with as much before it as was asked for."""

import numpy as np
import pytest

from openbook.database import Database, SequenceDataset
from openbook.evaluate import Windows
from openbook.text import Document


def windows_of(book: Database, length: int, stride: int | None = None) -> Windows:
    return Windows.spread(SequenceDataset(book, "holdout", length, stride=stride))


@pytest.mark.parametrize(("length", "stride"), [(64, None), (64, 64), (64, 32), (64, 16), (48, 16), (32, 32)])
def test_every_held_out_token_counts_once(book: Database, length: int, stride: int | None) -> None:
    windows = windows_of(book, length, stride)
    held_out = book.layout.chunks_of_split(holdout=True)
    counted = windows.chunk_ids[windows.counted]
    assert counted[counted >= 0].tolist() == held_out.tolist()
    assert windows.chunks.tolist() == held_out.tolist()
    unpredicted = 1 if stride and stride < length else len(windows)  # nothing is before the first token
    assert windows.predicted.sum() == book.layout.lengths[held_out].sum() - unpredicted


@pytest.mark.parametrize(("length", "stride"), [(64, 32), (64, 16), (48, 16)])
def test_what_counts_has_the_rest_of_the_window_before_it(book: Database, length: int, stride: int) -> None:
    windows = windows_of(book, length, stride)
    first = windows.predicted.argmax(axis=1)
    assert (first[1:] == length - stride).all()
    chunks, step = windows.chunk_ids, stride // 16
    np.testing.assert_array_equal(chunks[1:, :-step], chunks[:-1, step:])


def test_a_stride_changes_labels_alone(book: Database) -> None:
    plain, sliding = (SequenceDataset(book, "holdout", 64, stride=stride) for stride in (None, 32))
    one, other = plain[1], sliding[2]
    np.testing.assert_array_equal(one["input_ids"], other["input_ids"])
    assert (other["labels"][:32] == -100).all()
    np.testing.assert_array_equal(one["labels"][32:], other["labels"][32:])


def test_a_split_shorter_than_a_window_is_one(book: Database) -> None:
    windows = windows_of(book, 4096, 1024)
    assert len(windows) == 1
    assert windows.predicted.any()


def test_words_are_those_of_the_text(book: Database, book_documents: list[Document]) -> None:
    windows = windows_of(book, 64)
    retrievable = np.flatnonzero(book.layout.retrievable)
    ids = {hit.document_id for hit in book.hits(retrievable, np.zeros(len(retrievable), dtype=np.float32))}
    texts = [document.text for document in book_documents if document.id not in ids]
    tokens = sum(len(row) + 1 for row in book.tokenizer.encode(texts))
    assert windows.words_per_token == pytest.approx(sum(len(text.split()) for text in texts) / tokens)
    assert windows.bytes_per_token == pytest.approx(sum(len(text.encode()) for text in texts) / tokens)
