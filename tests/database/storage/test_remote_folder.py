"""Files below a URL, and what refuses to write to one."""

from pathlib import Path
from uuid import uuid4

import pytest

from openbook.database import Database
from openbook.database.storage.remote_folder import RemoteFolder, copy_folder, url_of
from openbook.errors import DatabaseError


@pytest.fixture(params=["memory", "file"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> RemoteFolder:
    """A folder that is not there yet, in an object store without folders and on a disk."""
    url = f"memory://{uuid4().hex}/book" if request.param == "memory" else f"file://{tmp_path}/book"
    return RemoteFolder(url)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("mybook", None),
        ("C:/books/mybook", None),
        ("a::b", None),
        ("s3://bucket/mybook", "s3://bucket/mybook"),
        (Path("s3://bucket/mybook"), "s3://bucket/mybook"),
        (Path("file:///kim/mybook"), "file:///kim/mybook"),
        (Path("https://host:80/a/b"), "https://host:80/a/b"),
    ],
)
def test_a_path_that_lost_a_slash_is_a_url(path: str | Path, url: str | None) -> None:
    assert url_of(path) == url


def test_a_folder_that_is_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:" / "bucket").mkdir(parents=True)
    assert url_of("s3:/bucket") is None


def test_files_are_put_listed_fetched_and_removed(remote: RemoteFolder, tmp_path: Path) -> None:
    assert remote.files() == {} and remote.read("book.json") is None
    (tmp_path / "one").write_bytes(b"first")
    remote.put(tmp_path / "one", "shard-00000/one")
    remote.replace("book.json", b"{}")
    assert list(remote.files()) == ["book.json", "shard-00000/one"]
    before = remote.files()
    remote.replace("book.json", b"{...}")
    assert remote.files()["book.json"] != before["book.json"]
    assert remote.files()["shard-00000/one"] == before["shard-00000/one"]
    remote.fetch("shard-00000/one", tmp_path / "fetched" / "one")
    assert (tmp_path / "fetched" / "one").read_bytes() == b"first"
    assert remote.read("book.json") == b"{...}"
    remote.remove("book.json")
    remote.remove("book.json")
    assert list(remote.files()) == ["shard-00000/one"]
    with pytest.raises(DatabaseError, match=r"book/absent: cannot be reached"):
        remote.fetch("absent", tmp_path / "absent")


def test_a_file_system_that_nobody_knows_is_named() -> None:
    with pytest.raises(DatabaseError, match=r"nowhere://bucket/book: cannot be reached: .*nowhere"):
        RemoteFolder("nowhere://bucket/book")


def test_each_url_has_a_copy_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one, other = copy_folder("s3://bucket/mybook/"), copy_folder("s3://other/mybook")
    assert one == copy_folder("s3://bucket/mybook") != other
    assert one.is_relative_to(tmp_path) and one.name.startswith("mybook-")


def test_no_database_is_made_at_a_url() -> None:
    with pytest.raises(DatabaseError, match=r"s3://bucket/book: is no folder .*build s3://bucket/book"):
        Database.create("s3://bucket/book", tokenizer="gpt2", embedder=None)


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "a//b", "a/.", "c:evil", "a\\evil"])
def test_names_that_lead_out_of_the_copy_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object may have any name, and what is fetched is written to a file of that name."""
    remote = RemoteFolder(f"file://{tmp_path}/store")
    monkeypatch.setattr(remote, "_found", lambda: {f"{tmp_path}/store/{name}": {"size": 4}})
    with pytest.raises(DatabaseError, match="no file of a book is called"):
        remote.files()


@pytest.mark.parametrize("name", ["book.json", "shard-0/tokens/..a", "shard-0/.lock", "a.b/c..d"])
def test_other_names_are_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = RemoteFolder(f"file://{tmp_path}/store")
    monkeypatch.setattr(remote, "_found", lambda: {f"{tmp_path}/store/{name}": {"size": 4}})
    assert list(remote.files()) == [name]
