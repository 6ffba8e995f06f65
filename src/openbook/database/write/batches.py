"""Documents on their way into the database: each id once, and so many at a time."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from openbook.errors import SourceError
from openbook.text import AnyDocument
from openbook.text.documents import TokenizedDocument

_FIRST_BATCH = 50_000
"""Characters, some seconds for a slow encoder; how long they take decides the size of the next batch."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some documents to write and commit together, or some whose text is stored already."""

    changed: Sequence[AnyDocument] = ()
    """To write."""
    replaced: frozenset[str] = frozenset()
    """Ids of those that are stored with another text."""
    unchanged: Sequence[AnyDocument] = ()
    """Stored with this text."""


def in_batches(
    documents: Iterable[AnyDocument],
    *,
    stored: Callable[[Sequence[str]], Mapping[str, str]],
    characters: int | None = None,
) -> Iterator[Batch]:
    """Batches of documents, each with as much text to write as can be committed in some seconds.

    Only what is to be written counts. A build that is resumed passes over what it has in no time, and would
    else take that for the speed at which it writes:

        stored stored stored │ new new new │ new new new new │ …
        looked up, not timed │ first batch │ as much as takes some seconds at the first batch's speed

    Args:
        documents: any number, each id once.
        stored: gives the SHA-256 of those that are stored, by id.
        characters: to write in each batch; None: what took the last batch's time decides.
    """
    limit = characters or _FIRST_BATCH
    changed: list[AnyDocument] = []
    replaced: set[str] = set()
    length = 0
    for group in _groups(documents, characters=limit):
        known = stored([document.id for document in group])
        if unchanged := [document for document in group if known.get(document.id) == document.sha256]:
            yield Batch(unchanged=unchanged)
        for document in group:
            if known.get(document.id) == document.sha256:
                continue
            changed.append(document)
            if document.id in known:
                replaced.add(document.id)
            length += characters_of(document)
            if length >= limit:
                began = time.monotonic()
                yield Batch(changed=changed, replaced=frozenset(replaced))
                seconds = max(time.monotonic() - began, 0.01)
                if characters is None:
                    limit = int(min(_LARGEST_BATCH, length * _SECONDS_A_BATCH / seconds))
                changed, replaced, length = [], set(), 0
    if changed:
        yield Batch(changed=changed, replaced=frozenset(replaced))


def _groups(documents: Iterable[AnyDocument], *, characters: int) -> Iterator[list[AnyDocument]]:
    """Documents to look up together."""
    group: list[AnyDocument] = []
    length = 0
    for document in documents:
        group.append(document)
        length += characters_of(document)
        if length >= characters:
            yield group
            group, length = [], 0
    if group:
        yield group


def characters_of(document: AnyDocument) -> int:
    """Count a document's characters; of one that is tokens already, about."""
    if isinstance(document, TokenizedDocument):
        return _CHARACTERS_A_TOKEN * len(document.token_ids)
    return len(document.text)
