"""The tokenizer: text to token ids and back, by the `tokenizers` library alone (torch is not loaded).

Its folder holds `tokenizer.json` and `tokenizer_config.json` as transformers writes them, so
`AutoTokenizer.from_pretrained` opens it too.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate, islice, takewhile
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as FastTokenizer
from tokenizers.models import Unigram

from openbook.errors import SettingsError
from openbook.text.marks import Marks
from openbook.text.spelling import Spelling
from openbook.text.token_bytes import TokenBytes
from openbook.text.tokenizer_copy import copy_fast

END_OF_TEXT = "<|endoftext|>"
_DECISIVE = ("added_tokens", "normalizer", "pre_tokenizer", "model")
"""Parts of a tokenizer.json that decide which tokens a text has; transformers may write others."""


class Tokenizer:
    """Text ↔ token ids, with an end-of-text token.

    Args:
        fast: the tokenizer of the `tokenizers` library.
        end_of_text: the text of the end token; must be in the vocabulary.
        name: where it came from, for people.
        start_of_text: the text of the start token, as chat templates want it; None: there is none.
        chat_template: in Jinja, as transformers has it, see `openbook.text.chat_format`; None: there is none.
    """

    def __init__(
        self,
        fast: FastTokenizer,
        *,
        end_of_text: str,
        name: str,
        start_of_text: str | None = None,
        chat_template: str | None = None,
    ) -> None:
        eos_id = fast.token_to_id(end_of_text)
        if eos_id is None:
            raise SettingsError(
                f"tokenizer {name}: the end token {end_of_text!r} is not in its vocabulary; correct "
                "tokenizer_config.json beside it, or give another tokenizer"
            )
        fast.no_padding()
        fast.no_truncation()
        # A document that spells out a special token is text like any other.
        fast.encode_special_tokens = True
        self._fast = fast
        self.end_of_text = end_of_text
        self.eos_id: int = eos_id
        self.name = name
        self.start_of_text = start_of_text
        self.chat_template = chat_template
        self.vocab_size: int = max(fast.get_vocab(with_added_tokens=True).values()) + 1

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode each text, without special tokens, on all cores."""
        return [item.ids for item in self._fast.encode_batch_fast(list(texts), add_special_tokens=False)]

    def encode_special(self, text: str) -> list[int]:
        """Encode what is no document, such as a part of a chat template: special tokens are what they say."""
        return list(self._recognizing.encode(text, add_special_tokens=False).ids)

    @cached_property
    def marks(self) -> Marks:
        """Its tokens that are nobody's words, and how what somebody says is encoded."""
        written = (self.chat_template, self.start_of_text, self.end_of_text)
        return Marks(self._fast, "\n".join(filter(None, written)))

    @cached_property
    def _recognizing(self) -> FastTokenizer:
        """A copy: which of the two ways to encode is a setting of the object."""
        fast = copy_fast(self._fast)
        fast.encode_special_tokens = False
        return fast

    def encode_with_starts(self, texts: Sequence[str]) -> list[tuple[list[int], list[int]]]:
        """Encode each text as `encode` does, and find the character that each token begins in.

        The bytes of one character all begin in it; the numbers never fall.
        """
        found = self._untrimmed.encode_batch(list(texts), add_special_tokens=False)
        return [(item.ids, list(accumulate((start for start, _ in item.offsets), max))) for item in found]

    @cached_property
    def unknown_id(self) -> int | None:
        """The token of what it cannot spell; None: it spells everything, or leaves out what it cannot."""
        model = self._fast.model
        if isinstance(model, Unigram):  # it says this of itself only written out
            described = json.loads(model.__getstate__())
            spells_bytes, unknown = described["byte_fallback"], described["unk_id"]
        else:
            spells_bytes = getattr(model, "byte_fallback", False)
            unknown = None if model.unk_token is None else self._fast.token_to_id(model.unk_token)
        names = (f"<0x{byte:02X}>" for byte in range(256))
        return None if spells_bytes and None not in map(self._fast.token_to_id, names) else unknown

    def unknown_words(self, text: str, *, count: int) -> list[str]:
        """List at most so many different parts of a text that it cannot spell."""
        item = self._untrimmed.encode(text, add_special_tokens=False)
        found = (
            text[slice(*at)]
            for token, at in zip(item.ids, item.offsets, strict=True)
            if token == self.unknown_id
        )
        return list(islice(dict.fromkeys(word for word in found if word), count))

    @cached_property
    def spelling(self) -> Spelling:
        """What gets no token at all."""
        return Spelling(self._fast, unknown_id=self.unknown_id)

    @cached_property
    def _untrimmed(self) -> FastTokenizer:
        """Without what comes after the model: byte-level ones take white space out of the offsets there."""
        fast = copy_fast(self._fast)
        fast.post_processor = None
        fast.encode_special_tokens = True
        return fast

    def decode(self, token_ids: Iterable[Sequence[int]]) -> list[str]:
        """Decode each row of token ids; special tokens are left out."""
        rows = [[token for token in row if token != self.eos_id] for row in token_ids]
        return self._fast.decode_batch(rows, skip_special_tokens=True)

    def vocabulary_entry(self, token: int) -> str:
        """A token as the vocabulary spells it; empty if there is no such token."""
        return self._fast.id_to_token(token) or ""

    @cached_property
    def token_bytes(self) -> TokenBytes:
        """What each token gives to a text, for decoding parts of one as in the whole."""
        return TokenBytes(self._fast, eos_id=self.eos_id)

    def decode_inside(self, token_ids: Iterable[Sequence[int]]) -> list[str]:
        """Decode each row of token ids as what stands inside a text, where decoders keep a first space.

        Decoded after the token of a letter, which is then cut off: "a" and " fox" to "a fox" to " fox".
        """
        anchor, letter = self._anchor
        rows = list(token_ids)
        decoded = self.decode([[*anchor, *row] for row in rows])
        others = [row for row, text in zip(rows, decoded, strict=True) if text[:1] != letter]
        alone = iter(self.decode(others))
        return [text[1:] if text[:1] == letter else next(alone) for text in decoded]

    @cached_property
    def _anchor(self) -> tuple[list[int], str]:
        """The tokens of a letter that it gives back."""
        for letter in "aAe0":
            (ids,) = self.encode([letter])
            if ids and self.unknown_id not in ids and self.decode([ids]) == [letter]:
                return ids, letter
        return [], "\0"  # none of them: rows are decoded alone

    @property
    def start_ids(self) -> list[int]:
        """Tokens that a model expects before every text, such as a start token; often none."""
        some = self._fast.encode("a", add_special_tokens=True)
        added = takewhile(lambda pair: pair[1] == 1, zip(some.ids, some.special_tokens_mask, strict=True))
        return [token for token, _ in added]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (16 hexadecimal digits) of all that decides which tokens a text has, and the end token."""
        described = json.loads(self._fast.to_str())
        decisive = {name: described[name] for name in _DECISIVE}
        decisive["model"] = _without_idle_options(decisive["model"])
        return _sha256(decisive, self.end_of_text)

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        """Its own, and the one that older versions of openbook recorded, of its whole description."""
        return frozenset({self.fingerprint, _sha256(json.loads(self._fast.to_str()), self.end_of_text)})

    def has_fingerprint(self, recorded: str | None) -> bool:
        """Whether one of its fingerprints was recorded; the older one, which takes time, is computed last."""
        return recorded == self.fingerprint or recorded in self.fingerprints

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` and `tokenizer_config.json` into `folder`, which is made if needed."""
        folder.mkdir(parents=True, exist_ok=True)
        self._fast.save(str(folder / "tokenizer.json"))
        config: dict[str, Any] = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": self.end_of_text,
            "name_or_path": self.name,
            "clean_up_tokenization_spaces": False,
        }
        if self.chat_template is not None:
            config["chat_template"] = self.chat_template
            if self.start_of_text is not None:
                config["bos_token"] = self.start_of_text
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _sha256(described: dict[str, Any], end_of_text: str) -> str:
    canonical = json.dumps(described, sort_keys=True)
    return hashlib.sha256(f"{canonical}\n{end_of_text}".encode()).hexdigest()[:16]


def _without_idle_options(model: dict[str, Any]) -> dict[str, Any]:
    """Leave out what changes no token: null and "" mean the same, and with all bytes nothing is unknown."""
    model = {name: value for name, value in model.items() if value not in (None, "")}
    if model.get("byte_fallback") and all(f"<0x{byte:02X}>" in model["vocab"] for byte in range(256)):
        model = {name: value for name, value in model.items() if name not in ("unk_token", "fuse_unk")}
    return model
