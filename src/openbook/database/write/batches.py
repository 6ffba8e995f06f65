"""Documents on their way into the database: each id once, so many at a time, held out or not."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator

from openbook.errors import SourceError
from openbook.text import AnyDocument
from openbook.text.documents import TokenizedDocument

_FIRST_BATCH = 200_000
"""Characters; how long they take decides the size of the next batch."""
_LARGEST_BATCH = 6_000_000
_SECONDS_A_BATCH = 15.0
"""Between commits: what an interruption costs at most."""
_CHARACTERS_A_TOKEN = 4
_HASH_RANGE = 2.0**64

OnError = Callable[[SourceError], None]


def first_of_each_id(
    documents: Iterable[AnyDocument], *, vocab_size: int, on_error: OnError | None
) -> Iterator[AnyDocument]:
    """Refuse two different texts under one id, which would silently replace each other, and foreign tokens.

    Raises:
        SourceError: of the first such document, if `on_error` is None.
    """
    seen: dict[str, bytes] = {}
    for document in documents:
        fingerprint = bytes.fromhex(document.sha256[:32])
        first = seen.setdefault(document.id, fingerprint)
        problem = _foreign_token(document, vocab_size)
        if first != fingerprint:
            problem = f"a second, different text with the id {document.id!r}"
        if problem:
            error = SourceError(f"{document.source or document.id}: {problem}")
            if on_error is None:
                raise error
            on_error(error)
        elif first is fingerprint:  # else: the same text once more
            yield document


def _foreign_token(document: AnyDocument, vocab_size: int) -> str:
    if isinstance(document, TokenizedDocument) and (highest := int(document.token_ids.max())) >= vocab_size:
        return (
            f"the token {highest} is not in the database's vocabulary of {vocab_size}: the document was made "
            "with another tokenizer"
        )
    return ""


def in_batches(documents: Iterable[AnyDocument]) -> Iterator[list[AnyDocument]]:
    """Lists of documents, each with as much text as its writer can commit in some seconds."""
    limit = _FIRST_BATCH
    batch: list[AnyDocument] = []
    characters = 0
    for document in documents:
        batch.append(document)
        if isinstance(document, TokenizedDocument):
            characters += _CHARACTERS_A_TOKEN * len(document.token_ids)
        else:
            characters += len(document.text)
        if characters >= limit:
            began = time.monotonic()
            yield batch
            seconds = time.monotonic() - began
            limit = int(min(_LARGEST_BATCH, characters * _SECONDS_A_BATCH / max(seconds, 0.01)))
            batch, characters = [], 0
    if batch:
        yield batch


def is_held_out(document_id: str, share: float, ids: frozenset[str] = frozenset()) -> bool:
    """Whether a document is kept for evaluation: decided by its id alone, so every build decides alike.

    Args:
        document_id: of the document.
        share: of all documents that is held out.
        ids: of documents that are held out besides.
    """
    digest = hashlib.sha256(document_id.encode("utf-8")).digest()
    return document_id in ids or int.from_bytes(digest[:8], "big") / _HASH_RANGE < share
