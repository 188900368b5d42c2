"""Cases whose record lies in the archive: what of them is moved, and how it is read and brought back."""
