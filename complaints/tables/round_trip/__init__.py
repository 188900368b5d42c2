"""A table of cases that goes out, is filled in, and comes back: read, tried out, carried out in a worker."""
