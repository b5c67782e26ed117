"""The keeper of one embedded service (``keeper.py``)."""

import sys
from pathlib import Path

from config.services.data_folder import DataFolder
from config.services.keeper import Keeper

sys.exit(Keeper(sys.argv[1], DataFolder(Path(sys.argv[2]))).run())
