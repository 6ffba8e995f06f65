"""Mailboxes: which mails they hold, and how these are named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from damaged_files import damaged
from openbook.text import Document, read_documents
from openbook.text.omissions import Omissions

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

_BEGINS = "From ada@example.org Tue Mar  5 14:07:00 2024\n"


def mail(body: str, *, message_id: str = "", subject: str = "", more: str = "") -> str:
    """A mail of a mailbox, with the line that begins it."""
    said = f"Message-ID: <{message_id}>\n" if message_id else ""
    return f"{_BEGINS}From: ada@example.org\n{said}Subject: {subject}\n{more}\n{body}\n\n"


def ids(documents: list[Document]) -> list[str]:
    return [document.id for document in documents]


def test_each_mail_is_a_document(write: Write, read_all: ReadAll) -> None:
    path = write(
        "in.mbox", mail("It grinds.", message_id="1@x", subject="Mill") + mail("It turns.", message_id="2@x")
    )
    first = Document(
        text="From: ada@example.org\nSubject: Mill\n\nIt grinds.",
        id="in.mbox:1@x",
        title="Mill",
        source=str(path),
    )
    second = Document(
        text="From: ada@example.org\n\nIt turns.", id="in.mbox:2@x", title="in", source=str(path)
    )
    assert read_all(path) == ([first, second], [])


def test_a_mail_keeps_its_origin_whatever_comes_and_goes_before_it(write: Write) -> None:
    one, two = mail("One.", message_id="1@x"), mail("Two.", message_id="2@x")
    path = write("in.mbox", one + two)
    origins = {document.id: document.origin for document in read_documents(str(path))}
    assert len(set(origins.values())) == 2
    assert all(origin.startswith(f"{path}:") for origin in origins.values())
    write("in.mbox", mail("New.", message_id="3@x") + two)
    after = {document.id: document.origin for document in read_documents(str(path))}
    assert after["in.mbox:2@x"] == origins["in.mbox:2@x"]


def test_lines_of_a_text_begin_no_mail(write: Write, read_all: ReadAll) -> None:
    body = "One\nFrom x at 14:07:00.\n\nFrom the mill on.\n\n>From x 14:07:00\n>>From y\n> From z"
    (document,), errors = read_all(write("in.mbox", mail(body)))
    text = "One\nFrom x at 14:07:00.\n\nFrom the mill on.\n\nFrom x 14:07:00\n>From y\n> From z"
    assert (document.text, errors) == (f"From: ada@example.org\n\n{text}", [])


def test_a_paragraph_that_begins_like_a_mail_begins_none(write: Write, read_all: ReadAll) -> None:
    body = "Hello\n\nFrom Monday 10:00 on the gate is closed.\n\nWe are open\nFrom 9:00 to 17:00\nTel: 77"
    documents, errors = read_all(write("in.mbox", mail(body, message_id="1@x") + mail("Two.")))
    assert [document.text for document in documents] == [
        f"From: ada@example.org\n\n{body}",
        "From: ada@example.org\n\nTwo.",
    ]
    assert errors == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_mails_need_no_empty_line_between_them(write: Write, read_all: ReadAll, end: str) -> None:
    """As where a program wrote none, or two mailboxes were joined."""
    content = "".join(mail(word).removesuffix("\n\n") + "\n" for word in ("One.", "Two.", "Three."))
    documents, errors = read_all(write("in.mbox", content.replace("\n", end).encode()))
    assert [document.text.split("\n")[-1] for document in documents] == ["One.", "Two.", "Three."]
    assert errors == []


def test_the_sender_may_be_said_twice(write: Write, read_all: ReadAll) -> None:
    content = mail("One.") + mail("Two.").replace(_BEGINS, f"{_BEGINS}>{_BEGINS}")
    documents, errors = read_all(write("in.mbox", content))
    assert ([document.text[-4:] for document in documents], errors) == (["One.", "Two."], [])


@pytest.mark.parametrize(
    "begins", ["From - Tue Mar 05 14:07:00 2024", "From 17@xxx Tue Mar 05 13:07:00 +0000 2024"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_programs_begin_mails_in_their_own_ways(
    write: Write, read_all: ReadAll, begins: str, end: str
) -> None:
    content = (mail("One.") + mail("Two.")).replace(_BEGINS, f"{begins}\n").replace("\n", end)
    documents, errors = read_all(write("in.mbox", f"\n{content}".encode()))
    assert [document.text[-4:] for document in documents] == ["One.", "Two."]
    assert errors == []


def test_mails_of_the_same_id_do_not_replace_each_other(write: Write, read_all: ReadAll) -> None:
    """As a mail and what a mailing list made of it; copies of one are one."""
    same = mail("One.", message_id="1@x")
    listed = mail("One.\nUnsubscribe.", message_id="1@x")
    (document,), _ = read_all(write("in.mbox", listed))
    name = f"1@x#{document.sha256[:16]}"
    content = same + listed + same + mail("Two.", message_id="2@x") + mail("Three.", message_id=name)
    documents, errors = read_all(write("in.mbox", content))
    names = ["1@x", name, "2@x", f"{name}#{documents[-1].sha256[:16]}"]
    assert (ids(documents), errors) == ([f"in.mbox:{each}" for each in names], [])
    assert len({document.origin for document in documents}) == 4


def test_a_mail_without_an_id_is_named_by_its_text(write: Write, read_all: ReadAll) -> None:
    documents, _ = read_all(write("in.mbox", mail("One.") + mail("Two.") + mail("One.")))
    assert ids(documents) == [f"in.mbox:sha256:{document.sha256[:16]}" for document in documents]
    assert [document.text[-4:] for document in documents] == ["One.", "Two."]


def test_a_broken_mail_does_not_lose_the_others(write: Write, read_all: ReadAll) -> None:
    sealed = mail("x", more="Content-Type: application/pkcs7-mime\n")
    none = f"{_BEGINS}X-Of: none\n\nno mail\n\n"
    path = write("in.mbox", mail("One.") + sealed + none + mail("") + mail("Two."))
    documents, errors = read_all(path)
    assert [document.text[-4:] for document in documents] == ["One.", "Two."]
    said = ("the mail is encrypted", "not a mail", "the mail is empty")
    for number, problem, error in zip((2, 3, 4), said, errors, strict=True):
        assert error.startswith(f"{path}:{number}: {problem}")


def test_a_mail_that_cannot_be_read_is_known_by_its_id(write: Write) -> None:
    """So that only what is stored of it stays; without an id it may be any of the mailbox."""
    one, two = mail("One.", message_id="1@x"), mail("Two.", message_id="2@x")
    path = write("in.mbox", one + two)
    origins = {document.id: document.origin for document in read_documents(str(path))}
    sealed = "Content-Type: application/pkcs7-mime\n"
    for written, unread in (
        (one + mail("x", message_id="2@x", more=sealed), origins["in.mbox:2@x"]),
        (one + mail("x", more=sealed), str(path.resolve())),
        (one + mail("x", message_id="1@x", more=sealed), str(path.resolve())),
    ):
        write("in.mbox", written)
        omissions = Omissions()
        documents = read_documents(str(path), on_error=lambda error: None, omissions=omissions)
        assert [document.id for document in documents] == ["in.mbox:1@x"]
        assert omissions.unread == {unread}


def test_an_id_may_have_a_space_or_a_comment(write: Write, read_all: ReadAll) -> None:
    content = "".join(mail(name, message_id=name) for name in ("a b@x", "a c@x"))
    content += mail("Three.").replace("\nSubject", "\nMessage-ID: (of <mine) <3@x>\nSubject")
    content += mail("Four.").replace("\nSubject", "\nMessage-ID:\n <4@x>\nSubject")
    content += mail("Five.").replace("\nSubject", "\nMessage-ID: 5@x\nSubject")
    documents, errors = read_all(write("in.mbox", content))
    expected = [f"in.mbox:{name}" for name in ("a b@x", "a c@x", "3@x", "4@x", "5@x")]
    assert (ids(documents), errors) == (expected, [])


@pytest.mark.parametrize(
    "more",
    [
        "X-Mozilla-Status: 0009\n",
        "X-Status: AD\n",
        "X-Gmail-Labels: Trash\n",
        'X-Gmail-Labels: Opened,"Spam",Important\n',
        "X-Gmail-Labels: =?UTF-8?Q?Papierkorb,Ge=C3=B6ffnet?=\n",
    ],
)
def test_deleted_mails_are_left_out(write: Write, read_all: ReadAll, more: str) -> None:
    kept = "X-Mozilla-Status: 0001\nX-Status: A\nX-Gmail-Labels: Trash cans\n"
    content = mail("Deleted.", more=more) + mail("Kept.", more=kept)
    (document,), errors = read_all(write("in.mbox", content))
    assert (document.text, errors) == ("From: ada@example.org\n\nKept.", [])


def test_a_status_in_words_is_no_deletion(write: Write, read_all: ReadAll) -> None:
    documents, _ = read_all(write("in.mbox", mail("Kept.", more="X-Status: Delivered\n")))
    assert len(documents) == 1


def test_a_prefix_begins_the_ids(write: Write) -> None:
    path = write("in.mbox", mail("One.", message_id="1@x"))
    (document,) = read_documents(str(path), prefix="work/")
    assert document.id == "work/in.mbox:1@x"


def test_a_mailbox_without_mails_is_passed_over_beside_others(write: Write, read_all: ReadAll) -> None:
    path = write("mail/in.mbox", "")
    deleted = write("mail/old.mbox", mail("Deleted.", more="X-Status: D\n"))
    assert read_all(path)[1] == [f"{path}: holds no document; fill it or remove it"]
    assert read_all(deleted)[1] == [f"{deleted}: holds no document; fill it or remove it"]
    write("mail/a.txt", "hello")
    documents, errors = read_all(path.parent)
    assert (ids(documents), errors) == (["mail/a.txt"], [])


def test_what_is_no_mailbox_says_so(write: Write, read_all: ReadAll) -> None:
    path = write("in.mbox", "hello\nFrom here\n")
    problem = "not a mailbox: it does not begin with 'From ', or leave it out: --on-error skip"
    assert read_all(path) == ([], [f"{path}: {problem}"])


def test_changed_bytes_are_documents_or_source_errors(write: Write, read_all: ReadAll) -> None:
    content = (mail("One.", message_id="1@x", subject="Mill") + mail("Two.", message_id="2@x")).encode()
    for changed in damaged(content, count=200):
        documents, errors = read_all(write("in.mbox", changed))
        assert documents or errors
        assert len(set(ids(documents))) == len(documents)
