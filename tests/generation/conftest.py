"""What the tests of writing share: a sharp model, what was searched, prompts, small databases."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from openbook.database import Database, Version
from openbook.errors import DatabaseError
from openbook.generation import Sampling
from openbook.generation.engine import Engine
from openbook.generation.text_request import Lookup, TextRequest
from openbook.model import RetroForCausalLM
from openbook.text import Document

M = 16


@pytest.fixture
def sharp(trained: RetroForCausalLM) -> RetroForCausalLM:
    """A model of random large weights in float64: what it writes changes with whatever it reads."""
    generator = torch.Generator().manual_seed(0)
    model = trained.double()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1 and "embed" not in name:
                noise = torch.randn(weight.shape, generator=generator, dtype=torch.float64)
                weight.copy_(1.5 * noise * weight.shape[1] ** -0.5)
            elif "embed" in name:
                weight.copy_(torch.randn(weight.shape, generator=generator, dtype=torch.float64))
    return model


@dataclass
class Spy:
    """What was searched for and found."""

    queries: list[list[str]] = field(default_factory=list)
    found: list[list[set[int]]] = field(default_factory=list)


@pytest.fixture
def spy(book: Database, monkeypatch: pytest.MonkeyPatch) -> Spy:
    seen = Spy()

    def noting(search: Callable[..., Any]) -> Callable[..., Any]:
        def noted(self: Version, queries: Any, **options: Any) -> Any:
            ids, scores = search(self, queries, **options)
            seen.queries.append(list(queries.texts()))
            seen.found.append([set(row[row >= 0].tolist()) for row in ids])
            return ids, scores

        return noted

    for name in ("search_chunks", "search_units"):
        monkeypatch.setattr(Version, name, noting(getattr(Version, name)))
    return seen


@pytest.fixture
def prompt_of(book: Database) -> Callable[[int], str]:
    """Prompts of so many tokens, out of the book."""

    def make(tokens: int) -> str:
        text = " ".join(book.chunk_texts(np.arange(10)))
        ids = book.tokenizer.encode([text])[0][:tokens]
        prompt = book.tokenizer.decode([ids])[0]
        assert len(book.tokenizer.encode([prompt])[0]) == tokens
        return prompt

    return make


@pytest.fixture
def small(book: Database, tmp_path: Path) -> Callable[..., Database]:
    """A database with these texts."""

    def make(*texts: str) -> Database:
        database = Database.create(tmp_path / "small", tokenizer=book.tokenizer, embedder=None, chunk_size=M)
        if texts:
            database.add(Document(id=f"{number}", text=text) for number, text in enumerate(texts))
        return database

    return make


@pytest.fixture(scope="session")
def plain_engine(trained_folder: Path, book: Database) -> Callable[[], Engine]:
    """Make engines of one model; whoever makes one closes it before the next."""
    model = RetroForCausalLM.from_pretrained(trained_folder).eval()
    return lambda: Engine(model, book.tokenizer, max_batch=2, max_waiting=4)


@pytest.fixture(scope="session")
def ask_plain(book: Database, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TextRequest]:
    """Requests for so many tokens, that look things up or not, or look them up in a book that is gone."""
    lost = Database.open(shutil.copytree(book.path, tmp_path_factory.mktemp("lost") / "db")).opened

    def search_chunks(*arguments: Any, **options: Any) -> Any:
        raise DatabaseError("the book is gone")

    object.__setattr__(lost, "search_chunks", search_chunks)

    def make(count: int, retrieval: bool, *, stop: tuple[str, ...], fails: bool) -> TextRequest:
        lookup = Lookup(book=lost if fails else book.opened) if retrieval or fails else None
        return TextRequest(
            prompt_ids=tuple(book.tokenizer.encode(["Number 4. ba ke"])[0]),
            sampling=Sampling(),
            max_new_tokens=count,
            lookup=lookup,
            stop=stop,
        )

    return make
