"""A conversation in the terminal: what was said, what is looked up, and what commands change of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openbook.cli.console import note, on_terminal, print_line
from openbook.cli.text_output import MarkedText, print_cited, reason_of
from openbook.errors import OpenbookError, SettingsError, TooLongError

if TYPE_CHECKING:
    from openbook.cli.asked_model import AskedModel
    from openbook.database import DocumentFilter, Version
    from openbook.generation import Answer
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
class AnswerOptions:
    """How questions are answered."""

    k: int | None = None
    mode: str | None = None
    documents: "DocumentFilter | None" = None
    in_prompt: bool = False
    max_tokens: int = 256
    temperature: float = 0.0
    seed: int | None = None


@dataclass
class ChatSession:
    """What was said so far.

    asked: the model.
    book: is looked into at its newest version, for each question anew.
    options: of all answers.
    retrieval: whether things are looked up.
    """

    asked: "AskedModel"
    book: "Book"
    options: AnswerOptions
    retrieval: bool = True
    is_over: bool = False
    turns: "list[Turn]" = field(default_factory=list)
    last: "Answer | None" = None
    """The last answer."""

    def say(self, line: str) -> None:
        """Take what the user says: a command, or a question that is answered; errors are told.

        An answer that Ctrl-C stops stays in the conversation as far as it came.
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
            self.turns, self.last = [], None
            note("a new conversation")
        elif line == "/help":
            for text in HELP:
                note(text)
        elif line in ("/quit", "/exit"):
            self.is_over = True
        else:
            raise SettingsError(f"no command {line.split(maxsplit=1)[0]!r}; all of them: /help")

    def _show_sources(self) -> None:
        if self.last is None or not self.last.citations:
            note("the last answer was read from nothing" if self.last else "there is no answer yet")
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
            self.turns, self.last = [*turns, Turn("assistant", shown.text)], None
            return
        shown.end(answer)
        if self.retrieval and not answer.citations:
            note(f"nothing in {self.book.name} was found for this question")
        note(reason_of(answer, self.options.max_tokens))
        self.turns, self.last = [*turns, Turn("assistant", answer.answer)], answer

    def _written(self, version: "Version", turns: "list[Turn]", shown: MarkedText) -> "Answer":
        """The answer to the last turn; where the model has no room for all turns, the first are left out."""
        from openbook.generation import Sampling
        from openbook.generation.question import converse

        options, left_out = self.options, 0
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
                    on_event=shown,
                )
            except TooLongError:
                if left_out + 2 >= len(turns):
                    raise
                left_out += 2
                continue
            if left_out:
                note(f"the model has no room for the whole conversation: {left_out} turns were left out")
            return answer
