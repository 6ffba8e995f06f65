"""The configuration of a retrofitted model: that of its new parts, and which base they belong to."""

from typing import Any

from openbook.errors import SettingsError
from openbook.model.config import RetroConfig
from openbook.model_options import (
    PlaceOption,
    ReaderOption,
    ReadingOption,
    check_options,
    retrofit_training_length,
)


class RetrofitConfig(RetroConfig):
    """Sizes and options of what is added to a base; the decoder's own sizes are the base's.

    Raises:
        SettingsError: an unknown name, or a value that is not allowed.
    """

    model_type = "retrofit"

    reader: ReaderOption = "encoder"
    """What reads neighbors: the base itself (own), or an encoder with chunked cross-attention (the paper)."""
    reading: ReadingOption = "joint"
    """Reader own: whether a chunk's neighbors are read one after another, each seeing those before it
    (joint), or each by itself (independent)."""
    neighbors_before: PlaceOption = "text"
    """Reader own: where neighbors stand: before the whole text (text), or before the first token that reads
    them, beside the text that is there (chunk), where a narrow window of attention still sees them. Where all
    tokens read the same ones, that is one place."""
    prefix_ids: list[int] | None = None
    """Reader own: tokens that stand before every text and every neighbor, as a start token; None: none."""
    rank: int = 8
    """Reader own: of the low-rank additions to query and output projections; 0: there are none."""
    mlp_rank: int = 0
    """Reader own: neurons beside the feed-forward sub-layer of each layer that reads; 0: there are none."""
    copy_rank: int = 32
    """Reader own: of the low-rank additions to queries and keys of the copy head; 0: there are none."""
    adapt_neighbors: bool = False
    """Reader own: whether the additions take part where neighbors are read, and learn from it."""
    share_embeddings: bool = True
    """The encoder reads the base's token embedding, through a linear map where their widths differ."""
    train_base: bool = False
    """Whether the base trains, too; then retrieval off is no longer what the base was."""
    trained_length: int | None = None
    """Tokens in a sequence of its training; None: it is not known."""
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
    merged_from: str | None = None
    """Fingerprint of the files of the retrofit that `openbook merge` joined with its base; else None."""

    def __post_init__(self, **kwargs: Any) -> None:
        check_options({name: getattr(self, name) for name in ("reader", "prefix_ids", "cca_layers")})
        self._check_prefix()
        if self.reader == "own" and self.cca_layers is None:
            self.cca_layers = list(range(1, self.num_hidden_layers + 1))
        super().__post_init__(**kwargs)
        if not self.cca_layers:
            raise SettingsError("cca_layers is empty: there would be nothing to retrofit; name some layers")
        if self.normalization != "pre":
            raise SettingsError(
                f"normalization {self.normalization!r}: must be pre: a retrofit adds to the base's stream "
                "as it is"
            )
        if self.train_base and self.base_config is None:
            raise SettingsError("train_base: a base that changes must be saved, which needs base_config")

    @property
    def learns_from_neighbors(self) -> bool:
        """Whether gradients go through the base's reading of neighbors."""
        return self.reader == "own" and (self.adapt_neighbors or self.train_base)

    def _check_prefix(self) -> None:
        ids = self.prefix_ids = [] if self.prefix_ids is None else self.prefix_ids
        if any(token >= self.vocab_size for token in ids):
            raise SettingsError(f"prefix_ids {ids!r}: must be a list of tokens below {self.vocab_size}")

    @property
    def training_length(self) -> int:
        """Not the base's, which may read a hundred times as much as the new weights were trained on."""
        return retrofit_training_length(
            longest=self.max_position_embeddings,
            trained_length=self.trained_length,
            chunk_size=self.chunk_size,
        )

    @property
    def is_self_contained(self) -> bool:
        """Whether the base's weights are saved with the new ones."""
        return self.base_config is not None
