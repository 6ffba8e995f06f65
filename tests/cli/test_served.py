"""How a served model reads, and what it keeps of that."""

from pathlib import Path

import pytest

from openbook.cli.served import Served, server_of
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.serve.server_settings import ServerSettings
from tiny_base import write_base


@pytest.mark.parametrize(("mib", "capacity"), [(3, 3 * 2**20), (0, None)])
def test_it_reads_as_asked_and_keeps_what_was_read_up_to_so_much_memory(
    database: Path, tmp_path: Path, mib: int, capacity: int | None
) -> None:
    base = write_base(tmp_path / "base")
    served = Served(
        str(base),
        database,
        [],
        name=None,
        max_batch=1,
        max_waiting=1,
        kept_mib=mib,
        read_precision="bfloat16",
    )
    state = server_of(served, ServerSettings())
    try:
        assert isinstance(state.model, RetrofitForCausalLM)
        kept = state.model.model.decoder.kept
        assert (None if kept is None else kept.capacity) == capacity
        assert state.model.model.decoder.reading_precision == "bfloat16"
    finally:
        state.engine.close(finish=False)
        state.books.close()
