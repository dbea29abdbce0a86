"""What happened, from the evidence that exists: logs into typed values, and the reloads found in them."""
