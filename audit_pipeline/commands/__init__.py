"""The commands, one file each.

A command's module holds ``command``, a :class:`click.Command` that returns the exit status, and ``ORDER``, its place in
the help. It imports what it works with inside its function. Modules whose name starts with ``_`` are helpers.
"""
