"""A full disk at any moment: one line that names a file, and with room again the same command goes on."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from breaking import contents_of, documents_of
from openbook.database import Database, NeighborTable, build_neighbors
from openbook.text import Tokenizer

pytest.importorskip("resource", reason="limits of file sizes are known to Unix alone")

PROGRAM = Path(__file__).parents[2] / "full_disk.py"
LIMITS = [1, 60, 130, 300, 700, 1500, 3000, 6000, 12_000, 20_000, 30_000, 60_000, 200_000]
"""Bytes: below the smallest file, above the largest, and what each write in between may meet."""


@pytest.fixture
def folder(tmp_path: Path, tokenizer: Tokenizer) -> Path:
    """Of a database with a table that is behind and room to reclaim."""
    path = tmp_path / "db"
    database = Database.create(path, tokenizer=tokenizer, embedder=None, chunk_size=8, holdout=["d1"])
    names = [f"d{number}" for number in range(120)]
    database.add(documents_of(dict.fromkeys(names, 1)))
    build_neighbors(database, k=2)
    database.add(documents_of({"d3": 2}))
    database.remove(["d5"])
    return path


def documents(path: Path) -> Path:
    """A source with new and changed documents."""
    rows = [
        {"id": d.id, "text": d.text}
        for d in documents_of({f"n{number}": 1 for number in range(150)} | {"d9": 2})
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


@pytest.mark.parametrize("verb", ["add", "remove", "compact", "neighbors"])
def test_a_full_disk_costs_nothing_but_a_second_try(folder: Path, tmp_path: Path, verb: str) -> None:
    arguments = {
        "add": ["add", "DB", str(documents(tmp_path / "news.jsonl"))],
        "remove": ["remove", "DB", "d6", "d7"],
        "compact": ["compact", "DB"],
        "neighbors": ["neighbors", "DB", "-k", "2"],
    }[verb]
    limits = ",".join(map(str, LIMITS))
    program = [sys.executable, str(PROGRAM), str(folder), str(tmp_path), limits, *arguments]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    codes = [result["code"] for result in results]
    assert codes[0] == 2, "there is no room for anything"
    assert codes[-1] == 0, "there is room for everything"
    whole = Database.open(results[-1]["folder"])
    for result in results:
        assert result["still_sound"], result
        if result["code"]:
            lines = [line for line in result["told"].splitlines() if line.startswith("openbook: error:")]
            assert len(lines) == 1, result["told"]
            assert "Traceback" not in result["told"]
            assert f"{result['folder']}/" in lines[0], lines
            assert result["code"] == 2
        if verb != "remove":
            assert result["again"] == 0, result
        assert result["sound"], result
        database = Database.open(result["folder"])
        assert contents_of(database) == contents_of(whole), result["limit"]
        if verb == "neighbors":
            tables = [np.asarray(NeighborTable.load(book).ids).tolist() for book in (database, whole)]
            assert tables[0] == tables[1]
