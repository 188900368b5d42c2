"""Open data: what is published of a month, the files it is published in, and how a set is issued."""
