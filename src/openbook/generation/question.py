"""From a question, or a conversation that ends with one, to an answer with its sources."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from openbook.database import Database, DocumentFilter, Hit, SearchUnit, Version
from openbook.errors import SettingsError, type_error
from openbook.generation.book_drafts import DraftCounts
from openbook.generation.citations import Citation, cite_rejected, cite_whole
from openbook.generation.conversation import (
    conversation_ids,
    conversation_request,
    stands_alone,
    without_prefix,
)
from openbook.generation.document_heads import heads_of, with_heads
from openbook.generation.generator import pieces_to
from openbook.generation.memory import Memory
from openbook.generation.passage_judge import PassageJudge
from openbook.generation.question_fetcher import QuestionFetcher
from openbook.generation.question_names import unmentioned_in
from openbook.generation.request import check_request, check_reread, stop_texts
from openbook.generation.sampling import Sampling, sampling_or
from openbook.generation.second_reading import agreed_sampling
from openbook.generation.text_matches import stands_in
from openbook.generation.text_request import Lookup, OnEvent, TextEnd, TextPiece, TextRequest
from openbook.generation.text_stream import OnText
from openbook.generation.text_writing import prepare, require_tokenizer, require_window, write_texts
from openbook.given import opened, require_reader
from openbook.model import RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.text import ChatFormat, Turn
from openbook.text.chat_format import REFUSAL

_NAME = 60
"""Characters of a name, a date, a few words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What `openbook ask` prints."""

    answer: str
    citations: list[Citation]
    """What was read, by span of the answer; of a rejected one what was found; empty without retrieval."""
    finish_reason: Literal["stop", "length"]
    """stop: the answer ended; length: it was cut after as many tokens as were asked for."""
    prompt_tokens: int
    """Of the question in the model's format, with passages that stand there; not of neighbors read beside."""
    completion_tokens: int
    drafts: DraftCounts | None = None
    """What drafts saved; None: none were asked for."""
    unmentioned: tuple[str, ...] = ()
    """Names in the question that nothing that was read mentions: that may be about others."""

    @property
    def is_refusal(self) -> bool:
        """Whether the model says that what it read does not hold the answer; a trained one learned to."""
        return self.answer == REFUSAL

    @property
    def is_rejected(self) -> bool:
        """Whether nothing that was found answers the question, so that the model was not asked."""
        return self.is_refusal and bool(self.citations) and not self.completion_tokens

    @property
    def stands_in_sources(self) -> bool | None:
        """Whether something that was read has the answer's words in a row, of a name or a few words.

        None: it is a longer text, which is written from many places; or a refusal, or nothing was read.
        """
        read = _texts_read(self.citations)
        if not read or self.is_refusal or len(self.answer) > _NAME:
            return None
        return stands_in(self.answer, read)


def _texts_read(citations: Sequence[Citation]) -> list[str]:
    """The texts of the neighbors; of those that adjoin in a document, together."""
    texts: dict[tuple[str, int], str] = {}  # by the document, and the chunk that follows
    neighbors = {one.chunk_id: one for citation in citations for one in citation.neighbors}
    for chunk, one in sorted(neighbors.items()):
        before = texts.pop((one.document_id, chunk), "")
        following = chunk + (2 if one.continuation else 1)
        texts[one.document_id, following] = before + one.passage
    return list(texts.values())


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
    by: SearchUnit | None = None,
    bring_head: bool = False,
    stride: int | None = None,
    look_ahead: int = 0,
    drafts: bool = False,
    influence: bool = False,
    reread: bool = False,
    judge: PassageJudge | None = None,
    sampling: Sampling | None = None,
    stop: Sequence[str] = (),
    min_new_tokens: int = 0,
    seed: int | None = None,
    on_text: OnText | None = None,
) -> Answer:
    """Answer a question, with what it finds in a book.

    The question is the query. All of the prompt reads what it finds; an answer longer than a chunk looks up
    again at each border, as `generate` does. Where it finds nothing, the answer is that the book does not
    say, and the model is not asked: what it would answer from memory would look like the book's.

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
        by: find documents, or sections, first, by their names and beginnings, then chunks of the best; None:
            those that are short and few, see `UnitSearches.default`.
        bring_head: have each passage read with the head of its document, its title or first line.
        stride: tokens after which the last M tokens are looked up again, 1 … M; None: M, a chunk.
        look_ahead: tokens before a look-up at which its search begins, on another thread, with the M tokens
            that there are then; less than the stride.
        drafts: check tokens that follow the text's ending in a neighbor, several in one pass; the likeliest
            tokens are the same. Needs a temperature of 0.
        influence: measure what each span's log-probability falls by without each of its neighbors.
        reread: read each neighbor alone as well, and answer what both readings agree on, see `read_twice`;
            an answer longer than a chunk, or the stride, is written as without. Draws nothing.
        judge: says first whether anything that was found answers the question; if nothing does, the answer is
            that the book does not say, citing what was found, and the model is not asked. None: it reads all.
        sampling: how tokens are drawn; None: the likeliest one each time.
        stop: texts any of which ends the answer, and is not part of it, beside the format's own.
        min_new_tokens: before so many tokens are written, nothing ends it.
        seed: makes the draws repeatable.
        on_text: told each piece of the answer as it comes.

    Raises:
        TooLongError: the model has no room for the question, its passages and the answer.
        SettingsError: an empty question, a number out of its range, or a chat template that cannot be used.
        MismatchError: model, tokenizer and database do not belong together.
        DatabaseError: there is nothing to look up, or no document is such.
        TypeError: a model that reads no neighbors, a path in place of a database, one stop text where
            several are expected, or the like.
    """
    return converse(
        model,
        database,
        [Turn("user", question)],
        chat=chat,
        max_new_tokens=max_new_tokens,
        k=k,
        mode=mode,
        in_prompt=in_prompt,
        retrieval=retrieval,
        documents=documents,
        by=by,
        bring_head=bring_head,
        stride=stride,
        look_ahead=look_ahead,
        drafts=drafts,
        influence=influence,
        reread=reread,
        judge=judge,
        sampling=sampling,
        stop=stop,
        min_new_tokens=min_new_tokens,
        seed=seed,
        on_event=pieces_to(on_text),
    )


def converse(
    model: RetroForCausalLM,
    database: Database | Version,
    turns: Sequence[Turn],
    *,
    chat: ChatFormat | None = None,
    max_new_tokens: int = 128,
    k: int | None = None,
    mode: str | None = None,
    in_prompt: bool = False,
    retrieval: bool = True,
    documents: DocumentFilter | None = None,
    by: SearchUnit | None = None,
    bring_head: bool = False,
    stride: int | None = None,
    look_ahead: int = 0,
    drafts: bool = False,
    influence: bool = False,
    reread: bool = False,
    judge: PassageJudge | None = None,
    sampling: Sampling | None = None,
    stop: Sequence[str] = (),
    min_new_tokens: int = 0,
    seed: int | None = None,
    memory: Memory | None = None,
    on_event: OnEvent | None = None,
) -> Answer:
    """Answer the last question of a conversation. That question is what is looked up.

    Args:
        model: as `ask`, and so are the arguments that are not named here.
        database: to look things up in.
        turns: what was said; the last is the user's.
        chat: how the conversation is put to the model; None: as the database's tokenizer says.
        max_new_tokens: the longest answer.
        k: neighbors.
        mode: of search.
        in_prompt: put what is found before the last question.
        retrieval: False answers from memory alone.
        documents: to look things up in.
        by: find documents or sections first; None: those that are short and few.
        bring_head: read heads.
        stride: tokens between two look-ups.
        look_ahead: tokens before a look-up at which its search begins.
        drafts: check tokens that neighbors go on with.
        influence: measure that of neighbors; spans that are told while the text is written do not have it.
        reread: read each neighbor alone as well; nothing is told before that is done.
        judge: says first whether anything in the book answers the question, if nothing was said before.
        sampling: how tokens are drawn.
        stop: texts any of which ends the answer, and is not part of it, beside the format's own.
        min_new_tokens: before so many tokens are written, nothing ends it.
        seed: makes the draws repeatable.
        memory: of what was said before these turns, of the model's tokens: the question is looked up there,
            too; nothing is added to it. None: there is none.
        on_event: told what is written while it is written, on this thread; with `in_prompt` no span.

    Raises:
        TooLongError: the model has no room for all of it.
        SettingsError, MismatchError, DatabaseError, TypeError: as `ask`; or nobody asks anything.
    """
    require_reader(model)
    _require_conversation(turns, chat)
    check_request(turns[-1].text, max_new_tokens=max_new_tokens, k=k, what="question")
    sampling = sampling_or(Sampling(temperature=0), sampling)
    if reread:
        _require_undrawn(sampling, min_new_tokens)
    question, database, ends = turns[-1].text.strip(), opened(database), stop_texts(stop)
    chat = ChatFormat.of(database.tokenizer) if chat is None else chat
    require_tokenizer(model, chat.tokenizer)
    lookup = Lookup(
        book=database,
        k=k,
        mode=mode,
        documents=documents,
        by=by,
        bring_head=bring_head,
        question=question,
        stride=stride,
        look_ahead=look_ahead,
        memory=memory,
        judge=judge if stands_alone(turns) and _is_empty(memory) else None,
    )
    passages: list[Hit] = []
    texts: list[str] = []
    if retrieval and in_prompt:
        fetcher = QuestionFetcher.of(model, chat.tokenizer, lookup)
        passages, texts = _passages_of(fetcher, lookup)
        if not passages:
            return _not_in_the_book(fetcher, on_event)
    prompt = without_prefix(model, conversation_ids(model, chat, turns, texts))
    fewer = f"read fewer than {len(texts)} passages (-k)" if len(texts) > 1 else "shorten the prompt"
    require_window(model, len(model.prefix_ids) + len(prompt), max_new_tokens, advice=fewer)
    request = TextRequest(
        prompt_ids=prompt,
        sampling=sampling,
        max_new_tokens=max_new_tokens,
        lookup=lookup if retrieval and not in_prompt else None,
        stop=ends,
        min_new_tokens=min_new_tokens,
        drafts=drafts,
        influence=influence,
        seed=seed,
    )
    end = _written(model, chat, request, reread=reread, on_event=on_event)
    citations = cite_whole(end.text, passages) if in_prompt else end.citations
    heads = _heads_read(database, citations) if bring_head else ()
    return _answer_of(end, citations, unmentioned=unmentioned_in(question, citations, heads=heads))


def _written(
    model: RetroForCausalLM, chat: ChatFormat, request: TextRequest, *, reread: bool, on_event: OnEvent | None
) -> TextEnd:
    """Write the answer that is asked for."""
    request = conversation_request(chat, request)
    if reread and request.lookup is not None:
        row = prepare(model, chat.tokenizer, request).row
        request = replace(request, sampling=agreed_sampling(model, row))
    job = prepare(model, chat.tokenizer, request, on_event=on_event)
    with evaluation_mode(model):
        (end,) = write_texts(model, [job], batch_size=1)
    return end


def _passages_of(fetcher: QuestionFetcher, lookup: Lookup) -> tuple[list[Hit], list[str]]:
    """What a question finds for its prompt, in the book and then in the memory; with the texts to read."""
    hits = fetcher.hits_of_question()
    said = [] if lookup.memory is None else lookup.memory.search(fetcher.question, k=fetcher.k)
    texts = [hit.passage for hit in hits]
    if lookup.bring_head:
        texts = with_heads(lookup.book, [hit.chunk_id for hit in hits], texts)
    return [*hits, *said], [*texts, *(hit.passage for hit in said)]


def _answer_of(end: TextEnd, citations: list[Citation], *, unmentioned: tuple[str, ...]) -> Answer:
    return Answer(
        end.text,
        citations,
        finish_reason="length" if end.finish_reason == "length" else "stop",
        prompt_tokens=end.prompt_tokens,
        completion_tokens=end.completion_tokens,
        drafts=end.drafts,
        unmentioned=unmentioned,
    )


def _heads_read(book: Version, citations: Sequence[Citation]) -> list[tuple[str, ...]]:
    """The heads of what was cited; chunks of a conversation's memory have none."""
    chunks = {neighbor.chunk_id for citation in citations for neighbor in citation.neighbors}
    return heads_of(book, sorted(chunk for chunk in chunks if chunk < book.layout.num_chunks))


def _require_conversation(turns: Sequence[Turn], chat: ChatFormat | None) -> None:
    if not isinstance(turns, Sequence) or not all(isinstance(turn, Turn) for turn in turns):
        raise type_error(turns, "a list of Turn", where="turns", remedy='give [Turn("user", "text")]')
    if not turns or turns[-1].role != "user":
        raise SettingsError("a conversation without a question; the last turn must be the user's")
    if chat is not None and not isinstance(chat, ChatFormat):
        raise type_error(chat, "a ChatFormat", where="chat", remedy="give ChatFormat.of(tokenizer)")


def _require_undrawn(sampling: Sampling, min_new_tokens: int) -> None:
    """Refuse what two readings that are to agree cannot follow."""
    check_reread(
        temperature=sampling.temperature,
        repetition_penalty=sampling.repetition_penalty,
        presence_penalty=sampling.presence_penalty,
        frequency_penalty=sampling.frequency_penalty,
        logit_bias=sampling.logit_bias,
        min_new_tokens=min_new_tokens,
    )


def _not_in_the_book(fetcher: QuestionFetcher, on_event: OnEvent | None) -> Answer:
    if on_event is not None:
        on_event(TextPiece(REFUSAL, ()))
    citations = cite_rejected(REFUSAL, fetcher.rejected)
    unmentioned = unmentioned_in(fetcher.question, citations)
    return Answer(REFUSAL, citations, "stop", prompt_tokens=0, completion_tokens=0, unmentioned=unmentioned)


def _is_empty(memory: Memory | None) -> bool:
    return memory is None or memory.is_empty
