from pathlib import Path

from hitless.errors import ExitCode
from tests.cli.commands import hitless


def test_it_prints_without_a_directory() -> None:
    done = hitless("init", "--haproxy-version", "3.2")
    assert done.status == ExitCode.CLEAN
    assert "# ---- /etc/haproxy/haproxy.cfg\nglobal\n" in done.stdout


def test_it_writes_below_a_directory_and_touches_nothing_that_is_there(tmp_path: Path) -> None:
    done = hitless("init", str(tmp_path), "--haproxy-version", "2.8")
    assert done.status == ExitCode.CLEAN, done.stderr
    written = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert written == sorted(line.removeprefix(f"{tmp_path}/") for line in done.stdout.splitlines())
    assert "etc/sysctl.d/90-hitless.conf" in written
    again = hitless("init", str(tmp_path), "--haproxy-version", "2.8")
    assert again.status == ExitCode.USAGE
    assert "nothing was written" in again.stderr


def test_an_audit_of_the_baseline_finds_nothing_at_its_threshold(tmp_path: Path) -> None:
    for version in ("2.2", "2.6", "2.8", "3.0", "3.2"):
        root = tmp_path / version
        assert hitless("init", str(root), "--haproxy-version", version).status == ExitCode.CLEAN
        path = str(root / "etc" / "haproxy" / "haproxy.cfg")
        done = hitless("audit", path, "--haproxy-version", version, "--mode", "master-worker")
        assert done.status == ExitCode.CLEAN, f"{version}: {done.stdout}"


def test_two_versions_are_wrong_usage() -> None:
    assert hitless("init", "--haproxy", "x", "--haproxy-version", "3.2").status == ExitCode.USAGE
    assert hitless("init", "--haproxy-version", "three").status == ExitCode.USAGE
