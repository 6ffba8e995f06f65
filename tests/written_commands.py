"""The commands that README and docs show, as a shell would read them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`((?:openbook|torchrun|python)\s[^`]+)`(?!`)")
_OTHER_LANGUAGES = ("python", "json", "yaml")
_DRAWN = "─►"
"""An arrow of a drawing."""
_LEFT_OUT = ("…", "...")
"""What stands for words that are not written out."""


@dataclass(frozen=True)
class WrittenCommand:
    """One command, and where it stands."""

    page: str
    line: str
    """As it is written, without prompt and comment."""

    @property
    def words(self) -> list[str]:
        """What a shell hands to the program, whose name comes first."""
        return shlex.split(self.line, comments=True)


def commands_of(page: Path, after: str = "") -> Iterator[WrittenCommand]:
    """Read the commands of a page's blocks, in order; `;` and `&&` separate those of one line.

    Args:
        page: README or one of docs/.
        after: only those of the first block after these words; nothing: all.
    """
    text = page.read_text("utf-8")
    blocks = _BLOCK.findall(text[text.index(after) :])
    for language, block in blocks[:1] if after else blocks:
        if language in _OTHER_LANGUAGES or _DRAWN in block:
            continue
        for line in re.sub(r"\s#\s.*", "", block.replace("\\\n", " ")).splitlines():
            for part in re.split(r"; |&& ", line.strip().removeprefix("$ ")):
                if part.startswith(("openbook ", "python ", "torchrun ", "curl ", "lm_eval ")):
                    yield WrittenCommand(page.name, part)


def spans_of(page: Path) -> Iterator[WrittenCommand]:
    """Read the commands that stand within sentences, if all of their words do."""
    text = _BLOCK.sub("", page.read_text("utf-8"))
    for span in _SPAN.findall(text):
        if not any(dots in span for dots in _LEFT_OUT):
            yield WrittenCommand(page.name, " ".join(span.split()))


def benchmark_of(command: WrittenCommand) -> Path | None:
    """The script of benchmarks/ that a command runs; None: none."""
    script = next((word for word in command.words if word.startswith("benchmarks/")), None)
    return None if script is None else ROOT / script


def of_openbook(command: WrittenCommand) -> list[str] | None:
    """The arguments of `openbook`, also where torchrun or python starts it; None: another program."""
    words = command.words
    if words[0] == "openbook":
        return words[1:]
    if words[0] in ("python", "torchrun") and "openbook" in words:
        return words[words.index("openbook") + 1 :]
    return None
