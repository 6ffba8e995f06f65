"""Several turns in a model's chat template: from messages to the tokens of a prompt.

The template is rendered with marks in place of what was said, and taken apart at them:

    <|im_start|>user\\n  MARK  <|im_end|>\\n<|im_start|>assistant\\n  MARK  <|im_end|>\\n<|im_start|>user\\n …

So special tokens are recognized in the template alone: in what somebody says they are text like any other.
A single question gives the tokens of `ChatFormat.question_ids`, as asking and training have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from openbook.errors import SettingsError
from openbook.text.chat import ChatFormat, render_chat

_MARK = "SAIDINTURN{}SAIDEND"


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody says."""

    role: Literal["system", "user", "assistant"]
    text: str


def conversation_ids(
    chat: ChatFormat, messages: Sequence[Message], *, prefix: Sequence[int] = ()
) -> list[int]:
    """Encode a conversation up to where the next answer begins.

    Args:
        chat: the model's format.
        messages: in their order; the last is the user's.
        prefix: tokens that the model puts before every text itself, and that the prompt is to begin with:
            then what a system message says stands in the user's turn that follows.

    Raises:
        SettingsError: nobody asks anything, or the chat template cannot be rendered.
    """
    turns = [replace(message, text=message.text.strip()) for message in messages]
    turns = [turn for turn in turns if turn.text or turn.role != "system"]
    if not turns or turns[-1].role != "user":
        raise SettingsError("the last message must be the user's: it is what is answered")
    if not turns[-1].text:
        raise SettingsError("the last message is empty; ask something")
    if chat.tokenizer.chat_template is None:
        return _plain_ids(chat, turns)
    if prefix and list(chat.prefix_ids[: len(prefix)]) == list(prefix):
        turns = _without_system(turns)
    if len(turns) == 1:
        return [*chat.prefix_ids, *chat.question_ids(turns[0].text)]
    try:
        return _rendered_ids(chat, turns)
    except SettingsError:
        folded = _without_system(turns)  # some templates know no system messages
        if folded == turns:
            raise
        return conversation_ids(chat, folded, prefix=prefix)


def _without_system(turns: Sequence[Message]) -> list[Message]:
    """Have the user's next turn say what system messages say, before the user's own words."""
    kept: list[Message] = []
    said: list[str] = []
    for turn in turns:
        if turn.role == "system":
            said.append(turn.text)
        elif turn.role == "user":
            kept.append(Message("user", "\n\n".join([*said, turn.text])))
            said = []
        else:
            kept.append(turn)
    return kept


def _plain_ids(chat: ChatFormat, turns: Sequence[Message]) -> list[int]:
    """Without a template: `Question: …`, `Answer: …`, again and again; system messages stand between them."""
    *before, last = turns
    said = ""
    for turn in before:
        if turn.role == "user":
            said += f"{chat.label}{turn.text}{chat.after}"
        else:
            said += f"{chat.lead if turn.role == 'assistant' else ''}{turn.text}\n\n"
    text = f"{said}{chat.label}{last.text}{chat.after}"
    return [*chat.prefix_ids, *chat.tokenizer.encode([text])[0]]


def _rendered_ids(chat: ChatFormat, turns: Sequence[Message]) -> list[int]:
    marks = [_MARK.format(number) for number in range(len(turns))]
    messages = [{"role": turn.role, "content": mark} for turn, mark in zip(turns, marks, strict=True)]
    rest = render_chat(chat.tokenizer, messages, answer=True)
    pieces = []
    for mark in marks:
        before, found, rest = rest.partition(mark)
        if not found:
            raise SettingsError(
                f"tokenizer {chat.tokenizer.name}: its chat template leaves out what was said; give it turns "
                "of user and assistant that alternate, or mend its chat_template"
            )
        pieces.append(before)
    texts = [turn.text for turn in turns]
    if turns[0].role != "user":
        return _ids(chat, [*pieces, rest], texts)
    # Without what a template says of its own accord before the first words, as a single question is put.
    return [*chat.prefix_ids, *_ids(chat, [chat.before, *pieces[1:], rest], texts)]


def _ids(chat: ChatFormat, pieces: Sequence[str], texts: Sequence[str]) -> list[int]:
    """Encode a template's pieces and what is said between them; text between two special tokens at once."""
    ids: list[int] = []
    plain = ""
    for number, piece in enumerate(pieces):
        parts = _at_special_tokens(chat, piece)
        for place, part in enumerate(parts):
            if place % 2 == 0:
                plain += part
                continue
            ids += chat.tokenizer.encode([plain])[0] if plain else []
            ids += chat.tokenizer.encode_special(part)
            plain = ""
        plain += texts[number] if number < len(texts) else ""
    return ids + (chat.tokenizer.encode([plain])[0] if plain else [])


def _at_special_tokens(chat: ChatFormat, piece: str) -> list[str]:
    """A template's piece as text, special token, text, special token, …, text."""
    special = [token for token in chat.tokenizer.special_tokens if token]
    parts = []
    while found := [(piece.find(token), -len(token), token) for token in special if token in piece]:
        place, _, token = min(found)
        parts += [piece[:place], token]
        piece = piece[place + len(token) :]
    return [*parts, piece]
