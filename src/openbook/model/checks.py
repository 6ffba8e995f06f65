"""What the model's inputs must look like, said in the words of the caller."""

import torch
import torch.nn.functional as F
from torch import Tensor

from openbook.errors import SettingsError
from openbook.model.cache import RetroCache
from openbook.model.config import RetroConfig
from openbook.model.pass_place import PassPlace


def check_inputs(
    config: RetroConfig,
    input_ids: Tensor,
    neighbor_ids: Tensor | None,
    neighbor_mask: Tensor | None,
    attention_mask: Tensor | None,
    cache: RetroCache | None,
) -> PassPlace:
    """Compare shapes, and on the CPU the range of the ids: reading them elsewhere would wait for the device.

    Args:
        config: of the model.
        input_ids, neighbor_ids, neighbor_mask, attention_mask: as in `RetroForCausalLM.forward`.
        cache: of the tokens before these; new neighbors lie beside those in it, so K is theirs.

    Returns:
        Where these tokens lie among the chunks.

    Raises:
        SettingsError: a shape that does not fit, with the one that would, or an id outside the vocabulary.
    """
    if input_ids.dim() != 2 or input_ids.shape[1] == 0:
        raise SettingsError(f"input_ids {list(input_ids.shape)}: must be [B, T] with at least one token")
    check_ids("input_ids", input_ids, config.vocab_size)
    B, T = input_ids.shape
    place = PassPlace.of(cache, num_tokens=T, chunk_size=config.chunk_size)
    if attention_mask is not None and attention_mask.shape != (B, place.length):
        raise SettingsError(f"attention_mask {list(attention_mask.shape)}: must be [{B}, {place.length}]")
    if neighbor_ids is None:
        if neighbor_mask is not None:
            raise SettingsError("neighbor_mask was given without neighbor_ids; give both, or none")
        return place
    if not config.cca_layers:
        raise SettingsError(
            "neighbor_ids were given, but this model has no chunked cross-attention (cca_layers); leave them "
            "out"
        )
    _check_kind("neighbor_ids", neighbor_ids)
    C, R = place.num_new, 2 * config.chunk_size
    K = "K" if cache is None or cache.last is None else cache.last.ids.shape[2]
    shape = neighbor_ids.shape
    if (
        len(shape) != 4
        or shape[0] != B
        or shape[3] != R
        or shape[2] < 1
        or K not in ("K", shape[2])
        or not max(C - 1, 0) <= shape[1] <= C + 1
    ):
        raise SettingsError(
            f"neighbor_ids {list(shape)}: must be [B, C, K, R] = [{B}, {C}, {K}, {R}] for the {C} chunks of "
            f"{config.chunk_size} tokens that these {T} tokens complete"
        )
    if neighbor_mask is not None and neighbor_mask.shape != shape:
        raise SettingsError(
            f"neighbor_mask {list(neighbor_mask.shape)}: must be {list(shape)}, as neighbor_ids"
        )
    return place


def check_ids(name: str, ids: Tensor, vocab_size: int, *, lowest: int = 0) -> None:
    """Compare ids on the CPU with the vocabulary; those on a GPU would have to be waited for.

    Args:
        name: of the argument, for the error.
        ids: int64 or int32, of any shape.
        vocab_size: V; ids must be below.
        lowest: that an id may be: 0, or -100 for labels.

    Raises:
        SettingsError: one is outside of it, or they are not int64 (int32 is taken too).
    """
    _check_kind(name, ids)
    if ids.device.type != "cpu" or torch.compiler.is_compiling() or ids.numel() == 0:
        return
    low, high = (int(end) for end in ids.aminmax())
    if low < lowest or high >= vocab_size:
        found = high if high >= vocab_size else low
        raise SettingsError(
            f"{name}: {found} is outside the vocabulary of {vocab_size} tokens; "
            "was the text tokenized with this model's tokenizer?"
        )


def _check_kind(name: str, ids: Tensor) -> None:
    if ids.dtype not in (torch.int64, torch.int32):
        raise SettingsError(f"{name}: {ids.dtype} are not ids; they must be torch.int64")


def new_chunks(
    neighbor_ids: Tensor | None, neighbor_mask: Tensor | None, num_new: int, *, pad: bool
) -> tuple[Tensor | None, Tensor | None]:
    """Take the neighbors of complete chunks: a surplus chunk is dropped, as are ids that do not exist.

    Args:
        neighbor_ids: [B, C, K, R], C from num_new - 1 to num_new + 1.
        neighbor_mask: the same shape; None: a token exists where its id is not negative.
        num_new: chunks that this pass completes.
        pad: add a missing last chunk, which has no neighbors: the cache will want to know of it.
    """
    if neighbor_ids is None or num_new == 0 or neighbor_ids.shape[1] == 0:
        return None, None
    ids = neighbor_ids[:, :num_new]
    mask = (ids >= 0) if neighbor_mask is None else neighbor_mask[:, :num_new].bool()
    ids = ids.masked_fill(~mask, 0)
    missing = num_new - ids.shape[1]
    if pad and missing:
        ids, mask = (F.pad(x, (0, 0, 0, 0, 0, missing)) for x in (ids, mask))
    return ids, mask
