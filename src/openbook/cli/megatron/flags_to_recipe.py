"""From Megatron's flags to a recipe of openbook's."""

from argparse import Namespace
from typing import TYPE_CHECKING, Any, Literal

from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.train import Recipe
    from openbook.train.settings import TrainSettings

_SAVE_INTERVAL = 500
_TRAIN_ITERS = 1000
_SCHEDULES = ("constant", "linear", "cosine")


def recipe_of(flags: Namespace, *, processes: int) -> "Recipe":
    """Turn flags into the recipe that they ask for.

    Args:
        flags: as `parse` gives them.
        processes: that train together.

    Raises:
        SettingsError: a value that has no counterpart here, or values that contradict each other.
    """
    from openbook.train import Recipe
    from openbook.train.settings import DataSettings

    if flags.max_position_embeddings is not None and flags.max_position_embeddings < flags.seq_length:
        raise SettingsError(
            f"--max-position-embeddings {flags.max_position_embeddings}: must be at least --seq-length "
            f"{flags.seq_length}"
        )
    neighbors = flags.retro_num_neighbors if retrieves(flags) else 0
    return Recipe(
        name="pretrain_retro",
        model=_model(flags),
        data=DataSettings(sequence_length=flags.seq_length, num_neighbors=neighbors),
        train=_train(flags, processes),
    )


def retrieves(flags: Namespace) -> bool:
    """Say whether a RETRO is asked for, and not the plain GPT.

    Raises:
        SettingsError: one that reads its neighbors otherwise than ours.
    """
    if flags.retro_num_retrieved_chunks != 2:
        raise SettingsError(
            f"--retro-num-retrieved-chunks {flags.retro_num_retrieved_chunks}: only 2 is possible here, the "
            "neighbor and its continuation; leave the flag out"
        )
    if flags.retro_attention_gate not in (0, 1):
        raise SettingsError(
            f"--retro-attention-gate {flags.retro_attention_gate}: only 1 (what cross-attention adds, as it "
            "is) and 0 (no retrieval) have a meaning here; give one of them"
        )
    return bool(flags.retro_add_retriever and flags.retro_attention_gate)


def holdout_of(split: str) -> float:
    """Compute the share of documents that --split leaves for validation and test: of 969,30,1 it is 0.031.

    Raises:
        SettingsError: not one to three numbers of which the first is above 0.
    """
    try:
        parts = [float(part) for part in split.replace("/", ",").split(",")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3 or min(parts) < 0 or not 0 < parts[0] < float("inf"):
        raise SettingsError(
            f"--split {split}: three numbers are expected, the shares of training, validation and test, as "
            "in 969,30,1; the first must be above 0"
        )
    return 1.0 - parts[0] / sum(parts)


def _model(flags: Namespace) -> dict[str, Any]:
    heads = flags.num_attention_heads or max(1, flags.hidden_size // 64)
    if flags.kv_channels is None and flags.hidden_size % heads:
        raise SettingsError(
            f"--hidden-size {flags.hidden_size} is not divisible by {heads} heads: give --num-attention-heads"
        )
    intermediate_size = flags.ffn_hidden_size or 4 * flags.hidden_size
    return {
        "hidden_size": flags.hidden_size,
        "num_hidden_layers": flags.num_layers,
        "num_attention_heads": heads,
        "head_dim": flags.kv_channels,
        "intermediate_size": intermediate_size,
        "cca_layers": _cca_layers(flags.num_layers),
        "encoder_num_layers": flags.retro_encoder_layers,
        "encoder_intermediate_size": intermediate_size,
        "share_embeddings": True,
        "tie_word_embeddings": not flags.untie_embeddings_and_output_weights,
        "dropout": _one_dropout(flags, "hidden_dropout", "attention_dropout"),
        "encoder_dropout": _one_dropout(
            flags, "retro_encoder_hidden_dropout", "retro_encoder_attention_dropout"
        ),
        "initializer_range": flags.init_method_std,
        "rms_norm_eps": flags.norm_epsilon,
        "rotary_base": flags.rotary_base,
    }


def _cca_layers(num_layers: int) -> list[int] | None:
    """Megatron's rule, which gives models below 6 layers no cross-attention; those have ours."""
    if num_layers < 6:
        return None
    return list(range(6 if num_layers <= 15 else 9, num_layers + 1, 3))


def _one_dropout(flags: Namespace, hidden: str, attention: str) -> float:
    of_hidden, of_attention = float(getattr(flags, hidden)), float(getattr(flags, attention))
    if of_hidden != of_attention:
        names = f"--{hidden} {of_hidden:g} and --{attention} {of_attention:g}".replace("_", "-")
        raise SettingsError(f"{names}: there is one dropout for both here; give them the same value")
    return of_hidden


def _train(flags: Namespace, processes: int) -> "TrainSettings":
    from openbook.train.settings import TrainSettings

    at_a_time, in_a_step = _batch_sizes(flags, processes)
    _check_schedule(flags)
    steps = _steps(flags, in_a_step)
    return TrainSettings(
        max_steps=steps,
        batch_size=at_a_time,
        gradient_accumulation_steps=in_a_step // at_a_time,
        learning_rate=flags.lr,
        min_learning_rate_ratio=flags.min_lr / flags.lr if flags.lr else 0.0,
        schedule=flags.lr_decay_style,
        warmup_steps=_warmup(flags, steps, in_a_step),
        weight_decay=flags.weight_decay,
        adam_beta1=flags.adam_beta1,
        adam_beta2=flags.adam_beta2,
        max_grad_norm=flags.clip_grad,
        precision=_precision(flags),
        gradient_checkpointing=flags.recompute_activations,
        fsdp=flags.use_torch_fsdp2,
        workers=flags.num_workers,
        log_every=flags.log_interval,
        eval_every=flags.eval_interval if flags.eval_iters else 0,
        eval_sequences=max(1, flags.eval_iters * in_a_step),
        save_every=flags.save_interval or _SAVE_INTERVAL,
        seed=flags.seed,
        start_from=flags.load if flags.finetune else None,
    )


def _precision(flags: Namespace) -> Literal["float32", "bfloat16", "float16"]:
    if flags.bf16:
        return "bfloat16"
    return "float16" if flags.fp16 else "float32"


def _batch_sizes(flags: Namespace, processes: int) -> tuple[int, int]:
    """Sequences at a time, of all processes, and in a step."""
    at_a_time: int = flags.micro_batch_size * processes
    in_a_step: int = flags.global_batch_size or at_a_time
    if in_a_step % at_a_time:
        raise SettingsError(
            f"--global-batch-size {in_a_step}: must be a multiple of --micro-batch-size "
            f"{flags.micro_batch_size} times the number of processes, {processes}"
        )
    return at_a_time, in_a_step


def _check_schedule(flags: Namespace) -> None:
    if flags.lr_decay_style not in _SCHEDULES:
        known = ", ".join(_SCHEDULES)
        raise SettingsError(f"--lr-decay-style {flags.lr_decay_style}: choose one of {known}")
    if flags.min_lr > flags.lr:
        raise SettingsError(f"--min-lr {flags.min_lr:g}: must not be above --lr {flags.lr:g}")


def _steps(flags: Namespace, in_a_step: int) -> int:
    steps: int = flags.train_iters or _TRAIN_ITERS
    if flags.train_samples:
        steps = flags.train_samples // in_a_step
        if not steps:
            raise SettingsError(
                f"--train-samples {flags.train_samples}: fewer than --global-batch-size {in_a_step}, no "
                "step; give at least as many"
            )
    for name, given, only in (
        ("--lr-decay-iters", flags.lr_decay_iters, steps),
        ("--lr-decay-samples", flags.lr_decay_samples, flags.train_samples or steps * in_a_step),
    ):
        if given not in (None, only):
            raise SettingsError(
                f"{name} {given}: the schedule ends with the training run here, {only}; leave it out"
            )
    return steps


def _warmup(flags: Namespace, steps: int, in_a_step: int) -> int:
    if flags.lr_warmup_fraction is not None:
        return int(flags.lr_warmup_fraction * steps)
    if flags.lr_warmup_samples:
        return int(flags.lr_warmup_samples) // in_a_step
    return flags.lr_warmup_iters or 0
