"""Personal data: encryption, keys, the blind index, masking."""
