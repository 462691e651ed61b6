"""An SMS gateway of the domestic kind: signed JSON in, answers and reports pushed in batches."""
