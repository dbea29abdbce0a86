"""Each module has its test and each test its module, so that nobody has to look for either.

`src/hitless/a/b.py` is tested by `tests/a/test_b.py`. Packages' `__init__` and `__main__` need no test of their own.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

WITHOUT_TEST: dict[str, str] = {
    "gather/options.py": "a record without behaviour; tests/cli/test_gather_words.py makes them",
    "drains.py": "records; tests/reload/drain makes them, tests/report/drain draws them",
    "evidence/bundle_meta.py": "records without behaviour; tests/evidence/test_bundle.py writes and reads them",
    "explanations/answer.py": "records; tests/explain makes them, tests/report/explain draws them",
    "explanations/seen.py": "as above",
    "explanations/words.py": "as above",
    "explain/detect/activity.py": "a record without behaviour; tests/explain/activity_table.py makes them",
    "explain/inputs/chosen.py": "a record without behaviour; tests/cli/test_explain_words.py makes it",
    "explain/scan/census.py": "a record without behaviour; tests/explain/scan/test_run.py makes them",
    "explain/captures/frames.py": "records; tests/explain/captures/test_reader.py reads them",
    "facts/host.py": "records; every audit test builds and reads them",
    "facts/instance.py": "as above",
    "facts/snapshot.py": "as above",
    "facts/unit.py": "as above",
    "findings.py": "records; tests/report/audit draws them",
    "fixes.py": "records; tests/audit/fix makes them",
    "cli/migrate.py": "tests/system/test_migrate*.py run the command against real HAProxies",
    "cli/ready.py": "tests/system/test_ready.py runs the command against real HAProxies",
    "cli/run.py": "tests/system/test_run*.py run the command with real HAProxies",
    "cli/reload.py": "tests/system/test_reload_*.py run the command against real HAProxies",
    "cli/hold.py": "tests/system/test_hold_life.py and test_hold_systemd.py run it",
    "hold/bind.py": "tests/system/test_hold_life.py: what is bound is taken by a real HAProxy",
    "hold/daemon.py": "tests/system/test_hold_*.py run the daemon against real HAProxies",
    "hold/follow.py": "tests/system/test_hold_following.py: what to conclude is tests/hold/test_judge.py",
    "hold/observe.py": "as above",
    "hold/replace.py": "tests/system/test_hold_life.py",
    "hold/start.py": "as above",
    "hold/take.py": "tests/system/test_hold_following.py",
    "hold/upgrade.py": "tests/system/test_hold_life.py and test_hold_events.py",
    "holding.py": "records; tests/hold/test_status.py makes them, tests/report/hold draws them",
    "lab/inside.py": "tests/system/test_lab.py: a stage needs a sandbox and a HAProxy",
    "lab/plan.py": "records; tests/system/test_lab.py sends them",
    "lab/run.py": "tests/system/test_lab.py",
    "lab/stage.py": "tests/system/test_lab.py",
    "lab/worker.py": "tests/system/test_lab.py",
    "lab/verbs/audit.py": "tests/system/test_lab.py: steps are done on a stage",
    "lab/verbs/load.py": "as above",
    "lab/verbs/programs.py": "as above",
    "lab/verbs/service.py": "as above",
    "lab/verbs/waiting.py": "as above",
    "prove/proof.py": "tests/system/test_prove_*.py: a proof from beginning to end; tests/prove/test_keep.py judges",
    "prove/run_plan.py": "tests/system/test_prove_*.py: clients and pressure on a real HAProxy",
    "reload/attempt.py": "tests/system/test_reload_*.py; tests/reload/test_steps.py plays its steps",
    "reload/attempts.py": "as above",
    "reload/classic.py": "as above",
    "reload/draining.py": "as above",
    "reload/driver.py": "as above",
    "reload/means.py": "as above",
    "migrations.py": "records; tests/report/migrate makes and draws them",
    "reload/migrate/driver.py": "tests/system/test_migrate*.py: it needs a HAProxy",
    "reload/migrate/options.py": "a record without behaviour; tests/reload/migrate/test_plan.py makes them",
    "reload/migrate/prepare.py": "as reload/migrate/driver.py",
    "reload/migrate/succession.py": "as reload/migrate/driver.py",
    "reload/preflight/whole.py": "as above",
    "reload/ready.py": "tests/system/test_ready.py",
    "reload/session.py": "tests/system/test_reload_*.py",
    "reloads.py": "records; tests/reload makes them, tests/report/reload draws them",
    "run/driver.py": "tests/system/test_run*.py: it needs a HAProxy; what it decides is in machine and main_process",
    "run/options.py": "a record without behaviour; tests/run/test_machine.py makes them",
    "sandbox/world/servers/layer.py": "two protocols without code; every layer's test implements or uses them",
}
"""Modules without a test file, each with the reason."""

WITHOUT_MODULE = {
    "tests/audit/test_rules.py": "tests every module of audit/rules",
    "tests/explain/detect/test_real_logs.py": "tests all of explain/detect with logs of real HAProxies",
    "tests/cli/test_explain_damage.py": "tests all of `hitless explain` with damaged and ambiguous inputs",
    "tests/cli/test_interrupted.py": "tests the exit status of every command, which hitless.cli decides",
    "tests/audit/test_hostile_facts.py": "tests every rule and every format with any facts",
    "tests/test_docs.py": "tests README.md and docs/",
    "tests/test_mirror.py": "tests the tests",
    "tests/test_start_up.py": "tests what the whole package imports",
}
"""Test files without a module, each with the reason. (tests/system tests compositions, tests/scripts the scripts.)"""


def sources() -> list[str]:
    found = (p.relative_to(ROOT / "src" / "hitless") for p in (ROOT / "src" / "hitless").rglob("*.py"))
    # tests/audit/test_rules.py applies each rule to its own fixtures.
    return sorted(
        str(p)
        for p in found
        if p.name not in {"__init__.py", "__main__.py"} and not p.is_relative_to("audit/rules")
    )


def paths_of_tests() -> list[str]:
    found = (p.relative_to(ROOT) for p in (ROOT / "tests").rglob("test_*.py"))
    return sorted(str(p) for p in found if p.parts[1] not in {"system", "scripts"})


def mirror(source: str) -> str:
    path = Path(source)
    return str(Path("tests") / path.parent / f"test_{path.name}")


def test_the_lists_are_not_empty() -> None:
    assert len(sources()) > 10
    assert len(paths_of_tests()) > 10


@pytest.mark.parametrize("source", sources())
def test_each_module_has_its_test(source: str) -> None:
    assert ((ROOT / mirror(source)).exists()) != (source in WITHOUT_TEST), mirror(source)


@pytest.mark.parametrize("test", paths_of_tests())
def test_each_test_has_its_module(test: str) -> None:
    mirrored = {mirror(source) for source in sources()}
    assert (test in mirrored) != (test in WITHOUT_MODULE)


def test_exemptions_are_of_files_that_are_there() -> None:
    assert set(WITHOUT_TEST) <= set(sources())
    assert set(WITHOUT_MODULE) <= set(paths_of_tests())
