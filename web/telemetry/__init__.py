"""What is told to those who run the portal: lines of the log, counts for /metrics, traces, reports of errors.

Each way out is loaded where its setting is there and nowhere else. Nothing that people typed, no address, no number of
a case and no person leaves by any of them: routes are patterns, statements come without values, errors by their kind.
"""
