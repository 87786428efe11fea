"""Pure judgement of the run."""
