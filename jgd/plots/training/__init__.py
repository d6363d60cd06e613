"""What one run did, and where it ended: curves, the loss around solutions, decision boundaries."""
