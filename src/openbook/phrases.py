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


def command(*words: object) -> str:
    """Write a command of openbook as it can be typed, with paths in quotes where the shell needs them.

    >>> command("verify", "mybook", "--repair")
    'openbook verify mybook --repair'
    """
    typed = ["openbook", *map(str, words)]
    return subprocess.list2cmdline(typed) if os.name == "nt" else shlex.join(typed)
