"""Suites that are written as YAML: loading them, running their commands and steps, comparing what they expect."""
