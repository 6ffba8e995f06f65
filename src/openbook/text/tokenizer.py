"""The tokenizer: text to token ids and back, by the `tokenizers` library alone (torch is not loaded).

Its folder holds `tokenizer.json` and `tokenizer_config.json` as transformers writes them, so
`AutoTokenizer.from_pretrained` opens it too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import accumulate, islice, takewhile
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models, pre_tokenizers, trainers

from openbook.errors import SettingsError
from openbook.pretrained import gguf_file, how_to_install, is_here, is_hub_out_of_reach, reason_of, snapshot
from openbook.text.gguf_tokenizer import read_gguf_tokenizer
from openbook.text.marks import Marks
from openbook.text.spelling import Spelling
from openbook.text.token_bytes import TokenBytes

END_OF_TEXT = "<|endoftext|>"
_END_NAMES = (END_OF_TEXT, "</s>", "<|end_of_text|>", "[SEP]")
_NAME_THE_END = ("tokenizer_config.json", "special_tokens_map.json")
_NUMBER_THE_END = ("generation_config.json", "config.json")
_TEMPLATE = "chat_template.jinja"
_RESTORE = "restore the file, or give another tokenizer"
_SMALLEST_VOCABULARY = 257
_LARGEST_VOCABULARY = 1_000_000
_LONGEST_RUN = 1200
"""Bytes of a word that are learned from at a time: its time grows with their square, and a run of letters or
spaces may be as long as a text. Characters of two, three and four bytes are not cut."""
_DECISIVE = ("added_tokens", "normalizer", "pre_tokenizer", "model")
"""Parts of a tokenizer.json that decide which tokens a text has; transformers may write others."""


class Tokenizer:
    """Text ↔ token ids, with an end-of-text token.

    Args:
        fast: the tokenizer of the `tokenizers` library.
        end_of_text: the text of the end token; must be in the vocabulary.
        name: where it came from, for people.
        start_of_text: the text of the start token, as chat templates want it; None: there is none.
        chat_template: in Jinja, as transformers has it, see `openbook.text.chat`; None: there is none.
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
        fast = FastTokenizer.from_str(self._fast.to_str())
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
        model = json.loads(self._fast.to_str())["model"]
        vocabulary = self._fast.get_vocab()
        if model.get("byte_fallback") and all(f"<0x{byte:02X}>" in vocabulary for byte in range(256)):
            return None
        if model["type"] == "Unigram":
            return None if model.get("unk_id") is None else int(model["unk_id"])
        unknown = model.get("unk_token")
        return None if unknown is None else self._fast.token_to_id(unknown)

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
        fast = FastTokenizer.from_str(self._fast.to_str())
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


def load_tokenizer(name: str) -> Tokenizer:
    """Load a tokenizer from a folder or file, or by its name from the model hub or its local cache.

    The file is a tokenizer.json or a model's .gguf; one model's tokenizer comes from a package, where neither
    the hub nor its cache has it, see `openbook.pretrained`.

    Raises:
        SettingsError: there is none, or it has no end-of-text token.
    """
    path = Path(name)
    with suppress(OSError):  # too long for a path
        if (gguf := gguf_file(name)) is not None:
            return _from_gguf(gguf, name)
        if path.is_file():
            return _from_files(path, None, name)
        if (path / "tokenizer.json").is_file():
            return _from_files(path / "tokenizer.json", path, name)
    if (folder := _downloaded(name)) is not None:
        tokenizer = _from_files(folder / "tokenizer.json", folder, name)
        tokenizer.name = name
        return tokenizer
    return _from_transformers(name)


def _downloaded(name: str) -> Path | None:
    """Where the cache of the hub has a model's tokenizer.json, fetched if need be; None: nowhere.

    It is read as a folder is, lest the two differ: some of transformers' classes make another one of it.

    Raises:
        SettingsError: it is not there, and the hub is out of reach.
    """
    wanted = ["tokenizer.json", *_NAME_THE_END, *_NUMBER_THE_END, _TEMPLATE]
    try:
        folder = snapshot(name, allow_patterns=wanted)
    except (OSError, ValueError) as error:
        if not is_here(name) and is_hub_out_of_reach():
            raise _not_found(name, error) from error
        return None  # what it is, transformers will say
    return folder if (folder / "tokenizer.json").is_file() else None


def _from_gguf(path: Path, name: str) -> Tokenizer:
    found = read_gguf_tokenizer(path)
    return Tokenizer(
        found.fast,
        end_of_text=_end_token(found.fast, found.end_of_text, name),
        name=name,
        start_of_text=found.start_of_text,
        chat_template=found.chat_template,
    )


def _from_files(file: Path, folder: Path | None, name: str) -> Tokenizer:
    try:
        fast = FastTokenizer.from_file(str(file))
    except Exception as error:  # the library raises bare Exception
        raise SettingsError(f"tokenizer {str(file)!r}: not a tokenizer.json: {error}; {_RESTORE}") from error
    if folder is None:
        return Tokenizer(fast, end_of_text=_end_token(fast, None, name), name=name)
    config = _read_config(folder / "tokenizer_config.json")
    name = str(config.get("name_or_path") or name)
    return Tokenizer(
        fast,
        end_of_text=_end_token(fast, _configured_end(fast, folder), name),
        name=name,
        start_of_text=_text_of(config.get("bos_token")),
        chat_template=_template_of(config.get("chat_template"), folder),
    )


def _template_of(configured: object, folder: Path) -> str | None:
    """The chat template that a model's folder has: in a file of its own, else in the configuration.

    A model may have several, by name; the one named default is for chats.
    """
    file = folder / _TEMPLATE
    if file.is_file():
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise SettingsError(f"tokenizer {str(file)!r}: cannot be read: {error}; {_RESTORE}") from error
    if isinstance(configured, list):
        named = {entry.get("name"): entry.get("template") for entry in configured if isinstance(entry, dict)}
        configured = named.get("default")
    return configured if isinstance(configured, str) else None


def _text_of(token: object) -> str | None:
    """A special token's text, which a configuration may give in a long form."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None


def _configured_end(fast: FastTokenizer, folder: Path) -> str | None:
    """The end token that a model's folder names: by its text, else by its number."""
    for file in _NAME_THE_END:
        token = _text_of(_read_config(folder / file).get("eos_token"))
        if token is not None:
            return token
    for file in _NUMBER_THE_END:
        number = _read_config(folder / file).get("eos_token_id")
        if isinstance(number, list) and number:
            number = number[0]
        if isinstance(number, int) and (found := fast.id_to_token(number)) is not None:
            return str(found)
    return None


def _read_config(file: Path) -> dict[str, Any]:
    """What a JSON file holds; of one that is not there, nothing."""
    if not file.is_file():
        return {}
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"tokenizer {str(file)!r}: not JSON: {error}; {_RESTORE}") from error
    if not isinstance(config, dict):
        raise SettingsError(f"tokenizer {str(file)!r}: not a JSON object; {_RESTORE}")
    return config


def _from_transformers(name: str) -> Tokenizer:
    from transformers import AutoTokenizer

    try:
        loaded = AutoTokenizer.from_pretrained(
            name, trust_remote_code=False, local_files_only=is_here(name) or is_hub_out_of_reach()
        )
        if not loaded.backend_tokenizer.encode("a", add_special_tokens=False).ids:
            raise ValueError("no vocabulary")  # what some classes make of a folder without a tokenizer
    except Exception as error:  # also what a broken config.json leads to, and a tokenizer in Python alone
        raise _not_found(name, error) from error
    return wrap_tokenizer(loaded, name)


def _not_found(name: str, error: Exception) -> SettingsError:
    advice = f"; give a path, or train one on your text: train:16000{how_to_install(name)}"
    said = (
        f"tokenizer {name!r}: neither a folder with a tokenizer nor reachable on the hub ({reason_of(error)})"
    )
    return SettingsError(said + advice, option=advice)  # of a model's tokenizer none of it is true


def wrap_tokenizer(loaded: Any, name: str) -> Tokenizer:
    """Make one of a tokenizer that transformers has loaded.

    Args:
        loaded: a fast tokenizer.
        name: where it came from, for people.

    Raises:
        SettingsError: it has no end-of-text token.
    """
    fast = FastTokenizer.from_str(loaded.backend_tokenizer.to_str())
    return Tokenizer(
        fast,
        end_of_text=_end_token(fast, loaded.eos_token, name),
        name=name,
        start_of_text=loaded.bos_token,
        chat_template=loaded.chat_template if isinstance(loaded.chat_template, str) else None,
    )


def _end_token(fast: FastTokenizer, configured: str | None, name: str) -> str:
    if configured is not None:
        return configured
    for candidate in _END_NAMES:
        if fast.token_to_id(candidate) is not None:
            return candidate
    raise SettingsError(f"tokenizer {name}: has no end-of-text token; looked for {', '.join(_END_NAMES)}")


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
