"""From a prompt to a continuation with its sources."""

from dataclasses import dataclass, field
from typing import Literal

from openbook.database import Database, DocumentFilter, Version
from openbook.errors import SettingsError
from openbook.generation.citations import Citation
from openbook.generation.neighbor_fetcher import fetcher_for
from openbook.generation.request import check_request
from openbook.generation.sampling import Sampling
from openbook.generation.text_request import Lookup, OnEvent, TextEvent, TextPiece, TextRequest
from openbook.generation.text_stream import OnText
from openbook.generation.text_writing import prepare, write_texts
from openbook.model import EncodedNeighbors, RetroForCausalLM
from openbook.model.batch import evaluation_mode


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
    if not retrieval:
        # They must belong together all the same.
        fetcher_for(model, database, k=k, mode=mode, retrieval=False)
    request = TextRequest(
        prompt_ids=tuple(_encode(database, prompt)),
        sampling=sampling or Sampling(),
        max_new_tokens=max_new_tokens,
        lookup=Lookup(book=database, k=k, mode=mode, documents=documents) if retrieval else None,
        seed=seed,
    )
    job = prepare(model, database.tokenizer, request, on_event=pieces_to(on_text))
    with evaluation_mode(model):
        (end,) = write_texts(model, [job], batch_size=1, encoded_neighbors=encoded_neighbors)
    return Generation(
        end.text,
        end.citations,
        prompt=prompt,
        seed=end.seed,
        tokens=end.completion_tokens,
        finish_reason="length" if end.finish_reason == "length" else "stop",
    )


def pieces_to(on_text: OnText | None) -> OnEvent | None:
    """What tells a text's pieces alone."""
    if on_text is None:
        return None

    def tell(event: TextEvent) -> None:
        if isinstance(event, TextPiece) and event.text:
            on_text(event.text)

    return tell


def _encode(database: Version, prompt: str) -> list[int]:
    tokens = database.tokenizer.encode([prompt])[0]
    if not tokens:
        raise SettingsError(f"the prompt {prompt!r:.40} has no token in this tokenizer")
    return tokens
