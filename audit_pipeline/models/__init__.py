"""What probes and baselines learn with."""
