"""The stage functions that ``pipeline.graph`` names: each reads upstream folders and writes its own."""
