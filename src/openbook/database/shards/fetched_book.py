"""A sharded book at a URL: fetched into a folder of this machine, and put there.

What a reader opens is the copy: its shards, which never change, are fetched once, and a new version costs
what has changed. The manifest comes last, there and here:

    s3://bucket/mybook/        shard-00000-1f3a9c2e/ …  book.json      put last
    ~/.cache/openbook/books/mybook-…/  the same, fetched               book.json replaced last
"""

import re
import shutil
from collections.abc import Collection
from pathlib import Path

from openbook.database.shards.book_manifest import BookManifest
from openbook.database.shards.shard_copies import remove_other_shards
from openbook.database.storage.remote_folder import ORIGIN, RemoteFolder, copy_folder
from openbook.database.storage.sealed import BOOK, naming_errors, read_sealed_if_there, write_sealed
from openbook.durable import replace_file
from openbook.errors import DatabaseError
from openbook.lock import wait_for_lock
from openbook.phrases import command

_TRIES = 5
_LONGEST_FETCH = 3600.0
"""Seconds that another process may take to fetch the same book."""
FETCHED = "fetched.json"
"""What `origin.json` is to a copy, in a folder where a book is still being made."""
PLAN = "build.json"
"""What a build over several machines was to make, see cluster/build_plan.py."""
_NOT_READ = (BOOK, PLAN, ORIGIN, FETCHED)
_NOT_READ_BELOW = ("building/", "training/")


def fetched_copy(url: str) -> Path:
    """Bring the copy of a book to its newest version; returns its folder.

    Raises:
        DatabaseError: there is no book, it cannot be reached, or changes faster than it can be fetched.
    """
    remote, folder = RemoteFolder(url), copy_folder(url)
    with naming_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = wait_for_lock(folder / "fetch.lock", seconds=_LONGEST_FETCH, error=DatabaseError)
    try:
        for _ in range(_TRIES):
            if _fetch(remote, folder):
                return folder
    finally:
        lock.release()
    raise DatabaseError(f"{url}: changes faster than it can be fetched; try again")


def is_newest(url: str) -> bool:
    """Whether the copy of a book has the version that is at the URL; nothing is fetched but its manifest.

    Raises:
        DatabaseError: it cannot be reached.
    """
    here = copy_folder(url) / BOOK
    return here.is_file() and RemoteFolder(url).read(BOOK) == here.read_bytes()


def _fetch(remote: RemoteFolder, folder: Path) -> bool:
    """Fetch what has changed; False: the book has changed meanwhile."""
    content = remote.read(BOOK)
    if content is None:
        raise DatabaseError(
            f"{remote.url}: no book here, for it has no {BOOK}; build one: "
            f"{command('build', remote.url, 'SOURCE', '--ray', 'local')}"
        )
    named = _named_shards(content, folder, remote.url)
    wanted = {name: key for name, key in remote.files().items() if _is_read(name, named)}
    try:
        fetch_files(remote, folder, wanted)
    except DatabaseError:
        if remote.read(BOOK) == content:
            raise
        return False
    if remote.read(BOOK) != content:
        return False
    with naming_errors(folder):
        replace_file(folder / BOOK, content)
    _remove_others(folder, set(wanted), named)
    return True


def _named_shards(content: bytes, folder: Path, url: str) -> set[str]:
    """The folders of the shards that a manifest names."""
    place = folder / "manifest"
    with naming_errors(place):
        place.mkdir(exist_ok=True)
        (place / BOOK).write_bytes(content)
    named = {shard.folder for shard in BookManifest.read(place).shards}
    if elsewhere := [name for name in named if not re.fullmatch(r"(?!\.+$)[^/\\:]+", name)]:
        raise DatabaseError(f"{url}: its shard {elsewhere[0]} is in another folder; a book at a URL has all")
    return named


def _is_read(name: str, named: Collection[str]) -> bool:
    top, below, _ = name.partition("/")
    if below and top.startswith("shard-") and top not in named:
        return False
    is_own = name in _NOT_READ or name.startswith(_NOT_READ_BELOW)
    return not is_own and not name.endswith((".lock", ".part", ".new"))


def fetch_files(remote: RemoteFolder, folder: Path, wanted: dict[str, str], *, noted: str = ORIGIN) -> None:
    """Fetch files that are not there as they are at the URL, and note what they were like.

    Args:
        remote: where they are.
        folder: of the copy.
        wanted: a key of each one's content, by name.
        noted: the file in which it is noted.

    Raises:
        DatabaseError: one cannot be reached, or the disk is full.
    """
    origin = read_sealed_if_there(folder / noted) or {}
    known: dict[str, str] = origin.get("files", {})
    try:
        for name, key in wanted.items():
            if known.get(name) != key or not (folder / name).is_file():
                known.pop(name, None)
                remote.fetch(name, folder / name)
                known[name] = key
    finally:
        write_sealed(folder / noted, {"url": remote.url, "files": known})


def _remove_others(folder: Path, wanted: set[str], named: set[str]) -> None:
    """Delete what the version does not have; what readers have open stays as far as the system allows."""
    remove_other_shards(folder, named)
    shutil.rmtree(folder / "manifest", ignore_errors=True)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in wanted and _is_read(name, named):
            path.unlink(missing_ok=True)


def put_book(folder: Path, url: str) -> None:
    """Put a book that was made in a folder at a URL, and make the folder the copy of what is there.

    Shards first, then the manifest; then what it does not name is deleted there. What was fetched from there
    and has not changed is left.

    Raises:
        DatabaseError: it cannot be reached.
    """
    remote = RemoteFolder(url)
    content = (folder / BOOK).read_bytes()
    named = {shard.folder for shard in BookManifest.read(folder).shards}
    there, known = remote.files(), (read_sealed_if_there(folder / FETCHED) or {}).get("files", {})
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    own = {path.relative_to(folder).as_posix(): path for path in files}
    own = {name: path for name, path in own.items() if _is_read(name, named)}
    for name, path in own.items():
        if name not in there or there[name] != known.get(name):
            remote.put(path, name)
    remote.replace(BOOK, content)
    used = {name.partition("/")[0] for name in own} | {PLAN, BOOK}
    for name in {name.partition("/")[0] for name in there} - used:
        remote.remove(name)
    keys = remote.files()
    write_sealed(folder / ORIGIN, {"url": remote.url, "files": {name: keys[name] for name in own}})
    (folder / FETCHED).unlink(missing_ok=True)
