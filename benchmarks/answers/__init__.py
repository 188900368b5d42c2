"""What is learnt from texts of answers."""
