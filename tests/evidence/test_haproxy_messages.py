import pytest

from hitless.evidence.haproxy_messages import MessageKind, classify_message

K = MessageKind
MESSAGES = [
    ("haproxy version is 2.8.25-5cf5d0683", K.VERSION, "2.8.25-5cf5d0683", 0),
    ("Reexecuting Master process", K.RELOADING, "", 0),
    ("Reloading HAProxy", K.RELOADING, "", 0),
    ("Reloading HAProxy (hard-reload)", K.RELOADING, "", 0),
    ("New worker #1 (10281) forked", K.NEW_WORKER, "10281", 0),
    ("New worker (10928) forked", K.NEW_WORKER, "10928", 0),
    ("Initializing new worker (11651)", K.NEW_WORKER, "11651", 0),
    ("Loading success.", K.LOADED, "", 0),
    ("Loading failure!", K.LOAD_FAILED, "", 0),
    ("Reexecuting Master process in waitpid mode", K.LOAD_FAILED, "", 0),
    ("Failed to load worker (11711) exited with code 1 (Exit)", K.LOAD_FAILED, "", 0),
    ("Failed to load worker!", K.LOAD_FAILED, "", 0),
    ("Master failed to load new configuration and is waiting", K.LOAD_FAILED, "", 0),
    ("Former worker #1 (10335) exited with code 0 (Exit)", K.FORMER_WORKER_EXITED, "10335", 0),
    ("Former worker 10335 left with exit code 1", K.FORMER_WORKER_EXITED, "10335", 1),
    ("Former worker (11651) exited with code 143 (Terminated)", K.FORMER_WORKER_EXITED, "11651", 143),
    ("Current worker (10866) exited with code 0 (Exit)", K.CURRENT_WORKER_EXITED, "10866", 0),
    ("Exiting Master process...", K.MASTER_EXITING, "", 0),
    ("All workers exited. Exiting... (0)", K.MASTER_EXITING, "", 0),
    ("Proxy fe started.", K.PROXY_STARTED, "fe", 0),
    ("Scheduling a soft-stop in 500 ms.", K.STOP_SCHEDULED, "", 500),
    ("Stopping frontend fe in 0 ms.", K.PROXY_STOPPING, "fe", 0),
    ("Proxy <HTTPCLIENT> stopped (cumulated conns: FE: 0, BE: 0).", K.PROXY_STOPPED, "<HTTPCLIENT>", 0),
    ("Proxy fe stopped (FE: 12 conns, BE: 0 conns).", K.PROXY_STOPPED, "fe", 12),
    ("Proxy fe hard-stopped (3 remaining conns will be closed).", K.PROXY_HARD_STOPPED, "fe", 3),
    ("soft-stop running for too long, performing a hard-stop.", K.HARD_STOP, "", 0),
    ("Some tasks resisted to hard-stop, exiting now.", K.HARD_STOP, "", 0),
    ("Pausing frontend GLOBAL.", K.PROXY_PAUSED, "GLOBAL", 0),
    ("Paused frontend fe.", K.PROXY_PAUSED, "fe", 0),
    ("Enabling frontend fe.", K.PROXY_RESUMED, "fe", 0),
    ("Resumed frontend fe.", K.PROXY_RESUMED, "fe", 0),
    ("Some proxies refused to pause, performing soft stop now.", K.PAUSE_REFUSED, "", 0),
    ("Starting frontend fe: cannot bind socket [127.0.0.1:21002]", K.CANNOT_BIND, "fe", 0),
    (
        "Binding [/etc/h.cfg:14] for frontend fe: cannot bind socket (Address already in use) for [127.0.0.1:1]",
        K.CANNOT_BIND,
        "fe",
        0,
    ),
    (
        "Binding [/etc/h.cfg:14] for frontend fe: protocol tcpv4: cannot bind socket (in use) for [127.0.0.1:1].",
        K.CANNOT_BIND,
        "fe",
        0,
    ),
    ("[haproxy.main()] Some protocols failed to start their listeners! Exiting.", K.START_FAILED, "", 0),
    ("Failed to get the sockets from the old process!", K.SOCKETS_NOT_TRANSFERRED, "", 0),
    ("Failed to get the number of sockets to be transferred !", K.SOCKETS_NOT_TRANSFERRED, "", 0),
    ("config : parsing [/etc/h.cfg:14] : unknown keyword 'x' in 'frontend' section", K.CONFIG_ERROR, "", 0),
    ("parsing [/etc/h.cfg:14] : unknown keyword 'x' in 'frontend' section", K.CONFIG_ERROR, "", 0),
    ("Parsing [/etc/h.cfg:26]: failed to parse log-format : x", K.CONFIG_ERROR, "", 0),
    ("config : Fatal errors found in configuration.", K.CONFIG_ERROR, "", 0),
    ("Server be/s1 is DOWN, reason: Layer4 connection problem", K.SERVER_STATE, "be/s1", 0),
    ("backend be has no server available!", K.NO_SERVER, "be", 0),
    ("[haproxy.main()] Cannot raise FD limit to 400000, limit is 1024.", K.LIMIT, "", 0),
    (
        "Proxy web reached process FD limit (maxsock=4029). Please check 'ulimit-n' and restart.",
        K.EXHAUSTED,
        "web",
        0,
    ),
    ("socket() failed in logger #1: Too many open files (errno=24)", K.EXHAUSTED, "", 0),
    ("path to executable is /usr/sbin/haproxy", K.OTHER, "", 0),
]


@pytest.mark.parametrize(("text", "kind", "subject", "number"), MESSAGES)
def test_messages_of_all_versions(text: str, kind: MessageKind, subject: str, number: int) -> None:
    assert classify_message(text) == (kind, subject, number)


def test_every_kind_has_a_message() -> None:
    assert {kind for _, kind, _, _ in MESSAGES} == set(MessageKind)


def test_a_number_beyond_all_bounds_does_no_harm() -> None:
    kind, _, number = classify_message(f"Proxy fe stopped (cumulated conns: FE: {'9' * 5000}, BE: 0).")
    assert kind is MessageKind.PROXY_STOPPED
    assert number < 10**18
