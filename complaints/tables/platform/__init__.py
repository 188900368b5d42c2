"""The file pair of the national platform: what goes out is an export, what comes back is read here."""
