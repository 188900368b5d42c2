"""Official documents: numbers, words, prints, service, corrections, who sees which."""
