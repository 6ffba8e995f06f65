"""Writing with retrieval: decoding that looks things up at each chunk border, and its sources.

What needs torch is loaded when it is first used, so that what is asked for can be checked without.
"""

from typing import TYPE_CHECKING

from openbook.lazy_names import loader

if TYPE_CHECKING:
    from openbook.generation.citations import Citation, CitedNeighbor
    from openbook.generation.copied_spans import CopiedSpan
    from openbook.generation.engine import Engine
    from openbook.generation.generator import Generation, generate, generate_batch
    from openbook.generation.passage_judge import PassageJudge
    from openbook.generation.question import Answer, ask, converse
    from openbook.generation.sampling import Sampling

__all__ = [
    "Answer",
    "Citation",
    "CitedNeighbor",
    "CopiedSpan",
    "Engine",
    "Generation",
    "PassageJudge",
    "Sampling",
    "ask",
    "converse",
    "generate",
    "generate_batch",
]

_HOME = {
    "Answer": "openbook.generation.question",
    "Citation": "openbook.generation.citations",
    "CitedNeighbor": "openbook.generation.citations",
    "CopiedSpan": "openbook.generation.copied_spans",
    "Engine": "openbook.generation.engine",
    "Generation": "openbook.generation.generator",
    "PassageJudge": "openbook.generation.passage_judge",
    "Sampling": "openbook.generation.sampling",
    "ask": "openbook.generation.question",
    "converse": "openbook.generation.question",
    "generate": "openbook.generation.generator",
    "generate_batch": "openbook.generation.generator",
}

if not TYPE_CHECKING:
    __getattr__ = loader(__name__, _HOME)
