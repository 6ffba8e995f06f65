"""From a question to an answer: what is looked up, what the model reads, what is cited."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from fake_judge import FakeJudge
from foreign_tokenizers import foreign
from model.tiny import enlarge
from openbook.database import Database
from openbook.errors import DatabaseError, MismatchError, OpenbookWarning, SettingsError, TooLongError
from openbook.generation import Answer, Citation, Sampling, ask, converse
from openbook.generation.document_heads import with_heads
from openbook.generation.lookup_fetcher import make_fetcher
from openbook.generation.memory import Memory
from openbook.generation.question_fetcher import QuestionFetcher
from openbook.generation.text_request import Lookup, SpanRead, TextEnd, TextEvent, TextPiece
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import RetrofitForCausalLM, retrofit
from openbook.text import ChatFormat, Tokenizer, Turn, turns_ids
from openbook.text.chat_format import REFUSAL

M = 16
QUESTION = "Number 3. ba ke?"
TURNS = [Turn("user", "Number 1."), Turn("assistant", "ba ke."), Turn("user", QUESTION)]
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}<|endoftext|>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def own_reader(tokenizer: Tokenizer, base: PreTrainedModel, **options: Any) -> RetrofitForCausalLM:
    chat = ChatFormat.of(tokenizer)
    settings = {"chunk_size": M, "tokenizer_fingerprint": tokenizer.fingerprint}
    return retrofit(base, **(settings | {"prefix_ids": chat.prefix_ids} | options)).double().eval()


def tiny_base(vocab_size: int) -> PreTrainedModel:
    torch.manual_seed(0)
    sizes = {"vocab_size": vocab_size, "hidden_size": 32, "intermediate_size": 48}
    config = LlamaConfig(**sizes, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2)
    return enlarge(LlamaForCausalLM(config).double()).eval()


@pytest.fixture(scope="module")
def base(book: Database) -> PreTrainedModel:
    return tiny_base(book.tokenizer.vocab_size)


@pytest.fixture(scope="module")
def chat(book: Database) -> ChatFormat:
    return ChatFormat.of(with_template(book.tokenizer))


@pytest.fixture(scope="module")
def model(chat: ChatFormat, base: PreTrainedModel) -> RetrofitForCausalLM:
    return own_reader(chat.tokenizer, base)


def with_template(tokenizer: Tokenizer, template: str = TEMPLATE) -> Tokenizer:
    end = tokenizer.end_of_text
    return Tokenizer(tokenizer._fast, end_of_text=end, name="mine", chat_template=template)


def continued(chat: ChatFormat, base: PreTrainedModel, ids: list[int], count: int) -> str:
    """What the base answers after these tokens."""
    end = chat.tokenizer.eos_id
    given = torch.tensor([ids])
    written = base.generate(
        given, max_new_tokens=count, do_sample=False, eos_token_id=end, pad_token_id=end, bos_token_id=None
    )
    new = [token for token in written[0, len(ids) :].tolist() if token != end]
    return chat.tokenizer.decode_inside([new])[0].strip()


def test_it_answers_as_the_base_does_with_what_the_question_finds_before_it(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel, chat: ChatFormat, spy: Any
) -> None:
    found = ask(model, book, QUESTION, chat=chat, max_new_tokens=M)
    assert spy.queries == [[QUESTION]]
    fetcher = make_fetcher(model, chat.tokenizer, Lookup(book=book.opened, question=QUESTION))
    neighbors, mask = fetcher.fetch([[1]])
    read = neighbors[mask].tolist()
    ids = [*chat.prefix_ids, *read, *chat.question_ids(QUESTION)]
    assert found.answer == continued(chat, base, ids, M)
    (citation,) = found.citations
    assert found.answer[citation.start : citation.end] == found.answer
    assert sum(neighbor.attention or 0 for neighbor in citation.neighbors) == pytest.approx(1)
    assert {near.chunk_id for near in citation.neighbors} == {hit.chunk_id for hit in fetcher.hits[0]}
    assert found.prompt_tokens == len(chat.prefix_ids) + len(chat.question_ids(QUESTION))


def test_without_retrieval_it_is_the_base(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel, chat: ChatFormat, spy: Any
) -> None:
    found = ask(model, book, QUESTION, chat=chat, max_new_tokens=M, retrieval=False)
    assert found.answer == continued(chat, base, chat.prefix_ids + chat.question_ids(QUESTION), M)
    assert found.citations == []
    assert spy.queries == []


def test_passages_in_the_prompt_stand_before_the_question(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel, chat: ChatFormat
) -> None:
    found = ask(model, book, QUESTION, chat=chat, max_new_tokens=M, in_prompt=True, k=3)
    hits = book.search([QUESTION], k=3)[0]
    passages = [f"{hit.text}{hit.continuation}".strip() for hit in hits]
    prompt = chat.prefix_ids + chat.question_ids(QUESTION, passages)
    assert found.answer == continued(chat, base, prompt, M)
    (citation,) = found.citations
    assert [near.chunk_id for near in citation.neighbors] == [hit.chunk_id for hit in hits]
    assert {near.attention for near in citation.neighbors} == {None}
    assert found.prompt_tokens == len(prompt)


def test_a_prefix_of_the_model_is_not_put_twice(
    book: Database, base: PreTrainedModel, chat: ChatFormat
) -> None:
    off = {"chat": chat, "max_new_tokens": M, "retrieval": False}
    expected = ask(own_reader(chat.tokenizer, base), book, QUESTION, **off)
    for prefix in ([], chat.prefix_ids[:1]):
        found = ask(own_reader(chat.tokenizer, base, prefix_ids=prefix), book, QUESTION, **off)
        assert (found.answer, found.prompt_tokens) == (expected.answer, expected.prompt_tokens)


def test_a_long_answer_looks_up_again(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, spy: Any
) -> None:
    pieces: list[str] = []
    found = ask(model, book, QUESTION, chat=chat, max_new_tokens=40, on_text=pieces.append)
    assert len(found.citations) >= 2
    assert spy.queries[0] == [QUESTION]
    assert len(spy.queries) == 3  # at tokens 0, 16 and 32
    assert "".join(pieces) == found.answer
    assert (found.finish_reason, found.completion_tokens) == ("length", 40)


# Any database


def test_a_base_reads_a_database_of_other_tokens_and_chunks(
    book: Database, base: PreTrainedModel, chat: ChatFormat, spy: Any
) -> None:
    other = with_template(foreign("gpt2"))
    model = own_reader(other, tiny_base(other.vocab_size), chunk_size=24)
    found = ask(model, book, QUESTION, chat=ChatFormat.of(other), max_new_tokens=8)
    assert spy.queries == [[QUESTION]]
    assert found.citations
    fetcher = make_fetcher(model, other, Lookup(book=book.opened, question=QUESTION, k=2))
    ids, mask = fetcher.fetch([[1], [2]])
    assert ids.shape == mask.shape == (2, 2, 48)
    for neighbor, exists, hit in zip(ids[1], mask[1], fetcher.hits[0], strict=True):
        assert neighbor[exists].tolist() == other.encode([hit.text + hit.continuation])[0][:48]


def test_stored_tokens_and_text_read_alike(book: Database, chat: ChatFormat) -> None:
    """For what the tokenizer spells in one way only; a chunk's border may cut a word."""
    options = {"question": QUESTION, "tokenizer": chat.tokenizer}
    stored = QuestionFetcher(book.opened, 2, "bm25", **options, chunk_size=M)
    spelled = QuestionFetcher(book.opened, 2, "bm25", **options, chunk_size=4 * M)
    assert stored.reads_stored_tokens
    assert not spelled.reads_stored_tokens
    chunks = np.array([[0, 1, -1]])
    texts = []
    for fetcher in (stored, spelled):
        ids, mask = fetcher.tensors(chunks)
        assert not mask[0, 2].any()
        rows = [neighbor[exists].tolist() for neighbor, exists in zip(ids[0], mask[0], strict=True)]
        texts.append(chat.tokenizer.decode(rows))
    assert texts[0] == texts[1]


def test_a_native_model_answers_in_the_format_of_its_tokenizer(
    trained: RetroForCausalLM, book: Database, spy: Any
) -> None:
    found = ask(trained, book, QUESTION, max_new_tokens=M)
    assert spy.queries == [[QUESTION]]
    assert "\n" not in found.answer
    assert ask(trained, book, QUESTION, max_new_tokens=M, in_prompt=True).prompt_tokens > found.prompt_tokens


def test_a_native_model_reads_only_the_database_it_fits(
    trained: RetroForCausalLM, tmp_path: Any, book: Database
) -> None:
    other = Database.create(tmp_path / "other", tokenizer=book.tokenizer, embedder=None, chunk_size=8)
    with pytest.raises(MismatchError, match="--chunk-size 16"):
        ask(trained, other, QUESTION)


def test_the_format_must_be_the_models(book: Database, base: PreTrainedModel, chat: ChatFormat) -> None:
    model = own_reader(chat.tokenizer, base, tokenizer_fingerprint="other")
    with pytest.raises(MismatchError, match="tokenizer other"):
        ask(model, book, QUESTION, chat=chat)


# Ends, and what is refused


def drawn(monkeypatch: pytest.MonkeyPatch, ids: list[int]) -> None:
    draws = iter(ids)
    monkeypatch.setattr(Sampling, "draw", lambda self, logits, generator: next(draws))


def test_the_end_of_a_turn_ends_it(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(monkeypatch, chat.answer_ids("  ba ke. "))
    found = ask(model, book, QUESTION, chat=chat)
    assert (found.answer, found.finish_reason) == ("ba ke.", "stop")
    (citation,) = found.citations
    assert (citation.start, citation.end) == (0, 6)


def test_without_a_template_a_line_ends_it(
    book: Database, base: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = own_reader(book.tokenizer, base)
    drawn(monkeypatch, book.tokenizer.encode([" ba ke\nQuestion: li mo"])[0])
    pieces: list[str] = []
    found = ask(plain, book, QUESTION, on_text=pieces.append)
    assert (found.answer, found.finish_reason) == ("ba ke", "stop")
    assert "".join(pieces) == "ba ke"


def test_text_ends_it_where_the_template_writes_no_token(
    book: Database, base: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = "{% for m in messages %}### {{ m.role }}:\n{{ m.content }}\n\n{% endfor %}### assistant:\n"
    chat = ChatFormat.of(with_template(book.tokenizer, template))
    model = own_reader(chat.tokenizer, base)
    drawn(monkeypatch, book.tokenizer.encode(["ba ke.\n\n### user:\nli mo"])[0])
    pieces: list[str] = []
    found = ask(model, book, QUESTION, chat=chat, on_text=pieces.append)
    assert (found.answer, found.finish_reason) == ("ba ke.", "stop")
    assert "".join(pieces) == "ba ke."


def test_a_refusal_is_known(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(monkeypatch, chat.answer_ids(REFUSAL))
    found = ask(model, book, QUESTION, chat=chat)
    assert found.is_refusal
    assert (found.answer, found.finish_reason) == (REFUSAL, "stop")
    assert not Answer("ba", [], "stop", 1, 1).is_refusal


def test_words_that_stand_in_nothing_that_was_read_are_known(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    passage = ask(model, book, QUESTION, chat=chat, max_new_tokens=1).citations[0].neighbors[0]
    words = passage.text.split()
    drawn(monkeypatch, chat.answer_ids(" ".join(words[1:3])))
    assert ask(model, book, QUESTION, chat=chat).stands_in_sources is True
    drawn(monkeypatch, chat.answer_ids(f"{words[2]} xylophone"))
    assert ask(model, book, QUESTION, chat=chat).stands_in_sources is False
    drawn(monkeypatch, chat.answer_ids("xylophones and " * 6))
    assert ask(model, book, QUESTION, chat=chat).stands_in_sources is None
    drawn(monkeypatch, chat.answer_ids(REFUSAL))
    assert ask(model, book, QUESTION, chat=chat).stands_in_sources is None
    drawn(monkeypatch, chat.answer_ids("xylophone"))
    assert ask(model, book, QUESTION, chat=chat, retrieval=False).stands_in_sources is None


def test_an_empty_answer_cites_nothing(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(monkeypatch, [chat.tokenizer.eos_id] * 2)
    for in_prompt in (False, True):
        found = ask(model, book, QUESTION, chat=chat, in_prompt=in_prompt)
        assert (found.answer, found.citations) == ("", [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"question": " "}, "is empty"),
        ({"k": 0}, "k = 0"),
        ({"max_new_tokens": 0}, "max new tokens 0"),
        ({"mode": "dense"}, "lexical only"),
    ],
)
def test_refuses_wrong_settings(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        ask(model, book, **({"question": QUESTION, "chat": chat} | options))


def test_an_empty_database_is_refused(
    model: RetrofitForCausalLM, chat: ChatFormat, tmp_path: Any, book: Database
) -> None:
    empty = Database.create(tmp_path / "empty", tokenizer=book.tokenizer, embedder=None, chunk_size=M)
    with pytest.raises(DatabaseError, match="is empty; add documents"):
        ask(model, empty, QUESTION, chat=chat)
    assert ask(model, empty, QUESTION, chat=chat, retrieval=False, max_new_tokens=2)


# Several turns


def test_the_whole_conversation_is_read_and_the_last_question_looked_up(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel, chat: ChatFormat, spy: Any
) -> None:
    found = converse(model, book, TURNS, chat=chat, max_new_tokens=M)
    assert spy.queries == [[QUESTION]]
    fetcher = make_fetcher(model, chat.tokenizer, Lookup(book=book.opened, question=QUESTION))
    neighbors, mask = fetcher.fetch([[1]])
    said = turns_ids(chat, TURNS)[len(chat.prefix_ids) :]
    assert found.answer == continued(chat, base, [*chat.prefix_ids, *neighbors[mask].tolist(), *said], M)
    assert found.prompt_tokens == len(chat.prefix_ids) + len(said)


def test_one_turn_is_a_question(book: Database, model: RetrofitForCausalLM, chat: ChatFormat) -> None:
    options: dict[str, Any] = {"chat": chat, "max_new_tokens": M}
    for reading in ({}, {"in_prompt": True}, {"retrieval": False}):
        assert converse(model, book, TURNS[-1:], **options, **reading) == ask(
            model, book, QUESTION, **options, **reading
        )


@pytest.mark.parametrize("has_template", [True, False])
def test_passages_stand_before_the_last_question(
    book: Database, base: PreTrainedModel, chat: ChatFormat, has_template: bool
) -> None:
    chat = chat if has_template else ChatFormat.of(book.tokenizer)
    model = own_reader(chat.tokenizer, base, prefix_ids=chat.prefix_ids or None)
    found = converse(model, book, TURNS, chat=chat, max_new_tokens=M, in_prompt=True, k=2)
    passages = [f"{hit.text}{hit.continuation}".strip() for hit in book.search([QUESTION], k=2)[0]]
    before = turns_ids(chat, [*TURNS[:2], Turn("user", "MARK")])
    (text,) = chat.tokenizer.decode([before])
    asked = "\n\n".join([*passages, f"{chat.label}{QUESTION}"])
    expected = text.replace(f"{chat.label}MARK", asked)
    assert found.prompt_tokens == len(turns_ids(chat, [*TURNS[:2], *_asked(chat, passages)]))
    assert chat.tokenizer.decode([turns_ids(chat, [*TURNS[:2], *_asked(chat, passages)])]) == [expected]


def _asked(chat: ChatFormat, passages: list[str]) -> list[Turn]:
    if chat.tokenizer.chat_template is None:
        return [Turn("system", "\n\n".join(passages)), Turn("user", QUESTION)]
    return [Turn("user", "\n\n".join([*passages, QUESTION]))]


def test_what_is_written_is_told_with_its_spans(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat
) -> None:
    events: list[TextEvent] = []
    found = converse(model, book, TURNS, chat=chat, max_new_tokens=2 * M, on_event=events.append)
    assert "".join(event.text for event in events if isinstance(event, TextPiece)) == found.answer
    spans: list[Citation] = [event.citation for event in events if isinstance(event, SpanRead)]
    assert spans == found.citations
    assert isinstance(events[-1], TextEnd)


def test_a_conversation_ends_with_a_question(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat
) -> None:
    for turns in ([], TURNS[:2], [Turn("user", " ")]):
        with pytest.raises(SettingsError):
            converse(model, book, turns, chat=chat)


def test_a_conversation_that_is_too_long_is_an_error_of_its_own(book: Database, chat: ChatFormat) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=book.tokenizer.vocab_size, n_positions=64, n_embd=32, n_layer=2, n_head=2)
    model = own_reader(chat.tokenizer, GPT2LMHeadModel(config), reader="encoder", prefix_ids=None)
    with pytest.raises(TooLongError, match="context has 64 tokens"):
        converse(model, book, TURNS * 5, chat=chat, max_new_tokens=M, retrieval=False)


def test_a_base_is_asked_nothing_longer_than_what_it_was_made_for(book: Database, chat: ChatFormat) -> None:
    question = len(chat.prefix_ids) + len(chat.question_ids(QUESTION))
    short = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=book.tokenizer.vocab_size,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=question + M - 1,
        )
    )
    model = own_reader(chat.tokenizer, short)
    assert ask(model, book, QUESTION, chat=chat, max_new_tokens=M).prompt_tokens == question
    said = f"context has {question + M - 1} tokens, the prompt has {question}, and {M + 1} are to be written"
    with pytest.raises(TooLongError, match=f"{said}; shorten the prompt, or ask for fewer"):
        ask(model, book, QUESTION, chat=chat, max_new_tokens=M + 1)
    with pytest.raises(TooLongError, match=r"read fewer than 3 passages \(-k\), or ask for fewer"):
        ask(model, book, QUESTION, chat=chat, max_new_tokens=M, in_prompt=True, k=3)


@pytest.mark.parametrize("in_prompt", [False, True])
def test_a_book_that_holds_nothing_about_it_does_not_say(
    book: Database,
    model: RetrofitForCausalLM,
    chat: ChatFormat,
    in_prompt: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model, "forward", lambda *_, **__: pytest.fail("the model was asked"))
    told: list[str] = []
    found = ask(model, book, "xylophones?", chat=chat, in_prompt=in_prompt, on_text=told.append)
    assert found.is_refusal and found.citations == []
    assert told == [REFUSAL] and found.completion_tokens == 0


def test_a_base_that_expects_a_start_token_and_has_none_is_told_of(
    book: Database, base: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = ChatFormat.of(book.tokenizer)
    end = book.tokenizer.eos_id
    monkeypatch.setattr(Tokenizer, "start_ids", property(lambda self: [end]))
    model = own_reader(book.tokenizer, base, prefix_ids=[])
    with pytest.warns(OpenbookWarning, match=rf"without the tokens \[{end}\] .*prefix_ids=\[{end}\]"):
        ask(model, book, QUESTION, chat=chat, max_new_tokens=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask(own_reader(book.tokenizer, base, prefix_ids=[end]), book, QUESTION, chat=chat, max_new_tokens=1)


# With a judge


@pytest.mark.parametrize("in_prompt", [False, True])
def test_where_the_judge_finds_no_answer_the_model_is_not_asked(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, in_prompt: bool
) -> None:
    judge: Any = FakeJudge(finds=False)
    events: list[TextEvent] = []
    options: dict[str, Any] = {"chat": chat, "max_new_tokens": M, "k": 2, "in_prompt": in_prompt}
    plain = ask(model, book, QUESTION, **options)
    found = converse(model, book, [Turn("user", QUESTION)], judge=judge, on_event=events.append, **options)
    assert (found.answer, found.completion_tokens, found.finish_reason) == (REFUSAL, 0, "stop")
    assert found.is_rejected and found.is_refusal and not plain.is_rejected
    rejected = {neighbor.chunk_id for citation in found.citations for neighbor in citation.neighbors}
    assert rejected == {one.chunk_id for citation in plain.citations for one in citation.neighbors} != set()
    assert [event.text for event in events if isinstance(event, TextPiece)] == [REFUSAL]
    ((question, passages),) = judge.asked
    assert question == QUESTION and len(passages) == 2
    for citation in found.citations:
        assert all(any(one.passage.strip() in text for text in passages) for one in citation.neighbors)
        assert not citation.used and not citation.copied


@pytest.mark.parametrize("in_prompt", [False, True])
def test_where_the_judge_finds_an_answer_nothing_changes(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, in_prompt: bool
) -> None:
    judge: Any = FakeJudge(finds=True)
    options: dict[str, Any] = {"chat": chat, "max_new_tokens": 3 * M, "in_prompt": in_prompt}
    assert ask(model, book, QUESTION, judge=judge, **options) == ask(model, book, QUESTION, **options)
    assert len(judge.asked) == 1, "chunks of the answer that look something up are no questions"


def test_a_question_that_follows_others_is_not_judged(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat
) -> None:
    judge: Any = FakeJudge(finds=False)
    options: dict[str, Any] = {"chat": chat, "max_new_tokens": M}
    assert converse(model, book, TURNS, judge=judge, **options) == converse(model, book, TURNS, **options)
    assert not judge.asked
    instructed = [Turn("system", "Be brief."), Turn("user", QUESTION)]
    assert converse(model, book, instructed, judge=judge, **options).is_rejected


def test_beside_a_memory_that_may_answer_nothing_is_judged(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat
) -> None:
    judge: Any = FakeJudge(finds=False)
    options: dict[str, Any] = {"chat": chat, "max_new_tokens": 2, "judge": judge}
    with Memory(chat.tokenizer, M) as memory:
        empty = converse(model, book, TURNS[-1:], memory=memory, **options)
        memory.remember(chat.tokenizer.encode(["number 3. ba ke"])[0])
        full = converse(model, book, TURNS[-1:], memory=memory, **options)
    assert (empty.is_rejected, full.is_rejected, len(judge.asked)) == (True, False, 1)


def test_the_judge_reads_the_head_of_a_document_before_each_passage(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat
) -> None:
    judge: Any = FakeJudge(finds=True)
    for bring_head in (False, True):
        ask(model, book, QUESTION, judge=judge, chat=chat, max_new_tokens=2, k=1, bring_head=bring_head)
    (_, first), (_, second) = judge.asked
    (found,) = ask(model, book, QUESTION, chat=chat, max_new_tokens=2, k=1).citations[0].neighbors
    assert first == second == with_heads(book.opened, [found.chunk_id], [found.passage])
