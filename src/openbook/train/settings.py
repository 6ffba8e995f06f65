"""The settings of a recipe's sections `data`, `questions` and `train`, checked at construction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin

from openbook.errors import SettingsError, refuse_unknown
from openbook.train.trackers import PACKAGES

Schedule = Literal["cosine", "linear", "constant"]
Precision = Literal["float32", "bfloat16", "float16"]

_SEEDS = 2**32
"""As many as numpy knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """What a sample is."""

    sequence_length: int = 512
    """T in tokens, a multiple of the database's chunk size."""
    num_neighbors: int = 2
    """K of each chunk, from the neighbor table; 0: a model without retrieval, on the same samples."""

    def __post_init__(self) -> None:
        _check_kinds(self, "data")
        _at_least(self, "data", 1, "sequence_length")
        _at_least(self, "data", 0, "num_neighbors")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSettings:
    """Questions to learn to answer from what is read, see `openbook.evaluate.answering.questions`."""

    file: str | None = None
    """JSON lines of questions and answers; null: there are none, and text is learned alone."""
    length: int = 128
    """Tokens of a question with its answer, a multiple of the chunk size; longer ones are left out."""
    num_found: int = 16
    """Passages that each question's search keeps, to draw from those that do not hold the answer."""
    search_mode: str | None = None
    """dense, bm25 or hybrid; null: the database's default."""
    swapped_share: float = 0.5
    """Share of draws in which another answer stands in the passage, where the question has such."""
    refused_share: float = 0.1
    """Share of draws in which no passage holds the answer, and the model is to say so."""
    fewer_share: float = 0.25
    """Share of draws with fewer passages, 1 and more, as in a small book."""
    same_passages: int = 1
    """Questions that share their passages, at most, where these answer several: a base that reads its
    neighbors itself then reads them once for all."""
    text_every: int = 0
    """Every so many steps, 2 or more, learn the database's text instead, which needs its neighbors; 0: none
    do."""
    held_out: int = 64
    """Questions that the model does not learn; they are answered at each evaluation."""

    def __post_init__(self) -> None:
        _check_kinds(self, "questions")
        _at_least(self, "questions", 1, "length", "num_found", "same_passages")
        _at_least(self, "questions", 0, "text_every", "held_out")
        if self.text_every == 1:
            raise SettingsError(
                "questions.text_every is 1: every step would learn text, and none a question; must be 0, or "
                "2 or more"
            )
        for name in ("swapped_share", "refused_share", "fewer_share"):
            _share(self, name, one=True, where="questions")
        if self.swapped_share + self.refused_share > 1:
            raise SettingsError(
                f"questions.swapped_share {self.swapped_share} and questions.refused_share "
                f"{self.refused_share}: must not be more than 1 together"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How to train."""

    max_steps: int = 1000
    """Optimizer steps."""
    batch_size: int = 8
    """Sequences at a time, over all processes together."""
    gradient_accumulation_steps: int = 1
    """Such batches in one optimizer step."""
    learning_rate: float = 1e-3
    """Peak of AdamW's, reached after the warm-up."""
    min_learning_rate_ratio: float = 0.1
    """Share of the peak that cosine and linear schedules lead down to."""
    schedule: Schedule = "cosine"
    warmup_steps: int = 100
    """Steps in which the learning rate rises from nearly nothing to its peak."""
    weight_decay: float = 0.1
    """Of all weights but norms and biases."""
    adam_beta1: float = 0.9
    adam_beta2: float = 0.95
    max_grad_norm: float = 1.0
    """Gradients are clipped to this norm; 0: they are not."""
    retrieval_dropout: float = 0.0
    """Share of chunks whose neighbors are hidden, so that the model stays good without them."""
    distillation: float = 0.0
    """Weight of the divergence (KL) from what the base says with the same neighbors in its prompt; 0: none.
    Of retrofits that read neighbors themselves."""
    precision: Precision = "float32"
    """Of most computations; the weights are float32."""
    gradient_checkpointing: bool = False
    """Compute layers again in the backward pass: less memory, a third more work."""
    compile: bool = False
    """Use torch.compile."""
    fsdp: bool = False
    """With several processes, shard weights and optimizer over them, instead of a copy in each."""
    workers: int = 0
    """Processes that read samples ahead, for each training process; 0: it reads them itself."""
    log_every: int = 20
    """Steps between lines of metrics.jsonl."""
    trackers: Sequence[str] = ("tensorboard",)
    """What else gets these numbers: tensorboard, wandb, mlflow and others, see `trackers.PACKAGES`."""
    eval_every: int = 500
    """Steps between evaluations on held-out documents; 0: none."""
    eval_sequences: int = 32
    """Sequences that such an evaluation reads, at most."""
    save_every: int = 500
    """Steps between checkpoints; 0: only when a signal stops the training run."""
    keep_checkpoints: int = 2
    """The newest ones stay; all go when the training run is complete."""
    sharded_checkpoints: bool = False
    """With `fsdp` and several processes, each writes its own part of a checkpoint: nothing is gathered."""
    seed: int = 0
    """Of weights, order of samples, dropout and retrieval dropout; below 2**32."""
    start_from: str | None = None
    """Folder of a model to take the weights of; encoder and cross-attention are fresh if it has none."""
    freeze_decoder: bool = False
    """Train only encoder, chunked cross-attention and copy head; needs `start_from`."""

    @property
    def step_size(self) -> int:
        """Sequences in an optimizer step."""
        return self.batch_size * self.gradient_accumulation_steps

    def __post_init__(self) -> None:
        _check_kinds(self, "train")
        _at_least(self, "train", 1, "max_steps", "batch_size", "gradient_accumulation_steps", "log_every")
        _at_least(self, "train", 1, "eval_sequences", "keep_checkpoints")
        _at_least(self, "train", 0, "learning_rate", "weight_decay", "max_grad_norm", "distillation", "seed")
        _at_least(self, "train", 0, "warmup_steps", "workers", "eval_every", "save_every")
        _share(self, "min_learning_rate_ratio", "retrieval_dropout", one=True)
        _share(self, "adam_beta1", "adam_beta2", one=False)
        if self.seed >= _SEEDS:
            raise SettingsError(f"train.seed is {self.seed}: must be below 2**32 = {_SEEDS}")
        refuse_unknown(self.trackers, PACKAGES, where="train.trackers")


def _check_kinds(settings: Any, where: str) -> None:
    """Compare the values with the types of their fields."""
    for item in fields(settings):
        value = getattr(settings, item.name)
        fits, expected = _check_kind(value, item.type)
        if not fits:
            raise SettingsError(f"{where}.{item.name} is {value!r}: must be {expected}")


def _check_kind(value: Any, kind: Any) -> tuple[bool, str]:
    """Whether a value is of this type, and how the type is called."""
    if get_origin(kind) is Literal:
        return value in get_args(kind), f"one of {', '.join(get_args(kind))}"
    if kind == Sequence[str]:
        fits = isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)
        return fits, "a list of names, such as [tensorboard, wandb]"
    if kind == str | None:
        return value is None or isinstance(value, str), "text, or null"
    if kind is bool:
        return isinstance(value, bool), "true or false"
    named = {int: "a whole number", float: "a number"}[kind]
    return type(value) is kind and math.isfinite(value), named


def _at_least(settings: Any, where: str, lowest: int, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < lowest:
            raise SettingsError(f"{where}.{name} is {getattr(settings, name)}: must be at least {lowest}")


def _share(settings: Any, *names: str, one: bool, where: str = "train") -> None:
    for name in names:
        value = getattr(settings, name)
        if not 0 <= value <= 1 or (value == 1 and not one):
            below = "" if one else ", below 1"
            raise SettingsError(f"{where}.{name} is {value}: must lie between 0 and 1{below}")
