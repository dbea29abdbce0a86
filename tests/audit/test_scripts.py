"""What scripts do to HAProxy, in the languages and spellings that hosts have, and what only looks like it."""

import pytest

from hitless.audit.scripts import actions, script_place
from hitless.facts import Script


def _acts(text: str, services: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return what a script does, and the signal where there is one."""
    found = actions(Script(path="/x", kind="script", text=text), services)
    return [(str(a.action), a.detail if a.action in {"signal", "master-cli"} else "") for a in found]


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("systemctl restart haproxy", "restart"),
        ("/bin/systemctl restart haproxy.service", "restart"),
        ("sudo -n systemctl --no-block try-restart haproxy.service > /dev/null 2>&1", "restart"),
        ("systemctl restart keepalived haproxy", "restart"),
        ("systemctl restart 'haproxy@blue.service'", "restart"),
        ("systemctl -H root@lb1 restart haproxy", "restart"),
        ("ssh lb1 'systemctl restart haproxy'", "restart"),
        ("haproxy -c -q -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy", "reload"),
        ("systemctl reload-or-restart haproxy", "reload"),
        ("systemctl stop haproxy", "stop"),
        ("service haproxy restart", "restart"),
        ("/usr/sbin/service haproxy reload", "reload"),
        ("rc-service haproxy restart", "restart"),
        ("rc-service -q haproxy restart", "restart"),
        ("invoke-rc.d haproxy restart || true", "restart"),
        ("/etc/init.d/haproxy restart", "restart"),
        ("/etc/rc.d/init.d/haproxy condrestart >/dev/null", "restart"),
        ("/usr/local/etc/rc.d/haproxy restart", "restart"),
        ("sv hup haproxy", "reload"),
        ("supervisorctl restart haproxy", "restart"),
        ("docker restart haproxy", "restart"),
        ("docker compose -f /srv/lb.yml restart haproxy", "restart"),
        ("docker-compose restart haproxy", "restart"),
        ("15 3 * * 0 root systemctl restart haproxy", "restart"),
        ("@daily /bin/systemctl restart haproxy", "restart"),
        ("\t@systemctl restart haproxy", "restart"),
        ("RUN service haproxy restart", "restart"),
        ("renew_hook = systemctl restart haproxy", "restart"),
        ("certbot renew --deploy-hook 'systemctl restart haproxy'", "restart"),
        ('acme.sh --install-cert -d x --reloadcmd "service haproxy restart"', "restart"),
        (
            "Le_ReloadCmd='__ACME_BASE64__START_c3lzdGVtY3RsIHJlc3RhcnQgaGFwcm94eQ==__ACME_BASE64__END_'",
            "restart",
        ),
        ('subprocess.run(["systemctl", "restart", "haproxy"], check=True)', "restart"),
        ("os.system('service haproxy restart')", "restart"),
        ("  - command: systemctl restart haproxy", "restart"),
        ("  ansible.builtin.command: systemctl restart haproxy", "restart"),
        ("  exec { 'x': command => '/bin/systemctl restart haproxy' }", "restart"),
        ("ExecStart=/usr/bin/systemctl restart haproxy.service", "restart"),
        ("if [ -f x ]; then systemctl restart haproxy; fi", "restart"),
        ("systemctl \\\n  restart \\\n  haproxy", "restart"),
        ("SERVICE=haproxy\nsystemctl restart $SERVICE", "restart"),
        ('SVC="haproxy"\nservice "${SVC}" restart', "restart"),
        ("systemctl restart rh-haproxy18-haproxy", "restart"),
        ("systemctl restart hapee-2.8-lb", "restart"),
        ("systemctl restart haproxy-internal", "restart"),
        ("if systemctl restart haproxy 2>/dev/null; then", "restart"),
        ('ansible lb -m systemd -a "name=haproxy state=restarted"', "restart"),
        (
            "subprocess.call('ansible ha -m service -a \"name=haproxy state=restarted\"',shell=True)",
            "restart",
        ),
        ("exec { 'reload-haproxy':\n  command => 'service haproxy reload',\n}", "reload"),
        ('    reload_cmd   = "service haproxy reload"', "reload"),
        ('    local("sudo service haproxy reload")', "reload"),
        ("stdout = `service haproxy reload`", "reload"),
    ],
)
def test_services(text: str, action: str) -> None:
    assert (action, "") in _acts(text)


@pytest.mark.parametrize(
    "text",
    [
        "# systemctl restart haproxy",
        "   ; systemctl restart haproxy",
        "true # or: systemctl restart haproxy",
        "cat /etc/haproxy/restart.txt",
        "apt restart haproxy-exporter",
        "systemctl restart haproxy-exporter",
        "systemctl restart prometheus-haproxy-exporter.service",
        "systemctl restart haproxy_exporter haproxy-dataplane",
        "systemctl restart keepalived # after haproxy",
        "systemctl restart keepalived && cat /etc/haproxy/haproxy.cfg",
        "cat /etc/haproxy/haproxy.cfg; systemctl restart keepalived",
        "systemctl status haproxy",
        "systemctl is-active haproxy && systemctl restart nginx",
        "systemctl show -p MainPID haproxy",
        "service haproxy status",
        'echo "now run: systemctl restart haproxy"',
        "log_warning_msg 'use systemctl restart haproxy'",
        "- name: systemctl restart haproxy",
        '    restart_cmd  = "service haproxy restart"',
        "  notify: restart haproxy",
        "Description=Runs systemctl restart haproxy",
        "cat <<EOF\nusage: systemctl restart haproxy\nEOF",
        "apt-get install haproxy -y",
        "docker run -d --name haproxy -p 80:80 haproxy:2.8",
        "grep -c haproxy /etc/passwd",
        "tar cf /backup/haproxy -C /etc haproxy",
        "pkill -HUP rsyslogd",
        "kill -HUP $(cat /run/rsyslogd.pid) # haproxy's log",
        "systemctl kill -s HUP rsyslog.service; ls /var/log/haproxy.log",
        "pkill -f haproxy_exporter",
        "kill $(cat /run/haproxy-exporter.pid)",
        "kill -0 $(cat /run/haproxy.pid)",
        "haproxy -vv",
        "ls /usr/sbin/haproxy -l",
        "/var/log/haproxy.log {\n    postrotate\n        /usr/lib/rsyslog/rsyslog-rotate\n    endscript\n}",
        "[ -x /usr/sbin/haproxy ] || exit 0",
        "\x00\xff$(((((`{{{",
        'restart "haproxy',
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert _acts(text) == []


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("kill -USR2 $(cat /run/haproxy.pid)", "USR2"),
        ("kill -s USR2 `cat /var/run/haproxy/haproxy.pid`", "USR2"),
        ("kill -SIGUSR2 $(pidof haproxy)", "USR2"),
        ("/bin/kill -12 $(pgrep -o haproxy | head -1)", "USR2"),
        ("kill --signal HUP $(cat /run/haproxy.pid)", "HUP"),
        ("kill -9 $(pidof haproxy)", "KILL"),
        ("kill $(cat /run/haproxy.pid)", "TERM"),
        ("pkill haproxy", "TERM"),
        ("pkill -9 -x haproxy", "KILL"),
        ("pkill -USR1 -f /usr/sbin/haproxy", "USR1"),
        ("killall -HUP haproxy", "HUP"),
        ("killall -q -s SIGUSR2 haproxy", "USR2"),
        ("docker kill -s HUP haproxy", "HUP"),
        ("docker kill --signal=USR2 haproxy-1", "USR2"),
        ("docker kill haproxy", "KILL"),
        ("podman kill --signal HUP haproxy", "HUP"),
        ("systemctl kill -s USR2 --kill-whom=main haproxy", "USR2"),
        ("systemctl kill --signal=SIGHUP haproxy.service", "HUP"),
        ("PID=$(cat /run/haproxy.pid)\nkill -USR2 $PID", "USR2"),
        ("consul-template -template a:b:kill -9 \\$(cat /var/run/haproxy.pid)", "KILL"),
        ('PIDFILE=/run/haproxy.pid\nkill -USR2 "$(cat "$PIDFILE")"', "USR2"),
    ],
)
def test_signals(text: str, signal: str) -> None:
    assert _acts(text) == [("signal", signal)]


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("haproxy -f /etc/haproxy/haproxy.cfg -D -p /run/haproxy.pid -sf $(cat /run/haproxy.pid)", "spawn"),
        ("/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg", "spawn"),
        ("sudo /usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg", "spawn"),
        ('HAPROXY=/usr/sbin/haproxy\n$HAPROXY -f "$CONFIG" -p "$PIDFILE" -sf $(cat "$PIDFILE") -D', "spawn"),
        ('exec="/usr/sbin/haproxy"\n    daemon $exec -D -f $cfgfile -p $pidfile', "spawn"),
        (
            'start-stop-daemon --start --exec "/usr/sbin/haproxy" -- -f "$CONFIG" -D -p "$PIDFILE"',
            "spawn",
        ),
        ('CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]', "spawn"),
        ("CMD haproxy -f /etc/haproxy.cfg -db", "spawn"),
        ("exec haproxy -W -db -f /etc/haproxy.cfg", "spawn"),
        ("haproxy -c -f /etc/haproxy/haproxy.cfg", "check"),
        ("if ! haproxy -c -q -f /etc/haproxy/haproxy.cfg; then exit 1; fi", "check"),
        ("echo reload | socat /run/haproxy-master.sock -", "master-cli"),
        ('echo "reload" | sudo socat stdio /run/haproxy-master.sock', "master-cli"),
        ("printf 'reload\\n' | nc -U /run/m.sock", "master-cli"),
        ("socat /run/m.sock - <<< 'reload'", "master-cli"),
    ],
)
def test_starts_checks_and_the_master_cli(text: str, action: str) -> None:
    assert [act for act, _ in _acts(text)] == [action]


def test_a_hard_reload_is_told_apart() -> None:
    assert _acts("echo hard-reload | socat /run/m.sock -") == [("master-cli", "hard-reload")]


ANSIBLE = """
- name: restart haproxy
  {}
- name: other
  debug: msg=hello
"""


@pytest.mark.parametrize(
    "task",
    [
        "service: name=haproxy state=restarted",
        'service: name="haproxy" state="restarted"',
        "ansible.builtin.service:\n    name: haproxy\n    state: restarted",
        "ansible.builtin.systemd_service:\n    state: restarted\n    daemon_reload: true\n    name: haproxy.service",
        "ansible.builtin.systemd:\n    name: '{{ haproxy_service_name }}'\n    state: \"restarted\"",
        "service: {name: haproxy, state: restarted}",
        "action: service name=haproxy state=restarted",
        'service:\n    name: "{{ item }}"\n    state: restarted\n  loop:\n    - keepalived\n    - haproxy',
        'sysvinit:\n    name: "{{ item }}"\n    state: restarted\n  with_items: [haproxy, rsyslog]',
        "become: true\n  service:\n\n    name: haproxy\n    # a comment\n    state: restarted\n  when: x",
    ],
)
def test_ansible(task: str) -> None:
    assert _acts(ANSIBLE.format(task)) == [("restart", "")]


@pytest.mark.parametrize(
    "task",
    [
        "service: name=keepalived state=restarted",
        "service: name={{ item }} state=restarted",
        "service:\n    name: rsyslog\n    state: restarted",
        "service:\n    name: haproxy_exporter\n    state: restarted",
        "systemd:\n    name: '{{ haproxy_exporter_service }}'\n    state: restarted",
        "# service: name=haproxy state=restarted\n  debug: {}",
        "docker_container:\n    name: haproxy\n    state: started",
        "service:\n    name: haproxy\n    state: '{{ wanted }}'",
    ],
)
def test_ansible_tasks_that_are_none(task: str) -> None:
    assert _acts(ANSIBLE.format(task)) == []


def test_a_task_is_not_about_haproxy_by_its_title() -> None:
    assert _acts("- name: haproxy\n  service: name=nginx state=restarted\n") == []


def test_a_task_beside_one_about_haproxy_is_not_taken_for_it() -> None:
    text = "- service:\n    name: haproxy\n    state: reloaded\n- service:\n    name: nginx\n    state: restarted\n"
    assert _acts(text) == [("reload", "")]


def test_tasks_of_a_play_stay_apart() -> None:
    text = (
        "- hosts: lb\n  tasks:\n    - name: reload haproxy\n"
        "      service:\n        name: haproxy\n        state: reloaded\n"
        "  handlers:\n    - service:\n        name: rsyslog\n        state: restarted\n"
    )
    assert _acts(text) == [("reload", "")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("haproxy:\n  service.running:\n    - watch:\n      - file: /etc/haproxy/haproxy.cfg\n", ["restart"]),
        ("haproxy:\n  service.running:\n    - reload: True\n    - watch:\n      - file: /x\n", []),
        ("haproxy:\n  service:\n    - running\n    - watch:\n      - file: /x\n", ["restart"]),
        (
            "lb:\n  service.running:\n    - name: haproxy\n    - enable: True\n    - watch:\n      - file: /x\n",
            ["restart"],
        ),
        ("nginx:\n  service.running:\n    - watch:\n      - file: /etc/haproxy/haproxy.cfg\n", []),
        ("haproxy:\n  service.running:\n    - enable: True\n", []),
        (
            "service { 'haproxy': ensure => running, }\nfile { '/x': notify => Service['haproxy'], }",
            ["restart"],
        ),
        ("service { 'haproxy': subscribe => File['/x'], }", ["restart"]),
        ("service { 'haproxy': restart => '/x', }\nfile { '/x': notify => Service['haproxy'], }", []),
        ("service { 'haproxy': ensure => running }", []),
        ("notifies :restart, 'service[haproxy]', :delayed", ["restart"]),
        ('notifies(:reload, "service[haproxy]")', ["reload"]),
        ("notifies :restart, 'service[nginx]'", []),
        ("subscribes :restart, 'systemd_unit[haproxy.service]'", ["restart"]),
    ],
)
def test_salt_puppet_and_chef(text: str, found: list[str]) -> None:
    assert [action for action, _ in _acts(text)] == found


DEBIAN_INIT = """#!/bin/sh
PATH=/sbin:/usr/sbin:/bin:/usr/bin
BASENAME=haproxy
PIDFILE=/var/run/${BASENAME}.pid
CONFIG=/etc/${BASENAME}/${BASENAME}.cfg
HAPROXY=/usr/sbin/haproxy
EXTRAOPTS=

test -x $HAPROXY || exit 0

check_haproxy_config()
{
\t$HAPROXY -c -f "$CONFIG" $EXTRAOPTS >/dev/null
\tif [ $? -eq 1 ]; then
\t\tlog_end_msg 1
\t\texit 1
\tfi
}

haproxy_start()
{
\tcheck_haproxy_config
\tstart-stop-daemon --quiet --oknodo --start --pidfile "$PIDFILE" \\
\t\t--exec $HAPROXY -- -f "$CONFIG" -D -p "$PIDFILE" \\
\t\t$EXTRAOPTS || return 2
\treturn 0
}

haproxy_stop()
{
\tfor pid in $(cat $PIDFILE); do
\t\t/bin/kill $pid || return 4
\tdone
}

haproxy_reload()
{
\tcheck_haproxy_config
\t$HAPROXY -f "$CONFIG" -p $PIDFILE -sf $(cat $PIDFILE) -D $EXTRAOPTS \\
\t\t|| return $?
}

case "$1" in
reload|force-reload)
\tlog_daemon_msg "Reloading haproxy" "${BASENAME}"
\thaproxy_reload
\t;;
restart)
\tlog_daemon_msg "Restarting haproxy" "${BASENAME}"
\thaproxy_stop
\thaproxy_start
\t;;
*)
\techo "Usage: /etc/init.d/${BASENAME} {start|stop|reload|restart|status}"
\texit 2
\t;;
esac
"""


def test_the_init_script_of_debian() -> None:
    assert [action for action, _ in _acts(DEBIAN_INIT)] == ["check", "spawn", "spawn"]


def test_lines_are_counted_from_where_a_command_begins() -> None:
    (act,) = actions(Script(path="/x", kind="script", text="true\nsystemctl \\\n  restart haproxy\n"))
    assert act.line == 2


def test_the_place_underlines_what_does_it() -> None:
    script = Script(path="/x", kind="cron", text="\n0 3 * * * root service haproxy restart\n")
    (act,) = actions(script)
    place = script_place(script, act.line, act.word)
    assert place.text[place.column - 1 : place.column - 1 + place.length] == "service haproxy restart"
    assert script_place(script, 99).text == ""


def test_a_unit_by_its_name() -> None:
    assert _acts("systemctl restart lb-front", ("lb-front.service",)) == [("restart", "")]


def test_a_long_hostile_script_ends() -> None:
    lines = (
        ":/" * 2000,
        "/haproxy/" * 400,
        "haproxy:/x/" * 300,
        "haproxy " + "systemctl " * 300,
        "kill -s" * 500,
    )
    assert list(actions(Script(path="/x", kind="script", text="\n".join(lines * 20)))) == []
    text = "kill $(" * 3000 + "\n" + "a\\\n" * 20_000 + "systemctl " * 3000 + "\nhaproxy " * 2000
    assert list(actions(Script(path="/x", kind="script", text=text))) == []
