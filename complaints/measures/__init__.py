"""One answer to equal cases: chosen, ruled, tried out, sent in one flush, performed as a set."""
