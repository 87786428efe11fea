"""Pure judgement of claims: facts, matching, comparison, suggestions."""
