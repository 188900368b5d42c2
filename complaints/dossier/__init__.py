"""The dossier of a case: what its reader may see, as paper and as a file that proves itself."""
