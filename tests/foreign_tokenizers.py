"""Tokenizers as the models of others have them, small, made on the spot."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers import Tokenizer as FastTokenizer

from openbook.text import Tokenizer

SOME_TEXT = [
    "The quick brown fox jumps over the lazy dog; it wasn't long before 1,234 others had seen it.\n\n" * 20,
    "Ünïcode ist häufig: naïve Café, 日本語 und ไทย, e\u0301t\u00e9.  Two  spaces,\ttabs\r\nand so on…\n"
    * 20,
]
WORD_PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "##s"]
_QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)


def llama(texts: Sequence[str] = SOME_TEXT, *, size: int = 420, metaspace: bool = False) -> FastTokenizer:
    """SentencePiece's BPE: bytes for what has no piece, a space before the text, which decoding strips."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    fast = FastTokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    if metaspace:
        fast.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    else:
        fast.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trained = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
    fast, mine = FastTokenizer.from_str(fast.to_str()), fast
    fast.normalizer, fast.pre_tokenizer = None, trained
    special = ["<unk>", "<s>", "</s>", *bytes_]
    # Of characters that are equally frequent the trainer would keep others in each process.
    counts = Counter("".join(texts).replace(" ", "▁"))
    alphabet = sorted(counts, key=lambda character: (-counts[character], character))[:48]
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        show_progress=False,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
    )
    fast.train_from_iterator(texts, trainer)
    described, learned = json.loads(mine.to_str()), json.loads(fast.to_str())
    described["model"] = learned["model"]
    described["added_tokens"] = [token for token in learned["added_tokens"] if token["id"] < 3]
    fast = FastTokenizer.from_str(json.dumps(described))
    fast.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    fast.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return fast


def llama_metaspace(texts: Sequence[str] = SOME_TEXT, *, size: int = 420) -> FastTokenizer:
    """The same with the space as a pre-tokenizer's work."""
    return llama(texts, size=size, metaspace=True)


def gpt2(texts: Sequence[str] = SOME_TEXT, *, size: int = 420) -> FastTokenizer:
    """Byte-level BPE; its post-processor takes white space out of the offsets."""
    fast = FastTokenizer(models.BPE())
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    _train_bytes(fast, texts, size, ["<|endoftext|>"])
    fast.post_processor = processors.ByteLevel(trim_offsets=True)
    return fast


def qwen(texts: Sequence[str] = SOME_TEXT, *, size: int = 420) -> FastTokenizer:
    """Byte-level BPE over NFC, with added tokens, not all of them special."""
    fast = FastTokenizer(models.BPE())
    fast.normalizer = normalizers.NFC()
    fast.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_QWEN_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    fast.decoder = decoders.ByteLevel()
    _train_bytes(fast, texts, size, [])
    fast.post_processor = processors.ByteLevel(trim_offsets=False)
    fast.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    fast.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>")])
    return fast


def word_piece() -> FastTokenizer:
    """As BERT's: lower case, special tokens around each text, padded and cut."""
    fast = FastTokenizer(models.WordPiece(dict(zip(WORD_PIECES, range(8), strict=True)), unk_token="[UNK]"))
    fast.normalizer = normalizers.BertNormalizer()
    fast.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    fast.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    fast.decoder = decoders.WordPiece()
    fast.add_special_tokens(WORD_PIECES[:5])
    fast.enable_padding(length=16)
    fast.enable_truncation(3)
    return fast


def _train_bytes(fast: FastTokenizer, texts: Sequence[str], size: int, special: list[str]) -> None:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    fast.train_from_iterator(texts, trainer)


FAMILIES: dict[str, tuple[Callable[..., FastTokenizer], str]] = {
    "llama": (llama, "</s>"),
    "llama-metaspace": (llama_metaspace, "</s>"),
    "gpt2": (gpt2, "<|endoftext|>"),
    "qwen": (qwen, "<|im_end|>"),
}
"""By name: what makes one, and its end token."""


@cache
def _described(name: str) -> str:
    """Made once: of equally frequent pairs, training merges now the one, now the other first."""
    return str(FAMILIES[name][0]().to_str())


def make_fast(name: str) -> FastTokenizer:
    """A tokenizer of the `tokenizers` library; the same at every call."""
    return FastTokenizer.from_str(_described(name))


def foreign(name: str) -> Tokenizer:
    """The same as ours."""
    return Tokenizer(make_fast(name), end_of_text=FAMILIES[name][1], name=name)
