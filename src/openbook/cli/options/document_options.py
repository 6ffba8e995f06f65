"""Which documents: to show, to remove, to list, or to search in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.database import DocumentFilter

# Documents by name

DocumentNames = Annotated[
    list[str],
    typer.Argument(
        metavar="DOCUMENT...",
        help="Ids, as list shows them; sources; files or folders; patterns: 'notes/*.md', '**/draft*'.",
    ),
]
DocumentName = Annotated[str, typer.Argument(metavar="DOCUMENT", help="Its id, source or file.")]
ByChunk = Annotated[bool, typer.Option("--chunks", help="Each chunk apart, under the number it is cited by.")]

# Lists of documents

Excluded = Annotated[
    bool, typer.Option(help="List the documents kept out of retrieval as near-copies instead.")
]
ListHeldOut = Annotated[bool, typer.Option("--held-out", help="Only documents that are held out.")]
ListExcluded = Annotated[
    bool, typer.Option("--excluded", help="Only documents kept out of retrieval as near-copies.")
]
ListSource = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="PATTERN",
        help="Only documents whose source matches (* ? [abc]; * crosses slashes) or, without these, contains "
        "it; or that came from this file, folder or pattern as it is typed from here: ./notes, notes/*.md.",
    ),
]

# A search in some documents

_REPEATED = "; may be repeated: any of them."

OnlyIds = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="PATTERN", help=f"Search only this document, or ids that match{_REPEATED}"),
]
OnlySources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="PATTERN",
        help="Search only documents whose source matches (* ? [abc]; * crosses slashes) or, without these, "
        "contains it; or that came from this file, folder or pattern as it is typed from here: ./notes, "
        f"notes/*.md{_REPEATED}",
    ),
]
OnlyTitles = Annotated[
    list[str] | None,
    typer.Option(
        "--title", metavar="PATTERN", help=f"Search only documents whose title matches, likewise{_REPEATED}"
    ),
]


def document_filter(
    ids: Sequence[str] | None,
    sources: Sequence[str] | None,
    titles: Sequence[str] | None,
    *,
    retrieval: bool = True,
) -> "DocumentFilter | None":
    """Make a filter of what the command names; None where it names nothing.

    Raises:
        SettingsError: an empty pattern; or a filter although nothing is looked up.
    """
    if not (ids or sources or titles):
        return None
    if not retrieval:
        raise SettingsError(
            "--id, --source and --title choose what is looked up; leave them out with --no-retrieval"
        )
    from openbook.database import DocumentFilter

    return DocumentFilter(ids=ids or (), sources=sources or (), titles=titles or ())
