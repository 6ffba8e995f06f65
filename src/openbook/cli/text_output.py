"""Printing what a model wrote, with what it was read from."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from openbook.cli.console import print_json, print_line, print_mark, print_piece, print_text, to_json

if TYPE_CHECKING:
    from openbook.cli.unseen import Unseen
    from openbook.generation import Answer, Citation, CitedNeighbor, Generation
    from openbook.generation.text_request import TextEvent

_QUOTED = 80
"""Characters of what was read, at most."""
_SHORTEST_COPIED = 4
"""Characters of a span, in print: a comma was copied, too."""


class ToldText:
    """Prints a text while it is written, after what stands before it.

    Args:
        before: printed with the first piece.
    """

    def __init__(self, before: str = "") -> None:
        self._before = before

    def __call__(self, piece: str) -> None:
        print_piece(self._before + piece)
        self._before = ""

    def end(self) -> None:
        """End the line; where nothing was written, what stands before it is all there is."""
        self("\n")


def print_generation(
    prompt: str,
    result: "Generation",
    *,
    unseen: "Unseen | None" = None,
    json: bool = False,
    told: ToldText | None = None,
    more: "Mapping[str, Any] | None" = None,
) -> None:
    """Print the text with numbered spans, then what each span looked at.

    Args:
        prompt: that was continued.
        result: what was written.
        unseen: what was not looked up, which the JSON value says too; None: nothing was looked up.
        json: print one JSON value.
        told: printed the text while it was written, so that spans are told by their first words; None:
            nothing did.
        more: what the JSON value says besides.
    """
    if json:
        print_json(_with_unseen(result, unseen, more))
        return
    if told is not None:
        told.end()
        print_sources(result.text, result.citations)
        return
    text, done = prompt, 0
    for number, citation in enumerate(result.citations, start=1):
        text += f"{result.text[done : citation.end]}[{number}]"
        done = citation.end
    print_text(text + result.text[done:])
    for number, citation in enumerate(result.citations, start=1):
        for neighbor in citation.used:
            print_line(f"[{number}] {_cited(neighbor)}")
        _print_others(number, citation)
        _print_copied(number, citation, result.text)


def print_generations(
    prompt: str,
    results: "Sequence[Generation]",
    *,
    unseen: "Unseen | None" = None,
    json: bool = False,
    told: ToldText | None = None,
    more: "Mapping[str, Any] | None" = None,
) -> None:
    """Print texts as `print_generation` does; of several, JSON values in a list, or an empty line between."""
    if json and len(results) > 1:
        print_json([_with_unseen(result, unseen, more) for result in results])
        return
    for number, result in enumerate(results):
        if number:
            print_line("")
        print_generation(prompt, result, unseen=unseen, json=json, told=told, more=more)


def _with_unseen(
    result: "Generation", unseen: "Unseen | None", more: "Mapping[str, Any] | None"
) -> dict[str, Any]:
    values: dict[str, Any] = to_json(result)
    return values | {"unseen": to_json(unseen)} | dict(more or {})


def reason_of(result: "Answer", max_tokens: int) -> str:
    """Say why an answer ended.

    Args:
        result: the answer.
        max_tokens: that it might have.
    """
    if result.is_rejected:
        return "judged by all-MiniLM-L6-v2; without --judge the model reads what was found"
    if result.finish_reason == "length":
        return f"cut after {result.completion_tokens:,} tokens: --max-tokens {max_tokens}"
    return f"ended after {result.completion_tokens:,} tokens"


def print_answer(result: "Answer", *, json: bool, more: "Mapping[str, Any] | None" = None) -> None:
    """Print an answer, then what it was read from.

    Args:
        result: of `ask`.
        json: as one JSON value.
        more: what that value says besides.
    """
    if json:
        print_json(to_json(result) | {"stands_in_sources": result.stands_in_sources} | dict(more or {}))
        return
    print_text(result.answer)
    _print_reservation(result)
    print_sources(result.answer, result.citations)


class MarkedText:
    """Prints a text while it is written, and marks each span of it where it ends: `… at the river.[1]`."""

    def __init__(self) -> None:
        self.text = ""
        self._spans = 0

    def __call__(self, event: "TextEvent") -> None:
        """Print what an event tells."""
        from openbook.generation.text_request import SpanRead, TextPiece

        if isinstance(event, TextPiece):
            print_piece(event.text)
            self.text += event.text
        elif isinstance(event, SpanRead):
            self._spans += 1
            print_mark(self._spans)

    def end(self, result: "Answer") -> None:
        """End the line; then say what each span was read from."""
        for number in range(self._spans + 1, len(result.citations) + 1):  # of passages in the prompt
            print_mark(number)
        print_line()
        _print_reservation(result)
        for number, citation in enumerate(result.citations, start=1):
            print_cited(number, citation, result.answer)


def _print_reservation(result: "Answer") -> None:
    """Say in a line what keeps an answer from being one of the book's."""
    if result.unmentioned:
        print_line(f"Nothing that was read mentions {', '.join(result.unmentioned)}.")
    if result.is_rejected:
        print_line("Nothing that was found answers the question:")
    elif result.is_refusal and result.citations:
        print_line("The model found no answer in what it read:")
    elif result.stands_in_sources is False:
        print_line("These words stand in nothing that was read:")


def print_cited(number: int, citation: "Citation", text: str, *, whole: bool = False) -> None:
    """Print what a span of a text was read from: first words, without what was hardly read.

    Args:
        number: of its mark.
        citation: the span.
        text: all of it.
        whole: all words of all that was read.
    """
    shown = citation.neighbors if whole else _listed(citation)
    for neighbor in shown:
        read = neighbor.passage
        if whole:
            print_line(f"[{number}] {_cited(neighbor)}:")
            print_text(read.strip())
        else:
            print_line(f"[{number}] {_cited(neighbor)}: {_first_words(read)}")
    _print_copied(number, citation, text)
    if folded := len(citation.neighbors) - len(shown):
        print_line(f"[{number}] and {folded} more, hardly read")


def print_sources(text: str, citations: "Sequence[Citation]") -> None:
    """Print what each span of a text was read from, with its first words; several spans with their own."""
    for number, citation in enumerate(citations, start=1):
        if len(citations) > 1:
            print_line(f"[{number}] {_first_words(text[citation.start : citation.end])}")
        for neighbor in _listed(citation):
            read = _first_words(neighbor.passage)
            print_line(f"[{number}] {_cited(neighbor)}: {read}")
        _print_others(number, citation)
        _print_copied(number, citation, text)


def _listed(citation: "Citation") -> "list[CitedNeighbor]":
    """The neighbors that have a line each: what was read, or, where no model was asked, what was found."""
    return citation.used or [neighbor for neighbor in citation.neighbors if neighbor.attention == 0]


def _print_others(number: int, citation: "Citation") -> None:
    """Print in one line which neighbors were hardly read: each title once, and how many have it."""
    others: dict[str, list[CitedNeighbor]] = {}
    listed = _listed(citation)
    for neighbor in citation.neighbors:
        if neighbor not in listed:
            others.setdefault(_name(neighbor), []).append(neighbor)
    if others:
        said = "; ".join(_said_together(title, neighbors) for title, neighbors in others.items())
        print_line(f"[{number}] hardly read: {said}")


def _said_together(title: str, neighbors: "Sequence[CitedNeighbor]") -> str:
    count = f" ({len(neighbors)})" if len(neighbors) > 1 else ""
    return f"{title}{count}{''.join(map(_influence, neighbors))}"


def _print_copied(number: int, citation: "Citation", text: str) -> None:
    """Print what was copied, a line for each span that says something; JSON has all.

    Without a copy head it is known only that the words are the same.
    """
    for span in citation.copied:
        words = " ".join(text[span.start : span.end].split())
        if len(words) < _SHORTEST_COPIED:
            continue
        said = "copied from" if span.by == "copy head" else "the same words as in"
        print_line(f"[{number}] {said} chunk {span.chunk_id}: {words}")


def _cited(neighbor: "CitedNeighbor") -> str:
    """Its share of the attention, where that is known, what it is called and where it stands."""
    share = "in the prompt" if neighbor.attention is None else f"{neighbor.attention:4.0%}"
    return f"{share} {_name(neighbor)} ({neighbor.source}, chunk {neighbor.chunk_id}){_influence(neighbor)}"


def _name(neighbor: "CitedNeighbor") -> str:
    return neighbor.title or neighbor.document_id


def _influence(neighbor: "CitedNeighbor") -> str:
    """What the span's log-probability falls by without it, in nats, where that was measured."""
    if neighbor.influence is None:
        return ""
    return f", influence {neighbor.influence:+.1f}"


def _first_words(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED].rstrip()} …"
