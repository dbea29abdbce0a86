from hitless.fixes import ChangedFile, FixReport, LoggingReport, Next
from hitless.report.changes import applied_lines, diff_lines, labelled

CHANGE = ChangedFile(
    path="/x", kind="unit", new=False, diff=("--- /x", "+++ /x", "@@ -1 +1 @@", "-\told", "+new\x1b[0m")
)


def test_a_diff_is_harmless_and_coloured_only_where_it_may_be() -> None:
    plain = list(diff_lines([CHANGE], colour=False))
    assert plain == ["--- /x", "+++ /x", "@@ -1 +1 @@", "-    old", "+new\\x1b[0m", ""]
    coloured = list(diff_lines([CHANGE], colour=True))
    assert coloured[:2] == plain[:2]
    assert coloured[4] == "\x1b[32m+new\\x1b[0m\x1b[0m"
    assert list(diff_lines([], colour=True)) == []


def test_what_was_done_is_said_of_any_report() -> None:
    expected = [
        "written  /x",
        "accepted by haproxy -c",
        "undo     hitless fix --undo b1",
        "next     reload    (reads it)",
    ]
    left_to_do, checks = (Next(command="reload", why="reads it"),), ("haproxy -c",)
    logging = LoggingReport(changes=(CHANGE,), next=left_to_do, backup="b1", checks=checks)
    fix = FixReport(
        tool_version="0", changes=(CHANGE,), fixed=(), left=(), next=left_to_do, backup="b1", checks=checks
    )
    assert list(applied_lines(logging, 80)) == list(applied_lines(fix, 80)) == expected


def test_a_long_text_stays_behind_its_label() -> None:
    lines = list(labelled("note     ", "word " * 20, 40))
    assert lines[0].startswith("note     word")
    assert all(line.startswith("         word") for line in lines[1:])
