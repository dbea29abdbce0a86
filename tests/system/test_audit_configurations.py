"""What an audit of files alone says, beside every HAProxy that is here: no rule breaks, and no refusal is invented."""

import subprocess
from pathlib import Path

import pytest

from hitless.audit.engine import INTERNAL_ERROR, audit
from hitless.audit.table import MODULES, load_rule
from hitless.config.tree import parse
from hitless.control.version import parse_version
from hitless.facts import RunMode
from hitless.findings import AuditResult
from hitless.gather import gather_snapshot
from hitless.gather.options import GatherOptions
from tests.system.conftest import require

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent.parent
CONFIGURATIONS = [
    *sorted((ROOT / "examples").glob("*.cfg")),
    *sorted((ROOT / "tests/system/configurations").glob("*.cfg")),
]
SAYS_REFUSED = frozenset({"HL109", "HL404", "HL417", "HL418", "HL421"})
"""As errors they say that `haproxy -c` refuses the line: whatever the host lacks, HAProxy names that line."""
LINES = {
    "hard-stop-after in defaults": "defaults\n    hard-stop-after 30s\n",
    "expose-fd alone": "global\n    expose-fd listeners\n",
    "freebind": "listen l\n    bind 127.0.0.1:0 freebind\n    mode http\n",
    "an address in the header": "listen l 127.0.0.1:81\n    mode http\n",
    "nbproc": "global\n    nbproc 1\n",
    "reqadd": "listen l\n    mode http\n    bind 127.0.0.1:81\n    reqadd X-A:\\ b\n",
    "no end of the last line": "defaults\n    mode http",
    "an accepted file": "global\n    maxconn 100\ndefaults\n    mode http\n    timeout client 30s\n",
}


def _programs() -> list[str]:
    cached = sorted((Path.home() / ".cache/hitless/haproxy").glob("*/haproxy"))
    return [str(path) for path in cached] or ["/usr/sbin/haproxy"]


@pytest.fixture(params=_programs(), ids=lambda path: "-".join(Path(path).parts[-2:]))
def program(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    require(Path(path).exists(), "no haproxy is installed")
    return path


def _version(program: str) -> tuple[int, int, int]:
    said = subprocess.run([program, "-vv"], capture_output=True, text=True, check=True, timeout=30).stdout
    reply = parse_version(said)
    assert reply is not None
    return reply.version


def _audit(path: Path, version: tuple[int, int, int], mode: RunMode) -> AuditResult:
    options = GatherOptions(files=(str(path),), haproxy_version=version, mode=mode, check=False)
    return audit(gather_snapshot(options), [load_rule(code) for code in MODULES])


def _compare(program: str, path: Path) -> None:
    check = subprocess.run(
        [program, "-c", "-f", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    said = check.stdout + check.stderr
    for mode in (RunMode.MASTER_WORKER, RunMode.CLASSIC):
        result = _audit(path, _version(program), mode)
        assert not result.internal_errors
        assert INTERNAL_ERROR not in {finding.code for finding in result.findings}
        for finding in result.findings:
            if finding.code in SAYS_REFUSED and finding.severity == "error":
                assert check.returncode, (finding, said)
                assert finding.place is not None
                assert f":{finding.place.line}]" in said, (finding, said)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_an_audit_agrees_with_haproxy(program: str, path: Path) -> None:
    assert parse(path.read_bytes()).to_bytes() == path.read_bytes()
    _compare(program, path)


@pytest.mark.parametrize("name", LINES)
def test_a_refusal_is_one_of_haproxy(program: str, tmp_path: Path, name: str) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_text(LINES[name])
    _compare(program, path)
