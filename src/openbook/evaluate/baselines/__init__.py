"""What a user could do instead of RETRO, on the same tokens: each is a `Scorer` around a plain decoder.

in_context: neighbors stand in the prompt. knn_lm: the prediction is mixed with the next tokens of similar
contexts in the book. The decoder is usually trained by `openbook train --baseline`.
"""

from openbook.evaluate.baselines.datastore import Datastore, DatastoreOptions, build_datastore
from openbook.evaluate.baselines.in_context import InContextScorer
from openbook.evaluate.baselines.knn_lm import KnnLmScorer, build_knn_lm
from openbook.evaluate.baselines.plain_decoder import require_fit

__all__ = [
    "Datastore",
    "DatastoreOptions",
    "InContextScorer",
    "KnnLmScorer",
    "build_datastore",
    "build_knn_lm",
    "require_fit",
]
