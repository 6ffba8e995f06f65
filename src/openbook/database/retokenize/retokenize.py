"""A second database of the same documents for a model with another tokenizer, in a folder of its own.

Chunks keep their texts, as far as tokens can begin and end where the old ones did, and so their vectors:
nothing is encoded again but what has too many tokens for one row. The catalog is written last.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from openbook.database.database import Database
from openbook.database.retokenize.new_arrays import NewArrays, NewRows
from openbook.database.retokenize.rechunk import parts_of
from openbook.database.storage.catalog import FILE_NAME, UNFINISHED_NAME, Catalog
from openbook.database.storage.database_folder import require_outside_databases
from openbook.database.storage.files import NAMES, Files
from openbook.database.storage.manifest import write_manifest
from openbook.database.storage.sealed import naming_errors
from openbook.database.storage.settings import FORMAT_WITH_LENGTHS, LARGEST_CHUNK, DatabaseSettings
from openbook.database.write.compact import build_indexes
from openbook.database.write.creation import given_tokenizer
from openbook.errors import DatabaseError, SettingsError, type_error
from openbook.lock import take_lock
from openbook.phrases import agreeing, command, counted, part_of
from openbook.progress import Progress, silent
from openbook.text import Tokenizer, load_tokenizer

_MANY = 0.01
"""Share of chunks to be encoded again from which on a larger chunk size is worth a word."""
_LEFT_BY_A_KILL = {*NAMES, "tokenizer", "write.lock", UNFINISHED_NAME, f"{UNFINISHED_NAME}-journal"}

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetokenizeReport:
    """What `retokenize` made."""

    output: Path
    documents: int
    chunks: int
    kept: int | None
    """Chunks that have the text of one of the old database, and its vector; None: made by an earlier call."""
    encoded_again: int | None
    """Parts of chunks that were too long for one row; 0 where there are no vectors; None: as above."""
    version: int


def retokenize(
    database: Database,
    output: str | Path,
    tokenizer: Tokenizer | str,
    *,
    chunk_size: int | None = None,
    tell: Tell = lambda text: None,
    progress: Progress = silent,
) -> RetokenizeReport:
    """Derive a database of the same texts in another tokenizer's tokens; the old one stays as it is.

    Documents keep ids, fingerprints, holdout and exclusions; removed ones are left out. The neighbor table
    is not carried over.

    Args:
        database: at its newest version.
        output: a folder that does not exist or is empty.
        tokenizer: its name or path, or one that is loaded.
        chunk_size: M of the new database; None: the old one's.
        tell: called, before anything is encoded, with a line on how many chunks keep their texts.
        progress: called with the number of chunks tokenized, and in further stages.

    Raises:
        DatabaseError: the folder holds something; the old database is empty, damaged or just being changed;
            it is a sharded book.
        SettingsError: no such tokenizer, or the database has it already; a chunk size out of range.
        MismatchError: chunks are to be encoded, and the encoder's weights are not those of the vectors.
    """
    if not isinstance(database, Database):
        raise type_error(database, "a Database", where="database", remedy="give Database.open(folder)")
    source = database.catalog
    if not isinstance(source, Catalog):
        raise DatabaseError(
            f"{database.path}: is a sharded book, which cannot be derived as a whole; build it "
            f"again from its sources: {command('build', output, 'SOURCE', '--tokenizer', 'NAME')}"
        )
    tokenizer = given_tokenizer(tokenizer)
    settings = _settings(database, tokenizer, chunk_size)
    folder = Path(output)
    with _claimed(folder):
        opened = database.opened
        catalog = _copy_catalog(database, source, opened.layout.version, folder)
        tokenizer.save(folder / "tokenizer")
        files = Files.of(folder, settings, vocab_size=tokenizer.vocab_size, generation=0)
        arrays = NewArrays(opened, tokenizer, files, lambda: database.embedder)
        rows = arrays.write_tokens(progress)
        tell(_summary(rows, settings))
        layout = arrays.layout(rows)
        arrays.write_vectors(rows, progress)
        build_indexes(files, layout, tokenizer, progress=progress)
        columns = (layout.first_chunk, layout.document_chunks, layout.document_tokens, layout.number)
        places = zip(*(x.tolist() for x in columns), strict=True)
        catalog.become_another(settings.to_dict(), places, arrays.excluded_chunks(rows))
        catalog = Catalog(folder)
        write_manifest(catalog)
    again = int(rows.cut.sum()) if settings.embedding_size else 0
    return RetokenizeReport(
        output=folder,
        documents=len(layout.number),
        chunks=layout.num_chunks,
        kept=int((~rows.cut & ~np.repeat(rows.lost, parts_of(rows.counts, settings.chunk_size))).sum()),
        encoded_again=again,
        version=catalog.head().version,
    )


def made_before(
    database: Database, output: Path, tokenizer: str, *, chunk_size: int | None = None
) -> RetokenizeReport | None:
    """Describe what an earlier call with these arguments made of this version; None: there is no such thing.

    Arguments are those of `retokenize`.

    Raises:
        DatabaseError: the output is a damaged database.
    """
    if not (output / FILE_NAME).exists():
        return None
    found = Database.open(output)
    *copied, last = found.commits()
    size = database.settings.chunk_size if chunk_size is None else chunk_size
    if last.action != "retokenize" or copied != database.commits() or found.settings.chunk_size != size:
        return None
    if load_tokenizer(tokenizer).fingerprint != found.tokenizer.fingerprint:
        return None
    return RetokenizeReport(
        output=output,
        documents=found.info().documents,
        chunks=found.layout.num_chunks,
        kept=None,
        encoded_again=None,
        version=found.version,
    )


def _settings(database: Database, tokenizer: Tokenizer, chunk_size: int | None) -> DatabaseSettings:
    old = database.settings
    if tokenizer.fingerprint == database.tokenizer.fingerprint:
        raise SettingsError(
            f"{database.path}: has the tokenizer {tokenizer.name} already: use it as it is; for chunks of "
            "another size, build a database from the text"
        )
    if not database.layout.live.any():
        raise DatabaseError(
            f"{database.path}: is empty; build one for the model: openbook build DB SOURCE --tokenizer MODEL"
        )
    return replace(
        old,
        tokenizer=tokenizer.name,
        tokenizer_fingerprint=tokenizer.fingerprint,
        chunk_size=old.chunk_size if chunk_size is None else chunk_size,
        format=FORMAT_WITH_LENGTHS,
    )


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Hold a folder for ourselves; if the block fails, it is deleted."""
    if (folder / FILE_NAME).exists():
        raise DatabaseError(f"{folder}: is a database already; delete it, or choose another folder")
    require_outside_databases(folder, DatabaseError)
    with naming_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in folder.iterdir()}
        if names - _LEFT_BY_A_KILL or (names - {"write.lock"} and UNFINISHED_NAME not in names):
            raise DatabaseError(f"{folder}: is not empty; choose another folder")
    lock = take_lock(folder / "write.lock")
    if (folder / FILE_NAME).exists():  # another process was faster
        lock.release()
        raise DatabaseError(f"{folder}: is a database already; delete it, or choose another folder")
    try:
        for path in (folder / name for name in names - {"write.lock"}):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        yield
    except BaseException:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        lock.release()


def _copy_catalog(database: Database, source: Catalog, version: int, folder: Path) -> Catalog:
    catalog = source.copy_to(folder)
    if catalog.unsound_rows() or catalog.unsound_commits():
        raise DatabaseError(f"{source.path}: is damaged; see: {command('verify', database.path, '--repair')}")
    if catalog.head().version != version:
        raise DatabaseError(f"{database.path}: was changed while it was being read; run again")
    return catalog


def _summary(rows: NewRows, settings: DatabaseSettings) -> str:
    """What is kept, and which chunk size would keep more, in words."""
    count = len(rows.counts)
    long = int((rows.counts > settings.chunk_size).sum())
    what = "texts and vectors" if settings.embedding_size else "texts"
    lost = int((rows.lost & (rows.counts <= settings.chunk_size)).sum())
    kept = count - long - lost
    summary = f"{part_of(kept, count, 'chunk', 'keep')} {'its' if kept == 1 else 'their'} {what}"
    if lost:
        others = f"{lost:,} {agreeing(lost, 'have')} another text"
        summary += f"; {others}, because {settings.tokenizer} cannot spell theirs as it is"
    if long == 0:
        return summary
    parts = int(rows.cut.sum())
    summary += (
        f"; {long:,} {agreeing(long, 'have')} more than {settings.chunk_size} tokens and "
        f"{agreeing(long, 'are')} cut into {counted(parts, 'part')}"
    )
    if settings.embedding_size:
        summary += ", which are encoded again"
    advice = _larger_chunks(rows) if long > _MANY * count else ""
    return f"{summary}; {advice}" if advice else summary


def _larger_chunks(rows: NewRows) -> str:
    """Which chunk sizes would keep nearly all chunks, and all; empty if they are not allowed."""
    nearly_all = int(np.quantile(rows.counts, 1 - _MANY, method="inverted_cdf"))
    choices = {nearly_all: "99 %"} | {int(rows.counts.max()): "all"}
    return ", ".join(
        f"--chunk-size {size} would keep {share}" for size, share in choices.items() if size <= LARGEST_CHUNK
    )
