"""What hitless and its child say survives the pipe, and nothing else passes for it."""

import msgspec
import pytest

from hitless.evidence.model import CounterReading
from hitless.prove.protocol import (
    Failure,
    Finished,
    FrontendRequest,
    LiveTarget,
    Message,
    Progress,
    ProvePlan,
    Tick,
    Watch,
    decode_message,
    encode_message,
)
from hitless.records import Request
from tests.prove.runs import Run


@pytest.mark.parametrize(
    "message",
    [
        Progress(stage="reload", detail="x\ny", step=1, steps=2),
        Tick(attempts=5, failed=1),
        Watch(endpoints=("192.0.2.1:80",), client_addresses=("10.7.1.0/24",), network_namespace=4026531840),
        Failure(message="no\nway", hint="do", exit_code=2),
        Finished(facts=Run().facts, counters=(CounterReading(t_ns=1, label="x", values={"a": 1}),)),
    ],
)
def test_messages_are_one_line_each(message: Message) -> None:
    line = encode_message(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_message(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"{}", b'{"type":"Reboot"}', b'{"type":"Tick","attempts":"x"}', b"\xff"]
)
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        decode_message(line)


def test_a_plan_survives_its_descriptor() -> None:
    plan = ProvePlan(
        tier="root",
        files=("a.cfg",),
        environment={"A": "ä"},
        requests=(FrontendRequest(frontend="www", request=Request(path="/x")),),
        live=LiveTarget(url="http://x/", reload_command=("true",)),
    )
    assert msgspec.json.decode(msgspec.json.encode(plan), type=ProvePlan) == plan
