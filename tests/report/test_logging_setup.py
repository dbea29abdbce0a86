from hitless.fixes import ChangedFile, LoggingReport, Next, Note
from hitless.report.logging_setup import render_text

CHANGE = ChangedFile(
    path="/x", kind="rsyslog", new=True, diff=("--- /dev/null", "+++ /x", "@@ -0,0 +1 @@", "+a")
)
NOTES = (Note(where="/h.cfg:3", text="option logasap: early"), Note(text="no place"))


def test_a_plan_says_how_it_is_made() -> None:
    text = render_text(LoggingReport(changes=(CHANGE,), notes=NOTES), width=80, colour=False)
    assert text.splitlines()[3:] == [
        "+a",
        "",
        "note     /h.cfg:3: option logasap: early",
        "note     no place",
        "next     hitless logs init --apply (with the same words) makes these changes",
    ]


def test_what_was_applied_says_what_comes_next() -> None:
    report = LoggingReport(
        changes=(CHANGE,),
        applied=True,
        backup="b",
        next=(Next(command="systemctl restart rsyslog", why="opens it"),),
    )
    assert render_text(report, width=80, colour=False).splitlines()[5:] == [
        "written  /x",
        "undo     hitless fix --undo b",
        "next     systemctl restart rsyslog    (opens it)",
    ]


def test_where_nothing_is_lacking_that_is_said() -> None:
    assert render_text(LoggingReport(changes=(), notes=NOTES[1:]), width=80, colour=True) == (
        "Nothing to change.\nnote     no place\n"
    )
