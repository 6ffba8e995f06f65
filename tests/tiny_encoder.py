"""An encoder of a few thousand weights in a folder, for tests whose other processes load it."""

from pathlib import Path

import torch


def save_tiny_encoder(folder: Path) -> Path:
    """Write a BERT of one layer that reads letters, with random weights; returns the folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,;:!?-'\"()"
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *letters,
        *(f"##{letter}" for letter in letters),
    ]
    folder.mkdir(parents=True)
    bert = folder / "bert"
    bert.mkdir()
    (bert / "vocab.txt").write_text("\n".join(vocabulary))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
        )
        BertModel(config).save_pretrained(bert)
    BertTokenizerFast(str(bert / "vocab.txt")).save_pretrained(bert)
    words = Transformer(str(bert), max_seq_length=256)
    SentenceTransformer(modules=[words, Pooling(32)]).save(str(folder / "encoder"))
    return folder / "encoder"
