"""The verb `mcp`: a book for programs that speak the Model Context Protocol."""

from openbook.cli.console import note
from openbook.cli.options.serve_options import DEFAULT_FOLLOW, AllowEdits
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument
from openbook.cli.unseen import note_missing_shards
from openbook.errors import MissingExtraError


def mcp(
    db: DatabaseArgument, allow_edits: AllowEdits = False, allow_missing_shards: AllowMissingShards = False
) -> None:
    """Offer a database to a client of the Model Context Protocol, over standard input and output.

    The client starts this command; docs/serve.md says how it is told to. Tools: search, fetch,
    search_passages and list, with --allow-edits also add and remove. With --allow-missing-shards every answer
    names the shards that it was found without.

    Example: openbook mcp mybook
    """
    try:
        from openbook.serve.mcp_server import make_mcp
        from openbook.serve.mcp_stdio import run_over_stdio
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in ("anyio", "mcp", "mcp_types", "pydantic"):
            raise
        raise MissingExtraError(
            "openbook mcp needs the package mcp; pip install 'openbook[serve]'"
        ) from error
    from openbook.serve.books import Books

    books = Books(db, allow_missing_shards=allow_missing_shards, follow=DEFAULT_FOLLOW)
    note_missing_shards(books.default.newest())
    books.warm()
    note(f"{books.default.name}: waiting for a client on standard input")
    try:
        run_over_stdio(make_mcp(books.default, allow_edits=allow_edits))
    finally:
        books.close()
