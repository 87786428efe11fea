"""The project's source code as evidence: whose file it is, which call stands where, what becomes of a value."""
