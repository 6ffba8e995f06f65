"""Making a book of databases, and what its manifest refuses."""

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openbook.database import Database, build_neighbors
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import BookManifest, is_sharded
from openbook.errors import DatabaseError, FormatError, MismatchError

Make = Callable[..., Database]


def book_of(make: Make, tmp_path: Path, *texts: dict[str, str], **settings: Any) -> Path:
    shards = [make(part, **settings) for part in texts]
    create_book(tmp_path, [str(shard.path) for shard in shards])
    return tmp_path


def test_a_book_says_what_its_shards_hold(make: Make, tmp_path: Path) -> None:
    shards = [make({"a": "one two", "b": "three"}), make({"c": "four"}), make({})]
    made = create_book(tmp_path, [str(shard.path) for shard in shards])
    assert BookManifest.read(tmp_path) == made and is_sharded(tmp_path)
    assert [shard.num_documents for shard in made.shards] == [2, 1, 0]
    assert made.head.totals.documents == 3
    assert made.extents == ((0, shards[0].layout.num_chunks), (1, shards[1].layout.num_chunks))
    assert made.head.version == 1 and [made.commit.action for made in made.commits] == ["create", "build"]
    assert (tmp_path / "tokenizer" / "tokenizer.json").is_file()


def test_a_book_of_empty_shards_is_at_version_0(make: Make, tmp_path: Path) -> None:
    book = book_of(make, tmp_path, {}, {})
    assert BookManifest.read(book).head.version == 0


def test_shards_have_the_same_settings(make: Make, tmp_path: Path) -> None:
    other = make({"b": "two"}, chunk_size=4)
    with pytest.raises(MismatchError, match="chunk_size is 4, asked for 8; build all shards with the same"):
        create_book(tmp_path, [str(make({"a": "one"}).path), str(other.path)])
    assert not is_sharded(tmp_path)


def test_a_document_is_in_one_shard(make: Make, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"'b' is in .* too; remove it from one: openbook remove"):
        book_of(make, tmp_path, {"a": "one", "b": "two"}, {"b": "two"})


def test_near_copies_are_looked_for_in_all_shards(make: Make, tmp_path: Path) -> None:
    parts = [{f"{name}{number}": "one two" for number in range(20)} for name in "ab"]
    with pytest.raises(DatabaseError, match=r"in this shard alone.*openbook build --ray"):
        book_of(make, tmp_path, *parts, holdout=0.3)


def test_a_book_is_not_made_over_another(make: Make, tmp_path: Path) -> None:
    book = book_of(make, tmp_path, {"a": "one"})
    with pytest.raises(DatabaseError, match="is a sharded book already"):
        create_book(book, ["x"])
    with pytest.raises(DatabaseError, match="of no shards"):
        create_book(tmp_path / "new", [])


def test_a_shard_is_written_by_its_book_alone(make: Make, tmp_path: Path) -> None:
    shard = make({"a": "one"})
    inside = tmp_path / "shard-00000"
    shard.path.rename(inside)
    create_book(tmp_path, ["shard-00000"])
    with pytest.raises(DatabaseError, match=r"is a shard of the book .*; add to the book"):
        Database.open(inside).remove(["a"])
    with pytest.raises(DatabaseError, match="is a shard of the book"):
        build_neighbors(Database.open(inside))


def edited(book: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    path = book / "book.json"
    values = json.loads(path.read_text())["values"]
    change(values)
    seal = zlib.crc32(json.dumps(values, sort_keys=True).encode())
    path.write_text(json.dumps({"crc32": seal, "values": values}))
    return book


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda values: values.update(shards=[]), "has no shards"),
        (lambda values: values.update(commits=[]), "has no commits"),
        (lambda values: values["extents"].append([7, 1]), "the shard 7, of 1 shard"),
        (lambda values: values.update(extents=[[0, 1], [0, 9]]), "10 chunks of .* in the extents"),
        (lambda values: values["shards"][0].update(version=9), "at version 9"),
        (lambda values: values["shards"][0].pop("folder"), "folder"),
    ],
)
def test_a_manifest_that_contradicts_itself(
    make: Make, tmp_path: Path, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    book = edited(book_of(make, tmp_path, {"a": "one"}), change)
    with pytest.raises(DatabaseError, match=f"contradicts itself: .*{says}.*; restore it from a copy"):
        BookManifest.read(book)


def test_other_formats_damage_and_absence(make: Make, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"no book\.json; build one: openbook build"):
        BookManifest.read(tmp_path)
    book = edited(book_of(make, tmp_path, {"a": "one"}), lambda values: values.update(format=7))
    with pytest.raises(FormatError, match="its format is 7, this openbook reads 1"):
        BookManifest.read(book)
    (book / "book.json").write_text("{}")
    with pytest.raises(DatabaseError, match="does not match its checksum"):
        BookManifest.read(book)


def test_versions_of_shards_and_commits(make: Make, tmp_path: Path) -> None:
    manifest = BookManifest.read(book_of(make, tmp_path, {"a": "one"}, {"b": "two"}))
    commits = (
        *manifest.commits,
        replace(manifest.commits[-1], commit=replace(manifest.head, version=2), shards={1: 4}),
    )
    later = replace(
        manifest, commits=commits, shards=(manifest.shards[0], replace(manifest.shards[1], version=4))
    )
    first = manifest.shards[1].version
    assert later.shard_versions() == [manifest.shards[0].version, 4]
    assert later.shard_versions(1) == [manifest.shards[0].version, first]
    assert later.commits_of(1, np.array([0, first, first + 1, 4])).tolist() == [0, 1, 2, 2]
