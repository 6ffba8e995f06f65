"""How a task wants text to be generated: `generation_kwargs`, in the words of openbook."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openbook.errors import SettingsError, refuse_unknown
from openbook.generation import Sampling

_KNOWN = ("do_sample", "max_gen_toks", "temperature", "top_k", "top_p", "until")
_MOST_BY_DEFAULT = 256


@dataclass(frozen=True, slots=True)
class StopCriteria:
    """Where generated text ends."""

    strings: list[str]
    """Before the first of these."""
    max_new_tokens: int
    """After so many at the latest."""

    def is_met(self, text: str) -> bool:
        """Whether the text holds a stop string."""
        return any(string in text for string in self.strings)

    def cut(self, text: str) -> str:
        """The text before the first stop string."""
        for string in self.strings:
            text = text.partition(string)[0]
        return text


def read_generation_kwargs(options: Mapping[str, Any], *, default: int) -> tuple[StopCriteria, Sampling]:
    """Read where a task's texts end, and how their tokens are drawn.

    Args:
        options: as the task gives them.
        default: the longest text in tokens where the task does not say, but at most 256.

    Raises:
        SettingsError: an option that has no meaning here, or a number out of its range.
    """
    from lm_eval.models.utils import normalize_gen_kwargs

    given = dict(normalize_gen_kwargs(dict(options), min(default, _MOST_BY_DEFAULT)))
    refuse_unknown(given, _KNOWN, where="generation_kwargs")
    longest = given["max_gen_toks"]
    if longest < 1:
        raise SettingsError(f"generation_kwargs: max_gen_toks {longest}: must be at least 1")
    temperature = float(given.get("temperature", 1.0)) if given["do_sample"] else 0.0
    top_k = given.get("top_k") or None
    sampling = Sampling(temperature=temperature, top_k=top_k, top_p=given.get("top_p"))
    return StopCriteria([string for string in given["until"] if string], longest), sampling
