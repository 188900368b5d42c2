"""The law's data: its numbers and calendar are changed by two persons, after a trial on recorded cases."""
