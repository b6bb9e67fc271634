"""Documents: any workflow file in, one form out, with a way back to the line and column of every value."""
