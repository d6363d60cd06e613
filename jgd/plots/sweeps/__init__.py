"""What a sweep says: hyperparameters and scores, curves of its runs, methods compared."""
