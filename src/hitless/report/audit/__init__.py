"""The answer of an audit for terminals and for programs: records in, text out."""
