"""Databases whose words an earlier analyzer made."""

import shutil

import numpy as np

from openbook.database import Database
from openbook.database.search.analyzer import Analyzer, SecondAnalyzer
from openbook.database.search.lexical import LexicalIndex
from openbook.database.shards.book_manifest import BookManifest, is_sharded


def make_words_older(database: Database, analyzer: Analyzer | None = None) -> None:
    """Put an index of an earlier analyzer, by default the second, in the place of the database's, or of those
    of all its shards: each chunk decoded alone."""
    if is_sharded(database.path):
        for shard in BookManifest.read(database.path).shards:
            make_words_older(Database.open(database.path / shard.folder), analyzer)
        return
    folder = database.opened.files.lexical
    shutil.rmtree(folder)
    index = LexicalIndex(folder, analyzer=analyzer or SecondAnalyzer())
    for document in database.catalog.indexed_chunks(start=0):
        index.add(document, database.chunk_texts(np.arange(document.start, document.stop)))
    index.commit()
    index.close()
