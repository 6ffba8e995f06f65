"""Tokens and their log-probabilities, as OpenAI's answers have them."""

import codecs
from collections.abc import Sequence

from openbook.generation.text_request import WrittenToken
from openbook.serve.chat_schema import ChatLogprob, LogprobOfToken
from openbook.serve.completion_schema import CompletionLogprobs
from openbook.text import Tokenizer

_LEAST = -9999.0
"""What stands for minus infinity, which JSON cannot say."""


def finite(logprob: float | None) -> float:
    """A log-probability that JSON can say."""
    return _LEAST if logprob is None or not logprob > _LEAST else logprob


def token_name(tokenizer: Tokenizer, token: int) -> str:
    r"""A token's text; of one that is a part of a character, `bytes:\xe2\x80`, as OpenAI has it."""
    spelled = bytes_of(tokenizer, token)
    if not spelled:
        return tokenizer.vocabulary_entry(token)
    try:
        return spelled.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in spelled)


def bytes_of(tokenizer: Tokenizer, token: int) -> bytes:
    """What a token gives to a text; of a special one nothing."""
    return bytes(tokenizer.token_bytes[token])


def chat_logprob(tokenizer: Tokenizer, written: WrittenToken) -> ChatLogprob:
    """A written token with the likeliest at its place."""
    likeliest = [_of_token(tokenizer, item.id, item.logprob) for item in written.likeliest]
    own = _of_token(tokenizer, written.id, written.logprob)
    return ChatLogprob(token=own.token, bytes=own.bytes, logprob=own.logprob, top_logprobs=likeliest)


def _of_token(tokenizer: Tokenizer, token: int, logprob: float | None) -> LogprobOfToken:
    spelled = list(bytes_of(tokenizer, token))
    return LogprobOfToken(token=token_name(tokenizer, token), bytes=spelled or None, logprob=finite(logprob))


def completion_logprobs(
    tokenizer: Tokenizer, tokens: Sequence[WrittenToken], *, begin: int = 0
) -> CompletionLogprobs:
    """Tokens as completions have them, those likeliest at each place by their names.

    Args:
        tokenizer: of the tokens.
        tokens: in a row.
        begin: the first one's place in the text, in characters.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    names, offsets = [], []
    for token in tokens:
        names.append(token_name(tokenizer, token.id))
        offsets.append(begin)
        begin += len(decoder.decode(bytes_of(tokenizer, token.id)))
    return CompletionLogprobs(
        tokens=names,
        token_logprobs=[None if token.logprob is None else finite(token.logprob) for token in tokens],
        top_logprobs=[_by_name(tokenizer, token) for token in tokens],
        text_offset=offsets,
    )


def _by_name(tokenizer: Tokenizer, token: WrittenToken) -> dict[str, float] | None:
    if token.logprob is None:
        return None
    named: dict[str, float] = {}
    for item in token.likeliest:
        named.setdefault(token_name(tokenizer, item.id), finite(item.logprob))
    named.setdefault(token_name(tokenizer, token.id), finite(token.logprob))
    return named
