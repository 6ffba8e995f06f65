"""Encoded neighbors that are kept: an unconditioned encoder gives the same for a neighbor whoever asks.

They are found by their tokens, so an edited database never gets what its old text was encoded to.
"""

import threading
from collections import OrderedDict
from typing import Any
from weakref import ref

import torch
from torch import Tensor, nn

from openbook.errors import SettingsError
from openbook.model.encoder import RetroEncoder

_CAPACITY = 4096
"""Neighbors; of 128 tokens and a width of 256 they take half a gigabyte in float32."""


class EncodedNeighbors:
    """A store that several generations, and threads, may share.

    Args:
        capacity: neighbors to keep, R·E numbers each; those not read for the longest time go first.
    """

    def __init__(self, capacity: int = _CAPACITY) -> None:
        if capacity < 1:
            raise SettingsError(f"capacity {capacity}: must be at least 1")
        self.capacity = capacity
        self.hits = 0
        """Neighbors that did not have to be encoded."""
        self.misses = 0
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()
        self._made_by: tuple[Any, ...] = ()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def __deepcopy__(self, memo: dict[int, Any]) -> "EncodedNeighbors":
        """Itself: copies of a cache share its store, as they share the model."""
        return self

    def encode(
        self, encoder: RetroEncoder, ids: Tensor, mask: Tensor, shared_embedding: nn.Embedding | None
    ) -> Tensor:
        """Encode neighbors [B, C, K, R], or take what was encoded before: [B, C, K, R, E], detached."""
        rows, row_masks = ids.flatten(0, 2), mask.flatten(0, 2)
        keys = [row.tobytes() for row in rows.masked_fill(~row_masks, -1).cpu().numpy()]
        with self._lock, torch.no_grad():
            self._forget_others(_encoding(encoder, shared_embedding, ids.device.type))
            found = {key: self._kept[key] for key in keys if key in self._kept}
            wanted = {key: place for place, key in enumerate(keys) if key not in found}
            self.hits += len(keys) - len(wanted)
            self.misses += len(wanted)
            if wanted:
                places = torch.tensor(list(wanted.values()), device=ids.device)
                shape = (1, len(places), 1, -1)
                encoded = encoder(
                    rows[places].view(shape), row_masks[places].view(shape), shared_embedding=shared_embedding
                )
                found |= dict(zip(wanted, encoded[0, :, 0].unbind(), strict=True))
            self._keep(found)
        return torch.stack([found[key] for key in keys]).unflatten(0, ids.shape[:3])

    def _keep(self, found: dict[bytes, Tensor]) -> None:
        for key, encoded in found.items():
            if key not in self._kept:
                self._kept[key] = encoded.clone()  # not a view, which would hold the whole batch
            self._kept.move_to_end(key)
        while len(self._kept) > self.capacity:
            self._kept.popitem(last=False)

    def _forget_others(self, encoding: tuple[Any, ...]) -> None:
        if encoding != self._made_by:
            self._kept.clear()
            self._made_by = encoding


def _encoding(
    encoder: RetroEncoder, shared_embedding: nn.Embedding | None, device_type: str
) -> tuple[Any, ...]:
    """What encoded neighbors depend on besides their tokens: encoded by anything else they are worth nothing.

    A weight that is written to has another version; one that is moved or cast, another address. The module is
    named too, for the addresses of one that is gone are used again.
    """
    modules = [encoder] if shared_embedding is None else [encoder, shared_embedding]
    weights = [weight for module in modules for weight in module.parameters()]
    autocast = torch.get_autocast_dtype(device_type) if torch.is_autocast_enabled(device_type) else None
    return (
        *(ref(module) for module in modules),
        *((id(weight), weight.data_ptr(), _version(weight)) for weight in weights),
        encoder.training,
        autocast,
    )


def _version(weight: Tensor) -> int:
    return -1 if weight.is_inference() else weight._version
