"""What one batch writes to one shard, by the process that has the book open or by another one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openbook.database.search.dense_store import TrainedIndex
from openbook.database.search.embedder import Embedder
from openbook.database.storage.database_folder import DatabaseFolder, open_folder
from openbook.database.write.database_writer import DatabaseWriter
from openbook.database.write.document_rows import cut_batch
from openbook.database.write.text_progress import TextProgress
from openbook.database.write.unknown_tokens import UnknownTokens
from openbook.progress import Progress, silent
from openbook.text import AnyDocument


@dataclass(frozen=True, slots=True)
class ShardPart:
    """Documents of one batch that one shard is to have."""

    documents: tuple[AnyDocument, ...]
    replaced: frozenset[str]
    """Ids of those that the shard has with another text."""


def write_part(
    folder: Path,
    part: ShardPart,
    *,
    version: int,
    embedder: Callable[[], Embedder],
    progress: Progress = silent,
) -> UnknownTokens:
    """Write a part to the copy of a shard, unless a process that was lost has committed it.

    Args:
        folder: of the copy.
        part: to write.
        version: of the copy before; the next one has the part.
        embedder: loads the encoder.
        progress: told how many characters are done, by `openbook.progress.text_done`.

    Returns:
        What the tokenizer could not spell.

    Raises:
        DatabaseError: there is no such copy, another process writes to it, or the disk is full.
    """
    opened = open_folder(folder)
    told = TextProgress(progress)
    with DatabaseWriter(opened, embedder, of_book=True, text_progress=told) as writer:
        # what was not committed is cut off by now
        if opened.catalog.head().version != version:
            return _unknown_tokens(opened, part)
        told.begin(part.documents)
        writer.write(part.documents, part.replaced)
        return writer.unknown


def _unknown_tokens(opened: DatabaseFolder, part: ShardPart) -> UnknownTokens:
    """Count again what the process that was lost did not tell."""
    unknown = UnknownTokens()
    tokens, records = cut_batch(
        part.documents, opened.tokenizer, opened.settings, first_chunk=0, held_out_ids=frozenset()
    )
    unknown.count(part.documents, tokens, records, opened.tokenizer)
    return unknown


def finish_indexes(folder: Path, *, shards: int, trained: TrainedIndex | None, bulk: bool) -> None:
    """Let the indexes of a shard's copy keep up with its rows.

    Args:
        folder: of the copy.
        shards: of the book.
        trained: what a new dense index is filled from.
        bulk: see `Writer.finish`.

    Raises:
        DatabaseError: see `write_part`.
    """

    def no_encoder() -> Embedder:
        raise AssertionError("nothing is encoded")

    opened = open_folder(folder)
    with DatabaseWriter(opened, no_encoder, of_book=True, shards=shards, trained=trained) as writer:
        writer.finish(bulk=bulk)
