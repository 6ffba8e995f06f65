"""Writing with retrieval: decoding that looks things up at each chunk border, and its sources."""

from openbook.generation.citations import Citation, CitedNeighbor
from openbook.generation.copied_spans import CopiedSpan
from openbook.generation.generator import Generation, generate
from openbook.generation.question import Answer, ask
from openbook.generation.sampling import Sampling

__all__ = ["Answer", "Citation", "CitedNeighbor", "CopiedSpan", "Generation", "Sampling", "ask", "generate"]
