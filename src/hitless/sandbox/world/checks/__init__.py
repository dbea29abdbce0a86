"""What health checks want to hear: pure readings of a proxy's check rules."""
