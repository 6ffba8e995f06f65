"""What a database was made with: the settings that everything written to it and trained on it must share."""

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

from openbook.errors import FormatError, MismatchError, SettingsError
from openbook.text import Tokenizer
from openbook.text.globs import composed

FORMAT = 2
"""Of the folder's layout; another number is another layout."""
FORMAT_WITH_LENGTHS = 3
"""The same, and an array of how many tokens each chunk has: what fills them up may stand inside documents."""
LARGEST_CHUNK = 4096
"""Tokens."""
_HASH_RANGE = 2.0**64


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Recorded in the catalog when the database is created, and never changed.

    Raises:
        SettingsError: a value out of its range.
    """

    tokenizer: str
    """Name of the tokenizer, for people."""
    tokenizer_fingerprint: str
    """What decides whether two tokenizers are the same."""
    chunk_size: int = 64
    """M, tokens in a chunk."""
    embedder: str | None = None
    """Name of the frozen text encoder; None: lexical only."""
    embedder_source: str | None = None
    """Where its weights came from: a path, the hub, or an installed package."""
    embedder_fingerprint: str | None = None
    """Of its weights."""
    embedding_size: int = 0
    """E of the vectors; 0: lexical only."""
    holdout: float = 0.0
    """Share of the documents that is stored but never retrieved."""
    holdout_ids: tuple[str, ...] = ()
    """Ids of documents to hold out beside that share."""
    decontaminate: bool = True
    """Keep near-copies of held-out documents out of retrieval and training."""
    deduplicate: bool = False
    """Keep near-copies of earlier documents out of retrieval and training."""
    format: int = FORMAT

    def __post_init__(self) -> None:
        if not 2 <= self.chunk_size <= LARGEST_CHUNK:
            raise SettingsError(
                f"chunk size {self.chunk_size}: must lie between 2 and {LARGEST_CHUNK} tokens"
            )
        if not 0.0 <= self.holdout < 1.0:
            raise SettingsError(f"holdout {self.holdout}: a share of the documents, from 0 up to but not 1")

    @classmethod
    def from_dict(cls, values: dict[str, Any], *, where: str) -> "DatabaseSettings":
        """Read what the catalog holds.

        Raises:
            FormatError: written by another version of the format.
        """
        known = values.get("format") in (FORMAT, FORMAT_WITH_LENGTHS)
        if not known or values.keys() != {field.name for field in fields(cls)}:
            raise FormatError(
                f"{where}: its format is {values.get('format')!r}, this openbook reads {FORMAT} and "
                f"{FORMAT_WITH_LENGTHS}; build it again with this version"
            )
        return cls(**values | {"holdout_ids": tuple(values["holdout_ids"])})

    @property
    def stores_lengths(self) -> bool:
        """Whether the number of tokens in a chunk is stored, rather than following from its document's."""
        return self.format == FORMAT_WITH_LENGTHS

    def compares_documents(self, *, has_holdout: bool) -> bool:
        """Whether near-copies are looked for, in a database that holds documents out or does not."""
        return self.deduplicate or (self.decontaminate and has_holdout)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def require_match(
        self, tokenizer: Tokenizer, *, tokenizer_fingerprint: str | None, chunk_size: int
    ) -> None:
        """Refuse a model that was trained on other tokens or chunks.

        Args:
            tokenizer: the database's.
            tokenizer_fingerprint: of the model's tokenizer; None: not known, not compared.
            chunk_size: the model's M.

        Raises:
            MismatchError: saying both.
        """
        is_known = tokenizer_fingerprint in {None, self.tokenizer_fingerprint}
        if not is_known and not tokenizer.has_fingerprint(tokenizer_fingerprint):
            raise MismatchError(
                f"the model was trained with tokenizer {tokenizer_fingerprint}, the database was built with "
                f"{self.tokenizer_fingerprint} ({self.tokenizer}); derive one for the model: "
                "openbook retokenize DB --tokenizer MODEL"
            )
        if chunk_size != self.chunk_size:
            raise MismatchError(
                f"the model was trained with chunks of {chunk_size} tokens, the database has chunks of "
                f"{self.chunk_size}; build one with --chunk-size {chunk_size}"
            )

    def differences(self, **wanted: object) -> list[str]:
        """Say, for each wanted setting that differs, what the database has and what was asked for.

        Ids are the same in whatever form their letters are written, as in `is_held_out`.
        """
        return [
            f"{name} is {getattr(self, name)!r}, asked for {value!r}"
            for name, value in wanted.items()
            if _compared(getattr(self, name)) != _compared(value)
        ]


def _compared(value: object) -> object:
    """The value of a setting, ids with their letters in one piece each."""
    return tuple(map(composed, value)) if isinstance(value, tuple) else value


def is_held_out(document_id: str, share: float, ids: frozenset[str] = frozenset()) -> bool:
    """Whether a document is kept for evaluation: decided by its id alone, so every build decides alike.

    Args:
        document_id: of the document.
        share: of all documents that is held out.
        ids: of documents that are held out besides, in whatever form their letters are written.
    """
    digest = hashlib.sha256(document_id.encode("utf-8")).digest()
    is_named = bool(ids) and composed(document_id) in _in_one_piece(ids)
    return is_named or int.from_bytes(digest[:8], "big") / _HASH_RANGE < share


@lru_cache(maxsize=8)
def _in_one_piece(ids: frozenset[str]) -> frozenset[str]:
    return frozenset(map(composed, ids))
