"""The commands of README and docs, run in order on what they name: the real base where it is named.

Training and evaluation are cut short by `SHORTER`; nothing else of a command is changed.
"""

import json
import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import pytest

from command_line import OpenBook, Result, sets
from openbook.pretrained import SMOLLM2
from written_commands import ROOT, WrittenCommand, commands_of

_SHORT = sets(
    "train.batch_size=1",
    "train.max_steps=2",
    "train.warmup_steps=1",
    "train.eval_every=0",
)
SHORTER = {
    "train": _SHORT,
    "retrofit": [*_SHORT, *sets("data.sequence_length=128")],
    "eval": ["--max-sequences", "1"],
    "generate": ["--max-new-tokens", "8"],
}
"""Options that a verb is given beside those of the page."""
_THINGS = ("roof", "harbor", "orchard", "bridge", "mill", "library", "market", "garden")
_PEOPLE = ("Ada Fenn", "Bram Oster", "Cleo Vance", "Dirk Hallow", "Edith Marlow", "Finn Tarrow")


def notes_of(revision: str) -> dict[str, str]:
    """Some forty notes of about two hundred tokens, by name."""
    notes = {}
    for number in range(40):
        thing, person = _THINGS[number % 8], _PEOPLE[number % 6]
        sentences = [
            f"{person} wrote about the {thing} on day {number * 7 + step}: it was {revision}, and {step} "
            f"neighbors of the {_THINGS[(number + step) % 8]} agreed that it should be so."
            for step in range(6)
        ]
        notes[f"note-{number}.md"] = f"# The {thing}, {number}\n\n" + " ".join(sentences) + "\n"
    return notes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the pages' readers stand: notes/, articles.jsonl and news.md."""
    (tmp_path / "notes").mkdir()
    for name, text in notes_of("decided").items():
        (tmp_path / "notes" / name).write_text(text)
    rows = [{"id": f"article-{name}", "text": text} for name, text in notes_of("printed").items()]
    (tmp_path / "articles.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "news.md").write_text("# News\n\nThe roof of the observatory was mended by Ilse Quandt.\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def section(page: str, heading: str) -> list[WrittenCommand]:
    """The commands of the first block below a heading, or below words of a paragraph."""
    return list(commands_of(ROOT / page, after=heading))


def walk(openbook: OpenBook, commands: Iterable[WrittenCommand]) -> list[Result]:
    """Run commands as they stand, the long ones shorter; each must end with 0."""
    results = []
    for command in commands:
        words = shlex.split(command.line, comments=True)
        assert words[0] == "openbook"
        results.append(openbook(*words[1:], *SHORTER.get(words[1], [])))
        assert results[-1].code == 0, f"{command.line}\n{results[-1].err}"
    return results


def test_your_own_text(openbook: OpenBook, folder: Path) -> None:
    commands = section("README.md", "## Your own text")
    assert len(commands) == 7
    found = walk(openbook, commands[:2])[1]
    assert "roof" in found.out
    (folder / "notes" / "note-3.md").unlink()
    *_, generated, added, synced = walk(openbook, commands[2:])
    assert generated.out.strip()
    assert "1 added" in added.err
    assert "1 removed" in synced.err
    assert "observatory" in openbook("search", "mybook", "who mended the observatory", "-k", "1").out


@pytest.mark.usefixtures("folder")
def test_does_it_help(openbook: OpenBook) -> None:
    """The report compares with a model trained alike without retrieval, as the page says."""
    commands = section("README.md", "**Does it help?**")
    assert len(commands) == 2
    assert openbook("build", "mybook", "notes/", "--holdout", "0.05").code == 0
    assert openbook("neighbors", "mybook").code == 0
    assert openbook("train", "small", "--database", "mybook", "--output", "mymodel", *_SHORT).code == 0
    walk(openbook, commands)
    report = Path("report/report.md").read_text("utf-8")
    for mode in ("on", "off", "random", "shuffled", "baseline", "in_context", "knn_lm"):
        assert mode in report


@pytest.mark.usefixtures("folder", "base_at_hand")
def test_the_base_that_the_guides_name(openbook: OpenBook) -> None:
    """docs/retrofit.md's commands; those of the README are its first ones."""
    commands = section("docs/retrofit.md", "- **encoder**")
    shown = [command.words for command in section("README.md", "**With a model you already have**")]
    assert len(shown) == 3
    assert all(SMOLLM2 in words for words in (shown[0], shown[2]))
    assert shown == [command.words for command in commands[:3]]
    *_, measured, generated = walk(openbook, commands)
    assert re.search(r"^on\b", measured.out, re.MULTILINE), measured.out
    assert generated.out.strip()


@pytest.mark.usefixtures("folder", "base_at_hand")
def test_the_world_of_the_exam_by_hand(openbook: OpenBook, folder: Path) -> None:
    """docs/exam.md: a fact is asked, edited, removed."""
    (written,) = section("docs/exam.md", "## A world that nobody knows")
    walk(openbook, [written])
    block = section("docs/exam.md", "## By hand")
    build, first, add, second, remove, third = [shlex.split(command.line, comments=True) for command in block]
    rows = (folder / "world" / "documents.jsonl").read_text("utf-8").splitlines()
    (row,) = [row for row in rows if '"test-1-000000"' in row]
    assert row.count("tax collector") == 1
    (folder / "edited.jsonl").write_text(row.replace("tax collector", "weaver") + "\n")
    assert openbook(*build[1:], "--embedder", "none").code == 0
    told = []
    for ask, change in ((first, add), (second, remove), (third, None)):
        result = openbook(*[SMOLLM2 if word == "MODEL" else word for word in ask[1:]], "--json")
        assert result.code == 0, result.err
        told.append(result.json)
        if change is not None:
            assert openbook(*change[1:]).code == 0
    read = [
        [cited["document_id"] for span in answer["citations"] for cited in span["neighbors"]]
        for answer in told
    ]
    assert ["test-1-000000" in ids for ids in read] == [True, True, False]
    assert [answer["answer"].rstrip(".").lower() for answer in told[:2]] == ["tax collector", "weaver"]
    assert "weaver" not in told[2]["answer"]
