"""How a question is put to a model: its chat template, taken apart into the pieces around the user's words.

    <|im_start|>user\\n  How many teeth?  <|im_end|>\\n<|im_start|>assistant\\n  Twenty.  <|im_end|>
    prefix              the question     after                              the answer end

The prefix is the same for every question, so what is retrieved can be read after it, see `prefix_ids` of
`openbook.retrofit`. What a template puts before the first user's words of its own accord, such as a default
system prompt, is left out: the prefix is that of a second turn. Asking and training share this format.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openbook.errors import SettingsError, first_line, type_error
from openbook.text.tokenizer import Tokenizer
from openbook.text.tokenizer_loading import wrap_tokenizer

REFUSAL = "The book does not say."
"""The answer of a trained reader to a question that what it reads does not answer."""

_GIVE_TOKENIZER = "give openbook.text.load_tokenizer(name)"
QUESTION, _ANSWER, _SECOND = "FIRSTQUESTION", "FIRSTANSWER", "SECONDQUESTION"
"""What templates are rendered with, to find these places again."""


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """The pieces around a question and its answer, for one tokenizer; made by `ChatFormat.of`."""

    tokenizer: Tokenizer
    prefix: str
    """Before every question and everything retrieved."""
    before: str
    """Between the prefix and the user's words: spaces, tokenized with them."""
    label: str
    """Before the question alone, after what else the user says."""
    after: str
    """Between the question and the answer."""
    lead: str
    """What an answer begins with."""
    end: str
    """The token that ends an answer."""
    stop: str | None
    """Text that ends an answer, too, where the template writes no token that does; without a template the end
    of a line. None: nothing does."""

    @classmethod
    def of(cls, tokenizer: Any) -> "ChatFormat":
        """The format of a model.

        Args:
            tokenizer: the model's: a `Tokenizer`, or one of transformers. Without a chat template questions
                are put as `Question: …` and `Answer:`.

        Raises:
            SettingsError: its chat template cannot be rendered.
            TypeError: no tokenizer, such as the name of one, or one that is not fast.
        """
        if not isinstance(tokenizer, Tokenizer):
            if not hasattr(tokenizer, "backend_tokenizer"):
                raise type_error(tokenizer, "a tokenizer", where="tokenizer", remedy=_GIVE_TOKENIZER)
            tokenizer = wrap_tokenizer(tokenizer, tokenizer.name_or_path)
        return _plain(tokenizer) if tokenizer.chat_template is None else _of_template(tokenizer)

    @property
    def prefix_ids(self) -> list[int]:
        """The prefix's tokens; without a chat template the start token, if there is one."""
        if self.tokenizer.chat_template is None:
            return self.tokenizer.start_ids
        return self.tokenizer.encode_special(self.prefix)

    @property
    def end_ids(self) -> frozenset[int]:
        """Tokens any of which ends an answer."""
        return frozenset({self.tokenizer.eos_id, *self.tokenizer.encode_special(self.end)[:1]})

    def question_ids(self, question: str, passages: Sequence[str] = ()) -> list[int]:
        """Encode what stands between the prefix and the answer; marks that somebody says are text.

        Args:
            question: what the user asks.
            passages: put before it, in the same turn: retrieval in the prompt.
        """
        said = "\n\n".join([*passages, self.label + question])
        marks = self.tokenizer.marks
        cut = marks.place(self.after)
        words = marks.encode_said([f"{self.before}{said}{self.after[:cut]}"])[0]
        return [*words, *self.tokenizer.encode_special(self.after[cut:])]

    def answer_ids(self, answer: str) -> list[int]:
        """Encode an answer with its end, as it is learned."""
        words = self.tokenizer.marks.encode_said([self.lead + answer])[0]
        return [*words, *self.tokenizer.encode_special(self.end)[:1]]


def _plain(tokenizer: Tokenizer) -> ChatFormat:
    end = tokenizer.end_of_text
    return ChatFormat(tokenizer, "", "", "Question: ", "\nAnswer:", " ", end, "\n")


def _of_template(tokenizer: Tokenizer) -> ChatFormat:
    asked = {"role": "user", "content": QUESTION}
    answered = [asked, {"role": "assistant", "content": _ANSWER}]
    again = [*answered, {"role": "user", "content": _SECOND}]
    head, after = around(QUESTION, render(tokenizer, [asked], answer=True), tokenizer.name)
    ending = around(_ANSWER, render(tokenizer, answered, answer=False), tokenizer.name)[1]
    between = around(_ANSWER, render(tokenizer, again, answer=True), tokenizer.name)[1]
    opening = around(_SECOND, between, tokenizer.name)[0]
    end, stop = _end_of_answer(tokenizer, ending, opening)
    start = tokenizer.start_of_text or ""
    if ending and opening.startswith(ending):
        opening = opening.removeprefix(ending)
        # The start token stands before the first turn alone, unless the template has it before each.
        prefix = opening if not head.startswith(start) or opening.startswith(start) else start + opening
    else:
        prefix = head
    bare = prefix.rstrip(" ")  # a word's token begins with its space
    return ChatFormat(tokenizer, bare, prefix[len(bare) :], "", after, "", end, stop)


def _end_of_answer(tokenizer: Tokenizer, ending: str, between: str) -> tuple[str, str | None]:
    """The token that ends an answer, and the text that does where the template writes no token for it.

    Args:
        tokenizer: with a chat template.
        ending: what this puts after an answer that is the last turn.
        between: what it puts between an answer and the next question.
    """
    # Where nothing closes an answer, what opens the next turn does; a start token does not.
    opening = between.strip().removeprefix(tokenizer.start_of_text or "").strip()
    for text in filter(None, (ending.strip(), opening)):
        mark = tokenizer.marks.opening(text, tokenizer.encode_special(text))
        if mark is not None:
            return mark, None
    closes = bool(ending.strip()) and between.startswith(ending)
    whole, text = (ending, ending.strip()) if closes else (between, opening)
    stop = text[: tokenizer.marks.place(text)].strip()
    if stop[:1].isalnum() and "\n" in whole[: whole.find(stop)]:
        stop = f"\n{stop}"  # else it may be the end of a longer word, as Q: of FAQ:
    return tokenizer.end_of_text, stop or None


def render(tokenizer: Tokenizer, messages: list[dict[str, str]], *, answer: bool) -> str:
    """Write a chat as the template does, up to an answer's beginning or not.

    Raises:
        SettingsError: the template cannot be rendered, or refuses these roles in this order.
    """
    # In a sandbox, as transformers renders templates: they cannot reach beyond their arguments.
    from transformers.utils.chat_template_utils import render_jinja_template

    try:
        rendered = render_jinja_template(
            [messages],
            chat_template=tokenizer.chat_template,
            add_generation_prompt=answer,
            bos_token=tokenizer.start_of_text or "",
            eos_token=tokenizer.end_of_text,
            enable_thinking=False,
        )
    except Exception as error:  # a template can fail in any way
        raise SettingsError(
            f"tokenizer {tokenizer.name}: its chat template cannot be rendered ({first_line(error)}); mend "
            "chat_template in its tokenizer_config.json, or take it out to ask without one"
        ) from error
    return str(rendered[0][0])


def around(words: str, rendered: str, name: str) -> tuple[str, str]:
    """What stands before and after some words of a rendered chat.

    Raises:
        SettingsError: they are not there.
    """
    before, found, after = rendered.partition(words)
    if not found:
        raise SettingsError(
            f"tokenizer {name}: its chat template leaves out what was said; mend chat_template in its "
            "tokenizer_config.json, or take it out to ask without one"
        )
    return before, after
