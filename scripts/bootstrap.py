#!/usr/bin/env python3
"""Set up .venv beside this checkout and install hitless into it, from nothing but Python's standard library.

A fresh Debian or Ubuntu has no ensurepip and no pip, and forbids pip in the system's Python (PEP 668). So: a virtual
environment without pip, and, where ensurepip is missing, pip's own wheel from the configured package index, checked
against the index's SHA-256. No compiler is needed: everything else comes as wheels.

A second run costs a few milliseconds; a run that was interrupted is made good by the next one.
"""

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
STAMP = VENV / "hitless-bootstrap.json"
"""Says what was installed; empty while an installation is going on. It also marks the directory as ours to remove."""
QUIET = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-user")


class SetUpError(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def main() -> int:
    """Parse the command line, set up, and map errors to an exit status."""
    parser = argparse.ArgumentParser(description="Set up .venv with hitless in it.")
    parser.add_argument(
        "--extra", action="append", default=[], help="an extra of pyproject.toml, e.g. embedded, dev"
    )
    options = parser.parse_args()
    require_python()
    try:
        with (ROOT / ".venv.lock").open("w") as lock:
            take(lock)
            set_up(options.extra)
    except (SetUpError, OSError) as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("bootstrap: interrupted; the next run starts over", file=sys.stderr)
        return 130
    return 0


def take(lock: "IO[str]") -> None:
    """Wait until no other set-up goes on here.

    The programs that we start inherit the lock: when this script is killed, the next one waits for them, too.
    """
    fcntl.fcntl(lock, fcntl.F_SETFD, 0)  # no FD_CLOEXEC
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("bootstrap: waiting for another set-up to end", file=sys.stderr, flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def require_python() -> None:
    """Go on with a Python that is new enough, or leave with a clear word (so this file parses on 3.6)."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in range(20, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - no shell is wanted
    wanted = ".".join(map(str, OLDEST_PYTHON))
    sys.exit(
        f"bootstrap: hitless needs Python {wanted} or later; this is {sys.version.split()[0]} and PATH has no newer"
    )


def set_up(extras: "list[str]") -> None:
    """Bring .venv to what pyproject.toml and the extras ask for; extras of earlier runs stay."""
    wish: dict[str, Any] = {
        "python": sys.version,
        "place": str(VENV),
        "pyproject": hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
    }
    done = read_stamp()
    reusable = done.get("python") == wish["python"] and done.get("place") == wish["place"]
    wish["extras"] = sorted({*extras, *done["extras"]} if reusable else set(extras))
    if done == wish:
        return
    if not reusable:
        print("setting up .venv (the first time this takes about a minute)", file=sys.stderr, flush=True)
        create_environment()
    STAMP.write_text("")
    install(wish["extras"])
    STAMP.write_text(json.dumps(wish))


def read_stamp() -> "dict[str, Any]":
    """Return what the last complete run installed, {} if there was none."""
    try:
        done = json.loads(STAMP.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    usable = isinstance(done, dict) and isinstance(done.get("extras"), list) and Path(PYTHON).exists()
    return done if usable else {}


def create_environment() -> None:
    """Make .venv anew, with pip in it."""
    if VENV.is_symlink() or ((VENV / "pyvenv.cfg").exists() and not STAMP.exists()):
        raise SetUpError(f"{VENV} was not made by this script; move it away")
    if VENV.exists():
        # First of all, so that a removal that is interrupted leaves nothing that looks like somebody's environment.
        (VENV / "pyvenv.cfg").unlink(missing_ok=True)
        shutil.rmtree(VENV)
    VENV.mkdir()
    STAMP.write_text("")
    run(sys.executable, "-m", "venv", "--without-pip", str(VENV))
    if importlib.util.find_spec("ensurepip"):
        command = [PYTHON, "-m", "ensurepip", "--default-pip"]
        if subprocess.run(command, check=False, close_fds=False, capture_output=True).returncode == 0:
            return
    import fetch_pip  # beside this file; only a machine without ensurepip needs it

    with tempfile.TemporaryDirectory(dir=VENV) as directory:
        try:
            wheel = fetch_pip.download(Path(directory))
        except fetch_pip.FetchError as error:
            raise SetUpError(f"pip could not be had: {error}") from error
        run(PYTHON, str(wheel / "pip"), "install", "--no-index", "--no-deps", *QUIET, str(wheel))


def install(extras: "list[str]") -> None:
    """Install the checkout, editable, with its dependencies as wheels."""
    what = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    # What is imported is compiled then; compiling all of numpy here would double the time.
    run(PYTHON, "-m", "pip", "install", *QUIET, "--no-compile", "--only-binary=:all:", "--editable", what)


def run(*command: str) -> None:
    """Run a command in the open, so that its own words explain a failure."""
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONHOME", "PYTHONPATH"}}
    status = subprocess.run(command, check=False, close_fds=False, env=environment).returncode
    if status:
        words = " ".join(command)
        raise SetUpError(
            f"this failed with status {status}: {words}\n(its own words are above; the next run starts over)"
        )


if __name__ == "__main__":
    sys.exit(main())
