"""Recognition: decisions that name many products, certificates of one product each, their life."""
