from hitless.audit.fix.drop_ins import (
    drop_in_path,
    merge_drop_in,
    merge_sysctl,
    merge_tmpfiles,
    sysctl_path,
    tmpfiles_path,
)


def test_a_new_drop_in_has_its_section() -> None:
    text = merge_drop_in(None, "Service", ("ExecReload=", "ExecReload=/bin/kill -USR2 $MAINPID"))
    assert text.startswith("# Written by `hitless fix`.")
    assert text.endswith("[Service]\nExecReload=\nExecReload=/bin/kill -USR2 $MAINPID\n")


def test_a_setting_is_replaced_and_others_stay() -> None:
    old = "[Service]\nKillMode=process\nExecReload=\nExecReload=/bin/false\n\n[Unit]\nAfter=x\n"
    new = merge_drop_in(old, "Service", ("ExecReload=", "ExecReload=/bin/true"))
    assert new == "[Service]\nKillMode=process\nExecReload=\nExecReload=/bin/true\n\n[Unit]\nAfter=x\n"
    assert merge_drop_in(new, "Service", ("ExecReload=", "ExecReload=/bin/true")) == new


def test_a_missing_section_is_added() -> None:
    assert merge_drop_in("[Unit]\nAfter=x\n", "Service", ("KillMode=mixed",)) == (
        "[Unit]\nAfter=x\n[Service]\nKillMode=mixed\n"
    )


def test_a_kernel_setting_stands_once() -> None:
    once = merge_sysctl(None, "net.ipv4.tcp_migrate_req", "1")
    assert merge_sysctl(once, "net.ipv4.tcp_migrate_req", "1") == once
    assert (
        merge_sysctl("net/ipv4/tcp_migrate_req=0\n", "net.ipv4.tcp_migrate_req", "1")
        == "net.ipv4.tcp_migrate_req = 1\n"
    )


def test_a_directory_stands_once() -> None:
    once = merge_tmpfiles(None, "d /run/haproxy 0755 root root -")
    assert merge_tmpfiles(once, "d /run/haproxy 0755 root root -") == once
    changed = merge_tmpfiles(once, "d /run/haproxy 2775 haproxy haproxy -")
    assert "0755" not in changed
    assert changed.endswith("d /run/haproxy 2775 haproxy haproxy -\n")


def test_paths_are_below_etc() -> None:
    assert drop_in_path("haproxy.service") == "/etc/systemd/system/haproxy.service.d/90-hitless.conf"
    assert {sysctl_path(), tmpfiles_path()} == {
        "/etc/sysctl.d/90-hitless.conf",
        "/etc/tmpfiles.d/90-hitless.conf",
    }
