"""What is asked before the live worker is touched: one file for each question."""
