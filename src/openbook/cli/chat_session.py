"""A conversation in the terminal: what was said, what is looked up, and what commands change of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openbook.cli.console import note, on_terminal, print_line
from openbook.cli.text_output import MarkedText, print_cited, reason_of
from openbook.cli.unseen import note_missing_shards
from openbook.errors import OpenbookError, SettingsError, TooLongError

if TYPE_CHECKING:
    from openbook.cli.asked_model import AskedModel
    from openbook.database import DocumentFilter, Version
    from openbook.generation import Answer
    from openbook.generation.memory import Memory
    from openbook.generation.passage_judge import PassageJudge
    from openbook.serve.books import Book
    from openbook.text import Turn

HELP = (
    "/on       look things up (as at the beginning)",
    "/off      answer from memory alone",
    "/sources  show all that the last answer was read from, with its text",
    "/new      begin a new conversation",
    "/help     show this",
    "/quit     end, as Ctrl-D does; Ctrl-C stops an answer",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions:
    """How questions are answered."""

    k: int | None = None
    mode: str | None = None
    documents: "DocumentFilter | None" = None
    in_prompt: bool = False
    max_tokens: int = 256
    temperature: float = 0.0
    seed: int | None = None
    window: int | None = None
    """Tokens of a conversation, with the answer to come, above which its first turns are left out; None: what
    the model has room for."""


@dataclass
class ChatSession:
    """What was said so far.

    asked: the model.
    book: is looked into at its newest version, for each question anew.
    options: of all answers.
    retrieval: whether things are looked up.
    memory: of turns that were left out, which is looked up too; None: they are lost.
    judge: says whether what the first question finds answers it; None: all is read.
    """

    asked: "AskedModel"
    book: "Book"
    options: TurnOptions
    retrieval: bool = True
    memory: "Memory | None" = None
    judge: "PassageJudge | None" = None
    is_over: bool = False
    turns: "list[Turn]" = field(default_factory=list)
    last: "Answer | None" = None
    """The last answer."""
    _remembered: int = 0
    """Turns that are in the memory, and in no prompt any more."""

    def say(self, line: str) -> None:
        """Take what the user says: a command, or a question that is answered; errors are told.

        An answer that Ctrl-C stops stays in the conversation as far as it came; one of which nothing came
        leaves no trace, nor does its question.
        """
        line = line.strip()
        try:
            if line.startswith("/"):
                self._command(line)
            elif line:
                self._answer(line)
        except OpenbookError as error:
            note(f"openbook: error: {' '.join(str(error).split())}")

    def _command(self, line: str) -> None:
        if line in ("/on", "/off"):
            self.retrieval = line == "/on"
            note("looks things up" if self.retrieval else "answers from memory alone")
        elif line == "/sources":
            self._show_sources()
        elif line == "/new":
            self.turns, self.last, self._remembered = [], None, 0
            note("a new conversation")
        elif line == "/help":
            for text in HELP:
                note(text)
        elif line in ("/quit", "/exit"):
            self.is_over = True
        else:
            name = line.split(maxsplit=1)[0]
            if name != line and any(name in text.split() for text in HELP):
                raise SettingsError(f"{name} takes nothing after it; write {name} alone")
            raise SettingsError(f"no command {name!r}; all of them: /help")

    def _show_sources(self) -> None:
        if self.last is None:
            note("the last answer was stopped" if self.turns else "there is no answer yet")
            return
        if not self.last.citations:
            note("the last answer was read from nothing")
            return
        for number, citation in enumerate(self.last.citations, start=1):
            print_cited(number, citation, self.last.answer, whole=True)

    def _answer(self, question: str) -> None:
        from openbook.text import Turn

        version = self.book.newest()
        turns = [*self.turns, Turn("user", question)]
        shown = MarkedText()
        try:
            answer = self._written(version, turns, shown)
        except KeyboardInterrupt:
            if not on_terminal():  # then nobody can say anything else
                raise
            print_line()
            note("stopped by Ctrl-C")
            if shown.text.strip():
                self.turns, self.last = [*turns, Turn("assistant", shown.text)], None
            return
        shown.end(answer)
        if self.retrieval and answer.answer and not answer.citations:
            note(f"nothing in {self.book.name} was found for this question")
        if self.retrieval:
            note_missing_shards(version)
        note(reason_of(answer, self.options.max_tokens))
        self.turns, self.last = [*turns, Turn("assistant", answer.answer)], answer

    def _written(self, version: "Version", turns: "list[Turn]", shown: MarkedText) -> "Answer":
        """The answer to the last turn; where the model has no room for all turns, the first are left out.

        They are remembered as soon as that is known, so that this question finds them.
        """
        from openbook.generation import Sampling
        from openbook.generation.question import converse

        options, left_out = self.options, self._remembered
        while left_out + 2 < len(turns) and not self._fits(turns[left_out:]):
            left_out = self._leave_out(turns, left_out)
        while True:
            try:
                answer = converse(
                    self.asked.model,
                    version,
                    turns[left_out:],
                    chat=self.asked.chat,
                    max_new_tokens=options.max_tokens,
                    k=options.k,
                    mode=options.mode,
                    documents=options.documents,
                    in_prompt=options.in_prompt,
                    retrieval=self.retrieval,
                    sampling=Sampling(temperature=options.temperature),
                    seed=options.seed,
                    memory=self.memory,
                    judge=None if left_out else self.judge,
                    on_event=shown,
                )
            except TooLongError:
                if left_out + 2 >= len(turns):
                    raise
                left_out = self._leave_out(turns, left_out)
                continue
            if left_out:
                kept = "can be looked up" if self.memory is not None else "were left out"
                note(f"the model has no room for the whole conversation: {left_out} turns {kept}")
            return answer

    def _fits(self, turns: "list[Turn]") -> bool:
        """Whether turns, and the longest answer, are within the window."""
        from openbook.generation.conversation import conversation_ids

        if self.options.window is None:
            return True
        tokens = len(conversation_ids(self.asked.model, self.asked.chat, turns))
        return tokens + self.options.max_tokens <= self.options.window

    def _leave_out(self, turns: "list[Turn]", left_out: int) -> int:
        """Leave a question and its answer out, besides those before them; with a memory they move there."""
        if self.memory is not None:
            said = "\n\n".join(turn.text for turn in turns[left_out : left_out + 2])
            self.memory.remember(self.asked.chat.tokenizer.encode([said])[0])
            self._remembered = left_out + 2
        return left_out + 2
