"""Scoring a prompt as it stands: the log-probability of each of its tokens after those before it.

Where a context ends and an answer begins is not known here, so chunk borders follow from the beginning alone:
the first token ends a chunk, and the text goes on from there. With M = 4, and . for padding:

    . . . t | t t t t | t t t t | t t
            ^ predicted from here; each complete chunk is looked up for the next

That is how `openbook eval harness` scores whole texts (loglikelihood_rolling), and with
`AnswerOptions(borders="text")` contexts with their answers, too.

A prompt is read in parts of whole chunks, with a cache: texts that are being written go on after each, and
no more than a part's logits are in memory.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from openbook.evaluate.harness.alignment import ChunkAlignment, Row
from openbook.evaluate.harness.neighbor_cache import NeighborCache
from openbook.generation.lookup_fetcher import make_fetcher
from openbook.generation.text_request import Lookup, TokenLogprob, WrittenToken
from openbook.model import RetroCache, RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.model.positions import position_ids
from openbook.text import Tokenizer

_AT_ONCE = 256
"""Tokens that are read, and whose log-probabilities are computed, at a time: each has one of every token."""


@dataclass(frozen=True, slots=True)
class PromptScores:
    """What the model thinks of a prompt."""

    tokens: list[WrittenToken]
    """The first has no log-probability."""
    end: WrittenToken
    """The end of text, if it stood after the prompt."""


def score_prompt(
    model: RetroForCausalLM,
    ids: Sequence[int],
    lookup: Lookup | None,
    *,
    tokenizer: Tokenizer,
    num_likeliest: int,
) -> Generator[None, None, PromptScores]:
    """Score each token of a prompt, in parts; see `Engine.run_in_parts`.

    Args:
        model: on the thread that may use it.
        ids: at least one token.
        lookup: what the prompt's chunks are looked up in; None: without retrieval.
        tokenizer: the model's.
        num_likeliest: so many of the likeliest tokens are told at each place.

    Returns:
        The scores; it yields after each part.

    Raises:
        SettingsError, MismatchError, DatabaseError: the prompt cannot be looked up.
    """
    neighbors = None
    if lookup is not None:
        neighbors = NeighborCache(make_fetcher(model, tokenizer, lookup))
    eos_id = tokenizer.eos_id
    alignment = ChunkAlignment(model.config.chunk_size, model.config.max_position_embeddings, eos_id)
    scored = [WrittenToken(ids[0], None)]
    for row in alignment.rows(list(ids[:1]), [*ids[1:], eos_id]):
        for told in _scored(model, row, neighbors, num_likeliest):
            scored += told
            yield
    return PromptScores(scored[:-1], scored[-1])


def _scored(
    model: RetroForCausalLM, row: Row, neighbors: NeighborCache | None, num_likeliest: int
) -> Iterator[list[WrittenToken]]:
    """The tokens that a row predicts, part by part."""
    M, length = model.config.chunk_size, len(row.tokens)
    part = max(M, _AT_ONCE // M * M)
    if model.longest_alike is not None and length > model.longest_alike:
        part = length  # a longer text turns all its keys by other angles, those read before too
    queries = [] if neighbors is None else row.queries(M)
    cache = RetroCache()
    for begin in range(0, length, part):
        chunks = queries[begin // M : (begin + part) // M]
        found = neighbors.fetch(chunks) if neighbors is not None and chunks else None
        logits = _read_on(model, row, cache, found, begin=begin, end=min(begin + part, length))
        wanted = torch.tensor(row.tokens[max(row.first, begin + 1) : begin + part + 1], device=model.device)
        yield _told(logits[: len(wanted)], wanted, num_likeliest)


def _read_on(
    model: RetroForCausalLM,
    row: Row,
    cache: RetroCache,
    found: tuple[Tensor, Tensor] | None,
    *,
    begin: int,
    end: int,
) -> Tensor:
    """Read a part of a row: logits [T, V] of those of its tokens from which others are predicted.

    Args:
        model: that reads.
        row: all of it.
        cache: of the tokens before the part.
        found: neighbors [C, K, R] of the part's chunks, with their mask; None: nothing is looked up.
        begin: of the part.
        end: behind it.
    """
    exists = torch.arange(end, device=model.device)[None] >= row.padding
    read = {} if found is None else {"neighbor_ids": found[0][None], "neighbor_mask": found[1][None]}
    with evaluation_mode(model), torch.inference_mode():
        out = model(
            torch.tensor([row.tokens[begin:end]], device=model.device),
            attention_mask=exists,
            position_ids=position_ids(exists)[:, begin:],
            past_key_values=cache,
            logits_from=min(max(0, row.first - 1 - begin), end - begin),
            **{name: part.to(model.device) for name, part in read.items()},
        )
        assert out.logits is not None
        return out.logits[0]  # type: ignore[no-any-return]


def _told(logits: Tensor, targets: Tensor, num_likeliest: int) -> list[WrittenToken]:
    """Tokens [T] with their log-probabilities and the likeliest ones, from logits [T, V]."""
    told = []
    for start in range(0, len(targets), _AT_ONCE):
        part, wanted = logits[start : start + _AT_ONCE].float(), targets[start : start + _AT_ONCE]
        log_probs = part - part.logsumexp(-1, keepdim=True)
        own = log_probs.gather(-1, wanted[:, None])[:, 0].tolist()
        top = log_probs.topk(min(num_likeliest, log_probs.shape[-1]), dim=-1)
        rows = zip(wanted.tolist(), own, top.indices.tolist(), top.values.tolist(), strict=True)
        for token, logprob, likeliest, values in rows:
            pairs = zip(likeliest, values, strict=True)
            told.append(WrittenToken(token, logprob, tuple(TokenLogprob(*pair) for pair in pairs)))
    return told
