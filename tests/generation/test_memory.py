"""What leaves a text's window: when it leaves, that it is remembered, found, read and cited."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.tiny import M as TINY_M
from model.tiny import V
from openbook.database import Database
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.generation import Sampling, generate
from openbook.generation.batch_row import BatchRow, DecodingSettings
from openbook.generation.memory import Memory
from openbook.generation.memory_fetcher import MemoryFetcher
from openbook.generation.neighbor_fetcher import NeighborFetcher
from openbook.generation.running_batch import RunningBatch, decode
from openbook.model import RetroForCausalLM
from written_rows import MODELS, Neighbors, model_of

M = 16
EOS = 0
GREEDY = Sampling(temperature=0)


# The memory itself


def tokens_of(book: Database, text: str, count: int = M) -> list[int]:
    """So many tokens of this text, said again and again."""
    return book.tokenizer.encode([f"{text} " * count])[0][:count]


def test_what_is_remembered_is_found_and_read_without_the_end_of_text(book: Database) -> None:
    with Memory(book.tokenizer, M) as memory:
        assert memory.is_empty
        assert memory.search("kelimo", k=2) == []
        first, second = tokens_of(book, "kelimo nura"), tokens_of(book, "setivo zuba")
        memory.remember([*first, *second])
        memory.remember([])
        assert not memory.is_empty
        (hit,) = memory.search("setivo", k=2)
        assert hit.text == book.tokenizer.decode_inside([second])[0]
        ids, mask = memory.read(np.array([0, hit.chunk_id, -1]))
        assert ids[0].tolist() == [*first, *second]
        assert mask.sum(axis=1).tolist() == [2 * M, M, 0]


def test_a_temporary_memory_is_deleted_and_a_named_one_is_continued(book: Database, tmp_path: Path) -> None:
    with Memory(book.tokenizer, M) as memory:
        folder = memory.version.path
        assert folder.exists()
    assert not folder.exists()
    for word in ("kelimo", "setivo"):
        with Memory(book.tokenizer, M, tmp_path / "kept") as memory:
            memory.remember(tokens_of(book, word))
    found = [hit.document_id for hit in memory.search("kelimo setivo", k=4)]
    assert len(set(found)) == 2


def test_a_folder_of_other_chunks_or_of_something_else_is_refused(book: Database, tmp_path: Path) -> None:
    with Memory(book.tokenizer, M, tmp_path / "kept"):
        pass
    with pytest.raises(MismatchError, match="chunks of 32"):
        Memory(book.tokenizer, 32, tmp_path / "kept")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(DatabaseError):
        Memory(book.tokenizer, M, tmp_path / "full")


# The window


class Noted:
    """A memory that only notes what leaves."""

    def __init__(self) -> None:
        self.tokens: list[int] = []

    def remember(self, tokens: list[int]) -> None:
        assert len(tokens) % TINY_M == 0
        self.tokens += tokens


def settings_of(count: int, window: int | None) -> DecodingSettings:
    return DecodingSettings(count, GREEDY, EOS, 0, min_new_tokens=count, window=window)


def written_by_hand(model: RetroForCausalLM, prompt: list[int], count: int, window: int) -> list[int]:
    """Piece by piece: until the window is full at a border, then from what it keeps."""
    text, left = list(prompt), 0
    while len(text) < len(prompt) + count:
        if len(text) - left >= window:
            left = -(-(len(text) - window // 2) // TINY_M) * TINY_M
        room = TINY_M
        while len(text) + room - left < window:
            room += TINY_M
        room = min(room, len(prompt) + count - len(text))
        part = decode(model, text[left:], settings_of(room, None), Neighbors(2))
        text += [token.id for token in part]
    return text[len(prompt) :]


@pytest.mark.parametrize("name", list(MODELS))
@settings(max_examples=8)
@given(
    prompt=st.lists(st.integers(1, V - 1), min_size=1, max_size=5 * TINY_M),
    count=st.integers(1, 4 * TINY_M),
    chunks=st.integers(2, 4),
)
def test_a_window_reads_what_it_holds_and_remembers_the_rest(
    name: str, prompt: list[int], count: int, chunks: int
) -> None:
    model, memory = model_of(name), Noted()
    row = BatchRow(prompt, settings_of(count, chunks * TINY_M), Neighbors(2), memory=memory)  # type: ignore[arg-type]
    other = BatchRow([3, 4, 5], settings_of(count, None), Neighbors(1))
    batch = RunningBatch(model)
    with torch.inference_mode():
        batch.step([row, other])
        while batch.rows:
            batch.step()
    assert row.error is None
    ids = [token.id for token in row.written]
    assert ids == written_by_hand(model, prompt, count, chunks * TINY_M)
    assert memory.tokens == [*prompt, *ids][: row.left]
    alone = decode(model, [3, 4, 5], settings_of(count, None), Neighbors(1))
    assert [token.id for token in other.written] == [token.id for token in alone]
    # Each look-up is one span of the text.
    assert len(row.reads) == 1 + (count - 1) // TINY_M


def test_a_memory_that_cannot_be_written_ends_its_own_text_alone() -> None:
    class Full(Noted):
        def remember(self, tokens: list[int]) -> None:
            raise DatabaseError("the disk is full")

    model = model_of("rotary")
    row = BatchRow([1] * 12, settings_of(8, 2 * TINY_M), Neighbors(1), memory=Full())  # type: ignore[arg-type]
    other = BatchRow([1, 2], settings_of(8, None), Neighbors(1))
    batch = RunningBatch(model)
    with torch.inference_mode():
        batch.step([row, other])
        while batch.rows:
            batch.step()
    assert "full" in str(row.error)
    assert len(other.written) == 8


# Fetching from both


def test_neighbors_of_both_stand_side_by_side_with_none_between(book: Database) -> None:
    in_book = NeighborFetcher(book.opened, 3, "bm25")
    chunk = tokens_of(book, "Number 4. ba ke")
    with Memory(book.tokenizer, M) as memory:
        fetcher = MemoryFetcher(memory, 2, in_book)
        alone, mask = in_book.fetch([chunk])
        ids, shown = fetcher.fetch([chunk])
        assert torch.equal(ids[shown], alone[mask])
        memory.remember(chunk)
        memory.remember([*chunk, *tokens_of(book, "zuba zuba")])
        ids, shown = fetcher.fetch([chunk])
        there = shown.any(-1)[0].tolist()
        assert there == sorted(there, reverse=True)
        count = len(in_book.hits[-1])
        assert [len(tokens) for tokens in fetcher.retrieved[-1]][count:] == [M, 2 * M]
        assert [hit.text for hit in fetcher.hits[-1][count:]] == [
            book.tokenizer.decode_inside([chunk])[0]
        ] * 2
        assert len(fetcher.hits) == 2


def test_a_chunk_that_finds_nothing_in_the_book_reads_the_memory_first(
    small: Callable[..., Database], book: Database
) -> None:
    empty = small("zuba")
    chunk = tokens_of(book, "kelimo")
    with Memory(book.tokenizer, M) as memory:
        memory.remember(chunk)
        fetcher = MemoryFetcher(memory, 2, NeighborFetcher(empty.opened, 2, "bm25"))
        ids, shown = fetcher.fetch([chunk, tokens_of(book, "zuba")])
        assert ids[0, 0][shown[0, 0]].tolist() == chunk
        assert shown.any(-1).tolist() == [[True], [True]]


# Writing


def test_a_long_text_reads_and_cites_what_it_no_longer_sees(
    trained: RetroForCausalLM, book: Database, prompt_of: Callable[[int], str]
) -> None:
    prompt = f"{prompt_of(60)} {prompt_of(60)}"
    options: dict[str, Any] = {"max_new_tokens": 40, "min_new_tokens": 40, "seed": 3, "k": 2, "window": 4 * M}
    lost = generate(trained, book, prompt, retrieval=False, **options)
    assert lost.citations == []
    with Memory(book.tokenizer, M) as memory:
        kept = generate(trained, book, prompt, retrieval=False, memory=memory, **options)
        text = "".join(memory.version.chunk_texts(np.arange(memory.version.layout.num_chunks)))
        cited = {near.title for citation in kept.citations for near in citation.neighbors}
        assert cited
        assert all(title.startswith("said before") for title in cited)
    assert text.startswith(prompt[:50])
    with Memory(book.tokenizer, M) as memory:
        both = generate(trained, book, prompt, memory=memory, **options)
    found = {near.title.split()[0] for citation in both.citations for near in citation.neighbors}
    assert found == {"title", "said"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"window": 40}, "multiple of the chunk length 16"),
        ({"window": M}, "at least 32"),
        ({"window": 4 * M, "influence": True}, "leave out the window"),
        ({"window": 4 * M, "num_beams": 2, "sampling": GREEDY}, "leave the window out"),
    ],
)
def test_what_does_not_go_with_a_window_is_refused(
    trained: RetroForCausalLM, book: Database, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        generate(trained, book, "ba ke li", max_new_tokens=4, **options)
