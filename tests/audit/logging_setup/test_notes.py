from hitless.audit.logging_setup.notes import explain_choices
from tests.audit.logging_setup.subjects import subject

TEXT = """\
global
    log /dev/log local0
defaults
    mode http
    log global
    option dontlog-normal
    option logasap
frontend f
    bind :80
    option dontlognull
    http-request set-header x-request-id %[uuid()]
frontend g
    bind :81
    no log
listen stats
    bind :82
    option log-separate-errors
    stats enable
"""


def test_each_choice_is_explained_once_where_it_stands() -> None:
    notes = list(explain_choices(subject(TEXT)))
    assert [(note.where, note.text.partition(":")[0]) for note in notes] == [
        ("/h.cfg:6", "option dontlog-normal"),
        ("/h.cfg:10", "option dontlognull"),
        ("/h.cfg:7", "option logasap"),
        ("/h.cfg:11", "requests get X-Request-ID here"),
        ("/h.cfg:14", "no log"),
    ]


def test_where_nothing_was_chosen_nothing_is_said() -> None:
    text = (
        "global\n    log /dev/log local0\ndefaults\n    log global\n    mode http\nfrontend f\n    bind :80\n"
    )
    assert list(explain_choices(subject(text))) == []
