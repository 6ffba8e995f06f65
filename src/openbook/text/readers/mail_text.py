"""How the words of a mail's headers and parts are decoded, whatever their mail program did wrong."""

import re
from base64 import b64decode, b64encode
from contextlib import suppress
from email.message import Message
from email.policy import EmailPolicy
from itertools import groupby
from quopri import decodestring

from openbook.text.readers.html import parse_page
from openbook.text.readers.mail_encoding import decode_mail
from openbook.text.readers.page_encoding import decode_page

SHOWN = ("From", "To", "Date", "Subject")
"""Headers that a mail's text begins with."""
_ID = "Message-ID"
_LONGEST_HEADER = 10_000
"""Characters; the library takes minutes for those of a megabyte."""
_ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_ENCODED_WORDS = re.compile(rf"{_ENCODED_WORD.pattern}(?:\s*{_ENCODED_WORD.pattern})*")
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_SIGNATURE = "-- "
_BASE64 = re.compile(rb"\s*[A-Za-z0-9+/]*={0,2}\s*")
_BASE64_AT_LENGTH = re.compile(rb"\s*[A-Za-z0-9+/]{60,}={0,2}\s*")
"""A line that is damaged base64's, not a footer's."""


class _Policy(EmailPolicy):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Cut headers that are too long; bytes that no header should hold are UTF-8 or windows-1252.

        Encoded words become UTF-8, for the library knows fewer encodings than bodies are written in.
        """
        name, value = super().header_source_parse(sourcelines)
        value = value[:_LONGEST_HEADER]
        if not value.isascii():
            value = decode_mail(value.encode("utf-8", "surrogateescape"), "")
        return name, value if name.lower() == _ID.lower() else _ENCODED_WORDS.sub(_in_utf8, value)


def _in_utf8(words: re.Match[str]) -> str:
    """Encoded words beside each other as one in UTF-8; some programs end a word inside of a letter."""
    found = [match.groups() for match in _ENCODED_WORD.finditer(words[0])]
    pieces = [
        decode_mail(b"".join(_bytes_of_word(way, text) for _, way, text in group), charset)
        for charset, group in groupby(found, key=lambda word: word[0].partition("*")[0].lower())
    ]
    encoded = b64encode("".join(pieces).encode("utf-8", "replace")).decode("ascii")
    return f"=?utf-8?b?{encoded}?="


def _bytes_of_word(way: str, text: str) -> bytes:
    """What an encoded word holds, which is base64 or quoted-printable with _ for a space."""
    if way in "qQ":
        return decodestring(text.replace("_", "=20").encode("utf-8", "replace"))
    with suppress(ValueError):
        return b64decode(f"{text.rstrip('=')}===")
    return text.encode("utf-8", "replace")


POLICY = _Policy()
"""What mails are parsed by."""


def header(message: Message, name: str) -> str:
    """A header decoded, on one line; empty if there is none."""
    with suppress(Exception):  # whatever the library stumbles over: then as it is written
        return on_one_line(str(message.get(name, "")))
    return on_one_line(_written(message, name))


def header_lines(message: Message) -> list[str]:
    """The first lines of a mail: who wrote to whom, when and about what."""
    return [f"{name}: {value}" for name in SHOWN if (value := header(message, name))]


def message_id(message: Message) -> str:
    """A mail's name without brackets; empty if it has none. The library would end it at a space."""
    written = on_one_line(_written(message, _ID))
    inner = _IN_BRACKETS.search(written)
    return (written if inner is None else inner[1]).strip("<> ")


def message_ids(message: Message, name: str) -> list[str]:
    """The names of other mails that a header says, without brackets."""
    return [found.strip() for found in _IN_BRACKETS.findall(_written(message, name)[:_LONGEST_HEADER])]


def _written(message: Message, name: str) -> str:
    """A header as it is written; empty if there is none."""
    return next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def on_one_line(text: str) -> str:
    """The text on one line, and without what is no text."""
    return " ".join(
        text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "").split()
    )


def name_of_attachment(part: Message) -> str:
    """What the file of a part is called; empty: it says no name."""
    name = on_one_line(part.get_filename() or "")
    if "=?" in name:  # encoded as other headers are, which names should not be, but often are
        with suppress(Exception):
            name = on_one_line(str(POLICY.header_factory("subject", name)))
    return name


def text_of_part(part: Message, where: str) -> str:
    """The text of a part that has no others in it: of a page what is seen.

    Raises:
        SourceError: of the mail that stands there, where a page is none that can be read.
    """
    raw = _bytes_of(part)
    said = part.get_content_charset() or ""
    if part.get_content_type() == "text/html":
        return parse_page(_page(raw, said), where, of_site=False, marks_headings=False).text
    text = decode_mail(raw, said).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if str(part.get_param("format", "")).lower() == "flowed":
        text = unflowed(text, deletes_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text.strip("\n").rstrip()


def _bytes_of(part: Message) -> bytes:
    """What a part holds; what a mailing list has written plainly below base64 stays as it is."""
    payload = part.get_payload(decode=True)
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        written = part.get_payload()
        lines = written.encode("utf-8", "surrogateescape").splitlines() if isinstance(written, str) else []
        end = next((number for number, line in enumerate(lines) if not _BASE64.fullmatch(line)), len(lines))
        footer = lines[end:]
        if footer and not any(_BASE64_AT_LENGTH.fullmatch(line) for line in footer):
            with suppress(ValueError):
                return b"\n".join([b64decode(b"".join(lines[:end])).rstrip(b"\r\n"), *footer])
    return payload if isinstance(payload, bytes) else b""


def _page(raw: bytes, said: str) -> str:
    """A page in the encoding that the mail says, else in the one that it says itself."""
    if not said:
        with suppress(UnicodeDecodeError):
            return decode_page(raw)
    return decode_mail(raw, said)


def unflowed(text: str, *, deletes_space: bool = False) -> str:
    """Join the lines that a mail program has broken, as format=flowed marks them: by a space at the end.

    >>> unflowed("One \\nline.\\n> Quoted \\n> line.\\n-- \\nAda")
    'One line.\\n> Quoted line.\\n-- \\nAda'

    Args:
        text: with LF at the ends of lines.
        deletes_space: whether the space at the end is no part of the text (DelSp=yes).
    """
    lines: list[tuple[int, list[str]]] = []
    is_open = False
    for written in text.split("\n"):
        line = written.lstrip(">")
        depth = len(written) - len(line)
        line = line.removeprefix(" ")
        is_signature = line == _SIGNATURE
        if not (is_open and lines[-1][0] == depth and not is_signature):
            lines.append((depth, []))
        is_open = line.endswith(" ") and not is_signature
        lines[-1][1].append(line[:-1] if is_open and deletes_space else line)
    return "\n".join(f"{'>' * depth}{' ' * bool(depth)}{''.join(pieces)}" for depth, pieces in lines)
