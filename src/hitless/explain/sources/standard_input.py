"""Standard input: what it begins with tells what it is, and it is read from its beginning all the same."""

import io
import sys

from hitless.errors import EvidenceError

__all__ = ["name_of", "peek_start", "standard_input"]


def name_of(path: str) -> str:
    """Return what an input is called: its path, but for "-"."""
    return "stdin" if path == "-" else path


def standard_input() -> io.BufferedReader:
    """Return standard input.

    Raises: EvidenceError if it is closed, or a terminal.
    """
    stream = sys.stdin
    if stream is None or stream.closed:
        raise EvidenceError("Standard input is closed.", hint="Name a file instead of -.")
    if stream.isatty():
        raise EvidenceError("Standard input is a terminal.", hint="Pipe a log into it.")
    assert isinstance(stream.buffer, io.BufferedReader)
    return stream.buffer


def peek_start() -> bytes:
    """Return the first bytes of standard input, which stay there to be read; b"" at its end.

    Raises: EvidenceError if it is closed, a terminal, or cannot be read.
    """
    try:
        return standard_input().peek()
    except OSError as error:
        raise EvidenceError(f"Standard input cannot be read: {error.strerror}.") from error
