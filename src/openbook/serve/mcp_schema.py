"""What the tools of the Model Context Protocol take and answer.

`SearchResults` and `FetchedDocument` have the fields that the connectors of ChatGPT expect.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class FoundDocument(BaseModel):
    """A document that a search found."""

    id: str
    title: str
    url: str


class ToolAnswer(BaseModel):
    """What any answer of a book says while some of its shards are missing."""

    missing_shards: Annotated[list[str], Field(exclude_if=lambda names: not names)] = []
    """Shards that could not be read, so that nothing of them is in this answer."""


class SearchResults(ToolAnswer):
    """Documents, the best first."""

    results: list[FoundDocument]


class FetchedDocument(ToolAnswer):
    """A document's text, or a part of it."""

    id: str
    title: str
    text: str
    """Where the document is longer, its last line says so, and how to go on."""
    url: str
    metadata: dict[str, str]
    """source, language; revision, for `replaces`; characters of the whole document; offset, and next_offset
    where there is more."""


class FoundPassage(BaseModel):
    """A passage that a search found."""

    id: str
    """Of its document."""
    title: str
    url: str
    text: str
    score: float


class Passages(ToolAnswer):
    """Passages, the best first."""

    results: list[FoundPassage]


class ListedEntry(BaseModel):
    """A document in a list."""

    id: str
    title: str
    source: str
    searchable: bool
    """False: it is held out, or kept out of searches as a near-copy of another."""


class ListedDocuments(ToolAnswer):
    """Documents in the order of their ids."""

    documents: list[ListedEntry]
    next_after: str | None
    """Ask with this `after` for those that follow; null: there are none."""


class NewDocument(BaseModel):
    """A document to add."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1)]
    id: str = ""
    """Names it: another text under a known id replaces that one. Empty: made from the text."""
    title: str = ""
    source: str = ""
    replaces: str | None = None
    """The `revision` that fetch told of the document that this one is to replace: where another one is
    stored, nothing is changed. Empty: there must be no document of this id. null: whatever is there is
    replaced."""


class EditResult(BaseModel):
    """What was done, counted in documents, and of which."""

    added: int
    replaced: int
    unchanged: int
    removed: int
    ids: list[str]
    """Of the documents, in the order that they were given in; also those that were made of the texts."""
    documents: int
    """That the book holds now."""
