"""What people and programs read after the run."""
