"""Where mock libraries are known: hears what doubles claim."""
