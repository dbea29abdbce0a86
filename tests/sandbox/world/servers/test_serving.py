import msgspec

from hitless.sandbox.world.records import Step
from hitless.sandbox.world.servers.serving import Serving
from tests.sandbox.world.fakes import ENDPOINT

GREETING, SECOND = (Step(say=b"220 hi\r\n"),), (Step(say=b"* OK\r\n"),)
PING, ANYTHING = (Step(hear=b"PING"), Step(say=b"x")), (Step(hear_anything=True, say=b"x"),)


def test_a_script_in_which_the_server_begins_is_its_greeting() -> None:
    endpoint = msgspec.structs.replace(ENDPOINT, scripts=(PING, GREETING, ANYTHING, SECOND, ()))
    serving = Serving(endpoint, None)
    assert serving.greeting == GREETING
    assert serving.scripts == (PING, ANYTHING)


def test_without_scripts_nobody_is_greeted() -> None:
    serving = Serving(ENDPOINT, None)
    assert (serving.greeting, serving.scripts) == ((), ())
