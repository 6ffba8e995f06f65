"""From what `openbook serve` is given to what a server's routes share."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.asked_model import is_ours, load_asked_model, load_judge, require_askable
from openbook.cli.console import note
from openbook.cli.described_model import describe_model
from openbook.cli.lookups import note_learned
from openbook.cli.options.reading_options import Precision, read_in
from openbook.cli.options.serve_options import DEFAULT_FOLLOW, DEFAULT_KEPT_MIB
from openbook.cli.unseen import note_missing_shards, note_unseen
from openbook.errors import MissingExtraError, SettingsError
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.database import Version
    from openbook.model import RetroForCausalLM
    from openbook.serve.books import Books
    from openbook.serve.server_settings import ServerSettings
    from openbook.serve.server_state import ServerState

_NEEDED = ("fastapi", "uvicorn", "prometheus_client")


@dataclass(frozen=True, slots=True)
class Served:
    """A model and its books.

    model: folder, hub name or file.
    database: folder of the book that is read where a request names none.
    books: others, as NAME=DB.
    name: of the model, for clients; None: as `model` ends.
    max_batch: texts that are written at a time.
    max_waiting: texts that may wait.
    allow_missing_shards: of books.
    kept_mib: memory for what a model that reads its neighbors itself makes of them; 0: none is kept.
    read_precision: of the products by which it reads them.
    judge: whether it is judged first if what a question finds answers it.
    follow: seconds after which it is looked again whether a book at a URL has a newer version; 0: never.
    """

    model: str
    database: Path
    books: Sequence[str]
    name: str | None
    max_batch: int
    max_waiting: int
    allow_missing_shards: bool = False
    kept_mib: int = DEFAULT_KEPT_MIB
    read_precision: Precision = "float32"
    judge: bool = False
    follow: float = DEFAULT_FOLLOW

    @property
    def model_name(self) -> str:
        """The model's name, for clients: a folder's or file's own name, a hub name as it is."""
        return self.name or (Path(self.model).resolve().name if Path(self.model).exists() else self.model)

    @property
    def named_books(self) -> dict[str, Path]:
        """The other books' folders by name.

        Raises:
            SettingsError: one is not NAME=DB, or a name comes twice.
        """
        found: dict[str, Path] = {}
        for given in self.books:
            name, equals, folder = given.partition("=")
            if not (name and equals and folder):
                raise SettingsError(f"--book {given}: give NAME=DB, such as manuals=manuals-db")
            if name in found:
                raise SettingsError(f"--book {given}: there is a book {name} already; give it another name")
            found[name] = Path(folder)
        return found


def require_serving() -> None:
    """Refuse where what serves is not installed.

    Raises:
        MissingExtraError: with the command that installs it.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"the server needs {', '.join(missing)}; pip install 'openbook[serve]'")


def read_api_key(key: str | None, file: Path | None) -> str | None:
    """The API key, as it is given or in a file.

    Raises:
        SettingsError: both are given, or the file holds none.
    """
    if file is None:
        return key
    if key is not None:
        raise SettingsError("--api-key and --api-key-file: give one of them")
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"--api-key-file {file}: cannot be read ({error}); give a text file with the key in its "
            "first line"
        ) from error
    if not lines or not lines[0].strip():
        raise SettingsError(f"--api-key-file {file}: its first line holds no key; write it there")
    return lines[0].strip()


def server_of(served: Served, settings: "ServerSettings") -> "ServerState":
    """Load the model, open the books, start the engine.

    Raises:
        SettingsError, DatabaseError, MismatchError: something of it cannot be used.
    """
    books = open_books(served)
    asked = load_asked_model(served.model, reads=True)
    read_in(asked.model, served.read_precision)
    _keep_read(asked.model, served.kept_mib)
    note(f"serving {asked.description}")

    from openbook.generation.engine import Engine
    from openbook.serve.server_state import ServerState

    engine = Engine(
        asked.model, asked.chat.tokenizer, max_batch=served.max_batch, max_waiting=served.max_waiting
    )
    return ServerState(
        model=asked.model,
        model_name=served.model_name,
        chat=asked.chat,
        engine=engine,
        books=books,
        settings=settings,
        judge=load_judge(asked.model, wanted=served.judge),
    )


def note_ending(unfinished: int) -> None:
    """Say what a server that is to end still waits for."""
    note(f"finishing {counted(unfinished, 'request')}; Ctrl-C once more gives them up")


def _keep_read(model: "RetroForCausalLM", mib: int) -> None:
    """Keep what a model makes of passages: those of one book are read again and again."""
    from openbook.model.retrofitting import RetrofitForCausalLM

    if mib and isinstance(model, RetrofitForCausalLM) and model.reads_itself:
        model.keep_neighbors(mib * 2**20)


def open_books(served: Served) -> "Books":
    """Open the books, and refuse what does not go together, before the model and torch are loaded.

    Raises:
        SettingsError, DatabaseError, MismatchError: something of it cannot be used.
    """
    from openbook.serve.books import Books

    require_askable(served.model)
    books = Books(
        served.database,
        served.named_books,
        allow_missing_shards=served.allow_missing_shards,
        follow=served.follow,
    )
    for name in books.names:
        note_unseen(books.get(name).newest())
        note_missing_shards(books.get(name).newest())
    _require_match(served.model, [books.get(name).newest() for name in books.names])
    if is_ours(Path(served.model)):
        note_learned(Path(served.model), books.default.newest())
    return books


def _require_match(model: str, books: "Sequence[Version]") -> None:
    """Refuse books whose tokens or chunks a model of ours cannot read, before it is loaded.

    A base that reads its neighbors itself reads any.
    """
    if not is_ours(Path(model)):
        return
    described = describe_model(Path(model))
    if not described.reads_any_tokens and described.retrieves:
        for book in books:
            described.require_match(book)
