"""Answers in batches are what one pass after another, without a cache, would write."""

from collections.abc import Callable

import pytest
import torch

from openbook.database import Database
from openbook.errors import SettingsError
from openbook.evaluate.answering.answerer import Answerer, NeighborTokens
from openbook.evaluate.answering.questions import Question
from openbook.generation import ask
from openbook.generation.lookup_fetcher import make_fetcher
from openbook.generation.text_request import Lookup
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.positions import position_ids
from openbook.model.retrofitting import RetrofitForCausalLM, retrofit
from openbook.text.chat_format import ChatFormat

MakeReader = Callable[..., RetrofitForCausalLM]

QUESTIONS = ["Where does Orl live?", "Where is the garden of Vane, and who has the gate?", "Who?"]
TEXTS = [
    ["Orl lives in Abelin.", "The garden of Orl has many trees."],
    ["Vane lives in Dorwick."],
    [],
]


@pytest.fixture(params=["joint", "independent"])
def reader(request: pytest.FixtureRequest, make_reader: MakeReader) -> RetrofitForCausalLM:
    model: RetrofitForCausalLM = make_reader(reading=request.param)
    return model


def neighbors(chat: ChatFormat) -> NeighborTokens:
    return NeighborTokens.of([chat.tokenizer.encode(texts) for texts in TEXTS], length=32)


def greedy(
    model: RetrofitForCausalLM, chat: ChatFormat, question: str, read: NeighborTokens | None, count: int
) -> str:
    """One question, whole passes."""
    tokens = chat.question_ids(question)
    written: list[int] = []
    given = {}
    if read is not None:
        given = {"neighbor_ids": read.ids[:, None], "neighbor_mask": read.mask[:, None], "is_prompt": True}
    with torch.no_grad():
        while len(written) < count:
            token = int(model(torch.tensor([tokens + written]), **given).logits[0, -1].argmax())
            if token in chat.end_ids:
                break
            written.append(token)
    return chat.tokenizer.decode([written])[0].strip()


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_equal_to_whole_passes_one_by_one(
    reader: RetrofitForCausalLM, chat: ChatFormat, batch_size: int
) -> None:
    read = neighbors(chat)
    answers = Answerer(reader, chat, batch_size=batch_size, max_new_tokens=5).answer(QUESTIONS, read)
    for number, (question, answer) in enumerate(zip(QUESTIONS, answers, strict=True)):
        given = read[[number]] if TEXTS[number] else None
        assert answer.text == greedy(reader, chat, question, given, 5)


def agreed(
    model: RetrofitForCausalLM, chat: ChatFormat, question: str, read: NeighborTokens, count: int
) -> str:
    """What both readings of one question write, whole passes; read: of one question, all of its places."""
    tokens, found = chat.question_ids(question), []
    for place in read.mask[0].any(-1).nonzero()[:, 0].tolist():
        alone = NeighborTokens(read.ids[:, [place]], read.mask[:, [place]])
        written: list[int] = []
        total, ended = 0.0, False
        while len(written) < count and not ended:
            scores = torch.zeros(())
            for one in (read, alone):
                out = model(
                    torch.tensor([tokens + written]),
                    neighbor_ids=one.ids[:, None],
                    neighbor_mask=one.mask[:, None],
                    is_prompt=True,
                )
                scores = scores + out.logits[0, -1].log_softmax(-1)
            total += float(scores.max())
            written.append(int(scores.argmax()))
            ended = written[-1] in chat.end_ids
        found.append((total, written[: len(written) - ended]))
    return chat.tokenizer.decode([max(found)[1]])[0].strip()


@pytest.mark.parametrize("batch_size", [1, 8])
def test_read_again_it_answers_what_both_readings_agree_on(
    reader: RetrofitForCausalLM, chat: ChatFormat, batch_size: int
) -> None:
    read = neighbors(chat)
    answerer = Answerer(reader, chat, batch_size=batch_size, max_new_tokens=5, reread=True)
    two, one, none = answerer.answer(QUESTIONS, read)
    with torch.no_grad():
        assert two.text == agreed(reader, chat, QUESTIONS[0], read[[0]], 5)
    # One passage together is one alone; and where there is none, nothing is read twice.
    assert one.text == greedy(reader, chat, QUESTIONS[1], read[[1]], 5)
    assert none.text == greedy(reader, chat, QUESTIONS[2], None, 5)
    assert sum(two.shares) == pytest.approx(1), "what was written is told with what it read"
    assert answerer.answer(QUESTIONS)[0].text == greedy(reader, chat, QUESTIONS[0], None, 5)


def test_without_neighbors_the_base_answers(reader: RetrofitForCausalLM, chat: ChatFormat) -> None:
    for question, answer in zip(
        QUESTIONS, Answerer(reader, chat, max_new_tokens=4).answer(QUESTIONS), strict=True
    ):
        assert answer.text == greedy(reader, chat, question, None, 4)
        assert answer.shares == ()


def test_shares_are_of_the_neighbors_that_exist(reader: RetrofitForCausalLM, chat: ChatFormat) -> None:
    two, one, none = Answerer(reader, chat, max_new_tokens=3).answer(QUESTIONS, neighbors(chat))
    assert sum(two.shares) == pytest.approx(1)
    assert one.shares == pytest.approx((1, 0))
    assert none.shares == pytest.approx((0, 0))


def test_long_neighbors_are_cut_and_short_ones_padded() -> None:
    tokens = NeighborTokens.of([[[1, 2, 3]], [[4], [5, 6]]], length=2)
    assert tokens.ids.tolist() == [[[1, 2], [0, 0]], [[4, 0], [5, 6]]]
    assert tokens.mask.tolist() == [[[True, True], [False, False]], [[True, False], [True, True]]]


@pytest.mark.parametrize("options", [{"max_new_tokens": 17}, {"max_new_tokens": 0}, {"batch_size": 0}])
def test_numbers_out_of_range(make_reader: MakeReader, chat: ChatFormat, options: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=str(next(iter(options.values())))):
        Answerer(make_reader(), chat, **options)


def test_what_was_copied_is_told_of_each_neighbor(make_reader: MakeReader, chat: ChatFormat) -> None:
    model = make_reader(copy_head=True)
    two, one, none = Answerer(model, chat, max_new_tokens=3).answer(QUESTIONS, neighbors(chat))
    for answer in (two, one, none):
        assert answer.copied is not None
        assert all(0 <= share <= 1 for share in answer.copied)
    assert one.copied is not None and none.copied is not None
    assert one.copied[1] == 0
    assert none.copied == (0, 0)
    assert Answerer(model, chat, max_new_tokens=3).answer(QUESTIONS)[0].copied is None
    assert (
        Answerer(make_reader(), chat, max_new_tokens=3).answer(QUESTIONS, neighbors(chat))[0].copied is None
    )


def test_copied_shares_are_those_of_the_mixture(make_reader: MakeReader, chat: ChatFormat) -> None:
    """Of the first token: the probability with copying, less what the vocabulary gives, over the whole."""
    model = make_reader(copy_head=True)
    torch.nn.init.constant_(model.copy_head.gate_bias, 0.2)
    read = neighbors(chat)[[0]]
    (answer,) = Answerer(model, chat, max_new_tokens=1).answer(QUESTIONS[:1], read)
    ids = torch.tensor([chat.question_ids(QUESTIONS[0])])
    given = {"neighbor_ids": read.ids[:, None], "neighbor_mask": read.mask[:, None], "is_prompt": True}
    with torch.no_grad():
        out = model(ids, **given, output_copied=True)
        token = int(out.logits[0, -1].argmax())
        vocabulary = model.lm_head(model.model(ids, **given).hidden[0, -1]).log_softmax(-1)[token]
    copied = 1 - (out.copied.log_rest[0, -1] + vocabulary - out.logits[0, -1, token]).exp()
    if token not in chat.end_ids:
        assert answer.copied is not None
        assert sum(answer.copied) == pytest.approx(float(copied), abs=1e-5)


def test_a_question_of_thousands_of_tokens_is_refused_before_any_is_asked(
    make_reader: MakeReader, chat: ChatFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = make_reader()
    answerer = Answerer(reader, chat, max_new_tokens=4)
    monkeypatch.setattr(reader, "forward", lambda *_, **__: pytest.fail("asked"))
    positions = reader.config.max_position_embeddings
    long = "Who has the gate of iron? " * positions
    with pytest.raises(SettingsError, match=rf"'Who has the gate.*reads {positions - 4:,} here; shorten"):
        answerer.answer(["Who?", long])
    with pytest.raises(SettingsError, match="read fewer passages"):
        answerer.answer(["Who?"], passages=[[long]])
    monkeypatch.setattr(reader.config, "max_position_embeddings", 100_000)
    with pytest.raises(SettingsError, match="reads 2,048 here"):
        answerer.require_lengths(["Who has the gate of iron? " * 1000])


@pytest.fixture(params=["native", "encoder"])
def chunked(request: pytest.FixtureRequest, make_reader: MakeReader, facts: Database) -> RetroForCausalLM:
    return chunked_model(request.param, make_reader, facts)


def chunked_model(kind: str, make_reader: MakeReader, facts: Database) -> RetroForCausalLM:
    """What reads by chunked cross-attention, the encoder conditioned on the question's chunk."""
    if kind == "encoder":
        torch.manual_seed(1)
        base = make_reader().base
        model: RetroForCausalLM = retrofit(base, reader="encoder", chunk_size=16, num_neighbors=2).eval()
    else:
        sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 2}
        vocabulary = facts.tokenizer.vocab_size
        torch.manual_seed(2)
        config = RetroConfig(vocab_size=vocabulary, chunk_size=16, cca_layers=[2, 3], copy_head=True, **sizes)
        model = RetroForCausalLM(config).eval()
    for name, weight in model.named_parameters():
        if "base" not in name and weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.3)
    return model


@pytest.mark.parametrize("batch_size", [1, 8])
def test_chunks_of_a_question_read_and_its_padding_does_not(
    chunked: RetroForCausalLM, chat: ChatFormat, batch_size: int
) -> None:
    """Questions of one chunk and of several, in one batch or alone, without a cache."""
    M = chunked.config.chunk_size
    questions = [*QUESTIONS[:2], QUESTIONS[1] * 2]
    rows = [TEXTS[0], TEXTS[1], ["The gate of Tesk is iron.", "Miro lives in Tarnow."]]
    read = NeighborTokens.of([chat.tokenizer.encode(texts) for texts in rows], length=2 * M)
    answers = Answerer(chunked, chat, batch_size=batch_size, max_new_tokens=5).answer(questions, read)
    sizes = set()
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        prompt = [*chat.prefix_ids, *chat.question_ids(question)]
        padding = -len(prompt) % M
        C = (len(prompt) + padding) // M
        sizes.add(C)
        ids, mask = (x[number][None, None].expand(1, C, -1, -1) for x in (read.ids, read.mask))
        written: list[int] = []
        while len(written) < 5:
            tokens = [chat.tokenizer.eos_id] * padding + prompt + written
            given = torch.tensor([[0] * padding + [1] * (len(prompt) + len(written))])
            places = {"attention_mask": given, "position_ids": position_ids(given)}
            with torch.no_grad():
                logits = chunked(
                    torch.tensor([tokens]), neighbor_ids=ids, neighbor_mask=mask, **places
                ).logits
            token = int(logits[0, -1].argmax())
            if token in chat.end_ids:
                break
            written.append(token)
        assert answer.text == chat.tokenizer.decode([written])[0].partition("\n")[0].strip()
    assert len(sizes) > 1
    assert answers != Answerer(chunked, chat, max_new_tokens=5).answer(questions)


# As `ask`, which is what people run


@pytest.fixture(params=["joint", "independent", "copy head", "native", "encoder"])
def any_model(request: pytest.FixtureRequest, make_reader: MakeReader, facts: Database) -> RetroForCausalLM:
    """Of each kind one, in float64: batches round otherwise than one row."""
    if request.param == "copy head":
        return make_reader(copy_head=True).double()
    if request.param in ("joint", "independent"):
        return make_reader(reading=request.param).double()
    return chunked_model(request.param, make_reader, facts).double()


def found_by(model: RetroForCausalLM, chat: ChatFormat, book: Database, question: str) -> NeighborTokens:
    """What `ask` reads."""
    lookup = Lookup(book=book.opened, question=question, k=2)
    return NeighborTokens(*make_fetcher(model, chat.tokenizer, lookup).fetch([[1]]))


@pytest.mark.parametrize("reread", [False, True])
def test_answers_are_those_of_ask(
    any_model: RetroForCausalLM, chat: ChatFormat, facts: Database, questions: list[Question], reread: bool
) -> None:
    texts = [item.question for item in questions[:2]]
    found = [found_by(any_model, chat, facts, text) for text in texts]
    read = NeighborTokens(torch.cat([one.ids for one in found]), torch.cat([one.mask for one in found]))
    answers = Answerer(any_model, chat, max_new_tokens=8, reread=reread).answer(texts, read)
    asked = [
        ask(any_model, facts, text, chat=chat, k=2, max_new_tokens=8, reread=reread).answer for text in texts
    ]
    assert [answer.text for answer in answers] == asked
    assert any(asked)


@pytest.mark.parametrize("in_prompt", [False, True])
def test_answers_without_neighbors_are_those_of_ask(
    any_model: RetroForCausalLM, chat: ChatFormat, facts: Database, questions: list[Question], in_prompt: bool
) -> None:
    texts = [item.question for item in questions[:2]]
    passages = None
    if in_prompt:
        found = [facts.search([text], k=2)[0] for text in texts]
        passages = [[hit.passage.strip() for hit in hits] for hits in found]
    answers = Answerer(any_model, chat, max_new_tokens=8).answer(texts, passages=passages)
    options = {"in_prompt": in_prompt, "retrieval": in_prompt, "k": 2, "max_new_tokens": 8}
    asked = [ask(any_model, facts, text, chat=chat, **options).answer for text in texts]
    assert [answer.text for answer in answers] == asked
