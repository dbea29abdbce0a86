import base64
from pathlib import Path

import pytest

from hitless.facts import Script
from hitless.host.root import HostRoot
from hitless.host.scripts import read_scripts

_RELOAD = "systemctl reload haproxy"
_ENCODED = base64.b64encode(b"cat a b > c\nsystemctl restart haproxy").decode()


def write(directory: Path, path: str, text: str) -> None:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def read(directory: Path, *extra: str) -> dict[str, Script]:
    scripts, unknown = read_scripts(HostRoot(directory, live=False), extra)
    assert unknown == []
    return {script.path: script for script in scripts}


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("etc/crontab", "cron", f"0 3 * * * root {_RELOAD}"),
        ("etc/cron.d/lb", "cron", f"0 3 * * * root {_RELOAD}"),
        ("etc/cron.daily/lb", "cron", f"#!/bin/sh\n{_RELOAD}"),
        ("var/spool/cron/crontabs/root", "cron", f"0 3 * * * {_RELOAD}"),
        ("var/spool/cron/root", "cron", f"0 3 * * * {_RELOAD}"),
        ("etc/logrotate.d/haproxy", "logrotate", "/var/log/haproxy.log {\n daily\n}"),
        ("etc/logrotate.conf", "logrotate", "/var/log/HAProxy.log { daily }"),
        ("etc/letsencrypt/renewal-hooks/deploy/lb", "certbot", f"#!/bin/sh\n{_RELOAD}"),
        ("etc/letsencrypt/renewal/x.conf", "certbot", f"[renewalparams]\npost_hook = {_RELOAD}"),
        ("etc/letsencrypt/cli.ini", "certbot", f"deploy-hook = {_RELOAD}"),
        ("root/.acme.sh/x_ecc/x.conf", "acme", "Le_ReloadCmd='systemctl restart haproxy'"),
        ("etc/dehydrated/hook.sh", "acme", f"#!/bin/sh\n{_RELOAD}"),
        ("etc/network/if-up.d/lb", "network", f"#!/bin/sh\n{_RELOAD}"),
        ("etc/NetworkManager/dispatcher.d/no-wait.d/lb", "network", f"#!/bin/sh\n{_RELOAD}"),
        ("etc/init.d/haproxy", "sysv-init", "#!/bin/sh\nDAEMON=/usr/sbin/haproxy"),
        ("etc/keepalived/keepalived.conf", "keepalived", f'vrrp_instance a {{\n notify "{_RELOAD}"\n}}'),
        ("usr/local/sbin/lb-reload", "script", f"#!/bin/sh\n{_RELOAD}"),
        ("etc/haproxy/deploy.sh", "script", _RELOAD),
    ],
)
def test_usual_places(tmp_path: Path, path: str, kind: str, text: str) -> None:
    write(tmp_path, path, text)
    assert [(s.path, s.kind, s.text) for s in read(tmp_path).values()] == [(f"/{path}", kind, text)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("etc/crontab", f"# 0 3 * * * root {_RELOAD}"),
        ("etc/cron.d/lb", "0 3 * * * root true  # haproxy"),
        ("etc/cron.d/.placeholder", _RELOAD),
        ("etc/cron.d/lb~", _RELOAD),
        (
            "etc/letsencrypt/renewal/haproxy.example.conf",
            "cert = /etc/letsencrypt/live/haproxy.example/cert.pem",
        ),
        ("etc/haproxy/haproxy.cfg", "log-tag haproxy"),
        ("usr/local/bin/haproxy", "\x7fELF\x00haproxy"),
    ],
)
def test_what_is_no_script(tmp_path: Path, path: str, text: str) -> None:
    write(tmp_path, path, text)
    assert read(tmp_path) == {}


def test_a_command_that_acme_encoded(tmp_path: Path) -> None:
    write(
        tmp_path,
        "root/.acme.sh/x/x.conf",
        f"Le_ReloadCmd='__ACME_BASE64__START_{_ENCODED}__ACME_BASE64__END_'\n",
    )
    (script,) = read(tmp_path).values()
    assert script.text == "Le_ReloadCmd='cat a b > c; systemctl restart haproxy'\n"


def test_units_other_than_its_own(tmp_path: Path) -> None:
    lib = "usr/lib/systemd/system"
    write(
        tmp_path,
        f"{lib}/haproxy.service",
        "[Service]\nExecStart=/usr/sbin/haproxy -Ws\nExecReload=/bin/kill -USR2 $MAINPID\n",
    )
    write(tmp_path, f"{lib}/haproxy-certs.service", f"[Service]\nExecStart=/bin/sh -c '{_RELOAD}'\n")
    write(tmp_path, f"{lib}/haproxy-certs.timer", "[Timer]\n")
    write(
        tmp_path, f"{lib}/a.service", "[Unit]\nDescription=before haproxy\n[Service]\nExecStart=/bin/true\n"
    )
    write(tmp_path, f"{lib}/b.service.d/x.conf", f"[Service]\nExecStartPost={_RELOAD}\n")
    found = read(tmp_path)
    assert [(s.path, s.kind, s.named_by) for s in found.values()] == [
        (f"/{lib}/b.service.d/x.conf", "systemd", "b.service"),
        (f"/{lib}/haproxy-certs.service", "systemd", "haproxy-certs.timer"),
    ]


def test_what_keepalived_calls_is_its_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        "etc/keepalived/keepalived.conf",
        'notify "/opt/lb/roles.sh" # haproxy\nscript "pidof haproxy"',
    )
    write(tmp_path, "opt/lb/roles.sh", "#!/bin/sh\nkill $(pidof haproxy)\n")
    write(tmp_path, "etc/keepalived/check.sh", "killall -0 haproxy\n")
    write(tmp_path, "etc/keepalived/mail.sh", "mail -s roles root\n")
    found = {s.path: s.kind for s in read(tmp_path).values()}
    assert found == dict.fromkeys(
        ("/etc/keepalived/check.sh", "/etc/keepalived/keepalived.conf", "/opt/lb/roles.sh"), "keepalived"
    )


def test_what_a_script_calls(tmp_path: Path) -> None:
    write(
        tmp_path,
        "etc/cron.d/lb",
        "# c\n0 3 * * * root /opt/lb/haproxy-renew /etc/haproxy/haproxy.cfg /opt/x.bin\n",
    )
    write(tmp_path, "opt/lb/haproxy-renew", "#!/bin/sh\n. /opt/lb/common.sh\n")
    write(tmp_path, "opt/lb/common.sh", "restart_it() { service lb restart; }\n. /opt/lb/common.sh\n")
    write(tmp_path, "opt/x.bin", "haproxy")
    write(tmp_path, "etc/haproxy/haproxy.cfg", "global\n")
    found = read(tmp_path)
    assert {path: script.named_by for path, script in found.items()} == {
        "/etc/cron.d/lb": "",
        "/opt/lb/haproxy-renew": "/etc/cron.d/lb:2",
        "/opt/lb/common.sh": "/opt/lb/haproxy-renew:2",
    }


def test_secrets_are_hidden(tmp_path: Path) -> None:
    write(tmp_path, "etc/cron.d/lb", f"TOKEN=abc\n* * * * * root {_RELOAD}\n")
    assert read(tmp_path)["/etc/cron.d/lb"].text.startswith("TOKEN=***\n")


def test_trees_that_a_person_names(tmp_path: Path) -> None:
    write(tmp_path, "host/etc/hostname", "lb1\n")
    write(tmp_path, "ansible/handlers/main.yml", "- service: name=haproxy state=restarted\n")
    scripts, unknown = read_scripts(
        HostRoot(tmp_path / "host", live=False), [str(tmp_path / "ansible"), str(tmp_path / "none")]
    )
    assert [(s.path, s.kind) for s in scripts] == [
        (str(tmp_path / "ansible/handlers/main.yml"), "configuration-management")
    ]
    assert [u.what for u in unknown] == [f"scripts in {tmp_path / 'none'}"]
