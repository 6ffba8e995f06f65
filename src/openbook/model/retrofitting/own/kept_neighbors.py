"""What the base made of neighbors, above all keys and values, is kept: reading them again costs nothing.

They are found by their tokens, so an edited database never gets what its old text was read as.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from openbook.errors import SettingsError
from openbook.model.retrofitting.own.neighbor_pass import ReadNeighbors
from openbook.model.retrofitting.own.read_sequences import NeighborFiles

ReadRows = Callable[[Tensor], ReadNeighbors]
"""Reads some sequences, given by their rows."""

_Kept = tuple[Tensor, Tensor]
"""Of one sequence: [layers, 2, key-value heads, L, head_dim], and its last activations."""


class KeptNeighbors:
    """A store that several generations, and threads, may share.

    Args:
        capacity: bytes to keep; what was not read for the longest time goes first.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise SettingsError(f"capacity {capacity}: must be at least 1 byte")
        self.capacity = capacity
        self.size = 0
        """Bytes that are kept."""
        self.hits = 0
        """Sequences that did not have to be read."""
        self.misses = 0
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._read_by: object = None
        self._layers: tuple[int, ...] = ()
        self._files: NeighborFiles | None = None
        self._files_read_by: object = None
        self._lock = threading.Lock()

    def keep_in(self, files: NeighborFiles, *, read_by: object) -> None:
        """Keep what is read in a folder as well.

        Args:
            files: of what reads as it does now.
            read_by: what it depends on now; as soon as that is something else, the folder is left alone.
        """
        self._files, self._files_read_by = files, read_by

    def __len__(self) -> int:
        return len(self._kept)

    def __deepcopy__(self, memo: dict[int, Any]) -> "KeptNeighbors":
        """An empty one: what another model's weights made is not to be mixed with it."""
        return KeptNeighbors(self.capacity)

    def read(self, ids: Tensor, exists: Tensor, read: ReadRows, *, read_by: object) -> ReadNeighbors:
        """Take sequences that were read, or read them.

        Args:
            ids: int64 [N, L].
            exists: bool [N, L].
            read: called for those that are not kept.
            read_by: what the result depends on besides the tokens; where it changes, all is forgotten.
        """
        keys = [row.tobytes() for row in ids.masked_fill(~exists, -1).cpu().numpy()]
        with self._lock:
            if read_by != self._read_by:
                self._kept.clear()
                self.size, self._read_by = 0, read_by
            found = {key: self._kept[key] for key in keys if key in self._kept}
            files = self._files if read_by == self._files_read_by else None
            if files is not None:
                found |= self._from_files(files, [key for key in keys if key not in found], ids.device)
            wanted = {key: row for row, key in enumerate(keys) if key not in found}
            self.hits += len(keys) - len(wanted)
            self.misses += len(wanted)
            if wanted:
                new = read(torch.tensor(list(wanted.values()), device=ids.device))
                self._layers = tuple(new.by_layer)
                of_layers = torch.stack(list(new.by_layer.values()), 1)
                made = dict(zip(wanted, zip(of_layers, new.hidden, strict=True), strict=True))
                found |= made
                if files is not None:
                    for key, (of_sequence, hidden) in made.items():
                        files.put(key, (self._layers, of_sequence, hidden))
            self._keep(found)
            of_layers, hidden = (
                torch.stack(parts) for parts in zip(*(found[key] for key in keys), strict=True)
            )
            return ReadNeighbors(dict(zip(self._layers, of_layers.unbind(1), strict=True)), hidden)

    def _from_files(
        self, files: NeighborFiles, keys: Iterable[bytes], device: torch.device
    ) -> dict[bytes, _Kept]:
        found = {}
        for key in dict.fromkeys(keys):
            if (stored := files.get(key)) is not None:
                self._layers, of_layers, hidden = stored
                found[key] = of_layers.to(device), hidden.to(device)
        return found

    def _keep(self, found: dict[bytes, _Kept]) -> None:
        for key, (of_layers, hidden) in found.items():
            if key not in self._kept:
                # Not views, which would hold the whole batch.
                self._kept[key] = of_layers.clone(), hidden.clone()
                self.size += _bytes(self._kept[key])
            self._kept.move_to_end(key)
        while self.size > self.capacity:
            self.size -= _bytes(self._kept.popitem(last=False)[1])


def _bytes(kept: _Kept) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in kept)
