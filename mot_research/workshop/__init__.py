"""What people fill in together: the list of moments, the votes, and the study file they end in."""
