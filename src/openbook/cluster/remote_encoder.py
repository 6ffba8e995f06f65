"""The frozen encoder in actors, one a device: loaded once each, and asked by the tasks that build shards."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.cluster.ray_session import RaySession
from openbook.database.search.embedder import Embedder, EncodingPrecision, load_embedder
from openbook.errors import OpenbookError

_TASKS_A_GPU = 2
"""So that it encodes the chunks of one shard while the words of another are indexed."""
_LONGEST_WAIT = 900.0
"""Seconds for some hundred chunks. An actor whose GPU is gone may wait for another one for ever: then its
task is given to another place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderDescription:
    """All of an encoder that its settings record."""

    name: str
    source: str
    fingerprint: str
    size: int
    longest: int | None


class EncoderActor:
    """Holds a loaded encoder, on the device that Ray gave it.

    Args:
        name: of the encoder.
        precision: in which it computes.
    """

    def __init__(self, name: str, precision: EncodingPrecision = "float32") -> None:
        self._name = name
        self._precision = precision

    @cached_property
    def _embedder(self) -> Embedder:
        """Loaded by the first call, whose caller is told if it cannot be; a worker is one core."""
        import torch

        torch.set_num_threads(1)
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        return load_embedder(self._name).encoding_in(self._precision)

    def load(self) -> None:
        """Load it before it is asked for; why it cannot be, the next call tells."""
        with suppress(OpenbookError):
            _ = self._embedder

    def describe(self) -> EncoderDescription:
        """Say which encoder it is."""
        own = self._embedder
        return EncoderDescription(
            name=own.name,
            source=own.source,
            fingerprint=own.fingerprint,
            size=own.size,
            longest=own.longest,
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.encode`."""
        return self._embedder.encode(texts)


class RemoteModel:
    """Stands in for the model of an `Embedder`: encodes in an actor.

    Args:
        actor: Ray's handle of it.
        longest: tokens that the encoder reads.
    """

    def __init__(self, actor: Any, longest: int | None) -> None:
        self._actor = actor
        self.max_seq_length = longest

    def encode(self, texts: list[str], **_: object) -> NDArray[np.float32]:
        """Unit vectors [n, E], which the actor has checked."""
        import ray

        waiting = self._actor.encode.remote(texts)
        vectors: NDArray[np.float32] = ray.get(waiting, timeout=_LONGEST_WAIT)
        return vectors


def remote_embedder(actor: Any, described: EncoderDescription) -> Embedder:
    """An `Embedder` whose model is in an actor."""
    return Embedder(
        name=described.name,
        source=described.source,
        fingerprint=described.fingerprint,
        size=described.size,
        model=RemoteModel(actor, described.longest),
    )


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """Where one task at a time runs.

    Args:
        node: Ray's id of its node; another one takes over if it is lost.
        encoder: Ray's handle of the actor that its tasks ask; None: words only.
    """

    node: str
    encoder: Any = None

    def strategy(self) -> Any:
        """How Ray is to place a task here, or elsewhere if the node is lost."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return NodeAffinitySchedulingStrategy(self.node, soft=True)


def work_places(
    session: RaySession,
    *,
    workers: int | None,
    encoder: str | None,
    precision: EncodingPrecision = "float32",
    most: int | None = None,
) -> list[WorkPlace]:
    """Begin encoders, and say where tasks run: one on each core, or two beside each GPU.

    Args:
        session: of the cluster.
        workers: tasks at a time; None: as many as suit the cluster.
        encoder: its name; None: words only.
        precision: in which it computes.
        most: tasks that there are to run at a time; None: any number.
    """

    def begin(node: str, gpus: int) -> Any:
        return None if encoder is None else _begin(session, (encoder, precision), node, gpus=gpus)

    nodes = _nodes_in_turn(session, "GPU") if encoder is not None else []
    if nodes:
        workers = min(most or len(nodes) * _TASKS_A_GPU, workers or len(nodes) * _TASKS_A_GPU)
        nodes = nodes[: -(-workers // _TASKS_A_GPU)]
        actors = [begin(node, 1) for node in nodes]
        places = list(zip(nodes, actors, strict=True)) * _TASKS_A_GPU
        return [WorkPlace(node, actor) for node, actor in places[:workers]]
    nodes = _nodes_in_turn(session, "CPU") or [node["NodeID"] for node in session.nodes()]
    count = workers or len(nodes)
    count = min(count, most or count)
    places_of_cores = (nodes * -(-count // len(nodes)))[:count]
    return [WorkPlace(node, begin(node, 0)) for node in places_of_cores]


def _nodes_in_turn(session: RaySession, resource: str) -> list[str]:
    """A node's id for each of a resource that there is, the nodes in turn: a b a b b."""
    left = {node["NodeID"]: int(node["Resources"].get(resource, 0)) for node in session.nodes()}
    found = []
    while any(left.values()):
        for node in sorted(left):
            if left[node]:
                left[node] -= 1
                found.append(node)
    return found


def _begin(session: RaySession, encoder: tuple[str, EncodingPrecision], node: str, *, gpus: int) -> Any:
    where = WorkPlace(node).strategy()
    actor = session.ray.remote(
        num_cpus=0, num_gpus=gpus, max_restarts=-1, max_task_retries=-1, scheduling_strategy=where
    )(EncoderActor)
    begun = actor.remote(*encoder)
    begun.load.remote()  # so that all load it at the same time, and none waits for its first chunks
    return begun
