"""Which refusals of a cluster are worth another try, where nobody sits and waits."""

from __future__ import annotations

import pytest

from flows import cluster
from flows.failures import passes_by_itself
from schemas.faults import InputRefusedError


@pytest.mark.parametrize(
    ("error", "is_tried_again"),
    [(OSError("Timed out trying to connect"), True), (ValueError("missing port number in address"), False)],
)
def test_a_silent_scheduler_may_answer_later_and_a_wrong_address_never(error: Exception, is_tried_again: bool) -> None:
    def connect(_: str) -> None:
        raise error

    with pytest.raises(InputRefusedError, match="no Dask scheduler answers there") as refused:
        cluster._connected(cluster.DIRECTLY._replace(connect=connect), "tcp://host:8786")
    assert passes_by_itself(refused.value) == is_tried_again
