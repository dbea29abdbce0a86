"""The documents for programs, and their published schemas."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from hitless.reloads import ClientEffects, Receipt
from hitless.report.reload import history
from hitless.report.reload.json import json_schema, plan_schema, render, render_plan
from tests.reload.made_receipts import CLIENTS, make_full, make_hostile, make_plan, make_receipt

SCHEMAS = Path(__file__).parents[3] / "docs" / "json-schema"
PUBLISHED: dict[str, Callable[[], dict[str, Any]]] = {
    "reload-1.json": json_schema,
    "reload-plan-1.json": plan_schema,
    "history-1.json": history.json_schema,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_schemas_are_current(name: str) -> None:
    schema = json.loads((SCHEMAS / name).read_text())
    assert schema == PUBLISHED[name](), "write them again: python -m tests.report.reload.test_json"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("receipt", [make_receipt(), make_full(), make_hostile()])
def test_a_receipt_keeps_to_its_schema(receipt: Receipt) -> None:
    text = render(receipt)
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(text))
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(text)


def test_a_plan_keeps_to_its_schema() -> None:
    document = json.loads(render_plan(make_plan()))
    jsonschema.Draft202012Validator(plan_schema()).validate(document)
    assert (document["format"], document["drain"][0]["pid"]) == (1, 4711)


def test_every_key_is_there() -> None:
    document = json.loads(render(make_receipt()))
    assert document["rollback"] is None
    assert document["format"] == 1
    assert document["configuration"]["sections"] == []


def test_what_was_not_measured_is_null_and_not_zero() -> None:
    zero = msgspec.structs.replace(CLIENTS, resets_to_clients=0, queue_drops=0, source="none")
    for clients in (zero, ClientEffects(source="counters")):
        found = json.loads(render(make_receipt(clients=clients)))["clients"]
        assert (found["resets_to_clients"], found["resets"], found["queue_drops"]) == (None, [], None)


if __name__ == "__main__":
    for name, make in PUBLISHED.items():
        (SCHEMAS / name).write_text(json.dumps(make(), indent=2, ensure_ascii=False) + "\n")
