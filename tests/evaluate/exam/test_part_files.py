"""The files of the parts: read as texts, refused where they are wrong, and part of the package."""

import tomllib
from pathlib import Path

import pytest
import yaml

import openbook
from openbook.errors import SettingsError
from openbook.evaluate.exam import PARTS, Part
from openbook.evaluate.exam.part_files import part_folder, read_section


def test_every_value_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("syllables: [no, on, 12]\nend: null\n", "utf-8")
    section = read_section(tmp_path, "names")
    assert section.texts("syllables") == ("no", "on", "12")
    assert section.text("end") == "null"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names.yaml: must have names"),
        ("- a\n", "names.yaml: must have names"),
        ("a: [b\n", "names.yaml: not YAML"),
        ("a: [b]\nc: [d]\na: [e]\n", "names.yaml: a stands there again in line 3"),
        ("a: []\n", "names.yaml: a: must be a list of one text or more"),
        ("a: b\n", "names.yaml: a: must be a list of one text or more"),
        ("a:\n", "names.yaml: a: must be a list of one text or more"),
        ("a: [b, '']\n", "names.yaml: a: must be a text in line 1"),
        ("a: [[b]]\n", "names.yaml: a: must be a text in line 1"),
        ("b: [a]\n", "names.yaml: unknown name 'b'"),
        ("a: [b]\n", "names.yaml: c is missing"),
    ],
)
def test_wrong_files_are_refused_by_file_and_name(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "names.yaml").write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=message):
        section = read_section(tmp_path, "names")
        section.texts(next(iter(section.values)))
        section.require(("a", "c"))


def test_both_loaders_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = read_section(part_folder("test"), "words")
    monkeypatch.setattr("openbook.evaluate.exam.part_files._Loader", yaml.BaseLoader)
    slow = read_section(part_folder("test"), "words")
    assert {sort: quick.texts(sort) for sort in quick.values} == {
        sort: slow.texts(sort) for sort in slow.values
    }


@pytest.mark.parametrize("part", PARTS)
def test_the_package_holds_the_files(part: Part) -> None:
    package = Path(openbook.__file__).parent
    settings = tomllib.loads((package.parents[1] / "pyproject.toml").read_text("utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["openbook"]
    packaged = {path for pattern in patterns for path in package.glob(pattern)}
    found = set(Path(str(part_folder(part))).iterdir())
    names = {"names", "people", "places", "remarks", "things", "words", "works"}
    assert {path.stem for path in found} == names
    assert found <= packaged
