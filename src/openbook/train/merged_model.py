"""A retrofit joined with its base in a folder of its own: of which retrofit it was made. Needs no torch."""

import hashlib
import json
from pathlib import Path

from openbook.train.run_files import CONFIG, MODEL, WEIGHTS

_FIELD = "merged_from"
"""Of config.json, see `RetrofitConfig.merged_from`."""


def files_fingerprint(folder: Path) -> str:
    """Hash the files of a model, its tokenizer's with them (SHA-256, 16 hexadecimal digits).

    config.json has the fingerprint of the base, without which nothing is merged.
    """
    digest = hashlib.sha256()
    for path in (folder / name for name in MODEL if (folder / name).is_file()):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def is_merged_from(model: Path, output: Path) -> bool:
    """Whether a folder holds the complete model that merging this retrofit makes."""
    try:
        described = json.loads((output / CONFIG).read_bytes())
    except (OSError, ValueError):
        return False
    if not isinstance(described, dict) or described.get(_FIELD) is None or not (output / WEIGHTS).is_file():
        return False
    return bool(described[_FIELD] == files_fingerprint(model))
