"""What finds options that do not go together, and numbers that are too small."""

import pytest

from openbook.cli.options.option_checks import first_given, require_at_least_1
from openbook.errors import SettingsError


@pytest.mark.parametrize("value", [0, "", 2, True])
def test_the_first_that_was_given(value: object) -> None:
    """A zero and an empty text are values; what was not given is None or False."""
    assert (
        first_given({"--by": None, "--drafts": False, "--stride": value, "--influence": True}) == "--stride"
    )


def test_none_was_given() -> None:
    assert first_given({"--by": None, "--drafts": False}) is None


def test_numbers_of_at_least_one() -> None:
    require_at_least_1({"--limit": None, "-k": 1})
    with pytest.raises(SettingsError, match=r"^-k 0: "):
        require_at_least_1({"--limit": 5, "-k": 0})
