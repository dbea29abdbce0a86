import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest

from hitless.records import ClientClass
from hitless.report.json import json_schema, render
from hitless.verdict import ClientTotals, Conclusion, ProofResult, Totals, Verdict
from tests.report.synthetic import (
    HOSTILE_TERMINAL,
    Run,
    make_hostile,
    make_incomplete,
    make_restart,
    make_run,
    replace,
)

SCHEMA = Path(__file__).parents[1] / "docs" / "json-schema" / "prove-1.json"

KEYS_OF_SCHEMA_1 = {
    "": "schema hitless haproxy mode via verdict clients workloads causes kernel power coverage",
    "haproxy": "version path",
    "verdict": "passed class evidence_complete reloads failed_reloads reasons",
    "clients": "naive polite retrying",
    "clients.polite": "attempts failed",
    "workloads.0": "name frontend address attempts failed outcomes control",
    "workloads.0.control": "attempts outcomes",
    "causes.0": "code name victims fix",
    "kernel": "source resets_to_clients listener_gaps lost_events",
    "kernel.listener_gaps.0": "address gap_us",
    "power": "max_unseen_gap_us failure_probability_upper_95",
    "coverage": "frontends covered not_covered stand_ins",
}


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), "write it again: python -m tests.test_verdict"


@pytest.mark.parametrize("make", [make_run, make_restart, make_incomplete, make_hostile])
def test_document_validates(make: Callable[[], Run]) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(render(make().result)), schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(("path", "keys"), KEYS_OF_SCHEMA_1.items())
def test_keys_that_others_rely_on_are_always_there(path: str, keys: str) -> None:
    document = json.loads(render(make_restart().result))
    for step in path.split(".") if path else ():
        document = document[int(step)] if step.isdigit() else document[step]
    assert set(keys.split()) <= set(document)


def test_document_reads_back_as_the_same_value() -> None:
    result = make_restart().result
    assert msgspec.json.decode(render(result), type=ProofResult) == result


def test_undecodable_bytes_do_not_break_the_document() -> None:
    text = render(make_hostile(HOSTILE_TERMINAL).result)
    text.encode()
    assert r"\\xff" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("passed", "complete", "failed", "expected"),
    [
        (True, True, 0, Conclusion.HITLESS),
        (False, True, 0, Conclusion.NOT_HITLESS),
        (False, True, 3, Conclusion.NOT_HITLESS),
        (False, False, 3, Conclusion.NOT_HITLESS),
        (False, False, 0, Conclusion.NO_VERDICT),
        (True, False, 0, Conclusion.NO_VERDICT),
        (True, True, 3, Conclusion.NOT_HITLESS),
    ],
)
def test_conclusion(*, passed: bool, complete: bool, failed: int, expected: Conclusion) -> None:
    result = replace(
        make_run().result,
        verdict=Verdict(passed=passed, evidence_complete=complete, reloads=1),
        clients=ClientTotals(naive=Totals(attempts=9, failed=failed)),
    )
    assert result.conclusion is expected


def test_a_failed_reload_was_seen_whatever_was_not() -> None:
    verdict = Verdict(passed=False, evidence_complete=False, reloads=2, failed_reloads=1)
    result = replace(make_run().result, verdict=verdict, clients=ClientTotals(naive=Totals(attempts=9)))
    assert result.conclusion is Conclusion.NOT_HITLESS


def test_conclusion_is_about_the_class_that_was_asked_for() -> None:
    verdict = Verdict(passed=True, evidence_complete=True, reloads=1, client_class=ClientClass.RETRYING)
    result = replace(make_run().result, verdict=verdict)
    assert result.judged == result.clients.retrying
    assert result.conclusion is Conclusion.HITLESS


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
