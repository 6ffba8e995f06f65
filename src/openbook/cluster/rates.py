"""What one machine does in a second: what a plan's hours are made of. Measured, or given."""

from dataclasses import dataclass, fields

from openbook.errors import SettingsError

_LEAST, _MOST = 1e-30, 1e30
RECKONED = f"above 0, from {_LEAST} to {_MOST}"
"""Numbers of which products and quotients stay numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Of one machine. The defaults were measured on two cores (docs/scale.md says how).

    Raises:
        SettingsError: one that is not above 0, or that no machine has.
    """

    preparing_seconds: float = 0.2
    """Of adding, whatever is added."""
    prepared_chunks: float = 8_000.0
    """Chunks a second read, tokenized, stored and indexed by their words."""
    encoded_chunks: float = 80.0
    """Chunks a second that the frozen encoder reads."""
    compared_numbers: float = 4e9
    """Products a second of two numbers, where vectors are compared with others."""
    compared_codes: float = 1.5e8
    """Codes a second that a search reads in the lists that it visits."""
    vector_search_seconds: float = 1.2e-5
    """Of a search by a vector, whatever the size of the book: choosing the best, and keeping them."""
    word_search_seconds: float = 1.5e-4
    """Of a whole chunk's words, whatever the size of the book."""
    word_search_chunks: float = 1.2e8
    """Chunks of the book a second that such a search passes, beside that."""
    training_flops: float = 7e10
    """Of training: multiplications and additions a second."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not is_reckoned(getattr(self, field.name)):
                raise SettingsError(f"rate {field.name} {getattr(self, field.name)}: must be {RECKONED}")


def is_reckoned(value: float) -> bool:
    """Whether a number is above 0, and neither infinite nor so near to that what follows from it is.

    >>> is_reckoned(0.4), is_reckoned(0), is_reckoned(float("inf")), is_reckoned(float("nan"))
    (True, False, False, False)
    """
    return _LEAST <= value <= _MOST
