"""From a prompt to a continuation with its sources."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from openbook.database import Database, DocumentFilter, Version
from openbook.errors import SettingsError
from openbook.generation.citations import Citation, cite
from openbook.generation.decoding_loop import DecodingSettings, decode
from openbook.generation.neighbor_fetcher import fetcher_for
from openbook.generation.request import check_request
from openbook.generation.sampling import Sampling
from openbook.generation.text_stream import OnText, TextStream
from openbook.model import EncodedNeighbors, RetroForCausalLM
from openbook.model.batch import evaluation_mode

_SEEDS = 2**32
"""To draw one from: so few that it can be typed again."""


@dataclass(frozen=True, slots=True)
class Generation:
    """What `openbook generate` prints."""

    text: str
    """The continuation, without the prompt."""
    citations: list[Citation]
    """Empty without retrieval."""
    prompt: str
    seed: int = field(compare=False)
    """Of the draws: the one given, or the one that was drawn for want of one; it repeats the text."""
    tokens: int
    """Written, without an end-of-text token."""
    finish_reason: Literal["stop", "length"]
    """stop: an end-of-text token came; length: as many tokens as were asked for are written."""


def generate(
    model: RetroForCausalLM,
    database: Database | Version,
    prompt: str,
    *,
    max_new_tokens: int = 128,
    k: int | None = None,
    mode: str | None = None,
    retrieval: bool = True,
    documents: DocumentFilter | None = None,
    sampling: Sampling | None = None,
    seed: int | None = None,
    encoded_neighbors: EncodedNeighbors | None = None,
    on_text: OnText | None = None,
) -> Generation:
    """Continue a prompt, with new neighbors at each chunk border.

    Args:
        model: trained with the database's tokenizer and chunk length.
        database: to look things up in, all of it in the version that it reads when this begins; without
            retrieval only its tokenizer is used.
        prompt: some text.
        max_new_tokens: the longest continuation; an end-of-text token ends it before.
        k: neighbors of each chunk; None: as in training.
        mode: of search; None: the database's default.
        retrieval: False writes without looking anything up.
        documents: to look things up in; None: all.
        sampling: how tokens are drawn.
        seed: makes the draws repeatable; None: one is drawn, which the result names.
        encoded_neighbors: a store shared by calls, for a model with an unconditioned encoder: what is looked
            up again is not encoded again.
        on_text: told each piece of the text as it comes.

    Raises:
        SettingsError: an empty prompt, or a number out of its range.
        MismatchError: model and database do not belong together.
        DatabaseError: there is nothing to look up, or no document is such.
    """
    check_request(prompt, max_new_tokens=max_new_tokens, k=k)
    database = database.opened
    fetcher = fetcher_for(model, database, k=k, mode=mode, retrieval=retrieval, documents=documents)
    seed = any_seed() if seed is None else seed
    settings = DecodingSettings(max_new_tokens, sampling or Sampling(), database.tokenizer.eos_id, seed)
    tokens_of_prompt = _encode(database, prompt)
    require_room(model, len(tokens_of_prompt), max_new_tokens)
    fetch = None if fetcher is None else fetcher.fetch
    stream = TextStream(database.tokenizer, on_text)
    with evaluation_mode(model):
        tokens = decode(model, tokens_of_prompt, settings, fetch, encoded_neighbors, is_done=stream.add)
    found, retrieved = ([], []) if fetcher is None else (fetcher.hits, fetcher.retrieved)
    text, citations = cite(tokens, found, database.tokenizer, retrieved)
    stream.finish(text)
    return Generation(
        text,
        citations,
        prompt=prompt,
        seed=seed,
        tokens=len(tokens),
        finish_reason="length" if len(tokens) == max_new_tokens else "stop",
    )


def any_seed() -> int:
    """Draw a seed for draws that shall be repeatable though none was given."""
    return secrets.randbelow(_SEEDS)


def _encode(database: Version, prompt: str) -> list[int]:
    tokens = database.tokenizer.encode([prompt])[0]
    if not tokens:
        raise SettingsError(f"the prompt {prompt!r:.40} has no token in this tokenizer")
    return tokens


def require_room(model: RetroForCausalLM, prompt: int, max_new_tokens: int) -> None:
    """Refuse a text that is longer than the base's table of positions, if it has one.

    Args:
        model: any.
        prompt: its tokens.
        max_new_tokens: the longest continuation; its last token need not be read again.

    Raises:
        SettingsError: saying how many there is room for.
    """
    if model.max_positions is not None and prompt + max_new_tokens - 1 > model.max_positions:
        room = model.max_positions - prompt + 1
        advice = f"ask for at most {room}" if room > 0 else "shorten the prompt"
        raise SettingsError(
            f"max new tokens {max_new_tokens}: the prompt has {prompt} tokens, and the base positions for "
            f"{model.max_positions}; {advice}"
        )
