"""Answers that two readings agree on, batched, against one row after another; `ask` with them."""

from typing import Any

import pytest
import torch

from generation.test_question import QUESTION, M, own_reader, tiny_base, with_template
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.generation import Answer, Sampling, ask
from openbook.generation.second_reading import read_twice
from openbook.model import RetroCache, RetroForCausalLM
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.text import ChatFormat

COUNT = 6


@pytest.fixture(scope="module")
def chat(book: Database) -> ChatFormat:
    return ChatFormat.of(with_template(book.tokenizer))


@pytest.fixture(scope="module")
def model(book: Database, chat: ChatFormat) -> RetrofitForCausalLM:
    return own_reader(chat.tokenizer, tiny_base(book.tokenizer.vocab_size))


@pytest.fixture(params=["own", "own, copy head", "native"])
def reader(request: pytest.FixtureRequest, book: Database, chat: ChatFormat) -> RetroForCausalLM:
    """Of each kind one."""
    if request.param == "native":
        native: RetroForCausalLM = request.getfixturevalue("sharp")
        return native
    base = tiny_base(book.tokenizer.vocab_size)
    return own_reader(chat.tokenizer, base, copy_head="copy" in request.param)


def written(model: RetroForCausalLM, prompt: list[int], reads: list[dict[str, Any]], ends: set[int]) -> Any:
    """The sum of log-probabilities and the tokens of one text that is read in both ways at once."""
    caches = [RetroCache() for _ in reads]
    new, tokens, total = torch.tensor([prompt]), list[int](), 0.0
    given = reads
    while len(tokens) < COUNT and not (tokens and tokens[-1] in ends):
        scores = torch.zeros(())
        for cache, read in zip(caches, given, strict=True):
            out = model(new, past_key_values=cache, use_cache=True, **read)
            scores = scores + out.logits[0, -1].log_softmax(-1)
        total += float(scores.max())
        tokens.append(int(scores.argmax()))
        new, given = torch.tensor([tokens[-1:]]), [{}, {}]
    return total, tokens


def test_a_batch_is_read_as_each_row_alone(reader: RetroForCausalLM, chat: ChatFormat) -> None:
    random = torch.Generator().manual_seed(5)
    vocab, K = reader.config.vocab_size, 3
    is_prompt = getattr(reader.config, "reader", None) == "own"
    C = 1 if is_prompt else 2
    prompts = torch.randint(0, vocab, (4, 2 * M), generator=random)
    exists = torch.ones_like(prompts)
    exists[1, :5] = 0
    ids = torch.randint(0, vocab, (4, C, K, 2 * M), generator=random)
    mask = torch.ones(ids.shape, dtype=torch.bool)
    mask[1, :, 1] = False
    mask[2, :, 1:] = False
    mask[3] = False
    ends = set(range(0, vocab, 7))
    with torch.no_grad():
        found = read_twice(
            reader,
            prompts,
            exists,
            (ids, mask),
            is_prompt=is_prompt,
            end_ids=ends,
            max_new_tokens=COUNT,
        )
        for row in (0, 2, 3):
            every = {"neighbor_ids": ids[[row]], "neighbor_mask": mask[[row]], "is_prompt": is_prompt}
            candidates = []
            for place in range(K) if row == 0 else [0]:
                alone = {"neighbor_ids": ids[[row], :, [place]][:, :, None], "is_prompt": is_prompt}
                alone["neighbor_mask"] = mask[[row], :, [place]][:, :, None]
                candidates.append(written(reader, prompts[row].tolist(), [every, alone], ends))
            assert found[row] == max(candidates)[1]
    assert all(token not in ends for row in found for token in row[:-1])
    assert all(len(row) == COUNT or row[-1] in ends for row in found)


def test_padding_and_missing_neighbors_change_nothing(model: RetrofitForCausalLM, chat: ChatFormat) -> None:
    prompt = chat.question_ids(QUESTION)[: M - 2]
    texts = chat.tokenizer.encode(["number 3. ba ke", "sa to mi"])
    ids, mask = torch.zeros(1, 1, 4, 2 * M, dtype=torch.long), torch.zeros(1, 1, 4, 2 * M, dtype=torch.bool)
    for place, tokens in zip((1, 2), texts, strict=True):
        ids[0, 0, place, : len(tokens)] = torch.tensor(tokens)
        mask[0, 0, place, : len(tokens)] = True

    def answer(length: int, neighbors: tuple[torch.Tensor, torch.Tensor]) -> list[list[int]]:
        padding = length - len(prompt)
        row = torch.tensor([[0] * padding + prompt])
        exists = torch.tensor([[0] * padding + [1] * len(prompt)])
        return read_twice(
            model, row, exists, neighbors, is_prompt=True, end_ids=chat.end_ids, max_new_tokens=COUNT
        )

    wanted = answer(M, (ids[:, :, 1:3], mask[:, :, 1:3]))
    assert answer(3 * M, (ids, mask)) == wanted


# In `ask`


def asked(model: RetroForCausalLM, book: Database, chat: ChatFormat, **options: Any) -> Answer:
    return ask(model, book, QUESTION, chat=chat, max_new_tokens=M, **options)


def test_it_is_written_and_cited_like_any_answer(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat
) -> None:
    pieces: list[str] = []
    plain, again = asked(model, book, chat), asked(model, book, chat, reread=True, on_text=pieces.append)
    assert "".join(pieces) == again.answer
    read = [{neighbor.chunk_id for neighbor in answer.citations[0].neighbors} for answer in (plain, again)]
    assert read[0] == read[1]
    one = asked(model, book, chat, reread=True, k=1)
    assert one == asked(model, book, chat, k=1), "one passage is read alone in any case"


def test_it_is_another_answer_where_the_readings_differ(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat
) -> None:
    differing = 0
    for number in range(8):
        question = f"Number {number}. ba ke?"
        options: dict[str, Any] = {"chat": chat, "max_new_tokens": M}
        plain = ask(model, book, question, **options)
        again = ask(model, book, question, reread=True, **options)
        assert ask(model, book, question, reread=True, drafts=True, **options).answer == again.answer
        differing += plain.answer != again.answer
    assert differing > 0


def test_an_answer_of_several_chunks_is_written_as_without(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat
) -> None:
    options: dict[str, Any] = {"chat": chat, "max_new_tokens": 2 * M + 3}
    plain = ask(model, book, QUESTION, **options)
    assert plain.completion_tokens == 2 * M + 3
    assert ask(model, book, QUESTION, reread=True, **options) == plain
    options |= {"max_new_tokens": M, "stride": 4}
    assert ask(model, book, QUESTION, reread=True, **options) == ask(model, book, QUESTION, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": Sampling(temperature=0.5)}, "temperature of 0.5"),
        ({"sampling": Sampling(temperature=0, presence_penalty=1)}, "presence penalty"),
        ({"sampling": Sampling(temperature=0, repetition_penalty=1.1)}, "repetition penalty"),
        ({"min_new_tokens": 2}, "min new tokens"),
    ],
)
def test_what_two_readings_cannot_follow_is_refused(
    book: Database, model: RetrofitForCausalLM, chat: ChatFormat, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        asked(model, book, chat, reread=True, **options)
