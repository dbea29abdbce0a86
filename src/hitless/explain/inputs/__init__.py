"""The inputs of an explanation: what each file is, which there are by default, and what is read of each."""
