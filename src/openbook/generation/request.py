"""What may be asked of a generation, checked before a model is loaded: this file needs no torch."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from types import MappingProxyType
from typing import SupportsIndex

from openbook.errors import SettingsError, list_of_texts, type_error
from openbook.given import require_whole

_LARGEST_PENALTY = 2
_LARGEST_BIAS = 100
"""Both as OpenAI allows them."""
_GIVE_BIAS = "give {5: -100}, where 5 is the token"
_NO_BIAS: Mapping[int, float] = MappingProxyType({})


def check_request(prompt: str, *, max_new_tokens: int, k: int | None, what: str = "prompt") -> None:
    """Refuse what no model could answer.

    Args:
        prompt: to continue.
        max_new_tokens: the longest continuation.
        k: neighbors of each chunk; None: as in training.
        what: the prompt is called where it is empty or damaged.

    Raises:
        SettingsError: an empty prompt, half a character in it, or a number out of its range.
        TypeError: no text, or no number.
    """
    if not isinstance(prompt, str):
        raise type_error(prompt, "a str", where="the prompt", remedy="give one text")
    for name, number in (("max new tokens", max_new_tokens), ("k", k)):
        if number is not None:
            require_whole(number, where=name)
    if not prompt.strip():
        raise SettingsError(f"the {what} is empty; give some text")
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SettingsError(
            f"the {what} holds a lone surrogate at character {error.start}; write the character whole"
        ) from error
    if max_new_tokens < 1:
        raise SettingsError(f"max new tokens {max_new_tokens}: must be at least 1")
    check_k(k)


def check_k(k: int | None) -> None:
    """Refuse a number of neighbors below 1; None, as in the model's training, is fine.

    Raises:
        SettingsError: saying how to do without.
    """
    if k is not None and k < 1:
        raise SettingsError(
            f"k = {k}: at least 1 neighbor must be asked for; to do without any: --no-retrieval, in Python "
            "retrieval=False"
        )


def stop_texts(stop: object) -> tuple[str, ...]:
    """What ends a text, as it was given.

    >>> stop_texts("END")
    Traceback (most recent call last):
    TypeError: stop: the str 'END' where a list of str is expected; give stop=["..."]

    Raises:
        TypeError: one text where several are expected, of which each letter would end the text.
    """
    return tuple(list_of_texts(stop, where="stop", remedy='give stop=["..."]'))


def check_ends(*, max_new_tokens: int, min_new_tokens: int, stop: Sequence[str]) -> None:
    """Refuse ends that no text has.

    Args:
        max_new_tokens: the longest text.
        min_new_tokens: the shortest.
        stop: texts that end it.

    Raises:
        SettingsError: a number out of its range, or an empty text.
        TypeError: one text where several are expected.
    """
    if max_new_tokens < 1:
        raise SettingsError(f"max new tokens {max_new_tokens}: must be at least 1")
    if not 0 <= min_new_tokens <= max_new_tokens:
        raise SettingsError(
            f"min new tokens {min_new_tokens}: must be from 0 to max new tokens, {max_new_tokens}"
        )
    if "" in stop_texts(stop):
        raise SettingsError("stop: an empty text ends every text; leave it out")


def check_sampling(
    *,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    min_p: float | None = None,
    repetition_penalty: float = 1.0,
    presence_penalty: float = 0.0,
    frequency_penalty: float = 0.0,
    logit_bias: Mapping[int, float] = _NO_BIAS,
) -> None:
    """Refuse what no token can be drawn by.

    Args:
        temperature: 0 or more.
        top_k: at least 1; None: all tokens.
        top_p: above 0, at most 1; None: all tokens.
        min_p: from 0 to 1; None: all tokens.
        repetition_penalty: above 0.
        presence_penalty, frequency_penalty: from -2 to 2.
        logit_bias: by token, from -100 to 100.

    Raises:
        SettingsError: a value out of its range.
        TypeError: no number, or a bias of what is no token's number.
    """
    _require_numbers(
        {"temperature": temperature, "top-k": top_k, "top-p": top_p, "min-p": min_p}
        | {"repetition penalty": repetition_penalty, "presence penalty": presence_penalty}
        | {"frequency penalty": frequency_penalty},
        logit_bias,
    )
    if not temperature >= 0:
        raise SettingsError(f"temperature {temperature}: must be 0 or more")
    if top_k is not None and top_k < 1:
        raise SettingsError(f"top-k {top_k}: must be at least 1")
    if top_p is not None and not 0 < top_p <= 1:
        raise SettingsError(f"top-p {top_p}: must be above 0 and at most 1")
    if min_p is not None and not 0 <= min_p <= 1:
        raise SettingsError(f"min-p {min_p}: must be from 0 to 1")
    if not 0 < repetition_penalty < math.inf:
        raise SettingsError(f"repetition penalty {repetition_penalty}: must be above 0; 1 is none")
    for name, penalty in (("presence", presence_penalty), ("frequency", frequency_penalty)):
        if not -_LARGEST_PENALTY <= penalty <= _LARGEST_PENALTY:
            raise SettingsError(f"{name} penalty {penalty}: must be from -2 to 2")
    for token, bias in logit_bias.items():
        if token < 0:
            raise SettingsError(f"logit bias of token {token}: must be at least 0, where tokens begin")
        if not -_LARGEST_BIAS <= bias <= _LARGEST_BIAS:
            raise SettingsError(f"logit bias {bias} of token {token}: must be from -100 to 100")


def check_reread(
    *,
    temperature: float,
    repetition_penalty: float = 1.0,
    presence_penalty: float = 0.0,
    frequency_penalty: float = 0.0,
    logit_bias: Mapping[int, float] = _NO_BIAS,
    min_new_tokens: int = 0,
) -> None:
    """Refuse what two readings that are to agree cannot follow: draws, and what moves what is likeliest.

    Args:
        temperature, repetition_penalty, presence_penalty, frequency_penalty, logit_bias: as `check_sampling`
            takes them.
        min_new_tokens: the shortest text.

    Raises:
        SettingsError: naming it.
    """
    if temperature > 0:
        raise SettingsError(
            f"reread with a temperature of {temperature}: what two readings agree on is not drawn; set it "
            "to 0"
        )
    given = {
        "repetition penalty": repetition_penalty != 1,
        "presence penalty": presence_penalty != 0,
        "frequency penalty": frequency_penalty != 0,
        "logit bias": bool(logit_bias),
        "min new tokens": min_new_tokens > 0,
    }
    for name, is_given in given.items():
        if is_given:
            raise SettingsError(f"reread does not go with a {name}; leave one of them out")


def _require_numbers(numbers: Mapping[str, object], logit_bias: object) -> None:
    """Refuse what is none, by its name; None is one here."""
    for name, number in numbers.items():
        if number is not None and not isinstance(number, Real):
            raise type_error(number, "a number", where=name, remedy="give one such as 0.8")
    if not isinstance(logit_bias, Mapping):
        raise type_error(logit_bias, "a dict", where="logit bias", remedy=_GIVE_BIAS)
    for token, bias in logit_bias.items():
        if not isinstance(token, SupportsIndex) or not isinstance(bias, Real):
            raise type_error({token: bias}, "a bias by token", where="logit bias", remedy=_GIVE_BIAS)
