"""The plain decoder that all baselines are made of: what it computes, and whether it fits an evaluation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.errors import MismatchError, SettingsError
from openbook.evaluate.windows import Windows

if TYPE_CHECKING:
    from torch import Tensor

    from openbook.model import RetroForCausalLM


def require_fit(model: "RetroForCausalLM", windows: Windows) -> None:
    """Refuse a baseline that cannot read an evaluation's windows.

    Raises:
        MismatchError: other tokens or chunks than the text's, or windows longer than what it trained on.
        SettingsError: it was trained with retrieval: without, it is worse than a decoder that never had any.
            A retrofit without its neighbors is its base, which never had any.
    """
    from openbook.model.retrofitting import RetrofitConfig

    reads_base = isinstance(model.config, RetrofitConfig) and not model.config.train_base
    if model.config.cca_layers and not reads_base:
        raise SettingsError(
            "the baseline was trained with retrieval; give one made by: openbook train RECIPE --baseline, or "
            "a retrofit, of which the base alone is read"
        )
    windows.corpus.settings.require_match(
        windows.corpus.tokenizer,
        tokenizer_fingerprint=model.config.tokenizer_fingerprint,
        chunk_size=model.config.chunk_size,
    )
    longest, length = model.config.max_position_embeddings, windows.dataset.sequence_length
    if length > longest:
        raise MismatchError(
            f"the baseline was trained on sequences of {longest} tokens, the evaluation reads "
            f"{length} at a time; evaluate with --sequence-length {longest}"
        )


def stack_ids(samples: Sequence[dict[str, NDArray[np.generic]]]) -> NDArray[np.int64]:
    """Token ids [B, T] of samples of `SequenceDataset`; -1 for padding that no token may attend to."""
    ids = np.stack([sample["input_ids"] for sample in samples]).astype(np.int64)
    if "attention_mask" in samples[0]:
        ids[np.stack([sample["attention_mask"] for sample in samples]) == 0] = -1
    return ids


def hidden_states(model: "RetroForCausalLM", ids: NDArray[np.int64]) -> "Tensor":
    """Compute the normalized activations before the output, without retrieval.

    Args:
        model: left in the mode it was in.
        ids: [B, T] as `stack_ids` gives them.

    Returns:
        [B, T, D].
    """
    import torch

    from openbook.model.batch import evaluation_mode

    there = ids >= 0
    given = torch.from_numpy(np.maximum(ids, 0)).to(model.device)
    mask = None if there.all() else torch.from_numpy(there).to(model.device)
    with evaluation_mode(model), torch.inference_mode():
        hidden: Tensor = model.model(given, attention_mask=mask).hidden
    return hidden


def token_nats(model: "RetroForCausalLM", hidden: "Tensor", labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Compute what labels cost at their own positions.

    Args:
        model: of `hidden`.
        hidden: [B, T, D] of `hidden_states`.
        labels: [B, T], negative where nothing is predicted.

    Returns:
        nats [B, T], 0 where nothing is predicted.
    """
    import torch

    from openbook.model.loss import next_token_loss

    with torch.inference_mode():
        targets = torch.from_numpy(labels).to(hidden.device)
        _, losses = next_token_loss(
            hidden, model.lm_head.weight, targets, None, None, bias=model.lm_head.bias
        )
    nats: NDArray[np.float32] = losses.float().cpu().numpy()
    return nats
