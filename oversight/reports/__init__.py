"""The monthly report of an authority: its figures, its words, its way from the draft to the public."""
