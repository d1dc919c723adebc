"""What can be looked at in an image or a sound: one file a view, each a pure function to one float32 row."""
