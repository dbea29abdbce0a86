"""`hitless --help` must stay quick: what a command needs is imported when that command runs."""

import subprocess
import sys

HEAVY = {
    "asyncio",
    "cryptography",
    "h2",
    "multiprocessing",
    "numpy",
    "rich",
    "ssl",
    "unittest",
    "wsproto",
}


def imported_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.split()
    )


def test_the_command_line_imports_nothing_heavy() -> None:
    assert not imported_by("import hitless.cli") & HEAVY


def test_help_imports_nothing_heavy() -> None:
    statement = "import contextlib, io, hitless.cli\nwith contextlib.redirect_stdout(io.StringIO()):\n"
    statement += "    with contextlib.suppress(SystemExit): hitless.cli.main(['--help'])"
    assert not imported_by(statement) & HEAVY


def test_this_test_would_see_a_heavy_import() -> None:
    assert imported_by("import hitless.attempts; hitless.attempts.dtype()") >= {"numpy"}
