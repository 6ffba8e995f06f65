"""The decoding loop: token after token with a cache, new neighbors at each chunk border.

Tokens in, tokens out; what retrieves and how is the caller's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from openbook.generation.copied_spans import CopiedToken, copied_token
from openbook.generation.sampling import Sampling
from openbook.model import EncodedNeighbors, RetroCache, RetroForCausalLM
from openbook.model.positions import position_ids

FetchNeighbors = Callable[[list[list[int]]], tuple[Tensor, Tensor]]
"""Takes the tokens of chunks, without padding; gives their neighbors' ids and mask [C, K, R]."""


@dataclass(frozen=True, slots=True)
class DecodedToken:
    """A token that was written, and the neighbors that its prediction attended to."""

    id: int
    chunk: int
    """Counts what was retrieved: 0 for the prompt's last chunk, 1 for the first written chunk."""
    shares: list[float]
    """Share of the attention that each neighbor got; empty without retrieval."""
    copied: CopiedToken | None = None
    """What a copy head would have it from."""


@dataclass(frozen=True, slots=True)
class DecodingSettings:
    """Where decoding ends, and how tokens are drawn."""

    max_new_tokens: int
    sampling: Sampling
    eos_id: int
    seed: int | None = None
    end_ids: frozenset[int] = frozenset()
    """Other tokens that end the text, as `eos_id` does."""


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
    token already profits from neighbors (RETRO++, arXiv 2304.06762). With M = 4, a prompt of 6 tokens p and
    written tokens w:

        . . p p | p p p p | w w w w | w w
                |         |         |
                |         |         the first written chunk is complete: its neighbors are fetched
                both chunks of the prompt are looked up before the first token is written

    Args:
        model: in evaluation mode.
        prompt: at least one token.
        settings: see there.
        fetch: gives neighbors; None: without retrieval.
        encoded_neighbors: to take them from, where the encoder is unconditioned.
        is_done: called after each token with all that are written; True ends the text; None: it never does.

    Returns:
        The written tokens, without the one that ends the text.
    """
    M = model.config.chunk_size
    seed = _any_seed() if settings.seed is None else settings.seed
    generator = torch.Generator().manual_seed(seed)
    padding = -len(prompt) % M
    exists = [0] * padding + [1] * len(prompt)
    cache = RetroCache()
    cache.encoded_neighbors = encoded_neighbors
    new = [settings.eos_id] * padding + prompt
    complete = [prompt[: M - padding], *(prompt[i : i + M] for i in range(M - padding, len(prompt), M))]
    written: list[DecodedToken] = []
    reads_itself = getattr(model.config, "reader", None) == "own"
    with torch.inference_mode():
        while len(written) < settings.max_new_tokens:
            # A base that reads its neighbors itself has all of a prompt read those of its last chunk.
            is_prompt = reads_itself and fetch is not None and not written
            out = model(
                torch.tensor([new], device=model.device),
                *_neighbors(fetch, complete[-1:] if is_prompt else complete, model.device),
                **_padding_arguments(exists, len(new), model.device) if padding else {},
                past_key_values=cache,
                use_cache=True,
                output_shares=fetch is not None,
                output_copied=fetch is not None,
                is_prompt=is_prompt,
            )
            assert out.logits is not None
            token = settings.sampling.draw(out.logits[0, -1], generator)
            if token == settings.eos_id or token in settings.end_ids:
                break
            shares = [] if out.neighbor_shares is None else out.neighbor_shares[0, -1].tolist()
            source = copied_token(out.copied, out.logits[0, -1], token, retrieved_length=2 * M)
            written.append(DecodedToken(token, len(written) // M, shares, source))
            if is_done is not None and is_done(written):
                break
            new = [token]
            exists.append(1)
            # At a chunk border the chunk that was just written is complete: the next pass looks it up.
            at_border = len(written) % M == 0
            complete = [[step.id for step in written[-M:]]] if at_border else []
    return written


def _neighbors(
    fetch: FetchNeighbors | None, chunks: list[list[int]], device: torch.device
) -> tuple[Tensor, Tensor] | tuple[None, None]:
    """Ids and mask [1, C, K, R] of the chunks that a pass completes; none where it completes none."""
    if fetch is None or not chunks:
        return None, None
    ids, mask = fetch(chunks)
    return ids[None].to(device), mask[None].to(device)


def _padding_arguments(exists: list[int], count: int, device: torch.device) -> dict[str, Tensor]:
    """Arguments of a pass over the last `count` tokens that say where padding stands on the left."""
    mask = torch.tensor([exists], device=device)
    return {"attention_mask": mask, "position_ids": position_ids(mask)[:, -count:]}


def _any_seed() -> int:
    return int(torch.seed() % 2**63)
