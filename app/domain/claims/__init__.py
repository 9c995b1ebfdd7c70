"""Claims: whether what a shop says of a product is so, with an answer that proves what it knew."""
