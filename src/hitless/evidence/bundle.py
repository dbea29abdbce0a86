"""The bundle on disk: everything that a verdict rests on, so that it can be judged and drawn again anywhere.

    meta.json            BundleMeta
    config/              the bytes of the configuration
    attempts-N.bin       the attempts of load process N (hitless.attempts)
    events.jsonl         one Event a line, in order of time
    counters.json        list of CounterReading
    facts.json           what the run found out about its setup, to judge it again
    verdict.json         the result
                         (the forms of these two belong to whoever judges)

Reading trusts nothing: sizes are bounded, symbolic links and anything but plain files are refused.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, TypeVar

import msgspec

from hitless.errors import EvidenceError
from hitless.evidence.abandoned import PARTIAL_SUFFIX, hold, remove_abandoned
from hitless.evidence.bundle_meta import SCHEMA, BundleMeta, ConfigurationFile
from hitless.evidence.model import CounterReading
from hitless.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    import numpy as np
    import numpy.typing as npt

__all__ = ["Bundle", "BundleWriter"]

T = TypeVar("T")

META, FACTS, VERDICT = "meta.json", "facts.json", "verdict.json"
EVENTS, COUNTERS, CONFIG = "events.jsonl", "counters.json", "config"
_MAX_JSON_SIZE_BYTES = 64 * 1024 * 1024
_MAX_EVENTS_SIZE_BYTES = 2 * 1024 * 1024 * 1024
_MAX_LINE_SIZE_BYTES = 256 * 1024
_MAX_CONFIGURATION_SIZE_BYTES = 64 * 1024 * 1024
_MAX_ATTEMPTS_FILES = 256


class BundleWriter:
    """Writes a bundle into `NAME.partial`, which becomes `NAME` by `commit`; a context manager.

    Left without `commit` (an error, Ctrl-C), the partial directory is removed; one that a killed run has left under the
    same name is removed before. Directories are 0700, files
    0600: log lines and configurations hold secrets.
    Raises: EvidenceError if the bundle is there already or cannot be written, or another run writes it.
    """

    def __init__(self, directory: Path) -> None:
        self._final = directory
        self._partial = directory.with_name(directory.name + PARTIAL_SUFFIX)
        self._files: list[ConfigurationFile] = []
        remove_abandoned(self._partial)
        with _writing(self._partial):
            if os.path.lexists(directory):
                raise FileExistsError(None, "it is there already", str(directory))
            self._partial.mkdir(mode=0o700)
            self._held = hold(self._partial)
            (self._partial / CONFIG).mkdir(mode=0o700)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()
        os.close(self._held)

    @property
    def directory(self) -> Path:
        """Where files are written until `commit`."""
        return self._partial

    def attempts_path(self, process: int) -> Path:
        """Return where load process number `process` is to create its table of attempts."""
        return self._partial / f"attempts-{process}.bin"

    def add_configuration(self, name: str, data: bytes) -> None:
        """Store the bytes of a configuration file that was given as `name`."""
        stored_as = f"{len(self._files)}.cfg"
        self._write(f"{CONFIG}/{stored_as}", [data])
        self._files.append(
            ConfigurationFile(name=name, sha256=hashlib.sha256(data).hexdigest(), stored_as=stored_as)
        )

    def write_events(self, events: Iterable[Event]) -> None:
        """Store the events, in order of time."""
        encoder = msgspec.json.Encoder()
        ordered = sorted(events, key=lambda event: event.t_ns)
        self._write(EVENTS, (encoder.encode(event) + b"\n" for event in ordered))

    def write_counters(self, readings: Sequence[CounterReading]) -> None:
        """Store the readings of the kernel's counters."""
        self._write(COUNTERS, [msgspec.json.encode(readings)])

    def write_facts(self, facts: object) -> None:
        """Store what is needed to judge the run again, any value that msgspec can encode."""
        self._write(FACTS, [msgspec.json.format(msgspec.json.encode(facts), indent=1)])

    def write_verdict(self, verdict: object) -> None:
        """Store the verdict, any value that msgspec can encode."""
        self._write(VERDICT, [msgspec.json.format(msgspec.json.encode(verdict), indent=1)])

    def commit(self, meta: BundleMeta) -> Path:
        """Write `meta.json`, give the bundle its name, and return where it is; a crash cannot hurt it then.

        Raises: EvidenceError.
        """
        attempts = sum(1 for _ in self._partial.glob("attempts-*.bin"))
        whole = msgspec.structs.replace(meta, files=tuple(self._files), attempts_files=attempts)
        self._write(META, [msgspec.json.format(msgspec.json.encode(whole), indent=1)])
        with _writing(self._final):
            for path in (*self._partial.glob("attempts-*.bin"), self._partial / CONFIG, self._partial):
                _sync(path)
            self._partial.rename(self._final)
            _sync(self._final.parent)
        return self._final

    def abandon(self) -> None:
        """Remove what was written; after `commit` there is nothing to remove."""
        shutil.rmtree(self._partial, ignore_errors=True)

    def _write(self, name: str, chunks: Iterable[bytes]) -> None:
        path = self._partial / name
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with _writing(path), os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())


class Bundle:
    """A bundle that was read back. Everything but `meta` is read when asked for."""

    def __init__(self, path: Path, meta: BundleMeta) -> None:
        self.path = path
        self.meta = meta

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the bundle in a directory.

        Raises: EvidenceError with what is wrong: no bundle, of another schema, damaged.
        """
        if not path.is_dir():
            raise EvidenceError(f"{path} is no bundle: no such directory")
        try:
            raw = _read(path / META, _MAX_JSON_SIZE_BYTES)
        except EvidenceError as error:
            raise EvidenceError(f"{path} is no bundle: {error.message}") from error
        schema = _decode(path / META, raw, _Schema).schema
        if schema != SCHEMA:
            raise EvidenceError(
                f"{path}: a bundle of schema {schema}; this version reads schema {SCHEMA}",
                hint="read it with the version of hitless that wrote it",
            )
        return cls(path, _decode(path / META, raw, BundleMeta))

    def configuration(self) -> dict[str, bytes]:
        """Return the configuration's files by the names they were given as.

        Raises: EvidenceError if one is missing or is not what was stored.
        """
        files: dict[str, bytes] = {}
        for file in self.meta.files:
            if Path(file.stored_as).name != file.stored_as:
                raise EvidenceError(
                    f"{self.path}: a configuration file outside of the bundle: {file.stored_as!r}"
                )
            data = _read(self.path / CONFIG / file.stored_as, _MAX_CONFIGURATION_SIZE_BYTES)
            if hashlib.sha256(data).hexdigest() != file.sha256:
                raise EvidenceError(f"{self.path}: {file.stored_as} ({file.name}) was changed since")
            files[file.name] = data
        return files

    def attempts(self) -> npt.NDArray[np.void]:
        """Return the attempts of all load processes as one table. Raises: EvidenceError."""
        from hitless.attempts import combine_attempts, read_attempts  # numpy is slow to import

        return combine_attempts([self._of_table(path, read_attempts) for path in self._tables()])

    def lost_attempts(self) -> int:
        """Return how many attempts found no room in the tables: they are missing. Raises: EvidenceError."""
        from hitless.attempts import read_lost

        return sum(self._of_table(path, read_lost) for path in self._tables())

    def _tables(self) -> list[Path]:
        if not 0 <= self.meta.attempts_files <= _MAX_ATTEMPTS_FILES:
            raise EvidenceError(f"{self.path}: {self.meta.attempts_files} tables of attempts")
        return [self.path / f"attempts-{number}.bin" for number in range(self.meta.attempts_files)]

    def _of_table(self, path: Path, read: Callable[[Path], T]) -> T:
        _require_plain_file(path)
        try:
            return read(path)
        except (OSError, ValueError) as error:
            raise EvidenceError(f"{self.path}: {error}") from error

    def events(self) -> Iterator[Event]:
        """Yield the events, in order of time. Raises: EvidenceError at the first line that is none."""
        path = self.path / EVENTS
        decoder = msgspec.json.Decoder(Event)
        number = 0
        with _opened(path, _MAX_EVENTS_SIZE_BYTES) as file:
            while line := file.readline(_MAX_LINE_SIZE_BYTES):
                number += 1
                try:
                    yield decoder.decode(line)
                except msgspec.MsgspecError as error:
                    raise EvidenceError(f"{path}: line {number}: {error}") from error

    def counters(self) -> list[CounterReading]:
        """Return the readings of the kernel's counters. Raises: EvidenceError."""
        path = self.path / COUNTERS
        return _decode(path, _read(path, _MAX_JSON_SIZE_BYTES), list[CounterReading])

    def facts(self, form: type[T]) -> T:
        """Return the facts, as the type that they were written from. Raises: EvidenceError."""
        path = self.path / FACTS
        return _decode(path, _read(path, _MAX_JSON_SIZE_BYTES), form)

    def verdict(self, form: type[T]) -> T:
        """Return the verdict, as the type that it was written from. Raises: EvidenceError."""
        path = self.path / VERDICT
        return _decode(path, _read(path, _MAX_JSON_SIZE_BYTES), form)


class _Schema(msgspec.Struct):
    """What is looked at first."""

    schema: int


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"{path}: the bundle cannot be written: {error.strerror}", hint="choose another --output"
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_plain_file(path: Path) -> int:
    """Return the size of a plain file. Raises: EvidenceError if it is missing or something else."""
    try:
        status = path.lstat()
    except OSError as error:
        raise EvidenceError(f"{path.name}: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise EvidenceError(f"{path.name} is not a plain file")
    return status.st_size


@contextmanager
def _opened(path: Path, limit_bytes: int) -> Iterator[IO[bytes]]:
    size_bytes = _require_plain_file(path)
    if size_bytes > limit_bytes:
        raise EvidenceError(f"{path.name} has {size_bytes} bytes, more than the {limit_bytes} that are read")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        file = os.fdopen(descriptor, "rb")
    except OSError as error:
        raise EvidenceError(f"{path.name}: {error.strerror}") from error
    with file:
        yield file


def _read(path: Path, limit_bytes: int) -> bytes:
    with _opened(path, limit_bytes) as file:
        return file.read(limit_bytes)


def _decode(path: Path, raw: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=form)
    except msgspec.MsgspecError as error:
        raise EvidenceError(f"{path}: {error}") from error
