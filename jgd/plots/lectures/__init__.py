"""What a lecture shows: landscapes and paths over them, learning rates, batches, derivatives."""
