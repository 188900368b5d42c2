"""Filing: from a blank page to one FilingRequest."""
