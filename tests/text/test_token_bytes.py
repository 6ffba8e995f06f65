"""The bytes of tokens, put together, are the text that the tokenizer decodes."""

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models

from foreign_tokenizers import FAMILIES, SOME_TEXT, foreign
from openbook.text import Tokenizer, train_tokenizer

TEXTS = [
    *(text[:400] for text in SOME_TEXT),
    "the fox; it wasn't there",
    " 日本語 และไทย 😀 e\u0301",
    "\x00\ufeff\r\n\t",
]


def decoded(tokenizer: Tokenizer, ids: list[int]) -> str:
    return tokenizer.token_bytes.of(ids).decode("utf-8", "replace")


@pytest.mark.parametrize("name", [*FAMILIES, "own"])
@pytest.mark.parametrize("text", TEXTS)
def test_all_of_a_text_is_what_it_decodes_to(name: str, text: str) -> None:
    tokenizer = train_tokenizer(SOME_TEXT, vocab_size=300) if name == "own" else foreign(name)
    ids = tokenizer.encode([text])[0]
    assert decoded(tokenizer, ids).lstrip(" ") == tokenizer.decode([ids])[0].lstrip(" ")


@pytest.mark.parametrize("name", [*FAMILIES, "own"])
def test_the_parts_of_a_text_are_the_whole_wherever_it_is_cut(name: str) -> None:
    """A row of tokens decoded alone loses its first space and the characters that its borders cut."""
    tokenizer = train_tokenizer(SOME_TEXT, vocab_size=300) if name == "own" else foreign(name)
    ids = tokenizer.encode([SOME_TEXT[1][:200]])[0]
    whole = tokenizer.token_bytes.of(ids)
    for border in range(len(ids)):
        parts = [tokenizer.token_bytes.of(part) for part in (ids[:border], ids[border:])]
        assert b"".join(parts) == whole


def test_the_end_of_text_and_special_tokens_have_none() -> None:
    tokenizer = foreign("qwen")
    fast = FastTokenizer.from_str(tokenizer._fast.to_str())
    special, added = (fast.token_to_id(token) for token in ("<|im_start|>", "<tool_call>"))
    assert tokenizer.token_bytes.of([tokenizer.eos_id, special]) == b""
    assert tokenizer.token_bytes.of([added]) == b"<tool_call>"
    assert tokenizer.token_bytes.of([10**6]) == b""


@pytest.mark.parametrize(
    ("decoder", "tokens", "text"),
    [
        (decoders.WordPiece(), ["the", "play", "##ing", "fox"], " the playing fox"),
        (decoders.Metaspace(), ["▁the", "▁play", "ing"], " the playing"),
        (decoders.BPEDecoder(), ["the</w>", "play", "ing</w>"], "the playing "),
        (None, ["the", "fox"], " the fox"),
    ],
)
def test_words_are_apart_as_the_decoder_has_them(
    decoder: decoders.Decoder | None, tokens: list[str], text: str
) -> None:
    vocabulary = {token: number for number, token in enumerate(["[UNK]", "[SEP]", *dict.fromkeys(tokens)])}
    fast = FastTokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    if decoder is not None:
        fast.decoder = decoder
    tokenizer = Tokenizer(fast, end_of_text="[SEP]", name="small")
    assert decoded(tokenizer, [vocabulary[token] for token in tokens]) == text
