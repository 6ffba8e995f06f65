"""The neighbor table that a cluster computes is that of one machine, also after losses and interruptions."""

import errno
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from command_line import OpenBook
from openbook.cluster.neighbor_job import ClusterSearch
from openbook.cluster.ray_session import RaySession, connected
from openbook.cluster.remote_encoder import WorkPlace, work_places
from openbook.database import Database, NeighborTable, TableBlocks, build_neighbors
from openbook.database.neighbors.finder import NeighborFinder
from openbook.database.shards.book_creation import create_book
from openbook.errors import SettingsError
from openbook.text import train_tokenizer

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

SMALL = TableBlocks(chunks=16, seconds=0.0)


@pytest.fixture
def session(ray_cluster: "Cluster") -> Iterator[RaySession]:
    with connected(ray_cluster.address) as found:
        yield found


def assert_equal(table: NeighborTable, other: NeighborTable) -> None:
    assert (table.ids[:] == other.ids[:]).all()
    assert (table.scores[:] == other.scores[:]).all()
    assert (table.mode, table.version) == (other.mode, other.version)


def test_the_table_is_that_of_one_machine(
    session: RaySession, copy_book: Callable[[], Database], table: NeighborTable
) -> None:
    search = ClusterSearch(session, work_places(session, workers=2, encoder=None))
    found = build_neighbors(copy_book(), k=10, rebuild=True, blocks=SMALL, search=search)
    assert_equal(found, table)
    assert search.lost == 0


class KillingSearch(ClusterSearch):
    """Kills each worker once, when it is at its first block."""

    def _begin(self, finder: NeighborFinder, place: WorkPlace) -> Any:
        actor = super()._begin(finder, place)
        self._session.ray.kill(actor, no_restart=False)
        return actor


def test_a_killed_worker_costs_no_row(
    session: RaySession, copy_book: Callable[[], Database], table: NeighborTable
) -> None:
    search = KillingSearch(session, work_places(session, workers=2, encoder=None))
    found = build_neighbors(copy_book(), k=10, rebuild=True, blocks=SMALL, search=search)
    assert_equal(found, table)


def test_an_interrupted_table_is_completed_by_either(
    session: RaySession, copy_book: Callable[[], Database], table: NeighborTable
) -> None:
    class StopError(Exception):
        pass

    def stop(done: int, of: int | None) -> None:
        if done > 40:
            raise StopError

    search = ClusterSearch(session, work_places(session, workers=1, encoder=None))
    database = copy_book()
    with pytest.raises(StopError):
        build_neighbors(database, k=10, rebuild=True, blocks=SMALL, search=search, progress=stop)
    searched: list[int] = []
    assert_equal(
        build_neighbors(
            database, k=10, rebuild=True, blocks=SMALL, progress=lambda done, of: searched.append(done)
        ),
        table,
    )
    assert searched[0] > 16


def test_the_verb_takes_a_cluster(
    ray_cluster: "Cluster", openbook: OpenBook, copy_book: Callable[[], Database], table: NeighborTable
) -> None:
    database = copy_book()
    result = openbook(
        "neighbors", database.path, "-k", 3, "--ray", ray_cluster.address, "--workers", 1, "--json"
    )
    assert result.code == 0, result.err
    found = NeighborTable.load(Database.open(database.path))
    assert (found.ids[:] == table.ids[:, :3][:]).all()


def test_the_table_of_a_sharded_book_is_that_of_one_process(
    ray_cluster: "Cluster", openbook: OpenBook, corpus: Path, tmp_path: Path
) -> None:
    tokenizer = train_tokenizer([path.read_text() for path in corpus.iterdir()], vocab_size=400)
    names = [f"shard-{place:05}" for place in range(3)]
    for name in names:
        Database.create(tmp_path / "book" / name, tokenizer=tokenizer, embedder=None, chunk_size=16)
    create_book(tmp_path / "book", names)
    assert openbook("add", tmp_path / "book", corpus).code == 0
    alone = Database.open(shutil.copytree(tmp_path / "book", tmp_path / "alone"))
    ray = ("--ray", ray_cluster.address, "--workers", 2)
    result = openbook("neighbors", tmp_path / "book", "-k", 3, *ray)
    assert result.code == 0, result.err
    found = NeighborTable.load(Database.open(tmp_path / "book"))
    assert_equal(found, build_neighbors(alone, k=3))
    assert (found.ids[:] >= 0).any(), "there are neighbors"


@pytest.mark.parametrize("sharded", [False, True])
def test_neighbors_are_found_in_a_book_where_nothing_can_be_written(
    session: RaySession,
    copy_book: Callable[[], Database],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sharded: bool,
) -> None:
    corpus, folder = copy_book(), tmp_path / "other"
    shutil.copytree(corpus.path, folder / "shard-00000")
    if sharded:
        create_book(folder, ["shard-00000"])
    book = Database.open(folder if sharded else folder / "shard-00000")
    wanted = build_neighbors(corpus, book=book, k=2, mode="bm25")
    touch = Path.touch

    def refuse(path: Path, *arguments: Any, **options: Any) -> None:
        if path.is_relative_to(book.path):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        touch(path, *arguments, **options)

    monkeypatch.setattr(Path, "touch", refuse)
    search = ClusterSearch(session, work_places(session, workers=1, encoder=None))
    found = build_neighbors(corpus, book=book, k=2, mode="bm25", rebuild=True, blocks=SMALL, search=search)
    assert_equal(found, wanted)


def test_workers_without_a_cluster_are_refused(openbook: OpenBook, tmp_path: Path) -> None:
    result = openbook("neighbors", tmp_path, "--workers", 2)
    assert result.code == 2
    assert "--workers 2: needs --ray" in result.error


def test_an_address_where_nothing_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")

    def refuse(**_: object) -> None:
        raise ConnectionError("no answer")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    with (
        pytest.raises(SettingsError, match=r"--ray 10\.0\.0\.1:6379: no Ray cluster.*--ray local"),
        connected("10.0.0.1:6379"),
    ):
        pass
