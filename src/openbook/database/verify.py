"""Checking every file of a database against its checksums and the catalog; repair.py repairs."""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense_store import is_large, judged_as, stored_index
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.tantivy_files import MISSING, damaged_segments
from openbook.database.shards.book_folder import open_book
from openbook.database.shards.book_manifest import BookManifest, is_sharded
from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.catalog import FILE_NAME, Catalog
from openbook.database.storage.database_folder import open_folder
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.manifest import Problem, check_manifest
from openbook.database.storage.neighbor_files import BEGUN, table_stamp
from openbook.database.storage.sealed import BOOK, database_of, file_digest, read_sealed
from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import DatabaseError, FormatError, OpenbookError
from openbook.phrases import agreeing, command, counted
from openbook.progress import Progress, silent, stage

_ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a check found."""

    ok: bool
    problems: list[Problem]


def verify(folder: str | Path, *, progress: Progress = silent) -> VerifyReport:
    """Compare every file of the database in `folder` with its checksums and with the catalog.

    Raises:
        DatabaseError: there is no database.
        FormatError: another version of openbook wrote it.
    """
    folder = Path(folder)
    if is_sharded(folder):
        return _verify_book(folder, progress)
    return verify_one(folder, shards=_book_parts(folder), progress=progress)


def verify_one(folder: Path, *, shards: int = 1, progress: Progress = silent) -> VerifyReport:
    """The same of one database, which is judged as one of so many shards; see `is_large`."""
    catalog = Catalog(folder)
    try:
        DatabaseSettings.from_dict(catalog.settings(), where=str(folder))
    except FormatError:
        raise
    except DatabaseError:
        pass  # damage, which the checker finds
    checker = _Checker(folder, catalog, progress, shards)
    checker.run()
    return VerifyReport(not checker.problems, checker.problems)


def _verify_book(book: Path, progress: Progress) -> VerifyReport:
    """Check the manifest, each shard, and the neighbor table of all."""
    problems: list[Problem] = []
    try:
        manifest = BookManifest.read(book)
    except FormatError:
        raise
    except DatabaseError as error:
        return VerifyReport(False, [Problem(BOOK, str(error).removeprefix(f"{book / BOOK}: "))])
    parts = parts_of(book, manifest)
    for shard in manifest.shards:
        folder = book / shard.folder
        told = stage(progress, f"checking {shard.folder}")
        try:
            found = verify_one(folder, shards=parts, progress=told).problems
        except DatabaseError:
            problems.append(Problem(shard.folder, "is missing: restore it from a copy"))
            continue
        problems += [Problem(f"{shard.folder}/{one.file}", one.problem) for one in found]
        if not found and Catalog(folder).history(shard.version) != shard.history:
            problems.append(Problem(shard.folder, "is another database than the book names"))
        elif not found and (version := Catalog(folder).head().version) != shard.version:
            problems.append(Problem(shard.folder, f"is at version {version}, the book names {shard.version}"))
    if problems:
        return VerifyReport(False, problems)
    try:
        opened = open_book(book)
    except OpenbookError as error:
        return VerifyReport(False, [Problem("tokenizer", str(error).removeprefix(f"{book}: "))])
    checker = _FolderChecker(book)
    checker.check_neighbors(opened.book_files())
    return VerifyReport(not checker.problems, checker.problems)


def parts_of(book: Path, manifest: BookManifest) -> int:
    """Of how many shards each of a book is judged as one, see `judged_as`; without those that are damaged."""
    layouts = []
    for shard in manifest.shards:
        with suppress(DatabaseError):
            snapshot = Catalog(book / shard.folder).snapshot()
            layouts.append(ChunkLayout.from_snapshot(snapshot, chunk_size=manifest.settings.chunk_size))
    return judged_as(len(manifest.shards), layouts)


def _book_parts(folder: Path) -> int:
    """The same of a database that may be a shard of a book; of what is none, 1."""
    folder = folder.absolute()
    if is_sharded(folder.parent):
        with suppress(DatabaseError):
            manifest = BookManifest.read(folder.parent)
            if folder.name in {shard.folder for shard in manifest.shards}:
                return parts_of(folder.parent, manifest)
    return 1


class _FolderChecker:
    """What is checked of a database and of a book alike."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []

    def found(self, file: str | Path, problem: str) -> None:
        name = Path(file)
        shown = name.relative_to(self.folder) if name.is_relative_to(self.folder) else name
        self.problems.append(Problem(shown.as_posix(), problem))

    def missing(self, file: Path) -> None:
        """Of what is made from other files."""
        again = command("verify", database_of(self.folder), "--repair")
        self.found(file, f"is missing; to have it made again: {again}")

    def report(self, error: OpenbookError, file: str | Path) -> None:
        """What an error says about this file, or about the one here that it begins with, without the name."""
        named = str(error).partition(": ")[0]
        if Path(named).is_relative_to(self.folder) and Path(named) != self.folder:
            file = named
        self.found(file, str(error).removeprefix(f"{self.folder / file}: "))

    def check_neighbors(self, files: Files) -> None:
        folder = files.neighbors
        try:
            stamp = table_stamp(folder)
            if stamp is None:
                if folder.exists():
                    self.missing(folder / "table.json")
                return
            for array in stamp.arrays(folder):
                wrong = array.rows(stamp.num_chunks).damaged()
                if len(wrong):
                    self.found(array.path, f"{counted(len(wrong), 'row')} not as in {array.sums_path.name}")
            if (folder / BEGUN).exists():
                read_sealed(folder / BEGUN)
            else:
                self.missing(folder / BEGUN)
        except DatabaseError as error:
            self.report(error, folder)


class _Checker(_FolderChecker):
    def __init__(self, folder: Path, catalog: Catalog, progress: Progress, shards: int) -> None:
        super().__init__(folder)
        self.catalog = catalog
        self.progress = progress
        self.shards = shards

    def run(self) -> None:
        self.check_catalog()
        try:
            self.problems += check_manifest(self.catalog)
            opened = open_folder(self.folder)
            snapshot = self.catalog.snapshot()
        except OpenbookError as error:
            if not self.problems:
                file = FILE_NAME if FILE_NAME in str(error) else "tokenizer/tokenizer.json"
                self.report(error, file)
            return
        files = opened.files(snapshot.head.generation)
        layout = ChunkLayout.from_snapshot(snapshot, chunk_size=opened.settings.chunk_size)
        for array in files.arrays:
            first = array is files.tokens
            stage_progress = self.progress if first else stage(self.progress, f"checking {array.path.stem}")
            self.check_array(array, layout, stage_progress)
        if files.vectors is not None:
            self.check_finite(files.vectors, layout)
            self.check_dense(files, layout)
        self.check_lexical(files, layout)
        self.check_neighbors(files)

    def check_catalog(self) -> None:
        try:
            with self.catalog.connect() as connection:
                for (line,) in connection.execute("PRAGMA integrity_check(5)").fetchall():
                    if line != "ok":
                        self.found(FILE_NAME, line)
            for version in self.catalog.unsound_commits():
                self.found(FILE_NAME, f"version {version} does not match its checksum")
            for name in self.catalog.unsound_rows():
                self.found(FILE_NAME, f"the document {name!r} does not match its checksum")
        except (DatabaseError, sqlite3.Error) as error:
            self.found(FILE_NAME, str(error).removeprefix(f"{self.catalog.path}: "))

    def check_array(self, array: AppendOnlyArray, layout: ChunkLayout, progress: Progress) -> None:
        try:
            wrong = array.rows(layout.num_chunks).damaged(progress=progress)
        except DatabaseError as error:
            self.report(error, array.path)
            return
        if len(wrong):
            self.found(
                array.path,
                f"{counted(len(wrong), 'row')} not as in {array.sums_path.name}: of "
                + self.whose(layout, wrong, is_lost=array.path.name == "tokens.bin"),
            )

    def whose(self, layout: ChunkLayout, rows: NDArray[np.int64], *, is_lost: bool) -> str:
        """Name the documents of damaged rows, and say what brings them back."""
        documents = np.unique(layout.document_of[rows])
        live = documents[layout.live[documents]]
        if not len(live):
            return "documents that were removed: openbook compact drops them"
        numbers = layout.number[live]
        names = ", ".join(self.names(numbers[:5].tolist()))
        more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
        advice = "; remove them, and add them again from their sources" if is_lost else ""
        return f"documents {names}{more}{advice}"

    def check_finite(self, array: AppendOnlyArray, layout: ChunkLayout) -> None:
        """Find vectors of documents that can be compared with none, as older versions may have written."""
        try:
            rows = array.rows(layout.num_chunks)
            parts = [
                start + np.flatnonzero(~np.isfinite(rows[start : start + _ROWS_AT_ONCE]).all(axis=1))
                for start in range(0, layout.num_chunks, _ROWS_AT_ONCE)
            ]
        except DatabaseError:
            return  # damaged rows are reported as such
        wrong = np.concatenate(parts) if parts else np.arange(0)
        wrong = wrong[layout.live[layout.document_of[wrong]]]
        if len(wrong):
            numbers = layout.number[np.unique(layout.document_of[wrong])]
            names = ", ".join(self.names(numbers[:5].tolist()))
            more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
            problem = f"{counted(len(wrong), 'vector')} {agreeing(len(wrong), 'are')} not finite"
            self.found(array.path, f"{problem}: of documents {names}{more}; remove them, and add them again")

    def names(self, numbers: list[int]) -> list[str]:
        """The ids of documents, as far as the catalog is sound."""
        try:
            return [repr(document.id) for document in self.catalog.describe(numbers)]
        except DatabaseError:
            return [f"number {number}" for number in numbers]

    def check_dense(self, files: Files, layout: ChunkLayout) -> None:
        try:
            entry = stored_index(files.dense)
            if entry is None:
                if is_large(layout, shards=self.shards):
                    self.missing(files.dense / "index.json")
            elif not (files.dense / entry.file).exists():
                self.missing(files.dense / entry.file)
            elif file_digest(files.dense / entry.file) != entry.digest:
                self.found(files.dense / entry.file, "does not match its checksum")
        except DatabaseError as error:
            self.report(error, files.dense)

    def check_lexical(self, files: Files, layout: ChunkLayout) -> None:
        problems = damaged_segments(files.lexical)
        for path, problem in problems:
            if problem == MISSING:
                self.missing(path)
            else:
                self.found(path, problem)
        if problems:
            return
        try:
            held = LexicalIndex(files.lexical, create=False).chunks()
        except DatabaseError as error:
            self.report(error, files.lexical)
            return
        wanted = layout.indexed[layout.live[layout.document_of[layout.indexed]]]
        missing = len(np.setdiff1d(wanted, held))
        twice = len(held) - len(np.unique(held))
        for count, what in ((missing, "missing"), (twice, "there twice")):
            if count:
                self.found(files.lexical, f"{counted(count, 'chunk')} {what}")
