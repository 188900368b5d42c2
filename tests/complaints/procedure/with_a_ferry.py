"""A pytest plugin: the sectors of this run are those of the folder that SECTORS_OF_THIS_RUN names."""

import os
from pathlib import Path

from complaints.procedure import sector_files

sector_files.FOLDER = Path(os.environ["SECTORS_OF_THIS_RUN"])
