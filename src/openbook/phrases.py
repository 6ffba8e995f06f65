"""Parts of messages: how many of something, and a command to type next."""

import os
import shlex
import subprocess


def counted(number: int, noun: str) -> str:
    """Write how many there are of something.

    >>> counted(1, "document"), counted(1200, "document"), counted(2, "copy")
    ('1 document', '1,200 documents', '2 copies')
    """
    if number == 1:
        return f"1 {noun}"
    ends_in_consonant_y = noun.endswith("y") and noun[-2] not in "aeiou"
    return f"{number:,} {noun[:-1] + 'ie' if ends_in_consonant_y else noun}s"


def agreeing(number: int, verb: str) -> str:
    """Write the verb, given as it is said of many, as it is said of so many.

    >>> agreeing(1, "name"), agreeing(3, "name"), agreeing(1, "are"), agreeing(1, "have")
    ('names', 'name', 'is', 'has')
    """
    if number != 1:
        return verb
    return {"are": "is", "have": "has"}.get(verb, f"{verb}s")


def part_of(some: int, number: int, noun: str, verb: str) -> str:
    """Write how many of so many do something.

    >>> part_of(1, 1, "question", "name"), part_of(2, 3, "page", "are"), part_of(1, 3, "page", "are")
    ('1 of 1 question names', '2 of 3 pages are', '1 of 3 pages is')
    """
    return f"{some:,} of {counted(number, noun)} {agreeing(some, verb)}"


def command(*words: object) -> str:
    """Write a command of openbook as it can be typed, with paths in quotes where the shell needs them.

    >>> command("verify", "mybook", "--repair")
    'openbook verify mybook --repair'
    """
    typed = ["openbook", *map(str, words)]
    return subprocess.list2cmdline(typed) if os.name == "nt" else shlex.join(typed)
