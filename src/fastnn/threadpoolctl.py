"""Importing this module makes fastnn's pool of threads known to threadpoolctl, which has to be installed.

Then its ``threadpool_limits`` and ``threadpool_info`` include fastnn, as the API "fastnn".

Examples
--------
>>> import threadpoolctl
>>> import fastnn as nn
>>> import fastnn.threadpoolctl
>>> with threadpoolctl.threadpool_limits(limits=1, user_api="fastnn"):
...     nn.get_num_threads()
1
"""

from __future__ import annotations

import threadpoolctl

import fastnn


class FastnnController(threadpoolctl.LibController):  # type: ignore[misc]
    """What threadpoolctl calls of the pool: functions of C, which the library of the pool exports."""

    user_api = "fastnn"
    internal_api = "fastnn"
    filename_prefixes = ("pool",)
    check_symbols = ("fastnn_get_num_threads", "fastnn_set_num_threads")

    def get_num_threads(self) -> int:
        return int(self.dynlib.fastnn_get_num_threads())

    def set_num_threads(self, num_threads: int) -> None:
        self.dynlib.fastnn_set_num_threads(num_threads)

    def get_version(self) -> str:
        return fastnn.__version__


threadpoolctl.register(FastnnController)
