"""The base as RETRO's decoder, where it reads neighbors itself."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel
from transformers import __version__ as transformers_version

from openbook.errors import SettingsError
from openbook.model.cache import RetroCache
from openbook.model.neighbors import PassNeighbors
from openbook.model.retro import RetroHidden
from openbook.model.retrofitting.base_decoder import BaseDecoder
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.fingerprint import reading_fingerprint
from openbook.model.retrofitting.own.attention_pass import ATTENTION_ARGUMENT, let_passes_in
from openbook.model.retrofitting.own.blocks import BlockLayout, spans_of
from openbook.model.retrofitting.own.kept_neighbors import KeptNeighbors, ReadRows
from openbook.model.retrofitting.own.layer_reader import LayerReader
from openbook.model.retrofitting.own.neighbor_pass import (
    ReadingPrecision,
    ReadNeighbors,
    not_reached,
    read_neighbors,
)
from openbook.model.retrofitting.own.prefix import PrefixedText, add_prefix
from openbook.model.retrofitting.own.read_sequences import NeighborFiles
from openbook.model.retrofitting.own.rotation import KeyRotation, longest_alike
from openbook.model.retrofitting.own.text_pass import TextPass

Blocks = dict[int, tuple[Tensor, Tensor]]
"""By layer keys and values of blocks; apart, for those of one chunk then lie in memory without gaps."""
_POSITIONS = "own positions"
"""What the cache remembers beside keys and values of the last chunk's block, by this name."""


class OwnDecoder(BaseDecoder):
    """A causal language model of transformers whose self-attention in the layers of P reads neighbors, too.

    Args:
        config: of the whole model.
        base: keeps working on its own.

    Raises:
        SettingsError: the base looks positions up in a table, or its attention cannot be reached.
    """

    def __init__(self, config: RetrofitConfig, base: PreTrainedModel) -> None:
        super().__init__(config, base)
        assert config.cca_layers is not None
        if self.family.absolute_positions:
            raise SettingsError(
                f"reader 'own': this {base.config.model_type} looks positions up in a table, and neighbors "
                "would take those of the text; retrofit it with reader='encoder' (--recipe retrofit-encoder)"
            )
        let_passes_in(base)
        self.config = config
        self.longest_alike = longest_alike(self.backbone)
        layers = self.layers
        readers = {number: LayerReader(config, number, self.family) for number in config.cca_layers}
        self.readers = nn.ModuleDict({str(number): reader for number, reader in readers.items()})
        hooks: list[RemovableHandle] = []
        for number, reader in readers.items():
            hooks += reader.attach(layers[number - 1], self.family)
        self._hook_in(hooks)
        self.as_prompt = False
        """Read as the base reads its prompt: jointly, without what is new."""
        self.reading_precision: ReadingPrecision = "float32"
        """Of the products by which neighbors are read where no gradients are wanted."""
        self.kept: KeptNeighbors | None = None
        """Where keys and values of neighbors are kept between calls."""
        prefix = torch.tensor(config.prefix_ids, dtype=torch.long, device=base.device)
        self.register_buffer("prefix", prefix, persistent=False)

    @property
    def new_parts(self) -> nn.ModuleDict:
        return self.readers

    def forward(
        self,
        input_ids: Tensor,
        neighbors: PassNeighbors | None,
        *,
        attention_mask: Tensor | None = None,
        cache: RetroCache | None = None,
        position_ids: Tensor | None = None,
        output_shares: bool = False,
        is_prompt: bool = False,
    ) -> RetroHidden:
        """Run all layers.

        Args:
            input_ids: int64 [B, T]; the prefix stands before the first of a sequence.
            neighbors: what is read; None: nothing.
            attention_mask: [B, past + T], 0 for padding.
            cache: of the tokens before these.
            position_ids: int64 [B, T], the first token of a sequence at 0; None: counted from the padding on.
            output_shares: return what share of the attention each neighbor got.
            is_prompt: the neighbors are read by all tokens, and stand before them.

        Returns:
            What was computed; its neighbors are encoded by their last activations, if these are copied from.

        Raises:
            SettingsError: the neighbors did not reach the base's attention.
        """
        past = cache.length_with_prefix() if cache is not None else 0
        prefix = cast(Tensor, self.prefix)
        begins = cache.prefix_begins if cache is not None and past else None
        text = add_prefix(prefix, input_ids, attention_mask, position_ids, begins=begins)
        if cache is not None:
            cache.prefix_begins = text.prefix_begins
        offset = text.num_added
        if neighbors is None:
            return RetroHidden(self._run(text, cache, None)[:, offset:], None, None)
        positions = text.positions
        if positions is None:
            B, T = text.input_ids.shape
            positions = torch.arange(past, past + T, device=input_ids.device).expand(B, -1)
        self._check_rotation(neighbors, positions)
        shift = None
        if self.config.neighbors_before == "chunk" and not is_prompt:
            begin = past + offset - len(prefix) - (0 if cache is None else cache.grid_offset)
            shift = self._shift(neighbors, positions[:, offset:], begin)
        layout, blocks, encoded = self._read(neighbors, shift)
        text_pass = TextPass(
            self._by_index(),
            blocks,
            layout,
            spans_of(neighbors.grid, offset),
            positions,
            text,
            shares=output_shares,
            as_prompt=self.as_prompt,
        )
        hidden = self._run(text, cache, text_pass)
        missing = text_pass.readers.keys() - text_pass.joined
        if missing:
            raise not_reached(self.backbone, min(missing) + 1)
        shares = None if text_pass.shares is None else text_pass.shares.mean()[:, offset:]
        return RetroHidden(hidden[:, offset:], neighbors.with_encoded(encoded), shares)

    def _run(self, text: PrefixedText, cache: RetroCache | None, text_pass: TextPass | None) -> Tensor:
        """[B, T, D], of the prefix, too."""
        given = {} if text_pass is None else {ATTENTION_ARGUMENT: text_pass}
        if cache is not None:
            cache.num_prefix = 0  # the base counts all tokens
        try:
            out = self.backbone(
                input_ids=text.input_ids,
                attention_mask=text.mask,
                position_ids=text.positions,
                past_key_values=cache,
                use_cache=cache is not None,
                **given,
            )
        finally:
            if cache is not None:
                cache.num_prefix = len(cast(Tensor, self.prefix))
        hidden: Tensor = out.last_hidden_state
        return hidden

    def _read(self, neighbors: PassNeighbors, shift: Tensor | None) -> tuple[BlockLayout, Blocks, Tensor]:
        """Keys and values of all blocks of a pass; only new ones are computed, and their last activations.

        Args:
            neighbors: of the pass.
            shift: how far new blocks stand behind the beginning of the text, [B, new C]; None: they do not.
        """
        retrieved, cache, carried = neighbors.retrieved, neighbors.cache, neighbors.carried
        new_ids, new_mask = neighbors.of_new_chunks
        prefix = cast(Tensor, self.prefix)
        blocks: Blocks = {}
        encoded, new_positions = retrieved.encoded, None
        if new_ids.shape[1]:
            layout = BlockLayout.of(new_ids, new_mask, prefix, shift)
            blocks, encoded = self._new_blocks(layout)
            if cache is None:
                return layout, blocks, encoded
            new_positions = layout.positions
        assert cache is not None  # where nothing is new, it was read before
        of_last = carried > 0
        kept = {}
        for layer in self._by_index():
            keys, values = blocks.get(layer, (None, None))
            kept[layer] = (
                cache.extend(f"own keys {layer}", keys, carried=of_last),
                cache.extend(f"own values {layer}", values, carried=of_last),
            )
        all_positions = cache.extend(_POSITIONS, new_positions, carried=of_last)
        layout = BlockLayout.of(retrieved.ids, retrieved.mask, prefix)
        return replace(layout, positions=all_positions), kept, encoded

    def _new_blocks(self, layout: BlockLayout) -> tuple[Blocks, Tensor]:
        """Keys and values of blocks where they stand: [B, C, key-value heads, L, head_dim] by layer.

        And the last activations at the neighbors' tokens, [B, C, K, R, D or 0].
        """
        B, C = layout.ids.shape[:2]
        joint = self.as_prompt or self.config.reading == "joint"
        ids, exists = layout.sequences(joint=joint)
        # A sequence of no neighbor is not read, but the shapes of keys are known from reading alone.
        reads = exists[:, layout.num_prefix :].any(-1)
        reads[0] |= ~reads.any()
        rows = reads.nonzero()[:, 0]
        sequences = self._read_sequences(ids[rows], exists[rows])

        def of_all(read: Tensor) -> Tensor:
            return read if len(rows) == len(ids) else _spread(read, rows, len(ids))

        distances = layout.positions - layout.positions_as_read(joint=joint)
        rotations: dict[str | None, KeyRotation] = {}
        blocks: Blocks = {}
        for layer, read in sequences.by_layer.items():
            keys, values = layout.join(of_all(read), joint=joint).unbind(1)
            if self.family.rotates(self.family.attention(self.layers[layer])):
                kind = self.family.rotation(self.backbone, layer)
                if kind not in rotations:
                    rotations[kind] = KeyRotation(self.backbone, distances.flatten(0, 1), keys, kind=kind)
                keys = rotations[kind].turn(keys)
            blocks[layer] = keys.unflatten(0, (B, C)), values.unflatten(0, (B, C))
        hidden = of_all(sequences.hidden)[:, layout.num_prefix :]
        K = layout.num_neighbors
        R = (layout.ids.shape[-1] - layout.num_prefix) // K
        return blocks, hidden.reshape(B, C, K, R, hidden.shape[-1])

    def _read_sequences(self, ids: Tensor, exists: Tensor) -> ReadNeighbors:
        """What the base makes of prefix and neighbors [N, L], read or kept."""
        learns = torch.is_grad_enabled() and self.config.learns_from_neighbors

        def read(rows: Tensor) -> ReadNeighbors:
            return read_neighbors(
                self.backbone,
                ids[rows],
                exists[rows],
                self._by_index(),
                adapts=self.config.adapt_neighbors and not self.as_prompt,
                learns=learns,
                wants_hidden=self.config.copy_head,
                precision="float32" if torch.is_grad_enabled() else self.reading_precision,
            )

        if self.kept is None or torch.is_grad_enabled():
            if torch.compiler.is_compiling():
                return read(torch.arange(len(ids), device=ids.device))
            return _read_once(ids.masked_fill(~exists, -1), read)
        return self.kept.read(ids, exists, read, read_by=self._reads_by(ids.device.type))

    def _reads_by(self, device_type: str) -> tuple[object, ...]:
        """All that what is kept depends on besides tokens: which weights, whether they were written to, …"""
        weights = list(self.base.parameters())
        if self.config.adapt_neighbors:
            weights += self.readers.parameters()
        versions = [-1 if weight.is_inference() else weight._version for weight in weights]
        places = [(id(weight), weight.data_ptr()) for weight in weights]
        autocast = torch.get_autocast_dtype(device_type) if torch.is_autocast_enabled(device_type) else None
        return versions, places, autocast, self.as_prompt, self.config.copy_head, self.reading_precision

    def keep_in(self, folder: Path, capacity: int) -> None:
        """Keep what is made of neighbors in a folder as well as in memory, see `NeighborFiles`.

        Raises:
            SettingsError: the folder is a file, or the capacity less than 1.
        """
        assert self.kept is not None
        device = next(self.base.parameters()).device.type
        by_weights = {
            "config": self.config.to_dict(),
            "as prompt": self.as_prompt,
            "precision": self.reading_precision,
            "device": device,
            "versions": [torch.__version__, transformers_version],
        }
        adapts = {"readers": self.readers} if self.config.adapt_neighbors else {}
        read_by = reading_fingerprint(by_weights, {"base": self.base, **adapts})
        files = NeighborFiles(folder, capacity=capacity, read_by=read_by)
        self.kept.keep_in(files, read_by=self._reads_by(device))

    def _check_rotation(self, neighbors: PassNeighbors, positions: Tensor) -> None:
        """Refuse what would be longer, in a prompt, than the base turns all keys alike.

        Each row counts the neighbors that it has: others of its batch may read more.
        """
        if self.longest_alike is None:
            return
        R = neighbors.retrieved.ids.shape[-1]
        counts = neighbors.retrieved.mask.any(-1).sum(-1).amax(-1)  # [B]
        lengths = positions.amax(-1) + 1 + counts * R
        row = int(lengths.argmax())
        length, K = int(lengths[row]), int(counts[row])
        if length > self.longest_alike:
            raise SettingsError(
                f"{length} tokens with their {K} neighbors: beyond {self.longest_alike} this "
                f"{self.base.config.model_type} turns keys by other angles, so what was read would no longer "
                "fit; give a shorter text or fewer neighbors"
            )

    def _shift(self, neighbors: PassNeighbors, positions: Tensor, past: int) -> Tensor:
        """From the beginning of the text to the token that is the first to read each new block: [B, C].

        Args:
            neighbors: of the pass.
            positions: int64 [B, T] of the pass's text.
            past: tokens of the text before it, from the first chunk border on.
        """
        # That is the last token of the chunk that retrieved them.
        M = self.config.chunk_size
        number = neighbors.retrieved.first_chunk + neighbors.carried
        count = neighbors.retrieved.num_chunks - neighbors.carried
        first = torch.arange(number, number + count, device=positions.device) * M + M - 1
        return positions[:, first - past] - len(cast(Tensor, self.prefix))

    def _by_index(self) -> dict[int, nn.Module]:
        return {int(number) - 1: reader for number, reader in self.readers.items()}


def _read_once(tokens: Tensor, read: ReadRows) -> ReadNeighbors:
    """Read each of several equal sequences [N, L], as questions of the same passages have them, only once."""
    distinct, place = tokens.unique(dim=0, return_inverse=True)
    rows = torch.arange(len(tokens), device=tokens.device)
    if len(distinct) == len(tokens):
        return read(rows)
    first = torch.full_like(rows[: len(distinct)], len(tokens)).scatter_reduce(0, place, rows, "amin")
    found = read(first)
    by_layer = {layer: pair.index_select(0, place) for layer, pair in found.by_layer.items()}
    return ReadNeighbors(by_layer, found.hidden.index_select(0, place))


def _spread(read: Tensor, rows: Tensor, count: int) -> Tensor:
    """Put what was read in its rows, of `count`; the others are 0."""
    return read.new_zeros(count, *read.shape[1:]).index_copy(0, rows, read)
