"""What the config.json of a trained model says, read without torch: what does not fit is refused before."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.cli.inputs import require_model
from openbook.errors import SettingsError
from openbook.model_options import retrofit_training_length

if TYPE_CHECKING:
    from openbook.database import Version


@dataclass(frozen=True, slots=True)
class DescribedModel:
    """A model of ours as its folder describes it; see `RetroConfig` for what the fields mean."""

    is_retrofit: bool
    tokenizer_fingerprint: str | None
    chunk_size: int
    num_neighbors: int
    max_position_embeddings: int
    trained_length: int | None
    retrieves: bool
    """Whether any layer reads neighbors."""
    reader: str | None
    trains_base: bool
    is_self_contained: bool

    @property
    def training_length(self) -> int:
        """Tokens in a sequence of its training."""
        if not self.is_retrofit:
            return self.max_position_embeddings
        return retrofit_training_length(
            longest=self.max_position_embeddings,
            trained_length=self.trained_length,
            chunk_size=self.chunk_size,
        )

    @property
    def reads_any_tokens(self) -> bool:
        """Whether it reads its neighbors as text: then a database of any tokenizer and chunks will do."""
        return self.reader == "own"

    def shares_tokens(self, database: "Version") -> bool:
        """Whether a database's tokenizer is the model's, as far as its folder says."""
        wanted = self.tokenizer_fingerprint
        is_named = wanted in {None, database.settings.tokenizer_fingerprint}
        return is_named or database.tokenizer.has_fingerprint(wanted)

    def require_match(self, database: "Version") -> None:
        """Refuse a database of other tokens or chunks.

        Raises:
            MismatchError: saying both.
        """
        database.settings.require_match(
            database.tokenizer,
            tokenizer_fingerprint=self.tokenizer_fingerprint,
            chunk_size=self.chunk_size,
        )


def describe_model(folder: Path) -> DescribedModel:
    """Read what a model of ours is.

    Raises:
        SettingsError: the folder holds none, or its config.json lacks what every one has.
    """
    require_model(folder)
    said: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
    sizes = [said.get(name) for name in ("chunk_size", "num_neighbors", "max_position_embeddings")]
    if any(type(size) is not int or size < 1 for size in sizes):
        raise SettingsError(f"{folder / 'config.json'}: does not say chunk_size and other sizes; restore it")
    chunk_size, num_neighbors, max_position_embeddings = (int(size) for size in sizes if size is not None)
    trained_length = said.get("trained_length")
    return DescribedModel(
        is_retrofit=said["model_type"] == "retrofit",
        tokenizer_fingerprint=said.get("tokenizer_fingerprint"),
        chunk_size=chunk_size,
        num_neighbors=num_neighbors,
        max_position_embeddings=max_position_embeddings,
        trained_length=trained_length if isinstance(trained_length, int) else None,
        retrieves=bool(said.get("cca_layers")),
        reader=said.get("reader"),
        trains_base=said.get("train_base") is True,
        is_self_contained=said.get("base_config") is not None,
    )
