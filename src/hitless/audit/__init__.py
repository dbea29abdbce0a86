"""Which causes of dropped reloads are present: rules, one file each, over facts; and the fixes."""
