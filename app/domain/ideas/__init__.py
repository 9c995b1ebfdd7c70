"""Product ideas: somebody in a commune proposes, the commune looks, a product may come of it."""
