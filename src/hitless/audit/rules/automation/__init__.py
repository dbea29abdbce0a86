"""HL6xx: automation races the reload."""
