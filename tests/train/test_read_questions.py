"""Training a base to answer questions from what it reads: from a file of questions to exact matches."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from openbook.database import Database
from openbook.errors import MismatchError, SettingsError, TrainingError, TrainingStoppedError
from openbook.evaluate.answering.questions import read_questions, split_questions
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.phrases import part_of
from openbook.train import Recipe, TrainingSize, checkpoints, load_recipe, train
from openbook.train.training_data import load_data, question_chat

Metrics = Callable[[Path], list[dict[str, Any]]]
Weights = Callable[[Path], dict[str, torch.Tensor]]
MakeBase = Callable[..., PreTrainedModel]
MakeRecipe = Callable[..., Recipe]
MakeRetrofit = Callable[..., Recipe]
WithRows = Callable[..., Recipe]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, book: Database) -> Path:
    """Which number a document has; all of them say it in their first words."""
    path = tmp_path_factory.mktemp("questions") / "questions.jsonl"
    ids = [listed.document_id for listed in book.documents() if listed.split == "train"]
    rows = [
        {
            "question": f"Number of {name}?",
            "answers": [name.removeprefix("doc")],
            "document": name,
            "swaps": ["77"],
        }
        for name in ids
    ]
    rows += [{"question": "Number of nothing?", "answers": []}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def recipe(file: Path) -> MakeRecipe:
    def make(**changes: Any) -> Recipe:
        settings = {
            "questions.length": 64,
            "questions.held_out": 4,
            "data.sequence_length": 64,
            "train.max_steps": 4,
            "train.batch_size": 2,
            "train.log_every": 1,
            "train.warmup_steps": 1,
            "train.eval_every": 2,
            "train.eval_sequences": 2,
        } | {key.replace("__", "."): value for key, value in changes.items()}
        loaded = load_recipe("read", [f"{key}={json.dumps(value)}" for key, value in settings.items()])
        return replace(loaded, questions=replace(loaded.questions, file=str(file)))

    return make


def test_losses_and_exact_matches_are_logged(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, tmp_path: Path, metrics: Metrics
) -> None:
    notes: list[str] = []
    result = train(recipe(), book, tmp_path / "model", base=make_base(), note=notes.append)
    rows = metrics(tmp_path / "model")
    assert [row["step"] for row in rows if "loss" in row] == [1, 2, 3, 4]
    evaluated = [row["exact_match"] for row in rows if "exact_match" in row]
    assert [set(row) for row in evaluated] == [{"on", "swapped", "off"}] * 2
    assert result.tokens == 4 * 2 * 64
    model = RetrofitForCausalLM.from_pretrained(tmp_path / "model", base=make_base())
    assert model.config.adapt_neighbors
    assert notes == []


def test_it_learns(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, tmp_path: Path, metrics: Metrics
) -> None:
    """At least how an answer looks, and its end."""
    changes = {"model__train_base": True, "train__max_steps": 30, "train__batch_size": 8}
    long = recipe(**changes, train__eval_every=0, train__learning_rate=0.02)
    train(long, book, tmp_path / "model", base=make_base())
    losses = [row["loss"] for row in metrics(tmp_path / "model")]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_a_stopped_run_resumes_to_the_same_weights(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, tmp_path: Path, weights: Weights
) -> None:
    train(recipe(), book, tmp_path / "whole", base=make_base())
    asked = iter([False, True])
    with pytest.raises(TrainingStoppedError):
        train(recipe(), book, tmp_path / "model", base=make_base(), stop=lambda: next(asked))
    train(recipe(), book, tmp_path / "model", base=make_base())
    for name, weight in weights(tmp_path / "whole").items():
        assert torch.equal(weight, weights(tmp_path / "model")[name]), name


@pytest.fixture
def with_rows(recipe: MakeRecipe, file: Path, tmp_path: Path) -> WithRows:
    """A recipe whose file of questions has other rows: those of the usual one, each changed."""

    def make(change: Callable[[dict[str, Any]], dict[str, Any]], **changes: Any) -> Recipe:
        rows = [change(json.loads(line)) for line in file.read_text("utf-8").splitlines()]
        other = tmp_path / "other.jsonl"
        other.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        loaded = recipe(**changes)
        return replace(loaded, questions=replace(loaded.questions, file=str(other)))

    return make


def test_held_out_questions_that_are_too_long_are_not_evaluated(
    book: Database, make_base: MakeBase, with_rows: WithRows, tmp_path: Path, metrics: Metrics
) -> None:
    """The base reads 64 tokens, and an evaluation that refused one would end the training run."""

    def lengthened(row: dict[str, Any]) -> dict[str, Any]:
        is_even = row.get("document", "doc1")[-1] in "02468"
        return row | {"question": "ba " * 60 + row["question"]} if is_even else row

    notes: list[str] = []
    train(with_rows(lengthened), book, tmp_path / "model", base=make_base(), note=notes.append)
    evaluated = [row["exact_match"] for row in metrics(tmp_path / "model") if "exact_match" in row]
    assert len(evaluated) == 2
    (held_out,) = (note for note in notes if "held-out" in note)
    assert re.fullmatch(r"[1-3] of 4 held-out questions (is|are) left out: too long, or .*", held_out)


def test_held_out_questions_that_no_passage_answers_are_not_evaluated(
    book: Database, with_rows: WithRows
) -> None:
    """They would count as answered wrong; those without answers are refused, and stay."""

    def misspelled(row: dict[str, Any]) -> dict[str, Any]:
        is_even = row.get("document", "doc1")[-1] in "02468"
        return row | {"document": row["document"].upper()} if is_even else row

    notes: list[str] = []
    recipe = with_rows(misspelled, questions__held_out=12)
    chat = question_chat(recipe, book.opened, None)
    data = load_data(recipe, book.opened, None, chat, retrofits=True, note=notes.append)
    assert 0 < len(data.held_out) < 12
    assert all(item.gold or not item.question.answers for item in data.held_out)
    said = f"{part_of(12 - len(data.held_out), 12, 'held-out question', 'are')} left out: too long, or no "
    assert any(note.startswith(said) for note in notes)


def test_where_no_held_out_question_can_be_asked_it_says_so(
    book: Database, make_base: MakeBase, with_rows: WithRows, file: Path, tmp_path: Path
) -> None:
    _, held_out = split_questions(read_questions(file), held_out=4, seed=0)
    long = {row.question for row in held_out}

    def lengthened(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"question": "ba " * 60 + row["question"]} if row["question"] in long else row

    notes: list[str] = []
    once = with_rows(lengthened, train__max_steps=1, train__eval_every=1)
    train(once, book, tmp_path / "model", base=make_base(), note=notes.append)
    assert notes[-2].startswith("4 of 4 held-out questions are left out")
    assert notes[-1] == "no held-out question can be asked, so nothing is evaluated during training"


def test_where_no_question_is_held_out_it_says_so(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, tmp_path: Path
) -> None:
    notes: list[str] = []
    once = recipe(questions__held_out=0, train__max_steps=1, train__eval_every=1)
    train(once, book, tmp_path / "model", base=make_base(), note=notes.append)
    assert notes == ["no question is held out, so nothing is evaluated during training"]


def test_a_question_for_which_the_model_has_no_positions_is_refused_before_the_first_step(
    book: Database, make_base: MakeBase, with_rows: WithRows, tmp_path: Path
) -> None:
    """It fits beside its answer, but not beside as many tokens as an answer may have."""
    long = with_rows(lambda row: row | {"question": "ba " * 25 + row["question"]}, questions__refused_share=0)
    with pytest.raises(SettingsError, match="tokens as the model gets it"):
        train(long, book, tmp_path / "model", base=make_base())
    assert (tmp_path / "model" / "metrics.jsonl").read_text("utf-8") == ""


def test_an_evaluation_that_fails_costs_no_steps(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise TrainingError("no memory")

    monkeypatch.setattr("openbook.train.training_run.exact_matches", fail)
    with pytest.raises(TrainingError, match="no memory"):
        train(recipe(train__save_every=2), book, tmp_path / "model", base=make_base())
    assert checkpoints.steps_saved(tmp_path / "model") == [2]


def test_the_file_of_questions_may_move_but_not_change(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingStoppedError):
        train(recipe(), book, tmp_path / "model", base=make_base(), stop=lambda: True)
    moved = tmp_path / "moved.jsonl"
    there = replace(recipe(), questions=replace(recipe().questions, file=str(moved)))
    moved.write_bytes(file.read_bytes() + b'{"question": "One more?", "answers": []}\n')
    with pytest.raises(MismatchError, match="with the questions '"):
        train(there, book, tmp_path / "model", base=make_base())
    moved.write_bytes(file.read_bytes())
    assert train(there, book, tmp_path / "model", base=make_base()).steps == 4
    moved.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(SettingsError, match="holds a model already"):
        train(there, book, tmp_path / "model", base=make_base())


def test_text_and_questions_in_turns(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, tmp_path: Path, metrics: Metrics
) -> None:
    mixed = recipe(questions__text_every=2, data__sequence_length=32)
    sizes: list[TrainingSize] = []
    result = train(mixed, book, tmp_path / "model", base=make_base(), begins=sizes.append)
    steps, size = mixed.train.max_steps, mixed.train.step_size
    questions = steps - steps // 2
    positions = questions * mixed.questions.length + steps // 2 * mixed.data.sequence_length
    assert result.tokens == positions * size, "each step with the length of what it learns"
    assert metrics(tmp_path / "model")[-1]["tokens"] == result.tokens
    assert [one.epochs for one in sizes] == [questions * size / sizes[0].samples]
    evaluated = [row for row in metrics(tmp_path / "model") if "exact_match" in row]
    assert len(evaluated) == 2
    assert all(set(row["bits_per_byte"]) == {"on", "off", "random"} for row in evaluated)


def test_processes_that_read_ahead(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, tmp_path: Path, weights: Weights
) -> None:
    """They are forked after tokenizers had threads at work, which would be waited for forever."""
    book.tokenizer.encode(["some text"] * 1000)
    train(recipe(train__eval_every=0), book, tmp_path / "alone", base=make_base())
    train(recipe(train__eval_every=0, train__workers=1), book, tmp_path / "ahead", base=make_base())
    for name, weight in weights(tmp_path / "alone").items():
        assert torch.equal(weight, weights(tmp_path / "ahead")[name]), name


@pytest.mark.parametrize("retrofits", [False, True])
def test_chunked_cross_attention_learns_to_answer(
    book: Database,
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
    file: Path,
    tmp_path: Path,
    weights: Weights,
    metrics: Metrics,
    retrofits: bool,
) -> None:
    """A model of its own, and an encoder on a base: with text in turns, evaluated, stopped and resumed."""
    recipe = "retrofit-encoder" if retrofits else "tiny"
    options = {} if retrofits else {"model__num_hidden_layers": 3, "model__hidden_size": 32}
    loaded = make_retrofit(
        recipe=recipe,
        **options,
        questions__length=64,
        questions__text_every=2,
        questions__refused_share=0.0,  # a refusal has 24 tokens here, and a chunk 16
        train__eval_every=2,
    )
    loaded = replace(loaded, questions=replace(loaded.questions, file=str(file), held_out=4))

    def base() -> PreTrainedModel | None:
        return make_base() if retrofits else None

    asked = iter([False, True])
    train(loaded, book, tmp_path / "whole", base=base())
    with pytest.raises(TrainingStoppedError):
        train(loaded, book, tmp_path / "model", base=base(), stop=lambda: next(asked))
    train(loaded, book, tmp_path / "model", base=base())
    for name, weight in weights(tmp_path / "whole").items():
        assert torch.equal(weight, weights(tmp_path / "model")[name]), name
    evaluated = [row for row in metrics(tmp_path / "model") if "exact_match" in row]
    assert [set(row["exact_match"]) for row in evaluated] == [{"on", "swapped", "off"}] * 2


def test_where_no_step_learns_text_its_length_is_not_asked(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, tmp_path: Path
) -> None:
    """The base reads 64 tokens."""
    small = recipe(
        data__sequence_length=512,
        questions__length=48,
        questions__refused_share=0.0,
        train__max_steps=1,
        train__eval_every=0,
    )
    train(small, book, tmp_path / "model", base=make_base())
    model = RetrofitForCausalLM.from_pretrained(tmp_path / "model", base=make_base())
    assert model.config.trained_length == 48
    with pytest.raises(SettingsError, match=r"questions\.length 80: the base reads 64 tokens"):
        train(recipe(questions__length=80), book, tmp_path / "a", base=make_base())
    with pytest.raises(SettingsError, match=r"data\.sequence_length 128: the base reads 64 tokens"):
        mixed = recipe(questions__text_every=2, data__sequence_length=128)
        train(mixed, book, tmp_path / "b", base=make_base())


def test_what_cannot_be_is_refused(
    book: Database, make_base: MakeBase, recipe: MakeRecipe, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    questions = recipe().questions
    own = replace(make_retrofit(recipe="tiny"), questions=replace(questions, length=17))
    with pytest.raises(SettingsError, match=r"questions.length 17: an answer stands .* make it 32"):
        train(own, book, tmp_path / "a")
    with pytest.raises(SettingsError, match=r"length 64: .* 16 tokens .* has 24; build .* longer chunks"):
        train(replace(own, questions=questions), book, tmp_path / "a")
    with pytest.raises(SettingsError, match="num_neighbors is 0"):
        train(replace(own, questions=questions).without_retrieval(), book, tmp_path / "b")
    with pytest.raises(SettingsError, match="multiple of the chunk size 16"):
        train(recipe(questions__length=60), book, tmp_path / "c", base=make_base())
    assert not any(tmp_path.iterdir())
