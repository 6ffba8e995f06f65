"""A check that Megatron's tokenizer flags name the tokenizer that the database was built with."""

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.errors import MismatchError, SettingsError

if TYPE_CHECKING:
    from openbook.database import Version

_HUGGING_FACE = ("HuggingFaceTokenizer",)
_GPT2 = ("GPT2BPETokenizer",)
_BERT = ("BertWordPieceLowerCase", "BertWordPieceCase")


def check_tokenizer(flags: Namespace, book: "Version") -> None:
    """Compare what --tokenizer-type, --tokenizer-model, --vocab-file and --merge-file name with the book's.

    Raises:
        SettingsError: files are missing, or of a kind that cannot be compared.
        MismatchError: it is another; names both.
    """
    kind = flags.tokenizer_type or _kind_of_files(flags)
    if kind is None:
        return
    if kind in _HUGGING_FACE:
        _compare_whole(_needed(flags, kind, "tokenizer_model"), book)
    elif kind in _GPT2:
        vocabulary = _read_json(_needed(flags, kind, "vocab_file"))
        merges = _lines(_needed(flags, kind, "merge_file"))
        merges = [line for number, line in enumerate(merges) if line and not (number == 0 and line[0] == "#")]
        _compare_parts(flags, kind, book, "BPE", vocabulary, merges)
    elif kind in _BERT:
        lines = _lines(_needed(flags, kind, "vocab_file"))
        _compare_parts(
            flags, kind, book, "WordPiece", {line: place for place, line in enumerate(lines)}, None
        )
    else:
        raise SettingsError(
            f"--tokenizer-type {kind}: cannot be compared with the database's; known: "
            f"{', '.join(_HUGGING_FACE + _GPT2 + _BERT)}; or leave it out to use the database's"
        )


def _kind_of_files(flags: Namespace) -> str | None:
    if flags.tokenizer_model is not None:
        return _HUGGING_FACE[0]
    if flags.merge_file is not None:
        return _GPT2[0]
    if flags.vocab_file is not None:
        return _GPT2[0] if flags.vocab_file.endswith(".json") else _BERT[0]
    return None


def _needed(flags: Namespace, kind: str, name: str) -> str:
    value: str | None = getattr(flags, name)
    if value is None:
        raise SettingsError(f"--tokenizer-type {kind}: needs --{name.replace('_', '-')}")
    return value


def _compare_whole(name: str, book: "Version") -> None:
    from openbook.text import load_tokenizer

    fingerprint = load_tokenizer(name).fingerprint
    if fingerprint != book.tokenizer.fingerprint:
        raise MismatchError(
            f"--tokenizer-model {name} is tokenizer {fingerprint}, {_described(book)}; {_advice(book)}"
        )


def _compare_parts(
    flags: Namespace,
    kind: str,
    book: "Version",
    model: str,
    vocabulary: dict[str, int],
    merges: list[str] | None,
) -> None:
    """Megatron's files are parts of a tokenizer: the same parts must be in the database's."""
    theirs = _read_json(str(book.path / "tokenizer" / "tokenizer.json"))
    named = f"--tokenizer-type {kind} with --vocab-file {flags.vocab_file} ({len(vocabulary):,} tokens)"
    inner = theirs["model"]
    added = {token["content"]: token["id"] for token in theirs.get("added_tokens", [])}
    differs = None
    if inner.get("type") != model:
        differs = f"a {model} where that is a {inner.get('type')}"
    elif {**inner["vocab"], **added} != vocabulary:
        differs = "which has other tokens"
    elif merges is not None and merges != [_merge(pair) for pair in inner["merges"]]:
        differs = f"which merges otherwise than --merge-file {flags.merge_file}"
    if differs:
        raise MismatchError(f"{named} and {_described(book)}: {differs}; {_advice(book)}")


def _merge(pair: str | list[str]) -> str:
    return pair if isinstance(pair, str) else " ".join(pair)


def _described(book: "Version") -> str:
    settings = book.settings
    return f"the database {book.path} has {settings.tokenizer_fingerprint} ({settings.tokenizer})"


def _advice(book: "Version") -> str:
    return (
        f"leave the flag out, or build the database with --tokenizer of yours (it has: {book.path}/tokenizer)"
    )


def _read_json(file: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{file}: no vocabulary in JSON: {error}; give a file that maps each token to its number"
        ) from error
    if not isinstance(found, dict):
        raise SettingsError(
            f"{file}: no vocabulary in JSON: not an object; give a file that maps each token to its number"
        )
    return found


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}; give a text file in UTF-8") from error
