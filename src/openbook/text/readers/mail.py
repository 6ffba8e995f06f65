"""Mails: who wrote to whom, when and about what, then what was written; attachments are named, not read.

From: Ada Fenn <ada@example.org>
Date: Tue, 05 Mar 2024 14:07:00 +0100
Subject: The gate

Odo has mended it.

Attachments: gate.jpg

`mail_parts` knows which parts of a mail hold its text, and `mail_text` how a part is decoded.
"""

import codecs
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser

from openbook.errors import SourceError
from openbook.text.documents import source_error
from openbook.text.readers.mail_parts import find_parts
from openbook.text.readers.mail_quotes import SeenMails
from openbook.text.readers.mail_text import (
    POLICY,
    SHOWN,
    header,
    header_lines,
    message_id,
    message_ids,
    on_one_line,
)
from openbook.text.readers.source_file import LEAVE_OUT, Item, Keys, ParsedFile, SourceFile, read_whole

_OF_MAILS = (*SHOWN, "Cc", "Bcc", "Sender", "Message-ID", "Received", "Return-Path", "MIME-Version")
"""Headers of which every mail has one."""


def read_mail(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a mail; its title is its subject. What it quotes of mails before it is left out at its end."""

    def parse(raw: bytes) -> ParsedFile:
        parsed = parse_mail(raw, file.path)
        return replace(parsed, text=own_text(parsed.text, headers_of(raw), keys.mails))

    return read_whole(file, parse)


def own_text(text: str, headers: Message, mails: SeenMails) -> str:
    """A mail's text without the end that only quotes mails which were read before it."""
    answers = message_ids(headers, "In-Reply-To") + message_ids(headers, "References")
    name, sender = message_id(headers), header(headers, "From")
    return mails.own_text(text, message_id=name, answers=answers, sender=sender)


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
            raise source_error(where, f"{problem}; save it again", option=LEAVE_OUT)
        found = find_parts(message, where)
        subject = header(message, "Subject")
        lines = header_lines(message)
    except SourceError:
        raise
    except Exception as error:  # whatever the library stumbles over
        problem = f"not readable as a mail: {on_one_line(str(error)) or type(error).__name__}"
        raise source_error(where, f"{problem}; save it again", option=LEAVE_OUT) from error
    if found.is_sealed and not found.pieces:
        problem = "the mail is encrypted, or sealed by its signature; save its text where it can be read"
        raise source_error(where, problem, option=LEAVE_OUT)
    if not found.pieces and not found.attachments and not subject:
        problem = "the mail is empty: it has neither subject nor text nor attachments; save it again"
        raise source_error(where, problem, option=LEAVE_OUT)
    texts = ["\n".join(lines), *(piece.text for piece in found.pieces)]
    if found.attachments:
        texts.append(f"Attachments: {', '.join(found.attachments)}")
    text = "\n\n".join(texts)
    omission = "a part of the mail is encrypted, and is not read" if found.is_sealed else ""
    return ParsedFile(text=text.strip("\n"), said={"title": subject}, omission=omission)


def headers_of(raw: bytes) -> Message:
    """A mail's headers, without what it holds."""
    try:
        return BytesHeaderParser(policy=POLICY).parsebytes(raw)
    except Exception:  # noqa: BLE001 - `parse_mail` says what is wrong
        return Message(policy=POLICY)
