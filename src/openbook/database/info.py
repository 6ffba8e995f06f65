"""What a database holds, in numbers."""

from dataclasses import dataclass

from openbook.database.layout import ChunkLayout
from openbook.database.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """What `openbook info` prints."""

    documents: int
    """Live ones, held-out ones included."""
    chunks: int
    """Of live documents."""
    version: int
    tokenizer: str
    embedder: str | None
    embedder_source: str | None
    chunk_size: int
    holdout_documents: int
    dense_index: str | None
    recall_at_10: float | None
    """Of the dense index against exact search."""
    tokens: int
    bytes: int
    """Of text, in UTF-8."""

    @classmethod
    def of(cls, layout: ChunkLayout, settings: DatabaseSettings) -> "DatabaseInfo":
        """Counts at one version."""
        retrieved = layout.count(holdout=False)
        held_out = layout.count(holdout=True)
        dense = settings.embedding_size > 0
        return cls(
            documents=retrieved["documents"] + held_out["documents"],
            chunks=retrieved["chunks"] + held_out["chunks"],
            version=layout.version,
            tokenizer=settings.tokenizer,
            embedder=settings.embedder,
            embedder_source=settings.embedder_source,
            chunk_size=settings.chunk_size,
            holdout_documents=held_out["documents"],
            dense_index="exact" if dense else None,
            recall_at_10=1.0 if dense else None,
            tokens=retrieved["tokens"] + held_out["tokens"],
            bytes=retrieved["bytes"] + held_out["bytes"],
        )
