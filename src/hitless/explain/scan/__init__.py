"""A whole log counted without a value for each line: columns over blocks of bytes, summed by second and process."""
