"""How a database can be searched, by names that everybody uses; light, for what only names one.

What each mode does is in `database/search/searcher.py`, what a unit is in `database/units/`.
"""

from typing import Literal

SearchMode = Literal["dense", "bm25", "hybrid"]
"""dense: nearest vectors (the paper's). bm25: shared words. hybrid: both, their scores added."""

SearchUnit = Literal["chunk", "section", "document"]
"""What is found first, before chunks of it."""
