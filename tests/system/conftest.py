"""What system tests share: they skip on a laptop, and fail where they are told to run."""

import os
from pathlib import Path

import pytest

MUST_RUN = os.environ.get("HITLESS_SYSTEM_TESTS") == "1"


def require(condition: object, reason: str) -> None:
    """Skip unless `condition` holds; with HITLESS_SYSTEM_TESTS=1 a missing condition is a failure."""
    if condition:
        return
    if MUST_RUN:
        pytest.fail(f"HITLESS_SYSTEM_TESTS=1, but: {reason}")
    pytest.skip(reason)


@pytest.fixture(params=["/usr/sbin/haproxy", "embedded"])
def haproxy_path(request: pytest.FixtureRequest) -> str:
    """The installed HAProxy and the embedded one, each in turn."""
    from hitless.control import find_embedded

    if request.param == "embedded":
        embedded = find_embedded()
        require(embedded, "the extra `embedded` is not installed")
        return str(embedded)
    require(Path(request.param).exists(), "no installed HAProxy")
    return str(request.param)
