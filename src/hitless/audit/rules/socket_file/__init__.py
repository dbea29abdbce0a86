"""HL3xx: the socket file."""
