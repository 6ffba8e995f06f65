"""What stands where in a sharded book's folder, beside the manifest and the shards."""

from dataclasses import dataclass
from pathlib import Path

from openbook.database.shards.sharded_dense import BookEffort
from openbook.database.storage.files import Files
from openbook.database.storage.sealed import BOOK
from openbook.database.storage.settings import DatabaseSettings


@dataclass(frozen=True)
class BookFiles(Files):
    """The place of the neighbor table, and the files of the shards.

    The arrays are those of the shards: none stands here.
    """

    shards: tuple[Files, ...] = ()
    """Of those that are there."""
    effort: BookEffort | None = None
    """With which their dense indexes are searched as one."""

    @classmethod
    def of_shards(
        cls,
        book: Path,
        settings: DatabaseSettings,
        *,
        vocab_size: int,
        generation: int,
        shards: tuple[Files, ...],
        effort: BookEffort | None = None,
    ) -> "BookFiles":
        """Of a generation of the book, and of the generations that its shards have."""
        own = Files.of(book, settings, vocab_size=vocab_size, generation=generation)
        return cls(own.folder, own.generation, own.tokens, own.vectors, own.lengths, shards, effort)

    def sizes(self) -> dict[str, int]:
        """Bytes on the disk of each part, of all shards together; the manifest counts with the catalogs."""
        own = super().sizes()
        found = {name: size for name, size in own.items() if name in ("neighbors", "tokenizer")}
        found["catalog"] = (self.folder / BOOK).stat().st_size
        for shard in self.shards:
            for name, size in shard.sizes().items():
                found[name] = found.get(name, 0) + size
        return found
