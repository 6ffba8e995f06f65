"""What the base made of neighbors, kept in a folder: a later process does not read them again.

    FOLDER/3f0c…/8a41….neighbors    by what reads (weights, options, versions), then by the tokens read

A file is the SHA-256 of the rest, then safetensors. It is written beside and renamed, so several processes
may share the folder; one that is damaged is as good as absent. Nothing else in the folder is touched.
"""

import hashlib
import os
import warnings
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from openbook.errors import OpenbookWarning, SettingsError

_SUFFIX = ".neighbors"
_DIGEST = 32
"""Bytes of SHA-256."""

StoredSequence = tuple[tuple[int, ...], Tensor, Tensor]
"""Layers; [layers, 2, key-value heads, L, head_dim] of one sequence; its last activations [L, D]."""


class NeighborFiles:
    """A folder of sequences that were read.

    Args:
        folder: made if needed.
        capacity: bytes of its files; those that were not used for the longest time go first.
        read_by: fingerprint of all that the result depends on besides the tokens.

    Raises:
        SettingsError: the folder is a file, or the capacity less than 1.
    """

    def __init__(self, folder: Path, *, capacity: int, read_by: str) -> None:
        if capacity < 1:
            raise SettingsError(f"capacity {capacity}: must be at least 1 byte")
        if folder.exists() and not folder.is_dir():
            raise SettingsError(f"{folder}: is a file; give a folder to keep what is read in")
        self.folder = folder
        self.capacity = capacity
        self.read_by = read_by
        self.hits = 0
        """Sequences that were found here."""
        self._can_write = True

    def get(self, tokens: bytes) -> StoredSequence | None:
        """What was made of these tokens; None: that is not here, or damaged."""
        path = self._path(tokens)
        try:
            content = path.read_bytes()
            stored = _unpack(content)
        except OSError:
            return None
        if stored is None:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        self.hits += 1
        return stored

    def put(self, tokens: bytes, stored: StoredSequence) -> None:
        """Keep what was made of these tokens; where the folder cannot be written, that is a warning, once."""
        if not self._can_write:
            return
        path, content = self._path(tokens), _pack(stored)
        if len(content) > self.capacity:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, suffix=f"{_SUFFIX}.new", delete=False) as file:
                file.write(content)
            Path(file.name).replace(path)
        except OSError as error:
            self._can_write = False
            warnings.warn(
                f"{self.folder}: what is read cannot be kept there: {error}", OpenbookWarning, stacklevel=2
            )
            return
        self._make_room()

    def _path(self, tokens: bytes) -> Path:
        name = hashlib.sha256(tokens).hexdigest()[:_DIGEST]
        return self.folder / self.read_by / f"{name}{_SUFFIX}"

    def _make_room(self) -> None:
        """Delete the files that were not used for the longest time, and what a kill has left unfinished."""
        files = []
        for path in self.folder.glob(f"*/*{_SUFFIX}*"):
            with suppress(OSError):  # another process may have deleted it
                found = path.stat()
                files.append((found.st_mtime_ns, found.st_size, path))
        size = sum(length for _, length, _ in files)
        for _, length, path in sorted(files):
            if size <= self.capacity:
                return
            with suppress(OSError):
                path.unlink()
            size -= length


def _pack(stored: StoredSequence) -> bytes:
    layers, of_layers, hidden = stored
    tensors = {"of_layers": of_layers.contiguous(), "hidden": hidden.contiguous()}
    content = save({name: tensor.cpu() for name, tensor in tensors.items()}, {"format": "pt"})
    numbers = b",".join(str(layer).encode() for layer in layers) + b"\n"
    return hashlib.sha256(numbers + content).digest() + numbers + content


def _unpack(content: bytes) -> StoredSequence | None:
    """What `_pack` packed; None: something else."""
    rest = content[_DIGEST:]
    if hashlib.sha256(rest).digest() != content[:_DIGEST]:
        return None
    numbers, _, packed = rest.partition(b"\n")
    try:
        tensors = load(packed)
        layers = tuple(int(number) for number in numbers.split(b","))
        return layers, tensors["of_layers"], tensors["hidden"]
    except (SafetensorError, ValueError, KeyError):
        return None
