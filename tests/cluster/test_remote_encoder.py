"""The encoder of a worker: what it is begun with, and that it computes as it was told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openbook.cluster.remote_encoder import EncoderActor, work_places
from openbook.database.search.embedder import load_embedder

TEXTS = ["ba ke li mo", "nu ra se ti vo zu"]


def test_an_actor_encodes_in_its_precision(encoder: Path) -> None:
    embedder = load_embedder(str(encoder))
    exact, rounded = (EncoderActor(str(encoder), kind).encode(TEXTS) for kind in ("float32", "bfloat16"))
    assert np.array_equal(exact, embedder.encode(TEXTS))
    assert np.array_equal(rounded, embedder.encoding_in("bfloat16").encode(TEXTS))
    assert not np.array_equal(rounded, exact)


class Begun:
    """An actor as Ray would begin it, and what it was given."""

    def __init__(self, *given: object) -> None:
        self.given = given
        self.load = self

    def remote(self) -> None:
        """Of `load`: nothing is loaded."""


class Session:
    """Two nodes without Ray."""

    def __init__(self, **resources: float) -> None:
        self._resources = resources
        self.ray = self

    def nodes(self) -> list[dict[str, Any]]:
        return [{"NodeID": name, "Resources": self._resources} for name in ("a" * 56, "b" * 56)]

    def remote(self, **options: object) -> Any:
        return lambda kind: type("Actor", (), {"remote": staticmethod(Begun)})


@pytest.mark.parametrize("resources", [{"CPU": 2.0}, {"CPU": 2.0, "GPU": 1.0}])
def test_each_encoder_is_begun_in_the_precision_that_was_asked_for(resources: dict[str, float]) -> None:
    pytest.importorskip("ray", reason="needs Ray: pip install 'openbook[cluster]'")
    session: Any = Session(**resources)
    places = work_places(session, workers=4, encoder="tiny", precision="bfloat16")
    assert [place.encoder.given for place in places] == [("tiny", "bfloat16")] * 4
    assert [place.encoder.given for place in work_places(session, workers=1, encoder="tiny")] == [
        ("tiny", "float32")
    ]
    assert [place.encoder for place in work_places(session, workers=2, encoder=None)] == [None, None]
