import json
import re

import pytest

from hitless.audit.logging_setup.formats import Form, format_line, says_enough
from hitless.evidence.haproxy_log import ConnectionLine, parse_line

HTTPLOG = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"
TCPLOG = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"
"""HAProxy 2.8 configuration.txt sections 8.2.2 and 8.2.3."""


def argument(line: str) -> str:
    keyword, _, quoted = line.partition(" ")
    assert keyword == "log-format"
    assert quoted[0] == quoted[-1]
    assert quoted[0] not in quoted[1:-1], "the argument is one word for HAProxy"
    return quoted[1:-1]


def filled(template: str, **values: str) -> str:
    """Return what HAProxy would write, with 7 for every number and word."""
    text = re.sub(r"%\[[^\]]*\]", "7", template)
    return re.sub(r"%(?:\{[^}]*\})?([A-Za-z]+)", lambda match: values.get(match[1], "7"), text)


@pytest.mark.parametrize("mode", ["http", "tcp"])
@pytest.mark.parametrize("early", [False, True])
def test_a_line_of_json_is_an_object(mode: str, *, early: bool) -> None:
    plus = {"Ta": "+7", "Tt": "+7", "B": "+7"} if early else {}
    found = json.loads(filled(argument(format_line(Form.JSON, mode, early=early)), **plus))
    assert found["process"] == 7
    assert found["id"] == "7"
    assert {"client", "listener", "frontend", "backend", "server", "termination", "ended_ms"} <= set(found)
    assert set(found["timers_ms"]) == (
        {"Th", "Ti", "TR", "Tw", "Tc", "Tr", "Td", "Ta"} if mode == "http" else {"Th", "Tw", "Tc", "Td", "Tt"}
    )


def test_what_clients_choose_is_escaped() -> None:
    text = argument(format_line(Form.JSON, "http"))
    assert '"uri":"%[capture.req.uri,json(utf8s)]"' in text
    assert '"id":"%[unique-id,json(utf8s)]"' in text
    assert not re.search(r"%(?:\{[^}]*\})?(?:r|HU|HP|HQ|hr|hs|ID)\b", text)


@pytest.mark.parametrize(("mode", "classic"), [("http", HTTPLOG), ("tcp", TCPLOG)])
def test_the_text_begins_with_the_classic_line(mode: str, classic: str) -> None:
    text = argument(format_line(Form.HTTPLOG, mode))
    assert text.startswith(f"{classic} pid=%pid id=%ID ")
    assert format_line(Form.HTTPLOG, mode, early=True) == format_line(Form.HTTPLOG, mode)


def test_the_text_is_read_as_a_classic_line() -> None:
    values = {
        "ci": "192.0.2.9",
        "cp": "4000",
        "tsc": "SC--",
        "ts": "SC",
        "CC": "-",
        "CS": "-",
        "hr": "",
        "hs": "",
        "r": '"GET / HTTP/1.1"',
        "tr": "22/Nov/2026:13:50:08.123",
        "t": "22/Nov/2026:13:50:08.123",
    }
    for mode, request in (("http", "GET / HTTP/1.1"), ("tcp", "")):
        line = parse_line(filled(argument(format_line(Form.HTTPLOG, mode)), **values).encode())
        assert isinstance(line, ConnectionLine)
        assert (line.client, line.request, line.termination[:2]) == ("192.0.2.9:4000", request, "SC")


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_our_own_formats_say_enough(form: Form, mode: str) -> None:
    text = argument(format_line(form, mode))
    assert says_enough(text, form)
    assert not says_enough(text, next(other for other in Form if other is not form))


@pytest.mark.parametrize(
    "lacking",
    [
        HTTPLOG,
        f"{HTTPLOG} %pid",
        f"{HTTPLOG} %ID",
        "%pid %ID %Tw %Tc %Ta",
        "%pid %ID %tsc %Ta",
        "%pid %ID %ts %Tw %Tc",
        "%pid %ID %trg %trl %Tw %Tc %Ta",
    ],
)
def test_a_format_that_lacks_something_does_not_say_enough(lacking: str) -> None:
    assert not says_enough(lacking, Form.HTTPLOG)


def test_a_format_of_the_users_own_can_say_enough() -> None:
    assert says_enough("%pid %{+X}ID %tsc %Tw %Tc %Tt anything", Form.HTTPLOG)
    assert says_enough("%{+json}o %(p)pid %[unique-id] %ts %Tw %Tc %Ta", Form.JSON)
