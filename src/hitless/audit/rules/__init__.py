"""The rules, one file each, in a package for each family. `hitless.audit.table` lists them."""
