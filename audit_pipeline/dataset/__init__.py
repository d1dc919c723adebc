"""From files to records: finding, reading, validating, describing."""
