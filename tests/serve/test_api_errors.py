"""What clients are told of errors, and what stays here."""

from openbook.errors import DatabaseError
from openbook.serve.api_errors import error_of


def test_a_folder_is_told_as_its_book() -> None:
    names = {"/srv/book": "first", "/srv/book2": "second"}
    error = error_of(DatabaseError("/srv/book2: is damaged; openbook verify /srv/book2"), names)
    assert error.detail.message == "the book 'second': is damaged; openbook verify second"
    assert (error.status, error.detail.code) == (503, "book_unavailable")


def test_a_fault_of_ours_tells_nothing_of_itself() -> None:
    error = error_of(ValueError("/srv/book: secret"))
    assert error.status == 500
    assert "secret" not in error.detail.message
