"""The options of what is found and read as a unit: a chunk, or the document that it is of."""

from typing import Annotated, Literal

import typer

from openbook.errors import SettingsError

_BY_DOCUMENT = (
    "Find documents first, by title and beginning, then chunks of the best: for passages that do not name "
    "what they are about."
)
SearchByDocument = Annotated[bool, typer.Option("--by-document", help=_BY_DOCUMENT)]
ByDocument = Annotated[
    bool | None,
    typer.Option(
        "--by-document/--no-by-document",
        help=f"{_BY_DOCUMENT} [default: in books of up to 10,000 documents of up to 8 chunks on average]",
        show_default=False,
    ),
]
BringHead = Annotated[
    bool,
    typer.Option(
        "--bring-head",
        help="Have the model read the title of its document, or else its first line, before each passage.",
    ),
]


ExamNaming = Annotated[
    Literal["often", "once", "title"],
    typer.Option(
        help="Where a document names what it is about: again and again, in its first sentence alone, or in "
        "its title alone."
    ),
]


def check_units(*, by_document: bool | None, bring_head: bool, retrieval: bool) -> None:
    """Refuse what is about passages where none are looked up.

    Raises:
        SettingsError: naming the option.
    """
    for option, is_given in (("--by-document", by_document), ("--bring-head", bring_head)):
        if is_given and not retrieval:
            raise SettingsError(f"{option} is about what is looked up; leave it out, or --no-retrieval")
