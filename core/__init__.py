"""What the product is; knows no provider and no web framework."""
