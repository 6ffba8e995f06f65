"""What `--holdout` says: a share of the documents, or a file of ids, which must be ids of documents."""

from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.console import note
from openbook.errors import SettingsError
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database

_SHOWN_IDS = 5


def share_or_ids(holdout: str) -> float | tuple[str, ...]:
    """A share of the documents, or the ids in a file, one a line, in UTF-8 or UTF-16."""
    from openbook.text.encodings import decode

    try:
        return float(holdout)
    except ValueError:
        pass
    try:
        lines = decode(Path(holdout).read_bytes()).splitlines()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"--holdout {holdout}: neither a share between 0 and 1 nor a file of ids, one a line "
            f"({error}); give one of them"
        ) from error
    ids = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not ids:
        raise SettingsError(f"--holdout {holdout}: the file holds no id; write ids into it, one a line")
    return ids


def check_ids(
    ids: tuple[str, ...],
    file: str | None,
    sources: "Sources",
    database: "Database | None",
    *,
    is_error: bool,
) -> None:
    """Name the ids that no document has, which would leave what was meant by them in the book."""
    from openbook.text.document_ids import suggestion
    from openbook.text.globs import composed

    missing = [name for name in ids if sources.lacks(name)]
    stored: set[str] = set()
    if missing and database is not None:
        stored.update(database.catalog.live_ids())
        missing = [name for name in missing if name not in stored]
    if not missing:
        return
    known = sorted(stored.union(document.id for document in sources.documents()))
    in_one_piece = set(map(composed, known))
    missing = [name for name in missing if composed(name) not in in_one_piece]
    if not missing:
        return
    shown = [suggestion(name, known) for name in missing[:_SHOWN_IDS]]
    if len(missing) > _SHOWN_IDS:
        shown.append(f"and {len(missing) - _SHOWN_IDS:,} more")
    problem = (
        f"--holdout {file}: {len(missing):,} of {counted(len(ids), 'id')} without a "
        f"document: {', '.join(shown)}"
    )
    if is_error:
        raise SettingsError(f"{problem}; correct them, or --allow-unknown-holdout if they come later")
    note(f"{problem}; they are held out when they come")
