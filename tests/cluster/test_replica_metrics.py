"""The metrics of several replicas in one text."""

import pytest

from openbook.cluster.replica_metrics import of_all_replicas

parser = pytest.importorskip("prometheus_client.parser", reason="needs the extra serve")


def text_of(count: int) -> str:
    """What one replica has counted."""
    from openbook.serve.server_metrics import ServerMetrics

    metrics = ServerMetrics(lambda: count, lambda: 0)
    metrics.requests.labels('/v1/a "b"', "POST", "200").inc(count)
    metrics.first_token.observe(0.3)
    return metrics.text().decode()


def test_each_sample_has_its_replica_and_each_family_stands_once() -> None:
    alone = list(parser.text_string_to_metric_families(text_of(1)))
    both_texts = of_all_replicas([("a", text_of(1)), ("b", text_of(2))])
    joined = list(parser.text_string_to_metric_families(both_texts))
    assert [family.name for family in joined] == [family.name for family in alone]
    for one, both in zip(alone, joined, strict=True):
        assert (both.type, both.documentation) == (one.type, one.documentation)
        assert len(both.samples) == 2 * len(one.samples)
        for sample in one.samples:
            for name in ("a", "b"):
                labels = sample.labels | {"replica": name}
                assert any((found.name, found.labels) == (sample.name, labels) for found in both.samples)
    requests = next(family for family in joined if family.name == "openbook_requests")
    totals = [found for found in requests.samples if found.name.endswith("total")]
    counts = {found.labels["replica"]: found.value for found in totals}
    assert counts == {"a": 1, "b": 2}


def test_no_replica_has_no_metrics() -> None:
    assert of_all_replicas([]) == ""
