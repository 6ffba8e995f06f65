"""What may be asked of a generation, checked before a model is loaded: this file needs no torch."""

from openbook.errors import SettingsError


def check_request(prompt: str, *, max_new_tokens: int, k: int | None) -> None:
    """Refuse what no model could answer.

    Args:
        prompt: to continue.
        max_new_tokens: the longest continuation.
        k: neighbors of each chunk; None: as in training.

    Raises:
        SettingsError: an empty prompt, half a character in it, or a number out of its range.
    """
    if not prompt.strip():
        raise SettingsError("the prompt is empty; give some text")
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SettingsError(f"the prompt holds a lone surrogate at character {error.start}") from error
    if max_new_tokens < 1:
        raise SettingsError(f"max new tokens {max_new_tokens}: must be at least 1")
    if k is not None and k < 1:
        raise SettingsError(
            f"k = {k}: at least 1 neighbor must be asked for; to do without any: no retrieval"
        )


def check_sampling(*, temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Refuse what no token can be drawn by.

    Args:
        temperature: 0 or more.
        top_k: at least 1; None: all tokens.
        top_p: above 0, at most 1; None: all tokens.

    Raises:
        SettingsError: a value out of its range.
    """
    if not temperature >= 0:
        raise SettingsError(f"temperature {temperature}: must be 0 or more")
    if top_k is not None and top_k < 1:
        raise SettingsError(f"top-k {top_k}: must be at least 1")
    if top_p is not None and not 0 < top_p <= 1:
        raise SettingsError(f"top-p {top_p}: must be above 0 and at most 1")
