"""Work for a process that a test spawns: it receives what the test sends, as data loaders do."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any


@contextmanager
def another_process() -> Iterator[Connection]:
    """A connection to a process that answers each dataset with `samples_of` it, or with the error."""
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_answer, args=(theirs,))
    process.start()
    try:
        yield ours
    finally:
        ours.send(None)
        process.join(60)


def samples_of(dataset: Any) -> list[dict[str, list[Any]]]:
    """All samples, to be compared."""
    return [{key: value.tolist() for key, value in dataset[row].items()} for row in range(len(dataset))]


def _answer(connection: Connection) -> None:
    while True:
        try:
            dataset = connection.recv()
            if dataset is None:
                return
            connection.send(samples_of(dataset))
        except Exception as error:
            connection.send((type(error).__name__, str(error)))
