"""Receipts of reloads, as people and programs read them."""
