"""From a prompt to a text with sources: seeds, ends, what is refused, a database that changes."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from openbook.database import Database
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.generation import Generation, Sampling, generate, generate_batch
from openbook.model import RetroForCausalLM
from openbook.text import Document

M = 16
GREEDY = Sampling(temperature=0)
LIVELY = Sampling(temperature=1.5, top_p=None)


def test_without_retrieval_nothing_is_searched(trained: RetroForCausalLM, book: Database, spy: Any) -> None:
    result = generate(trained, book, "Number", max_new_tokens=2 * M, retrieval=False, sampling=LIVELY, seed=0)
    assert result.text
    assert result.citations == []
    assert spy.queries == []


def test_same_seed_same_text(trained: RetroForCausalLM, book: Database) -> None:
    def write(seed: int) -> Generation:
        return generate(trained, book, "Number 3", max_new_tokens=24, sampling=LIVELY, seed=seed)

    assert write(5) == write(5)
    assert write(5).text != write(6).text


def test_without_a_seed_texts_differ(trained: RetroForCausalLM, book: Database) -> None:
    texts = {generate(trained, book, "Number", max_new_tokens=12, sampling=LIVELY).text for _ in range(3)}
    assert len(texts) > 1


def test_the_seed_that_was_drawn_is_told_and_repeats_the_text(
    trained: RetroForCausalLM, book: Database
) -> None:
    options: dict[str, Any] = {"max_new_tokens": 12, "min_new_tokens": 12, "sampling": LIVELY}
    drawn = generate(trained, book, "Number", **options)
    again = generate(trained, book, "Number", **options, seed=drawn.seed)
    assert (again, again.seed) == (drawn, drawn.seed)
    assert (drawn.prompt, drawn.tokens, drawn.finish_reason) == ("Number", 12, "length")
    assert generate(trained, book, "Number", max_new_tokens=1, seed=7).seed == 7


def test_dropout_is_off_and_the_mode_is_restored(trained: RetroForCausalLM, book: Database) -> None:
    expected = generate(trained, book, "Number 3", max_new_tokens=8, sampling=GREEDY)
    for module in trained.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
    trained.train()
    assert generate(trained, book, "Number 3", max_new_tokens=8, sampling=GREEDY) == expected
    assert trained.training


def test_an_end_of_text_token_ends_it(
    trained: RetroForCausalLM, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = iter([*book.tokenizer.encode(["ba ke"])[0], book.tokenizer.eos_id])
    monkeypatch.setattr(Sampling, "draw", lambda self, logits, generator: next(draws))
    result = generate(trained, book, "Number", max_new_tokens=50)
    assert (result.text, result.finish_reason) == ("ba ke", "stop")
    assert result.tokens == len(book.tokenizer.encode(["ba ke"])[0])


def test_a_text_that_ends_at_once_is_empty(
    trained: RetroForCausalLM, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sampling, "draw", lambda self, logits, generator: book.tokenizer.eos_id)
    result = generate(trained, book, "Number", max_new_tokens=50)
    assert result == Generation("", [], prompt="Number", seed=result.seed, tokens=0, finish_reason="stop")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompt": ""}, "the prompt is empty"),
        ({"prompt": " \n\t"}, "the prompt is empty"),
        ({"prompt": "a\ud800b"}, "lone surrogate at character 1"),
        ({"k": 0}, "k = 0"),
        ({"k": -1}, "k = -1"),
        ({"max_new_tokens": 0}, "max new tokens 0"),
        ({"max_new_tokens": -3}, "max new tokens -3"),
        ({"mode": "dense"}, "lexical only"),
        ({"mode": "fuzzy"}, "search mode 'fuzzy'"),
    ],
)
def test_refuses_wrong_settings(
    trained: RetroForCausalLM, book: Database, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        generate(trained, book, **({"prompt": "Number"} | options))
    assert not trained.training


@pytest.mark.parametrize(
    "change", [{"tokenizer_fingerprint": "other"}, {"chunk_size": 8}], ids=["tokenizer", "chunk size"]
)
def test_refuses_a_model_of_another_database(
    trained: RetroForCausalLM, book: Database, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(trained.config, name, value)
    with pytest.raises(MismatchError, match=str(*change.values())):
        generate(trained, book, "Number")


def test_a_database_smaller_than_k_gives_what_there_is(
    trained: RetroForCausalLM, small: Callable[..., Database]
) -> None:
    database = small("ba ke", "ba li")
    result = generate(trained, database, "ba", k=5, max_new_tokens=4, sampling=LIVELY, seed=0)
    (citation,) = result.citations
    assert {neighbor.document_id for neighbor in citation.neighbors} == {"0", "1"}
    assert sum(neighbor.attention for neighbor in citation.neighbors) == pytest.approx(1, abs=1e-4)


def test_an_empty_database_is_refused_unless_nothing_is_looked_up(
    trained: RetroForCausalLM, small: Callable[..., Database]
) -> None:
    database = small()
    with pytest.raises(DatabaseError, match="is empty; add documents"):
        generate(trained, database, "ba ke", max_new_tokens=4)
    assert generate(trained, database, "ba ke", max_new_tokens=4, retrieval=False, seed=0).text


def test_a_database_without_live_documents_cites_nothing(
    trained: RetroForCausalLM, small: Callable[..., Database]
) -> None:
    database = small("ba ke")
    database.remove(["0"])
    result = generate(trained, database, "ba ke", max_new_tokens=2 * M, sampling=LIVELY, seed=0)
    assert result.text
    assert result.citations == []


def test_a_new_document_is_found_at_once(trained: RetroForCausalLM, small: Callable[..., Database]) -> None:
    database = small("ba ke li")

    def cited() -> set[str]:
        result = generate(trained, database, "zuzu titi", max_new_tokens=2, sampling=LIVELY, seed=0)
        return {n.document_id for citation in result.citations for n in citation.neighbors}

    assert "new" not in cited()
    database.add([Document(id="new", text="zuzu titi")])
    assert "new" in cited()


def test_a_generation_reads_one_version_though_the_database_changes_meanwhile(
    sharp: RetroForCausalLM,
    copy_book: Callable[[], Database],
    monkeypatch: pytest.MonkeyPatch,
    prompt_of: Callable[[int], str],
) -> None:
    database = copy_book()
    prompt, forward = prompt_of(20), sharp.forward
    options = {"max_new_tokens": 40, "k": 2, "sampling": GREEDY}
    expected = generate(sharp, database, prompt, **options)
    cited = {near.document_id for citation in expected.citations for near in citation.neighbors}
    passes = iter(range(1000))

    def changing(*arguments: Any, **inputs: Any) -> Any:
        if next(passes) == 2:
            database.remove(cited)
            database.compact()
        return forward(*arguments, **inputs)

    monkeypatch.setattr(sharp, "forward", changing)
    version = database.opened
    assert generate(sharp, database, prompt, **options) == expected
    assert database.version == version.version + 2
    monkeypatch.undo()
    assert generate(sharp, version, prompt, **options) == expected
    assert generate(sharp, database, prompt, **options) != expected


def test_a_batch_of_prompts_writes_what_each_writes_alone(trained: RetroForCausalLM, book: Database) -> None:
    model = trained.double()
    prompts = ["Number 3", "ba ke li mo. Number 7 " * 5, "zu"]
    options: dict[str, Any] = {"max_new_tokens": 20, "sampling": LIVELY, "num_logprobs": 1}
    found = generate_batch(model, book, prompts, num_samples=2, batch_size=4, seed=3, **options)
    alone = [generate(model, book, prompt, seed=seed, **options) for prompt in prompts for seed in (3, 4)]
    assert [(one.prompt, one.seed, one.text) for one in found] == [
        (one.prompt, one.seed, one.text) for one in alone
    ]
    spans = [[(c.start, c.end, [n.chunk_id for n in c.neighbors]) for c in one.citations] for one in found]
    assert spans == [
        [(c.start, c.end, [n.chunk_id for n in c.neighbors]) for c in one.citations] for one in alone
    ]
    assert all(len(one.logprobs) == one.tokens for one in found)


def test_a_batch_without_a_seed_draws_one_for_each(trained: RetroForCausalLM, book: Database) -> None:
    found = generate_batch(trained, book, ["Number"], num_samples=3, max_new_tokens=12, sampling=LIVELY)
    assert len({one.seed for one in found}) == 3
    again = generate(trained, book, "Number", max_new_tokens=12, sampling=LIVELY, seed=found[1].seed)
    assert again.text == found[1].text
    assert generate_batch(trained, book, []) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_samples": 0}, "num_samples 0"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"min_new_tokens": 129}, "min new tokens 129"),
        ({"prompts": ["a", ""]}, "the prompt is empty"),
    ],
)
def test_a_batch_refuses_wrong_settings(
    trained: RetroForCausalLM, book: Database, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        generate_batch(trained, book, **({"prompts": ["a"]} | options))
    with pytest.raises(TypeError, match="generate_batch"):
        generate_batch(trained, book, "a text")  # type: ignore[arg-type]


def test_a_stop_text_ends_it_and_is_not_part_of_it(trained: RetroForCausalLM, book: Database) -> None:
    whole = generate(trained, book, "Number 3", max_new_tokens=20, sampling=GREEDY)
    stop = whole.text[4:7]
    pieces: list[str] = []
    found = generate(
        trained, book, "Number 3", max_new_tokens=20, sampling=GREEDY, stop=[stop], on_text=pieces.append
    )
    assert found.text == "".join(pieces) == whole.text[: whole.text.index(stop)]
    assert found.finish_reason == "stop"
    assert all(citation.end <= len(found.text) for citation in found.citations)
