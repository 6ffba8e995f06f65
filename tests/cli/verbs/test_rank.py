"""The verb `rank`, and the verbs that use what it learned."""

from pathlib import Path

import pytest

from command_line import OpenBook
from openbook.database import Database


def test_a_ranker_is_learned_and_used(
    openbook: OpenBook, trained_folder: Path, book: Database, tmp_path: Path
) -> None:
    file = tmp_path / "ranker.json"
    result = openbook("rank", trained_folder, book.path, "--output", file, "-k", 4, "--json")
    assert result.code == 0, result.err
    assert result.json["output"] == str(file)
    assert (result.json["k"], result.json["keep"]) == (4, 0.5)
    options = ("-k", 4, "--modes", "on,off", "--ranker", file)
    measured = openbook("eval", "perplexity", trained_folder, book.path, *options, "--json").json
    assert set(measured["modes"]) == {"on", "off", "ranked", "first"}
    assert measured["ranker"]["read"] < measured["ranker"]["found"]
    assert "ranked: reads" in openbook("eval", "perplexity", trained_folder, book.path, *options).out
    text = " ".join(book.chunk_texts([3, 4]))
    plain = openbook("search", book.path, text, "-k", 6, "--json").json
    ranked = openbook("search", book.path, text, "-k", 6, "--ranker", file, "--json").json
    assert {hit["chunk_id"] for hit in ranked} <= {hit["chunk_id"] for hit in plain}
    written = openbook(
        "generate", trained_folder, book.path, text, "-k", 4, "--max-new-tokens", 20, "--seed", 1,
        "--ranker", file, "--json",
    )  # fmt: skip
    assert written.code == 0, written.err
    assert all(len(span["neighbors"]) <= 4 for span in written.json["citations"])


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("rank", "MODEL", "DB", "--output", "FILE", "--keep", "0"), "--keep 0"),
        (("rank", "MODEL", "DB", "--output", "."), "name a file"),
        (("rank", "MODEL", "DB", "--output", "gone/ranker.json"), "name a file"),
        (("rank", "MODEL", "DB", "--output", "INSIDE"), "lies in the database"),
        (("rank", "MODEL", "DB", "--output", "WEIGHTS"), "is not a ranker, so it is not replaced"),
        (("generate", "MODEL", "DB", "a", "--ranker", "gone.json"), "is not a ranker"),
        (("generate", "MODEL", "DB", "a", "--ranker", "gone.json", "--no-retrieval"), "--ranker chooses"),
        (("generate", "MODEL", "DB", "a", "--ranker", "gone.json", "--chat"), "leave out --chat"),
        (("search", "DB", "a", "--ranker", "gone.json"), "is not a ranker"),
        (("eval", "perplexity", "MODEL", "DB", "--ranker", "gone.json"), "is not a ranker"),
    ],
)
def test_what_cannot_be_is_refused(
    openbook: OpenBook,
    trained_folder: Path,
    book: Database,
    tmp_path: Path,
    command: tuple[str, ...],
    message: str,
) -> None:
    places = {
        "MODEL": trained_folder,
        "DB": book.path,
        "FILE": tmp_path / "ranker.json",
        "INSIDE": book.path / "ranker.json",
        "WEIGHTS": trained_folder / "model.safetensors",
    }
    weights = places["WEIGHTS"].read_bytes()
    result = openbook(*(places.get(part, part) for part in command))
    assert result.code == 2
    assert message in result.error
    assert places["WEIGHTS"].read_bytes() == weights
    assert not places["INSIDE"].exists()
