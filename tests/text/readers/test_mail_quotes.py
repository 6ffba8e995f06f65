"""Quotations at the end of replies, whose mails were read before them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.text import Document

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

_FIRST = "I would order forty sacks of rye,\nfor the winter is long.\n\n-- \nAda"
_WROTE = "On Tue, 5 Mar 2024 at 14:07, Ada Fenn <ada@example.org> wrote:"
_MARKED = "> I would order forty sacks of rye, for the winter\n> is long.\n"
_ORIGINAL = (
    "-----Original Message-----\nFrom: Ada Fenn <ada@example.org>\nSent: Tuesday, March 5\nTo: Odo\n"
    "Subject: Rye\n\nI would order forty sacks of rye, for the winter is long.\n"
)


def mail(body: str, number: int, *answers: int, sender: str = "Ada Fenn <ada@example.org>") -> str:
    said = f"In-Reply-To: <{answers[-1]}@x>\n" if answers else ""
    said += f"References: {' '.join(f'<{each}@x>' for each in answers)}\n" if answers else ""
    return f"From: {sender}\nMessage-ID: <{number}@x>\n{said}Subject: Rye\n\n{body}\n"


def mailbox(*mails: str) -> str:
    return "".join(f"From a@example.org Tue Mar  5 14:07:00 2024\n{each}\n" for each in mails)


def replies(write: Write, read_all: ReadAll, *mails: str) -> list[str]:
    documents, errors = read_all(write("in.mbox", mailbox(*mails)))
    assert errors == []
    return [document.text.partition("\n\n")[2] for document in documents]


@pytest.mark.parametrize(
    "quotation",
    [
        f"{_WROTE}\n{_MARKED}",
        f"{_WROTE}\n\n{_MARKED}> \n> -- \n> Ada\n\n",
        f"On Tue, 5 Mar 2024, Ada Fenn\n<ada@example.org> wrote:\n\n{_MARKED}",
        f"Am 05.03.2024 um 14:07 schrieb Ada Fenn:\n{_MARKED}",
        _MARKED,
        _ORIGINAL,
        _ORIGINAL.replace("-----Original Message-----", f"{'_' * 32}\n"),
    ],
)
def test_what_was_read_before_is_not_read_again(write: Write, read_all: ReadAll, quotation: str) -> None:
    texts = replies(write, read_all, mail(_FIRST, 1), mail(f"Forty is too many.\n\n{quotation}", 2, 1))
    assert texts == [_FIRST, "Forty is too many."]


def test_each_mail_of_a_thread_says_its_own(write: Write, read_all: ReadAll) -> None:
    second = f"Forty is too many.\n\n{_WROTE}\n{_MARKED}"
    marked = "".join(f"> {line}\n" for line in second.split("\n"))
    third = f"Twenty then.\n\nOdo wrote on 6 Mar 2024:\n{marked}"
    mails = mail(_FIRST, 1), mail(second, 2, 1, sender="Odo <odo@example.org>"), mail(third, 3, 1, 2)
    assert replies(write, read_all, *mails) == [_FIRST, "Forty is too many.", "Twenty then."]


def test_files_of_a_folder_are_one_reading(write: Write, read_all: ReadAll) -> None:
    write("mail/1.eml", mail(_FIRST, 1))
    path = write("mail/2.eml", mail(f"Forty is too many.\n\n{_WROTE}\n{_MARKED}", 2, 1))
    documents, _ = read_all(path.parent)
    assert documents[1].text == "From: Ada Fenn <ada@example.org>\nSubject: Rye\n\nForty is too many."
    (alone,), _ = read_all(path)
    assert "forty sacks" in alone.text


@pytest.mark.parametrize(
    "reply",
    [
        f"{_WROTE}\n{_MARKED}\nForty is too many.",
        f"Too many.\n\n{_WROTE}\n{_MARKED}> The oats are gone.\n",
        f"Too many.\n\n{_WROTE}\n> I would order fourteen sacks of rye\n",
        f"{_WROTE}\n{_MARKED}",
        "How many?\n\n> ten",
        "Read it.\n\n> Ada, I would order\n",
        f"Too many.\n\n{_MARKED}> :-)",
        "We meet.\n\n________________________________\nMeeting\nID: 364\nCode: 7\nPhone: 55\n\n-- \nAda",
        f"My order\n\n--- For the winter ---\nSacks: 30\nKind: rye\nBy: Friday\n\n{_FIRST}",
    ],
    ids=[
        "answers below",
        "more is quoted",
        "changed",
        "no words of its own",
        "part of a word",
        "another order",
        "signs",
        "a meeting",
        "a form",
    ],
)
def test_what_is_not_known_to_be_said_before_stays(write: Write, read_all: ReadAll, reply: str) -> None:
    assert replies(write, read_all, mail(_FIRST, 1), mail(reply, 2, 1))[1] == reply.rstrip("\n")


def test_a_quotation_stays_whose_mail_is_not_there_or_not_named(write: Write, read_all: ReadAll) -> None:
    reply = f"Too many.\n\n{_WROTE}\n{_MARKED}".rstrip()
    assert replies(write, read_all, mail(reply, 2, 1)) == [reply]
    assert replies(write, read_all, mail(_FIRST, 1), mail(reply, 2)) == [_FIRST, reply]


@pytest.mark.parametrize(
    "line",
    [
        "here is what Ada forgot, the oats:",
        "Ada, as we agreed on Monday at 10:30 I order only this:",
        "Please send the money to odo@example.org for this:",
        "What Ada wrote about the oats in 2024 is wrong, thirty sacks came:",
    ],
)
def test_a_line_of_the_reply_above_a_quotation_stays(write: Write, read_all: ReadAll, line: str) -> None:
    reply = f"Hello Ada,\n\n{line}"
    assert replies(write, read_all, mail(_FIRST, 1), mail(f"{reply}\n{_MARKED}", 2, 1))[1] == reply


def test_attachments_below_a_quotation_stay(write: Write, read_all: ReadAll) -> None:
    picture = '--b\nContent-Type: image/png; name="a.png"\n\nx\n--b--'
    body = f"--b\nContent-Type: text/plain\n\nToo many.\n\n{_MARKED}\n{picture}"
    reply = mail(body, 2, 1).replace("Subject:", "Content-Type: multipart/mixed; boundary=b\nSubject:")
    assert replies(write, read_all, mail(_FIRST, 1), reply)[1] == "Too many.\n\nAttachments: a.png"


def test_the_name_of_a_mail_without_an_id_does_not_depend_on_others(write: Write, read_all: ReadAll) -> None:
    reply = mail(f"Too many.\n\n{_WROTE}\n{_MARKED}", 2, 1).replace("Message-ID: <2@x>\n", "")
    (*_, after), _ = read_all(write("in.mbox", mailbox(mail(_FIRST, 1), reply)))
    (alone,), _ = read_all(write("in.mbox", mailbox(reply)))
    assert after.id == alone.id and after.text != alone.text
