"""Mails of one Message-ID with different texts, as a mail and what a mailing list made of it.

Which of them a mailbox holds first has the Message-ID as its name, the others have a fingerprint behind it;
in older databases a number.

stored     in.mbox:1@x          what was sent        in.mbox:1@x#9f86d081884c7d65    what the list made of it
deleted    what was sent
read       in.mbox:1@x          what the list made of it: it is in.mbox:1@x#9f86d081884c7d65 as before
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.documents_by_origin import origin_of
from openbook.text import AnyDocument, Document
from openbook.text.origins import file_of

_FINGERPRINT = re.compile(r"#[0-9a-f]{16}\Z")
_NUMBERS = range(2, 6)


def stored_copies(catalog: DocumentCatalog, documents: Sequence[AnyDocument]) -> list[Document | None]:
    """For each document: the same under another name of its Message-ID, if it is stored under that.

    Args:
        catalog: of the database.
        documents: of any kind.

    Returns:
        One for each: None for what is no mail, is stored under the name that it says, or is new.
    """
    mails = {number: document for number, document in enumerate(documents) if _is_mail(document)}
    live = catalog.live([mail.id for mail in mails.values()]) if mails else {}
    names = {number: _names(mail) for number, mail in mails.items() if live.get(mail.id) != mail.sha256}
    stored = catalog.live_records([name for each in names.values() for name in each]) if names else {}
    found: list[Document | None] = [None] * len(documents)
    for number, others in names.items():
        mail = mails[number]
        for record in (stored[name] for name in others if name in stored):
            origin = origin_of(record)
            if record.sha256 == mail.sha256 and file_of(origin) == file_of(mail.origin):
                found[number] = replace(mail, id=record.id, origin=origin)
    return found


def _is_mail(document: AnyDocument) -> TypeGuard[Document]:
    is_text = isinstance(document, Document) and not document.fills_file
    return is_text and document.named_by_path and bool(document.origin)


def _names(mail: Document) -> list[str]:
    """Under what else a mail may be stored."""
    name = _FINGERPRINT.sub("", mail.id)
    return [name, f"{name}#{mail.sha256[:16]}", *(f"{name}#{number}" for number in _NUMBERS)]
