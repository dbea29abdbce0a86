"""The engine in front of a real HAProxy that reloads: what each kind of client sees."""

from pathlib import Path

import pytest

from hitless.attempts import FLAG_FIN_SEEN, FLAG_RETRY, FLAG_REUSED, OUTCOME_CODES
from hitless.load.classes import ClassTotals, count_classes
from hitless.load.runner import LoadProcesses
from hitless.records import ClientClass, Outcome, Stream, Workload
from tests.ports import free_port
from tests.system.live_haproxy import await_true
from tests.system.load_bed import MasterWorker, Rows, master_worker, run_load, target
from tests.system.load_progress import until

pytestmark = pytest.mark.system

CONNECTIONS = 20
RELOADS = 3
CONFIGURATION = """
global
    maxconn 1000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-keep-alive 30s
    {option}
frontend fe
    bind 127.0.0.1:{port}
    http-request return status 200
"""


class Reloader:
    """Reloads a few times; between two, every client has come to a connection of its own to the new worker."""

    def __init__(self, haproxy: MasterWorker, rows: Path) -> None:
        self.haproxy = haproxy
        self.rows = rows

    def __call__(self, load: LoadProcesses) -> None:
        until(self.rows, 0, connections=CONNECTIONS)(load)
        for number in range(1, RELOADS + 1):
            self.haproxy.reload()
            until(self.rows, 0, connections=CONNECTIONS * (number + 1))(load)
            await_true(lambda: len(self.haproxy.workers()) == 1, "the old worker ends")


def run_idle(tmp_path: Path, haproxy_binary: str, option: str) -> tuple[Rows, dict[ClientClass, ClassTotals]]:
    port = free_port()
    stream = Stream(
        number=0,
        workload=Workload.IDLE,
        target=target(port),
        connections=CONNECTIONS,
        idle_s=0.5,
        slow_s=60.0,
        timeout_s=60.0,
    )
    configuration = CONFIGURATION.format(port=port, option=option)
    with master_worker(haproxy_binary, configuration, tmp_path, port) as haproxy:
        rows = run_load(tmp_path / "rows", (stream,), during=Reloader(haproxy, tmp_path / "rows"))
    return rows, count_classes(rows)


def test_default_configuration_hurts_naive_clients_on_every_idle_connection(
    tmp_path: Path, installed_haproxy: str
) -> None:
    rows, totals = run_idle(tmp_path, installed_haproxy, "")
    naive = totals[ClientClass.NAIVE]
    assert CONNECTIONS * RELOADS * 0.8 <= naive.failed <= CONNECTIONS * RELOADS
    assert set(naive.outcomes) == {Outcome.OK, Outcome.STALE_REUSE}
    assert totals[ClientClass.POLITE].failed <= 2  # a FIN that comes after the look is a true race
    assert totals[ClientClass.RETRYING].failed == 0
    stale = rows[rows["outcome"] == OUTCOME_CODES[Outcome.STALE_REUSE]]
    assert ((stale["flags"] & FLAG_REUSED) != 0).all()
    assert ((stale["flags"] & FLAG_FIN_SEEN) != 0).sum() >= len(stale) - 2
    retries = rows[(rows["flags"] & FLAG_RETRY) != 0]
    assert len(retries) == naive.failed
    assert (rows[retries["retry_of"]]["outcome"] == OUTCOME_CODES[Outcome.STALE_REUSE]).all()


def test_idle_close_on_response_spares_naive_clients(tmp_path: Path, installed_haproxy: str) -> None:
    rows, totals = run_idle(tmp_path, installed_haproxy, "option idle-close-on-response")
    assert totals[ClientClass.NAIVE].failed == 0
    assert totals[ClientClass.NAIVE].attempts == len(rows) > CONNECTIONS * RELOADS
