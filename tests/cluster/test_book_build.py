"""A book that a cluster builds holds what one machine builds, whatever is lost on the way."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from command_line import OpenBook, Result
from openbook.cluster import shard_task
from openbook.cluster.build_plan import BUILDING, PLAN, BuildPlan
from openbook.database import Database
from openbook.database.shards.book_manifest import BookManifest
from openbook.database.storage.sealed import read_sealed, write_sealed
from openbook.errors import ClusterError

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

SETTINGS = ("--tokenizer", "train:400", "--chunk-size", "16", "--holdout", "0.1")
WORDS_ONLY = (*SETTINGS, "--embedder", "none")

Build = Callable[..., Result]


@pytest.fixture
def build(ray_cluster: "Cluster", openbook: OpenBook, corpus: Path) -> Build:
    """Build a book of the corpus on the cluster, of words alone unless options say more."""

    def run(
        book: Path,
        *options: object,
        settings: tuple[str, ...] = WORDS_ONLY,
        text: object = corpus,
        workers: int = 2,
    ) -> Result:
        ray = ("--ray", ray_cluster.address, "--workers", workers)
        return openbook("build", book, text, *settings, *ray, *options)

    return run


def arrays_of(book: Path) -> dict[str, bytes]:
    """The bytes of all shards' tokens and vectors, by their paths."""
    shards = [book / shard.folder for shard in BookManifest.read(book).shards]
    files = [path for shard in shards for name in ("tokens.bin", "vectors.f16") for path in shard.glob(name)]
    return {str(path.relative_to(book)): path.read_bytes() for path in files}


def tokens_of(database: Database) -> NDArray[np.int64]:
    return database.tokens[:].astype(np.int64)


@pytest.mark.timeout(600)
def test_a_book_is_what_one_machine_makes_of_the_text(
    build: Build, openbook: OpenBook, corpus: Path, encoder: Path, tmp_path: Path
) -> None:
    settings = (*SETTINGS, "--embedder", str(encoder))
    assert openbook("build", tmp_path / "one", corpus, *settings).code == 0
    result = build(tmp_path / "book", "--shards", 3, "--json", settings=settings, workers=1)
    assert result.code == 0, result.err
    assert "3 shards, 1 worker" in result.err
    alone, book = Database.open(tmp_path / "one"), Database.open(tmp_path / "book")
    assert (tokens_of(book) == tokens_of(alone)).all()
    assert book.vectors is not None and alone.vectors is not None
    np.testing.assert_allclose(
        book.vectors[:].astype(np.float32), alone.vectors[:].astype(np.float32), atol=1e-3
    )
    assert [each.document_id for each in book.documents()] == [each.document_id for each in alone.documents()]
    assert {each.document_id for each in book.excluded()} == {each.document_id for each in alone.excluded()}
    assert book.excluded()  # the corpus has near-copies of held-out documents in other shards
    texts = alone.chunk_texts(list(range(0, alone.layout.num_chunks, 7)))
    for mode in ("bm25", "dense", "hybrid"):
        theirs, ours = (each.search(texts, k=5, mode=mode) for each in (alone, book))
        assert [[hit.chunk_id for hit in hits] for hits in ours] == [
            [hit.chunk_id for hit in hits] for hits in theirs
        ], mode
    assert result.json["documents"] == 80
    assert not (tmp_path / "book" / BUILDING).exists()


def test_what_is_complete_is_skipped_and_what_is_missing_is_made(build: Build, tmp_path: Path) -> None:
    whole, book = tmp_path / "whole", tmp_path / "book"
    for folder in (whole, book):
        assert build(folder, "--shards", 3, "--no-decontaminate").code == 0
    shutil.rmtree(book / "shard-00001")
    (book / "book.json").unlink()
    before = (book / "shard-00000" / "tokens.bin").stat().st_mtime_ns
    shutil.copytree(whole / "tokenizer", book / BUILDING / "tokenizer")
    result = build(book, "--no-decontaminate")
    assert result.code == 0, result.err
    assert "1 of 3 shards built" in result.err
    assert (book / "shard-00000" / "tokens.bin").stat().st_mtime_ns == before
    assert arrays_of(book) == arrays_of(whole)
    again = build(book, "--no-decontaminate")
    assert (again.code, "all 3 shards are complete" in again.err) == (0, True), again.err


def test_other_settings_are_refused_with_both_values(build: Build, corpus: Path, tmp_path: Path) -> None:
    book = tmp_path / "book"
    assert build(book, "--shards", 2).code == 0
    for options, problem in (
        (("--chunk-size", 32), "chunk_size is 16, asked for 32"),
        (("--tokenizer", "train:500"), "tokenizer is 'train:400', asked for 'train:500'"),
        (("--shards", 3), "was planned with 2 shards, asked for 3"),
        (("--glob", "*.md"), "glob is None, asked for '*.md'"),
        (("--holdout", "0.2"), "holdout is 0.1, asked for 0.2"),
    ):
        result = build(book, *options)
        assert (result.code, problem in result.error) == (2, True), result.err
    other = build(book, text=corpus.parent)
    assert other.code == 2
    assert str(corpus) in other.error


def test_fewer_shards_than_asked_for_are_said_and_resumed_by_the_same_command(
    build: Build, tmp_path: Path
) -> None:
    notes, book = tmp_path / "notes", tmp_path / "book"
    notes.mkdir()
    for name in ("a", "b", "c"):
        (notes / f"{name}.md").write_text(f"the text of {name} by the river")
    first = build(book, "--shards", 8, text=notes)
    assert first.code == 0, first.err
    assert "3 shards instead of 8" in first.err
    for same in (("--shards", 8), ("--shards", 3), ()):
        again = build(book, *same, text=notes)
        assert (again.code, "all 3 shards are complete" in again.err) == (0, True), again.err
    (book / "book.json").unlink()
    shutil.rmtree(book / "shard-00001")
    shutil.copytree(book / "tokenizer", book / BUILDING / "tokenizer")
    resumed = build(book, "--shards", 8, text=notes)
    assert (resumed.code, "1 of 3 shards built" in resumed.err) == (0, True), resumed.err
    other = build(book, "--shards", 7, text=notes)
    assert other.code == 2
    assert "was planned with 3 shards instead of 8, asked for 7" in other.error


def test_a_plan_that_says_nothing_of_what_was_asked_for_is_resumed_with_what_there_is(
    build: Build, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    assert build(book, "--shards", 2).code == 0
    values = read_sealed(book / PLAN)
    assert values.pop("asked_shards") == 2
    write_sealed(book / PLAN, values)
    assert build(book, "--shards", 2).code == 0
    assert "was planned with 2 shards, asked for 3" in build(book, "--shards", 3).error


def test_without_ray_build_adds_to_the_book_and_does_not_touch_half_a_one(
    build: Build, openbook: OpenBook, corpus: Path, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    assert build(book, "--shards", 2).code == 0
    (tmp_path / "more.md").write_text("the copper lantern of the harbour")
    result = openbook("build", book, corpus, tmp_path / "more.md", "--chunk-size", "16", "--json")
    assert (result.code, result.json["done"]["added"], result.json["done"]["unchanged"]) == (0, 1, 80)
    (book / "book.json").unlink()
    result = openbook("build", book, corpus)
    assert (result.code, "is a book of shards" in result.error, "--ray" in result.error) == (2, True, True)


def test_a_folder_of_something_else_is_refused(
    build: Build, openbook: OpenBook, corpus: Path, tmp_path: Path
) -> None:
    assert openbook("build", tmp_path / "one", corpus, *WORDS_ONLY).code == 0
    result = build(tmp_path / "one")
    assert (result.code, "is a database of one machine already" in result.error) == (2, True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    result = build(tmp_path / "other")
    assert (result.code, "exists and is not a book" in result.error) == (2, True)


@pytest.mark.parametrize(
    ("sources", "problem"),
    [("-", "cannot read standard input"), ("memory://texts", "is there in this process alone")],
)
def test_sources_that_workers_cannot_read_are_refused(
    ray_cluster: "Cluster", openbook: OpenBook, tmp_path: Path, sources: str, problem: str
) -> None:
    result = openbook("build", tmp_path / "book", sources, *WORDS_ONLY, "--ray", ray_cluster.address)
    assert (result.code, problem in result.error) == (2, True), result.err


@pytest.fixture
def served(corpus: Path) -> Iterator[str]:
    """The address of the corpus on a server, as an object store gives its files."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = partial(Handler, directory=str(corpus))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_workers_read_sources_from_where_they_are_served(
    build: Build, corpus: Path, served: str, tmp_path: Path
) -> None:
    assert build(tmp_path / "remote", "--shards", 2, text=f"{served}/rows0.jsonl").code == 0
    assert build(tmp_path / "local", "--shards", 2, text=corpus / "rows0.jsonl").code == 0
    assert arrays_of(tmp_path / "remote") == arrays_of(tmp_path / "local")
    sources = BuildPlan.read(tmp_path / "remote").sources
    assert sources.names == (f"{served}/rows0.jsonl",)


def test_options_that_do_not_go_together_are_refused(
    openbook: OpenBook, corpus: Path, tmp_path: Path
) -> None:
    for options, problem in (
        (("--shards", 3), "--shards 3: needs --ray"),
        (("--ray", "local", "--dry-run"), "--ray and --dry-run: choose one"),
    ):
        result = openbook("build", tmp_path / "book", corpus, *WORDS_ONLY, *options)
        assert (result.code, problem in result.error) == (2, True), result.err


def test_text_that_changed_meanwhile_is_refused_and_put_back_is_built(
    build: Build, corpus: Path, tmp_path: Path
) -> None:
    text = Path(shutil.copytree(corpus, tmp_path / "text"))
    book = tmp_path / "book"
    assert build(book, "--shards", 3, text=text).code == 0
    first = arrays_of(book)
    (book / "book.json").unlink()
    shutil.copytree(book / "tokenizer", book / BUILDING / "tokenizer")
    for shard in book.glob("shard-*"):
        shutil.rmtree(shard)
    kept = (text / "rows1.jsonl").read_text()
    (text / "rows1.jsonl").write_text(kept.replace("river", "brook"))
    result = build(book, text=text)
    assert (result.code, "changed since the build was planned" in result.error) == (2, True), result.err
    (text / "rows1.jsonl").write_text(kept)
    assert build(book, text=text).code == 0
    assert {path.split("/")[-1]: value for path, value in arrays_of(book).items()} == {
        path.split("/")[-1]: value for path, value in first.items()
    }


class StopError(Exception):
    """What stands in for the death of a worker."""


def test_a_shard_is_resumed_to_the_same_bytes(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    assert build(whole, "--shards", 1, "--no-decontaminate").code == 0
    plan = BuildPlan.read(whole)
    part.mkdir()
    shutil.copy(whole / PLAN, part / PLAN)
    shutil.copytree(whole / "tokenizer", part / BUILDING / "tokenizer")
    monkeypatch.setattr(shard_task, "INDEXED_CHARACTERS", 4000)
    told: list[int] = []

    def stop(number: int, done: int) -> None:
        told.append(done)
        if len(told) == 4:
            raise StopError

    class Board:
        class tell:  # noqa: N801 - as Ray's handle has it
            remote = staticmethod(stop)

    with pytest.raises(StopError):
        shard_task.build_shard(str(part), 0, board=Board)
    written = shard_task.build_shard(str(part), 0)
    assert 0 < written.documents == plan.shards[0].documents
    assert (part / "shard-00000" / "tokens.bin").read_bytes() == arrays_of(whole)["shard-00000/tokens.bin"]
    assert shard_task.build_shard(str(part), 0).is_new is False


def test_a_shard_that_another_worker_writes_is_waited_for(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    book = tmp_path / "book"
    assert build(book, "--shards", 1).code == 0
    shutil.rmtree(book / "shard-00000", ignore_errors=True)
    (book / BUILDING).mkdir()
    monkeypatch.setattr(shard_task, "LONGEST_LOCK", 0.1)
    with FileLock(book / BUILDING / "shard-00000.lock"), pytest.raises(ClusterError, match="another process"):
        shard_task.build_shard(str(book), 0)


def test_a_book_is_built_and_read_at_a_url(
    build: Build, openbook: OpenBook, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    url, store, local = f"file://{tmp_path}/store/book", tmp_path / "store" / "book", tmp_path / "local"
    result = build(Path(url), "--shards", 3)
    assert result.code == 0, result.err
    assert openbook("build", local, corpus, *WORDS_ONLY).code == 0
    book, alone = Database.open(url), Database.open(local)
    assert (tokens_of(book) == tokens_of(alone)).all()
    assert book.excluded() and {one.document_id for one in book.excluded()} == {
        one.document_id for one in alone.excluded()
    }
    text = alone.chunk_texts([0, 9])[1]
    assert openbook("search", url, text, "--json").json == openbook("search", local, text, "--json").json
    assert {path.name for path in store.iterdir()} == {
        "book.json",
        "build.json",
        "tokenizer",
        *(shard.folder for shard in BookManifest.read(store).shards),
    }, "nothing is left of what was on the way"
    (tmp_path / "copied").mkdir()
    copied = Database.open(shutil.copytree(store, tmp_path / "copied" / "book"))
    assert copied.search([text]) == book.search([text])
    again = build(Path(url))
    assert (again.code, "all 3 shards are complete" in again.err) == (0, True), again.err
    for command in (
        ("add", url, corpus),
        ("neighbors", url),
        ("verify", url, "--repair"),
    ):
        refused = openbook(*command)
        assert (refused.code, url in refused.error) == (2, True), refused.err
    assert openbook("verify", url).code == 0


def test_a_book_at_a_url_is_resumed(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from openbook.cluster import book_build, remote_build

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    url, store = f"file://{tmp_path}/store/book", tmp_path / "store" / "book"

    def stop(*_: object) -> None:
        raise ClusterError("the head is gone")

    with monkeypatch.context() as patch:
        patch.setattr(book_build, "fetch_shards", stop)
        assert build(Path(url), "--shards", 2).code == 2
    marker = store / BUILDING / "shard-00001.json"
    before = {path.name for path in store.glob("shard-*")}
    marker.unlink()  # as if a worker had been lost before it was done
    shutil.rmtree(tmp_path / "caches")
    result = build(Path(url))
    assert result.code == 0, result.err
    assert "1 of 2 shards built" in result.err
    after = {path.name for path in store.glob("shard-*")}
    assert len(before & after) <= 1 and len(after) == 2
    assert Database.open(url).verify().ok
    assert remote_build.put_shard(remote_build.RemoteFolder(url), 0) is None
    other = build(Path(f"file://{tmp_path}/store"))
    assert (other.code, "no build with --ray has planned" in other.error) == (2, True)
    assert build(Path("memory://book")).code == 2
