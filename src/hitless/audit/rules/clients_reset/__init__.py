"""HL5xx: clients are reset although everything was done right."""
