"""Recordings with a known trace of their site: who has which label and site, what is recorded, and the folder it is written to."""
