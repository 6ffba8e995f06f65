"""A book of made-up facts, and questions about them."""

from collections.abc import Callable

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from openbook.database import Database
from openbook.evaluate.answering.questions import Question
from openbook.model.retrofitting import RetrofitForCausalLM, retrofit
from openbook.text import Document, train_tokenizer
from openbook.text.chat_format import ChatFormat

NAMES = ["Orl", "Vane", "Tesk", "Miro", "Pell", "Quor"]
TOWNS = ["Abelin", "Dorwick", "Semmer", "Tarnow", "Ulvet", "Wexel"]

MakeReader = Callable[..., RetrofitForCausalLM]


@pytest.fixture(scope="session")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A document for each name: where its owner lives, then much that is in no question."""
    texts = [
        f"{name} lives in {town}. " + f"The garden of {name} has many trees and a gate of iron. " * 6
        for name, town in zip(NAMES, TOWNS, strict=True)
    ]
    tokenizer = train_tokenizer(texts, vocab_size=400)
    folder = tmp_path_factory.mktemp("facts") / "db"
    database = Database.create(folder, tokenizer=tokenizer, embedder=None, chunk_size=16, holdout=0)
    documents = zip(NAMES, texts, strict=True)
    database.add([Document(id=f"doc/{name}", title=name, source="", text=text) for name, text in documents])
    return database


@pytest.fixture(scope="session")
def questions() -> list[Question]:
    """One for each document."""
    return [
        Question(f"Where does {name} live?", (town,), f"doc/{name}", swaps=(other,))
        for name, town, other in zip(NAMES, TOWNS, TOWNS[1:] + TOWNS[:1], strict=True)
    ]


@pytest.fixture(scope="session")
def chat(facts: Database) -> ChatFormat:
    """Without a template."""
    return ChatFormat.of(facts.tokenizer)


@pytest.fixture(scope="session")
def make_reader(facts: Database, chat: ChatFormat) -> MakeReader:
    """A tiny Llama with random weights that reads its neighbors itself."""

    def make(**options: object) -> RetrofitForCausalLM:
        torch.manual_seed(0)
        sizes = {"vocab_size": facts.tokenizer.vocab_size, "hidden_size": 32, "intermediate_size": 48}
        heads = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
        base = LlamaForCausalLM(LlamaConfig(**sizes, **heads, max_position_embeddings=256)).eval()
        options = {"chunk_size": 16, "num_neighbors": 2, "prefix_ids": chat.prefix_ids} | options
        return retrofit(base, **options).eval()  # type: ignore[arg-type]

    return make
