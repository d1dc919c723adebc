"""Statistics that the probes share: association, AUC, permutation, multiplicity, power. Arrays in, numbers out."""
