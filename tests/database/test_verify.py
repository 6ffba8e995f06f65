"""No damage goes unnoticed: `verify` names the file, and readers give the same answer or an error."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import faiss
import numpy as np
import pytest

from breaking import answers_of, files_of, flip, make_rich, marker, offsets_of
from openbook.database import Database, NeighborTable, VerifyReport, repair, verify
from openbook.database.search.lexical import LexicalIndex
from openbook.errors import DatabaseError
from openbook.text import Tokenizer

Make = Callable[..., Database]

QUERIES = ["river stone copper", marker("d4"), "garden velvet mirror"]
MODES = ("dense", "bm25", "hybrid")
FLIPS = 3
"""Random bytes of each file that are changed, beside its first, middle and last."""


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer, embedder: object
) -> Iterator[Path]:
    """Of a database with every kind of file; only for copying."""
    with pytest.MonkeyPatch.context() as patch:
        faiss.omp_set_num_threads(1)
        yield make_rich(tmp_path_factory.mktemp("verified") / "db", tokenizer, patch).path


@pytest.fixture(scope="module")
def compacted(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `compact`, with its files in a folder of their own."""
    database = Database.open(shutil.copytree(folder, tmp_path_factory.mktemp("compacted") / "db"))
    database.compact()
    return database.path


KINDS = (
    "catalog.sqlite",
    "checksums.json",
    "tokenizer/",
    "tokens.",
    "vectors.",
    "lexical/",
    "dense/",
    "neighbors/",
)


def chosen(folder: Path, kind: str) -> list[str]:
    """The files of a kind; of the lexical index one with each ending."""
    names = [name for name in files_of(folder) if kind in name]
    return list({Path(name).suffix if kind == "lexical/" else name: name for name in names}.values())


def assert_named(report: VerifyReport, name: str) -> None:
    """A checksum and what it is of are one: if either is damaged, both are named."""
    assert not report.ok, name
    told = " ".join(f"{problem.file} {problem.problem}" for problem in report.problems)
    assert Path(name).name in told, (name, report.problems)


class Damaged:
    """Copies of a folder, each with one damaged file; opening a damaged database may repair something."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self.copies = (scratch / str(number) for number in count())
        self.last: Path | None = None

    def __call__(self, name: str, damage: Callable[[Path], object]) -> Path:
        """A fresh copy in the place of the last one."""
        if self.last is not None:
            shutil.rmtree(self.last, ignore_errors=True)
        self.last = shutil.copytree(self.folder, next(self.copies))
        damage(self.last / name)
        return self.last


def damages(size: int) -> Iterator[Callable[[Path], object]]:
    """Changed, cut, deleted."""
    for offset in offsets_of(size, FLIPS, seed=size):
        yield lambda path, offset=offset: flip(path, offset, bit=offset % 8)  # type: ignore[misc]
    for length in sorted({0, size // 2, size - 1}):
        yield lambda path, length=length: path.write_bytes(path.read_bytes()[:length])  # type: ignore[misc]
    yield Path.unlink


def test_a_sound_database_has_no_problems(folder: Path, compacted: Path) -> None:
    assert verify(folder) == verify(compacted) == VerifyReport(ok=True, problems=[])
    for kind in KINDS:
        assert chosen(folder, kind), kind
        assert chosen(compacted, kind), kind


@pytest.mark.parametrize("kind", KINDS)
def test_any_damage_is_named_and_no_search_gives_another_answer(
    folder: Path, tmp_path: Path, kind: str
) -> None:
    expected = answers_of(folder, QUERIES, MODES)
    assert expected is not None
    damaged = Damaged(folder, tmp_path)
    for name in chosen(folder, kind):
        for damage in damages((folder / name).stat().st_size):
            path = damaged(name, damage)
            gone = not (path / name).exists()
            if name == "catalog.sqlite" and gone:
                with pytest.raises(DatabaseError, match="no openbook database here"):
                    verify(path)
            elif not (name == "lexical/sealed.json" and gone):
                assert_named(verify(path), name)
            found = answers_of(path, QUERIES, MODES)
            if gone and name == "dense/index.json":
                assert found is not None, "search is exact without it"
            else:
                assert found in (expected, None), name
            if gone and name in ("lexical/meta.json", "dense/index.json"):
                assert repair(path).ok
                assert answers_of(path, QUERIES, MODES) is not None


def indexes_of(folder: Path) -> list[str]:
    """Files of indexes and of the table; not the seal, which is not there while somebody writes either."""
    names = [name for name in files_of(folder) if name.startswith(("lexical/", "dense/", "neighbors/"))]
    return [name for name in names if name != "lexical/sealed.json"]


def test_a_file_of_an_index_that_is_gone_is_named_with_what_makes_it_again(
    folder: Path, tmp_path: Path
) -> None:
    damaged = Damaged(folder, tmp_path)
    for name in indexes_of(folder):
        path = damaged(name, Path.unlink)
        found = {problem.file: problem.problem for problem in verify(path).problems}
        assert name in found, (name, found)
        assert "missing" in found[name] and f"openbook verify {path} --repair" in found[name]
        assert repair(path).ok, name
    for name, file in (("lexical", "lexical/meta.json"), ("dense", "dense/index.json")):
        path = damaged(name, shutil.rmtree)
        assert [problem.file for problem in verify(path).problems] == [file]
        assert repair(path).ok, name


@pytest.mark.parametrize("kind", KINDS)
def test_after_compaction_damage_is_named_below_its_folder(
    compacted: Path, tmp_path: Path, kind: str
) -> None:
    damaged = Damaged(compacted, tmp_path)
    for name in chosen(compacted, kind)[:2]:
        size = (compacted / name).stat().st_size
        report = verify(damaged(name, lambda path, size=size: flip(path, size // 2)))  # type: ignore[misc]
        assert_named(report, name)


def test_every_array_row_that_is_damaged_is_named_with_its_document(folder: Path, tmp_path: Path) -> None:
    database = Database.open(folder)
    path = Damaged(folder, tmp_path)(
        "tokens.bin", lambda file: flip(file, int(database.layout.first_chunk[4]) * 16 + 3)
    )
    (problem,) = verify(path).problems
    assert (problem.file, "'d4'" in problem.problem) == ("tokens.bin", True)


def test_damage_in_several_files_is_named_in_all_of_them(folder: Path, tmp_path: Path) -> None:
    names = ["tokens.bin", "vectors.f16", "neighbors/ids.i64", *chosen(folder, "lexical/")[:1]]
    copy = shutil.copytree(folder, tmp_path / "copy")
    for name in names:
        flip(copy / name, 5)
    assert {problem.file for problem in verify(copy).problems} == set(names)


def test_damaged_rows_of_a_damaged_catalog_are_still_reported(folder: Path, tmp_path: Path) -> None:
    """The document's name cannot be believed then, so its number must do."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    content = (copy / "catalog.sqlite").read_bytes()
    (copy / "catalog.sqlite").write_bytes(content.replace(b"title of d4", b"title of dx"))
    first = int(Database.open(folder).layout.first_chunk[4])
    flip(copy / "tokens.bin", first * 16)
    files = [problem.file for problem in verify(copy).problems]
    assert {"catalog.sqlite", "tokens.bin"} <= set(files)


def test_rows_of_the_catalog_that_contradict_each_other_are_an_error(folder: Path, tmp_path: Path) -> None:
    """SQLite itself is content with them."""
    changes = (
        "UPDATE documents SET title = 'another' WHERE id = 'd4'",
        "UPDATE documents SET holdout = 0 WHERE id = 'd5'",
        "UPDATE documents SET excluded = NULL WHERE id = 'copy'",
        "UPDATE documents SET removed = NULL WHERE id = 'd9'",
        "UPDATE documents SET num_chunks = num_chunks - 1 WHERE id = 'd4'",
        "UPDATE documents SET first_chunk = first_chunk + 1 WHERE id = 'd4'",
        "UPDATE documents SET num_tokens = 'many' WHERE id = 'd4'",
        "UPDATE documents SET number = 999 WHERE id = 'd4'",
        "DELETE FROM documents WHERE id = 'd4'",
        "UPDATE settings SET value = '16' WHERE key = 'chunk_size'",
        "DELETE FROM commits WHERE version = (SELECT max(version) FROM commits)",
        "DELETE FROM commits",
        "UPDATE commits SET action = 'nothing' WHERE version = 2",
        "UPDATE commits SET version = 999 WHERE version = (SELECT max(version) FROM commits)",
    )
    expected = answers_of(folder, QUERIES, MODES)
    for number, change in enumerate(changes):
        copy = shutil.copytree(folder, tmp_path / str(number))
        connection = sqlite3.connect(copy / "catalog.sqlite")
        with connection:
            connection.execute(change)
        connection.close()
        assert_named(verify(copy), "catalog.sqlite")
        assert answers_of(copy, QUERIES, MODES) in (expected, None), change


def test_a_message_of_sqlite_that_quotes_damaged_bytes_is_an_error_like_any_other(
    folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    content = (copy / "catalog.sqlite").read_bytes()
    (copy / "catalog.sqlite").write_bytes(
        content.replace(b"CREATE TABLE commits", b"CREATE TABLE c\xf4\xffmits")
    )
    with pytest.raises(DatabaseError, match=r"catalog\.sqlite"):
        Database.open(copy)
    assert_named(verify(copy), "catalog.sqlite")


def test_a_table_that_is_behind_is_no_damage(folder: Path, tmp_path: Path) -> None:
    database = Database.open(shutil.copytree(folder, tmp_path / "copy"))
    database.remove(["d2"])
    assert verify(database.path).ok


def test_what_was_never_committed_is_no_damage(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    for name in ("tokens.bin", "tokens.sum", "vectors.f16", "vectors.sum"):
        with (copy / name).open("ab") as file:
            file.write(b"\1" * 40)
    assert verify(copy).ok
    assert answers_of(copy, QUERIES, MODES) == answers_of(folder, QUERIES, MODES)


def test_an_empty_and_a_lexical_database_are_sound(make: Make) -> None:
    assert make().verify().ok
    assert make({"a": "river stone"}).verify().ok


def test_a_chunk_missing_from_the_lexical_index_is_reported(make: Make) -> None:
    database = make({"a": "river stone", "b": "copper"})
    index = LexicalIndex(database.path / "lexical")
    index.delete_chunks([0])
    index.add([1], ["copper"])
    index.commit()
    index.close()
    problems = {problem.problem for problem in database.verify().problems}
    assert problems == {"1 chunk missing", "1 chunk there twice"}


def test_it_changes_nothing_and_tells_how_far_it_is(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    before = {name: (copy / name).read_bytes() for name in files_of(copy)}
    told: list[tuple[int, int | None]] = []
    verify(copy, progress=lambda done, total: told.append((done, total)))
    assert {name: (copy / name).read_bytes() for name in files_of(copy)} == before
    chunks = Database.open(copy).layout.num_chunks
    assert told[-1] == (chunks, chunks)


def test_a_folder_without_a_database_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no openbook database here"):
        verify(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_table_read_row_by_row_is_checked_row_by_row(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    flip(copy / "neighbors" / "ids.i64", 3 * 8 * 5)
    table = NeighborTable.load(Database.open(copy))
    sound = np.asarray(NeighborTable.load(Database.open(folder)).ids)
    assert table.ids[np.array([4, 6])].tolist() == sound[[4, 6]].tolist()
    with pytest.raises(DatabaseError, match=r"ids\.i64: row 5"):
        table.ids[np.array([4, 5])]
