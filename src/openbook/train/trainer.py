"""Training a RETRO from scratch on a database, with transformers' Trainer."""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import Trainer, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback

from openbook.database import Database, NeighborTable, SequenceDataset
from openbook.errors import SettingsError, refuse_unknown
from openbook.evaluate import evaluate_perplexity
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.progress import Progress, silent
from openbook.train.callbacks import Checkpointer, MetricsWriter, ProgressTeller, Report
from openbook.train.recipe import Recipe

_FROM_DATABASE = (
    "vocab_size",
    "chunk_size",
    "num_neighbors",
    "max_position_embeddings",
    "tokenizer_fingerprint",
)


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training made."""

    output: Path
    """A folder with the model, its tokenizer, recipe.json and metrics.jsonl."""
    steps: int
    tokens: int
    """Positions trained on, filling included."""
    seconds: float
    parameters: int


class _Trainer(Trainer):
    """Asks the model for its loss alone: nobody reads the logits of a training step."""

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        inputs = {**inputs, "return_logits": False}
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)


def train(
    recipe: Recipe,
    database: Database,
    output: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress = silent,
    report: Report = lambda row: None,
) -> TrainResult:
    """Train a model and save it.

    Args:
        recipe: what to train, and how.
        database: with a neighbor table of its version.
        output: a folder; made if needed.
        overwrite: replace a model that the folder holds.
        progress: told of each step.
        report: told of each line of metrics.jsonl.

    Raises:
        SettingsError: the folder holds a model, or the recipe does not fit the database.
        MismatchError, DatabaseError: the neighbor table is stale or absent.
    """
    folder = Path(output)
    if (folder / "config.json").exists() and not overwrite:
        raise SettingsError(f"{folder}: holds a model already; choose another --output, or --overwrite")
    table = NeighborTable.load(database)
    samples = SequenceDataset(
        database, "train", recipe.data.sequence_length, table.first(recipe.data.num_neighbors)
    )
    set_seed(recipe.train.seed)
    model = RetroForCausalLM(model_config(recipe, database))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")
    trainer = _trainer(recipe, model, samples, folder)
    tokens_per_step = (
        recipe.train.batch_size * recipe.train.gradient_accumulation_steps * recipe.data.sequence_length
    )
    trainer.add_callback(
        MetricsWriter(
            folder / "metrics.jsonl",
            tokens_per_step=tokens_per_step,
            eval_every=recipe.train.eval_every if bool(database.layout.holdout.any()) else 0,
            evaluate=lambda: _bits_per_byte(model, database, table, recipe),
            report=report,
        )
    )
    if recipe.train.eval_every:
        trainer.add_callback(Checkpointer(folder / "checkpoint", recipe.train.eval_every))
    trainer.add_callback(ProgressTeller(progress))
    began = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - began
    database.tokenizer.save(folder)
    model.save_pretrained(folder)
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    steps = recipe.train.max_steps
    return TrainResult(folder, steps, steps * tokens_per_step, round(seconds, 1), parameters)


def model_config(recipe: Recipe, database: Database) -> RetroConfig:
    """The recipe's model for this database's tokens and chunks.

    Raises:
        SettingsError: an unknown key, or one that the database decides.
    """
    for name in _FROM_DATABASE:
        if name in recipe.model:
            raise SettingsError(f"recipe {recipe.name}: model.{name} comes from the database or data section")
    refuse_unknown(recipe.model, RetroConfig.field_names(), where=f"recipe {recipe.name}: model")
    return RetroConfig(
        **recipe.model,
        vocab_size=database.tokenizer.vocab_size,
        chunk_size=database.settings.chunk_size,
        num_neighbors=recipe.data.num_neighbors,
        max_position_embeddings=recipe.data.sequence_length,
        tokenizer_fingerprint=database.settings.tokenizer_fingerprint,
        eos_token_id=database.tokenizer.eos_id,
        pad_token_id=database.tokenizer.eos_id,
    )


def collate(samples: Sequence[dict[str, NDArray[np.generic]]]) -> dict[str, Tensor]:
    """Stack samples into a batch of tensors."""
    return {key: torch.from_numpy(np.stack([sample[key] for sample in samples])) for key in samples[0]}


def _trainer(recipe: Recipe, model: RetroForCausalLM, samples: SequenceDataset, folder: Path) -> Trainer:
    settings = recipe.train
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=settings.max_steps,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation_steps,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr_rate": settings.min_learning_rate_ratio},
        warmup_steps=settings.warmup_steps,
        weight_decay=settings.weight_decay,
        adam_beta2=settings.adam_beta2,
        max_grad_norm=settings.max_grad_norm,
        logging_steps=settings.log_every,
        save_strategy="no",  # the Trainer's own checkpoints hold pickles
        dataloader_pin_memory=torch.cuda.is_available(),
        seed=settings.seed,
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
    )
    trainer = _Trainer(model=model, args=arguments, train_dataset=samples, data_collator=collate)
    trainer.remove_callback(PrinterCallback)
    return trainer


def _bits_per_byte(
    model: RetroForCausalLM, database: Database, table: NeighborTable, recipe: Recipe
) -> dict[str, float]:
    report = evaluate_perplexity(
        model,
        database,
        table,
        modes=("on", "off", "random"),
        k=recipe.data.num_neighbors,
        sequence_length=recipe.data.sequence_length,
        batch_size=recipe.train.batch_size,
        max_sequences=recipe.train.eval_sequences,
    )
    return {mode: round(result.bits_per_byte, 4) for mode, result in report.modes.items()}
