"""Documents on their way into the database: each id once, and so many at a time."""

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


def in_batches(
    documents: Iterable[AnyDocument], *, characters: int | None = None
) -> Iterator[list[AnyDocument]]:
    """Lists of documents, each with as much text as its writer can commit in some seconds.

    Args:
        documents: any number.
        characters: of each batch; None: what took the last batch's time decides.
    """
    limit = characters or _FIRST_BATCH
    batch: list[AnyDocument] = []
    length = 0
    for document in documents:
        batch.append(document)
        length += _characters_of(document)
        if length >= limit:
            began = time.monotonic()
            yield batch
            seconds = max(time.monotonic() - began, 0.01)
            if characters is None:
                limit = int(min(_LARGEST_BATCH, length * _SECONDS_A_BATCH / seconds))
            batch, length = [], 0
    if batch:
        yield batch


def _characters_of(document: AnyDocument) -> int:
    if isinstance(document, TokenizedDocument):
        return _CHARACTERS_A_TOKEN * len(document.token_ids)
    return len(document.text)
