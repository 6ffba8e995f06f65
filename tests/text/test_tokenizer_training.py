"""A byte-level BPE is learned from a text, and spells any other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models, pre_tokenizers, trainers

from openbook.errors import SettingsError
from openbook.text import Tokenizer, train_tokenizer
from openbook.text.tokenizer import END_OF_TEXT

CORPUS = [
    "the quick brown fox jumps over the lazy dog\n" * 5,
    "Ünïcode is häufig: naïve café, 日本語\r\n" * 5,
]


def test_training_learns_from_the_text() -> None:
    trained = train_tokenizer(CORPUS, vocab_size=320)
    assert trained.vocab_size == 320
    assert trained.name == "train:320"
    assert len(trained.encode(["the quick brown fox"])[0]) < len("the quick brown fox") / 2


def test_training_is_repeatable() -> None:
    first, again = (train_tokenizer(CORPUS, vocab_size=320) for _ in range(2))
    assert again.fingerprint == first.fingerprint


def test_smallest_vocabulary_is_the_bytes_and_the_end() -> None:
    tokenizer = train_tokenizer(CORPUS, vocab_size=257)
    assert tokenizer.vocab_size == 257
    assert len(tokenizer.encode(["häufig"])[0]) == len("häufig".encode())


@pytest.mark.parametrize("size", [256, 0, -1])
def test_vocabulary_too_small_is_refused(size: int) -> None:
    with pytest.raises(SettingsError, match=f"train:{size}: a byte-level vocabulary has at least 257 tokens"):
        train_tokenizer(CORPUS, vocab_size=size)


@pytest.mark.parametrize("corpus", [[], ["", ""], ["short"]])
def test_little_text_gives_a_smaller_vocabulary_that_spells_all(corpus: list[str]) -> None:
    tokenizer = train_tokenizer(corpus, vocab_size=1000)
    assert 257 <= tokenizer.vocab_size < 300
    assert tokenizer.decode(tokenizer.encode(["日本 x"])) == ["日本 x"]


def test_training_reads_no_more_than_it_needs() -> None:
    taken: list[str] = []

    def corpus() -> Iterator[str]:
        for number in range(1000):
            taken.append(text := f"häufig {number:03}")
            yield text

    train_tokenizer(corpus(), vocab_size=300, max_bytes=100)
    assert 8 <= len(taken) <= 10  # each is 11 bytes long


@pytest.mark.parametrize("run", ["ab" * 4_096, " " * 8_192, "7" * 8_192, "日" * 4_096, "-" * 8_192])
def test_a_long_run_is_learned_from_in_pieces(run: str) -> None:
    """Else its time grows with the square of the run: of 8,192 bytes one token would be learned."""
    tokenizer = train_tokenizer([run], vocab_size=300)
    learned = (len(tokenizer.vocabulary_entry(token)) for token in range(257, tokenizer.vocab_size))
    assert 512 <= max(learned) <= 1_200
    assert tokenizer.decode(tokenizer.encode([run])) == [run]


def test_ordinary_text_gives_the_same_tokenizer_as_without_pieces(tmp_path: Path) -> None:
    texts = [*CORPUS, Path(__file__).read_text(encoding="utf-8"), "x" * 1_200, "日" * 400]
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast = FastTokenizer(models.BPE())
    fast.pre_tokenizer, fast.decoder = words, decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1_000,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(words.alphabet()),
        show_progress=False,
    )
    fast.train_from_iterator(texts, trainer=trainer)
    Tokenizer(fast, end_of_text=END_OF_TEXT, name="train:1000").save(tmp_path / "expected")
    train_tokenizer(texts, vocab_size=1_000).save(tmp_path / "trained")
    trained, expected = (
        (tmp_path / name / "tokenizer.json").read_bytes() for name in ("trained", "expected")
    )
    assert trained == expected
