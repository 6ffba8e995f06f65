"""metrics.jsonl and what trackers show: the same numbers, and none of steps that were undone."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openbook.database import Database
from openbook.errors import TrainingStoppedError
from openbook.train import Recipe, train
from openbook.train.metrics_file import MetricsFile
from openbook.train.trackers import start_trackers

MakeRecipe = Callable[..., Recipe]
Metrics = Callable[[Path], list[dict[str, Any]]]


def events(folder: Path) -> Iterator[Any]:
    """All records of TensorBoard's files, in the order of writing."""
    from tensorboardX.proto.event_pb2 import Event

    for path in sorted(folder.glob("events.*"), key=lambda path: path.stat().st_mtime_ns):
        content, place = path.read_bytes(), 0
        while place < len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            yield Event.FromString(content[place + 12 : place + 12 + length])
            place += 12 + length + 4


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """What TensorBoard shows: by tag and step, without what a later start has purged."""
    found: dict[tuple[str, int], float] = {}
    for event in events(folder):
        if event.HasField("session_log"):
            found = {key: value for key, value in found.items() if key[1] < event.step}
        for value in event.summary.value:
            found[value.tag, event.step] = value.simple_value
    return found


def test_tensorboard_has_the_numbers_of_metrics(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, metrics: Metrics
) -> None:
    folder = tmp_path / "model"
    recipe = make_recipe(max_steps=4, eval_every=2, eval_sequences=2)
    asked = iter([False, False, True])
    with pytest.raises(TrainingStoppedError):
        train(recipe, book, folder, stop=lambda: next(asked))
    train(recipe, book, folder)
    shown = scalars(folder / "tensorboard")
    expected: dict[tuple[str, int], float] = {}
    for row in metrics(folder):
        for name in ("loss", "grad_norm", "learning_rate"):
            if name in row:
                expected[name, row["step"]] = row[name]
        for mode, bits in row.get("bits_per_byte", {}).items():
            expected[f"bits_per_byte/{mode}", row["step"]] = bits
    assert shown.keys() == expected.keys()
    assert shown == pytest.approx(expected, rel=1e-6)
    assert {mode for name, _ in shown if "/" in name for mode in [name.split("/")[1]]} == {
        "on",
        "off",
        "random",
    }


def write_until(folder: Path, step: int, last: int) -> None:
    trackers = start_trackers(["tensorboard"], folder, step=step, recipe={})
    file = MetricsFile(
        folder, step=step, tokens_of=lambda step: 10 * step, report=lambda row: None, trackers=trackers
    )
    for number in range(step + 1, last + 1):
        file.write(number, {"loss": float(number)})
    file.close()


def test_what_was_written_after_the_checkpoint_is_cut_off(tmp_path: Path, metrics: Metrics) -> None:
    write_until(tmp_path, 0, 5)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')  # as a kill leaves it
    write_until(tmp_path, 3, 4)
    assert [row["step"] for row in metrics(tmp_path)] == [1, 2, 3, 4]
    assert sorted(step for _, step in scalars(tmp_path / "tensorboard")) == [1, 2, 3, 4]


@pytest.mark.parametrize("line", ["[1]", "3", '"text"', "null", '{"loss": 1.0}', '{"step": 2, "loss": 1.0}'])
def test_lines_from_one_that_is_not_ours_on_are_cut_off(tmp_path: Path, metrics: Metrics, line: str) -> None:
    write_until(tmp_path, 0, 2)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write(f"{line}\n")
    write_until(tmp_path, 3, 4)
    assert [row["step"] for row in metrics(tmp_path)] == [1, 2, 4]


def test_a_new_training_run_begins_with_nothing(tmp_path: Path, metrics: Metrics) -> None:
    write_until(tmp_path, 0, 5)
    write_until(tmp_path, 0, 2)
    assert [row["step"] for row in metrics(tmp_path)] == [1, 2]
    assert sorted(step for _, step in scalars(tmp_path / "tensorboard")) == [1, 2]


def test_seconds_are_counted_on(tmp_path: Path) -> None:
    import json

    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "tokens": 10, "seconds": 100.0, "loss": 1.0}\n')
    write_until(tmp_path, 1, 2)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert rows[1]["seconds"] >= 100
