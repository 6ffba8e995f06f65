"""The retrieval database: catalogue, arrays, indexes, search, neighbors, and sequences read from them.

It knows text and tokens; it does not know models.
"""

from openbook.database.asking import nearest_neighbors
from openbook.database.database import Database
from openbook.database.info import DatabaseInfo
from openbook.database.manifest import Problem
from openbook.database.neighbors import build_neighbors
from openbook.database.records import Commit, Exclusion
from openbook.database.repair import repair
from openbook.database.retokenize import RetokenizeReport, retokenize
from openbook.database.search import Hit, Queries, SearchMode
from openbook.database.sequences import NeighborRows, SequenceDataset
from openbook.database.settings import DatabaseSettings
from openbook.database.table import NeighborTable
from openbook.database.verify import VerifyReport, verify
from openbook.database.writer import AddReport

__all__ = [
    "AddReport",
    "Commit",
    "Database",
    "DatabaseInfo",
    "DatabaseSettings",
    "Exclusion",
    "Hit",
    "NeighborRows",
    "NeighborTable",
    "Problem",
    "Queries",
    "RetokenizeReport",
    "SearchMode",
    "SequenceDataset",
    "VerifyReport",
    "build_neighbors",
    "nearest_neighbors",
    "repair",
    "retokenize",
    "verify",
]
