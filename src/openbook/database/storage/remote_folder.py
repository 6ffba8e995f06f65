"""A book's folder in an object store, or wherever else fsspec reaches, and where its copy on this machine is.

There are no locks, links or memory maps there: files are put there whole, and fetched to be read. A path
loses one of two slashes where it becomes a `Path`, so both spellings stand for the URL:

    s3://bucket/mybook    Path("s3:/bucket/mybook")
"""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from openbook.database.storage.sealed import naming_errors, read_sealed_if_there
from openbook.errors import DatabaseError, first_line
from openbook.phrases import command

ORIGIN = "origin.json"
"""In the copy: where it was fetched from, and what each file was like there."""
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(?=[^/])(.*)")
_KEYS = ("ETag", "etag", "md5", "mtime", "LastModified", "last_modified", "created")
"""What file systems say of a file's content, beside its size; the first of these counts."""
_LEADS_AWAY = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\\:]")
"""In the name of a file: no name, this folder or the one above, a folder or disk of Windows."""
_Result = TypeVar("_Result")


def url_of(path: str | Path) -> str | None:
    """The URL that a path stands for; None: it is a path of this machine.

    >>> url_of("mybook"), url_of("C:/books"), url_of("s3:/bucket/mybook")
    (None, None, 's3://bucket/mybook')
    """
    found = _URL.fullmatch(str(path))
    if found is None or Path(path).exists():
        return None
    scheme, rest = found.groups()
    return f"{scheme}:///{rest}" if scheme == "file" else f"{scheme}://{rest}"


def copy_folder(url: str) -> Path:
    """Where the copy of a book is on this machine: below XDG_CACHE_HOME, or ~/.cache."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = re.sub(r"[^\w.-]", "-", url.rstrip("/").rpartition("/")[2])
    digest = hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:12]
    return caches / "openbook" / "books" / f"{name}-{digest}"


def require_no_copy(folder: Path) -> None:
    """Refuse to change what was fetched: the next reader would take it for what is at the URL.

    Raises:
        DatabaseError: naming the URL.
    """
    origin = read_sealed_if_there(folder / ORIGIN)
    if origin is not None:
        raise DatabaseError(
            f"{origin['url']}: a book in an object store is built and read there, not changed; copy its "
            "files into a folder with a tool of the store, change it there, and copy it back, book.json last"
        )


def require_no_url(path: Path) -> None:
    """Refuse a URL where something is to be written file by file; `file:x` may be the name of a folder.

    Raises:
        DatabaseError: naming it.
    """
    if (url := url_of(path)) is not None and not url.startswith("file:"):
        raise DatabaseError(
            f"{url}: is no folder of this machine; write there what several machines build: "
            f"{command('build', url, 'SOURCE', '--ray', 'local')}"
        )


class RemoteFolder:
    """Files below a URL, by their names relative to it.

    Args:
        url: of the folder.

    Raises:
        DatabaseError: fsspec knows no such file system, or its package is missing; by all methods: it cannot
            be reached, or refuses.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._filesystem, self._root = self._reported(self._opened)

    def _opened(self) -> tuple[Any, str]:
        import fsspec

        filesystem, root = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        return filesystem, str(root)

    def _reported(self, call: Callable[[], _Result], name: str = "") -> _Result:
        try:
            return call()
        except Exception as error:  # each file system raises its own
            where = f"{self.url}/{name}" if name else self.url
            raise DatabaseError(
                f"{where}: cannot be reached: {first_line(error):.200}; check the URL, your rights there and "
                "the network"
            ) from error

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def files(self) -> dict[str, str]:
        """The names of all files, with a key of each one's content, as far as the file system tells.

        Raises:
            DatabaseError: also where a name would lead out of a folder to which it is fetched.
        """
        found = self._reported(self._found)
        start = len(self._root.rstrip("/")) + 1
        named = {path[start:]: info for path, info in sorted(found.items())}
        for name in named:
            if _LEADS_AWAY.search(name):
                raise DatabaseError(f"{self.url}: no file of a book is called {name!r}; remove it there")
        return {
            name: f"{info.get('size')} {next((info[key] for key in _KEYS if info.get(key)), '')}"
            for name, info in named.items()
        }

    def _found(self) -> dict[str, dict[str, Any]]:
        self._filesystem.invalidate_cache()
        if not self._filesystem.exists(self._root):
            return {}
        found: dict[str, dict[str, Any]] = self._filesystem.find(self._root, detail=True)
        return found

    def read(self, name: str) -> bytes | None:
        """The content of a small file; None: there is none."""

        def content() -> bytes | None:
            try:
                return bytes(self._filesystem.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

        return self._reported(content, name)

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to this machine, whole or not at all."""
        unfinished = target.with_name(f"{target.name}.part")
        with naming_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._reported(lambda: self._filesystem.get_file(self._path(name), str(unfinished)), name)
            unfinished.replace(target)

    def put(self, source: Path, name: str) -> None:
        """Copy a file of this machine there."""
        self._reported(lambda: self._put(source, name), name)

    def _put(self, source: Path, name: str) -> None:
        target = self._path(name)
        self._filesystem.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._filesystem.put_file(str(source), target)

    def replace(self, name: str, content: bytes) -> None:
        """Write a small file, complete or absent."""
        target = self._path(name)

        def write() -> None:
            self._filesystem.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._filesystem.pipe_file(f"{target}.new", content)
            self._filesystem.mv(f"{target}.new", target)

        self._reported(write, name)

    def remove(self, name: str) -> None:
        """Delete a file, or a folder with all below it, if it is there."""

        def delete() -> None:
            if self._filesystem.exists(self._path(name)):
                self._filesystem.rm(self._path(name), recursive=True)

        self._reported(delete, name)
