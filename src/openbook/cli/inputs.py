"""From what a user names to objects: folders to models and databases, lists by commas to their parts."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from openbook.base_types import require_base_type, require_gguf_type, type_of
from openbook.cli.bars import bar
from openbook.errors import SettingsError
from openbook.escapes import visible
from openbook.phrases import command

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from openbook.database import NeighborTable, Version
    from openbook.model import RetroForCausalLM


def require_text(arguments: Sequence[str]) -> None:
    """Refuse arguments with bytes that are not text: documents, JSON and most libraries cannot hold them.

    Raises:
        SettingsError: naming the first.
    """
    for number, argument in enumerate(arguments, start=1):
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError as error:
            raise SettingsError(
                f"argument {number}, {_with_bytes(argument)}: is not UTF-8 at character {error.start}; "
                "rename the file, or write the text in a UTF-8 locale"
            ) from error


def _with_bytes(argument: str) -> str:
    r"""Show bytes that are not text, which Python keeps as U+DC80 to U+DCFF, as \x80 to \xff."""
    return visible(argument).replace(r"\udc", r"\x")


def names_of(text: str) -> list[str]:
    """Read a list by commas."""
    return [name.strip() for name in text.split(",")]


def shares_of(text: str | None, *, default: bool) -> list[float]:
    """Read shares of a book in percent, by commas.

    Args:
        text: as the user gave it; None: none were named.
        default: where none are named, take those of a report.

    Raises:
        SettingsError: something that is not a percentage.
    """
    from openbook.evaluate import SHARES
    from openbook.evaluate.growing_book import check_shares

    if text is None:
        return list(SHARES) if default else []
    try:
        shares = [float(share) for share in names_of(text) if share]
    except ValueError as error:
        raise SettingsError(f"--shares {text}: give numbers by commas, such as 0,1,10,30,100") from error
    check_shares(shares)
    return shares


def load_model(path: Path) -> "RetroForCausalLM":
    """Load a trained model, onto the GPU if there is one.

    Raises:
        SettingsError: the folder holds none, or a damaged one.
    """
    require_model(path)
    import torch
    from safetensors import SafetensorError
    from torch import nn

    from openbook.model import auto

    try:
        model = auto.load_model(path)
    except SafetensorError as error:
        raise SettingsError(f"{path}: its weights are damaged ({error}); restore them") from error
    if torch.cuda.is_available():
        nn.Module.to(model, "cuda")
    return model


def require_model(path: Path) -> None:
    """Look before loading: for a folder that is not there, transformers would ask the hub.

    Raises:
        SettingsError: there is no such folder, or it holds no model of ours.
    """
    config = path / "config.json"
    if not path.exists():
        raise SettingsError(
            f"{path}: there is no such folder; train one: openbook train tiny --database DB --output MODEL; "
            "to give a base retrieval: openbook retrofit BASE --database DB --output MODEL; to ask one as it "
            "is: openbook ask DB QUESTION --model BASE, or openbook serve BASE DB"
        )
    if not config.is_file():
        _refuse_unfinished(path)
        is_book = _is_database(path)
        problem = "is a database, not a model" if is_book else "holds no model (no config.json)"
        train = command("train", "tiny", "--database", path if is_book else "DB", "--output", "MODEL")
        raise SettingsError(f"{path}: {problem}; train one: {train}")
    try:
        kind = json.loads(config.read_bytes())["model_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{config}: is not the description of a model; restore it, or name another model's folder"
        ) from error
    if kind not in ("retro", "retrofit"):
        raise SettingsError(
            f"{path}: a model of type {kind!r}, not a RETRO; to make it one: "
            f"{command('retrofit', path, '--database', 'DB', '--output', 'DIR')}"
        )


def _is_database(folder: Path) -> bool:
    from openbook.database.storage.database_folder import is_database

    return is_database(folder)


def _refuse_unfinished(path: Path) -> None:
    """Say of the folder of a training run how far it is."""
    from openbook.train import run_files
    from openbook.train.checkpoints import folder_of, steps_saved

    if run_files.recorded(path) is None:
        return
    steps = steps_saved(path)
    reached = f"step {steps[0]}" if steps else "without a checkpoint yet"
    instead = f", or give {folder_of(path, steps[0])}" if steps else ""
    raise SettingsError(
        f"{path}: holds an unfinished training run ({reached}): run its command again{instead}"
    )


def load_base(base: str, *, revision: str | None, dtype: str, quantize: str | None) -> "PreTrainedModel":
    """Load a model of transformers to retrofit.

    Args:
        base: a folder or hub name.
        revision: of it, on the hub.
        dtype: of its weights, or auto.
        quantize: "4bit" or "8bit", by bitsandbytes; None: as it is.

    Raises:
        SettingsError: it cannot be loaded.
    """
    from openbook.model import retrofitting

    options: dict[str, Any] = {"dtype": dtype}
    if quantize is not None:
        options["quantization_config"] = {"quant_method": "bitsandbytes", f"load_in_{quantize}": True}
    return retrofitting.load_base(base, revision=revision, **options)


def require_base(base: str, *, retrofits: bool = True) -> None:
    """Look before loading: what is meant as a folder is not asked for at the hub.

    Args:
        base: a folder, a name of the hub, or a .gguf file.
        retrofits: it is to read neighbors, which not every model can.

    Raises:
        SettingsError: the folder is not there, holds no model, or one that cannot be retrofitted.
    """
    folder = Path(base)
    if folder.is_dir() and not (folder / "config.json").is_file():
        _refuse_unfinished(folder)
        files = [f"the file itself: {file}" for file in sorted(folder.glob("*.gguf"))]
        instead = files[0] if files else "a model's folder, its name on the hub or a .gguf file"
        problem = "is a database, not a model" if _is_database(folder) else "holds no model (no config.json)"
        raise SettingsError(f"{base}: {problem}; give {instead}")
    if folder.is_file() and folder.suffix.lower() != ".gguf":
        raise SettingsError(f"{base}: is a file; give a model's folder, its name on the hub or a .gguf file")
    if not folder.exists() and (base.startswith((".", "~")) or folder.is_absolute()):
        what = "file" if folder.suffix.lower() == ".gguf" else "folder"
        raise SettingsError(
            f"{base}: there is no such {what}; give a model's folder, its name on the hub or a .gguf file"
        )
    if folder.is_file():
        require_gguf_type(folder)
    kind = type_of(folder) if retrofits and folder.is_dir() else None
    if kind is not None:
        require_base_type(kind)


def table_of(database: "Version") -> "NeighborTable | None":
    """Load the neighbor table, or None where there is none and neighbors are to be searched.

    A book that is read without some shards has none: its table names chunks of them.

    Raises:
        MismatchError: it is stale.
    """
    from openbook.database import NeighborTable

    has_table = database.files.neighbors.exists() and not database.missing_shards
    return NeighborTable.load(database) if has_table else None


@contextmanager
def corpus_of(names: Sequence[str], database: "Version") -> "Iterator[Version | None]":
    """Make a database of these sources for the time of an evaluation, cut as the other one.

    Yields:
        It, or None where no source is named.
    """
    if not names:
        yield None
        return
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database
    from openbook.text.sources import SourceOptions

    sources = Sources(names, SourceOptions(), skip=False)
    sources.check()
    # On Windows, files that are still mapped stay behind for the system to clear.
    with TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as folder:
        corpus = Database.create(
            Path(folder) / "corpus",
            tokenizer=database.tokenizer,
            embedder=None,
            chunk_size=database.settings.chunk_size,
        )
        with bar("reading the text", sources.characters, counts_text=True) as progress:
            corpus.add(sources.documents(), progress=progress)
        yield corpus.opened
