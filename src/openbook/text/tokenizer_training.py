"""Training a tokenizer on a text: a byte-level BPE."""

from collections.abc import Iterable, Iterator

from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models, pre_tokenizers, trainers

from openbook.errors import SettingsError
from openbook.text.tokenizer import END_OF_TEXT, Tokenizer

_SMALLEST_VOCABULARY = 257
_LARGEST_VOCABULARY = 1_000_000
_LONGEST_RUN = 1200
"""Bytes of a word that are learned from at a time: its time grows with their square, and a run of letters or
spaces may be as long as a text. Characters of two, three and four bytes are not cut."""


def train_tokenizer(texts: Iterable[str], *, vocab_size: int, max_bytes: int = 100_000_000) -> Tokenizer:
    """Train a byte-level BPE: it spells any text, and gives back exactly what it was given.

    Args:
        texts: the corpus.
        vocab_size: V, with the 256 bytes and the end-of-text token; the result is smaller if the text is.
        max_bytes: of UTF-8 after which reading stops; 100 MB are plenty for a vocabulary.

    Raises:
        SettingsError: a vocabulary too small to spell every byte.
    """
    require_vocabulary(vocab_size)
    fast = FastTokenizer(models.BPE())
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.FixedLength(_LONGEST_RUN)])
    fast.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    fast.train_from_iterator(_up_to(texts, max_bytes), trainer=trainer)
    fast.pre_tokenizer = words
    return Tokenizer(fast, end_of_text=END_OF_TEXT, name=f"train:{vocab_size}")


def require_vocabulary(size: int) -> None:
    """Refuse a vocabulary too small to spell every byte, or larger than any model's.

    Raises:
        SettingsError: saying how many tokens it may have.
    """
    if size > _LARGEST_VOCABULARY:
        raise SettingsError(f"train:{size}: a vocabulary has at most {_LARGEST_VOCABULARY:,} tokens here")
    if size < _SMALLEST_VOCABULARY:
        raise SettingsError(
            f"train:{size}: a byte-level vocabulary has at least {_SMALLEST_VOCABULARY} tokens"
        )


def _up_to(texts: Iterable[str], max_bytes: int) -> Iterator[str]:
    seen = 0
    for text in texts:
        yield text
        seen += len(text.encode("utf-8"))
        if seen >= max_bytes:
            return
