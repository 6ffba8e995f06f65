"""Prometheus' text of several replicas in one: each sample with the name of its replica."""

import re
from collections.abc import Iterable

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (.+)$")


def of_all_replicas(texts: Iterable[tuple[str, str]]) -> str:
    """Join the metrics of several replicas, each sample with a label `replica`.

    >>> print(of_all_replicas([("a", "# TYPE n gauge\\nn 1.0\\n"), ("b", "n 2.0\\n")]), end="")
    # TYPE n gauge
    n{replica="a"} 1.0
    n{replica="b"} 2.0

    Args:
        texts: names of replicas, and their metrics in Prometheus' text format.
    """
    about: dict[str, str] = {}
    samples: dict[str, list[str]] = {}
    for replica, text in texts:
        for line in text.splitlines():
            if line.startswith("# "):
                _, kind, metric, *_ = line.split(" ", 3)
                about[f"{metric} {kind}"] = line
                samples.setdefault(metric, [])
            elif (found := _SAMPLE.match(line)) is not None:
                metric, labels, value = found.groups()
                inside = ",".join([*([labels] if labels else []), f'replica="{replica}"'])
                # A histogram's samples have endings that its name has not.
                family = max((name for name in samples if metric.startswith(name)), key=len, default=metric)
                samples.setdefault(family, []).append(f"{metric}{{{inside}}} {value}")
    lines = []
    for metric, found_samples in samples.items():
        lines += [about[key] for kind in ("HELP", "TYPE") if (key := f"{metric} {kind}") in about]
        lines += found_samples
    return "".join(f"{line}\n" for line in lines)
