"""Encoded neighbors that are kept: an unconditioned encoder gives the same for a neighbor whoever asks.

They are found by their tokens, so an edited database never gets what its old text was encoded to.
"""

import threading
from collections import OrderedDict

import torch
from torch import Tensor, nn

from openbook.errors import SettingsError
from openbook.model.encoder import RetroEncoder


class EncodedNeighbors:
    """A store that several generations, and threads, may share.

    Args:
        capacity: neighbors to keep, R·E numbers each; those not read for the longest time go first.
    """

    def __init__(self, capacity: int = 4096) -> None:
        if capacity < 1:
            raise SettingsError(f"capacity {capacity}: must be at least 1")
        self.capacity = capacity
        self.hits = 0
        """Neighbors that did not have to be encoded."""
        self.misses = 0
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()
        self._weights: tuple[tuple[int, int], ...] = ()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def encode(
        self, encoder: RetroEncoder, ids: Tensor, mask: Tensor, shared_embedding: nn.Embedding | None
    ) -> Tensor:
        """Neighbors [B, C, K, R] with their mask as the encoder encodes them: [B, C, K, R, E], detached."""
        rows, row_masks = ids.flatten(0, 2), mask.flatten(0, 2)
        keys = [row.tobytes() for row in rows.masked_fill(~row_masks, -1).cpu().numpy()]
        with self._lock, torch.no_grad():
            self._forget_other_weights(encoder, shared_embedding)
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

    def _forget_other_weights(self, encoder: RetroEncoder, shared_embedding: nn.Embedding | None) -> None:
        """What was encoded with weights that have changed since is worth nothing."""
        weights = [
            *encoder.parameters(),
            *([] if shared_embedding is None else shared_embedding.parameters()),
        ]
        state = tuple((id(weight), weight._version) for weight in weights)
        if state != self._weights:
            self._kept.clear()
            self._weights = state
