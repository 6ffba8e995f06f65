"""The memory of a text: a book of what has left the model's window, to be looked up from then on.

    the text       a b c d e f | g h i j        the window holds the last chunks
    the memory     a b c d e f                  a chunk is found as soon as it has left

It is a database like any other, of words alone, in a temporary folder or in a named one that stays. What is
remembered at once is one document of it. Each ends with an end-of-text token, as all do; that is no part of
the text, and is never read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, Hit, SearchMode, Version
from openbook.database.storage.catalog import FILE_NAME
from openbook.text import Tokenizer
from openbook.text.documents import TokenizedDocument

SEARCH_MODE: SearchMode = "bm25"
"""Of every memory: what was just said is found by its words, and nothing is encoded."""


class Memory:
    """What a text no longer sees, and can look up.

    One text at a time writes to it. Used as a context manager, or closed, it deletes a temporary folder.

    Args:
        tokenizer: of the text's tokens.
        chunk_size: M, of the model that reads.
        path: a folder that stays, or one of an earlier text's memory, which is continued; None: temporary.

    Raises:
        DatabaseError: the folder holds something else, or is damaged.
        MismatchError: it is the memory of a text of other tokens or chunks.
    """

    def __init__(self, tokenizer: Tokenizer, chunk_size: int, path: Path | None = None) -> None:
        self._temporary: TemporaryDirectory[str] | None = None
        if path is None:
            # On Windows, files that are still mapped stay behind for the system to clear.
            self._temporary = TemporaryDirectory(prefix="openbook-memory-", ignore_cleanup_errors=True)
            path = Path(self._temporary.name) / "memory"
        if (path / FILE_NAME).exists():
            self._database = Database.open(path)
            self._database.settings.require_match(
                self._database.tokenizer,
                tokenizer_fingerprint=tokenizer.fingerprint,
                chunk_size=chunk_size,
            )
        else:
            self._database = Database.create(path, tokenizer=tokenizer, embedder=None, chunk_size=chunk_size)
        self._begun = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._parts = 0

    def __enter__(self) -> "Memory":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete a temporary folder; a named one stays."""
        if self._temporary is not None:
            self._temporary.cleanup()

    @property
    def version(self) -> Version:
        """What is remembered so far."""
        return self._database.opened

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be found."""
        return not self.version.layout.retrievable.any()

    def remember(self, tokens: Sequence[int]) -> None:
        """Add what follows in the text: of a text that is still written, whole chunks.

        Args:
            tokens: any number; of none nothing happens.

        Raises:
            DatabaseError: another process is writing to the folder.
        """
        if not len(tokens):
            return
        self._parts += 1
        name = f"{self._begun}/{self._parts}"
        part = TokenizedDocument(token_ids=np.asarray(tokens), id=name, title=f"said before ({name})")
        self._database.add([part])

    def search(self, text: str, *, k: int) -> list[Hit]:
        """Find what was said of this, best first, at most k chunks."""
        if self.is_empty:
            return []
        found, scores = self.version.search_passages([text], k=k, mode=SEARCH_MODE, by="chunk")
        return self.version.hits(found[0], scores[0])

    def read(self, chunks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Read chunks [..., K] with what follows them: see `Version.retrieved_tokens`."""
        ids, mask = self.version.retrieved_tokens(chunks)
        return ids, mask & (ids != self.version.tokenizer.eos_id)
