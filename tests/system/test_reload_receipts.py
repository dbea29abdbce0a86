"""Receipts on a disk that is full, and in the journal of a real systemd."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hitless.reload.journal_entry import MESSAGE_ID
from tests.reload.made_receipts import make_full
from tests.system.conftest import require
from tests.system.systemd_bed import REPOSITORY, SystemdBed, systemd_bed

pytestmark = pytest.mark.system

_ENVIRONMENT = os.environ | {
    "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}",
    "PYTHONDONTWRITEBYTECODE": "1",
}

FULL_DISK = """
import os, sys
from pathlib import Path
from hitless.reload.history import find_receipts
from hitless.reload.history_query import Query
from hitless.reload.receipts import append_receipt, read_receipts
from hitless.reloads import Receipt
from hitless.store import ChangeError
from tests.reload.made_receipts import make_full

state = Path(sys.argv[1])
store = str(state / "receipts")
(state / "ballast").write_bytes(b"x" * 16384)
kept = 0
try:
    while True:
        append_receipt(store, make_full(kept))
        kept += 1
except ChangeError as error:
    print(error.message)
full = [path.read_bytes() for path in Path(store).iterdir()]
assert len(full) == 1 and full[0].endswith(b"\\n"), "a torn line was left"
found = find_receipts(store, Query(instance="haproxy"))
assert len(found.receipts) == kept > 5, found
assert not found.unreadable
print(found.not_indexed)
(state / "ballast").unlink()
append_receipt(store, make_full(kept))
numbers = [r.id for r in read_receipts(store) if isinstance(r, Receipt)]
assert numbers == [f"r{number:06}" for number in range(kept, -1, -1)], numbers
"""


def test_a_full_disk_loses_one_receipt_and_damages_none(tmp_path: Path) -> None:
    require(os.geteuid() == 0, "a file system of its own needs root")
    script = 'mount -t tmpfs -o size=64k,mode=700 tmpfs "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        [
            *("unshare", "--mount", "--propagation", "private"),
            *("sh", "-c", script, "sh", str(tmp_path), sys.executable, FULL_DISK),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=_ENVIRONMENT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    refused, not_indexed = done.stdout.splitlines()
    assert "No space left on device" in refused
    assert "full" in not_indexed


AS_ANOTHER = """
import os, sys
from pathlib import Path
from hitless.reload.history import find_receipts
from hitless.reload.history_query import Query
from hitless.reload.receipts import append_receipt
from tests.reload.made_receipts import make_full

store = Path(sys.argv[1]) / "receipts"
store.mkdir(mode=0o750)
os.chown(store, 0, 4242)
store.chmod(0o2750)
for number in range(3):
    append_receipt(str(store), make_full(number))
indexed = sys.argv[2] == "indexed"
if indexed:
    find_receipts(str(store), Query(pid=4791))
os.setgroups([])
os.setgid(4242)
os.setuid(65534)
found = find_receipts(str(store), Query(pid=4791))
assert [receipt.id for receipt in found.receipts] == ["r000001"]
assert (found.not_indexed == "") == indexed, found.not_indexed
assert sorted(path.name for path in store.iterdir()) == [*["index.sqlite"] * indexed, "receipts-2026-11.jsonl"]
"""


@pytest.mark.parametrize("index", ["indexed", "bare"])
def test_a_group_that_may_only_read_gets_the_same_answers(index: str) -> None:
    require(os.geteuid() == 0, "becoming another user needs root")
    with tempfile.TemporaryDirectory(prefix="hitless-receipts-") as directory:
        Path(directory).chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER, directory, index],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env=_ENVIRONMENT,
        )
    assert done.returncode == 0, done.stderr


SEND = """
import sys
from hitless.reload.journal import send_receipt
from hitless.reloads import Receipt
import msgspec
assert send_receipt(msgspec.json.decode(sys.argv[1], type=Receipt))
"""


@pytest.fixture(scope="module")
def bed() -> Iterator[SystemdBed]:
    with systemd_bed("hitless-journal") as machine:
        yield machine


def entries(bed: SystemdBed, *words: str) -> list[dict[str, Any]]:
    bed.run("journalctl", "--sync")
    said = bed.run("journalctl", "--output=json", "--quiet", "--no-pager", *words).stdout
    return [json.loads(line) for line in said.splitlines()]


def receipt(**fields: Any) -> str:
    return msgspec.json.encode(make_full(**fields)).decode()


def test_journalctl_finds_a_reload_by_its_fields(bed: SystemdBed) -> None:
    bed.python(SEND, receipt(id="good"))
    bed.python(SEND, receipt(id="bad", outcome="rolled-back", reason="line 1\nHITLESS_RECEIPT_ID=forged\n"))
    (good,) = entries(bed, "HITLESS_OUTCOME=taken-over")
    assert (good["HITLESS_RECEIPT_ID"], good["PRIORITY"], good["SYSLOG_IDENTIFIER"]) == (
        "good",
        "6",
        "hitless",
    )
    assert (good["HITLESS_NEW_PID"], good["HITLESS_OLD_PIDS"], good["HITLESS_RESETS"]) == (
        "4790",
        "4711",
        "3",
    )
    (bad,) = entries(bed, "HITLESS_OUTCOME=rolled-back")
    assert bad["HITLESS_REASON"] == "line 1\nHITLESS_RECEIPT_ID=forged\n"
    assert entries(bed, "HITLESS_RECEIPT_ID=forged") == []
    assert [e["HITLESS_RECEIPT_ID"] for e in entries(bed, f"MESSAGE_ID={MESSAGE_ID}")] == ["good", "bad"]
    assert [e["HITLESS_RECEIPT_ID"] for e in entries(bed, "--priority=err", f"MESSAGE_ID={MESSAGE_ID}")] == [
        "bad"
    ]


def test_it_stands_among_the_lines_of_the_service(bed: SystemdBed) -> None:
    bed.python(SEND, receipt(id="of-unit", instance="balancer.service"))
    assert [e["HITLESS_RECEIPT_ID"] for e in entries(bed, "--unit=balancer")] == ["of-unit"]
