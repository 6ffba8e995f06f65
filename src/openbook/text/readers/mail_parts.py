"""Which parts of a mail hold its text.

multipart/mixed                  all, one after the other
  multipart/alternative          the plain one, or the page that it stands in for, else the first with words
    text/plain                   read
    multipart/related            the first, with pictures that are not named
      text/html                  not read here, for the plain one says it
      image/png
  message/rfc822                 its first lines and what it holds, wherever it stands
  application/pdf                named
  text/calendar                  what is invited to, when and where

How a part is decoded is not known here: see `mail_text`.
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message

from openbook.errors import SourceError
from openbook.text.readers.mail_invitation import invitation
from openbook.text.readers.mail_text import POLICY, header_lines, name_of_attachment, text_of_part

_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_SEALED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_SEALED_TEXT = "-----BEGIN PGP MESSAGE-----"
_PLAIN, _PAGE, _CALENDAR = "text/plain", "text/html", "text/calendar"
_MAILS = ("message/rfc822", "message/global")
_NO_TEXT = ("text/vcard", "text/x-vcard", "text/directory", "text/rtf", "text/css")
"""Text for programs: named as attachments are."""
_OF_PAGES = 1
"""The preference of a page, and of what may hold one with its pictures."""
_SHORT, _MUCH_MORE = 400, 4
"""A plain text of less characters, which a page has so many times, may only stand in for the page."""
_SAYS_SO = re.compile(r"\b(?:html|browser)\b", re.IGNORECASE)
_FEW_WORDS = 20


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of a mail, and the kind of the part that holds it."""

    text: str
    kind: str


@dataclass(slots=True)
class Found:
    """What the parts of a mail hold, in order."""

    pieces: list[Piece] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    is_sealed: bool = False
    """Whether some of it is encrypted, or stands inside of a signature that only mail programs open."""

    @property
    def has_words(self) -> bool:
        """Whether there is a text of its own, not of mails in it."""
        return any(piece.kind not in _MAILS for piece in self.pieces)

    @property
    def own_text(self) -> str:
        """Its own text, without mails in it."""
        return "\n".join(piece.text for piece in self.pieces if piece.kind not in _MAILS)

    def add(self, other: "Found") -> None:
        """Add what a later part holds."""
        self.pieces += other.pieces
        self.attachments += other.attachments
        self.is_sealed |= other.is_sealed


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a part is read."""

    where: str
    """The mail stands, for errors."""
    is_body: bool = True
    """Whether it is what the mail shows first: then it is text, even if it has a name as files have."""
    is_read: bool = True
    """Whether its own text is wanted; mails and attachments in it always are."""


def find_parts(message: Message, where: str) -> Found:
    """What the parts of a mail hold.

    Args:
        message: parsed by `POLICY`.
        where: it stands, for errors.

    Raises:
        SourceError: a page of it is none that can be read.
    """
    return _found(message, _Reading(where))


def _found(part: Message, reading: _Reading) -> Found:
    kind = part.get_content_type()
    if kind in _SEALED:
        return Found(is_sealed=True)
    if not part.is_multipart():
        return _leaf(part, kind, reading)
    children = _children(part)
    if kind in _MAILS:
        return _forwarded(part, children, kind, reading)
    if kind == "multipart/alternative":
        return _alternative(children, reading)
    if kind == "multipart/related" and children:
        return _related(part, children, reading)
    return _mixed(children, reading)


def _children(part: Message) -> list[Message]:
    """The parts in a part, as far as they are for people."""
    children = part.get_payload() if part.get_content_type() != "message/delivery-status" else []
    return [each for each in children if isinstance(each, Message)]


def _leaf(part: Message, kind: str, reading: _Reading) -> Found:
    if kind in _SIGNATURES:
        return Found()
    name = name_of_attachment(part)
    is_file = part.get_content_disposition() == "attachment" or bool(name and not reading.is_body)
    is_text = kind.startswith(("text/", "multipart/")) and kind not in _NO_TEXT
    if is_file or not is_text or (kind == _CALENDAR and not reading.is_read):
        return Found(attachments=[name or kind])
    if not reading.is_read:
        return Found()
    text = text_of_part(part, reading.where)
    if text.lstrip().startswith(_SEALED_TEXT):
        return Found(is_sealed=True)
    if kind == _CALENDAR and not (text := invitation(text)):
        return Found(attachments=[name or kind])
    return Found(pieces=[Piece(text, kind)] if text.strip() else [])


def _mixed(children: Sequence[Message], reading: _Reading) -> Found:
    """All of the parts, but a page that says only what a plain part before it says."""
    found = Found()
    for number, child in enumerate(children):
        found.add(_found(child, reading if number == 0 else replace(reading, is_body=False)))
    said: set[str] = set()
    pieces, found.pieces = found.pieces, []
    for piece in pieces:
        letters = _letters(piece.text)
        if piece.kind == _PLAIN:
            said.add(letters)
        if piece.kind != _PAGE or letters not in said:
            found.pieces.append(piece)
    return found


def _letters(text: str) -> str:
    """A text without what a page and a plain text that say the same write differently."""
    return "".join(letter for letter in text if letter.isalnum())


def _related(part: Message, children: Sequence[Message], reading: _Reading) -> Found:
    """The part that is shown, with the pictures that are the others; and files that are not shown in it."""
    start = str(part.get_param("start", "")).strip("<> ")
    ids = [str(child.get("Content-ID", "")).strip("<> ") for child in children]
    root = ids.index(start) if start in ids else 0
    found = _found(children[root], reading)
    for place, child in enumerate(children):
        if place != root and not _is_shown(child, ids[place]):
            found.add(_found(child, replace(reading, is_body=False)))
    return found


def _is_shown(part: Message, content_id: str) -> bool:
    """Whether a part stands inside of a page, as its pictures do."""
    is_image = part.get_content_maintype() == "image"
    if part.get_content_type() in _MAILS:
        return False
    if part.get_content_disposition() == "attachment":
        return is_image and bool(content_id)
    return is_image or bool(content_id) or not name_of_attachment(part)


def _alternative(children: Sequence[Message], reading: _Reading) -> Found:
    """The plain one of parts that say the same, else the first that says something, with all mails in others.

    A plain one that is short may only say that there is a page, which is read then if it says much more.
    The others are not read, which may take long or fail.
    """
    found: dict[int, Found] = {}
    chosen: Found | None = None
    for place in sorted(range(len(children)), key=lambda place: _preference(children[place])):
        is_read = reading.is_read and chosen is None
        found[place] = _found(children[place], replace(reading, is_read=is_read))
        if chosen is None and found[place].has_words:
            chosen = found[place]
        elif chosen is not None and (page := _page_instead(children[place], reading, chosen)):
            chosen = found[place] = page
    pieces = [] if chosen is None else list(chosen.pieces)
    in_order = [found[place] for place in range(len(children))]
    mails = dict.fromkeys(piece for each in in_order for piece in each.pieces if piece.kind in _MAILS)
    attachments = dict.fromkeys(name for each in in_order for name in each.attachments)
    return Found(
        pieces=[*pieces, *(piece for piece in mails if piece not in pieces)],
        attachments=[name for name in attachments if name not in (*_NO_TEXT, _CALENDAR)],
        is_sealed=chosen is None and any(each.is_sealed for each in in_order),
    )


def _page_instead(part: Message, reading: _Reading, chosen: Found) -> Found | None:
    """What a page says, where the text that was chosen only stands in for it; else None."""
    if not reading.is_read or _preference(part) != _OF_PAGES or len(chosen.own_text) >= _SHORT:
        return None
    try:
        page = _found(part, replace(reading, is_read=True))
    except SourceError:  # the text is there
        return None
    is_longer = len(page.own_text) > _MUCH_MORE * len(chosen.own_text)
    return page if is_longer and _stands_for(chosen.own_text, page.own_text) else None


def _stands_for(text: str, page: str) -> bool:
    """Whether a text says that there is a page, or is short and no part of the page.

    A reply is a part of it: what the page has more is a signature, or the mail that it quotes.
    """
    is_short = len(text.split()) < _FEW_WORDS
    return _SAYS_SO.search(text) is not None or (is_short and _letters(text) not in _letters(page))


def _preference(part: Message) -> int:
    """The lowest number is read first of parts that say the same: pages before what few programs show."""
    kind = part.get_content_type()
    if kind in (_PLAIN, _PAGE, _CALENDAR):
        return {_PLAIN: 0, _PAGE: _OF_PAGES, _CALENDAR: 3}[kind]
    return _OF_PAGES if part.is_multipart() else 2


def _forwarded(part: Message, messages: Sequence[Message], kind: str, reading: _Reading) -> Found:
    """Mails in a mail: of each its own first lines, then what it holds."""
    found = Found()
    for message in messages:
        opened = _opened(part, message)
        inner = _found(opened, _Reading(reading.where))
        texts = ["\n".join(header_lines(opened)), *(piece.text for piece in inner.pieces)]
        inner.pieces = [Piece("\n\n".join(text for text in texts if text), kind)] if any(texts) else []
        found.add(inner)
    return found


def _opened(part: Message, message: Message) -> Message:
    """A mail in a part; where the part is base64, which it should not be, the library has not decoded it."""
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64" and not message.keys():
        with suppress(ValueError):
            return message_from_bytes(b64decode(str(message.get_payload())), policy=POLICY)
    return message
