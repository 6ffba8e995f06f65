"""Heads before passages: title or first line, not twice, and within what a reader reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openbook.database import Database, Version
from openbook.generation import ask
from openbook.generation.document_heads import LONGEST_HEAD, heads_of, read_with_heads, with_heads
from openbook.model import RetroForCausalLM
from openbook.text import ChatFormat, Document

M = 16


@pytest.fixture
def version(book: Database, tmp_path: Path) -> Iterator[Version]:
    """One document with a title, one with a first line, one whose first line is long."""
    made = Database.create(tmp_path / "heads", tokenizer=book.tokenizer, embedder=None, chunk_size=M)
    body = "bake kelimo nura setivo zuba " * 12
    made.add(
        [
            Document(id="a", title="The Mill", text=body),
            Document(id="b", text=f"The Tower\n{body}"),
            Document(id="c", text="nura " * 60),
        ]
    )
    yield made.opened


def test_a_head_is_the_title_or_the_first_line(version: Version) -> None:
    first = version.layout.first_chunk
    heads = heads_of(version, [int(first[0]) + 2, int(first[1]) + 1, int(first[2]), -1])
    assert heads[:2] == [("The Mill",), ("The Tower",)]
    assert len(heads[2]) == 1
    assert 0 < len(heads[2][0]) <= LONGEST_HEAD
    assert heads[3] == ()


def test_a_head_has_the_headings_above_the_passage(book: Database, tmp_path: Path) -> None:
    made = Database.create(tmp_path / "sections", tokenizer=book.tokenizer, embedder=None, chunk_size=M)
    body = "bake kelimo nura setivo zuba " * 12
    made.add([Document(id="a", title="Mills", text=f"# Mills\n{body}\n## Upper\n{body}\n## Lower\n{body}")])
    version = made.opened
    texts = version.chunk_texts(range(version.layout.num_chunks))
    ends = np.cumsum([len(text) for text in texts])
    starts = ["".join(texts).index(f"## {name}") for name in ("Upper", "Lower")]
    upper, lower = np.searchsorted(ends, starts, side="right").tolist()
    heads = heads_of(version, [1, upper, upper + 1, lower + 1])
    assert heads == [("Mills",), ("Mills",), ("Mills", "Upper"), ("Mills", "Lower")]
    assert with_heads(version, [lower + 1], ["zuba"]) == ["Mills - Lower\nzuba"]
    assert with_heads(version, [upper + 1], ["of Mills"]) == ["Upper\nof Mills"]


def test_a_head_of_an_untitled_page_is_its_first_heading_once(book: Database, tmp_path: Path) -> None:
    made = Database.create(tmp_path / "untitled", tokenizer=book.tokenizer, embedder=None, chunk_size=M)
    body = "bake kelimo nura setivo zuba " * 12
    made.add([Document(id="a", text=f"## Upper\n{body}\n### Wheel\n{body}", source="a.html")])
    version = made.opened
    assert heads_of(version, [1, version.layout.num_chunks - 1]) == [("Upper",), ("Upper", "Wheel")]


def test_a_head_that_stands_there_is_not_said_twice(version: Version) -> None:
    chunks = [int(chunk) for chunk in version.layout.first_chunk[:2]]
    texts = version.chunk_texts(np.array(chunks))
    headed = with_heads(version, chunks, texts)
    assert headed[0] == f"The Mill\n{texts[0]}"
    assert headed[1] == texts[1]


def test_what_is_read_is_the_head_then_the_passage_cut(version: Version) -> None:
    chunks = np.array([[version.layout.first_chunk[0] + 1, -1]])
    tokenizer = version.tokenizer
    ids, mask = read_with_heads(version, chunks, tokenizer, num_tokens=2 * M)
    stored, _ = version.retrieved_tokens(chunks)
    assert ids.shape == (1, 2, 2 * M)
    assert mask[0].sum(axis=1).tolist() == [2 * M, 0]
    text = tokenizer.decode([ids[0, 0].tolist()])[0]
    assert text.startswith("The Mill\n")
    plain = tokenizer.decode([stored[0, 0].tolist()])[0].strip()
    assert plain.startswith(text.removeprefix("The Mill\n").strip())
    bare, _ = read_with_heads(version, chunks, tokenizer, num_tokens=2 * M, heads=False)
    assert tokenizer.decode([bare[0, 0].tolist()])[0].strip() == plain


@pytest.mark.parametrize("in_prompt", [False, True])
def test_a_question_reads_heads_where_it_is_asked_to(
    trained: RetroForCausalLM, version: Version, monkeypatch: pytest.MonkeyPatch, in_prompt: bool
) -> None:
    read: list[Any] = []
    forward = RetroForCausalLM.forward

    def seen(self: Any, input_ids: Any, neighbor_ids: Any = None, *args: Any, **options: Any) -> Any:
        rows = [input_ids] if in_prompt else [] if neighbor_ids is None else [neighbor_ids]
        read.extend(version.tokenizer.decode([row.flatten().tolist() for row in rows]))
        return forward(self, input_ids, neighbor_ids, *args, **options)

    monkeypatch.setattr(RetroForCausalLM, "forward", seen)
    options: dict[str, Any] = {"chat": ChatFormat.of(version.tokenizer), "max_new_tokens": 2, "k": 2}
    ask(trained, version, "kelimo", in_prompt=in_prompt, **options)
    assert not any("The Mill" in text for text in read)
    ask(trained, version, "kelimo", in_prompt=in_prompt, bring_head=True, by="document", **options)
    assert any("The Mill" in text for text in read)
