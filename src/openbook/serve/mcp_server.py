"""A book for clients of the Model Context Protocol: tools to search and read it, and to edit it if allowed.

What goes wrong is answered as a tool's error, which the client's model reads: also that the book is not
there, for an empty list would say that it holds nothing.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import numpy as np
from anyio import to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import Field, ValidationError

from openbook import __version__
from openbook.database import Hit, Version
from openbook.database.documents.document_pages import document_page, stored_document
from openbook.database.documents.told_source import told_source
from openbook.errors import OpenbookError, SettingsError
from openbook.search_modes import SearchMode, SearchUnit
from openbook.serve.books import Book
from openbook.serve.document_edits import Edited, add_documents, remove_documents
from openbook.serve.document_links import document_url
from openbook.serve.mcp_schema import (
    EditResult,
    FetchedDocument,
    FoundDocument,
    FoundPassage,
    ListedDocuments,
    ListedEntry,
    NewDocument,
    Passages,
    SearchResults,
    ToolAnswer,
)
from openbook.serve.parameter_names import describe_arguments
from openbook.text import Document

_Answer = TypeVar("_Answer", bound=ToolAnswer)

_FOUND = 10
"""Documents that a search answers at most."""
_LOOKED_AT = 50
"""Chunks that are looked at for their documents at a time."""
_LONGEST = 50_000
"""Characters of a document in one answer: some ten thousand tokens."""

_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
_EDITS = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)


def make_mcp(book: Book, *, allow_edits: bool = False) -> MCPServer[Any]:
    """Make the server of one book; it runs over stdio or HTTP.

    Args:
        book: to search.
        allow_edits: offer tools that add and remove documents.
    """
    tools = _Tools(book)
    offered = [
        _tool(tools.search, "search", _READS),
        _tool(tools.fetch, "fetch", _READS),
        _tool(tools.search_passages, "search_passages", _READS),
        _tool(tools.list_documents, "list", _READS),
    ]
    if allow_edits:
        offered += [_tool(tools.add, "add", _EDITS), _tool(tools.remove, "remove", _EDITS)]
    with _logging_left_alone():
        server: MCPServer[Any] = MCPServer(
            "openbook",
            tools=offered,
            title=f"openbook: {book.name}",
            version=__version__,
            instructions=f"Documents of the book {book.name!r}. Call search to find some, then fetch to read "
            "one; search_passages answers the passages themselves.",
        )
    return server


class _Tool(Tool):
    """A tool that says in one line what is wrong with its arguments, as the routes do."""

    async def run(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().run(*args, **options)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            if not isinstance(cause := error.__cause__, ValidationError):
                raise
            said = describe_arguments(cause, self.fn_metadata.arg_model)
            raise ToolError(f"Error executing tool {self.name}: {said}") from cause


def _tool(function: Callable[..., Any], name: str, annotations: ToolAnnotations) -> Tool:
    """A tool that refuses an argument that it does not have, where the package would drop it."""
    tool = _Tool.from_function(function, name, annotations=annotations)
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    tool.parameters = arguments.model_json_schema(by_alias=True)
    return tool


class _Tools:
    """The tools. Their names, descriptions and types are what clients are told.

    Args:
        book: to search and to edit.
    """

    def __init__(self, book: Book) -> None:
        self._book = book

    async def search(self, query: str) -> SearchResults:
        """Find the documents that say most about a question or some words, the best first."""

        def find() -> SearchResults:
            _require_query(query)
            with self._book.reading() as version:
                hits = _best_of_documents(version, query)
            results = [
                FoundDocument(
                    id=hit.document_id,
                    title=hit.title or hit.document_id,
                    url=self._url(hit.document_id, hit.source),
                )
                for hit in hits
            ]
            return SearchResults(results=results)

        return await self._read(find)

    async def fetch(self, id: str, offset: Annotated[int, Field(ge=0)] = 0) -> FetchedDocument:
        """Read a document by its id, as search and list name it. A long one comes in parts: offset is the
        character to begin at."""

        def read() -> FetchedDocument:
            with self._book.reading() as version:
                document = stored_document(version, id)
            if offset >= len(document.text):
                raise SettingsError(
                    f"offset {offset}: must be below {len(document.text)}, the document's characters"
                )
            about, end = document.about, offset + _LONGEST
            text, metadata = document.text[offset:end], {"source": told_source(about.source, id)}
            metadata["revision"] = about.revision
            metadata["offset"] = str(offset)
            metadata["characters"] = str(len(document.text))
            if about.language is not None:
                metadata["language"] = about.language
            if end < len(document.text):
                metadata["next_offset"] = str(end)
                text += f"\n[Cut here: characters {offset} to {end} of {len(document.text)}. "
                text += f"To go on, call fetch with offset {end}.]"
            url = self._url(id, about.source)
            return FetchedDocument(id=id, title=about.title or id, text=text, url=url, metadata=metadata)

        return await self._read(read)

    async def search_passages(
        self,
        query: str,
        k: Annotated[int, Field(ge=1, le=100)] = 5,
        mode: SearchMode | None = None,
        by: SearchUnit = "chunk",
    ) -> Passages:
        """Find the k passages that say most about a question or some words, with their texts. mode: bm25 by
        words, dense by meaning, hybrid by both; by default the best that the book has. by: whole documents
        or sections first, then their passages; for facts whose subject stands in a title or heading."""

        def find() -> Passages:
            results = [
                FoundPassage(
                    id=hit.document_id,
                    title=hit.title or hit.document_id,
                    url=self._url(hit.document_id, hit.source),
                    text=hit.passage,
                    score=hit.score,
                )
                for hit in self._hits(query, k, mode, by)
            ]
            return Passages(results=results)

        return await self._read(find)

    async def list_documents(
        self, after: str = "", limit: Annotated[int, Field(ge=1, le=1000)] = 100, source: str = ""
    ) -> ListedDocuments:
        """List documents in the order of their ids. after: begin behind this id. source: only those whose
        source contains this, or matches it as a pattern with * and ?."""

        def page() -> ListedDocuments:
            with self._book.reading() as version:
                found = document_page(
                    version, limit=limit, after=after, source=source or None, for_others=True
                )
            documents = [
                ListedEntry(
                    id=each.document_id,
                    title=each.title,
                    source=told_source(each.source, each.document_id),
                    searchable=each.split == "train" and each.excluded is None,
                )
                for each in found.documents
            ]
            return ListedDocuments(
                documents=documents, next_after=documents[-1].id if found.has_more else None
            )

        return await self._read(page)

    async def add(self, documents: Annotated[list[NewDocument], Field(min_length=1)]) -> EditResult:
        """Add documents to the book; one whose id is known replaces that document. To replace only what was
        read, give its revision, as fetch tells it, as replaces; to replace nothing, an empty one. Searches
        find them at once."""
        with _told_errors():
            given = [
                Document(text=each.text, id=each.id, title=each.title, source=each.source)
                for each in documents
            ]
            pairs = zip(given, documents, strict=True)
            expected = {made.id: each.replaces for made, each in pairs if each.replaces is not None}
            return _result(await add_documents(self._book, given, expected=expected))

    async def remove(
        self,
        ids: Annotated[list[str], Field(min_length=1)],
        revisions: dict[str, Annotated[str, Field(min_length=1)]] | None = None,
    ) -> EditResult:
        """Remove documents from the book by their ids; nothing finds them any more. To remove only what was
        read, give the revision of each, as fetch tells it, under its id in revisions."""
        with _told_errors():
            expected = revisions or {}
            for document_id in expected.keys() - set(ids):
                raise SettingsError(
                    f"revisions: {document_id!r} is not one of the ids; name it there, too, or leave it out"
                )
            return _result(await remove_documents(self._book, ids, expected=expected))

    def _hits(self, query: str, k: int, mode: str | None, by: SearchUnit = "chunk") -> list[Hit]:
        _require_query(query)
        with self._book.reading() as version:
            return version.search([query], k=k, mode=mode, by=by)[0]

    async def _read(self, function: Callable[[], _Answer]) -> _Answer:
        """Call what searches and reads, while the event loop goes on."""
        with _told_errors():
            answer = await to_thread.run_sync(function)
            answer.missing_shards = list(self._book.missing_shards)
            return answer

    def _url(self, document_id: str, source: str) -> str:
        return document_url(source, document_id, self._book.name)


def _require_query(query: str) -> None:
    if not query.strip():
        raise SettingsError("the query is empty; say what to look for")


def _best_of_documents(version: Version, query: str) -> list[Hit]:
    """The best chunk of each of the best documents.

    The chunks of a long document may be better than all others: it is searched again without the documents
    that were found, until there are enough.
    """
    queries, document_of = version.text_queries([query]), version.layout.document_of
    places: list[int] = []
    best: list[tuple[int, float]] = []
    while len(best) < _FOUND:
        found, scores = version.search_chunks(queries, k=_LOOKED_AT, exclude=np.array([places or [-1]]))
        there = found[0] >= 0
        for chunk, score in zip(found[0][there].tolist(), scores[0][there].tolist(), strict=True):
            place = int(document_of[chunk])
            if place not in places:
                places.append(place)
                best.append((chunk, score))
        if not there.all():
            break
    chunks, values = zip(*best[:_FOUND], strict=True) if best else ((), ())
    return version.hits(np.array(chunks, dtype=np.int64), np.array(values, dtype=np.float32))


def _result(edited: Edited) -> EditResult:
    done = edited.done
    return EditResult(
        added=done.added,
        replaced=done.replaced,
        unchanged=done.unchanged,
        removed=done.removed,
        ids=edited.ids,
        documents=edited.info.documents,
    )


@contextmanager
def _told_errors() -> Iterator[None]:
    """Tell the client what went wrong: of other errors the package tells nothing."""
    try:
        yield
    except OpenbookError as error:
        raise ToolError(error.without_option) from error


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    """`MCPServer` configures the logging of the whole process, which is up to whoever runs it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
