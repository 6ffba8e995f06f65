from pathlib import Path
from typing import Any

import pytest

from openbook.cli.build_settings import BuildSettings
from openbook.database.search.embedder import DEFAULT_EMBEDDER
from openbook.errors import SettingsError


def settings(**given: Any) -> BuildSettings:
    nothing: dict[str, Any] = dict.fromkeys(
        ("tokenizer", "embedder", "chunk_size", "holdout", "decontaminate", "deduplicate"), None
    )
    return BuildSettings(**nothing | {"allow_unknown_holdout": False} | given)


def test_what_is_not_given_is_not_asked_for() -> None:
    assert settings().asked() == {}


def test_what_is_given_is_asked_for_even_if_it_is_false() -> None:
    given = settings(
        tokenizer="train:300",
        embedder="none",
        chunk_size=8,
        holdout="0",
        decontaminate=False,
        deduplicate=False,
    )
    assert given.asked() == {
        "chunk_size": 8,
        "decontaminate": False,
        "deduplicate": False,
        "holdout": 0.0,
        "embedder": None,
        "tokenizer": "train:300",
    }


def test_a_new_database_has_the_defaults() -> None:
    new = settings().of_new(tokenizer="T", fingerprint="f")
    assert (new.tokenizer, new.tokenizer_fingerprint, new.chunk_size) == ("T", "f", 64)
    assert (new.holdout, new.holdout_ids, new.decontaminate, new.deduplicate) == (0.0, (), True, False)
    assert (settings().new_tokenizer, settings().new_embedder) == ("train:16000", DEFAULT_EMBEDDER)
    assert settings(embedder="none").new_embedder is None


def test_the_file_of_ids_to_hold_out_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("a\nb\n", encoding="utf-8")
    given = settings(holdout=str(file))
    file.unlink()
    assert given.asked() == {"holdout_ids": ("a", "b")}
    assert given.of_new().holdout_ids == ("a", "b")


def test_values_that_no_database_has_are_refused() -> None:
    with pytest.raises(SettingsError, match="chunk size 1"):
        settings(chunk_size=1).of_new()
    with pytest.raises(SettingsError, match="neither a share"):
        settings(holdout="nothing")
