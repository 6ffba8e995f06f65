"""BM25 over the chunks' words, by tantivy (k1 1.2, b 0.75, fixed there).

The same analyzer reads chunks and queries: runs of letters and digits, lower-cased, at most 40 bytes.
The index is derived from tokens: each entry is a chunk's number and its words; the text is not stored.
"""

import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from openbook.errors import DatabaseError

_HEAP_BYTES = 96_000_000
_LONGEST_WORD = 40


def _analyzer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(tantivy.Filter.remove_long(_LONGEST_WORD))
    return builder.filter(tantivy.Filter.lowercase()).build()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("chunk", stored=False, indexed=True, fast=True)
    builder.add_text_field("text", stored=False, tokenizer_name="words", index_option="freq")
    return builder.build()


class LexicalIndex:
    """One folder of tantivy's.

    Args:
        folder: made if it does not exist.

    Raises:
        DatabaseError: the folder is damaged.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._schema = _schema()
        self._analyzer = _analyzer()
        try:
            self._index = tantivy.Index(self._schema, path=str(folder))
        except ValueError as error:
            raise DatabaseError(
                f"{folder}: damaged ({error}); delete this folder, it will be made again"
            ) from error
        self._index.register_tokenizer("words", self._analyzer)
        self._writer: tantivy.IndexWriter | None = None
        self._searcher = self._index.searcher()

    @staticmethod
    def delete(folder: Path) -> None:
        """Remove the folder."""
        shutil.rmtree(folder, ignore_errors=True)

    def highest_chunk(self) -> int:
        """The highest chunk number in the index, -1 if it is empty."""
        everything = tantivy.Query.all_query()
        hits = self._searcher.search(everything, limit=1, count=False, order_by_field="chunk").hits
        return int(hits[0][0]) if hits else -1

    def add(self, chunk_ids: Iterable[int], texts: Iterable[str]) -> None:
        """Add chunks; searchable after `commit`."""
        writer = self._open_writer()
        for chunk_id, text in zip(chunk_ids, texts, strict=True):
            document = tantivy.Document()
            document.add_integer("chunk", chunk_id)
            document.add_text("text", text)
            writer.add_document(document)

    def delete_chunks(self, chunk_ids: Iterable[int]) -> None:
        """Take chunks out; gone after `commit`."""
        writer = self._open_writer()
        for chunk_id in chunk_ids:
            writer.delete_documents_by_term("chunk", chunk_id)

    def commit(self) -> None:
        """Make what was added and deleted durable and searchable."""
        if self._writer is not None:
            self._writer.commit()
            self._index.reload()
            self._searcher = self._index.searcher()

    def close(self) -> None:
        """Wait for background merges and free the writer."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=2)
        return self._writer

    def search(self, texts: Sequence[str], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k best chunks for each text, by BM25 over its distinct words, on all cores.

        Returns:
            chunk ids [n, k], best first, -1 where fewer chunks share a word with the text; and scores [n, k].
        """
        ids = np.full((len(texts), k), -1, dtype=np.int64)
        scores = np.zeros((len(texts), k), dtype=np.float32)

        def fill(row: int) -> None:
            found = self._searcher.search(self._query(texts[row]), limit=k, count=False).hits
            chunks = self._searcher.fast_field_values("chunk", [address for _, address in found])
            ids[row, : len(found)] = np.array(chunks, dtype=np.int64)
            scores[row, : len(found)] = [score for score, _ in found]

        if len(texts) == 1:
            fill(0)
        else:
            with ThreadPoolExecutor(cpu_count()) as pool:
                list(pool.map(fill, range(len(texts))))
        return ids, scores

    def _query(self, text: str) -> tantivy.Query:
        words = dict.fromkeys(self._analyzer.analyze(text))
        terms = [tantivy.Query.term_query(self._schema, "text", word, index_option="freq") for word in words]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
