import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import UsageError
from hitless.hold.instance import InstanceSpec, parse_spec, read_spec_document, spec_document

FULL = InstanceSpec(
    name="web-1.a_b",
    pid=17,
    pid_file="/run/haproxy.pid",
    configuration="/etc/haproxy/haproxy.cfg",
    stats_socket="/run/haproxy/admin.sock",
    user="haproxy",
    close_after_s=300.0,
)


def test_words() -> None:
    text = (
        "web-1.a_b,pid=17,pid-file=/run/haproxy.pid,configuration=/etc/haproxy/haproxy.cfg,"
        "stats-socket=/run/haproxy/admin.sock,user=haproxy,close-after=5m"
    )
    assert parse_spec(text) == FULL
    assert parse_spec("web") == InstanceSpec("web", close_after_s=60.0)
    assert parse_spec("web,close-after=1500ms").close_after_s == 1.5
    assert parse_spec("web,close-after=7").close_after_s == 7


def test_there_and_back() -> None:
    assert read_spec_document(spec_document(FULL)) == FULL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "control",
        "../x",
        "a/b",
        ".",
        "-x",
        "x" * 65,
        "é",
        "web,pid",
        "web,pid=x",
        "web,pid=-1",
        "web,colour=red",
        "web,close-after=soon",
        "web,close-after=0",
        "web,close-after=8d",
        "web,pid-file=relative",
        "web,configuration=relative",
        "web,user=a\0b",
        "web,stats-socket=" + "x" * 5000,
        "web,name=",
    ],
)
def test_words_that_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_spec(text)


@pytest.mark.parametrize(
    "document",
    [None, [], "web", {}, {"name": 1}, {"name": "x", "pid": True}, {"name": "x", "close_after_s": "1"}],
)
def test_documents_that_are_refused(document: object) -> None:
    with pytest.raises(UsageError):
        read_spec_document(document)


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists)
    | st.dictionaries(
        st.sampled_from(["name", "pid", "pid_file", "user", "close_after_s", "x"]),
        st.text() | st.integers() | st.floats(),
    )
)
def test_any_document_is_an_instance_or_refused(document: object) -> None:
    try:
        found = read_spec_document(document)
    except UsageError:
        return
    assert "/" not in found.name
    assert 0 < found.close_after_s <= 604_800
