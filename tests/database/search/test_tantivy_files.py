"""Every byte of the lexical index is covered: by tantivy's checksums, or by our seal while nobody writes."""

import shutil
import threading
from pathlib import Path

import pytest

from breaking import files_of, flip, offsets_of
from fakes import WORDS
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.tantivy_files import damaged_segments, remove_uncommitted_deletes
from openbook.errors import DatabaseError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a small index with two commits, of which the second deletes something."""
    index = LexicalIndex(tmp_path / "lexical")
    index.add(range(20), [f"word{number} {' '.join(WORDS[:number])}" for number in range(20)])
    index.commit()
    index.delete_chunks([3, 7])
    index.add([20], ["another word"])
    index.commit()
    index.close()
    return tmp_path / "lexical"


def unseal(folder: Path) -> None:
    """As a writer leaves it that is killed."""
    (folder / "sealed.json").unlink()


def test_a_sound_index_has_no_problems(folder: Path) -> None:
    assert damaged_segments(folder) == []
    unseal(folder)
    assert damaged_segments(folder) == []


def test_every_changed_byte_is_noticed_in_the_file_where_it_is(folder: Path) -> None:
    for name in files_of(folder):
        content = (folder / name).read_bytes()
        for offset in offsets_of(len(content), 25):
            flip(folder / name, offset, bit=offset % 8)
            assert folder / name in [path for path, _ in damaged_segments(folder)], (name, offset)
            (folder / name).write_bytes(content)
    assert damaged_segments(folder) == []


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_every_cut_file_is_noticed(folder: Path, part: float) -> None:
    for name in files_of(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(part * len(content))])
        assert folder / name in [path for path, _ in damaged_segments(folder)], name
        (folder / name).write_bytes(content)


def test_every_missing_file_is_noticed(folder: Path) -> None:
    for name in set(files_of(folder)) - {"sealed.json"}:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        assert folder / name in [path for path, _ in damaged_segments(folder)], name
        (folder / name).write_bytes(content)


def test_without_a_seal_what_tantivy_covers_is_still_covered(folder: Path) -> None:
    unseal(folder)
    for name in files_of(folder):
        if name.endswith(".json"):
            continue
        content = (folder / name).read_bytes()
        flip(folder / name, 0)
        assert damaged_segments(folder) == [(folder / name, "does not match its checksum")]
        (folder / name).unlink()
        assert (folder / name, "is missing") in damaged_segments(folder)
        (folder / name).write_bytes(content)


def test_a_writer_at_work_breaks_the_seal_and_makes_a_new_one(folder: Path) -> None:
    index = LexicalIndex(folder)
    assert (folder / "sealed.json").exists()
    index.add([21], ["one more"])
    assert not (folder / "sealed.json").exists()
    index.commit()
    assert damaged_segments(folder) == []
    index.close()
    assert (folder / "sealed.json").exists()
    assert damaged_segments(folder) == []


def test_an_index_made_anew_does_not_keep_the_old_seal(folder: Path) -> None:
    (folder / "meta.json").unlink()
    index = LexicalIndex(folder)
    index.check_files()
    index.add([1], ["new"])
    index.commit()
    index.close()
    assert damaged_segments(folder) == []


def test_files_that_are_merged_away_meanwhile_are_no_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of files is read before a merge, and the files when it is done."""
    from openbook.database.search import tantivy_files

    original, calls = tantivy_files._against_footers, []

    def late(path: Path) -> list[tuple[Path, str]]:
        calls.append(path)
        if len(calls) > 1:
            return original(path)
        problems = [(path / "gone.idx", "is missing")]
        (path / "meta.json").write_text((path / "meta.json").read_text() + "\n")
        unseal(path)
        return problems

    monkeypatch.setattr(tantivy_files, "_against_footers", late)
    assert damaged_segments(folder) == []
    assert len(calls) == 2


def test_a_check_while_a_writer_commits_and_merges_finds_no_damage(tmp_path: Path) -> None:
    folder = tmp_path / "lexical"
    index = LexicalIndex(folder)
    done = threading.Event()
    found: list[tuple[Path, str]] = []

    def check() -> None:
        while not done.is_set():
            found.extend(damaged_segments(folder))

    checker = threading.Thread(target=check)
    checker.start()
    for number in range(25):
        index.add([number], [" ".join(WORDS)])
        index.delete_chunks([number - 5])
        index.commit()
    index.close()
    done.set()
    checker.join()
    assert found == []


def test_of_a_folder_that_is_deleted_the_open_index_stays(folder: Path) -> None:
    index = LexicalIndex(folder, create=False)
    shutil.rmtree(folder)
    index.check_files()
    assert index.search(["word4"], 1)[0].tolist() == [[4]]
    with pytest.raises(DatabaseError, match="lexical"):
        LexicalIndex(folder, create=False)
    assert not folder.exists()


def test_no_index_at_all_is_one_problem(tmp_path: Path) -> None:
    ((path, problem),) = damaged_segments(tmp_path / "lexical")
    assert path.name == "meta.json"
    assert problem == "is missing"


def scores(index: LexicalIndex) -> list[list[float]]:
    ids, found = index.search(["silver castle word5", "river"], 30)
    return [ids.tolist(), found.tolist()]


@pytest.mark.parametrize("commits", [1, 12], ids=["in files of their own", "merged with others"])
def test_chunks_that_are_cut_off_leave_no_trace_in_the_scores(tmp_path: Path, commits: int) -> None:
    """Deleted documents go on counting in BM25 as long as they share a file with others."""
    texts = [f"word{number} {' '.join(WORDS[number % 7 :: 3])}" for number in range(40)]
    fresh, cut = LexicalIndex(tmp_path / "fresh"), LexicalIndex(tmp_path / "cut")
    fresh.add(range(30), texts[:30])
    cut.add(range(30 - commits), texts[: 30 - commits])
    cut.commit()
    for number in range(30 - commits, 31):
        cut.add([number], [texts[number]])
        cut.commit()
    cut.add(range(31, 40), texts[31:])
    for index in (fresh, cut):
        index.commit()
        index.close()
    assert scores(cut) != scores(fresh)
    again = LexicalIndex(tmp_path / "cut")
    start = again.cut(30)
    again.add(range(start, 30), texts[start:30])
    again.commit()
    again.close()
    assert scores(again) == scores(fresh)
    assert again.chunks().tolist() == list(range(30))
    assert again.cut(30) == 30
    assert again.cut(35) == 30


def test_deletions_that_were_never_committed_are_removed(folder: Path) -> None:
    # tantivy's threads decide how many segments there are, and so how many of these files.
    kept = sorted(folder.glob("*.del"))
    segment, opstamp, _ = kept[0].name.split(".")
    shutil.copy(kept[0], folder / f"{segment}.{int(opstamp) + 5}.del")
    remove_uncommitted_deletes(folder)
    assert sorted(folder.glob("*.del")) == kept
    remove_uncommitted_deletes(folder / "nowhere")
