"""The configuration of a retrofitted model: that of its new parts, and which base they belong to."""

from typing import Any

from openbook.errors import SettingsError
from openbook.model.config import RetroConfig


class RetrofitConfig(RetroConfig):
    """Sizes and options of what is added to a base; the decoder's own sizes are the base's.

    Raises:
        SettingsError: an unknown name, or a value that is not allowed.
    """

    model_type = "retrofit"

    share_embeddings: bool = True
    """The encoder reads the base's token embedding, through a linear map where their widths differ."""
    train_base: bool = False
    """Whether the base trains, too; then retrieval off is no longer what the base was."""
    base_type: str = ""
    """The base's model_type, as transformers names it."""
    base_name: str | None = None
    """Folder or hub name of the base; None: it must be given."""
    base_revision: str | None = None
    """Commit of the hub that the base was loaded from."""
    base_loading: dict[str, Any] | None = None
    """How the base was loaded: dtype, and quantization_config if it was quantized."""
    base_fingerprint: str | None = None
    """Of all weights of the base; None where some are quantized."""
    base_core_fingerprint: str | None = None
    """Of its embeddings, norms and biases alone, which no quantization changes."""
    base_config: dict[str, Any] | None = None
    """The base's own configuration, where its weights are saved with the new ones; None: only these are."""

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if not isinstance(self.train_base, bool):
            raise SettingsError(f"train_base {self.train_base!r}: must be true or false")
        if not self.cca_layers:
            raise SettingsError("cca_layers is empty: there would be nothing to retrofit")
        if self.normalization != "pre":
            raise SettingsError(
                f"normalization {self.normalization!r}: a retrofit adds to the base's stream as it is: pre"
            )
        if self.train_base and self.base_config is None:
            raise SettingsError("train_base: a base that changes must be saved, which needs base_config")

    @property
    def is_self_contained(self) -> bool:
        """Whether the base's weights are saved with the new ones."""
        return self.base_config is not None
