import json
import re
from typing import Any

import jsonschema
import msgspec
import pytest

from hitless.reloads import ReloadOutcome
from hitless.report.plain import cells
from hitless.report.reload.history import ReloadHistory, json_schema, render, render_json, render_markdown
from tests.reload.made_receipts import CLIENTS, make_full, make_hostile, make_receipt

BAD = "receipts-2026-11.jsonl, byte 7: torn"


def listed(**fields: Any) -> ReloadHistory:
    receipts = [make_full(number, outcome=outcome) for number, outcome in enumerate(ReloadOutcome)]
    given = {"tool_version": "0", "directory": "/s/receipts", "receipts": tuple(receipts), **fields}
    return ReloadHistory(**given)


def test_the_table_is_aligned() -> None:
    lines = render(listed(), width=100).splitlines()
    assert lines[0] == "  2026-11-29T03:00:12Z  TAKEN OVER             haproxy.service  412 ms  3 resets"
    assert lines[1] == "    r000000  by alice: pid 4790 serves"
    assert len({line.index("haproxy.service") for line in lines[:16:2]}) == 1
    assert lines[-1] == "  8 receipts of /s/receipts, the newest first"


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    history = listed(
        receipts=(make_hostile(), make_full(), make_receipt()), unreadable=(BAD,) * 9, notes=("x " * 99,)
    )
    text = render(history, width=width)
    assert [line for line in text.splitlines() if cells(line) > width] == []
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(text)


def test_what_is_missing_is_said() -> None:
    text = " ".join(
        render(listed(more=True, unreadable=(BAD,) * 9, notes=("read one by one: locked",))).split()
    )
    assert "there are older ones (--limit, --until)" in text
    assert text.count(BAD) == 5
    assert "and 4 more lines" in text
    assert "note read one by one: locked" in text
    assert "No receipt in /s/receipts" in render(listed(receipts=()))


def test_resets_that_nobody_counted_are_not_none() -> None:
    clients = msgspec.structs.replace(CLIENTS, source="counters", resets_to_clients=0)
    history = listed(receipts=(make_receipt(clients=clients),))
    assert "resets not counted" in render(history)
    assert "resets not counted" in render_markdown(history)
    assert json.loads(render_json(history))["receipts"][0]["clients"]["resets_to_clients"] is None


def test_the_document_keeps_to_its_schema() -> None:
    document = json.loads(render_json(listed(receipts=(make_hostile(), make_full()), unreadable=(BAD,))))
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    assert (document["format"], len(document["receipts"]), document["more"]) == (1, 2, False)


def test_markdown_is_a_table() -> None:
    text = render_markdown(listed(unreadable=(BAD,)))
    assert (
        "| 2026-11-29T03:00:12Z | TAKEN OVER | `haproxy.service` | 412 ms | 3 resets | `alice` | `r000000` | "
        "`pid 4790 serves` |" in text
    )
    assert "- unreadable: receipts-2026-11.jsonl, byte 7: torn" in text
    hostile = render_markdown(listed(receipts=(make_hostile(),)))
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(hostile)


def test_colour_takes_no_room() -> None:
    coloured = render(listed(), width=100, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(listed(), width=100)
