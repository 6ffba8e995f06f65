"""What people give in place of a model, a database, a tokenizer or a recipe, wherever these are taken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from foreign_tokenizers import make_fast
from model.retrofitting.tiny import tiny_base
from openbook import Database, retrofit
from openbook.database import (
    NeighborTable,
    SequenceDataset,
    build_neighbors,
    nearest_neighbors,
    retokenize,
    verify,
)
from openbook.evaluate import Evaluator, evaluate_retrieval
from openbook.model import RetroForCausalLM
from openbook.text import ChatFormat
from openbook.train import load_recipe, train

READS: dict[str, Callable[[Any], object]] = {
    "build_neighbors": build_neighbors,
    "NeighborTable.load": NeighborTable.load,
    "SequenceDataset": lambda database: SequenceDataset(database, "train", 128),
    "evaluate_retrieval": evaluate_retrieval,
    "retokenize": lambda database: retokenize(database, "another", tokenizer="gpt2"),
    "train": lambda database: train(load_recipe("tiny"), database, "model"),
}


@pytest.mark.parametrize("name", READS)
def test_a_path_is_no_database(name: str) -> None:
    with pytest.raises(TypeError, match=r"database: the str 'db' .*; give (openbook\.)?Database\.open\("):
        READS[name]("db")


def test_a_database_is_opened_not_made_of_a_path() -> None:
    with pytest.raises(TypeError, match=r"the str 'db' .*; call Database\.open\("):
        Database("db")  # type: ignore[arg-type]


def test_what_is_opened_is_a_path() -> None:
    with pytest.raises(TypeError, match="path: the NoneType None where a path is expected; give the folder"):
        Database.open(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("k", "said"), [(1.5, "float 1.5"), ("3", "str '3'"), (True, "bool True")])
def test_k_is_a_whole_number(book: Database, k: Any, said: str) -> None:
    for search in (
        lambda: book.search("river", k=k),
        lambda: book.search_chunks(book.text_queries(["river"]), k=k),
        lambda: build_neighbors(book, k=k),
        lambda: nearest_neighbors(book.opened, np.zeros(1, dtype=np.int64), k=k),
    ):
        with pytest.raises(TypeError, match=f"k: the {said} where an int is expected; give a whole number"):
            search()
    assert book.search("river", k=np.int64(1)) == book.search("river", k=1)  # type: ignore[arg-type]


def test_a_folder_to_verify_may_be_a_str(book: Database) -> None:
    assert verify(str(book.path)).ok


def test_an_evaluator_wants_a_model_that_reads(trained: RetroForCausalLM, book: Database) -> None:
    with pytest.raises(TypeError, match=r"openbook\.retrofit\(model\)"):
        Evaluator(tiny_base("llama"), book, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="corpus: the str 'db'"):
        Evaluator(trained, book, None, corpus="db")  # type: ignore[arg-type]


def test_the_name_of_a_base_is_no_base(book: Database) -> None:
    with pytest.raises(TypeError, match=r"base: the str 'gpt2' .*; give AutoModelForCausalLM"):
        retrofit("gpt2")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"base: the str 'gpt2' .*; give .*load_base\("):
        train(load_recipe("continue"), book, "model", base="gpt2")  # type: ignore[arg-type]


def test_the_name_of_a_recipe_is_no_recipe(book: Database) -> None:
    with pytest.raises(TypeError, match=r"recipe: the str 'tiny' .*; give openbook\.train\.load_recipe\("):
        train("tiny", book, "model")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"overrides: the str 'train.max_steps=1' where a list of str"):
        load_recipe("tiny", "train.max_steps=1")


def test_a_tokenizer_is_ours_or_a_name(tmp_path: Path) -> None:
    theirs: Any = PreTrainedTokenizerFast(tokenizer_object=make_fast("gpt2"), eos_token="<|endoftext|>")
    with pytest.raises(TypeError, match=r"tokenizer: the .* where a name or path .*load_tokenizer\("):
        Database.create(tmp_path / "db", tokenizer=theirs, embedder=None)
    with pytest.raises(TypeError, match=r"tokenizer: the str 'gpt2' .*load_tokenizer\("):
        ChatFormat.of("gpt2")
