"""Where pytest is known: the only room that talks to it."""
