"""What the options of `build` say of a database, for one machine and for a cluster alike."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openbook.cli.held_out_ids import check_ids, share_or_ids

if TYPE_CHECKING:
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database
    from openbook.database.storage.settings import DatabaseSettings

WORDS_ALONE = "none"
"""In place of an embedder's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """The settings as the user gave them. None asks for nothing: what a database has stays.

    Raises:
        SettingsError: `holdout` is neither a number nor a file.
    """

    tokenizer: str | None
    """A name, a path, or `train:VOCAB`."""
    embedder: str | None
    """none: words alone."""
    chunk_size: int | None
    holdout: str | None
    """A share, or a file of ids."""
    allow_unknown_holdout: bool
    """The file may name documents that are neither among the sources nor stored."""
    decontaminate: bool | None
    deduplicate: bool | None
    held_out: float | tuple[str, ...] | None = field(init=False)
    """The share or the ids that `holdout` names: the file is read once."""

    def __post_init__(self) -> None:
        held_out = None if self.holdout is None else share_or_ids(self.holdout)
        object.__setattr__(self, "held_out", held_out)

    @property
    def new_tokenizer(self) -> str:
        """That of a new database."""
        return "train:16000" if self.tokenizer is None else self.tokenizer

    @property
    def new_embedder(self) -> str | None:
        """That of a new database; None: words alone."""
        from openbook.database.search.embedder import DEFAULT_EMBEDDER

        return None if self.embedder == WORDS_ALONE else self.embedder or DEFAULT_EMBEDDER

    def of_new(self, *, tokenizer: str = "", fingerprint: str = "") -> "DatabaseSettings":
        """The settings of a new database, without those of its encoder.

        Args:
            tokenizer: its name, once there is one.
            fingerprint: of it.

        Raises:
            SettingsError: a value that no database could have.
        """
        from openbook.database.storage.settings import DatabaseSettings

        return DatabaseSettings(
            tokenizer=tokenizer,
            tokenizer_fingerprint=fingerprint,
            chunk_size=64 if self.chunk_size is None else self.chunk_size,
            holdout=self.held_out if isinstance(self.held_out, float) else 0.0,
            holdout_ids=self.held_out if isinstance(self.held_out, tuple) else (),
            decontaminate=self.decontaminate is not False,
            deduplicate=self.deduplicate is True,
        )

    def asked(self) -> dict[str, object]:
        """What is asked for, by the names of a database's settings; `tokenizer` is as the user named it."""
        holdout = "holdout_ids" if isinstance(self.held_out, tuple) else "holdout"
        given = {
            "chunk_size": self.chunk_size,
            "decontaminate": self.decontaminate,
            "deduplicate": self.deduplicate,
            holdout: self.held_out,
            "embedder": self.embedder,
            "tokenizer": self.tokenizer,
        }
        asked: dict[str, object] = {name: value for name, value in given.items() if value is not None}
        if self.embedder == WORDS_ALONE:
            asked["embedder"] = None
        return asked

    def check_ids(self, sources: "Sources", database: "Database | None") -> None:
        """Name the ids of documents to hold out that no document has.

        Args:
            sources: checked already.
            database: that they are for; None: a new one.

        Raises:
            SettingsError: there are such ids, and they are not allowed.
        """
        if isinstance(self.held_out, tuple):
            is_error = not self.allow_unknown_holdout
            check_ids(self.held_out, self.holdout, sources, database, is_error=is_error)
