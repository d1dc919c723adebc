"""What can be looked at in a recording: one file a view, each a float matrix with one row a record."""
