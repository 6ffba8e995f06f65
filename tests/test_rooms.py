"""The floor plan: which room may import which, no circle among files, no name that stands for two things.

Imports inside functions and under TYPE_CHECKING count too: a circle that is put off is still a circle.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import openbook

SOURCE = Path(openbook.__file__).parent
CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"

ROOMS = {
    "openbook": {"errors", "progress"},
    "text": set(),
    "model": set(),
    "database": {"text"},
    "generation": {"database", "model", "text"},
    "evaluate": {"database", "generation", "model", "text"},
    "train": {"database", "evaluate", "generation", "model", "text"},
    "serve": {"database", "evaluate", "generation", "model", "text"},
    "cluster": {"database", "evaluate", "generation", "model", "serve", "text", "train"},
    "cli": {"cluster", "database", "evaluate", "generation", "model", "serve", "text", "train"},
}
"""What each room may import, beside the ground floor."""

GROUND = {
    "base_types",
    "errors",
    "escapes",
    "given",
    "lazy_names",
    "model_options",
    "phrases",
    "progress",
    "durable",
    "linear_kernel",
    "lock",
    "pretrained",
    "search_modes",
}

FLOORS = (
    "storage",
    "search",
    "documents",
    "units",
    "near_copies",
    "write",
    "shards",
    "lobby",
    "neighbors",
    "retokenize",
    "repair",
)
"""The rooms of the database, from the lowest up. Each imports from those below.

The lobby is the files beside the rooms, where a database is opened. Of them `repair` alone uses the rooms
above, and is a floor by itself.
"""

SAME_ROLE = {
    "__init__.py",  # a room's front door
    "app.py",  # the application: of the command line, of HTTP
    "causal_lm.py",  # of RETRO, of a retrofit
    "config.py",
    "decoder.py",
    "retokenize.py",  # the verb, and what it calls
    "settings.py",  # of a database, of a training run
}
"""File names that may stand in several rooms, because they are the same thing of another subject."""


def module_of(path: Path) -> str:
    """`database/search/dense.py` is `database.search.dense`; a room's __init__ is the room."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


def imports_of(module: str) -> Iterator[str]:
    """The modules of openbook that a module names anywhere in its text."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            while parts[0] == "openbook" and parts[1:]:
                if ".".join(parts[1:]) in MODULES:
                    yield ".".join(parts[1:])
                    break
                parts.pop()  # a function or class of the module before it


GRAPH = {module: sorted(set(imports_of(module)) - {module}) for module in MODULES}


@pytest.mark.parametrize("module", [module for module in MODULES if "." in module])
def test_a_file_imports_only_lower_rooms(module: str) -> None:
    room = module.split(".", maxsplit=1)[0]
    allowed = ROOMS[room] | GROUND | {room, ""}
    assert [name for name in GRAPH[module] if name.split(".")[0] not in allowed] == []


def test_the_ground_floor_imports_no_room() -> None:
    wrong = {module: [name for name in GRAPH[module] if name not in GROUND] for module in GROUND}
    assert {module: names for module, names in wrong.items() if names} == {}


def floor_of(module: str) -> int:
    """On which floor of the database a file stands."""
    room = module.split(".")[1]
    return FLOORS.index(room if room in FLOORS else "lobby")


def test_each_room_of_the_database_is_a_floor() -> None:
    assert set(FLOORS) - {"lobby", "repair"} == sub_rooms_of("database")


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("database.")])
def test_the_database_is_built_floor_on_floor(module: str) -> None:
    floor = floor_of(module)
    climbs = [
        name
        for name in GRAPH[module]
        if name == "database" or (name.startswith("database.") and floor_of(name) > floor)
    ]
    assert climbs == []  # `database` itself is the front door, for those outside


@pytest.mark.parametrize("module", MODULES)
def test_statements_about_documents_stand_in_storage_alone(module: str) -> None:
    """Which columns there are, and what they mean, is known in one place."""
    if not module.startswith("database.storage."):
        text = MODULES[module].read_text(encoding="utf-8")
        assert re.findall(r"\b(?:FROM|INTO|JOIN|UPDATE|TABLE) documents\b", text) == []


def test_no_circle() -> None:
    """By depth-first search; the path of the first circle is shown."""
    state: dict[str, str] = {}

    def circle(module: str, path: tuple[str, ...]) -> tuple[str, ...] | None:
        state[module] = "open"
        for name in GRAPH[module]:
            if state.get(name) == "open":
                return (*path, module, name)
            if name not in state and (found := circle(name, (*path, module))):
                return found
        state[module] = "done"
        return None

    circles = [found for module in MODULES if module not in state and (found := circle(module, ()))]
    assert circles == []


def test_a_file_name_stands_for_one_thing() -> None:
    places = defaultdict(list)
    for path in MODULES.values():
        places[path.name].append(str(path.relative_to(SOURCE)))
    twice = {name: found for name, found in places.items() if len(found) > 1 and name not in SAME_ROLE}
    assert twice == {}


def test_a_class_name_stands_for_one_thing() -> None:
    """Those that begin with an underscore are known in their file alone."""
    places = defaultdict(list)
    for module, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_module_of_odds_and_ends() -> None:
    odd = ("utils", "util", "helpers", "misc", "common")
    assert [module for module in MODULES if module.split(".")[-1] in odd] == []


def written_rooms() -> dict[str, tuple[str, str]]:
    """The table of rooms in CONTRIBUTING.md: of each what it does, and what it may import."""
    table = CONTRIBUTING.read_text(encoding="utf-8").partition("| room |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)/` \| (.*) \| (.*) \|$", table, re.MULTILINE)
    return {room: (does, imports) for room, does, imports in rows}


def sub_rooms_of(room: str) -> set[str]:
    """The packages in a room."""
    return {path.parent.name for path in (SOURCE / room).glob("*/__init__.py")}


def test_contributing_has_the_rooms_as_they_are() -> None:
    """The command line and the cluster import nearly all, which the table says shorter."""
    rooms = set(ROOMS) - {"openbook"}
    shorter = {"\u2013": set(), "all": rooms - {"cli"}, "all but cli": rooms - {"cli", "cluster"}}
    written = {
        room: shorter.get(imports, set(imports.split(", "))) for room, (_, imports) in written_rooms().items()
    }
    assert written == {room: ROOMS[room] for room in rooms}


def test_contributing_has_the_floors_of_the_database_in_their_order() -> None:
    does, _ = written_rooms()["database"]
    floors = does.partition(":")[0].split(" < ")
    assert tuple(floor.strip("`").removesuffix("/").removesuffix(".py") for floor in floors) == FLOORS


@pytest.mark.parametrize("room", sorted(set(ROOMS) - {"openbook"}))
def test_contributing_has_the_sub_rooms(room: str) -> None:
    does, _ = written_rooms()[room]
    assert set(re.findall(r"`(\w+)/`", does)) == sub_rooms_of(room)
