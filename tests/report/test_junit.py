from xml.etree import ElementTree as ET

import pytest

from hitless.report.junit import render
from tests.report.synthetic import HOSTILE, HOSTILE_TERMINAL, make_hostile, make_incomplete, make_run


def cases(text: str) -> dict[tuple[str, str], ET.Element]:
    found = {(e.get("classname", ""), e.get("name", "")): e for e in ET.fromstring(text).iter("testcase")}
    assert found
    return found


def test_one_case_for_the_verdict_and_for_each_workload_of_each_frontend() -> None:
    run = make_run(hurt=False)
    text = render(run.result)
    found = cases(text)
    assert len(found) == 1 + len(run.result.workloads)
    assert ("hitless.prove.api", "h2 [2001:db8:10::25]:443") in found
    assert "<failure" not in text
    assert "<error" not in text


def test_hurt_requests_are_failures() -> None:
    root = ET.fromstring(render(make_run().result))
    found = cases(render(make_run().result))
    hurt = found["hitless.prove.www", "keepalive 192.168.10.25:80"].find("failure")
    assert hurt is not None
    assert "requests hurt" in hurt.get("message", "")
    assert found["hitless.prove.db", "tcp 192.168.10.25:5432"].find("failure") is None
    verdict = found["hitless.prove", "verdict"].find("failure")
    assert verdict is not None
    assert verdict.get("message", "").startswith("NOT HITLESS: ")
    assert root.get("failures") == str(len(list(root.iter("failure"))))
    assert root.get("errors") == "0"


def test_evidence_that_proves_nothing_is_an_error() -> None:
    root = ET.fromstring(render(make_incomplete().result))
    messages = [e.get("message", "") for e in root.iter("error")]
    assert [m.split(":")[0] for m in messages] == ["NO VERDICT", "proves nothing", "not covered"]
    assert root.get("errors") == "3"
    assert not list(root.iter("failure"))


@pytest.mark.parametrize("text", [HOSTILE, HOSTILE_TERMINAL, "]]>\x00\ufffe\ud800&<a b='"])
def test_valid_xml_whatever_the_names_hold(text: str) -> None:
    document = render(make_hostile(text).result)
    root = ET.fromstring(document.encode())
    assert not list(root.iter("script"))
