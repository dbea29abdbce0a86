"""What a file is, by its first bytes: a capture, receipts, a proof, what `show errors` printed, or a log."""

import os
import stat
from pathlib import Path

from hitless.errors import EvidenceError
from hitless.explain.captures.pcap import is_pcap
from hitless.explain.captures.pcapng import is_pcapng
from hitless.explain.error_snapshots import is_show_errors
from hitless.explain.inputs.unpacked import Unpacked, open_unpacked, unpack_start
from hitless.explain.sources.standard_input import peek_start
from hitless.explanations import InputKind

__all__ = ["kind_of"]

_START_BYTES = 4096
_OF_RECEIPT = (b'"format":', b'"outcome":', b'"requester":')
_OF_PROOF = (b'"schema":', b'"hitless":', b'"haproxy":', b'"via":')
_RECEIPTS = "receipts-"
_BUNDLE = {"meta.json", "events.jsonl"}


def kind_of(path: str) -> InputKind:
    """Return what a file or directory is, or standard input ("-"), of which nothing is taken away.

    Raises: EvidenceError if it cannot be read, or is a directory of something else.
    """
    if path == "-":
        return _kind_of_start(_read_start(unpack_start(peek_start())))
    try:
        status = os.stat(path)  # noqa: PTH116 - beside open
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise EvidenceError(f"{path} cannot be read: {reason}.") from error
    if stat.S_ISDIR(status.st_mode):
        return _kind_of_directory(path)
    if not stat.S_ISREG(status.st_mode):
        return InputKind.LOG  # which says why it takes regular files alone
    return _kind_of_start(_start_of(path))


def _kind_of_start(start: bytes) -> InputKind:
    if is_pcap(start) or is_pcapng(start):
        return InputKind.CAPTURE
    if is_show_errors(start):
        return InputKind.ERRORS
    if start.lstrip().startswith(b"{") and all(key in start for key in _OF_PROOF):
        return InputKind.PROOF
    return InputKind.RECEIPTS if all(key in start for key in _OF_RECEIPT) else InputKind.LOG


def _kind_of_directory(path: str) -> InputKind:
    try:
        names = [entry.name for entry in Path(path).iterdir()]
    except OSError as error:
        raise EvidenceError(f"The directory {path} cannot be listed: {error.strerror}.") from error
    if set(names) >= _BUNDLE:
        return InputKind.PROOF
    if any(name.startswith(_RECEIPTS) and name.endswith(".jsonl") for name in names):
        return InputKind.RECEIPTS
    if any(name.endswith((".journal", ".journal~")) for name in names) or any(
        len(name) == 32 and (Path(path) / name).is_dir() for name in names
    ):
        return InputKind.JOURNAL
    raise EvidenceError(
        f"{path} is a directory without receipts, a journal or a proof.", hint="Name the log files in it."
    )


def _start_of(path: str) -> bytes:
    """Return the first bytes, uncompressed; those of damaged compression are a log's, which says so when it is read."""
    try:
        with open_unpacked(path) as stream:
            return _read_start(stream)
    except (OSError, EvidenceError, ValueError):
        return b""


def _read_start(stream: Unpacked) -> bytes:
    try:
        return stream.read(_START_BYTES)
    except EOFError:
        return b""
