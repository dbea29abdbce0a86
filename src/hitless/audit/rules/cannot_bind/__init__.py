"""HL4xx: the new process cannot bind, or not start."""
