"""Evidence between runs: the store."""
