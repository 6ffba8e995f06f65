"""BM25 over the chunks' words, by tantivy (k1 1.2, b 0.75, fixed there).

The same analyzer reads chunks and queries; the folder records which, and an index is read by its own.
The index is derived from tokens: each entry is a chunk's number and its words; the text is not stored.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from os import cpu_count
from pathlib import Path
from typing import cast

import numpy as np
import tantivy
from numpy.typing import NDArray

from openbook.database.search.analyzer import Analyzer, FirstAnalyzer, SecondAnalyzer, WordAnalyzer
from openbook.database.search.dense import nothing_found
from openbook.database.search.linked_index import lockable
from openbook.database.search.tantivy_files import (
    ANALYZER,
    break_seal,
    damaged_unless_deleted,
    deleted_documents,
    seal,
    share_lists,
)
from openbook.database.storage.sealed import (
    database_of,
    naming_errors,
    read_sealed_if_there,
    write_sealed,
)
from openbook.errors import DatabaseError
from openbook.phrases import command

_HEAP_BYTES = 96_000_000
_ANALYZERS = (FirstAnalyzer, SecondAnalyzer, WordAnalyzer)


def _schema(analyzer: Analyzer) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("chunk", stored=False, indexed=True, fast=True)
    builder.add_text_field("text", stored=False, tokenizer_name=analyzer.name, index_option="freq")
    return builder.build()


class LexicalIndex:
    """One folder of tantivy's.

    Args:
        folder: of the index.
        create: make an index there if there is none.
        analyzer: of an index that is made; None: today's.

    Raises:
        DatabaseError: the folder is damaged, or a later version of openbook made it.
    """

    def __init__(self, folder: Path, *, create: bool = True, analyzer: Analyzer | None = None) -> None:
        self.folder = folder
        self._writer: tantivy.IndexWriter | None = None
        self._checked = False
        self.threads = cpu_count()
        """That search several texts at once."""
        with self._reported():
            if not (folder / "meta.json").is_file():
                if not create:
                    raise FileNotFoundError("holds no index")
                folder.mkdir(parents=True, exist_ok=True)
                break_seal(folder)
                _record(folder, analyzer or WordAnalyzer())
            self.analyzer = self._recorded()
            self._schema = _schema(self.analyzer)
            with lockable(folder) as opened:
                self._index = tantivy.Index(self._schema, path=str(opened))
                self._index.register_tokenizer(self.analyzer.name, self.analyzer.tantivy_analyzer())
                # Otherwise a thread watches the folder, and its lock file comes in the way of deleting that.
                self._index.config_reader(reload_policy="manual")
                self._searcher = self._index.searcher()

    def _recorded(self) -> Analyzer:
        """The analyzer of the chunks that are in the index."""
        try:
            version = version_of_words(self.folder)
        except DatabaseError as error:
            raise self._error(f"{ANALYZER} does not match its checksum") from error
        for analyzer in _ANALYZERS:
            if analyzer.version == version:
                return analyzer()
        raise DatabaseError(
            f"{self.folder}: its words are of version {version!r}, which this openbook cannot read; "
            "open it with the newer one that made it"
        )

    @property
    def is_current(self) -> bool:
        """Whether today's analyzer made it; otherwise who may write makes it again."""
        return self.analyzer.version == WordAnalyzer.version

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """What tantivy finds wrong with its files."""
        try:
            yield
        except (OSError, ValueError) as error:
            raise self._error(f"cannot be read or written: {error!s:.160}") from error
        except BaseException as error:
            if type(error).__name__ == "PanicException":  # what a fault inside tantivy looks like from here
                raise self._error(f"cannot be read: {error!s:.160}") from error
            raise

    def _error(self, problem: str) -> DatabaseError:
        return DatabaseError(
            f"{self.folder}: {problem}; if the disk is not full and the folder can be written to, it is "
            f"damaged; repair it: {command('verify', database_of(self.folder.parent), '--repair')}"
        )

    def check_files(self) -> None:
        """Compare all files with their checksums, once; of a folder that was deleted, what is open stays.

        Raises:
            DatabaseError: one is damaged.
        """
        if not self._checked:
            for path, problem in damaged_unless_deleted(self.folder):
                raise DatabaseError(
                    f"{path}: {problem}: the file is damaged; repair it: "
                    f"{command('verify', database_of(self.folder.parent), '--repair')}"
                )
            self._checked = True

    def chunks(self) -> NDArray[np.int64]:
        """The numbers of all chunks in the index, ascending."""
        with self._reported():
            count = max(1, self._searcher.num_docs)
            hits = self._searcher.search(
                tantivy.Query.all_query(), limit=count, count=False, order_by_field="chunk"
            ).hits
        return np.sort(np.array([chunk for chunk, _ in hits], dtype=np.int64))

    def highest_chunk(self) -> int:
        """The highest chunk number in the index, -1 if it is empty."""
        everything = tantivy.Query.all_query()
        with self._reported():
            hits = self._searcher.search(everything, limit=1, count=False, order_by_field="chunk").hits
        return int(hits[0][0]) if hits else -1

    def cut(self, count: int) -> int:
        """Take out chunks `count` and higher, of which no commit knows.

        Returns:
            The first chunk that is to be added again: mostly the one after the highest. But where files with
            such chunks were merged with others, their words would still count, so all chunks are.
        """
        beyond = self.highest_chunk() + 1
        if beyond <= count:
            return beyond
        before = deleted_documents(self.folder)
        self.delete_chunks(range(count, beyond))
        self.commit()
        if deleted_documents(self.folder) <= before:
            return count
        self._open_writer().delete_all_documents()
        return 0

    def add(self, chunk_ids: Iterable[int], texts: Iterable[str]) -> None:
        """Add chunks; searchable after `commit`."""
        writer = self._open_writer()
        for chunk_id, text in zip(chunk_ids, texts, strict=True):
            document = tantivy.Document()
            document.add_integer("chunk", chunk_id)
            document.add_text("text", self.analyzer.for_tantivy(text))
            with self._reported():
                writer.add_document(document)

    def delete_chunks(self, chunk_ids: Iterable[int]) -> None:
        """Take chunks out; gone after `commit`."""
        for chunk_id in chunk_ids:
            self._open_writer().delete_documents_by_term("chunk", chunk_id)

    def commit(self) -> None:
        """Make what was added and deleted durable and searchable."""
        if self._writer is not None:
            with self._reported():
                self._writer.commit()
                share_lists(self.folder)
                self._index.reload()
                self._searcher = self._index.searcher()

    def close(self) -> None:
        """Wait for background merges, free the writer and seal the files."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with self._reported():
                writer.wait_merging_threads()
                share_lists(self.folder)
                seal(self.folder)

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            with self._reported():
                break_seal(self.folder)
                # Each thread makes files of its own at each commit, and every search looks into all; what
                # takes time is the words, which Python makes.
                self._writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        return self._writer

    def search(
        self, texts: Sequence[str], k: int, *, avoid: Sequence[range] = ()
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k best chunks for each text, by BM25 over its distinct words, on as many cores as `threads`.

        Args:
            texts: n of them.
            k: chunks a text.
            avoid: chunks that must not be found.

        Returns:
            chunk ids [n, k], best first, of equals among them the lowest first, -1 where fewer chunks share
            a word with the text; and scores [n, k]. Which of more equals are among them tantivy decides.
        """

        def hits(text: str) -> list[tuple[float, tantivy.DocAddress]]:
            found = self._searcher.search(self._query(text, avoid), limit=k, count=False).hits
            return cast("list[tuple[float, tantivy.DocAddress]]", found)

        with self._reported():
            if len(texts) == 1:
                found = [hits(texts[0])]
            else:
                with ThreadPoolExecutor(self.threads) as pool:
                    found = list(pool.map(hits, texts))
            chunks = self._named([address for of_text in found for _, address in of_text])
        return _ranked(found, chunks, k)

    def _named(self, addresses: Sequence[tantivy.DocAddress]) -> NDArray[np.int64]:
        """The numbers of the chunks at these places of the index."""
        return np.array(self._searcher.fast_field_values("chunk", list(addresses)), dtype=np.int64)

    def words(self, text: str) -> list[str]:
        """The distinct words of a text, as chunks and queries are read."""
        return list(dict.fromkeys(self.analyzer.words(text)))

    def _query(self, text: str, avoid: Sequence[range]) -> tantivy.Query:
        words = self.words(text)
        terms = [tantivy.Query.term_query(self._schema, "text", word, index_option="freq") for word in words]
        return self._any_of(terms, avoid)

    def _any_of(self, terms: Iterable[tantivy.Query], avoid: Sequence[range]) -> tantivy.Query:
        """What matches one of some queries, in none of the chunks to avoid."""
        clauses = [(tantivy.Occur.Should, term) for term in terms]
        kind = tantivy.FieldType.Integer
        for chunks in avoid:
            avoided = tantivy.Query.range_query(self._schema, "chunk", kind, chunks.start, chunks.stop - 1)
            clauses.append((tantivy.Occur.MustNot, avoided))
        return tantivy.Query.boolean_query(clauses)


def _ranked(
    found: Sequence[Sequence[tuple[float, object]]], chunks: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Put what was found for n texts, scores and the chunks of all in one row, into arrays [n, k]."""
    counts = np.array([len(of_text) for of_text in found], dtype=np.int64)
    of_all = np.array([score for of_text in found for score, _ in of_text])
    row = np.repeat(np.arange(len(found)), counts)
    best_first = np.lexsort((chunks, -of_all, row))
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    ids, scores = nothing_found(len(found), k)
    ids[row, place], scores[row, place] = chunks[best_first], of_all[best_first]
    return ids, scores


def version_of_words(folder: Path) -> int | None:
    """Of the analyzer that made the index in a folder, also of one that is not known here.

    Raises:
        DatabaseError: what says so is damaged.
    """
    recorded = read_sealed_if_there(folder / ANALYZER)
    return FirstAnalyzer.version if recorded is None else recorded.get("version")


def is_current(folder: Path) -> bool:
    """Whether today's analyzer made the index in a folder.

    Raises:
        DatabaseError: what says so is damaged.
    """
    return version_of_words(folder) == WordAnalyzer.version


@contextmanager
def replacement(folder: Path) -> Iterator[LexicalIndex]:
    """An empty index of today's analyzer, which after the block stands in the place of the folder's.

    Until then the old one stays, and whoever has it open keeps it. Only the holder of the database's lock may
    do this.
    """
    new, old = _beside(folder)
    remove_replaced(folder)
    with naming_errors(folder):
        try:
            index = LexicalIndex(new)
            yield index
            index.close()
            folder.rename(old)
            new.rename(folder)
        finally:
            remove_replaced(folder)


def remove_replaced(folder: Path) -> None:
    """Delete what a replacement, or one that was killed, leaves beside the folder."""
    for path in _beside(folder):
        shutil.rmtree(path, ignore_errors=True)


def _beside(folder: Path) -> tuple[Path, Path]:
    return folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.old")


def _record(folder: Path, analyzer: Analyzer) -> None:
    """Note the analyzer of an index that is about to be made; of the first one, nothing says it."""
    (folder / ANALYZER).unlink(missing_ok=True)
    if analyzer.version != FirstAnalyzer.version:
        write_sealed(folder / ANALYZER, {"version": analyzer.version})
