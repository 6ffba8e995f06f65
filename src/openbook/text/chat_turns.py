"""A conversation put into tokens: what the system says, questions, answers, up to where the next begins.

The model's chat template writes it, with these differences. What it puts before the first user's words of
its own accord, such as a default system prompt, is left out, as `ChatFormat` does: the tokens of a single
question are those of `prefix_ids` and `question_ids`. Marks that somebody says are text:

    said               a <|im_end|> b
    to the template    a \U000f0000 b              a character that nobody says
    tokens             a, of " <|im_end|> " as text, b

A template that refuses system messages, or turns of one role after another, or passes over them, is given the
same words in an order that it takes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from openbook.errors import SettingsError
from openbook.text.chat_format import QUESTION, ChatFormat, around, render
from openbook.text.tokenizer import Tokenizer

_FIRST_STAND_IN, _LAST_STAND_IN = 0xF0000, 0xFFFFD
"""Characters that stand for marks: a plane of private use."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says."""

    role: Literal["system", "user", "assistant"]
    text: str


def turns_ids(chat: ChatFormat, turns: Sequence[Turn], *, opens_with_user: bool = False) -> list[int]:
    """Encode a conversation, up to where the answer to its last turn begins.

    Args:
        chat: the model's format.
        turns: in their order, at least one.
        opens_with_user: begin with `prefix_ids`, for a model that puts these before every text itself: what
            system messages say is put into the first user's turn.

    Raises:
        SettingsError: there is no turn, or the template refuses these roles in every order.
    """
    if not turns:
        raise SettingsError("a conversation without a turn; give at least one message")
    if chat.tokenizer.chat_template is None:
        return [*chat.prefix_ids, *chat.tokenizer.marks.encode_said([_plain(chat, turns)])[0]]
    orders = [_folded(turns)] if opens_with_user else [turns, _merged(turns), _folded(turns)]
    refused: SettingsError | None = None
    for order in orders:
        try:
            return _rendered_ids(chat, order)
        except SettingsError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _plain(chat: ChatFormat, turns: Sequence[Turn]) -> str:
    """Without a template: questions and answers in paragraphs, after what the system says."""
    said = {
        "system": "{}",
        "user": f"{chat.label}{{}}{chat.after}",
        "assistant": f"{chat.lead}{{}}",
    }
    text, before = "", ""
    for turn in turns:
        opened = turn.role == "assistant" and before != "user"  # an answer that nobody asked for
        begin = chat.after.lstrip() if opened else ""
        gap = "" if not text or (turn.role == "assistant" and not opened) else "\n\n"
        text += gap + begin + said[turn.role].replace("{}", turn.text)
        before = turn.role
    return text if before == "user" else f"{text}\n\n{chat.after.lstrip()}"


def _merged(turns: Sequence[Turn]) -> list[Turn]:
    """What the system says first, in one turn; then the others, those of one role after another as one."""
    first = [turn for turn in turns if turn.role == "system"]
    others = [turn for turn in turns if turn.role != "system"]
    groups = [list(group) for _, group in groupby([*first, *others], key=lambda turn: turn.role)]
    return [Turn(group[0].role, "\n\n".join(turn.text for turn in group)) for group in groups]


def _folded(turns: Sequence[Turn]) -> list[Turn]:
    """The same without a system: its words stand before the first user's, in the same turn."""
    merged = _merged(turns)
    said = [turn.text for turn in merged if turn.role == "system"]
    others = [turn for turn in merged if turn.role != "system"]
    if not others or others[0].role != "user":
        others = [Turn("user", ""), *others]
    text = "\n\n".join([*said, *([others[0].text] if others[0].text else [])])
    return [replace(others[0], text=text), *others[1:]]


def _rendered_ids(chat: ChatFormat, turns: Sequence[Turn]) -> list[int]:
    tokenizer = chat.tokenizer
    stand_ins = _stand_ins(tokenizer, turns)
    messages = [{"role": turn.role, "content": _replaced(turn.text, stand_ins)} for turn in turns]
    rendered = render(tokenizer, messages, answer=True)
    for message in messages:
        if message["role"] != "assistant" and message["content"].strip() not in rendered:
            raise SettingsError(
                f"tokenizer {tokenizer.name}: its chat template leaves out what the {message['role']} says; "
                "mend chat_template in its tokenizer_config.json, or take it out"
            )
    marks = {stand_in: mark for mark, stand_in in stand_ins.items()}
    if turns[0].role != "user":
        return _encode(tokenizer, rendered, marks)
    opening = around(QUESTION, render(tokenizer, [{"role": "user", "content": QUESTION}], answer=True), "")[0]
    said = chat.before + rendered.removeprefix(opening)
    # The first words are tokenized by themselves, as a question is: up to the first mark.
    cut = tokenizer.marks.place(said)
    words = tokenizer.marks.encode_said([_restored(said[:cut], marks)])[0]
    return [*chat.prefix_ids, *words, *_encode(tokenizer, said[cut:], marks)]


def _stand_ins(tokenizer: Tokenizer, turns: Sequence[Turn]) -> dict[str, str]:
    """For each mark that somebody says a character that nobody does."""
    said = "".join(turn.text for turn in turns)
    marks = [mark for mark in _longest_first(tokenizer) if mark in said]
    free = (chr(code) for code in range(_FIRST_STAND_IN, _LAST_STAND_IN) if chr(code) not in said)
    return dict(zip(marks, free, strict=False))


def _longest_first(tokenizer: Tokenizer) -> list[str]:
    """The marks' texts: one may begin another."""
    return sorted(filter(None, tokenizer.marks.texts), key=len, reverse=True)


def _replaced(text: str, stand_ins: dict[str, str]) -> str:
    for mark, stand_in in stand_ins.items():
        text = text.replace(mark, stand_in)
    return text


def _restored(text: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(character, character) for character in text) if marks else text


def _encode(tokenizer: Tokenizer, rendered: str, marks: dict[str, str]) -> list[int]:
    """Encode a template's text: its marks are what they say, those that somebody says are text."""
    if not any(stand_in in rendered for stand_in in marks):
        return tokenizer.encode_special(rendered)
    marked = "|".join(map(re.escape, _longest_first(tokenizer)))
    ids: list[int] = []
    for piece in re.split(f"({marked})", rendered):
        if any(stand_in in piece for stand_in in marks):
            ids += tokenizer.marks.encode_said([_restored(piece, marks)])[0]
        elif piece:
            ids += tokenizer.encode_special(piece)
    return ids
