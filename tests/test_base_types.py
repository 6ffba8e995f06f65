"""Which .gguf files are refused by their first lines, and by what transformers reads."""

import struct
from pathlib import Path

import pytest
from transformers.integrations.ggml import GGUF_CONFIG_MAPPING

from openbook.base_types import BASE_TYPES, GGUF_TYPES, require_gguf_type
from openbook.cli.inputs import require_base
from openbook.errors import SettingsError
from openbook.model.retrofitting import load_base


def write_head(path: Path, architecture: str, *, key: str = "general.architecture") -> Path:
    """Write how such a file begins; the vocabulary that follows is left out."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, 0, 1)
    for number, text in ((None, key), (8, architecture)):
        head += b"" if number is None else struct.pack("<I", number)
        head += struct.pack("<Q", len(text)) + text.encode()
    path.write_bytes(head)
    return path


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        (
            "gemma4",
            r"new\.gguf: models of architecture 'gemma4' cannot be loaded.*; give one of llama, .*hub$",
        ),
        ("gpt-oss", "cannot retrofit a model of type 'gpt_oss': its attention has sinks"),
    ],
)
def test_a_file_of_another_kind_is_refused_before_its_vocabulary_is_read(
    tmp_path: Path, architecture: str, said: str
) -> None:
    file = write_head(tmp_path / "new.gguf", architecture)
    for retrofits in (True, False):
        with pytest.raises(SettingsError, match=said):
            require_base(str(file), retrofits=retrofits)
    with pytest.raises(SettingsError, match=said):
        load_base(str(file))


def test_others_go_on(tmp_path: Path) -> None:
    require_gguf_type(write_head(tmp_path / "known.gguf", "llama"))
    require_gguf_type(write_head(tmp_path / "other.gguf", "gemma4", key="general.name"))
    for content in (b"", b"GGUF", b"no such file"):
        (tmp_path / "damaged.gguf").write_bytes(content)
        require_gguf_type(tmp_path / "damaged.gguf")


def test_the_list_is_that_of_transformers() -> None:
    supported = {name for names in BASE_TYPES.values() for name in names}
    assert set(GGUF_TYPES.values()) <= supported
    read = {{"gemma3": "gemma3_text"}.get(name, name) for name in GGUF_CONFIG_MAPPING}
    assert read & supported == set(GGUF_TYPES.values())
