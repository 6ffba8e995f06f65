"""A token that was written, with what is known of how it came about."""

from dataclasses import dataclass

from openbook.generation.copied_spans import CopiedToken


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token and its log-probability in nats, of the model's own distribution, not sampling's."""

    id: int
    logprob: float


@dataclass(frozen=True, slots=True)
class DecodedToken:
    """A token that was written, and the neighbors that its prediction attended to."""

    id: int
    chunk: int
    """Counts what was retrieved: 0 for the prompt's last chunk, 1 for the first written chunk."""
    shares: list[float]
    """Share of the attention that each neighbor got; empty without retrieval."""
    copied: CopiedToken | None = None
    """What a copy head would have it from."""
    logprob: float | None = None
    """None: not asked for."""
    likeliest: tuple[TokenLogprob, ...] = ()
    """The likeliest tokens in its place, as many as were asked for."""
