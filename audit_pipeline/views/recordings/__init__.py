"""What can be looked at in an image or a sound: one file a view, each a pure function to one float32 row.

A view is a file of this folder with a function that takes a :class:`~.picture.Picture` or a :class:`~.sound.Sound` and a
decorator from :mod:`~.registry` that names it, its version and its columns. Its docstring says what the view contains, what
it must not contain and to what it is invariant; tests hold both by simulation. Nothing here reads files or needs other
records; :mod:`~.sensor_pattern`, which does, is no view.
"""
