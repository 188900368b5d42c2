"""The web server's own lines, in the portal's log and form."""

import logging
from logging.config import dictConfig
from typing import Any

from gunicorn.glogging import Logger

from web.telemetry import lines


class WebLogger(Logger):  # type: ignore[misc]
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        dictConfig(lines.log_settings())
        logging.captureWarnings(True)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
