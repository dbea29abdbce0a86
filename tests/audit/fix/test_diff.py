from hitless.audit.fix.diff import show_change
from hitless.fixes import FileChange


def test_a_change_is_a_unified_diff() -> None:
    change = FileChange(
        path="/etc/haproxy/haproxy.cfg", kind="configuration", before="global\n  a\n", after="global\n  b\n"
    )
    assert show_change(change).diff == (
        *("--- /etc/haproxy/haproxy.cfg", "+++ /etc/haproxy/haproxy.cfg", "@@ -1,2 +1,2 @@"),
        *(" global", "-  a", "+  b"),
    )


def test_a_new_file_comes_from_nowhere() -> None:
    shown = show_change(FileChange(path="/etc/x", kind="sysctl", before=None, after="a = 1\n"))
    assert shown.new
    assert shown.diff[0] == "--- /dev/null"
    assert shown.diff[2:] == ("@@ -0,0 +1 @@", "+a = 1")


def test_a_line_without_an_end_is_marked_as_by_diff() -> None:
    shown = show_change(FileChange(path="/c", kind="sysctl", before="a", after="a\n"))
    assert shown.diff[3:] == ("-a", "\\ No newline at end of file", "+a")


def test_secrets_near_a_change_are_not_shown() -> None:
    before = "userlist u\n    user a insecure-password topsecret\nglobal\n    x\n"
    shown = show_change(
        FileChange(path="/c", kind="configuration", before=before, after=before.replace("    x\n", "    y\n"))
    )
    assert "topsecret" not in "\n".join(shown.diff)
