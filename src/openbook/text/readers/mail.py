"""Mails: who wrote to whom, when and about what, then what was written; attachments are named, not read.

From: Ada Fenn <ada@example.org>
Date: Tue, 05 Mar 2024 14:07:00 +0100
Subject: The gate

Odo has mended it.

Attachments: gate.jpg

Which parts of a mail hold its text is decided here; `mail_text` knows how a part is decoded.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser

from openbook.errors import SourceError
from openbook.text.documents import source_error
from openbook.text.readers.mail_text import POLICY, header, name_of_attachment, on_one_line, text_of_part
from openbook.text.readers.source_file import LEAVE_OUT, Item, Keys, ParsedFile, SourceFile, read_whole

_SHOWN = ("From", "To", "Date", "Subject")
_OF_MAILS = (*_SHOWN, "Cc", "Bcc", "Sender", "Message-ID", "Received", "Return-Path", "MIME-Version")
"""Headers of which every mail has one."""
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_SEALED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_SEALED_TEXT = "-----BEGIN PGP MESSAGE-----"
_NO_TEXT = ("text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/rtf", "text/css")
"""Text for programs: named as attachments are."""


@dataclass(slots=True)
class _Found:
    """What the parts of a mail hold, in order."""

    texts: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    is_sealed: bool = False
    """Whether some of it is encrypted, or stands inside of a signature that only mail programs open."""

    def add(self, other: "_Found") -> None:
        self.texts += other.texts
        self.attachments += other.attachments
        self.is_sealed |= other.is_sealed


def read_mail(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a mail; its title is its subject."""
    return read_whole(file, lambda raw: parse_mail(raw, file.path))


def parse_mail(raw: bytes, where: str) -> ParsedFile:
    """What a mail says.

    Args:
        raw: the whole mail.
        where: it stands, for errors.

    Raises:
        SourceError: it is no mail, holds nothing, or nothing but what is encrypted.
    """
    try:
        message = message_from_bytes(raw.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n"), policy=POLICY)
        if not any(name in message for name in _OF_MAILS):
            problem = "not a mail: it begins with none of the lines that mails begin with, as From: and Date:"
            raise source_error(where, problem, option=LEAVE_OUT)
        found = _found(message, where)
        subject = header(message, "Subject")
        lines = _header_lines(message)
    except SourceError:
        raise
    except Exception as error:  # whatever the library stumbles over
        problem = f"not readable as a mail: {on_one_line(str(error)) or type(error).__name__}"
        raise source_error(where, problem, option=LEAVE_OUT) from error
    if found.is_sealed and not found.texts:
        problem = "the mail is encrypted, or sealed by its signature; save its text where it can be read"
        raise source_error(where, problem, option=LEAVE_OUT)
    if not found.texts and not found.attachments and not subject:
        problem = "the mail is empty: it has neither subject nor text nor attachments"
        raise source_error(where, problem, option=LEAVE_OUT)
    if found.attachments:
        found.texts.append(f"Attachments: {', '.join(found.attachments)}")
    text = "\n\n".join(["\n".join(lines), *found.texts])
    omission = "a part of the mail is encrypted, and is not read" if found.is_sealed else ""
    return ParsedFile(text=text.strip("\n"), said={"title": subject}, omission=omission)


def headers_of(raw: bytes) -> Message:
    """A mail's headers, without what it holds."""
    try:
        return BytesHeaderParser(policy=POLICY).parsebytes(raw)
    except Exception:  # `parse_mail` says what is wrong
        return Message(policy=POLICY)


def _header_lines(message: Message) -> list[str]:
    return [f"{name}: {value}" for name in _SHOWN if (value := header(message, name))]


def _found(part: Message, where: str) -> _Found:
    """What a part holds, and the parts in it."""
    kind = part.get_content_type()
    if kind in _SEALED:
        return _Found(is_sealed=True)
    if not part.is_multipart():
        return _leaf(part, kind, where)
    children = _children(part)
    if kind == "message/rfc822":
        return _forwarded(children, where)
    if kind == "multipart/alternative":
        return _alternative(children, where)
    if kind == "multipart/related":  # the first is shown, with the pictures that are the others
        children = children[:1]
    found = _Found()
    for child in children:
        found.add(_found(child, where))
    return found


def _children(part: Message) -> list[Message]:
    """The parts in a part, as far as they are for people."""
    children = part.get_payload() if part.get_content_type() != "message/delivery-status" else []
    return [each for each in children if isinstance(each, Message)]


def _leaf(part: Message, kind: str, where: str) -> _Found:
    name = name_of_attachment(part)
    is_text = kind.startswith(("text/", "multipart/")) and kind not in _NO_TEXT
    if kind in _SIGNATURES:
        return _Found()
    if name or not is_text or part.get_content_disposition() == "attachment":
        return _Found(attachments=[name or kind])
    text = text_of_part(part, where)
    if text.lstrip().startswith(_SEALED_TEXT):
        return _Found(is_sealed=True)
    return _Found(texts=[text] if text.strip() else [])


def _alternative(children: list[Message], where: str) -> _Found:
    """The plain one of parts that say the same, else the first that says something."""
    found = [_found(child, where) for child in children]
    order = sorted(range(len(found)), key=lambda place: children[place].get_content_type() != "text/plain")
    chosen = next((found[place].texts for place in order if found[place].texts), [])
    attachments = dict.fromkeys(name for each in found for name in each.attachments)
    return _Found(
        texts=chosen,
        attachments=[name for name in attachments if name not in _NO_TEXT],
        is_sealed=not chosen and any(each.is_sealed for each in found),
    )


def _forwarded(messages: list[Message], where: str) -> _Found:
    """Mails in a mail: of each its own first lines, then what it holds."""
    found = _Found()
    for message in messages:
        inner = _found(message, where)
        lines = "\n".join(_header_lines(message))
        inner.texts = [lines, *inner.texts] if lines else inner.texts
        found.add(inner)
    return found
