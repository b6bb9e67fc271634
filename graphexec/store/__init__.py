"""Content-addressed storage of node outputs; today the memory of one Session."""
