from hitless.facts import ConfigurationFile, Instance, Launch, RunMode
from hitless.gather.mode import decide_mode, master_worker_line


def launch(*words: str) -> Launch:
    return Launch(arguments=("haproxy", *words), source="/proc/1/cmdline")


def test_the_user_the_command_line_the_configuration() -> None:
    master, classic = RunMode.MASTER_WORKER, RunMode.CLASSIC
    ws = launch("-Ws", "-f", "a")
    assert decide_mode(asked=classic, launch=ws, configuration_says="a:1") == (classic, "--mode")
    assert decide_mode(asked=None, launch=ws, configuration_says="")[0] is master
    assert decide_mode(asked=None, launch=launch(), configuration_says="a:1")[0] is master
    assert decide_mode(asked=None, launch=launch(), configuration_says="")[0] is classic
    assert decide_mode(asked=None, launch=launch(), configuration_says=None)[0] is RunMode.UNKNOWN
    assert decide_mode(asked=None, launch=None, configuration_says="")[0] is RunMode.UNKNOWN


def test_the_keyword_counts_in_global_alone() -> None:
    def line(*texts: str) -> str | None:
        files = tuple(ConfigurationFile(path=f"/{n}", text=t, sha256="") for n, t in enumerate(texts))
        return master_worker_line(Instance(name="x", configuration=files))

    assert line("global\n master-worker no-exit-on-failure\n") == "/0:2"
    assert line("backend b\n # master-worker\n") == ""
    assert line("global\n", "global\n master-worker\n") == "/1:2"
    assert line() is None
    unread = ConfigurationFile(path="/a", text="", sha256="", problem="no")
    assert master_worker_line(Instance(name="x", configuration=(unread,))) is None
