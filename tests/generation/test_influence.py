"""Influence: what a span's log-probability falls by where a neighbor is not read, as slow passes say."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from model.tiny import M, R, V, enlarge, tiny_model
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.generation import Sampling, ask, generate
from openbook.generation.batch_row import BatchRow, DecodingSettings
from openbook.generation.influence import _masked_one_by_one, influences
from openbook.generation.running_batch import RunningBatch, decode
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import retrofit

GREEDY = Sampling(temperature=0)
COUNT = 2 * M + 2
PROMPT = [1, 2, 3, 4, 5, 6]


@dataclass
class Source:
    """Random neighbors; `blind` cannot be seen, and `masked`, the look-up and the neighbor, is not read."""

    blind: int | None = None
    masked: tuple[int, int] | None = None
    calls: int = 0

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(self.calls)
        ids = torch.randint(V, (len(chunks), 2, R), generator=generator)
        mask = torch.ones_like(ids, dtype=torch.bool)
        if self.blind is not None:
            mask[:, self.blind] = False
        if self.masked is not None and self.masked[0] == self.calls:
            mask[-1, self.masked[1]] = False
        self.calls += 1
        return ids, mask


def own_reader() -> RetroForCausalLM:
    torch.manual_seed(0)
    sizes = {"vocab_size": V, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3}
    base = LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=4, num_key_value_heads=2)).double()
    made = retrofit(enlarge(base).eval(), chunk_size=M, copy_head=True, prefix_ids=[7, 9]).double()
    for part in (made.model.decoder.new_parts, made.copy_head):
        enlarge(part)
    return made.eval()


MODELS = {
    "native": tiny_model,
    "native, copy head": lambda: tiny_model(copy_head=True),
    "own reader": own_reader,
}


def written_by(model: RetroForCausalLM, source: Source, **options: Any) -> BatchRow:
    row = BatchRow(PROMPT, DecodingSettings(COUNT, GREEDY, 0, 0, min_new_tokens=COUNT, **options), source)
    batch = RunningBatch(model)
    batch.step([row])
    while batch.rows:
        batch.step()
    assert row.error is None
    return row


def forced(model: RetroForCausalLM, row: BatchRow, source: Source, upto: int) -> list[float]:
    """The log-probabilities of the same tokens, one token at a time, whatever the model would write."""
    tokens = [token.id for token in row.written[:upto]]
    logprobs: list[float] = []

    class Forced(Sampling):
        def draw(self, logits: Tensor, generator: torch.Generator) -> int:
            token = tokens[len(logprobs)]
            logprobs.append(float(logits.log_softmax(-1)[token]))
            return token

    settings = DecodingSettings(upto, Forced(temperature=0), 0, 0, stride=row.settings.stride)
    with torch.inference_mode():
        assert len(decode(model, PROMPT, settings, source)) == upto
    return logprobs


@pytest.mark.parametrize("stride", [None, 3])
@pytest.mark.parametrize("name", MODELS)
def test_equal_to_writing_the_same_without_the_neighbor(name: str, stride: int | None) -> None:
    model = MODELS[name]()
    row = written_by(model, Source(), stride=stride)
    found = influences(model, row)
    numbers = [token.chunk for token in row.written]
    assert len(found) == numbers[-1] + 1
    for number, of_span in enumerate(found):
        places = [place for place, which in enumerate(numbers) if which == number]
        upto = places[-1] + 1
        whole = forced(model, row, Source(), upto)
        for neighbor, influence in enumerate(of_span):
            without = forced(model, row, Source(masked=(number, neighbor)), upto)
            fall = sum(whole[place] - without[place] for place in places)
            assert influence == pytest.approx(fall, abs=1e-5)
    assert max(abs(value) for of_span in found for value in of_span) > 1e-2


def test_equal_to_two_passes_over_the_whole_text() -> None:
    model = tiny_model()
    row = written_by(model, Source())
    found = influences(model, row)
    padding = -len(PROMPT) % M
    text = torch.tensor([[0] * padding + PROMPT + [token.id for token in row.written]])
    exists = torch.ones_like(text)
    exists[:, :padding] = 0
    ids, mask = (torch.cat([read[i] for read in row.reads])[None] for i in range(2))
    prompt_chunks = (len(PROMPT) + padding) // M

    def log_probs(neighbor_mask: Tensor) -> Tensor:
        with torch.no_grad():
            logits = model(text, ids, neighbor_mask, attention_mask=exists).logits
        return logits[0, :-1].log_softmax(-1).gather(-1, text[0, 1:, None])[:, 0]

    for number, of_span in enumerate(found):
        begin = prompt_chunks * M + number * M - 1
        for neighbor, influence in enumerate(of_span):
            masked = mask.clone()
            masked[:, prompt_chunks - 1 + number, neighbor] = False
            fall = (log_probs(mask) - log_probs(masked))[begin : begin + M].sum()
            assert influence == pytest.approx(float(fall), abs=1e-5)


def test_what_all_chunks_of_a_question_read_is_masked_in_all() -> None:
    ids = torch.tensor([[[1, 2], [3, 4]], [[1, 2], [9, 9]], [[1, 2], [3, 4]]])
    rows = _masked_one_by_one(ids, torch.ones_like(ids, dtype=torch.bool)).any(-1)
    assert rows.tolist() == [
        [[True, True]] * 3,
        [[False, True]] * 3,
        [[True, False], [True, True], [True, False]],
    ]


@pytest.mark.parametrize("name", MODELS)
def test_what_cannot_be_seen_has_no_influence(name: str) -> None:
    model = MODELS[name]()
    found = influences(model, written_by(model, Source(blind=1)))
    assert [of_span[1] for of_span in found] == [0.0] * len(found)
    assert all(of_span[0] != 0 for of_span in found)


def test_citations_have_it_where_it_was_asked_for(trained: RetroForCausalLM, book: Database) -> None:
    options: dict[str, Any] = {"max_new_tokens": 20, "k": 2, "sampling": GREEDY}
    plain = generate(trained, book, "Number 3. ba", **options)
    asked = generate(trained, book, "Number 3. ba", influence=True, **options)
    assert (asked.text, len(asked.citations)) == (plain.text, len(plain.citations))
    for before, after in zip(plain.citations, asked.citations, strict=True):
        assert [n.chunk_id for n in before.neighbors] == [n.chunk_id for n in after.neighbors]
        assert all(neighbor.influence is None for neighbor in before.neighbors)
        assert all(isinstance(neighbor.influence, float) for neighbor in after.neighbors)
    answer = ask(trained, book, "Number 3", influence=True, **options)
    assert all(isinstance(n.influence, float) for span in answer.citations for n in span.neighbors)


def test_nothing_has_influence_where_nothing_is_looked_up(trained: RetroForCausalLM, book: Database) -> None:
    with pytest.raises(SettingsError, match="influence"):
        generate(trained, book, "Number 3", retrieval=False, influence=True)
    with pytest.raises(SettingsError, match="influence"):
        ask(trained, book, "Number 3", in_prompt=True, influence=True)
