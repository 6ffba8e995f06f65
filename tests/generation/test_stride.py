"""Looking up every few tokens: what is written follows from the formulas over the whole text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor

from model.tiny import M, R, V, tiny_model
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.generation import Sampling, generate
from openbook.generation.batch_row import DecodingSettings
from openbook.generation.running_batch import decode
from openbook.model import RetroForCausalLM
from reference.retro_reference import retro_reference

GREEDY = Sampling(temperature=0)


@dataclass
class Source:
    """Random neighbors; what was looked up."""

    queries: list[list[list[int]]] = field(default_factory=list)
    found: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(self.queries))
        self.queries.append(chunks)
        ids = torch.randint(V, (len(chunks), 2, R), generator=generator)
        self.found.append((ids, torch.rand(len(chunks), 2, 1, generator=generator).expand(-1, -1, R) > 0.2))
        return self.found[-1]


OPTIONS: dict[str, dict[str, Any]] = {
    "conditioned": {},
    "unconditioned, copy head": {"encoder_conditioned": False, "copy_head": True},
    "relative positions": {"positions": "relative"},
}


@pytest.mark.parametrize("length", [3, 4, 7])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_what_is_written_is_the_likeliest_by_the_formulas(
    options: dict[str, Any], stride: int, length: int
) -> None:
    model, source = tiny_model(**options), Source()
    prompt = list(range(1, length + 1))
    settings = DecodingSettings(2 * M + 1, GREEDY, eos_id=0, seed=0, min_new_tokens=2 * M + 1, stride=stride)
    written = decode(model, prompt, settings, source)
    ids = [token.id for token in written]
    padding = -length % M
    text = [0] * padding + prompt + ids
    whole = length + padding
    later = [end for end in range(whole + 1, len(text)) if (end % M) % stride == 0]
    ends = [*range(M, whole + 1, M), *later]
    # What was looked up are the last M tokens, of a short prompt those that there are.
    assert [chunks[-1] for chunks in source.queries] == [
        text[max(end - M, padding) : end] for end in [whole, *later]
    ]
    neighbors, mask = (torch.cat([pair[i] for pair in source.found])[None] for i in range(2))
    exists = torch.ones(1, len(text), dtype=torch.long)
    exists[:, :padding] = 0
    weights = model.state_dict()
    reference = retro_reference(
        model.config, weights, torch.tensor([text]), neighbors, mask, exists, ends=ends
    )
    # The end of text may not be written.
    assert (reference.logits[0, whole - 1 : -1, 1:].argmax(-1) + 1).tolist() == ids
    for number, token in enumerate(written):
        shares = reference.shares[0, whole - 1 + number].tolist()
        assert token.shares == pytest.approx(shares, abs=1e-5)
        assert token.chunk == sum(end <= whole + number for end in later)


@pytest.mark.parametrize("stride", [3, 5, 16])
def test_citations_are_of_what_each_look_up_found(
    trained: RetroForCausalLM, book: Database, spy: Any, stride: int, prompt_of: Callable[[int], str]
) -> None:
    count, chunk = 36, trained.config.chunk_size
    prompt = prompt_of(20)
    result = generate(trained, book, prompt, max_new_tokens=count, k=2, stride=stride, sampling=GREEDY)
    places = [place for place in range(count) if (place % chunk) % stride == 0]
    assert len(spy.queries) == len(places)
    assert result.tokens == count
    found = [chunks[-1] for chunks in spy.found if chunks[-1]]
    assert found
    for citation, chunks in zip(result.citations, found, strict=True):
        assert {neighbor.chunk_id for neighbor in citation.neighbors} == chunks


def test_a_chunk_is_the_default(trained: RetroForCausalLM, book: Database) -> None:
    options: dict[str, Any] = {"max_new_tokens": 40, "sampling": GREEDY}
    plain = generate(trained, book, "Number 3. ba", **options)
    assert generate(trained, book, "Number 3. ba", stride=trained.config.chunk_size, **options) == plain


@pytest.mark.parametrize("stride", [0, -1, 17])
def test_a_stride_that_no_chunk_has(trained: RetroForCausalLM, book: Database, stride: int) -> None:
    with pytest.raises(SettingsError, match=f"stride {stride}: must be from 1 to 16"):
        generate(trained, book, "Number 3. ba", stride=stride)


def test_a_prompt_shorter_than_a_chunk_is_looked_up(
    trained: RetroForCausalLM, book: Database, spy: Any
) -> None:
    result = generate(trained, book, "Number 3", max_new_tokens=2, k=2, sampling=GREEDY)
    assert spy.queries == [["Number 3"]]
    assert result.citations[0].neighbors
    assert sum(neighbor.attention or 0 for neighbor in result.citations[0].neighbors) == pytest.approx(1)
