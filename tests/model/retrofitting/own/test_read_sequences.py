"""What was read is found in a folder by a later process; damage, edits and other weights are noticed."""

import copy
from pathlib import Path

import pytest
import torch

from openbook.errors import OpenbookWarning, SettingsError
from openbook.model.retrofitting import RetrofitForCausalLM

from ...tiny import draw_inputs
from ..tiny import learned, tiny_own, tiny_retrofit

INPUTS = draw_inputs(tokens=14, ragged=True)


def again(model: RetrofitForCausalLM) -> RetrofitForCausalLM:
    """As another process would load it."""
    return copy.deepcopy(model)


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.neighbors"))


@pytest.mark.parametrize("reading", ["joint", "independent"])
@torch.no_grad()
def test_a_later_process_reads_nothing_again(reading: str, tmp_path: Path) -> None:
    model = learned(tiny_own(reading=reading, prefix_ids=[3, 5], copy_head=True))
    expected = model(**INPUTS.asdict()).logits
    first = model.keep_neighbors(folder=tmp_path / "kept")
    torch.testing.assert_close(model(**INPUTS.asdict()).logits, expected)
    assert len(files_of(tmp_path / "kept")) == first.misses > 0
    later = again(model)
    kept = later.keep_neighbors(folder=tmp_path / "kept")
    torch.testing.assert_close(later(**INPUTS.asdict()).logits, expected)
    assert (kept.misses, kept.hits) == (0, first.misses)


@torch.no_grad()
def test_a_damaged_file_is_read_again_and_written_again(tmp_path: Path) -> None:
    model = learned(tiny_own())
    expected = model(**INPUTS.asdict()).logits
    model.keep_neighbors(folder=tmp_path)
    model(**INPUTS.asdict())
    files = files_of(tmp_path)
    for number, path in enumerate(files):
        content = bytearray(path.read_bytes())
        content[-(1 + number)] ^= 1
        path.write_bytes(bytes(content) if number else b"")
    later = again(model)
    kept = later.keep_neighbors(folder=tmp_path)
    torch.testing.assert_close(later(**INPUTS.asdict()).logits, expected)
    assert kept.misses == len(files)
    assert again(model).keep_neighbors(folder=tmp_path) is not None
    repaired = again(model)
    kept = repaired.keep_neighbors(folder=tmp_path)
    repaired(**INPUTS.asdict())
    assert kept.misses == 0


@torch.no_grad()
def test_other_weights_find_nothing_also_when_they_change_later(tmp_path: Path) -> None:
    model = learned(tiny_own(adapt_neighbors=True))
    model.keep_neighbors(folder=tmp_path)
    model(**INPUTS.asdict())
    count = len(files_of(tmp_path))
    weight = next(
        weight for name, weight in model.named_parameters() if model.stores(name) and weight.dim() == 2
    )
    changed = again(model)
    dict(changed.named_parameters())[
        next(name for name, other in model.named_parameters() if other is weight)
    ].flatten()[0].add_(1e-6)
    kept = changed.keep_neighbors(folder=tmp_path)
    changed(**INPUTS.asdict())
    assert kept.misses == count
    assert len(files_of(tmp_path)) == 2 * count
    weight.add_(0.5)  # after the folder was given
    expected = again(model)(**INPUTS.asdict()).logits
    torch.testing.assert_close(model(**INPUTS.asdict()).logits, expected)
    assert len(files_of(tmp_path)) == 2 * count


@torch.no_grad()
def test_the_folder_stays_within_its_capacity_and_keeps_what_is_not_its_own(tmp_path: Path) -> None:
    model = learned(tiny_own())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x" * 10_000)
    model.keep_neighbors(folder=tmp_path)
    model(**INPUTS.asdict())
    size = max(path.stat().st_size for path in files_of(tmp_path))
    later = again(model)
    later.keep_neighbors(folder=tmp_path, folder_capacity=2 * size)
    later(**draw_inputs(tokens=14, ragged=True, seed=5).asdict())
    assert 0 < sum(path.stat().st_size for path in files_of(tmp_path)) <= 2 * size
    assert (tmp_path / "mine" / "letter.txt").read_text() == "x" * 10_000
    assert not list(tmp_path.rglob("*.new"))


@torch.no_grad()
def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    model = learned(tiny_own())
    expected = model(**INPUTS.asdict()).logits
    model.keep_neighbors(folder=tmp_path / "kept")
    (tmp_path / "kept").write_text("a file came in between")
    with pytest.warns(OpenbookWarning, match="cannot be kept there"):
        torch.testing.assert_close(model(**INPUTS.asdict()).logits, expected)


def test_what_cannot_keep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for given, message in (
        ({"folder": tmp_path / "file"}, "is a file"),
        ({"folder": tmp_path, "folder_capacity": 0}, "capacity 0"),
    ):
        with pytest.raises(SettingsError, match=message):
            tiny_own().keep_neighbors(**given)
    with pytest.raises(SettingsError, match="reader 'own'"):
        tiny_retrofit().keep_neighbors(folder=tmp_path)
