"""Which HAProxies are found, and what is said of those that are not."""

from pathlib import Path

import pytest

from hitless.errors import HitlessError, UsageError
from hitless.lab import haproxies
from hitless.lab.haproxies import Haproxy, cache_directory, find_haproxies

OLD, NEW = Haproxy((2, 6), "2.6.12", "/a"), Haproxy((2, 8), "2.8.25", "/b")


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(haproxies, "known_haproxies", lambda: {"2.6": OLD, "2.8": NEW})


def test_versions_are_found_and_the_absent_named() -> None:
    assert find_haproxies(["2.6,2.8"]) == ([OLD, NEW], [])
    assert find_haproxies(["all"]) == ([OLD, NEW], ["2.2", "3.0", "3.2"])
    assert find_haproxies(["2.8", "2.8"]) == ([NEW], [])
    assert find_haproxies([]) == ([NEW], [])


def test_nothing_at_all_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"no HAProxy 3\.2"):
        find_haproxies(["3.2"])


def test_a_program_that_is_no_haproxy_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HitlessError):
        find_haproxies([str(tmp_path / "haproxy")])


def test_the_cache_is_where_the_script_puts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import haproxy_versions

    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_directory() == haproxy_versions.default_directory() == Path("/x/hitless/haproxy")
    assert set(haproxies.BRANCHES) == set(haproxy_versions.VERSIONS)
