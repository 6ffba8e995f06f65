"""What is told of a text: each token once, each span once its text is told, and one end."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from foreign_tokenizers import FAMILIES, foreign
from openbook.generation import Sampling
from openbook.generation.decoded_token import DecodedToken, TokenLogprob
from openbook.generation.text_request import SpanRead, TextEnd, TextEvent, TextFailure, TextPiece, TextRequest
from openbook.generation.written_text import WrittenText

TEXT = "The quick brown 日本語 fox.\nEND of it"


@dataclass
class Told:
    """A text of a tokenizer, told token by token."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    events: list[TextEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        tokenizer = foreign(self.name)
        ids = tokenizer.encode([TEXT])[0]
        request = TextRequest(
            prompt_ids=(1,), sampling=Sampling(), max_new_tokens=len(ids), num_logprobs=1, **self.options
        )
        self.text = WrittenText(
            request, tokenizer, None, seed=5, prompt_tokens=3, on_event=self.events.append
        )
        self.written: list[DecodedToken] = []
        for token in ids:
            likeliest = (TokenLogprob(token, -0.5),)
            self.written.append(DecodedToken(token, 0, [], None, -0.5, likeliest))
            if self.text.add(list(self.written)):
                break
        self.whole = tokenizer.decode_inside([ids])[0]

    def pieces(self) -> list[TextPiece]:
        return [event for event in self.events if isinstance(event, TextPiece)]

    def tokens(self) -> list[int]:
        return [token.id for piece in self.pieces() for token in piece.tokens]


@pytest.mark.parametrize("name", list(FAMILIES))
def test_each_token_is_told_once_with_the_text_that_it_completes(name: str) -> None:
    told = Told(name)
    end = told.text.end(told.written)
    assert told.tokens() == [token.id for token in told.written]
    assert "".join(piece.text for piece in told.pieces()) == end.text == told.whole
    assert (end.finish_reason, end.seed, end.prompt_tokens) == ("length", 5, 3)
    assert end.completion_tokens == len(told.written)
    assert told.events[-1] is end
    decode = foreign(name).decode_inside
    done = 0
    for piece in told.pieces():
        done += len(piece.tokens)
        ids = [token.id for token in told.written[:done]]
        shown = "".join(one.text for one in told.pieces()[: told.pieces().index(piece) + 1])
        assert decode([ids])[0].rstrip("�") == shown


@pytest.mark.parametrize("name", list(FAMILIES))
@pytest.mark.parametrize("stop", ["END", "\nEND", ".\nEN", "本"])
def test_a_stop_text_is_not_told_nor_are_its_tokens(name: str, stop: str) -> None:
    told = Told(name, {"stop": (stop, "never")})
    end = told.text.end(told.written)
    shown = told.whole[: told.whole.index(stop)]
    assert "".join(piece.text for piece in told.pieces()) == end.text == shown
    assert end.finish_reason == "stop"
    assert end.completion_tokens == len(told.written) < len(foreign(name).encode([TEXT])[0])
    tokens = told.tokens()
    assert tokens == [token.id for token in told.written[: len(tokens)]]
    # The last that is told may go on where the text has ended; it begins before.
    through, before = foreign(name).decode_inside([tokens, tokens[:-1]])
    assert len(before.rstrip("�")) < len(shown) <= len(through.rstrip("�"))


def test_why_a_text_ended_may_be_said() -> None:
    told = Told("gpt2")
    assert not told.text.is_over
    end = told.text.end(told.written[:4], "cancelled")
    assert end.finish_reason == "cancelled"
    assert told.text.is_over


def test_a_failure_is_the_last_that_is_told() -> None:
    told = Told("gpt2")
    error = ValueError("no")
    told.text.fail(error)
    assert told.events[-1] == TextFailure(error)
    assert told.text.is_over
    assert not any(isinstance(event, TextEnd | SpanRead) for event in told.events)
