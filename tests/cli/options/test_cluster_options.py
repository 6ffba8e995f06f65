"""Options that only a cluster has a use for."""

import pytest

from openbook.cli.options.cluster_options import check_cluster_options
from openbook.errors import SettingsError


@pytest.mark.parametrize("option", ["workers", "shards", "replicas"])
def test_they_need_a_cluster(option: str) -> None:
    check_cluster_options(None)
    with pytest.raises(SettingsError, match=f"^--{option} 2: needs --ray ADDRESS, or --ray local"):
        check_cluster_options(None, **{option: 2})  # type: ignore[arg-type]
