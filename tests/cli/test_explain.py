"""`hitless explain` as it is called: what it reads, what it writes, how it ends."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hitless.errors import ExitCode
from hitless.reload.receipts import append_receipt
from hitless.reloads import ReloadOutcome
from tests.cli.commands import hitless
from tests.explain.standard_inputs import stdin_with
from tests.explain.stories import CAPTURES, LOGS, reload_log
from tests.prove.bundles import write_bundle
from tests.prove.runs import KEEPALIVE, Run
from tests.reload.made_receipts import make_full

ALONE = ("explain", "--no-journal", "--no-receipts", "--zone", "UTC")
WHOLE = {
    "log": LOGS / "3.2.log",
    "errors": LOGS / "3.2.errors",
    "capture": CAPTURES / "idle-close.pcap",
}
CONFIGURATION = """\
defaults
    mode http
frontend web
    bind :80
    log-format '{{"t":"%t","c":"%ci:%cp","fe":"%ft","b":"%b","s":"%s","st":%ST,"ts":"%tsc","pid":%pid,"r":%{{+Q}}r}}'
frontend quoted
    bind :81
    log-format "%ci:%cp [%tr] <%ft> %b/%s %ST %tsc pid=%pid {{%hr}} %{{+Q}}r"
"""


def test_a_log_with_harm_and_one_without(tmp_path: Path) -> None:
    done = hitless(*ALONE, str(LOGS / "3.2.log"))
    assert done.status == ExitCode.FOUND
    assert done.stdout.startswith("HARM FOUND")
    (tmp_path / "fine.log").write_bytes(reload_log())
    done = hitless(*ALONE, str(tmp_path / "fine.log"))
    assert done.status == ExitCode.CLEAN
    assert done.stdout.startswith("HARMLESS")
    (tmp_path / "empty.log").touch()
    assert hitless(*ALONE, str(tmp_path / "empty.log")).status == ExitCode.UNKNOWN


@pytest.mark.parametrize("output_format", ["text", "json", "markdown", "html"])
def test_every_form_can_be_written_to_a_file(output_format: str, tmp_path: Path) -> None:
    target = tmp_path / "out"
    words = ("--format", output_format, "-o", str(target), str(LOGS / "3.2.log"))
    assert hitless(*ALONE, *words).status == ExitCode.FOUND
    assert "HL401" in target.read_text()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("kind", WHOLE)
def test_standard_input_is_what_it_holds(kind: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    data = pack(WHOLE[kind].read_bytes())
    with stdin_with(data, tmp_path):
        by_pipe = hitless(*ALONE, "--format", "json", "-").stdout
    path = tmp_path / "file"
    path.write_bytes(data)
    by_name = hitless(*ALONE, "--format", "json", str(path)).stdout
    assert json.loads(by_pipe)["inputs"][0]["kind"] == kind
    assert by_pipe == by_name.replace(str(path), "stdin")


def test_a_mix_of_inputs_in_a_window(tmp_path: Path) -> None:
    packed = tmp_path / "haproxy.log.1.gz"
    packed.write_bytes(gzip.compress((LOGS / "3.2.log").read_bytes()))
    around = ("--around", "2026-11-29T02:58:06", "--span", "3s", "--format", "json")
    done = hitless(*ALONE, *around, str(packed), str(CAPTURES / "idle-close.pcap"))
    found = json.loads(done.stdout)
    assert [read["kind"] for read in found["inputs"]][:2] == ["log", "capture"]
    kinds = [event["change"]["kind"] for event in found["events"]]
    assert "hard_stop" in kinds
    assert len(kinds) < 6


def test_receipts_are_inputs(tmp_path: Path) -> None:
    for number, outcome in enumerate(ReloadOutcome):
        path = append_receipt(str(tmp_path / "receipts"), make_full(number, outcome=outcome))
    for where in (str(tmp_path / "receipts"), path):
        found = json.loads(hitless(*ALONE, "--format", "json", where).stdout)
        assert sum(event["receipt"] is not None for event in found["events"]) == 6


def test_proofs_are_inputs(tmp_path: Path) -> None:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    bundle = write_bundle(run, tmp_path / "bundle")
    done = hitless(*ALONE, "--format", "json", str(bundle))
    assert done.status == ExitCode.FOUND
    found = json.loads(done.stdout)
    harmful, harmless = found["events"]
    assert [cause["code"] for cause in harmful["causes"]] == ["HL501"]
    assert (harmless["judgement"], harmless["proof"]["reload"]) == ("harmless", 2)
    assert [one["pid"] for one in found["generations"]] == [100, 101, 102]
    assert found["inputs"][0]["kind"] == "proof"
    done = hitless(*ALONE, str(write_bundle(Run(), tmp_path / "good")))
    assert done.status == ExitCode.CLEAN
    assert "none of 196 attempts of a proof's clients was hurt" in " ".join(done.stdout.split())
    (bundle / "verdict.json").write_text("{}")
    assert hitless(*ALONE, str(bundle)).status == ExitCode.UNKNOWN


def test_what_show_errors_printed_is_an_input() -> None:
    done = hitless(*ALONE, str(LOGS / "3.2.errors"), str(LOGS / "3.2.error-log"))
    text = " ".join(done.stdout.split())
    assert "11:07:45.219 invalid response · web to bad/s1: in a header's name" in text
    assert "11:07:45.221 failed connection · prox: Received something which does not look like" in text


def test_formats_come_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "haproxy.cfg").write_text(CONFIGURATION.replace("{{", "{").replace("}}", "}"))
    lines = []
    for second in range(40):
        pid, clock = (100 if second <= 20 else 200), f"29/Nov/2026:03:00:{second:02d}.000"
        head = f"Nov 29 03:00:{second:02d} lb1 haproxy[{pid}]: "
        lines.append(
            head + f'{{"t":"{clock}","c":"192.0.2.1:4{second:03d}","fe":"web","b":"app","s":"s1","st":200,'
            f'"ts":"----","pid":{pid},"r":"GET /\\" HTTP/1.1"}}'
        )
        lines.append(
            head
            + f'192.0.2.1:5{second:03d} [{clock}] <quoted> app/s1 200 ---- pid={pid} {{a|b}} "GET / HTTP/1.1"'
        )
    lines.insert(41, "Nov 29 03:00:20 lb1 haproxy[100]: Proxy web stopped (cumulated conns: FE: 1, BE: 0).")
    (tmp_path / "haproxy.log").write_text("\n".join(lines) + "\n")
    done = hitless(
        *ALONE, "--config", str(tmp_path / "haproxy.cfg"), "--format", "json", str(tmp_path / "haproxy.log")
    )
    found = json.loads(done.stdout)
    assert found["totals"]["lines"] == 80
    assert [event["change"]["kind"] for event in found["events"]] == ["reload"]
    assert not found["skipped"]


def test_wrong_words_are_usage() -> None:
    log = str(LOGS / "3.2.log")
    for words in (
        ("--around", "3:00", "--since", "2:00", log),
        ("--since", "soon", log),
        ("--since", "2026-11-30", "--until", "2026-11-29", log),
        ("--zone", "Nowhere/Atall", log),
        ("--follow", "--format", "html", log),
        ("--listen", "x", str(CAPTURES / "quiet.pcap")),
    ):
        assert hitless(*ALONE, *words).status == ExitCode.USAGE, words
    assert hitless(*ALONE, "/nowhere/x.log").status == ExitCode.UNKNOWN
