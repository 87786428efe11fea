"""The only code that knows HTTP clients: what goes out over HTTP while a test runs, and what answers it."""
