"""What finds options that do not go together, and numbers that are too small, before anything is loaded."""

from collections.abc import Mapping

from openbook.errors import SettingsError


def first_given(options: Mapping[str, object]) -> str | None:
    """The first of these options that was given, to be refused where none of them has a use.

    >>> first_given({"--by": None, "--bring-head": True, "--in-prompt": False})
    '--bring-head'

    Args:
        options: values by the options' names; None and False: not given.

    Returns:
        Its name; None: none was given.
    """
    return next((name for name, value in options.items() if value is not None and value is not False), None)


def require_at_least_1(numbers: Mapping[str, int | None]) -> None:
    """Refuse numbers below 1.

    Args:
        numbers: by the options' names; None: not given.

    Raises:
        SettingsError: naming the option.
    """
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise SettingsError(f"{name} {number}: must be at least 1")
