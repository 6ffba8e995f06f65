"""Messages of other libraries, as ours quote them."""

import pytest

from openbook.errors import first_line, one_line


@pytest.mark.parametrize(
    ("message", "first", "one"),
    [
        ("no such model", "no such model", "no such model"),
        (
            "\n  no such model \nlook here:\n  https://…",
            "no such model",
            "no such model look here: https://…",
        ),
        ("", "ValueError", "ValueError"),
        (" \n ", "ValueError", "ValueError"),
    ],
)
def test_a_message_of_another_library_in_one_line(message: str, first: str, one: str) -> None:
    assert first_line(ValueError(message)) == first
    assert one_line(ValueError(message)) == one
