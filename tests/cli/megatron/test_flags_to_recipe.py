"""The recipe that Megatron's flags become: what each of them does."""

import pytest

from megatron_command import COMMAND
from openbook.cli.megatron.arguments import make_parser, parse
from openbook.cli.megatron.flags_to_recipe import holdout_of, recipe_of
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.train import Recipe
from openbook.train.initialize import model_config
from openbook.train.settings import DataSettings, TrainSettings


def recipe(*flags: str, processes: int = 1) -> Recipe:
    return recipe_of(parse([*COMMAND, *flags]), processes=processes)


def test_the_recipe_of_the_line() -> None:
    assert recipe() == Recipe(
        name="pretrain_retro",
        model={
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "head_dim": None,
            "intermediate_size": 3072,
            "cca_layers": [6, 9, 12],
            "encoder_num_layers": 2,
            "encoder_intermediate_size": 3072,
            "share_embeddings": True,
            "tie_word_embeddings": True,
            "dropout": 0.1,
            "encoder_dropout": 0.1,
            "initializer_range": 0.02,
            "rms_norm_eps": 1e-5,
            "rotary_base": 10_000.0,
        },
        data=DataSettings(sequence_length=1024, num_neighbors=2),
        train=TrainSettings(
            max_steps=1000,
            batch_size=4,
            learning_rate=6e-4,
            min_learning_rate_ratio=0.0,
            schedule="linear",
            warmup_steps=0,
            weight_decay=0.01,
            adam_beta2=0.999,
            log_every=100,
            eval_every=1000,
            eval_sequences=400,
            save_every=500,
            seed=1234,
        ),
    )


EFFECTS = [
    ("--num-attention-heads 8", "model.num_attention_heads", 8),
    ("--kv-channels 32", "model.head_dim", 32),
    ("--ffn-hidden-size 100", "model.intermediate_size", 100),
    ("--ffn-hidden-size 100", "model.encoder_intermediate_size", 100),
    ("--hidden-dropout 0 --attention-dropout 0", "model.dropout", 0.0),
    (
        "--retro-encoder-hidden-dropout 0.3 --retro-encoder-attention-dropout 0.3",
        "model.encoder_dropout",
        0.3,
    ),
    ("--retro-encoder-layers 3", "model.encoder_num_layers", 3),
    ("--init-method-std 0.01", "model.initializer_range", 0.01),
    ("--norm-epsilon 1e-6", "model.rms_norm_eps", 1e-6),
    ("--rotary-base 500000", "model.rotary_base", 500_000.0),
    ("--untie-embeddings-and-output-weights", "model.tie_word_embeddings", False),
    ("--num-layers 15", "model.cca_layers", [6, 9, 12, 15]),
    ("--num-layers 18", "model.cca_layers", [9, 12, 15, 18]),
    ("--num-layers 4", "model.cca_layers", None),
    ("--retro-num-neighbors 5", "data.num_neighbors", 5),
    ("--retro-attention-gate 0", "data.num_neighbors", 0),
    ("--retro-attention-gate 1 --retro-num-retrieved-chunks 2", "data.num_neighbors", 2),
    ("--max-position-embeddings 2048", "data.sequence_length", 1024),
    ("--micro-batch-size 2", "train.batch_size", 2),
    ("--micro-batch-size 2 --global-batch-size 16", "train.gradient_accumulation_steps", 8),
    ("--train-iters 7", "train.max_steps", 7),
    ("--train-samples 83 --global-batch-size 8", "train.max_steps", 10),
    ("--lr 0.01", "train.learning_rate", 0.01),
    ("--lr 0.01 --min-lr 0.001", "train.min_learning_rate_ratio", 0.1),
    ("--lr-decay-style cosine", "train.schedule", "cosine"),
    ("--lr-warmup-fraction 0.01", "train.warmup_steps", 10),
    ("--lr-warmup-iters 30", "train.warmup_steps", 30),
    ("--lr-warmup-samples 80", "train.warmup_steps", 20),
    ("--train-iters 7 --lr-decay-iters 7", "train.max_steps", 7),
    ("--weight-decay 0.5", "train.weight_decay", 0.5),
    ("--clip-grad 0.5", "train.max_grad_norm", 0.5),
    ("--adam-beta1 0.8", "train.adam_beta1", 0.8),
    ("--adam-beta2 0.8", "train.adam_beta2", 0.8),
    ("--bf16", "train.precision", "bfloat16"),
    ("--fp16", "train.precision", "float16"),
    ("--recompute-activations", "train.gradient_checkpointing", True),
    ("--use-torch-fsdp2", "train.fsdp", True),
    ("--num-workers 2", "train.workers", 2),
    ("--save-interval 20", "train.save_every", 20),
    ("--eval-interval 30", "train.eval_every", 30),
    ("--eval-iters 5 --global-batch-size 8", "train.eval_sequences", 40),
    ("--eval-iters 0", "train.eval_every", 0),
    ("--log-interval 9", "train.log_every", 9),
    ("--seed=3", "train.seed", 3),
    ("--load other --finetune", "train.start_from", "other"),
]


@pytest.mark.parametrize(("flags", "where", "expected"), EFFECTS, ids=[effect[0] for effect in EFFECTS])
def test_what_a_flag_does(flags: str, where: str, expected: object) -> None:
    section, key = where.split(".")
    found = getattr(recipe(*flags.split()), section)
    assert (found[key] if section == "model" else getattr(found, key)) == pytest.approx(expected)


def test_every_flag_is_tested_and_explained() -> None:
    """What belongs to data, tokenizer and folders has tests of its own."""
    elsewhere = "help retro-add-retriever retro-project-dir split data-path tokenizer-type tokenizer-model"
    elsewhere += " vocab-file merge-file save overwrite lr-decay-samples"
    tested = {word.split("=")[0] for flags, *_ in EFFECTS for word in flags.split()} | set(COMMAND)
    tested |= {f"--{name}" for name in elsewhere.split()}
    for action in make_parser()._actions:
        assert action.help
        assert tested.issuperset(name for name in action.option_strings if name != "-h")


def test_several_processes_share_the_global_batch() -> None:
    found = recipe("--micro-batch-size", "2", "--global-batch-size", "24", processes=4).train
    assert (found.batch_size, found.gradient_accumulation_steps) == (8, 3)
    with pytest.raises(
        SettingsError, match=r"--global-batch-size 12: must be a multiple .* 2 .* processes, 4"
    ):
        recipe("--micro-batch-size", "2", "--global-batch-size", "12", processes=4)


def test_every_recipe_makes_a_model(book: Database) -> None:
    for flags in ("", "--kv-channels 32 --num-layers 6", "--retro-attention-gate 0"):
        config = model_config(recipe(*flags.split()), book.opened)
        assert config.hidden_size == 768
    assert config.cca_layers == []


@pytest.mark.parametrize(
    ("split", "share"), [("969,30,1", 0.031), ("100,0,0", 0.0), ("8,1,1", 0.2), ("90, 10", 0.1), ("1", 0.0)]
)
def test_the_split_is_a_share_of_held_out_documents(split: str, share: float) -> None:
    assert holdout_of(split) == pytest.approx(share)
