"""Moments of truth: which contacts with a customer drive loyalty and revenue."""
