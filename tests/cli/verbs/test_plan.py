"""The verb `plan` as a user types it."""

import json
from pathlib import Path

import pytest

from command_line import OpenBook
from openbook.cli.verbs.plan import count_of


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4B", 4 * 10**9),
        ("2t", 2 * 10**12),
        ("1.5M", 1_500_000),
        ("1e9", 10**9),
        ("7", 7),
        ("1,500,000", 1_500_000),
        ("1,500.5k", 1_500_500),
        ("12_000", 12_000),
        ("1000T", 10**15),
    ],
)
def test_tokens_are_counted_in_the_usual_units(text: str, count: int) -> None:
    assert count_of(text) == count


def test_a_plan_for_people_and_for_scripts(openbook: OpenBook) -> None:
    shown = openbook("plan", "4B", "--price", "0.5")
    assert shown.code == 0
    for words in ("4,000,000,000 tokens", "encoding", "assumed", "in money"):
        assert words in shown.out
    planned = openbook("plan", "4B", "--preset", "tiny", "--rate", "encoded_chunks=100", "--json").json
    assert planned["chunks"] == 64_500_000
    assert planned["size"]["disk"]["total"] == sum(
        size for name, size in planned["size"]["disk"].items() if name != "total"
    )
    assert planned["work"]["encoding"]["hours"] == pytest.approx(64_500_000 / 100 / 3600)
    assert planned["training"]["flops_per_token"] > 1e6
    assert planned["assumptions"]


def test_training_is_planned_as_the_recipe_trains_and_with_the_chunks_asked_for(openbook: OpenBook) -> None:
    large = openbook("plan", "419B", "--preset", "1.5b", "--json").json
    assert large["work"]["training"]["hours"] == pytest.approx(25.8e6, rel=0.001), "as docs/scale.md says"
    assert large["training"]["recomputes"] is True
    of_64, of_32 = (
        openbook("plan", "1M", "--preset", "tiny", "--chunk-size", size, "--json").json["training"]
        for size in (64, 32)
    )
    assert of_64["flops_per_token"] - of_32["flops_per_token"] == 6 * 128 * (2 * 2 * 2 * 2 * 32)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("much",), "4B"),
        (("0",), "4B"),
        (("1,5T",), "1.5T"),
        (("12,3456",), "12.3456"),
        (("1,5000,000",), "250M"),
        (("1e99",), "at most 1e+15"),
        (("9" * 400,), "at most 1e+15"),
        (("4B", "--vocabulary", "0"), "vocabulary 0: must be at least 1"),
        (("4B", "--preset", "tiny", "--vocabulary", "0"), "vocabulary 0: must be at least 1"),
        (("4B", "--vector-size", "1" + "0" * 30), "vector size"),
        (("4B", "--preset", "tiny", "--sequence-length", "1" + "0" * 400), "sequence length"),
        (("4B", "--preset", "tiny", "--epochs", "inf"), "epochs inf"),
        (("4B", "--tokens-per-document", "inf"), "tokens per document inf"),
        (("4B", "--price", "nan"), "price nan"),
        (("4B", "--price", "-1"), "price -1"),
        (("4B", "--rate", "encoded_chunks=inf"), "encoded_chunks inf"),
        (("4B", "--rate", "encoded_chunks=1e-320"), "above 0, from 1e-30"),
        (("4B", "--days", "inf"), "days inf"),
        (("4B", "--memory", "nan"), "memory nan"),
        (("4B", "--rate", "encoded_chunk=1"), "encoded_chunks"),
        (("4B", "--rate", "encoded_chunks=fast"), "not a number"),
        (("4B", "--rate", "encoded_chunks=0"), "above 0"),
        (("4B", "--vector-size", "0", "--mode", "dense"), "bm25"),
        (("4B", "--preset", "huge"), "choose from"),
        (("4B", "--sample", "a.txt"), "--measure"),
        (("4B", "--days", "0"), "days"),
    ],
)
def test_what_cannot_be_planned_is_one_line(
    openbook: OpenBook, arguments: tuple[str, ...], says: str
) -> None:
    result = openbook("plan", *arguments)
    assert result.code == 2
    assert says in result.error


def test_the_largest_numbers_are_still_json(openbook: OpenBook) -> None:
    most = ("--rate", "encoded_chunks=1e-30", "--days", "1e-30", "--price", "1e30", "--memory", "1e-30")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    result = openbook("plan", "1000T", *most, "--vector-size", 2**20, "--json")
    assert json.loads(result.out, parse_constant=refuse)["shape"]["tokens"] == 10**15
    free = openbook("plan", "1M", "--price", "0", "--json").json
    assert free["work"]["encoding"]["money"] == 0


@pytest.mark.usefixtures("measured_briefly")
def test_this_machine_is_measured_with_text_of_ones_own(openbook: OpenBook, texts: Path) -> None:
    result = openbook("plan", "1M", "--vector-size", "0", "--measure", "--sample", texts, "--json")
    assert result.code == 0, result.err
    assert result.json["rates"]["prepared_chunks"] != 8000
    assert "characters" in result.err
