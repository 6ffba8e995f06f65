"""An index of tantivy in another folder, made of links: tantivy takes a lock in the folder that it opens.

Where nothing can be written (a read-only disk, somebody else's book), it is shown such a folder, which may go
once the index is open: what is open stays.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from openbook.database.search.tantivy_files import LISTS

_LOCKS = ".tantivy-*.lock"


@contextmanager
def lockable(folder: Path) -> Iterator[Path]:
    """Give an index's folder, or links to its files where tantivy could not lock it.

    Args:
        folder: of the index, which is there.
    """
    if all(os.access(path, os.W_OK) for path in (folder, *folder.glob(_LOCKS))):
        yield folder
        return
    with TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as links:
        for name in LISTS:  # a writer elsewhere may replace these: so they are of one moment
            if (folder / name).is_file():
                shutil.copyfile(folder / name, Path(links) / name)
        for path in folder.iterdir():
            if path.name not in LISTS and not path.match(_LOCKS):
                link_file(path, Path(links) / path.name)
        yield Path(links)


def link_file(file: Path, name: Path) -> None:
    """Give a file another name; where that is not allowed (Windows), make a copy."""
    try:
        name.symlink_to(file.absolute())
    except OSError:
        shutil.copyfile(file, name)
