"""Where documents came from, as others are told: no path of this machine."""

import pytest

from openbook.database.documents.told_source import told_source


@pytest.mark.parametrize(
    "source",
    [
        "/kim/notes/gate.md",
        "/kim/rows.jsonl:17",
        " /kim/gate.md",
        "C:\\Users\\Anna\\gate.md",
        "c:/Users/Anna/gate.md",
        "\\\\server\\share\\gate.md",
        "~/gate.md",
        "file:///kim/gate.md",
        "FILE:/kim/gate.md",
        "local:///kim/gate.md",
        "zip://gate.md::/kim/notes.zip",
        "tar://gate.md::file:///kim/notes.tar",
    ],
)
def test_a_path_here_is_told_as_the_id(source: str) -> None:
    assert told_source(source, "notes/gate.md") == "notes/gate.md"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "notes/gate.md",
        "gate.md:17",
        "https://example.org/home/gate",
        "s3://bucket/notes/gate.md",
        "zip://gate.md::https://example.org/notes.zip",
        "hf://owner/name?split=train",
        "stdin:3",
        "profile: Anna",
        "and/or",
        "std::vector",
    ],
)
def test_what_is_no_path_here_is_told_as_it_is(source: str) -> None:
    assert told_source(source, "notes/gate.md") == source
