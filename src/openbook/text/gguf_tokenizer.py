"""The tokenizer that a .gguf file describes: a vocabulary, merges, and the name of how text is split."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as FastTokenizer
from tokenizers import pre_tokenizers, processors

from openbook.errors import SettingsError, first_line

_SINGLE_DIGITS = frozenset(("smollm", "starcoder", "refact", "command-r", "codeshell"))
"""Names in `tokenizer.ggml.pre` that transformers does not know: each digit is a word of its own."""


@dataclass(frozen=True, slots=True)
class GgufTokenizer:
    """A tokenizer, and what the file says of it; None: nothing."""

    fast: FastTokenizer
    end_of_text: str | None
    start_of_text: str | None
    chat_template: str | None


def read_gguf_tokenizer(path: Path) -> GgufTokenizer:
    """Read a tokenizer.

    Raises:
        SettingsError: the file holds none that can be read.
    """
    try:
        return _read(path)
    except Exception as error:  # a damaged file can fail in any way
        reason = (
            "it ends before its vocabulary does" if isinstance(error, struct.error) else first_line(error)
        )
        raise SettingsError(
            f"tokenizer {str(path)!r}: cannot be read: {reason}; fetch the file again, or give "
            "another tokenizer"
        ) from error


def _read(path: Path) -> GgufTokenizer:
    # Not AutoTokenizer, which reads the vocabulary three times.
    from transformers.integrations.gguf import gguf_tokenizer_mapping as theirs

    description: dict[str, Any]
    settings: dict[str, Any]
    architecture, description, settings = theirs.get_gguf_tokenizer(str(path))
    fast: FastTokenizer = theirs.convert_gguf_tokenizer(architecture, description)[0]
    if description.get("pre_tokenizer_type") in _SINGLE_DIGITS:
        # "a  7": `a`, two spaces, `7`; the expression of GPT-2 alone would leave one space to the digit.
        digits = pre_tokenizers.Digits(individual_digits=True)
        words = pre_tokenizers.ByteLevel(add_prefix_space=False)
        fast.pre_tokenizer = pre_tokenizers.Sequence([digits, words])
    start = settings.get("bos_token")
    if settings.get("add_bos_token") and start is not None:
        number = fast.token_to_id(start)
        fast.post_processor = processors.TemplateProcessing(
            single=f"{start} $A", special_tokens=[(start, number)]
        )
    return GgufTokenizer(fast, settings["eos_token"], start, settings.get("chat_template"))
