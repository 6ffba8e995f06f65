"""How a model reads passages: in which precision, and what it made of them kept for the next command."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

KeptFolder = Annotated[
    Path | None,
    typer.Option(
        "--keep",
        metavar="DIR",
        help="Keep what the model makes of passages in this folder (up to 4 GB), so that it need not read "
        "them again. Of models that read their neighbors themselves.",
        show_default=False,
    ),
]

Precision = Literal["float32", "bfloat16"]
ReadPrecision = Annotated[
    Precision,
    typer.Option(
        "--read-precision",
        help="Of the products by which a model that reads its neighbors itself reads them: bfloat16 takes "
        "half the time on processors that multiply it, and rounds to three digits.",
    ),
]


def read_in(model: "RetroForCausalLM", precision: Precision) -> None:
    """Have this model read neighbors in a precision.

    Raises:
        SettingsError: it does not read them itself, and another than its own is asked for.
    """
    from openbook.model.retrofitting import RetrofitForCausalLM

    if precision == "float32":
        return
    if not isinstance(model, RetrofitForCausalLM):
        raise SettingsError(
            f"--read-precision {precision}: is for models that read their neighbors themselves (reader: "
            "own); leave it out"
        )
    model.read_neighbors_in(precision)


def require_keepable(folder: Path | None, *, reads: bool) -> None:
    """Refuse a folder that cannot be kept in, before the model is loaded.

    Args:
        folder: None: nothing is to be kept.
        reads: whether anything is read beside the prompt.

    Raises:
        SettingsError: it is a file, a database or lies in one, or nothing is read.
    """
    from openbook.database.storage.database_folder import is_database, require_outside_databases

    if folder is None:
        return
    if not reads:
        raise SettingsError("--keep: nothing is read beside the prompt; leave it out")
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"--keep {folder}: is a file; name a folder")
    if is_database(folder):
        raise SettingsError(f"--keep {folder}: is a database; name a folder of its own")
    require_outside_databases(folder, SettingsError)


def keep_read(model: "RetroForCausalLM", folder: Path | None) -> None:
    """Keep what this model reads in the folder, if there is one.

    Raises:
        SettingsError: the model does not read its neighbors itself.
    """
    from openbook.model.retrofitting import RetrofitForCausalLM

    if folder is None:
        return
    if not isinstance(model, RetrofitForCausalLM):
        raise SettingsError(
            "--keep: is for models that read their neighbors themselves (reader: own); leave it out"
        )
    model.keep_neighbors(folder=folder)
