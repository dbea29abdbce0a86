import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless import records
from hitless.records import Event, EventKind, LoadPlan, Outcome, Request, Stream, Target, Workload


@pytest.mark.parametrize(
    ("address", "port", "endpoint"),
    [
        ("192.0.2.1", 80, "192.0.2.1:80"),
        ("2001:db8::1", 443, "[2001:db8::1]:443"),
        ("/run/x.sock", 0, "/run/x.sock"),
        ("@name", 0, "@name"),
    ],
)
def test_an_endpoint_is_written_as_people_write_it(address: str, port: int, endpoint: str) -> None:
    assert Target(frontend="www", where="h.cfg:1", address=address, port=port).endpoint == endpoint


def plan() -> LoadPlan:
    target = Target(frontend="www", where="h.cfg:1", address="2001:db8::1", port=443, tls=True, alpn=("h2",))
    request = Request(path="/é", headers=(("X-Y", "1"),))
    return LoadPlan(
        streams=(Stream(number=3, workload=Workload.H2, target=target, request=request, rate_per_s=2.5),)
    )


def test_a_plan_survives_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(plan()), type=LoadPlan) == plan()


def test_an_event_leaves_out_what_does_not_apply() -> None:
    event = Event(t_ns=1, kind=EventKind.KERNEL_LISTEN, local="192.0.2.1:80")
    assert msgspec.json.decode(msgspec.json.encode(event)) == {
        "t_ns": 1,
        "kind": "kernel.listen",
        "local": "192.0.2.1:80",
    }


def test_records_are_values() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        plan().processes = 2  # type: ignore[misc]
    assert hash(plan()) == hash(plan())


@pytest.mark.parametrize("kind", [Outcome, Workload, EventKind])
def test_names_are_stable_words(kind: type[Outcome | Workload | EventKind]) -> None:
    for member in kind:
        assert member.value.replace(".", "_").replace("_", "").isalnum()
        assert member.value.replace(".", "_") == member.name.lower()


def test_every_record_is_public() -> None:
    structs = {n for n, c in vars(records).items() if isinstance(c, type) and issubclass(c, records.Record)}
    assert structs - {"Record"} <= set(records.__all__)


@given(st.recursive(st.text() | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")), st.lists))
def test_any_text_can_be_written(value: object) -> None:
    msgspec.json.encode(records.writable(value))


def test_text_stays_and_bytes_that_are_none_are_written_out() -> None:
    found = records.writable({"a\udcff": ("\u4e16", 1, None, [True, "\ud800"])})
    assert found == {"a\\xff": ["\u4e16", 1, None, [True, "\\ud800"]]}
