"""How the catalog of a shard names the originals of near-copies, which may be documents of other shards.

It names one that it has itself by its number there, and one of another shard by the book's number, which is
higher than any number of its own.
"""

from collections.abc import Collection

from openbook.database.shards.book_layout import book_number, shard_number
from openbook.database.storage.excluded_chunks import ExcludedChunks


def stored_original(place: int, original: int) -> int:
    """The number under which the catalog of the shard at `place` keeps a document of the book."""
    owner, number = shard_number(original)
    return number if owner == place else original


def stored_parts(place: int, parts: Collection[ExcludedChunks]) -> list[ExcludedChunks]:
    """Excluded parts of a document of the shard at `place`, as its catalog keeps them."""
    return [ExcludedChunks(part.first, part.end, stored_original(place, part.original)) for part in parts]


def book_original(place: int, stored: int) -> int:
    """The book's number of what the catalog of the shard at `place` keeps under a number."""
    is_own = shard_number(stored)[0] < 0
    return book_number(place, stored) if is_own else stored
