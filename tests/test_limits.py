import resource
from collections.abc import Iterator

import pytest

from hitless.limits import allow_descriptors


@pytest.fixture
def hard() -> Iterator[int]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def soft_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_the_soft_limit_is_raised_as_far_as_needed(hard: int) -> None:
    assert allow_descriptors(1500)
    assert 1500 < soft_limit() < 2000
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] == hard


def test_what_fits_changes_nothing(hard: int) -> None:
    assert hard >= 1000
    assert allow_descriptors(100)
    assert soft_limit() == 1000


def test_the_hard_limit_is_the_end(hard: int) -> None:
    assert not allow_descriptors(hard)
    assert soft_limit() == hard
