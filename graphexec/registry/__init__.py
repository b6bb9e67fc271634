"""The registry: what node types exist, what they take and give, and who provides them."""
