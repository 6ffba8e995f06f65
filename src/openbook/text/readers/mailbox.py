"""Mailboxes: many mails in one .mbox file, each a document.

From ada@example.org Tue Mar  5 14:07:00 2024      begins a mail; the same words in a text have > before them
Message-ID: <1@example.org>                        names it, whatever is added before it or deleted
Subject: The gate

Odo has mended it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from itertools import chain, pairwise

from openbook.errors import SourceError
from openbook.text.documents import Document, source_error
from openbook.text.readers.mail import headers_of, own_text, parse_mail
from openbook.text.readers.mail_quotes import SeenMails
from openbook.text.readers.mail_text import header, message_id
from openbook.text.readers.source_file import (
    LEAVE_OUT,
    UNREADABLE,
    Item,
    Keys,
    Omission,
    SourceFile,
    UnreadPartError,
    no_rows,
    without_zeros,
)

_BEGINS = re.compile(rb"From [^\r\n]{1,400}? \d{1,2}:\d{2}\b")
"""A line that begins a mail has the time at which it came, and a header below it."""
_BEGINS_ANYWHERE = re.compile(
    rb"From [^\r\n]{1,400}? (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [^\r\n]{0,40}?\b\d{1,2}:\d{2}\b"
)
"""One that has the day too needs no empty line before it, which some programs do not write."""
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>?From ")
_FIRST = b"From "
_QUOTED = re.compile(rb">+From ")
_DELETED_BY_MOZILLA, _DELETED, _LABELS = "X-Mozilla-Status", "X-Status", "X-Gmail-Labels"
_FLAGS = re.compile("[A-Z]*D[A-Z]*")
_THROWN_AWAY = frozenset({
    "trash", "bin", "papierkorb", "corbeille", "papelera", "cestino", "lixeira", "prullenbak", "spam",
})  # fmt: skip
"""How Gmail labels what it will delete, in the language of who exports it."""
_MOZILLA_DELETED = 0x8
"""Of the bits of its status; the mail stays in the file until that is compacted."""
_HEXADECIMAL = re.compile("[0-9a-fA-F]{1,8}")


@dataclass(slots=True)
class _Names:
    """The names of a mailbox's mails, each given once."""

    _texts: dict[str, list[bytes]] = field(default_factory=dict)
    """Fingerprints of the texts by Message-ID, which mails share that came in two ways."""
    _numbered: set[str] = field(default_factory=set)

    def knows(self, message_id: str) -> bool:
        """Whether a mail of this id was named."""
        return message_id in self._texts

    def name(self, message_id: str, text: str) -> str:
        """Name a mail, by its fingerprint if it says no id; empty: it is a copy of one before it.

        A later one of an id with another text has its fingerprint behind that, as `ID#9f86d081884c7d65`.
        """
        fingerprint = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
        message_id = message_id or f"sha256:{fingerprint.hex()[:16]}"
        texts = self._texts.setdefault(message_id, [])
        if fingerprint in texts:
            return ""
        texts.append(fingerprint)
        if len(texts) == 1 and message_id not in self._numbered:
            return message_id
        name = f"{message_id}#{fingerprint.hex()[:16]}"
        self._numbered.add(name)
        return name


def read_mailbox(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read the mails of a mailbox, but those that are marked as deleted, or as spam."""
    names = _Names()
    is_empty = True
    number = 0
    try:
        with file.open() as stream:
            for number, raw in enumerate(_mails(stream, file.path), start=1):
                for item in _mail(raw, f"{file.path}:{number}", file, names, keys.mails):
                    is_empty = False
                    yield item
    except SourceError as error:
        yield error
        return
    except UNREADABLE as error:
        yield source_error(f"{file.path}:{number + 1}", f"cannot be read further: {error}")
        return
    if is_empty:
        yield no_rows(file.path)


def _mails(lines: Iterable[bytes], where: str) -> Iterator[bytes]:
    """Each mail without the line that begins it.

    Raises:
        SourceError: there is something before the first.
    """
    mail: list[bytes] | None = None
    is_free = True
    """Whether the line before is empty."""
    for line, below in pairwise(chain(lines, [b""])):
        if _is_border(line, below, is_free=is_free) or (mail is None and line.startswith(_FIRST)):
            if mail is not None:
                yield b"".join(mail)
            mail = []
        elif mail is not None:
            mail.append(line[1:] if _QUOTED.match(line) else line)
        elif line.strip():
            raise source_error(where, "not a mailbox: it does not begin with 'From '", option=LEAVE_OUT)
        is_free = not line.strip(b"\r\n")
    if mail is not None:
        yield b"".join(mail)


def _is_border(line: bytes, below: bytes, *, is_free: bool) -> bool:
    """Whether a line begins a mail; a text may have lines that begin so, too."""
    if not line.startswith(_FIRST) or _HEADER.match(below) is None:
        return False
    return (_BEGINS if is_free else _BEGINS_ANYWHERE).match(line) is not None


def _mail(raw: bytes, where: str, file: SourceFile, names: _Names, mails: SeenMails) -> Iterator[Item]:
    """A mail as a document, or why it cannot be read; nothing of one that is deleted, or a copy."""
    headers = headers_of(raw)
    if _is_deleted(headers):
        return
    said = message_id(headers)
    try:
        parsed = parse_mail(raw, where)
        text = without_zeros(parsed.text, where)
        if name := names.name(said, text):  # of all: what was read before must not change it
            yield Document(
                text=own_text(text, headers, mails),
                id=f"{file.prefix}{file.name}:{name}",
                title=parsed.said.get("title") or file.stem,
                source=file.path,
                origin=_origin(file, name),
                named_by_path=True,
            )
        if parsed.omission:
            yield Omission(f"{where}: {parsed.omission}")
    except SourceError as error:
        is_known = said and not names.knows(said)
        yield UnreadPartError.of(error, origin=_origin(file, said)) if is_known else error


def _is_deleted(headers: Message) -> bool:
    by_mozilla = header(headers, _DELETED_BY_MOZILLA)
    if _HEXADECIMAL.fullmatch(by_mozilla) and int(by_mozilla, 16) & _MOZILLA_DELETED:
        return True
    labels = (label.strip(' "').casefold() for label in header(headers, _LABELS).split(","))
    return _FLAGS.fullmatch(header(headers, _DELETED)) is not None or not _THROWN_AWAY.isdisjoint(labels)


def _origin(file: SourceFile, name: str) -> str:
    """A mail's origin ends with a number for its name; its place would change with every mail before it."""
    number = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8]
    return file.origin and f"{file.origin}:{int.from_bytes(number, 'big')}"
