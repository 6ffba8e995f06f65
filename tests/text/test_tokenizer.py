"""Text to tokens and back, and a tokenizer on the disk."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_tokenizers import word_piece
from growth import assert_linear
from openbook.text import Tokenizer, load_tokenizer, train_tokenizer
from openbook.text.tokenizer import END_OF_TEXT

CORPUS = [
    "the quick brown fox jumps over the lazy dog\n" * 5,
    "Ünïcode is häufig: naïve café, 日本語\r\n" * 5,
]
any_text = st.text(st.characters(codec="utf-8"))


@pytest.fixture(scope="session")
def trained() -> Tokenizer:
    return train_tokenizer(CORPUS, vocab_size=320)


@pytest.fixture
def saved(trained: Tokenizer, tmp_path: Path) -> Path:
    trained.save(tmp_path / "tokenizer")
    return tmp_path / "tokenizer"


# Text to ids and back


@settings(deadline=None, max_examples=300)
@given(texts=st.lists(any_text, max_size=4))
def test_every_text_comes_back_exactly(trained: Tokenizer, texts: list[str]) -> None:
    assert trained.decode(trained.encode(texts)) == texts


@settings(deadline=None)
@given(before=any_text, after=any_text)
def test_special_token_in_a_document_is_text(trained: Tokenizer, before: str, after: str) -> None:
    text = f"{before}{END_OF_TEXT}{after}"
    (ids,) = trained.encode([text])
    assert trained.eos_id not in ids
    assert trained.decode([ids]) == [text]


def test_special_token_in_the_training_text_is_text() -> None:
    tokenizer = train_tokenizer([f"{END_OF_TEXT} " * 50, END_OF_TEXT], vocab_size=400)
    (ids,) = tokenizer.encode([END_OF_TEXT])
    assert tokenizer.eos_id not in ids
    assert tokenizer.decode([ids]) == [END_OF_TEXT]


@settings(deadline=None)
@given(text=any_text)
def test_ids_are_within_the_vocabulary(trained: Tokenizer, text: str) -> None:
    assert all(0 <= token < trained.vocab_size for token in trained.encode([text])[0])


@settings(deadline=None)
@given(text=any_text, at=st.integers(0, 50))
def test_decoding_leaves_out_the_end_token(trained: Tokenizer, text: str, at: int) -> None:
    (ids,) = trained.encode([text])
    assert trained.decode([[*ids[:at], trained.eos_id, *ids[at:], trained.eos_id]]) == [text]


@settings(deadline=None)
@given(texts=st.lists(any_text, min_size=2, max_size=5))
def test_texts_of_a_batch_do_not_affect_each_other(trained: Tokenizer, texts: list[str]) -> None:
    assert trained.encode(texts) == [trained.encode([text])[0] for text in texts]


def test_nothing_is_encoded_and_decoded_to_nothing(trained: Tokenizer) -> None:
    assert trained.encode([]) == []
    assert trained.encode([""]) == [[]]
    assert trained.decode([]) == []
    assert trained.decode([[], [trained.eos_id]]) == ["", ""]


@pytest.mark.parametrize("of", ["x", " ", "\0", "\r\n"])
def test_long_runs_come_back_in_linear_time(trained: Tokenizer, of: str) -> None:
    def there_and_back(length: int) -> None:
        text = of * length
        assert trained.decode(trained.encode([text])) == [text]

    assert_linear(there_and_back, 20_000)


# Saving


@pytest.mark.parametrize("name", ["", "tokenizer.json"])
def test_saved_tokenizer_is_loaded_the_same(trained: Tokenizer, saved: Path, name: str) -> None:
    """From its folder, and from its file alone."""
    loaded = load_tokenizer(str(saved / name))
    text = f"The quick {END_OF_TEXT} häufig\0 日本 \ufeff"
    assert loaded.fingerprint == trained.fingerprint
    assert loaded.encode([text]) == trained.encode([text])
    assert (loaded.eos_id, loaded.end_of_text) == (trained.eos_id, END_OF_TEXT)
    assert loaded.vocab_size == trained.vocab_size


def test_loaded_tokenizer_knows_where_it_came_from(saved: Path) -> None:
    assert load_tokenizer(str(saved)).name == "train:320"
    assert load_tokenizer(f"{saved}/tokenizer.json").name == f"{saved}/tokenizer.json"


def test_word_piece_is_saved_and_loaded_the_same(tmp_path: Path) -> None:
    tokenizer = Tokenizer(word_piece(), end_of_text="[SEP]", name="mine")
    tokenizer.save(tmp_path)
    assert load_tokenizer(str(tmp_path)).fingerprint == tokenizer.fingerprint


def test_saving_again_changes_nothing(saved: Path, tmp_path: Path) -> None:
    load_tokenizer(str(saved)).save(tmp_path / "again")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_saved_tokenizer_replaces_an_older_one(saved: Path) -> None:
    other = train_tokenizer(["another corpus"], vocab_size=270)
    other.save(saved)
    assert load_tokenizer(str(saved)).fingerprint == other.fingerprint


def test_fingerprint_differs_for_other_tokenizers(trained: Tokenizer) -> None:
    others = [
        train_tokenizer(CORPUS, vocab_size=319),
        train_tokenizer(CORPUS[:1], vocab_size=320),
        Tokenizer(word_piece(), end_of_text="[SEP]", name="x"),
        Tokenizer(word_piece(), end_of_text="[PAD]", name="x"),
    ]
    assert len({trained.fingerprint, *(other.fingerprint for other in others)}) == 5


def test_fingerprint_is_of_the_output_not_of_name_or_padding() -> None:
    bare = word_piece()
    bare.no_padding()
    bare.no_truncation()
    first = Tokenizer(word_piece(), end_of_text="[SEP]", name="first")
    second = Tokenizer(bare, end_of_text="[SEP]", name="second")
    assert first.fingerprint == second.fingerprint


def test_transformers_opens_the_saved_folder(trained: Tokenizer, saved: Path) -> None:
    from transformers import AutoTokenizer

    opened = AutoTokenizer.from_pretrained(str(saved))
    text = " Hello  world , it 's \n häufig ."
    assert (opened.eos_token, opened.eos_token_id) == (END_OF_TEXT, trained.eos_id)
    assert len(opened) == trained.vocab_size
    assert opened(text)["input_ids"] == trained.encode([text])[0]
    assert opened.decode(opened(text)["input_ids"]) == text
