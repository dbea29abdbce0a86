"""The store. tests/system/test_receipts_store.py fills a real disk."""

import contextlib
import errno
import fcntl
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from hitless.reload import receipts
from hitless.reload.receipt_files import Unreadable
from hitless.reload.receipt_line import encode_line
from hitless.reload.receipts import append_receipt, read_receipts, receipts_directory
from hitless.reloads import Receipt
from hitless.store import ChangeError
from tests.reload.made_receipts import make_full, make_receipt

NAME = "receipts-2026-11.jsonl"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "receipts")


def test_the_newest_comes_first(store: str) -> None:
    for number in range(3):
        assert append_receipt(store, make_full(number)) == f"{store}/{NAME}"
    assert list(read_receipts(store)) == [make_full(2), make_full(1), make_full(0)]


def test_it_is_private(store: str) -> None:
    append_receipt(store, make_receipt())
    assert Path(store).stat().st_mode & 0o777 == 0o700
    assert (Path(store) / NAME).stat().st_mode & 0o777 == 0o600


def test_a_group_that_may_read_the_directory_may_read_what_is_in_it(store: str) -> None:
    Path(store).mkdir(parents=True)
    Path(store).chmod(0o750)
    append_receipt(store, make_receipt())
    assert (Path(store) / NAME).stat().st_mode & 0o777 == 0o640


def test_where_it_is(tmp_path: Path) -> None:
    assert receipts_directory(str(tmp_path)) == f"{tmp_path}/receipts"
    assert receipts_directory().endswith("/hitless/receipts")


def test_the_month_is_that_of_the_reload(store: str) -> None:
    append_receipt(store, make_receipt(started_at="2026-12-01T00:30:00+01:00"))
    append_receipt(store, make_receipt(started_at="2026-12-01T01:30:00+01:00"))
    assert sorted(p.name for p in Path(store).iterdir()) == [NAME, "receipts-2026-12.jsonl"]


def test_reading_reads_no_more_than_it_must(store: str) -> None:
    for month in range(1, 6):
        append_receipt(store, make_receipt(month, started_at=f"2026-{month:02}-01T00:00:00Z"))
    (Path(store) / "receipts-2026-01.jsonl").write_bytes(b"x" * 10_000_000)
    with contextlib.closing(read_receipts(store)) as reader:
        assert next(reader) == make_receipt(5, started_at="2026-05-01T00:00:00Z")


def test_a_torn_line_is_skipped_said_and_ended(store: str) -> None:
    append_receipt(store, make_receipt(0))
    with (Path(store) / NAME).open("ab") as file:
        file.write(encode_line(make_receipt(1))[:100])
    torn, first = read_receipts(store)
    assert isinstance(torn, Unreadable)
    assert first == make_receipt(0)
    append_receipt(store, make_receipt(2))
    second, torn, first = read_receipts(store)
    assert (second, first) == (make_receipt(2), make_receipt(0))
    assert isinstance(torn, Unreadable)
    assert (Path(store) / NAME).read_bytes().count(b"\n") == 3


_LIMITED = """
import resource, sys
from hitless.reload.receipts import append_receipt
from hitless.store import ChangeError
from tests.reload.made_receipts import make_receipt
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    append_receipt(sys.argv[1], make_receipt(1))
except ChangeError as error:
    print(error.message)
"""


def test_half_a_write_leaves_nothing(store: str) -> None:
    append_receipt(store, make_receipt(0))
    before = (Path(store) / NAME).read_bytes()
    # The limit on a file's size lets the kernel write a part, as a full disk does.
    words = [sys.executable, "-c", _LIMITED, store, str(len(before) + 100)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(words, check=True, capture_output=True, text=True, env=environment).stdout
    assert os.strerror(errno.EFBIG) in said
    assert (Path(store) / NAME).read_bytes() == before
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_link_in_its_place_is_not_followed(store: str, tmp_path: Path) -> None:
    Path(store).mkdir(parents=True, mode=0o700)
    (Path(store) / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ChangeError, match="cannot be kept"):
        append_receipt(store, make_receipt())
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_in_its_place_is_refused(store: str) -> None:
    Path(store).mkdir(parents=True, mode=0o700)
    os.mkfifo(Path(store) / NAME)
    with pytest.raises(ChangeError, match="no regular file"):
        append_receipt(store, make_receipt())


def test_a_lock_that_is_never_given_back_is_an_error(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    append_receipt(store, make_receipt())
    monkeypatch.setattr(receipts, "_LOCK_DEADLINE_S", 0.05)
    with (Path(store) / NAME).open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ChangeError, match="holds its lock"):
            append_receipt(store, make_receipt(1))
    append_receipt(store, make_receipt(2))
    assert list(read_receipts(store)) == [make_receipt(2), make_receipt()]


def test_the_oldest_months_go_when_a_new_one_begins(store: str) -> None:
    def month(number: int) -> Receipt:
        return make_receipt(number, started_at=f"2026-{number:02}-01T00:00:00Z")

    for number in range(1, 7):
        append_receipt(store, month(number), keep_months=3)
    assert list(read_receipts(store)) == [month(6), month(5), month(4)]
    # A clock that is wrong once removes no history, and the receipt is kept.
    append_receipt(store, make_receipt(started_at="1970-01-01T00:00:00Z"), keep_months=3)
    assert list(read_receipts(store))[-1] == make_receipt(started_at="1970-01-01T00:00:00Z")
    assert list(read_receipts(store))[:3] == [month(6), month(5), month(4)]


def test_a_long_month_has_parts_and_the_oldest_go(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(encode_line(make_receipt()))
    monkeypatch.setattr(receipts, "PART_BYTES", 3 * size - 1)
    for number in range(20):
        append_receipt(store, make_receipt(number), keep_bytes=7 * size)
    names = sorted(p.name for p in Path(store).iterdir())
    assert names == [f"receipts-2026-11.00{part}.jsonl" for part in (4, 5, 6)]
    assert list(read_receipts(store)) == [make_receipt(number) for number in range(19, 11, -1)]


def test_a_time_that_is_none_is_not_kept(store: str) -> None:
    with pytest.raises(ValueError, match="yesterday"):
        append_receipt(store, make_receipt(started_at="yesterday"))
    assert not Path(store).exists()


_WRITER = """
import sys
from hitless.reload.receipts import append_receipt
from tests.reload.made_receipts import make_full
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    append_receipt(sys.argv[1], make_full(number, id=f"{sys.argv[2]}-{number}"))
"""


def test_many_writers_lose_and_mix_nothing(store: str) -> None:
    processes, each = 16, 20
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, store, str(writer), str(each)],
            stdin=subprocess.PIPE,
            env=environment,
        )
        for writer in range(processes)
    ]
    for process in writers:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(150) for process in writers] == [0] * processes
    found = list(read_receipts(store))
    assert all(isinstance(receipt, Receipt) for receipt in found)
    ids = [receipt.id for receipt in found if isinstance(receipt, Receipt)]
    assert sorted(ids) == sorted(
        f"{writer}-{number}" for writer in range(processes) for number in range(each)
    )
    for writer in range(processes):
        own = [receipt_id for receipt_id in ids if receipt_id.startswith(f"{writer}-")]
        assert own == [f"{writer}-{number}" for number in range(each)][::-1]
