"""Rows of several caches in one: texts of different lengths, and with different neighbors, decoded together.

All stand at a chunk border. The shorter ones get whole chunks of padding on their left, so that the borders
of all rows fall together; the attention mask is to hide it. With M = 2:

    t t t t t t          t t t t t t        last chunk 2, of all
    u u           →      . . . . u u        moved by 4: shift 4

What a row had alone it keeps: its rotary keys hold the places they had (`RetroCache.shift`), its prefix
stands where its text begins. A row with fewer neighbors than others gets some that do not exist.
"""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.cache_utils import DynamicLayer

from openbook.model.cache import Retrieved, RetroCache


def join_rows(caches: Sequence[RetroCache], *, chunk_size: int) -> RetroCache:
    """Put the rows of caches into one, in their order.

    Args:
        caches: at least one, each of whole chunks; they are not changed.
        chunk_size: M.
    """
    lengths = [cache.get_seq_length() for cache in caches]
    assert not any(length % chunk_size for length in lengths), "rows join at a chunk border"
    assert not any(cache.grid_offset for cache in caches), "rows join where borders have not moved"
    length = max(lengths)
    moved = [length - own for own in lengths]
    joined = RetroCache()
    for number in range(len(caches[0].layers)):
        parts = [_tensors(cache, number) for cache in caches]
        keys, values = (
            torch.cat([F.pad(part[i], (0, 0, by, 0)) for part, by in zip(parts, moved, strict=True)])
            for i in range(2)
        )
        joined.update(keys, values, number)
    joined.num_prefix = caches[0].num_prefix
    joined.encoded_neighbors = caches[0].encoded_neighbors
    joined.tables = caches[0].tables  # of weights and distances alone
    if caches[0].prefix_begins is not None:
        joined.prefix_begins = torch.cat(
            [_begins(cache) + by for cache, by in zip(caches, moved, strict=True)]
        )
    joined.shift = _joined_shift(caches, moved)
    if caches[0].partial is not None:
        joined.partial = torch.cat([_empty_partial(cache) for cache in caches])
    joined.num_recent = caches[0].num_recent
    if caches[0].recent is not None:
        joined.recent = _join_recent(caches)
    _join_neighbors(joined, caches, last_chunk=length // chunk_size - 1)
    return joined


def drop_padding(cache: RetroCache, count: int, *, chunk_size: int) -> None:
    """Take away places on the left that are padding in every row.

    Args:
        cache: changed.
        count: how many; whole chunks.
        chunk_size: M.
    """
    assert count % chunk_size == 0
    for number, layer in enumerate(cache.layers):
        keys, values = _tensors(cache, number)
        # Not views, which would hold what is dropped.
        layer.keys, layer.values = keys[..., count:, :].clone(), values[..., count:, :].clone()  # type: ignore[union-attr]
    shift = _no_shift(cache)
    cache.shift = (shift if cache.shift is None else cache.shift) - count
    if cache.prefix_begins is not None:
        cache.prefix_begins = cache.prefix_begins - count
    if cache.last is not None:
        last = cache.last
        cache.last = Retrieved(last.ids, last.mask, last.first_chunk - count // chunk_size, last.encoded)


def _tensors(cache: RetroCache, layer: int) -> tuple[Tensor, Tensor]:
    """Keys and values [B, heads, places, head_dim]."""
    kept = cast(DynamicLayer, cache.layers[layer])
    return cast(Tensor, kept.keys), cast(Tensor, kept.values)


def _no_shift(cache: RetroCache) -> Tensor:
    keys, _ = _tensors(cache, 0)
    return torch.zeros(len(keys), dtype=torch.long, device=keys.device)


def _begins(cache: RetroCache) -> Tensor:
    assert cache.prefix_begins is not None
    return cache.prefix_begins


def _joined_shift(caches: Sequence[RetroCache], moved: Sequence[int]) -> Tensor | None:
    if not any(moved) and all(cache.shift is None for cache in caches):
        return None
    parts = []
    for cache, by in zip(caches, moved, strict=True):
        rows = _no_shift(cache)
        parts.append((rows if cache.shift is None else cache.shift) + by)
    return torch.cat(parts)


def _empty_partial(cache: RetroCache) -> Tensor:
    assert cache.partial is not None and cache.partial.shape[1] == 0, "rows join at a chunk border"
    return cache.partial


def _join_recent(caches: Sequence[RetroCache]) -> Tensor:
    """Activations of as many last tokens as all rows have."""
    recent = [cache.recent for cache in caches if cache.recent is not None]
    shortest = min(of_row.shape[1] for of_row in recent)
    return torch.cat([of_row[:, of_row.shape[1] - shortest :] for of_row in recent])


def _join_neighbors(joined: RetroCache, caches: Sequence[RetroCache], *, last_chunk: int) -> None:
    """Neighbors of the last chunk, and what readers made of them; rows that have none get masked ones."""
    having = [cache for cache in caches if cache.last is not None]
    if not having:
        return
    lasts = [cache.last for cache in having if cache.last is not None]
    K = max(last.ids.shape[2] for last in lasts)
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    for cache in caches:
        shape = (len(_tensors(cache, 0)[0]), 1, 0, lasts[0].ids.shape[3])
        last = cache.last
        ids = lasts[0].ids.new_zeros(shape) if last is None else last.ids
        mask = lasts[0].mask.new_zeros(shape) if last is None else last.mask
        room = (0, 0, 0, K - ids.shape[2])
        encoded = lasts[0].encoded.new_zeros(len(ids), 0, K, *lasts[0].encoded.shape[3:])
        parts.append((F.pad(ids, room), F.pad(mask, room), encoded))
    ids, mask, encoded = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    joined.last = Retrieved(ids, mask, last_chunk, encoded)
    for name in having[0].projected:
        joined.projected[name] = _join_projections(name, caches, having)


def _join_projections(name: str, caches: Sequence[RetroCache], having: Sequence[RetroCache]) -> Tensor:
    """Of one reader [B, 1, ...]: the dimension that counts the neighbors' tokens is filled up at its end."""
    shapes = [cache.projected[name].shape[1:] for cache in having]
    largest = [max(sizes) for sizes in zip(*shapes, strict=True)]
    parts = []
    for cache in caches:
        like = having[0].projected[name]
        of_rows = like.new_zeros(len(_tensors(cache, 0)[0]), *largest)
        if cache.last is not None:
            found = cache.projected[name]
            of_rows[tuple(slice(size) for size in found.shape)] = found
        parts.append(of_rows)
    return torch.cat(parts)
