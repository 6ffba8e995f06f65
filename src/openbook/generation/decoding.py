"""The decoding loop: token after token with a cache, new neighbors at each chunk border.

Tokens in, tokens out; what retrieves and how is the caller's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from openbook.generation.sampling import Sampling
from openbook.model import EncodedNeighbors, RetroCache, RetroForCausalLM
from openbook.model.positions import position_ids

FetchNeighbors = Callable[[list[list[int]]], tuple[Tensor, Tensor]]
"""Takes the tokens of chunks, without padding; gives their neighbors' ids and mask [C, K, R]."""


@dataclass(frozen=True, slots=True)
class DecodedToken:
    """A token that was written, and what was looked at when it was predicted."""

    id: int
    chunk: int
    """Counts what was retrieved: 0 for the prompt's last chunk, 1 for the first written chunk."""
    shares: list[float]
    """Share of the attention that each neighbor got; empty without retrieval."""


@dataclass(frozen=True, slots=True)
class DecodingSettings:
    """Where decoding ends and how tokens are drawn."""

    max_new_tokens: int
    sampling: Sampling
    eos_id: int
    seed: int | None = None


def decode(
    model: RetroForCausalLM,
    prompt: list[int],
    settings: DecodingSettings,
    fetch: FetchNeighbors | None,
    encoded_neighbors: EncodedNeighbors | None = None,
    is_done: Callable[[list[DecodedToken]], bool] | None = None,
) -> list[DecodedToken]:
    """Continue a prompt.

    The prompt is padded on the left to whole chunks, so that its last token ends one and the first written
    token already profits from neighbors (RETRO++, arXiv 2304.06762).

    Args:
        model: in evaluation mode.
        prompt: at least one token.
        settings: see there.
        fetch: gives neighbors; None: without retrieval.
        encoded_neighbors: to take them from, where the encoder is unconditioned.
        is_done: asked after each token, with all that are written; None: never.

    Returns:
        The written tokens, without an end-of-text token.
    """
    M = model.config.chunk_size
    generator = torch.Generator().manual_seed(settings.seed if settings.seed is not None else _any_seed())
    padding = -len(prompt) % M
    tokens = [settings.eos_id] * padding + prompt
    exists = [0] * padding + [1] * len(prompt)
    new = tokens
    waiting = [prompt[: M - padding], *(prompt[i : i + M] for i in range(M - padding, len(prompt), M))]
    cache = RetroCache()
    cache.encoded_neighbors = encoded_neighbors
    written: list[DecodedToken] = []
    with torch.inference_mode():
        while len(written) < settings.max_new_tokens:
            neighbors = _neighbors(fetch, waiting, model.device)
            attention_mask = torch.tensor([exists], device=model.device) if padding else None
            out = model(
                torch.tensor([new], device=model.device),
                *neighbors,
                attention_mask=attention_mask,
                position_ids=None if attention_mask is None else position_ids(attention_mask)[:, -len(new) :],
                past_key_values=cache,
                use_cache=True,
                output_shares=fetch is not None,
            )
            assert out.logits is not None
            token = settings.sampling.draw(out.logits[0, -1], generator)
            if token == settings.eos_id:
                break
            shares = [] if out.neighbor_shares is None else out.neighbor_shares[0, -1].tolist()
            written.append(DecodedToken(token, len(written) // M, shares))
            if is_done is not None and is_done(written):
                break
            new = [token]
            exists.append(1)
            complete = len(written) % M == 0
            waiting = [[step.id for step in written[-M:]]] if complete else []
    return written


def _neighbors(
    fetch: FetchNeighbors | None, chunks: list[list[int]], device: torch.device
) -> tuple[Tensor, Tensor] | tuple[None, None]:
    if fetch is None or not chunks:
        return None, None
    ids, mask = fetch(chunks)
    return ids[None].to(device), mask[None].to(device)


def _any_seed() -> int:
    return int(torch.seed() % 2**63)
