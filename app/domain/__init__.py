"""The programme itself, one package per part, in the order of a product's life."""
