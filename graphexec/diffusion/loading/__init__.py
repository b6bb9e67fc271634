"""From files to models: headers, family detection, weights."""
