"""From a prompt to a continuation with its sources: `generate` for one, `generate_batch` for several.

Checks what is asked, hands it to `text_writing`, and gathers the pieces into a `Generation`. It does not know
how tokens are drawn, when neighbors are fetched, or how rows share a batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from openbook.database import Database, DocumentFilter, Version
from openbook.database.neighbors.neighbor_ranker import NeighborRanker
from openbook.errors import SettingsError, list_of_texts
from openbook.generation.beam_search import Dictated, best_beam, check_beams
from openbook.generation.book_drafts import DraftCounts
from openbook.generation.citations import Citation
from openbook.generation.memory import Memory
from openbook.generation.neighbor_fetcher import require_match
from openbook.generation.request import check_request, stop_texts
from openbook.generation.sampling import Sampling, sampling_or
from openbook.generation.text_request import (
    Lookup,
    OnEvent,
    TextEnd,
    TextEvent,
    TextPiece,
    TextRequest,
    WrittenToken,
)
from openbook.generation.text_stream import OnText
from openbook.generation.text_writing import TextJob, prepare, require_tokenizer, write_texts
from openbook.given import opened, require_reader
from openbook.model import EncodedNeighbors, RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.text import Tokenizer


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
    """stop: an end-of-text token or a stop text came; length: all tokens that were asked for are written."""
    logprobs: list[WrittenToken] = field(default_factory=list)
    """Of each token, if they were asked for."""
    drafts: DraftCounts | None = None
    """What drafts saved; None: none were asked for."""


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
    ranker: NeighborRanker | None = None,
    stride: int | None = None,
    look_ahead: int = 0,
    drafts: bool = False,
    influence: bool = False,
    sampling: Sampling | None = None,
    stop: Sequence[str] = (),
    min_new_tokens: int = 0,
    seed: int | None = None,
    num_logprobs: int | None = None,
    num_beams: int = 1,
    memory: Memory | None = None,
    window: int | None = None,
    tokenizer: Tokenizer | None = None,
    encoded_neighbors: EncodedNeighbors | None = None,
    on_text: OnText | None = None,
) -> Generation:
    """Continue a prompt, with new neighbors at each chunk border.

    Args:
        model: trained with the database's tokenizer and chunk length; a retrofit that reads its neighbors
            itself reads any database.
        database: to look things up in, all of it in the version that it reads when this begins; without
            retrieval only its tokenizer is used.
        prompt: some text.
        max_new_tokens: the longest continuation; an end-of-text token ends it before.
        k: neighbors of each chunk; None: as in training.
        mode: of search; None: the database's default.
        retrieval: False writes without looking anything up.
        documents: to look things up in; None: all.
        ranker: chooses of the k neighbors those that are worth reading; None: all are read.
        stride: tokens after which the last M tokens are looked up again, 1 … M; None: M, a chunk.
        look_ahead: tokens before a look-up at which its search begins, on another thread, with the M tokens
            that there are then; less than the stride.
        drafts: check tokens that follow the text's ending in a neighbor, several in one pass; the likeliest
            tokens are the same. Needs a temperature of 0.
        influence: measure what each span's log-probability falls by without each of its neighbors.
        sampling: how tokens are drawn.
        stop: texts any of which ends what is written, and is not part of it.
        min_new_tokens: before so many tokens are written, nothing ends it.
        seed: makes the draws repeatable; None: one is drawn, which the result names.
        num_logprobs: how many of the likeliest tokens are told at each place; 0: the written one's alone;
            None: no `logprobs`.
        num_beams: texts that are followed in search of the likeliest, by transformers' beam search; needs a
            temperature of 0, without penalties and stop texts.
        memory: what leaves the window is added to it, and looked up beside the book (without retrieval:
            alone): k neighbors more; None: what leaves is lost.
        window: tokens that the model reads at a time, whole chunks, at least two: where the text has become
            so long, its first half leaves; None: all of the text is read.
        tokenizer: the model's; None: the database's is.
        encoded_neighbors: a store shared by calls, for a model with an unconditioned encoder: what is looked
            up again is not encoded again.
        on_text: told each piece of the text as it comes.

    Raises:
        SettingsError: an empty prompt, or a number out of its range.
        MismatchError: model and database do not belong together.
        DatabaseError: there is nothing to look up, or no document is such.
        TypeError: a model that reads no neighbors, a path in place of a database, one stop text where
            several are expected, or the like.
    """
    require_reader(model)
    version = opened(database)
    sampling = sampling_or(Sampling(), sampling)
    check_beams(num_beams, sampling, stop)
    lookup = Lookup(
        book=version,
        k=k,
        mode=mode,
        documents=documents,
        ranker=ranker,
        stride=stride,
        look_ahead=look_ahead,
        memory=memory,
        in_book=retrieval,
    )
    asked = _Asked(
        max_new_tokens,
        lookup,
        sampling,
        stop_texts(stop),
        min_new_tokens,
        num_logprobs,
        drafts=drafts,
        influence=influence,
        window=window,
        tokenizer=tokenizer,
    )
    if num_beams > 1 and window is not None:
        raise SettingsError(f"num_beams {num_beams}: beams read all of the text; leave the window out")
    if num_beams > 1:
        if stride is not None or look_ahead:
            raise SettingsError(
                f"num_beams {num_beams}: beams look up whole chunks; leave stride and look-ahead out"
            )
        searched = asked.job(model, version, prompt, retrieval=retrieval, seed=seed)
        asked = replace(asked, sampling=_searched(model, searched, num_beams), min_new_tokens=0)
    job = asked.job(model, version, prompt, retrieval=retrieval, seed=seed, on_text=on_text)
    return _written(model, [(prompt, job)], 1, encoded_neighbors)[0]


def generate_batch(
    model: RetroForCausalLM,
    database: Database | Version,
    prompts: Sequence[str],
    *,
    num_samples: int = 1,
    batch_size: int = 8,
    max_new_tokens: int = 128,
    k: int | None = None,
    mode: str | None = None,
    retrieval: bool = True,
    documents: DocumentFilter | None = None,
    ranker: NeighborRanker | None = None,
    stride: int | None = None,
    look_ahead: int = 0,
    influence: bool = False,
    sampling: Sampling | None = None,
    stop: Sequence[str] = (),
    min_new_tokens: int = 0,
    seed: int | None = None,
    num_logprobs: int | None = None,
    tokenizer: Tokenizer | None = None,
    encoded_neighbors: EncodedNeighbors | None = None,
) -> list[Generation]:
    """Continue several prompts at a time, each as `generate` does, or one several times.

    Args:
        prompts: some texts, of any lengths.
        num_samples: continuations of each.
        batch_size: texts that are written at a time.
        seed: of the first sample of each prompt; the next samples have the next numbers.
        model, database, max_new_tokens, k, mode, retrieval, documents, ranker, stride, look_ahead, influence,
            sampling, stop, min_new_tokens, num_logprobs, tokenizer, encoded_neighbors: as in `generate`.

    Returns:
        The continuations in the order of the prompts, all samples of one side by side.

    Raises:
        SettingsError, MismatchError, DatabaseError: as `generate`; or a number of texts below 1.
        TypeError: one text where several are expected, or as `generate`.
    """
    for name, number in (("num_samples", num_samples), ("batch_size", batch_size)):
        if number < 1:
            raise SettingsError(f"{name} {number}: must be at least 1")
    texts = list_of_texts(prompts, where="prompts", remedy='call generate_batch(..., ["text", ...])')
    require_reader(model)
    version = opened(database)
    lookup = Lookup(
        book=version,
        k=k,
        mode=mode,
        documents=documents,
        ranker=ranker,
        stride=stride,
        look_ahead=look_ahead,
    )
    asked = _Asked(
        max_new_tokens,
        lookup,
        sampling_or(Sampling(), sampling),
        stop_texts(stop),
        min_new_tokens,
        num_logprobs,
        influence=influence,
        tokenizer=tokenizer,
    )
    jobs = []
    for prompt in texts:
        for number in range(num_samples):
            own = None if seed is None else seed + number
            jobs.append((prompt, asked.job(model, version, prompt, retrieval=retrieval, seed=own)))
    return _written(model, jobs, batch_size, encoded_neighbors)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all texts of a call have in common."""

    max_new_tokens: int
    lookup: Lookup
    sampling: Sampling
    stop: tuple[str, ...]
    min_new_tokens: int
    num_logprobs: int | None
    drafts: bool = False
    influence: bool = False
    window: int | None = None
    tokenizer: Tokenizer | None = None

    def job(
        self,
        model: RetroForCausalLM,
        database: Version,
        prompt: str,
        *,
        retrieval: bool,
        seed: int | None,
        on_text: OnText | None = None,
    ) -> TextJob:
        """Check a prompt, and make what writes its continuation."""
        check_request(prompt, max_new_tokens=self.max_new_tokens, k=self.lookup.k)
        tokenizer = self.tokenizer or database.tokenizer
        if model.reads_itself:
            require_tokenizer(model, tokenizer, remedy="tokenizer=load_tokenizer(MODEL)")
        elif not retrieval and self.tokenizer is None:
            require_match(model, database)  # what is looked up checks it itself
        request = TextRequest(
            prompt_ids=tuple(_encode(tokenizer, prompt)),
            sampling=self.sampling,
            max_new_tokens=self.max_new_tokens,
            lookup=self.lookup if retrieval or self.lookup.memory is not None else None,
            stop=self.stop,
            min_new_tokens=self.min_new_tokens,
            seed=seed,
            num_logprobs=self.num_logprobs,
            drafts=self.drafts,
            influence=self.influence,
            window=self.window,
        )
        return prepare(model, tokenizer, request, on_event=pieces_to(on_text))


def _searched(model: RetroForCausalLM, job: TextJob, num_beams: int) -> Dictated:
    """What draws the text that beams find for a job."""
    settings = job.row.settings
    with evaluation_mode(model):
        tokens = best_beam(
            model,
            job.row.prompt,
            job.row.source,
            num_beams=num_beams,
            logit_bias=settings.sampling.logit_bias,
            max_new_tokens=settings.max_new_tokens,
            min_new_tokens=settings.min_new_tokens,
            eos_id=settings.eos_id,
        )
    return Dictated.of(tokens)


def _written(
    model: RetroForCausalLM,
    jobs: Sequence[tuple[str, TextJob]],
    batch_size: int,
    encoded_neighbors: EncodedNeighbors | None,
) -> list[Generation]:
    """Write texts, given with their prompts."""
    with evaluation_mode(model):
        ends = write_texts(
            model, [job for _, job in jobs], batch_size=batch_size, encoded_neighbors=encoded_neighbors
        )
    return [_generation(prompt, job, end) for (prompt, job), end in zip(jobs, ends, strict=True)]


def _generation(prompt: str, job: TextJob, end: TextEnd) -> Generation:
    tells = job.text.request.num_logprobs is not None
    tokens = [WrittenToken(token.id, token.logprob, token.likeliest) for token in job.row.written]
    return Generation(
        end.text,
        end.citations,
        prompt=prompt,
        seed=end.seed,
        tokens=end.completion_tokens,
        finish_reason="length" if end.finish_reason == "length" else "stop",
        logprobs=tokens if tells else [],
        drafts=end.drafts,
    )


def pieces_to(on_text: OnText | None) -> OnEvent | None:
    """What tells a text's pieces alone."""
    if on_text is None:
        return None

    def tell(event: TextEvent) -> None:
        if isinstance(event, TextPiece) and event.text:
            on_text(event.text)

    return tell


def _encode(tokenizer: Tokenizer, prompt: str) -> list[int]:
    tokens = tokenizer.encode([prompt])[0]
    if not tokens:
        raise SettingsError(f"the prompt {prompt!r:.40} has no token in this tokenizer; give other text")
    return tokens
