"""Two workflows compared by what they mean: which nodes are the same, what changed, and what would run again."""
