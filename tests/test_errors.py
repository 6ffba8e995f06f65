"""Messages of other libraries, as ours quote them, and errors that say that memory ran out."""

import pytest
import torch

from openbook.errors import first_line, memory_shortage, one_line


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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has"), "2.00 GiB"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to get more"), ""),
        (RuntimeError("can't allocate memory: you tried to allocate 32000000000 bytes. Error"), "32.0 GB"),
        (MemoryError("Unable to allocate 1.50 TiB for an array with shape (7,)"), "1.50 TiB"),
        (MemoryError(), ""),
        (RuntimeError("std::bad_alloc"), ""),
    ],
)
def test_memory_that_ran_out(error: Exception, said: str) -> None:
    expected = f"out of memory ({said} more were wanted)" if said else "out of memory"
    assert memory_shortage(error) == expected


def test_what_torch_says_of_memory_that_ran_out() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60, dtype=torch.uint8)
    assert memory_shortage(raised.value) == "out of memory (1152921504.6 GB more were wanted)"


@pytest.mark.parametrize(
    "error", [RuntimeError("shapes do not fit"), ValueError("out of memory"), OSError(12)]
)
def test_an_error_of_something_else(error: Exception) -> None:
    assert memory_shortage(error) is None
