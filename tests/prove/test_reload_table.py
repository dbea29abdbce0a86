"""Reloads and generations as the verdict shows them."""

from hitless.prove.reload_table import generation_table, phase_at, reload_table
from hitless.prove.timeline import read_timeline
from tests.prove.runs import ORIGIN_NS, Run, ns


def test_reloads() -> None:
    run = Run()
    run.failed_reload(2, "no")
    first, second = reload_table(read_timeline(run.events), "usr2", ORIGIN_NS, {1: 7})
    assert (first.number, first.t_s, first.via, first.ok, first.victims) == (1, 6.0, "usr2", True, 7)
    assert [round(phase.t_ms) for phase in first.phases] == [0, 20, 50, 60, 70, 90, 1000]
    assert (second.ok, second.message, second.victims, second.new_pid) == (False, "no", 0, 0)
    assert [phase.name.value for phase in second.phases] == ["triggered"]


def test_the_phase_at_a_moment() -> None:
    reload = read_timeline(Run().events).reloads[0]
    moments = {5.9: "", 6.0: "triggered", 6.055: "listeners-owned", 6.5: "confirmed", 7.5: "old-gone"}
    assert {at_s: phase_at(reload, ns(at_s)) for at_s in moments} == moments
    assert phase_at(None, ns(6.5)) == ""


def test_generations() -> None:
    run = Run()
    run.said(7.01, "[WARNING]  (99) : Former worker (100) exited with code 0 (Exit)")
    table = generation_table(read_timeline(run.events), (100,), ORIGIN_NS)
    first, second, third = table
    assert (first.pid, first.start_s, first.ready_s, first.exit_code) == (100, None, None, 0)
    assert (first.stopped_listening_s, first.exit_s) == (6.06, 7.0)
    assert (second.pid, second.start_s, second.ready_s, second.exit_s) == (101, 6.02, 6.05, 9.0)
    assert (third.pid, third.stopped_listening_s, third.exit_s, third.exit_code) == (102, None, None, None)
