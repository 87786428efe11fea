"""What the command ``integration-gate`` does: it judges, shows and examines without running tests."""
