"""HL1xx: the reload is not graceful."""
