"""Tables: Parquet and CSV. Each row is one document; only the columns that documents have are read.

A CSV file without a column of text is one document, unless that column was chosen, see `csv_table.py`.

A table without rows is passed over where other documents are read: an empty part of a large data set.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from openbook.errors import SourceError
from openbook.phrases import counted
from openbook.text.documents import source_error
from openbook.text.readers.csv_rows import TAB, Row, csv_rows, named_separator
from openbook.text.readers.csv_table import read_csv_table
from openbook.text.readers.rows import row_document, spelled_as_wanted, wanted_columns
from openbook.text.readers.source_file import LEAVE_OUT, UNREADABLE, Item, Keys, SourceFile, no_rows

_NOTHING = ("NULL", "null", "NaN", "nan", "\\N")
"""How databases and pandas write in a cell that there is no value."""
_COMMAS_FIRST = (",", ";", TAB, "|")
_TABS_FIRST = (TAB, ",", ";", "|")


def read_parquet(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a Parquet file; rows are counted from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with file.filesystem.open(file.path, "rb") as stream:
            table = pq.ParquetFile(stream)
            columns = wanted_columns(table.schema_arrow.names, file.path, keys)
            if isinstance(columns, SourceError):
                yield columns
                return
            number = 0
            for batch in table.iter_batches(columns=columns, batch_size=1024):
                for row in _rows(batch):
                    number += 1
                    where = f"{file.path}:{number}"
                    if isinstance(row, Exception):
                        yield source_error(where, f"cannot be read: {row}")
                    else:
                        yield row_document(row, where, keys)
            if number == 0:
                yield no_rows(file.path)
    except (pa.ArrowException, UnicodeDecodeError, *UNREADABLE) as error:
        yield source_error(file.path, f"not readable as Parquet: {error}")


def _rows(batch: Any) -> list[Mapping[str, Any] | Exception]:
    """The rows of a record batch, and in place of each that has no Python form (not UTF-8) its error."""
    try:
        rows: list[Mapping[str, Any] | Exception] = batch.to_pylist()
    except (ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            return [error]
        return [row for number in range(batch.num_rows) for row in _rows(batch.slice(number, 1))]
    return rows


def read_csv(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a CSV file, whose first row names the columns. Rows are named by the line that they begin in.

    Columns are separated by commas (in .tsv by tabs), or by semicolons, tabs or `|` where those alone give a
    column of text. See `csv_rows` for quotation marks.
    """
    try:
        encoding = file.encoding()
        separator = _separator(file, encoding, keys)
        with file.open() as stream:
            rows = csv_rows(_lines(stream, encoding), file.path, separator=separator)
            where, first = next(rows, (file.path, []))
            is_table = keys.reads_tables and isinstance(first, csv.Error)  # by this separator
            names = [] if is_table else _csv_names(first, where, keys)
            if is_table or (keys.reads_tables and names and keys.text not in names):
                yield from read_csv_table(file, _usual_separators(file))
                return
            header, columns = names, _csv_columns(names, file.path, keys)
            where = ""
            for where, row in rows:
                yield _csv_document(header, columns, row, where, keys)
            if header and not where:
                yield no_rows(file.path)
    except SourceError as error:
        yield error
    except (UnicodeDecodeError, *UNREADABLE) as error:
        yield source_error(file.path, f"cannot be read further: {error}")


def _lines(stream: Any, encoding: str) -> io.TextIOWrapper:
    # Bytes that are not UTF-8 become lone surrogates, so that only their own row is lost.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    # Lines end with \n whatever wrote them, in cells too.
    return io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline=None)


def _separator(file: SourceFile, encoding: str, keys: Keys) -> str:
    """The one that the first line names, else the first with which the first row names a column of text.

    If none does, what is usual.
    """
    with file.open() as stream:
        if named := named_separator(next(_lines(stream, encoding), "")):
            return named
    usual = _usual_separators(file)
    for separator in usual:
        with file.open() as stream:
            rows = csv_rows(_lines(stream, encoding), file.path, separator=separator)
            _, header = next(rows, ("", []))
        if not isinstance(header, csv.Error) and keys.text in spelled_as_wanted(header, keys):
            return separator
    return usual[0]


def _usual_separators(file: SourceFile) -> Sequence[str]:
    return _TABS_FIRST if ".tsv" in PurePosixPath(file.name.lower()).suffixes[-2:] else _COMMAS_FIRST


def _csv_names(header: Row, where: str, keys: Keys) -> list[str]:
    """All columns, if one holds text spelled as wanted; raises SourceError where that cannot be known."""
    if isinstance(header, csv.Error):
        raise source_error(where, f"not readable as CSV: {header}")
    names = spelled_as_wanted(header, keys)
    return names if keys.text in names else header


def _csv_columns(header: list[str], path: str, keys: Keys) -> list[str]:
    """The columns to read; raises SourceError where that cannot be known."""
    columns = wanted_columns(header, path, keys) if header else []
    if isinstance(columns, SourceError):
        raise columns
    for name in columns:
        if header.count(name) > 1:
            raise source_error(path, f"{header.count(name)} columns are named {name!r}; rename all but one")
    return columns


def _csv_document(header: list[str], columns: Sequence[str], row: Row, where: str, keys: Keys) -> Item:
    if isinstance(row, csv.Error):
        return source_error(where, f"not readable as CSV: {row}")
    if not any(row[len(header) :]):
        row = row[: len(header)]  # as of rows that end with a separator
    if len(row) != len(header):
        return source_error(
            where, f"{counted(len(row), 'field')} where the first row names {counted(len(header), 'column')}"
        )
    cells = {
        name: cell
        for name, cell in zip(header, row, strict=True)
        if name in columns and (name == keys.text or cell.strip() not in _NOTHING)
    }
    for name, cell in cells.items():
        try:
            cell.encode("utf-8")
        except UnicodeEncodeError:
            problem = f"not UTF-8 in column {name!r}; convert it (Excel: CSV UTF-8)"
            return source_error(where, problem, option=LEAVE_OUT)
    return row_document(cells, where, keys)
