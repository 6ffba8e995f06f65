"""Parts of the pipeline that no verb does: many searches, a base and an encoder made of random numbers.

    python benchmarks/before/inside.py search DB questions.json --modes bm25,dense

Run by equal_to_before.py in processes of their own; what is found goes to stdout as one JSON value. Of
openbook they use only what its README shows.
"""

import argparse
import json
import shutil
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

FIELDS = ("document_id", "chunk_id", "score", "text", "continuation", "title", "source")
ENCODER_SIZE = 32


def search(folder: Path, questions: Path, modes: list[str]) -> dict[str, Any]:
    """All questions at once and the first one alone, in each mode."""
    import openbook

    database = openbook.Database.open(folder)
    texts = json.loads(questions.read_text())
    found: dict[str, Any] = {}
    for mode in modes:
        for name, asked in (("all", texts), ("one", texts[:1])):
            hits = database.search(asked, k=7, mode=mode)
            found[f"{mode} {name}"] = [[{f: getattr(hit, f) for f in FIELDS} for hit in row] for row in hits]
    return found


def add(folder: Path, sources: list[Path]) -> list[Any]:
    """Add JSON lines, file after file, each in a call of its own."""
    import openbook

    database = openbook.Database.open(folder)
    reports = []
    for source in sources:
        rows = map(json.loads, source.read_text().splitlines())
        report = database.add([openbook.Document(id=row["id"], text=row["text"]) for row in rows])
        reports.append(asdict(report) if is_dataclass(report) else report)
    return reports


def make_base(folder: Path, tokenizer: Path) -> None:
    """A Llama of random weights, with that tokenizer."""
    import torch
    from tokenizers import Tokenizer
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=Tokenizer.from_file(str(tokenizer / "tokenizer.json")).get_vocab_size(),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    for path in tokenizer.iterdir():
        shutil.copy(path, folder)


def make_encoder(folder: Path, tokenizer: Path) -> None:
    """A text encoder that is quick: the mean of a random vector for each token."""
    import numpy as np
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    fast = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    weights = np.random.default_rng(0).standard_normal((fast.get_vocab_size(), ENCODER_SIZE))
    module = StaticEmbedding(fast, embedding_weights=weights.astype(np.float32))
    SentenceTransformer(modules=[module], device="cpu").save(str(folder))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["search", "add", "base", "encoder"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--modes", default="bm25")
    arguments = parser.parse_args()
    folder, files = arguments.folder, arguments.files
    result: Any = None
    if arguments.what == "search":
        result = search(folder, files[0], arguments.modes.split(","))
    elif arguments.what == "add":
        result = add(folder, files)
    elif arguments.what == "base":
        make_base(folder, files[0])
    else:
        make_encoder(folder, files[0])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
