"""The actors of a book's shards: each shard has one or more, and whichever is there answers."""

import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from openbook.cluster.ray_session import RaySession
from openbook.cluster.remote_encoder import WorkPlace
from openbook.cluster.shard_actor import ShardActor
from openbook.database.shards.book_manifest import BookManifest
from openbook.database.storage.sealed import BOOK
from openbook.errors import ClusterError, OpenbookError, SettingsError

_MOST_TRIES = 60
"""Of one question at one shard, before its actors are taken for dead; Ray restarts them meanwhile."""
_PAUSE = 0.5
"""Seconds between two tries after all replicas were lost."""


class ShardReplicas:
    """Asks shards, and asks again where an actor was lost. Several threads may ask.

    Args:
        session: of the cluster; all nodes see the book's folder.
        book: the folder.
        manifest: of the version to read.
        places: of the shards that are there.
        replicas: actors of each shard, on different nodes as far as there are some.

    Raises:
        SettingsError: no replica at all.
        ClusterError: some node does not see the folder.
    """

    def __init__(
        self,
        session: RaySession,
        book: Path,
        manifest: BookManifest,
        places: list[int],
        *,
        replicas: int = 1,
    ) -> None:
        if replicas < 1:
            raise SettingsError(f"replicas {replicas}: each shard needs at least one actor")
        session.require_seen(book / BOOK)
        self._session = session
        self._names = [shard.folder for shard in manifest.shards]
        self._turn = count()
        self.lost = 0
        """Answers that were lost with an actor, and asked for again."""
        nodes = sorted(node["NodeID"] for node in session.nodes())
        self._actors: dict[int, list[Any]] = {}
        for number, place in enumerate(places):
            begun = []
            for replica in range(replicas):
                node = WorkPlace(nodes[(number + replica) % len(nodes)])
                actor = session.ray.remote(
                    num_cpus=0,
                    max_restarts=-1,
                    max_task_retries=0,
                    scheduling_strategy=node.strategy(),
                )(ShardActor)
                begun.append(actor.remote(book, manifest.shards[place], manifest.settings))
            self._actors[place] = begun

    @property
    def places(self) -> list[int]:
        """Of the shards that have actors."""
        return list(self._actors)

    def actors(self, place: int) -> list[Any]:
        """Ray's handles of a shard's actors."""
        return list(self._actors[place])

    def ask(self, method: str, arguments: Mapping[int, tuple[Any, ...]]) -> dict[int, Any]:
        """Ask several shards at once.

        Args:
            method: of `ShardActor`.
            arguments: of each shard's call, by its place.

        Raises:
            OpenbookError: a shard's answer.
            ClusterError: the cluster is gone, or the actors of a shard are lost again and again.
        """
        turn = next(self._turn)
        begun = {place: self._submit(place, turn, method, given) for place, given in arguments.items()}
        return {
            place: self._answer(place, turn, method, arguments[place], begun[place]) for place in arguments
        }

    def ask_all(self, method: str, *arguments: Any) -> dict[int, Any]:
        """Ask all shards the same."""
        return self.ask(method, dict.fromkeys(self._actors, arguments))

    def _submit(self, place: int, turn: int, method: str, arguments: tuple[Any, ...]) -> Any:
        actors = self._actors[place]
        return getattr(actors[turn % len(actors)], method).remote(*arguments)

    def _answer(self, place: int, turn: int, method: str, arguments: tuple[Any, ...], begun: Any) -> Any:
        ray = self._session.ray
        replicas = len(self._actors[place])
        for tried in range(1, _MOST_TRIES):
            try:
                return ray.get(begun)
            except ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, OpenbookError):
                    raise error.cause from None
                raise
            except ray.exceptions.RayActorError:
                self.lost += 1
            self._session.require_head()
            if tried % replicas == 0:
                time.sleep(_PAUSE)
            begun = self._submit(place, turn + tried, method, arguments)
        raise ClusterError(
            f"the actors of the shard {self._names[place]} were lost {_MOST_TRIES} times at one question; "
            "see the cluster's log for why (memory?), and ask again"
        )
