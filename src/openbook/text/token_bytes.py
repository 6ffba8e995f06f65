"""The bytes that each token gives to a text, wherever it stands: decoding a part of a text as in the whole.

`Tokenizer.decode` begins anew with each row: some decoders drop its first space, and characters whose bytes
are shared out among two rows are lost to both. Bytes can be put together again.
"""

import json
import re
from functools import cached_property

from tokenizers import Tokenizer as FastTokenizer

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_ANCHORS = 2000
"""Tokens looked through for one that is a word."""


class TokenBytes(dict[int, bytes]):
    """Bytes of UTF-8 by token, worked out when a token is first met; none for special tokens.

    Their sum over a text's tokens is the text, but for a space at its beginning.

    Args:
        fast: the tokenizer of the `tokenizers` library.
        eos_id: its end of text, special or not.
    """

    def __init__(self, fast: FastTokenizer, *, eos_id: int) -> None:
        super().__init__({eos_id: b""})
        self._fast = fast
        self.update({i: b"" for i, token in fast.get_added_tokens_decoder().items() if token.special})

    def __missing__(self, token_id: int) -> bytes:
        self[token_id] = self._bytes(token_id)
        return self[token_id]

    def of(self, token_ids: list[int]) -> bytes:
        """The bytes of tokens in a row."""
        return b"".join(map(self.__getitem__, token_ids))

    def _bytes(self, token_id: int) -> bytes:
        token = self._fast.id_to_token(token_id)
        if token is None:
            return b""
        if "ByteLevel" in self._decoders:
            known = all(letter in _BYTE_LETTERS for letter in token)
            return bytes(_BYTE_LETTERS[letter] for letter in token) if known else token.encode()
        if "ByteFallback" in self._decoders and (byte := _BYTE_TOKEN.fullmatch(token)):
            return bytes.fromhex(byte[1])
        if "BPEDecoder" in self._decoders:
            return token.replace(str(self._decoders["BPEDecoder"]["suffix"]), " ").encode()
        return self._after_a_word(token_id).encode()

    def _after_a_word(self, token_id: int) -> str:
        """What it adds to the text of a word before it, where decoders treat it as in a text's middle."""
        word, text = self._word
        return self._fast.decode([*word, token_id]).removeprefix(text)

    @cached_property
    def _word(self) -> tuple[list[int], str]:
        """A token that is a word, or the beginning of one, and its text."""
        for token_id in range(min(_ANCHORS, self._fast.get_vocab_size())):
            text = self._fast.decode([token_id])
            if text.isascii() and text.isalpha():
                return [token_id], text
        return [], ""

    @cached_property
    def _decoders(self) -> dict[str, dict[str, object]]:
        """The decoder's steps by their types."""
        if self._fast.decoder is None:
            return {}
        described = json.loads(self._fast.decoder.__getstate__())
        return {step["type"]: step for step in described.get("decoders", [described])}


def _byte_letters() -> dict[str, int]:
    """The byte of each letter that byte-level tokenizers write: its own where it can be seen.

    >>> _byte_letters()["a"], _byte_letters()["Ġ"]
    (97, 32)
    """
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + place): byte for place, byte in enumerate(hidden)}


_BYTE_LETTERS = _byte_letters()
