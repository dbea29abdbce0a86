"""A migration, for people and for programs."""
