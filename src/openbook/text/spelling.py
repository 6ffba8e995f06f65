"""Text that gets no token at all: of a BPE with neither a token for the unknown nor one for each byte."""

import json
from typing import Any

from tokenizers import Tokenizer as FastTokenizer
from tokenizers import pre_tokenizers

_BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))


class Spelling:
    """What one tokenizer leaves out.

    Args:
        fast: of the library tokenizers.
        unknown_id: its token for what it cannot spell; None: it has none.
    """

    def __init__(self, fast: FastTokenizer, *, unknown_id: int | None) -> None:
        described = json.loads(fast.to_str())
        model = described["model"]
        self._fast = fast
        self._vocabulary = fast.get_vocab()
        self.leaves_out = model["type"] == "BPE" and unknown_id is None and not self._has_all_bytes(described)
        """Whether it may leave something out at all: models of other kinds need an unknown token."""
        self._prefix = model.get("continuing_subword_prefix") or ""
        self._suffix = model.get("end_of_word_suffix") or ""
        self._takes_words = bool(model.get("ignore_merges"))
        added = fast.get_added_tokens_decoder().values()
        self._added = [token.content for token in added if not token.special]
        self._sure: set[str] = set()
        """Characters met so far that are spelled wherever they stand."""

    def _has_all_bytes(self, described: dict[str, Any]) -> bool:
        if described["model"].get("byte_fallback"):
            return all(name in self._vocabulary for name in _BYTES)
        before = json.dumps([described["pre_tokenizer"], described["normalizer"]])
        is_byte_level = '"ByteLevel"' in before
        return is_byte_level and all(name in self._vocabulary for name in pre_tokenizers.ByteLevel.alphabet())

    def left_out(self, text: str) -> list[str]:
        """List the parts of a text that get no token; white space and what its normalizer removes aside.

        A BPE begins with single characters, and drops those that it has no token for: of "river 日本 stone",
        with tokens for the letters from a to z, "日本".
        """
        if not self.leaves_out:
            return []
        for token in self._added:
            text = text.replace(token, " ")
        if self._fast.normalizer is not None:
            text = self._fast.normalizer.normalize_str(text)
        if self._are_sure(text):
            return []
        words = [text]
        if self._fast.pre_tokenizer is not None:
            words = [word for word, _ in self._fast.pre_tokenizer.pre_tokenize_str(text)]
        return [part for word in words for part in self._dropped(word)]

    def _are_sure(self, text: str) -> bool:
        """Whether each character is spelled wherever it stands, as nearly always: no word is looked at."""
        new = {char for char in set(text) - self._sure if self._is_sure(char)}
        self._sure |= new
        return set(text) <= self._sure

    def _is_sure(self, char: str) -> bool:
        parts = [char]
        if self._fast.pre_tokenizer is not None:  # may write it as its bytes
            parts = [part for part, _ in self._fast.pre_tokenizer.pre_tokenize_str(char)]
        prefixes, suffixes = {"", self._prefix}, {"", self._suffix}
        return bool(parts or char.isspace()) and all(
            f"{prefix}{piece}{suffix}" in self._vocabulary
            for part in parts
            for piece in part
            for prefix in prefixes
            for suffix in suffixes
        )

    def _dropped(self, word: str) -> list[str]:
        if self._takes_words and word in self._vocabulary:
            return []
        last = len(word) - 1
        left = (" " if self._spells(char, at, last) else char for at, char in enumerate(word))
        return "".join(left).split()

    def _spells(self, char: str, at: int, last: int) -> bool:
        """Whether there is a token for a character at this place of a word."""
        written = f"{self._prefix if at else ''}{char}{self._suffix if at == last else ''}"
        return written in self._vocabulary
