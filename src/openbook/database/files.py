"""What stands where in a database's folder, beside the catalogue."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openbook.database.arrays import AppendOnlyArray
from openbook.database.settings import DatabaseSettings


@dataclass(frozen=True)
class Files:
    """The arrays and indexes of one database folder."""

    folder: Path
    tokens: AppendOnlyArray
    vectors: AppendOnlyArray | None

    @classmethod
    def of(cls, folder: Path, settings: DatabaseSettings, vocab_size: int) -> "Files":
        """`tokens.bin` is uint16 where the vocabulary allows."""
        dtype = np.uint16 if vocab_size <= 2**16 else np.uint32
        tokens = AppendOnlyArray(folder / "tokens.bin", dtype=dtype, width=settings.chunk_size)
        vectors = None
        if settings.embedding_size:
            vectors = AppendOnlyArray(folder / "vectors.f16", dtype=np.float16, width=settings.embedding_size)
        return cls(folder, tokens, vectors)

    @property
    def lexical(self) -> Path:
        """The folder of the lexical index."""
        return self.folder / "lexical"
