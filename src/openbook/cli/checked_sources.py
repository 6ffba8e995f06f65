"""Sources as the verbs read them: checked first, so that bad input stops before anything is written."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

from openbook.cli.bars import bar
from openbook.cli.console import note
from openbook.database.write.batches import characters_of
from openbook.errors import SettingsError, SourceError
from openbook.phrases import counted
from openbook.progress import Progress, stage, text_done
from openbook.text import (
    AnyDocument,
    Document,
    TokenizedDocument,
    Tokenizer,
    load_tokenizer,
    train_tokenizer,
)
from openbook.text.documents import source_error
from openbook.text.omissions import Omissions
from openbook.text.origins import is_local
from openbook.text.readers.source_file import LEAVE_OUT
from openbook.text.sources import STANDARD_INPUT, SourceOptions, places_of, read_sources
from openbook.text.tokenizer_training import require_vocabulary

if TYPE_CHECKING:
    from openbook.cluster.source_plan import SourcePlanner
    from openbook.database.storage.document_catalog import DocumentCatalog
    from openbook.database.write.add_plan import AddPlan
    from openbook.database.write.sync_scope import SyncScope

_SHOWN_SKIPS = 10
_TRAINED_CHARACTERS = 50_000_000
"""Of the text, what a tokenizer is trained on: plenty for a vocabulary, and it fits into memory."""
_PIECE = 100_000
"""Characters of a document that are taken or left together, so that one huge document is spread too."""
_UTF8_BYTES = 4
"""That one character takes at most."""


class Sources:
    """What the user named, read as often as needed.

    Args:
        names: files, folders, URLs, `-`.
        options: what of them is read, and how.
        skip: leave out a document that cannot be read, and count it.
        says_all: say all that is skipped or left out, not the first lines of it.
        listed: keep what is skipped for `left_out`; it may be millions of rows.
    """

    def __init__(
        self,
        names: Sequence[str],
        options: SourceOptions,
        *,
        skip: bool,
        says_all: bool = False,
        listed: bool = False,
    ) -> None:
        self.names = names
        self.options = options
        self.skip = skip
        self.skipped = 0
        """Errors of all readings, each counted once."""
        self._most = None if says_all else _SHOWN_SKIPS
        self._skipped_files: list[dict[str, str]] | None = [] if listed else None
        self.vanished = 0
        """Documents that `check` found and the last complete reading did not."""
        self._unread: set[str] = set()
        """Origins of what one of the readings could not read."""
        self.omissions = Omissions()
        """What `check` left out without an error."""
        self.count = 0
        """Documents that `check` found."""
        self.characters = 0
        """Of their texts; of one that is tokens already, some four for each."""
        self.tokenized = ""
        """Where the first document was that is tokens already; empty: there is none."""
        self._found: set[int] = set()
        """Hashes of the ids that `check` found."""
        self._said_by: dict[str, str] = {}
        """Files by the ids that they say in their headers."""
        self._refused: set[int] = set()
        """Documents with ids that came before, which the last reading is not to give again."""
        self._errors: set[int] = set()
        """Hashes of the messages that were counted: a file is read several times."""

    def check(
        self, catalog: "DocumentCatalog | None" = None, *, planner: "SourcePlanner | None" = None
    ) -> int:
        """Read everything once; returns the number of documents.

        Args:
            catalog: of the database that they are for, which knows some of them already; None: of none.
            planner: notes which documents are to be written, and where each is; None: nobody asks.

        Raises:
            SourceError: something cannot be read or is not to replace what is stored, and is not to be
                skipped; or nothing is left.
        """
        from openbook.database.write.add_plan import Planner

        self._planner = Planner(catalog, self.on_error)
        self.count = self.characters = named_otherwise = 0
        self.omissions = Omissions(unread=self._unread)
        self._found = set()
        self._said_by = {}
        self._refused = set()
        seen: dict[str, int] = {}
        with bar("reading sources", counts_text=True) as progress:
            for document in self._planner.passing(self._noting(self._planned(planner))):
                if self._is_first(document, seen) and planner is not None:
                    planner.keep(document)
                named_otherwise += document.named_by_path and not document.id.startswith(self.options.prefix)
                self.count += 1
                if isinstance(document, TokenizedDocument):
                    self.tokenized = self.tokenized or document.source
                self.characters += characters_of(document)
                progress.text_done(self.characters)
        if self.count == 0:
            raise SourceError(f"{', '.join(self.names)}: no document left; {self.skipped} could not be read")
        self._note_omissions()
        if named_otherwise:
            note(f"{counted(named_otherwise, 'document')} under the id of before: --prefix is for new ones")
        return self.count

    def _noting(self, documents: Iterable[AnyDocument]) -> Iterator[AnyDocument]:
        """The same documents; their ids are noted as they are read, whatever the database calls them."""
        for document in documents:
            self._found.add(hash(document.id))
            yield document

    def scope(self) -> "SyncScope":
        """Where documents may be gone from, for `--sync`."""
        from openbook.database.write.sync_scope import SyncScope

        return SyncScope(
            places=places_of(self.names, glob=self.options.glob, exclude=self.options.exclude),
            unread=self._unread,
            found=self._planner.ids,
            empty=self.omissions.empty,
        )

    def plan(self, scope: "SyncScope | None") -> "AddPlan":
        """What adding the documents that `check` found would do.

        Args:
            scope: where documents may be gone from; None: none is removed.
        """
        return self._planner.plan(scope)

    def gone(self) -> list[str]:
        """The ids of stored documents that are gone from the folders named, which `--sync` would remove.

        Of folders on this machine alone: elsewhere each file that is looked for is a request.
        """
        scope = self.scope()
        scope.places = [place for place in scope.places if place.is_folder and is_local(place.origin)]
        return self._planner.gone(scope) if scope.places else []

    def _note_omissions(self) -> None:
        """Say what was left out without an error."""
        parts = self.omissions.parts
        for part in parts[: self._most]:
            note(f"not all of it: {part}")
        if self._most is not None and len(parts) > self._most:
            note(f"not all of it: {counted(len(parts) - self._most, 'file')} more (all: --dry-run)")
        for place, kind in list(self.omissions.own_folders.items())[: self._most]:
            note(f"{place}: is left out, it is a {kind} of openbook")
        for line in self.omissions.lines(most=self._most):
            note(line)
        for pattern in self.options.exclude:
            if not self.omissions.excluded[pattern]:
                note(f"--exclude {pattern!r}: no file or folder below what was named matches it")

    def left_out(self) -> dict[str, Any]:
        """What was skipped and left out, in full, as `--json` says it."""
        return {"skipped_files": self._skipped_files or [], "left_out": self.omissions.counts()}

    def lacks(self, document_id: str) -> bool:
        """Whether `check` found no such document."""
        return hash(document_id) not in self._found

    def documents(self) -> Iterator[AnyDocument]:
        """Read all documents that can be read; what cannot be read this time only is counted and said too."""
        missing = set(self._found)
        omissions = Omissions(unread=self._unread)
        for document in self._read(omissions):
            missing.discard(hash(document.id))
            if not self._refused or _one_of_many(document) not in self._refused:
                yield document
        self.vanished = len(missing)
        for origin, error in omissions.blank.items():
            if self.omissions.blank.setdefault(origin, error) is error:
                note(f"left out: {error}")

    def on_error(self, error: SourceError) -> None:
        """Raise what is wrong with a document, or say it and count it where such documents are skipped."""
        if not self.skip:
            raise error
        if (key := hash(str(error))) in self._errors:
            return
        self._errors.add(key)
        self.skipped += 1
        if self._skipped_files is not None:
            self._skipped_files.append({"file": error.where, "problem": error.problem})
        if self._most is None or self.skipped <= self._most:
            note(f"skipped: {error}")
        elif self.skipped == self._most + 1:
            note("skipped: more; they are counted at the end (all: --dry-run, or --json)")

    def _is_first(self, document: AnyDocument, seen: dict[str, int]) -> bool:
        """Whether its id is new; an id that came before with another text is refused."""
        count = len(seen)
        fingerprint = int(document.sha256[:16], 16)  # 8 bytes: there may be millions
        if seen.setdefault(document.id, fingerprint) != fingerprint:
            self.on_error(_second_text(document, self._said_by.get(document.id)))
            self._refused.add(_one_of_many(document))
        elif _is_file(document) and not document.named_by_path:
            self._said_by.setdefault(document.id, document.origin)
        return len(seen) > count

    def _planned(self, planner: "SourcePlanner | None") -> Iterator[AnyDocument]:
        """All documents, which the planner counts as they are read."""
        if planner is None:
            return self._read(self.omissions)
        return planner.reading(self._read(self.omissions, planner.naming(self.names)))

    def _read(self, omissions: Omissions, names: Iterable[str] | None = None) -> Iterator[AnyDocument]:
        return self.read(omissions, names=names, on_error=self.on_error if self.skip else self._stop)

    def _stop(self, error: SourceError) -> None:
        """Raise what could not be read, and offer to leave it out, unless it was named itself."""
        offers = "--" in error.problem or error.where in {*self.names, *map(os.path.abspath, self.names)}
        if offers:
            raise error
        raise SourceError(f"{error}{LEAVE_OUT}", where=error.where, option=LEAVE_OUT) from error

    def read(
        self,
        omissions: Omissions,
        *,
        names: Iterable[str] | None = None,
        only: Callable[[str], bool] | None = None,
        on_error: Callable[[SourceError], None] | None = None,
    ) -> Iterator[AnyDocument]:
        """Read with the options given, without checking anything; see `read_documents`.

        Args:
            omissions: filled with what is left out.
            names: some of those named; None: all.
            only: of folders only the files whose origin it is true of.
            on_error: None stops at the first document that cannot be read.
        """
        return read_sources(
            self.names if names is None else names,
            self.options,
            only=only,
            stdin=self._standard_input(),
            on_error=on_error,
            omissions=omissions,
        )

    def _standard_input(self) -> IO[bytes] | None:
        """Give standard input from its beginning, however often: it is kept in a temporary file."""
        if STANDARD_INPUT not in self.names or getattr(sys.stdin, "buffer", None) is None:
            return None
        self._spooled.seek(0)
        return self._spooled

    @cached_property
    def _spooled(self) -> IO[bytes]:
        spooled = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as this object lives
        shutil.copyfileobj(sys.stdin.buffer, spooled)
        return spooled


_IDS_OF_TEXTS = ", or have ids made of the texts: --id-key with a name that no row has"
"""What helps where tables count their rows from 1 each."""


def _second_text(document: AnyDocument, first: str | None) -> SourceError:
    """The error of a document whose id came before with another text, in this file if that is known."""
    has_it = f", which {first} has" if first else ""
    problem = f"a second, different text with the id {document.id!r}{has_it}; give one of them another id"
    if _is_file(document):
        return source_error(document.origin, problem, option=LEAVE_OUT)
    return source_error(document.source, problem, option=f"{_IDS_OF_TEXTS}{LEAVE_OUT}")


def _one_of_many(document: AnyDocument) -> int:
    """What tells a document from others, whatever the database calls its file."""
    return hash(document.origin if _is_file(document) else (document.id, document.sha256))


def _is_file(document: AnyDocument) -> bool:
    return isinstance(document, Document) and document.fills_file and bool(document.origin)


def make_tokenizer(
    name: str,
    sources: Sources,
    *,
    most_characters: int = _TRAINED_CHARACTERS,
    piece: int = _PIECE,
) -> Tokenizer:
    """Load a tokenizer, or train one on the sources where the name is `train:VOCAB`.

    Args:
        name: as the user gave it.
        sources: checked already.
        most_characters: of the text, to train on.
        piece: characters that are taken or left together.

    Raises:
        SettingsError: there is no such tokenizer, or one is to be trained on sources that are tokens already.
    """
    if not name.startswith("train:"):
        return load_tokenizer(name)
    size = vocabulary_of(name)
    if sources.tokenized:
        raise SettingsError(
            f"{sources.tokenized}: is tokens already; name the tokenizer that made them: "
            "--tokenizer NAME_OR_PATH"
        )
    note(f"training a tokenizer of {size:,} tokens on the text")
    step = max(1, -(-sources.characters // most_characters))  # rounded up
    if step > 1:
        note(f"on one in {step:,} documents: {most_characters:,} characters are plenty for a vocabulary")
    with bar("reading for the tokenizer", sources.characters, counts_text=True) as progress:
        texts = _sample(sources, step, most_characters, piece, progress)
        return train_tokenizer(texts, vocab_size=size, max_bytes=_UTF8_BYTES * most_characters)


def vocabulary_of(name: str) -> int:
    """Read how many tokens a tokenizer called `train:VOCAB` is to have.

    Raises:
        SettingsError: that is no whole number, or too small to spell every byte.
    """
    size = name.removeprefix("train:")
    if not size.isdecimal():
        raise SettingsError(f"tokenizer {name!r}: write train:VOCAB with a whole number, as in train:16000")
    require_vocabulary(int(size))
    return int(size)


def _sample(
    sources: Sources, step: int, most_characters: int, piece: int, progress: Progress
) -> Iterator[str]:
    """Every step-th piece of the text, spread evenly over all documents.

    With step 2 and pieces of 4 characters, of the documents "abcdefghij" and "klmnop":

        abcd efgh ij | klmn op
        take      take      take
    """
    left = most_characters
    number = done = 0
    for document in sources.documents():
        if isinstance(document, Document):
            for start in range(0, len(document.text), piece):
                if number % step == 0:
                    text = document.text[start : start + min(piece, left)]
                    left -= len(text)
                    yield text
                number += 1
        done += characters_of(document)
        text_done(progress, done)
        if left <= 0:
            break
    stage(progress, "training the tokenizer")(0, None)
