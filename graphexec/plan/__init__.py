"""Plans: what would run, in which order, under which cache key, and when each value is used last."""
