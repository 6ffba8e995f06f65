"""A sync removes nothing of a folder that is emptied or gone, and names what does."""

import shutil
from pathlib import Path

from command_line import OpenBook

WHAT = "to remove what came from it: openbook remove"


def test_who_emptied_a_folder_learns_how_to_remove_what_came_from_it(
    openbook: OpenBook, tmp_path: Path
) -> None:
    db, notes, other = tmp_path / "db", tmp_path / "notes", tmp_path / "other"
    for folder in (notes, other):
        folder.mkdir()
        (folder / f"{folder.name}.md").write_text("River stone and lantern.")
    build = ("build", db, notes, other, "--embedder", "none", "--tokenizer", "train:300")
    assert openbook(*build).code == 0
    (notes / "notes.md").unlink()
    for problem in ("holds no document; give a file or folder with text in it", "no such file or folder"):
        result = openbook("add", db, notes, "--sync")
        assert result.code == 2
        assert result.error.endswith(f"{notes}: {problem}; {WHAT} {db} {notes}")
        assert WHAT not in openbook("add", db, notes).error
        shutil.rmtree(notes, ignore_errors=True)
    assert WHAT not in openbook("add", db, tmp_path / "never", "--sync").error, "nothing came from there"
    assert openbook("remove", db, notes).code == 0
    listed = openbook("list", db, "--json").json
    assert [Path(document["source"]).name for document in listed] == ["other.md"]
