"""RETROfit: retrieval for a causal language model of transformers (arXiv 2112.04426, section 4.2).

The model itself, the base, is not touched: hooks on its layers add what chunked cross-attention says to what
self-attention says, and do nothing where no neighbors are given.
"""

from openbook.model.retrofitting.building import retrofit
from openbook.model.retrofitting.causal_lm import RetrofitForCausalLM
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.families import FAMILIES, Family
from openbook.model.retrofitting.loading import load_base, require_base

__all__ = [
    "FAMILIES",
    "Family",
    "RetrofitConfig",
    "RetrofitForCausalLM",
    "load_base",
    "require_base",
    "retrofit",
]
