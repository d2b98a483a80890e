"""Speed as a ratio against a named rival in the same run; never an assertion in a test."""
