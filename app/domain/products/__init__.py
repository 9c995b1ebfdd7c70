"""Products: what a producer makes and the product set whose rubric judges it."""
