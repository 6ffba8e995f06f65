"""`openbook serve --ray`: its own option, and the server whose replicas run on a Ray cluster."""

import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.cluster_options import check_cluster_options, end_at_once
from openbook.cli.console import note
from openbook.cli.served import Served, note_ending, open_books, server_of
from openbook.errors import SettingsError
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.serve.server_settings import ServerSettings

Replicas = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="With --ray: servers behind this one's address, each with the model, and with as many texts as "
        "--max-batch and --max-waiting say. [default: 1]",
        show_default=False,
    ),
]


def check_replicas(ray: str | None, replicas: int | None) -> None:
    """Refuse replicas without Ray, and Ray where it is not installed.

    Raises:
        SettingsError, MissingExtraError: saying what to give, or to install.
    """
    check_cluster_options(ray)
    if ray is None and replicas is not None:
        raise SettingsError(
            f"--replicas {replicas}: needs --ray ADDRESS, or --ray local for this machine alone"
        )


def serve_replicas(served: Served, settings: "ServerSettings", *, ray: str, replicas: int, port: int) -> None:
    """Serve from replicas until a signal comes.

    Raises:
        OpenbookError: what is served cannot be used, or the cluster cannot.
    """
    books = open_books(served)  # what can be refused is refused before anything is started
    names = ", ".join(books.names)
    books.close()
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
