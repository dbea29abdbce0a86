"""Which cases there are to be run; what runs them is tested in tests/system/test_lab.py."""

import os
import shutil

import pytest

from hitless.errors import SandboxError
from hitless.lab import suite
from hitless.lab.haproxies import Haproxy
from hitless.lab.suite import missing_need, plan_suite, run_suite
from tests.lab.made import TEXT, make_scenario

OLD, NEW = Haproxy((2, 2), "2.2.9", "/a"), Haproxy((2, 8), "2.8.25", "/b")


def test_each_scenario_on_each_version_in_each_mode() -> None:
    both = make_scenario('modes = ["master-worker", "classic"]\nversions = ["2.6-"]\n' + TEXT)
    plan = plan_suite([make_scenario(), both], [OLD, NEW], known={}, absent_versions=["3.2"])
    assert [(case.haproxy.name, case.mode) for case in plan.cases] == [
        ("2.2", "master-worker"),
        ("2.8", "master-worker"),
        ("2.8", "master-worker"),
        ("2.8", "classic"),
    ]
    assert [one.what for one in plan.absent] == ["HAProxy 3.2"]
    assert [case.mode for case in plan_suite([both], [NEW], mode="classic", known={}).cases] == ["classic"]


def test_what_cannot_be_had_is_said_and_not_left_out_silently() -> None:
    scenario = make_scenario('needs = ["nothing-of-this-name", "systemd"]\n' + TEXT)
    plan = plan_suite(
        [scenario], [NEW], known={}, missing=lambda need: f"{need} is not here" if need != "systemd" else ""
    )
    assert plan.cases == ()
    assert [(one.what, one.why) for one in plan.absent] == [
        ("HL501-an-example", "nothing-of-this-name is not here")
    ]


def test_needs_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_need("python3-of-nobody") == "python3-of-nobody is not installed"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert missing_need("root") == "it needs root"
    assert "root" in missing_need("systemd")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert missing_need("root") == ""
    assert missing_need("systemd") == "systemd-nspawn is not installed"


def test_a_worker_that_dies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "WORKER_MODULE", "hitless.no_such_module")
    plan = plan_suite([make_scenario()], [NEW], known={})
    with pytest.raises(SandboxError, match=r"in the middle of HL501-an-example on 2.8"):
        run_suite(plan, [NEW], lambda _progress: None, jobs=1)
