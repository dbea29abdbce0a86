"""HAProxy of another Debian suite, made to run on this system with its own loader and libraries.

apt works with a state of its own below a work directory: nothing of this system's apt is read but the mirror's address
and how to reach it, and nothing is changed. The suite's signature is checked as apt always does.

Why patchelf and not a wrapper: HAProxy's master starts itself again by argv[0] at each reload, and would leave
`ld.so --library-path` behind. Why DT_RPATH: unlike DT_RUNPATH it also holds for the libraries of libraries.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_DEADLINE_S = 300.0
WORDS_SHOWN = 600
LOADED_AT_RUN_TIME = ("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2")
"""What glibc opens by name: `ldd` does not show it."""
MAX_LINKS = 16


class InstallError(Exception):
    """A version cannot be had; the text says why."""


def run(*command: str, work: Path | None = None, timeout_s: float = APT_DEADLINE_S) -> str:
    """Run a program and return what it prints; its temporary files go to `work`.

    Raises: InstallError with the end of its own words.
    """
    environment = os.environ | {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    if work is not None:
        environment["TMPDIR"] = str(work)
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, env=environment,
            stdin=subprocess.DEVNULL, timeout=timeout_s,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"{name} did not end within {timeout_s:g} s") from error
    except OSError as error:
        raise InstallError(f"{name} cannot be started: {error.strerror}") from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip()
        raise InstallError(f"{name} failed with status {done.returncode}: {words[-WORDS_SHOWN:]}")
    return done.stdout


def build(suite: str, work: Path, built: Path, place: Path, *, patchelf: Path, mirror: str | None) -> None:
    """Put the suite's HAProxy with all it needs into `built`, so that it runs once it has been moved to `place`."""
    root = work / "root"
    for package in download(suite, work, mirror):
        run("dpkg-deb", "--extract", str(package), str(root))
    haproxy = built / "haproxy"
    shutil.copyfile(root / "usr" / "sbin" / "haproxy", haproxy)
    haproxy.chmod(0o755)
    interpreter = Path(run(str(patchelf), "--print-interpreter", str(haproxy)).strip())
    copy_libraries(root, interpreter.name, haproxy, built / "lib")
    run(str(patchelf), "--force-rpath", "--set-rpath", str(place / "lib"), str(haproxy))
    run(str(patchelf), "--set-interpreter", str(place / "lib" / interpreter.name), str(haproxy))


def download(suite: str, work: Path, mirror: str | None) -> list[Path]:
    """Download HAProxy and everything it depends on, libc included; return the packages."""
    if not KEYRING.exists():
        raise InstallError(f"{KEYRING} is not here, so Debian's signatures cannot be checked")
    configuration = write_apt_configuration(work, sources(suite, mirror, work))
    apt = ("apt-get", "-c", str(configuration), "-qq")
    run(*apt, "update", work=work)
    run(*apt, "install", "--download-only", "--yes", "haproxy", work=work)
    packages = sorted((work / "apt" / "cache" / "archives").glob("*.deb"))
    if not any(package.name.startswith("haproxy_") for package in packages):
        raise InstallError(f"apt found no haproxy in {suite}")
    return packages


def sources(suite: str, mirror: str | None, work: Path) -> str:
    """Return the sources of a suite and of its security updates, on the mirror that this system uses."""
    configured = [] if mirror else configured_repositories(work)
    main = mirror or next((uri for uri, release in configured if is_debian(uri) and "-" not in release), None)
    if main is None:
        raise InstallError("apt is configured with no Debian mirror; name one with --mirror")
    security = next((uri for uri, release in configured if release.endswith("-security")), None)
    lines = [f"deb [signed-by={KEYRING}] {main} {suite} main"]
    if security is not None:
        lines.append(f"deb [signed-by={KEYRING}] {security} {suite}-security main")
    return "".join(f"{line}\n" for line in lines)


def configured_repositories(work: Path) -> list[tuple[str, str]]:
    """Return address and release of each repository that this system's apt is configured with."""
    listed = run(
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages", work=work
    )
    return [(uri, release) for uri, _, release in (line.partition(" ") for line in listed.splitlines())]


def is_debian(uri: str) -> bool:
    """Whether an address looks like a mirror of Debian's main archive; that it is one, the signature says."""
    return re.search(r"/debian/?$", uri) is not None


def write_apt_configuration(work: Path, sources_text: str) -> Path:
    """Write an apt.conf that keeps apt within the work directory.

    The hooks of the system's own configuration are cleared, for they act on the system. apt's unprivileged user could
    not read a directory below root's home, and what is downloaded is not installed: it needs none.
    """
    state = work / "apt"
    for name in ("lists/partial", "cache/archives/partial", "sources.d", "preferences.d"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()  # nothing is installed, so everything is downloaded
    (state / "sources.list").write_text(sources_text)
    configuration = state / "apt.conf"
    configuration.write_text(f"""\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Default-Release;
#clear DPkg::Pre-Install-Pkgs;
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "{state}/sources.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{state}/preferences.d";
Dir::State "{state}";
Dir::State::Lists "{state}/lists";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Cache::archives "{state}/cache/archives";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::Retries "2";
""")
    return configuration


def copy_libraries(root: Path, loader_name: str, haproxy: Path, lib: Path) -> None:
    """Copy the loader, the libraries that HAProxy is linked with, and those that glibc opens later."""
    lib.mkdir(mode=0o755)
    loader = find(root, loader_name)
    if loader is None:
        raise InstallError(f"the packages have no {loader_name}")
    shutil.copy(loader, lib / loader_name)
    (lib / loader_name).chmod(0o755)
    path = ":".join(sorted({str(library.parent) for library in root.rglob("*.so*")}))
    linked = run(str(lib / loader_name), "--library-path", path, "--list", str(haproxy))
    if missing := re.findall(r"(\S+) => not found", linked):
        raise InstallError(f"these libraries are in no package: {', '.join(missing)}")
    libraries = [Path(found) for found in re.findall(r"=> (/\S+) \(", linked)]
    libraries += [found for name in LOADED_AT_RUN_TIME if (found := find(root, name)) is not None]
    for library in libraries:
        if library.name != loader_name:
            shutil.copy(library, lib / library.name)


def find(root: Path, name: str) -> Path | None:
    """Return the file of this name below an unpacked root, its links followed within that root."""
    # Not rglob(): it passes over a link whose target is not on this system.
    places = sorted(Path(directory) / name for directory, _, files in os.walk(root) if name in files)
    path = places[0] if places else None
    for _ in range(MAX_LINKS):
        if path is None or not path.is_symlink():
            return path
        target = path.readlink()
        path = Path(
            os.path.normpath(root / target.relative_to("/") if target.is_absolute() else path.parent / target)
        )
        if not path.is_relative_to(root):
            return None
    return None
