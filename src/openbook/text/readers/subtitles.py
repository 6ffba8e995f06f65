"""Subtitles and transcripts of talks (.srt, .vtt): what is said, without numbers and times.

1                                      Ada: The mill was built
00:00:01,000 --> 00:00:04,000          in 1820.
<v Ada><i>The mill was built
in 1820.</i>
"""

import html
import re
from collections.abc import Iterator

from openbook.text.encodings import decode
from openbook.text.readers.source_file import Item, Keys, ParsedFile, SourceFile, read_whole

_TIME = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}.*")
_HEAD = "WEBVTT"
_NOT_SAID = re.compile(rf"(?:{_HEAD}|NOTE|STYLE|REGION)(?:\s|$)")
"""Of files with that head."""
_SPEAKER = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>")
_MARKS = re.compile(r"</?(?:[bicuv]|font|lang|ruby|rt)(?:[\s.][^<>]*)?>|<(?:\d+:)?\d+:\d+\.\d+>|\{\\[^{}]*\}")
_FEWEST_SPACES = 2
"""Of a line that is taken for the one before it, still shown; `No.` may be said twice."""
_EMPTY = re.compile(r"\n[ \t]*\n\s*")


def read_subtitles(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read what is said; its title is its name."""
    return read_whole(file, lambda raw: ParsedFile(text=what_is_said(decode(raw))))


def what_is_said(subtitles: str) -> str:
    """The lines of subtitles, each once where the next ones repeat it, with their speakers where they change.

    >>> what_is_said("WEBVTT\\n\\n00:01.000 --> 00:02.000\\n<v Ada>It turns &amp; turns.")
    'Ada: It turns & turns.'
    """
    said: list[str] = []
    shown: list[str] = []
    """Of the subtitle before, which may roll on."""
    speaker = ""
    subtitles = subtitles.replace("\r\n", "\n").lstrip("\ufeff").strip("\n")
    has_notes = subtitles.startswith(_HEAD)
    for block in _EMPTY.split(subtitles):
        texts = _text_of(block.split("\n"), has_notes=has_notes)
        lines = [part for line in texts for part in _parts(line)]
        for name, line in lines:
            if line and not (line in shown and line.count(" ") >= _FEWEST_SPACES):
                said.append(f"{name}: {line}" if name and name != speaker else line)
            speaker = name or speaker
        shown = [line for _, line in lines]
    return "\n".join(said)


def _text_of(block: list[str], *, has_notes: bool) -> list[str]:
    """The lines that are said of those between two empty ones."""
    times = {number for number, line in enumerate(block) if _TIME.fullmatch(line)}
    if has_notes and not times and _NOT_SAID.match(block[0]):
        return []
    names = {number - 1 for number in times if number == 1 or block[number - 1].strip().isdecimal()}
    return [line for number, line in enumerate(block) if number not in times | names]


def _parts(line: str) -> Iterator[tuple[str, str]]:
    """What is said in a line, without marks, and by whom if it says that; two may speak."""
    before, *others = _SPEAKER.split(line)
    names, said = ["", *others[::2]], [before, *others[1::2]]
    if len(said) > 1 and before.strip() in ("", "-"):
        said[:2] = ["", before + said[1]]
    for name, words in zip(names, said, strict=True):
        yield name.strip(), html.unescape(_MARKS.sub("", words)).strip()
