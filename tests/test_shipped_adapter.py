"""The reader that comes with openbook: what its files say, and what it answers on its base."""

import json
from pathlib import Path

import pytest
import torch

from openbook.evaluate.answering.answerer import Answerer, NeighborTokens
from openbook.model.retrofitting import RetrofitForCausalLM, load_base
from openbook.pretrained import ADAPTERS, SMOLLM2, shipped_adapter
from openbook.text import load_tokenizer
from openbook.text.chat_format import REFUSAL, ChatFormat

NAMES = ("Edda Tollan", "Mirek Hald", "Ada Rowe", "Siim Muldor", "Odo Fenwick", "Nessa Quillfeather")


def folder() -> Path:
    found = shipped_adapter(SMOLLM2)
    assert found is not None
    return found


def test_it_is_small_and_says_what_it_is() -> None:
    assert set(ADAPTERS) == {SMOLLM2}
    assert sum(path.stat().st_size for path in folder().iterdir()) < 3_000_000
    config = json.loads((folder() / "config.json").read_text("utf-8"))
    assert (config["base_name"], config["reader"], config["num_neighbors"]) == (SMOLLM2, "own", 4)
    card = (folder() / "README.md").read_text("utf-8")
    for said in ("1,318,739", "DynamicQA", "CC BY-SA", "benchmarks/shipped_reader.py"):
        assert said in card


@pytest.mark.usefixtures("base_at_hand")
def test_answers_follow_the_passages_and_off_is_the_base() -> None:
    base = load_base(SMOLLM2, dtype="float32")
    ids = torch.tensor([[1, 4093, 198, 1780, 314]])
    with torch.no_grad():
        before = base(ids).logits
    model = RetrofitForCausalLM.from_pretrained(folder(), base=base)
    assert sum(weight.numel() for weight in model.stored_weights().values()) == 1_318_739
    chat = ChatFormat.of(load_tokenizer(SMOLLM2))
    assert model.config.prefix_ids == chat.prefix_ids
    assert model.config.tokenizer_fingerprint == chat.tokenizer.fingerprint
    others = [
        "The mill grinds barley on Tuesdays and rye on Fridays.",
        "The chapel has a bell that the sexton rings at noon.",
        "The inn of Dunmere has four rooms and a stable for horses.",
    ]
    told = "The Harrow Gate was built in 1873 by the blacksmith {}. It is three metres tall."
    passages = [[told.format(name), *others] for name in NAMES] + [others]
    rows = [chat.tokenizer.encode(texts) for texts in passages]
    read = NeighborTokens.of(rows, length=2 * model.config.chunk_size)
    questions = ["Who built the Harrow Gate?"] * len(rows)
    answers = [answer.text for answer in Answerer(model, chat, max_new_tokens=12).answer(questions, read)]
    right = [name for name, answer in zip(NAMES, answers[:-1], strict=True) if name in answer]
    assert len(right) >= len(NAMES) - 1, answers  # a name of rare syllables may be misspelled
    assert answers[-1] == REFUSAL
    model.config.prefix_ids = []
    with torch.no_grad():
        assert torch.equal(base(ids).logits, before)
