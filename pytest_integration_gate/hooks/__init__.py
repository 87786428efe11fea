"""Around each test, in every process that runs some: collection, fixtures, recording, suites."""
