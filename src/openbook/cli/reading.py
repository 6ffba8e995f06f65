"""Sources as the verbs read them: checked first, so that bad input stops before anything is written."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from openbook.cli.console import bar, note
from openbook.database import Database
from openbook.database.catalog import FILE_NAME
from openbook.database.embedder import DEFAULT_EMBEDDER
from openbook.errors import DatabaseError, SettingsError, SourceError
from openbook.text import Document, Tokenizer, load_tokenizer, read_documents, train_tokenizer

_SHOWN_SKIPS = 10


class Sources:
    """What the user named, read as often as needed.

    Args:
        names: files and folders.
        text_key: see `read_documents`.
        id_key: see `read_documents`.
        skip: go on after a document that cannot be read, and count it.
    """

    def __init__(self, names: Sequence[str], *, text_key: str, id_key: str, skip: bool) -> None:
        self.names = names
        self.text_key = text_key
        self.id_key = id_key
        self.skip = skip
        self.skipped = 0

    def check(self) -> int:
        """Read everything once; returns the number of documents.

        Raises:
            SourceError: something cannot be read and is not to be skipped, or nothing is left.
        """
        count = 0
        seen: dict[str, str] = {}
        with bar("reading sources") as progress:
            for document in self._read(count_skipped=True):
                self._refuse_twin(document, seen)
                count += 1
                progress(count, None)
        if count == 0:
            raise SourceError(f"{', '.join(self.names)}: no document left; {self.skipped} could not be read")
        return count

    def documents(self) -> Iterator[Document]:
        """All documents that can be read."""
        return self._read(count_skipped=False)

    def on_error(self, error: SourceError) -> None:
        """What the database does with a second text under one id: it was counted by `check`."""
        if not self.skip:
            raise error

    def _refuse_twin(self, document: Document, seen: dict[str, str]) -> None:
        first = seen.setdefault(document.id, document.sha256)
        if first != document.sha256:
            self._skip_or_raise(
                SourceError(f"{document.source}: a second, different text with the id {document.id!r}")
            )

    def _read(self, *, count_skipped: bool) -> Iterator[Document]:
        def ignore(error: SourceError) -> None:
            if count_skipped:
                self._skip_or_raise(error)

        handler = ignore if self.skip else None
        return read_documents(self.names, text_key=self.text_key, id_key=self.id_key, on_error=handler)

    def _skip_or_raise(self, error: SourceError) -> None:
        if not self.skip:
            raise error
        self.skipped += 1
        if self.skipped <= _SHOWN_SKIPS:
            note(f"skipped: {error}")
        elif self.skipped == _SHOWN_SKIPS + 1:
            note("skipped: more; they are counted at the end")


def create_or_open(
    path: Path,
    reader: Sources,
    *,
    tokenizer: str | None,
    embedder: str | None,
    chunk_size: int | None,
    holdout: float | None,
) -> Database:
    """Open the database if it is there with these settings, else make it.

    Args:
        path: of the database.
        reader: to train a tokenizer on.
        tokenizer: None: the database's own, or a new one.
        embedder: None: the database's own, or the default; "none": lexical only.
        chunk_size: None: the database's own, or 64.
        holdout: None: the database's own, or 0.

    Raises:
        DatabaseError: it has other settings.
    """
    if (path / FILE_NAME).exists():
        database = Database.open(path)
        _refuse_other_settings(database, tokenizer, embedder, chunk_size, holdout)
        return database
    return Database.create(
        path,
        tokenizer=_make_tokenizer(tokenizer or "train:16000", reader),
        embedder=None if embedder == "none" else embedder or DEFAULT_EMBEDDER,
        chunk_size=64 if chunk_size is None else chunk_size,
        holdout=0.0 if holdout is None else holdout,
    )


def _refuse_other_settings(
    database: Database,
    tokenizer: str | None,
    embedder: str | None,
    chunk_size: int | None,
    holdout: float | None,
) -> None:
    wanted: dict[str, object] = {"chunk_size": chunk_size, "holdout": holdout}
    asked = {name: value for name, value in wanted.items() if value is not None}
    if embedder is not None:
        asked["embedder"] = None if embedder == "none" else embedder
    if tokenizer is not None and tokenizer.startswith("train:"):
        asked["tokenizer"] = tokenizer
    elif tokenizer is not None:
        asked["tokenizer_fingerprint"] = load_tokenizer(tokenizer).fingerprint
    differences = database.settings.differences(**asked)
    if differences:
        raise DatabaseError(
            f"{database.path}: exists with other settings: {'; '.join(differences)}; "
            "leave these options out to go on with it, or choose another folder"
        )


def _make_tokenizer(name: str, reader: Sources) -> Tokenizer:
    if not name.startswith("train:"):
        return load_tokenizer(name)
    size = name.removeprefix("train:")
    if not size.isdigit():
        raise SettingsError(f"tokenizer {name!r}: write train:VOCAB with a whole number, as in train:16000")
    note(f"training a tokenizer of {int(size):,} tokens on the text")
    return train_tokenizer((document.text for document in reader.documents()), vocab_size=int(size))
