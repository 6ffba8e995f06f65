"""The retrieval database: catalogue, arrays, indexes, search, neighbors, and sequences read from them.

It knows text and tokens; it does not know models.
"""

from openbook.database.database import Database
from openbook.database.info import DatabaseInfo
from openbook.database.neighbors import NeighborTable, build_neighbors
from openbook.database.search import Hit, Queries, SearchMode
from openbook.database.sequences import SequenceDataset
from openbook.database.settings import DatabaseSettings
from openbook.database.writer import AddReport

__all__ = [
    "AddReport",
    "Database",
    "DatabaseInfo",
    "DatabaseSettings",
    "Hit",
    "NeighborTable",
    "Queries",
    "SearchMode",
    "SequenceDataset",
    "build_neighbors",
]
