"""A document that looks up its own past: what has left the window, as a text does with `--remember`.

Windows are read in their order. Before each, what stands before it in its first document is in a memory; each
chunk of that document is looked up there. Windows of four chunks, documents A and B:

    window 0     a b c d        A has just begun: nothing has left
    window 1     e f g A B's h  the memory holds a b c d; e f g are looked up; B has no past yet
    window 2     i j k l        the memory holds h

The neighbors are chunks of the same document, which every other mode refuses: so this says what a memory of a
long text is worth, and nothing of what a book is worth.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database import SequenceDataset
from openbook.evaluate.windows import Windows
from openbook.generation.memory import SEARCH_MODE, Memory
from openbook.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class OwnPast:
    """What the chunks of some windows find in their documents' past.

    rows: int64 [n], the windows' numbers in their dataset, sorted.
    ids: int32 [n, C - 1, K, 2M] tokens of what was found, with what follows it.
    mask: bool [n, C - 1, K, 2M]: False for a token that does not exist, or has not left the window.
    informs: bool [n, C - 1]: whether the chunk goes on in the next one, which its neighbors would inform.
    """

    rows: NDArray[np.int64]
    ids: NDArray[np.int32]
    mask: NDArray[np.bool_]
    informs: NDArray[np.bool_]

    @property
    def share_found(self) -> float:
        """Of the chunks whose neighbors would inform a token, those that found something; 0 of none."""
        return float(self.mask[self.informs].any(axis=(1, 2)).mean()) if self.informs.any() else 0.0


@dataclass(frozen=True, eq=False)
class SamplesWithPast:
    """Samples of windows, with what their chunks find in the past beside what they find in the book.

    samples: with neighbors from the book, or without any.
    past: of all windows that are asked for.
    """

    samples: SequenceDataset
    past: OwnPast

    def __getitem__(self, row: int) -> dict[str, NDArray[np.generic]]:
        """One sample, as `SequenceDataset` has it, with up to K neighbors more."""
        sample = self.samples[row]
        place = int(np.searchsorted(self.past.rows, row))
        ids: NDArray[np.generic] = self.past.ids[place].astype(np.int64)
        mask: NDArray[np.generic] = self.past.mask[place]
        if "neighbor_ids" in sample:
            ids = np.concatenate([sample["neighbor_ids"], ids], axis=1)
            mask = np.concatenate([sample["neighbor_mask"], mask], axis=1)
        return sample | {"neighbor_ids": ids, "neighbor_mask": mask}


def look_up_past(windows: Windows, k: int, *, progress: Progress = silent) -> OwnPast:
    """Search for the k nearest chunks of each chunk's document that have left its window.

    Args:
        windows: the text; between two of them what is not read leaves, too.
        k: neighbors of each chunk.
        progress: called with how many windows are done, and of how many.
    """
    C, M = windows.chunk_ids.shape[1], windows.chunk_size
    ids = np.zeros((len(windows), C - 1, k, 2 * M), dtype=np.int32)
    mask = np.zeros(ids.shape, dtype=np.bool_)
    for place, memory in _with_memories(windows):
        chunks = windows.chunk_ids[place]
        asked = _of_first_document(windows, chunks)
        if len(asked) and not memory.is_empty:
            queries = windows.corpus.chunk_queries(asked)
            found, _ = memory.version.search_chunks(queries, k=k, mode=SEARCH_MODE)
            ids[place, : len(asked)], mask[place, : len(asked)] = memory.read(found)
        progress(place + 1, len(windows))
    return OwnPast(windows.rows, ids, mask, _informs(windows))


def _informs(windows: Windows) -> NDArray[np.bool_]:
    """Which chunks of each window, but for its last, go on in the next one: [n, C - 1]."""
    own, after = windows.chunk_ids[:, :-1], windows.chunk_ids[:, 1:]
    document_of = windows.corpus.layout.document_of
    same: NDArray[np.bool_] = document_of[np.maximum(own, 0)] == document_of[np.maximum(after, 0)]
    return same & (own >= 0) & (after >= 0)


def _with_memories(windows: Windows) -> Iterator[tuple[int, Memory]]:
    """Each window's place, with the memory of what stands before it in its first document."""
    corpus, layout = windows.corpus, windows.corpus.layout
    memory, document, known = None, -1, 0
    try:
        for place, chunks in enumerate(windows.chunk_ids):
            if memory is None or layout.document_of[chunks[0]] != document:
                if memory is not None:
                    memory.close()
                memory = Memory(corpus.tokenizer, windows.chunk_size)
                document = int(layout.document_of[chunks[0]])
                known = int(layout.first_chunk[document])
            left = np.arange(known, chunks[0])
            memory.remember(corpus.tokens[left][layout.token_mask(left)].tolist() if len(left) else [])
            known = int(chunks[0])
            yield place, memory
    finally:
        if memory is not None:
            memory.close()


def _of_first_document(windows: Windows, chunks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The chunks of a window [C] that are of its first document, but for its last: nothing follows that."""
    documents = windows.corpus.layout.document_of[np.maximum(chunks, 0)]
    own: NDArray[np.int64] = chunks[(chunks >= 0) & (documents == documents[0])]
    return own[:-1]
