"""From a conversation to what is to be written: one way for the library, the command line and the server.

    said          [system "", user " a ", assistant " b\n", user "Who?"]     with a passage p
    is put as     [user "a", assistant "b", user "p\n\nWho?"]                then by the chat template

The space around what is said goes, and so does a system that says nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

from openbook.errors import SettingsError
from openbook.generation.text_request import TextRequest
from openbook.model import RetroForCausalLM
from openbook.text import ChatFormat, Turn, turns_ids
from openbook.text.chat_format import REFUSAL


def conversation_ids(
    model: RetroForCausalLM, chat: ChatFormat, turns: Sequence[Turn], passages: Sequence[str] = ()
) -> list[int]:
    """Encode a conversation, up to where the next answer begins.

    Args:
        model: any.
        chat: its format.
        turns: what was said; with passages the last is the user's.
        passages: texts that stand before the last question, in the same turn: retrieval in the prompt.

    Raises:
        SettingsError: no turn is left, or the chat template refuses these roles.
    """
    said = [replace(turn, text=turn.text.strip()) for turn in turns]
    said = [turn for turn in said if turn.text or turn.role != "system"]
    if passages:
        said = [*said[:-1], *_after_passages(chat, said[-1].text, [text.strip() for text in passages])]
    return turns_ids(chat, said, opens_with_user=bool(model.prefix_ids))


def stands_alone(turns: Sequence[Turn]) -> bool:
    """Whether nothing was said before the question, without which it may mean something else."""
    return all(turn.role == "system" for turn in turns[:-1])


def _after_passages(chat: ChatFormat, question: str, passages: Sequence[str]) -> list[Turn]:
    """The last question with passages before it, as `ChatFormat.question_ids` puts them."""
    if chat.tokenizer.chat_template is None:  # there the question's label stands between them
        return [Turn("system", "\n\n".join(passages)), Turn("user", question)]
    return [Turn("user", "\n\n".join([*passages, question]))]


def without_prefix(model: RetroForCausalLM, ids: Sequence[int]) -> tuple[int, ...]:
    """A prompt without the tokens that the model puts before every text itself.

    Raises:
        SettingsError: nothing is left.
    """
    own = model.prefix_ids
    kept = tuple(ids[len(own) :] if list(ids[: len(own)]) == own else ids)
    if not kept:
        raise SettingsError("the prompt is empty; give some text")
    return kept


def conversation_request(chat: ChatFormat, request: TextRequest) -> TextRequest:
    """Have what is written end as an answer does, and be the refusal where nothing is found.

    Args:
        chat: the format that the prompt was put in.
        request: for the text after a conversation; its own stop texts end it, too.
    """
    stop = [*request.stop, chat.stop] if chat.stop else request.stop
    return replace(
        request, stop=tuple(dict.fromkeys(stop)), refusal=REFUSAL, strip=True, end_ids=chat.end_ids
    )
