"""Tokenizers of other models: loaded from their folders, lossless, and with the right starts."""

import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as FastTokenizer

from foreign_tokenizers import FAMILIES, SOME_TEXT, foreign, make_fast
from openbook.errors import SettingsError
from openbook.text import Tokenizer, load_tokenizer, train_tokenizer

TEXTS = [
    "The fox wasn't  here.\n\n 1,234",
    "日本語 ไทย 😀🏽 naïve\u00a0café",
    " leading",
    "x",
    "\n",
    "a\ufffdb\ufffd",
]
composed = st.text(st.characters(codec="utf-8", exclude_categories=["Mn", "Mc", "Lo"]), max_size=60)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Tokenizer:
    return foreign(request.param)


def write(folder: Path, **files: object) -> None:
    """Files of a model's folder, by names without .json."""
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


# What they do with text


@pytest.mark.parametrize("text", [*TEXTS, *SOME_TEXT])
def test_texts_come_back_as_far_as_the_tokenizer_keeps_them(family: Tokenizer, text: str) -> None:
    (ids,) = family.encode([text])
    kept = normalize("NFC", text) if family.name == "qwen" else text
    if family.name == "llama-metaspace":  # takes a first space for the one that it would have put there
        kept = kept.removeprefix(" ")
    assert family.decode([ids]) == [kept]


@pytest.mark.parametrize("text", ["</s>", "<|endoftext|> <|im_end|>", "<s> <|im_start|>user"])
def test_special_tokens_of_a_document_are_text(family: Tokenizer, text: str) -> None:
    (ids,) = family.encode([text])
    assert family.eos_id not in ids
    assert family.decode([ids]) == [text]


@settings(deadline=None, max_examples=40)
@given(text=composed)
def test_starts_belong_to_the_tokens_that_encode_gives(family: Tokenizer, text: str) -> None:
    ((ids, starts),) = family.encode_with_starts([text])
    assert ids == family.encode([text])[0]
    assert starts == sorted(starts)
    assert all(0 <= start < len(text) for start in starts)


def test_a_token_starts_where_the_text_before_it_ends(family: Tokenizer) -> None:
    """White space that a token begins with is its own, and the bytes of one character begin together."""
    text = "The quick  brown fox\n\njumps 日本 ไทย 😀 over"
    ((ids, starts),) = family.encode_with_starts([text])
    assert starts[0] == 0
    for count, start in enumerate(starts[1:], start=1):
        before = family.decode([ids[:count]])[0]
        if not before.endswith("\ufffd"):
            assert before == text[:start]


def test_nothing_has_no_starts(family: Tokenizer) -> None:
    assert family.encode_with_starts([]) == []
    assert family.encode_with_starts([""]) == [([], [])]


def test_a_chunk_from_the_middle_loses_one_space_at_most(family: Tokenizer) -> None:
    """Decoders that strip the space before a text do so in the middle, too; nothing else is lost."""
    text = "The quick  brown fox jumps over the lazy dog"
    ((ids, starts),) = family.encode_with_starts([text])
    for count, start in enumerate(starts):
        assert text[start:] in (piece := family.decode([ids[count:]])[0], f" {piece}")


# Their folders

ENDS: dict[str, dict[str, Any]] = {
    "text": {"tokenizer_config": {"eos_token": "<|im_end|>"}},
    "long": {"tokenizer_config": {"eos_token": {"content": "<|im_end|>", "special": True}}},
    "map": {"tokenizer_config": {}, "special_tokens_map": {"eos_token": {"content": "<|im_end|>"}}},
    "map-alone": {"special_tokens_map": {"eos_token": "<|im_end|>"}},
    "generation": {"tokenizer_config": {"eos_token": None}, "generation_config": {"eos_token_id": "ID"}},
    "generation-list": {"generation_config": {"eos_token_id": ["ID", 0]}},
    "config": {"config": {"eos_token_id": "ID"}},
    "first-counts": {"tokenizer_config": {"eos_token": "<|im_end|>"}, "config": {"eos_token_id": 0}},
}


@pytest.mark.parametrize("files", ENDS.values(), ids=ENDS)
def test_the_end_token_is_what_the_folder_says(tmp_path: Path, files: dict[str, Any]) -> None:
    fast = make_fast("qwen")
    fast.save(str(tmp_path / "tokenizer.json"))
    number = json.dumps(fast.token_to_id("<|im_end|>"))
    write(tmp_path, **json.loads(json.dumps(files).replace('"ID"', number)))
    tokenizer = load_tokenizer(str(tmp_path))
    assert (tokenizer.end_of_text, tokenizer.eos_id) == ("<|im_end|>", int(number))


def test_a_folder_that_says_nothing_has_the_usual_end(tmp_path: Path) -> None:
    for name, end in (("llama", "</s>"), ("gpt2", "<|endoftext|>")):
        make_fast(name).save(str(tmp_path / "tokenizer.json"))
        write(tmp_path, config={"model_type": "x"}, generation_config={"eos_token_id": 10**9})
        assert load_tokenizer(str(tmp_path)).end_of_text == end


def test_what_transformers_saves_is_loaded_the_same(family: Tokenizer, tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    end, fast = family.end_of_text, make_fast(family.name)
    PreTrainedTokenizerFast(tokenizer_object=fast, eos_token=end).save_pretrained(str(tmp_path))
    loaded = load_tokenizer(str(tmp_path))
    assert (loaded.end_of_text, loaded.eos_id) == (end, family.eos_id)
    assert loaded.encode(TEXTS) == family.encode(TEXTS)
    loaded.save(tmp_path / "again")
    assert load_tokenizer(str(tmp_path / "again")).fingerprint == loaded.fingerprint


def test_a_name_of_the_hub_is_the_same_tokenizer_as_its_folder(
    family: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever class its configuration names: transformers' own would make other tokens of some."""
    make_fast(family.name).save(str(tmp_path / "tokenizer.json"))
    write(tmp_path, tokenizer_config={"tokenizer_class": "LlamaTokenizer", "eos_token": family.end_of_text})
    asked: list[str] = []
    monkeypatch.setattr(
        "huggingface_hub.snapshot_download", lambda name, **options: asked.append(name) or str(tmp_path)
    )
    loaded = load_tokenizer("owner/model")
    assert (loaded.fingerprint, loaded.name, asked) == (family.fingerprint, "owner/model", ["owner/model"])


def test_a_model_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    write(tmp_path, config={"model_type": "llama", "eos_token_id": 2})
    with pytest.raises(SettingsError, match="neither a folder with a tokenizer nor reachable") as error:
        load_tokenizer(str(tmp_path))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_model_without_a_tokenizer_is_not_given_an_empty_one(tmp_path: Path, kind: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    with pytest.raises(SettingsError, match="neither a folder with a tokenizer nor reachable"):
        load_tokenizer(str(tmp_path))


def test_tokens_that_a_model_expects_before_every_text(tmp_path: Path) -> None:
    found = {name: foreign(name).start_ids for name in FAMILIES}
    assert found == {name: [1] if name.startswith("llama") else [] for name in FAMILIES}
    foreign("llama").save(tmp_path)
    assert load_tokenizer(str(tmp_path)).start_ids == [1]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ours", "PreTrainedTokenizerFast"),
        ("llama", "PreTrainedTokenizerFast"),
        ("llama-metaspace", "LlamaTokenizer"),
        ("gpt2", "GPT2Tokenizer"),
        ("qwen", "Qwen2Tokenizer"),
    ],
)
def test_saved_again_by_transformers_it_is_the_same_tokenizer(tmp_path: Path, name: str, kind: str) -> None:
    from transformers import AutoTokenizer

    ours = train_tokenizer(SOME_TEXT, vocab_size=300) if name == "ours" else foreign(name)
    ours.save(tmp_path / "first")
    write(tmp_path / "first", tokenizer_config={"tokenizer_class": kind, "eos_token": ours.end_of_text})
    AutoTokenizer.from_pretrained(str(tmp_path / "first")).save_pretrained(str(tmp_path / "again"))
    again = load_tokenizer(str(tmp_path / "again"))
    assert again.fingerprint == ours.fingerprint
    assert again.encode(TEXTS) == ours.encode(TEXTS)


def test_what_decides_the_tokens_decides_the_fingerprint() -> None:
    def changed(**parts: Any) -> str:
        described = json.loads(make_fast("gpt2").to_str()) | parts
        fast = FastTokenizer.from_str(json.dumps(described))
        return Tokenizer(fast, end_of_text="<|endoftext|>", name="x").fingerprint

    described = json.loads(make_fast("gpt2").to_str())
    model, merges = described["model"], described["model"]["merges"]
    added = described["added_tokens"]
    one_more = added[0] | {"id": len(model["vocab"]), "content": "<more>", "special": False}
    same = [changed(), changed(post_processor=None), changed(decoder=None)]
    other = [
        changed(normalizer={"type": "NFC"}),
        changed(pre_tokenizer=described["pre_tokenizer"] | {"add_prefix_space": True}),
        changed(model=model | {"merges": merges[:-1]}),
        changed(added_tokens=[*added, one_more]),
    ]
    assert len({*same}) == 1
    assert len({same[0], *other}) == 5


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_what_stands_inside_a_text_keeps_its_first_space(family: Tokenizer, count: int) -> None:
    text = "The quick brown fox jumps over the lazy dog; it wasn't long"
    (ids,) = family.encode([text])
    pieces = [ids[at : at + count] for at in range(0, len(ids), count)]
    first, *others = pieces
    assert "".join([*family.decode([first]), *family.decode_inside(others)]) == text
    assert family.decode_inside([[]]) == [""]
