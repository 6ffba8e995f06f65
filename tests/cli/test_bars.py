"""Progress bars: what they say, that what does nothing has none, and text that is counted inside a batch."""

from typing import Any

import pytest
from rich.progress import Progress

from openbook.cli.bars import Bars, bar, count_line
from openbook.cli.training_notes import note_step
from openbook.database import Database
from openbook.progress import stage, text_done
from openbook.text import Document, train_tokenizer


class Steps:
    """Remembers what text is done."""

    def __init__(self) -> None:
        self.text: list[int] = []

    def __call__(self, done: int, total: int | None) -> None: ...

    def text_done(self, characters: int) -> None:
        self.text.append(characters)


def test_elapsed_and_left_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("reading") as progress:
        progress(1, 4)
    drawn = capsys.readouterr().err
    assert "reading" in drawn and "1/4" in drawn
    assert drawn.index("elapsed 0:00:0") < drawn.index("left")


def test_all_of_it_fits_into_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with bar("reading for the tokenizer", 46_000_000, counts_text=True) as progress:
        progress.text_done(12_340_000)
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) <= 80 and "12/46 M characters" in line
    assert "elapsed 0:00:00" in line and line.rstrip().endswith(("left -:--:--", "left 0:00:00"))
    with bar("training", 4000) as progress:
        progress(1, None)
        progress.tell("loss 9.123, rate 2.0e-03")
        progress(1999, None)
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) <= 80 and "1,999/4,000" in line and line.rstrip().endswith("rate 2.0e-03")
    with bar("training", 4000) as progress:
        row = {"step": 1999, "exact_match": {"on": 0.5, "swapped": 0.25, "off": 0.0}}
        note_step(row, steps=4000, bar=progress)
        progress(1999, None)
    said, line = capsys.readouterr().err.splitlines()
    assert "on 0.50, swapped 0.25, off 0.00" in said
    assert line.startswith("training ") and "1,999/4,000 elapsed 0:00:00" in line


def test_a_stage_without_work_has_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("training") as progress:
        progress(7, 7)
        stage(progress, "indexing")
        stage(progress, "copying")(0, 0)
    assert capsys.readouterr().err.strip() == ""


def test_what_is_told_stands_beside_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("training", 5) as progress:
        progress(1, None)
        progress.tell("loss \x1b[31m2.5")
        progress(2, None)
    drawn = capsys.readouterr().err
    assert "2/5" in drawn and "loss \\x1b[31m2.5" in drawn


def test_a_bar_of_text_counts_characters_and_its_stages_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("writing", 5_000_000, counts_text=True) as progress:
        progress(3, None)
        text_done(progress, 1_250_000)
        further = stage(progress, "near-copies")
        further(1, 2)
    drawn = capsys.readouterr().err
    assert isinstance(further, Bars)
    assert "1.25/5.00 M characters" in drawn and "near-copies" in drawn and "1/2" in drawn
    assert count_line(10, None, None, counts_text=False) == "10"


def test_many_steps_are_few_updates_and_the_last_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = []
    update = Progress.update

    def count(self: Progress, *given: Any, **fields: Any) -> None:
        updates.append(fields["completed"])
        update(self, *given, **fields)

    monkeypatch.setattr(Progress, "update", count)
    monkeypatch.setattr("openbook.cli.bars.time.monotonic", iter(range(10**6)).__next__)
    monkeypatch.setattr("openbook.cli.bars._EVERY", 100)
    with bar("counting") as progress:
        for step in range(1, 1001):
            progress(step, None)
        further = stage(progress, "further")
        for step in range(1, 4):
            further(step, 3)
    assert updates == [1, 101, 201, 301, 401, 501, 601, 701, 801, 901, 1000, 1, 3]
    drawn = capsys.readouterr().err
    assert "1,000 " in drawn and "3/3" in drawn


@pytest.mark.parametrize("dense", [False, True])
def test_text_is_told_of_inside_a_batch(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, dense: bool
) -> None:
    from fakes import use_fake_encoder

    use_fake_encoder(monkeypatch)
    monkeypatch.setattr("openbook.database.write.database_writer._ENCODED_AT_ONCE", 2)
    monkeypatch.setattr("openbook.database.write.text_progress._TEXTS_AT_ONCE", 2)
    texts = ["river stone " * 40, "copper lantern " * 20]
    database = Database.create(
        tmp_path_factory.mktemp("text") / "db",
        tokenizer=train_tokenizer(texts, vocab_size=300),
        embedder="fake" if dense else None,
        chunk_size=8,
    )
    steps = Steps()
    documents = [Document(id=str(number), text=text) for number, text in enumerate(texts)]
    database.add(documents, progress=steps)
    whole = sum(map(len, texts))
    assert steps.text[-1] == whole and steps.text == sorted(steps.text)
    assert len({text for text in steps.text if text < whole}) > 3
    again = Steps()
    database.add(documents, progress=again)
    assert again.text == [whole]
