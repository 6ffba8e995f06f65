"""What the tests of Megatron's command share: the line that everybody types, data in its format."""

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

LINE = (
    "python pretrain_retro.py --num-layers 12 --hidden-size 768 --retro-work-dir DIR --retro-add-retriever "
    "--seq-length 1024 --data-path my_text_data"
)
COMMAND = shlex.split(LINE)[2:]
SMALL = shlex.split("--num-layers 2 --hidden-size 32 --seq-length 64 --micro-batch-size 2 --train-iters 2")
Run = Callable[..., int]


def write_prefix(prefix: Path, documents: Sequence[Sequence[int]]) -> None:
    """As Megatron's preprocess_data.py writes them: uint16, a sequence a document."""
    lengths = np.array([len(ids) for ids in documents])
    header = b"MMIDIDX\0\0" + (1).to_bytes(8, "little") + b"\x08"
    header += len(documents).to_bytes(8, "little") + (len(documents) + 1).to_bytes(8, "little")
    offsets = 2 * (np.cumsum(lengths) - lengths)
    arrays = (lengths.astype("<i4"), offsets.astype("<i8"), np.arange(len(documents) + 1, dtype="<i8"))
    Path(f"{prefix}.idx").write_bytes(header + b"".join(array.tobytes() for array in arrays))
    Path(f"{prefix}.bin").write_bytes(np.concatenate(documents).astype("<u2").tobytes())
