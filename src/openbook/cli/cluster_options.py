"""The options of what runs on many machines, each once."""

import os
import sys
from typing import Annotated

import typer

from openbook.cli.console import print_error
from openbook.errors import ClusterError, SettingsError

_SHOW_CURSOR = "\x1b[?25h"

Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Work on a Ray cluster: the address of its head node, or local for all cores of this machine. "
        "Needs the extra cluster.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="With --ray: tasks at a time, of one core each, or two beside each GPU. [default: all]",
        show_default=False,
    ),
]
Shards = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="With --ray: parts of a new book, each built and searched by itself; choose several for each "
        "worker. [default: one for each 100 million characters, at least 4]",
        show_default=False,
    ),
]


def check_cluster_options(
    ray: str | None,
    *,
    workers: int | None = None,
    shards: int | None = None,
    dry_run: bool = False,
    watch: bool = False,
) -> None:
    """Refuse options that only a cluster has a use for, and those that it has none for.

    Raises:
        SettingsError: naming the option.
        MissingExtraError: Ray is asked for and not installed.
    """
    if ray is None:
        for option, value in (("--workers", workers), ("--shards", shards)):
            if value is not None:
                raise SettingsError(
                    f"{option} {value}: needs --ray ADDRESS, or --ray local for this machine alone"
                )
        return
    from openbook.cluster.ray_session import require_ray

    if dry_run:
        raise SettingsError("--ray and --dry-run: choose one of them; without --ray it says the same")
    if watch:
        raise SettingsError(
            "--ray and --watch: choose one of them; run add --sync --ray when much has changed"
        )
    require_ray()


def end_at_once(error: ClusterError) -> None:
    """Say what a lost cluster means, and end the process, which waits inside Ray and hears of nothing else.

    What is on disk stays as it is if the process is killed: complete or absent, so the same command resumes.
    """
    if sys.stderr.isatty():
        sys.stderr.write(_SHOW_CURSOR + "\n")  # a bar may stand there, and have hidden it
    print_error(str(error))
    sys.stderr.flush()
    os._exit(2)
