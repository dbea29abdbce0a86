"""What differs between HAProxy's versions, on every version that is here (`scripts/haproxy-versions` installs five).

Source of the expectations: measured on 2.2.9, 2.6.12, 2.8.25, 3.0.11 and 3.2.26, Linux 6.18.
"""

from pathlib import Path

import pytest
from haproxy_versions import VERSIONS, default_directory, version_text

from hitless.control.binary import read_binary
from tests.system import conftest
from tests.system.conftest import require
from tests.system.proofs import DEFERRED, KEEPALIVE, Proof, prove

pytestmark = pytest.mark.system

SHORT = ("--control", "1500ms", "--spacing", "700ms", "--settle", "700ms")


def _here() -> list[str]:
    """Return one HAProxy of each branch: the installed one, the embedded one, what the cache has beyond."""
    paths = [path for path in (conftest._installed_haproxy(), conftest._embedded_haproxy()) if path]
    known = {branch(path) for path in paths}
    for version in VERSIONS:
        place = default_directory() / version
        if version_text(place) and branch(str(place / "haproxy")) not in known:
            paths.append(str(place / "haproxy"))
    return sorted(paths, key=branch)


def branch(path: str) -> tuple[int, int]:
    return read_binary(path).version[:2]


HERE = _here()


@pytest.fixture(params=HERE or [""], ids=[".".join(map(str, branch(path))) for path in HERE] or ["none"])
def path(request: pytest.FixtureRequest) -> str:
    require(request.param, "no haproxy is installed, embedded or in the cache")
    found: str = request.param
    return found


def quietest(path: str) -> str:
    """The configuration of that version in which a reload leaves idle connections alone."""
    return KEEPALIVE if branch(path) < (2, 4) else DEFERRED


def run(directory: Path, configuration: str, path: str, *words: str) -> Proof:
    proof = prove(directory, configuration, "--haproxy", path, *SHORT, *words, quick=False)
    assert proof.causes.get("unexplained", 0) == 0, proof.told()
    assert proof.document["kernel"]["lost_events"] == 0, proof.told()
    return proof


def outcomes(proof: Proof, workload: str) -> dict[str, int]:
    (row,) = (row for row in proof.document["workloads"] if row["name"] == workload)
    return dict(row["outcomes"])


def test_the_hard_stop_cuts_what_is_in_flight(path: str, tmp_path: Path) -> None:
    configuration = quietest(path).replace("hard-stop-after 30s", "hard-stop-after 1s")
    proof = run(tmp_path, configuration, path, "--reloads", "2", "--settle", "2s")
    assert proof.status == 1, proof.told()
    assert set(proof.causes) == {"HL201"}, proof.told()
    assert outcomes(proof, "websocket").get("stream_cut"), proof.told()
    # A request without a response yet is answered 502 up to 2.8, and from 3.0 on mostly not at all.
    cut = set(outcomes(proof, "inflight")) - {"ok", "slow"}
    assert cut, proof.told()
    assert cut <= ({"empty_reply", "http_5xx"} if branch(path) >= (3, 0) else {"http_5xx"}), proof.told()
    assert len(proof.document["reloads"]) == 2, "whether a request is in flight at a hard stop is chance"
    for reload in proof.document["reloads"]:
        names = [phase["name"] for phase in reload["phases"]]
        assert {
            "new-process-started",
            "listeners-owned",
            "old-stopped-listening",
            "first-answer",
            "old-gone",
        } <= {*names}
        assert reload["new_pid"] != reload["old_pid"] != 0


def test_a_worker_that_outlived_too_many_reloads_is_ended(path: str, tmp_path: Path) -> None:
    configuration = quietest(path).replace("global\n", "global\n    mworker-max-reloads 1\n")
    proof = run(tmp_path, configuration, path, "--reloads", "3")
    assert proof.status == 1, proof.told()
    assert set(proof.causes) == {"HL202"}, proof.told()
    assert outcomes(proof, "websocket").get("stream_cut"), proof.told()
    codes = [generation["exit_code"] for generation in proof.document["generations"]]
    assert codes[:2] == [143, 143], codes


FLAKY = """\
local path = "/run/loads-of-the-flaky-script"
local file = io.open(path, "r")
local loads = 1
if file then loads = tonumber(file:read("*a")) + 1; file:close() end
file = io.open(path, "w"); file:write(tostring(loads)); file:close()
if loads == 3 then error("this is load " .. loads) end
"""
"""Fails at the first reload: HAProxy loads it once for its check, once at its start, and at each reload."""


def test_whether_the_reload_after_a_failed_one_hands_its_sockets_over(path: str, tmp_path: Path) -> None:
    script = tmp_path / "flaky.lua"
    script.write_text(FLAKY)
    configuration = quietest(path).replace("global\n", f"global\n    lua-load {script}\n")
    proof = run(tmp_path, configuration, path, "--reloads", "2")
    assert proof.status == 1, proof.told()
    assert [reload["ok"] for reload in proof.document["reloads"]] == [False, True], proof.told()
    assert "this is load 3" in proof.document["reloads"][0]["message"]
    anew = [reason for reason in proof.document["verdict"]["reasons"] if "opened anew" in reason]
    lost = any(cause["code"] in {"HL104", "HL502"} for cause in proof.document["causes"])
    assert (bool(anew) or lost) is (branch(path) in {(2, 2), (3, 2)}), proof.told()
    assert not Path("/run/loads-of-the-flaky-script").exists()


@pytest.mark.parametrize("old", [path for path in HERE if branch(path) < (2, 4)])
def test_before_2_4_idle_connections_are_left_open(old: str, tmp_path: Path) -> None:
    proof = run(tmp_path, KEEPALIVE, old, "--reloads", "2", "--via", "master-cli")
    assert proof.status == 0, proof.told()
    assert proof.failed("naive") == 0


@pytest.mark.parametrize("path", [path for path in HERE if "QUIC" in read_binary(path).features])
def test_quic_is_left_out_with_its_reason_and_the_rest_is_proven(path: str, tmp_path: Path) -> None:
    configuration = DEFERRED.replace(
        "    bind 192.168.10.25:80\n",
        "    bind 192.168.10.25:80\n    bind quic4@192.168.10.25:443 ssl crt /etc/haproxy/lacking.pem alpn h3\n",
    )
    if branch(path) < (3, 2):
        configuration = configuration.replace("global\n", "global\n    limited-quic\n")
    proof = run(tmp_path, configuration, path, "--reloads", "1")
    assert proof.status == 0, proof.told()
    (left_out,) = proof.document["coverage"]["not_covered"]
    assert "QUIC" in left_out["why"]
