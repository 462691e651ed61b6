"""One package per way of talking to people. `REGISTRY` is the list of them: explicit and greppable."""
