"""Which files and folders git ignores, by the .gitignore files of a folder, and of those in it and above it.

    project/.git/
    project/.gitignore             *.log, /build/
    project/app/.gitignore         !kept.log
    project/app/kept.log           is not ignored: the nearest file decides, and in it the last pattern

What git has been told elsewhere (.git/info/exclude, settings of the user) is not known here, nor which files
it tracks though a pattern matches them. What a pattern matches is pathspec's knowledge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

GIT_IGNORE = ".gitignore"
GIT_FOLDER = ".git"
"""What shows the root of a repository: a folder, or of a work tree a file."""
_QUOTED_SPACE = "\\ "


@dataclass(frozen=True, slots=True)
class _Rule:
    """A line of a .gitignore file."""

    pattern: GitIgnoreSpecPattern
    only_folders: bool

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Whether the pattern is about this path itself, not about a folder on it."""
        if self.only_folders and not is_folder:
            return False
        found = self.pattern.match_file(path)
        # The one group in the pattern's expression is the `/` behind a folder that matches with all below it.
        return found is not None and found.match.lastindex is None


@dataclass(frozen=True, slots=True)
class _IgnoreFile:
    """A .gitignore file."""

    rules: tuple[_Rule, ...]
    """The last one first."""
    cut: int
    """Characters of the way to it, which its patterns know nothing of."""

    def says(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether it ignores a path; None: nothing in it is about that."""
        for rule in self.rules:
            if rule.matches(path[self.cut :], is_folder=is_folder):
                return rule.pattern.include
        return None


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """What holds in a folder: what its own .gitignore file says, and those of the folders above it."""

    _files: tuple[_IgnoreFile, ...] = ()
    """The nearest first."""
    _way: str = ""
    """From the repository's root to the folder that was named: `app/docs/`; empty: it is the root."""

    def ignores(self, below: str, *, is_folder: bool) -> bool:
        """Say whether git ignores what lies in the folder, which is not ignored itself.

        Args:
            below: its path below the folder that was named.
            is_folder: whether it is one; a link to a folder is none.
        """
        path = f"{self._way}{below}"
        said = (file.says(path, is_folder=is_folder) for file in self._files)
        return next((each for each in said if each is not None), False)

    def inside(self, below: str, content: bytes) -> "IgnoreRules":
        """The rules of a folder that has a .gitignore file.

        Args:
            below: its path below the folder that was named; empty: that folder.
            content: of the file.
        """
        way = f"{self._way}{below}/" if below else self._way
        return replace(self, _files=(_IgnoreFile(_rules(content), len(way)), *self._files))


def rules_above(folder: Path) -> IgnoreRules:
    """Find what the folders above one say of what lies in it, if they are of a git repository.

    Of a folder that git ignores as a whole they say nothing: it is named to be read all the same.

    Args:
        folder: absolute, without links on it.

    Raises:
        OSError: a .gitignore file cannot be read.
    """
    root = next((each for each in (folder, *folder.parents) if (each / GIT_FOLDER).exists()), folder)
    names = folder.relative_to(root).parts
    rules = IgnoreRules()
    for count, name in enumerate(names):
        way = "/".join(names[:count])
        file = root / way / GIT_IGNORE
        if file.is_file() and not file.is_symlink():  # git follows no link here
            rules = rules.inside(way, file.read_bytes())
        if rules.ignores(f"{way}/{name}" if way else name, is_folder=True):
            return IgnoreRules()
    return replace(rules, _way="".join(f"{name}/" for name in names))


def _rules(content: bytes) -> tuple[_Rule, ...]:
    return tuple(reversed([*_read(content)]))


def _read(content: bytes) -> Iterator[_Rule]:
    # Names that are not UTF-8 are read with the same surrogates.
    text = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    for written in text.split("\n"):
        line = written.removesuffix("\r")
        if not line.endswith(_QUOTED_SPACE):
            line = line.rstrip()
        only_folders = line.endswith("/")
        try:
            pattern = GitIgnoreSpecPattern(line[:-1] if only_folders else line)
        except GitIgnorePatternError:  # git passes over what is no pattern
            continue
        if pattern.include is not None:
            yield _Rule(pattern, only_folders)
