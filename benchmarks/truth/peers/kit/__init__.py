"""What the scripts of the peers share: cases in, rows out, cross-fitted predictions. Works in every peer's environment."""
