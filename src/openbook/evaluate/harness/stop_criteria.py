"""How a task wants text to be written: `generation_kwargs`, in the words of openbook."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openbook.errors import SettingsError, refuse_unknown
from openbook.generation import Sampling

_KNOWN = ("do_sample", "max_gen_toks", "temperature", "top_k", "top_p", "until")
_MOST_BY_DEFAULT = 256


@dataclass(frozen=True, slots=True)
class Writing:
    """Where text ends and how tokens are drawn."""

    until: list[str]
    """Text ends before the first of these."""
    max_new_tokens: int
    sampling: Sampling

    @classmethod
    def of(cls, options: Mapping[str, Any], *, default: int) -> "Writing":
        """Read a task's options.

        Args:
            options: as the task gives them.
            default: the longest text in tokens where the task does not say, but at most 256.

        Raises:
            SettingsError: an option that has no meaning here, or a number out of its range.
        """
        from lm_eval.models.utils import normalize_gen_kwargs

        given = dict(normalize_gen_kwargs(dict(options), min(default, _MOST_BY_DEFAULT)))
        refuse_unknown(given, _KNOWN, where="generation_kwargs")
        if given["max_gen_toks"] < 1:
            raise SettingsError(
                f"generation_kwargs: max_gen_toks {given['max_gen_toks']}: must be at least 1"
            )
        temperature = given.get("temperature", 1.0) if given["do_sample"] else 0.0
        sampling = Sampling(
            temperature=float(temperature), top_k=given.get("top_k") or None, top_p=given.get("top_p")
        )
        return cls([text for text in given["until"] if text], given["max_gen_toks"], sampling)

    def stops(self, text: str) -> bool:
        """Whether it holds the end already."""
        return any(end in text for end in self.until)

    def cut(self, text: str) -> str:
        """What stands before the end."""
        for end in self.until:
            text = text.partition(end)[0]
        return text
