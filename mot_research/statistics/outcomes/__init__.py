"""Models of outcomes that are no score: binary, share, ordered, amount."""
