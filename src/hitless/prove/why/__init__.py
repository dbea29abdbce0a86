"""The questions that a victim is put to, each a pure function: victim, reload and moment in, a cause or nothing out."""
