"""What is learnt from texts that say what they are."""
