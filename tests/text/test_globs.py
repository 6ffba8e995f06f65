"""Patterns for the files of a folder, alone and when reading."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.text import read_documents
from openbook.text.globs import is_excluded, matches

names = st.text("ab.*[", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.md", "a.md", True),
        ("*.md", "sub/deep/a.md", True),
        ("*.md", "a.md.txt", False),
        ("*.md", "A.MD", False),
        ("a?.md", "x/a1.md", True),
        ("[ab].md", "b.md", True),
        ("docs/*.md", "docs/a.md", True),
        ("docs/*.md", "docs/sub/a.md", False),
        ("docs/*.md", "other/docs/a.md", False),
        ("docs/**/*.md", "docs/a.md", True),
        ("docs/**/*.md", "docs/x/y/a.md", True),
        ("docs/**/*.md", "a.md", False),
        ("**/docs/*.md", "docs/a.md", True),
        ("**/docs/*.md", "x/y/docs/a.md", True),
        ("**/x/**/y/**", "x/y/z", True),
        ("**/x/**/y/**", "y/x/z", False),
        ("**/*", "a/b/c", True),
        ("**", "a/b/c", True),
        ("docs/**", "docs/a/b", True),
        ("docs/", "docs/a", False),
        ("\u00dcber*", "U\u0308bersicht.md", True),
        ("U\u0308ber*", "\u00dcbersicht.md", True),
        ("\u00dc?er*", "U\u0308bersicht.md", True),
        ("U?b*", "U\u0308bersicht.md", True),
        ("Uber*", "U\u0308bersicht.md", False),
        ("\u00dc/**", "U\u0308/a.md", True),
        ("./*.md", "a.md", True),
        ("/*.md", "sub/a.md", False),
        ("", "a.md", False),
    ],
)
def test_pattern_matches(pattern: str, path: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


@given(path=paths)
def test_everything_matches_two_stars_and_what_ends_it(path: str) -> None:
    assert matches(path, "**/*")
    assert matches(path, "**/**/*")
    assert matches(path, "*")


def test_many_stars_are_tried_once_each() -> None:
    """Every way to share out the path among them would take longer than the tests have."""
    assert not matches("/".join("a" * 500), "/".join(["**", "a"] * 50) + "/b")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for name in ("a.md", "b.txt", "guide/c.md", "guide/deep/d.md", "guide/deep/e.rst", "guide/f.png"):
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "docs"


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        (None, ["a.md", "b.txt", "guide/c.md", "guide/deep/d.md", "guide/deep/e.rst"]),
        ("*.md", ["a.md", "guide/c.md", "guide/deep/d.md"]),
        ("guide/**/*.md", ["guide/c.md", "guide/deep/d.md"]),
        ("guide/*", ["guide/c.md"]),
        ("**/deep/*", ["guide/deep/d.md", "guide/deep/e.rst"]),
    ],
)
def test_files_below_a_folder_are_chosen(docs: Path, glob: str | None, found: list[str]) -> None:
    documents = read_documents(str(docs), glob=glob)
    assert [document.id for document in documents] == [f"docs/{name}" for name in found]


@pytest.mark.parametrize("glob", ["*.csv", "docs/*.md", "*.png", ""])
def test_glob_that_matches_nothing_is_reported(docs: Path, read_all: Any, glob: str) -> None:
    """Not with what is above the folder, and not what cannot be read."""
    documents, (error,) = read_all(docs, glob=glob)
    assert documents == []
    assert error.startswith(f"{docs}: no file below it that can be read matches --glob {glob!r}; known: .txt")


def test_named_files_are_read_whatever_the_glob(docs: Path) -> None:
    documents = read_documents([str(docs / "b.txt"), str(docs)], glob="a.*")
    assert [document.id for document in documents] == ["b.txt", "docs/a.md"]


@pytest.mark.parametrize(
    ("pattern", "excluded"),
    [
        ("drafts", ["drafts/a.md", "x/drafts/y/a.md"]),
        ("drafts/", ["drafts/a.md"]),
        ("drafts/**", ["drafts/a.md"]),
        ("x/*/y", ["x/drafts/y/a.md"]),
        ("*.md", ["drafts/a.md", "x/drafts/y/a.md", "a.md"]),
        ("nothing", []),
    ],
)
def test_what_lies_in_an_excluded_folder_is_excluded(pattern: str, excluded: list[str]) -> None:
    paths = ["drafts/a.md", "x/drafts/y/a.md", "a.md"]
    assert [path for path in paths if is_excluded(path, ["no", pattern])] == excluded


def test_reading_leaves_out_what_is_excluded_and_counts_it(tmp_path: Path) -> None:
    from openbook.text.omissions import Omissions

    for name in ("a.md", "drafts/b.md", "drafts/c.md", "old.md"):
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text("hello")
    omissions = Omissions()
    exclude = ["drafts", "old.*", "typo"]
    found = read_documents(str(tmp_path / "docs"), exclude=exclude, omissions=omissions)
    assert [document.id for document in found] == ["docs/a.md"]
    assert omissions.excluded == {"drafts": 1, "old.*": 1}
    with_glob = read_documents(str(tmp_path / "docs"), exclude=["drafts"], glob="*.md", prefix="p-")
    assert [(document.id, document.title) for document in with_glob] == [
        ("p-docs/a.md", "a"),
        ("p-docs/old.md", "old"),
    ]
