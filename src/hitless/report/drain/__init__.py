"""What `hitless drain` says."""
