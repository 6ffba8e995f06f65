"""add --watch: a change is written when its file is quiet, and what cannot be read changes nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from command_line import OpenBook
from openbook.cli.checked_sources import Sources
from openbook.cli.folder_watch import FolderWatch
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.text.sources import SourceOptions

Follow = Callable[..., "Followed"]


class Followed:
    """A watch whose clock is moved by hand."""

    def __init__(self, database: Path, *names: object, **options: bool) -> None:
        self.lines: list[str] = []
        sources = Sources([str(name) for name in names], SourceOptions(), skip=False)
        self.database = Database.open(database)
        yes = options.get("yes", False)
        self.watch = FolderWatch(self.database, sources, yes=yes, print_line=self.lines.append)
        self.now = 0.0

    def step(self, seconds: float = 1.0) -> list[str]:
        """The lines of one look at the files, so long after the last."""
        self.now += seconds
        self.lines.clear()
        self.watch.step(self.now)
        return list(self.lines)

    def settle(self) -> list[str]:
        """The lines of a change that is quiet."""
        assert self.step() == []
        return self.step()

    def ids(self) -> set[str]:
        return set(self.database.catalog.live_ids())


@pytest.fixture
def follow(database: Path) -> Follow:
    return lambda *names, **options: Followed(database, *names, **options)


def test_each_change_is_a_line(follow: Follow, texts: Path) -> None:
    followed = follow(texts)
    assert followed.settle() == []
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    (texts / "new.md").write_text("A yak eats grass.")
    (texts / "note4.txt").unlink()
    (texts / "rows.jsonl").write_text('{"id": "row2", "text": "A wombat digs."}')
    assert followed.settle() == [
        "added    texts/new.md",
        "added    row2",
        "replaced texts/note3.txt",
        "removed  texts/note4.txt",
        "removed  row1",
    ]
    assert (followed.watch.is_waiting, followed.settle()) == (False, [])
    assert {"texts/new.md", "row2"} <= followed.ids() and not {"texts/note4.txt", "row1"} & followed.ids()
    (texts / "new.md").rename(texts / "newer.md")
    assert followed.settle() == ["added    texts/newer.md", "removed  texts/new.md"]
    assert followed.watch.done.removed == 3


def test_what_git_ignores_is_not_followed(follow: Follow, texts: Path) -> None:
    (texts / ".gitignore").write_text("*.log.md\nnote3.txt\n")
    followed = follow(texts)
    (texts / "run.log.md").write_text("Noise.")
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    (texts / "new.md").write_text("A yak eats grass.")
    assert followed.settle() == ["added    texts/new.md"]
    (texts / ".gitignore").write_text("new.md\n")
    assert followed.settle() == ["added    texts/run.log.md", "replaced texts/note3.txt"]
    assert "texts/new.md" in followed.ids(), "it is there, and is not read any more"


def test_a_file_is_read_when_it_is_quiet(follow: Follow, texts: Path) -> None:
    followed = follow(texts)
    path = texts / "note3.txt"
    path.unlink()
    assert followed.step(0.3) == []
    for text in ("", "Half of", "Half of a sentence"):
        path.write_text(text)
        assert followed.step(0.3) == []
    assert followed.watch.is_waiting
    assert followed.step(0.6) == ["replaced texts/note3.txt"]


@pytest.mark.parametrize("content", [b"", b"Gr\xf6\xdfe"], ids=["empty", "latin-1"])
def test_what_cannot_be_read_stays_as_it_was(
    follow: Follow, texts: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    followed = follow(texts)
    (texts / "note3.txt").write_bytes(content)
    (texts / "note4.txt").unlink()
    (texts / "new.txt").write_text("A yak eats grass.")
    assert followed.settle() == ["added    texts/new.txt", "removed  texts/note4.txt"]
    said = capsys.readouterr().err
    assert "note3.txt: " in said and "what is stored of it stays" in said
    assert followed.settle() == [] and capsys.readouterr().err == "", "it is said once"
    assert "texts/note3.txt" in followed.ids()
    (texts / "note3.txt").write_text("Note 3 again.")
    assert followed.settle() == ["replaced texts/note3.txt"]


def test_of_a_new_file_that_cannot_be_read_nothing_is_stored(
    follow: Follow, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    followed = follow(texts)
    (texts / "new.csv").write_text('part,price\n"P-1,3\n')
    assert followed.settle() == []
    said = capsys.readouterr().err
    assert "new.csv:2: not readable as CSV: " in said and "stays" not in said
    (texts / "new.csv").write_text("part,price\nP-1,3\n")
    assert followed.settle() == ["added    texts/new.csv"]
    (texts / "new.csv").write_text('part,price\n"P-1,4\n')
    assert followed.settle() == []
    assert "new.csv:2: not readable as CSV: " in (said := capsys.readouterr().err) and "stays" in said


def test_a_new_empty_note_is_not_said_and_rows_go_beside_what_cannot_be_read(
    follow: Follow, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    followed = follow(texts)
    (texts / "Untitled.md").write_text("")
    (texts / "note3.txt").write_bytes(b"\xff")
    (texts / "rows.jsonl").write_text('{"id": "row2", "text": "A wombat digs."}')
    assert followed.settle() == ["added    row2", "removed  row1"]
    said = capsys.readouterr().err
    assert "note3.txt: " in said and "Untitled" not in said
    (texts / "rows.jsonl").write_text("{")
    assert followed.settle() == []
    assert {"row2", "texts/note3.txt"} <= followed.ids()


def test_ids_of_headers_follow_files_that_take_the_names_of_others(
    follow: Follow, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, number in (("a", 1), ("b", 2)):
        (texts / f"{name}.md").write_text(f"---\nid: k{number}\n---\nNote {number} of two.")
    followed = follow(texts)
    for name in ("a", "b"):
        (texts / f"{name}.md").touch()
    assert followed.settle() == ["added    k1", "added    k2"]
    (texts / "a.md").rename(texts / "c.md")
    (texts / "c.md").write_text("---\nid: k1\n---\nNote 1 of two, edited.")
    assert followed.step() == []
    (texts / "b.md").rename(texts / "a.md")  # which is not quiet when c.md is read
    assert followed.step() + followed.step() == [
        "replaced k1",
        "1 document with a new title, source or language",
    ]
    assert "taken" not in capsys.readouterr().err
    assert followed.settle() == [] and {"k1", "k2"} <= followed.ids()


def test_much_is_removed_only_with_yes(
    follow: Follow, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    followed, eager = follow(texts), follow(texts, yes=True)
    for number in range(6):
        (texts / f"note{number}.txt").unlink()
    assert followed.settle() == []
    assert "6 of 14 documents are gone" in capsys.readouterr().err
    assert (followed.settle(), len(followed.ids())) == ([], 14)
    assert len(eager.settle()) == 6 and len(eager.ids()) == 8


def test_a_folder_with_another_name_is_followed(follow: Follow, texts: Path) -> None:
    followed = follow(texts)
    before = followed.ids()
    (texts / "archive").mkdir()
    for note in texts.glob("*.txt"):
        note.rename(texts / "archive" / note.name)
    followed.settle()
    assert len(followed.ids()) == len(before) > 6
    assert all("/archive/" in name for name in followed.ids() if name.endswith(".txt"))


def test_a_folder_that_is_gone_for_a_while_removes_nothing(
    follow: Follow, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    followed = follow(texts)
    texts.rename(tmp_path / "away")
    assert followed.settle() == [] and followed.settle() == []
    assert capsys.readouterr().err.count("no such file or folder") == 1
    (tmp_path / "away").rename(texts)
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    assert followed.settle() == ["replaced texts/note3.txt"]
    assert len(followed.ids()) == 14


def test_another_writer_is_waited_for(
    follow: Follow, texts: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    followed = follow(texts)
    (texts / "new.txt").write_text("A yak eats grass.")
    with FileLock(database / "write.lock"):
        assert followed.settle() == [] and followed.step() == []
        assert capsys.readouterr().err.count("another process is writing") == 1
    assert followed.step() == ["added    texts/new.txt"]


def test_named_files_are_followed_too(follow: Follow, texts: Path) -> None:
    followed = follow(texts / "rows.jsonl", texts / "note3.txt")
    (texts / "note4.txt").unlink()
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    assert followed.watch.is_waiting
    assert followed.settle() == ["replaced texts/note3.txt"]
    (texts / "rows.jsonl").write_text('{"id": "row1", "text": "A quokka smiles at noon.", "title": "New"}')
    assert followed.settle() == ["1 document with a new title, source or language"]


def test_only_files_and_folders_are_followed(openbook: OpenBook, database: Path, texts: Path) -> None:
    for source in ("-", "hf://owner/name"):
        result = openbook("add", database, source, "--watch")
        assert (result.code, "on this machine" in result.error) == (2, True)
    both = openbook("add", database, texts, "--watch", "--dry-run")
    assert (both.code, "--dry-run" in both.error) == (2, True)


def test_a_missing_package_is_named(
    openbook: OpenBook, database: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openbook.cli.folder_watch.find_spec", lambda name: None)
    result = openbook("add", database, texts, "--watch")
    assert (result.code, "openbook[watch]" in result.error) == (2, True)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_follows_until_a_signal_and_ends_with_0(
    database: Path, texts: Path, tmp_path: Path, number: signal.Signals
) -> None:
    pytest.importorskip("watchfiles")
    (texts / "note4.txt").unlink()
    command = [sys.executable, "-m", "openbook", "add", str(database), str(texts), "--watch"]
    said = (tmp_path / "said").open("w")
    with said, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as process:
        assert process.stdout is not None
        wait_until(lambda: "Ctrl-C ends it" in (tmp_path / "said").read_text(), process)
        (texts / "new.txt").write_text("A yak eats grass.")
        assert process.stdout.readline() == "added    texts/new.txt\n"
        process.send_signal(number)
        assert (process.wait(), process.stdout.read()) == (0, "")
    ids = set(Database.open(database).catalog.live_ids())
    assert "texts/new.txt" in ids and "texts/note4.txt" not in ids


def wait_until(happened: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    while not happened():
        assert process.poll() is None
        time.sleep(0.1)


def test_settings_errors_name_the_source(database: Path) -> None:
    with pytest.raises(SettingsError, match=r"--watch -: "):
        Followed(database, "-")
