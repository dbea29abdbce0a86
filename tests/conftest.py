"""Properties are tried without a deadline: a shared machine is slow at any moment, and tests time nothing.

A run that is told to end (SIGTERM, as by `timeout`) ends as by Ctrl-C: fixtures take down what they have started. Where
SIGINT and SIGQUIT (a shell's `&`) or SIGHUP (`nohup`) are ignored, programs that tests start and signal would ignore
them as well.
"""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("hitless", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hitless")
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.default_int_handler)
for number in (signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
