"""Settings: the table, the kinds of value, and the sources they are read from."""

from graphexec.config.sources import resolve, user_file
from graphexec.config.table import TABLE, Origin, Setting, Settings

__all__ = ["TABLE", "Origin", "Setting", "Settings", "resolve", "user_file"]
