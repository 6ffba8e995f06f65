"""Writing with retrieval: decoding that looks things up at each chunk border, and its sources.

What needs torch is loaded when it is first used, so that what is asked for can be checked without.
"""

from typing import TYPE_CHECKING

from openbook.lazy_names import loader

if TYPE_CHECKING:
    from openbook.generation.citations import Citation, CitedNeighbor
    from openbook.generation.copied_spans import CopiedSpan
    from openbook.generation.generator import Generation, generate
    from openbook.generation.question import Answer, ask
    from openbook.generation.sampling import Sampling

__all__ = ["Answer", "Citation", "CitedNeighbor", "CopiedSpan", "Generation", "Sampling", "ask", "generate"]

_HOME = {
    "Answer": "openbook.generation.question",
    "Citation": "openbook.generation.citations",
    "CitedNeighbor": "openbook.generation.citations",
    "CopiedSpan": "openbook.generation.copied_spans",
    "Generation": "openbook.generation.generator",
    "Sampling": "openbook.generation.sampling",
    "ask": "openbook.generation.question",
    "generate": "openbook.generation.generator",
}

if not TYPE_CHECKING:
    __getattr__ = loader(__name__, _HOME)
