"""Famous cases as recordings: generated pictures and sounds, each case once with a broken design and once repaired.

A module a case, each with its generating model in its docstring; ``textures``, ``drawing``, ``camera``, ``jpeg``, ``voices``,
``rooms``, ``quotas`` and ``storing`` are what they share. Everything is simulated from light and air onwards, so that
what a device leaves in a recording is there for a reason: nothing is a picture or a voice of anybody.
"""
