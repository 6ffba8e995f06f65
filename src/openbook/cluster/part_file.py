"""A shard's part of a batch as a file, in which the command hands it to a worker.

Ray's object store would carry it, too; but where the cluster is lost at that moment, the store ends the whole
process, with no exception that anybody could catch. The folder of the book is there anyway. JSON lines:

    {"replaced": ["a.md"]}                                   ids that the shard has with another text
    {"text": "…", "id": "a.md", "title": "…", …}             a document
    {"token_ids": [17, 4, …], "id": "b", …}                  one that is tokens already
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from openbook.database.shards.shard_part import ShardPart
from openbook.database.storage.sealed import naming_errors
from openbook.text import AnyDocument, Document, TokenizedDocument


def write_part_file(path: Path, part: ShardPart) -> None:
    """Write a part, replacing the file.

    Raises:
        DatabaseError: the disk is full, or the folder cannot be written to.
    """
    with naming_errors(path), path.open("w", encoding="utf-8") as file:
        for row in ({"replaced": sorted(part.replaced)}, *map(_row, part.documents)):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_part_file(path: Path) -> ShardPart:
    """Read what `write_part_file` wrote."""
    with path.open(encoding="utf-8") as file:
        replaced = json.loads(next(file))["replaced"]
        return ShardPart(tuple(_document(json.loads(line)) for line in file), frozenset(replaced))


def _row(document: AnyDocument) -> dict[str, Any]:
    row = {each.name: getattr(document, each.name) for each in fields(document)}
    if isinstance(document, TokenizedDocument):
        row["token_ids"] = document.token_ids.tolist()
    return row


def _document(row: dict[str, Any]) -> AnyDocument:
    if "token_ids" in row:
        return TokenizedDocument(**row | {"token_ids": np.array(row["token_ids"], dtype=np.uint32)})
    return Document(**row)
