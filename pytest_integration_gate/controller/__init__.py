"""The one process that judges: it gathers what the tests report, compares, decides and writes."""
