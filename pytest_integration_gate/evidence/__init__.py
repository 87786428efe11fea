"""What outlives a run: the store, exports and imports, baselines, Pact files, OpenAPI documents, event logs."""
