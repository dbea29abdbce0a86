"""HL8xx: state that does not survive."""
