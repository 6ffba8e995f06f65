"""The texts of a request, put together from what is told of them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from openbook.generation.citations import Citation
from openbook.generation.text_request import WrittenToken
from openbook.serve.asked_texts import AskedTexts
from openbook.serve.chat_schema import ChatChunk
from openbook.serve.completion_schema import Completion
from openbook.serve.reply import ReplyEnd, ReplyPart, ReplySpan, ReplyText
from openbook.serve.text_fields import TextFields, Usage
from openbook.serve.writing import Writing


@dataclass(slots=True)
class ServedText:
    """One text, as far as it is written."""

    text: str = ""
    tokens: list[WrittenToken] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    end: ReplyEnd | None = None

    def add(self, part: ReplyPart) -> None:
        """Add what has come."""
        if isinstance(part, ReplyText):
            self.text += part.text
            self.tokens += part.tokens
        elif isinstance(part, ReplySpan):
            self.citations.append(part.citation)
        else:
            self.end = part
            self.citations = list(part.measured) or self.citations

    @property
    def ending(self) -> ReplyEnd:
        """How it ended."""
        assert self.end is not None
        return self.end


async def reply_parts(
    asked: AskedTexts, writing: Writing, *, idle: float | None = None
) -> AsyncGenerator[tuple[int, ReplyPart] | None, None]:
    """What the client is told of each text, with its number; None where nothing is for `idle` seconds.

    Raises:
        Exception: one of them cannot be finished; the others are given up.
    """
    replies = [asked.reply() for _ in asked.texts]
    async with writing.told(idle=idle) as events:
        async for told in events:
            if told is None:
                yield None
                continue
            number, event = told
            for part in replies[number].take(event):
                yield number, part


async def written_texts(asked: AskedTexts, writing: Writing) -> list[ServedText]:
    """All texts, when they are complete."""
    texts = [ServedText() for _ in asked.texts]
    async with aclosing(reply_parts(asked, writing)) as parts:
        async for told in parts:
            assert told is not None
            texts[told[0]].add(told[1])
    return texts


def part_of_stream(part: ChatChunk | Completion, body: TextFields) -> dict[str, Any]:
    """As a client expects it: without what is not new; usage stands in the last part alone."""
    said = part.model_dump(exclude_unset=True) | {"object": part.object}
    if body.wants_usage:
        said.setdefault("usage", None)
    return said


def usage_of(ends: list[ReplyEnd], *, each: int | None = None) -> Usage:
    """Tokens of a request: a prompt that several texts follow counts once.

    Args:
        ends: of its texts, those of one prompt in a row.
        each: texts that follow each prompt; None: all follow one.
    """
    read = sum(end.prompt_tokens for end in ends[:: each or len(ends)])
    written = sum(end.completion_tokens for end in ends)
    return Usage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)
