"""Documents as units: a title, a beginning, and the chunks that speak of it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openbook.database.units.unit_search import HasVectors, Units


def documents_of(version: HasVectors) -> Units:
    """Each document of a version as a unit."""

    def names(places: NDArray[np.int64]) -> Iterator[str]:
        records = version.catalog.describe(version.layout.number[places].tolist())
        return (record.title for record in records)

    return Units(version.layout, names, version.layout.document_of)
