"""The options of verbs that write: how tokens are drawn, and where the text ends."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.generation import Sampling

Temperature = Annotated[float, typer.Option(help="0 takes the likeliest token each time.")]
TopK = Annotated[int | None, typer.Option(help="Draw among this many likeliest tokens.")]
TopP = Annotated[float | None, typer.Option(help="Draw among the likeliest tokens of this probability.")]
MinP = Annotated[
    float | None,
    typer.Option(help="Draw among tokens with at least this share of the likeliest one's probability."),
]
RepetitionPenalty = Annotated[
    float, typer.Option(help="Above 1: tokens of prompt and text become less likely; 1 is none.")
]
PresencePenalty = Annotated[
    float, typer.Option(help="Is subtracted from the logits of tokens that the text has, -2 to 2.")
]
FrequencyPenalty = Annotated[
    float, typer.Option(help="Is subtracted for each time that the text has the token, -2 to 2.")
]
LogitBias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TOKEN=BIAS", help="Add to the logit of this token, by its number; -100 bans it; repeatable."
    ),
]
MinNewTokens = Annotated[int, typer.Option(help="Do not end the text before so many tokens.")]
Stop = Annotated[
    list[str] | None,
    typer.Option(metavar="TEXT", help="End before this text, which is not shown; may be repeated."),
]
Logprobs = Annotated[
    int | None,
    typer.Option(help="With --json: each token's log-probability, and this many of the likeliest tokens."),
]
NumBeams = Annotated[
    int,
    typer.Option(help="Follow so many texts in search of the likeliest; with --temperature 0."),
]
Samples = Annotated[int, typer.Option(help="Texts to write; with --json a list, if more than one.")]
DrawSeed = Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="Makes the draws repeatable.")]


def biases_of(given: Sequence[str] | None) -> Mapping[int, float]:
    """Read what --logit-bias names.

    >>> biases_of(["42=-3.5"])
    {42: -3.5}

    Raises:
        SettingsError: it is not a number of a token, =, and a number.
    """
    biases = {}
    for text in given or ():
        token, _, bias = text.partition("=")
        try:
            biases[int(token)] = float(bias)
        except ValueError as error:
            raise SettingsError(
                f"--logit-bias {text!r}: give the token's number and what to add, such as 42=-3.5"
            ) from error
    return biases


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How tokens are drawn, checked; a `Sampling` is the same, and loads torch."""

    temperature: float
    top_k: int | None
    top_p: float | None
    min_p: float | None
    repetition_penalty: float
    presence_penalty: float
    frequency_penalty: float
    logit_bias: Mapping[int, float]

    def check_reread(self, min_new_tokens: int) -> None:
        """Refuse what two readings of the neighbors that are to agree cannot follow.

        Raises:
            SettingsError: naming the option.
        """
        from openbook.generation.request import check_reread

        check_reread(
            temperature=self.temperature,
            repetition_penalty=self.repetition_penalty,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
            logit_bias=self.logit_bias,
            min_new_tokens=min_new_tokens,
        )

    def sampling(self) -> "Sampling":
        """What draws tokens so."""
        from openbook.generation import Sampling

        return Sampling(**asdict(self))


def drawing_of(
    *,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    min_p: float | None,
    repetition_penalty: float,
    presence_penalty: float,
    frequency_penalty: float,
    logit_bias: Sequence[str] | None,
) -> Drawing:
    """Read the options of how tokens are drawn, before a model is loaded.

    Raises:
        SettingsError: a value out of its range.
    """
    from openbook.generation.request import check_sampling

    drawing = Drawing(
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        presence_penalty=presence_penalty,
        frequency_penalty=frequency_penalty,
        logit_bias=biases_of(logit_bias),
    )
    check_sampling(**asdict(drawing))
    return drawing
