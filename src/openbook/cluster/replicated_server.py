"""A server of several replicas on a Ray cluster: `openbook serve --ray`.

    clients ── the command: address, key, limits (ReplicaFront) ─┬─ ServedReplica: application, engine, books
                                                                 └─ ServedReplica: …

Ray Serve places the replicas, spreads requests over them, asks for their health and replaces those that are
lost. The command binds the address and stands before them; when it ends, they do.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from openbook.cluster.ray_session import LOCAL, RaySession
from openbook.errors import ClusterError, SettingsError, one_line
from openbook.phrases import counted

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from openbook.serve.server_settings import ServerSettings
    from openbook.serve.server_state import ServerState

_PATIENCE = 600
"""Seconds that a replica which ends has for what it is answering."""
_QUIET = {"log_level": "ERROR", "enable_access_log": False}
_TRIES = 2
"""How often Ray Serve tries to start a replica before it gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """How many replicas there are, and what each may hold.

    Raises:
        SettingsError: fewer than one replica.
    """

    replicas: int
    most_requests: int
    """That one replica holds at a time; more wait."""

    def __post_init__(self) -> None:
        if self.replicas < 1:
            raise SettingsError(f"--replicas {self.replicas}: must be at least 1")


@contextmanager
def replicated(
    session: RaySession,
    make_state: "Callable[[], ServerState]",
    settings: "ServerSettings",
    replication: Replication,
) -> "Iterator[ASGIApp]":
    """Start the replicas, and give the application that stands before them; in the end they finish what runs.

    Args:
        session: a connection to a cluster, all of whose nodes have the model and the books by their paths.
        make_state: loads the model and opens the books, in each replica; a function of a module.
        settings: who may ask what.
        replication: how many.

    Raises:
        SettingsError: the cluster is too small, or edits are allowed on several machines.
        ClusterError: the replicas do not start; saying why.
    """
    threads = _threads(session, replication.replicas)
    if settings.allow_edits and session.address != LOCAL:
        raise SettingsError(
            f"--allow-edits with --ray {session.address}: on several machines nothing keeps two writers of a "
            "book apart; edit it with openbook add, which the replicas see, or serve with --ray local"
        )
    from ray import serve

    from openbook.cluster.replica_front import ReplicaFront
    from openbook.cluster.served_replica import ServedReplica
    from openbook.serve.access import AccessControl, BodyLimit

    gpus = session.resource("GPU") >= replication.replicas
    deployment: Any = serve.deployment(
        ServedReplica,
        name="openbook",
        num_replicas=replication.replicas,
        ray_actor_options={"num_cpus": threads, "num_gpus": int(gpus)},
        max_ongoing_requests=replication.most_requests,
        max_queued_requests=replication.most_requests * replication.replicas,
        health_check_period_s=5,
        graceful_shutdown_timeout_s=_PATIENCE,
        max_constructor_retry_count=_TRIES,
        logging_config=_QUIET,
    )
    name = f"openbook-{uuid4().hex[:8]}"
    logging.getLogger("ray.serve").addFilter(_is_error)
    serve.start(proxy_location="Disabled", logging_config=_QUIET)
    try:
        bound = deployment.bind(make_state, str(Path.cwd()), threads)
        handle = serve.run(bound, name=name, route_prefix=None)
    except (RuntimeError, TimeoutError) as error:
        serve.delete(name)
        raise ClusterError(
            f"the replicas do not start: {one_line(error)[-300:]}; see the cluster's log"
        ) from error
    app: Any = BodyLimit(ReplicaFront(handle), settings)
    try:
        yield AccessControl(app, settings=settings)
    finally:
        serve.delete(name)


def _threads(session: RaySession, replicas: int) -> int:
    """Cores of each replica: on this machine alone they share all, on a cluster each has one.

    Raises:
        SettingsError: there are fewer cores than replicas.
    """
    cores = session.resource("CPU")
    if cores < replicas:
        raise SettingsError(
            f"--replicas {replicas}: the Ray cluster {session.address} has {counted(cores, 'core')}, and each"
            " replica takes one; give fewer, or add a node: ray start --address"
        )
    return cores // replicas if session.address == LOCAL else 1


def _is_error(record: logging.LogRecord) -> bool:
    """Whether Ray Serve is to say it in the command's own terminal."""
    return record.levelno >= logging.ERROR
