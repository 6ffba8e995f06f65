"""Subtitles and transcripts: what is said, without numbers and times."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.text import Document

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_subtitles_are_what_is_said(write: Write, read_all: ReadAll, end: str) -> None:
    lines = [
        "1", "00:00:01,000 --> 00:00:04,000", "<i>The mill was built", "in 1820.</i>", "",
        "2", "00:00:05,000 --> 00:00:07,000 X1:40", "{\\an8}It turns <b>still</b>.", "", "",
        "3", "00:00:08,000 --> 00:00:09,000", "1820", "",
    ]  # fmt: skip
    path = write("talk.srt", end.join(lines).encode())
    (document,), errors = read_all(path)
    assert (document.text, errors) == ("The mill was built\nin 1820.\nIt turns still.\n1820", [])
    assert (document.title, document.id, document.fills_file) == ("talk", "talk.srt", True)


def test_a_transcript_says_who_speaks_where_that_changes(write: Write, read_all: ReadAll) -> None:
    content = (
        "WEBVTT\nKind: captions\nLanguage: en\n\nNOTE made by hand\n\nSTYLE\n::cue { color: red }\n\n"
        "ab12-0\n00:01.000 --> 00:04.000 align:start\n<v Ada Fenn>It turns &amp; turns.</v>\n\n"
        "ab12-1\n00:05.000 --> 00:06.000\n<v Ada Fenn>Since 1820.</v>\n\n"
        "00:01:07.000 --> 00:01:08.000\n<v.loud Odo>a < b?</v>\n\n00:01:09.000 --> 00:01:10.000\nNote it.\n"
    )
    (document,), _ = read_all(write("meeting.vtt", content))
    assert document.text == "Ada Fenn: It turns & turns.\nSince 1820.\nOdo: a < b?\nNote it."


def test_lines_that_roll_on_stand_once(write: Write, read_all: ReadAll) -> None:
    content = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\nthe mill was\nbuilt<00:01.500><c> in 1820</c>\n\n"
        "00:02.000 --> 00:03.000\nbuilt in 1820\nby the river\n\n"
        "00:03.000 --> 00:04.000\nNo.\n\n00:04.000 --> 00:05.000\nNo.\n"
    )
    (document,), _ = read_all(write("a.vtt", content))
    assert document.text == "the mill was\nbuilt in 1820\nby the river\nNo.\nNo."


def test_subtitles_without_empty_lines_lose_nothing(write: Write, read_all: ReadAll) -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\nOne.\n2\n00:00:02,000 --> 00:00:03,000\nTwo.\n\nThree.\n"
    (document,), _ = read_all(write("a.srt", content))
    assert document.text == "One.\nTwo.\nThree."
    (document,), _ = read_all(write("b.srt", "No times here.\n\n7\n"))
    assert document.text == "No times here.\n7"


def test_words_that_begin_as_a_comment_stay_where_there_are_none(write: Write, read_all: ReadAll) -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\nLook.\n\nNOTE THE DIFFERENCE\n"
    (document,), _ = read_all(write("a.srt", content))
    assert document.text == "Look.\nNOTE THE DIFFERENCE"


def test_two_may_speak_in_a_line(write: Write, read_all: ReadAll) -> None:
    content = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada>Yes.</v> <v Odo>No.</v>\n- <v Ada>Yes.\n"
    (document,), _ = read_all(write("a.vtt", content))
    assert document.text == "Ada: Yes.\nOdo: No.\nAda: - Yes."
