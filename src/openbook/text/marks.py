"""Marks: the tokens that set a conversation out, such as the end of a turn, and are nobody's words.

All special tokens are marks. So are other added tokens that the chat template writes, as <end_of_turn> may
be, unless they look like words: those that people add to a vocabulary are often plain ones. Documents are
none of this file's matter: in them an added token that is not special stays what it is.
"""

import json
from collections.abc import Sequence
from functools import cached_property

from tokenizers import Tokenizer as FastTokenizer


class Marks:
    """Those of one tokenizer.

    Args:
        fast: the tokenizer, to which special tokens are text.
        written: what writes marks: the chat template, with the texts of the start and the end token.
    """

    def __init__(self, fast: FastTokenizer, written: str) -> None:
        self._fast = fast
        added = fast.get_added_tokens_decoder()
        self._added = {number: token.content for number, token in added.items()}
        self._special = frozenset(token.content for token in added.values() if token.special)
        others = (text for text in self._added.values() if text in written and _is_no_word(text))
        self.texts = self._special | frozenset(others)
        """What the marks spell."""

    def encode_said(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode what somebody says, in which marks are text like any other."""
        return [item.ids for item in self._unmarked.encode_batch_fast(list(texts), add_special_tokens=False)]

    def place(self, text: str) -> int:
        """The character at which the first mark of a text begins; the text's length if it has none."""
        places = (text.find(mark) for mark in self.texts if mark)
        return min((place for place in places if place >= 0), default=len(text))

    def opening(self, text: str, ids: Sequence[int]) -> str | None:
        """The mark that a template's text begins with, or the added token that is all of it; None: neither.

        Args:
            text: without the space around it.
            ids: its tokens, special ones among them.
        """
        added = self._added.get(ids[0]) if ids else None
        return added if added in {*self.texts, text} else None

    @cached_property
    def _unmarked(self) -> FastTokenizer:
        """A copy to which all marks are special, and thus text."""
        if self.texts == self._special:
            return self._fast
        described = json.loads(self._fast.to_str())
        for token in described["added_tokens"]:
            token["special"] = token["content"] in self.texts
        fast = FastTokenizer.from_str(json.dumps(described))
        fast.encode_special_tokens = True
        return fast


def _is_no_word(text: str) -> bool:
    """Whether a name stands between other signs, as in <end_of_turn>, [INST] or ###user."""
    text = text.strip()
    return any(character.isalnum() for character in text) and not (text[0].isalnum() and text[-1].isalnum())
