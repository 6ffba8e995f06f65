"""The harness' three kinds of requests, against a slow loop that reads one question after the other."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from lm_eval.api.instance import Instance

from openbook.database import Database, Version
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.evaluate.harness import AnswerOptions
from openbook.evaluate.harness.lm import OpenbookLM
from openbook.generation import Sampling, generate
from openbook.model import RetroForCausalLM

M, T = 16, 64
Pair = tuple[list[int], list[int]]
MakeLM = Callable[..., OpenbookLM]


@pytest.fixture
def make_lm(trained: RetroForCausalLM, book: Database) -> MakeLM:
    return lambda **options: OpenbookLM(trained, book, AnswerOptions(**options))


@pytest.fixture
def book_tokens(book: Database) -> list[int]:
    """A long text."""
    return book.tokenizer.encode([" ".join(book.chunk_texts(np.arange(30)))])[0]


@pytest.fixture
def pairs(book_tokens: list[int]) -> list[Pair]:
    """Contexts and answers of many lengths; all fit but for the last contexts."""
    lengths = [(1, 1), (5, 3), (16, 1), (16, 17), (17, 4), (32, 20), (33, 2), (40, 16), (48, 9), (90, 3)]
    return [(book_tokens[10 * n :][:c], book_tokens[10 * n + c :][:a]) for n, (c, a) in enumerate(lengths)]


def scores(lm: OpenbookLM, pairs: list[Pair]) -> list[tuple[float, bool]]:
    return lm._loglikelihood_tokens([(("", ""), context, answer) for context, answer in pairs])


def slow(
    model: RetroForCausalLM, book: Database, context: list[int], answer: list[int], k: int
) -> tuple[float, bool]:
    """Log-probability of an answer and whether it is the likeliest, of one sequence alone."""
    padding = -len(context) % M
    tokens = [book.tokenizer.eos_id] * padding + context + answer
    inputs: dict[str, Any] = {}
    if k:
        ends = range(M, len(tokens) + 1, M)
        texts = [book.tokenizer.decode([tokens[end - M : end]])[0] for end in ends]
        found = [[hit.chunk_id for hit in book.search([text], k=k)[0]] if text else [] for text in texts]
        ids, mask = book.opened.retrieved_tokens(np.array([row + [-1] * (k - len(row)) for row in found]))
        inputs = {"neighbor_ids": torch.from_numpy(ids)[None], "neighbor_mask": torch.from_numpy(mask)[None]}
    exists = torch.tensor([[0] * padding + [1] * (len(tokens) - padding)])
    with torch.no_grad():
        log_probs = model(torch.tensor([tokens]), attention_mask=exists, **inputs).logits[0].log_softmax(-1)
    before = log_probs[len(tokens) - len(answer) - 1 : -1]
    total = before[torch.arange(len(answer)), answer].sum().item()
    return total, before.argmax(-1).tolist() == answer


@pytest.mark.parametrize("k", [0, 1, 3])
def test_scores_equal_a_slow_loop(
    make_lm: MakeLM, trained: RetroForCausalLM, book: Database, pairs: list[Pair], k: int
) -> None:
    lm = make_lm(k=k or None, retrieval=k > 0)
    for (context, answer), (score, greedy) in zip(pairs, scores(lm, pairs), strict=True):
        chunks = -(-len(context) // M)
        kept = context[-M * min(chunks, (T - len(answer)) // M) :]
        expected, expected_greedy = slow(trained, book, kept, answer, k)
        assert score == pytest.approx(expected, rel=1e-4)
        assert greedy == expected_greedy


@pytest.mark.parametrize("retrieval", [True, False])
def test_batches_do_not_matter(make_lm: MakeLM, pairs: list[Pair], retrieval: bool) -> None:
    one, many = (scores(make_lm(batch_size=size, retrieval=retrieval), pairs) for size in (1, 8))
    for (alone, greedy), (together, greedy_too) in zip(one, many, strict=True):
        assert alone == pytest.approx(together, rel=1e-5)
        assert greedy == greedy_too


def test_neighbors_change_scores_from_the_first_token_on(make_lm: MakeLM, pairs: list[Pair]) -> None:
    """A context that is shorter than a chunk has neighbors, too."""
    short = [(context, answer[:1]) for context, answer in pairs]
    on, off = (scores(make_lm(retrieval=retrieval), short) for retrieval in (True, False))
    assert all(abs(with_them[0] - without[0]) > 1e-4 for with_them, without in zip(on, off, strict=True))


def test_likeliest_answers_are_told(make_lm: MakeLM, trained: RetroForCausalLM, book: Database) -> None:
    written = generate(trained, book, "Number 3", max_new_tokens=5, sampling=Sampling(temperature=0)).text
    context, answer = book.tokenizer.encode(["Number 3", written])
    other = [*answer[:-1], (answer[-1] + 1) % book.tokenizer.vocab_size]
    assert [greedy for _, greedy in scores(make_lm(), [(context, answer), (context, other)])] == [True, False]


def test_a_longer_choice_cuts_the_context_of_all(
    make_lm: MakeLM, trained: RetroForCausalLM, book: Database, book_tokens: list[int]
) -> None:
    context, short, long = book_tokens[:60], book_tokens[60:62], book_tokens[60:80]
    score = scores(make_lm(), [(context, short), (context, long)])[0][0]
    assert score == pytest.approx(slow(trained, book, context[-32:], short, 2)[0], rel=1e-4)
    assert score != pytest.approx(slow(trained, book, context[-48:], short, 2)[0], rel=1e-4)


def test_an_answer_longer_than_the_model_reads_is_read_in_parts(
    make_lm: MakeLM, trained: RetroForCausalLM, book: Database, book_tokens: list[int]
) -> None:
    answer = book_tokens[5:75]
    expected = [
        slow(trained, book, book_tokens[:5], answer[:48], 2)[0],
        slow(trained, book, answer[16:48], answer[48:], 2)[0],
    ]
    ((score, _),) = scores(make_lm(), [(book_tokens[:5], answer)])
    assert score == pytest.approx(sum(expected), rel=1e-4)


def test_nothing_to_score_is_certain(make_lm: MakeLM) -> None:
    assert scores(make_lm(), [([1, 2], [])]) == [(0.0, True)]


@pytest.fixture
def searched(book: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts that were searched for."""
    seen: list[str] = []
    search = Version.search_chunks

    def search_chunks(self: Version, queries: Any, **options: Any) -> Any:
        seen.extend(queries.texts())
        return search(self, queries, **options)

    monkeypatch.setattr(Version, "search_chunks", search_chunks)
    return seen


def test_each_chunk_is_searched_once_by_its_own_tokens(
    make_lm: MakeLM, book: Database, book_tokens: list[int], searched: list[str]
) -> None:
    lm = make_lm(batch_size=2)
    context = book_tokens[:21]
    choices = [
        (context, book_tokens[start : start + length]) for start, length in [(30, 4), (40, 20), (50, 9)]
    ]
    scores(lm, choices)
    chunks = [context[:5], context[5:], book_tokens[40:56]]
    assert sorted(searched) == sorted(book.tokenizer.decode(chunks))
    assert lm.chunks_searched == 3
    scores(lm, choices)
    assert len(searched) == 3


def test_without_retrieval_nothing_is_searched(
    make_lm: MakeLM, pairs: list[Pair], searched: list[str]
) -> None:
    lm = make_lm(retrieval=False)
    scores(lm, pairs)
    lm.generate_until([request("generate_until", "Number", {"max_gen_toks": 2})])
    assert searched == []
    assert lm.chunks_searched == 0


def request(kind: str, *arguments: Any) -> Instance:
    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0)


def test_texts_are_split_between_context_and_answer(
    make_lm: MakeLM, trained: RetroForCausalLM, book: Database
) -> None:
    texts = [("Number 3. ba ke", " li mo"), ("", "Number 4"), ("Number 7 ", "ra")]
    found = make_lm().loglikelihood([request("loglikelihood", *text) for text in texts])
    encode = book.tokenizer.encode
    expected: list[Pair] = [
        (*encode(["Number 3. ba ke", " li mo"]),),
        ([book.tokenizer.eos_id], encode(["Number 4"])[0]),
        (*encode(["Number 7", " ra"]),),
    ]
    for (score, _), (context, answer) in zip(found, expected, strict=True):
        assert score == pytest.approx(slow(trained, book, context, answer, 2)[0], rel=1e-4)


@pytest.mark.parametrize("k", [0, 2])
def test_rolling_keeps_the_texts_own_chunks(
    make_lm: MakeLM, trained: RetroForCausalLM, book: Database, book_tokens: list[int], k: int
) -> None:
    long, short = (book.tokenizer.decode([book_tokens[:length]])[0] for length in (130, 20))
    requests = [request("loglikelihood_rolling", text) for text in (long, "", short)]
    found = make_lm(retrieval=k > 0).loglikelihood_rolling(requests)
    tokens = book.tokenizer.encode([long])[0]
    assert len(tokens) == 130
    eos = [book.tokenizer.eos_id]
    # Each context ends where a chunk of the text does, or before its first token.
    parts = [(eos, tokens[:48]), (tokens[32:48], tokens[48:96]), (tokens[80:96], tokens[96:])]
    assert found[0] == pytest.approx(sum(slow(trained, book, *part, k)[0] for part in parts), rel=1e-4)
    assert found[1] == 0
    assert found[2] == pytest.approx(slow(trained, book, eos, tokens[:20], k)[0], rel=1e-4)


@pytest.mark.parametrize("retrieval", [True, False])
def test_writes_what_openbook_writes_until_a_stop_string(
    make_lm: MakeLM, trained: RetroForCausalLM, book: Database, retrieval: bool
) -> None:
    prompt = "Number 3."
    whole = generate(
        trained, book, prompt, max_new_tokens=24, retrieval=retrieval, sampling=Sampling(temperature=0)
    ).text
    end = whole[len(whole) // 2 :][:3]
    options = [{"max_gen_toks": 24}, {"max_gen_toks": 24, "until": [end, "never"]}, {"max_gen_toks": 3}]
    found = make_lm(retrieval=retrieval).generate_until(
        [request("generate_until", prompt, option) for option in options]
    )
    assert found[0] == whole
    assert found[1] == whole[: whole.index(end)]
    assert whole.startswith(found[2])
    assert len(book.tokenizer.encode([found[2]])[0]) <= 3


def test_writing_ends_where_the_stop_string_does(
    make_lm: MakeLM, trained: RetroForCausalLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    forward = trained.forward

    def spy(*arguments: Any, **options: Any) -> Any:
        passes.append(1)
        return forward(*arguments, **options)

    monkeypatch.setattr(trained, "forward", spy)
    lm = make_lm()
    (first,) = lm.generate_until([request("generate_until", "Number", {"max_gen_toks": 1})])
    passes.clear()
    (text,) = lm.generate_until([request("generate_until", "Number", {"max_gen_toks": 30, "until": first})])
    assert text == ""
    assert len(passes) == 1


def test_a_prompt_too_long_loses_whole_chunks(
    make_lm: MakeLM, trained: RetroForCausalLM, book: Database, book_tokens: list[int]
) -> None:
    prompt, kept = (book.tokenizer.decode([book_tokens[start:90]])[0] for start in (0, 58))
    expected = generate(trained, book, kept, max_new_tokens=20, sampling=Sampling(temperature=0)).text
    assert make_lm().generate_until([request("generate_until", prompt, {"max_gen_toks": 20})]) == [expected]


def test_draws_are_repeatable_and_each_request_has_its_own(make_lm: MakeLM) -> None:
    options = {"max_gen_toks": 12, "do_sample": True, "temperature": 1.5}
    requests = [request("generate_until", "Number", options)] * 2
    first = make_lm(seed=1).generate_until(requests)
    assert first == make_lm(seed=1).generate_until(requests)
    assert first[0] != first[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_beams": 4}, "generation_kwargs: unknown name 'num_beams'"),
        ({"max_gen_toks": 0}, "max_gen_toks 0"),
        ({"do_sample": True, "temperature": -1}, "temperature -1"),
    ],
)
def test_refuses_options_of_writing(make_lm: MakeLM, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make_lm().generate_until([request("generate_until", "Number", options)])


def test_leaves_the_model_in_its_mode(make_lm: MakeLM, trained: RetroForCausalLM, pairs: list[Pair]) -> None:
    expected = scores(make_lm(), pairs[:1])
    for module in trained.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
    trained.train()
    lm = make_lm()
    assert scores(lm, pairs[:1]) == expected
    lm.generate_until([request("generate_until", "Number", {"max_gen_toks": 1})])
    assert trained.training


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch size 0"),
        ({"k": 0}, "k = 0"),
        ({"mode": "dense"}, "lexical only"),
        ({"max_length": 31}, "max length 31"),
        ({"max_length": 0}, "max length 0"),
    ],
)
def test_refuses_wrong_settings(make_lm: MakeLM, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make_lm(**options)


def test_a_model_without_cross_attention_is_asked_without_retrieval(
    make_lm: MakeLM, trained: RetroForCausalLM
) -> None:
    trained.config.cca_layers = []
    with pytest.raises(SettingsError, match="switch retrieval off"):
        make_lm()
    make_lm(retrieval=False)


def test_refuses_an_empty_database(trained: RetroForCausalLM, book: Database, tmp_path: Any) -> None:
    empty = Database.create(tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=M)
    with pytest.raises(DatabaseError, match="is empty"):
        OpenbookLM(trained, empty)


@pytest.mark.parametrize("retrieval", [True, False])
def test_refuses_a_model_of_another_database(
    make_lm: MakeLM, trained: RetroForCausalLM, retrieval: bool
) -> None:
    trained.config.tokenizer_fingerprint = "other"
    with pytest.raises(MismatchError, match="other"):
        make_lm(retrieval=retrieval)
