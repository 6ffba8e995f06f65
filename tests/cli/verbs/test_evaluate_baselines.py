"""`openbook eval perplexity --baseline` as a user types it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import OpenBook

BASELINES = ["baseline", "in_context", "knn_lm"]


@pytest.fixture
def models(train_tiny: Callable[..., Path]) -> tuple[Path, Path]:
    """One that has hardly trained, and its baseline."""
    length = "data.sequence_length=64"
    return train_tiny("model", length), train_tiny("plain", length, options=("--baseline",))


def test_baselines_stand_beside_the_modes(
    openbook: OpenBook, models: tuple[Path, Path], database: Path
) -> None:
    model, plain = models
    command = ("eval", "perplexity", model, database, "--baseline", plain)
    alone = openbook(*command, "--json").json
    assert list(alone["modes"]) == ["on", "off", "random", "shuffled", "baseline"]
    every = openbook(*command, "--in-context", "--knn-lm", "--json")
    assert list(every.json["modes"]) == ["on", "off", "random", "shuffled", *BASELINES]
    assert every.json["differences"].keys() == {"off", "random", "shuffled", *BASELINES}
    assert len({mode["tokens"] for mode in every.json["modes"].values()}) == 1
    assert every.json["modes"]["baseline"] == alone["modes"]["baseline"]
    assert "kNN-LM: " in every.err
    assert " tokens stored, lambda " in every.err
    off = openbook("eval", "perplexity", plain, database, "--modes", "off", "--json").json
    assert off["modes"]["off"] == every.json["modes"]["baseline"]
    printed = openbook(*command, "--in-context", "--modes", "on,off").out
    assert "baseline - on: " in printed
    assert "in_context - on: " in printed


def test_a_file_of_ones_own(
    openbook: OpenBook, models: tuple[Path, Path], database: Path, tmp_path: Path, texts: Path
) -> None:
    model, plain = models
    (tmp_path / "mine.txt").write_text((texts / "note3.txt").read_text() * 2 + "And the moon.\n")
    command = ("eval", "perplexity", model, database, "--text", tmp_path / "mine.txt", "--baseline", plain)
    result = openbook(*command, "--in-context", "--knn-lm", "--json")
    assert {"on", *BASELINES} <= result.json["modes"].keys()
    assert result.json["modes"]["in_context"] != result.json["modes"]["baseline"]


def test_what_does_not_fit_is_one_line(
    openbook: OpenBook, models: tuple[Path, Path], database: Path, tmp_path: Path
) -> None:
    model, plain = models
    command = ("eval", "perplexity", model, database)
    trained_with = openbook(*command, "--baseline", model).error
    assert "openbook train RECIPE --baseline" in trained_with
    for wrong in (("--modes", "onn"), ("--stride", 5), ("--search-mode", "near"), ("-k", 500)):
        refused = openbook(*command, *wrong, "--baseline", plain, "--knn-lm")
        assert refused.code == 2
        assert "datastore" not in refused.err
    for option in ("--knn-lm", "--in-context"):
        needs = openbook(*command, option).error
        assert f"{option}: " in needs and "--baseline MODEL" in needs
    assert str(tmp_path / "nowhere") in openbook(*command, "--baseline", tmp_path / "nowhere").error
    long = openbook(*command, "--baseline", plain, "--sequence-length", 128)
    assert "sequence length 128: " in long.error and "64" in long.error
    assert long.code == 2
