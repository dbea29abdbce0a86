"""Properties are tried without a deadline: a shared machine is slow at any moment, and tests time nothing."""

from hypothesis import HealthCheck, settings

settings.register_profile("hitless", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hitless")
