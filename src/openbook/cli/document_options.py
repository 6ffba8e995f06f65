"""The options that restrict a search to some documents, of all verbs that search."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.database import DocumentFilter

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
