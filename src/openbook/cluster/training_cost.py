"""What training a preset takes: floating-point operations for each token, from the shapes of its weights."""

from dataclasses import dataclass
from typing import Any

from openbook.errors import SettingsError

_FORWARD_AND_BACKWARD = 6
"""Operations for each weight and token: a multiplication and an addition forward, twice as many backward."""
_WEIGHT_BYTES, _STATE_BYTES = 4, 16
"""Of a parameter in float32: itself; with its gradient and AdamW's two moments."""
_RECOMPUTED = 4 / 3
"""Operations, where layers are computed again for the backward pass: as much as forward once more."""
_LONGEST = 2**32
"""Tokens that no sample has."""


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """Of one preset, per token of the text."""

    parameters: int
    """Embeddings included."""
    flops_per_token: float
    """Without what is computed twice."""
    recomputes: bool = False
    """Whether the recipe has `gradient_checkpointing`."""

    @property
    def done_per_token(self) -> float:
        """Operations, also of what is computed twice."""
        return self.flops_per_token * (_RECOMPUTED if self.recomputes else 1)


@dataclass(frozen=True, slots=True)
class TrainingMachines:
    """What training takes of each of several processes, one a GPU, that share the weights (FSDP)."""

    state_bytes: int
    """Of its GPU's memory: its shard of weights, gradients and AdamW's two moments, in float32. Activations
    and the layer at work come on top."""
    host_bytes: int
    """Of its machine's memory: the whole weights, which each process makes before they are shared out."""
    days: float


def training_machines(cost: TrainingCost, *, tokens: float, processes: int, flops: float) -> TrainingMachines:
    """Work out what each process has to hold, and how long all of them take.

    Args:
        cost: of the preset.
        tokens: that training reads.
        processes: GPUs.
        flops: that one of them does in a second, of those that count.

    Raises:
        SettingsError: a number that is not above 0.
    """
    if not (tokens > 0 and processes > 0 and flops > 0):
        raise SettingsError(f"{tokens} tokens, {processes} processes, {flops} a second: must be above 0")
    days = tokens * cost.done_per_token / (processes * flops) / 86_400
    return TrainingMachines(
        _STATE_BYTES * cost.parameters // processes, _WEIGHT_BYTES * cost.parameters, days
    )


def training_cost(
    preset: str,
    *,
    sequence_length: int,
    num_neighbors: int = 2,
    chunk_size: int | None = None,
    vocabulary: int | None = None,
) -> TrainingCost:
    """Count the operations of a training step for each token that it predicts.

    With K neighbors of R = 2M tokens for each chunk of M, whatever reads neighbors reads 2K tokens for each
    token of the text. A weight counts 6 operations for each token that it is multiplied with. Attention
    counts as many for each number of a key, and of a value, that a token sees: of T tokens half, of the
    neighbors all K·R.

    Args:
        preset: by name.
        sequence_length: T.
        num_neighbors: K.
        chunk_size: M; None: the preset's.
        vocabulary: V; None: the preset's.

    Raises:
        SettingsError: no such preset, or a number below 1 or beyond all models.
    """
    import torch

    from openbook.model import RetroConfig, RetroForCausalLM
    from openbook.model.presets import preset as settings_of

    if not (1 <= sequence_length <= _LONGEST and 1 <= num_neighbors <= _LONGEST):
        raise SettingsError(
            f"sequence length {sequence_length}, neighbors {num_neighbors}: at least 1 each, and at most "
            f"{_LONGEST:,}"
        )
    settings = settings_of(preset)
    given = {"chunk_size": chunk_size, "vocab_size": vocabulary}
    config = RetroConfig(**settings | {name: value for name, value in given.items() if value is not None})
    with torch.device("meta"):
        model = RetroForCausalLM(config)
    times = {name: _times_multiplied(name, 2 * num_neighbors) for name, _ in model.named_parameters()}
    weights = sum(weight.numel() * times[name] for name, weight in model.named_parameters())
    if config.tie_word_embeddings:
        weights += config.vocab_size * config.hidden_size
    seen = config.num_hidden_layers * sequence_length
    seen += 2 * len(config.cca_layers or ()) * num_neighbors * 2 * config.chunk_size
    return TrainingCost(
        sum(weight.numel() for weight in model.parameters()),
        float(_FORWARD_AND_BACKWARD * (weights + seen * config.hidden_size)),
        _recomputes(settings),
    )


def _recomputes(settings: dict[str, Any]) -> bool:
    """Whether the recipe of a preset computes layers twice; one without retrieval is trained by the same."""
    from openbook.model.presets import PRESETS
    from openbook.train.recipe import load_recipe

    alone: dict[str, list[int]] = {"cca_layers": []}
    recipe = next(name for name, sizes in PRESETS.items() if sizes | alone == settings | alone)
    return load_recipe(recipe).train.gradient_checkpointing


def _times_multiplied(name: str, read: int) -> int:
    """How often a weight is multiplied with a token, for each token of the text; `read` if with neighbors."""
    if not name.endswith(".weight") or "norm" in name or "embed" in name:
        return 0
    of_encoder = ".encoder." in name and "cross_attention.key_value" not in name
    keys = "cca.key_value" in name or name in ("copy_head.key.weight", "copy_head.previous_key.weight")
    return read if of_encoder or keys else 1
