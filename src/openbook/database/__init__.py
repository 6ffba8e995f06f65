"""The retrieval database: catalog, arrays, indexes, search, neighbors, and sequences read from them.

It knows text and tokens; it does not know models.
"""

from openbook.database.database import Database
from openbook.database.documents.document_filter import DocumentFilter
from openbook.database.info import DatabaseInfo, NeighborsInfo, WordsInfo
from openbook.database.near_copies.exclusions import SharedRun
from openbook.database.neighbors.finder import nearest_neighbors
from openbook.database.neighbors.sequences import NeighborRows, SequenceDataset
from openbook.database.neighbors.table import NeighborTable
from openbook.database.neighbors.table_writer import TableBlocks, build_neighbors
from openbook.database.repair import repair
from openbook.database.retokenize.retokenize import RetokenizeReport, retokenize
from openbook.database.search.searcher import Hit, Queries
from openbook.database.storage.catalog_columns import Commit, Exclusion
from openbook.database.storage.manifest import Problem
from openbook.database.storage.settings import DatabaseSettings
from openbook.database.verify import VerifyReport, verify
from openbook.database.version import Version
from openbook.database.write.writer import AddReport
from openbook.search_modes import SearchMode, SearchUnit

__all__ = [
    "AddReport",
    "Commit",
    "Database",
    "DatabaseInfo",
    "DatabaseSettings",
    "DocumentFilter",
    "Exclusion",
    "Hit",
    "NeighborRows",
    "NeighborTable",
    "NeighborsInfo",
    "Problem",
    "Queries",
    "RetokenizeReport",
    "SearchMode",
    "SearchUnit",
    "SequenceDataset",
    "SharedRun",
    "TableBlocks",
    "VerifyReport",
    "Version",
    "WordsInfo",
    "build_neighbors",
    "nearest_neighbors",
    "repair",
    "retokenize",
    "verify",
]
