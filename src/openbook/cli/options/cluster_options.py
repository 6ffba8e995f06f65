"""The options of what runs on many machines."""

from typing import Annotated

import typer

from openbook.cli.options.option_checks import first_given
from openbook.errors import SettingsError

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

TrainingWorkers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="With --ray: training processes, of one core each, and one GPU if there are as many. [default: "
        "one for each GPU, without GPUs one]",
        show_default=False,
    ),
]

Replicas = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="With --ray: servers behind this one's address, each with the model, and with as many texts as "
        "--max-batch and --max-waiting say. [default: 1]",
        show_default=False,
    ),
]


def check_cluster_options(
    ray: str | None,
    *,
    workers: int | None = None,
    shards: int | None = None,
    replicas: int | None = None,
    dry_run: bool = False,
    watch: bool = False,
) -> None:
    """Refuse options that only a cluster has a use for, and those that it has none for.

    Raises:
        SettingsError: naming the option.
        MissingExtraError: Ray is asked for and not installed.
    """
    if ray is None:
        given = {"--workers": workers, "--shards": shards, "--replicas": replicas}
        if option := first_given(given):
            raise SettingsError(
                f"{option} {given[option]}: needs --ray ADDRESS, or --ray local for this machine alone"
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
