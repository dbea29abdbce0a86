"""The recommended logging: formats, receivers, and the smallest edits that bring a configuration to them."""
