"""The neighbor encoder: a bidirectional transformer over each retrieved value (paper, algorithm 1)."""

from torch import Tensor, nn
from transformers.modeling_layers import GradientCheckpointingLayer

from openbook.model.attention import FeedForward, Normalize, SelfAttention, attend, merge_heads, split_heads
from openbook.model.config import RetroConfig
from openbook.model.recompute import linear_last
from openbook.model.stack import Residual, Stack, final_norm


class EncoderCrossAttention(nn.Module):
    """Each retrieved token attends to the M tokens of the chunk that retrieved it; distance j - i.

    Args:
        config: of the whole model.
        stack: the encoder's.
    """

    def __init__(self, config: RetroConfig, stack: Stack) -> None:
        super().__init__()
        self.num_heads = stack.num_heads
        self.dropout = stack.dropout
        self.query = stack.linear(stack.width, stack.inner, query=True)
        self.key_value = stack.linear(config.hidden_size, 2 * stack.inner, fused=2)
        self.positions = stack.make_positions()
        self.output = stack.linear(stack.inner, stack.width, output=True)

    def forward(
        self, hidden: Tensor, read: Normalize, chunk_hidden: Tensor, chunk_mask: Tensor | None
    ) -> Tensor:
        """Attend.

        Args:
            hidden: [B, C, K, R, E], the stream.
            read: what is read of it.
            chunk_hidden: [B, C, M, D].
            chunk_mask: bool [B, C, M], False for padding; None: there is none.
        """
        q = split_heads(linear_last(lambda x: self.query(read(x)), hidden), self.num_heads)
        k, v = (split_heads(x, self.num_heads) for x in self.key_value(chunk_hidden).chunk(2, dim=-1))
        q, bias = self.positions.queries(q, 0, k.shape[-2])
        attended = attend(
            _side_by_side(q),
            self.positions.keys(k).flatten(0, 1),
            v.flatten(0, 1),
            mask=None if chunk_mask is None else chunk_mask.flatten(0, 1)[:, None, None, :],
            bias=None if bias is None else _side_by_side(bias),
            dropout=self.dropout if self.training else 0.0,
        )
        return self.output(merge_heads(attended)).view(hidden.shape)


def _side_by_side(x: Tensor) -> Tensor:
    """The K neighbors of a chunk, which share its keys, in one row: [B, C, K, H, R, n] → [B·C, H, K·R, n]."""
    return x.transpose(2, 3).flatten(3, 4).flatten(0, 1)


class RetroEncoderLayer(GradientCheckpointingLayer):
    """Self-attention over the retrieved tokens, cross-attention to the chunk if asked for, feed-forward."""

    def __init__(self, config: RetroConfig, stack: Stack, number: int) -> None:
        super().__init__()
        assert config.encoder_cross_attention_layers is not None
        crosses = config.encoder_conditioned and number in config.encoder_cross_attention_layers
        self.self_attention_norm = Residual(stack)
        self.self_attention = SelfAttention(stack)
        self.cross_attention_norm = Residual(stack) if crosses else None
        self.cross_attention = EncoderCrossAttention(config, stack) if crosses else None
        self.feed_forward_norm = Residual(stack)
        # For each token of the text 2K are retrieved: most of what training keeps would be kept here.
        self.feed_forward = FeedForward(stack, recompute=True)

    def forward(
        self, hidden: Tensor, mask: Tensor, chunk_hidden: Tensor | None, chunk_mask: Tensor | None
    ) -> Tensor:
        """Run; hidden [B, C, K, R, E]; mask [B, C, K, R]; chunk_hidden [B, C, M, D]; chunk_mask [B, C, M]."""
        visible = mask.flatten(0, 2)[:, None, None, :]
        read = self.self_attention_norm.read
        # All that is blind is a neighbor that does not exist, which nobody attends to.
        attended = self.self_attention(hidden, read, mask=visible, blind_rows=False)
        hidden = self.self_attention_norm.add(hidden, attended)
        if self.cross_attention is not None and self.cross_attention_norm is not None:
            assert chunk_hidden is not None
            read = self.cross_attention_norm.read
            crossed = self.cross_attention(hidden, read, chunk_hidden, chunk_mask)
            hidden = self.cross_attention_norm.add(hidden, crossed)
        return self.feed_forward_norm.add(hidden, self.feed_forward(hidden, self.feed_forward_norm.read))


class RetroEncoder(nn.Module):
    """ENC of the paper: neighbors, and the chunk that retrieved them, to what the decoder attends to.

    Args:
        config: of the whole model.
    """

    def __init__(self, config: RetroConfig) -> None:
        super().__init__()
        stack = Stack.of_encoder(config)
        own = not config.share_embeddings
        self.embed_tokens = nn.Embedding(config.vocab_size, stack.width) if own else None
        narrows = not own and stack.width != config.hidden_size
        self.embed_projection = stack.linear(config.hidden_size, stack.width) if narrows else None
        self.layers = nn.ModuleList(
            RetroEncoderLayer(config, stack, number) for number in range(1, config.encoder_num_layers + 1)
        )
        self.norm = final_norm(stack)
        self.dropout = nn.Dropout(stack.dropout)

    def forward(
        self,
        neighbor_ids: Tensor,
        neighbor_mask: Tensor,
        chunk_hidden: Tensor | None = None,
        chunk_mask: Tensor | None = None,
        *,
        shared_embedding: nn.Embedding | None = None,
    ) -> Tensor:
        """Encode.

        Args:
            neighbor_ids: int64 [B, C, K, R].
            neighbor_mask: bool [B, C, K, R], False: this token does not exist.
            chunk_hidden: [B, C, M, D] the decoder's activations of the chunks; unused without conditioning.
            chunk_mask: bool [B, C, M], False for padding.
            shared_embedding: the decoder's token embedding, where the configuration shares it; a linear map
                brings it to the encoder's width, where that is another.

        Returns:
            [B, C, K, R, E], zeros for tokens that do not exist.
        """
        embed_tokens = self.embed_tokens or shared_embedding
        assert embed_tokens is not None
        hidden = self.dropout(self._embed(embed_tokens, neighbor_ids))
        for layer in self.layers:
            hidden = layer(hidden, neighbor_mask, chunk_hidden, chunk_mask)
        encoded: Tensor = self.norm(hidden)
        return encoded * neighbor_mask[..., None]  # the copy head reads the token before each

    def _embed(self, embed_tokens: nn.Embedding, ids: Tensor) -> Tensor:
        """A shared embedding may have another dtype, or width."""
        embedded: Tensor = embed_tokens(ids).to(next(self.layers.parameters()).dtype)
        return embedded if self.embed_projection is None else self.embed_projection(embedded)
