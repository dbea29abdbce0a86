"""HL2xx: the old process does not die."""
