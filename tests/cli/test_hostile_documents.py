"""Documents that want to be obeyed, on their way through the verbs: no line, no name of a file is theirs."""

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from command_line import LEXICAL, OpenBook
from hostile_text import EXAMPLES, assert_harmless, hostile, hostile_documents

rows = st.lists(
    st.fixed_dictionaries(
        {"id": hostile_documents, "title": hostile_documents, "source": hostile_documents},
        optional={"language": hostile_documents},
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda row: row["id"].strip(),
)
WORST = [{name: "".join(EXAMPLES).replace("\udc9b", "") for name in ("id", "title", "source", "language")}]


def commands(database: str, file: str, ids: list[str]) -> Iterator[tuple[str, ...]]:
    """What one does with a database, and what goes wrong with it."""
    yield ("build", database, file, *LEXICAL, "--deduplicate")
    yield ("add", database, file)
    yield ("list", database)
    yield ("list", database, "--excluded")
    yield ("info", database)
    yield ("info", database, "--excluded")
    for name in ids:
        yield ("search", database, "--", f"otters {name}")
        yield ("list", database, f"--source={name}")
        yield ("remove", database, "--", f"{name} or so")
    yield ("remove", database, "--", *ids)
    yield ("compact", database)
    yield ("verify", database)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows)
@example(rows=WORST)
def test_no_line_and_no_name_of_a_file_is_a_documents(openbook: OpenBook, rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        texts = [{**row, "text": f"Otters swim in the river. {' '.join(row.values())} " * 4} for row in rows]
        (home / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in texts))
        for command in commands(str(home / "db"), str(home / "rows.jsonl"), [row["id"] for row in rows]):
            result = openbook(*command)
            assert result.code in (0, 2), (command, result.err)
            for line in (result.out + result.err).split("\n"):
                assert_harmless(line)
        names = [path.name for path in home.rglob("*")]
        assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9._-]+", name)] == []
        assert {path.name for path in home.iterdir()} == {"db", "rows.jsonl"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile)
@example(text="".join(EXAMPLES))
def test_an_error_is_one_harmless_line_whatever_was_typed(openbook: OpenBook, text: str) -> None:
    for command in (
        ("info", f"none {text}"),
        ("search", "db", "--mode", text),
        (f"x{text}",),
        ("train", f"none {text}", "--database", "none", "--output", "none"),
        ("eval", "perplexity", "none", "none", "--shares", f"x{text}"),
    ):
        result = openbook(*command)
        assert result.code == 2, result.err
        (line,) = result.err.split("\n")[:-1]
        assert_harmless(line)
