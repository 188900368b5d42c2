"""What is proved beside the rows of a case: whom its ids mean, who was told, who is called back."""
