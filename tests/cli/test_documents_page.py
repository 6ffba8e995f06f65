"""The examples of docs/documents.md run as they stand there, and print what stands there."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from command_line import OpenBook

PAGE = Path(__file__).parents[2] / "docs" / "documents.md"
HOME = "/kim"


def examples() -> list[tuple[str, list[str]]]:
    """Each command with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line:
                found[-1][1].append(line)
    return found


def test_every_example_prints_what_the_page_says(
    openbook: OpenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path.resolve()
    monkeypatch.chdir(place)
    texts = {
        "notes/gate.md": "The gate is shut.",
        "notes/sub/tide.md": "The tide turns at five.",
        "other/notes/gate.md": "Another gate.",
        "rows.jsonl": json.dumps({"id": "row-1", "text": "A row.", "source": "https://example.org/row"}),
    }
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    assert len(examples()) > 10
    for command, lines in examples():
        if not command.startswith("openbook "):
            subprocess.run(command, shell=True, check=True)
            continue
        result = openbook(*shlex.split(command)[1:])
        printed = (result.out + result.err).replace(str(place), HOME).splitlines()
        missing = [line for line in lines if not any(found.startswith(line) for found in printed)]
        assert missing == [], f"{command}\n{result.out}{result.err}"
        assert (result.code == 2) == any("openbook: error:" in line for line in lines), command
