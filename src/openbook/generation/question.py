"""From a question to an answer with its sources."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from openbook.database import Database, DocumentFilter, Hit, Version
from openbook.errors import MismatchError
from openbook.generation.citations import Citation, cite, cited_neighbor
from openbook.generation.decoding_loop import DecodingSettings, decode
from openbook.generation.generator import require_room
from openbook.generation.question_fetcher import question_fetcher_for
from openbook.generation.request import check_request
from openbook.generation.sampling import Sampling
from openbook.generation.text_stream import OnText, TextStream
from openbook.model import RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.text import ChatFormat
from openbook.text.chat import REFUSAL


@dataclass(frozen=True, slots=True)
class Answer:
    """What `openbook ask` prints."""

    answer: str
    citations: list[Citation]
    """What was read, by span of the answer; empty without retrieval."""
    finish_reason: Literal["stop", "length"]
    """stop: the answer ended; length: it was cut after as many tokens as were asked for."""
    prompt_tokens: int
    """Of the question in the model's format, with passages that stand there; not of neighbors read beside."""
    completion_tokens: int

    @property
    def is_refusal(self) -> bool:
        """Whether the model says that what it read does not hold the answer; a trained one learned to."""
        return self.answer == REFUSAL


def ask(
    model: RetroForCausalLM,
    database: Database | Version,
    question: str,
    *,
    chat: ChatFormat | None = None,
    max_new_tokens: int = 128,
    k: int | None = None,
    mode: str | None = None,
    in_prompt: bool = False,
    retrieval: bool = True,
    documents: DocumentFilter | None = None,
    sampling: Sampling | None = None,
    seed: int | None = None,
    on_text: OnText | None = None,
) -> Answer:
    """Answer a question, with what it finds in a book.

    The question is the query. All of the prompt reads what it finds; an answer longer than a chunk looks up
    again at each border, as `generate` does.

    Args:
        model: a retrofit or a native RETRO. A retrofit that reads its neighbors itself reads any database;
            other models need one with their tokens.
        database: to look things up in.
        question: some text.
        chat: how the question is put to the model; None: as the database's tokenizer says.
        max_new_tokens: the longest answer.
        k: neighbors; None: as in the model's training.
        mode: of search; None: the database's default.
        in_prompt: put what is found into the prompt, and have the model read nothing beside it.
        retrieval: False answers from memory alone.
        documents: to look things up in; None: all.
        sampling: how tokens are drawn; None: the likeliest one each time.
        seed: makes the draws repeatable.
        on_text: told each piece of the answer as it comes.

    Raises:
        SettingsError: an empty question, a number out of its range, or a chat template that cannot be used.
        MismatchError: model, tokenizer and database do not belong together.
        DatabaseError: there is nothing to look up, or no document is such.
    """
    check_request(question, max_new_tokens=max_new_tokens, k=k)
    question, database = question.strip(), database.opened
    chat = ChatFormat.of(database.tokenizer) if chat is None else chat
    _require_tokenizer(model, chat)
    fetcher = None
    if retrieval:
        fetcher = question_fetcher_for(
            model, database, question, chat, k=k, mode=mode, in_prompt=in_prompt, documents=documents
        )
    passages = fetcher.hits_of_question() if fetcher is not None and in_prompt else []
    prompt, num_prefix = _prompt_of(model, chat, question, passages)
    require_room(model, num_prefix + len(prompt), max_new_tokens)
    sampling = sampling or Sampling(temperature=0)
    settings = DecodingSettings(max_new_tokens, sampling, chat.tokenizer.eos_id, seed, end_ids=chat.end_ids)
    stream = TextStream(chat.tokenizer, on_text, shown=lambda text: _answer_in(text, chat), stop=chat.stop)
    fetch = None if fetcher is None or in_prompt else fetcher.fetch
    with evaluation_mode(model):
        tokens = decode(model, prompt, settings, fetch, is_done=stream.add)
    found, retrieved = ([], []) if fetcher is None else (fetcher.hits, fetcher.retrieved)
    text, citations = cite(tokens, found, chat.tokenizer, retrieved)
    answer = _answer_in(text, chat)
    stream.finish(answer)
    if in_prompt:
        citations = _cited_whole(answer, passages)
    else:
        citations = _moved(citations, by=len(text) - len(text.lstrip()), end=len(answer))
    ended = stream.stopped or len(tokens) < max_new_tokens
    return Answer(answer, citations, "stop" if ended else "length", num_prefix + len(prompt), len(tokens))


def _require_tokenizer(model: RetroForCausalLM, chat: ChatFormat) -> None:
    wanted = model.config.tokenizer_fingerprint
    if wanted not in {None, *chat.tokenizer.fingerprints}:
        raise MismatchError(
            f"the model was trained with tokenizer {wanted}, the question would be put by "
            f"{chat.tokenizer.name} ({chat.tokenizer.fingerprint}); give the model's: "
            "chat=ChatFormat.of(load_tokenizer(MODEL))"
        )


def _prompt_of(
    model: RetroForCausalLM, chat: ChatFormat, question: str, passages: Sequence[Hit]
) -> tuple[list[int], int]:
    """The tokens that a model is given, and how many it puts before them itself."""
    texts = [f"{hit.text}{hit.continuation}".strip() for hit in passages]
    prompt = [*chat.prefix_ids, *chat.question_ids(question, texts)]
    own: list[int] = getattr(model.config, "prefix_ids", None) or []
    return (prompt[len(own) :] if prompt[: len(own)] == own else prompt), len(own)


def _answer_in(text: str, chat: ChatFormat) -> str:
    """The answer in what was written so far: without the space around it, and what comes after its end."""
    answer = text.lstrip()
    return (answer if chat.stop is None else answer.partition(chat.stop)[0]).rstrip()


def _cited_whole(answer: str, passages: Sequence[Hit]) -> list[Citation]:
    """Passages in the prompt, read by all of the answer: nobody looks how much each was looked at."""
    if not passages or not answer:
        return []
    return [Citation(0, len(answer), [cited_neighbor(hit, None) for hit in passages])]


def _moved(citations: Sequence[Citation], *, by: int, end: int) -> list[Citation]:
    """Citations of a text without its first characters, and without those after the end."""
    moved = []
    for citation in citations:
        start, stop = max(0, citation.start - by), min(end, citation.end - by)
        copied = [
            replace(span, start=max(start, span.start - by), end=min(stop, span.end - by))
            for span in citation.copied
        ]
        kept = [span for span in copied if span.end > span.start]
        moved.append(Citation(start, stop, citation.neighbors, kept))
    return [citation for citation in moved if citation.end > citation.start]
