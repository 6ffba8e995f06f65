"""openbook: a language model that looks things up while it writes (RETRO, arXiv 2112.04426).

The names below are loaded when they are first used, so that `import openbook` and `openbook --help`
load none of torch, transformers or faiss.
"""

from typing import TYPE_CHECKING

from openbook.lazy_names import loader

if TYPE_CHECKING:
    from openbook.database import Database
    from openbook.errors import OpenbookError
    from openbook.generation.generator import generate, generate_batch
    from openbook.generation.question import ask
    from openbook.model import RetroConfig, RetroForCausalLM, RetroModel
    from openbook.model.retrofitting import retrofit
    from openbook.text import Document

__version__ = "0.1.0"

__all__ = [
    "Database",
    "Document",
    "OpenbookError",
    "RetroConfig",
    "RetroForCausalLM",
    "RetroModel",
    "ask",
    "generate",
    "generate_batch",
    "retrofit",
]

_HOME = {
    "Database": "openbook.database",
    "Document": "openbook.text",
    "OpenbookError": "openbook.errors",
    "RetroConfig": "openbook.model",
    "RetroForCausalLM": "openbook.model",
    "RetroModel": "openbook.model",
    "ask": "openbook.generation",
    "generate": "openbook.generation",
    "generate_batch": "openbook.generation",
    "retrofit": "openbook.model.retrofitting",
}


if not TYPE_CHECKING:
    __getattr__ = loader(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
