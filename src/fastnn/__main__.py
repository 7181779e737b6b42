"""``python -m fastnn`` is the command ``fastnn``."""

import sys

from fastnn_command import main

sys.exit(main())
