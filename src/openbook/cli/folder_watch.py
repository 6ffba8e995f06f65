"""Folders and files that a database follows while they change: `openbook add --watch`.

The truth is a list of the files with their sizes and times, taken when the system tells of a change, and
every some seconds in case it did not. A file that differs from the last list is read once it has been quiet:
an editor may be in the middle of saving it.

    seen           a.md 120 bytes     a.md 0 bytes     a.md 130 bytes     a.md 130 bytes
    half a second apart               changed          changed            quiet: read
"""

import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from filelock import Timeout

from openbook.cli.console import note
from openbook.cli.signals import StopRequest, stop_on_signals
from openbook.database.changes import Changes
from openbook.database.storage.documents_by_origin import ids_by_origin
from openbook.errors import DatabaseError, MissingExtraError, SettingsError, SourceError
from openbook.phrases import command, counted, part_of
from openbook.text import AnyDocument
from openbook.text.omissions import Omissions
from openbook.text.origins import Place
from openbook.text.sources import places_of

if TYPE_CHECKING:
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database
    from openbook.database.write.add_plan import AddPlan

_QUIET = 0.5
"""Seconds for which a file must not have changed before it is read."""
_LISTED_EVERY = 10.0
"""Seconds between two lists where the system tells of no change; folders on networks may tell of none."""
_TICK_MS = 250
_FEW = 3
"""Documents that may go at once even if they are more than a third of all."""

Signature = tuple[int, int] | None
"""A file's size and time of change; None: it is not there."""
Files = Mapping[str, Signature]
"""By origin."""
OnError = Callable[[SourceError], None]


class FolderWatch:
    """Brings a database up to date with sources again and again, by what has changed since the last time.

    Args:
        database: equal to the sources now, but for what changes from here on.
        sources: of files and folders on this machine.
        yes: remove more than a third of the documents, too.
        print_line: told of each document that has changed.

    Raises:
        SettingsError: a source is none of these.
    """

    def __init__(
        self, database: "Database", sources: "Sources", *, yes: bool, print_line: Callable[[str], None]
    ) -> None:
        self._database = database
        self._sources = sources
        self._yes = yes
        self._print_line = print_line
        self.done = Changes()
        self._places = places_of(sources.names)
        for name, place in zip(sources.names, self._places, strict=True):
            if not Path(place.origin).is_absolute():
                raise SettingsError(
                    f"--watch {name}: follows files and folders on this machine alone; leave --watch out"
                )
        self._known: dict[str, Signature] = dict(self._files())
        self._waiting: dict[str, tuple[Signature, float]] = {}
        """Files that have changed: how they were seen last, and since when they are so."""
        self._said = ""
        """What is in the way, so that it is said once."""

    @property
    def folders(self) -> list[str]:
        """Where changes may happen."""
        return [place.origin for place in self._places if place.is_folder]

    @property
    def is_waiting(self) -> bool:
        """Whether something has changed and was not read yet."""
        return bool(self._waiting) or any(
            _signature(place.origin) != self._known.get(place.origin)
            for place in self._places
            if not place.is_folder
        )

    def step(self, now: float) -> None:
        """Look at the files, and write what has changed and is quiet.

        Args:
            now: seconds on a clock that only moves on.

        Raises:
            DatabaseError: the database is damaged.
        """
        try:
            files = self._files()
        except SourceError as error:
            self._say_once(f"{error}; what is stored of it stays")
            return
        ready = self._ready(files, now)
        if not ready:
            return
        try:
            self._write(ready, files)
        except DatabaseError as error:
            if not isinstance(error.__cause__, Timeout):  # else another process is writing
                raise
            self._say_once(f"{error}; waiting")

    def _say_once(self, text: str) -> None:
        if text != self._said:
            note(text)
        self._said = text

    def _files(self) -> Files:
        """The files that might be read, of any kind.

        Raises:
            SourceError: a folder is not there, or cannot be looked into.
        """
        origins: list[str] = []

        def take_none(origin: str) -> bool:
            origins.append(origin)
            return False

        for name, place in zip(self._sources.names, self._places, strict=True):
            if place.is_folder:
                for _ in self._sources.read(Omissions(), names=[name], only=take_none):
                    pass
            else:
                origins.append(place.origin)
        return {origin: signature for origin in origins if (signature := _signature(origin)) is not None}

    def _ready(self, files: Files, now: float) -> list[str]:
        """The files that have changed and are quiet."""
        changed = [
            origin for origin in {**self._known, **files} if files.get(origin) != self._known.get(origin)
        ]
        self._waiting = {
            origin: seen
            if (seen := self._waiting.get(origin)) is not None and seen[0] == files.get(origin)
            else (files.get(origin), now)
            for origin in changed
        }
        return [origin for origin, (_, since) in self._waiting.items() if now - since >= _QUIET]

    def _write(self, ready: Collection[str], files: Files) -> None:
        """Bring the database up to date with these files; those that cannot be read are said."""
        errors: list[str] = []
        try:
            self._add(ready, errors)
        except (SourceError, MissingExtraError, SettingsError) as problem:
            if len(ready) > 1:
                for origin in ready:
                    self._write([origin], files)
                return
            errors.append(str(problem))
        new = tuple(f"{origin}:" for origin in ready if origin not in self._known)
        for error in errors:
            note(error if error.startswith(new) else f"{error}; what is stored of it stays")
        self._said = ""
        for origin in ready:
            self._waiting.pop(origin, None)
            if origin in files:
                self._known[origin] = files[origin]
            else:
                self._known.pop(origin, None)

    def _add(self, ready: Collection[str], errors: list[str]) -> None:
        """Add what the files hold now, and remove what is gone.

        Args:
            ready: origins.
            errors: filled with what cannot be read.
        """
        from openbook.database.write.add_plan import Planner
        from openbook.database.write.sync_scope import SyncScope

        def say(error: SourceError) -> None:
            if str(error) not in errors:
                errors.append(str(error))

        planner = Planner(self._database.catalog, say)
        omissions = Omissions()
        for _ in planner.passing(self._documents(ready, omissions, say)):
            pass
        # A file that has an id which another was refused may say another one meanwhile: read them together.
        if others := (planner.holders & self._known.keys()).difference(ready):
            errors.clear()
            self._add([*ready, *others], errors)
            return
        scope = SyncScope(
            places=[Place(origin=origin.removesuffix(".idx")) for origin in ready],
            unread=omissions.unread,
            found=planner.ids,
            empty=omissions.empty,
        )
        plan = planner.plan(scope)
        if self._withholds(plan):
            scope.places = []
            plan = planner.plan(scope)
        documents = self._documents(ready, Omissions(unread=omissions.unread, blank=omissions.blank), say)
        report = self._database.add(documents, sync=scope, on_error=say)
        for error in self._emptied(omissions):
            say(error)
        live = self._database.catalog.live(plan.removed)
        plan = replace(plan, removed=[name for name in plan.removed if name not in live])
        self._print(plan, report.described)

    def _emptied(self, omissions: Omissions) -> list[SourceError]:
        """The errors of empty files of which something is stored."""
        stored = ids_by_origin(self._database.catalog, omissions.blank)
        return [error for origin, error in omissions.blank.items() if origin in stored]

    def _withholds(self, plan: "AddPlan") -> bool:
        """Whether so much is gone at once that it may be a mistake, which is said then."""
        if self._yes or len(plan.removed) <= _FEW or not plan.removes_much:
            return False
        note(
            f"{part_of(len(plan.removed), plan.stored, 'document', 'are')} gone, more than a "
            "third: they stay in "
            f"the database; to remove them: {command('add', self._database.path, '...', '--sync', '--yes')}"
        )
        return True

    def _documents(
        self, ready: Collection[str], omissions: Omissions, on_error: OnError
    ) -> Iterator[AnyDocument]:
        names = [
            name
            for name, place in zip(self._sources.names, self._places, strict=True)
            if place.is_folder or (place.origin in ready and _signature(place.origin) is not None)
        ]
        only = frozenset(ready).__contains__
        return self._sources.read(omissions, names=names, only=only, on_error=on_error)

    def _print(self, plan: "AddPlan", described: int) -> None:
        """Print a line for each document that has changed."""
        for name, ids in (("added", plan.added), ("replaced", plan.replaced), ("removed", plan.removed)):
            for document_id in ids:
                self._print_line(f"{name:9}{document_id}")
        if described:
            self._print_line(f"{counted(described, 'document')} with a new title, source or language")
        sys.stdout.flush()
        self.done = replace(
            self.done,
            added=self.done.added + len(plan.added),
            replaced=self.done.replaced + len(plan.replaced),
            removed=self.done.removed + len(plan.removed),
            described=self.done.described + described,
        )


def _signature(origin: str) -> Signature:
    for path in (origin, f"{origin}.idx"):  # Megatron's data are named without an ending
        try:
            found = Path(path).stat()
        except OSError:
            continue
        return found.st_size, found.st_mtime_ns
    return None


def follow(watch: FolderWatch) -> None:
    """Keep the database equal to its sources until Ctrl-C or SIGTERM; what is being written then is written.

    Raises:
        DatabaseError: the database is damaged.
    """
    with stop_on_signals() as stop:
        listed = -_LISTED_EVERY
        for has_changed in _ticks(watch.folders, stop):
            now = time.monotonic()
            if has_changed or watch.is_waiting or now - listed >= _LISTED_EVERY:
                watch.step(now)
                listed = time.monotonic()


def require_watchfiles() -> None:
    """Raise `MissingExtraError` if watchfiles is not installed."""
    if find_spec("watchfiles") is None:
        raise MissingExtraError("--watch: needs the package watchfiles; pip install 'openbook[watch]'")


def _ticks(folders: Sequence[str], stop: StopRequest) -> Iterator[bool]:
    """Several times a second whether the system told of a change below the folders, until it is to stop."""
    from watchfiles import watch

    with suppress(OSError):  # a folder that went, or more folders than the system watches
        if folders:
            event = SimpleNamespace(is_set=stop)
            events = watch(
                *folders,
                watch_filter=None,
                stop_event=event,
                rust_timeout=_TICK_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
            )
            for changes in events:
                yield bool(changes)
    while not stop():
        time.sleep(_TICK_MS / 1000)
        yield False
