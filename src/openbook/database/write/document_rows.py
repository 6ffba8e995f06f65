"""A batch of documents as rows of tokens and records for the catalog."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.catalog_columns import DOCUMENT_COLUMNS, DocumentRecord
from openbook.database.storage.layout import full_but_the_last
from openbook.database.storage.settings import DatabaseSettings, is_held_out
from openbook.text import AnyDocument, Document, TokenizedDocument, Tokenizer, cut_chunks

_OF_DOCUMENTS = {field.name for field in fields(Document)}
DESCRIBED = tuple(name for name in DOCUMENT_COLUMNS if name in _OF_DOCUMENTS)
"""What a document is stored with beside its text: the columns that it has fields for."""
FOLLOWED = tuple(name for name in DESCRIBED if name != "id")
"""Of these, what is stored again where something else is said and the text does not change."""


def said_of(document: AnyDocument) -> dict[str, Any]:
    """What a document says of these: what is not empty, or empty on purpose."""
    cleared = document.cleared if isinstance(document, Document) else ()
    return {name: value for name in FOLLOWED if (value := getattr(document, name)) or name in cleared}


def cut_batch(
    documents: Sequence[AnyDocument],
    tokenizer: Tokenizer,
    settings: DatabaseSettings,
    *,
    first_chunk: int,
    held_out_ids: frozenset[str],
) -> tuple[NDArray[np.uint16 | np.uint32], list[DocumentRecord]]:
    """Cut documents into chunks; each ends with one end-of-text token, which also pads its last chunk.

    Args:
        documents: at least one. The tokens of a `TokenizedDocument` are taken as they are.
        tokenizer: of the database.
        settings: of the database.
        first_chunk: number of the first row.
        held_out_ids: ids of documents that are held out whatever their share is.

    Returns:
        Tokens [chunks, M], and a record for each document.
    """
    dtype = np.uint16 if tokenizer.vocab_size <= 2**16 else np.uint32
    rows: list[NDArray[Any]] = []
    records: list[DocumentRecord] = []
    for document, ids, num_bytes in _tokens_of(documents, tokenizer):
        cut = cut_chunks(ids, chunk_size=settings.chunk_size, padding=tokenizer.eos_id, dtype=dtype)
        record = DocumentRecord(
            **{name: getattr(document, name) for name in DESCRIBED},
            sha256=document.sha256,
            holdout=is_held_out(document.id, settings.holdout, held_out_ids),
            first_chunk=first_chunk,
            num_chunks=len(cut),
            num_tokens=len(ids),
            num_bytes=num_bytes,
        )
        rows.append(cut)
        records.append(record)
        first_chunk += len(cut)
    return np.concatenate(rows), records


def _tokens_of(
    documents: Sequence[AnyDocument], tokenizer: Tokenizer
) -> Iterator[tuple[AnyDocument, list[int], int]]:
    """Each document with its tokens, the end of text last, and the UTF-8 bytes of its text."""
    texts = [document.text for document in documents if not isinstance(document, TokenizedDocument)]
    encoded = iter(tokenizer.encode(texts))
    for document in documents:
        if not isinstance(document, TokenizedDocument):
            yield document, [*next(encoded), tokenizer.eos_id], len(document.text.encode("utf-8"))
            continue
        ids = document.token_ids.tolist()
        num_bytes = len(tokenizer.decode([ids])[0].encode("utf-8"))
        ends = ids[-1:] == [tokenizer.eos_id]
        yield document, ids if ends else [*ids, tokenizer.eos_id], num_bytes


def lengths_of(records: Sequence[DocumentRecord], chunk_size: int) -> NDArray[np.uint16]:
    """Tokens in each chunk of these documents, as `cut_batch` cut them: [chunks, 1]."""
    counts = np.array([(record.num_chunks, record.num_tokens) for record in records], dtype=np.int64)
    return full_but_the_last(*counts.T, chunk_size=chunk_size)[:, None].astype(np.uint16)
