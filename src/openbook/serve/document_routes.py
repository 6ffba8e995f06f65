"""`/v1/search`, `/v1/documents`: a book is searched, listed, read and, where that is allowed, edited.

Each answer is of one version of the book; an edit is seen by the next request.
"""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.convertors import Convertor, register_url_convertor

from openbook.database.documents.document_pages import document_page, stored_document
from openbook.database.search.searcher import check_mode
from openbook.errors import ForbiddenError, SettingsError
from openbook.phrases import counted
from openbook.serve.api_errors import documented, parameter
from openbook.serve.books import Book
from openbook.serve.document_edits import add_documents, remove_documents
from openbook.serve.document_schema import (
    ANY_REVISION,
    BookQuery,
    DocumentEntry,
    DocumentList,
    DocumentsRequest,
    DocumentText,
    EditAnswer,
    FoundChunk,
    PageQuery,
    RemoveQuery,
    SearchRequest,
    UploadForm,
)
from openbook.serve.server_state import state_of
from openbook.serve.uploaded_files import Upload, read_upload


class _DocumentId(Convertor[str]):
    """The rest of an address, whatever it holds; Starlette's own `path` ends at a new line."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("document_id", _DocumentId())
router = APIRouter()


def _require_edits(request: Request) -> None:
    if not state_of(request).settings.allow_edits:
        raise ForbiddenError("this server's books are read-only; start it with --allow-edits to change them")


_EDITS = [Depends(_require_edits)]


def _book(request: Request, name: str | None) -> Book:
    with parameter("book"):
        return state_of(request).books.get(name)


@router.post("/v1/search", responses=documented(404, 415, 503))
def search(body: SearchRequest, request: Request) -> list[FoundChunk]:
    """Find the chunks that say most about a text, the best first."""
    documents = None
    with _book(request, body.book).reading() as version:
        with parameter("query"):
            if not body.query.strip():
                raise SettingsError("query: the text to look for is empty; give some words")
        with parameter("mode"):
            check_mode(body.mode, has_dense=version.vectors is not None)
        if body.filter is not None:
            with parameter("filter"):
                documents = body.filter.documents()
                version.allowed_chunks(documents)
        hits = version.search([body.query], k=body.k, mode=body.mode, documents=documents, by=body.by)[0]
    return [FoundChunk.of(hit) for hit in hits]


@router.get("/v1/documents", responses=documented(404, 503))
def list_documents(query: Annotated[PageQuery, Query()], request: Request) -> DocumentList:
    """List documents in the order of their ids, a page at a time."""
    book = _book(request, query.book)
    with book.reading() as version:
        page = document_page(
            version,
            limit=query.limit,
            after=query.after,
            source=query.source,
            title=query.title,
            name=query.id,
            for_others=True,
        )
        documents = int(version.layout.live.sum())
    return DocumentList(
        object="list",
        data=[DocumentEntry.of(document) for document in page.documents],
        has_more=page.has_more,
        last_id=page.documents[-1].document_id if page.documents else None,
        documents=documents,
        version=version.version,
        book=book.name,
    )


@router.post("/v1/documents", responses=documented(404, 409, 415, 503), dependencies=_EDITS)
async def put_documents(body: DocumentsRequest, request: Request) -> EditAnswer:
    """Add documents, all or none; one whose id is known replaces that one."""
    book = _book(request, body.book)
    documents = [given.document() for given in body.documents]
    pairs = zip(documents, body.documents, strict=True)
    expected = {document.id: given.replaces for document, given in pairs if given.replaces is not None}
    with parameter("documents"):
        edited = await add_documents(book, documents, expected=expected)
    return EditAnswer.of(edited, book.name)


@router.post("/v1/documents/upload", responses=documented(404, 409, 415, 503), dependencies=_EDITS)
async def upload_documents(
    form: Annotated[UploadForm, Form(media_type="multipart/form-data")], request: Request
) -> EditAnswer:
    """Add the documents of files, all or none; their ids are the names of the files, or what rows say. What
    is stored under one of these with another text is replaced only where `replaces` says so."""
    book = _book(request, form.book)
    with parameter("replaces"):
        replaced = form.replaced()
    documents, notes = [], []
    expected: dict[str, str] = {}
    for file, replaces in zip(form.files, replaced, strict=True):
        found = await to_thread.run_sync(read_upload, file.filename or "", await file.read())
        documents += found.documents
        notes += found.notes
        with parameter("replaces"):
            _require_one_revision(found, replaces)
        expected |= {document.id: replaces for document in found.documents if replaces != ANY_REVISION}
    revisions = {name: revision for name, revision in expected.items() if revision}
    with parameter("files"):
        edited = await add_documents(
            book, documents, expected=revisions, new=expected.keys() - revisions.keys()
        )
    return EditAnswer.of(edited, book.name, notes)


def _require_one_revision(upload: Upload, replaces: str) -> None:
    """Refuse one revision for several documents, of which no two have the same."""
    if replaces not in ("", ANY_REVISION) and len(upload.documents) > 1:
        raise SettingsError(
            f"replaces: {upload.name} holds {counted(len(upload.documents), 'document')}, and each has a "
            f"revision of its own; say {ANY_REVISION!r}, or add them to /v1/documents, each with its own"
        )


@router.get("/v1/documents/{document_id:document_id}", responses=documented(404, 503))
def get_document(document_id: str, query: Annotated[BookQuery, Query()], request: Request) -> DocumentText:
    """Read a document. Its id may hold slashes; other signs are written as addresses have them (%3F)."""
    book = _book(request, query.book)
    with book.reading() as version:
        found = stored_document(version, document_id)
    about = DocumentEntry.of(found.about).model_dump()
    return DocumentText(**about, text=found.text, version=version.version, book=book.name)


@router.delete(
    "/v1/documents/{document_id:document_id}", responses=documented(404, 409, 503), dependencies=_EDITS
)
async def delete_document(
    document_id: str, query: Annotated[RemoveQuery, Query()], request: Request
) -> EditAnswer:
    """Remove a document; nothing finds it any more."""
    book = _book(request, query.book)
    expected = {} if query.revision is None else {document_id: query.revision}
    return EditAnswer.of(await remove_documents(book, [document_id], expected=expected), book.name)
