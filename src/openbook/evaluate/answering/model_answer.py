"""What a model answered to a question, and what of it came from which neighbor; this file needs no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model answered.

    text: without white space around.
    shares: of the attention that each neighbor got, mean over the tokens; empty: unknown, or nothing
        was read.
    copied: of the tokens' probability, how much came from copying each neighbor's tokens, mean over the
        tokens; None: there is no copy head, or nothing was read.
    """

    text: str
    shares: tuple[float, ...] = ()
    copied: tuple[float, ...] | None = None
