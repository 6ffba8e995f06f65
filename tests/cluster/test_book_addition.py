"""What a cluster adds to a sharded book is what one process adds, whatever is lost on the way."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from command_line import OpenBook, Result
from openbook.cluster import book_addition
from openbook.cluster.part_file import read_part_file
from openbook.cluster.part_task import CopyAddress, add_part
from openbook.database import Database
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import BookManifest
from openbook.database.shards.shard_part import ShardPart
from openbook.errors import ClusterError
from openbook.text import Document, train_tokenizer

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

SHARDS = 3
Add = Callable[..., Result]


@pytest.fixture(scope="session")
def make_book(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path | None], Path]:
    """Make a book of shards with some documents, of which some are held out, by an encoder or words alone."""
    tokenizer = train_tokenizer([path.read_text() for path in corpus.iterdir()], vocab_size=400)

    def make(encoder: Path | None) -> Path:
        book = tmp_path_factory.mktemp("original") / "book"
        names = [f"shard-{place:05}" for place in range(SHARDS)]
        settings: dict[str, Any] = {"embedder": encoder and str(encoder), "chunk_size": 16, "holdout": 0.1}
        for name in names:
            Database.create(book / name, tokenizer=tokenizer, **settings)
        create_book(book, names)
        Database.open(book).add([Document(id=f"old{n}", text=f"river stone {n} copper") for n in range(12)])
        return book

    return make


@pytest.fixture(scope="session")
def original(make_book: Callable[[Path | None], Path]) -> Path:
    """A book of words alone."""
    return make_book(None)


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the book, by a name."""
    return lambda name: Path(shutil.copytree(original, tmp_path / name))


@pytest.fixture
def add(ray_cluster: "Cluster", openbook: OpenBook) -> Add:
    """Add on the cluster."""

    def run(book: Path, *arguments: object, workers: int = 2) -> Result:
        return openbook("add", book, *arguments, "--ray", ray_cluster.address, "--workers", workers)

    return run


def bytes_of(book: Path) -> list[bytes]:
    """Of all shards' tokens and their checksums, in the order of the manifest."""
    shards = [book / shard.folder for shard in BookManifest.read(book).shards]
    return [(shard / name).read_bytes() for shard in shards for name in ("tokens.bin", "tokens.sum")]


def require_alike(book: Path, alone: Path) -> None:
    """Both hold the same chunks under the same numbers, and find the same."""
    ours, theirs = Database.open(book), Database.open(alone)
    assert bytes_of(book) == bytes_of(alone)
    assert ours.documents() == theirs.documents()
    assert ours.excluded() == theirs.excluded()
    texts = theirs.chunk_texts(list(range(0, theirs.layout.num_chunks, 9)))
    assert ours.chunk_texts(list(range(0, ours.layout.num_chunks, 9))) == texts
    for mode in ("bm25", "dense", "hybrid") if ours.vectors is not None else ("bm25",):
        found = [
            [[(hit.chunk_id, round(hit.score, 3)) for hit in hits] for hits in each.search(texts, mode=mode)]
            for each in (ours, theirs)
        ]
        assert found[0] == found[1], mode
    assert ours.verify().ok


def test_a_cluster_adds_what_one_process_adds(
    add: Add, openbook: OpenBook, copy: Callable[[str], Path], corpus: Path, tmp_path: Path
) -> None:
    book, alone = copy("book"), copy("alone")
    text = Path(shutil.copytree(corpus, tmp_path / "text"))
    assert openbook("add", alone, text).code == 0
    result = add(book, text)
    assert result.code == 0, result.err
    assert "2 workers" in result.err and "80 added" in result.err
    require_alike(book, alone)
    assert Database.open(book).excluded(), "the corpus has near-copies of held-out documents"
    assert [commit.action for commit in Database.open(book).commits()] == ["create", "add", "add"]
    again = add(book, text, workers=SHARDS + 1)
    assert (again.code, "80 unchanged" in again.err) == (0, True), again.err
    assert f"{SHARDS} workers" in again.err, "one for each shard is all that there is to do"
    assert len(Database.open(book).commits()) == 3

    rows = (text / "rows1.jsonl").read_text()
    (text / "rows1.jsonl").write_text(rows.replace(rows.split()[6], "changed"))
    (text / "rows2.jsonl").unlink()
    for result in (openbook("add", alone, text, "--sync", "--yes"), add(book, text, "--sync", "--yes")):
        assert result.code == 0, result.err
        assert "25 removed" in result.err
    require_alike(book, alone)


def test_workers_encode_what_is_added(
    add: Add,
    openbook: OpenBook,
    make_book: Callable[[Path | None], Path],
    encoder: Path,
    corpus: Path,
    tmp_path: Path,
) -> None:
    book = make_book(encoder)
    alone = Path(shutil.copytree(book, tmp_path / "alone"))
    text = corpus / "rows0.jsonl"
    assert openbook("add", alone, text).code == 0
    result = add(book, text, workers=1)
    assert result.code == 0, result.err
    require_alike(book, alone)


def test_what_lost_workers_were_writing_is_written_once(
    add: Add,
    openbook: OpenBook,
    copy: Callable[[str], Path],
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book, alone, killed = copy("book"), copy("alone"), tmp_path / "killed"
    killed.mkdir()
    assert openbook("add", alone, corpus).code == 0
    places: list[int] = []

    def dying(address: CopyAddress, *arguments: Any) -> Any:
        """Die once at each shard: at the first in the middle of it, at the others when it is committed."""
        sign = killed / str(address.place)
        if sign.exists():
            return add_part(address, *arguments)
        sign.touch()
        if address.place == 0:
            from openbook.cluster import part_task
            from openbook.database.storage.catalog import Catalog

            documents = read_part_file(address.part_file).documents
            half = ShardPart(documents[: len(documents) // 2], frozenset())
            part_task.read_part_file = lambda path: half  # type: ignore[attr-defined]
            Catalog.commit = lambda *_, **__: os._exit(1)  # type: ignore[method-assign]
        add_part(address, *arguments)
        os._exit(1)

    monkeypatch.setattr(book_addition, "add_part", dying)
    result = add(book, corpus)
    assert result.code == 0, result.err
    places = sorted(int(path.name) for path in killed.iterdir())
    assert places == list(range(SHARDS))
    assert f"{SHARDS} workers lost so far" in result.err
    assert "80 added" in result.err
    require_alike(book, alone)


def test_long_calls_commit_on_their_way_and_resume(
    add: Add,
    openbook: OpenBook,
    copy: Callable[[str], Path],
    corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(book_addition, "INDEXED_CHARACTERS", 4000)
    whole, part = copy("whole"), copy("part")
    assert add(whole, corpus).code == 0
    assert Database.open(whole).version > 3

    class StopError(Exception):
        pass

    write = BookManifest.write

    def stopping(manifest: BookManifest, folder: Path) -> None:
        if manifest.head.version == 3:
            raise StopError
        write(manifest, folder)

    with monkeypatch.context() as patch, suppress(StopError):
        patch.setattr(BookManifest, "write", stopping)
        add(part, corpus)
    assert Database.open(part).version == 2
    assert add(part, corpus, workers=1).code == 0
    require_alike(part, whole)


def test_a_worker_that_comes_too_late_writes_nothing(copy: Callable[[str], Path]) -> None:
    book = copy("book")
    before = bytes_of(book)
    shard = BookManifest.read(book).shards[0]
    address = CopyAddress(str(book), 0, str(book / shard.folder), "of-a-command-before.lock")
    with pytest.raises(ClusterError, match="has ended"):
        add_part(address, shard.version)
    assert bytes_of(book) == before


def test_what_cannot_be_added_to_is_refused(
    ray_cluster: "Cluster",
    add: Add,
    openbook: OpenBook,
    copy: Callable[[str], Path],
    corpus: Path,
    tmp_path: Path,
) -> None:
    for options, problem in (
        (("--ray", "local", "--dry-run"), "--ray and --dry-run: choose one"),
        (("--ray", "local", "--watch"), "--ray and --watch: choose one"),
        (("--workers", 2), "--workers 2: needs --ray"),
    ):
        result = openbook("add", copy("book"), corpus, *options)
        assert (result.code, problem in result.error) == (2, True), result.err
        shutil.rmtree(tmp_path / "book")
    settings = ("--tokenizer", "train:400", "--embedder", "none")
    assert openbook("build", tmp_path / "one", corpus, *settings).code == 0
    result = add(tmp_path / "one", corpus)
    assert (result.code, "is a database of one machine" in result.error) == (2, True), result.err
