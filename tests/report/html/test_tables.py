import re

import pytest

from hitless.report.html.tables import render_coverage, render_reloads, render_workloads, table
from hitless.verdict import Phase
from tests.report.synthetic import make_incomplete, make_restart, make_run, replace


def rows(html: str) -> list[list[str]]:
    """The cells of each body row, without their tags."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [
        [re.sub("<[^>]*>", " ", cell).strip() for cell in re.findall(r"<td.*?>(.*?)</td>", row)]
        for row in found
    ]


def test_cells_are_escaped_and_have_the_class_of_their_column() -> None:
    html = table("A & B", (("name", ""), ("count", "n")), [("<b>", 5)])
    assert '<td>&lt;b&gt;</td><td class="n">5</td>' in html
    assert 'aria-label="A &amp; B"' in html
    assert '<th scope="col" class="n">count</th>' in html


def test_a_row_that_does_not_fit_its_head_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"zip\(\)"):
        table("x", (("a", ""), ("b", "")), [(1,)])


def test_each_workload_has_its_numbers_under_reload_and_in_the_control_run() -> None:
    result = make_run().result
    found = rows(render_workloads(result))
    assert len(found) == len(result.workloads)
    for cells, workload in zip(found, result.workloads, strict=True):
        assert workload.where in cells[0]
        assert cells[2] == workload.address
        numbers = [
            int(cell.replace("\u202f", "").replace(" ", "").replace("\u2009", "")) for cell in cells[3:7]
        ]
        assert numbers == [
            workload.attempts,
            workload.failed,
            workload.clients.polite.failed,
            workload.clients.retrying.failed,
        ]


def test_a_workload_that_proves_nothing_says_so() -> None:
    result = make_incomplete().result
    assert "proves nothing: no answer in the control run" in rows(render_workloads(result))[-1][7]
    nothing = replace(result.workloads[0], latency_ms=None, outcomes={}, statuses={})
    assert rows(render_workloads(replace(result, workloads=(nothing,))))[0][7:9] == ["nothing", ""]


def test_a_failed_reload_has_its_message_and_what_was_not_seen_is_said() -> None:
    result = make_restart().result
    seen = replace(result.reloads[0], phases=result.reloads[0].phases[:2], old_pid=0)
    found = rows(render_reloads(replace(result, reloads=(seen, *result.reloads[1:]))))
    assert found[0][3] == "took over"
    assert found[0][4] == f"? → {seen.new_pid}"
    assert found[0][5:11] == [f"{seen.phases[1].t_ms:.1f}", *["not seen"] * (len(Phase) - 2)]
    assert found[1][3].startswith("failed")
    assert "Cannot bind [192.168.10.26:80]" in found[1][3]


def test_what_was_not_covered_and_what_stood_in() -> None:
    html = render_coverage(make_incomplete().result)
    assert rows(html) == [["h3", "haproxy.cfg:70", "QUIC is not spoken by the clients"]]
    assert "self-signed, RSA 2048" in html
    whole = make_run().result
    html = render_coverage(replace(whole, coverage=replace(whole.coverage, stand_ins=())))
    assert "All 3 frontends were covered." in html
    assert "Nothing stood in" in html
