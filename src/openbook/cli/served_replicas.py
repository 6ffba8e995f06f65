"""`openbook serve --ray`: the server whose replicas run on a Ray cluster."""

import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from openbook.cli.asked_model import require_judge
from openbook.cli.console import note
from openbook.cli.lost_cluster import end_at_once
from openbook.cli.served import Served, note_ending, open_books, server_of
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.serve.server_settings import ServerSettings


def serve_replicas(served: Served, settings: "ServerSettings", *, ray: str, replicas: int, port: int) -> None:
    """Serve from replicas until a signal comes.

    Raises:
        OpenbookError: what is served cannot be used, or the cluster cannot.
    """
    books = open_books(served)  # what can be refused is refused before anything is started
    names = ", ".join(books.names)
    books.close()
    if served.judge:
        require_judge()
    from openbook.cluster.ray_session import connected
    from openbook.cluster.replicated_server import Replication, replicated
    from openbook.serve.server_process import bind, run_server

    replication = Replication(replicas=replicas, most_requests=2 * (served.max_batch + served.max_waiting))
    with (
        bind(settings.host, port) as bound,
        connected(ray, on_lost=end_at_once) as session,
        replicated(session, partial(server_of, served, settings), settings, replication) as app,
    ):
        what = f"{served.model_name} reads {names}, in {counted(replicas, 'replica')},"
        # uvicorn raises the signal again when it has finished: the replicas are ended then, too.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        run_server(
            app,
            bound,
            settings.host,
            on_ready=lambda url: note(f"{what} at {url} (Ctrl-C ends)"),
            on_ending=note_ending,
        )
