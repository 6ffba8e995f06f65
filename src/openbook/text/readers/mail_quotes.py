"""What a reply quotes below its words: left out where the mail that it answers was read before it.

    Forty is too many.                 Forty is too many.

    On Tuesday Ada Fenn wrote:    →
    > I would order forty.

Else a thread of ten mails holds the first one ten times, and searches find whichever. All of the
quotation must stand in a mail that the reply names, in one piece, so nothing is lost that no other document
says. What stands between answers stays.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

_MOST_LETTERS = 64_000_000
"""Of the mails that are kept in mind, the latest ones."""
_BEGINS = re.compile(r"-{2,} ?[^\W\d_][^\n]{3,60}-{2,}|_{20,}")
"""`-----Original Message-----`, or the rule by which Outlook divides; a header follows, in any language."""
_HEADER_LINE = re.compile(r"\**[^\W\d_][\w -]{0,20}:\**[ \t]")
_FEWEST_HEADERS, _MOST_HEADERS = 3, 8
_MOST_LINES_ABOVE = 3
"""Of `On …, Ada Fenn <ada@example.org> wrote:`."""
_INTRODUCES = re.compile(
    r"<[^<>\s]+@|\b(?:wrote|writes|schrieb|écrit|escribió|scritto|escreveu|schreef|skrev|napisał|писал)",
    re.IGNORECASE,
)
"""An address, or what it is called to write."""
_MOST_WORDS = 6
"""Beside a name and an address; with more a line says something of its own."""
_FEWEST_LETTERS = 20
"""Of a quotation: less may stand in a mail by chance."""
_CHANGED = str.maketrans("", "", ">*_")
"""What programs add or leave out when they quote, beside spaces."""
_DOMAIN = re.compile(r"@[^\s<>]*")
_ATTACHMENTS = "\n\nAttachments: "


class _Seen(NamedTuple):
    letters: str
    """Of the whole mail, without what programs change when they quote: spaces, marks, line ends."""
    sender: frozenset[str]
    """The words of its name and address, without those of the address's domain."""


@dataclass(slots=True)
class SeenMails:
    """The mails that one reading has come by."""

    _by_id: OrderedDict[str, _Seen] = field(default_factory=OrderedDict)
    _count: int = 0

    def own_text(self, text: str, *, message_id: str, answers: Iterable[str], sender: str) -> str:
        """A mail's text without the end that only quotes mails which were read before it; note the mail.

        Args:
            text: all of it.
            message_id: its name; empty: it has none.
            answers: the names of mails that it says it answers.
            sender: who wrote it.
        """
        known = [self._by_id[name] for name in answers if name in self._by_id]
        if message_id and message_id not in self._by_id:
            self._note(message_id, _Seen(_letters(text), frozenset(_words(_DOMAIN.sub("", sender)))))
        return _without_quotation(text, known) if known else text

    def _note(self, message_id: str, mail: _Seen) -> None:
        self._by_id[message_id] = mail
        self._count += len(mail.letters)
        while self._count > _MOST_LETTERS:
            self._count -= len(self._by_id.popitem(last=False)[1].letters)


def _without_quotation(text: str, known: list[_Seen]) -> str:
    body, mark, attachments = text.rpartition(_ATTACHMENTS)
    if not mark or "\n" in attachments:
        body, mark, attachments = text, "", ""
    lines = body.split("\n")
    start = begins = _start_of_marked(lines)
    if not start:
        start, begins = _start_of_original(lines, known)
    quoted = _letters("\n".join(lines[begins:]))
    if not start or len(quoted) < _FEWEST_LETTERS or not any(quoted in mail.letters for mail in known):
        return text
    own = "\n".join(_without_introduction(lines[:start], known)).rstrip()
    return f"{own}{mark}{attachments}" if _says_something(own) else text


def _start_of_marked(lines: list[str]) -> int:
    """The first of the lines at the end that all have marks; 0: there are none."""
    start = len(lines)
    while start and (not lines[start - 1].strip() or lines[start - 1].startswith(">")):
        start -= 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    return start if start < len(lines) else 0


def _start_of_original(lines: list[str], known: list[_Seen]) -> tuple[int, int]:
    """Where a mail stands below its header, as Outlook quotes: the first line, and that below the header."""
    for number, line in enumerate(lines):
        if _BEGINS.fullmatch(line.strip()):
            # Some programs leave a line free above the header.
            below = range(number + 2, len(lines))
            end = next((place for place in below if not lines[place].strip()), len(lines))
            above = [each for each in lines[number + 1 : end] if each.strip()]
            headers = [each for each in above if _HEADER_LINE.match(each)]
            is_one = _FEWEST_HEADERS <= len(headers) <= _MOST_HEADERS and above[0] == headers[0]
            if is_one and _names_sender(headers[0], known):
                return number, end
    return 0, 0


def _without_introduction(lines: list[str], known: list[_Seen]) -> list[str]:
    """The lines without those right above a quotation that say who wrote it."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start and lines[start - 1].strip():
        start -= 1
    above = " ".join(lines[start:end])
    is_short = 0 < end - start <= _MOST_LINES_ABOVE and above.rstrip().endswith(":")
    is_only_that = _names_sender(above, known) and _INTRODUCES.search(above) is not None
    others = {word for word in _words(_DOMAIN.sub("", above)) if not word.isdecimal()}
    others = others.difference(*(mail.sender for mail in known))
    return lines[:start] if is_short and is_only_that and len(others) <= _MOST_WORDS else lines


def _names_sender(line: str, known: list[_Seen]) -> bool:
    words = _words(_DOMAIN.sub("", line))
    return any(not mail.sender.isdisjoint(words) for mail in known)


def _says_something(own: str) -> bool:
    """Whether there is more than the header that each mail's text begins with."""
    return bool(own.partition("\n\n")[2].strip())


def _letters(text: str) -> str:
    return "".join(text.split()).translate(_CHANGED)


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2]
