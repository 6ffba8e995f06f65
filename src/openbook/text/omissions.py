"""What a reading of sources leaves out without an error, and how that is said."""

from collections import Counter
from dataclasses import dataclass, field

from openbook.errors import SourceError
from openbook.phrases import counted
from openbook.text.readers.registry import ONLY_NAMED

IGNORED_FILE, IGNORED_FOLDER = "git-ignored file", "git-ignored folder"
_NO_PROSE = "minified or encoded file"
_IGNORED_HINT = " (to read what git ignores: --git-ignored)"
_NAMED = 8
"""Kinds of files, and links, that a line names."""


@dataclass
class Omissions:
    """What a reading left out without an error, for the caller to say.

    files: of folders, those that no reader knows, counted by the ends of their names. Files that a pattern
        leaves out are not among them.
    others: of folders, what is not looked into whatever it is called, counted by its kind: `hidden file`,
        `hidden folder`, `git-ignored file`, `git-ignored folder`, `package folder` of npm or Python,
        `lock file` of an office program, `pipe`, `socket`, `device`, `broken link`; and each `empty file`.
    linked_folders: of folders, places below of links to folders, which are not followed.
    parts: a line for each file that was read, but not all of it.
    own_folders: places of databases, models and training runs of openbook, with what they are.
    excluded: files and folders that each pattern to exclude left out.
    empty: origins of tables that hold no row.
    no_prose: of folders, files of text that is minified or encoded, by their names in ids, each with what it
        is.
    blank: of folders, the errors of empty files, by origin; a page or notebook without text is one, too, and
        so is what is no prose.
    unread: origins of files, folders and other sources of which something could not be read, of mails of
        mailboxes, and of empty files: what is known to be in them may be there still.
    """

    files: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    linked_folders: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    own_folders: dict[str, str] = field(default_factory=dict)
    excluded: Counter[str] = field(default_factory=Counter)
    empty: set[str] = field(default_factory=set)
    no_prose: dict[str, str] = field(default_factory=dict)
    blank: dict[str, SourceError] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    any_text: bool = False
    """Whether the files are left out for not being text, not for their kinds."""

    def lines(self, *, most: int | None = _NAMED) -> list[str]:
        """Say in a line each which files, other things and links of folders are left out.

        Args:
            most: kinds and links that are named; None: all.

        >>> Omissions(others=Counter({"hidden folder": 2, "pipe": 1}), linked_folders=["notes/old"]).lines()
        ['2 hidden folders, 1 pipe are left out', '1 link to a folder is not followed: notes/old']
        """
        lines = [self.files_line(most=most), self._no_prose_line(most)]
        if self.others:
            kinds = ", ".join(counted(count, kind) for kind, count in sorted(self.others.items()))
            hint = _IGNORED_HINT if self.others.keys() & {IGNORED_FILE, IGNORED_FOLDER} else ""
            lines.append(f"{kinds} {'are' if self.others.total() > 1 else 'is'} left out{hint}")
        if links := self.linked_folders:
            shown = [*links[:most], *_more(len(links[:most]), len(links), "link")]
            what = "1 link to a folder is" if len(links) == 1 else f"{len(links):,} links to folders are"
            lines.append(f"{what} not followed: {', '.join(shown)}")
        return [line for line in lines if line]

    def counts(self) -> dict[str, int]:
        """How many files and other things of folders are left out, by endings and kinds, the most first.

        >>> Omissions(Counter({".png": 1, "": 1}), Counter(pipe=2), ["notes/old"]).counts()
        {'pipe': 2, '.png': 1, '': 1, 'link to a folder': 1}
        """
        others = Counter({"link to a folder": len(self.linked_folders), _NO_PROSE: len(self.no_prose)})
        return dict((self.files + self.others + others).most_common())

    def _no_prose_line(self, most: int | None) -> str:
        if not self.no_prose:
            return ""
        shown = [f"{name} ({reason})" for name, reason in list(self.no_prose.items())[:most]]
        shown += _more(len(shown), len(self.no_prose), "file")
        is_one = len(self.no_prose) == 1
        them = "it" if is_one else "them"
        what = f"{counted(len(self.no_prose), _NO_PROSE)} {'is' if is_one else 'are'} left out"
        return f"{what} (to read {them}, name {them}): {', '.join(shown)}"

    def files_line(self, *, most: int | None = _NAMED) -> str:
        """Say in one line which files there are; empty if there are none.

        >>> Omissions(Counter({".png": 12, ".json": 3})).files_line()
        "15 files are left out, of kinds that are not read: 12 .png, 3 .json (name them, or --glob '*.json')"
        """
        if not self.files:
            return ""
        shown = []
        for suffix, count in self.files.most_common(most):
            is_hidden = suffix in ONLY_NAMED and not self.any_text
            hint = f" (name them, or --glob '*{suffix}')" if is_hidden else ""
            shown.append(f"{count:,} {suffix or 'without an ending'}{hint}")
        shown += _more(len(shown), len(self.files), "kind")
        total = self.files.total()
        what = "files are" if total > 1 else "file is"
        why = "for holding no text" if self.any_text else "of kinds that are not read"
        return f"{total:,} {what} left out, {why}: {', '.join(shown)}"


def _more(shown: int, total: int, noun: str) -> list[str]:
    return [f"and {counted(total - shown, noun)} more"] if total > shown else []
