"""The limit of descriptors of what is started next."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import pytest

from hitless.lab.verbs.limits import VERBS

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

PRINT = "import resource; print(*resource.getrlimit(resource.RLIMIT_NOFILE))"


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def limits_of_a_child() -> tuple[int, ...]:
    done = subprocess.run([sys.executable, "-c", PRINT], capture_output=True, text=True, check=True)
    return tuple(map(int, done.stdout.split()))


def test_what_is_started_next_has_the_soft_limit_and_may_raise_it() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    stage = cast("Stage", None)
    VERBS["descriptor-limit"](stage, "200")
    assert limits_of_a_child() == (200, hard)
    VERBS["descriptor-limit"](stage, "hard")
    assert limits_of_a_child() == (hard, hard)
