"""What `add --ray` does otherwise than `add`: tasks on a cluster encode and write."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from openbook.cli.console import note
from openbook.cli.lost_cluster import end_at_once
from openbook.cli.options.reading_options import Precision
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.database import Database
    from openbook.database.write.writer import AddReport


@contextmanager
def adding(
    database: "Database", *, address: str | None, workers: int | None, precision: Precision
) -> Iterator[Callable[..., "AddReport"]]:
    """Connect to the cluster, if one is named; gives what adds, see `Database.add`.

    Args:
        database: to add to.
        address: of the cluster; None: this process adds.
        workers: tasks at a time.
        precision: in which encoders of the cluster compute.

    Raises:
        DatabaseError: the database is no book of shards.
        SettingsError: no cluster answers.
        ClusterError: the cluster is lost on the way.
    """
    if address is None:
        yield database.add
        return
    from openbook.cluster.book_addition import add_on_cluster, addition_places, require_sharded
    from openbook.cluster.ray_session import connected

    require_sharded(database)
    with connected(address, on_lost=end_at_once) as session:
        places = addition_places(session, database, workers=workers, precision=precision)
        note(counted(len(places), "worker"))
        yield partial(add_on_cluster, database, session=session, places=places, tell=note)
