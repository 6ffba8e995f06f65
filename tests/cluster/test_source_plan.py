"""Shards are planned from the sources alone, and read again as they were planned."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.cli.checked_sources import Sources
from openbook.cluster.source_plan import ChangedSourceError, PlannedSources, ShardPlan, SourcePlanner
from openbook.errors import SourceError
from openbook.text import AnyDocument, Document, read_documents
from openbook.text.sources import SourceOptions


def write_folder(folder: Path) -> Path:
    """Files of one document and of many, in folders, one of them empty of text."""
    (folder / "notes").mkdir(parents=True)
    for name in ("b", "a", "c"):
        (folder / "notes" / f"{name}.md").write_text(f"text of {name} " * 7)
    rows = [{"id": f"r{number}", "text": f"row {number} " * (1 + number % 5)} for number in range(23)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def planned(
    *names: Path, count: int, skip: bool = False, git_ignored: bool = False
) -> tuple[list[ShardPlan], PlannedSources]:
    options = SourceOptions(text_key="text", git_ignored=git_ignored)
    sources = Sources([str(name) for name in names], options, skip=skip)
    planner = SourcePlanner()
    sources.check(planner=planner)
    return planner.shards(count), PlannedSources(names=tuple(map(str, names)), options=options, skip=skip)


def read_all(shards: list[ShardPlan], options: PlannedSources) -> list[str]:
    return [document.id for shard in shards for document in shard.read(options)]


@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_the_shards_hold_every_document_once_and_in_order(tmp_path: Path, count: int) -> None:
    folder = write_folder(tmp_path / "text")
    shards, options = planned(folder, count=count)
    ids = [document.id for document in read_documents([str(folder)])]
    assert read_all(shards, options) == ids
    assert sum(shard.documents for shard in shards) == len(ids)
    assert len(shards) == count or (count > 5 and len(shards) <= len(ids))


@pytest.mark.parametrize("git_ignored", [False, True])
def test_what_git_ignores_is_in_shards_only_where_that_is_asked(tmp_path: Path, git_ignored: bool) -> None:
    folder = write_folder(tmp_path / "text")
    (folder / ".gitignore").write_text("notes/b.md\n")
    shards, options = planned(folder, count=2, git_ignored=git_ignored)
    assert (
        "text/notes/b.md" in read_all(shards, PlannedSources.from_values(options.values()))
    ) == git_ignored


def test_a_shard_reads_only_its_own_files(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "text")
    shards, options = planned(folder, count=4)
    for path in folder.rglob("*.md"):
        path.write_bytes(b"\xff\xfe broken \xff")
    of_rows = [shard for shard in shards if all(part.file.endswith(".jsonl") for part in shard.parts)]
    assert of_rows
    assert all(len(list(shard.read(options))) == shard.documents for shard in of_rows)


def test_a_document_that_comes_again_is_in_one_shard(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "text")
    shards, options = planned(folder / "rows.jsonl", folder, folder / "notes" / "a.md", count=3)
    ids = read_all(shards, options)
    assert len(ids) == len(set(ids)) == 26


def test_what_cannot_be_read_is_in_no_shard(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "text")
    with (folder / "rows.jsonl").open("a") as file:
        file.write(
            'not JSON\n{"id": "r3", "text": "another text under this id"}\n{"id": "last", "text": "end"}\n'
        )
    shards, options = planned(folder, count=4, skip=True)
    assert read_all(shards, options)[-2:] == ["r22", "last"]


def test_changed_text_is_refused_by_the_name_of_its_file(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "text")
    shards, options = planned(folder, count=1)
    (folder / "notes" / "b.md").write_text("something else")
    with pytest.raises(
        ChangedSourceError, match=r"a\.md or 3 other files of a shard: changed since .*another folder"
    ):
        read_all(shards, options)


def test_a_plan_comes_back_from_json(tmp_path: Path) -> None:
    shards, options = planned(write_folder(tmp_path / "text"), count=3)
    assert [ShardPlan.from_values(json.loads(json.dumps(shard.values()))) for shard in shards] == shards
    assert PlannedSources.from_values(json.loads(json.dumps(options.values()))) == options


def test_a_plan_that_was_begun_before_is_read() -> None:
    values = {
        "names": ["/texts"],
        "text_key": "body",
        "id_key": "name",
        "glob": "*.md",
        "exclude": ["drafts"],
        "git_ignored": True,
        "any_text": True,
        "prefix": "work/",
        "skip": True,
    }
    sources = PlannedSources.from_values(values)
    assert (sources.names, sources.options.exclude, sources.skip) == (("/texts",), ("drafts",), True)
    assert list(sources.values().items()) == list(values.items())


@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=60), count=st.integers(1, 12))
def test_shards_are_of_about_as_much_text(lengths: list[int], count: int) -> None:
    planner = SourcePlanner()

    def documents() -> Iterator[AnyDocument]:
        for number, length in enumerate(lengths):
            yield Document(id=str(number), text="x" * length, origin=f"/f/{number // 7}.jsonl")

    for document in planner.reading(documents()):
        planner.keep(document)
    shards = planner.shards(count)
    assert sum(shard.characters for shard in shards) == sum(lengths)
    assert sum(part.end - part.first for shard in shards for part in shard.parts) == len(lengths)
    assert all(shard.characters <= sum(lengths) / min(count, len(lengths)) + max(lengths) for shard in shards)


def test_errors_of_reading_reach_the_caller(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "text")
    shards, options = planned(folder, count=1)
    (folder / "rows.jsonl").unlink()
    with pytest.raises(SourceError):
        read_all(shards, options)
