"""What the audited datasets say of the verdict: one file a question, each a function from rows to a table."""
