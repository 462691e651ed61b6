"""The faces of the product on the web: thin. Parse the request, call the core, render."""
