"""The RETRO network: plain tensors in, tensors out. It knows nothing of files, databases and tokenizers.

Shape letters, for the whole project: B batch, T tokens, C chunks, M chunk length, K neighbors,
R retrieved tokens (2M), D width, E encoder width, H heads, V vocabulary.
"""

from openbook.model.auto import load_model, register
from openbook.model.cache import RetroCache
from openbook.model.causal_lm import RetroCausalLMOutput, RetroForCausalLM
from openbook.model.chunked_cross_attention import ChunkedCrossAttention
from openbook.model.config import RetroConfig
from openbook.model.decoder import RetroDecoder, RetroDecoderLayer
from openbook.model.encoded_neighbors import EncodedNeighbors
from openbook.model.encoder import RetroEncoder
from openbook.model.retro import RetroModel

__all__ = [
    "ChunkedCrossAttention",
    "EncodedNeighbors",
    "RetroCache",
    "RetroCausalLMOutput",
    "RetroConfig",
    "RetroDecoder",
    "RetroDecoderLayer",
    "RetroEncoder",
    "RetroForCausalLM",
    "RetroModel",
    "load_model",
]

register()
