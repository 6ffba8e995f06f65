"""A database's settings are checked, and come back from the catalog as they were."""

import json
from dataclasses import replace

import pytest

from openbook.database import DatabaseSettings
from openbook.errors import DatabaseError, SettingsError

SETTINGS = DatabaseSettings(tokenizer="train:400", tokenizer_fingerprint="abc", chunk_size=16, holdout=0.25)


def test_settings_survive_json() -> None:
    values = json.loads(json.dumps(SETTINGS.to_dict()))
    assert DatabaseSettings.from_dict(values, where="db") == SETTINGS


@pytest.mark.parametrize("chunk_size", [-8, 0, 1, 4097])
def test_a_chunk_size_out_of_range_is_refused(chunk_size: int) -> None:
    with pytest.raises(SettingsError, match=rf"chunk size {chunk_size}\b.* 2 .* 4096"):
        DatabaseSettings(tokenizer="t", tokenizer_fingerprint="f", chunk_size=chunk_size)


@pytest.mark.parametrize("holdout", [-0.1, 1.0, 50.0, float("nan")])
def test_a_holdout_that_is_no_share_is_refused(holdout: float) -> None:
    with pytest.raises(SettingsError, match="a share of the documents"):
        DatabaseSettings(tokenizer="t", tokenizer_fingerprint="f", holdout=holdout)


@pytest.mark.parametrize("change", [{"format": 1}, {"format": 4}, {"surplus": 1}])
def test_another_format_is_refused_by_name(change: dict[str, int]) -> None:
    with pytest.raises(DatabaseError, match="db: its format is"):
        DatabaseSettings.from_dict(SETTINGS.to_dict() | change, where="db")
    with pytest.raises(DatabaseError, match="its format is None"):
        DatabaseSettings.from_dict({}, where="db")


@pytest.mark.parametrize(("number", "stores"), [(2, False), (3, True)])
def test_the_format_says_whether_lengths_are_stored(number: int, stores: bool) -> None:
    settings = DatabaseSettings.from_dict(SETTINGS.to_dict() | {"format": number}, where="db")
    assert settings.stores_lengths == stores


def test_differences_name_both_sides() -> None:
    assert SETTINGS.differences(chunk_size=16, holdout=0.25) == []
    assert SETTINGS.differences(chunk_size=64, embedder=None) == ["chunk_size is 16, asked for 64"]


def test_ids_differ_in_their_letters_not_in_how_these_are_written() -> None:
    parts, whole = "Mu\u0308ller.txt", "M\u00fcller.txt"
    for stored, asked in ((parts, whole), (whole, parts)):
        settings = replace(SETTINGS, holdout_ids=("a", stored))
        assert settings.differences(holdout_ids=("a", asked)) == []
        (difference,) = settings.differences(holdout_ids=("b", asked))
        assert difference == f"holdout_ids is {('a', stored)!r}, asked for {('b', asked)!r}"
    assert replace(SETTINGS, embedder=parts).differences(embedder=whole)
