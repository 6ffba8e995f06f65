"""What the routes of searches and documents take and answer."""

from typing import Annotated, Literal

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field

from openbook.database import Hit
from openbook.database.documents.document_list import ListedDocument
from openbook.database.documents.told_source import told_source
from openbook.errors import SettingsError
from openbook.phrases import counted
from openbook.search_modes import SearchMode, SearchUnit
from openbook.serve.document_edits import Edited
from openbook.serve.server_settings import MOST_FILES
from openbook.serve.text_fields import DocumentPatterns, RequestBody
from openbook.text import Document

LONGEST_QUERY = 100_000
"""Characters that a search looks for."""
ANY_REVISION = "*"
"""What a file replaces whatever is there by."""


class SearchRequest(RequestBody):
    """What to look for."""

    query: Annotated[str, Field(min_length=1, max_length=LONGEST_QUERY)]
    k: Annotated[int, Field(ge=1, le=1000)] = 5
    """Hits at most."""
    mode: SearchMode | None = None
    """null: hybrid where the book has vectors, else bm25."""
    by: SearchUnit = "chunk"
    """What is found first, before its chunks."""
    filter: DocumentPatterns | None = None
    """null: in all documents."""
    book: str | None = None
    """null: the first."""


class FoundChunk(BaseModel):
    """A chunk that was found."""

    document_id: str
    chunk_id: int
    score: float
    text: str
    continuation: str
    """The next chunk of the same document; empty if there is none."""
    title: str
    source: str
    language: str | None

    @classmethod
    def of(cls, hit: Hit) -> "FoundChunk":
        """From what the library found."""
        said = {name: getattr(hit, name) for name in cls.model_fields}
        return cls(**said | {"source": told_source(hit.source, hit.document_id)})


class QueryFields(BaseModel):
    """The base of what stands after the `?` of an address: an unknown name is refused."""

    model_config = ConfigDict(extra="forbid")


class BookQuery(QueryFields):
    """Which book."""

    book: str | None = None
    """None: the first."""


class RemoveQuery(BookQuery):
    """Which document to remove."""

    revision: Annotated[str, Field(min_length=1)] | None = None
    """Only this one: where the document was changed since it was read, it stays. None: whatever is there."""


class PageQuery(BookQuery):
    """Which documents to list."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: str | None = None
    """The page begins behind this id."""
    source: str | None = None
    """Only documents whose source matches (* ? [abc]; * crosses slashes) or, without these, contains it."""
    title: str | None = None
    """The same of the title."""
    id: str | None = None
    """The same of the id."""


class DocumentEntry(BaseModel):
    """A document without its text."""

    document_id: str
    title: str
    source: str
    chunks: int
    split: Literal["train", "holdout"]
    """holdout: stored for evaluation, and never found."""
    excluded: str | None
    """Why it is kept out of searches, as a near-copy; null: it is not."""
    language: str | None
    revision: str
    """Another one with another text, title, source or language; see `GivenDocument.replaces`."""
    has_origin: bool
    """Whether a file, URL or data set brought it: adding that once more brings its text back."""

    @classmethod
    def of(cls, document: ListedDocument) -> "DocumentEntry":
        """From what the library lists."""
        said = {name: getattr(document, name) for name in DocumentEntry.model_fields if name != "has_origin"}
        said["source"] = told_source(document.source, document.document_id)
        return cls(**said, has_origin=bool(document.origin))


class DocumentList(BaseModel):
    """A page of documents, in the order of their ids."""

    object: Literal["list"]
    data: list[DocumentEntry]
    has_more: bool
    last_id: str | None
    """Of the page: the next one is after it."""
    documents: int
    """That the book holds."""
    version: int
    """Of the book."""
    book: str


class DocumentText(DocumentEntry):
    """A document with its text."""

    text: str
    version: int
    book: str


class GivenDocument(RequestBody):
    """A document to add, or to put in the place of the one with its id."""

    text: Annotated[str, Field(min_length=1)]
    id: str = ""
    """Empty: made from the text."""
    title: str = ""
    """Empty: what is stored under the id keeps its title; with `replaces` and `"title": ""` it loses it. So
    it is with language."""
    source: str = ""
    language: str | None = None
    replaces: str | None = None
    """The `revision` that was read of the document that this one is to replace: where another one is stored,
    nothing is changed. Empty: there must be no document of this id. null: whatever is there is replaced."""

    def document(self) -> Document:
        """As the library takes it.

        Raises:
            SourceError: the text is only white space.
        """
        # Who replaces what he has read says all of it: then what he leaves empty is to be empty.
        said = {"title", "language"} & self.model_fields_set if self.replaces else set()
        return Document(
            text=self.text,
            id=self.id,
            title=self.title,
            source=self.source,
            language=self.language or None,
            cleared=tuple(name for name in sorted(said) if getattr(self, name) == ""),
        )


class DocumentsRequest(RequestBody):
    """Documents to add."""

    documents: Annotated[list[GivenDocument], Field(min_length=1)]
    book: str | None = None
    """null: the first."""


class UploadForm(QueryFields):
    """Files to add, as a browser sends them."""

    files: Annotated[list[UploadFile], Field(min_length=1, max_length=MOST_FILES)]
    replaces: list[str] = []
    """One for all files, or one for each in their order: the `revision` of the document that a file is to
    replace, or `*`: whatever is there. Empty, or none: another text must not stand under the file's id."""
    book: str | None = None
    """None: the first."""

    def replaced(self) -> list[str]:
        """What each file is to replace.

        Raises:
            SettingsError: it is said of another number of files.
        """
        if len(self.replaces) not in (0, 1, len(self.files)):
            files = counted(len(self.files), "file")
            raise SettingsError(
                f"replaces: is given {len(self.replaces)} times for {files}; give it once, or once for each"
            )
        said_once = self.replaces or [""]
        return self.replaces if len(self.replaces) == len(self.files) else said_once * len(self.files)


class DoneCounts(BaseModel):
    """What an edit did, in documents."""

    added: int
    replaced: int
    removed: int
    unchanged: int
    skipped: int
    excluded: int
    """Newly kept out of searches as near-copies."""


class EditAnswer(BaseModel):
    """What an edit did, and what the book holds now."""

    done: DoneCounts
    ids: list[str]
    """Of the documents, in the order that they were given in; also those that were made of the texts."""
    notes: list[str]
    """What of the files was not read, such as pages without text."""
    book: str
    documents: int
    chunks: int
    version: int
    tokenizer: str
    embedder: str | None
    chunk_size: int
    holdout_documents: int
    dense_index: str | None
    recall_at_10: float | None

    @classmethod
    def of(cls, edited: Edited, book: str, notes: list[str] | None = None) -> "EditAnswer":
        """From what was done."""
        info = {name: getattr(edited.info, name) for name in cls.model_fields if hasattr(edited.info, name)}
        done = DoneCounts(**{name: getattr(edited.done, name) for name in DoneCounts.model_fields})
        return cls(done=done, ids=edited.ids, notes=notes or [], book=book, **info)
