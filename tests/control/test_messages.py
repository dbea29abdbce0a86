import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.control.messages import Level, Message, parse_messages


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param(
            "[ALERT] 325/134928 (10402) : parsing [/run/2.2/h.cfg:14] : unknown keyword 'x' in 'frontend' section",
            Message(
                Level.ALERT,
                "parsing [/run/2.2/h.cfg:14] : unknown keyword 'x' in 'frontend' section",
                10402,
                "/run/2.2/h.cfg",
                14,
            ),
            id="2.2",
        ),
        pytest.param(
            "[ALERT]    (6907) : config : parsing [x.cfg:2] : unknown keyword 'expose-fd' in 'global' section",
            Message(
                Level.ALERT,
                "config : parsing [x.cfg:2] : unknown keyword 'expose-fd' in 'global' section",
                6907,
                "x.cfg",
                2,
            ),
            id="2.6",
        ),
        pytest.param(
            "[ALERT]    (10710) : Binding [/run/h.cfg:14] for frontend fe: cannot bind socket (Address already in use)"
            " for [127.0.0.1:21012]",
            Message(
                Level.ALERT,
                "Binding [/run/h.cfg:14] for frontend fe: cannot bind socket (Address already in use)"
                " for [127.0.0.1:21012]",
                10710,
                "/run/h.cfg",
                14,
            ),
            id="an address in brackets is no place",
        ),
        pytest.param(
            "[ALERT]    (10710) : [/usr/sbin/haproxy.main()] Some protocols failed to start their listeners! Exiting.",
            Message(
                Level.ALERT,
                "[/usr/sbin/haproxy.main()] Some protocols failed to start their listeners! Exiting.",
                10710,
            ),
            id="a function in brackets is no place",
        ),
        pytest.param(
            "[NOTICE]   (11649) : Initializing new worker (11711)",
            Message(Level.NOTICE, "Initializing new worker (11711)", 11649),
            id="3.2",
        ),
        pytest.param(
            "haproxy: error while loading shared libraries: liblua5.4.so.0",
            Message(Level.OTHER, "haproxy: error while loading shared libraries: liblua5.4.so.0"),
            id="the loader speaks",
        ),
    ],
)
def test_a_line(line: str, message: Message) -> None:
    assert parse_messages(line + "\n") == (message,)


def test_a_message_owns_its_continuation_lines() -> None:
    output = (
        "[WARNING]  (6911) : config : missing timeouts for frontend 'f'.\n"
        "   | While not properly invalid, you will certainly encounter various problems\n"
        "[ALERT]    (6909) : config : parsing [x.cfg:8]: unmatched quote at position 8:\n"
        '  bind "127.0.0.1:8\n'
        "       ^\n"
    )
    warning, alert = parse_messages(output)
    assert warning.text.endswith(
        "'f'.\n   | While not properly invalid, you will certainly encounter various problems"
    )
    assert alert.text.endswith('position 8:\n  bind "127.0.0.1:8\n       ^')
    assert alert.where == "x.cfg:8"
    assert warning.where == ""


@given(st.text())
def test_any_text_parses_and_nothing_printable_is_lost(output: str) -> None:
    kept = "".join(m.text for m in parse_messages(output))
    assert "".join(kept.split()) == "".join(output.split())
