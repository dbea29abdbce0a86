"""What the clients do; one module for each workload."""
