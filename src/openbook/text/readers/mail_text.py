"""How the words of a mail's headers and parts are decoded, whatever their mail program did wrong."""

import re
from contextlib import suppress
from email.message import Message
from email.policy import EmailPolicy

from openbook.text.readers.html import parse_page
from openbook.text.readers.page_encoding import decode_page, encoding_called

_LONGEST_HEADER = 10_000
"""Characters; the library takes minutes for those of a megabyte."""
_ONE_BYTE = re.compile(r"ascii|cp125\d|iso8859-\d+|koi8.*|mac-.*")
"""Encodings in which UTF-8 by chance makes no words: what is UTF-8 is meant as that."""
_SIGNATURE = "-- "


class _Policy(EmailPolicy):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Cut headers that are too long; bytes that no header should hold are UTF-8 or windows-1252."""
        name, value = super().header_source_parse(sourcelines)
        value = value[:_LONGEST_HEADER]
        if not value.isascii():
            value = _decoded(value.encode("utf-8", "surrogateescape"), "")
        return name, value


POLICY = _Policy()
"""What mails are parsed by."""


def header(message: Message, name: str) -> str:
    """A header decoded, on one line; empty if there is none."""
    with suppress(Exception):  # whatever the library stumbles over: then as it is written
        return on_one_line(str(message.get(name, "")))
    written = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return on_one_line(str(written))


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
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    said = part.get_content_charset() or ""
    if part.get_content_type() == "text/html":
        return parse_page(_page(raw, said), where, of_site=False).text
    text = _decoded(raw, said).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if str(part.get_param("format", "")).lower() == "flowed":
        text = unflowed(text, deletes_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text.strip("\n").rstrip()


def _page(raw: bytes, said: str) -> str:
    """A page in the encoding that the mail says, else in the one that it says itself."""
    if not said:
        with suppress(UnicodeDecodeError):
            return decode_page(raw)
    return _decoded(raw, said)


def _decoded(raw: bytes, said: str) -> str:
    """A text in the encoding that is said, if that is known and right; else UTF-8, else windows-1252."""
    encoding = encoding_called(said) if said else None
    order = [encoding] if encoding else []
    order.insert(0 if encoding is None or _ONE_BYTE.fullmatch(encoding) else 1, "utf-8")
    for each in order:
        with suppress(UnicodeError):
            return raw.decode(each)
    return raw.decode("cp1252", "replace")


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
