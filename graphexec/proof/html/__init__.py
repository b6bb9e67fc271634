"""The report of a verification as one HTML file: no other file, no network, no script but its own."""
