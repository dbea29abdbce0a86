"""Start the daemon: its words, what it inherits, whom it replaces."""

import argparse
import os
import sys
from collections.abc import Sequence

from hitless import __version__
from hitless.errors import ExitCode, HitlessError, UsageError
from hitless.hold.daemon import Daemon, end_on_signals
from hitless.hold.heir import MEMORY_VARIABLE, inherit
from hitless.hold.instance import parse_spec
from hitless.hold.loop import Loop
from hitless.hold.notify import Notifier
from hitless.hold.places import default_directory
from hitless.hold.replace import refuse_second, retire_old, take_from_old
from hitless.limits import allow_descriptors

__all__ = ["main"]

_MOST_DESCRIPTORS = 65_536


def main(words: Sequence[str]) -> int:
    """Run the holder; return its exit status."""
    options = _parser().parse_args(words)
    if options.check:
        return ExitCode.CLEAN
    try:
        return _run(options)
    except HitlessError as error:
        say(error.message)
        if error.hint:
            say(error.hint)
        return error.exit_code


def say(text: str) -> None:
    """Write a line for the journal; what comes from others cannot forge another."""
    print(text.encode("ascii", "backslashreplace").decode().replace("\n", "\\n"), file=sys.stderr, flush=True)  # noqa: T201 - the daemon has no other voice


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hitless hold", description="Hold the listening sockets of HAProxy."
    )
    parser.add_argument("--directory", default=default_directory(), help="where its sockets are")
    parser.add_argument(
        "--instance", action="append", default=[], metavar="NAME[,KEY=VALUE]…", help="hold for this instance"
    )
    parser.add_argument("--replace", action="store_true", help="take everything from the holder that runs")
    parser.add_argument(
        "--check", action="store_true", help="say with the exit status that the program works"
    )
    parser.add_argument("--version", action="version", version=f"hitless {__version__}")
    return parser


def _run(options: argparse.Namespace) -> int:
    specs = [parse_spec(text) for text in options.instance]
    if not options.directory.startswith("/"):
        raise UsageError("--directory needs an absolute path.")
    allow_descriptors(_MOST_DESCRIPTORS)
    loop = Loop()
    notifier = Notifier(os.environ.get("NOTIFY_SOCKET", ""), loop, say)
    inheritance = inherit(os.environ, say)
    renewed = os.environ.pop(MEMORY_VARIABLE, "") != ""
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    old = None
    if not renewed and not inheritance.from_store:
        old = take_from_old(options.directory, inheritance) if options.replace else None
        if not options.replace:
            refuse_second(options.directory)
    daemon = Daemon(options.directory, notifier, say, loop, inheritance=inheritance)
    end_on_signals(daemon)
    daemon.start(() if renewed else specs)  # what was changed since is in the memory
    if old is not None:
        retire_old(old)
    say(f"holds for {', '.join(daemon.instances) or 'nobody yet'} in {options.directory}")
    daemon.run()
    return ExitCode.CLEAN
