"""What worlds are made of, as YAML: a folder for each part, so that training cannot see the exam's wordings.

    parts/train/, parts/test/
        people, places, works, things   how facts are said and asked for, and what answers them
        remarks                         what stands around the facts
        words                           answers that are words
        names                           syllables and other pieces of names

Everything is a text or a list of texts under a name; what is missing, unknown or empty is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

import yaml

from openbook.errors import SettingsError, one_line, refuse_unknown

Part = Literal["train", "test"]
PARTS: tuple[Part, ...] = ("train", "test")

# Every value stays a text: the syllable "no" is not false. The loader in C takes a tenth of the time.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def part_folder(part: Part) -> Traversable:
    """The folder with the files of one part."""
    return files("openbook.evaluate.exam") / "parts" / part


@dataclass(frozen=True, slots=True)
class Section:
    """Named values of a file, or of a name in it.

    Attributes:
        where: the file, then the names that lead here; errors begin with it.
        values: a text, a list or a further section each, not yet checked.
    """

    where: str
    values: Mapping[str, yaml.Node]

    def require(self, names: Iterable[str]) -> None:
        """Refuse other names than these, and that one of them is missing.

        Raises:
            SettingsError: naming it.
        """
        names = tuple(names)
        refuse_unknown(self.values, names, where=self.where)
        for name in names:
            if name not in self.values:
                raise SettingsError(f"{self.where}: {name} is missing; add it")

    def section(self, name: str) -> "Section":
        """What stands under a name, which has names of its own."""
        return _section(self.values[name], f"{self.where}: {name}")

    def text(self, name: str) -> str:
        """The text under a name."""
        return _text(self.values[name], f"{self.where}: {name}")

    def texts(self, name: str) -> tuple[str, ...]:
        """The list of texts under a name."""
        where = f"{self.where}: {name}"
        node = self.values[name]
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise SettingsError(f"{where}: must be a list of one text or more")
        return tuple(_text(item, where) for item in node.value)


def read_section(folder: Traversable, name: str) -> Section:
    """Read a file of a part.

    Args:
        folder: the part's.
        name: of the file, without its ending.

    Raises:
        SettingsError: it is not YAML, has no names or has one twice.
    """
    where = f"{folder.name}/{name}.yaml"
    try:
        node = yaml.compose((folder / f"{name}.yaml").read_bytes(), Loader=_Loader)
    except yaml.YAMLError as error:
        raise SettingsError(f"{where}: not YAML: {one_line(error)}; correct the file") from error
    return _section(node, where)


def _section(node: yaml.Node | None, where: str) -> Section:
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise SettingsError(f"{where}: must have names, each with a value")
    values: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = _text(key, where)
        if name in values:
            line = key.start_mark.line + 1
            raise SettingsError(f"{where}: {name} stands there again in line {line}; keep one")
        values[name] = value
    return Section(where, values)


def _text(node: yaml.Node, where: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value:
        raise SettingsError(f"{where}: must be a text in line {node.start_mark.line + 1}")
    return str(node.value)
