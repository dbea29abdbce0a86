"""HAProxy's log formats as parsers: what each item of a format looks like in a line, and which field it fills."""
