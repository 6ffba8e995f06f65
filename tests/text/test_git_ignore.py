"""What git ignores is left out of folders; git itself is asked where it is installed."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openbook.errors import SourceError
from openbook.text import read_documents
from openbook.text.git_ignore import IgnoreRules
from openbook.text.omissions import Omissions

Write = Callable[[str, str | bytes], Path]

FOLDERS = ["", "a", "b", "a/a", "a/b", "b/a", "b/b", "a/b/a"]
PATTERNS = [
    "a", "b", "/a", "a/", "*", "!a", "!b", "!a/", "*.md", "!x.md", "a/*", "a/**", "!a/b", "!a/b/", "**/b",
    "a/**/b", "b/*/", "!*/", "/*", "!/b", "x.*", "[ab]", "?", "\\!a", "# a", "", "  ", "a ", "!**/x.md",
    "!a/**/", "b/**/", "!*.md", "/a/b/", "a/*.md", "**", "**/", "!/a/b/x.md", "a//", "!", "/", "x.md\r",
    "*/b", "[!a]", "[^b]*", "[a", "a\\", "\ufeffa",
]  # fmt: skip


def read(folder: object, **options: object) -> tuple[list[str], Omissions]:
    omissions = Omissions()
    found = read_documents(str(folder), omissions=omissions, **options)  # type: ignore[arg-type]
    return [document.id for document in found], omissions


@pytest.fixture
def project(write: Write, tmp_path: Path) -> Path:
    """A repository with ignored files, one of which a folder below takes back."""
    write("project/.git/HEAD", "ref: refs/heads/main")
    write("project/.gitignore", "*.log.txt\r\n/build/\nnotes/*\n!notes/kept.md\n")
    write("project/a.md", "text")
    write("project/build/page.html", "<p>made</p>")
    write("project/docs/build/kept.txt", "text")
    write("project/docs/run.log.txt", "noise")
    write("project/docs/.gitignore", "!kept.log.txt")
    write("project/docs/kept.log.txt", "text")
    write("project/notes/kept.md", "text")
    write("project/notes/other.md", "noise")
    return tmp_path / "project"


def test_what_git_ignores_is_left_out_and_said_in_a_line(project: Path) -> None:
    ids, omissions = read(project)
    assert ids == [
        "project/a.md",
        "project/docs/build/kept.txt",
        "project/docs/kept.log.txt",
        "project/notes/kept.md",
    ]
    assert omissions.lines() == [
        "2 git-ignored files, 1 git-ignored folder, 2 hidden files, 1 hidden folder are left out "
        "(to read what git ignores: --git-ignored)"
    ]
    assert omissions.counts()["git-ignored folder"] == 1


def test_what_git_ignores_is_read_where_that_is_asked_or_a_file_is_named(project: Path) -> None:
    assert len(read(project, git_ignored=True)[0]) == 7
    assert read(project / "docs" / "run.log.txt")[0] == ["run.log.txt"]


def test_files_of_folders_need_no_repository(project: Path) -> None:
    shutil.rmtree(project / ".git")
    assert len(read(project)[0]) == 4
    assert len(read(project / "docs")[0]) == 3, "what lies above counts in a repository alone"


def test_the_folders_above_count_up_to_the_root_of_the_repository(project: Path, write: Write) -> None:
    write(".gitignore", "*.md")
    assert len(read(project)[0]) == 4
    assert read(project / "docs")[0] == ["docs/build/kept.txt", "docs/kept.log.txt"]
    (project.parent / "link").symlink_to(project / "docs")
    assert read(project.parent / "link")[0] == ["link/build/kept.txt", "link/kept.log.txt"]


def test_a_folder_that_is_ignored_as_a_whole_is_read_where_it_is_named(project: Path, write: Write) -> None:
    write("project/build/sub/x.md", "text")
    assert read(project / "build")[0] == ["build/page.html", "build/sub/x.md"]
    assert read(project / "build" / "sub")[0] == ["sub/x.md"]


@pytest.mark.parametrize("glob", [None, "*.md"])
def test_a_folder_with_nothing_but_ignored_files_says_so(
    project: Path, write: Write, glob: str | None
) -> None:
    write("project/.gitignore", "/data/*")
    write("project/data/x.md", "text")
    with pytest.raises(SourceError) as raised:
        read(project / "data", glob=glob)
    expected = "git ignores what it holds (.gitignore), or nothing that can be read is in it"
    assert str(raised.value) == f"{project}/data: {expected}; to read what it ignores: --git-ignored"


def test_a_repository_below_has_rules_of_its_own(project: Path, write: Write) -> None:
    write("project/other/.git", "gitdir: ../.git/modules/other")
    write("project/other/x.log.txt", "text")
    assert "project/other/x.log.txt" in read(project)[0]


def test_of_ignored_files_those_are_counted_that_a_pattern_asks_for(project: Path) -> None:
    _, omissions = read(project, glob="*.md")
    assert omissions.counts()["git-ignored file"] == 1


def test_a_gitignore_file_that_cannot_be_read_is_an_error_of_its_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions do not bind root, so the reading is made to fail."""
    from fsspec.implementations.local import LocalFileSystem

    def refuse(self: object, path: str, *args: object, **kwargs: object) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(LocalFileSystem, "cat_file", refuse)
    errors: list[SourceError] = []
    with pytest.raises(SourceError, match="Permission denied"):
        read(project)
    read(project.parent, on_error=errors.append)
    assert [str(error).partition(":")[0] for error in errors] == [str(project)]


def test_a_link_or_folder_of_this_name_says_nothing(write: Write, tmp_path: Path) -> None:
    """As for git, which follows no link here."""
    write("docs/a.md", "text")
    write("rules", "*")
    (tmp_path / "docs" / ".gitignore").symlink_to(tmp_path / "rules")
    write("docs/sub/.gitignore/x", "*")
    write("docs/sub/b.md", "text")
    assert read(tmp_path / "docs")[0] == ["docs/a.md", "docs/sub/b.md"]


def test_folders_of_other_file_systems_are_read_by_their_own_files() -> None:
    filesystem = fsspec.filesystem("memory")
    for name, text in (("a.md", "text"), ("b.md", "noise"), (".gitignore", "b.md"), ("sub/b.md", "noise")):
        filesystem.pipe(f"/ignoring/{name}", text.encode())
    try:
        assert read("memory://ignoring")[0] == ["ignoring/a.md"]
    finally:
        filesystem.rm("/ignoring", recursive=True)


def test_names_that_are_no_utf8_are_matched() -> None:
    rules = IgnoreRules().inside("", b"caf\xe9.md\n")
    assert rules.ignores(os.fsdecode(b"caf\xe9.md"), is_folder=False)
    assert not rules.ignores("café.md", is_folder=False)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_git_ignores_the_same(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    root = tmp_path_factory.mktemp("repository")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", root], env=environment, check=True)
    for folder in FOLDERS:
        (root / folder).mkdir(exist_ok=True)
        for name in ("x.md", "y.md", "!a.md"):
            (root / folder / name).write_text("text")
    with_rules = data.draw(st.lists(st.sampled_from(FOLDERS), min_size=1, max_size=3, unique=True))
    for folder in with_rules:
        lines = data.draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=4))
        (root / folder / ".gitignore").write_bytes("\n".join(lines).encode())
    command = ["git", "-C", root, "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    expected = {path for path in listed.split("\0") if path.endswith(".md")}
    found = {Path(error_or_id).relative_to(root.name).as_posix() for error_or_id in _ids(root)}
    assert found == expected


def _ids(folder: Path) -> list[str]:
    """All ids; none of a folder without documents, which is an error."""
    errors: list[SourceError] = []
    return [document.id for document in read_documents(str(folder), on_error=errors.append)]
